//! Minimal cut sets of services: the smallest sets of elements that take one down together.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::CutSets;
use super::compile::FaultModel;
use super::fault_tree::{Element, FaultTree, Options, Requirement, SystemError, solve};
use super::graph::{Need, Service, SingleFailures};
use crate::model::{Estate, Id, Phase};

/// Sets of up to this many elements are listed.
const ORDER: usize = 3;

/// No more sets than this are listed for one service.
const MOST_SETS: usize = 4096;

/// With more services or elements than this, single points of failure alone are listed for each.
const MOST_SERVICES: usize = 512;
const MOST_ELEMENTS: usize = 4096;

/// More pairs of an element and a service that it takes down than this are not listed.
const MOST_PAIRS: u64 = 1 << 24;

/// Minimal cut sets of every service in one phase: to order three where that is affordable, else the single points
/// of failure, and nothing (complete to order 0) where even those are too many to list.
pub fn cut_sets(estate: &Estate, phase: Phase) -> BTreeMap<Id, CutSets> {
    let model = FaultModel::new(estate, phase);
    let affordable = model.services.len() <= MOST_SERVICES && model.graph.len() <= MOST_ELEMENTS;
    let find =
        |service: &Service| (service.element, affordable.then(|| minimal(&model, service.element)).flatten());
    let found: Vec<(u32, Option<CutSets>)> = model.services.par_iter().map(find).collect();
    let mut singles =
        if found.iter().any(|(_, listed)| listed.is_none()) { singles(&model) } else { BTreeMap::new() };
    let of = |(service, listed): (u32, Option<CutSets>)| {
        let listed = listed.or_else(|| singles.remove(&service)).unwrap_or_default();
        (model.id(service).clone(), listed)
    };
    found.into_iter().map(of).collect()
}

/// The single points of failure of every service, unless they are too many.
fn singles(model: &FaultModel) -> BTreeMap<u32, CutSets> {
    let single = SingleFailures::new(&model.graph, &model.services);
    let services =
        |element: &u32| single.loss(*element).failed.iter().map(|loss| u64::from(loss.services)).sum::<u64>();
    if MOST_PAIRS < single.elements().iter().map(services).sum() {
        return BTreeMap::new();
    }
    let none = CutSets { sets: Vec::new(), complete_to_order: 1 };
    let mut found: BTreeMap<u32, CutSets> =
        model.services.iter().map(|service| (service.element, none.clone())).collect();
    for element in single.elements() {
        for service in single.blast(*element).failed {
            if let Some(of) = found.get_mut(&service) {
                of.sets.push(vec![model.id(*element).clone()]);
            }
        }
    }
    found.values_mut().for_each(|of| of.sets.sort());
    found
}

fn minimal(model: &FaultModel, service: u32) -> Option<CutSets> {
    let tree = model.fault_tree(service).ok()?;
    let options = Options {
        limit_order: Some(ORDER as u32),
        probability: false,
        diagram_nodes: 1 << 20,
        set_nodes: 1 << 20,
        ..Options::default()
    };
    let solution = solve(&tree, &options);
    let complete = solution.complete_to_order.map_or(ORDER, |order| (order as usize).min(ORDER));
    let counted = solution.count().to_u64().filter(|count| *count <= MOST_SETS as u64)?;
    let mut sets: Vec<Vec<Id>> = solution
        .smallest(counted as usize)
        .into_iter()
        .filter(|set| set.len() <= complete)
        .map(|set| {
            let mut ids: Vec<Id> = set.into_iter().map(|event| Id::new(tree.event_name(event))).collect();
            ids.sort();
            ids
        })
        .collect();
    sets.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    Some(CutSets { sets, complete_to_order: complete })
}

impl FaultModel {
    /// The fault tree of one service: everything its failure may come from. Events are named by their ids.
    ///
    /// # Errors
    ///
    /// [`SystemError::TooLarge`] when cycles through redundant parts unfold into too many gates.
    pub fn fault_tree(&self, service: u32) -> Result<FaultTree, SystemError> {
        self.fault_tree_with(service, &|_| None)
    }

    /// The same with the probabilities of events.
    pub(super) fn fault_tree_with(
        &self,
        service: u32,
        probability: &dyn Fn(&Id) -> Option<f64>,
    ) -> Result<FaultTree, SystemError> {
        let cone = self.cone(service);
        let positions: BTreeMap<u32, usize> = cone.iter().copied().zip(0..).collect();
        let elements: Vec<Element> = cone
            .iter()
            .map(|element| Element {
                name: self.id(*element).as_str().into(),
                fails_by_itself: self.graph.may_fail(*element),
                probability: probability(self.id(*element)),
                requirements: self
                    .graph
                    .requirements(*element)
                    .into_iter()
                    .filter(|requirement| requirement.need == Need::Required)
                    .map(|requirement| Requirement {
                        least: requirement.k as usize,
                        members: requirement.members.iter().map(|member| positions[member]).collect(),
                    })
                    .collect(),
            })
            .collect();
        FaultTree::from_monotone_system(&elements, positions[&service])
    }

    /// Every element that the service requires, itself first.
    fn cone(&self, service: u32) -> Vec<u32> {
        let mut seen = vec![false; self.graph.len()];
        seen[service as usize] = true;
        let mut cone = vec![service];
        let mut next = 0;
        while let Some(element) = cone.get(next).copied() {
            next += 1;
            let required =
                self.graph.requirements(element).into_iter().filter(|of| of.need == Need::Required);
            for member in required.flat_map(|requirement| requirement.members) {
                if !std::mem::replace(&mut seen[member as usize], true) {
                    cone.push(member);
                }
            }
        }
        cone
    }
}
