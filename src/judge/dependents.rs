//! Who needs a node, directly or not.

use crate::model::{Edge, Estate, Id, Need, Node, Phase};

/// No more dependencies than this are followed in all without a bound on each walk.
const MOST_STEPS: usize = 1 << 26;

/// How many nodes a walk meets at most beyond that.
const NEAREST: usize = 1 << 10;

/// Which dependencies are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    /// All.
    All,
    /// Those at run time that have no alternative.
    Required,
}

/// The dependencies of an estate turned around, and room for walking them again and again.
pub(super) struct Dependents<'a> {
    /// In order of id.
    nodes: Vec<&'a Node>,
    starts: Vec<u32>,
    /// Who needs a node, and whether it is required.
    from: Vec<(u32, bool)>,
    /// Per node the walk that met it last.
    met_in: Vec<u32>,
    walk: u32,
    steps: usize,
    /// How many walks were cut short.
    pub(super) cut: usize,
}

impl<'a> Dependents<'a> {
    pub(super) fn of(estate: &'a Estate) -> Self {
        let nodes: Vec<&Node> = estate.nodes.values().collect();
        let numbers = estate.numbers();
        let number = |id: &Id| numbers.get(id).copied();
        let end = |edge: &Edge| Some((number(&edge.to)? as usize, (number(&edge.from)?, is_required(edge))));
        let ends: Vec<(usize, (u32, bool))> = estate.edges.iter().filter_map(end).collect();
        let mut starts = vec![0_u32; nodes.len() + 1];
        ends.iter().for_each(|(to, _)| starts[to + 1] += 1);
        (0..nodes.len()).for_each(|at| starts[at + 1] += starts[at]);
        let mut next = starts.clone();
        let mut from = vec![(0, false); ends.len()];
        for (to, end) in ends {
            from[next[to] as usize] = end;
            next[to] += 1;
        }
        Dependents { met_in: vec![0; nodes.len()], nodes, starts, from, walk: 0, steps: 0, cut: 0 }
    }

    /// The services from which dependencies lead to a node, itself included; sorted.
    pub(super) fn services(&mut self, node: &Id, follow: Follow) -> Vec<Id> {
        let Ok(start) = self.nodes.binary_search_by(|known| known.id.cmp(node)) else { return Vec::new() };
        let mut met = self.walk_from(start as u32, follow);
        met.retain(|at| self.nodes[*at as usize].is_service);
        met.sort_unstable();
        met.into_iter().map(|at| self.nodes[at as usize].id.clone()).collect()
    }

    /// The nodes that need one, nearest first.
    fn walk_from(&mut self, start: u32, follow: Follow) -> Vec<u32> {
        let most = if self.steps <= MOST_STEPS { usize::MAX } else { NEAREST };
        self.walk += 1;
        self.met_in[start as usize] = self.walk;
        let mut met = vec![start];
        let mut next = 0;
        while let Some(node) = met.get(next).map(|node| *node as usize) {
            if most <= met.len() {
                self.cut += 1;
                break;
            }
            next += 1;
            let ends = &self.from[self.starts[node] as usize..self.starts[node + 1] as usize];
            self.steps += ends.len();
            for &(from, required) in ends {
                let counts = required || follow == Follow::All;
                if counts && self.met_in[from as usize] != self.walk {
                    self.met_in[from as usize] = self.walk;
                    met.push(from);
                }
            }
        }
        met
    }
}

/// Whether the loss of what is needed is the loss of what needs it.
pub(super) fn is_required(edge: &Edge) -> bool {
    edge.phase == Phase::Runtime && edge.need == Need::Required && edge.group.is_none()
}
