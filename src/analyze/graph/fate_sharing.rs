//! What the members of a redundancy group have in common: redundancy that is an illusion.

use std::collections::BTreeSet;

use super::{FailureGraph, Scenario, Service, SingleFailures};

/// How much work the search for pairs may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FateLimits {
    /// How many elements the group may need, itself included, before pairs are left out.
    pub elements: usize,
}

impl Default for FateLimits {
    /// 2 000 elements: at most two million pairs.
    fn default() -> Self {
        Self { elements: 2_000 }
    }
}

/// What takes a group of alternatives below the number that must live.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SharedFate {
    /// The elements whose failure alone leaves fewer than `k` members alive, ascending.
    pub singles: Vec<u32>,
    /// The pairs of elements of which neither is among `singles` and whose failure together does so, each pair and the
    /// list ascending. None when the group needs more elements than [`FateLimits`] allows.
    ///
    /// A pair that holds two members' own failures is what a group of that size is made to accept; others are shared fate.
    pub pairs: Option<Vec<(u32, u32)>>,
}

/// Two alternatives and what takes both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternatives {
    /// The one with the lower index.
    pub first: u32,
    /// The other one.
    pub second: u32,
    /// The elements whose failure alone takes both, ascending; they are independent when there is none.
    pub shared: Vec<u32>,
}

/// Finds what takes a group that needs `k` of `members`; members are a set, and a larger `k` means all.
///
/// Only elements with a basic event count.
///
/// # Panics
///
/// If a member is not an element of the graph.
pub fn shared_fate(graph: &FailureGraph, k: u32, members: &[u32], limits: FateLimits) -> SharedFate {
    let group = Group::of(graph, k, members);
    let mut scenario = Scenario::new(&group.cone);
    let mut down = |events: &[u32]| {
        scenario.fail(events);
        group.is_down(&scenario)
    };
    let (singles, open): (Vec<u32>, Vec<u32>) = group.events.iter().partition(|&&event| down(&[event]));
    let pairs = (group.cone.len() <= limits.elements).then(|| {
        let mut pairs = Vec::new();
        for (index, &first) in open.iter().enumerate() {
            let second = open[index + 1..].iter().filter(|&&second| down(&[first, second]));
            pairs.extend(second.map(|&second| (group.old(first), group.old(second))));
        }
        pairs
    });
    SharedFate { singles: singles.into_iter().map(|single| group.old(single)).collect(), pairs }
}

/// For every two of `members` what takes both, in order of the members.
///
/// # Panics
///
/// If a member is not an element of the graph.
pub fn independence(graph: &FailureGraph, members: &[u32]) -> Vec<Alternatives> {
    let takers = Takers::of(graph, members);
    let mut all = Vec::new();
    for (index, first) in takers.0.iter().enumerate() {
        for second in &takers.0[index + 1..] {
            let shared = first.1.intersection(&second.1).copied().collect();
            all.push(Alternatives { first: first.0, second: second.0, shared });
        }
    }
    all
}

/// The choice of `count` candidates that share the fewest single failures, ascending.
///
/// What counts is, over all pairs chosen, the number of elements that take both; of equal choices it is the first in order
/// of indices. Exact up to 200 000 choices; beyond that candidates are added one by one, each the best next to those chosen.
///
/// # Panics
///
/// If a candidate is not an element of the graph.
pub fn most_independent(graph: &FailureGraph, count: usize, candidates: &[u32]) -> Vec<u32> {
    let takers = Takers::of(graph, candidates);
    let candidates: Vec<u32> = takers.0.iter().map(|taker| taker.0).collect();
    let count = count.min(candidates.len());
    let shared: Vec<Vec<usize>> = takers
        .0
        .iter()
        .map(|first| takers.0.iter().map(|second| first.1.intersection(&second.1).count()).collect())
        .collect();
    let chosen = if choices(candidates.len(), count) <= 200_000 {
        best_choice(&shared, count)
    } else {
        greedy_choice(&shared, count)
    };
    chosen.into_iter().map(|index| candidates[index]).collect()
}

/// Per member, ascending, the elements whose failure alone takes it.
struct Takers(Vec<(u32, BTreeSet<u32>)>);

impl Takers {
    fn of(graph: &FailureGraph, members: &[u32]) -> Self {
        let (cone, kept) = graph.cone(members);
        let members = BTreeSet::from_iter(members.iter().copied());
        let new = |old: u32| kept.binary_search(&old).expect("a cone holds what it is of") as u32;
        let services: Vec<Service> =
            members.iter().map(|&member| Service { element: new(member), tier: 0, weight: 1 }).collect();
        let single = SingleFailures::new(&cone, &services);
        let old = |element: u32| kept[element as usize];
        let takers = |member: u32| single.spofs(new(member)).into_iter().map(old).collect();
        Self(members.iter().map(|&member| (member, takers(member))).collect())
    }
}

struct Group {
    cone: FailureGraph,
    kept: Vec<u32>,
    members: Vec<u32>,
    k: usize,
    /// The elements of the cone that have a basic event.
    events: Vec<u32>,
}

impl Group {
    fn of(graph: &FailureGraph, k: u32, members: &[u32]) -> Self {
        let (cone, kept) = graph.cone(members);
        let set = BTreeSet::from_iter(members.iter().copied());
        let new = |old: &u32| kept.binary_search(old).expect("a cone holds what it is of") as u32;
        let members: Vec<u32> = set.iter().map(new).collect();
        let events = (0..cone.len() as u32).filter(|&element| cone.may_fail(element)).collect();
        Self { k: (k as usize).min(members.len()), members, kept, events, cone }
    }

    fn is_down(&self, scenario: &Scenario) -> bool {
        self.members.iter().filter(|&&member| scenario.is_alive(member)).count() < self.k
    }

    fn old(&self, element: u32) -> u32 {
        self.kept[element as usize]
    }
}

/// The number of ways to choose, or more than any limit.
fn choices(of: usize, count: usize) -> usize {
    (0..count.min(of - count)).fold(1_usize, |ways, step| ways.saturating_mul(of - step) / (step + 1))
}

fn best_choice(shared: &[Vec<usize>], count: usize) -> Vec<usize> {
    let mut choice: Vec<usize> = (0..count).collect();
    let cost = |choice: &[usize]| -> usize {
        let pairs =
            choice.iter().enumerate().flat_map(|(at, &a)| choice[at + 1..].iter().map(move |&b| (a, b)));
        pairs.map(|(a, b)| shared[a][b]).sum()
    };
    let mut best = (cost(&choice), choice.clone());
    loop {
        let last = shared.len() - count;
        let Some(at) = (0..count).rev().find(|&at| choice[at] < last + at) else {
            return best.1;
        };
        choice[at] += 1;
        for next in at + 1..count {
            choice[next] = choice[next - 1] + 1;
        }
        let cost = cost(&choice);
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
