//! Patterns of names: any number of `*`, each for any text, against a whole name.

use memchr::memmem::Finder;

/// A pattern, taken apart once so that it is compared without looking for its `*` again.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// What a name begins with; all of it where there is no `*`.
    head: Box<str>,
    /// What stands between two `*`, in order.
    between: Box<[Finder<'static>]>,
    /// What a name ends with; none where there is no `*`.
    tail: Option<Box<str>>,
}

impl Pattern {
    /// The pattern that a text says.
    pub(crate) fn new(text: &str) -> Self {
        let mut parts = text.split('*');
        let head = parts.next().unwrap_or("").into();
        let tail = parts.next_back().map(Into::into);
        let between = parts.map(|part| Finder::new(part).into_owned()).collect();
        Pattern { head, between, tail }
    }

    /// Whether a whole name fits.
    pub(crate) fn fits(&self, name: &str) -> bool {
        let Some(tail) = &self.tail else { return *self.head == *name };
        let Some(rest) = name.strip_prefix(&*self.head) else { return false };
        let mut rest = rest.as_bytes();
        for part in &self.between {
            let Some(at) = part.find(rest) else { return false };
            rest = &rest[at + part.needle().len()..];
        }
        rest.ends_with(tail.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        let fits = |pattern: &str, name: &str| Pattern::new(pattern).fits(name);
        assert!(fits("aws_lb", "aws_lb") && !fits("aws_lb", "aws_lb_listener"));
        assert!(fits("aws_*", "aws_lb") && fits("*", "") && fits("**", "x"));
        assert!(fits("*_policy", "aws_s3_bucket_policy") && !fits("*_policy", "aws_policy_document"));
        assert!(fits("a*b*c", "abc") && fits("a*b*c", "a-bb-c") && !fits("a*b*c", "acb"));
        // No part of a name is used twice.
        assert!(!fits("ab*ba", "aba") && !fits("a*b*b", "ab"));
    }
}
