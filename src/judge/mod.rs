//! Judging an analysis by the organization's own policy: findings, mitigations, waivers.
//!
//! [`apply_services`] and [`apply_mitigations`] change an estate before it is analyzed, [`judge`] turns its
//! analysis into findings, [`mark_mitigated`] keeps what a mitigation answered in sight, [`compare`] tells what
//! is new against a scan of before. A rule does no
//! arithmetic: it reads the analysis and the [`Context`], and reports.

mod arrivals;
mod baseline;
mod carried;
mod changes;
mod concentrated;
mod context;
mod declared;
mod dependents;
mod dns;
mod finding;
mod findings;
mod forgotten;
mod mitigation;
mod patterns;
mod rules;
mod single_points;
mod snapshot;
pub(crate) mod spans;
mod verdict;
mod waivers;

#[cfg(test)]
mod rule_tests;
#[cfg(test)]
mod testing;

pub use arrivals::Arrival;
pub use baseline::{Comparing, Comparison, Shift, compare};
pub use carried::{Ambiguous, Moved, Presence};
pub use changes::{Cause, ChangedLine, Changes};
pub use context::Context;
pub use declared::apply_services;
pub use finding::{BlastRadius, Edit, Finding, FindingLevel, Fix, Status, Verdict};
pub(crate) use findings::rank;
pub use findings::{Draft, Findings, fingerprint, service_fingerprint};
pub use forgotten::Forgotten;
pub use mitigation::{Standing, apply_mitigations, failover_seconds, lapsed, standing};
pub use rules::{HEADINGS, RULES, Rule, rule};
pub use single_points::{Class, SinglePoint};
pub use snapshot::{Known, Measured, Seen, Snapshot, Traits, differing, folder, is_in_input};
pub use verdict::{judge, mark_mitigated};
