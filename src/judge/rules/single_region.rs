//! `single-region`: a region whose loss alone takes services down.

use crate::judge::Class;
use crate::judge::{Context, FindingLevel, Findings, Rule};

/// A region whose loss alone takes services down.
pub(super) struct SingleRegion;

impl Rule for SingleRegion {
    fn id(&self) -> &'static str {
        "single-region"
    }

    fn summary(&self) -> &'static str {
        "A region whose loss alone takes services down."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/single-region.md")
    }

    fn is_single_point(&self) -> bool {
        true
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for point in cx.single_points().iter().filter(|point| point.class == Class::Region) {
            let name = cx.name(point.element);
            let draft = point
                .draft(cx, self)
                .message(format!("region `{name}` alone holds what is needed: {}", point.loses(cx)))
                .fix("run or be able to restore the services in a second region", "large");
            out.push(cx, draft);
        }
    }
}
