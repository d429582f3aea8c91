//! The failure graph made ready for sweeping: elements that always fail together as one, in an order to evaluate in.

use std::ops::Range;

use super::{Components, Csr, FailureGraph};

/// Marks an element that can never be degraded.
pub(super) const NONE: u32 = u32::MAX;

/// The graph with each cycle of single required members made one node, and all nodes numbered by *position*: what is
/// needed stands before what needs it, save inside `cycles`.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) graph: FailureGraph,
    /// Per element its position.
    pub(super) position: Vec<u32>,
    /// Per position, how many failed children make it fail.
    pub(super) thresholds: Vec<u32>,
    /// What each position needs; a gate names a position twice when two of its members became one.
    pub(super) children: Csr,
    pub(super) parents: Csr,
    /// Runs of positions that need each other through groups.
    pub(super) cycles: Vec<Range<u32>>,
    /// Per position its elements; none for a gate.
    pub(super) elements: Csr,
    /// Per position the number of its gate, or `NONE`.
    pub(super) gate: Vec<u32>,
    /// How many gates there are.
    pub(super) gates: usize,
    pub(super) soft: Soft,
}

/// How degradation spreads over *ranks*: elements that can be degraded, an optional member before what has it; elements
/// that are optional members of each other, in a cycle, share a rank.
#[derive(Debug, Default)]
pub(super) struct Soft {
    /// Per element its rank, or `NONE` when nothing can degrade it.
    pub(super) rank: Vec<u32>,
    /// How many ranks there are.
    pub(super) count: usize,
    /// Per rank the positions whose failure degrades its elements.
    pub(super) positions: Csr,
    /// Per rank the numbers of the gates of whose members a failed one degrades its elements.
    pub(super) gates: Csr,
    /// Per rank the ranks whose degradation degrades its elements.
    pub(super) ranks: Csr,
    /// The reverse of `positions`, `gates` and `ranks`.
    pub(super) after_position: Csr,
    pub(super) after_gate: Csr,
    pub(super) after_rank: Csr,
}

impl Plan {
    pub(super) fn of(graph: &FailureGraph) -> Self {
        let mut components = Components::of(graph.children_graph());
        let mut merged = None;
        if components.count() < graph.nodes() {
            let (class, contracted) = contract(graph, &components);
            components = Components::of(&contracted);
            merged = Some((class, contracted));
        }
        let members = components.members();
        let nodes = merged.as_ref().map_or(graph.nodes(), |(_, contracted)| contracted.nodes());
        let mut position_of = vec![0_u32; nodes];
        let mut cycles = Vec::new();
        let mut next = 0;
        for component in 0..components.count() as u32 {
            let start = next;
            for &node in members.targets(component) {
                position_of[node as usize] = next;
                next += 1;
            }
            if start + 1 < next {
                cycles.push(start..next);
            }
        }
        let class = |node: u32| merged.as_ref().map_or(node, |(class, _)| class[node as usize]);
        let all: Vec<u32> = (0..graph.nodes() as u32).map(|node| position_of[class(node) as usize]).collect();
        let contracted = merged.as_ref().map_or(graph.children_graph(), |(_, contracted)| contracted);
        let children = renumbered(contracted, &position_of);
        let mut thresholds = vec![1; nodes];
        let mut gate = vec![NONE; nodes];
        for node in graph.len() as u32..graph.nodes() as u32 {
            thresholds[all[node as usize] as usize] = graph.threshold(node);
            gate[all[node as usize] as usize] = node - graph.len() as u32;
        }
        let soft = Soft::of(graph, &all);
        let mut position = all;
        position.truncate(graph.len());
        let pairs: Vec<(u32, u32)> = position.iter().copied().zip(0..).collect();
        Self {
            graph: graph.clone(),
            thresholds,
            parents: children.reversed(),
            children,
            cycles,
            elements: Csr::grouped(nodes, &pairs),
            gate,
            gates: graph.nodes() - graph.len(),
            soft,
            position,
        }
    }

    pub(super) fn nodes(&self) -> usize {
        self.thresholds.len()
    }
}

impl Soft {
    /// `position` holds the positions of elements and gates.
    fn of(graph: &FailureGraph, position: &[u32]) -> Self {
        let pairs = ranked(graph);
        let count = pairs.last().map_or(0, |&(rank, _)| rank as usize + 1);
        let mut rank = vec![NONE; graph.len()];
        pairs.iter().for_each(|&(at, element)| rank[element as usize] = at);
        let elements = Csr::grouped(count, &pairs);
        let mut by_position = Vec::new();
        let mut by_gate = Vec::new();
        let mut by_rank = Vec::new();
        for &(at, element) in &pairs {
            if 1 < elements.targets(at).len() {
                by_position.push((at, position[element as usize]));
            }
            let gates = graph.children(element).iter().rev().take_while(|&&child| graph.is_gate(child));
            by_gate.extend(gates.map(|&gate| (at, gate - graph.len() as u32)));
            for &member in graph.optional(element) {
                by_position.push((at, position[member as usize]));
                let member = rank[member as usize];
                if member != NONE && member != at {
                    by_rank.push((at, member));
                }
            }
        }
        let nodes = position.iter().max().map_or(0, |&last| last as usize + 1);
        let both = |rows: usize, pairs: Vec<(u32, u32)>| {
            let turned: Vec<(u32, u32)> = pairs.iter().map(|&(rank, of)| (of, rank)).collect();
            (Csr::grouped(count, &pairs), Csr::grouped(rows, &turned))
        };
        let (positions, after_position) = both(nodes, by_position);
        let (gates, after_gate) = both(graph.nodes() - graph.len(), by_gate);
        let (ranks, after_rank) = both(count, by_rank);
        Self { rank, count, positions, gates, ranks, after_position, after_gate, after_rank }
    }
}

/// The elements that can be degraded with their ranks, ascending by rank.
fn ranked(graph: &FailureGraph) -> Vec<(u32, u32)> {
    let elements = graph.len() as u32;
    let optional = |element: u32| !graph.optional(element).is_empty();
    let grouped = |element: u32| graph.children(element).last().is_some_and(|&child| graph.is_gate(child));
    if !(0..elements).any(optional) {
        return (0..).zip((0..elements).filter(|&element| grouped(element))).collect();
    }
    let components = Components::of(graph.optional_graph());
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    let mut last = None;
    let mut next = 0;
    for element in components.order().into_iter().filter(|&element| optional(element) || grouped(element)) {
        let component = components.component(element);
        next += u32::from(last.replace(component).is_some_and(|last| last != component));
        pairs.push((next, element));
    }
    pairs
}

/// Makes one node of the elements that fail together: the cycles of single required members.
fn contract(graph: &FailureGraph, components: &Components) -> (Vec<u32>, Csr) {
    let elements = graph.len() as u32;
    let mut cyclic = Vec::new();
    for element in 0..elements {
        let single = graph.children(element).iter().take_while(|&&child| child < elements);
        let near = single.filter(|&&child| components.component(child) == components.component(element));
        cyclic.extend(near.map(|&child| (element, child)));
    }
    let classes = Components::of(&Csr::from_edges(graph.len(), &cyclic));
    let mut class: Vec<u32> = (0..elements).map(|element| classes.component(element)).collect();
    class.extend((0..(graph.nodes() - graph.len()) as u32).map(|gate| classes.count() as u32 + gate));
    let nodes = classes.count() + graph.nodes() - graph.len();
    let mut edges = Vec::with_capacity(graph.children_graph().edges());
    for node in 0..graph.nodes() as u32 {
        let own = class[node as usize];
        edges.extend(graph.children(node).iter().map(|&child| (own, class[child as usize])));
    }
    let gates_from = classes.count() as u32;
    let (mut single, groups): (Vec<_>, Vec<_>) = edges.into_iter().partition(|&(from, _)| from < gates_from);
    single.retain(|(from, to)| from != to);
    single.sort_unstable();
    single.dedup();
    single.extend(groups);
    (class, Csr::with_parallel_edges(nodes, &single))
}

/// The same graph with other numbers; rows ascend.
fn renumbered(graph: &Csr, number: &[u32]) -> Csr {
    let mut old = vec![0_u32; number.len()];
    number.iter().enumerate().for_each(|(node, &new)| old[new as usize] = node as u32);
    let rows = old.iter().map(|&node| graph.targets(node).iter().map(|&target| number[target as usize]));
    Csr::from_rows(rows)
}
