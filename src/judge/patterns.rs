//! Patterns of ids and paths.

use regex::Regex;

/// A pattern of ids or paths: `*` stops at `/`, `**` does not, `?` is one character; all else is text
/// (`tf:aws_instance.web[0]` names one thing). A bare name means the service `app:NAME` too.
///
/// Not a path glob: `k8s:**/web` has to work, where `**` does not stand between slashes.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
    glob: Option<Regex>,
}

impl Pattern {
    /// The pattern of a text; one that is no valid pattern matches itself alone.
    pub(crate) fn new(text: &str) -> Self {
        let has_wildcard = text.contains(['*', '?']);
        let glob = has_wildcard.then(|| Regex::new(&expression(text)).ok()).flatten();
        Pattern { text: text.to_owned(), glob }
    }

    /// Whether an id or a path is meant.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.text == text
            || text.strip_prefix("app:").is_some_and(|name| name == self.text)
            || self.glob.as_ref().is_some_and(|glob| glob.is_match(text))
    }

    /// Whether nearly everything is meant.
    pub(crate) fn is_everything(&self) -> bool {
        self.text.chars().all(|c| matches!(c, '*' | '/' | ':' | '?'))
    }
}

fn expression(text: &str) -> String {
    let mut expression = String::from("^(?s:");
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (piece, meaning) =
            if rest.starts_with("**/") && (rest.len() == text.len() || expression.ends_with('/')) {
                ("**/", "(?:.*/)?".to_owned())
            } else if rest.starts_with("**") {
                ("**", ".*".to_owned())
            } else {
                let piece = &rest[..first.len_utf8()];
                let meaning = match first {
                    '*' => "[^/]*".to_owned(),
                    '?' => "[^/]".to_owned(),
                    _ => regex::escape(piece),
                };
                (piece, meaning)
            };
        expression.push_str(&meaning);
        rest = &rest[piece.len()..];
    }
    expression + ")$"
}

/// Patterns, any of which may match.
#[derive(Clone, Debug)]
pub(crate) struct Patterns(Vec<Pattern>);

impl Patterns {
    pub(crate) fn new(texts: &[String]) -> Self {
        Patterns(texts.iter().map(|text| Pattern::new(text)).collect())
    }

    pub(crate) fn any(&self, text: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stop_at_slashes_and_brackets_are_text() {
        assert!(Pattern::new("k8s:shop/*/web").matches("k8s:shop/Deployment/web"));
        assert!(!Pattern::new("k8s:*/web").matches("k8s:shop/Deployment/web"));
        assert!(Pattern::new("k8s:**/web").matches("k8s:shop/Deployment/web"));
        assert!(Pattern::new("tf:aws_instance.web[0]").matches("tf:aws_instance.web[0]"));
        assert!(Pattern::new("tf:aws_instance.*").matches("tf:aws_instance.web[0]"));
        assert!(Pattern::new("checkout").matches("app:checkout"));
        assert!(
            Pattern::new("**/main.tf").matches("main.tf")
                && Pattern::new("**/main.tf").matches("a/b/main.tf")
        );
        assert!(
            Pattern::new("envs/**").matches("envs/a/b.tf") && !Pattern::new("envs/*").matches("envs/a/b.tf")
        );
        assert!(
            !Pattern::new("(").matches("anything")
                && Pattern::new("a.b*").matches("a.bc")
                && !Pattern::new("a.b*").matches("axbc")
        );
    }
}
