//! Failures in the DNS: what is lost together when a name, an address, a network, an operator, a ring of names or the
//! signatures of a zone are.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};

use petgraph::algo::kosaraju_scc;
use petgraph::graphmap::DiGraphMap;

use crate::model::{Attribute, Category, Edge, Estate, Id, Kind, Need, Node, Phase};

/// What fails at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameFailure {
    /// One name: a host, a domain or a zone.
    Name,
    /// One address.
    Address,
    /// All addresses of a /24 or a /48.
    Prefix,
    /// All addresses that one autonomous system announces.
    System,
    /// What one operator serves zones with.
    Operator,
    /// Names of several zones that each need the others to be found.
    Cycle,
    /// The signatures of one zone, for whoever checks them.
    Signature,
}

/// A kind of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// The sets of nodes that are lost together, by what each is called.
pub fn name_failures(estate: &Estate, kind: NameFailure) -> BTreeMap<String, Vec<Id>> {
    match kind {
        NameFailure::Name => alone(estate, is_name),
        NameFailure::Address => by(estate, |_, address| Some(address.to_string())),
        NameFailure::Prefix => by(estate, |_, address| Some(network(address))),
        NameFailure::System => by(estate, |node, _| node.placement.asn.map(|number| format!("AS{number}"))),
        NameFailure::Operator => operators(estate),
        NameFailure::Cycle => cycles(estate),
        NameFailure::Signature => alone(estate, |node| {
            node.kind == Kind::DnsZone && node.attributes.bool(Attribute::Signed) == Some(true)
        }),
    }
}

/// The addresses of which no table says what autonomous system announces them.
pub fn unannounced(estate: &Estate) -> Vec<Id> {
    let open = estate.nodes.values().filter(|node| address(node).is_some() && node.placement.asn.is_none());
    open.map(|node| node.id.clone()).collect()
}

/// Makes the estate what it is to a network that does not speak one kind of address, and says which addresses it cannot
/// reach. A name that has addresses of both kinds is reached by the other.
pub fn silence(estate: &mut Estate, family: Family) -> Vec<Id> {
    let silent: BTreeSet<Id> = estate
        .nodes
        .values()
        .filter(|node| address(node).is_some_and(|address| address.is_ipv6() == (family == Family::V6)))
        .map(|node| node.id.clone())
        .collect();
    let nodes = &estate.nodes;
    let is_spoken = |edge: &Edge| {
        edge.phase == Phase::Runtime
            && !silent.contains(&edge.to)
            && nodes.get(&edge.to).and_then(address).is_some()
    };
    let reached: BTreeSet<Id> =
        estate.edges.iter().filter(|edge| is_spoken(edge)).map(|edge| edge.from.clone()).collect();
    for edge in estate.edges.iter_mut().filter(|edge| is_spoken(edge)) {
        edge.need = Need::Required;
    }
    estate.edges.retain(|edge| !(silent.contains(&edge.to) && reached.contains(&edge.from)));
    estate.settle();
    silent.into_iter().collect()
}

/// The /24 of an IPv4 address, the /48 of an IPv6 one: what is announced, and lost, as one.
pub fn network(address: &IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{}/48", Ipv6Addr::from([a, b, c, 0, 0, 0, 0, 0]))
        }
    }
}

/// The address that a host is known by, when that is all that is known of it.
fn address(node: &Node) -> Option<IpAddr> {
    (node.kind == Kind::Host).then(|| node.id.rest().parse().ok()).flatten()
}

fn is_name(node: &Node) -> bool {
    matches!(node.kind, Kind::Domain | Kind::DnsZone) || (node.kind == Kind::Host && address(node).is_none())
}

fn alone(estate: &Estate, is_meant: impl Fn(&Node) -> bool) -> BTreeMap<String, Vec<Id>> {
    let meant = estate.nodes.values().filter(|node| is_meant(node));
    meant.map(|node| (node.id.to_string(), vec![node.id.clone()])).collect()
}

fn by(estate: &Estate, called: impl Fn(&Node, &IpAddr) -> Option<String>) -> BTreeMap<String, Vec<Id>> {
    let mut sets: BTreeMap<String, Vec<Id>> = BTreeMap::new();
    for node in estate.nodes.values() {
        if let Some(name) = address(node).and_then(|address| called(node, &address)) {
            sets.entry(name).or_default().push(node.id.clone());
        }
    }
    sets
}

/// What zones rest on, by whose it is: the service of a provider, or its name servers. Its other services live.
fn operators(estate: &Estate) -> BTreeMap<String, Vec<Id>> {
    let mut sets: BTreeMap<String, BTreeSet<Id>> = BTreeMap::new();
    for zone in estate.nodes.values().filter(|node| node.kind == Kind::DnsZone) {
        let needs = estate.needs(&zone.id).filter(|edge| edge.phase == Phase::Runtime);
        for node in needs.filter_map(|edge| estate.node(&edge.to)) {
            if let Some(operator) = operator(node) {
                sets.entry(format!("provider:{operator}")).or_default().insert(node.id.clone());
            }
        }
    }
    sets.into_iter().map(|(operator, ids)| (operator, ids.into_iter().collect())).collect()
}

fn operator(node: &Node) -> Option<&str> {
    match node.kind {
        _ if node.category == Some(Category::Mail) => None,
        Kind::Host => node.placement.provider.as_deref(),
        Kind::Provider | Kind::ProviderService => node.id.rest().split('/').next(),
        _ => None,
    }
}

/// Rings of names over zones that lie beside each other. A zone whose name servers stand in itself is no ring: the
/// zone above tells their addresses along with their names.
fn cycles(estate: &Estate) -> BTreeMap<String, Vec<Id>> {
    let mut graph: DiGraphMap<&Id, ()> = DiGraphMap::new();
    let is_name_id = |id: &Id| estate.node(id).is_some_and(is_name);
    for edge in estate.edges.iter().filter(|edge| edge.phase == Phase::Runtime) {
        if is_name_id(&edge.from) && is_name_id(&edge.to) {
            graph.add_edge(&edge.from, &edge.to, ());
        }
    }
    let mut sets = BTreeMap::new();
    for ring in kosaraju_scc(&graph) {
        let mut ids: Vec<Id> = ring.into_iter().cloned().collect();
        ids.sort();
        let zones: Vec<&str> = ids.iter().filter(|id| id.scheme() == "zone").map(Id::rest).collect();
        // Sorted by what lies in what, the outermost zone of a nest is at one end: others lie beside it.
        let outermost = zones.iter().min_by_key(|zone| zone.len());
        if outermost.is_some_and(|outermost| zones.iter().any(|zone| !is_in(zone, outermost))) {
            sets.insert(zones.join(" <-> "), ids);
        }
    }
    sets
}

/// Whether a zone is another one or lies in it.
fn is_in(zone: &str, above: &str) -> bool {
    zone.strip_suffix(above).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Confidence;

    fn edge(from: &str, to: &str, need: Need) -> Edge {
        Edge {
            from: Id::new(from),
            to: Id::new(to),
            phase: Phase::Runtime,
            need,
            group: None,
            confidence: Confidence::Observed,
            evidence: Vec::new(),
        }
    }

    /// Two zones whose only name servers stand in each other, and one with servers of its own and of Cloudflare's.
    fn estate() -> Estate {
        let mut estate = Estate::default();
        let mut add = |id: &str, kind: Kind, provider: Option<&str>| {
            let mut node = Node::new(Id::new(id), kind, id);
            node.placement.provider = provider.map(str::to_owned);
            let is_signed = id == "zone:own.example";
            node.attributes.set(Attribute::Signed, crate::model::AttributeValue::Bool(is_signed), None);
            estate.nodes.insert(node.id.clone(), node);
        };
        for zone in ["one.example", "two.example", "own.example"] {
            add(&format!("zone:{zone}"), Kind::DnsZone, None);
        }
        let addresses = ["192.0.2.1", "192.0.2.2", "198.51.100.1", "2001:db8:1:2::1"];
        for host in ["ns.one.example", "ns.two.example"].iter().chain(&addresses) {
            add(&format!("host:{host}"), Kind::Host, None);
        }
        add("domain:ns.own.example", Kind::Domain, None);
        add("host:tara.ns.cloudflare.com", Kind::Host, Some("cloudflare"));
        add("provider:cloudflare/dns", Kind::ProviderService, Some("cloudflare"));
        for (from, to) in [
            ("zone:one.example", "host:ns.two.example"),
            ("zone:two.example", "host:ns.one.example"),
            ("host:ns.one.example", "zone:one.example"),
            ("host:ns.two.example", "zone:two.example"),
            ("zone:own.example", "domain:ns.own.example"),
            ("domain:ns.own.example", "zone:own.example"),
            ("zone:own.example", "host:tara.ns.cloudflare.com"),
            ("zone:two.example", "provider:cloudflare/dns"),
            ("host:ns.one.example", "host:192.0.2.1"),
            ("domain:ns.own.example", "host:192.0.2.2"),
        ] {
            estate.edges.push(edge(from, to, Need::Required));
        }
        estate.edges.push(edge("domain:ns.own.example", "host:2001:db8:1:2::1", Need::Optional));
        estate.settle();
        estate
    }

    fn sets(kind: NameFailure) -> Vec<(String, usize)> {
        name_failures(&estate(), kind).into_iter().map(|(name, ids)| (name, ids.len())).collect()
    }

    #[test]
    fn addresses_are_lost_alone_and_by_network() {
        assert_eq!(sets(NameFailure::Address).len(), 4);
        let expected = [("192.0.2.0/24", 2), ("198.51.100.0/24", 1), ("2001:db8:1::/48", 1)];
        assert_eq!(sets(NameFailure::Prefix), expected.map(|(name, count)| (name.to_owned(), count)));
    }

    #[test]
    fn networks_end_where_they_are_announced() {
        let of = |text: &str| network(&text.parse().unwrap());
        assert_eq!(of("192.0.2.255"), of("192.0.2.0"));
        assert_ne!(of("192.0.2.255"), of("192.0.3.0"));
        assert_eq!(of("2001:db8:1::1"), of("2001:db8:1:ffff::1"));
        assert_ne!(of("2001:db8:1::1"), of("2001:db8:2::1"));
    }

    #[test]
    fn systems_are_lost_with_all_they_announce_and_what_nobody_is_known_to_announce_stays() {
        let mut estate = estate();
        for address in ["192.0.2.1", "198.51.100.1"] {
            estate.nodes.get_mut(&Id::host(address)).unwrap().placement.asn = Some(64500);
        }
        let lost = name_failures(&estate, NameFailure::System);
        let expected = vec![Id::host("192.0.2.1"), Id::host("198.51.100.1")];
        assert_eq!(lost, BTreeMap::from([("AS64500".to_owned(), expected)]));
        assert_eq!(unannounced(&estate), [Id::host("192.0.2.2"), Id::host("2001:db8:1:2::1")]);
    }

    #[test]
    fn an_operator_is_lost_with_all_it_serves_zones_with() {
        assert_eq!(sets(NameFailure::Operator), [("provider:cloudflare".to_owned(), 2)]);
    }

    #[test]
    fn names_are_a_ring_only_over_zones_beside_each_other() {
        assert_eq!(sets(NameFailure::Cycle), [("one.example <-> two.example".to_owned(), 4)]);
        assert_eq!(sets(NameFailure::Name).len(), 7);
    }

    #[test]
    fn only_signed_zones_lose_their_signatures() {
        assert_eq!(sets(NameFailure::Signature), [("zone:own.example".to_owned(), 1)]);
    }

    #[test]
    fn a_name_with_both_kinds_of_address_is_reached_by_the_other() {
        let mut estate = estate();
        let silent = silence(&mut estate, Family::V4);
        assert_eq!(silent.len(), 3);
        let needs = |id: &str| -> Vec<(String, Need)> {
            let id = Id::new(id);
            estate.needs(&id).map(|edge| (edge.to.rest().to_owned(), edge.need)).collect()
        };
        let own = needs("domain:ns.own.example");
        assert!(own.contains(&("2001:db8:1:2::1".to_owned(), Need::Required)), "{own:?}");
        assert!(!own.iter().any(|(to, _)| to == "192.0.2.2"), "{own:?}");
        assert!(needs("host:ns.one.example").iter().any(|(to, _)| to == "192.0.2.1"));
    }
}
