//! The assembled graph.

use std::collections::{BTreeMap, BTreeSet};

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

    /// Restores what the fields promise after a change: edges sorted and each once (evidence joined, the stronger
    /// confidence kept), none that leads nowhere or to itself, no group without members.
    pub fn settle(&mut self) {
        let nodes = &self.nodes;
        let leads = |edge: &Edge| {
            edge.from != edge.to && nodes.contains_key(&edge.from) && nodes.contains_key(&edge.to)
        };
        self.edges.retain(leads);
        self.edges.sort_by(|a, b| {
            (&a.from, &a.to, a.phase, &a.group, a.need).cmp(&(&b.from, &b.to, b.phase, &b.group, b.need))
        });
        self.edges.dedup_by(|later, kept| {
            let same = (&later.from, &later.to, later.phase, &later.group)
                == (&kept.from, &kept.to, kept.phase, &kept.group);
            if same {
                let new: Vec<_> =
                    later.evidence.drain(..).filter(|piece| !kept.evidence.contains(piece)).collect();
                kept.evidence.extend(new);
                kept.confidence = kept.confidence.max(later.confidence);
            }
            same
        });
        let used: BTreeSet<Id> = self.edges.iter().filter_map(|edge| edge.group.clone()).collect();
        self.groups.retain(|id, _| used.contains(id));
    }
}
