//! `expired-mitigation`: a mitigation that does not count: expired, never tested, or without owner or element.

use crate::judge::mitigation::{Standing, element_of, matches_nothing, standing};
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::settings::MitigationKind;
use crate::model::{Id, Level};

/// A mitigation that does not count: expired, never tested, or without owner or element.
pub(super) struct ExpiredMitigation;

impl Rule for ExpiredMitigation {
    fn id(&self) -> &'static str {
        "expired-mitigation"
    }

    fn summary(&self) -> &'static str {
        "A mitigation that does not count: expired, never tested, or without owner or element."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/expired-mitigation.md")
    }

    fn counts_services(&self) -> bool {
        false
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for mitigation in &cx.settings.mitigations {
            let why = match standing(mitigation, cx.settings, cx.today) {
                Standing::Expired(why) | Standing::Incomplete(why) => why,
                // A backup without a test is said by `untested-restore`, an old test by `stale-recovery-test`.
                Standing::Untested(why) if mitigation.kind != MitigationKind::Backup => why,
                _ if matches_nothing(cx.estate, mitigation) => "it is for nothing that was read".to_owned(),
                _ => continue,
            };
            let element = element_of(cx.estate, mitigation);
            let kind = mitigation.kind.word();
            let draft = Draft::new(cx, self, &element, Level::Instance)
                .message(format!("the {kind} of `{}` does not count: {why}", cx.name(&element)))
                .services(cx.services_of(&element))
                .first_evidence(mitigation.evidence.as_ref())
                .cut_set([element.clone(), Id::new(kind)])
                .because(why)
                .fix("renew and test it, or remove it", "medium");
            out.push(cx, draft);
        }
    }
}
