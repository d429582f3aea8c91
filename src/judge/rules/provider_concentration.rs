//! `provider-concentration`: more rests on one provider than the organization wants.

use crate::analyze::Dimension;
use crate::judge::concentrated::concentrated;
use crate::judge::{Context, FindingLevel, Findings, Rule};

/// More rests on one provider than the organization wants.
pub(super) struct ProviderConcentration;

impl Rule for ProviderConcentration {
    fn id(&self) -> &'static str {
        "provider-concentration"
    }

    fn summary(&self) -> &'static str {
        "More rests on one provider than the organization wants."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/provider-concentration.md")
    }

    fn counts_services(&self) -> bool {
        false
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for one in concentrated(cx, &[Dimension::Provider, Dimension::UltimateProvider]) {
            out.push(
                cx,
                one.draft(cx, self).fix(
                    "place what matters most with a second provider, or raise the limit knowingly",
                    "large",
                ),
            );
        }
    }
}
