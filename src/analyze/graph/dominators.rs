//! Immediate dominators.

use super::Csr;

const NONE: u32 = u32::MAX;

/// The dominator tree of the nodes that a root reaches.
///
/// A node *dominates* another when every path from the root to the other goes through it. Where things are reached over
/// any path that lives, what dominates is a single point of failure for all that it dominates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dominators {
    root: u32,
    /// Per node its immediate dominator; itself for the root, `NONE` when the root does not reach it.
    idom: Vec<u32>,
    /// The nodes that the root reaches, each after its immediate dominator.
    order: Vec<u32>,
}

impl Dominators {
    /// Finds them with the Semi-NCA algorithm (Georgiadis, "Linear-time algorithms for dominators and related
    /// problems", 2005): quadratic at worst, near linear on every graph met in practice, and without recursion.
    ///
    /// # Panics
    ///
    /// If `root` is not a node of the graph.
    pub fn of(graph: &Csr, root: u32) -> Self {
        let mut walk = Walk::from(graph, root);
        walk.find_semidominators();
        let (reached, semi) = (walk.order.len(), walk.semi);
        let mut dominator = walk.parent;
        for number in 1..reached {
            let mut candidate = dominator[number];
            while semi[number] < candidate {
                candidate = dominator[candidate as usize];
            }
            dominator[number] = candidate;
        }
        let mut idom = vec![NONE; graph.nodes()];
        for (number, &node) in walk.order.iter().enumerate() {
            idom[node as usize] = walk.order[dominator[number] as usize];
        }
        Self { root, idom, order: walk.order }
    }

    /// The node that all paths started from.
    pub fn root(&self) -> u32 {
        self.root
    }

    /// The immediate dominator of a node: none for the root and for what the root does not reach.
    ///
    /// # Panics
    ///
    /// If `node` is not a node of the graph.
    pub fn immediate(&self, node: u32) -> Option<u32> {
        let dominator = self.idom[node as usize];
        (dominator != NONE && node != self.root).then_some(dominator)
    }

    /// Whether the root reaches a node.
    ///
    /// # Panics
    ///
    /// If `node` is not a node of the graph.
    pub fn reaches(&self, node: u32) -> bool {
        self.idom[node as usize] != NONE
    }

    /// The nodes that the root reaches, each after its immediate dominator.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Per node, how many nodes it dominates, itself among them; 0 for what the root does not reach.
    pub fn dominated(&self) -> Vec<u32> {
        let mut dominated = vec![0; self.idom.len()];
        for &node in self.order.iter().rev() {
            dominated[node as usize] += 1;
            if let Some(dominator) = self.immediate(node) {
                dominated[dominator as usize] += dominated[node as usize];
            }
        }
        dominated
    }
}

/// A depth-first walk. Nodes have numbers in the order of the walk, from 0 for the root.
struct Walk {
    /// By number the node, and the number of its parent (0 for the root).
    order: Vec<u32>,
    parent: Vec<u32>,
    /// By number the lowest number that an edge comes from; in the end the semidominator.
    semi: Vec<u32>,
    /// Edges, target and source, that lead to an earlier number.
    late: Vec<(u32, u32)>,
}

/// Late edges are put in order of their targets in runs of this many numbers, which a core's cache holds.
const RUN: usize = 1 << 12;

impl Walk {
    fn from(graph: &Csr, root: u32) -> Self {
        let mut walk = Self { order: vec![root], parent: vec![0], semi: vec![0], late: Vec::new() };
        let mut numbers = vec![NONE; graph.nodes()];
        numbers[root as usize] = 0;
        let mut frames = vec![(0_u32, graph.edge_range(root))];
        while let Some((number, edges)) = frames.last_mut() {
            let Some(edge) = edges.next() else {
                frames.pop();
                continue;
            };
            let target = graph.edge_target(edge);
            match numbers[target as usize] {
                NONE => {
                    let next = walk.order.len() as u32;
                    numbers[target as usize] = next;
                    walk.order.push(target);
                    walk.parent.push(*number);
                    walk.semi.push(*number);
                    frames.push((next, graph.edge_range(target)));
                }
                seen if seen < *number => walk.late.push((seen, *number)),
                // The source of any other edge is not linked yet when the target is: it stands for itself.
                seen => walk.semi[seen as usize] = walk.semi[seen as usize].min(*number),
            }
        }
        walk
    }

    fn find_semidominators(&mut self) {
        let mut forest: Vec<Link> = self.parent.iter().zip(0..).map(|(&up, low)| Link { up, low }).collect();
        let mut stack = Vec::new();
        let late = by_run(std::mem::take(&mut self.late), self.order.len());
        for (run, edges) in late.iter().enumerate().rev() {
            let start = run * RUN;
            let end = (start + RUN).min(self.order.len());
            let local: Vec<(u32, u32)> =
                edges.iter().map(|&(target, source)| (target - start as u32, source)).collect();
            let sources = Csr::grouped(end - start, &local);
            for number in (start.max(1)..end).rev() {
                let mut best = self.semi[number];
                for &source in sources.targets((number - start) as u32) {
                    best = best.min(lowest(&mut forest, source, number as u32 + 1, &mut stack));
                }
                self.semi[number] = best;
                forest[number].low = best;
            }
        }
    }
}

fn by_run(edges: Vec<(u32, u32)>, numbers: usize) -> Vec<Vec<(u32, u32)>> {
    let mut counts = vec![0; numbers.div_ceil(RUN)];
    edges.iter().for_each(|edge| counts[edge.0 as usize / RUN] += 1);
    let mut runs: Vec<Vec<(u32, u32)>> = counts.into_iter().map(Vec::with_capacity).collect();
    edges.into_iter().for_each(|edge| runs[edge.0 as usize / RUN].push(edge));
    runs
}

/// An ancestor to jump to, and the lowest semidominator on the way there, the ancestor's left out.
#[derive(Clone, Copy)]
struct Link {
    up: u32,
    low: u32,
}

/// The lowest semidominator on the linked path above `node`, which is shortened on the way.
fn lowest(forest: &mut [Link], node: u32, linked_from: u32, stack: &mut Vec<u32>) -> u32 {
    let mut at = node;
    while linked_from <= forest[at as usize].up {
        stack.push(at);
        at = forest[at as usize].up;
    }
    let Link { up, mut low } = forest[at as usize];
    while let Some(at) = stack.pop() {
        low = low.min(forest[at as usize].low);
        forest[at as usize] = Link { up, low };
    }
    low
}

#[cfg(test)]
mod tests {
    use petgraph::algo::dominators::simple_fast;
    use petgraph::graph::DiGraph;
    use proptest::prelude::*;

    use super::*;

    fn edges() -> impl Strategy<Value = (usize, Vec<(u32, u32)>)> {
        (1_usize..40).prop_flat_map(|nodes| {
            let node = 0..nodes as u32;
            (Just(nodes), proptest::collection::vec((node.clone(), node), 0..3 * nodes))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn equals_petgraph((nodes, edges) in edges()) {
            let dominators = Dominators::of(&Csr::from_edges(nodes, &edges), 0);
            let mut oracle = DiGraph::<(), ()>::new();
            (0..nodes).for_each(|_| { oracle.add_node(()); });
            edges.iter().for_each(|&(a, b)| { oracle.add_edge(a.into(), b.into(), ()); });
            let expected = simple_fast(&oracle, 0.into());
            for node in 0..nodes as u32 {
                let immediate = expected.immediate_dominator(node.into()).map(|node| node.index() as u32);
                prop_assert_eq!(dominators.immediate(node), immediate);
                let dominated = (0..nodes as u32).filter(|&other| {
                    expected.dominators(other.into()).is_some_and(|mut all| all.any(|at| at == node.into()))
                });
                prop_assert_eq!(dominators.dominated()[node as usize] as usize, dominated.count());
            }
        }
    }

    #[test]
    fn a_long_chain_dominates_all_along() {
        let nodes = 1_000_000;
        let chain: Vec<(u32, u32)> = (1..nodes).map(|node| (node - 1, node)).collect();
        let dominators = Dominators::of(&Csr::from_edges(nodes as usize, &chain), 0);
        assert_eq!(dominators.immediate(nodes - 1), Some(nodes - 2));
        assert_eq!(dominators.dominated()[1], nodes - 1);
    }
}
