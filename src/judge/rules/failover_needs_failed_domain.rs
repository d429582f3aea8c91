//! `failover-needs-failed-domain`: a way out that needs what has just failed.

use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Id, Phase};

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
        let Some(recover) = cx.analysis.phases.get(&Phase::Recover) else { return };
        for failure in &recover.failures {
            let Some(runtime) = cx.failure_of(&failure.element) else { continue };
            // Those that live on by an alternative but cannot act: failing over needs what failed.
            let is_stuck = |service: &&Id| failure.lost.binary_search(service).is_ok();
            let stuck: Vec<Id> = runtime.degraded.iter().filter(is_stuck).cloned().collect();
            let Some(first) = stuck.first() else { continue };
            let name = cx.name(&failure.element);
            let draft = Draft::new(cx, self, &failure.element, failure.level)
                .message(format!("to recover from the loss of `{name}`, `{name}` is needed by {}", cx.names(&stuck)))
                .services(stuck.iter().cloned())
                .path(cx, failure.path_of(first).unwrap_or(&[]))
                .fix("prepare the failover so that it changes nothing in the failed domain: capacity and health checks that stand before", "large");
            out.push(cx, draft);
        }
    }
}
