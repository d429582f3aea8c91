//! `unresolved-reference`: a reference to something that nothing in the input defines.

use crate::judge::single_points::is_internal_name;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Id, Kind, Level, Need, Node, Phase};

/// A reference to something that nothing in the input defines.
pub(super) struct UnresolvedReference;

impl Rule for UnresolvedReference {
    fn id(&self) -> &'static str {
        "unresolved-reference"
    }

    fn summary(&self) -> &'static str {
        "A reference to something that nothing in the input defines."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/unresolved-reference.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for node in cx.estate.nodes.values().filter(|node| is_unresolved(cx, node)) {
            let users: Vec<_> = cx
                .needed_by(&node.id)
                .filter(|edge| matches!(edge.phase, Phase::Runtime | Phase::Startup))
                .collect();
            let Some(first) = users.first() else { continue };
            let froms: Vec<Id> = users.iter().map(|edge| edge.from.clone()).collect();
            let why = node.tolerance_because.as_deref().unwrap_or("nothing that was read defines it");
            let is_needed = users.iter().any(|edge| edge.need == Need::Required);
            let how = if is_needed { "needed" } else { "used" };
            let draft = Draft::new(cx, self, &node.id, Level::Instance)
                .message(format!(
                    "`{}` is {how} by {}, and nothing that was read defines it",
                    cx.name(&node.id),
                    cx.names(&froms)
                ))
                .not_known(why)
                .services(cx.dependents(&node.id))
                .first_evidence(first.evidence.first())
                .path(cx, &[first.from.clone(), node.id.clone()])
                .fix("scan what defines it too, or declare it in `linchpin.toml`", "small");
            out.push(cx, draft);
        }
    }
}

fn is_unresolved(cx: &Context<'_>, node: &Node) -> bool {
    let name = node.id.rest();
    match node.kind {
        Kind::Unresolved => true,
        Kind::Host if node.placement.provider.is_some() => false,
        Kind::Host if name.parse::<std::net::IpAddr>().is_ok() => is_given_to_programs(cx, node),
        Kind::Host => is_internal_name(cx, name),
        _ => false,
    }
}

/// Whether programs are given the address; those that names lead to are counted as names.
fn is_given_to_programs(cx: &Context<'_>, node: &Node) -> bool {
    cx.needed_by(&node.id).any(|edge| !matches!(edge.from.scheme(), "domain" | "zone" | "host"))
}
