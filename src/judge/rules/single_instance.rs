//! `single-instance`: a component that is one instance, whose loss takes services down.

use crate::judge::{Class, Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Attribute, Category, Id, Kind, Level, Node, Tolerance};

/// A component that is one instance, whose loss takes services down.
pub(super) struct SingleInstance;

impl Rule for SingleInstance {
    fn id(&self) -> &'static str {
        "single-instance"
    }

    fn summary(&self) -> &'static str {
        "A component that is one instance, whose loss takes services down."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Error
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/single-instance.md")
    }

    fn is_single_point(&self) -> bool {
        true
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for point in cx.single_points().iter().filter(|point| point.class == Class::Instance) {
            let element = point.element;
            let node = cx.estate.node(element);
            let what = node.and_then(|node| node.tolerance_because.as_deref());
            let because = what.map_or_else(String::new, |what| format!(" ({what})"));
            let name = cx.name(element);
            let message = format!("`{name}` is a single instance{because}: {}", point.loses(cx));
            let (fix, effort) = fix(node.and_then(|node| node.category));
            out.push(cx, point.draft(cx, self).message(message).fix(fix, effort));
        }
        unknown(self, cx, out);
    }
}

fn fix(category: Option<Category>) -> (&'static str, &'static str) {
    match category {
        Some(Category::Database | Category::Cache | Category::Search) => {
            ("add a standby in another zone that takes over by itself", "medium")
        }
        Some(Category::Queue) => ("run a quorum of brokers over several zones", "medium"),
        Some(Category::Storage) => ("keep the data on storage that spans zones", "medium"),
        _ => ("run at least two instances, spread over zones, behind a health check", "small"),
    }
}

/// One note for all components of which it is not known whether they are one instance.
fn unknown(rule: &SingleInstance, cx: &Context<'_>, out: &mut Findings) {
    let mut unknown: Vec<&Node> = cx.estate.nodes.values().filter(|node| is_unknown(cx, node)).collect();
    unknown.sort_by_key(|node| (usize::MAX - cx.failure_of(&node.id).map_or(0, |f| f.lost_count), &node.id));
    let Some(first) = unknown.first() else { return };
    let ids: Vec<Id> = unknown.iter().map(|node| node.id.clone()).collect();
    let why = first.tolerance_because.as_deref().unwrap_or("nothing says how many there are");
    let message = match ids.as_slice() {
        [only] => format!("whether `{}` is a single instance is not known", cx.name(only)),
        many => format!("whether {} are single instances is not known", cx.names(many)),
    };
    let draft = Draft::new(cx, rule, &first.id, Level::Instance)
        .message(message)
        .level(FindingLevel::Note)
        .not_known(format!("`{}`: {why}", cx.name(&first.id)))
        .evidence(unknown.iter().skip(1).filter_map(|node| node.evidence.first()))
        .cut_set(ids);
    out.push(cx, draft);
}

fn is_unknown(cx: &Context<'_>, node: &Node) -> bool {
    node.tolerance == Tolerance::Unknown
        && node.may_fail
        && (node.kind == Kind::Component
            || (node.kind == Kind::Service && node.replication.unknown.is_some()))
        && node.attributes.bool(Attribute::Auxiliary) != Some(true)
        && cx.failure_of(&node.id).is_some_and(|failure| !failure.lost.is_empty())
}
