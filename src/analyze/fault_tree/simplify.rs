//! Makes a net smaller without changing what its top means.

use std::collections::HashMap;

use super::lift::lift_what_decides;
use super::net::{Edge, Kind, Net, TRUE, node_of};

/// Rounds after which simplification stops even when it still finds something.
const ROUNDS: usize = 8;

/// The net with what its top does not need left out: chains and nested gates of one kind merged, what an ancestor
/// already decides replaced, common arguments factored out.
pub(super) fn simplify(net: Net, top: Edge) -> (Net, Edge) {
    let (mut net, mut top) = merge_nested(&net, top);
    for _ in 0..ROUNDS {
        let before = size(&net, top);
        (net, top) = factor(&net, top);
        (net, top) = merge_nested(&net, top);
        (net, top) = lift_what_decides(net, top);
        (net, top) = merge_nested(&net, top);
        if size(&net, top) == before {
            break;
        }
    }
    (net, top)
}

fn size(net: &Net, top: Edge) -> (usize, u32) {
    let uses = net.uses(top);
    (uses.iter().filter(|uses| **uses > 0).count(), uses.iter().sum())
}

/// An `and` inside an `and` that nothing else uses becomes part of it. This also collapses chains.
fn merge_nested(net: &Net, top: Edge) -> (Net, Edge) {
    let uses = net.uses(top);
    let mut merged = Net::new();
    // What stands for each node; a node to be merged into its one user keeps its arguments aside.
    let mut new: Vec<Edge> = vec![TRUE; net.len()];
    let mut aside: HashMap<usize, Vec<Edge>> = HashMap::new();
    let mut into_user = vec![false; net.len()];
    for node in (0..=node_of(top)).rev() {
        if uses[node] > 0 && net.kind(node) == Kind::And {
            for &edge in net.arguments(node) {
                let below = node_of(edge);
                into_user[below] = edge & 1 == 0 && net.kind(below) == Kind::And && uses[below] == 1;
            }
        }
    }
    for node in 1..=node_of(top) {
        if uses[node] == 0 {
            continue;
        }
        let mut arguments = Vec::with_capacity(net.arguments(node).len());
        for &edge in net.arguments(node) {
            match aside.remove(&node_of(edge)) {
                // Swapping keeps a long chain linear.
                Some(mut inner) => {
                    if inner.len() > arguments.len() {
                        std::mem::swap(&mut inner, &mut arguments);
                    }
                    arguments.append(&mut inner);
                }
                None => arguments.push(new[node_of(edge)] ^ (edge & 1)),
            }
        }
        if into_user[node] && node != node_of(top) {
            aside.insert(node, arguments);
        } else {
            new[node] = merged.make(net.kind(node), arguments);
        }
    }
    let top = new[node_of(top)] ^ (top & 1);
    (merged, top)
}

/// `(x or a) and (x or b)` becomes `x or (a and b)`; by De Morgan the same for `and` within `or`.
fn factor(net: &Net, top: Edge) -> (Net, Edge) {
    let uses = net.uses(top);
    rebuild(net, top, |merged, node, arguments| {
        if net.kind(node) != Kind::And {
            return merged.make(net.kind(node), arguments);
        }
        // The arguments that are an `or` which nothing else uses.
        let inner: Vec<usize> = (0..arguments.len())
            .filter(|at| {
                let (old, new) = (net.arguments(node)[*at], arguments[*at]);
                uses[node_of(old)] == 1 && new & 1 == 1 && merged.kind(node_of(new)) == Kind::And
            })
            .collect();
        factor_arguments(merged, arguments, &inner)
    })
}

fn factor_arguments(net: &mut Net, arguments: Vec<Edge>, inner: &[usize]) -> Edge {
    let mut counts: HashMap<Edge, u32> = HashMap::new();
    for &at in inner {
        net.arguments(node_of(arguments[at])).iter().for_each(|edge| *counts.entry(*edge).or_default() += 1);
    }
    // Each `or` joins the group of its most common argument.
    let mut groups: HashMap<Edge, Vec<usize>> = HashMap::new();
    for &at in inner {
        let common = net
            .arguments(node_of(arguments[at]))
            .iter()
            .max_by_key(|edge| (counts[*edge], std::cmp::Reverse(**edge)));
        groups.entry(*common.expect("an and has arguments")).or_default().push(at);
    }
    let mut shared: Vec<(Edge, Vec<usize>)> =
        groups.into_iter().filter(|(_, members)| members.len() > 1).collect();
    if shared.is_empty() {
        return net.and(arguments);
    }
    shared.sort_unstable();
    let mut taken = vec![false; arguments.len()];
    let mut outer = Vec::new();
    for (common, members) in shared {
        let rests: Vec<Edge> = members
            .iter()
            .map(|&at| {
                taken[at] = true;
                let rest = net
                    .arguments(node_of(arguments[at]))
                    .iter()
                    .copied()
                    .filter(|edge| *edge != common)
                    .collect();
                net.and(rest) ^ 1
            })
            .collect();
        // An `or` is a negated `and` of negated edges: `common` is already negated here.
        let rests = net.and(rests);
        outer.push(net.and(vec![common, rests ^ 1]) ^ 1);
    }
    outer.extend((0..arguments.len()).filter(|at| !taken[*at]).map(|at| arguments[at]));
    net.and(outer)
}

/// Copies what is below the top, each gate made by `make` from its old position and new arguments.
pub(super) fn rebuild(
    net: &Net,
    top: Edge,
    mut make: impl FnMut(&mut Net, usize, Vec<Edge>) -> Edge,
) -> (Net, Edge) {
    let uses = net.uses(top);
    let mut merged = Net::new();
    let mut new = vec![TRUE; net.len()];
    for node in 1..=node_of(top) {
        if uses[node] == 0 {
            continue;
        }
        let arguments = net.arguments(node).iter().map(|edge| new[node_of(*edge)] ^ (edge & 1)).collect();
        new[node] = match net.kind(node) {
            Kind::Variable(event) => merged.variable(event),
            _ => make(&mut merged, node, arguments),
        };
    }
    let top = new[node_of(top)] ^ (top & 1);
    (merged, top)
}
