//! What falls with each single element, and what single elements take each service down.

use std::sync::Mutex;

use super::listing::in_order;
use super::lists::Relation;
use super::passes::{Asked, Found};
use super::{FailureGraph, Scenario};

/// How many pairs of failure and service are kept by default: beyond it sets are found again when asked for.
const KEPT_PAIRS: usize = 16 << 20;

/// An element that somebody would miss, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    /// The element.
    pub element: u32,
    /// Index of its tier; tiers in use should be few and small.
    pub tier: u8,
    /// What it counts for, in any unit; whole numbers, so that sums are exact.
    pub weight: u64,
}

/// The services that one failure takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blast {
    /// Elements of the services that fail, ascending.
    pub failed: Vec<u32>,
    /// Elements of the services that are degraded, ascending.
    pub degraded: Vec<u32>,
}

/// How much one failure takes, by tier: index 0 is tier 0, up to the highest tier of any service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loss {
    /// What fails.
    pub failed: Vec<TierLoss>,
    /// What is degraded.
    pub degraded: Vec<TierLoss>,
}

/// Services of one tier, counted and weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TierLoss {
    /// How many.
    pub services: u32,
    /// The sum of their weights.
    pub weight: u64,
}

/// Every single failure and what it takes.
///
/// All failures go through the graph together, hundreds at a time, on all threads; a failure that follows from another's
/// (the only thing that needs it, or the same things need both) costs nothing of its own. Counts and weights are always
/// kept. The sets themselves are kept while they are few (16 million pairs) and found again on request beyond that.
#[derive(Debug)]
pub struct SingleFailures {
    graph: FailureGraph,
    elements: Vec<u32>,
    services: Vec<Service>,
    found: Found,
    scenario: Mutex<Option<Scenario>>,
}

impl SingleFailures {
    /// Lets every element that has a basic event fail alone.
    ///
    /// # Panics
    ///
    /// If a service is not an element of the graph.
    pub fn new(graph: &FailureGraph, services: &[Service]) -> Self {
        let elements: Vec<u32> = (0..graph.len() as u32).filter(|&element| graph.may_fail(element)).collect();
        Self::of(graph, services, &elements)
    }

    /// Lets each of `elements` fail alone, whether it has a basic event or not.
    ///
    /// Of services that name the same element the first in order of tier and weight counts.
    ///
    /// # Panics
    ///
    /// If an element or a service is not an element of the graph.
    pub fn of(graph: &FailureGraph, services: &[Service], elements: &[u32]) -> Self {
        Self::keeping(graph, services, elements, KEPT_PAIRS)
    }

    pub(super) fn keeping(
        graph: &FailureGraph,
        services: &[Service],
        elements: &[u32],
        pairs: usize,
    ) -> Self {
        let (services, elements) = in_order(services, elements);
        let asked =
            Asked { graph, before: None, services: &services, elements: &elements, room: pairs, first: 0 };
        let found = Found::of(asked);
        Self { graph: graph.clone(), found, scenario: Mutex::new(None), elements, services }
    }

    /// The elements that were let fail, ascending.
    pub fn elements(&self) -> &[u32] {
        &self.elements
    }

    /// The services, ascending by element.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The services that fail and that degrade when `element` fails alone; nothing for an element that was not let fail.
    pub fn blast(&self, element: u32) -> Blast {
        let Some(row) = self.row(element) else {
            return Blast::default();
        };
        if let Some(lists) = &self.found.lists {
            let named = |list: &[u32]| list.iter().map(|&at| self.services[at as usize].element).collect();
            return Blast { failed: named(lists.failed.row(row)), degraded: named(lists.degraded.row(row)) };
        }
        self.with_scenario(element, |scenario| {
            let served = |list: &mut dyn Iterator<Item = u32>| {
                let mut served: Vec<u32> = list.filter(|&element| self.service(element).is_some()).collect();
                served.sort_unstable();
                served
            };
            Blast { failed: served(&mut scenario.failed()), degraded: served(&mut scenario.degraded()) }
        })
    }

    /// How much is lost when `element` fails alone; nothing for an element that was not let fail.
    pub fn loss(&self, element: u32) -> Loss {
        let Some(row) = self.row(element) else {
            let none = vec![TierLoss::default(); self.found.tiers];
            return Loss { failed: none.clone(), degraded: none };
        };
        let (failed, degraded) = self.found.losses(row);
        Loss { failed: failed.to_vec(), degraded: degraded.to_vec() }
    }

    /// The single points of failure of a service: the elements whose failure alone makes it fail, ascending.
    ///
    /// The service itself is among them when it was let fail.
    pub fn spofs(&self, service: u32) -> Vec<u32> {
        self.takers(service).0
    }

    /// The elements whose failure alone degrades a service, ascending.
    pub fn degraders(&self, service: u32) -> Vec<u32> {
        self.takers(service).1
    }

    /// The elements along which the failure of `element` comes to `service`: the service first, the element last.
    ///
    /// See [`Scenario::why`]. Empty when the service stays up.
    ///
    /// # Panics
    ///
    /// If either is not an element of the graph.
    pub fn path(&self, service: u32, element: u32) -> Vec<u32> {
        self.with_scenario(element, |scenario| scenario.why(service))
    }

    fn with_scenario<T>(&self, element: u32, ask: impl FnOnce(&Scenario) -> T) -> T {
        let mut slot = match self.scenario.lock() {
            Ok(slot) => slot,
            Err(poisoned) => poisoned.into_inner(),
        };
        let scenario = slot.get_or_insert_with(|| Scenario::new(&self.graph));
        scenario.fail(&[element]);
        ask(scenario)
    }

    fn row(&self, element: u32) -> Option<usize> {
        self.elements.binary_search(&element).ok()?;
        self.found.row(element)
    }

    fn service(&self, element: u32) -> Option<usize> {
        self.services.binary_search_by_key(&element, |service| service.element).ok()
    }

    /// The elements that fail a service, and those that degrade it.
    fn takers(&self, service: u32) -> (Vec<u32>, Vec<u32>) {
        let Some(at) = self.service(service) else {
            return Default::default();
        };
        let Some(lists) = &self.found.lists else {
            return self.takers_in_cone(service);
        };
        let named = |relation: &Relation| {
            let positions: Vec<u32> =
                relation.column(at).iter().map(|&row| self.found.solved[row as usize]).collect();
            let takes = |element: &u32| positions.binary_search(&self.found.key[*element as usize]).is_ok();
            self.elements.iter().copied().filter(takes).collect()
        };
        (named(&lists.failed), named(&lists.degraded))
    }

    fn takers_in_cone(&self, service: u32) -> (Vec<u32>, Vec<u32>) {
        let (cone, kept) = self.graph.cone(&[service]);
        let new = |old: &u32| kept.binary_search(old).ok().map(|new| new as u32);
        let elements: Vec<u32> = self.elements.iter().filter_map(new).collect();
        let service = Service { element: new(&service).unwrap_or_default(), tier: 0, weight: 1 };
        let single = Self::keeping(&cone, &[service], &elements, usize::MAX);
        let old = |list: Vec<u32>| list.into_iter().map(|element| kept[element as usize]).collect();
        let (failed, degraded) = single.takers(service.element);
        (old(failed), old(degraded))
    }
}
