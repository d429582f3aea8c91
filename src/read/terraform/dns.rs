//! Zones and records of any provider's DNS.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::config::Mode;
use super::edges::provider_reference;
use super::graph::{Graph, Item};
use super::knowledge::{RecordShape, links};
use super::leaves::Leaf;
use super::nodes::{is_node, scope_module};
use super::trace;
use super::world::World;
use crate::catalog::Role;
use crate::model::{
    Attribute, AttributeValue, Category, Confidence, Edge, Evidence, Group, Id, Kind, Need, Node, Phase,
    Reference, Target, Tolerance, Unit,
};

/// The ids of zones and records, by item.
pub(super) struct Names {
    ids: BTreeMap<usize, Id>,
}

impl Names {
    /// The id of a zone or record.
    pub(super) fn of(&self, item: usize) -> Option<&Id> {
        self.ids.get(&item)
    }
}

/// Adds zones and names, with what they lead to.
pub(super) fn read<'a>(world: &World<'a>, graph: &Graph<'a>, unit: &mut Unit) -> Names {
    let mut names = Names { ids: BTreeMap::new() };
    for (index, item) in graph.items.iter().enumerate() {
        if item.role == Role::DnsZone && !item.foreign {
            names.ids.insert(index, add_zone(item, unit));
        }
    }
    let mut records: BTreeMap<Id, Vec<Record<'_>>> = BTreeMap::new();
    for (index, item) in graph.items.iter().enumerate() {
        if item.mode == Mode::Data || item.foreign {
            continue;
        }
        let Some(shape) = links().record(&item.type_name) else { continue };
        let record = Record::new(graph, &names, item, shape);
        names.ids.insert(index, record.id.clone());
        if record.is_worth() {
            records.entry(record.id.clone()).or_default().push(record);
        }
    }
    add_zones_of_records(records.values().flatten(), &names, unit);
    for (id, records) in &records {
        Writer { world, graph, names: &names, id, records, unit }.write();
    }
    names
}

/// Zones that records name and no resource makes stand where the records do.
fn add_zones_of_records<'r>(records: impl Iterator<Item = &'r Record<'r>>, names: &Names, unit: &mut Unit) {
    let mut known: BTreeSet<Id> = names.ids.values().cloned().collect();
    for record in records {
        let Some(name) = &record.zone_name else { continue };
        let id = Id::dns_zone(name);
        if record.item.provider().is_some() && known.insert(id.clone()) {
            unit.nodes.push(zone_node(record.item, id, name.clone()));
        }
    }
}

fn zone_name(item: &Item<'_>) -> Option<String> {
    ["name", "dns_name", "zone", "domain", "domain_name"]
        .iter()
        .find_map(|name| item.leaves.text(name))
        .map(|name| name.trim_end_matches('.').to_lowercase())
        .filter(|name| name.contains('.') || !name.is_empty())
}

fn add_zone(item: &Item<'_>, unit: &mut Unit) -> Id {
    // The name of a managed zone of Google is a label; its DNS name stands beside it.
    let named = item.leaves.text("dns_name").map(|name| name.trim_end_matches('.').to_lowercase());
    let name = named.or_else(|| zone_name(item));
    let id = name.as_deref().map_or_else(|| item.id.clone(), Id::dns_zone);
    let mut node = zone_node(item, id.clone(), name.unwrap_or_else(|| item.name.clone()));
    node.type_name = Some(item.type_name.clone());
    if is_private(item) {
        node.attributes.set(Attribute::Published, AttributeValue::Bool(false), None);
    }
    unit.nodes.push(node);
    id
}

/// A zone at the operator for which an item, the zone itself or a record of it, is written.
fn zone_node(item: &Item<'_>, id: Id, name: String) -> Node {
    let mut node = Node::new(id, Kind::DnsZone, name);
    node.category = Some(Category::Dns);
    node.placement.provider = item.provider().map(str::to_owned);
    node.placement.service = item.service().map(str::to_owned).or_else(|| Some("dns".to_owned()));
    node.placement.global = true;
    node.tolerance = Tolerance::Region;
    node.tolerance_because = Some("name servers of one operator in many places".to_owned());
    node.add_evidence(item.declared.evidence());
    node
}

/// Whether a zone answers inside of networks only.
fn is_private(item: &Item<'_>) -> bool {
    item.type_name.contains("private")
        || item.leaves.text("visibility").as_deref() == Some("private")
        || item.leaves.leaves.iter().any(|leaf| leaf.path.starts_with("vpc") && !leaf.value.is_null())
}

/// One record or record set.
struct Record<'r> {
    item: &'r Item<'r>,
    shape: RecordShape,
    id: Id,
    name: String,
    kind: String,
    zone: Option<Id>,
    zone_name: Option<String>,
    routing: Routing,
}

/// Whether other records of the name are alternatives of this one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Routing {
    /// The only one of its name and type.
    Simple,
    /// One of several by weight; `None` is not known.
    Weighted(Option<f64>),
    Primary,
    Secondary,
    /// By latency, place or any other choice.
    Other,
}

impl<'r> Record<'r> {
    fn new(graph: &'r Graph<'_>, names: &Names, item: &'r Item<'_>, shape: RecordShape) -> Self {
        let zone_item = zone_item(graph, item, shape.zone);
        let zone = zone_item.and_then(|zone| names.of(zone)).cloned();
        let zone_name = zone
            .as_ref()
            .filter(|id| id.scheme() == "zone")
            .map(|id| id.rest().to_owned())
            .or_else(|| item.leaves.text(shape.zone).map(|zone| zone.trim_end_matches('.').to_lowercase()))
            .filter(|zone| zone.contains('.'));
        let zone = zone.or_else(|| zone_name.as_deref().map(Id::dns_zone));
        let full = full_name(item, zone_name.as_deref());
        let id = full.as_deref().map_or_else(|| item.id.clone(), Id::domain);
        let kind = match (shape.fixed_type, shape.type_attribute) {
            (Some(fixed), _) => fixed.to_owned(),
            (None, Some(attribute)) => {
                item.leaves.text(attribute).map_or_else(String::new, |kind| kind.to_uppercase())
            }
            (None, None) => String::new(),
        };
        let routing = routing(item);
        let name = full.unwrap_or_else(|| item.name.clone());
        Record { item, shape, id, name, kind, zone, zone_name, routing }
    }

    /// Whether the record leads somewhere: texts and policies do not.
    fn is_worth(&self) -> bool {
        let leads = matches!(
            &*self.kind,
            "A" | "AAAA" | "CNAME" | "ALIAS" | "ANAME" | "MX" | "NS" | "SRV" | "HTTPS" | ""
        );
        // Names that prove something, or that mail servers look up, are no services.
        leads && !self.name.split('.').any(|label| label.starts_with('_')) && !self.proves()
    }

    /// Whether the record only proves to somebody that the name is ours.
    fn proves(&self) -> bool {
        const WORDS: &[&str] = &["validation", "verification", "challenge", "dkim", "acm_cert"];
        let speaks = |text: &str| WORDS.iter().any(|word| text.contains(word));
        if self.id.scheme() != "tf" {
            return false;
        }
        let mut found = speaks(&self.item.address);
        for leaf in &self.item.leaves.leaves {
            leaf.value.each_ref(&mut 50, &mut |reference| found |= speaks(&reference.attribute));
        }
        found
    }

    fn leaves(&self) -> impl Iterator<Item = &Leaf<'r>> {
        let paths = &self.shape.values;
        self.item
            .leaves
            .leaves
            .iter()
            .filter(move |leaf| paths.iter().any(|path| *path == leaf.path) && !leaf.value.is_null())
    }

    fn health_checked(&self) -> bool {
        let checked = self.item.leaves.get("health_check_id").is_some_and(|value| !value.is_null());
        let target = self.item.leaves.get("alias.evaluate_target_health").and_then(|value| value.as_bool());
        checked || target == Some(true)
    }
}

fn zone_item(graph: &Graph<'_>, item: &Item<'_>, attribute: &str) -> Option<usize> {
    let mut found = None;
    for leaf in item.leaves.at(attribute) {
        leaf.value.each_ref(&mut 50, &mut |reference| {
            let index = graph.index(&reference.instance);
            if let Some(index) = index.filter(|index| graph.items[*index].role == Role::DnsZone) {
                found = found.or(Some(index));
            }
        });
    }
    found
}

fn full_name(item: &Item<'_>, zone: Option<&str>) -> Option<String> {
    const NAMES: &[&str] =
        &["name", "subdomain", "sub_domain", "subname", "rr", "recordset_name", "hostname", "domain"];
    let said = NAMES.iter().find_map(|name| item.leaves.get(name).filter(|value| !value.is_null()));
    let name = match said {
        Some(value) => value.text()?.to_lowercase(),
        None => String::new(),
    };
    let absolute = name.ends_with('.');
    let name = name.trim_end_matches('.').to_owned();
    match zone {
        _ if absolute => Some(name),
        Some(zone) if name.is_empty() || name == "@" => Some(zone.to_owned()),
        Some(zone) if name == zone || name.ends_with(&format!(".{zone}")) => Some(name),
        Some(zone) => Some(format!("{name}.{zone}")),
        None if name.contains('.') => Some(name),
        None => None,
    }
}

fn routing(item: &Item<'_>) -> Routing {
    if let Some(weight) =
        item.leaves.get("weighted_routing_policy.weight").or_else(|| item.leaves.get("weight"))
    {
        return Routing::Weighted(weight.as_number());
    }
    if let Some(kind) = item.leaves.text("failover_routing_policy.type") {
        return if kind.eq_ignore_ascii_case("PRIMARY") { Routing::Primary } else { Routing::Secondary };
    }
    let by_choice = item.leaves.value.entries().is_some_and(|map| {
        map.contains_key("set_identifier") || map.keys().any(|key| key.ends_with("_routing_policy"))
    });
    if by_choice { Routing::Other } else { Routing::Simple }
}

/// Writes the records of one name.
struct Writer<'w, 'a> {
    world: &'w World<'a>,
    graph: &'w Graph<'a>,
    names: &'w Names,
    id: &'w Id,
    records: &'w [Record<'w>],
    unit: &'w mut Unit,
}

impl Writer<'_, '_> {
    fn write(mut self) {
        self.node();
        let records = self.records;
        let has_a = records.iter().any(|record| matches!(&*record.kind, "A" | "CNAME" | "ALIAS" | "ANAME"));
        for record in records {
            if let Some(zone) = &record.zone {
                self.zone_edge(record, zone.clone());
            }
        }
        let routed: Vec<&Record<'_>> =
            records.iter().filter(|record| record.routing != Routing::Simple).collect();
        self.routed(&routed);
        self.simple(has_a);
    }

    /// Records that are all given out: those of one kind are alternatives, wherever they are written.
    fn simple(&mut self, has_a: bool) {
        let mut kinds: BTreeMap<&str, (Need, Vec<&Record<'_>>)> = BTreeMap::new();
        for record in self.records.iter().filter(|record| record.routing == Routing::Simple) {
            let (label, need) = match &*record.kind {
                "MX" => ("mx", Need::Optional),
                "SRV" => ("srv", Need::Optional),
                "NS" => ("ns", Need::Required),
                "AAAA" if has_a => ("aaaa", Need::Optional),
                "AAAA" => ("aaaa", Need::Required),
                _ => ("a", Need::Required),
            };
            kinds.entry(label).or_insert((need, Vec::new())).1.push(record);
        }
        for (label, (need, records)) in kinds {
            self.targets(&records, label, need, 1, Phase::Runtime);
        }
    }

    fn node(&mut self) {
        let first = &self.records[0];
        let mut node = Node::new(self.id.clone(), Kind::Domain, first.name.clone());
        node.category = Some(Category::Dns);
        node.type_name = Some(first.item.type_name.clone());
        for record in self.records {
            node.add_evidence(record.item.declared.evidence());
            for leaf in &record.item.leaves.leaves {
                let Some(number) = leaf.value.as_number().filter(|_| leaf.path == "ttl") else { continue };
                let evidence = Evidence::at(record.item.leaves.file, leaf.at as usize);
                node.attributes.set(Attribute::TtlSeconds, AttributeValue::Number(number), Some(evidence));
            }
        }
        self.unit.nodes.push(node);
    }

    fn zone_edge(&mut self, record: &Record<'_>, zone: Id) {
        let evidence = vec![record.item.declared.evidence()];
        self.unit.references.push(Reference {
            from: self.id.clone(),
            target: Target::Id(zone),
            phase: Phase::Runtime,
            need: Need::Required,
            group: None,
            confidence: Confidence::Inferred,
            evidence,
        });
    }

    /// Records among which the name server chooses. Without health checks nobody is led away from one that
    /// fails: all of them are needed. A weight of zero receives nothing and stands by for a person to turn to.
    fn routed(&mut self, records: &[&Record<'_>]) {
        let live: Vec<&&Record<'_>> = records
            .iter()
            .filter(|record| record.routing != Routing::Weighted(Some(0.0)) && record.kind != "AAAA")
            .collect();
        let is_failover = live.iter().any(|record| record.routing == Routing::Primary);
        let checked = match is_failover {
            true => live.iter().any(|record| record.routing == Routing::Primary && record.health_checked()),
            false => !live.is_empty() && live.iter().all(|record| record.health_checked()),
        };
        let distinct = live.len() as u32;
        let k = if checked { 1 } else { distinct.max(1) };
        for record in records {
            let stands_by = record.routing == Routing::Weighted(Some(0.0))
                || (record.routing == Routing::Secondary && !checked);
            if stands_by {
                self.targets(&[*record], "standby", Need::Optional, 1, Phase::Recover);
            } else if record.kind == "AAAA" && !live.is_empty() {
                self.targets(&[*record], "aaaa", Need::Optional, 1, Phase::Runtime);
            } else {
                self.targets(&[*record], "routing", Need::Required, k, Phase::Runtime);
            }
        }
    }

    /// References to what records lead to, alternatives of each other under one label.
    fn targets(&mut self, records: &[&Record<'_>], label: &str, need: Need, k: u32, phase: Phase) {
        let mut found: Vec<(End, Vec<Evidence>)> = Vec::new();
        for (record, leaf) in
            records.iter().flat_map(|record| record.leaves().map(move |leaf| (record, leaf)))
        {
            let at = leaf.value.text().map_or(leaf.at, |text| trace::locate_text(leaf.expr, leaf.at, &text));
            let module = scope_module(self.world, record.item);
            let evidence = trace::evidence(self.world, module, record.item.leaves.file, at, leaf.expr);
            for end in self.ends(record, leaf) {
                if !found.iter().any(|(known, _)| *known == end) {
                    found.push((end, evidence.clone()));
                }
            }
        }
        let routed = |other: &&Record<'_>| {
            other.routing != Routing::Simple
                && other.routing != Routing::Weighted(Some(0.0))
                && other.kind != "AAAA"
        };
        let several = found.len() > 1 || label == "routing" && self.records.iter().filter(routed).count() > 1;
        let group = several.then(|| Id::new(format!("{}#{label}", self.id)));
        if let Some(id) = group.as_ref().filter(|id| !self.unit.groups.iter().any(|group| group.id == **id)) {
            let evidence = records.iter().map(|record| record.item.declared.evidence()).collect();
            self.unit.groups.push(Group { id: id.clone(), owner: self.id.clone(), k, level: None, evidence });
        }
        for (end, evidence) in found {
            self.push(end, phase, need, group.clone(), evidence);
        }
        self.proxy(records, phase);
    }

    /// Requests that pass through Cloudflare's proxy need it before they reach what the record names.
    fn proxy(&mut self, records: &[&Record<'_>], phase: Phase) {
        let proxied = records.iter().find_map(|record| {
            let leaf = record.item.leaves.at("proxied").next()?;
            (leaf.value.as_bool() == Some(true)).then_some((record, leaf))
        });
        let Some((record, leaf)) = proxied else { return };
        let Some(provider) = record.item.provider() else { return };
        let evidence = vec![Evidence::at(record.item.leaves.file, leaf.at as usize)];
        let target =
            Target::Provider { provider: provider.to_owned(), service: Some("cdn".to_owned()), region: None };
        self.unit.references.push(Reference {
            from: self.id.clone(),
            target,
            phase,
            need: Need::Required,
            group: None,
            confidence: Confidence::Inferred,
            evidence,
        });
    }

    fn push(&mut self, end: End, phase: Phase, need: Need, group: Option<Id>, evidence: Vec<Evidence>) {
        match end {
            End::Known(to) => self.unit.edges.push(Edge {
                from: self.id.clone(),
                to,
                phase,
                need,
                group,
                confidence: Confidence::Inferred,
                evidence,
            }),
            End::Target(target) => self.unit.references.push(Reference {
                from: self.id.clone(),
                target,
                phase,
                need,
                group,
                confidence: Confidence::Inferred,
                evidence,
            }),
            End::Provider(provider) => {
                let reference = provider_reference(self.id, &provider, evidence);
                self.unit.references.push(Reference { phase, need, group, ..reference });
            }
        }
    }

    /// What one value of a record leads to.
    fn ends(&self, record: &Record<'_>, leaf: &Leaf<'_>) -> Vec<End> {
        let mut known = Vec::new();
        let mut providers = Vec::new();
        leaf.value.each_ref(&mut 200, &mut |reference| {
            let Some(index) = self.graph.index(&reference.instance) else { return };
            let item = &self.graph.items[index];
            if let Some(id) = self.names.of(index).filter(|id| *id != self.id) {
                known.push(End::Known(id.clone()));
            } else if is_node(self.graph, index) {
                known.push(End::Known(item.id.clone()));
            } else if links().is_address(&item.type_name) {
                known.extend(
                    attached(self.graph, index).map(|one| End::Known(self.graph.items[one].id.clone())),
                );
                providers.extend(item.provider().map(|provider| End::Provider(provider.to_owned())));
            } else if let Some(provider) = item.provider() {
                providers.push(End::Provider(provider.to_owned()));
            }
        });
        if let Some(text) = leaf.value.text() {
            // A name that is known leads there, whatever it was made of, unless that is a thing of its own.
            let made_of_component =
                known.iter().any(|end| matches!(end, End::Known(id) if id.scheme() == "tf"));
            if !made_of_component && let Some(target) = target(record, &text) {
                return vec![End::Target(target)];
            }
        }
        known.sort();
        known.dedup();
        if !known.is_empty() {
            return known;
        }
        providers.sort();
        providers.dedup();
        if !providers.is_empty() {
            return providers;
        }
        if leaf.value.is_unknown() {
            return vec![End::Target(Target::Unresolved {
                text: format!("{} of {}", record.kind, record.name),
                because: leaf.value.reason().map_or_else(String::new, |reason| reason.to_string()),
            })];
        }
        Vec::new()
    }
}

/// What an address is attached to, over interfaces and attachments, whichever of them names the other.
fn attached(graph: &Graph<'_>, address: usize) -> impl Iterator<Item = usize> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::from([address]);
    let mut open = vec![address];
    while let Some(index) = open.pop() {
        let mut beside: BTreeSet<usize> = referred(graph, index, |_| true);
        let carries = |other: &usize| referred(graph, *other, carries_address).contains(&index);
        beside.extend(graph.referrers[index].iter().copied().filter(carries));
        for other in beside {
            if is_node(graph, other) {
                found.insert(other);
            } else if links().is_address(&graph.items[other].type_name) && seen.insert(other) {
                open.push(other);
            }
        }
    }
    found.into_iter()
}

/// What an item refers to in the attributes that count.
fn referred(graph: &Graph<'_>, index: usize, counts: fn(&str) -> bool) -> BTreeSet<usize> {
    let mut out = BTreeSet::new();
    for leaf in graph.items[index].leaves.leaves.iter().filter(|leaf| counts(&leaf.path)) {
        leaf.value.each_ref(&mut 50, &mut |reference| out.extend(graph.index(&reference.instance)));
    }
    out
}

/// Whether an attribute gives an address to the resource, rather than let one in or tell it to a program.
fn carries_address(path: &str) -> bool {
    let is_one = |words: &[&str]| words.iter().any(|word| path.contains(word));
    is_one(&["ip", "address", "interface", "allocation"])
        && !is_one(&[
            "rule",
            "allow",
            "source",
            "list",
            "authorized",
            "trusted",
            "env",
            "user_data",
            "destination",
        ])
}

#[derive(Clone, Debug, PartialEq)]
enum End {
    Known(Id),
    Target(Target),
    Provider(String),
}

impl Eq for End {}

impl PartialOrd for End {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for End {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        format!("{self:?}").cmp(&format!("{other:?}"))
    }
}

/// A record's value as a target: an address, or the host that stands last in it.
fn target(record: &Record<'_>, text: &str) -> Option<Target> {
    let last = text.split_whitespace().last()?.trim_matches('"');
    if let Ok(address) = last.parse::<IpAddr>() {
        return Some(Target::Address(address));
    }
    let name = last.trim_end_matches('.').to_lowercase();
    let name = match &record.zone_name {
        Some(zone) if last == "@" => zone.clone(),
        // One label is no host of the internet: the operator takes it for a name of the zone.
        Some(zone) if !name.is_empty() && !last.contains('.') && !record.kind.is_empty() => {
            format!("{name}.{zone}")
        }
        _ => name,
    };
    // A null MX says that there is no mail.
    (!name.is_empty() && (name.contains('.') || record.kind == "CNAME")).then_some(Target::Host {
        name,
        port: None,
        // The scheme says what the host is asked as.
        scheme: match &*record.kind {
            "MX" => Some("smtp".to_owned()),
            "NS" => Some("dns".to_owned()),
            _ => None,
        },
    })
}
