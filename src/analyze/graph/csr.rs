//! A directed graph in compressed sparse rows.

/// A directed graph in compressed sparse rows: for each node the targets of its edges, ascending.
///
/// Immutable once built; 4 bytes an edge and 4 bytes a node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Csr {
    offsets: Vec<u32>,
    targets: Vec<u32>,
}

impl Csr {
    /// Builds the graph of `nodes` nodes from its edges, in any order. Equal edges become one.
    ///
    /// # Panics
    ///
    /// If an edge names a node that is not below `nodes`, or if there are 2^32 edges or more.
    pub fn from_edges(nodes: usize, edges: &[(u32, u32)]) -> Self {
        let mut graph = Self::with_parallel_edges(nodes, edges);
        graph.sort_and_dedup();
        graph
    }

    /// Builds the graph of `nodes` nodes and keeps equal edges apart. Targets stay in the order of `edges`.
    ///
    /// # Panics
    ///
    /// If an edge names a node that is not below `nodes`, or if there are 2^32 edges or more.
    pub fn with_parallel_edges(nodes: usize, edges: &[(u32, u32)]) -> Self {
        assert!(edges.iter().all(|&(_, to)| (to as usize) < nodes), "an edge leads to a node of the graph");
        Self::grouped(nodes, edges)
    }

    /// Builds rows of anything: for each row the second of its pairs, in the order given.
    pub(super) fn grouped(rows: usize, pairs: &[(u32, u32)]) -> Self {
        assert!(u32::try_from(pairs.len()).is_ok(), "a graph has fewer than 2^32 edges");
        let mut offsets = vec![0_u32; rows + 1];
        for &(from, _) in pairs {
            offsets[from as usize + 1] += 1;
        }
        for node in 0..rows {
            offsets[node + 1] += offsets[node];
        }
        let mut targets = vec![0_u32; pairs.len()];
        let mut next = offsets.clone();
        for &(from, to) in pairs {
            let slot = &mut next[from as usize];
            targets[*slot as usize] = to;
            *slot += 1;
        }
        Self { offsets, targets }
    }

    /// Builds the graph from the targets of each node's edges; rows are sorted, equal edges stay apart.
    pub(super) fn from_rows<R: Iterator<Item = u32>>(rows: impl Iterator<Item = R>) -> Self {
        let mut graph = Self { offsets: vec![0], targets: Vec::new() };
        for row in rows {
            let start = graph.targets.len();
            graph.targets.extend(row);
            graph.targets[start..].sort_unstable();
            graph.offsets.push(graph.targets.len() as u32);
        }
        graph
    }

    /// The number of nodes.
    pub fn nodes(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// The number of edges.
    pub fn edges(&self) -> usize {
        self.targets.len()
    }

    /// The targets of the edges that start at `node`.
    ///
    /// # Panics
    ///
    /// If `node` is not a node of the graph.
    #[inline]
    pub fn targets(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.targets[self.offsets[node] as usize..self.offsets[node + 1] as usize]
    }

    /// The indices of the edges that start at `node`, into the order in which [`Csr::edge_target`] counts them.
    #[inline]
    pub fn edge_range(&self, node: u32) -> std::ops::Range<u32> {
        self.offsets[node as usize]..self.offsets[node as usize + 1]
    }

    /// The target of the edge with this index.
    #[inline]
    pub fn edge_target(&self, edge: u32) -> u32 {
        self.targets[edge as usize]
    }

    /// The same graph with every edge turned around; targets ascend.
    pub fn reversed(&self) -> Self {
        let nodes = self.nodes();
        let mut offsets = vec![0_u32; nodes + 1];
        for &to in &self.targets {
            offsets[to as usize + 1] += 1;
        }
        for node in 0..nodes {
            offsets[node + 1] += offsets[node];
        }
        let mut targets = vec![0_u32; self.targets.len()];
        let mut next = offsets.clone();
        for from in 0..nodes {
            for &to in self.targets(from as u32) {
                let slot = &mut next[to as usize];
                targets[*slot as usize] = from as u32;
                *slot += 1;
            }
        }
        Self { offsets, targets }
    }

    fn sort_and_dedup(&mut self) {
        let mut kept = 0;
        let mut start = 0;
        for node in 0..self.nodes() {
            let end = self.offsets[node + 1] as usize;
            self.targets[start..end].sort_unstable();
            let row_start = kept;
            for read in start..end {
                let target = self.targets[read];
                if kept == row_start || self.targets[kept - 1] != target {
                    self.targets[kept] = target;
                    kept += 1;
                }
            }
            start = end;
            self.offsets[node + 1] = kept as u32;
        }
        self.targets.truncate(kept);
        self.targets.shrink_to_fit();
    }
}

/// One shortest path between two nodes, both among it; none when there is no path.
///
/// Of several the one that turns to lower nodes first, so that the same graph gives the same path.
///
/// # Panics
///
/// If either is not a node of the graph.
pub fn shortest_path(graph: &Csr, from: u32, to: u32) -> Option<Vec<u32>> {
    let mut came_from = vec![u32::MAX; graph.nodes()];
    came_from[from as usize] = from;
    let mut queue = vec![from];
    let mut next = 0;
    while came_from[to as usize] == u32::MAX {
        let &node = queue.get(next)?;
        next += 1;
        for &target in graph.targets(node) {
            if came_from[target as usize] == u32::MAX {
                came_from[target as usize] = node;
                queue.push(target);
            }
        }
    }
    let mut path = vec![to];
    let mut node = to;
    while node != from {
        node = came_from[node as usize];
        path.push(node);
    }
    path.reverse();
    Some(path)
}

#[cfg(test)]
mod tests {
    use petgraph::algo::dijkstra;
    use petgraph::graph::{DiGraph, NodeIndex};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shortest_paths_are_as_long_as_petgraphs(
            edges in proptest::collection::vec((0_u32..20, 0_u32..20), 0..50),
        ) {
            let graph = Csr::from_edges(20, &edges);
            let oracle = DiGraph::<(), ()>::from_edges(edges.iter().copied().chain([(19, 19)]));
            let lengths = dijkstra(&oracle, 0.into(), None, |_| 1_usize);
            for to in 0..20 {
                let path = shortest_path(&graph, 0, to);
                prop_assert_eq!(path.as_ref().map(|path| path.len() - 1), lengths.get(&NodeIndex::new(to as usize)).copied());
                for hop in path.iter().flat_map(|path| path.windows(2)) {
                    prop_assert!(edges.contains(&(hop[0], hop[1])));
                }
            }
        }

        #[test]
        fn turning_twice_changes_nothing(edges in proptest::collection::vec((0_u32..20, 0_u32..20), 0..50)) {
            let graph = Csr::from_edges(20, &edges);
            prop_assert_eq!(graph.reversed().reversed(), graph);
        }
    }
}
