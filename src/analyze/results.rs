//! The results of all analyses of one estate.

use std::collections::BTreeMap;

use super::{Concentration, Stuck};
use crate::model::{Id, Level, Phase};

/// Everything that was computed about an estate.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// What each single failure does, by phase.
    pub phases: BTreeMap<Phase, PhaseResult>,
    /// Concentration over every dimension and category.
    pub concentration: Vec<Concentration>,
    /// What the members of each redundancy group share, runtime phase, in order of group id.
    pub groups: Vec<GroupFate>,
    /// Sets of nodes of which each needs the other to start, each sorted.
    pub cyclic_starts: Vec<CyclicStart>,
    /// Ways out that need what has just failed, with what providers need inside themselves counted in.
    pub stuck: Vec<Stuck>,
    /// Number of services.
    pub services: usize,
    /// Sum of the services' weights.
    pub weight: f64,
}

/// What fails in one phase.
#[derive(Clone, Debug, Default)]
pub struct PhaseResult {
    /// One entry for every element whose failure loses or degrades a service, by blast radius (weight, then
    /// number of services, descending), then by id.
    pub failures: Vec<SingleFailure>,
}

/// What happens when one element fails.
#[derive(Clone, Debug, PartialEq)]
pub struct SingleFailure {
    /// The element: a component, zone, region, provider service, provider, host.
    pub element: Id,
    /// Its level.
    pub level: Level,
    /// Services that are lost, sorted. Where all failures together take very many, some are listed: the nearest and
    /// the first ones; `lost_count` and the weight are of all.
    pub lost: Vec<Id>,
    /// How many services are lost.
    pub lost_count: usize,
    /// Services that are degraded, sorted and listed like those that are lost.
    pub degraded: Vec<Id>,
    /// How many services are degraded.
    pub degraded_count: usize,
    /// Weight of the services that are lost.
    pub weight_lost: f64,
    /// `weight_lost` over the weight of all services, 0 to 1.
    pub share_lost: f64,
    /// For [`SingleFailure::PATHS_KEPT`] of the listed services at most, the first ones or, where not all are listed, the
    /// nearest: a shortest path from the service to the element along which the failure travels, both ends included. Of
    /// a path longer than [`SingleFailure::LONGEST_PATH`] the middle is left out.
    pub paths: Vec<Vec<Id>>,
}

/// Minimal cut sets of one service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CutSets {
    /// The sets up to `complete_to_order`, by size, then by ids.
    pub sets: Vec<Vec<Id>>,
    /// Every set of up to this size is listed.
    pub complete_to_order: usize,
}

/// What the members of a redundancy group share.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupFate {
    /// The group: an explicit one, or a component with replicas (then its id).
    pub group: Id,
    /// Who needs it.
    pub owner: Id,
    /// How many must live.
    pub k: u32,
    /// The members.
    pub members: Vec<Id>,
    /// Elements whose single failure leaves fewer than k members, with their level; the members themselves and
    /// the owner's own needs are not among them.
    pub common: Vec<(Id, Level)>,
    /// Pairs of elements (no subset of them in `common`) that do.
    pub pairs: Vec<(Id, Id)>,
    /// For every two members, in their order, how much they share.
    pub meetings: Vec<Meeting>,
    /// Of a group of more members than it takes to survive the loss of any one: that many which share least.
    pub least_shared: Option<LeastShared>,
    /// Whether there may be more common elements and pairs: the group needs too many elements to look at each of them.
    pub in_part: bool,
}

/// What two members of a redundancy group share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// Their places among the members.
    pub members: (usize, usize),
    /// How many elements take both by failing alone; they are independent when none does.
    pub shared: usize,
    /// The smallest level at which one of those is; `None` when there is none.
    pub level: Option<Level>,
}

/// Members of a redundancy group that share little.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeastShared {
    /// They themselves.
    pub members: Vec<Id>,
    /// Over all pairs of them, how many elements take both.
    pub shared: usize,
    /// No choice of as many members shares less; equal to `shared` when this is known to be the best.
    pub at_least: usize,
}

/// Nodes of which each needs the other to start.
#[derive(Clone, Debug, PartialEq)]
pub struct CyclicStart {
    /// The nodes, in order of the cycle, starting with the smallest id.
    pub cycle: Vec<Id>,
}

impl Analysis {
    /// The results of the runtime phase.
    pub fn runtime(&self) -> &PhaseResult {
        static NONE: PhaseResult = PhaseResult { failures: Vec::new() };
        self.phases.get(&Phase::Runtime).unwrap_or(&NONE)
    }

    /// How many lists are not complete, because they would be too long: of what single failures take, in all phases, and
    /// of what the members of groups share.
    pub fn lists_in_part(&self) -> usize {
        let failures = self.phases.values().flat_map(|phase| &phase.failures);
        failures.filter(|failure| failure.is_listed_in_part()).count()
            + self.groups.iter().filter(|group| group.in_part).count()
    }

    /// What the failure of an element does at run time, if it does anything.
    pub fn failure_of(&self, element: &Id) -> Option<&SingleFailure> {
        self.runtime().failures.iter().find(|failure| failure.element == *element)
    }
}

impl SingleFailure {
    /// Paths are kept for this many lost services at most; with very many elements, for fewer of each component.
    pub const PATHS_KEPT: usize = 32;

    /// Paths have this many nodes at most.
    pub const LONGEST_PATH: usize = 256;

    /// The path from a lost service to the element.
    pub fn path_of(&self, service: &Id) -> Option<&[Id]> {
        self.paths.iter().map(Vec::as_slice).find(|path| path.first() == Some(service))
    }

    /// Whether services are missing in the lists.
    pub fn is_listed_in_part(&self) -> bool {
        self.lost.len() < self.lost_count || self.degraded.len() < self.degraded_count
    }
}
