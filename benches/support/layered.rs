//! Seeded layered dependency graphs, about 5.5 edges a node, the same ones on every machine.
//!
//! Node 0 is the root and depends on every entry service; the others stand in ten layers from entry services down to
//! providers. Four fifths of the edges lead to the next layer, the rest deeper; popularity is skewed; each node has a
//! dependent one layer up; a tenth needs nothing but what that asks of it; one edge in ten thousand has a mirror image, so
//! there are small cycles.

use linchpin::analyze::graph::{Csr, FailureGraph, FailureGraphBuilder, Need};

/// How the nodes are spread over the layers.
const SHARES: [f64; 10] = [0.10, 0.20, 0.20, 0.15, 0.12, 0.10, 0.06, 0.04, 0.02, 0.01];

/// The edges of the graph of `nodes` nodes: `(u, v)` says that `u` depends on `v`.
pub(crate) fn layered(nodes: u32, seed: u64) -> Vec<(u32, u32)> {
    let mut random = Random { seed, counter: 0 };
    let bounds = bounds(nodes);
    let mut edges: Vec<(u32, u32)> = (bounds[0]..bounds[1]).map(|entry| (0, entry)).collect();
    for layer in 0..SHARES.len() - 1 {
        edges.extend(layer_edges(&bounds, layer, &mut random));
    }
    edges.sort_unstable();
    edges.dedup();
    let mirrored: Vec<bool> = edges.iter().map(|_| random.next() < 1e-4).collect();
    let mirrors: Vec<(u32, u32)> = edges
        .iter()
        .zip(mirrored)
        .filter(|&(&(u, _), mirrored)| mirrored && u != 0)
        .map(|(&(u, v), _)| (v, u))
        .collect();
    edges.extend(mirrors);
    edges
}

/// The graph in which every dependency is required.
pub(crate) fn required(nodes: u32, edges: &[(u32, u32)]) -> FailureGraph {
    let mut builder = FailureGraphBuilder::new(nodes as usize);
    for &(from, to) in edges {
        builder.require(from, Need::Required, 1, &[to]);
    }
    builder.build()
}

/// Half of the elements need all of their dependencies, a quarter any of them, an eighth all but one; for an eighth they
/// are optional.
pub(crate) fn gated(nodes: u32, edges: &[(u32, u32)]) -> FailureGraph {
    let graph = Csr::from_edges(nodes as usize, edges);
    let mut builder = FailureGraphBuilder::new(nodes as usize);
    for element in 0..nodes {
        let members = graph.targets(element);
        let all = members.len() as u32;
        match element % 8 {
            0 | 3 => builder.require(element, Need::Required, 1, members),
            1 => builder.require(element, Need::Required, all.saturating_sub(1), members),
            2 => builder.require(element, Need::Optional, all, members),
            _ => builder.require(element, Need::Required, all, members),
        }
    }
    builder.build()
}

/// Where each layer starts, and where the last one ends.
fn bounds(nodes: u32) -> Vec<u32> {
    let mut bounds = vec![1];
    let mut sum = 0.0;
    for share in SHARES {
        sum += share;
        bounds.push(1 + (sum * f64::from(nodes - 1)).round_ties_even() as u32);
    }
    bounds[SHARES.len()] = nodes;
    bounds
}

fn layer_edges(bounds: &[u32], layer: usize, random: &mut Random) -> Vec<(u32, u32)> {
    let (low, high) = (bounds[layer], bounds[layer + 1]);
    let within = |share: f64, low: u32, high: u32| low + (share * f64::from(high - low)) as u32;
    let covered = high..bounds[layer + 2];
    let mut edges: Vec<(u32, u32)> = covered.map(|below| (within(random.next(), low, high), below)).collect();
    let mut degrees: Vec<u32> = (low..high).map(|_| 2 + (random.next() * 7.0) as u32).collect();
    degrees.iter_mut().for_each(|degree| *degree *= u32::from(0.1 <= random.next()));
    let sources: Vec<u32> = (low..high)
        .zip(degrees)
        .flat_map(|(node, degree)| std::iter::repeat_n(node, degree as usize))
        .collect();
    let deeper: Vec<bool> = sources.iter().map(|_| random.next() < 0.2).collect();
    let depth: Vec<f64> = sources.iter().map(|_| random.next()).collect();
    for ((source, deeper), depth) in sources.into_iter().zip(deeper).zip(depth) {
        let further = if deeper { (depth * (SHARES.len() - 1 - layer) as f64) as usize } else { 0 };
        let target = layer + 1 + further;
        let popularity = random.next();
        edges.push((source, within(popularity * popularity, bounds[target], bounds[target + 1])));
    }
    edges
}

/// SplitMix64 over a counter.
struct Random {
    seed: u64,
    counter: u64,
}

impl Random {
    /// The next number from 0 up to 1.
    fn next(&mut self) -> f64 {
        self.counter += 1;
        let mixed = (self.seed << 32).wrapping_add(self.counter.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
