//! Hosts in settings: which other machines a value or a command line names.
//!
//! URLs of any scheme, JDBC and driver-specific connection strings, `host:port`, comma-separated lists, and a
//! bare host where the key says that one stands there (`DB_HOST`). File names, versions, image tags, class
//! names, times and the machine itself (`localhost`, `0.0.0.0`) are none.

mod key;
mod name;
#[cfg(test)]
mod tests;
mod words;
mod written;

pub use name::{is_hostname, need_of, of_host, published_names};

use crate::model::{Need, Phase, Target};
use key::{Key, Meaning};

/// One host that a setting names.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// What is named: a host, an address, or a text that could not be read.
    pub target: Target,
    /// How sure it is that a host is named at all.
    pub sure: Sureness,
    /// What the key beside it says that it is for.
    pub purpose: Purpose,
}

impl Endpoint {
    /// A host that is named for certain.
    pub fn certain(target: Target) -> Self {
        Endpoint { target, sure: Sureness::Certain, purpose: Purpose::Unsaid }
    }

    /// As [`need_of`], where the key too may say that the host is that of a datastore. A name of two labels may be
    /// a service and its namespace that are not read: it is left open.
    pub fn need(&self) -> Need {
        match &self.target {
            _ if self.only_watches() => Need::Optional,
            Target::Host { name, .. }
                if self.purpose == Purpose::Storing && name.matches('.').count() != 1 =>
            {
                Need::Required
            }
            target => need_of(target),
        }
    }

    /// The phase in which it is needed by what names it in a given one.
    pub fn phase(&self, named_in: Phase) -> Phase {
        if self.only_watches() { Phase::Observe } else { named_in }
    }

    /// Whether it is told how the program fares, by the key or by its own name.
    pub fn only_watches(&self) -> bool {
        let first = match &self.target {
            Target::Host { name, .. } => name.split('.').next().unwrap_or(""),
            _ => "",
        };
        self.purpose == Purpose::Watching
            || first.split(['-', '_']).any(|word| words::WATCHERS.contains(&word))
    }
}

/// What a key says that the hosts in its value are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Nothing of it.
    Unsaid,
    /// To keep data.
    Storing,
    /// To be told how the program fares.
    Watching,
}

/// How sure it is that a word is a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sureness {
    /// The form or the key says so.
    Certain,
    /// Only if something of this name is known.
    IfKnown,
}

/// Hosts of one value. More than one: alternatives of which any will do (brokers, replicas).
#[derive(Clone, Debug, PartialEq)]
pub struct Mention {
    /// The hosts, in order, each once.
    pub endpoints: Vec<Endpoint>,
}

impl Mention {
    /// A host that stands alone.
    pub fn of(endpoint: Endpoint) -> Self {
        Mention { endpoints: vec![endpoint] }
    }
}

/// Hosts that a setting names: an environment variable, a property.
pub fn in_setting(key: &str, value: &str) -> Vec<Mention> {
    let key = Key::new(key);
    let value = value.trim().trim_matches(['"', '\'']).trim();
    let meaning = key.meaning();
    if value.is_empty() || value.len() > 4096 || meaning == Meaning::SomethingElse {
        return Vec::new();
    }
    let mut found = Vec::new();
    for line in value.lines().take(200) {
        let line = line.trim();
        match whole_value(&key, line) {
            Some(endpoints) if !endpoints.is_empty() => found.extend(alternatives(&key, endpoints)),
            Some(_) => {}
            None => found.extend(in_text(line)),
        }
    }
    for endpoint in found.iter_mut().flat_map(|mention| &mut mention.endpoints) {
        endpoint.purpose = key.purpose();
        if meaning == Meaning::OnlyKnown {
            endpoint.sure = Sureness::IfKnown;
        }
    }
    dedup(found)
}

/// The endpoints of a value that is nothing but hosts; `None` when it holds other text as well.
fn whole_value(key: &Key<'_>, value: &str) -> Option<Vec<Endpoint>> {
    if value.contains("://") || value.starts_with("jdbc:") {
        let lists = written::url(value);
        return (!lists.is_empty() && !value.contains(char::is_whitespace)).then_some(lists);
    }
    let form = key.form();
    let list = value.trim_start_matches('[').trim_end_matches(']');
    let parts: Vec<&str> = list
        .split([',', ';', ' '])
        .map(|part| part.trim().trim_matches(['"', '\'']))
        .filter(|part| !part.is_empty())
        .collect();
    let mut endpoints = Vec::new();
    for part in parts {
        match written::bare(part, form) {
            Some(endpoint) => endpoints.push(endpoint),
            // `redis:6379,password=x,ssl=False`: options behind the hosts.
            None if !endpoints.is_empty() && part.contains('=') => {}
            None if written::is_local(part) => {}
            None => return None,
        }
    }
    Some(endpoints)
}

/// Hosts of one list are alternatives when they are of one kind; else each is needed.
fn alternatives(key: &Key<'_>, endpoints: Vec<Endpoint>) -> Vec<Mention> {
    let scheme_and_port = |endpoint: &Endpoint| match &endpoint.target {
        Target::Host { port, scheme, .. } => (*port, scheme.clone()),
        _ => (None, None),
    };
    let first = scheme_and_port(&endpoints[0]);
    let same_scheme = endpoints.iter().all(|endpoint| scheme_and_port(endpoint).1 == first.1);
    let same_port = endpoints.iter().all(|endpoint| scheme_and_port(endpoint).0 == first.0);
    let listed =
        key.is_of_a_list() || first.1.as_deref().is_some_and(|scheme| words::LIST_SCHEMES.contains(&scheme));
    let alike = same_port && same_stem(&endpoints);
    if endpoints.len() > 1 && same_scheme && (listed || alike) {
        vec![Mention { endpoints }]
    } else {
        endpoints.into_iter().map(Mention::of).collect()
    }
}

/// Whether the first labels differ in their numbers alone.
fn same_stem(endpoints: &[Endpoint]) -> bool {
    let stem = |endpoint: &Endpoint| match &endpoint.target {
        Target::Host { name, .. } => Some(name.replace(|c: char| c.is_ascii_digit(), "")),
        _ => None,
    };
    let first = stem(&endpoints[0]);
    first.is_some() && endpoints.iter().all(|endpoint| stem(endpoint) == first)
}

/// Hosts that a free text names: a command line, a script, a configuration file.
pub fn in_text(text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    for line in text.lines().take(5000) {
        if let Some(endpoint) = written::driver_string(line) {
            found.push(endpoint);
            continue;
        }
        for (form, token) in written::tokens(line) {
            found.extend(written::token_endpoint(form, token));
        }
    }
    dedup(found.into_iter().map(Mention::of).collect())
}

/// Hosts that a line of a configuration file names, and whether the line sets a key: only then do its hosts
/// count where nothing of their name is known. Comments name none.
pub fn in_config_line(line: &str) -> (Vec<Mention>, bool) {
    match key_and_value(line) {
        Some((key, value)) => (in_setting(key, value), true),
        None if is_comment(line.trim()) => (Vec::new(), false),
        None => (in_text(line.trim()), false),
    }
}

/// The key that a line of a configuration file sets, and its value.
pub fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if is_comment(line) {
        return None;
    }
    let is_key = |key: &str| {
        !key.is_empty()
            && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | ':' | ' '))
    };
    let (key, value) = line.split_once('=').filter(|(key, _)| is_key(key)).or_else(|| {
        line.split_once(':')
            .filter(|(key, value)| is_key(key) && !value.starts_with("//") && !key.contains(' '))
    })?;
    let key = key.trim().trim_matches('"').rsplit(':').next().unwrap_or(key);
    Some((key, value.trim().trim_end_matches([',', ';'])))
}

fn is_comment(line: &str) -> bool {
    line.starts_with(['#', ';', '*']) || line.starts_with("//") || line.len() > 2000
}

/// The host of a URL or a `host:port`; `None` for the machine itself, for files and for anything else.
pub fn of_url(text: &str) -> Option<Target> {
    written::url(text).into_iter().next().map(|endpoint| endpoint.target)
}

fn dedup(mentions: Vec<Mention>) -> Vec<Mention> {
    let mut out: Vec<Mention> = Vec::new();
    for mut mention in mentions {
        let mut seen: Vec<Endpoint> = Vec::new();
        mention.endpoints.retain(|endpoint| {
            let new = !seen.contains(endpoint);
            seen.push(endpoint.clone());
            new
        });
        if !mention.endpoints.is_empty() && !out.contains(&mention) && out.len() < 500 {
            out.push(mention);
        }
    }
    out
}
