//! `${NAME:-default}` in compose files.

use std::collections::BTreeMap;

/// Nested defaults are followed this far.
const MAX_DEPTH: u32 = 16;

/// Values of variables.
pub(super) type Variables = BTreeMap<String, String>;

/// Puts the values of variables into a text. What has neither a value nor a default stays as written.
pub(super) fn interpolate(text: &str, variables: &Variables) -> String {
    if text.contains('$') { expand(text, variables, MAX_DEPTH) } else { text.to_owned() }
}

fn expand(text: &str, variables: &Variables, depth: u32) -> String {
    let closing = closing_braces(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        if let Some(escaped) = tail.strip_prefix('$') {
            out.push('$');
            rest = escaped;
        } else if let Some(end) = closing.get(&(text.len() - tail.len())) {
            let (inner, behind) = (&text[text.len() - tail.len() + 1..*end], &text[end + 1..]);
            match value(inner, variables, depth) {
                Some(value) => out.push_str(&value),
                None => out.push_str(&rest[at..rest.len() - behind.len()]),
            }
            rest = behind;
        } else {
            let end = name_end(tail);
            match variables.get(&tail[..end]) {
                Some(value) if end > 0 => out.push_str(value),
                _ => out.push_str(&rest[at..at + 1 + end]),
            }
            rest = &tail[end..];
        }
    }
    out.push_str(rest);
    out
}

/// Where each brace is closed, found in one pass: a hostile text may open millions.
fn closing_braces(text: &str) -> BTreeMap<usize, usize> {
    let (mut open, mut closing) = (Vec::new(), BTreeMap::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open.push(at),
            b'}' => closing.extend(open.pop().map(|start| (start, at))),
            _ => {}
        }
    }
    closing
}

/// The value of `NAME`, `NAME:-x`, `NAME-x`, `NAME:?x`, `NAME?x`, `NAME:+x`, `NAME+x`.
fn value(inner: &str, variables: &Variables, depth: u32) -> Option<String> {
    let end = name_end(inner);
    let (name, operator) = inner.split_at(end);
    let set = variables.get(name);
    let filled = set.filter(|value| !value.is_empty());
    let word = |text: &str| if depth == 0 { text.to_owned() } else { expand(text, variables, depth - 1) };
    if let Some(default) = operator.strip_prefix(":-") {
        Some(filled.cloned().unwrap_or_else(|| word(default)))
    } else if let Some(default) = operator.strip_prefix('-') {
        Some(set.cloned().unwrap_or_else(|| word(default)))
    } else if let Some(other) = operator.strip_prefix(":+") {
        Some(filled.map(|_| word(other)).unwrap_or_default())
    } else if let Some(other) = operator.strip_prefix('+') {
        Some(set.map(|_| word(other)).unwrap_or_default())
    } else {
        set.cloned()
    }
}

fn name_end(text: &str) -> usize {
    text.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_')).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_defaults_and_escapes() {
        let variables: Variables =
            [("A", "1"), ("E", "")].into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        for (text, expected) in [
            ("$A-${A}", "1-1"),
            ("${B:-x}${E:-y}${E-z}", "xy"),
            ("${B:-${A:-q}}", "1"),
            ("${A:+set}${B:+set}", "set"),
            ("$${A} $B ${C}", "${A} $B ${C}"),
            ("${C:?needed}", "${C:?needed}"),
            ("a${unclosed", "a${unclosed"),
        ] {
            assert_eq!(interpolate(text, &variables), expected, "{text}");
        }
    }
}
