//! Names to answers of the DNS, and answers to declarations.
//!
//! [`questions`] and [`declare`] are pure: which questions are next and what the answers mean follows from the names
//! and the answers alone, so that a [`recording`] replays to the same bytes. Only [`answers()`] opens files
//! and, in builds with the feature `dns`, asks a resolver; nothing is asked unless [`Options`] say so.

pub mod answers;
mod answers_of_run;
mod declare;
#[cfg(feature = "dns")]
mod direct;
#[cfg(feature = "dns")]
pub mod live;
mod names;
#[cfg(feature = "dns")]
mod quick;
pub mod recording;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::catalog::Catalog;
use crate::model::Declarations;

pub use answers::{Answer, Answers, Asked, Outcome, Question, Record, RecordType};
pub use answers_of_run::{ResolveError, answers, leave_out_older};
pub use declare::FORMAT;
pub use names::{names_of, reachable_name};
pub use walk::{DEPTH, Names, PROBE, SERVERS, SPF_LOOKUPS};

/// Whether and how names are looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Lookups {
    /// As `[dns]` in `linchpin.toml` says, and not at all where it says nothing.
    #[default]
    AsSet,
    /// Not at all.
    Off,
    /// By asking a resolver.
    Live,
    /// By asking a resolver, and keeping the answers in a file.
    Record(PathBuf),
    /// From the answers in a file, without a network.
    Replay(PathBuf),
}

/// A resolver to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolverAddress {
    /// Where it is.
    pub address: SocketAddr,
    /// The name in its certificate, where it is asked over TLS.
    pub tls_name: Option<String>,
}

impl ResolverAddress {
    /// `ADDRESS[:PORT]`, or `tls://ADDRESS[:PORT][#NAME]` for one that is asked over TLS, by the name in its certificate or by
    /// its address where none is given.
    pub fn parse(text: &str) -> Option<Self> {
        let (text, is_tls) = match text.strip_prefix("tls://") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (place, name) = match text.split_once('#') {
            Some((place, name)) if is_tls && is_word(name) => (place, Some(name.to_owned())),
            Some(_) => return None,
            None => (text, None),
        };
        let port = if is_tls { 853 } else { 53 };
        let with_port = |ip| SocketAddr::new(ip, port);
        let address = place.parse().ok().or_else(|| place.parse::<IpAddr>().ok().map(with_port))?;
        let name = name.unwrap_or_else(|| address.ip().to_string());
        Some(ResolverAddress { address, tls_name: is_tls.then_some(name) })
    }
}

/// Whether a text can stand in a recording as one word.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl From<SocketAddr> for ResolverAddress {
    fn from(address: SocketAddr) -> Self {
        ResolverAddress { address, tls_name: None }
    }
}

impl std::fmt::Display for ResolverAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.tls_name {
            Some(name) => write!(f, "tls://{}#{name}", self.address),
            None => self.address.fmt(f),
        }
    }
}

/// Whether the name servers of the organization's zones are asked themselves whether they answer for them, when a resolver
/// is asked for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Servers {
    /// At this port.
    AtPort(u16),
    /// Not at all.
    Unasked,
}

impl Default for Servers {
    fn default() -> Self {
        Servers::AtPort(53)
    }
}

/// How names are looked up, and which are beside those that manifests name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether, and where from.
    pub lookups: Lookups,
    /// Who is asked; `None` is the system's configuration.
    pub resolver: Option<ResolverAddress>,
    /// Whether name servers are asked beside it.
    pub servers: Servers,
    /// Names to look up whether or not a manifest names them.
    pub names: Vec<String>,
    /// The most questions in a second; `None` is [`RATE`].
    pub rate: Option<u32>,
}

/// How many questions are asked in a second, unless told otherwise.
pub const RATE: u32 = 1_000;

/// The questions that the answers so far leave open; none when everything that can be reached is known.
pub fn questions(names: &Names, answers: &Answers) -> BTreeSet<Question> {
    walk::Walk::new(names, answers).missing
}

/// What the answers say, as one unit of the format `dns`.
pub fn declare(names: &Names, answers: &Answers, catalog: &Catalog) -> Declarations {
    declare::declare(&walk::Walk::new(names, answers), catalog)
}
