//! All analyses of one estate.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::compile::{FaultModel, WEIGHT_UNIT, Wiring};
use super::graph::{FailureGraph, ListLimits, Listing, Requirement, Scenario};
use super::{Analysis, PhaseResult, SingleFailure, concentration, cycles, fate};
use crate::model::{Estate, Id, Level, Phase};

/// Computes everything that rules and reports read.
pub fn analyze(estate: &Estate) -> Analysis {
    let wiring = Wiring::of(estate);
    let runtime = wiring.in_phase(Phase::Runtime);
    let mut phases = BTreeMap::new();
    let at_run_time = phase_result(&runtime, None);
    let others = [Phase::Startup, Phase::Deploy, Phase::Observe, Phase::Recover];
    let used = others.into_iter().filter(|phase| estate.edges.iter().any(|edge| edge.phase == *phase));
    for phase in used.collect::<Vec<_>>() {
        phases.insert(phase, phase_result(&wiring.in_phase(phase), Some(&runtime)));
    }
    phases.insert(Phase::Runtime, at_run_time);
    let weight = estate.services().map(|service| service.weight).sum();
    Analysis {
        concentration: concentration::measure(
            estate,
            &wiring,
            &provider_losses(estate, &wiring.without_sub_providers()),
            &provider_losses(estate, &runtime),
        ),
        groups: fate::groups(estate, &runtime),
        cyclic_starts: cycles::cyclic_starts(estate),
        stuck: Vec::new(),
        phases,
        services: estate.services().count(),
        weight,
    }
}

/// The share of all weight that each part of a provider takes down, and each parent with all its brands.
fn provider_losses(estate: &Estate, model: &FaultModel) -> BTreeMap<Id, f64> {
    let mut sets: BTreeMap<Id, Vec<u32>> = BTreeMap::new();
    for id in estate.nodes.keys().filter(|id| id.scheme() == "provider") {
        let Some(element) = model.element(id) else { continue };
        sets.entry(id.clone()).or_default().push(element);
        let top = concentration::ultimate(estate, id);
        if top != *id && !id.rest().contains('/') {
            sets.entry(top).or_default().push(element);
        }
    }
    let served = Served::of(model);
    let mut scenario = Scenario::new(&model.graph);
    let mut share = |elements: &[u32]| {
        scenario.fail(elements);
        let lost: u64 = scenario.failed().filter_map(|element| served.weight(element)).sum();
        served.share(lost)
    };
    sets.into_iter().map(|(id, elements)| (id, share(&elements))).collect()
}

/// Which elements are services, and what they weigh.
struct Served {
    weights: Vec<Option<u64>>,
    all: u64,
}

impl Served {
    fn of(model: &FaultModel) -> Self {
        let mut weights = vec![None; model.graph.len()];
        for service in &model.services {
            weights[service.element as usize] = Some(service.weight);
        }
        Served { weights, all: model.services.iter().map(|service| service.weight).sum() }
    }

    fn weight(&self, element: u32) -> Option<u64> {
        self.weights[element as usize]
    }

    /// Those that are services, ascending: in order of id, since elements of nodes are.
    fn among(&self, elements: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut found: Vec<u32> = elements.filter(|element| self.weight(*element).is_some()).collect();
        found.sort_unstable();
        found
    }

    fn share(&self, weight: u64) -> f64 {
        if self.all == 0 { 0.0 } else { weight as f64 / self.all as f64 }
    }
}

/// No more paths than this are kept in all for the failures of single components.
const MOST_PATHS: usize = 1 << 18;

/// No more services than this are listed in all as lost or degraded by single components, nor by failure domains.
const MOST_LISTED: usize = 1 << 23;

/// No more steps than this are walked in all through what components take, and through what failure domains take.
const MOST_STEPS: usize = 1 << 28;
const MOST_STEPS_OF_DOMAINS: usize = 1 << 30;

/// What each single failure does in the phase, without what it does at run time.
fn phase_result(model: &FaultModel, at_run_time: Option<&FaultModel>) -> PhaseResult {
    let does_more = at_run_time.map(|before| do_more(&model.graph, &before.graph));
    let counts = |element: &u32| {
        model.graph.may_fail(*element) && does_more.as_ref().is_none_or(|more| more[*element as usize])
    };
    let elements: Vec<u32> = (0..model.graph.len() as u32).filter(counts).collect();
    let each = |most: usize| most / elements.len().max(1);
    let before = at_run_time.map(|before| &before.graph);
    let limits = ListLimits { pairs: MOST_LISTED, first: each(MOST_LISTED).max(4) };
    let listing = Listing::new(&model.graph, before, &model.services, &elements, limits);
    let (parts, domains): (Vec<u32>, Vec<u32>) =
        elements.iter().partition(|element| is_part(model.level(**element)));
    let taken = |element: &u32| {
        let (failed, degraded) = listing.loss(*element);
        (failed.services + degraded.services) as usize
    };
    let can_walk = |elements: &[u32], most: usize| elements.len().saturating_mul(model.graph.len()) <= most;
    let run = Run {
        model,
        at_run_time,
        served: Served::of(model),
        paths: each(MOST_PATHS).clamp(1, SingleFailure::PATHS_KEPT),
        domains_in_full: domains.iter().map(taken).sum::<usize>() <= MOST_LISTED
            && can_walk(&domains, MOST_STEPS_OF_DOMAINS),
        walks_parts: can_walk(&parts, MOST_STEPS),
        walks_domains: can_walk(&domains, MOST_STEPS_OF_DOMAINS),
        steps: each(MOST_STEPS).max(64),
        listing,
    };
    let mut failures = run.failures(&domains);
    failures.append(&mut run.failures(&parts));
    failures.par_sort_by(|a, b| {
        b.weight_lost
            .total_cmp(&a.weight_lost)
            .then(b.lost_count.cmp(&a.lost_count))
            .then_with(|| a.element.cmp(&b.element))
    });
    PhaseResult { failures }
}

/// Per element whether it may take more than in the graph of before: whether something rests on it that has other
/// requirements there.
fn do_more(graph: &FailureGraph, before: &FailureGraph) -> Vec<bool> {
    let mut found = vec![false; graph.len()];
    let mut open: Vec<u32> = Vec::new();
    let mut reach = |requirements: Vec<Requirement>, open: &mut Vec<u32>| {
        for member in requirements.into_iter().flat_map(|requirement| requirement.members) {
            if !std::mem::replace(&mut found[member as usize], true) {
                open.push(member);
            }
        }
    };
    for element in 0..graph.len() as u32 {
        let requirements = graph.requirements(element);
        if requirements != before.requirements(element) {
            reach(requirements, &mut open);
        }
    }
    while let Some(element) = open.pop() {
        reach(graph.requirements(element), &mut open);
    }
    found
}

fn is_part(level: Level) -> bool {
    matches!(level, Level::Instance | Level::External)
}

struct Run<'a> {
    model: &'a FaultModel,
    at_run_time: Option<&'a FaultModel>,
    served: Served,
    listing: Listing,
    /// Paths kept for one component.
    paths: usize,
    /// Whether all services are listed that a failure domain takes, even where those of components are not.
    domains_in_full: bool,
    /// Whether there is time to walk through all that a component takes, and a domain.
    walks_parts: bool,
    walks_domains: bool,
    /// How far is looked for paths where there is not.
    steps: usize,
}

/// What one thread works with, again and again.
struct Desk {
    now: Scenario,
    before: Option<Scenario>,
}

impl Run<'_> {
    fn failures(&self, elements: &[u32]) -> Vec<SingleFailure> {
        let desk = || Desk {
            now: Scenario::new(&self.model.graph),
            before: self.at_run_time.map(|before| Scenario::new(&before.graph)),
        };
        elements.par_iter().map_init(desk, |desk, element| self.failure(desk, *element)).flatten().collect()
    }

    fn failure(&self, desk: &mut Desk, element: u32) -> Option<SingleFailure> {
        let (lost, degraded) = self.listing.loss(element);
        if lost.services == 0 && (degraded.services == 0 || self.at_run_time.is_some()) {
            return None;
        }
        let level = self.model.level(element);
        let lists = self.lists(desk, element, level);
        let ids = |elements: Vec<u32>| elements.into_iter().map(|at| self.model.id(at).clone()).collect();
        Some(SingleFailure {
            element: self.model.id(element).clone(),
            level,
            lost: ids(lists.lost),
            lost_count: lost.services as usize,
            degraded: ids(lists.degraded),
            degraded_count: degraded.services as usize,
            weight_lost: lost.weight as f64 / WEIGHT_UNIT,
            share_lost: self.served.share(lost.weight),
            paths: lists.paths.into_iter().map(|path| self.shown(path)).collect(),
        })
    }

    fn lists(&self, desk: &mut Desk, element: u32, level: Level) -> Lists {
        let is_part = is_part(level);
        let complete = self.listing.is_complete();
        let (mut lost, degraded) = if complete || is_part || !self.domains_in_full {
            (self.listing.failed(element).collect(), self.listing.degraded(element).collect())
        } else {
            self.all(desk, element)
        };
        let walks = if is_part { self.walks_parts } else { self.walks_domains };
        let paths = if is_part { self.paths } else { SingleFailure::PATHS_KEPT };
        if walks && (complete || !is_part && self.domains_in_full) {
            desk.now.fail(&[element]);
            let paths = lost.iter().take(paths).map(|service| desk.now.why(*service)).collect();
            return Lists { lost, degraded, paths };
        }
        let near = match self.at_run_time {
            None => desk.now.nearest(element, paths, self.steps, |at| self.served.weight(at).is_some()),
            Some(_) => desk.now.nearest(element, paths, self.steps, |at| lost.binary_search(&at).is_ok()),
        };
        let paths = near.iter().map(|service| desk.now.why(*service)).collect();
        name_also(&mut lost, near);
        Lists { lost, degraded, paths }
    }

    /// Every service that is lost and that is degraded with an element.
    fn all(&self, desk: &mut Desk, element: u32) -> (Vec<u32>, Vec<u32>) {
        desk.now.fail(&[element]);
        let mut lost = self.served.among(desk.now.failed());
        if let Some(before) = &mut desk.before {
            before.fail(&[element]);
            lost.retain(|service| before.is_alive(*service));
        }
        (lost, self.served.among(desk.now.degraded()))
    }

    /// The ids of a path; of a very long one the middle is left out.
    fn shown(&self, path: Vec<u32>) -> Vec<Id> {
        let id = |element: &u32| self.model.id(*element).clone();
        let end = SingleFailure::LONGEST_PATH / 2;
        if path.len() <= 2 * end {
            return path.iter().map(id).collect();
        }
        path[..end].iter().chain(&path[path.len() - end..]).map(id).collect()
    }
}

/// Makes these services part of a list that stays as long, in place of its last ones.
fn name_also(list: &mut Vec<u32>, services: Vec<u32>) {
    let others = list.iter().filter(|service| !services.contains(service));
    let others: Vec<u32> = others.take(list.len().saturating_sub(services.len())).copied().collect();
    *list = services;
    list.extend(others);
    list.sort_unstable();
}

/// Elements of services, and paths from some of them.
struct Lists {
    lost: Vec<u32>,
    degraded: Vec<u32>,
    paths: Vec<Vec<u32>>,
}
