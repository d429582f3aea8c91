//! Bounds on a probability that is too dear to compute.

use super::bdd::{Bdd, Function};
use super::diagrams::{Diagram, Diagrams, Leaf, TopFunction};
use super::net::{Kind, node_of};
use super::structure::Structure;

/// Where a probability lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) lower: f64,
    pub(super) upper: f64,
}

impl Interval {
    fn of(value: f64) -> Self {
        Interval { lower: value, upper: value }
    }

    fn turned(self, turn: bool) -> Self {
        if turn { Interval { lower: 1.0 - self.upper, upper: 1.0 - self.lower } } else { self }
    }

    /// What both say.
    pub(super) fn and(self, other: Interval) -> Self {
        Interval { lower: self.lower.max(other.lower), upper: self.upper.min(other.upper) }
    }
}

/// Bounds from diagrams that are exact while few leaves are true: what lies beyond counts as never, then as always.
pub(super) fn from_diagrams(diagrams: &Diagrams, probabilities: &[f64]) -> Interval {
    let mut modules: Vec<Interval> = Vec::with_capacity(diagrams.modules.len());
    for diagram in &diagrams.modules {
        let leaf = |leaf: &Leaf| match *leaf {
            Leaf::Event(event) => Interval::of(probabilities[event as usize]),
            Leaf::Module(at) => modules[at],
        };
        let leaves: Vec<Interval> = diagram.leaves.iter().map(leaf).collect();
        let lower = bounds_of(diagram, diagram.function, &leaves).lower;
        let upper = bounds_of(diagram, diagram.above, &leaves).upper;
        modules.push(Interval { lower, upper });
    }
    match diagrams.top {
        TopFunction::Constant(value) => Interval::of(f64::from(u8::from(value))),
        TopFunction::Event(event, turned) => Interval::of(probabilities[event as usize]).turned(turned),
        TopFunction::Module(at, turned) => modules[at].turned(turned),
    }
}

/// Bounds on a function's probability when those of its leaves are only bounded.
fn bounds_of(diagram: &Diagram, function: Function, leaves: &[Interval]) -> Interval {
    let bdd: &Bdd = &diagram.bdd;
    // Both senses of each node, so that no small number is one less a large one.
    let mut nodes = vec![[Interval::of(1.0), Interval::of(0.0)]; (function >> 1) as usize + 1];
    for node in 1..nodes.len() {
        let f = (node as Function) << 1;
        let (high, low) = bdd.branches(f);
        let leaf = leaves[bdd.level(f) as usize];
        let of = |turn: Function| {
            let (on, off) = (
                nodes[(high >> 1) as usize][((high ^ turn) & 1) as usize],
                nodes[(low >> 1) as usize][((low ^ turn) & 1) as usize],
            );
            let mix = |chance: f64, on: f64, off: f64| chance * on + (1.0 - chance) * off;
            Interval {
                lower: mix(leaf.lower, on.lower, off.lower).min(mix(leaf.upper, on.lower, off.lower)),
                upper: mix(leaf.lower, on.upper, off.upper).max(mix(leaf.upper, on.upper, off.upper)),
            }
        };
        nodes[node] = [of(0), of(1)];
    }
    nodes[(function >> 1) as usize][(function & 1) as usize]
}

/// Room for rounding: what the sums and products below may lose.
const ROUNDING: f64 = 1e-12;

/// Bounds from the gates alone, in linear time.
///
/// An `and` is no likelier than the likeliest-to-fail of its arguments allows, nor than the product of those that
/// share no event; in a coherent tree it is no less likely than the product of all, since what only ever harms is
/// positively associated (Esary, Proschan and Walkup 1967); in any tree than what is left of one (Fréchet).
pub(super) fn interval(structure: &Structure, probabilities: &[f64]) -> Interval {
    let net = &structure.net;
    let supports = Supports::of(structure);
    let mut found = vec![Interval::of(1.0); net.len()];
    for node in 1..=node_of(structure.top) {
        let arguments: Vec<(Interval, usize)> = net
            .arguments(node)
            .iter()
            .map(|edge| (found[node_of(*edge)].turned(edge & 1 == 1), node_of(*edge)))
            .collect();
        let sum: f64 = arguments.iter().map(|(part, _)| part.upper).sum();
        found[node] = match net.kind(node) {
            Kind::True => Interval::of(1.0),
            Kind::Variable(event) => Interval::of(probabilities[event as usize]),
            Kind::And => {
                let apart = if structure.is_coherent() {
                    arguments.iter().map(|(part, _)| part.lower).product()
                } else {
                    0.0
                };
                let rest = 1.0 - arguments.iter().map(|(part, _)| 1.0 - part.lower).sum::<f64>();
                Interval { lower: rest.max(apart), upper: supports.product(arguments) }
            }
            Kind::AtLeast(least) => Interval { lower: 0.0, upper: (sum / f64::from(least)).min(1.0) },
            Kind::Xor => Interval { lower: 0.0, upper: sum.min(1.0) },
        };
    }
    let Interval { lower, upper } = found[node_of(structure.top)].turned(structure.top & 1 == 1);
    Interval { lower: (lower - ROUNDING).max(0.0), upper: (upper + ROUNDING).min(1.0) }
}

/// Which events each node rests on, one bit for each; empty when that would be too large a table.
struct Supports(Vec<Vec<u64>>);

/// Words that the table of supports may take.
const MOST_WORDS: usize = 1 << 24;

impl Supports {
    fn of(structure: &Structure) -> Self {
        let net = &structure.net;
        let events = structure.events();
        let words = events.len().div_ceil(64);
        if net.len().saturating_mul(words) > MOST_WORDS {
            return Supports(Vec::new());
        }
        let mut supports = vec![vec![0u64; words]; net.len()];
        for node in 1..net.len() {
            if let Kind::Variable(event) = net.kind(node)
                && let Ok(at) = events.binary_search(&event)
            {
                supports[node][at / 64] |= 1 << (at % 64);
            }
            let mut support = std::mem::take(&mut supports[node]);
            for edge in net.arguments(node) {
                support.iter_mut().zip(&supports[node_of(*edge)]).for_each(|(word, other)| *word |= other);
            }
            supports[node] = support;
        }
        Supports(supports)
    }

    /// The product of the least of these upper bounds, as far as what they rest on is disjoint.
    fn product(&self, mut arguments: Vec<(Interval, usize)>) -> f64 {
        arguments.sort_by(|left, right| left.0.upper.total_cmp(&right.0.upper));
        let Some((first, node)) = arguments.first() else { return 1.0 };
        let mut product = first.upper;
        if self.0.is_empty() {
            return product;
        }
        let mut taken = self.0[*node].clone();
        for (part, node) in &arguments[1..] {
            let support = &self.0[*node];
            if taken.iter().zip(support).all(|(left, right)| left & right == 0) {
                product *= part.upper;
                taken.iter_mut().zip(support).for_each(|(word, other)| *word |= other);
            }
        }
        product
    }
}
