//! `startup-cycle`: parts of which each needs the other to start, so that a cold start deadlocks.

use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::Level;

/// Parts of which each needs the other to start, so that a cold start deadlocks.
pub(super) struct StartupCycle;

impl Rule for StartupCycle {
    fn id(&self) -> &'static str {
        "startup-cycle"
    }

    fn summary(&self) -> &'static str {
        "Parts of which each needs the other to start, so that a cold start deadlocks."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/startup-cycle.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for start in &cx.analysis.cyclic_starts {
            let Some(first) = start.cycle.first() else { continue };
            let mut path = start.cycle.clone();
            path.push(first.clone());
            let names: Vec<&str> = path.iter().map(|id| cx.name(id)).collect();
            let draft = Draft::new(cx, self, first, Level::Instance)
                .message(format!("each needs the other to start: `{}`", names.join("` -> `")))
                .services(start.cycle.iter().flat_map(|id| cx.dependents(id)))
                .cut_set(start.cycle.iter().cloned())
                .path(cx, &path)
                .fix("let one of them start without the other and connect later", "medium");
            out.push(cx, draft);
        }
    }
}
