//! `hidden-provider`: a provider on which services rest only through other providers.

use crate::analyze::{Dimension, SingleFailure};
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

    fn counts_services(&self) -> bool {
        false
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for failure in cx.failures() {
            let is_provider =
                cx.estate.node(&failure.element).is_some_and(|node| node.kind == Kind::Provider);
            if !is_provider {
                continue;
            }
            let hidden: Vec<&Vec<Id>> =
                failure.paths.iter().filter(|path| through_provider(cx, path, &failure.element)).collect();
            let Some(path) = hidden.first() else { continue };
            let services: Vec<Id> = hidden.iter().filter_map(|path| path.first()).cloned().collect();
            let name = cx.name(&failure.element);
            let rests = if services.len() == 1 { "rests" } else { "rest" };
            let through = chain(cx, path, &failure.element);
            let message = format!(
                "{} {rests} on `{name}` through {through}{}",
                cx.names(&services),
                shares(cx, failure)
            );
            let draft = Draft::new(cx, self, &failure.element, failure.level)
                .message(message)
                .services(services)
                .path(cx, path)
                .fix(format!("count `{name}` in when choosing an alternative, and ask the provider what happens without it"), "small");
            out.push(cx, draft);
        }
    }
}

/// The providers between the service and the hidden one, the nearest to the service first.
fn chain(cx: &Context<'_>, path: &[Id], hidden: &Id) -> String {
    let is_between =
        |id: &&Id| **id != *hidden && cx.estate.node(id).is_some_and(|node| node.kind == Kind::Provider);
    let names: Vec<String> = path.iter().filter(is_between).map(|id| format!("`{}`", cx.name(id))).collect();
    if names.is_empty() { "another provider".to_owned() } else { names.join(" and ") }
}

/// How much rests on it in all, where that is more than what says so itself.
fn shares(cx: &Context<'_>, failure: &SingleFailure) -> String {
    let by_provider = cx.analysis.concentration.iter().filter(|one| one.dimension == Dimension::Provider);
    let mut shares = by_provider.filter(|one| one.category.is_none()).flat_map(|one| &one.shares);
    let direct = shares.find(|share| share.id == failure.element).map_or(0.0, |share| share.loss_share);
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let (direct, all) = (percent(direct), percent(failure.share_lost));
    if direct == all {
        return String::new();
    }
    format!(": {direct} of all weight goes down with it directly, {all} counting what vendors run on")
}
