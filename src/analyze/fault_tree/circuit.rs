//! A module of a coherent tree as thresholds: each gate fails when enough of its arguments have failed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::diagrams::Leaf;
use super::net::{Kind, node_of};
use super::order::{Scope, event_of};
use super::structure::Structure;

/// Leaves first, then gates, arguments before what uses them; the last gate is the module itself.
pub(super) struct Circuit {
    pub(super) leaves: Vec<Leaf>,
    gates: Vec<Threshold>,
    arguments: Vec<u32>,
    /// The gates that take each node as an argument: those of node `n` are between the `n`th and the next of `users_of`.
    users: Vec<u32>,
    users_of: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Threshold {
    /// How many failed arguments make it fail.
    least: u32,
    start: u32,
    end: u32,
}

/// What a module with one gate comes to without any search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// It fails with any leaf.
    Any,
    /// It fails with all leaves.
    All,
    /// Anything else.
    Other,
}

impl Circuit {
    /// The module of a coherent tree: negation only turns thresholds around there.
    pub(super) fn of(structure: &Structure, scope: &Scope) -> Circuit {
        let net = &structure.net;
        let leaf = |node: &usize| {
            event_of(net, *node).map_or_else(|| Leaf::Module(structure.module_at[*node]), Leaf::Event)
        };
        let mut circuit = Circuit {
            leaves: scope.leaves.iter().map(leaf).collect(),
            gates: Vec::with_capacity(scope.gates.len()),
            arguments: Vec::new(),
            users: Vec::new(),
            users_of: Vec::new(),
        };
        for &gate in &scope.gates {
            let start = circuit.arguments.len() as u32;
            circuit
                .arguments
                .extend(net.arguments(gate).iter().map(|edge| scope.local(node_of(*edge)) as u32));
            let end = circuit.arguments.len() as u32;
            let least = match net.kind(gate) {
                Kind::AtLeast(least) => least,
                _ => end - start,
            };
            let least = if structure.sense[gate] { end - start + 1 - least } else { least };
            circuit.gates.push(Threshold { least, start, end });
        }
        circuit.find_users();
        circuit
    }

    fn find_users(&mut self) {
        let mut counts = vec![0; self.leaves.len() + self.gates.len() + 1];
        self.arguments.iter().for_each(|argument| counts[*argument as usize + 1] += 1);
        for at in 1..counts.len() {
            counts[at] += counts[at - 1];
        }
        self.users_of = counts.clone();
        self.users = vec![0; self.arguments.len()];
        for (at, &gate) in self.gates.iter().enumerate() {
            for &argument in &self.arguments[gate.start as usize..gate.end as usize] {
                let place = &mut counts[argument as usize];
                self.users[*place as usize] = at as u32;
                *place += 1;
            }
        }
    }

    fn users(&self, node: usize) -> &[u32] {
        &self.users[self.users_of[node] as usize..self.users_of[node + 1] as usize]
    }

    pub(super) fn shape(&self) -> Shape {
        match self.gates[..] {
            [Threshold { least: 1, .. }] => Shape::Any,
            [Threshold { least, start, end }] if least == end - start => Shape::All,
            _ => Shape::Other,
        }
    }

    /// How many steps one look at everything takes.
    pub(super) fn size(&self) -> usize {
        self.leaves.len() + self.gates.len() + self.arguments.len()
    }

    fn arguments(&self, gate: Threshold) -> &[u32] {
        &self.arguments[gate.start as usize..gate.end as usize]
    }

    /// Measures how long the shortest way is for each gate to live. `length` says how little a leaf is wanted; one of
    /// infinite length has failed.
    pub(super) fn measure(&self, length: impl Fn(usize) -> f64, walk: &mut Walk) {
        walk.lengths.clear();
        walk.lengths.extend((0..self.leaves.len()).map(length));
        for &gate in &self.gates {
            let length = self.shortest(gate, walk);
            walk.lengths.push(length);
        }
        walk.waiting.clear();
        walk.is_waiting.clear();
        walk.is_waiting.resize(self.gates.len(), false);
        walk.seen.clear();
        walk.seen.resize(self.leaves.len() + self.gates.len(), false);
    }

    /// Measures anew what these leaves and nothing else may have changed since the last measure.
    pub(super) fn measure_again(&self, changed: &[u32], length: impl Fn(usize) -> f64, walk: &mut Walk) {
        for &leaf in changed {
            walk.lengths[leaf as usize] = length(leaf as usize);
            walk.wait(self.users(leaf as usize));
        }
        // Gates come after their arguments: the first that waits has all it needs.
        while let Some(Reverse(at)) = walk.waiting.pop() {
            walk.is_waiting[at as usize] = false;
            let node = self.leaves.len() + at as usize;
            let length = self.shortest(self.gates[at as usize], walk);
            if walk.lengths[node] != length {
                walk.lengths[node] = length;
                walk.wait(self.users(node));
            }
        }
    }

    /// The leaves of a path set by the last measure: while these live, the module does. `None` when there is none.
    ///
    /// It is the shortest where nothing is shared.
    pub(super) fn path(&self, walk: &mut Walk) -> Option<Vec<u32>> {
        let root = self.leaves.len() + self.gates.len() - 1;
        walk.lengths[root].is_finite().then(|| self.leaves_of_path(walk))
    }

    /// The length of the shortest way for a gate to live.
    fn shortest(&self, gate: Threshold, walk: &mut Walk) -> f64 {
        let arguments = self.arguments(gate);
        let lengths = arguments.iter().map(|argument| walk.lengths[*argument as usize]);
        match gate.least {
            1 => total(lengths),
            least if least as usize == arguments.len() => lengths.fold(f64::INFINITY, f64::min),
            least => {
                walk.sorted.clear();
                walk.sorted.extend(lengths);
                walk.sorted.sort_unstable_by(f64::total_cmp);
                total(walk.sorted[..=arguments.len() - least as usize].iter().copied())
            }
        }
    }

    fn leaves_of_path(&self, walk: &mut Walk) -> Vec<u32> {
        let leaves = self.leaves.len();
        let Walk { lengths, seen, reached, .. } = walk;
        let mut reach = |node: u32, reached: &mut Vec<u32>| {
            if !std::mem::replace(&mut seen[node as usize], true) {
                reached.push(node);
            }
        };
        reached.clear();
        reach((leaves + self.gates.len() - 1) as u32, reached);
        let mut next = 0;
        while let Some(&node) = reached.get(next) {
            next += 1;
            let Some(at) = (node as usize).checked_sub(leaves) else { continue };
            let gate = self.gates[at];
            let arguments = self.arguments(gate);
            let needed = arguments.len() + 1 - gate.least as usize;
            let length = |argument: &u32| lengths[*argument as usize];
            if needed == 1 {
                let shortest = arguments.iter().min_by(|left, right| length(left).total_cmp(&length(right)));
                reach(*shortest.expect("a gate has arguments"), reached);
            } else if needed == arguments.len() {
                arguments.iter().for_each(|argument| reach(*argument, reached));
            } else {
                let mut by_length: Vec<u32> = arguments.to_vec();
                by_length.sort_by(|left, right| length(left).total_cmp(&length(right)));
                by_length[..needed].iter().for_each(|argument| reach(*argument, reached));
            }
        }
        reached.iter().for_each(|node| seen[*node as usize] = false);
        let mut found: Vec<u32> = reached.iter().copied().filter(|node| (*node as usize) < leaves).collect();
        found.sort_unstable();
        found
    }

    /// Whether the module fails when these leaves have.
    pub(super) fn fails(&self, failed: impl Fn(usize) -> bool, walk: &mut Walk) -> bool {
        walk.failed.clear();
        walk.failed.extend((0..self.leaves.len()).map(failed));
        for &gate in &self.gates {
            let count =
                self.arguments(gate).iter().filter(|argument| walk.failed[**argument as usize]).count();
            walk.failed.push(count >= gate.least as usize);
        }
        walk.failed[walk.failed.len() - 1]
    }
}

/// A sum that is infinite only when a part is: what is shared counts often, and lengths grow with depth.
fn total(lengths: impl Iterator<Item = f64>) -> f64 {
    let mut sum = 0.0f64;
    for length in lengths {
        if length == f64::INFINITY {
            return length;
        }
        sum = (sum + length).min(f64::MAX);
    }
    sum
}

/// Room that looking through a circuit takes, kept from one look to the next.
#[derive(Default)]
pub(super) struct Walk {
    /// Of leaves, then of gates.
    lengths: Vec<f64>,
    sorted: Vec<f64>,
    failed: Vec<bool>,
    /// Nodes of the path set in the making.
    reached: Vec<u32>,
    seen: Vec<bool>,
    /// Gates to be measured again, each once.
    waiting: BinaryHeap<Reverse<u32>>,
    is_waiting: Vec<bool>,
}

impl Walk {
    fn wait(&mut self, gates: &[u32]) {
        for &gate in gates {
            if !std::mem::replace(&mut self.is_waiting[gate as usize], true) {
                self.waiting.push(Reverse(gate));
            }
        }
    }
}
