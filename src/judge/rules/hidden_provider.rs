//! `hidden-provider`: a provider on which services rest only through other providers.

use crate::judge::single_points::through_provider;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Id, Kind};

/// A provider on which services rest only through other providers.
pub(super) struct HiddenProvider;

impl Rule for HiddenProvider {
    fn id(&self) -> &'static str {
        "hidden-provider"
    }

    fn summary(&self) -> &'static str {
        "A provider on which services rest only through other providers."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/hidden-provider.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for failure in cx.failures() {
            let is_provider =
                cx.estate.node(&failure.element).is_some_and(|node| node.kind == Kind::Provider);
            if !is_provider {
                continue;
            }
            let hidden: Vec<(&Id, &Vec<Id>)> = failure
                .lost
                .iter()
                .zip(&failure.paths)
                .filter(|(_, path)| through_provider(cx, path, &failure.element))
                .collect();
            let Some((_, path)) = hidden.first() else { continue };
            let services: Vec<Id> = hidden.iter().map(|(service, _)| (*service).clone()).collect();
            let name = cx.name(&failure.element);
            let draft = Draft::new(cx, self, &failure.element, failure.level)
                .message(format!("{} {} on `{name}` through another provider", cx.names(&services), if services.len() == 1 { "rests" } else { "rest" }))
                .services(services)
                .path(cx, path)
                .fix(format!("count `{name}` in when choosing an alternative, and ask the provider what happens without it"), "small");
            out.push(cx, draft);
        }
    }
}
