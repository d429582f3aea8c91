//! What falls with each single element, and what single elements take each service down.

use std::sync::Mutex;

use super::{FailureGraph, Scenario};

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
#[derive(Debug)]
pub struct SingleFailures {
    elements: Vec<u32>,
    services: Vec<Service>,
    failed: Relation,
    degraded: Relation,
    scenario: Mutex<Scenario>,
}

/// Which services each element takes, by position in the two sorted lists, and the reverse.
#[derive(Debug, Default)]
struct Relation {
    starts: Vec<usize>,
    services: Vec<u32>,
    reverse_starts: Vec<usize>,
    elements: Vec<u32>,
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
        let mut elements = elements.to_vec();
        elements.sort_unstable();
        elements.dedup();
        let mut services = services.to_vec();
        services.sort_unstable();
        services.dedup_by_key(|service| service.element);
        let mut scenario = Scenario::new(graph);
        let mut failed = Relation::default();
        let mut degraded = Relation::default();
        let index = |element: u32| services.binary_search_by_key(&element, |service| service.element).ok();
        for &element in &elements {
            scenario.fail(&[element]);
            failed.push_row(scenario.failed().filter_map(index));
            degraded.push_row(scenario.degraded().filter_map(index));
        }
        failed.finish(services.len());
        degraded.finish(services.len());
        Self { elements, services, failed, degraded, scenario: Mutex::new(scenario) }
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
        let Ok(row) = self.elements.binary_search(&element) else {
            return Blast::default();
        };
        let named = |list: &[u32]| list.iter().map(|&at| self.services[at as usize].element).collect();
        Blast { failed: named(self.failed.row(row)), degraded: named(self.degraded.row(row)) }
    }

    /// How much is lost when `element` fails alone; nothing for an element that was not let fail.
    pub fn loss(&self, element: u32) -> Loss {
        let tiers = self.services.iter().map(|service| usize::from(service.tier) + 1).max().unwrap_or(0);
        let mut loss =
            Loss { failed: vec![TierLoss::default(); tiers], degraded: vec![TierLoss::default(); tiers] };
        if let Ok(row) = self.elements.binary_search(&element) {
            self.weigh(self.failed.row(row), &mut loss.failed);
            self.weigh(self.degraded.row(row), &mut loss.degraded);
        }
        loss
    }

    /// The single points of failure of a service: the elements whose failure alone makes it fail, ascending.
    ///
    /// The service itself is among them when it was let fail.
    pub fn spofs(&self, service: u32) -> Vec<u32> {
        self.column(&self.failed, service)
    }

    /// The elements whose failure alone degrades a service, ascending.
    pub fn degraders(&self, service: u32) -> Vec<u32> {
        self.column(&self.degraded, service)
    }

    /// The elements along which the failure of `element` comes to `service`: the service first, the element last.
    ///
    /// See [`Scenario::why`]. Empty when the service stays up.
    ///
    /// # Panics
    ///
    /// If either is not an element of the graph.
    pub fn path(&self, service: u32, element: u32) -> Vec<u32> {
        let mut scenario = match self.scenario.lock() {
            Ok(scenario) => scenario,
            Err(poisoned) => poisoned.into_inner(),
        };
        scenario.fail(&[element]);
        scenario.why(service)
    }

    fn column(&self, relation: &Relation, service: u32) -> Vec<u32> {
        match self.services.binary_search_by_key(&service, |service| service.element) {
            Ok(at) => relation.column(at).iter().map(|&row| self.elements[row as usize]).collect(),
            Err(_) => Vec::new(),
        }
    }

    fn weigh(&self, services: &[u32], tiers: &mut [TierLoss]) {
        for &at in services {
            let service = self.services[at as usize];
            let tier = &mut tiers[usize::from(service.tier)];
            tier.services += 1;
            tier.weight = tier.weight.saturating_add(service.weight);
        }
    }
}

impl Relation {
    fn push_row(&mut self, services: impl Iterator<Item = usize>) {
        let start = self.services.len();
        self.starts.push(start);
        self.services.extend(services.map(|service| service as u32));
        self.services[start..].sort_unstable();
    }

    fn finish(&mut self, services: usize) {
        self.starts.push(self.services.len());
        let mut starts = vec![0; services + 1];
        for &service in &self.services {
            starts[service as usize + 1] += 1;
        }
        for service in 0..services {
            starts[service + 1] += starts[service];
        }
        let mut next = starts.clone();
        let mut elements = vec![0; self.services.len()];
        for row in 0..self.starts.len() - 1 {
            for &service in self.row(row) {
                elements[next[service as usize]] = row as u32;
                next[service as usize] += 1;
            }
        }
        self.reverse_starts = starts;
        self.elements = elements;
    }

    fn row(&self, row: usize) -> &[u32] {
        &self.services[self.starts[row]..self.starts[row + 1]]
    }

    fn column(&self, service: usize) -> &[u32] {
        &self.elements[self.reverse_starts[service]..self.reverse_starts[service + 1]]
    }
}
