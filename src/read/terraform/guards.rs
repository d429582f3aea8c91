//! Who lets requests in: a gateway asks before it hands a request on, so that what stands behind the guarded part
//! needs who answers, and the other parts do not.

use std::collections::BTreeSet;

use super::graph::{Graph, Link};
use super::knowledge::links;
use super::nodes::is_node;

/// A part leads to its program through so many others.
const MAX_STEPS: usize = 4;

/// Hands what guarded parts of gateways ask on to the programs behind them.
pub(super) fn turn(graph: &mut Graph<'_>) {
    for part in 0..graph.items.len() {
        let Some(attribute) = links().guard(&graph.items[part].type_name) else { continue };
        let leaves = &graph.items[part].leaves.leaves;
        let asks = |link: &&Link| link.written_in == part && leaves[link.leaf].path == attribute;
        let asked: Vec<Link> = graph.links[part].iter().filter(asks).cloned().collect();
        if asked.is_empty() {
            continue;
        }
        let guards: BTreeSet<usize> = asked.iter().map(|link| link.to).collect();
        let programs = programs_behind(graph, part, &guards);
        if programs.is_empty() {
            continue;
        }
        graph.links[part].retain(|link| !guards.contains(&link.to));
        for program in programs {
            graph.links[program].extend(asked.iter().cloned());
        }
    }
}

/// The programs to which a part, or what is written for it, leads other than over its guards.
fn programs_behind(graph: &Graph<'_>, part: usize, guards: &BTreeSet<usize>) -> BTreeSet<usize> {
    let written_for = graph.referrers[part].iter().copied().filter(|other| !is_node(graph, *other));
    let mut open: Vec<usize> = std::iter::once(part).chain(written_for).collect();
    let mut seen: BTreeSet<usize> = open.iter().copied().chain(guards.iter().copied()).collect();
    let mut programs = BTreeSet::new();
    for _ in 0..MAX_STEPS {
        for from in std::mem::take(&mut open) {
            for to in graph.links[from].iter().map(|link| link.to) {
                if !seen.insert(to) {
                    continue;
                }
                if graph.items[to].is_compute() {
                    programs.insert(to);
                } else if !is_node(graph, to) {
                    open.push(to);
                }
            }
        }
    }
    programs
}
