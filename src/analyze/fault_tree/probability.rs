//! Probability of the top, and how much each event matters to it, from diagrams.

use super::bdd::{self, Function};
use super::diagrams::{Diagram, Diagrams, Leaf, TopFunction};

/// A probability and that of the opposite: both are kept, since one minus a tiny number has lost it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Chance {
    pub(super) yes: f64,
    pub(super) no: f64,
}

impl Chance {
    pub(super) fn of(probability: f64) -> Self {
        Chance { yes: probability, no: 1.0 - probability }
    }

    fn turned(self, turn: bool) -> Self {
        if turn { Chance { yes: self.no, no: self.yes } } else { self }
    }
}

/// Chances of everything in the diagrams under given chances of the events.
pub(super) struct Chances<'a> {
    diagrams: &'a Diagrams,
    events: &'a [Chance],
    /// Of each module, in its diagram's sense.
    modules: Vec<Chance>,
}

impl<'a> Chances<'a> {
    pub(super) fn of(diagrams: &'a Diagrams, events: &'a [Chance]) -> Self {
        let mut chances = Chances { diagrams, events, modules: Vec::with_capacity(diagrams.modules.len()) };
        for diagram in &diagrams.modules {
            let nodes = chances.nodes(diagram);
            let chance = nodes[(diagram.function >> 1) as usize].turned(diagram.function & 1 == 1);
            chances.modules.push(chance);
        }
        chances
    }

    /// The chance of the top.
    pub(super) fn top(&self) -> Chance {
        match self.diagrams.top {
            TopFunction::Constant(value) => Chance::of(f64::from(u8::from(value))),
            TopFunction::Event(event, turned) => self.events[event as usize].turned(turned),
            TopFunction::Module(at, turned) => self.modules[at].turned(turned),
        }
    }

    fn leaf(&self, leaf: Leaf) -> Chance {
        match leaf {
            Leaf::Event(event) => self.events[event as usize],
            Leaf::Module(at) => self.modules[at],
        }
    }

    /// Chances of a diagram's nodes below its function, each as it is and not negated.
    fn nodes(&self, diagram: &Diagram) -> Vec<Chance> {
        let bdd = &diagram.bdd;
        let needed = below(diagram);
        let leaves: Vec<Chance> = diagram.leaves.iter().map(|leaf| self.leaf(*leaf)).collect();
        let mut nodes = vec![Chance { yes: 1.0, no: 0.0 }; needed.len()];
        for node in 1..needed.len() {
            if needed[node] {
                let f = (node as Function) << 1;
                let (high, low) = bdd.branches(f);
                let (high, low) = (
                    nodes[(high >> 1) as usize].turned(high & 1 == 1),
                    nodes[(low >> 1) as usize].turned(low & 1 == 1),
                );
                let leaf = leaves[bdd.level(f) as usize];
                nodes[node] = Chance {
                    yes: leaf.yes * high.yes + leaf.no * low.yes,
                    no: leaf.yes * high.no + leaf.no * low.no,
                };
            }
        }
        nodes
    }

    /// By how much the top's chance grows with each event's: Birnbaum's measure, by event.
    pub(super) fn birnbaum(&self) -> Vec<f64> {
        let mut events = vec![0.0; self.events.len()];
        let mut modules = vec![0.0; self.modules.len()];
        match self.diagrams.top {
            TopFunction::Constant(_) => {}
            TopFunction::Event(event, turned) => events[event as usize] = if turned { -1.0 } else { 1.0 },
            TopFunction::Module(at, turned) => modules[at] = if turned { -1.0 } else { 1.0 },
        }
        for (at, diagram) in self.diagrams.modules.iter().enumerate().rev() {
            if modules[at] != 0.0 {
                let outer = modules[at];
                for (leaf, slope) in diagram.leaves.iter().zip(self.slopes(diagram)) {
                    match leaf {
                        Leaf::Event(event) => events[*event as usize] += outer * slope,
                        Leaf::Module(below) => modules[*below] += outer * slope,
                    }
                }
            }
        }
        events
    }

    /// The derivative of a diagram's chance with respect to each of its leaves.
    fn slopes(&self, diagram: &Diagram) -> Vec<f64> {
        let bdd = &diagram.bdd;
        let nodes = self.nodes(diagram);
        let mut slopes = vec![0.0; diagram.leaves.len()];
        // How likely a node is come by, less how likely it is come by negated.
        let mut come_by = vec![0.0; nodes.len()];
        come_by[(diagram.function >> 1) as usize] = if diagram.function & 1 == 1 { -1.0 } else { 1.0 };
        for node in (1..nodes.len()).rev() {
            let weight = come_by[node];
            if weight == 0.0 {
                continue;
            }
            let f = (node as Function) << 1;
            let (high, low) = bdd.branches(f);
            let at = |branch: Function| nodes[(branch >> 1) as usize].turned(branch & 1 == 1);
            let (on, off) = (at(high), at(low));
            // The smaller numbers have lost less.
            let slope = if on.yes + off.yes < on.no + off.no { on.yes - off.yes } else { off.no - on.no };
            let level = bdd.level(f) as usize;
            slopes[level] += weight * slope;
            let leaf = self.leaf(diagram.leaves[level]);
            let sign = |branch: Function| if branch & 1 == 1 { -1.0 } else { 1.0 };
            come_by[(high >> 1) as usize] += weight * leaf.yes * sign(high);
            come_by[(low >> 1) as usize] += weight * leaf.no * sign(low);
        }
        slopes
    }
}

/// Which nodes of a diagram its function leads to.
fn below(diagram: &Diagram) -> Vec<bool> {
    let top = (diagram.function >> 1) as usize;
    let mut needed = vec![false; top + 1];
    needed[top] = true;
    for node in (1..=top).rev() {
        if needed[node] {
            let (high, low) = diagram.bdd.branches((node as Function) << 1);
            needed[(high >> 1) as usize] = true;
            needed[(low >> 1) as usize] = true;
        }
    }
    debug_assert_eq!(bdd::TRUE >> 1, 0);
    needed
}
