//! Documented outages against an estate: which would have hurt, how long, and what would have gone on.
//!
//! An outage of the catalog becomes a [`Failure`] of the nodes it names. What providers needed inside themselves is
//! taken as it was on the day of the outage. Where an outage took one zone of a region and nothing says which, the
//! zone is taken whose loss hurts most.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::{
    Doubt, Failure, Plane, ServiceOutcome, ServiceState, Simulation, Simulator, perhaps_in,
};
use crate::assemble::{add_control_planes, holds_on, provider_part};
use crate::catalog::{Catalog, Outage};
use crate::model::{Estate, Evidence, Id, Kind, Node, Settings};
use crate::outlook::objective_seconds;

/// More ways in which zones may be lost are not tried.
const MOST_ALTERNATIVES: usize = 32;

/// The families of scenarios of Commission Delegated Regulation (EU) 2024/1774, Article 26(2), by letter.
pub const FAMILIES: &[(&str, &str)] = &[
    ("a", "cyber attacks, and switching to redundant capacity, backups and facilities"),
    ("b", "a provider's or function's quality falls to an unacceptable level, or fails"),
    ("c", "premises and data centres fail, in part or in whole"),
    ("d", "ICT assets or communication infrastructure fail substantially"),
    ("e", "a critical number of staff is not available"),
    ("f", "climate, natural disasters, pandemics, physical attacks"),
    ("g", "attacks by insiders"),
    ("h", "political and social instability where the provider or the data is"),
    ("i", "widespread power outages"),
];

/// "What if it had happened where we live": a place of the outages that is replaced by another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    here: String,
    there: String,
}

impl Mapping {
    /// Reads `OURS=THEIRS`: `aws/eu-west-1=aws/us-east-1`.
    pub fn parse(text: &str) -> Option<Self> {
        let (here, there) = text.split_once('=')?;
        let is_place = |place: &str| place.split('/').filter(|part| !part.trim().is_empty()).count() == 2;
        (is_place(here) && is_place(there))
            .then(|| Mapping { here: here.trim().into(), there: there.trim().into() })
    }

    fn apply(&self, target: &str) -> Option<String> {
        let rest = target.strip_prefix(&self.there)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{}{rest}", self.here))
    }
}

/// All outages against one estate.
#[derive(Debug)]
pub struct Replay {
    /// One entry for each outage, oldest first.
    pub outages: Vec<Replayed>,
    /// References that lead nobody knows where, and so may hide more.
    pub unresolved: usize,
}

/// One outage against the estate.
#[derive(Debug)]
pub struct Replayed {
    /// The outage.
    pub outage: Outage,
    /// What it does.
    pub simulation: Simulation,
    /// How it would have been felt.
    pub effect: Effect,
    /// Services that would have been down for longer than their recovery time objective, with it in seconds.
    pub breaches: Vec<(Id, u64)>,
}

/// How an outage is felt, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// A service is down.
    Down,
    /// A service lives with less.
    Degraded,
    /// Nothing is known to be down or degraded, and something may be.
    NotKnown,
    /// Everything serves, and something cannot, or perhaps cannot, be started, shipped, seen or recovered.
    Hampered,
    /// Nothing is felt.
    Nothing,
}

impl Effect {
    /// Every effect, the worst first.
    pub const ALL: [Effect; 5] =
        [Effect::Down, Effect::Degraded, Effect::NotKnown, Effect::Hampered, Effect::Nothing];

    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Effect::Down => "down",
            Effect::Degraded => "degraded",
            Effect::NotKnown => "not-known",
            Effect::Hampered => "hampered",
            Effect::Nothing => "none",
        }
    }

    fn of(simulation: &Simulation) -> Self {
        let any = |state| simulation.in_state(state).next().is_some();
        match () {
            () if any(ServiceState::Down) => Effect::Down,
            () if any(ServiceState::Degraded) => Effect::Degraded,
            () if any(ServiceState::NotKnown) => Effect::NotKnown,
            () if simulation.hampered().next().is_some() => Effect::Hampered,
            () => Effect::Nothing,
        }
    }
}

impl Replay {
    /// The outages with an effect.
    pub fn felt(&self) -> impl Iterator<Item = &Replayed> {
        self.outages.iter().filter(|one| one.effect != Effect::Nothing)
    }

    /// For each cause, how many outages were felt, and how many there are.
    pub fn by_cause(&self) -> BTreeMap<&str, (usize, usize)> {
        self.grouped(|outage| &outage.cause)
    }

    /// The same for each family of scenarios, by letter.
    pub fn by_family(&self) -> BTreeMap<&str, (usize, usize)> {
        self.grouped(|outage| &outage.rts_families)
    }

    fn grouped(&self, groups: fn(&Outage) -> &Vec<String>) -> BTreeMap<&str, (usize, usize)> {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for one in &self.outages {
            for group in groups(&one.outage) {
                let (felt, all) = counts.entry(group).or_default();
                *felt += usize::from(one.effect != Effect::Nothing);
                *all += 1;
            }
        }
        counts
    }
}

impl Replayed {
    /// The services that are hurt in any way.
    pub fn hurt(&self) -> impl Iterator<Item = &ServiceOutcome> {
        self.simulation.services.iter().filter(|one| one.is_hurt())
    }
}

/// Runs outages against an estate.
pub fn replay<'o>(
    estate: &Estate,
    settings: &Settings,
    catalog: &Catalog,
    outages: impl IntoIterator<Item = &'o Outage>,
    mappings: &[Mapping],
) -> Replay {
    // Outages during which the same facts held share a graph.
    let mut eras: BTreeMap<Vec<bool>, Vec<&Outage>> = BTreeMap::new();
    for outage in outages {
        let held = catalog.internal_edges().iter().map(|fact| holds_on(fact, &outage.date)).collect();
        eras.entry(held).or_default().push(outage);
    }
    let mut replayed: Vec<Replayed> = eras
        .into_values()
        .flat_map(|outages| replay_era(estate, settings, catalog, &outages, mappings))
        .collect();
    replayed.sort_by(|a, b| (&a.outage.date, &a.outage.id).cmp(&(&b.outage.date, &b.outage.id)));
    let unresolved = estate.nodes.values().filter(|node| node.kind == Kind::Unresolved).count();
    Replay { outages: replayed, unresolved }
}

fn replay_era(
    estate: &Estate,
    settings: &Settings,
    catalog: &Catalog,
    outages: &[&Outage],
    mappings: &[Mapping],
) -> Vec<Replayed> {
    let mut estate = estate.clone();
    if let Some(first) = outages.first() {
        add_control_planes(&mut estate, catalog, &first.date);
    }
    let mut world = World { estate, catalog, mappings, hit: Hit::Perhaps };
    let failures: Vec<Vec<Failure>> = outages.iter().map(|outage| world.failures(outage)).collect();
    let mut estate = world.estate;
    estate.settle();
    let mut simulator = Simulator::new(&estate, Plane::Both);
    let worst = |alternatives: &Vec<Failure>| {
        let simulations = alternatives.iter().map(|failure| simulator.run(failure));
        simulations.max_by(|a, b| badness(a).total_cmp(&badness(b)))
    };
    let simulations = failures.iter().map(worst);
    let found: Vec<Replayed> = outages
        .iter()
        .zip(simulations)
        .filter_map(|(outage, simulation)| Some(replayed(outage, simulation?, &estate, settings)))
        .collect();
    found
}

fn badness(simulation: &Simulation) -> f64 {
    let share = |state| simulation.share(state);
    share(ServiceState::Down) * 1e6 + share(ServiceState::NotKnown) * 1e3 + share(ServiceState::Degraded)
}

fn replayed(outage: &Outage, simulation: Simulation, estate: &Estate, settings: &Settings) -> Replayed {
    let lasted = outage.duration_minutes.map(|minutes| u64::from(minutes) * 60);
    let breach = |service: &ServiceOutcome| {
        let objective = objective_seconds(estate.node(&service.id)?, settings)?;
        (objective < lasted?).then(|| (service.id.clone(), objective))
    };
    let breaches = simulation.in_state(ServiceState::Down).filter_map(breach).collect();
    Replayed { outage: outage.clone(), effect: Effect::of(&simulation), simulation, breaches }
}

/// Whether the organization was among those that an outage hit which did not hit all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// It was: what happened is let happen to it.
    Surely,
    /// Nobody knows.
    Perhaps,
}

/// The failures that an outage may have been, the nodes it names made where they are new: one, or one for each way
/// in which zones may be lost. The estate has to be settled afterwards.
pub fn failures(
    estate: &mut Estate,
    catalog: &Catalog,
    outage: &Outage,
    mappings: &[Mapping],
    hit: Hit,
) -> Vec<Failure> {
    let mut world = World { estate: std::mem::take(estate), catalog, mappings, hit };
    let failures = world.failures(outage);
    *estate = world.estate;
    failures
}

struct World<'a> {
    estate: Estate,
    catalog: &'a Catalog,
    mappings: &'a [Mapping],
    hit: Hit,
}

impl World<'_> {
    fn failures(&mut self, outage: &Outage) -> Vec<Failure> {
        let evidence = [Evidence::catalog("outages", 0, &outage.source)];
        let mut whole = Failure::default();
        let mut zones: Vec<Failure> = Vec::new();
        for target in &outage.fails {
            match target.strip_prefix("zone:") {
                Some(region) => {
                    zones.extend(self.zones_lost(&self.mapped(region), outage.zones_lost.unwrap_or(1)))
                }
                None => whole.lost.extend(self.parts(target, &evidence)),
            }
        }
        for target in &outage.impairs {
            whole.impaired.extend(self.parts(target, &evidence));
        }
        whole.add_perhaps(&self.estate, Doubt::Places);
        let with_zone = |zone: Failure| {
            let mut failure = whole.clone();
            failure.lost.extend(zone.lost);
            failure.perhaps.extend(zone.perhaps);
            failure
        };
        let several: Vec<Failure> = zones.into_iter().map(with_zone).collect();
        let mut failures = if several.is_empty() { vec![whole] } else { several };
        for failure in &mut failures {
            if outage.partial && self.hit == Hit::Perhaps {
                failure.perhaps.append(&mut failure.lost);
            }
            failure.perhaps.sort();
            failure.perhaps.dedup();
        }
        failures
    }

    fn mapped(&self, target: &str) -> String {
        self.mappings.iter().find_map(|mapping| mapping.apply(target)).unwrap_or_else(|| target.to_owned())
    }

    /// The nodes of a target; none when nothing of its provider is in the estate.
    fn parts(&mut self, target: &str, evidence: &[Evidence]) -> Vec<Id> {
        let target = self.mapped(target);
        let provider = target.split('/').next().unwrap_or(&target);
        let provider = self.catalog.canonical(provider).unwrap_or(provider).to_owned();
        if !self.estate.nodes.contains_key(&Id::provider(&provider)) {
            return Vec::new();
        }
        let id = provider_part(&mut self.estate, self.catalog, &target, evidence);
        let mut found = BTreeSet::from([id.clone()]);
        let of_all_regions = self.estate.node(&id).filter(|node| node.placement.region.is_none());
        if let Some(product) = of_all_regions.and_then(|node| node.placement.service.clone()) {
            found.extend(self.users_of(&provider, &product));
        }
        found.into_iter().collect()
    }

    /// A product that failed everywhere failed in each region, and for those who do not say in which they use it.
    fn users_of(&self, provider: &str, product: &str) -> Vec<Id> {
        let uses = |node: &&Node| {
            let place = &node.placement;
            let is_it =
                place.provider.as_deref() == Some(provider) && place.service.as_deref() == Some(product);
            let is_own = matches!(node.kind, Kind::Component | Kind::Service);
            let stands_on_it = self.estate.needs(&node.id).any(|edge| {
                let to = self.estate.node(&edge.to);
                to.is_some_and(|to| {
                    to.kind == Kind::ProviderService && to.placement.service.as_deref() == Some(product)
                })
            });
            is_it && (node.kind == Kind::ProviderService || is_own && !stands_on_it)
        };
        self.estate.nodes.values().filter(uses).map(|node| node.id.clone()).collect()
    }

    /// `PROVIDER/REGION`, or `PROVIDER/REGION/SERVICE` for a service in the zone alone: one failure for each set of
    /// so many zones, or one that is not known where no zone is.
    fn zones_lost(&self, target: &str, count: u32) -> Vec<Failure> {
        let mut parts = target.splitn(3, '/');
        let (Some(provider), Some(region), service) = (parts.next(), parts.next(), parts.next()) else {
            return Vec::new();
        };
        let in_region = |node: &&Node| {
            let place = &node.placement;
            node.kind == Kind::Zone
                && place.provider.as_deref() == Some(provider)
                && place.region.as_deref() == Some(region)
        };
        let zones: Vec<&Node> = self.estate.nodes.values().filter(in_region).collect();
        let mut somewhere = Node::new(Id::in_provider(provider, region), Kind::Zone, region);
        somewhere.placement.provider = Some(provider.to_owned());
        somewhere.placement.region = Some(region.to_owned());
        let of_service = |id: &Id| {
            service.is_none()
                || self.estate.node(id).is_some_and(|node| node.placement.service.as_deref() == service)
        };
        let mut perhaps = perhaps_in(&self.estate, &[&somewhere], Doubt::Places);
        perhaps.retain(of_service);
        let failure = |lost: Vec<&Node>| Failure {
            lost: lost.into_iter().flat_map(|zone| self.lost_with(zone, service)).collect(),
            perhaps: perhaps.clone(),
            impaired: Vec::new(),
        };
        choices(&zones, count as usize).into_iter().map(failure).collect()
    }

    fn lost_with(&self, zone: &Node, service: Option<&str>) -> Vec<Id> {
        let Some(service) = service else { return vec![zone.id.clone()] };
        let stands_there = |node: &&Node| {
            let place = &node.placement;
            place.provider == zone.placement.provider
                && place.service.as_deref() == Some(service)
                && place.zones == zone.placement.zones
        };
        self.estate.nodes.values().filter(stands_there).map(|node| node.id.clone()).collect()
    }
}

/// Every way to choose so many; all of them where there are no more.
fn choices<T: Copy>(from: &[T], count: usize) -> Vec<Vec<T>> {
    if from.len() <= count {
        return vec![from.to_vec()];
    }
    let mut all: Vec<Vec<T>> = Vec::new();
    let mut chosen: Vec<usize> = (0..count).collect();
    while all.len() < MOST_ALTERNATIVES {
        all.push(chosen.iter().map(|at| from[*at]).collect());
        let Some(moved) = (0..count).rev().find(|at| chosen[*at] < from.len() - count + at) else { break };
        chosen[moved] += 1;
        for at in moved + 1..count {
            chosen[at] = chosen[at - 1] + 1;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_chosen_in_every_way() {
        assert_eq!(choices(&[1, 2, 3], 2), [[1, 2], [1, 3], [2, 3]]);
        assert_eq!(choices(&[1, 2, 3], 1), [[1], [2], [3]]);
        assert_eq!(choices(&[1, 2], 2), [[1, 2]]);
        assert_eq!(choices::<u8>(&[], 1), [Vec::<u8>::new()]);
    }

    #[test]
    fn a_mapping_replaces_whole_places() {
        let mapping = Mapping::parse("aws/eu-west-1=aws/us-east-1").unwrap();
        assert_eq!(mapping.apply("aws/us-east-1/s3").as_deref(), Some("aws/eu-west-1/s3"));
        assert_eq!(mapping.apply("aws/us-east-1").as_deref(), Some("aws/eu-west-1"));
        assert_eq!(mapping.apply("aws/us-east-11"), None);
        for odd in ["", "aws/eu-west-1", "aws=gcp", "/=/"] {
            assert_eq!(Mapping::parse(odd), None, "{odd}");
        }
    }
}
