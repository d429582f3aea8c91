//! What a fault tree comes to: cut sets, probability, importance.

use std::collections::BTreeMap;

use super::best::best;
use super::bounds::{self, Interval};
use super::count::Count;
use super::cut_sets::AllSets;
use super::diagrams::{ANY_ORDER, Diagrams};
use super::importance::{Importance, importance};
use super::listing::{Ranking, search, unlikeliness};
use super::monte_carlo::{self, Estimate};
use super::probability::{Chance, Chances};
use super::structure::Structure;
use super::tree::{Builder, EventId, FaultTree, Node, Operator};
use super::zbdd::UNLIMITED;

/// What to find out, and how much memory it may take.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Leave out cut sets of a higher order.
    pub limit_order: Option<u32>,
    /// Whether to compute probability and importance.
    pub probability: bool,
    /// Most nodes of one decision diagram (each about 24 bytes, its tables another 16).
    pub diagram_nodes: usize,
    /// Most nodes of one diagram of cut sets (each about 24 bytes).
    pub set_nodes: usize,
    /// Trials when the probability is only bounded; 0 for none.
    pub trials: u64,
    /// What trials are drawn from.
    pub seed: u64,
    /// Steps of the search for the best cut sets of a tree that is too large to be counted.
    pub search_steps: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            limit_order: None,
            probability: true,
            diagram_nodes: 6_000_000,
            set_nodes: 40_000_000,
            trials: 1 << 18,
            seed: 42,
            search_steps: 4_000_000_000,
        }
    }
}

/// The top's probability under independence of all events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Probability {
    /// Known to the precision of floating-point numbers.
    Exact(f64),
    /// Known to lie between two numbers.
    Bounds {
        /// It is no less.
        lower: f64,
        /// It is no more.
        upper: f64,
        /// What trials say, when they were asked for.
        estimate: Option<Estimate>,
    },
}

/// What a tree comes to.
pub struct Solution {
    /// Whether no event ever helps: no negation plays a part.
    pub coherent: bool,
    /// The highest order up to which every cut set is counted; `None` when all are.
    pub complete_to_order: Option<u32>,
    /// Numbers of minimal cut sets, from order 0; past the last there are none.
    pub by_order: Vec<Count>,
    /// The top's probability; `None` when not asked for, or when an event's is not known.
    pub probability: Option<Probability>,
    /// By criticality, the largest first; empty without an exact probability.
    pub importance: Vec<Importance>,
    /// Events whose probability would be needed and is not known.
    pub without_probability: Vec<EventId>,
    sets: AllSets,
    chances: Vec<Option<f64>>,
    structure: Structure,
    limit_order: u32,
    search_steps: u64,
}

impl Solution {
    /// How many minimal cut sets were counted.
    pub fn count(&self) -> Count {
        self.by_order.iter().fold(Count::default(), |sum, count| sum.plus(count))
    }

    /// Whether memory ended the counting before the limit on the order did.
    pub fn cut_short(&self) -> bool {
        self.complete_to_order.is_some_and(|order| order < self.limit_order)
    }

    /// The `n` smallest minimal cut sets, the smallest first.
    ///
    /// Sets beyond those that were counted are searched for, in coherent trees and within [`Options::search_steps`].
    pub fn smallest(&self, n: usize) -> Vec<Vec<EventId>> {
        let most = match self.sets.most {
            UNLIMITED => f64::INFINITY,
            most => f64::from(most),
        };
        let known = best(&self.sets, &vec![1.0; self.chances.len()], n, most);
        let mut sets = self.searched_beyond(known, Ranking::Size, n);
        sets.sort_by(|left, right| left.len().cmp(&right.len()).then_with(|| left.cmp(right)));
        sets
    }

    /// The `n` likeliest minimal cut sets, the likeliest first, each with its probability; events of unknown
    /// probability count as certain. Sets with an impossible event are left out.
    ///
    /// When not all were counted they are searched for, in coherent trees and within [`Options::search_steps`].
    pub fn likeliest(&self, n: usize) -> Vec<(f64, Vec<EventId>)> {
        if !self.cut_short() || !self.coherent {
            return self.likeliest_counted(n);
        }
        let found = self.searched(Ranking::Probability, n);
        if found.len() < n { self.likeliest_counted(n) } else { self.by_chance(found) }
    }

    fn likeliest_counted(&self, n: usize) -> Vec<(f64, Vec<EventId>)> {
        self.by_chance(best(&self.sets, &unlikeliness(&self.chances), n, f64::MAX))
    }

    fn by_chance(&self, sets: Vec<Vec<EventId>>) -> Vec<(f64, Vec<EventId>)> {
        let chance = |event: &EventId| self.chances[event.0 as usize].unwrap_or(1.0);
        let mut sets: Vec<(f64, Vec<EventId>)> =
            sets.into_iter().map(|set| (set.iter().map(chance).product(), set)).collect();
        sets.sort_by(|left: &(f64, Vec<EventId>), right| {
            right.0.total_cmp(&left.0).then_with(|| left.1.cmp(&right.1))
        });
        sets
    }

    fn searched_beyond(&self, known: Vec<Vec<EventId>>, ranking: Ranking, n: usize) -> Vec<Vec<EventId>> {
        if known.len() >= n || !self.cut_short() || !self.coherent {
            return known;
        }
        let found = self.searched(ranking, n);
        if found.len() > known.len() { found } else { known }
    }

    fn searched(&self, ranking: Ranking, n: usize) -> Vec<Vec<EventId>> {
        let mut found = search(&self.structure, &self.chances, ranking, n, self.search_steps).sets;
        found.retain(|set| set.len() <= self.limit_order as usize);
        found
    }
}

/// Solves a tree.
///
/// Minimal cut sets of a tree that is not coherent are its minimal p-cuts: the smallest sets of events that make the
/// top true when they and nothing else have happened (Rauzy 2001). Its probability is exact all the same.
///
/// Cost: linear in the tree for trees without shared events; else that of its decision diagrams, which may grow
/// exponentially with what is shared. Past [`Options`]' limits the answer is in part: complete up to
/// [`Solution::complete_to_order`], with bounds on the probability.
pub fn solve(tree: &FaultTree, options: &Options) -> Solution {
    // Diagrams recurse as deep as there are variables, at most a few hundred bytes a level in release builds and
    // under two kilobytes in others; pages of a stack that are never touched cost nothing.
    let stack = (16 << 20) + tree.events().len() * 4_096;
    std::thread::scope(|scope| {
        let worker =
            std::thread::Builder::new().stack_size(stack).spawn_scoped(scope, || solve_here(tree, options));
        match worker.map(|worker| worker.join()) {
            Ok(Ok(solution)) => solution,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            // No thread to be had: the caller's own stack serves all but the largest trees.
            Err(_) => solve_here(tree, options),
        }
    })
}

fn solve_here(tree: &FaultTree, options: &Options) -> Solution {
    let structure = Structure::of(tree);
    let coherent = structure.is_coherent();
    let chances: Vec<Option<f64>> = tree.events().iter().map(|event| event.probability).collect();
    let most = options.limit_order.unwrap_or(ANY_ORDER);
    let diagrams = Diagrams::of(&structure, options.diagram_nodes).ok();
    let (sets, complete) = cut_sets(&structure, diagrams.as_ref(), coherent, most, options);
    let by_order = sets.count();
    let complete_to_order = match complete {
        // Nothing was left out when every set is below the limit.
        ANY_ORDER => None,
        order => Some(order),
    };
    let mut solution = Solution {
        coherent,
        complete_to_order,
        by_order,
        probability: None,
        importance: Vec::new(),
        without_probability: Vec::new(),
        sets,
        chances,
        structure,
        limit_order: most,
        search_steps: options.search_steps,
    };
    if options.probability {
        solution.without_probability = tree
            .events_below_top()
            .into_iter()
            .filter(|event| tree.events()[event.0 as usize].probability.is_none())
            .collect();
        if solution.without_probability.is_empty() {
            add_probability(&mut solution, diagrams.as_ref(), options);
        }
    }
    solution
}

/// The cut sets, and the order up to which they are complete.
fn cut_sets(
    structure: &Structure,
    diagrams: Option<&Diagrams>,
    coherent: bool,
    most: u32,
    options: &Options,
) -> (AllSets, u32) {
    let known = diagrams.map_or(0, Diagrams::order);
    if let Some(diagrams) = diagrams.filter(|_| known >= most)
        && let Ok(sets) = AllSets::of(diagrams, most, options.set_nodes)
    {
        return (sets, most);
    }
    // In part: up to the highest order that fits.
    let mut best = (AllSets::none(), 0);
    for order in 1..=most.min(1_000) {
        let sets = match diagrams {
            Some(diagrams) if order <= known => AllSets::of(diagrams, order, options.set_nodes),
            _ if coherent => AllSets::direct(structure, order, options.set_nodes),
            _ => break,
        };
        match sets {
            Ok(sets) => best = (sets, order),
            Err(_) => break,
        }
    }
    best
}

fn add_probability(solution: &mut Solution, diagrams: Option<&Diagrams>, options: &Options) {
    let structure = &solution.structure;
    let events: Vec<Chance> =
        solution.chances.iter().map(|chance| Chance::of(chance.unwrap_or(0.0))).collect();
    let Some(diagrams) = diagrams.filter(|diagrams| diagrams.order() == ANY_ORDER) else {
        let probabilities: Vec<f64> = events.iter().map(|chance| chance.yes).collect();
        let anyway = bounds::interval(structure, &probabilities);
        let Interval { lower, upper } =
            diagrams.map_or(anyway, |diagrams| anyway.and(bounds::from_diagrams(diagrams, &probabilities)));
        // In a coherent tree each cut set makes the top fail, whatever else happens.
        let lower = if solution.coherent { lower.max(likeliest_sets(solution)) } else { lower };
        let estimate = (options.trials > 0).then(|| {
            monte_carlo::estimate(&structure.net, structure.top, &probabilities, options.trials, options.seed)
        });
        solution.probability = Some(Probability::Bounds { lower, upper, estimate });
        return;
    };
    let chances = Chances::of(diagrams, &events);
    let top = chances.top().yes;
    solution.probability = Some(Probability::Exact(top));
    solution.importance = importance(&chances, &events, structure, diagrams, top);
}

/// The probability that one of the likeliest cut sets happens.
fn likeliest_sets(solution: &Solution) -> f64 {
    const SETS: usize = 60;
    let mut builder = Builder::new();
    let mut events: BTreeMap<EventId, Node> = BTreeMap::new();
    let mut ways = Vec::new();
    for (_, set) in solution.likeliest_counted(SETS) {
        let parts = set
            .iter()
            .map(|event| {
                *events.entry(*event).or_insert_with(|| builder.event("", solution.chances[event.0 as usize]))
            })
            .collect();
        ways.push(builder.gate("", Operator::And, parts));
    }
    let top = builder.gate("", Operator::Or, ways);
    let tree = builder.build(top).expect("two levels hold no cycle");
    let structure = Structure::of(&tree);
    let events: Vec<Chance> =
        tree.events().iter().map(|event| Chance::of(event.probability.unwrap_or(0.0))).collect();
    match Diagrams::of(&structure, 200_000) {
        Ok(diagrams) if diagrams.order() == ANY_ORDER => Chances::of(&diagrams, &events).top().yes,
        _ => solution.likeliest_counted(1).first().map_or(0.0, |(chance, _)| *chance),
    }
}
