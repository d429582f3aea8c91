//! Words, texts and marks of a script.

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Number(f64),
    /// What stands for itself; `#` for a number that is none.
    Mark(char),
    /// A template string with something to work out in it.
    Template,
}

/// The tokens of a script, each with its place.
pub(super) fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let start = at;
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
        } else if matches!(c, '"' | '\'' | '`') {
            let (value, length) = quoted(rest, c);
            at += length;
            let is_template = c == '`' && value.contains("${");
            out.push((if is_template { Token::Template } else { Token::Text(value) }, start));
        } else if c.is_ascii_digit() {
            let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(rest.len());
            at += length;
            out.push((rest[..length].parse().map_or(Token::Mark('#'), Token::Number), start));
        } else if c.is_alphabetic() || c == '_' || c == '$' {
            let length =
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            at += length;
            out.push((Token::Word(rest[..length].to_owned()), start));
        } else {
            at += c.len_utf8();
            if !c.is_whitespace() {
                out.push((Token::Mark(c), start));
            }
        }
    }
    out
}

/// The value of a quoted string and how many bytes it takes.
fn quoted(text: &str, quote: char) -> (String, usize) {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => out.extend(chars.next().map(|(_, c)| if c == 'n' { '\n' } else { c })),
            c if c == quote => return (out, at + c.len_utf8()),
            '\n' if quote != '`' => return (out, at),
            c => out.push(c),
        }
    }
    (out, text.len())
}
