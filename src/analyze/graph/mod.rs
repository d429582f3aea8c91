//! The failure graph and the analyses that walk it.
//!
//! Everything here speaks of plain indices: an *element* is a `u32` below [`FailureGraph::len`], and whoever builds the
//! graph keeps the map to ids. The nouns, in reading order:
//!
//! - [`FailureGraphBuilder`] takes elements and their requirements, in any order, and builds a [`FailureGraph`];
//! - [`Scenario`] answers what fails and what degrades when a set of elements fails, and why;
//! - [`SingleFailures`] answers the same for every element failing alone, and the reverse: what takes a service down;
//! - [`Listing`] counts the same in full and lists as much of it as there is room for;
//! - [`Alternatives`] says what the members of a redundancy group share, and which of them share least;
//! - [`Csr`] and the functions on it are the plain graph algorithms beneath.
//!
//! # What fails what
//!
//! An element **fails** when its own basic event occurs or when a required requirement has fewer live members than it
//! needs. Cycles are legal: failure is the least fixed point, so it starts at basic events only, and elements that need
//! each other keep each other alive until one of them is hit from outside.
//!
//! An element is **degraded** when it has not failed and one of these holds:
//!
//! - a member of one of its optional requirements has failed or is degraded;
//! - a member of one of its required requirements has failed (a group lost members, yet enough of them live).
//!
//! A required dependency that is merely degraded does not degrade its dependents: it still does what it is needed for.
//!
//! # Example
//!
//! ```
//! use linchpin::analyze::graph::{FailureGraphBuilder, Need, Scenario, State};
//!
//! // A shop needs any one of two replicas; both replicas need the same database.
//! let (shop, first, second, database) = (0, 1, 2, 3);
//! let mut builder = FailureGraphBuilder::new(4);
//! builder.require(shop, Need::Required, 1, &[first, second]);
//! builder.require(first, Need::Required, 1, &[database]);
//! builder.require(second, Need::Required, 1, &[database]);
//! let mut scenario = Scenario::new(&builder.build());
//!
//! scenario.fail(&[first]);
//! assert_eq!(scenario.state(shop), State::Degraded);
//! scenario.fail(&[database]);
//! assert_eq!(scenario.state(shop), State::Failed);
//! assert_eq!(scenario.why(shop), [shop, first, database]);
//! ```

mod components;
mod csr;
mod cuts;
mod dominators;
mod failure_graph;
mod fate_sharing;
mod listing;
mod lists;
mod passes;
mod plan;
mod routes;
mod scenario;
mod single_failures;
mod sweep;
mod tally;
#[cfg(test)]
mod tests;

pub use components::Components;
pub use csr::{Csr, shortest_path};
pub use cuts::Cuts;
pub use dominators::Dominators;
pub use failure_graph::{FailureGraph, FailureGraphBuilder, Need, Requirement};
pub use fate_sharing::{Alternatives, Choice, Meeting, Pairs};
pub use listing::{ListLimits, Listing};
pub use scenario::{Scenario, State};
pub use single_failures::{Blast, Loss, Service, SingleFailures, TierLoss};
