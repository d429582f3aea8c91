//! What the members of a redundancy group have in common: redundancy that is an illusion.

use std::collections::BTreeSet;

use super::{FailureGraph, Scenario};

/// Of more choices than this not each is looked at.
const CHOICES: usize = 20_000;

/// Elements of which pairs are looked for by what each takes alone.
const MOST_IN_PAIRS: usize = 256;

/// What failures take of alternatives of which some must live. Only elements with a basic event fail.
pub struct Alternatives<'a> {
    graph: &'a FailureGraph,
    members: Vec<u32>,
    k: usize,
    /// Elements whose failure alone takes a member, ascending, and which members, by place.
    takers: Vec<(u32, Vec<bool>)>,
}

/// Elements of which two take too many members together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairs {
    /// Each pair and the list ascending; no element of them does so alone.
    ///
    /// A pair that holds two members' own failures is what a group of that size is made to accept; others are shared
    /// fate.
    pub pairs: Vec<(u32, u32)>,
    /// Whether these are all.
    pub complete: bool,
}

/// Two alternatives and what takes both; they are independent when nothing does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// The place of one among the members.
    pub first: usize,
    /// The place of the other.
    pub second: usize,
    /// The elements whose failure alone takes both, ascending.
    pub shared: Vec<u32>,
}

/// Some of the alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Places among the members, ascending.
    pub members: Vec<usize>,
    /// Over all pairs of them, how many elements take both.
    pub shared: usize,
    /// No choice of as many shares less than this; equal to `shared` when the choice is known to be the best.
    pub at_least: usize,
}

impl<'a> Alternatives<'a> {
    /// Alternatives of which `k` must live; a larger `k` means all, and one that is named twice counts once.
    ///
    /// Cost: a scenario for each element of the graph, which is best only what the members need.
    ///
    /// # Panics
    ///
    /// If a member is not an element of the graph.
    pub fn new(graph: &'a FailureGraph, k: u32, members: &[u32]) -> Self {
        let mut named = BTreeSet::new();
        let members: Vec<u32> = members.iter().copied().filter(|member| named.insert(*member)).collect();
        let mut scenario = Scenario::new(graph);
        let mut takers = Vec::new();
        for element in (0..graph.len() as u32).filter(|element| graph.may_fail(*element)) {
            scenario.fail(&[element]);
            let taken: Vec<bool> = members.iter().map(|member| !scenario.is_alive(*member)).collect();
            if taken.contains(&true) {
                takers.push((element, taken));
            }
        }
        Alternatives { graph, k: (k as usize).min(members.len()), members, takers }
    }

    /// The members, each once, in the order in which they were named.
    pub fn members(&self) -> &[u32] {
        &self.members
    }

    /// The elements whose failure alone leaves fewer than `k` members, ascending.
    pub fn singles(&self) -> Vec<u32> {
        self.takers.iter().filter(|(_, taken)| self.drops(taken)).map(|(element, _)| *element).collect()
    }

    /// The pairs whose failure together does so, exact within `steps` looks at an element; beyond that those where each
    /// takes a member alone, of the first 256 such elements.
    pub fn pairs(&self, steps: usize) -> Pairs {
        let singles = self.singles();
        let is_open =
            |element: &u32| self.graph.may_fail(*element) && singles.binary_search(element).is_err();
        let open: Vec<u32> = (0..self.graph.len() as u32).filter(is_open).collect();
        let complete = open.len().saturating_mul(open.len() / 2).saturating_mul(self.graph.len()) <= steps;
        let pairs = if complete { self.all_pairs(&open) } else { self.pairs_of_takers() };
        Pairs { pairs, complete }
    }

    fn all_pairs(&self, open: &[u32]) -> Vec<(u32, u32)> {
        let mut scenario = Scenario::new(self.graph);
        let mut pairs = Vec::new();
        for (at, &first) in open.iter().enumerate() {
            for &second in &open[at + 1..] {
                scenario.fail(&[first, second]);
                let alive = self.members.iter().filter(|member| scenario.is_alive(**member)).count();
                if alive < self.k {
                    pairs.push((first, second));
                }
            }
        }
        pairs
    }

    fn pairs_of_takers(&self) -> Vec<(u32, u32)> {
        let open: Vec<&(u32, Vec<bool>)> =
            self.takers.iter().filter(|(_, taken)| !self.drops(taken)).take(MOST_IN_PAIRS).collect();
        let mut pairs = Vec::new();
        for (at, (first, of_first)) in open.iter().enumerate() {
            for (second, of_second) in &open[at + 1..] {
                let both: Vec<bool> = of_first.iter().zip(of_second).map(|(a, b)| *a || *b).collect();
                if self.drops(&both) {
                    pairs.push((*first, *second));
                }
            }
        }
        pairs
    }

    fn drops(&self, taken: &[bool]) -> bool {
        taken.iter().filter(|taken| !**taken).count() < self.k
    }

    /// For every two members what takes both, in order of their places.
    pub fn meetings(&self) -> Vec<Meeting> {
        let places = 0..self.members.len();
        let pairs =
            places.clone().flat_map(|first| (first + 1..places.end).map(move |second| (first, second)));
        let shared = |first: usize, second: usize| {
            let both = self.takers.iter().filter(|(_, taken)| taken[first] && taken[second]);
            both.map(|(element, _)| *element).collect()
        };
        pairs.map(|(first, second)| Meeting { first, second, shared: shared(first, second) }).collect()
    }

    /// The choice of `count` members that share the fewest single failures.
    ///
    /// What counts is, over all pairs chosen, the number of elements that take both; of equal choices it is the first in
    /// order of places. Exact up to 20 000 choices; beyond that members are added one by one, each the best next to
    /// those chosen, and [`Choice::at_least`] says how good another choice could be.
    pub fn most_independent(&self, count: usize) -> Choice {
        let count = count.min(self.members.len());
        let mut shared = vec![vec![0; self.members.len()]; self.members.len()];
        for (_, taken) in &self.takers {
            let taken: Vec<usize> = (0..taken.len()).filter(|at| taken[*at]).collect();
            taken.iter().for_each(|first| taken.iter().for_each(|second| shared[*first][*second] += 1));
        }
        let exact = choices(self.members.len(), count) <= CHOICES;
        let members = if exact { best_choice(&shared, count) } else { greedy_choice(&shared, count) };
        let cost = cost(&shared, &members);
        Choice { members, shared: cost, at_least: if exact { cost } else { bound(&shared, count) } }
    }
}

/// The number of ways to choose, or more than any limit.
fn choices(of: usize, count: usize) -> usize {
    (0..count.min(of - count)).fold(1_usize, |ways, step| ways.saturating_mul(of - step) / (step + 1))
}

fn cost(shared: &[Vec<usize>], choice: &[usize]) -> usize {
    let pairs = choice.iter().enumerate().flat_map(|(at, &a)| choice[at + 1..].iter().map(move |&b| (a, b)));
    pairs.map(|(a, b)| shared[a][b]).sum()
}

/// No choice costs less than as many pairs of those that share least.
fn bound(shared: &[Vec<usize>], count: usize) -> usize {
    let mut pairs: Vec<usize> =
        (0..shared.len()).flat_map(|at| shared[at][at + 1..].iter().copied()).collect();
    pairs.sort_unstable();
    pairs[..count * count.saturating_sub(1) / 2].iter().sum()
}

fn best_choice(shared: &[Vec<usize>], count: usize) -> Vec<usize> {
    let mut choice: Vec<usize> = (0..count).collect();
    let mut best = (cost(shared, &choice), choice.clone());
    loop {
        let last = shared.len() - count;
        let Some(at) = (0..count).rev().find(|&at| choice[at] < last + at) else {
            return best.1;
        };
        choice[at] += 1;
        for next in at + 1..count {
            choice[next] = choice[next - 1] + 1;
        }
        let cost = cost(shared, &choice);
        if cost < best.0 {
            best = (cost, choice.clone());
        }
    }
}

fn greedy_choice(shared: &[Vec<usize>], count: usize) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < count {
        let cost = |candidate: usize| -> usize {
            // The first one is the candidate that the fewest elements take.
            let own = if chosen.is_empty() { shared[candidate][candidate] } else { 0 };
            own + chosen.iter().map(|&other| shared[candidate][other]).sum::<usize>()
        };
        let rest = (0..shared.len()).filter(|candidate| !chosen.contains(candidate));
        let Some(next) = rest.min_by_key(|&candidate| (cost(candidate), candidate)) else {
            break;
        };
        chosen.push(next);
    }
    chosen.sort_unstable();
    chosen
}
