//! All analyses of one estate.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::compile::{FaultModel, WEIGHT_UNIT};
use super::graph::{Scenario, SingleFailures, State};
use super::{Analysis, PhaseResult, SingleFailure, concentration, cut_sets, cycles, fate};
use crate::model::{Estate, Id, Phase};

/// Computes everything that rules and reports read.
pub fn analyze(estate: &Estate) -> Analysis {
    let runtime = FaultModel::new(estate, Phase::Runtime);
    let mut phases = BTreeMap::new();
    phases.insert(Phase::Runtime, phase_result(&runtime, &BTreeSet::new()));
    let at_run_time: BTreeSet<(Id, Id)> = lost_pairs(&phases[&Phase::Runtime]);
    let others = [Phase::Startup, Phase::Deploy, Phase::Observe, Phase::Recover];
    let used = others.into_iter().filter(|phase| estate.edges.iter().any(|edge| edge.phase == *phase));
    for phase in used.collect::<Vec<_>>() {
        phases.insert(phase, phase_result(&FaultModel::new(estate, phase), &at_run_time));
    }
    let weight = estate.services().map(|service| service.weight).sum();
    Analysis {
        concentration: concentration::measure(
            estate,
            &provider_losses(estate, &FaultModel::without_sub_providers(estate)),
            &provider_losses(estate, &runtime),
        ),
        groups: fate::groups(estate, &runtime),
        cyclic_starts: cycles::cyclic_starts(estate),
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
    let all: u64 = model.services.iter().map(|service| service.weight).sum();
    let mut scenario = Scenario::new(&model.graph);
    let mut share = |elements: &[u32]| {
        scenario.fail(elements);
        let down = model.services.iter().filter(|service| scenario.state(service.element) == State::Failed);
        let lost: u64 = down.map(|service| service.weight).sum();
        if all == 0 { 0.0 } else { lost as f64 / all as f64 }
    };
    sets.into_iter().map(|(id, elements)| (id, share(&elements))).collect()
}

fn lost_pairs(result: &PhaseResult) -> BTreeSet<(Id, Id)> {
    let of = |failure: &SingleFailure| {
        let element = failure.element.clone();
        failure.lost.iter().map(move |service| (element.clone(), service.clone())).collect::<Vec<_>>()
    };
    result.failures.iter().flat_map(of).collect()
}

/// What each single failure does in the phase, without the losses in `known`.
fn phase_result(model: &FaultModel, known: &BTreeSet<(Id, Id)>) -> PhaseResult {
    let single = SingleFailures::new(&model.graph, &model.services);
    let weight: u64 = model.services.iter().map(|service| service.weight).sum();
    let weights: BTreeMap<u32, u64> =
        model.services.iter().map(|service| (service.element, service.weight)).collect();
    let mut failures: Vec<SingleFailure> = single
        .elements()
        .par_iter()
        .map_init(
            || Scenario::new(&model.graph),
            |scenario, element| failure(model, &single, scenario, *element, &weights, weight, known),
        )
        .flatten()
        .collect();
    failures.sort_by(|a, b| {
        b.weight_lost
            .total_cmp(&a.weight_lost)
            .then(b.lost.len().cmp(&a.lost.len()))
            .then_with(|| a.element.cmp(&b.element))
    });
    PhaseResult { failures, cut_sets: cut_sets::of_services(model, &single) }
}

fn failure(
    model: &FaultModel,
    single: &SingleFailures,
    scenario: &mut Scenario,
    element: u32,
    weights: &BTreeMap<u32, u64>,
    all: u64,
    known: &BTreeSet<(Id, Id)>,
) -> Option<SingleFailure> {
    let blast = single.blast(element);
    let id = model.id(element);
    let new =
        |service: &&u32| known.is_empty() || !known.contains(&(id.clone(), model.id(**service).clone()));
    let lost: Vec<u32> = blast.failed.iter().filter(new).copied().collect();
    if lost.is_empty() && (blast.degraded.is_empty() || !known.is_empty()) {
        return None;
    }
    let lost_weight: u64 = lost.iter().map(|service| weights[service]).sum();
    scenario.fail(&[element]);
    let path =
        |service: &u32| scenario.why(*service).into_iter().map(|step| model.id(step).clone()).collect();
    let mut by_id: Vec<(Id, u32)> =
        lost.iter().map(|service| (model.id(*service).clone(), *service)).collect();
    by_id.sort();
    let paths = by_id.iter().take(SingleFailure::PATHS_KEPT).map(|(_, service)| path(service)).collect();
    let mut degraded: Vec<Id> = blast.degraded.iter().map(|service| model.id(*service).clone()).collect();
    degraded.sort();
    Some(SingleFailure {
        element: id.clone(),
        level: model.level(element),
        lost: by_id.into_iter().map(|(id, _)| id).collect(),
        degraded,
        weight_lost: lost_weight as f64 / WEIGHT_UNIT,
        share_lost: if all == 0 { 0.0 } else { lost_weight as f64 / all as f64 },
        paths,
    })
}
