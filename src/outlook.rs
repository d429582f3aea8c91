//! What a simulated failure means to the people of an organization: whether they can still work, and what of their
//! promises holds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::analyze::{Failure, ServiceOutcome, ServiceState, Simulation, Simulator};
use crate::catalog::{AbilityRow, Catalog};
use crate::judge::failover_seconds;
use crate::model::{Attribute, Category, Estate, Id, Kind, Node, Phase, Settings};

/// What people do during an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// Sign in to what has to be changed.
    LogIn,
    /// Ship a change.
    Deploy,
    /// Wake somebody.
    Page,
    /// See what is going on.
    See,
    /// Tell customers.
    Tell,
}

/// How something that people work with is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MeansState {
    /// It is lost.
    Lost,
    /// It may be among the lost.
    NotKnown,
    /// It serves, and cannot be changed.
    Fixed,
    /// It works.
    Works,
}

/// Something that people work with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Means {
    /// What it is good for.
    pub ability: Ability,
    /// What it is.
    pub id: Id,
    /// How it is.
    pub state: MeansState,
}

/// How long a service is expected to be away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// Until an alternative that a mitigation names has taken over, in seconds.
    UntilFailover(u64),
    /// Until it is set up elsewhere; how long that takes, nobody said.
    UntilSetUpElsewhere,
    /// As long as the failure lasts.
    WhileItLasts,
}

/// What a failure does to what was promised of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Promise {
    /// The service.
    pub service: Id,
    /// How long it is expected to be away.
    pub away: Away,
    /// Its recovery time objective, in seconds.
    pub rto_seconds: Option<u64>,
    /// Its recovery point objective, in seconds.
    pub rpo_seconds: Option<u64>,
    /// What setting it up elsewhere from backups loses at most, in seconds, where that is known.
    pub loses_seconds: Option<u64>,
}

impl Ability {
    /// Every ability, in the order of need.
    pub const ALL: [Ability; 5] =
        [Ability::LogIn, Ability::Deploy, Ability::Page, Ability::See, Ability::Tell];

    /// The words used in reports and in the catalog.
    pub fn word(self) -> &'static str {
        match self {
            Ability::LogIn => "log in",
            Ability::Deploy => "deploy",
            Ability::Page => "page",
            Ability::See => "see",
            Ability::Tell => "tell",
        }
    }
}

impl MeansState {
    /// The words used in reports.
    pub fn word(self) -> &'static str {
        match self {
            MeansState::Lost => "is lost",
            MeansState::NotKnown => "is not known",
            MeansState::Fixed => "cannot be changed",
            MeansState::Works => "works",
        }
    }
}

impl Promise {
    /// Whether the service is away for longer than was promised, when the failure lasts so many seconds; none when
    /// that is not known.
    pub fn breaks_rto(&self, lasts: Option<u64>) -> Option<bool> {
        let rto = self.rto_seconds?;
        match self.away {
            Away::UntilFailover(seconds) => Some(rto < seconds),
            Away::WhileItLasts => lasts.map(|lasts| rto < lasts),
            Away::UntilSetUpElsewhere => None,
        }
    }

    /// Whether more is lost than was promised; none when that is not known.
    pub fn breaks_rpo(&self) -> Option<bool> {
        Some(self.rpo_seconds? < self.loses_seconds?)
    }
}

/// What people work with during an outage, as far as the estate shows it, with how each is after what the simulator
/// ran last.
pub fn means(estate: &Estate, catalog: &Catalog, failure: &Failure, simulator: &Simulator<'_>) -> Vec<Means> {
    let mut found: BTreeSet<(Ability, &Id)> = BTreeSet::new();
    for edge in &estate.edges {
        let ability = match edge.phase {
            Phase::Deploy => Ability::Deploy,
            Phase::Observe => Ability::See,
            _ => continue,
        };
        // What a provider needs inside itself is not what people work with.
        let is_own = estate.node(&edge.from).is_some_and(|node| is_own(node) || node.kind == Kind::DnsZone);
        if is_own {
            found.insert((ability, &edge.to));
        }
    }
    for node in estate.nodes.values() {
        found.extend(by_category(node).map(|ability| (ability, &node.id)));
        let known = catalog.abilities().iter().filter(|row| is_for(row, node));
        found.extend(known.filter_map(|row| Some((ability_of(&row.ability)?, &node.id))));
    }
    let state = |id: &Id| match () {
        () if !simulator.is_alive(id) => MeansState::Lost,
        () if failure.perhaps.contains(id) => MeansState::NotKnown,
        () if simulator.is_fixed(id) => MeansState::Fixed,
        () => MeansState::Works,
    };
    found.into_iter().map(|(ability, id)| Means { ability, id: id.clone(), state: state(id) }).collect()
}

/// Whether a row is about the product that a node is or uses. Of a whole provider only the provider itself is told, not
/// each of its products.
fn is_for(row: &AbilityRow, node: &Node) -> bool {
    let place = &node.placement;
    let same_product = match (&row.service, place.service.as_deref()) {
        (Some(wanted), Some(service)) => **wanted == *service,
        (Some(_), None) => false,
        (None, _) => node.kind != Kind::ProviderService && node.kind != Kind::Region,
    };
    same_product && place.provider.as_deref() == Some(&*row.provider)
}

/// The ability of a word of the catalog.
fn ability_of(word: &str) -> Option<Ability> {
    Ability::ALL.into_iter().find(|ability| ability.word().replace(' ', "-") == word)
}

fn is_own(node: &Node) -> bool {
    matches!(node.kind, Kind::Component | Kind::Service | Kind::Host | Kind::Domain)
}

fn by_category(node: &Node) -> Option<Ability> {
    match node.category {
        _ if !is_own(node) => None,
        Some(Category::Ci) => Some(Ability::Deploy),
        Some(Category::Monitoring) => Some(Ability::See),
        _ => None,
    }
}

/// What becomes of the promises of services that are down, or live by an alternative that takes its time.
pub fn promises(
    estate: &Estate,
    settings: &Settings,
    today: Date,
    simulation: &Simulation,
    simulator: &Simulator<'_>,
) -> Vec<Promise> {
    let promise = |outcome: &ServiceOutcome| {
        let node = estate.node(&outcome.id)?;
        let (rto_seconds, rpo_seconds) =
            (objective_seconds(node, settings), data_objective_seconds(node, settings));
        if rto_seconds.is_none() && rpo_seconds.is_none() {
            return None;
        }
        let lost = simulator.lost_beneath(&outcome.id);
        let away = match outcome.state {
            ServiceState::Down if outcome.recoverable => Away::UntilSetUpElsewhere,
            ServiceState::Down => Away::WhileItLasts,
            ServiceState::Degraded => {
                Away::UntilFailover(failover_seconds(settings, today, &outcome.id, &lost)?)
            }
            ServiceState::NotKnown | ServiceState::Up => return None,
        };
        let loses_seconds = match away {
            Away::UntilSetUpElsewhere => loss_seconds(estate, &lost),
            _ => None,
        };
        Some(Promise { service: outcome.id.clone(), away, rto_seconds, rpo_seconds, loses_seconds })
    };
    simulation.services.iter().filter_map(promise).collect()
}

/// What restoring from backups loses at most: the longest time between the backups of what is lost; none where one
/// of them does not say.
fn loss_seconds(estate: &Estate, lost: &BTreeSet<Id>) -> Option<u64> {
    let backed_up = lost.iter().filter_map(|id| estate.node(id)).filter(|node| {
        node.attributes.bool(Attribute::Backup) == Some(true)
            && node.attributes.bool(Attribute::PointInTimeRecovery) != Some(true)
    });
    let intervals: Option<Vec<f64>> =
        backed_up.map(|node| node.attributes.number(Attribute::BackupIntervalSeconds)).collect();
    intervals?.into_iter().max_by(f64::total_cmp).map(|seconds| seconds as u64)
}

/// The recovery time objective of a service or of its tier, in seconds.
pub fn objective_seconds(node: &Node, settings: &Settings) -> Option<u64> {
    let own = node.attributes.number(Attribute::RtoSeconds).map(|seconds| seconds as u64);
    own.or_else(|| settings.tier(node.tier.as_deref())?.rto_seconds)
}

/// The recovery point objective of a service or of its tier, in seconds.
fn data_objective_seconds(node: &Node, settings: &Settings) -> Option<u64> {
    let own = node.attributes.number(Attribute::RpoSeconds).map(|seconds| seconds as u64);
    own.or_else(|| settings.tier(node.tier.as_deref())?.rpo_seconds)
}

/// What people work with, by ability; an ability that nothing read shows has an empty list.
pub fn by_ability(means: &[Means]) -> BTreeMap<Ability, Vec<&Means>> {
    let mut all: BTreeMap<Ability, Vec<&Means>> =
        Ability::ALL.into_iter().map(|ability| (ability, Vec::new())).collect();
    for one in means {
        all.entry(one.ability).or_default().push(one);
    }
    for list in all.values_mut() {
        list.sort_by(|a, b| a.state.cmp(&b.state).then_with(|| a.id.cmp(&b.id)));
    }
    all
}
