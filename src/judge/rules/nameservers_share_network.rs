//! `nameservers-share-network`: name servers of a zone that all stand in one network.

use crate::judge::dns::{own_zones, shared_network};
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::Level;

/// Name servers of a zone that all stand in one network.
pub(super) struct NameserversShareNetwork;

impl Rule for NameserversShareNetwork {
    fn id(&self) -> &'static str {
        "nameservers-share-network"
    }

    fn summary(&self) -> &'static str {
        "Name servers of a zone that all stand in one network."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/nameservers-share-network.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for zone in own_zones(cx.estate) {
            let Some(network) = shared_network(cx.estate, zone) else { continue };
            let draft = Draft::new(cx, self, &zone.id, Level::Dns)
                .message(format!("all name servers of `{}` stand in {network}", cx.name(&zone.id)))
                .services(cx.dependents(&zone.id))
                .fix("place a name server in another network, at another place", "small");
            out.push(cx, draft);
        }
    }
}
