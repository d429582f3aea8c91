//! The cheapest minimal cut sets of a circuit, the cheapest first, without diagrams.
//!
//! A cut set holds a leaf of every path set. A partial answer says which leaves have failed and which live; it is split
//! over the leaves of a path set that it leaves alive, so that each cut set is found in one place (Reiter 1987). What a
//! partial answer still costs is no less than any packing of path sets into the costs of the leaves: the dual of the
//! linear program, raised greedily. The cheapest estimate goes on first, so answers come in order and are exact;
//! how many partial answers that takes is another matter, and bounded by the caller.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::rc::Rc;

use fixedbitset::FixedBitSet;

use super::circuit::{Circuit, Walk};

/// Steps and memory that searching may still take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// Looks at one node of a circuit or one path set.
    pub(super) steps: u64,
    /// Bytes of partial answers.
    pub(super) bytes: u64,
}

/// What a step of the search comes to.
pub(super) enum Step {
    /// The next minimal cut set: its cost and its leaves, in order.
    Found(f64, Vec<u32>),
    /// There is no other.
    End,
    /// The budget is used up.
    GivenUp,
}

/// A partial answer.
struct State {
    failed: FixedBitSet,
    living: FixedBitSet,
    /// What the failed leaves cost.
    cost: f64,
    /// Path sets without a failed leaf, by position among all, each with its share of the bound.
    packing: Vec<(u32, f64)>,
}

impl State {
    fn bound(&self) -> f64 {
        self.cost + self.packing.iter().map(|(_, share)| share).sum::<f64>()
    }

    fn bytes(&self) -> u64 {
        (self.failed.len().div_ceil(32) * 8 + self.packing.len() * 16 + 200) as u64
    }
}

/// A partial answer and the leaves of a path set that it leaves alive.
struct Split {
    state: State,
    leaves: Vec<u32>,
}

enum Turn {
    /// Goes on by itself.
    Whole(State),
    /// Goes on with this leaf failed and those before it living.
    Part(Rc<Split>, usize),
}

/// A partial answer that waits for its turn.
struct Waiting {
    bound: f64,
    /// Later ones first among equals: that goes deep, not wide.
    number: u64,
    turn: Turn,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        other.bound.total_cmp(&self.bound).then(self.number.cmp(&other.number))
    }
}

/// Sums of costs that differ by less are the same: what adding in another order may lose.
const ROUNDING: f64 = 1e-9;

/// A search through one circuit.
pub(super) struct Search {
    /// By leaf; infinite for one that cannot fail.
    costs: Vec<f64>,
    paths: Vec<Vec<u32>>,
    waiting: BinaryHeap<Waiting>,
    number: u64,
    walk: Walk,
}

impl Search {
    /// A search that has not found anything yet; `costs` are by leaf, none negative.
    pub(super) fn new(circuit: &Circuit, costs: Vec<f64>, budget: &mut Budget) -> Search {
        let (failed, mut living) =
            (FixedBitSet::with_capacity(costs.len()), FixedBitSet::with_capacity(costs.len()));
        for (leaf, cost) in costs.iter().enumerate() {
            living.set(leaf, !cost.is_finite());
        }
        let (paths, waiting, walk) = (Vec::new(), BinaryHeap::new(), Walk::default());
        let mut search = Search { costs, paths, waiting, number: 0, walk };
        let start = State { failed, living, cost: 0.0, packing: Vec::new() };
        if let Some(start) = search.settle(circuit, start, budget) {
            search.wait(start.bound(), Turn::Whole(start));
        }
        search
    }

    fn wait(&mut self, bound: f64, turn: Turn) {
        self.number += 1;
        self.waiting.push(Waiting { bound, number: self.number, turn });
    }

    /// The next cut set.
    pub(super) fn next(&mut self, circuit: &Circuit, budget: &mut Budget) -> Step {
        while let Some(Waiting { bound, turn, .. }) = self.waiting.pop() {
            if budget.steps == 0 || budget.bytes == 0 {
                self.wait(bound, turn);
                return Step::GivenUp;
            }
            let state = match turn {
                Turn::Whole(state) => state,
                Turn::Part(split, at) => {
                    let Some(state) = self.part(circuit, split, at, budget) else { continue };
                    let now = state.bound();
                    if now > bound + ROUNDING * (1.0 + bound) {
                        self.wait(now, Turn::Whole(state));
                        continue;
                    }
                    state
                }
            };
            if let Some(set) = self.advance(circuit, state, budget) {
                let cost = set.iter().map(|leaf| self.costs[*leaf as usize]).sum();
                return Step::Found(cost, set);
            }
        }
        Step::End
    }

    /// The state in which one leaf of the split has failed and those before it live, settled.
    fn part(&mut self, circuit: &Circuit, split: Rc<Split>, at: usize, budget: &mut Budget) -> Option<State> {
        let State { failed, living, cost, packing } = &split.state;
        let mut part =
            State { failed: failed.clone(), living: living.clone(), cost: *cost, packing: packing.clone() };
        split.leaves[..at].iter().for_each(|leaf| part.living.insert(*leaf as usize));
        self.fail(&mut part, split.leaves[at]);
        if let Ok(split) = Rc::try_unwrap(split) {
            budget.bytes += split.state.bytes();
        }
        let part = self.settle(circuit, part, budget)?;
        budget.bytes = budget.bytes.saturating_sub(part.bytes());
        Some(part)
    }

    fn fail(&self, state: &mut State, leaf: u32) {
        state.failed.insert(leaf as usize);
        state.cost += self.costs[leaf as usize];
        state.packing.retain(|(path, _)| !self.holds(*path, leaf));
    }

    fn holds(&self, path: u32, leaf: u32) -> bool {
        self.paths[path as usize].binary_search(&leaf).is_ok()
    }

    /// Packs until nothing more fits, and fails what no path set leaves a choice about. `None` when some path set
    /// lives whatever else fails.
    fn settle(&mut self, circuit: &Circuit, mut state: State, budget: &mut Budget) -> Option<State> {
        loop {
            self.pack(circuit, &mut state, budget)?;
            let mut forced: Vec<u32> =
                state.packing.iter().filter_map(|(path, _)| self.only_choice(*path, &state)).collect();
            if forced.is_empty() {
                return Some(state);
            }
            forced.sort_unstable();
            forced.dedup();
            forced.into_iter().for_each(|leaf| self.fail(&mut state, leaf));
        }
    }

    fn only_choice(&self, path: u32, state: &State) -> Option<u32> {
        let mut open =
            self.paths[path as usize].iter().filter(|leaf| !state.living.contains(**leaf as usize));
        let first = open.next()?;
        open.next().is_none().then_some(*first)
    }

    /// What of each leaf's cost no path set has taken.
    fn rests(&self, state: &State) -> Vec<f64> {
        let mut rests = self.costs.clone();
        for (path, share) in &state.packing {
            self.paths[*path as usize].iter().for_each(|leaf| rests[*leaf as usize] -= share);
        }
        state.living.ones().for_each(|leaf| rests[leaf] = f64::INFINITY);
        rests
    }

    fn pack(&mut self, circuit: &Circuit, state: &mut State, budget: &mut Budget) -> Option<()> {
        let mut rests = self.rests(state);
        let costs = &self.costs;
        let length = |rests: &[f64], leaf: usize| {
            let rest = rests[leaf];
            if state.failed.contains(leaf) || rest <= ROUNDING * costs[leaf].min(1.0) {
                f64::INFINITY
            } else {
                1.0 / rest
            }
        };
        circuit.measure(|leaf| length(&rests, leaf), &mut self.walk);
        loop {
            budget.steps = budget.steps.saturating_sub((circuit.size() + state.packing.len()) as u64);
            let Some(path) = circuit.path(&mut self.walk) else { return Some(()) };
            let share = path.iter().map(|leaf| rests[*leaf as usize]).fold(f64::INFINITY, f64::min);
            if share == f64::INFINITY {
                return None;
            }
            if budget.steps == 0 {
                return Some(());
            }
            path.iter().for_each(|leaf| rests[*leaf as usize] -= share);
            circuit.measure_again(&path, |leaf| length(&rests, leaf), &mut self.walk);
            budget.bytes = budget.bytes.saturating_sub(path.len() as u64 * 4 + 24);
            state.packing.push((self.paths.len() as u32, share));
            self.paths.push(path);
        }
    }

    /// Splits a settled state; when its failed leaves are a minimal cut set, they come back.
    fn advance(&mut self, circuit: &Circuit, state: State, budget: &mut Budget) -> Option<Vec<u32>> {
        budget.steps = budget.steps.saturating_sub(circuit.size() as u64);
        if state.packing.is_empty() && circuit.fails(|leaf| state.failed.contains(leaf), &mut self.walk) {
            budget.bytes += state.bytes();
            return self.minimal(circuit, &state, budget);
        }
        let rests = self.rests(&state);
        let leaves = self.split(circuit, &state, &rests);
        let bound = state.bound();
        let split = Rc::new(Split { state, leaves });
        // The likeliest comes last, to be the first among equals.
        for at in (0..split.leaves.len()).rev() {
            let rest = rests[split.leaves[at] as usize].max(0.0);
            self.wait(bound + rest, Turn::Part(Rc::clone(&split), at));
        }
        None
    }

    /// The failed leaves when none of them could be spared.
    fn minimal(&mut self, circuit: &Circuit, state: &State, budget: &mut Budget) -> Option<Vec<u32>> {
        let set: Vec<u32> = state.failed.ones().map(|leaf| leaf as u32).collect();
        budget.steps = budget.steps.saturating_sub((circuit.size() * set.len()) as u64);
        let spared = set.iter().any(|spared| {
            circuit.fails(|leaf| leaf != *spared as usize && state.failed.contains(leaf), &mut self.walk)
        });
        (!spared).then_some(set)
    }

    /// The leaves of a living path set that may fail: of few choices, and those dear; the likeliest answer first.
    fn split(&mut self, circuit: &Circuit, state: &State, rests: &[f64]) -> Vec<u32> {
        let open = |path: &[u32]| -> Vec<u32> {
            path.iter().copied().filter(|leaf| !state.living.contains(*leaf as usize)).collect()
        };
        let dearness = |leaves: &[u32]| leaves.iter().map(|leaf| rests[*leaf as usize]).sum::<f64>();
        let packed =
            state.packing.iter().map(|(path, _)| open(&self.paths[*path as usize])).min_by(|left, right| {
                left.len().cmp(&right.len()).then_with(|| dearness(right).total_cmp(&dearness(left)))
            });
        let mut split = match packed {
            Some(split) => split,
            // Whatever is left is free of charge.
            None => {
                let length = |leaf: usize| match leaf {
                    _ if state.failed.contains(leaf) => f64::INFINITY,
                    _ if state.living.contains(leaf) => 0.0,
                    _ => 1.0,
                };
                circuit.measure(length, &mut self.walk);
                open(&circuit.path(&mut self.walk).unwrap_or_default())
            }
        };
        split.sort_by(|left, right| {
            let (l, r) = (*left as usize, *right as usize);
            rests[l]
                .total_cmp(&rests[r])
                .then_with(|| self.costs[r].total_cmp(&self.costs[l]))
                .then(l.cmp(&r))
        });
        split
    }
}
