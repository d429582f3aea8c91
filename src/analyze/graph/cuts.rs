//! Nodes and links whose loss splits an undirected graph.

/// The articulation points and bridges of an undirected graph, which may have parallel edges and loops.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cuts {
    /// Nodes whose loss splits what was connected, ascending.
    pub articulation_points: Vec<u32>,
    /// Edges, by position in the list given, whose loss splits what was connected, ascending.
    ///
    /// Of two edges between the same nodes neither is one.
    pub bridges: Vec<u32>,
}

struct Frame {
    node: u32,
    /// The edge that led here; none at the start of a walk.
    by: Option<u32>,
    next: u32,
    children: u32,
}

impl Cuts {
    /// Finds them with one depth-first walk (Hopcroft and Tarjan), O(nodes + edges), with a stack of its own.
    ///
    /// # Panics
    ///
    /// If an edge names a node that is not below `nodes`, or if there are 2^31 edges or more.
    pub fn of(nodes: usize, edges: &[(u32, u32)]) -> Self {
        let links = Links::of(nodes, edges);
        let mut number = vec![0_u32; nodes];
        let mut low = vec![0_u32; nodes];
        let mut splits = vec![false; nodes];
        let mut bridges = Vec::new();
        let mut count = 0;
        let mut frames: Vec<Frame> = Vec::new();
        for root in 0..nodes as u32 {
            if number[root as usize] != 0 {
                continue;
            }
            links.enter(root, None, &mut count, &mut number, &mut low, &mut frames);
            while let Some(frame) = frames.last_mut() {
                let node = frame.node as usize;
                if frame.next < links.starts[node + 1] {
                    let (target, edge) = links.ends[frame.next as usize];
                    frame.next += 1;
                    if Some(edge) == frame.by {
                        continue;
                    }
                    if number[target as usize] == 0 {
                        frame.children += 1;
                        links.enter(target, Some(edge), &mut count, &mut number, &mut low, &mut frames);
                    } else {
                        low[node] = low[node].min(number[target as usize]);
                    }
                    continue;
                }
                let (by, children) = (frame.by, frame.children);
                frames.pop();
                match (frames.last(), by) {
                    (Some(above), Some(edge)) => {
                        let parent = above.node as usize;
                        low[parent] = low[parent].min(low[node]);
                        if number[parent] < low[node] {
                            bridges.push(edge);
                        }
                        splits[parent] |= above.by.is_some() && number[parent] <= low[node];
                    }
                    _ => splits[node] = 1 < children,
                }
            }
        }
        bridges.sort_unstable();
        let articulation_points = (0..nodes as u32).filter(|&node| splits[node as usize]).collect();
        Self { articulation_points, bridges }
    }
}

/// Per node the other ends of its edges, with the edge's position in the list given.
struct Links {
    starts: Vec<u32>,
    ends: Vec<(u32, u32)>,
}

impl Links {
    fn of(nodes: usize, edges: &[(u32, u32)]) -> Self {
        assert!(edges.len() < 1 << 31, "an undirected graph has fewer than 2^31 edges");
        let mut starts = vec![0_u32; nodes + 2];
        for &(a, b) in edges {
            starts[a as usize + 2] += 1;
            starts[b as usize + 2] += 1;
        }
        for node in 2..starts.len() {
            starts[node] += starts[node - 1];
        }
        let mut ends = vec![(0, 0); 2 * edges.len()];
        for (edge, &(a, b)) in edges.iter().enumerate() {
            for (from, to) in [(a, b), (b, a)] {
                let slot = &mut starts[from as usize + 1];
                ends[*slot as usize] = (to, edge as u32);
                *slot += 1;
            }
        }
        Self { starts, ends }
    }

    fn enter(
        &self,
        node: u32,
        by: Option<u32>,
        count: &mut u32,
        number: &mut [u32],
        low: &mut [u32],
        frames: &mut Vec<Frame>,
    ) {
        *count += 1;
        number[node as usize] = *count;
        low[node as usize] = *count;
        frames.push(Frame { node, by, next: self.starts[node as usize], children: 0 });
    }
}

#[cfg(test)]
mod tests {
    use petgraph::unionfind::UnionFind;
    use proptest::prelude::*;

    use super::*;

    fn parts(nodes: usize, edges: impl Iterator<Item = (u32, u32)>) -> usize {
        let mut sets = UnionFind::new(nodes);
        nodes - edges.filter(|&(a, b)| sets.union(a as usize, b as usize)).count()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn equal_to_taking_each_out(
            edges in proptest::collection::vec((0_u32..12, 0_u32..12), 0..24),
        ) {
            let nodes = 12;
            let whole = parts(nodes, edges.iter().copied());
            let cuts = Cuts::of(nodes, &edges);
            let bridges: Vec<u32> = (0..edges.len())
                .filter(|&out| {
                    let rest = edges.iter().enumerate().filter(|&(at, _)| at != out).map(|(_, &edge)| edge);
                    whole < parts(nodes, rest)
                })
                .map(|edge| edge as u32)
                .collect();
            prop_assert_eq!(&cuts.bridges, &bridges);
            let points: Vec<u32> = (0..nodes as u32)
                .filter(|&out| {
                    let rest = edges.iter().copied().filter(|&(a, b)| a != out && b != out);
                    // The node taken out stays as a part of its own.
                    whole + 1 < parts(nodes, rest)
                })
                .collect();
            prop_assert_eq!(&cuts.articulation_points, &points);
        }
    }

    #[test]
    fn two_parallel_links_are_no_bridge() {
        let cuts = Cuts::of(3, &[(0, 1), (0, 1), (1, 2)]);
        assert_eq!(cuts.bridges, [2]);
        assert_eq!(cuts.articulation_points, [1]);
    }

    #[test]
    fn a_long_chain_is_all_bridges() {
        let nodes = 1_000_000;
        let chain: Vec<(u32, u32)> = (1..nodes).map(|node| (node - 1, node)).collect();
        let cuts = Cuts::of(nodes as usize, &chain);
        assert_eq!(cuts.bridges.len(), nodes as usize - 1);
        assert_eq!(cuts.articulation_points.len(), nodes as usize - 2);
    }
}
