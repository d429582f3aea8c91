//! Units in, one estate out.

use super::*;
use crate::model::{
    Attribute, AttributeValue, Confidence, Id, Kind, Need, Node, Phase, Reach, Reference, Target,
};

fn unit(folder: &str, services: &[&str]) -> Unit {
    let mut unit = Unit::new("kubernetes", folder, folder);
    for name in services {
        let node = Node::new(Id::kubernetes("default", "Deployment", name), Kind::Service, *name);
        unit.add_name(name, &node.id, Reach::Unit);
        unit.nodes.push(node);
    }
    unit
}

fn refer(unit: &mut Unit, from: &str, host: &str) {
    unit.references.push(Reference {
        from: Id::kubernetes("default", "Deployment", from),
        target: Target::Host { name: host.to_owned(), port: None, scheme: None },
        phase: Phase::Runtime,
        need: Need::Required,
        group: None,
        confidence: Confidence::Inferred,
        evidence: vec![],
    });
}

fn estate(units: Vec<Unit>) -> Estate {
    let declared = Declarations { units, ..Declarations::default() };
    complete(gather(vec![declared], None), Catalog::embedded()).estate
}

fn edges(estate: &Estate) -> Vec<String> {
    estate.edges.iter().map(|edge| format!("{} -> {}", edge.from, edge.to)).collect()
}

#[test]
fn a_name_of_the_unit_is_an_edge_and_an_unknown_one_stays_as_a_host() {
    let mut shop = unit("shop", &["web", "db"]);
    refer(&mut shop, "web", "DB.");
    refer(&mut shop, "web", "nowhere");
    refer(&mut shop, "web", "localhost");
    let estate = estate(vec![shop]);
    assert_eq!(
        edges(&estate),
        [
            "k8s:default/Deployment/web -> host:nowhere",
            "k8s:default/Deployment/web -> k8s:default/Deployment/db"
        ]
    );
}

#[test]
fn an_image_that_is_the_near_end_of_a_service_needs_its_provider() {
    let mut shop = unit("shop", &["tunnel", "agent"]);
    for (from, image) in
        [("tunnel", "cloudflare/cloudflared:2026.1.0"), ("agent", "gcr.io/datadoghq/agent:7")]
    {
        refer(&mut shop, from, "");
        let reference = shop.references.last_mut().expect("it was added");
        (reference.target, reference.phase) = (Target::Image(image.to_owned()), Phase::Startup);
    }
    let estate = estate(vec![shop]);
    let phase = |from: &str, to: &str| {
        let from = Id::kubernetes("default", "Deployment", from);
        estate.needs(&from).find(|edge| edge.to == Id::provider(to)).map(|edge| edge.phase)
    };
    assert_eq!(phase("tunnel", "cloudflare"), Some(Phase::Runtime));
    assert_eq!(phase("agent", "datadog"), Some(Phase::Observe));
}

#[test]
fn the_known_end_of_a_name_tells_whose_it_is() {
    let mut shop = unit("shop", &["web"]);
    for text in
        ["${ACCOUNT}.r2.cloudflarestorage.com", "https://$ACCOUNT.r2.cloudflarestorage.com/x", "${HOST}"]
    {
        refer(&mut shop, "web", "");
        let reference = shop.references.last_mut().expect("it was added");
        reference.target = Target::Unresolved { text: text.to_owned(), because: "a variable".to_owned() };
    }
    let estate = estate(vec![shop]);
    let unresolved = estate.nodes.values().filter(|node| node.kind == Kind::Unresolved);
    let providers: Vec<_> = unresolved.map(|node| node.placement.provider.as_deref()).collect();
    assert_eq!(providers, [Some("cloudflare"), None, Some("cloudflare")]);
}

#[test]
fn the_same_workload_in_two_folders_is_one_node_and_its_needs_are_not_added_up() {
    let mut raw = unit("manifests", &["web", "db"]);
    refer(&mut raw, "web", "db");
    let mut release = unit("release", &["web", "db", "cache"]);
    refer(&mut release, "web", "cache");
    let estate = estate(vec![raw, release]);
    assert_eq!(edges(&estate), ["k8s:default/Deployment/web -> k8s:default/Deployment/db"]);
    assert_eq!(estate.nodes.len(), 3);
}

#[test]
fn the_same_name_with_another_image_is_another_thing() {
    let with_image = |folder: &str, image: &str| {
        let mut unit = unit(folder, &["web"]);
        unit.nodes[0].attributes.set(Attribute::Image, AttributeValue::Text(image.to_owned()), None);
        unit
    };
    let estate =
        estate(vec![with_image("guestbook", "example/guestbook:1"), with_image("blog", "wordpress:6")]);
    let ids: Vec<_> = estate.nodes.keys().map(|id| id.as_str().to_owned()).collect();
    assert_eq!(ids, ["k8s:default/Deployment/web", "k8s:default/Deployment/web@blog"]);
}

#[test]
fn several_nodes_behind_one_name_are_alternatives() {
    let mut shop = unit("shop", &["web", "db-a", "db-b"]);
    for name in ["db-a", "db-b"] {
        shop.add_name("db", &Id::kubernetes("default", "Deployment", name), Reach::Unit);
    }
    refer(&mut shop, "web", "db");
    let estate = estate(vec![shop]);
    assert_eq!(estate.groups.values().map(|group| group.k).collect::<Vec<_>>(), [1]);
    assert!(estate.edges.iter().all(|edge| edge.group.is_some()));
}

#[test]
fn a_folder_of_another_environment_is_left_out_and_said() {
    let declared = Declarations {
        units: vec![unit("env/staging", &["web"]), unit("env/production", &["web"])],
        ..Default::default()
    };
    let assembly = complete(gather(vec![declared], None), Catalog::embedded());
    assert_eq!(assembly.skipped.len(), 1);
    assert_eq!(&*assembly.skipped[0].path, "env/staging");
    let chosen: Vec<_> =
        assembly.estate.environments.iter().map(|found| (found.name.as_str(), found.chosen)).collect();
    assert_eq!(chosen, [("production", true), ("staging", false)]);
}

#[test]
fn a_chart_that_another_unit_deploys_is_not_there_once_more() {
    let mut chart = unit("charts/api", &["api"]);
    chart.format = "helm";
    let mut cluster = unit("cluster", &["orders"]);
    cluster.deploys.insert("charts/api".to_owned());
    let estate = estate(vec![chart, cluster]);
    let services: Vec<&str> = estate.nodes.keys().map(|id| id.as_str()).collect();
    assert_eq!(services, ["k8s:default/Deployment/orders"]);
}

#[test]
fn a_record_that_ends_at_a_shared_front_leads_to_what_answers_for_its_name() {
    let file = crate::source::SourceFile::new("main.tf", b"x");
    let service = |name: &str, provider: &str| {
        let id = Id::new(format!("tf:{name}"));
        let mut node = Node::new(id, Kind::Component, name);
        node.placement.provider = Some(provider.to_owned());
        node.placement.service = Some("cdn".to_owned());
        node
    };
    let mut cdn = Unit::new("terraform", "cdn", "cdn");
    for (name, provider, host) in [
        ("cache", "fastly", "cache.example.org"),
        ("spare", "aws", "cache.example.org"),
        ("api", "fastly", "api.example.org"),
    ] {
        let node = service(name, provider);
        cdn.add_served(host, &node.id, crate::model::Evidence::at(&file, 0));
        cdn.nodes.push(node);
    }
    let mut dns = Unit::new("octodns", "dns", "dns");
    dns.nodes.push(Node::new(Id::domain("cache.example.org"), Kind::Domain, "cache.example.org"));
    let refer = |from: Id, host: &str| Reference {
        from,
        target: Target::Host { name: host.to_owned(), port: None, scheme: None },
        phase: Phase::Runtime,
        need: Need::Required,
        group: None,
        confidence: Confidence::Inferred,
        evidence: vec![],
    };
    dns.references.push(refer(Id::domain("cache.example.org"), "dualstack.v2.shared.global.fastly.net"));
    dns.references.push(refer(Id::new("tf:spare"), "api.example.org"));
    let estate = estate(vec![cdn, dns]);
    let runtime: Vec<String> =
        edges(&estate).into_iter().filter(|edge| !edge.contains("provider:")).collect();
    assert_eq!(runtime, ["domain:cache.example.org -> tf:cache", "tf:spare -> tf:api"]);
}

#[test]
fn what_another_uses_is_no_service_by_itself_even_where_it_can_do_without() {
    let mut unit = Unit::new("terraform", "shop", "shop");
    for (name, kind) in [("web", Kind::Service), ("cache", Kind::Component), ("orders", Kind::Component)] {
        let mut node = Node::new(Id::new(format!("tf:{name}")), kind, name);
        node.category = Some(crate::model::Category::Database);
        node.is_service = kind == Kind::Service;
        unit.nodes.push(node);
    }
    unit.references.push(Reference {
        from: Id::new("tf:web"),
        target: Target::Id(Id::new("tf:cache")),
        phase: Phase::Runtime,
        need: Need::Optional,
        group: None,
        confidence: Confidence::Inferred,
        evidence: vec![],
    });
    let estate = estate(vec![unit]);
    let services: Vec<&str> =
        estate.nodes.values().filter(|node| node.is_service).map(|node| node.name.as_str()).collect();
    assert_eq!(services, ["orders", "web"]);
}

#[test]
fn machines_that_only_serve_alike_are_instances_of_what_stands_before_them() {
    let services = |told: &[&str]| {
        let mut unit = Unit::new("terraform", "shop", "shop");
        for name in ["one", "two", "alone"] {
            let mut node = Node::new(Id::new(format!("tf:{name}")), Kind::Service, name);
            (node.category, node.type_name) =
                (Some(crate::model::Category::Compute), Some("aws_instance".to_owned()));
            unit.nodes.push(node);
        }
        let mut balancer = Node::new(Id::new("tf:balancer"), Kind::Component, "balancer");
        balancer.category = Some(crate::model::Category::LoadBalancer);
        unit.nodes.push(balancer);
        let need = |from: &str, to: &str, group: Option<&str>| Reference {
            from: Id::new(format!("tf:{from}")),
            target: Target::Id(Id::new(format!("tf:{to}"))),
            phase: Phase::Runtime,
            need: Need::Required,
            group: group.map(Id::new),
            confidence: Confidence::Inferred,
            evidence: vec![],
        };
        for name in ["one", "two"] {
            unit.references.push(need("balancer", name, Some("tf:balancer#web")));
        }
        unit.references.extend(told.iter().map(|name| need("alone", name, None)));
        let estate = estate(vec![unit]);
        let services = estate.nodes.values().filter(|node| node.is_service);
        services.map(|node| node.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(services(&[]), ["alone", "balancer"]);
    // What is also needed by itself is missed by itself.
    assert_eq!(services(&["two"]), ["alone", "balancer", "two"]);
}
