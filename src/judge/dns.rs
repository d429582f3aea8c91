//! What an estate says about DNS: who serves a zone, who takes its mail, where its name servers stand.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::Context;
use crate::analyze::names::network;
use crate::catalog::registrable;
use crate::model::{Attribute, Category, Edge, Estate, Id, Kind, Need, Node, Phase};

/// The DNS zones.
pub(crate) fn zones(estate: &Estate) -> impl Iterator<Item = &Node> {
    estate.nodes.values().filter(|node| node.kind == Kind::DnsZone)
}

/// The DNS zones without those of others that were met on the way, and without those that answer in private networks
/// only.
pub(crate) fn own_zones(estate: &Estate) -> impl Iterator<Item = &Node> {
    zones(estate).filter(|zone| {
        zone.attributes.bool(Attribute::ThirdParty) != Some(true)
            && zone.attributes.bool(Attribute::Published) != Some(false)
    })
}

/// Who serves a zone, sorted; `None` where it cannot be told of all of its name servers.
pub(crate) fn operators(estate: &Estate, zone: &Node) -> Option<Vec<String>> {
    let mut operators: BTreeSet<String> = zone.placement.provider.iter().cloned().collect();
    for server in servers(estate, zone) {
        match server.kind {
            Kind::Domain => {
                let hosts: Vec<&Node> = ends(estate, server).filter(|node| node.kind == Kind::Host).collect();
                if hosts.is_empty() {
                    return None;
                }
                for host in hosts {
                    operators.insert(provider_of(host)?);
                }
            }
            _ => {
                operators.insert(provider_of(server)?);
            }
        }
    }
    (!operators.is_empty()).then(|| operators.into_iter().collect())
}

/// The providers that take a domain's mail, sorted; a host of an unknown provider stands under its domain's name.
/// None where the organization takes it itself.
pub(crate) fn mail_providers(estate: &Estate, domain: &Node) -> Vec<Id> {
    let is_own = |node: &Node| {
        node.kind == Kind::Domain
            || (node.placement.provider.is_none()
                && estate.nodes.contains_key(&Id::dns_zone(registrable(node.id.rest()))))
    };
    let takers: Vec<&Node> = estate
        .needs(&domain.id)
        .filter(|edge| edge.phase == Phase::Runtime)
        .filter_map(|edge| Some((edge, estate.node(&edge.to)?)))
        .filter(|(edge, node)| is_exchange(edge) || is_mail_provider(node))
        .map(|(_, node)| node)
        .collect();
    if takers.iter().any(|node| is_own(node)) {
        return Vec::new();
    }
    let taker = |node: &&Node| match provider_of(node) {
        Some(provider) => Id::provider(&provider),
        None => Id::host(registrable(node.id.rest())),
    };
    let takers: BTreeSet<Id> = takers.iter().map(taker).collect();
    // Two brands of one company are one.
    let owner = |id: &Id| {
        estate.node(id).and_then(|node| node.parent.clone()).filter(|parent| takers.contains(parent))
    };
    takers.iter().filter(|id| owner(id).is_none()).cloned().collect()
}

fn is_exchange(edge: &Edge) -> bool {
    edge.group.as_ref().is_some_and(|group| group.as_str().ends_with("#mx"))
}

/// A provider that is needed for mail itself. An alias of a mail provider's is none: `autodiscover` and tracking names
/// receive nothing.
fn is_mail_provider(node: &Node) -> bool {
    matches!(node.kind, Kind::Provider | Kind::ProviderService) && node.category == Some(Category::Mail)
}

/// The network in which all name servers of a zone stand, where the addresses of all of them are known: a block of
/// addresses, or the autonomous system that announces them all.
pub(crate) fn shared_network(estate: &Estate, zone: &Node) -> Option<String> {
    let servers: Vec<Vec<IpAddr>> = servers(estate, zone).map(|server| addresses(estate, server)).collect();
    if servers.len() < 2 || servers.iter().any(Vec::is_empty) {
        return None;
    }
    // That one operator is all there is, with its network, is said where operators are counted.
    let is_operated = operators(estate, zone).is_some_and(|operators| operators.len() == 1);
    shared_block(&servers).or_else(|| if is_operated { None } else { shared_system(estate, &servers) })
}

fn shared_block(servers: &[Vec<IpAddr>]) -> Option<String> {
    let networks = |is_meant: fn(&IpAddr) -> bool| -> BTreeSet<String> {
        servers.iter().flatten().filter(|address| is_meant(address)).map(network).collect()
    };
    let (older, newer) = (networks(IpAddr::is_ipv4), networks(IpAddr::is_ipv6));
    // Each server has one address of either kind, as a rule: two networks are then one place. Servers of which some
    // have the one kind alone and others the other stand apart.
    let all_have = |is_meant: fn(&IpAddr) -> bool| servers.iter().all(|server| server.iter().any(is_meant));
    let apart = !all_have(IpAddr::is_ipv4) && !all_have(IpAddr::is_ipv6);
    if apart || 1 < older.len() || 1 < newer.len() {
        return None;
    }
    let networks: Vec<String> = older.into_iter().chain(newer).collect();
    Some(networks.join(" and "))
}

fn shared_system(estate: &Estate, servers: &[Vec<IpAddr>]) -> Option<String> {
    let system = |address: &IpAddr| estate.node(&Id::host(&address.to_string()))?.placement.asn;
    let systems: Option<BTreeSet<u32>> = servers.iter().flatten().map(system).collect();
    let systems = systems.filter(|systems| systems.len() == 1)?;
    systems.first().map(|number| format!("AS{number}"))
}

/// The services that a name leads to, or that need it; sorted.
pub(crate) fn served_by(cx: &Context<'_>, name: &Node) -> Vec<Id> {
    let mut seen = BTreeSet::from([name.id.clone()]);
    let mut open = vec![name.id.clone()];
    while let Some(id) = open.pop() {
        for edge in cx.estate.needs(&id).filter(|edge| edge.phase == Phase::Runtime) {
            if seen.insert(edge.to.clone()) && !cx.is_service(&edge.to) {
                open.push(edge.to.clone());
            }
        }
    }
    seen.extend(cx.dependents(&name.id));
    seen.into_iter().filter(|id| cx.is_service(id) || *id == name.id).collect()
}

/// What a zone needs to be answered: its name servers, or its operators. Servers that do not answer for it are optional.
fn servers<'a>(estate: &'a Estate, zone: &'a Node) -> impl Iterator<Item = &'a Node> {
    let needed = runtime_needs(estate, zone).filter(|edge| edge.need == Need::Required);
    needed.filter_map(|edge| estate.node(&edge.to)).filter(|node| {
        matches!(
            node.kind,
            Kind::Host | Kind::Domain | Kind::Provider | Kind::ProviderService | Kind::Unresolved
        ) && node.category != Some(Category::Mail)
    })
}

fn ends<'a>(estate: &'a Estate, node: &'a Node) -> impl Iterator<Item = &'a Node> {
    runtime_needs(estate, node).filter_map(|edge| estate.node(&edge.to))
}

fn runtime_needs<'a>(estate: &'a Estate, node: &'a Node) -> impl Iterator<Item = &'a Edge> {
    estate.needs(&node.id).filter(|edge| edge.phase == Phase::Runtime)
}

fn provider_of(node: &Node) -> Option<String> {
    match node.kind {
        Kind::Provider | Kind::ProviderService => node.id.rest().split('/').next().map(str::to_owned),
        _ => node.placement.provider.clone(),
    }
}

fn addresses(estate: &Estate, server: &Node) -> Vec<IpAddr> {
    let address = |id: &Id| id.rest().parse::<IpAddr>().ok();
    match address(&server.id) {
        Some(own) => vec![own],
        None => ends(estate, server).filter_map(|node| address(&node.id)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Confidence;

    /// The network of a zone whose servers have these addresses.
    fn shared(servers: &[&[&str]]) -> Option<String> {
        shared_of(servers, &[])
    }

    /// The same, where these systems announce some of them.
    fn shared_of(servers: &[&[&str]], systems: &[(&str, u32)]) -> Option<String> {
        let mut estate = Estate::default();
        let mut add = |id: Id, kind: Kind| {
            estate.nodes.insert(id.clone(), Node::new(id.clone(), kind, id.rest()));
            id
        };
        let zone = add(Id::dns_zone("example.com"), Kind::DnsZone);
        let mut pairs = Vec::new();
        for (number, addresses) in servers.iter().enumerate() {
            let server = add(Id::host(&format!("ns{number}.example.net")), Kind::Host);
            pairs.push((zone.clone(), server.clone()));
            for address in *addresses {
                pairs.push((server.clone(), add(Id::host(address), Kind::Host)));
            }
        }
        estate.edges.extend(pairs.into_iter().map(|(from, to)| Edge {
            confidence: Confidence::Observed,
            ..Edge::required(from, to, Vec::new())
        }));
        for (address, number) in systems {
            estate.nodes.get_mut(&Id::host(address))?.placement.asn = Some(*number);
        }
        estate.settle();
        shared_network(&estate, estate.node(&zone)?)
    }

    #[test]
    fn servers_share_a_network_only_where_all_of_them_stand_in_it() {
        let both = "192.0.2.0/24 and 2001:db8:1::/48";
        assert_eq!(shared(&[&["192.0.2.1"], &["192.0.2.254"]]).as_deref(), Some("192.0.2.0/24"));
        assert_eq!(shared(&[&["192.0.2.1", "2001:db8:1::1"], &["192.0.2.2"]]).as_deref(), Some(both));
        for apart in [
            &[&["192.0.2.1"][..], &["192.0.3.1"]][..],
            &[&["2001:db8:1::1"], &["2001:db8:2::1"]],
            &[&["192.0.2.1"], &["2001:db8:1::1"]],
            &[&["192.0.2.1", "2001:db8:1::1"], &["192.0.2.2", "2001:db8:2::1"]],
            &[&["192.0.2.1"], &[]],
            &[&["192.0.2.1"]],
        ] {
            assert_eq!(shared(apart), None, "{apart:?}");
        }
    }

    #[test]
    fn servers_share_a_system_only_where_all_are_known_to_stand_in_it() {
        let servers: &[&[&str]] = &[&["192.0.2.1", "2001:db8:1::1"], &["198.51.100.1"]];
        let two = [("192.0.2.1", 64500), ("198.51.100.1", 64500)];
        assert_eq!(shared_of(servers, &two), None);
        let all = [two[0], two[1], ("2001:db8:1::1", 64500)];
        assert_eq!(shared_of(servers, &all).as_deref(), Some("AS64500"));
        assert_eq!(shared_of(servers, &[all[0], all[2], ("198.51.100.1", 64501)]), None);
    }
}
