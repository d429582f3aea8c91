//! Zones and records, and what they mean as nodes and dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::model::{
    Attribute, AttributeValue, Category, Confidence, Edge, Evidence, Group, Id, Kind, Need, Node, Phase,
    Reach, Reference, Target, Unit,
};

/// A zone as a tool declares it.
#[derive(Debug, Default)]
pub(super) struct Zone {
    /// Name, lower case, no final dot.
    pub(super) name: String,
    /// Who serves it, where that is said.
    pub(super) operators: Vec<Operator>,
    /// What says that the zone exists.
    pub(super) evidence: Vec<Evidence>,
    /// Its records that say what a name needs.
    pub(super) records: Vec<Record>,
}

/// One of the operators of a zone.
#[derive(Clone, Debug)]
pub(super) struct Operator {
    /// Provider id; `None` when the tool's word is not known.
    pub(super) provider: Option<String>,
    /// The tool's word.
    pub(super) text: String,
    /// What says so.
    pub(super) evidence: Evidence,
}

/// One value of a record.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Owner, fully qualified, lower case, no final dot.
    pub(super) name: String,
    /// Time to live in seconds, where it is said.
    pub(super) ttl: Option<u32>,
    /// The value.
    pub(super) data: Data,
    /// Optional for answers that only some askers get.
    pub(super) need: Need,
    /// Whether requests pass through Cloudflare's proxy before they reach the value.
    pub(super) proxied: bool,
    /// What says so.
    pub(super) evidence: Evidence,
}

/// The values that make a name need something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Data {
    /// A, AAAA.
    Address(IpAddr),
    /// CNAME, ALIAS, ANAME: the name it leads to.
    Alias(String),
    /// MX: the exchange; never the null exchange `.`.
    Mail(String),
    /// NS: the name server.
    NameServer(String),
    /// SRV: the target.
    Service(String),
    /// A resource of the provider, by an id that only the provider can follow.
    Resource(String),
}

/// Adds the nodes and dependencies of zones to a unit.
pub(super) fn add_zones(unit: &mut Unit, zones: &[Zone]) {
    let mut nodes = BTreeMap::new();
    let names: BTreeSet<&str> = zones.iter().map(|zone| zone.name.as_str()).collect();
    for zone in zones {
        add_zone(unit, &mut nodes, zone);
        let mut by_name: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
        for record in &zone.records {
            by_name.entry(&record.name).or_default().push(record);
        }
        for (name, records) in by_name {
            add_records(unit, &mut nodes, zone, name, &records, names.contains(name));
        }
    }
    unit.nodes.extend(nodes.into_values());
    let mut seen = BTreeSet::new();
    unit.groups.retain(|group| seen.insert(group.id.clone()));
}

fn add_zone(unit: &mut Unit, nodes: &mut BTreeMap<Id, Node>, zone: &Zone) {
    let id = Id::dns_zone(&zone.name);
    let node =
        nodes.entry(id.clone()).or_insert_with(|| Node::new(id.clone(), Kind::DnsZone, zone.name.clone()));
    node.category = Some(Category::Dns);
    for evidence in zone.operators.iter().map(|operator| &operator.evidence).chain(&zone.evidence) {
        node.add_evidence(evidence.clone());
    }
    if let [Operator { provider: Some(provider), .. }] = zone.operators.as_slice() {
        node.placement.provider = Some(provider.clone());
        node.placement.service = Some("dns".to_owned());
        node.placement.global = true;
        return;
    }
    let group = (zone.operators.len() > 1).then(|| Id::new(format!("{id}#operators")));
    if let Some(group) = &group {
        let evidence = zone.operators.iter().map(|operator| operator.evidence.clone()).collect();
        add_group(unit, group, &id, evidence);
    }
    for operator in &zone.operators {
        let target = match &operator.provider {
            Some(provider) => {
                Target::Provider { provider: provider.clone(), service: Some("dns".to_owned()), region: None }
            }
            None => Target::Unresolved {
                text: operator.text.clone(),
                because: "this DNS operator is not known".to_owned(),
            },
        };
        let evidence = operator.evidence.clone();
        unit.references.push(reference(&id, target, Need::Required, group.clone(), evidence));
    }
}

/// What the records of one name say. `apex_known`: a zone of exactly this name is declared too.
fn add_records(
    unit: &mut Unit,
    nodes: &mut BTreeMap<Id, Node>,
    zone: &Zone,
    name: &str,
    records: &[&Record],
    apex_known: bool,
) {
    let at_apex = name == zone.name;
    let servers: Vec<_> = select(records, |data| matches!(data, Data::NameServer(_)));
    if at_apex {
        // Where the operator is declared, its name servers add nothing.
        if zone.operators.is_empty() {
            add_alternatives(unit, &Id::dns_zone(name), "ns", &servers, Need::Required);
        }
    } else if apex_known && let Some(first) = servers.first() {
        let evidence = vec![first.evidence.clone()];
        let edge = Edge::required(Id::dns_zone(name), Id::dns_zone(&zone.name), evidence);
        unit.edges.push(edge);
        return;
    }
    let values: Vec<_> = select(records, |data| at_apex_or_served(data, at_apex));
    let Some(first) = values.first() else { return };
    let id = Id::domain(name);
    let node = nodes.entry(id.clone()).or_insert_with(|| Node::new(id.clone(), Kind::Domain, name));
    for record in &values {
        node.add_evidence(record.evidence.clone());
    }
    set_ttl(node, &values);
    unit.add_name(name, &id, Reach::Everywhere);
    unit.edges.push(Edge::required(id.clone(), Id::dns_zone(&zone.name), vec![first.evidence.clone()]));
    if !at_apex {
        add_alternatives(unit, &id, "ns", &servers, Need::Required);
    }
    add_values(unit, &id, records);
}

fn at_apex_or_served(data: &Data, at_apex: bool) -> bool {
    !(at_apex && matches!(data, Data::NameServer(_)))
}

fn add_values(unit: &mut Unit, id: &Id, records: &[&Record]) {
    let aliases = select(records, |data| matches!(data, Data::Alias(_)));
    let v4 = select(records, |data| matches!(data, Data::Address(IpAddr::V4(_))));
    let v6 = select(records, |data| matches!(data, Data::Address(IpAddr::V6(_))));
    let resources = select(records, |data| matches!(data, Data::Resource(_)));
    add_alternatives(unit, id, "alias", &aliases, Need::Required);
    add_alternatives(unit, id, "resource", &resources, Need::Required);
    if let Some(record) = records.iter().find(|record| record.proxied) {
        let (provider, service) = ("cloudflare".to_owned(), Some("cdn".to_owned()));
        let target = Target::Provider { provider, service, region: None };
        unit.references.push(reference(id, target, Need::Required, None, record.evidence.clone()));
    }
    add_alternatives(unit, id, "a", &v4, Need::Required);
    // A name with both kinds of address is still there for most when the newer kind is gone; that the two are
    // alternatives on different machines is not shown.
    let newer = if v4.is_empty() { Need::Required } else { Need::Optional };
    add_alternatives(unit, id, "aaaa", &v6, newer);
    add_alternatives(
        unit,
        id,
        "srv",
        &select(records, |data| matches!(data, Data::Service(_))),
        Need::Required,
    );
    add_alternatives(unit, id, "mx", &select(records, |data| matches!(data, Data::Mail(_))), Need::Optional);
}

/// Several values of one kind are alternatives of which one must live; a single one is needed itself. Mail
/// exchangers are a group even when there is one, so that mail can be told from the rest.
fn add_alternatives(unit: &mut Unit, owner: &Id, kind: &str, records: &[&Record], need: Need) {
    let (always, sometimes): (Vec<&Record>, Vec<&Record>) =
        records.iter().copied().partition(|record| record.need == Need::Required);
    let distinct: BTreeSet<String> = always.iter().map(|record| format!("{:?}", record.data)).collect();
    let group = (distinct.len() > 1 || (kind == "mx" && !distinct.is_empty()))
        .then(|| Id::new(format!("{owner}#{kind}")));
    if let Some(group) = &group {
        add_group(unit, group, owner, always.iter().map(|record| record.evidence.clone()).collect());
    }
    for record in always {
        let target = target_of(&record.data);
        unit.references.push(reference(owner, target, need, group.clone(), record.evidence.clone()));
    }
    for record in sometimes {
        let target = target_of(&record.data);
        unit.references.push(reference(owner, target, Need::Optional, None, record.evidence.clone()));
    }
}

fn add_group(unit: &mut Unit, id: &Id, owner: &Id, evidence: Vec<Evidence>) {
    unit.groups.push(Group { id: id.clone(), owner: owner.clone(), k: 1, level: None, evidence });
}

/// A host; the scheme says what it is asked as.
fn host(name: &str, scheme: Option<&str>) -> Target {
    Target::Host { name: name.to_owned(), port: None, scheme: scheme.map(str::to_owned) }
}

fn target_of(data: &Data) -> Target {
    match data {
        Data::Address(address) => Target::Address(*address),
        Data::Alias(name) | Data::Service(name) => host(name, None),
        Data::Mail(name) => host(name, Some("smtp")),
        Data::NameServer(name) => host(name, Some("dns")),
        Data::Resource(text) => Target::Unresolved {
            text: text.clone(),
            because: "it is named by an id that only its provider can follow".to_owned(),
        },
    }
}

fn set_ttl(node: &mut Node, records: &[&Record]) {
    let slowest = records
        .iter()
        .filter(|record| matches!(record.data, Data::Address(_) | Data::Alias(_)))
        .filter_map(|record| Some((record.ttl?, record)))
        .max_by_key(|(ttl, _)| *ttl);
    if let Some((ttl, record)) = slowest {
        let value = AttributeValue::Number(f64::from(ttl));
        node.attributes.set(Attribute::TtlSeconds, value, Some(record.evidence.clone()));
    }
}

fn select<'r>(records: &[&'r Record], wanted: impl Fn(&Data) -> bool) -> Vec<&'r Record> {
    records.iter().copied().filter(|record| wanted(&record.data)).collect()
}

fn reference(from: &Id, target: Target, need: Need, group: Option<Id>, evidence: Evidence) -> Reference {
    Reference {
        from: from.clone(),
        target,
        phase: Phase::Runtime,
        need,
        group,
        confidence: Confidence::Inferred,
        evidence: vec![evidence],
    }
}

/// The fully qualified form of a name written in a zone: `@` and the empty name are the origin, a final dot
/// ends an absolute name.
pub(super) fn qualify(name: &str, origin: &str) -> String {
    let name = name.trim();
    let full = match name.strip_suffix('.') {
        Some(absolute) => absolute.to_owned(),
        None if name.is_empty() || name == "@" => origin.to_owned(),
        None if origin.is_empty() => name.to_owned(),
        None => format!("{name}.{origin}"),
    };
    full.to_lowercase()
}

/// Whether a name exists only to prove or sign something: DKIM keys, certificate validation, DMARC.
fn proves_only(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or(name);
    name.starts_with('_')
        || name.contains("._domainkey.")
        || name.ends_with("._domainkey")
        || is_token(first)
        || first.strip_prefix("google").is_some_and(is_google_token)
}

/// Whether a record is there to prove something and nothing is reached by it.
pub(super) fn is_proof(name: &str, data: &Data) -> bool {
    match data {
        Data::Alias(target) => {
            proves_only(name) || VERIFIERS.iter().any(|verifier| target.ends_with(verifier))
        }
        Data::Address(_) => name.starts_with("_acme-challenge."),
        _ => false,
    }
}

/// Ends of names that authorities and providers have pointed at to see who owns a name.
const VERIFIERS: &[&str] = &[
    ".dv.googlehosted.com",
    ".acm-validations.aws",
    ".fastly-validations.com",
    ".comodoca.com",
    ".sectigo.com",
    "verify.bing.com",
    ".zmverify.zoho.com",
];

/// Whether a label is a token that certificate authorities ask for: an MD5 or longer digest in hexadecimal digits.
fn is_token(label: &str) -> bool {
    const DIGITS_OF_MD5: usize = 32;
    DIGITS_OF_MD5 <= label.len() && label.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether what follows `google` is the token by which Google knows a site's owner, as in `google1a2b3c4d5e6f7a8b`.
fn is_google_token(rest: &str) -> bool {
    rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A time to live, unless it is a placeholder that no resolver would honour (RFC 8767 caps at a week).
pub(super) fn real_ttl(seconds: u64) -> Option<u32> {
    const LONGEST_HONOURED: u64 = 7 * 86_400;
    u32::try_from(seconds).ok().filter(|_| seconds <= LONGEST_HONOURED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    fn record(name: &str, data: Data) -> Record {
        let file = SourceFile::new("zone", b"line");
        Record {
            name: name.into(),
            ttl: Some(60),
            data,
            need: Need::Required,
            proxied: false,
            evidence: Evidence::at_line(&file, 1),
        }
    }

    fn read(records: Vec<Record>) -> Unit {
        let mut unit = Unit::new("test", "test", "");
        add_zones(&mut unit, &[Zone { name: "example.org".into(), records, ..Zone::default() }]);
        unit
    }

    #[test]
    fn several_addresses_are_alternatives_and_one_is_needed() {
        let unit = read(vec![
            record("www.example.org", Data::Address("192.0.2.1".parse().unwrap())),
            record("www.example.org", Data::Address("192.0.2.2".parse().unwrap())),
            record("api.example.org", Data::Address("192.0.2.3".parse().unwrap())),
        ]);
        let groups: Vec<_> = unit.groups.iter().map(|group| group.id.as_str()).collect();
        assert_eq!(groups, ["domain:www.example.org#a"]);
        let alone: Vec<_> = unit
            .references
            .iter()
            .filter(|reference| reference.group.is_none())
            .map(|r| r.from.as_str())
            .collect();
        assert_eq!(alone, ["domain:api.example.org"]);
        assert_eq!(unit.edges.len(), 2);
    }

    #[test]
    fn a_newer_address_beside_an_older_one_is_optional() {
        let unit = read(vec![
            record("example.org", Data::Address("192.0.2.1".parse().unwrap())),
            record("example.org", Data::Address("2001:db8::1".parse().unwrap())),
        ]);
        assert!(unit.groups.is_empty());
        let needs: Vec<_> = unit.references.iter().map(|reference| reference.need).collect();
        assert_eq!(needs, [Need::Required, Need::Optional]);
    }

    #[test]
    fn name_servers_of_a_zone_without_a_known_operator_are_its_operators() {
        let unit = read(vec![
            record("example.org", Data::NameServer("ns1.example.net".into())),
            record("example.org", Data::NameServer("ns2.example.net".into())),
        ]);
        assert_eq!(unit.groups[0].id.as_str(), "zone:example.org#ns");
        assert_eq!(unit.nodes.len(), 1, "the apex has no address: no name is published");
    }

    #[test]
    fn tokens_prove_and_lead_nowhere() {
        assert!(proves_only("0f343b0931126a20f133d67c2b018a3b.example.org"));
        assert!(proves_only("google1a2b3c4d5e6f7a8b.example.org"));
        assert!(proves_only("k1._domainkey.example.org"));
        assert!(!proves_only("google.example.org"));
        assert!(!proves_only("facade.example.org"));
        let proof = Data::Alias("gv-abc.dv.googlehosted.com".into());
        assert!(is_proof("abc.example.org", &proof));
        assert!(!is_proof("abc.example.org", &Data::Alias("ghs.googlehosted.com".into())));
        let address = || Data::Address("192.0.2.1".parse().unwrap());
        assert!(
            is_proof("_acme-challenge.docs.example.org", &address())
                && !is_proof("docs.example.org", &address())
        );
    }

    #[test]
    fn names_are_qualified_and_placeholder_lifetimes_dropped() {
        assert_eq!(qualify("WWW", "example.org"), "www.example.org");
        assert_eq!(qualify("@", "example.org"), "example.org");
        assert_eq!(qualify("a.b.", "example.org"), "a.b");
        assert_eq!(real_ttl(942_942_942), None);
        assert_eq!(real_ttl(300), Some(300));
    }
}
