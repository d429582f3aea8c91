//! `single-provider`: a provider whose loss alone takes services down.

use crate::judge::Class;
use crate::judge::{Context, FindingLevel, Findings, Rule};

/// A provider whose loss alone takes services down.
pub(super) struct SingleProvider;

impl Rule for SingleProvider {
    fn id(&self) -> &'static str {
        "single-provider"
    }

    fn summary(&self) -> &'static str {
        "A provider whose loss alone takes services down."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/single-provider.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for point in cx.single_points().iter().filter(|point| point.class == Class::Provider) {
            let name = cx.name(point.element);
            let draft = point
                .draft(cx, self)
                .message(format!("provider `{name}` alone runs what is needed: {}", point.loses(cx)))
                .fix(
                    "know what a move would take; keep data and DNS where another provider can be reached",
                    "large",
                );
            out.push(cx, draft);
        }
    }
}
