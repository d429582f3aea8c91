//! `unused-waiver`: a waiver that accepts nothing that was found.

use crate::judge::waivers::{place_of, waiver_id};
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::Level;

/// A waiver that accepts nothing that was found.
pub(super) struct UnusedWaiver;

impl Rule for UnusedWaiver {
    fn id(&self) -> &'static str {
        "unused-waiver"
    }

    fn summary(&self) -> &'static str {
        "A waiver that accepts nothing that was found."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/unused-waiver.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        let uses = std::mem::take(&mut out.waivers);
        for used in uses.iter().filter(|used| used.matched == 0 && used.invalid.is_none()) {
            let waiver = &cx.settings.waivers[used.index];
            let rule = waiver.rule.as_deref().unwrap_or("any rule");
            let draft = Draft::new(cx, self, &waiver_id(waiver), Level::Instance)
                .message(format!("the waiver of `{rule}`{} accepts nothing that was found", place_of(waiver)))
                .first_evidence(waiver.evidence.as_ref())
                .fix("remove it, or correct what it names", "small");
            out.push(cx, draft);
        }
        out.waivers = uses;
    }

    fn judges_waivers(&self) -> bool {
        true
    }
}
