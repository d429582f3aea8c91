//! Strongly connected components and the order that they give.

use super::Csr;

/// The strongly connected components of a graph, numbered so that an edge between two of them leads to the lower one.
///
/// Read as "needs", edges lead from what needs to what is needed; what is needed comes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Components {
    component: Vec<u32>,
    count: usize,
}

struct Frame {
    node: u32,
    next_edge: u32,
    index: u32,
}

impl Components {
    /// Finds them with one walk: Pearce's variant of Tarjan's algorithm ("A space-efficient algorithm for finding
    /// strongly connected components", 2016), O(nodes + edges), with a stack of its own.
    pub fn of(graph: &Csr) -> Self {
        let nodes = graph.nodes();
        // 0 is unvisited; indices count up, finished components count down from `u32::MAX` and so are never lower.
        let mut index_of = vec![0_u32; nodes];
        let mut index = 1_u32;
        let mut finished = u32::MAX;
        let mut frames: Vec<Frame> = Vec::new();
        let mut waiting: Vec<u32> = Vec::new();
        for root in 0..nodes as u32 {
            if index_of[root as usize] != 0 {
                continue;
            }
            enter(graph, root, &mut index_of, &mut index, &mut frames);
            while let Some(frame) = frames.last_mut() {
                if frame.next_edge < graph.edge_range(frame.node).end {
                    let target = graph.edge_target(frame.next_edge);
                    frame.next_edge += 1;
                    let node = frame.node;
                    match index_of[target as usize] {
                        0 => enter(graph, target, &mut index_of, &mut index, &mut frames),
                        seen if seen < index_of[node as usize] => index_of[node as usize] = seen,
                        _ => {}
                    }
                    continue;
                }
                let (node, own) = (frame.node, frame.index);
                frames.pop();
                let low = index_of[node as usize];
                if low < own {
                    waiting.push(node);
                } else {
                    index -= 1;
                    while let Some(member) = waiting.pop_if(|member| low <= index_of[*member as usize]) {
                        index_of[member as usize] = finished;
                        index -= 1;
                    }
                    index_of[node as usize] = finished;
                    finished -= 1;
                }
                if let Some(parent) = frames.last() {
                    let slot = parent.node as usize;
                    index_of[slot] = index_of[slot].min(index_of[node as usize]);
                }
            }
        }
        index_of.iter_mut().for_each(|index| *index = u32::MAX - *index);
        Self { component: index_of, count: (u32::MAX - finished) as usize }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The component of a node.
    ///
    /// # Panics
    ///
    /// If `node` is not a node of the graph.
    #[inline]
    pub fn component(&self, node: u32) -> u32 {
        self.component[node as usize]
    }

    /// The nodes of each component, ascending: row `c` is component `c`.
    pub fn members(&self) -> Csr {
        let pairs: Vec<(u32, u32)> = self.component.iter().copied().zip(0..).collect();
        Csr::grouped(self.count, &pairs)
    }

    /// All nodes, targets of edges before their sources save inside a component; ascending within a component.
    pub fn order(&self) -> Vec<u32> {
        let members = self.members();
        (0..self.count as u32).flat_map(|component| members.targets(component).iter().copied()).collect()
    }

    /// The graph of the components: one node for each, an edge where an edge leads from one to another.
    pub fn condensation(&self, graph: &Csr) -> Csr {
        let mut edges = Vec::new();
        for node in 0..graph.nodes() as u32 {
            let from = self.component(node);
            let targets = graph.targets(node).iter().map(|&target| (from, self.component(target)));
            edges.extend(targets.filter(|(from, to)| from != to));
        }
        Csr::from_edges(self.count, &edges)
    }
}

fn enter(graph: &Csr, node: u32, index_of: &mut [u32], index: &mut u32, frames: &mut Vec<Frame>) {
    index_of[node as usize] = *index;
    frames.push(Frame { node, next_edge: graph.edge_range(node).start, index: *index });
    *index += 1;
}

#[cfg(test)]
mod tests {
    use petgraph::algo::kosaraju_scc;
    use petgraph::graph::DiGraph;
    use proptest::prelude::*;

    use super::*;

    fn edges() -> impl Strategy<Value = (usize, Vec<(u32, u32)>)> {
        (1_usize..30).prop_flat_map(|nodes| {
            let node = 0..nodes as u32;
            (Just(nodes), proptest::collection::vec((node.clone(), node), 0..3 * nodes))
        })
    }

    proptest! {
        #[test]
        fn equals_petgraph((nodes, edges) in edges()) {
            let graph = Csr::from_edges(nodes, &edges);
            let components = Components::of(&graph);
            let mut oracle = DiGraph::<(), ()>::new();
            (0..nodes).for_each(|_| { oracle.add_node(()); });
            edges.iter().for_each(|&(a, b)| { oracle.add_edge(a.into(), b.into(), ()); });
            let expected = kosaraju_scc(&oracle);
            prop_assert_eq!(components.count(), expected.len());
            let members = components.members();
            for set in expected {
                let mut set: Vec<u32> = set.into_iter().map(|node| node.index() as u32).collect();
                set.sort_unstable();
                prop_assert_eq!(members.targets(components.component(set[0])), &set[..]);
            }
            for node in 0..nodes as u32 {
                for &target in graph.targets(node) {
                    prop_assert!(components.component(target) <= components.component(node));
                }
            }
            let condensed = components.condensation(&graph);
            prop_assert_eq!(Components::of(&condensed).count(), condensed.nodes());
            prop_assert_eq!(components.order().len(), nodes);
        }
    }

    #[test]
    fn long_chain_and_long_cycle() {
        let nodes = 1_000_000;
        let chain: Vec<(u32, u32)> = (1..nodes).map(|node| (node - 1, node)).collect();
        let components = Components::of(&Csr::from_edges(nodes as usize, &chain));
        assert_eq!(components.count(), nodes as usize);
        assert_eq!(components.component(nodes - 1), 0);
        let cycle: Vec<(u32, u32)> = (0..nodes).map(|node| (node, (node + 1) % nodes)).collect();
        assert_eq!(Components::of(&Csr::from_edges(nodes as usize, &cycle)).count(), 1);
    }
}
