//! `lame-delegation`: a zone that is delegated to a name server which cannot answer for it.

use crate::judge::dns::own_zones;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Attribute, Edge, Evidence, Level, Node, Phase};

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
            for Lame { edge, server, why, said } in lame_servers(cx, zone) {
                let draft = Draft::new(cx, self, &server.id, Level::Dns)
                    .message(format!(
                        "`{}` is delegated to `{}`, which {why}",
                        cx.name(&zone.id),
                        server.name
                    ))
                    .services(cx.dependents(&zone.id))
                    .first_evidence(Some(said))
                    .edge(edge)
                    .path(cx, &[zone.id.clone(), server.id.clone()])
                    .fix(
                        "take the name server out of the delegation at the parent and out of the zone, or let it answer",
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

/// A name server that cannot answer for a zone.
struct Lame<'a> {
    edge: &'a Edge,
    server: &'a Node,
    /// What it does, to follow on "which".
    why: &'static str,
    said: &'a Evidence,
}

fn lame_servers<'a>(cx: &Context<'a>, zone: &'a Node) -> impl Iterator<Item = Lame<'a>> {
    let servers = cx
        .estate
        .needs(&zone.id)
        .filter(|edge| edge.phase == Phase::Runtime && matches!(edge.to.scheme(), "host" | "domain"))
        .filter_map(|edge| Some((edge, cx.estate.node(&edge.to)?)));
    servers.filter_map(|(edge, server)| {
        let (why, said) = nowhere(server).or_else(|| refusal(edge, zone))?;
        Some(Lame { edge, server, why, said })
    })
}

/// That nothing can be sent to a name server.
fn nowhere(server: &Node) -> Option<(&'static str, &Evidence)> {
    let fact = server.attributes.get(Attribute::DnsAnswer)?;
    let why = match server.attributes.text(Attribute::DnsAnswer)? {
        "NXDOMAIN" => "does not exist",
        "NODATA" => "has no address",
        _ => return None,
    };
    Some((why, fact.evidence.as_ref()?))
}

/// What a name server that was asked itself for the zone it is to serve said instead.
fn refusal<'a>(edge: &'a Edge, zone: &Node) -> Option<(&'static str, &'a Evidence)> {
    edge.evidence.iter().find_map(|said| {
        let Evidence::Record { record, name, value, .. } = said else { return None };
        let why = match value.as_str() {
            "REFUSED" => "refuses to answer for it",
            "SERVFAIL" => "fails to answer for it",
            "NOTAUTH" => "does not know it itself",
            "NXDOMAIN" => "says that it does not exist",
            _ => return None,
        };
        (record == "SOA" && name == zone.id.rest()).then_some((why, said))
    })
}
