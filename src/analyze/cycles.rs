//! Nodes of which each needs the other to start.

use std::collections::BTreeMap;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::CyclicStart;
use crate::model::{Edge, Estate, Id, Need, Phase};

/// Cycles of required start-up dependencies. Run-time dependencies do not count: programs that call each other
/// start one after the other.
pub(super) fn cyclic_starts(estate: &Estate) -> Vec<CyclicStart> {
    let counts =
        |edge: &&Edge| edge.phase == Phase::Startup && edge.need == Need::Required && edge.group.is_none();
    let mut graph: DiGraph<&Id, ()> = DiGraph::new();
    let mut indices: BTreeMap<&Id, NodeIndex> = BTreeMap::new();
    for edge in estate.edges.iter().filter(counts) {
        let from = *indices.entry(&edge.from).or_insert_with(|| graph.add_node(&edge.from));
        let to = *indices.entry(&edge.to).or_insert_with(|| graph.add_node(&edge.to));
        graph.update_edge(from, to, ());
    }
    let mut cycles: Vec<CyclicStart> = kosaraju_scc(&graph)
        .into_iter()
        .filter(|component| component.len() > 1)
        .map(|component| {
            let mut cycle: Vec<Id> = component.into_iter().map(|node| graph[node].clone()).collect();
            cycle.sort();
            CyclicStart { cycle }
        })
        .collect();
    cycles.sort_by(|a, b| a.cycle.cmp(&b.cycle));
    cycles
}
