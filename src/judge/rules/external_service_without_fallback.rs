//! `external-service-without-fallback`: a service of somebody else whose loss alone takes services down.

use crate::judge::Class;
use crate::judge::{Context, FindingLevel, Findings, Rule};

/// A service of somebody else whose loss alone takes services down.
pub(super) struct ExternalServiceWithoutFallback;

impl Rule for ExternalServiceWithoutFallback {
    fn id(&self) -> &'static str {
        "external-service-without-fallback"
    }

    fn summary(&self) -> &'static str {
        "A service of somebody else whose loss alone takes services down."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/external-service-without-fallback.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for point in cx.single_points().iter().filter(|point| point.class == Class::External) {
            let name = cx.name(point.element);
            let draft = point
                .draft(cx, self)
                .message(format!("`{name}` is needed and has no fallback: {}", point.loses(cx)))
                .fix("degrade without it (queue, cache, default) or add a second one", "medium");
            out.push(cx, draft);
        }
    }
}
