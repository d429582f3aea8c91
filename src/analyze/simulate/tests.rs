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
            self.0
                .groups
                .insert(id.clone(), Group { id: id.clone(), owner, k: 1, level: None, evidence: Vec::new() });
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
fn what_is_shipped_from_there_perhaps_cannot_be() {
    let mut world = World::shop();
    world.placed("tf:pipeline", Kind::Component, None);
    world.edge("app:wiki", "tf:pipeline", Phase::Deploy, None);
    world.0.settle();
    let failure = Failure::new(&world.0, &[Id::new("provider:aws/east")], Plane::Both);
    let wiki = Simulator::new(&world.0, Plane::Both).run(&failure).services.pop().unwrap();
    assert_eq!((wiki.state, wiki.recoverable), (ServiceState::Up, true));
    assert_eq!((wiki.cannot, wiki.perhaps_cannot), (vec![], vec![Phase::Deploy]));
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
