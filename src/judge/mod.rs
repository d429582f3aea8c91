//! Judging an analysis by the organization's own policy: findings, mitigations, waivers.

mod finding;

pub use finding::{BlastRadius, Edit, Finding, FindingLevel, Fix, Status, Verdict};
