//! What every rule may look at.

use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::BlastRadius;
use super::dependents::{Dependents, Follow, is_required};
use super::single_points::{SinglePoint, single_points};
use crate::analyze::{Analysis, SingleFailure};
use crate::catalog::Catalog;
use crate::model::settings::Tier;
use crate::model::{Attribute, Edge, Estate, Id, Kind, Level, Node, Settings};

/// What every rule may look at: the estate, what was computed of it, and what the organization wants.
pub struct Context<'a> {
    /// The graph, with settings and mitigations applied.
    pub estate: &'a Estate,
    /// What was computed about it.
    pub analysis: &'a Analysis,
    /// What the organization says.
    pub settings: &'a Settings,
    /// What is known about providers.
    pub catalog: &'a Catalog,
    /// The day on which is judged.
    pub today: Date,
    failures: BTreeMap<&'a Id, &'a SingleFailure>,
    points: OnceCell<Vec<SinglePoint<'a>>>,
    reverse: OnceCell<BTreeMap<&'a Id, Vec<&'a Edge>>>,
    dependents: OnceCell<RefCell<Dependents<'a>>>,
    /// How many services findings list so far, and how many of their lists were cut.
    listed: Cell<usize>,
    lists_cut: Cell<usize>,
}

/// Findings list so many services in all; beyond that each lists no more than [`LISTED_BEYOND`].
const MOST_LISTED: usize = 1 << 23;
const LISTED_BEYOND: usize = 32;

/// What a service's tier says of the loss of one domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Demand {
    /// The service has a tier, and it need not survive that.
    NeedNot,
    /// Nobody said; good practice does.
    Unsaid,
    /// The default, without a tier, demands it.
    ByDefault,
    /// The service's tier demands it.
    ByTier,
}

impl<'a> Context<'a> {
    /// Gathers what rules look at.
    pub fn new(
        estate: &'a Estate,
        analysis: &'a Analysis,
        settings: &'a Settings,
        catalog: &'a Catalog,
        today: Date,
    ) -> Self {
        let mut failures = BTreeMap::new();
        for failure in &analysis.runtime().failures {
            failures.entry(&failure.element).or_insert(failure);
        }
        Context {
            estate,
            analysis,
            settings,
            catalog,
            today,
            failures,
            points: OnceCell::new(),
            reverse: OnceCell::new(),
            dependents: OnceCell::new(),
            listed: Cell::new(0),
            lists_cut: Cell::new(0),
        }
    }

    /// The single points of failure, each element once, by blast radius.
    pub fn single_points(&self) -> &[SinglePoint<'a>] {
        self.points.get_or_init(|| single_points(self))
    }

    /// What the failure of an element does at run time.
    pub fn failure_of(&self, element: &Id) -> Option<&'a SingleFailure> {
        self.failures.get(element).copied()
    }

    /// The single failures at run time, each element once, in order of id.
    pub(crate) fn failures(&self) -> impl Iterator<Item = &'a SingleFailure> {
        self.failures.values().copied()
    }

    /// The tier of a service, if it has one that is declared.
    pub fn tier(&self, service: &Id) -> Option<&'a Tier> {
        self.settings.tier(self.estate.node(service)?.tier.as_deref())
    }

    /// What a service must survive.
    pub(crate) fn demand(&self, service: &Id, level: Level) -> Demand {
        match self.tier(service) {
            Some(tier) if tier.survives.contains(&level) => Demand::ByTier,
            Some(_) => Demand::NeedNot,
            None if matches!(level, Level::Instance | Level::Host | Level::Zone) => Demand::ByDefault,
            None => Demand::Unsaid,
        }
    }

    /// A service's declared recovery time objective, in seconds.
    pub fn rto_seconds(&self, service: &Id) -> Option<u64> {
        self.objective(service, Attribute::RtoSeconds, |tier| tier.rto_seconds)
    }

    /// A service's declared recovery point objective, in seconds.
    pub fn rpo_seconds(&self, service: &Id) -> Option<u64> {
        self.objective(service, Attribute::RpoSeconds, |tier| tier.rpo_seconds)
    }

    /// The services that an element's failure takes, or, where nothing was computed, that need it at any time.
    pub fn services_of(&self, element: &Id) -> Vec<Id> {
        match self.failure_of(element) {
            Some(failure) if !failure.lost.is_empty() => failure.lost.clone(),
            _ => self.dependents(element),
        }
    }

    /// The services from which dependencies of any kind lead to a node, itself included; sorted.
    pub fn dependents(&self, node: &Id) -> Vec<Id> {
        self.walks().services(node, Follow::All)
    }

    /// The services that need a node at run time without an alternative, itself included; sorted.
    pub fn required_by(&self, node: &Id) -> Vec<Id> {
        self.walks().services(node, Follow::Required)
    }

    fn walks(&self) -> RefMut<'_, Dependents<'a>> {
        self.dependents.get_or_init(|| RefCell::new(Dependents::of(self.estate))).borrow_mut()
    }

    /// How many lists of services do not hold all that they are about, because there are too many in all.
    pub fn lists_in_part(&self) -> usize {
        self.lists_cut.get() + self.dependents.get().map_or(0, |walks| walks.borrow().cut)
    }

    /// Cuts a list of services when those listed before it fill the room.
    pub(super) fn keep_short(&self, services: &mut Vec<Id>) {
        if MOST_LISTED < self.listed.get() + services.len() && LISTED_BEYOND < services.len() {
            services.truncate(LISTED_BEYOND);
            self.lists_cut.set(self.lists_cut.get() + 1);
        }
        self.listed.set(self.listed.get() + services.len());
    }

    /// How many of the ids are services, and their weight.
    pub fn weigh(&self, ids: &[Id]) -> BlastRadius {
        let services: Vec<&Node> =
            ids.iter().filter_map(|id| self.estate.node(id)).filter(|node| node.is_service).collect();
        let weight: f64 = services.iter().map(|node| node.weight).sum();
        let all = self.analysis.weight;
        BlastRadius { services: services.len(), weight, share: if 0.0 < all { weight / all } else { 0.0 } }
    }

    /// The dependencies that lead to a node.
    pub fn needed_by(&self, node: &Id) -> impl Iterator<Item = &'a Edge> {
        let reverse = self.reverse.get_or_init(|| {
            let mut reverse: BTreeMap<&Id, Vec<&Edge>> = BTreeMap::new();
            for edge in &self.estate.edges {
                reverse.entry(&edge.to).or_default().push(edge);
            }
            reverse
        });
        reverse.get(node).into_iter().flatten().copied()
    }

    /// Whether a node goes down with a domain: it is it, stands in it, or needs at run time, without an
    /// alternative, something that does.
    pub fn rests_on(&self, node: &Id, domain: &Id) -> bool {
        let mut seen = BTreeSet::from([node.clone()]);
        let mut open = vec![node.clone()];
        while let Some(id) = open.pop() {
            if id == *domain {
                return true;
            }
            let needs = self.estate.needs(&id).filter(|edge| is_required(edge));
            let above = needs
                .map(|edge| edge.to.clone())
                .chain(self.estate.node(&id).map(domains_of).into_iter().flatten());
            open.extend(above.filter(|id| seen.insert(id.clone())));
        }
        false
    }

    /// Whether the node is a service.
    pub(crate) fn is_service(&self, id: &Id) -> bool {
        self.estate.node(id).is_some_and(|node| node.is_service)
    }

    /// The nodes that keep data which their loss would lose.
    pub(crate) fn datastores(&self) -> impl Iterator<Item = &'a Node> {
        self.estate.nodes.values().filter(|node| {
            let attributes = &node.attributes;
            matches!(node.kind, Kind::Component | Kind::Service)
                && attributes.bool(Attribute::Stateful) != Some(false)
                && attributes.bool(Attribute::Auxiliary) != Some(true)
                && attributes.bool(Attribute::Replica) != Some(true)
                && (attributes.bool(Attribute::Stateful) == Some(true) || keeps_records(node))
        })
    }

    /// A short name of a node for people.
    pub(crate) fn name<'n>(&'n self, id: &'n Id) -> &'n str {
        self.estate
            .node(id)
            .map(|node| node.name.as_str())
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| if id.rest().is_empty() { id.as_str() } else { id.rest() })
    }

    /// The name of one of several, or its id where another of them has the same name.
    fn name_among<'n>(&'n self, id: &'n Id, all: &[Id]) -> &'n str {
        let name = self.name(id);
        let is_shared = all.iter().any(|other| other != id && self.name(other) == name);
        if is_shared && !id.rest().is_empty() { id.rest() } else { name }
    }

    /// Names for people, the first three and how many more.
    pub(crate) fn names(&self, ids: &[Id]) -> String {
        let shown = ids.get(..3).unwrap_or(ids);
        let mut names: Vec<String> =
            shown.iter().map(|id| format!("`{}`", self.name_among(id, shown))).collect();
        match ids.len() {
            0 => "nothing".to_owned(),
            1 => names.remove(0),
            2 | 3 => {
                let last = names.pop().unwrap_or_default();
                format!("{} and {last}", names.join(", "))
            }
            many => format!("{} and {} more", names.join(", "), many - 3),
        }
    }

    fn objective(
        &self,
        service: &Id,
        attribute: Attribute,
        of_tier: fn(&Tier) -> Option<u64>,
    ) -> Option<u64> {
        let said = self.estate.node(service)?.attributes.number(attribute);
        said.map(|seconds| seconds as u64).or_else(|| self.tier(service).and_then(of_tier))
    }
}

/// The failure domains in which a node stands.
pub(crate) fn domains_of(node: &Node) -> Vec<Id> {
    let mut domains: Vec<Id> = node.parent.iter().cloned().collect();
    let placement = &node.placement;
    if let Some(provider) = &placement.provider {
        domains.push(Id::provider(provider));
        if let Some(region) = &placement.region {
            domains.push(Id::in_provider(provider, region));
        }
        if let [zone] = placement.zones.as_slice() {
            domains.push(Id::in_provider(provider, zone));
        }
        if let Some(service) = &placement.service {
            domains.push(Id::provider_service(provider, placement.region.as_deref(), service));
        }
    }
    domains
}

fn keeps_records(node: &Node) -> bool {
    node.category == Some(crate::model::Category::Database)
}
