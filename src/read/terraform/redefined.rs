//! Objects in which a key stands twice: Terraform takes the last value, the parser refuses the block.
//!
//! The second key is written as another one of the same length, so that all places stay, and is told its own
//! name again when the tree is copied.

use std::collections::BTreeMap;

use hcl_edit::parser::{Error, parse_body};
use hcl_edit::structure::Body;

/// Keys of one block that are mended; more of them cost the block.
const MAX_KEYS: usize = 32;

/// What the parser says of such a key.
const REFUSAL: &str = "redefined object key";

/// Names of keys by the offset at which another one was put in their place.
pub(super) type Renamed = BTreeMap<usize, String>;

/// Parses a text in which keys may stand twice.
pub(super) fn parse(text: &str) -> Result<(Body, Renamed), Error> {
    let mut renamed = Renamed::new();
    let mut error = match parse_body(text) {
        Ok(body) => return Ok((body, renamed)),
        Err(error) => error,
    };
    let mut written = text.to_owned();
    // A name that stands already is refused as well, and the next one tried.
    for letter in ('a'..='z').chain('A'..='Z').cycle().take(MAX_KEYS) {
        if !error.message().contains(REFUSAL) {
            return Err(error);
        }
        let at = error.location().offset();
        let Some((start, name)) = plain_key(text, at) else { return Err(error) };
        written.replace_range(start..start + 1, &letter.to_string());
        renamed.insert(at, name.to_owned());
        error = match parse_body(&written) {
            Ok(body) => return Ok((body, renamed)),
            Err(error) => error,
        };
    }
    Err(error)
}

/// A key that is a word, bare or quoted: where its first letter stands, and the word.
fn plain_key(text: &str, at: usize) -> Option<(usize, &str)> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let (start, after) = match text.get(at..)?.strip_prefix('"') {
        Some(_) => (at + 1, Some('"')),
        None => (at, None),
    };
    let word = text.get(start..)?;
    let end = word.find(|letter| !is_part(letter))?;
    let is_whole = after.is_none_or(|quote| word[end..].starts_with(quote));
    (end > 0 && is_whole).then(|| (start, &word[..end]))
}
