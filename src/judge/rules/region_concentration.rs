//! `region-concentration`: more rests on one region than the organization wants.

use crate::analyze::Dimension;
use crate::judge::concentrated::concentrated;
use crate::judge::{Context, FindingLevel, Findings, Rule};

/// More rests on one region than the organization wants.
pub(super) struct RegionConcentration;

impl Rule for RegionConcentration {
    fn id(&self) -> &'static str {
        "region-concentration"
    }

    fn summary(&self) -> &'static str {
        "More rests on one region than the organization wants."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/region-concentration.md")
    }

    fn counts_services(&self) -> bool {
        false
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for one in concentrated(cx, &[Dimension::Region, Dimension::Zone]) {
            out.push(
                cx,
                one.draft(cx, self)
                    .fix("place new services in another region, or raise the limit knowingly", "large"),
            );
        }
    }
}
