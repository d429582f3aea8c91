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
use std::net::SocketAddr;
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
    pub resolver: Option<SocketAddr>,
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
