//! `single-zone`: a zone, or a component that stands in one zone, whose loss alone takes services down.

use crate::judge::Class;
use crate::judge::{Context, FindingLevel, Findings, Rule};
use crate::model::{Confidence, Kind};

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

    fn is_single_point(&self) -> bool {
        true
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for point in cx.single_points() {
            let name = cx.name(point.element);
            let is_component = cx.estate.node(point.element).is_some_and(|node| node.kind != Kind::Zone);
            let loses = point.loses(cx);
            let draft = point.draft(cx, self);
            let draft = match point.class {
                Class::Zone if is_component => draft
                    .message(format!("`{name}` stands in one zone: {loses}"))
                    .fix("use the kind of it that spans zones", "medium"),
                Class::Zone => draft
                    .message(format!("zone `{name}` alone holds what is needed: {loses}"))
                    .fix("spread what stands there over at least two zones", "medium"),
                Class::ZoneUnsaid => draft
                    .message(format!("nothing keeps the instances of `{name}` in different zones: {loses}"))
                    .confidence(Confidence::Assumed)
                    .fix("ask for it: a topology spread constraint over zones", "small"),
                _ => continue,
            };
            out.push(cx, draft);
        }
    }
}
