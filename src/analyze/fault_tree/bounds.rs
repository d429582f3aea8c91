//! Bounds on a probability that is too dear to compute.

use super::net::{Kind, node_of};
use super::solve::Structure;

/// Where a probability lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) lower: f64,
    pub(super) upper: f64,
}

/// Bounds that hold whatever is shared: of each node from its arguments' (Fréchet).
pub(super) fn interval(structure: &Structure, probabilities: &[f64]) -> Interval {
    let net = &structure.net;
    let mut found = vec![Interval { lower: 1.0, upper: 1.0 }; net.len()];
    let at = |found: &[Interval], edge: u32| {
        let Interval { lower, upper } = found[node_of(edge)];
        if edge & 1 == 1 { Interval { lower: 1.0 - upper, upper: 1.0 - lower } } else { Interval { lower, upper } }
    };
    for node in 1..=node_of(structure.top) {
        let arguments: Vec<Interval> = net.arguments(node).iter().map(|edge| at(&found, *edge)).collect();
        found[node] = match net.kind(node) {
            Kind::True => Interval { lower: 1.0, upper: 1.0 },
            Kind::Variable(event) => Interval { lower: probabilities[event as usize], upper: probabilities[event as usize] },
            Kind::And => Interval {
                lower: (1.0 - arguments.iter().map(|part| 1.0 - part.lower).sum::<f64>()).max(0.0),
                upper: arguments.iter().map(|part| part.upper).fold(1.0, f64::min),
            },
            Kind::AtLeast(least) => Interval { lower: 0.0, upper: (arguments.iter().map(|part| part.upper).sum::<f64>() / f64::from(least)).min(1.0) },
            Kind::Xor => Interval { lower: 0.0, upper: (arguments[0].upper + arguments[1].upper).min(1.0) },
        };
    }
    at(&found, structure.top)
}
