//! Ways out that need what has just failed: an alternative that lives on and cannot start anew, a standby that nobody
//! can turn to.
//!
//! Who turns to a standby changes something first, and needs the control plane of what is changed. The estate
//! therefore has to hold what providers need inside themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::State;
use super::query::is_provider_part;
use super::simulate::{Failure, Plane, Simulator};
use crate::model::{Edge, Estate, Evidence, Group, Id, Kind, Need, Node, Phase};

/// More places times services than this are not tried: each pair is looked at once.
const MOST_PAIRS: usize = 1 << 22;

/// A service whose way out of the loss of a place needs something that is lost with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stuck {
    /// The place: a region or a provider.
    pub place: Id,
    /// The service.
    pub service: Id,
    /// What cannot be done: start anew, ship, turn to a standby.
    pub phase: Phase,
    /// What would take over; none where an alternative already serves.
    pub standby: Option<Id>,
    /// What is needed for that, and lost with the place.
    pub missing: Id,
    /// From the service to what is lost, through what is missing.
    pub path: Vec<Id>,
    /// What says so: that there is a standby, and that what is missing is needed.
    pub evidence: Vec<Evidence>,
}

/// Whether anything in the estate has a standby, or an alternative in another region or provider and something that it
/// needs to start or to ship.
pub fn has_ways_out(estate: &Estate) -> bool {
    if estate.edges.iter().any(|edge| is_standby(estate, edge)) {
        return true;
    }
    if !estate.edges.iter().any(|edge| matches!(edge.phase, Phase::Startup | Phase::Deploy)) {
        return false;
    }
    let mut places: BTreeMap<&Id, BTreeSet<(&str, Option<&str>)>> = BTreeMap::new();
    for edge in &estate.edges {
        let (Some(group), Some(node)) = (&edge.group, estate.node(&edge.to)) else { continue };
        if let Some(provider) = node.placement.provider.as_deref() {
            places.entry(group).or_default().insert((provider, node.placement.region.as_deref()));
        }
    }
    places.values().any(|places| 1 < places.len())
}

/// The ways out that are stuck, by place, service and phase.
pub fn stuck(estate: &Estate) -> Vec<Stuck> {
    let is_place = |node: &&Node| matches!(node.kind, Kind::Region | Kind::Provider);
    let places: Vec<&Id> = estate.nodes.values().filter(is_place).map(|node| &node.id).collect();
    let groups = Groups::of(estate);
    let has_way_out =
        |node: &&Node| groups.has_alternatives(estate, &node.id) || has_standby(estate, &node.id);
    let services: Vec<&Id> = estate.services().filter(has_way_out).map(|node| &node.id).collect();
    if services.is_empty() || MOST_PAIRS < places.len().saturating_mul(services.len()) {
        return Vec::new();
    }
    let mut simulator = Simulator::new(estate, Plane::Both);
    let mut found = Vec::new();
    for place in places {
        simulator.fail(&Failure { lost: vec![place.clone()], ..Failure::default() });
        for &service in &services {
            match simulator.state(service) {
                State::Failed => found.extend(behind_standby(estate, &simulator, place, service)),
                State::Degraded if groups.lost_a_member(estate, &simulator, service) => {
                    found.extend(left_alone(estate, &simulator, place, service))
                }
                _ => {}
            }
        }
    }
    found
}

/// What an alternative that serves on cannot do. A change of its name servers' records is not needed any more.
fn left_alone<'a>(
    estate: &'a Estate,
    simulator: &'a Simulator<'_>,
    place: &'a Id,
    service: &'a Id,
) -> impl Iterator<Item = Stuck> + 'a {
    let cannot = simulator.cannot(service);
    let phases = [Phase::Startup, Phase::Deploy].into_iter().filter(move |phase| cannot.contains(phase));
    phases.filter_map(move |phase| {
        let path = simulator.why_cannot(service, phase);
        let through_control_plane =
            path.iter().any(|id| estate.node(id).is_some_and(|node| node.kind == Kind::ControlPlane));
        (!path.is_empty() && !through_control_plane).then(|| stuck_at(estate, place, service, phase, path))
    })
}

/// A name that leads to what is lost, with a standby that lives, in a zone that cannot be changed.
fn behind_standby(estate: &Estate, simulator: &Simulator<'_>, place: &Id, service: &Id) -> Option<Stuck> {
    let mut needs = estate.needs(service);
    let standby = needs.find(|edge| is_standby(estate, edge) && simulator.is_alive(&edge.to))?;
    let mut path = simulator.why_zone_is_fixed(service)?;
    path.insert(0, service.clone());
    let mut stuck = stuck_at(estate, place, service, Phase::Recover, path);
    stuck.standby = Some(standby.to.clone());
    stuck.evidence.splice(0..0, standby.evidence.first().cloned());
    Some(stuck)
}

fn stuck_at(estate: &Estate, place: &Id, service: &Id, phase: Phase, path: Vec<Id>) -> Stuck {
    let steps = path.iter().zip(path.iter().skip(1));
    let mut in_phase =
        steps.filter_map(|(from, to)| estate.needs(from).find(|edge| edge.to == *to && edge.phase == phase));
    let needed = in_phase.next();
    let missing = needed.map_or(place, |edge| &edge.to).clone();
    let evidence = needed.and_then(|edge| edge.evidence.first().cloned()).into_iter().collect();
    Stuck { place: place.clone(), service: service.clone(), phase, standby: None, missing, path, evidence }
}

fn has_standby(estate: &Estate, service: &Id) -> bool {
    estate.needs(service).any(|edge| is_standby(estate, edge))
}

/// Something that stands by for a person to turn a name to it.
fn is_standby(estate: &Estate, edge: &Edge) -> bool {
    edge.phase == Phase::Recover
        && edge.need == Need::Optional
        && estate.node(&edge.from).is_some_and(|node| node.kind == Kind::Domain)
}

/// Redundancy groups by owner.
struct Groups<'a> {
    of: BTreeMap<&'a Id, Vec<(&'a Group, Vec<&'a Id>)>>,
}

impl<'a> Groups<'a> {
    fn of(estate: &'a Estate) -> Self {
        let mut members: BTreeMap<&Id, Vec<&Id>> = BTreeMap::new();
        for edge in estate.edges.iter().filter(|edge| edge.phase == Phase::Runtime) {
            if let Some(group) = &edge.group {
                members.entry(group).or_default().push(&edge.to);
            }
        }
        let mut of: BTreeMap<&Id, Vec<(&Group, Vec<&Id>)>> = BTreeMap::new();
        for (id, members) in members {
            if let Some(group) = estate.groups.get(id) {
                of.entry(&group.owner).or_default().push((group, members));
            }
        }
        Groups { of }
    }

    /// Whether a service's own parts have alternatives at all.
    fn has_alternatives(&self, estate: &Estate, service: &Id) -> bool {
        self.any_beneath(estate, service, |_, _| true)
    }

    /// Whether the service lives by an alternative: one of its own groups has lost a member and still serves.
    fn lost_a_member(&self, estate: &Estate, simulator: &Simulator<'_>, service: &Id) -> bool {
        self.any_beneath(estate, service, |group, members| {
            let alive = members.iter().filter(|id| simulator.is_alive(id)).count();
            alive < members.len() && group.k as usize <= alive
        })
    }

    /// Whether a group of the service, or of its own parts, is such.
    fn any_beneath(&self, estate: &Estate, service: &Id, is_such: impl Fn(&Group, &[&Id]) -> bool) -> bool {
        let mut seen = BTreeSet::from([service.clone()]);
        let mut open = vec![service.clone()];
        while let Some(id) = open.pop() {
            let mut groups = self.of.get(&id).into_iter().flatten();
            if groups.any(|(group, members)| is_such(group, members)) {
                return true;
            }
            for edge in estate.needs(&id).filter(|edge| edge.phase == Phase::Runtime) {
                let own =
                    estate.node(&edge.to).is_some_and(|to| !to.is_service && !is_provider_part(to.kind));
                if own && seen.insert(edge.to.clone()) {
                    open.push(edge.to.clone());
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Confidence;

    #[derive(Default)]
    struct World(Estate);

    impl World {
        fn node(&mut self, id: &str, kind: Kind) {
            let node = Node::new(Id::new(id), kind, id);
            self.0.nodes.insert(node.id.clone(), node);
        }

        fn edge(&mut self, from: &str, to: &str, phase: Phase, need: Need, group: Option<&str>) {
            let (from, to, group) = (Id::new(from), Id::new(to), group.map(Id::new));
            if let Some(id) = &group {
                let owner = from.clone();
                let group = Group { id: id.clone(), owner, k: 1, level: None, evidence: Vec::new() };
                self.0.groups.insert(id.clone(), group);
            }
            let (confidence, evidence) = (Confidence::Inferred, Vec::new());
            self.0.edges.push(Edge { from, to, phase, need, group, confidence, evidence });
        }

        fn needs(&mut self, from: &str, to: &str, phase: Phase) {
            self.edge(from, to, phase, Need::Required, None);
        }

        /// A shop in two regions, one of which keeps its images, and a name with a standby whose zone is changed there.
        fn new() -> Self {
            let mut world = World::default();
            world.node("provider:aws", Kind::Provider);
            for region in ["provider:aws/east", "provider:aws/west"] {
                world.node(region, Kind::Region);
                world.needs(region, "provider:aws", Phase::Runtime);
            }
            world.node("app:shop", Kind::Service);
            for (part, region) in [("tf:east", "provider:aws/east"), ("tf:west", "provider:aws/west")] {
                world.node(part, Kind::Component);
                world.needs(part, region, Phase::Runtime);
                world.edge("app:shop", part, Phase::Runtime, Need::Required, Some("app:shop#parts"));
            }
            world.node("tf:images", Kind::Component);
            world.needs("tf:images", "provider:aws/east", Phase::Runtime);
            world.needs("app:shop", "tf:images", Phase::Startup);
            world.node("domain:shop", Kind::Domain);
            world.0.nodes.get_mut(&Id::new("domain:shop")).unwrap().is_service = true;
            world.node("zone:shop", Kind::DnsZone);
            world.node("provider:aws/dns", Kind::ProviderService);
            world.node("provider:aws/dns-control-plane", Kind::ControlPlane);
            world.needs("domain:shop", "tf:east", Phase::Runtime);
            world.edge("domain:shop", "tf:west", Phase::Recover, Need::Optional, None);
            world.needs("domain:shop", "zone:shop", Phase::Runtime);
            world.needs("zone:shop", "provider:aws/dns", Phase::Runtime);
            world.needs("provider:aws/dns", "provider:aws/dns-control-plane", Phase::Recover);
            world.needs("provider:aws/dns-control-plane", "provider:aws/east", Phase::Recover);
            world.0.settle();
            world
        }

        fn said(&self) -> Vec<String> {
            let line = |one: &Stuck| {
                format!("{} {} {} via {}", one.place.rest(), one.service.rest(), one.phase, one.path.len())
            };
            stuck(&self.0).iter().map(line).collect()
        }
    }

    #[test]
    fn what_is_lost_with_a_region_is_missed_by_those_who_leave_it() {
        let world = World::new();
        assert!(has_ways_out(&world.0));
        assert_eq!(world.said(), ["aws/east shop startup via 2", "aws/east shop recover via 5"]);
        let with_standby = stuck(&world.0).into_iter().find(|one| one.standby.is_some()).unwrap();
        assert_eq!(with_standby.standby, Some(Id::new("tf:west")));
        assert_eq!(with_standby.path.last(), Some(&Id::new("provider:aws/east")));
    }

    #[test]
    fn images_and_zones_elsewhere_leave_the_way_free() {
        let mut world = World::new();
        let west = Id::new("provider:aws/west");
        for edge in &mut world.0.edges {
            if ["tf:images", "provider:aws/dns-control-plane"].contains(&edge.from.as_str()) {
                edge.to = west.clone();
            }
        }
        world.0.settle();
        // The west is lost with its images, and the east serves on without new ones.
        assert_eq!(world.said(), ["aws/west shop startup via 2"]);
    }

    #[test]
    fn one_region_has_no_way_out() {
        let mut world = World::new();
        world.0.edges.retain(|edge| edge.to.as_str() != "tf:west");
        world.0.settle();
        assert!(!has_ways_out(&world.0));
        assert_eq!(world.said(), Vec::<String>::new());
    }
}
