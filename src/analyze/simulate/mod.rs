//! What a set of failures does to every service: its state, why, and what cannot be done about it while it lasts.
//!
//! A thing may lose its **data plane** (it serves no more, and cannot be changed either) or its **control plane**
//! alone (it goes on, but nothing new starts on it and nothing about it can be changed). What is lost at run time
//! follows the fault graph; what cannot be started, shipped, seen or recovered follows the dependencies of that
//! phase from a service through its own parts, down to the next service.

mod failure;
mod outcome;
#[cfg(test)]
mod tests;

pub use failure::{Doubt, Failure, Plane, perhaps_in};
pub use outcome::{ServiceOutcome, ServiceState, Simulation};

use std::collections::BTreeSet;

use super::compile::{FaultModel, Wiring, is_sub_provider};
use super::graph::{Scenario, State};
use super::query::is_provider_part;
use crate::model::{Attribute, Category, Edge, Estate, Id, Kind, Need, Node, Phase};

/// Runs failures against one estate.
#[derive(Debug)]
pub struct Simulator<'a> {
    estate: &'a Estate,
    plane: Plane,
    runtime: Run,
    phases: Vec<PhaseRuns>,
}

/// What is lost in one phase.
#[derive(Debug)]
struct PhaseRuns {
    phase: Phase,
    /// Because something that is needed in it does not run.
    dead: Run,
    /// Because a part, or what it stands on, cannot be changed. What a part needs in the phase only has to run.
    unchangeable: Run,
}

impl PhaseRuns {
    fn new(wiring: &Wiring<'_>, phase: Phase, plane: Plane) -> Self {
        let lives = |from: &Node| plane == Plane::Data && from.kind == Kind::ControlPlane;
        let own = |edge: &Edge, to: &Node| edge.phase == Phase::Runtime && !to.is_service;
        let in_provider = |from: &Node, edge: &Edge| edge.phase == phase && is_provider_part(from.kind);
        let of_others = |from: &Node, edge: &Edge| is_sub_provider(edge) || from.kind == Kind::Host;
        let dead = wiring.counting(|from, edge, to| (edge.phase == phase || own(edge, to)) && !lives(from));
        let unchangeable = wiring.counting(|from, edge, to| {
            (own(edge, to) || in_provider(from, edge)) && !lives(from) && !of_others(from, edge)
        });
        PhaseRuns { phase, dead: Run::new(dead), unchangeable: Run::new(unchangeable) }
    }

    fn is_lost(&self, id: &Id) -> bool {
        self.dead.state(id) == State::Failed || self.unchangeable.state(id) == State::Failed
    }

    /// From a node to what is lost; empty when nothing that it needs in the phase is.
    fn why(&self, id: &Id) -> Vec<Id> {
        let run = if self.dead.state(id) == State::Failed { &self.dead } else { &self.unchangeable };
        run.why(id)
    }
}

/// How a service would be if everything failed that may have.
struct Perhaps {
    state: State,
    path: Vec<Id>,
    /// What it could not do then, if it lived.
    cannot: Vec<Phase>,
}

#[derive(Debug)]
struct Run {
    model: FaultModel,
    scenario: Scenario,
}

impl Run {
    fn new(model: FaultModel) -> Self {
        Run { scenario: Scenario::new(&model.graph), model }
    }

    fn fail(&mut self, ids: impl IntoIterator<Item = Id>) {
        let elements: Vec<u32> = ids.into_iter().filter_map(|id| self.model.element(&id)).collect();
        self.scenario.fail(&elements);
    }

    fn state(&self, id: &Id) -> State {
        self.model.element(id).map_or(State::Up, |element| self.scenario.state(element))
    }

    fn why(&self, id: &Id) -> Vec<Id> {
        let path = self.model.element(id).map(|element| self.scenario.why(element));
        path.into_iter().flatten().map(|element| self.model.id(element).clone()).collect()
    }
}

impl<'a> Simulator<'a> {
    /// Compiles the estate; with [`Plane::Data`] control planes live through everything.
    pub fn new(estate: &'a Estate, plane: Plane) -> Self {
        let phases = [Phase::Startup, Phase::Deploy, Phase::Observe, Phase::Recover];
        let wiring = Wiring::of(estate);
        Simulator {
            estate,
            plane,
            runtime: Run::new(wiring.in_phase(Phase::Runtime)),
            phases: phases.map(|phase| PhaseRuns::new(&wiring, phase, plane)).into_iter().collect(),
        }
    }

    /// Lets exactly this fail.
    pub fn run(&mut self, failure: &Failure) -> Simulation {
        let estate = self.estate;
        let services: Vec<&Node> = estate.services().collect();
        let perhaps = self.perhaps(failure, &services);
        self.fail(failure);
        let outcome = |(node, perhaps): (&&Node, Perhaps)| self.outcome(node, perhaps);
        let services = services.iter().zip(perhaps).map(outcome).collect();
        Simulation { failure: failure.clone(), services }
    }

    /// Lets exactly this fail, for those who ask about a few nodes only; what perhaps fails does not.
    pub fn fail(&mut self, failure: &Failure) {
        self.runtime.fail(failure.lost.iter().cloned());
        self.fail_phases(failure);
    }

    /// How a node is, after what was run last.
    pub fn state(&self, id: &Id) -> State {
        self.runtime.state(id)
    }

    /// The phases in which a service that lives lacks something, after what was run last.
    pub fn cannot(&self, service: &Id) -> Vec<Phase> {
        self.cannot_of_living(service)
    }

    /// Whether a node serves on, after what was run last.
    pub fn is_alive(&self, id: &Id) -> bool {
        !self.is_dead(id)
    }

    /// Whether a node serves and cannot be changed, after what was run last.
    pub fn is_fixed(&self, id: &Id) -> bool {
        let is_fixed = |runs: &PhaseRuns| {
            matches!(runs.phase, Phase::Deploy | Phase::Recover)
                && runs.unchangeable.state(id) == State::Failed
        };
        self.phases.iter().any(is_fixed)
    }

    /// Everything that is lost among what a service needs at run time, alternatives and optional things included.
    pub fn lost_beneath(&self, service: &Id) -> BTreeSet<Id> {
        let mut seen = BTreeSet::from([service.clone()]);
        let mut open = vec![service.clone()];
        while let Some(id) = open.pop() {
            let needs = self.estate.needs(&id).filter(|edge| edge.phase == Phase::Runtime);
            open.extend(needs.map(|edge| edge.to.clone()).filter(|to| seen.insert(to.clone())));
        }
        seen.retain(|id| self.is_dead(id));
        seen
    }

    /// Why a service that lives cannot do something, after what was run last: from it to what is lost, both ends included.
    pub fn why_cannot(&self, service: &Id, phase: Phase) -> Vec<Id> {
        self.phases.iter().find(|runs| runs.phase == phase).map(|runs| runs.why(service)).unwrap_or_default()
    }

    /// Why the records of a name cannot be changed, though its zone is served: from the zone to what is lost.
    pub fn why_zone_is_fixed(&self, domain: &Id) -> Option<Vec<Id>> {
        let runs = self.phases.iter().find(|runs| runs.phase == Phase::Recover)?;
        let needs = self.estate.needs(domain).filter(|edge| edge.phase == Phase::Runtime);
        let is_zone = |id: &Id| self.estate.node(id).is_some_and(|node| node.kind == Kind::DnsZone);
        let mut zones = needs.map(|edge| &edge.to).filter(|id| is_zone(id) && self.is_alive(id));
        let zone = zones.find(|id| runs.is_lost(id))?;
        Some(runs.why(zone))
    }

    /// How services would be if everything failed that may have.
    fn perhaps(&mut self, failure: &Failure, services: &[&Node]) -> Vec<Perhaps> {
        self.runtime.fail(failure.lost.iter().chain(&failure.perhaps).cloned());
        self.fail_phases(failure);
        let perhaps = |node: &&Node| {
            let state = self.runtime.state(&node.id);
            let cannot = if state == State::Failed { Vec::new() } else { self.cannot_of_living(&node.id) };
            Perhaps { state, path: self.runtime.why(&node.id), cannot }
        };
        services.iter().map(perhaps).collect()
    }

    /// In every phase fails what does not run, and, where something has to be changed, what cannot be.
    fn fail_phases(&mut self, failure: &Failure) {
        let model = &self.runtime.model;
        let (estate, plane) = (self.estate, self.plane);
        let dead: Vec<Id> = self
            .runtime
            .scenario
            .failed()
            .map(|element| model.id(element).clone())
            .filter(|id| plane != Plane::Data || !is_control_plane(estate, id))
            .collect();
        for runs in &mut self.phases {
            runs.dead.fail(dead.iter().cloned());
            let is_changed = runs.phase != Phase::Observe && !failure.impaired.is_empty();
            let unchangeable = dead.iter().chain(&failure.impaired).filter(|_| is_changed);
            runs.unchangeable.fail(unchangeable.cloned());
        }
    }

    fn outcome(&self, node: &Node, perhaps: Perhaps) -> ServiceOutcome {
        let now = self.runtime.state(&node.id);
        let state = match (now, perhaps.state) {
            (State::Failed, _) => ServiceState::Down,
            (now, then) if now != then => ServiceState::NotKnown,
            (State::Degraded, _) => ServiceState::Degraded,
            _ => ServiceState::Up,
        };
        let path = if state == ServiceState::NotKnown { perhaps.path } else { self.runtime.why(&node.id) };
        let (cannot, recoverable) = if now == State::Failed {
            let parts = self.dead_parts(&node.id);
            let cannot = self.cannot_of_dead(&parts);
            let helpless = cannot.iter().any(|phase| *phase != Phase::Observe);
            (cannot, !helpless && parts.iter().all(|id| self.can_be_brought_back(id)))
        } else {
            let cannot = self.cannot_of_living(&node.id);
            let recoverable = !cannot.contains(&Phase::Recover);
            (cannot, recoverable)
        };
        let mut perhaps_cannot = perhaps.cannot;
        perhaps_cannot.retain(|phase| !cannot.contains(phase));
        let (id, weight) = (node.id.clone(), node.weight);
        ServiceOutcome { id, state, path, recoverable, cannot, perhaps_cannot, weight }
    }

    fn cannot_of_living(&self, service: &Id) -> Vec<Phase> {
        // A name does not start.
        let is_name =
            self.estate.node(service).is_some_and(|node| matches!(node.kind, Kind::Domain | Kind::DnsZone));
        let lost = |runs: &&PhaseRuns| match runs.phase {
            Phase::Startup if is_name => false,
            Phase::Observe => runs.is_lost(service) || self.is_blind(service, &runs.dead),
            _ => runs.is_lost(service),
        };
        self.phases.iter().filter(lost).map(|runs| runs.phase).collect()
    }

    /// Whether all that watches the service is gone.
    fn is_blind(&self, service: &Id, run: &Run) -> bool {
        let mut watching = self.estate.needs(service).filter(|edge| edge.phase == Phase::Observe).peekable();
        watching.peek().is_some() && watching.all(|edge| run.state(&edge.to) == State::Failed)
    }

    /// What took a lost service down, as far as it is the organization's own: itself and what it needs.
    fn dead_parts(&self, service: &Id) -> BTreeSet<Id> {
        let mut seen = BTreeSet::from([service.clone()]);
        let mut open = vec![service.clone()];
        while let Some(id) = open.pop() {
            for edge in self
                .estate
                .needs(&id)
                .filter(|edge| edge.phase == Phase::Runtime && edge.need == Need::Required)
            {
                let own = self.estate.node(&edge.to).is_some_and(|node| !is_provider_part(node.kind));
                if own && self.is_dead(&edge.to) && seen.insert(edge.to.clone()) {
                    open.push(edge.to.clone());
                }
            }
        }
        seen
    }

    fn is_dead(&self, id: &Id) -> bool {
        self.runtime.state(id) == State::Failed
    }

    /// The phases in which a part directly needs something that is lost.
    fn cannot_of_dead(&self, parts: &BTreeSet<Id>) -> Vec<Phase> {
        // A name that leads to what is lost has to be turned elsewhere, in its zone.
        let mut names =
            parts.iter().filter(|id| self.estate.node(id).is_some_and(|node| node.kind == Kind::Domain));
        let is_fixed = names.any(|id| self.why_zone_is_fixed(id).is_some());
        let lacks = |runs: &&PhaseRuns| {
            if is_fixed && runs.phase == Phase::Recover {
                return true;
            }
            let mut edges =
                parts.iter().flat_map(|id| self.estate.needs(id)).filter(|edge| edge.phase == runs.phase);
            edges.any(|edge| {
                (edge.need == Need::Required || runs.phase == Phase::Observe)
                    && edge.group.is_none()
                    && runs.dead.state(&edge.to) == State::Failed
                    && !parts.contains(&edge.to)
            })
        };
        self.phases.iter().filter(lacks).map(|runs| runs.phase).collect()
    }

    /// Whether a lost part can be brought up again somewhere else: code can while its provider lives, data only
    /// from a backup that lives, and what others run cannot.
    fn can_be_brought_back(&self, id: &Id) -> bool {
        let Some(node) = self.estate.node(id) else { return false };
        let provider = node.placement.provider.as_deref();
        let hangs_on_others = self.estate.needs(id).any(|edge| {
            let target = self.estate.node(&edge.to);
            let is_others = target
                .is_some_and(|to| is_provider_part(to.kind) && to.placement.provider.as_deref() != provider);
            edge.phase == Phase::Runtime && edge.need == Need::Required && is_others && self.is_dead(&edge.to)
        });
        let provider_lives = provider.is_none_or(|provider| !self.is_dead(&Id::provider(provider)));
        match node.kind {
            Kind::Component | Kind::Service => {
                provider_lives && !hangs_on_others && (!keeps_data(node) || self.backup_lives(node))
            }
            Kind::Domain => !hangs_on_others,
            _ => false,
        }
    }

    fn backup_lives(&self, node: &Node) -> bool {
        let attributes = &node.attributes;
        if attributes.bool(Attribute::Backup) != Some(true)
            && attributes.bool(Attribute::PointInTimeRecovery) != Some(true)
        {
            return false;
        }
        let Some(provider) = node.placement.provider.as_deref() else { return true };
        let region = attributes.text(Attribute::BackupRegion).or(node.placement.region.as_deref());
        region.is_none_or(|region| !self.is_dead(&Id::in_provider(provider, region)))
    }
}

fn is_control_plane(estate: &Estate, id: &Id) -> bool {
    estate.node(id).is_some_and(|node| node.kind == Kind::ControlPlane)
}

fn keeps_data(node: &Node) -> bool {
    match node.attributes.bool(Attribute::Stateful) {
        Some(said) => said,
        None => matches!(node.category, Some(Category::Database | Category::Storage)),
    }
}
