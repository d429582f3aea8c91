//! The graph engine on layered graphs of 10 000 to 1 000 000 elements.
//!
//! `cargo bench --bench graph`; a word after `--` picks benches by name. `scripts/compare-peers` sets the same work beside
//! other programs.

use divan::Bencher;
use divan::counter::ItemsCount;
use linchpin::analyze::graph::{
    Components, Csr, Cuts, Dominators, FailureGraph, FailureGraphBuilder, Need, Scenario, Service,
    SingleFailures, shortest_path,
};

#[path = "support/layered.rs"]
mod layered;

use layered::{gated, layered, required};

const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];

fn main() {
    divan::main();
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn build_csr(bencher: Bencher<'_, '_>, nodes: u32) {
    let edges = layered(nodes, 42);
    bencher.counter(ItemsCount::new(nodes)).bench_local(|| Csr::from_edges(nodes as usize, &edges));
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn build_failure_graph(bencher: Bencher<'_, '_>, nodes: u32) {
    let edges = layered(nodes, 42);
    bencher.counter(ItemsCount::new(nodes)).bench_local(|| required(nodes, &edges));
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn components(bencher: Bencher<'_, '_>, nodes: u32) {
    let graph = Csr::from_edges(nodes as usize, &layered(nodes, 42));
    bencher.counter(ItemsCount::new(nodes)).bench_local(|| Components::of(&graph));
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn dominators(bencher: Bencher<'_, '_>, nodes: u32) {
    let graph = Csr::from_edges(nodes as usize, &layered(nodes, 42));
    bencher.counter(ItemsCount::new(nodes)).bench_local(|| Dominators::of(&graph, 0));
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn cuts(bencher: Bencher<'_, '_>, nodes: u32) {
    let edges = layered(nodes, 42);
    bencher.counter(ItemsCount::new(nodes)).bench_local(|| Cuts::of(nodes as usize, &edges));
}

#[divan::bench(args = SIZES)]
fn path_to_the_deepest(bencher: Bencher<'_, '_>, nodes: u32) {
    let graph = Csr::from_edges(nodes as usize, &layered(nodes, 42));
    bencher.bench_local(|| shortest_path(&graph, 0, nodes - 1));
}

/// One element of the upper layers fails: a small cone.
#[divan::bench(args = SIZES)]
fn scenario_small(bencher: Bencher<'_, '_>, nodes: u32) {
    scenario(bencher, &gated(nodes, &layered(nodes, 42)), nodes / 4);
}

/// One element of the deepest layer fails: most of the graph falls.
#[divan::bench(args = SIZES)]
fn scenario_large(bencher: Bencher<'_, '_>, nodes: u32) {
    scenario(bencher, &required(nodes, &layered(nodes, 42)), nodes - 1);
}

fn scenario(bencher: Bencher<'_, '_>, graph: &FailureGraph, element: u32) {
    let mut scenario = Scenario::new(graph);
    bencher.bench_local(|| {
        scenario.fail(&[element]);
        scenario.failed().count()
    });
}

#[divan::bench(args = [10_000, 100_000], sample_count = 3, sample_size = 1)]
fn single_failures_required(bencher: Bencher<'_, '_>, nodes: u32) {
    single_failures(bencher, &required(nodes, &layered(nodes, 42)));
}

#[divan::bench(args = [10_000, 100_000], sample_count = 3, sample_size = 1)]
fn single_failures_gated(bencher: Bencher<'_, '_>, nodes: u32) {
    single_failures(bencher, &gated(nodes, &layered(nodes, 42)));
}

/// Everything is a service, in four tiers and with a hundred weights.
fn single_failures(bencher: Bencher<'_, '_>, graph: &FailureGraph) {
    let service =
        |element: u32| Service { element, tier: (element % 4) as u8, weight: 1 + u64::from(element % 100) };
    let services: Vec<Service> = (0..graph.len() as u32).map(service).collect();
    bencher.counter(ItemsCount::new(graph.len())).bench_local(|| SingleFailures::new(graph, &services));
}

/// The builder alone, requirement by requirement, in no order.
#[divan::bench(args = [10_000, 100_000], sample_count = 5)]
fn build_in_any_order(bencher: Bencher<'_, '_>, nodes: u32) {
    let mut edges = layered(nodes, 42);
    edges.sort_unstable_by_key(|&(from, to)| (to.wrapping_mul(0x9E37_79B9), from));
    bencher.bench_local(|| {
        let mut builder = FailureGraphBuilder::new(nodes as usize);
        edges.iter().for_each(|&(from, to)| builder.require(from, Need::Required, 1, &[to]));
        builder.build()
    });
}
