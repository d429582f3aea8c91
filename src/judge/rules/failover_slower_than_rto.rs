//! `failover-slower-than-rto`: a failover that takes longer than the recovery time objective.

use crate::judge::patterns::Patterns;
use crate::judge::spans::span;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Id, Level};

/// A failover that takes longer than the recovery time objective.
pub(super) struct FailoverSlowerThanRto;

impl Rule for FailoverSlowerThanRto {
    fn id(&self) -> &'static str {
        "failover-slower-than-rto"
    }

    fn summary(&self) -> &'static str {
        "A failover that takes longer than the recovery time objective."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Error
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/failover-slower-than-rto.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for mitigation in cx.settings.mitigations.iter().filter(|one| one.kind.changes_availability()) {
            let Some(takes) = mitigation.takes_seconds else { continue };
            let patterns = Patterns::new(&mitigation.of);
            let only = Patterns::new(&mitigation.services);
            for node in cx.estate.nodes.values().filter(|node| patterns.any(node.id.as_str())) {
                let is_late = |service: &Id| cx.rto_seconds(service).is_some_and(|rto| rto < takes);
                let is_meant = |service: &Id| mitigation.services.is_empty() || only.any(service.as_str());
                let mut services = cx.dependents(&node.id);
                services.retain(|service| is_late(service) && is_meant(service));
                let Some(rto) = services.iter().filter_map(|service| cx.rto_seconds(service)).min() else {
                    continue;
                };
                let (takes, rto, kind) = (span(takes), span(rto), mitigation.kind.word());
                let draft = Draft::new(cx, self, &node.id, Level::Instance)
                    .message(format!(
                        "the {kind} of `{}` takes {takes}, and {rto} is promised",
                        cx.name(&node.id)
                    ))
                    .services(services)
                    .first_evidence(mitigation.evidence.as_ref())
                    .fix("make it faster, or promise less", "medium");
                out.push(cx, draft);
            }
        }
    }
}
