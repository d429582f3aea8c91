//! Redundancy that is an illusion: members of a group that fail together.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::compile::FaultModel;
use super::graph::{self, Alternatives, FailureGraph, FailureGraphBuilder, Need as GraphNeed};
use super::{GroupFate, LeastShared, Meeting};
use crate::model::{Estate, Group, Id, Level, Need, Phase};

/// Groups with more members than this are looked at as a whole only.
const MAX_MEMBERS: usize = 64;

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
        Some(Redundancy {
            group: id.clone(),
            owner: group.owner.clone(),
            k: group.k,
            members: members.clone(),
        })
    };
    let groups: Vec<Redundancy> = estate.groups.iter().filter_map(several).collect();
    let most = (MOST_STEPS / groups.len().max(1)).isqrt().max(64);
    let fate = |beneath: &mut Beneath, group: Redundancy| group.fate(model, beneath, most);
    groups.into_par_iter().map_init(|| Beneath::new(&model.graph), fate).collect()
}

/// A group as it was written.
struct Redundancy {
    group: Id,
    owner: Id,
    k: u32,
    members: Vec<Id>,
}

impl Redundancy {
    /// What the members share, among the `most` elements nearest to them.
    fn fate(self, model: &FaultModel, beneath: &mut Beneath, most: usize) -> GroupFate {
        let elements: Vec<u32> = self.members.iter().filter_map(|member| model.element(member)).collect();
        let (part, kept, in_part) = beneath.of(&model.graph, &elements, most);
        let own: Vec<u32> = elements.iter().map(|member| beneath.number[*member as usize]).collect();
        let alternatives = Alternatives::new(&part, self.k, &own);
        let (id, level) = (
            |element: u32| model.id(kept[element as usize]).clone(),
            |element: u32| model.level(kept[element as usize]),
        );
        let member = |at: usize| id(alternatives.members()[at]);
        let commons = alternatives.singles().into_iter().filter(|element| !own.contains(element));
        let mut common: Vec<(Id, Level)> = commons.map(|element| (id(element), level(element))).collect();
        common.sort();
        let found = alternatives.pairs(most * most / 8);
        let mut pairs: Vec<(Id, Id)> =
            found.pairs.into_iter().map(|(first, second)| (id(first), id(second))).collect();
        pairs.sort();
        let meeting = |two: graph::Meeting| Meeting {
            members: (two.first, two.second),
            shared: two.shared.len(),
            level: two.shared.iter().map(|element| level(*element)).min(),
        };
        let enough = self.k as usize + 1;
        let least_shared = (enough < alternatives.members().len()).then(|| {
            let choice = alternatives.most_independent(enough);
            let members = choice.members.into_iter().map(member).collect();
            LeastShared { members, shared: choice.shared, at_least: choice.at_least }
        });
        GroupFate {
            group: self.group,
            owner: self.owner,
            k: self.k,
            members: (0..alternatives.members().len()).map(member).collect(),
            common,
            pairs,
            meetings: alternatives.meetings().into_iter().map(meeting).collect(),
            least_shared,
            in_part: in_part || !found.complete,
        }
    }
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
