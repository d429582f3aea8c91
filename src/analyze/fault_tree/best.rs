//! The best cut sets first, without listing the others.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::cut_sets::{AllSets, TopSets};
use super::diagrams::Leaf;
use super::tree::EventId;
use super::zbdd::{BASE, EMPTY, Family};

/// Part of a cut set found so far.
#[derive(Clone, Copy)]
struct Partial {
    /// What the best completion costs in all.
    cost: f64,
    /// Later ones first among equals: that goes deep, not wide.
    number: u64,
    module: usize,
    family: Family,
    /// What is left to do after this module: a position among the frames.
    then: usize,
    /// Events chosen: a position among the choices.
    chosen: usize,
}

impl PartialEq for Partial {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Partial {}

impl PartialOrd for Partial {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Partial {
    fn cmp(&self, other: &Self) -> Ordering {
        other.cost.total_cmp(&self.cost).then(self.number.cmp(&other.number))
    }
}

const NOTHING: usize = usize::MAX;

/// The `n` sets of the least sum of `costs` (by event, none negative), the best first; none dearer than `most`.
pub(super) fn best(sets: &AllSets, costs: &[f64], n: usize, most: f64) -> Vec<Vec<EventId>> {
    let top = match sets.top {
        TopSets::None => return Vec::new(),
        TopSets::Always => return vec![Vec::new(); n.min(1)],
        TopSets::Event(event) => return vec![vec![EventId(event)]; n.min(1)],
        TopSets::Module(top) => top,
    };
    let least = least_costs(sets, top, costs);
    let mut search = Search {
        sets,
        costs,
        least,
        heap: BinaryHeap::new(),
        frames: Vec::new(),
        choices: Vec::new(),
        number: 0,
    };
    let family = sets.modules[top].family;
    search.push(search.least[top][family as usize], top, family, NOTHING, NOTHING);
    let mut found = Vec::new();
    while found.len() < n {
        let Some(partial) = search.heap.pop() else { break };
        if partial.cost > most {
            break;
        }
        if let Some(set) = search.step(partial) {
            found.push(set);
        }
    }
    found
}

/// By module and family: what its cheapest set costs.
fn least_costs(sets: &AllSets, top: usize, costs: &[f64]) -> Vec<Vec<f64>> {
    let needed = sets.needed(top);
    let mut least: Vec<Vec<f64>> = Vec::with_capacity(top + 1);
    for (at, module) in sets.modules.iter().enumerate().take(top + 1) {
        let mut of = vec![f64::INFINITY; if needed[at] { module.family as usize + 2 } else { 0 }];
        if needed[at] {
            of[BASE as usize] = 0.0;
            for family in module.reachable() {
                let (high, low) = module.zbdd.branches(family);
                let leaf = match module.leaf(family) {
                    Leaf::Event(event) => costs[event as usize],
                    Leaf::Module(below) => least[below][sets.modules[below].family as usize],
                };
                of[family as usize] = (of[high as usize] + leaf).min(of[low as usize]);
            }
        }
        least.push(of);
    }
    least
}

struct Search<'a> {
    sets: &'a AllSets,
    costs: &'a [f64],
    least: Vec<Vec<f64>>,
    heap: BinaryHeap<Partial>,
    /// What to go on with when a module is done: its user, the family there, and what comes after.
    frames: Vec<(usize, Family, usize)>,
    /// An event and the choice before it.
    choices: Vec<(u32, usize)>,
    number: u64,
}

impl Search<'_> {
    fn push(&mut self, cost: f64, module: usize, family: Family, then: usize, chosen: usize) {
        if family != EMPTY && cost.is_finite() {
            self.number += 1;
            self.heap.push(Partial { cost, number: self.number, module, family, then, chosen });
        }
    }

    /// Goes one choice further; a finished set comes back.
    fn step(&mut self, partial: Partial) -> Option<Vec<EventId>> {
        let Partial { cost, module, family, then, chosen, .. } = partial;
        if family == BASE {
            if then == NOTHING {
                return Some(self.chosen(chosen));
            }
            let (user, rest, after) = self.frames[then];
            self.push(cost, user, rest, after, chosen);
            return None;
        }
        let sets = self.sets;
        let (high, low) = sets.modules[module].zbdd.branches(family);
        let least = &self.least[module];
        let before = cost - least[family as usize];
        let (with, without) = (before + least[high as usize], before + least[low as usize]);
        match sets.modules[module].leaf(family) {
            Leaf::Event(event) => {
                let event_cost = self.costs[event as usize];
                self.push(without, module, low, then, chosen);
                self.choices.push((event, chosen));
                self.push(with + event_cost, module, high, then, self.choices.len() - 1);
            }
            Leaf::Module(below) => {
                let root = sets.modules[below].family;
                let below_cost = self.least[below][root as usize];
                self.push(without, module, low, then, chosen);
                self.frames.push((module, high, then));
                self.push(with + below_cost, below, root, self.frames.len() - 1, chosen);
            }
        }
        None
    }

    fn chosen(&self, mut at: usize) -> Vec<EventId> {
        let mut events = Vec::new();
        while at != NOTHING {
            let (event, before) = self.choices[at];
            events.push(EventId(event));
            at = before;
        }
        events.sort_unstable();
        events
    }
}
