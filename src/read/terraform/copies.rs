//! Copies of data: what is kept where, needed to recover.

use super::graph::{Graph, Item};
use super::knowledge::links;
use super::nodes::{is_node, scope_module};
use super::trace;
use super::world::World;
use crate::model::{Confidence, Edge, Need, Phase, Reference, Unit};
use crate::read::hosts;

/// Adds an edge from every source to where it is copied to; where the source is only a name, the copy refers to
/// it.
pub(super) fn read<'a>(world: &World<'a>, graph: &Graph<'a>, unit: &mut Unit) {
    for item in graph.items.iter().filter(|item| !item.foreign) {
        let Some((sources, destination, by_name)) = links().copies(&item.type_name) else { continue };
        if destination.is_empty() {
            continue;
        }
        let to = referred(graph, item, &[destination]);
        let from = match sources.as_slice() {
            [] => graph.index(&item.key).into_iter().collect(),
            sources => referred(graph, item, sources),
        };
        let evidence = || {
            let leaf = item.leaves.at(destination).next();
            leaf.map_or_else(
                || vec![item.declared.evidence()],
                |leaf| {
                    trace::evidence(world, scope_module(world, item), item.leaves.file, leaf.at, leaf.expr)
                },
            )
        };
        for source in &from {
            for copy in to.iter().filter(|copy| *copy != source) {
                unit.edges.push(Edge {
                    from: graph.items[*source].id.clone(),
                    to: graph.items[*copy].id.clone(),
                    phase: Phase::Recover,
                    need: Need::Optional,
                    group: None,
                    confidence: Confidence::Inferred,
                    evidence: evidence(),
                });
            }
        }
        for leaf in item.leaves.at(by_name).filter(|_| !by_name.is_empty()) {
            // A bucket of another configuration, by its name.
            let Some(name) = leaf.value.text() else { continue };
            let Some(target) = hosts::of_host(&format!("{name}.s3.amazonaws.com"), None, None) else {
                continue;
            };
            for copy in &to {
                unit.references.push(Reference {
                    from: graph.items[*copy].id.clone(),
                    target: target.clone(),
                    phase: Phase::Recover,
                    need: Need::Optional,
                    group: None,
                    confidence: Confidence::Inferred,
                    evidence: trace::evidence(
                        world,
                        scope_module(world, item),
                        item.leaves.file,
                        leaf.at,
                        leaf.expr,
                    ),
                });
            }
        }
    }
}

/// The components that attributes refer to.
fn referred(graph: &Graph<'_>, item: &Item<'_>, paths: &[&str]) -> Vec<usize> {
    let mut out = Vec::new();
    for leaf in item.leaves.leaves.iter().filter(|leaf| paths.contains(&leaf.path.as_str())) {
        leaf.value.each_ref(&mut 100, &mut |reference| {
            out.extend(graph.index(&reference.instance).filter(|index| is_node(graph, *index)));
        });
    }
    out.sort_unstable();
    out.dedup();
    out
}
