//! The assembled graph.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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

    /// Every node's place in the order of ids, for those who look many of them up.
    pub fn numbers(&self) -> HashMap<&Id, u32> {
        self.nodes.keys().zip(0..).collect()
    }

    /// Restores what the fields promise after a change: edges sorted and each once (evidence joined, the stronger
    /// confidence kept), none that leads nowhere or to itself, no group without members.
    pub fn settle(&mut self) {
        let all = std::mem::take(&mut self.edges);
        let numbers = self.numbers();
        let ends = |edge: Edge| {
            let (from, to) = (*numbers.get(&edge.from)?, *numbers.get(&edge.to)?);
            (from != to).then_some((from, to, edge))
        };
        let mut edges: Vec<(u32, u32, Edge)> = all.into_iter().filter_map(ends).collect();
        edges.sort_by(|(a_from, a_to, a), (b_from, b_to, b)| {
            (a_from, a_to, a.phase, &a.group, a.need).cmp(&(b_from, b_to, b.phase, &b.group, b.need))
        });
        self.edges = edges.into_iter().map(|(_, _, edge)| edge).collect();
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
