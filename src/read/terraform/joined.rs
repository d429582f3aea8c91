//! Machines that join a cluster by what they are told when they start: the cluster runs on them, not they on it.

use std::collections::BTreeSet;

use super::graph::{Graph, Link};
use super::knowledge::links;
use crate::model::Phase;

/// Turns links of machines to the cluster that their start-up script names.
pub(super) fn turn(graph: &mut Graph<'_>) {
    for index in 0..graph.items.len() {
        let leaves = &graph.items[index].leaves.leaves;
        let told: Vec<usize> =
            (0..leaves.len()).filter(|at| leaves[*at].path.contains("user_data")).collect();
        for leaf in told {
            for (cluster, through) in clusters(graph, index, leaf) {
                if runs_elsewhere(graph, cluster) {
                    continue;
                }
                for from in [index, through] {
                    graph.links[from].retain(|link| link.to != cluster);
                }
                for machine in machines(graph, index) {
                    let (phase, attribute) = (Phase::Runtime, "user_data".into());
                    let link = Link { to: machine, phase, written_in: index, leaf, attribute, reverse: true };
                    graph.links[cluster].push(link);
                }
            }
        }
    }
}

/// The clusters that a script names, and the item that does: a template that is filled in elsewhere may.
fn clusters(graph: &Graph<'_>, index: usize, leaf: usize) -> BTreeSet<(usize, usize)> {
    let mut out = BTreeSet::new();
    let mut see = |from: usize, to: usize| {
        if links().is_joined(&graph.items[to].type_name) {
            out.insert((to, from));
        }
    };
    let mut templates = BTreeSet::new();
    graph.items[index].leaves.leaves[leaf].value.each_ref(&mut 100, &mut |reference| {
        let Some(to) = graph.index(&reference.instance) else { return };
        see(index, to);
        if graph.items[to].type_name.starts_with("template_") {
            templates.insert(to);
        }
    });
    for template in templates {
        for leaf in &graph.items[template].leaves.leaves {
            leaf.value.each_ref(&mut 100, &mut |reference| {
                if let Some(to) = graph.index(&reference.instance) {
                    see(template, to);
                }
            });
        }
    }
    out
}

/// The components that are started with an item's script.
fn machines(graph: &Graph<'_>, index: usize) -> Vec<usize> {
    if graph.items[index].is_component() {
        return vec![index];
    }
    graph.referrers[index].iter().copied().filter(|other| graph.items[*other].is_compute()).collect()
}

/// Whether a cluster has services that run without machines of its own.
fn runs_elsewhere(graph: &Graph<'_>, cluster: usize) -> bool {
    graph.referrers[cluster].iter().any(|other| {
        let leaves = &graph.items[*other].leaves;
        leaves.leaves.iter().any(|leaf| leaf.value.text().is_some_and(|text| text.starts_with("FARGATE")))
    })
}
