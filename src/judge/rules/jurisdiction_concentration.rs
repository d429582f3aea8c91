//! `jurisdiction-concentration`: more is placed under one jurisdiction than the organization wants.

use crate::analyze::Dimension;
use crate::judge::concentrated::{concentrated, percent};
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::Level;

/// More is placed under one jurisdiction than the organization wants.
pub(super) struct JurisdictionConcentration;

impl Rule for JurisdictionConcentration {
    fn id(&self) -> &'static str {
        "jurisdiction-concentration"
    }

    fn summary(&self) -> &'static str {
        "More is placed under one jurisdiction than the organization wants."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/jurisdiction-concentration.md")
    }

    fn counts_services(&self) -> bool {
        false
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        // How much of one jurisdiction is too much has no default: only declared limits count.
        let has_limit = cx.settings.policy.thresholds.iter().any(|limit| limit.dimension == "jurisdiction");
        if has_limit {
            for one in concentrated(cx, &[Dimension::Jurisdiction]) {
                out.push(
                    cx,
                    one.draft(cx, self).fix("place what matters under another jurisdiction", "large"),
                );
            }
        }
        let wanted = &cx.settings.organization.jurisdictions;
        let all = cx.analysis.concentration.iter().filter(|one| {
            one.dimension == Dimension::Jurisdiction && one.category.is_none() && !wanted.is_empty()
        });
        for share in all.flat_map(|one| &one.shares) {
            let code = share.id.rest();
            if wanted.iter().any(|one| one == code) || code == "unknown" || share.placement_share <= 0.0 {
                continue;
            }
            let place = percent(share.placement_share);
            let draft = Draft::new(cx, self, &share.id, Level::Provider)
                .level(FindingLevel::Warning)
                .message(format!("{place} is placed in `{code}`, outside of {}", wanted.join(", ")))
                .fix("move it, or add the jurisdiction to `organization.jurisdictions`", "large");
            out.push(cx, draft);
        }
    }
}
