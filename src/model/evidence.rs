//! What says so.

use std::sync::Arc;

use crate::source::{Location, SourceFile};

/// A piece of evidence: the place in a file, or a DNS record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// A line of a file. Facts of the catalog have the path `catalog:TABLE`.
    File {
        /// Where.
        location: Location,
        /// The line, secrets masked.
        text: Arc<str>,
    },
    /// An answer of the DNS.
    Record {
        /// Record type: `A`, `NS`, `MX`...
        record: String,
        /// Owner name.
        name: String,
        /// Data in presentation form.
        value: String,
        /// Time to live, in seconds.
        ttl: u32,
        /// Who answered.
        resolver: String,
    },
}

impl Evidence {
    /// The line of `file` on which the byte offset stands.
    pub fn at(file: &SourceFile, offset: usize) -> Self {
        let location = file.location(offset);
        let text = mask_secrets(file.line_text(location.line)).into();
        Evidence::File { location, text }
    }

    /// A whole line of `file` (from 1).
    pub fn at_line(file: &SourceFile, line: u32) -> Self {
        Evidence::File { location: file.line_location(line), text: mask_secrets(file.line_text(line)).into() }
    }

    /// A row of a catalog table, with the source it rests on.
    pub fn catalog(table: &str, line: u32, source: &str) -> Self {
        let location = Location { path: format!("catalog:{table}").into(), line, column: 1 };
        Evidence::File { location, text: source.into() }
    }

    /// The place, for evidence that has one.
    pub fn location(&self) -> Option<&Location> {
        match self {
            Evidence::File { location, .. } => Some(location),
            Evidence::Record { .. } => None,
        }
    }
}

const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "access_key",
    "accesskey",
    "accountkey",
    "private_key",
    "credential",
    "pwd",
];

/// Replaces what looks like a secret value in a line by `***`: the password of a URL, and what is assigned
/// to a key that is named like a secret. References (`${...}`, `var.x`, `{{ }}`) stay.
pub fn mask_secrets(line: &str) -> String {
    mask_pairs(&mask_assignment(&mask_url_password(line)))
}

/// Masks the secrets among several pairs of one line: `Server=db;Password=x`, `{user: a, password: x}`.
fn mask_pairs(line: &str) -> String {
    const ENDS: &[char] = &[';', ',', '&', '"', '\'', '}', ' '];
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['=', ':']) {
        let (head, tail) = rest.split_at(at + 1);
        out.push_str(head);
        rest = tail;
        let key = head[..at].rsplit([';', ',', '&', '{', '?', ' ']).next().unwrap_or("").to_ascii_lowercase();
        let start = tail.len() - tail.trim_start_matches([' ', '"', '\'']).len();
        let value = &tail[start..];
        let value = &value[..value.find(ENDS).unwrap_or(value.len())];
        let is_secret = SECRET_WORDS.iter().any(|word| key.contains(word));
        if is_secret && value.len() > 3 && !is_reference(value) && value != "***" {
            out.push_str(&tail[..start]);
            out.push_str("***");
            rest = &tail[start + value.len()..];
        }
    }
    out.push_str(rest);
    out
}

fn mask_url_password(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let end = tail
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '?'))
            .unwrap_or(tail.len());
        let authority = &tail[..end];
        match authority.rfind('@').and_then(|host| authority[..host].find(':').map(|user| (user, host))) {
            Some((user, host)) if !is_reference(&authority[user + 1..host]) => {
                out.push_str(&authority[..=user]);
                out.push_str("***");
                out.push_str(&authority[host..]);
            }
            _ => out.push_str(authority),
        }
        rest = &tail[end..];
    }
    out.push_str(rest);
    out
}

fn mask_assignment(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let Some(separator) = lower.find(['=', ':']).filter(|at| !lower[*at..].starts_with("://")) else {
        return line.to_owned();
    };
    let value = line[separator + 1..].trim();
    let key_is_secret = SECRET_WORDS.iter().any(|word| lower[..separator].contains(word));
    let names_something = value.is_empty()
        || is_reference(value)
        || value.len() < 4
        || value.starts_with(['{', '[', '&', '*', '!', '|', '>']);
    if !key_is_secret || names_something {
        return line.to_owned();
    }
    format!("{} ***", &line[..=separator])
}

fn is_reference(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'', ' ']);
    value.is_empty()
        || value.contains("${")
        || value.contains("{{")
        || value.starts_with('$')
        || [
            "var.", "local.", "data.", "module.", "aws_", "random_", "google_", "azurerm_", "each.", "true",
            "false", "null",
        ]
        .iter()
        .any(|prefix| value.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_references_kept() {
        assert_eq!(
            mask_secrets("url: postgres://app:hunter2@db:5432/x"),
            "url: postgres://app:***@db:5432/x"
        );
        assert_eq!(mask_secrets("DB_PASSWORD=hunter2"), "DB_PASSWORD= ***");
        assert_eq!(mask_secrets("password = var.db_password"), "password = var.db_password");
        assert_eq!(mask_secrets("url: http://db:80/x@y"), "url: http://db:80/x@y");
        assert_eq!(mask_secrets("REDIS_ADDR: redis:6379"), "REDIS_ADDR: redis:6379");
        assert_eq!(
            mask_secrets("- Db=Server=sql;User Id=sa;Password=Pass@word;Encrypt=False"),
            "- Db=Server=sql;User Id=sa;Password=***;Encrypt=False"
        );
        assert_eq!(
            mask_secrets("env: {HOST: db, API_KEY: abcdef, TOKEN: '${T}', SECRET: \"hunter2\"}"),
            "env: {HOST: db, API_KEY: ***, TOKEN: '${T}', SECRET: \"***\"}"
        );
        assert_eq!(mask_secrets("a: http://db:80/x?token=abcdef&y=1"), "a: http://db:80/x?token=***&y=1");
    }
}
