//! `lame-delegation`: a zone that is delegated to a name server which cannot answer for it.

use crate::judge::dns::own_zones;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Attribute, Edge, Level, Node, Phase};

/// A zone that is delegated to a name server which cannot answer for it.
pub(super) struct LameDelegation;

impl Rule for LameDelegation {
    fn id(&self) -> &'static str {
        "lame-delegation"
    }

    fn summary(&self) -> &'static str {
        "A zone that is delegated to a name server which cannot answer for it."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/lame-delegation.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for zone in own_zones(cx.estate) {
            for (edge, server) in lame_servers(cx, zone) {
                let why = match server.attributes.text(Attribute::DnsAnswer) {
                    Some("NXDOMAIN") => "does not exist",
                    _ => "has no address",
                };
                let said =
                    server.attributes.get(Attribute::DnsAnswer).and_then(|fact| fact.evidence.as_ref());
                let draft = Draft::new(cx, self, &server.id, Level::Dns)
                    .message(format!(
                        "`{}` is delegated to `{}`, which {why}",
                        cx.name(&zone.id),
                        server.name
                    ))
                    .services(cx.dependents(&zone.id))
                    .first_evidence(said)
                    .edge(edge)
                    .path(cx, &[zone.id.clone(), server.id.clone()])
                    .fix(
                        "take the name server out of the delegation at the parent and out of the zone",
                        "small",
                    );
                out.push(cx, draft);
            }
            if let Some(word) = zone.attributes.text(Attribute::DnsAnswer) {
                let draft = Draft::new(cx, self, &zone.id, Level::Dns)
                    .message(format!("no name server of `{}` could be asked", cx.name(&zone.id)))
                    .services(cx.dependents(&zone.id))
                    .not_known(format!(
                        "the resolver said {word}: servers that do not answer for the zone, a broken signature and a \
                         network in between look alike from there"
                    ))
                    .fix("ask each name server of the delegation for the zone's SOA record", "small");
                out.push(cx, draft);
            }
        }
    }
}

/// The name servers of a zone that nothing can be sent to.
fn lame_servers<'a>(cx: &Context<'a>, zone: &'a Node) -> Vec<(&'a Edge, &'a Node)> {
    let has_no_address =
        |node: &Node| matches!(node.attributes.text(Attribute::DnsAnswer), Some("NXDOMAIN" | "NODATA"));
    cx.estate
        .needs(&zone.id)
        .filter(|edge| edge.phase == Phase::Runtime && matches!(edge.to.scheme(), "host" | "domain"))
        .filter_map(|edge| Some((edge, cx.estate.node(&edge.to).filter(|node| has_no_address(node))?)))
        .collect()
}
