//! `unresolved-reference`: a reference to something that nothing in the input defines.

use crate::judge::single_points::is_internal_name;
use crate::model::{Id, Kind, Level, Node, Phase};
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};

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
            let users: Vec<_> =
                cx.needed_by(&node.id).filter(|edge| matches!(edge.phase, Phase::Runtime | Phase::Startup)).collect();
            let Some(first) = users.first() else { continue };
            let froms: Vec<Id> = users.iter().map(|edge| edge.from.clone()).collect();
            let why = node.tolerance_because.as_deref().unwrap_or("nothing that was read defines it");
            let draft = Draft::new(cx, self, &node.id, Level::Instance)
                .message(format!("`{}` is needed by {}, and nothing that was read defines it", cx.name(&node.id), cx.names(&froms)))
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
    match node.kind {
        Kind::Unresolved => true,
        Kind::Host => node.placement.provider.is_none() && is_internal_name(cx, node.id.rest()),
        _ => false,
    }
}
