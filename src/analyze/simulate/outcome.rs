//! What a failure does to services.

use std::collections::BTreeMap;

use super::Failure;
use crate::model::{Id, Phase};

/// How a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceState {
    /// It is lost.
    Down,
    /// It hangs on something of which nobody knows whether it failed.
    NotKnown,
    /// It lives, yet lost something optional or an alternative.
    Degraded,
    /// It is untouched.
    Up,
}

/// What a failure does.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// What fails.
    pub failure: Failure,
    /// Every service, in order of id.
    pub services: Vec<ServiceOutcome>,
}

/// What a failure does to one service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceOutcome {
    /// The service.
    pub id: Id,
    /// How it is.
    pub state: ServiceState,
    /// From the service to what failed, along which the failure travels; empty when it is up.
    pub path: Vec<Id>,
    /// Whether it can be brought back, or failed over, while the failure lasts.
    pub recoverable: bool,
    /// What it cannot do while the failure lasts, beside serving: start, ship, be seen, recover.
    pub cannot: Vec<Phase>,
    /// What it cannot do either if all failed that may have.
    pub perhaps_cannot: Vec<Phase>,
    /// Its weight.
    pub weight: f64,
}

impl ServiceState {
    /// Every state, the worst first.
    pub const ALL: [ServiceState; 4] =
        [ServiceState::Down, ServiceState::NotKnown, ServiceState::Degraded, ServiceState::Up];

    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            ServiceState::Down => "down",
            ServiceState::NotKnown => "not-known",
            ServiceState::Degraded => "degraded",
            ServiceState::Up => "up",
        }
    }
}

impl ServiceOutcome {
    /// Whether anything is lost to it, or may be.
    pub fn is_hurt(&self) -> bool {
        self.state != ServiceState::Up || self.is_hampered()
    }

    fn is_hampered(&self) -> bool {
        !self.cannot.is_empty() || !self.perhaps_cannot.is_empty()
    }
}

impl Simulation {
    /// The services in a state.
    pub fn in_state(&self, state: ServiceState) -> impl Iterator<Item = &ServiceOutcome> {
        self.services.iter().filter(move |service| service.state == state)
    }

    /// The services that serve, but cannot, or perhaps cannot, be started, shipped, seen or recovered.
    pub fn hampered(&self) -> impl Iterator<Item = &ServiceOutcome> {
        self.services.iter().filter(|service| service.state != ServiceState::Down && service.is_hampered())
    }

    /// Part of all weight that is in a state, 0 to 1.
    pub fn share(&self, state: ServiceState) -> f64 {
        let all: f64 = self.services.iter().map(|service| service.weight).sum();
        let some: f64 = self.in_state(state).map(|service| service.weight).sum();
        if 0.0 < all && 0.0 < some { some / all } else { 0.0 }
    }

    /// How many services cannot do something, by phase.
    pub fn cannot(&self) -> BTreeMap<Phase, usize> {
        let mut counts = BTreeMap::new();
        for phase in self.services.iter().flat_map(|service| &service.cannot) {
            *counts.entry(*phase).or_default() += 1;
        }
        counts
    }
}
