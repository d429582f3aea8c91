//! Redundancy that is an illusion: members of a group that fail together.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::GroupFate;
use super::compile::FaultModel;
use super::graph::{FailureGraph, FailureGraphBuilder, Need as GraphNeed, Scenario, State};
use crate::model::{Estate, Group, Id, Level, Need, Phase};

/// Groups with more members than this are looked at as a whole only.
const MAX_MEMBERS: usize = 64;

/// Pairs are looked for among so many elements.
const MOST_IN_PAIRS: usize = 256;

/// Each element beneath a group is let fail, so the cost of a group is the square of what it needs. No more than this is
/// spent on all groups; where they need more, the elements nearest to each are looked at.
const MOST_STEPS: usize = 1 << 30;

/// What the members of every explicit group of required run-time alternatives share.
pub(super) fn groups(estate: &Estate, model: &FaultModel) -> Vec<GroupFate> {
    let mut members: BTreeMap<&Id, Vec<Id>> = BTreeMap::new();
    for edge in &estate.edges {
        let counts = edge.phase == Phase::Runtime && edge.need == Need::Required;
        if let Some(group) = edge.group.as_ref().filter(|_| counts) {
            members.entry(group).or_default().push(edge.to.clone());
        }
    }
    let several = |(id, group): (&Id, &Group)| {
        let members = members.get(id).filter(|members| (2..=MAX_MEMBERS).contains(&members.len()))?;
        Some((id.clone(), group.owner.clone(), group.k, members.clone()))
    };
    let groups: Vec<(Id, Id, u32, Vec<Id>)> = estate.groups.iter().filter_map(several).collect();
    let most = (MOST_STEPS / groups.len().max(1)).isqrt().max(64);
    let fate = |beneath: &mut Beneath, (group, owner, k, members): (Id, Id, u32, Vec<Id>)| {
        let Shared { common, pairs, in_part } = shared(model, beneath, &members, k, most);
        GroupFate { group, owner, k, members, common, pairs, in_part }
    };
    groups.into_par_iter().map_init(|| Beneath::new(&model.graph), fate).collect()
}

/// Single elements, and pairs of elements, that leave too few members.
struct Shared {
    common: Vec<(Id, Level)>,
    pairs: Vec<(Id, Id)>,
    in_part: bool,
}

/// Elements other than the members whose failure alone leaves fewer than k members, and pairs of elements below
/// different members that do; among the `most` elements nearest to the members.
fn shared(model: &FaultModel, beneath: &mut Beneath, members: &[Id], k: u32, most: usize) -> Shared {
    let elements: Vec<u32> = members.iter().filter_map(|member| model.element(member)).collect();
    let mut hits: BTreeMap<u32, Vec<bool>> = BTreeMap::new();
    let (part, kept, in_part) = beneath.of(&model.graph, &elements, most);
    let own: Vec<u32> = elements.iter().map(|member| beneath.number[*member as usize]).collect();
    let mut scenario = Scenario::new(&part);
    for (candidate, element) in (0..).zip(&kept).filter(|(candidate, _)| part.may_fail(*candidate)) {
        scenario.fail(&[candidate]);
        let hit: Vec<bool> = own.iter().map(|member| scenario.state(*member) == State::Failed).collect();
        if hit.contains(&true) {
            hits.insert(*element, hit);
        }
    }
    let drops = |hit: &[bool]| hit.iter().filter(|hit| !**hit).count() < k as usize;
    let mut common: Vec<(Id, Level)> = hits
        .iter()
        .filter(|(element, hit)| drops(hit) && !elements.contains(element))
        .map(|(element, _)| (model.id(*element).clone(), model.level(*element)))
        .collect();
    common.sort();
    let mut alone: Vec<(&u32, &Vec<bool>)> =
        hits.iter().filter(|(_, hit)| !drops(hit) && hit.iter().any(|hit| *hit)).collect();
    let in_part = in_part || MOST_IN_PAIRS < alone.len();
    alone.truncate(MOST_IN_PAIRS);
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
    Shared { common, pairs, in_part }
}

/// The part of a graph that some elements require, found again and again.
struct Beneath {
    /// Per element its number in the part found last; those that were not found keep an older one.
    number: Vec<u32>,
    /// Per element the search that found it last.
    found_in: Vec<u32>,
    search: u32,
}

impl Beneath {
    fn new(graph: &FailureGraph) -> Self {
        Beneath { number: vec![0; graph.len()], found_in: vec![0; graph.len()], search: 0 }
    }

    /// The members with everything that they require, which elements those were, ascending, and whether some are left
    /// out: with more than `most` the farthest ones are taken to need nothing, so that no failure is made up.
    fn of(&mut self, graph: &FailureGraph, members: &[u32], most: usize) -> (FailureGraph, Vec<u32>, bool) {
        self.search += 1;
        let mut kept: Vec<u32> = Vec::new();
        let mut needs = BTreeMap::new();
        self.keep(members.iter().copied(), &mut kept);
        let mut next = 0;
        while let Some(element) = kept.get(next).copied().filter(|_| next < most) {
            next += 1;
            let mut required = graph.requirements(element);
            required.retain(|requirement| requirement.need == GraphNeed::Required);
            self.keep(required.iter().flat_map(|requirement| requirement.members.iter().copied()), &mut kept);
            needs.insert(element, required);
        }
        let in_part = next < kept.len();
        for element in &kept[next..] {
            needs.insert(*element, Vec::new());
        }
        kept.sort_unstable();
        for (number, element) in (0..).zip(&kept) {
            self.number[*element as usize] = number;
        }
        let mut builder = FailureGraphBuilder::new(kept.len());
        for (number, (element, required)) in (0..).zip(needs) {
            builder.set_may_fail(number, graph.may_fail(element));
            for requirement in required {
                let members: Vec<u32> =
                    requirement.members.iter().map(|member| self.number[*member as usize]).collect();
                builder.require(number, GraphNeed::Required, requirement.k, &members);
            }
        }
        (builder.build(), kept, in_part)
    }

    /// Adds the elements that this search has not met.
    fn keep(&mut self, elements: impl Iterator<Item = u32>, kept: &mut Vec<u32>) {
        let search = self.search;
        let is_new =
            |element: &u32| std::mem::replace(&mut self.found_in[*element as usize], search) != search;
        kept.extend(elements.filter(is_new));
    }
}
