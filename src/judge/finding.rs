//! A risk, with everything that is needed to believe it and to end it.

use crate::model::{Confidence, Evidence, Id, Level};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingLevel {
    /// Worth knowing.
    Note,
    /// Against good practice or a soft limit.
    Warning,
    /// Against what the tier must survive.
    Error,
}

/// Where a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nothing answers it.
    Open,
    /// A valid mitigation answers it.
    Mitigated,
    /// An unexpired waiver accepts it.
    Waived,
    /// It was there before.
    Baseline,
}

/// What was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Shown at risk.
    AtRisk,
    /// Could not be shown either way.
    NotKnown,
}

/// All services that are lost when an element fails.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BlastRadius {
    /// How many.
    pub services: usize,
    /// Their weight.
    pub weight: f64,
    /// Their share of all weight, 0 to 1.
    pub share: f64,
}

/// A way out.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What to do, one sentence.
    pub summary: String,
    /// `small`, `medium`, `large`.
    pub effort: &'static str,
    /// Concrete edits, where they can be named.
    pub edits: Vec<Edit>,
}

/// One edit of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// File.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// What the line should say.
    pub text: String,
}

/// A risk.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// How bad.
    pub level: FindingLevel,
    /// Hash of rule, service and element ids: stable while the architecture is.
    pub fingerprint: String,
    /// One sentence without a full stop.
    pub message: String,
    /// Services concerned, sorted.
    pub services: Vec<Id>,
    /// What it is about.
    pub element: Id,
    /// The level of the failure domain.
    pub domain_level: Level,
    /// What is lost.
    pub blast_radius: BlastRadius,
    /// Where it stands.
    pub status: Status,
    /// What was shown.
    pub verdict: Verdict,
    /// Why a mitigation does not count, or why it is not known.
    pub because: Option<String>,
    /// How sure.
    pub confidence: Confidence,
    /// From a service to the element.
    pub path: Vec<Id>,
    /// What says so; the first is where a reader should look.
    pub evidence: Vec<Evidence>,
    /// A way out.
    pub fix: Option<Fix>,
}

impl FindingLevel {
    /// The word used in reports and policy.
    pub fn word(self) -> &'static str {
        match self {
            FindingLevel::Note => "note",
            FindingLevel::Warning => "warning",
            FindingLevel::Error => "error",
        }
    }

    /// The level of a word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "note" => Some(FindingLevel::Note),
            "warning" => Some(FindingLevel::Warning),
            "error" => Some(FindingLevel::Error),
            _ => None,
        }
    }
}

impl Status {
    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Status::Open => "open",
            Status::Mitigated => "mitigated",
            Status::Waived => "waived",
            Status::Baseline => "baseline",
        }
    }
}

impl Verdict {
    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::AtRisk => "at-risk",
            Verdict::NotKnown => "not-known",
        }
    }
}
