//! `expired-waiver`: a waiver that does not count: expired, too long, over-broad, or without reason or owner.

use crate::judge::waivers::{place_of, waiver_id};
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::Level;

/// A waiver that does not count: expired, too long, over-broad, or without reason or owner.
pub(super) struct ExpiredWaiver;

impl Rule for ExpiredWaiver {
    fn id(&self) -> &'static str {
        "expired-waiver"
    }

    fn summary(&self) -> &'static str {
        "A waiver that does not count: expired, too long, over-broad, or without reason or owner."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/expired-waiver.md")
    }

    fn counts_services(&self) -> bool {
        false
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        let uses = std::mem::take(&mut out.waivers);
        for used in &uses {
            let Some(why) = &used.invalid else { continue };
            let waiver = &cx.settings.waivers[used.index];
            let rule = waiver.rule.as_deref().unwrap_or("any rule");
            let draft = Draft::new(cx, self, &waiver_id(waiver), Level::Instance)
                .message(format!("the waiver of `{rule}`{} does not count: {why}", place_of(waiver)))
                .services(used.services.iter().cloned())
                .first_evidence(waiver.evidence.as_ref())
                .fix("end the risk, or decide again and write reason, owner and a new date", "small");
            out.push(cx, draft);
        }
        out.waivers = uses;
    }

    fn judges_waivers(&self) -> bool {
        true
    }
}
