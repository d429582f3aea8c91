//! The assembled graph.

use std::collections::BTreeMap;

use super::{Edge, Environment, Group, Id, Node};

/// Everything the organization has, as one graph: what is analyzed.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// Nodes by id.
    pub nodes: BTreeMap<Id, Node>,
    /// Dependencies, sorted by (from, to, phase, group), each once.
    pub edges: Vec<Edge>,
    /// Redundancy groups by id.
    pub groups: BTreeMap<Id, Group>,
    /// Environments by name, over all units.
    pub environments: Vec<Environment>,
}

impl Estate {
    /// The node of an id.
    pub fn node(&self, id: &Id) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// The services, in order of id.
    pub fn services(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values().filter(|node| node.is_service)
    }

    /// The dependencies of a node, in order of their far ends.
    pub fn needs<'a>(&'a self, id: &'a Id) -> impl Iterator<Item = &'a Edge> {
        let start = self.edges.partition_point(|edge| edge.from < *id);
        self.edges[start..].iter().take_while(move |edge| edge.from == *id)
    }
}
