//! From an analysis to ranked findings.

use std::collections::BTreeSet;

use super::findings::rank;
use super::{Context, Finding, Findings, RULES, Status, waivers};

/// Runs every rule, applies the waivers, and ranks: open ones first, by level, blast radius, rule and element.
pub fn judge(cx: &Context<'_>) -> Vec<Finding> {
    let mut out = Findings::default();
    for rule in RULES.iter().filter(|rule| !rule.judges_waivers()) {
        rule.check(cx, &mut out);
    }
    out.waivers = waivers::apply(cx, out.all_mut());
    for rule in RULES.iter().filter(|rule| rule.judges_waivers()) {
        rule.check(cx, &mut out);
    }
    out.into_ranked()
}

/// Adds to the findings of a mitigated estate those that only the unmitigated one has, as mitigated.
///
/// What a mitigation answered is not dropped: it stays in the report, with its status.
pub fn mark_mitigated(unmitigated: Vec<Finding>, mut findings: Vec<Finding>) -> Vec<Finding> {
    let still: BTreeSet<String> = findings.iter().map(|finding| finding.fingerprint.clone()).collect();
    for mut finding in unmitigated {
        if !still.contains(&finding.fingerprint) && finding.status == Status::Open {
            finding.status = Status::Mitigated;
            findings.push(finding);
        }
    }
    rank(&mut findings);
    findings
}
