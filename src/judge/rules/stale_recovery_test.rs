//! `stale-recovery-test`: a mitigation whose last test is too long ago to be believed.

use crate::judge::mitigation::{Standing, element_of, standing};
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::Level;

/// A mitigation whose last test is too long ago to be believed.
pub(super) struct StaleRecoveryTest;

impl Rule for StaleRecoveryTest {
    fn id(&self) -> &'static str {
        "stale-recovery-test"
    }

    fn summary(&self) -> &'static str {
        "A mitigation whose last test is too long ago to be believed."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/stale-recovery-test.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for mitigation in &cx.settings.mitigations {
            let Standing::Stale(why) = standing(mitigation, cx.settings, cx.today) else { continue };
            let element = element_of(cx.estate, mitigation);
            let draft = Draft::new(cx, self, &element, Level::Instance)
                .message(format!(
                    "the {} of `{}` was tested too long ago",
                    mitigation.kind.word(),
                    cx.name(&element)
                ))
                .services(cx.services_of(&element))
                .because(why)
                .first_evidence(mitigation.evidence.as_ref())
                .cut_set([element.clone(), crate::model::Id::new(mitigation.kind.word())])
                .fix("test it again, and write the date into `tested`", "medium");
            out.push(cx, draft);
        }
    }
}
