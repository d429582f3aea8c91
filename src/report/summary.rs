//! The counts that every report opens with.

use std::collections::BTreeSet;

use crate::judge::{Finding, FindingLevel, Status, Verdict};
use crate::model::{Id, Kind};
use crate::scan::Outcome;

/// Rules whose findings are single points of failure.
const SPOF_RULES: &[&str] = &[
    "single-instance",
    "single-zone",
    "single-region",
    "single-provider",
    "single-shared-component",
    "external-service-without-fallback",
    "shared-fate-redundancy",
    "single-dns-operator",
];

/// Counts over an outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Services.
    pub services: usize,
    /// Components, services not counted.
    pub components: usize,
    /// Providers.
    pub providers: usize,
    /// Elements whose single failure loses at least one service.
    pub spofs: usize,
    /// Open single points of failure that were shown.
    pub unmitigated: usize,
    /// Open findings of level error.
    pub errors: usize,
    /// Open findings of level warning.
    pub warnings: usize,
    /// Open findings of level note.
    pub notes: usize,
    /// Findings that a mitigation answers.
    pub mitigated: usize,
    /// Findings that a waiver accepts.
    pub waived: usize,
    /// Findings that were there before.
    pub baseline: usize,
    /// Findings that could not be shown either way.
    pub not_known: usize,
}

impl Summary {
    /// Counts.
    pub fn of(outcome: &Outcome) -> Self {
        let nodes = || outcome.estate.nodes.values();
        let of_level = |level| {
            outcome
                .findings
                .iter()
                .filter(|found| found.status == Status::Open && found.level == level)
                .count()
        };
        let of_status = |status| outcome.findings.iter().filter(|found| found.status == status).count();
        let failing: BTreeSet<&Id> = outcome
            .analysis
            .runtime()
            .failures
            .iter()
            .filter(|failure| !failure.lost.is_empty())
            .map(|failure| &failure.element)
            .collect();
        Summary {
            services: outcome.estate.services().count(),
            components: nodes().filter(|node| node.kind == Kind::Component && !node.is_service).count(),
            providers: nodes().filter(|node| node.kind == Kind::Provider).count(),
            spofs: failing.len(),
            unmitigated: unmitigated(outcome).count(),
            errors: of_level(FindingLevel::Error),
            warnings: of_level(FindingLevel::Warning),
            notes: of_level(FindingLevel::Note),
            mitigated: of_status(Status::Mitigated),
            waived: of_status(Status::Waived),
            baseline: of_status(Status::Baseline),
            not_known: outcome.findings.iter().filter(|found| found.verdict == Verdict::NotKnown).count(),
        }
    }
}

/// The single points of failure that nothing answers, in order of level and blast radius.
pub(crate) fn unmitigated(outcome: &Outcome) -> impl Iterator<Item = &Finding> {
    outcome.findings.iter().filter(|found| is_unmitigated(found))
}

/// Whether a finding is a single point of failure that nothing answers.
pub(crate) fn is_unmitigated(finding: &Finding) -> bool {
    finding.status == Status::Open && finding.verdict == Verdict::AtRisk && SPOF_RULES.contains(&finding.rule)
}
