//! Names of hosts: their form, the machine itself, and the names that only the own network knows.

use std::net::IpAddr;

use super::words;
use super::written::split_port;
use crate::catalog::has_public_suffix;
use crate::model::{Need, Target};

/// A hostname or address as a target; `None` for the machine itself and for what cannot be a host.
pub fn of_host(name: &str, port: Option<u16>, scheme: Option<&str>) -> Option<Target> {
    if has_blank_label(name) {
        return None;
    }
    let name = name.trim().trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    if let Ok(address) = name.parse::<IpAddr>() {
        let local = address.is_loopback() || address.is_unspecified() || address.is_multicast();
        return (!local).then_some(Target::Address(address));
    }
    let is_self =
        matches!(name.as_str(), "localhost" | "host.docker.internal" | "kubernetes.docker.internal")
            || name.ends_with(".localhost")
            || name.ends_with(".localdomain");
    // RFC 2606 keeps the ending for names that stand where one is still to be written.
    let is_nobody = name.ends_with(".invalid");
    (is_hostname(&name) && !is_self && !is_nobody).then(|| Target::Host {
        name,
        port,
        scheme: scheme.map(str::to_ascii_lowercase),
    })
}

/// Whether a part of a name is still to be written: `HEROKU_APP_NAME.herokuapp.com`.
fn has_blank_label(name: &str) -> bool {
    let is_blank = |label: &str| {
        label.contains('_')
            && label.contains(|c: char| c.is_ascii_uppercase())
            && !label.contains(|c: char| c.is_ascii_lowercase())
    };
    name.contains('.') && name.contains(|c: char| c.is_ascii_lowercase()) && name.split('.').any(is_blank)
}

/// Whether a text has the form of a hostname: labels of letters, digits, `-` and `_`, with a letter in the
/// last one.
pub fn is_hostname(name: &str) -> bool {
    let label_ok = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or("");
    name.len() <= 253
        && name.split('.').all(label_ok)
        && last.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !(name.contains('.') && last.len() < 2)
}

/// What the loss of a host that nothing in the input defines means: a datastore's is an outage; of another
/// the text shows that it is used, not that it is needed.
pub fn need_of(target: &Target) -> Need {
    match target {
        Target::Host { scheme: Some(scheme), .. } if is_of_a_datastore(scheme) => Need::Required,
        Target::Host { .. } | Target::Unresolved { .. } | Target::Provider { .. } => Need::Optional,
        _ => Need::Required,
    }
}

fn is_of_a_datastore(scheme: &str) -> bool {
    let base = scheme.split(['+', ':']).next().unwrap_or(scheme);
    words::DATASTORE_SCHEMES.contains(&base)
}

/// Public names in a router's rule (``Host(`a.example.com`) && PathPrefix(`/x`)``) or a list of them; names
/// without a dot, wildcards and patterns are left out.
pub fn published_names(text: &str) -> Vec<String> {
    let mut found: Vec<&str> = Vec::new();
    if text.contains("Host") && text.contains('(') {
        for (at, _) in text.match_indices("Host") {
            let call =
                text[at..].split_once('(').map_or("", |(_, rest)| rest.split(')').next().unwrap_or(""));
            let exact = ["Host(", "HostSNI("].iter().any(|word| text[at..].starts_with(word));
            found.extend(call.split(',').filter(|_| exact));
        }
    } else {
        found.extend(text.split([',', ' ', ';']));
    }
    let mut names: Vec<String> = found
        .into_iter()
        .map(|name| name.trim().trim_matches(['`', '"', '\'']).trim_end_matches('.').to_ascii_lowercase())
        .map(|name| split_port(&name).map_or(name.clone(), |(host, _)| host.to_owned()))
        .filter(|name| is_hostname(name) && name.contains('.'))
        .filter(|name| ![".local", ".localhost", ".svc"].iter().any(|ending| name.ends_with(ending)))
        .collect();
    names.dedup();
    names
}

/// The name behind a service that is looked up in the DNS: `dnssrv+_grpc._tcp.store.example.net`.
pub(super) fn by_service(name: &str) -> &str {
    let mut rest =
        ["dnssrvnoa+", "dnssrv+", "dns+"].iter().find_map(|how| name.strip_prefix(how)).unwrap_or(name);
    while let Some((_, behind)) = rest.split_once('.').filter(|(label, _)| label.starts_with('_')) {
        rest = behind;
    }
    rest
}

/// Whether a word has the ending of a name in some network, public or own.
pub(super) fn ends_as_a_name(host: &str) -> bool {
    host.contains('.')
        && (has_public_suffix(host)
            || [".local", ".internal", ".svc"].iter().any(|ending| host.ends_with(ending)))
}

/// Whether a word is the name of a file rather than of a host.
pub(super) fn looks_like_file(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| words::FILE_ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

/// Whether a word stands where a host might and is none.
pub(super) fn is_plain_word(word: &str) -> bool {
    words::NO_NAMES.contains(&word.to_ascii_lowercase().as_str())
        || word.starts_with('$')
        || word.bytes().any(|byte| byte.is_ascii_uppercase()) && word.contains('_')
}
