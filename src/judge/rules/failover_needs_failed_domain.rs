//! `failover-needs-failed-domain`: a way out that needs what has just failed.

use std::collections::BTreeMap;

use crate::analyze::Stuck;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Confidence, Id, Level, Phase};

/// A way out that needs what has just failed.
pub(super) struct FailoverNeedsFailedDomain;

impl Rule for FailoverNeedsFailedDomain {
    fn id(&self) -> &'static str {
        "failover-needs-failed-domain"
    }

    fn summary(&self) -> &'static str {
        "A way out that needs what has just failed."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Error
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/failover-needs-failed-domain.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        declared(self, cx, out);
        let mut alike: BTreeMap<(&Id, Phase, &Id), Vec<&Stuck>> = BTreeMap::new();
        for one in &cx.analysis.stuck {
            alike.entry((&one.place, one.phase, &one.missing)).or_default().push(one);
        }
        for ((place, phase, missing), all) in alike {
            out.push(cx, stuck(self, cx, place, phase, missing, &all));
        }
    }
}

/// What a person said is needed to recover, and is lost with what is to be recovered from.
fn declared(rule: &FailoverNeedsFailedDomain, cx: &Context<'_>, out: &mut Findings) {
    let Some(recover) = cx.analysis.phases.get(&Phase::Recover) else { return };
    for failure in &recover.failures {
        let Some(runtime) = cx.failure_of(&failure.element) else { continue };
        // Those that live on by an alternative but cannot act: failing over needs what failed.
        let is_stuck = |service: &&Id| failure.lost.binary_search(service).is_ok();
        let stuck: Vec<Id> = runtime.degraded.iter().filter(is_stuck).cloned().collect();
        let Some(first) = stuck.first() else { continue };
        let name = cx.name(&failure.element);
        let draft = Draft::new(cx, rule, &failure.element, failure.level)
            .message(format!("to recover from the loss of `{name}`, `{name}` is needed by {}", cx.names(&stuck)))
            .services(stuck.iter().cloned())
            .path(cx, failure.path_of(first).unwrap_or(&[]))
            .fix("prepare the failover so that it changes nothing in the failed domain: capacity and health checks that stand before", "large");
        out.push(cx, draft);
    }
}

/// What was read off manifests, and what the catalog says of control planes.
fn stuck(
    rule: &FailoverNeedsFailedDomain,
    cx: &Context<'_>,
    place: &Id,
    phase: Phase,
    missing: &Id,
    all: &[&Stuck],
) -> Draft {
    let services: Vec<Id> = all.iter().map(|one| one.service.clone()).collect();
    let (names, place_name, missing_name) = (cx.names(&services), cx.name(place), cx.name(missing));
    let (s, have) = if services.len() == 1 { ("s", "has") } else { ("", "have") };
    let (level, message, fix) = match phase {
        Phase::Recover => (
            FindingLevel::Warning,
            format!(
                "{names} {have} a standby, and turning to it needs `{missing_name}`, which is lost with `{place_name}`"
            ),
            "let health checks turn the name, so that nothing has to be changed while it fails",
        ),
        Phase::Deploy => (
            FindingLevel::Note,
            format!(
                "{names} outlive{s} `{place_name}`, and cannot be changed meanwhile: `{missing_name}` is lost with it"
            ),
            "keep what deployments need apart from what they deploy, or copy it to another region",
        ),
        _ => (
            FindingLevel::Warning,
            format!(
                "{names} outlive{s} `{place_name}`, and cannot start or scale meanwhile: `{missing_name}` is lost with it"
            ),
            "copy it to each region that has to start without the others",
        ),
    };
    let of_place = cx.failure_of(place).map_or(Level::Region, |failure| failure.level);
    // A control plane is no part of the estate that was read.
    let path = all.first().into_iter().flat_map(|one| &one.path);
    let path: Vec<Id> = path.filter(|id| cx.estate.node(id).is_some()).cloned().collect();
    let evidence = all.first().into_iter().flat_map(|one| &one.evidence);
    let (first, more) = (evidence.clone().next(), evidence.skip(1));
    let draft = Draft::new(cx, rule, place, of_place)
        .level(level)
        .blast(cx.weigh(&services))
        .message(message)
        .services(services)
        .cut_set([place.clone(), missing.clone()])
        .path(cx, &path)
        .first_evidence(first)
        .evidence(more)
        .fix(fix, "medium");
    if cx.estate.node(missing).is_some() { draft } else { draft.confidence(Confidence::Assumed) }
}
