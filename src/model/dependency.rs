//! What needs what.

use super::{Confidence, Evidence, Id, Level, Need, Phase};

/// `from` needs `to`.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Who needs.
    pub from: Id,
    /// What is needed.
    pub to: Id,
    /// When.
    pub phase: Phase,
    /// How much.
    pub need: Need,
    /// The redundancy group of `from` in which `to` is one of several alternatives.
    pub group: Option<Id>,
    /// Who says so.
    pub confidence: Confidence,
    /// What says so.
    pub evidence: Vec<Evidence>,
}

impl Edge {
    /// `from` cannot run without `to`, as the text lets us infer.
    pub fn required(from: Id, to: Id, evidence: Vec<Evidence>) -> Self {
        Edge {
            from,
            to,
            phase: Phase::Runtime,
            need: Need::Required,
            group: None,
            confidence: Confidence::Inferred,
            evidence,
        }
    }
}

/// n alternatives of which k must live. Its members are the ends of the edges that name it.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// `OWNER#NAME` by convention.
    pub id: Id,
    /// Who needs the members.
    pub owner: Id,
    /// How many must live.
    pub k: u32,
    /// The level at which the members are meant to be apart, where that is said.
    pub level: Option<Level>,
    /// What says so.
    pub evidence: Vec<Evidence>,
}
