//! What a set of failures does to every service: its state, why, and what cannot be done about it while it lasts.
//!
//! A thing may lose its **data plane** (it serves no more, and cannot be changed either) or its **control plane**
//! alone (it goes on, but nothing new starts on it and nothing about it can be changed). What is lost at run time
//! follows the fault graph; what cannot be started, shipped, seen or recovered follows the dependencies of that
//! phase from a service through its own parts, down to the next service.

use std::collections::{BTreeMap, BTreeSet};

use super::compile::{FaultModel, is_sub_provider};
use super::graph::{Scenario, State};
use super::query::is_provider_part;
use crate::model::{Attribute, Category, Edge, Estate, Id, Kind, Need, Node, Phase, Tolerance};

/// What fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// What serves no more.
    pub lost: Vec<Id>,
    /// What serves on and cannot be changed.
    pub impaired: Vec<Id>,
    /// What may be among the lost: nothing says where it stands.
    pub perhaps: Vec<Id>,
}

/// Which plane of a thing fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// Everything of it.
    Both,
    /// What serves; control planes go on.
    Data,
    /// What changes things; what serves goes on.
    Control,
}

/// What counts as perhaps lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Components of which nothing says where they stand.
    Places,
    /// Those, and references that lead nobody knows where.
    References,
}

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
    /// Its weight.
    pub weight: f64,
}

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
    fn new(estate: &Estate, phase: Phase, plane: Plane) -> Self {
        let kind = |id: &Id| estate.node(id).map(|node| node.kind);
        let lives = |edge: &Edge| plane == Plane::Data && kind(&edge.from) == Some(Kind::ControlPlane);
        let own = |edge: &Edge| {
            edge.phase == Phase::Runtime && estate.node(&edge.to).is_some_and(|node| !node.is_service)
        };
        let in_provider = |edge: &Edge| edge.phase == phase && kind(&edge.from).is_some_and(is_provider_part);
        let of_others = |edge: &Edge| is_sub_provider(edge) || kind(&edge.from) == Some(Kind::Host);
        let dead = FaultModel::of(estate, |edge| (edge.phase == phase || own(edge)) && !lives(edge));
        let unchangeable = FaultModel::of(estate, |edge| {
            (own(edge) || in_provider(edge)) && !lives(edge) && !of_others(edge)
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

impl Failure {
    /// The failure of one plane of these nodes, with what may stand in them.
    pub fn new(estate: &Estate, ids: &[Id], plane: Plane) -> Self {
        match plane {
            Plane::Control => Failure { impaired: ids.to_vec(), ..Failure::default() },
            Plane::Both | Plane::Data => {
                let mut failure = Failure { lost: ids.to_vec(), ..Failure::default() };
                failure.add_perhaps(estate, Doubt::References);
                failure
            }
        }
    }

    /// Adds what may stand in the lost places; with `Doubt::References` also references that lead nobody knows where.
    pub fn add_perhaps(&mut self, estate: &Estate, doubt: Doubt) {
        let places: Vec<&Node> = self.lost.iter().filter_map(|id| estate.node(id)).collect();
        let found = perhaps_in(estate, &places, doubt);
        self.perhaps.extend(found.into_iter().filter(|id| !self.lost.contains(id)));
        self.perhaps.sort();
        self.perhaps.dedup();
    }
}

impl<'a> Simulator<'a> {
    /// Compiles the estate; with [`Plane::Data`] control planes live through everything.
    pub fn new(estate: &'a Estate, plane: Plane) -> Self {
        let phases = [Phase::Startup, Phase::Deploy, Phase::Observe, Phase::Recover];
        Simulator {
            estate,
            plane,
            runtime: Run::new(FaultModel::new(estate, Phase::Runtime)),
            phases: phases.map(|phase| PhaseRuns::new(estate, phase, plane)).into_iter().collect(),
        }
    }

    /// Lets exactly this fail.
    pub fn run(&mut self, failure: &Failure) -> Simulation {
        let estate = self.estate;
        let services: Vec<&Node> = estate.services().collect();
        let perhaps = self.perhaps_states(failure, &services);
        self.fail(failure);
        let outcome = |(node, perhaps): (&&Node, (State, Vec<Id>))| self.outcome(node, perhaps);
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
    fn perhaps_states(&mut self, failure: &Failure, services: &[&Node]) -> Vec<(State, Vec<Id>)> {
        self.runtime.fail(failure.lost.iter().chain(&failure.perhaps).cloned());
        services.iter().map(|node| (self.runtime.state(&node.id), self.runtime.why(&node.id))).collect()
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

    fn outcome(&self, node: &Node, (perhaps, perhaps_path): (State, Vec<Id>)) -> ServiceOutcome {
        let now = self.runtime.state(&node.id);
        let state = match (now, perhaps) {
            (State::Failed, _) => ServiceState::Down,
            (now, then) if now != then => ServiceState::NotKnown,
            (State::Degraded, _) => ServiceState::Degraded,
            _ => ServiceState::Up,
        };
        let path = if state == ServiceState::NotKnown { perhaps_path } else { self.runtime.why(&node.id) };
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
        ServiceOutcome { id: node.id.clone(), state, path, recoverable, cannot, weight: node.weight }
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

/// What may stand in failed places, by what is known of it.
pub fn perhaps_in(estate: &Estate, places: &[&Node], doubt: Doubt) -> Vec<Id> {
    let places: Vec<&&Node> = places.iter().filter(|node| is_provider_part(node.kind)).collect();
    let products =
        places.iter().filter(|place| place.placement.region.is_none() && place.placement.service.is_some());
    let whole: BTreeSet<Id> =
        products.filter_map(|place| place.placement.provider.as_deref()).map(Id::provider).collect();
    let direct: BTreeSet<&Id> =
        estate.edges.iter().filter(|edge| whole.contains(&edge.to)).map(|edge| &edge.from).collect();
    let may = |node: &&Node| match node.kind {
        Kind::Unresolved => doubt == Doubt::References && !places.is_empty(),
        kind if is_provider_part(kind) => false,
        _ => places.iter().any(|place| may_stand_in(node, place) || may_use(node, place, &direct)),
    };
    estate.nodes.values().filter(may).map(|node| node.id.clone()).collect()
}

/// Whether a component of the provider does not say in which region or zone it stands, and may stand in this one.
fn may_stand_in(node: &Node, place: &Node) -> bool {
    let (at, of) = (&node.placement, &place.placement);
    let is_own = matches!(node.kind, Kind::Component | Kind::Service);
    if !is_own || at.provider.is_none() || at.provider != of.provider || at.global {
        return false;
    }
    let region_unknown = at.region.is_none() && node.tolerance != Tolerance::Region;
    match place.kind {
        Kind::Region => region_unknown,
        Kind::ProviderService => of.region.is_some() && region_unknown && at.service == of.service,
        Kind::Zone => {
            let zonal = !matches!(node.tolerance, Tolerance::Zone | Tolerance::Region);
            at.zones.is_empty() && zonal && (region_unknown || at.region == of.region)
        }
        _ => false,
    }
}

/// Whether a node needs a provider without saying which of its products, and may need this one, of no region.
fn may_use(node: &Node, product: &Node, direct: &BTreeSet<&Id>) -> bool {
    let (at, of) = (&node.placement, &product.placement);
    let is_product = product.kind == Kind::ProviderService && of.region.is_none();
    if !is_product || at.service.is_some() || !direct.contains(&node.id) {
        return false;
    }
    let same_provider = at.provider.is_none() || at.provider == of.provider;
    let same_category = node.category.is_none_or(|category| {
        product.category == Some(category) || of.service.as_deref() == Some(category.word())
    });
    same_provider && at.region.is_none() && same_category
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

impl Simulation {
    /// The services in a state.
    pub fn in_state(&self, state: ServiceState) -> impl Iterator<Item = &ServiceOutcome> {
        self.services.iter().filter(move |service| service.state == state)
    }

    /// The services that serve, but cannot be started, shipped, seen or recovered.
    pub fn hampered(&self) -> impl Iterator<Item = &ServiceOutcome> {
        self.services
            .iter()
            .filter(|service| service.state != ServiceState::Down && !service.cannot.is_empty())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttributeValue, Confidence, Group};

    #[derive(Default)]
    struct World(Estate);

    impl World {
        fn node(&mut self, id: &str, kind: Kind) -> &mut Node {
            let mut node = Node::new(Id::new(id), kind, id);
            if let Some(place) = id.strip_prefix("provider:") {
                let mut parts = place.split('/');
                node.placement.provider = parts.next().map(str::to_owned);
                node.placement.region = parts.next().map(str::to_owned);
            }
            self.0.nodes.entry(node.id.clone()).or_insert(node)
        }

        fn placed(&mut self, id: &str, kind: Kind, region: Option<&str>) -> &mut Node {
            let node = self.node(id, kind);
            node.placement.provider = Some("aws".to_owned());
            node.placement.region = region.map(str::to_owned);
            node
        }

        fn edge(&mut self, from: &str, to: &str, phase: Phase, group: Option<&str>) {
            let group = group.map(Id::new);
            if let Some(id) = &group {
                let owner = Id::new(from);
                self.0.groups.insert(
                    id.clone(),
                    Group { id: id.clone(), owner, k: 1, level: None, evidence: Vec::new() },
                );
            }
            let need = Need::Required;
            let (from, to) = (Id::new(from), Id::new(to));
            self.0.edges.push(Edge {
                from,
                to,
                phase,
                need,
                group,
                confidence: Confidence::Inferred,
                evidence: Vec::new(),
            });
        }

        fn needs(&mut self, from: &str, to: &str) {
            self.edge(from, to, Phase::Runtime, None);
        }

        /// A shop on a database in one region, deployed from another; a site over two regions; a wiki elsewhere.
        fn shop() -> Self {
            let mut world = World::default();
            world.node("provider:aws", Kind::Provider);
            for region in ["provider:aws/east", "provider:aws/west"] {
                world.node(region, Kind::Region);
                world.needs(region, "provider:aws");
            }
            world.placed("app:shop", Kind::Service, Some("east"));
            world.placed("tf:db", Kind::Component, Some("east")).category = Some(Category::Database);
            world.placed("tf:registry", Kind::Component, Some("west"));
            world.needs("app:shop", "provider:aws/east");
            world.needs("app:shop", "tf:db");
            world.needs("tf:db", "provider:aws/east");
            world.needs("tf:registry", "provider:aws/west");
            world.edge("app:shop", "tf:registry", Phase::Startup, None);
            world.node("app:site", Kind::Service);
            for (part, region) in [("tf:site-east", "east"), ("tf:site-west", "west")] {
                world.placed(part, Kind::Component, Some(region));
                world.needs(part, &format!("provider:aws/{region}"));
                world.edge("app:site", part, Phase::Runtime, Some("app:site#parts"));
            }
            world.node("app:wiki", Kind::Service);
            world.0.settle();
            world
        }

        fn fail(&self, ids: &[&str], plane: Plane) -> Vec<String> {
            let ids: Vec<Id> = ids.iter().map(|id| Id::new(*id)).collect();
            let mut simulator = Simulator::new(&self.0, plane);
            let simulation = simulator.run(&Failure::new(&self.0, &ids, plane));
            let cannot = |service: &ServiceOutcome| {
                service.cannot.iter().map(|it| it.word()).collect::<Vec<_>>().join(",")
            };
            simulation
                .services
                .iter()
                .map(|it| format!("{} {} {} [{}]", it.id.rest(), it.state.word(), it.recoverable, cannot(it)))
                .collect()
        }
    }

    #[test]
    fn a_region_takes_what_stands_in_it_and_halves_what_is_spread() {
        let world = World::shop();
        let east = world.fail(&["provider:aws/east"], Plane::Both);
        assert_eq!(east, ["shop down false []", "site degraded true []", "wiki up true []"]);
        let west = world.fail(&["provider:aws/west"], Plane::Both);
        assert_eq!(west, ["shop up true [startup]", "site degraded true []", "wiki up true []"]);
        let both = world.fail(&["provider:aws/east", "provider:aws/west"], Plane::Both);
        assert_eq!(both, ["shop down false [startup]", "site down true []", "wiki up true []"]);
    }

    #[test]
    fn data_comes_back_from_a_backup_that_lives() {
        let mut world = World::shop();
        let database = world.0.nodes.get_mut(&Id::new("tf:db")).unwrap();
        database.attributes.set(Attribute::Backup, AttributeValue::Bool(true), None);
        assert_eq!(world.fail(&["provider:aws/east"], Plane::Both)[0], "shop down false []");
        assert_eq!(world.fail(&["tf:db"], Plane::Both)[0], "shop down true []");
        let database = world.0.nodes.get_mut(&Id::new("tf:db")).unwrap();
        database.attributes.set(Attribute::BackupRegion, AttributeValue::Text("west".to_owned()), None);
        assert_eq!(world.fail(&["provider:aws/east"], Plane::Both)[0], "shop down true []");
        assert_eq!(world.fail(&["provider:aws"], Plane::Both)[0], "shop down false [startup]");
    }

    #[test]
    fn without_its_control_plane_a_region_serves_and_stands_still() {
        let world = World::shop();
        let east = world.fail(&["provider:aws/east"], Plane::Control);
        assert_eq!(east, ["shop up false [startup,deploy,recover]", "site up true []", "wiki up true []"]);
    }

    #[test]
    fn a_global_control_plane_fails_with_its_region_unless_data_planes_fail_alone() {
        let mut world = World::shop();
        world.node("provider:aws/dns", Kind::ProviderService);
        world.node("provider:aws/dns-control-plane", Kind::ControlPlane);
        world.needs("provider:aws/dns", "provider:aws");
        world.needs("app:wiki", "provider:aws/dns");
        world.edge("provider:aws/dns", "provider:aws/dns-control-plane", Phase::Recover, None);
        world.edge("provider:aws/dns-control-plane", "provider:aws/east", Phase::Recover, None);
        world.0.settle();
        assert_eq!(world.fail(&["provider:aws/east"], Plane::Both)[2], "wiki up false [recover]");
        assert_eq!(world.fail(&["provider:aws/east"], Plane::Data)[2], "wiki up true []");
    }

    #[test]
    fn what_may_stand_there_is_not_known() {
        let mut world = World::shop();
        world.placed("tf:queue", Kind::Component, None);
        world.needs("app:wiki", "tf:queue");
        world.needs("tf:queue", "provider:aws");
        world.0.settle();
        assert_eq!(world.fail(&["provider:aws/east"], Plane::Both)[2], "wiki not-known true []");
        assert_eq!(world.fail(&["provider:aws"], Plane::Both)[2], "wiki down false []");
        assert_eq!(world.fail(&["tf:db"], Plane::Both)[2], "wiki up true []");
        world.node("ref:somewhere", Kind::Unresolved);
        world.needs("app:site", "ref:somewhere");
        world.0.settle();
        assert_eq!(world.fail(&["provider:aws/west"], Plane::Both)[1], "site not-known true []");
        assert_eq!(world.fail(&["tf:site-west"], Plane::Both)[1], "site degraded true []");
    }

    #[test]
    fn paths_lead_from_the_service_to_what_failed() {
        let world = World::shop();
        let failed = [Id::new("provider:aws")];
        let mut simulator = Simulator::new(&world.0, Plane::Both);
        let simulation = simulator.run(&Failure::new(&world.0, &failed, Plane::Both));
        for service in simulation.in_state(ServiceState::Down) {
            assert_eq!((service.path.first(), service.path.last()), (Some(&service.id), Some(&failed[0])));
            for step in service.path.windows(2) {
                assert!(world.0.needs(&step[0]).any(|edge| edge.to == step[1]), "{step:?}");
            }
        }
        assert_eq!(simulation.in_state(ServiceState::Down).count(), 2);
        assert!((simulation.share(ServiceState::Down) - 2.0 / 3.0).abs() < 1e-9);
        // What failed before leaves no trace.
        let again = simulator.run(&Failure::default());
        assert_eq!(again.in_state(ServiceState::Up).count(), 3);
    }
}
