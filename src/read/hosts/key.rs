//! What the key of a setting says about its value: that hosts stand there, whose, and of what kind.

use super::{Purpose, words};
use crate::catalog::without_mark;

/// The key of a setting, taken apart into its words.
pub(super) struct Key<'a> {
    written: &'a str,
    words: Vec<String>,
}

/// How a key's value is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// What it names is called.
    Hosts,
    /// It usually holds the own public name: what it names counts only where it is known.
    OnlyKnown,
    /// It names no host that is called.
    SomethingElse,
}

/// What a key, or an option, says about the form of the value behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A host.
    Host,
    /// A host, perhaps with a port and a path.
    Endpoint,
    /// Nothing: the value must say itself that a host stands there.
    Other,
}

impl<'a> Key<'a> {
    pub(super) fn new(written: &'a str) -> Self {
        Key { written, words: words_of(written) }
    }

    pub(super) fn meaning(&self) -> Meaning {
        let whole = self.words.join("_").to_ascii_uppercase();
        let whole = without_mark(&whole).to_ascii_lowercase();
        let is_variable = self.written.chars().any(|c| c.is_ascii_uppercase())
            && !self.written.chars().any(|c| c.is_ascii_lowercase());
        // What a page on the health of others lists is what it watches.
        let watches = self.words.windows(2).any(|pair| pair[0] == "health" && pair[1] == "checks");
        if whole == "no_proxy"
            || watches
            || self.has(words::OF_ITSELF)
            || words::NO_HOST.contains(&self.last())
        {
            Meaning::SomethingElse
        } else if (is_variable && words::OWN_NAMES.contains(&whole.as_str()))
            || words::OWN_ENDINGS.iter().any(|ending| whole.ends_with(ending))
        {
            Meaning::OnlyKnown
        } else {
            Meaning::Hosts
        }
    }

    pub(super) fn form(&self) -> Form {
        let last = self.last();
        // `DB_HOST_1`, `REDIS_HOST_NAME`.
        let is_said_before = last == "name" || last.bytes().all(|byte| byte.is_ascii_digit());
        let before = self.words.iter().rev().nth(1).map_or("", String::as_str);
        let decisive = if is_said_before { before } else { last };
        // `ConnectionStrings__Redis=cache`.
        let connects =
            self.words.windows(2).any(|pair| pair[0] == "connection" && pair[1].starts_with("string"));
        if words::HOST.contains(&decisive) {
            Form::Host
        } else if connects || (words::ENDPOINT.contains(&decisive) && last != "name") {
            Form::Endpoint
        } else {
            Form::Other
        }
    }

    /// What the hosts of its value are for: of a datastore it speaks only where it does not of something beside one.
    pub(super) fn purpose(&self) -> Purpose {
        if self.has(words::TELEMETRY) {
            Purpose::Watching
        } else if self.has(words::DATASTORES) && !self.has(words::BESIDE_A_DATASTORE) {
            Purpose::Storing
        } else {
            Purpose::Unsaid
        }
    }

    /// Whether several hosts of its value are members of one thing.
    pub(super) fn is_of_a_list(&self) -> bool {
        self.has(words::LISTS)
    }

    fn last(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    fn has(&self, list: &[&str]) -> bool {
        self.words.iter().any(|word| list.contains(&word.as_str()))
    }
}

/// The words of a key, lower case: `spring.redisHost` is `spring`, `redis`, `host`.
fn words_of(key: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut before_lower = false;
    for c in key.chars().take(200) {
        if !c.is_alphanumeric() {
            words.push(String::new());
            before_lower = false;
            continue;
        }
        if c.is_uppercase() && before_lower {
            words.push(String::new());
        }
        before_lower = c.is_lowercase() || c.is_ascii_digit();
        words.last_mut().expect("a word is always open").extend(c.to_lowercase());
    }
    words.retain(|word| !word.is_empty());
    words.into_iter().flat_map(apart).collect()
}

/// `pghost` as `pg` and `host`: systems whose usual variables run the two together.
fn apart(word: String) -> Vec<String> {
    match word.strip_suffix("host") {
        Some(system) if words::RUN_INTO_HOST.contains(&system) => vec![system.to_owned(), "host".to_owned()],
        _ => vec![word],
    }
}
