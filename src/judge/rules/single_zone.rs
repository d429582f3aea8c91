//! `single-zone`: a zone, or a component that stands in one zone, whose loss alone takes services down.

use crate::judge::Class;
use crate::judge::{Context, FindingLevel, Findings, Rule};

/// A zone, or a component that stands in one zone, whose loss alone takes services down.
pub(super) struct SingleZone;

impl Rule for SingleZone {
    fn id(&self) -> &'static str {
        "single-zone"
    }

    fn summary(&self) -> &'static str {
        "A zone, or a component that stands in one zone, whose loss alone takes services down."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Error
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/single-zone.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for point in cx.single_points().iter().filter(|point| point.class == Class::Zone) {
            let name = cx.name(&point.failure.element);
            let draft = point
                .draft(cx, self)
                .message(format!("zone-bound `{name}`: {}", point.loses(cx)))
                .fix("spread what stands there over at least two zones", "medium");
            out.push(cx, draft);
        }
    }
}
