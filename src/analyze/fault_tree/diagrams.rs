//! Decision diagrams of all modules.

use std::cmp::Reverse;

use super::attempt::Attempt;
use super::bdd::{self, Bdd, Function, TooLarge};
use super::net::{Kind, node_of};
use super::order::Heuristic;
use super::structure::Structure;
use super::zbdd::UNLIMITED;

/// No limit on the order of sets.
pub(super) const ANY_ORDER: u32 = UNLIMITED;

/// What a variable of a module's diagram stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    /// An event of the tree.
    Event(u32),
    /// A module solved before, in the sense in which it is false while nothing has failed.
    Module(usize),
}

/// A module's diagram and what its variables stand for.
pub(super) struct Diagram {
    pub(super) bdd: Bdd,
    /// The module in the sense in which it is false while nothing has failed.
    ///
    /// Exact where no more leaves are true than `order` says, false elsewhere.
    pub(super) function: Function,
    /// The same, but true elsewhere.
    pub(super) above: Function,
    /// The most leaves that may be true at once; [`ANY_ORDER`] when the diagram is exact.
    pub(super) order: u32,
    /// Whether that sense is the opposite of the module's node.
    pub(super) turned: bool,
    pub(super) leaves: Vec<Leaf>,
}

/// The diagrams of all modules.
pub(super) struct Diagrams {
    pub(super) modules: Vec<Diagram>,
    /// Whether the top is the opposite of the last module; a constant top has no module.
    pub(super) top: TopFunction,
}

/// What the top is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TopFunction {
    /// Known without any event.
    Constant(bool),
    /// One event, or its opposite.
    Event(u32, bool),
    /// The last module, or its opposite.
    Module(usize, bool),
}

impl Diagrams {
    /// The diagrams of every module; never more than `limit` nodes in one. A module that needs more gets a diagram
    /// that is exact while few of its leaves are true.
    pub(super) fn of(structure: &Structure, limit: usize) -> Result<Diagrams, TooLarge> {
        let mut modules: Vec<Diagram> = Vec::with_capacity(structure.scopes.len());
        for at in 0..structure.scopes.len() {
            let exact = Diagram::of(structure, at, &modules, limit);
            let diagram = match exact {
                Ok(diagram) => diagram,
                Err(TooLarge) => Diagram::in_part(structure, at, &modules, limit)?,
            };
            modules.push(diagram);
        }
        let negated = structure.top & 1 == 1;
        let node = node_of(structure.top);
        let top = match structure.net.kind(node) {
            Kind::True => TopFunction::Constant(!negated),
            Kind::Variable(event) => TopFunction::Event(event, negated),
            _ => {
                let last = &modules[modules.len() - 1];
                match last.function {
                    // The function is turned to be false at first; a constant one is false.
                    bdd::FALSE if last.order == ANY_ORDER => TopFunction::Constant(last.turned ^ negated),
                    _ => TopFunction::Module(modules.len() - 1, last.turned ^ negated),
                }
            }
        };
        Ok(Diagrams { modules, top })
    }

    /// The order up to which cut sets can be read off; [`ANY_ORDER`] when all diagrams are exact.
    pub(super) fn order(&self) -> u32 {
        self.modules.iter().map(|module| module.order).min().unwrap_or(ANY_ORDER)
    }
}

/// How many times the limit the last resort may take: a diagram in part, of which there is one at a time.
const IN_PART: usize = 4;

/// Orders of variables that race; the first has a head start.
const ORDERS: [Heuristic; 3] = [Heuristic::SharedFirst, Heuristic::SharedSmallFirst, Heuristic::Weight];
/// Orders that need a tenth of the nodes of any other or ten times as many: far in such a race, and then stuck.
const CHANCES: [Heuristic; 3] = [Heuristic::Force, Heuristic::ForceAsWritten, Heuristic::AsWritten];

/// Nodes within which most diagrams are done in the first order.
const HEAD_START: usize = 15_000;
/// Nodes after which the orders are compared by how far they have come.
const RACE: usize = 5_000;
/// Who goes on to how many nodes from there on, by place in that race; [`CHANCES`] come after.
///
/// The last gates make most of the nodes, so the race does not always tell; but to run it for longer costs more than
/// it gains.
const ROUNDS: [(usize, usize); 12] = [
    (0, 300_000),
    (1, 100_000),
    (2, 100_000),
    (0, 3_000_000),
    (3, 700_000),
    (4, 700_000),
    (5, 700_000),
    (1, 700_000),
    (2, 700_000),
    (1, 2_500_000),
    (2, 2_500_000),
    (0, usize::MAX),
];

impl Diagram {
    /// Tries several orders of variables: all go some way, the one that got furthest goes on.
    fn of(structure: &Structure, at: usize, below: &[Diagram], limit: usize) -> Result<Diagram, TooLarge> {
        let scope = &structure.scopes[at];
        let attempt = |heuristic: Heuristic| {
            Attempt::new(structure, scope, &heuristic.order(&structure.net, scope), below, limit)
        };
        let mut first = attempt(ORDERS[0])?;
        if scope.gates.len() == 1 || scope.leaves.len() <= 8 {
            first.advance(structure, scope, limit)?;
            return Ok(first.diagram(scope));
        }
        let _ = first.advance(structure, scope, RACE.min(limit));
        let progress = first.progress;
        if first.advance(structure, scope, HEAD_START.min(limit)).is_ok() {
            return Ok(first.diagram(scope));
        }
        let mut chance = attempt(CHANCES[0])?;
        if chance.advance(structure, scope, HEAD_START.min(limit)).is_ok() {
            return Ok(chance.diagram(scope));
        }
        let mut attempts = vec![(progress, first)];
        for heuristic in &ORDERS[1..] {
            let mut other = attempt(*heuristic)?;
            if other.advance(structure, scope, RACE.min(limit)).is_ok() {
                return Ok(other.diagram(scope));
            }
            attempts.push((other.progress, other));
        }
        attempts.sort_by_key(|(progress, _)| Reverse(*progress));
        attempts.push((0, chance));
        for (place, budget) in ROUNDS {
            if place == attempts.len() {
                attempts.push((0, attempt(CHANCES[place - ORDERS.len()])?));
            }
            if attempts[place].1.advance(structure, scope, budget.min(limit)).is_ok() {
                return Ok(attempts.swap_remove(place).1.diagram(scope));
            }
        }
        Err(TooLarge)
    }
}

impl Diagram {
    /// One of the largest orders that fit. Each is a new diagram, so those in between are passed over.
    fn in_part(
        structure: &Structure,
        at: usize,
        below: &[Diagram],
        limit: usize,
    ) -> Result<Diagram, TooLarge> {
        // The cut sets of a coherent tree come without diagrams, too: there this serves the probability alone.
        let limit = if structure.is_coherent() { limit / 8 } else { limit.saturating_mul(IN_PART) };
        let scope = &structure.scopes[at];
        let order = ORDERS[0].order(&structure.net, scope);
        let mut best = Err(TooLarge);
        let mut growth = Growth::default();
        let leaves = scope.leaves.len() as u32;
        let mut next = Some(1);
        while let Some(most) = next.filter(|most| *most <= leaves) {
            let mut attempt = Attempt::new(structure, scope, &order, below, limit)?;
            let done = attempt.restrict(most).and_then(|()| attempt.advance(structure, scope, limit));
            let nodes = attempt.nodes();
            match done.and_then(|()| attempt.diagram_in_part(scope, most)) {
                Ok(diagram) => {
                    best = Ok(diagram);
                    next = growth.next(most, nodes, limit).map(|next| next.min(leaves.max(most + 1)));
                }
                Err(TooLarge) => next = growth.step_back(most),
            }
        }
        best
    }
}

/// How diagrams grow with the order up to which they are exact: ever less from one to the next.
#[derive(Default)]
struct Growth {
    /// The highest order that fitted, and its nodes.
    reached: Option<(u32, f64)>,
}

impl Growth {
    /// The next order that is sure to fit, or likely to when none is; `None` when none is.
    fn next(&mut self, order: u32, nodes: usize, limit: usize) -> Option<u32> {
        let nodes = nodes as f64;
        let Some((before, fewer)) = self.reached.replace((order, nodes)) else { return Some(order + 1) };
        let factor = (nodes / fewer).powf(1.0 / f64::from(order - before)).max(1.1);
        let steps = (limit as f64 / nodes).ln() / factor.ln();
        let likely = (limit as f64 * 1.1 / nodes).ln() / factor.ln();
        if 1.0 <= steps { Some(order + steps as u32) } else { (1.0 <= likely).then_some(order + 1) }
    }

    /// What to try after an order that did not fit.
    fn step_back(&self, failed: u32) -> Option<u32> {
        let (reached, _) = self.reached?;
        (reached + 1 < failed).then_some(reached + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_that_are_sure_to_fit_are_passed_over() {
        let mut growth = Growth::default();
        assert_eq!(growth.next(1, 100, 100_000), Some(2));
        // Ten times as many for each: the third power still fits, or less grows less.
        assert_eq!(growth.next(2, 1_000, 100_000), Some(4));
        assert_eq!(growth.step_back(4), Some(3));
        assert_eq!(growth.next(3, 8_000, 100_000), Some(4));
        assert_eq!(growth.step_back(4), None);
        assert_eq!(growth.next(4, 50_000, 100_000), None);
    }
}
