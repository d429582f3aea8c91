//! Orders of variables for diagrams.

use std::cmp::{Ordering, Reverse};

use super::net::{Kind, Net, node_of};

/// A module seen by itself: its inner gates, and what it takes as variables.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// The module's own node.
    pub(super) root: usize,
    /// Its gates, arguments before what uses them; the root is the last.
    pub(super) gates: Vec<usize>,
    /// Events and modules below it, in order of position.
    pub(super) leaves: Vec<usize>,
}

impl Scope {
    /// What belongs to the module at `root`.
    pub(super) fn of(net: &Net, modules: &[bool], root: usize, seen: &mut [bool]) -> Scope {
        let mut scope = Scope { root, gates: vec![root], leaves: Vec::new() };
        let mut next = 0;
        while let Some(&gate) = scope.gates.get(next) {
            next += 1;
            for &edge in net.arguments(gate) {
                let below = node_of(edge);
                if seen[below] {
                    continue;
                }
                seen[below] = true;
                if net.is_gate(below) && !modules[below] {
                    scope.gates.push(below)
                } else {
                    scope.leaves.push(below)
                }
            }
        }
        scope.gates.iter().chain(&scope.leaves).for_each(|node| seen[*node] = false);
        scope.gates.sort_unstable();
        scope.leaves.sort_unstable();
        scope
    }

    /// A node's position among the scope's leaves, then gates.
    pub(super) fn local(&self, node: usize) -> usize {
        match self.leaves.binary_search(&node) {
            Ok(at) => at,
            Err(_) => self.leaves.len() + self.gates.binary_search(&node).expect("a scope knows its nodes"),
        }
    }

    fn len(&self) -> usize {
        self.leaves.len() + self.gates.len()
    }
}

/// A way to order variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heuristic {
    /// Depth first, gates before variables, what is used most first.
    SharedFirst,
    /// The same, of what is used alike the smaller first.
    SharedSmallFirst,
    /// The variable that weighs most in the root, then what weighs most without it (Minato, Ishiura and Yajima 1990).
    Weight,
    /// Depth first, as written.
    AsWritten,
    /// Arguments drawn together, from the first order (Aloul, Markov and Sakallah 2003).
    Force,
    /// Arguments drawn together, from the order as written.
    ForceAsWritten,
}

/// Steps that ordering by weight may take: it looks at everything for each variable.
const WEIGHING: usize = 4_000_000;

impl Heuristic {
    /// The module's leaves in this order.
    pub(super) fn order(self, net: &Net, scope: &Scope) -> Vec<usize> {
        match self {
            Heuristic::Force => force(net, scope, &Heuristic::SharedFirst.order(net, scope)),
            Heuristic::ForceAsWritten => force(net, scope, &Heuristic::AsWritten.order(net, scope)),
            Heuristic::Weight if scope.len() * scope.leaves.len() <= WEIGHING => by_weight(net, scope),
            _ => self.depth_first(net, scope),
        }
    }

    fn depth_first(self, net: &Net, scope: &Scope) -> Vec<usize> {
        let leaves = scope.leaves.len();
        let mut uses = vec![0u32; scope.len()];
        // How many leaves a node would bring, shared ones counted again.
        let mut sizes = vec![1f64; scope.len()];
        for &gate in &scope.gates {
            sizes[scope.local(gate)] =
                net.arguments(gate).iter().map(|edge| sizes[scope.local(node_of(*edge))]).sum();
            net.arguments(gate).iter().for_each(|edge| uses[scope.local(node_of(*edge))] += 1);
        }
        let mut seen = vec![false; scope.len()];
        let mut order = Vec::with_capacity(leaves);
        let mut stack = vec![scope.root];
        while let Some(node) = stack.pop() {
            let at = scope.local(node);
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            if at < leaves {
                order.push(node);
                continue;
            }
            let mut below: Vec<usize> = net
                .arguments(node)
                .iter()
                .map(|edge| node_of(*edge))
                .filter(|below| !seen[scope.local(*below)])
                .collect();
            below.sort_by(|left, right| {
                let (l, r) = (scope.local(*left), scope.local(*right));
                let shared_first = || (l < leaves, Reverse(uses[l])).cmp(&(r < leaves, Reverse(uses[r])));
                match self {
                    Heuristic::AsWritten => Ordering::Equal,
                    Heuristic::SharedSmallFirst => shared_first().then(sizes[l].total_cmp(&sizes[r])),
                    _ => shared_first(),
                }
            });
            stack.extend(below.into_iter().rev());
        }
        order
    }
}

fn force(net: &Net, scope: &Scope, start: &[usize]) -> Vec<usize> {
    let leaves = scope.leaves.len();
    let groups: Vec<Vec<usize>> = scope
        .gates
        .iter()
        .map(|gate| {
            net.arguments(*gate)
                .iter()
                .map(|edge| scope.local(node_of(*edge)))
                .chain([scope.local(*gate)])
                .collect()
        })
        .collect();
    let mut place = vec![0f64; scope.len()];
    start.iter().enumerate().for_each(|(at, leaf)| place[scope.local(*leaf)] = at as f64);
    for (gate, group) in groups.iter().enumerate() {
        place[leaves + gate] = group[..group.len() - 1].iter().map(|at| place[*at]).sum::<f64>()
            / (group.len() - 1).max(1) as f64;
    }
    let span = |place: &[f64]| -> f64 {
        let of_group = |group: &Vec<usize>| {
            let (low, high) = group
                .iter()
                .fold((f64::MAX, f64::MIN), |(low, high), at| (low.min(place[*at]), high.max(place[*at])));
            high - low
        };
        groups.iter().map(of_group).sum()
    };
    let rank = |place: &mut Vec<f64>| {
        let mut order: Vec<usize> = (0..place.len()).collect();
        order.sort_by(|left, right| place[*left].total_cmp(&place[*right]).then(left.cmp(right)));
        order.iter().enumerate().for_each(|(at, node)| place[*node] = at as f64);
    };
    rank(&mut place);
    let (mut best, mut best_span, mut worse) = (place.clone(), span(&place), 0);
    for _ in 0..60 {
        let (mut sum, mut count) = (vec![0f64; place.len()], vec![0u32; place.len()]);
        for group in &groups {
            let center = group.iter().map(|at| place[*at]).sum::<f64>() / group.len() as f64;
            for &at in group {
                sum[at] += center;
                count[at] += 1;
            }
        }
        place.iter_mut().enumerate().for_each(|(at, place)| *place = sum[at] / f64::from(count[at].max(1)));
        rank(&mut place);
        let now = span(&place);
        if now < best_span {
            (best, best_span, worse) = (place.clone(), now, 0);
        } else {
            worse += 1;
            if worse > 5 {
                break;
            }
        }
    }
    let mut order = scope.leaves.clone();
    order.sort_by(|left, right| best[scope.local(*left)].total_cmp(&best[scope.local(*right)]));
    order
}

fn by_weight(net: &Net, scope: &Scope) -> Vec<usize> {
    let leaves = scope.leaves.len();
    let arguments: Vec<Vec<usize>> = scope
        .gates
        .iter()
        .map(|gate| net.arguments(*gate).iter().map(|edge| scope.local(node_of(*edge))).collect())
        .collect();
    let mut taken = vec![false; scope.len()];
    let mut order = Vec::with_capacity(leaves);
    while order.len() < leaves {
        for (gate, arguments) in arguments.iter().enumerate() {
            taken[leaves + gate] = arguments.iter().all(|at| taken[*at]);
        }
        let mut weights = vec![0f64; scope.len()];
        weights[scope.local(scope.root)] = 1.0;
        for (gate, arguments) in arguments.iter().enumerate().rev() {
            let left = arguments.iter().filter(|at| !taken[**at]);
            let share = weights[leaves + gate] / left.clone().count().max(1) as f64;
            left.for_each(|at| weights[*at] += share);
        }
        let heaviest = (0..leaves)
            .filter(|leaf| !taken[*leaf])
            .max_by(|left, right| weights[*left].total_cmp(&weights[*right]).then(right.cmp(left)));
        let heaviest = heaviest.expect("not all are taken");
        taken[heaviest] = true;
        order.push(scope.leaves[heaviest]);
    }
    order
}

/// Whether a node stands for itself in diagrams: an event.
pub(super) fn event_of(net: &Net, node: usize) -> Option<u32> {
    match net.kind(node) {
        Kind::Variable(event) => Some(event),
        _ => None,
    }
}
