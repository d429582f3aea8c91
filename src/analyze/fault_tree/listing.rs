//! The best cut sets of a tree, without counting the others.

use super::cheapest::{Cheapest, cheapest};
use super::search::Budget;
use super::structure::Structure;
use super::tree::{EventId, FaultTree};

/// Which cut sets come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ranking {
    /// Those of the fewest events.
    Size,
    /// Those most likely to happen; events of unknown probability count as certain.
    Probability,
}

/// The best minimal cut sets.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// The best first. None that is missing is better than the last.
    pub sets: Vec<Vec<EventId>>,
    /// Whether there are no others (but sets that cannot happen, when ranked by probability).
    pub all: bool,
    /// Whether the search was given up before it found as many as were asked for.
    pub given_up: bool,
}

/// The `n` best minimal cut sets of a coherent tree, found by a search that needs no decision diagrams; `None` when the
/// tree is not coherent.
///
/// It is for trees that are too large to be counted. A search ends after `steps` steps at the latest (a few nanoseconds
/// each) and takes up to a gibibyte: how far it comes depends on how well path sets that share nothing bound the costs
/// from below.
pub fn list(tree: &FaultTree, ranking: Ranking, n: usize, steps: u64) -> Option<Listing> {
    let structure = Structure::of(tree);
    let chances: Vec<Option<f64>> = tree.events().iter().map(|event| event.probability).collect();
    structure.is_coherent().then(|| search(&structure, &chances, ranking, n, steps))
}

/// The same for a structure that is known to be coherent.
pub(super) fn search(
    structure: &Structure,
    chances: &[Option<f64>],
    ranking: Ranking,
    n: usize,
    steps: u64,
) -> Listing {
    let costs = match ranking {
        Ranking::Size => vec![1.0; chances.len()],
        Ranking::Probability => unlikeliness(chances),
    };
    let Cheapest { sets, all, given_up } = cheapest(structure, &costs, n, Budget { steps, bytes: 1 << 30 });
    Listing { sets: sets.into_iter().map(|(_, set)| set).collect(), all, given_up }
}

/// Costs whose sum is the less the likelier a set is: infinite for what cannot happen.
pub(super) fn unlikeliness(chances: &[Option<f64>]) -> Vec<f64> {
    // Adding zero turns the negative zero of a certain event into a plain one.
    chances.iter().map(|chance| -chance.unwrap_or(1.0).ln() + 0.0).collect()
}
