//! The estate of one phase as a failure graph, with the map between ids and elements.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

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
    elements: Arc<Elements>,
}

impl FaultModel {
    /// Compiles the dependencies of one phase; who asks for several takes them from one [`Wiring`].
    pub fn new(estate: &Estate, phase: Phase) -> Self {
        Wiring::of(estate).in_phase(phase)
    }

    /// The element of an id.
    pub fn element(&self, id: &Id) -> Option<u32> {
        self.elements.numbers.get(id).copied()
    }

    /// The id of an element.
    pub fn id(&self, element: u32) -> &Id {
        &self.elements.ids[element as usize]
    }

    /// The level of an element.
    pub fn level(&self, element: u32) -> Level {
        self.elements.levels[element as usize]
    }

    /// Every element with its id, in order of element.
    pub fn ids(&self) -> &[Id] {
        &self.elements.ids
    }
}

/// What may fail in an estate, numbered once for the graphs of all phases: every node in order of id, then the
/// instances of those that have several.
#[derive(Debug)]
struct Elements {
    ids: Vec<Id>,
    levels: Vec<Level>,
    may_fail: Vec<bool>,
    numbers: HashMap<Id, u32>,
}

impl Elements {
    fn of(estate: &Estate) -> Self {
        let ids: Vec<Id> = estate.nodes.keys().cloned().collect();
        Elements {
            numbers: ids.iter().cloned().zip(0..).collect(),
            levels: estate.nodes.values().map(level).collect(),
            may_fail: estate.nodes.values().map(may_fail).collect(),
            ids,
        }
    }

    /// Adds the instances of a replicated node.
    fn add_instances(&mut self, node: &Node, element: u32) -> Option<Instances> {
        let replicas = node.replication.replicas.filter(|replicas| *replicas > 1)?;
        let required = node.replication.required.unwrap_or(1).min(replicas);
        if !is_redundant(node) && required < replicas {
            return None;
        }
        // Fewer instances stand for many by dropping spare ones of both kinds alike.
        let dropped = replicas.saturating_sub(MAX_INSTANCES);
        let first = self.ids.len() as u32;
        for number in 0..replicas - dropped {
            let id = Id::new(format!("{}#{number}", node.id));
            self.numbers.insert(id.clone(), first + number);
            self.ids.push(id);
            self.levels.push(Level::Instance);
            self.may_fail.push(true);
        }
        self.may_fail[element as usize] = false;
        let zones = Id::new(format!("{}#zones", node.id));
        Some(Instances {
            zones,
            required: required.saturating_sub(dropped).max(1),
            members: (first..self.ids.len() as u32).collect(),
        })
    }
}

/// The instances of one node.
#[derive(Debug)]
struct Instances {
    /// The group of the zones in which they stand.
    zones: Id,
    required: u32,
    members: Vec<u32>,
}

/// An estate with its elements numbered and its dependencies laid between the numbers: what the graphs of all its
/// phases are compiled from. Making it looks every id up once, a graph none.
#[derive(Debug)]
pub(super) struct Wiring<'a> {
    estate: &'a Estate,
    elements: Arc<Elements>,
    services: Vec<Service>,
    instances: HashMap<u32, Instances>,
    /// The nodes, each at its element.
    nodes: Vec<&'a Node>,
    /// The edges of each node.
    edges: Vec<Range<usize>>,
    /// The element at the far end of each edge.
    ends: Vec<u32>,
}

impl<'a> Wiring<'a> {
    /// Numbers the elements of a settled estate. Time and memory are linear in nodes and edges.
    pub(super) fn of(estate: &'a Estate) -> Self {
        let mut elements = Elements::of(estate);
        let mut instances = HashMap::new();
        let mut services = Vec::new();
        let mut edges = Vec::with_capacity(estate.nodes.len());
        let mut next = 0;
        for (element, node) in (0..).zip(estate.nodes.values()) {
            if let Some(several) = elements.add_instances(node, element) {
                instances.insert(element, several);
            }
            if node.is_service {
                let weight = (node.weight.max(0.0) * WEIGHT_UNIT).round() as u64;
                services.push(Service { element, tier: 0, weight });
            }
            next += estate.edges[next..].iter().take_while(|edge| edge.from < node.id).count();
            let own = estate.edges[next..].iter().take_while(|edge| edge.from == node.id).count();
            edges.push(next..next + own);
            next += own;
        }
        let ends = estate.edges.iter().map(|edge| elements.numbers[&edge.to]).collect();
        let nodes = estate.nodes.values().collect();
        Wiring { estate, elements: Arc::new(elements), services, instances, nodes, edges, ends }
    }

    /// The services, in order of id.
    pub(super) fn services(&self) -> impl Iterator<Item = u32> {
        self.services.iter().map(|service| service.element)
    }

    /// The node of an element that is no instance.
    pub(super) fn node(&self, element: u32) -> &'a Node {
        self.nodes[element as usize]
    }

    /// What a node needs, with the elements at the far ends.
    pub(super) fn needs(&self, element: u32) -> impl Iterator<Item = (&'a Edge, u32)> {
        self.edges[element as usize].clone().map(|at| (&self.estate.edges[at], self.ends[at]))
    }

    /// The graph of a phase. Beyond run time the dependencies of the run time count too: what is needed to start or to
    /// recover has to run itself.
    pub(super) fn in_phase(&self, phase: Phase) -> FaultModel {
        self.counting(|_, edge, _| edge.phase == phase || edge.phase == Phase::Runtime)
    }

    /// The graph of the run time, as if no provider ran on another.
    pub(super) fn without_sub_providers(&self) -> FaultModel {
        self.counting(|_, edge, _| edge.phase == Phase::Runtime && !is_sub_provider(edge))
    }

    /// The graph of the dependencies that count, between two nodes each.
    pub(super) fn counting(&self, counts: impl Fn(&Node, &Edge, &Node) -> bool) -> FaultModel {
        let mut builder = FailureGraphBuilder::new(self.elements.ids.len());
        for (element, may_fail) in (0..).zip(&self.elements.may_fail) {
            builder.set_may_fail(element, *may_fail);
        }
        for (element, node) in (0..).zip(&self.nodes) {
            let needs = self.needs(element).filter(|(edge, to)| counts(node, edge, self.node(*to)));
            self.require(&mut builder, element, needs);
        }
        FaultModel {
            graph: builder.build(),
            services: self.services.clone(),
            elements: Arc::clone(&self.elements),
        }
    }

    /// Says what a node needs: its instances, what stands alone, and its groups.
    fn require<'e>(
        &self,
        builder: &mut FailureGraphBuilder,
        element: u32,
        needs: impl Iterator<Item = (&'e Edge, u32)>,
    ) {
        let instances = self.instances.get(&element);
        let mut zones: Vec<u32> = Vec::new();
        let mut groups: BTreeMap<&Id, (GraphNeed, Vec<u32>)> = BTreeMap::new();
        for (edge, to) in needs {
            let need = graph_need(edge.need);
            match &edge.group {
                Some(group) if instances.is_some_and(|several| several.zones == *group) => zones.push(to),
                Some(group) => {
                    let (strictest, members) = groups.entry(group).or_insert((need, Vec::new()));
                    // One optional alternative leaves the group as needed as its most needed member.
                    if need == GraphNeed::Required {
                        *strictest = need;
                    }
                    members.push(to);
                }
                None => builder.require(element, need, 1, &[to]),
            }
        }
        for (group, (need, members)) in groups {
            let k = self.estate.groups.get(group).map_or(1, |group: &Group| group.k);
            builder.require(element, need, k, &members);
        }
        let Some(several) = instances else { return };
        builder.require(element, GraphNeed::Required, several.required, &several.members);
        for (instance, zone) in several.members.iter().zip(zones.iter().cycle()) {
            builder.require(*instance, GraphNeed::Required, 1, &[*zone]);
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
