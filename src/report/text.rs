//! Text safety: what comes from a manifest is untrusted until it has passed one of these functions.
//!
//! [`terminal`] makes every invisible or commanding character visible as `\u{...}`; all others build on it.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text for a terminal: control characters (escape sequences, line ends, tabs), bidirectional controls and
/// invisible characters are written as `\u{...}`.
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unsafe(c) {
            write!(out, "\\u{{{:x}}}", u32::from(c)).expect("a string takes all text");
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Whether a character commands a terminal, reorders what stands around it or is not to be seen.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Text between Markdown's marks. What stands between backticks becomes a code span, everything else is taken
/// literally: no links, images, HTML, mentions or table cells come out of it.
pub fn markdown(text: &str) -> String {
    let safe = terminal(text);
    let parts: Vec<&str> = safe.split('`').collect();
    let mut out = String::with_capacity(safe.len() + 16);
    for (at, part) in parts.iter().enumerate() {
        let is_code = at % 2 == 1 && at + 1 < parts.len();
        match (is_code, at % 2 == 1) {
            (true, _) => out.push_str(&markdown_code(part)),
            (false, true) => {
                out.push_str("\\`");
                markdown_escape(part, &mut out);
            }
            (false, false) => markdown_escape(part, &mut out),
        }
    }
    out
}

/// A Markdown code span, also within a table.
pub fn markdown_code(text: &str) -> String {
    let safe = terminal(text);
    if safe.trim().is_empty() {
        return String::new();
    }
    let longest = safe.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", safe.replace('|', "\\|"))
}

fn markdown_escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // An entity of its own keeps a renderer from seeing a mention or a bare link.
            '@' => out.push_str("&#64;<!-- -->"),
            ':' => out.push_str("&#58;"),
            '\\' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '~' | '!' | '|' | '+' | '=' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
}

/// Text of HTML, and of an attribute in quotes.
pub fn html(text: &str) -> String {
    entities(&terminal(text), "&#39;")
}

/// Text of XML 1.0, and of an attribute in quotes.
pub fn xml(text: &str) -> String {
    entities(&terminal(text), "&apos;")
}

fn entities(text: &str, apostrophe: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str(apostrophe),
            c => out.push(c),
        }
    }
    out
}

/// A quoted string of DOT, quotes included. Backslashes are doubled: DOT's label escapes (`\N`, `\l`) have no
/// meaning in it.
pub fn dot(text: &str) -> String {
    format!("\"{}\"", terminal(text).replace('\\', "\\\\").replace('"', "\\\""))
}

/// A quoted label of Mermaid, quotes included. Everything but letters, digits and harmless signs is written
/// as a character code, so that no Markdown, HTML or keyword comes out of it.
pub fn mermaid(text: &str) -> String {
    let mut out = String::from("\"");
    for c in terminal(text).chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '/' | ':' | ',' | '=' | '+') {
            out.push(c);
        } else {
            write!(out, "#{};", u32::from(c)).expect("a string takes all text");
        }
    }
    out.push('"');
    out
}

/// Cuts the middle out of a text that is wider than `width` columns.
pub fn fit(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let room = width.saturating_sub(1);
    let head = take(text.chars(), room / 3);
    let tail: String = take(text.chars().rev(), room - room / 3).chars().rev().collect();
    Cow::Owned(format!("{head}…{tail}"))
}

fn take(chars: impl Iterator<Item = char>, width: usize) -> String {
    let mut left = width;
    chars
        .take_while(|c| {
            let wide = c.width().unwrap_or(0);
            let fits = wide <= left;
            left = left.saturating_sub(wide);
            fits
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &[&str] = &[
        "\u{1b}[31mred\u{1b}[0m",
        "\u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7}",
        "a\nb\r\nc\td",
        "\u{9b}2J",
        "abc\u{202e}txt.exe",
        "zero\u{200b}width\u{feff}",
        "tag\u{e0041}",
        "<script>alert(1)</script>",
        "![x](https://evil.example/a.png) [y](javascript:1)",
        "a|b|c",
        "``` code",
        "`a` and `b",
        "@everyone #1 http://evil.example",
        "\"; } digraph { a -> b",
        "a\\\" -> \\N",
        "]]> <!-- & -->",
        "%0A::error::x",
        "\u{fffe}\u{ffff}\0",
    ];

    #[test]
    fn nothing_commands_a_terminal() {
        for text in HOSTILE {
            let safe = terminal(text);
            assert!(!safe.chars().any(is_unsafe), "{safe:?}");
        }
        assert_eq!(terminal("\u{1b}[31m"), "\\u{1b}[31m");
        assert_eq!(terminal("naïve 日本 ünï"), "naïve 日本 ünï");
    }

    #[test]
    fn markdown_keeps_code_spans_and_nothing_else() {
        assert_eq!(markdown("`db` runs alone"), "`db` runs alone");
        assert_eq!(markdown("a|b <i> [x](y)"), "a\\|b &lt;i&gt; \\[x\\]\\(y\\)");
        assert_eq!(markdown("`odd"), "\\`odd");
        assert_eq!(markdown_code("a`b|c"), "`` a`b\\|c ``");
        for text in HOSTILE {
            let out = markdown(text).replace("<!-- -->", "");
            assert!(!out.contains('<') && !out.contains("](") && !out.contains("http:/"), "{out:?}");
            assert!(!out.contains('\n'), "{out:?}");
        }
    }

    #[test]
    fn markup_stays_text_in_html_and_xml() {
        for text in HOSTILE {
            for out in [html(text), xml(text)] {
                assert!(!out.contains(['<', '>', '"', '\'', '\n', '\0', '\u{ffff}']), "{out:?}");
            }
            let document = format!("<a b=\"{0}\">{0}</a>", xml(text));
            let mut reader = quick_xml::Reader::from_str(&document);
            while !matches!(reader.read_event().expect("well-formed"), quick_xml::events::Event::Eof) {}
        }
    }

    #[test]
    fn a_dot_string_ends_where_it_should() {
        for text in HOSTILE {
            let out = dot(text);
            let inner = out.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).expect("quoted");
            let without_pairs = inner.replace("\\\\", "").replace("\\\"", "");
            assert!(!without_pairs.contains(['"', '\\', '\n']), "{out:?}");
        }
    }

    #[test]
    fn a_mermaid_label_holds_no_markup() {
        for text in HOSTILE {
            let out = mermaid(text);
            assert!(!out.trim_matches('"').contains(['"', '<', '>', '[', '(', '{', '|', '`']), "{out:?}");
        }
    }

    #[test]
    fn the_middle_is_cut_to_width() {
        assert_eq!(fit("short", 10), "short");
        assert_eq!(fit("tf:network/module.vpc/aws_nat_gateway.main", 20), "tf:net…_gateway.main");
        assert!(fit("日本語日本語日本語", 7).width() <= 7);
        assert_eq!(fit("abc", 0).width(), 1);
    }
}
