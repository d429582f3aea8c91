//! Units into one graph. The same thing seen by two units is one node: the first unit says what it is and
//! what it needs, the others add evidence, since they are alternatives and not a sum.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::names::Names;
use crate::model::{Attribute, Edge, Estate, Id, Node, Phase, Reference, Serves, Target, Unit};

/// The graph so far, with what is still to be resolved.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub estate: Estate,
    pub names: Names,
    /// References, each with the number of its unit.
    pub references: Vec<(usize, Reference)>,
    /// Hosts that nodes answer for, each with the number of its unit.
    pub serves: Vec<(usize, Serves)>,
    /// Folder of each unit.
    pub folders: Vec<String>,
}

pub(super) fn merge(units: Vec<Unit>) -> Merged {
    let mut merged = Merged::default();
    // Who says what a node is: the unit that declared it first.
    let mut owner: BTreeMap<Id, usize> = BTreeMap::new();
    let mut places = Places::default();
    for (number, mut unit) in units.into_iter().enumerate() {
        separate_strangers(&mut unit, &merged.estate, &owner, number);
        merged.folders.push(unit.folder.clone());
        merged.estate.environments.append(&mut unit.environments);
        let mut alternatives = BTreeSet::new();
        for node in unit.nodes {
            let first = *owner.entry(node.id.clone()).or_insert(number);
            if first != number && !is_common(&node.id) {
                alternatives.insert(node.id.clone());
            }
            add_node(&mut merged.estate, node, first == number);
        }
        for edge in unit.edges {
            if !alternatives.contains(&edge.from) {
                merged.estate.edges.push(edge);
            } else if let Some(at) = places.find(&merged.estate.edges, &edge) {
                merged.estate.edges[at].evidence.extend(edge.evidence);
            }
        }
        for group in unit.groups {
            merged.estate.groups.entry(group.id.clone()).or_insert(group);
        }
        for name in unit.names {
            merged.names.add(number, &merged.folders[number], name);
        }
        merged.serves.extend(unit.serves.into_iter().map(|serves| (number, serves)));
        let references =
            unit.references.into_iter().filter(|reference| !alternatives.contains(&reference.from));
        merged.references.extend(references.map(|reference| (number, reference)));
    }
    merged
}

/// Where the first edge from one node to another stands, for the edges that were asked about so far.
#[derive(Default)]
struct Places {
    first: HashMap<(Id, Id, Phase), usize>,
    known: usize,
}

impl Places {
    fn find(&mut self, edges: &[Edge], wanted: &Edge) -> Option<usize> {
        let key = |edge: &Edge| (edge.from.clone(), edge.to.clone(), edge.phase);
        for (at, edge) in edges.iter().enumerate().skip(self.known) {
            self.first.entry(key(edge)).or_insert(at);
        }
        self.known = edges.len();
        self.first.get(&key(wanted)).copied()
    }
}

/// Names, zones and providers are one thing however many units speak of them.
fn is_common(id: &Id) -> bool {
    matches!(id.scheme(), "domain" | "zone" | "host" | "provider" | "app")
}

fn add_node(estate: &mut Estate, node: Node, same_unit: bool) {
    let Some(known) = estate.nodes.get_mut(&node.id) else {
        estate.nodes.insert(node.id.clone(), node);
        return;
    };
    for evidence in &node.evidence {
        known.add_evidence(evidence.clone());
    }
    if same_unit || is_common(&node.id) {
        fill(known, node);
    }
}

/// Takes over what the first declaration left unsaid.
fn fill(known: &mut Node, other: Node) {
    known.category = known.category.or(other.category);
    known.type_name = known.type_name.take().or(other.type_name);
    known.parent = known.parent.take().or(other.parent);
    known.placement.provider = known.placement.provider.take().or(other.placement.provider);
    known.placement.service = known.placement.service.take().or(other.placement.service);
    known.placement.region = known.placement.region.take().or(other.placement.region);
    known.placement.region_unknown = known.placement.region_unknown.take().or(other.placement.region_unknown);
    known.placement.asn = known.placement.asn.or(other.placement.asn);
    if known.placement.zones.is_empty() {
        known.placement.zones = other.placement.zones;
    }
    known.replication.replicas = known.replication.replicas.or(other.replication.replicas);
    known.replication.required = known.replication.required.or(other.replication.required);
    known.replication.spread = known.replication.spread.or(other.replication.spread);
    known.tier = known.tier.take().or(other.tier);
    known.owner = known.owner.take().or(other.owner);
    known.is_service |= other.is_service;
    known.confidence = known.confidence.max(other.confidence);
    if known.tolerance == crate::model::Tolerance::Unknown {
        known.tolerance = other.tolerance;
        known.tolerance_because = other.tolerance_because;
    }
    for (attribute, fact) in other.attributes.iter() {
        if known.attributes.get(attribute).is_none() {
            known.attributes.set(attribute, fact.value.clone(), fact.evidence.clone());
        }
    }
}

/// Two folders may each have a `Deployment/web` that have nothing to do with each other. Where the images show
/// it, the later one gets its folder into its id.
fn separate_strangers(unit: &mut Unit, estate: &Estate, owner: &BTreeMap<Id, usize>, number: usize) {
    let mut renamed: BTreeMap<Id, Id> = BTreeMap::new();
    for node in &unit.nodes {
        let stranger = owner.get(&node.id).is_some_and(|first| *first != number)
            && estate.node(&node.id).is_some_and(|known| differ(known, node));
        if stranger {
            renamed.insert(node.id.clone(), Id::new(format!("{}@{}", node.id, unit.name)));
        }
    }
    if renamed.is_empty() {
        return;
    }
    let rename = |id: &mut Id| {
        if let Some(new) = renamed.get(id) {
            *id = new.clone();
        }
    };
    for node in &mut unit.nodes {
        rename(&mut node.id);
        node.parent.iter_mut().for_each(rename);
    }
    for edge in &mut unit.edges {
        rename(&mut edge.from);
        rename(&mut edge.to);
    }
    unit.groups.iter_mut().for_each(|group| rename(&mut group.owner));
    unit.names.iter_mut().for_each(|name| rename(&mut name.id));
    unit.serves.iter_mut().for_each(|serves| rename(&mut serves.id));
    for reference in &mut unit.references {
        rename(&mut reference.from);
        if let Target::Id(id) = &mut reference.target {
            rename(id);
        }
    }
}

fn differ(known: &Node, other: &Node) -> bool {
    let image = |node: &Node| {
        let text = node.attributes.text(Attribute::Image)?;
        let path = text.split('@').next().unwrap_or(text);
        let last = path.rsplit('/').next().unwrap_or(path);
        Some(last.split(':').next().unwrap_or(last).to_owned())
    };
    matches!((image(known), image(other)), (Some(a), Some(b)) if a != b)
}
