//! What falls with each single element: counted in full, listed as far as there is room.

use super::passes::{Asked, Found};
use super::{FailureGraph, Service, TierLoss};

/// How much is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListLimits {
    /// Lists are complete while they hold no more services than this, all failures together.
    pub pairs: usize,
    /// Beyond that each holds so many services, the first ones in order of element.
    pub first: usize,
}

/// Every single failure, how much it takes, and which services those are as far as that can be listed.
///
/// Made for estates whose failures take too many services to keep, where each failure shall still name some.
#[derive(Debug)]
pub struct Listing {
    found: Found,
    /// Elements of the services, by index.
    services: Vec<u32>,
}

impl Listing {
    /// Lets each of `elements` fail alone.
    ///
    /// With `before`, a graph of the same elements, services that fail there as well do not count as failed.
    ///
    /// # Panics
    ///
    /// If an element or a service is not an element of the graph, or if `before` has other elements.
    pub fn new(
        graph: &FailureGraph,
        before: Option<&FailureGraph>,
        services: &[Service],
        elements: &[u32],
        limits: ListLimits,
    ) -> Self {
        assert!(
            before.is_none_or(|before| before.len() == graph.len()),
            "both graphs have the same elements"
        );
        let (services, elements) = in_order(services, elements);
        let asked = Asked {
            graph,
            before,
            services: &services,
            elements: &elements,
            room: limits.pairs,
            first: limits.first.max(1),
        };
        let found = Found::of(asked);
        Self { found, services: services.iter().map(|service| service.element).collect() }
    }

    /// Whether the lists hold all services.
    pub fn is_complete(&self) -> bool {
        self.found.lists.as_ref().is_none_or(|lists| lists.complete)
    }

    /// What fails and what is degraded with an element, all tiers together.
    pub fn loss(&self, element: u32) -> (TierLoss, TierLoss) {
        let sum = |losses: &[TierLoss]| {
            losses.iter().fold(TierLoss::default(), |sum, loss| TierLoss {
                services: sum.services + loss.services,
                weight: sum.weight.saturating_add(loss.weight),
            })
        };
        let Some(row) = self.found.row(element) else { return Default::default() };
        let (failed, degraded) = self.found.losses(row);
        (sum(failed), sum(degraded))
    }

    /// Elements of services that fail with an element, ascending.
    pub fn failed(&self, element: u32) -> impl Iterator<Item = u32> {
        let lists = self.found.lists.as_ref();
        let row = self.found.row(element).zip(lists).map_or(&[][..], |(row, lists)| lists.failed.row(row));
        row.iter().map(|&service| self.services[service as usize])
    }

    /// Elements of services that are degraded with an element, ascending.
    pub fn degraded(&self, element: u32) -> impl Iterator<Item = u32> {
        let lists = self.found.lists.as_ref();
        let row = self.found.row(element).zip(lists).map_or(&[][..], |(row, lists)| lists.degraded.row(row));
        row.iter().map(|&service| self.services[service as usize])
    }
}

/// Services by element, the first in order of tier and weight where several name one; and elements, each once.
pub(super) fn in_order(services: &[Service], elements: &[u32]) -> (Vec<Service>, Vec<u32>) {
    let mut elements = elements.to_vec();
    elements.sort_unstable();
    elements.dedup();
    let mut services = services.to_vec();
    services.sort_unstable();
    services.dedup_by_key(|service| service.element);
    (services, elements)
}
