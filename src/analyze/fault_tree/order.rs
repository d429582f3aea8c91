//! Orders of variables for diagrams.

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
    /// Depth first, the smallest arguments first.
    SmallFirst,
    /// Depth first, the largest arguments first.
    LargeFirst,
    /// Depth first, as written.
    AsWritten,
    /// Arguments drawn together, from the first order (Aloul, Markov and Sakallah 2003).
    Force,
    /// Arguments drawn together, from the order as written.
    ForceAsWritten,
}

impl Heuristic {
    /// All of them, the most promising first.
    pub(super) const ALL: [Heuristic; 6] = [
        Heuristic::SharedFirst,
        Heuristic::Force,
        Heuristic::SmallFirst,
        Heuristic::LargeFirst,
        Heuristic::AsWritten,
        Heuristic::ForceAsWritten,
    ];

    /// The module's leaves in this order.
    pub(super) fn order(self, net: &Net, scope: &Scope) -> Vec<usize> {
        match self {
            Heuristic::Force => force(net, scope, &Heuristic::SharedFirst.order(net, scope)),
            Heuristic::ForceAsWritten => force(net, scope, &Heuristic::AsWritten.order(net, scope)),
            _ => self.depth_first(net, scope),
        }
    }

    fn depth_first(self, net: &Net, scope: &Scope) -> Vec<usize> {
        let mut uses = vec![0u32; scope.len()];
        // How many leaves a node would bring, shared ones counted again.
        let mut sizes = vec![1f64; scope.len()];
        for &gate in &scope.gates {
            sizes[scope.local(gate)] =
                net.arguments(gate).iter().map(|edge| sizes[scope.local(node_of(*edge))]).sum();
            net.arguments(gate).iter().for_each(|edge| uses[scope.local(node_of(*edge))] += 1);
        }
        let mut seen = vec![false; scope.len()];
        let mut order = Vec::with_capacity(scope.leaves.len());
        let mut stack = vec![scope.root];
        while let Some(node) = stack.pop() {
            let at = scope.local(node);
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            if at < scope.leaves.len() {
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
                match self {
                    Heuristic::SharedFirst => (l < scope.leaves.len(), std::cmp::Reverse(uses[l]))
                        .cmp(&(r < scope.leaves.len(), std::cmp::Reverse(uses[r]))),
                    Heuristic::SmallFirst => sizes[l].total_cmp(&sizes[r]),
                    Heuristic::LargeFirst => sizes[r].total_cmp(&sizes[l]),
                    _ => std::cmp::Ordering::Equal,
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

/// Whether a node stands for itself in diagrams: an event.
pub(super) fn event_of(net: &Net, node: usize) -> Option<u32> {
    match net.kind(node) {
        Kind::Variable(event) => Some(event),
        _ => None,
    }
}
