//! `alias-through-third-party`: a published name that leads through a name of somebody of whom nothing is known.

use crate::catalog::registrable;
use crate::judge::single_points::is_internal_name;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Attribute, Edge, Id, Kind, Level, Node, Phase};

/// A published name that leads through a name of somebody of whom nothing is known.
pub(super) struct AliasThroughThirdParty;

impl Rule for AliasThroughThirdParty {
    fn id(&self) -> &'static str {
        "alias-through-third-party"
    }

    fn summary(&self) -> &'static str {
        "A published name that leads through a name of somebody of whom nothing is known."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/alias-through-third-party.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        let hosts = cx.estate.nodes.values().filter(|node| {
            node.kind == Kind::Host
                && node.placement.provider.is_none()
                && node.id.rest().parse::<std::net::IpAddr>().is_err()
                && !is_internal_name(cx, node.id.rest())
                && node.attributes.text(Attribute::DnsAnswer) != Some("NXDOMAIN")
                && !is_somewhere_known(cx, node)
        });
        for host in hosts {
            let own = registrable(host.id.rest());
            let is_alias = |edge: &&Edge| {
                edge.phase == Phase::Runtime
                    && edge.from.scheme() == "domain"
                    && registrable(edge.from.rest()) != own
            };
            let aliases: Vec<&Edge> = cx.needed_by(&host.id).filter(is_alias).collect();
            let Some(first) = aliases.first() else { continue };
            let from: Vec<Id> = aliases.iter().map(|edge| edge.from.clone()).collect();
            let draft = Draft::new(cx, self, &host.id, Level::External)
                .message(format!(
                    "{} {} to `{}`, of whose operator nothing is known",
                    cx.names(&from),
                    if from.len() == 1 { "leads" } else { "lead" },
                    host.name
                ))
                .services(cx.dependents(&host.id))
                .first_evidence(first.evidence.first())
                .path(cx, &[first.from.clone(), host.id.clone()])
                .fix("know who answers for that name: whoever holds it decides where yours leads", "small");
            out.push(cx, draft);
        }
    }
}

/// Whether the name was looked up, and leads on to a provider that is known.
fn is_somewhere_known(cx: &Context<'_>, host: &Node) -> bool {
    let ends = cx.estate.needs(&host.id).filter_map(|edge| cx.estate.node(&edge.to));
    ends.into_iter().any(|end| end.placement.provider.is_some())
}
