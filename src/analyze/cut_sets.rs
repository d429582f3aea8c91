//! Minimal cut sets of services: the smallest sets of elements that take one down together.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::compile::FaultModel;
use super::fault_tree::{Element, FaultTree, Options, Requirement, SystemError, solve};
use super::graph::Need;
use super::{CutSets, graph::SingleFailures};
use crate::model::Id;

/// Sets of up to this many elements are listed.
const ORDER: usize = 3;

/// No more sets than this are listed for one service.
const MOST_SETS: usize = 4096;

/// With more services or elements than this, single points of failure alone are listed for each.
const MOST_SERVICES: usize = 512;
const MOST_ELEMENTS: usize = 4096;

/// Cut sets of every service: to order three where that is affordable, else single points of failure.
pub(super) fn of_services(model: &FaultModel, single: &SingleFailures) -> BTreeMap<Id, CutSets> {
    let affordable = model.services.len() <= MOST_SERVICES && model.graph.len() <= MOST_ELEMENTS;
    let of = |service: u32| {
        let listed = if affordable { minimal(model, service) } else { None };
        (model.id(service).clone(), listed.unwrap_or_else(|| singles(model, single, service)))
    };
    let found: Vec<(Id, CutSets)> = model.services.par_iter().map(|service| of(service.element)).collect();
    found.into_iter().collect()
}

fn singles(model: &FaultModel, single: &SingleFailures, service: u32) -> CutSets {
    let mut sets: Vec<Vec<Id>> =
        single.spofs(service).iter().map(|element| vec![model.id(*element).clone()]).collect();
    sets.sort();
    CutSets { sets, complete_to_order: 1 }
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
