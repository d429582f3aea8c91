//! A module of a coherent tree as thresholds: each gate fails when enough of its arguments have failed.

use super::diagrams::Leaf;
use super::net::{Kind, node_of};
use super::order::{Scope, event_of};
use super::structure::Structure;

/// Leaves first, then gates, arguments before what uses them; the last gate is the module itself.
pub(super) struct Circuit {
    pub(super) leaves: Vec<Leaf>,
    gates: Vec<Threshold>,
    arguments: Vec<u32>,
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
        circuit
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

    /// The leaves of a path set: while these live, the module does. `None` when there is none.
    ///
    /// `length` says how little a leaf is wanted; one of infinite length has failed. The path set is the shortest where
    /// nothing is shared.
    pub(super) fn path(&self, length: impl Fn(usize) -> f64, walk: &mut Walk) -> Option<Vec<u32>> {
        let leaves = self.leaves.len();
        walk.lengths.clear();
        walk.lengths.extend((0..leaves).map(length));
        for &gate in &self.gates {
            let length = self.shortest(gate, walk);
            walk.lengths.push(length);
        }
        let root = leaves + self.gates.len() - 1;
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
        let nodes = leaves + self.gates.len();
        walk.seen.clear();
        walk.seen.resize(nodes, false);
        walk.seen[nodes - 1] = true;
        for at in (0..self.gates.len()).rev() {
            if !walk.seen[leaves + at] {
                continue;
            }
            let gate = self.gates[at];
            let arguments = self.arguments(gate);
            let needed = arguments.len() + 1 - gate.least as usize;
            if needed == 1 {
                let shortest = arguments.iter().min_by(|left, right| {
                    walk.lengths[**left as usize].total_cmp(&walk.lengths[**right as usize])
                });
                walk.seen[*shortest.expect("a gate has arguments") as usize] = true;
            } else if needed == arguments.len() {
                arguments.iter().for_each(|argument| walk.seen[*argument as usize] = true);
            } else {
                let mut by_length: Vec<u32> = arguments.to_vec();
                by_length.sort_by(|left, right| {
                    walk.lengths[*left as usize].total_cmp(&walk.lengths[*right as usize])
                });
                by_length[..needed].iter().for_each(|argument| walk.seen[*argument as usize] = true);
            }
        }
        (0..leaves as u32).filter(|leaf| walk.seen[*leaf as usize]).collect()
    }

    /// Whether the module fails when these leaves have.
    pub(super) fn fails(&self, failed: impl Fn(usize) -> bool, walk: &mut Walk) -> bool {
        walk.seen.clear();
        walk.seen.extend((0..self.leaves.len()).map(failed));
        for &gate in &self.gates {
            let count = self.arguments(gate).iter().filter(|argument| walk.seen[**argument as usize]).count();
            walk.seen.push(count >= gate.least as usize);
        }
        walk.seen[walk.seen.len() - 1]
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
    lengths: Vec<f64>,
    sorted: Vec<f64>,
    seen: Vec<bool>,
}
