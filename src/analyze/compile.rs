//! The estate of one phase as a failure graph, with the map between ids and elements.

use std::collections::BTreeMap;

use super::graph::{FailureGraph, FailureGraphBuilder, Need as GraphNeed, Service};
use crate::model::{Category, Edge, Estate, Group, Id, Kind, Level, Need, Node, Phase, Tolerance};

/// Replicas beyond this many are taken as this many: more of them change no answer up to order three.
const MAX_INSTANCES: u32 = 16;

/// Weights are whole numbers in the graph: thousandths of a service.
pub(super) const WEIGHT_UNIT: f64 = 1000.0;

/// The failure graph of one phase.
///
/// A node with replicas is a group of instances `ID#0`, `ID#1`... of which k must live, each in a zone where
/// the zones are known; it has no event of its own then.
#[derive(Debug)]
pub struct FaultModel {
    /// The graph.
    pub graph: FailureGraph,
    /// The services, by element.
    pub services: Vec<Service>,
    ids: Vec<Id>,
    levels: Vec<Level>,
    elements: BTreeMap<Id, u32>,
}

impl FaultModel {
    /// Compiles the dependencies of a phase. Beyond run time those of the run time count too: what is needed to
    /// start or to recover has to run itself.
    pub fn new(estate: &Estate, phase: Phase) -> Self {
        Self::of(estate, |edge| edge.phase == phase || edge.phase == Phase::Runtime)
    }

    /// Compiles the run-time dependencies, as if no provider ran on another.
    pub fn without_sub_providers(estate: &Estate) -> Self {
        Self::of(estate, |edge| edge.phase == Phase::Runtime && !is_sub_provider(edge))
    }

    /// Compiles the dependencies that count.
    pub(super) fn of(estate: &Estate, counts: impl Fn(&Edge) -> bool) -> Self {
        let mut compiler = Compiler::new(estate);
        for (id, node) in &estate.nodes {
            let edges: Vec<&Edge> = estate.needs(id).filter(|edge| counts(edge)).collect();
            compiler.node(node, &edges);
        }
        compiler.finish()
    }

    /// The element of an id.
    pub fn element(&self, id: &Id) -> Option<u32> {
        self.elements.get(id).copied()
    }

    /// The id of an element.
    pub fn id(&self, element: u32) -> &Id {
        &self.ids[element as usize]
    }

    /// The level of an element.
    pub fn level(&self, element: u32) -> Level {
        self.levels[element as usize]
    }

    /// Every element with its id, in order of element.
    pub fn ids(&self) -> &[Id] {
        &self.ids
    }
}

struct Compiler<'a> {
    estate: &'a Estate,
    ids: Vec<Id>,
    levels: Vec<Level>,
    may_fail: Vec<bool>,
    elements: BTreeMap<Id, u32>,
    requirements: Vec<(u32, GraphNeed, u32, Vec<u32>)>,
}

impl<'a> Compiler<'a> {
    fn new(estate: &'a Estate) -> Self {
        let ids: Vec<Id> = estate.nodes.keys().cloned().collect();
        let elements = ids.iter().cloned().zip(0..).collect();
        let levels = estate.nodes.values().map(level).collect();
        let may_fail = estate.nodes.values().map(may_fail).collect();
        Compiler { estate, ids, levels, may_fail, elements, requirements: Vec::new() }
    }

    fn node(&mut self, node: &Node, edges: &[&Edge]) {
        let element = self.elements[&node.id];
        let zones = Id::new(format!("{}#zones", node.id));
        let in_zones: Vec<u32> = edges
            .iter()
            .filter(|edge| edge.group.as_ref() == Some(&zones))
            .map(|edge| self.elements[&edge.to])
            .collect();
        let spread_instances = self.instances(node, element, &in_zones);
        let mut groups: BTreeMap<&Id, (GraphNeed, Vec<u32>)> = BTreeMap::new();
        for edge in edges {
            let need = graph_need(edge.need);
            let to = self.elements[&edge.to];
            match &edge.group {
                Some(group) if spread_instances && *group == zones => {}
                Some(group) => {
                    let (strictest, members) = groups.entry(group).or_insert((need, Vec::new()));
                    // One optional alternative leaves the group as needed as its most needed member.
                    if need == GraphNeed::Required {
                        *strictest = need;
                    }
                    members.push(to);
                }
                None => self.requirements.push((element, need, 1, vec![to])),
            }
        }
        for (group, (need, members)) in groups {
            let k = self.estate.groups.get(group).map_or(1, |group: &Group| group.k);
            self.requirements.push((element, need, k, members));
        }
    }

    /// Adds the instances of a replicated node; tells whether they stand in the given zones.
    fn instances(&mut self, node: &Node, element: u32, zones: &[u32]) -> bool {
        let Some(replicas) = node.replication.replicas.filter(|replicas| *replicas > 1) else { return false };
        let required = node.replication.required.unwrap_or(1).min(replicas);
        if !is_redundant(node) && required < replicas {
            return false;
        }
        // Fewer instances stand for many by dropping spare ones of both kinds alike.
        let dropped = replicas.saturating_sub(MAX_INSTANCES);
        let count = replicas - dropped;
        let required = required.saturating_sub(dropped).max(1);
        let mut members = Vec::new();
        for number in 0..count {
            let instance = self.add(Id::new(format!("{}#{number}", node.id)), Level::Instance);
            if let Some(zone) = zones.get(number as usize % zones.len().max(1)) {
                self.requirements.push((instance, GraphNeed::Required, 1, vec![*zone]));
            }
            members.push(instance);
        }
        self.may_fail[element as usize] = false;
        self.requirements.push((element, GraphNeed::Required, required, members));
        !zones.is_empty()
    }

    fn add(&mut self, id: Id, level: Level) -> u32 {
        let element = self.ids.len() as u32;
        self.elements.insert(id.clone(), element);
        self.ids.push(id);
        self.levels.push(level);
        self.may_fail.push(true);
        element
    }

    fn finish(self) -> FaultModel {
        let mut builder = FailureGraphBuilder::new(self.ids.len());
        for (element, may_fail) in (0..).zip(&self.may_fail) {
            builder.set_may_fail(element, *may_fail);
        }
        for (element, need, k, members) in &self.requirements {
            builder.require(*element, *need, *k, members);
        }
        let services = self
            .estate
            .services()
            .map(|node| Service {
                element: self.elements[&node.id],
                tier: 0,
                weight: (node.weight.max(0.0) * WEIGHT_UNIT).round() as u64,
            })
            .collect();
        FaultModel {
            graph: builder.build(),
            services,
            ids: self.ids,
            levels: self.levels,
            elements: self.elements,
        }
    }
}

/// Whether a provider needs another provider.
pub(super) fn is_sub_provider(edge: &Edge) -> bool {
    let company = |id: &Id| {
        (id.scheme() == "provider").then(|| id.rest().split('/').next().map(str::to_owned)).flatten()
    };
    matches!((company(&edge.from), company(&edge.to)), (Some(from), Some(to)) if from != to)
}

fn graph_need(need: Need) -> GraphNeed {
    match need {
        Need::Required => GraphNeed::Required,
        Need::Optional => GraphNeed::Optional,
    }
}

/// Whether the loss of one instance is survived as declared. Where a reader says why that is not known, more
/// instances than are required do not show it.
fn is_redundant(node: &Node) -> bool {
    let spare = || {
        node.replication.replicas.is_some_and(|replicas| replicas > node.replication.required.unwrap_or(1))
    };
    match node.tolerance {
        Tolerance::Unknown => node.tolerance_because.is_none() && spare(),
        Tolerance::Nothing => spare(),
        _ => true,
    }
}

/// Whether the node has an event of its own: names have none, and what survives the loss of any instance fails
/// with its zones, its provider's product or its region only.
fn may_fail(node: &Node) -> bool {
    node.may_fail && node.kind != Kind::DnsZone && !(is_redundant(node) && is_part(node.kind))
}

fn is_part(kind: Kind) -> bool {
    matches!(kind, Kind::Component | Kind::Service)
}

fn level(node: &Node) -> Level {
    match node.kind {
        Kind::Service | Kind::Component => Level::Instance,
        Kind::Zone => Level::Zone,
        Kind::Region => Level::Region,
        Kind::ProviderService if node.category == Some(Category::Dns) => Level::Dns,
        Kind::ProviderService => Level::ProviderService,
        Kind::Provider => Level::Provider,
        Kind::ControlPlane => Level::ControlPlane,
        Kind::Host | Kind::Unresolved => Level::External,
        Kind::Domain | Kind::DnsZone => Level::Dns,
    }
}
