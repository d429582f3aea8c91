//! All analyses of one estate.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::compile::{FaultModel, WEIGHT_UNIT};
use super::graph::{Scenario, SingleFailures};
use super::{Analysis, PhaseResult, SingleFailure, concentration, cycles, fate};
use crate::model::{Estate, Id, Level, Phase};

/// Computes everything that rules and reports read.
pub fn analyze(estate: &Estate) -> Analysis {
    let runtime = FaultModel::new(estate, Phase::Runtime);
    let mut phases = BTreeMap::new();
    let at_run_time = phase_result(&runtime, None);
    let others = [Phase::Startup, Phase::Deploy, Phase::Observe, Phase::Recover];
    let used = others.into_iter().filter(|phase| estate.edges.iter().any(|edge| edge.phase == *phase));
    for phase in used.collect::<Vec<_>>() {
        phases.insert(phase, phase_result(&FaultModel::new(estate, phase), Some(&runtime)));
    }
    phases.insert(Phase::Runtime, at_run_time);
    let weight = estate.services().map(|service| service.weight).sum();
    Analysis {
        concentration: concentration::measure(
            estate,
            &provider_losses(estate, &FaultModel::without_sub_providers(estate)),
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

/// No more services than this are listed in all as lost or degraded by single components.
const MOST_LISTED: u64 = 1 << 23;

/// What each single failure does in the phase, without what it does at run time.
fn phase_result(model: &FaultModel, at_run_time: Option<&FaultModel>) -> PhaseResult {
    let elements: Vec<u32> =
        (0..model.graph.len() as u32).filter(|element| model.graph.may_fail(*element)).collect();
    let each = |most: usize| most / elements.len().max(1);
    let run = Run {
        model,
        at_run_time,
        served: Served::of(model),
        paths: each(MOST_PATHS).clamp(1, SingleFailure::PATHS_KEPT),
        listed: if are_few(model) { usize::MAX } else { each(MOST_LISTED as usize).max(32) },
    };
    let scenarios = || (Scenario::new(&model.graph), at_run_time.map(|model| Scenario::new(&model.graph)));
    let mut failures: Vec<SingleFailure> = elements
        .par_iter()
        .map_init(scenarios, |(scenario, before), element| run.failure(scenario, before.as_mut(), *element))
        .flatten()
        .collect();
    failures.par_sort_by(|a, b| {
        b.weight_lost
            .total_cmp(&a.weight_lost)
            .then(b.lost_count.cmp(&a.lost_count))
            .then_with(|| a.element.cmp(&b.element))
    });
    PhaseResult { failures }
}

/// Whether all that single failures take can be listed.
fn are_few(model: &FaultModel) -> bool {
    if (model.graph.len() as u64).saturating_mul(model.services.len() as u64) <= MOST_LISTED {
        return true;
    }
    let single = SingleFailures::new(&model.graph, &model.services);
    let taken = |element: &u32| {
        let loss = single.loss(*element);
        loss.failed.iter().chain(&loss.degraded).map(|loss| u64::from(loss.services)).sum::<u64>()
    };
    single.elements().iter().map(taken).sum::<u64>() <= MOST_LISTED
}

struct Run<'a> {
    model: &'a FaultModel,
    at_run_time: Option<&'a FaultModel>,
    served: Served,
    /// Paths kept for one component.
    paths: usize,
    /// Services listed for one component.
    listed: usize,
}

impl Run<'_> {
    fn failure(
        &self,
        scenario: &mut Scenario,
        before: Option<&mut Scenario>,
        element: u32,
    ) -> Option<SingleFailure> {
        let (model, served) = (self.model, &self.served);
        scenario.fail(&[element]);
        let id = model.id(element);
        let mut lost = served.among(scenario.failed());
        if let (Some(known), Some(before)) = (self.at_run_time, before) {
            before.fail(known.element(id).as_slice());
            let falls =
                |service: &u32| known.element(model.id(*service)).is_some_and(|at| !before.is_alive(at));
            lost.retain(|service| !falls(service));
        }
        let degraded = served.among(scenario.degraded());
        if lost.is_empty() && (degraded.is_empty() || self.at_run_time.is_some()) {
            return None;
        }
        let weight: u64 = lost.iter().filter_map(|service| served.weight(*service)).sum();
        let level = model.level(element);
        let is_single = matches!(level, Level::Instance | Level::External);
        let (paths, listed) =
            if is_single { (self.paths, self.listed) } else { (SingleFailure::PATHS_KEPT, usize::MAX) };
        let ids = |services: &[u32]| {
            services.iter().take(listed).map(|service| model.id(*service).clone()).collect()
        };
        let path =
            |service: &u32| scenario.why(*service).into_iter().map(|step| model.id(step).clone()).collect();
        Some(SingleFailure {
            element: id.clone(),
            level,
            lost: ids(&lost),
            lost_count: lost.len(),
            degraded: ids(&degraded),
            degraded_count: degraded.len(),
            weight_lost: weight as f64 / WEIGHT_UNIT,
            share_lost: served.share(weight),
            paths: lost.iter().take(paths).map(path).collect(),
        })
    }
}
