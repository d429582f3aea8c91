//! Redundancy that is an illusion: members of a group that fail together.

use std::collections::BTreeMap;

use super::GroupFate;
use super::compile::FaultModel;
use super::graph::Scenario;
use crate::model::{Estate, Id, Level, Need, Phase};

/// Groups with more members than this are looked at as a whole only.
const MAX_MEMBERS: usize = 64;

/// What the members of every explicit group of required run-time alternatives share.
pub(super) fn groups(estate: &Estate, model: &FaultModel) -> Vec<GroupFate> {
    let mut members: BTreeMap<&Id, Vec<Id>> = BTreeMap::new();
    for edge in &estate.edges {
        let counts = edge.phase == Phase::Runtime && edge.need == Need::Required;
        if let Some(group) = edge.group.as_ref().filter(|_| counts) {
            members.entry(group).or_default().push(edge.to.clone());
        }
    }
    let mut scenario = Scenario::new(&model.graph);
    let mut fates = Vec::new();
    for (id, group) in &estate.groups {
        let Some(members) = members.get(id).filter(|members| (2..=MAX_MEMBERS).contains(&members.len()))
        else {
            continue;
        };
        let (common, pairs) = shared(model, &mut scenario, members, group.k);
        fates.push(GroupFate {
            group: id.clone(),
            owner: group.owner.clone(),
            k: group.k,
            members: members.clone(),
            common,
            pairs,
        });
    }
    fates
}

/// Single elements, and pairs of elements, that leave too few members.
type Shared = (Vec<(Id, Level)>, Vec<(Id, Id)>);

/// Elements other than the members whose failure alone leaves fewer than k members, and pairs of elements below
/// different members that do.
fn shared(model: &FaultModel, scenario: &mut Scenario, members: &[Id], k: u32) -> Shared {
    let elements: Vec<u32> = members.iter().filter_map(|member| model.element(member)).collect();
    let mut hits: BTreeMap<u32, Vec<bool>> = BTreeMap::new();
    for candidate in beneath(model, &elements) {
        scenario.fail(&[candidate]);
        let hit: Vec<bool> =
            elements.iter().map(|member| scenario.state(*member) == super::graph::State::Failed).collect();
        hits.insert(candidate, hit);
    }
    let drops = |hit: &[bool]| hit.iter().filter(|hit| !**hit).count() < k as usize;
    let mut common: Vec<(Id, Level)> = hits
        .iter()
        .filter(|(element, hit)| drops(hit) && !elements.contains(element))
        .map(|(element, _)| (model.id(*element).clone(), model.level(*element)))
        .collect();
    common.sort();
    let alone: Vec<(&u32, &Vec<bool>)> =
        hits.iter().filter(|(_, hit)| !drops(hit) && hit.iter().any(|hit| *hit)).take(256).collect();
    let mut pairs = Vec::new();
    for (at, (a, first)) in alone.iter().enumerate() {
        for (b, second) in &alone[at + 1..] {
            let both: Vec<bool> = first.iter().zip(second.iter()).map(|(a, b)| *a || *b).collect();
            if drops(&both) {
                pairs.push((model.id(**a).clone(), model.id(**b).clone()));
            }
        }
    }
    pairs.sort();
    (common, pairs)
}

/// Every element with an event that one of the members may need.
fn beneath(model: &FaultModel, members: &[u32]) -> Vec<u32> {
    let mut seen = vec![false; model.graph.len()];
    let mut todo: Vec<u32> = members.to_vec();
    let mut found = Vec::new();
    while let Some(element) = todo.pop() {
        if std::mem::replace(&mut seen[element as usize], true) {
            continue;
        }
        if model.graph.may_fail(element) {
            found.push(element);
        }
        for requirement in model.graph.requirements(element) {
            if requirement.need == super::graph::Need::Required {
                todo.extend(requirement.members);
            }
        }
    }
    found.sort_unstable();
    found
}
