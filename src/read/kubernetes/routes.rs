//! What the outside sees: Ingress, Gateway API, mesh and router objects as published names.

use std::collections::BTreeMap;

use super::cluster::Cluster;
use super::needs::{Needs, place};
use super::object::Object;
use crate::model::{Attribute, AttributeValue, Id, Kind, Node, Phase, Target, Unit};
use crate::read::hosts;
use crate::read::yaml::Node as Yaml;
use crate::source::Tree;

/// One route: hosts, and the Services behind them.
#[derive(Default)]
struct Route<'n> {
    hosts: Vec<&'n Yaml>,
    /// Name and namespace of Services.
    backends: Vec<(&'n Yaml, Option<&'n str>)>,
}

/// Where nodes stand in a unit.
type Positions = BTreeMap<Id, usize>;

/// Writes published names and what they lead to.
pub(super) fn publish(
    own: &[&Object],
    cluster: &Cluster<'_>,
    needs: &mut Needs<'_>,
    unit: &mut Unit,
    tree: &Tree,
) {
    let controllers = controllers(cluster);
    let mut at: Positions = unit.nodes.iter().enumerate().map(|(at, node)| (node.id.clone(), at)).collect();
    for object in own {
        for route in routes(object) {
            write(object, &route, &controllers, needs, (&mut *unit, &mut at), tree);
        }
        let exposed = object.is("", "Service")
            && matches!(object.root.str_at(&["spec", "type"]), Some("LoadBalancer" | "NodePort"));
        if exposed {
            let ids =
                cluster.find(object.space(), &object.name).map(|front| front.ids.clone()).unwrap_or_default();
            for id in ids {
                mark(unit, &at, &id, object, tree);
            }
        }
        let named = object
            .annotation("external-dns.alpha.kubernetes.io/hostname")
            .filter(|_| object.kind == "Service");
        if let Some(hostnames) = named {
            let backends = object.at(&["metadata", "name"]).map(|name| (name, None)).into_iter().collect();
            let route = Route { hosts: vec![hostnames], backends };
            write(object, &route, &[], needs, (&mut *unit, &mut at), tree);
        }
    }
}

fn mark(unit: &mut Unit, at: &Positions, id: &Id, object: &Object, tree: &Tree) {
    if let Some(node) = at.get(id).and_then(|at| unit.nodes.get_mut(*at)) {
        node.attributes.set(Attribute::Published, AttributeValue::Bool(true), Some(place(object, tree)));
    }
}

/// Workloads that run an ingress controller.
fn controllers(cluster: &Cluster<'_>) -> Vec<Id> {
    let runs_controller = |image: &str| {
        ["ingress-nginx/controller", "nginx-ingress", "traefik", "haproxy-ingress", "kong/kubernetes-ingress"]
            .iter()
            .any(|word| image.contains(word))
    };
    cluster
        .workloads
        .iter()
        .filter(|workload| {
            let images = workload.spec.get("containers").map(Yaml::items).unwrap_or_default();
            images.iter().any(|container| container.str_at(&["image"]).is_some_and(runs_controller))
        })
        .map(|workload| workload.id.clone())
        .collect()
}

fn write(
    object: &Object,
    route: &Route<'_>,
    controllers: &[Id],
    needs: &mut Needs<'_>,
    (unit, at): (&mut Unit, &mut Positions),
    tree: &Tree,
) {
    let cluster = needs.cluster;
    let mut domains = Vec::new();
    for host in &route.hosts {
        for name in hosts::published_names(host.str().unwrap_or("")) {
            if !is_cluster_name(&name) {
                domains.push((domain(unit, at, &name, host, object, tree), host.evidence(tree)));
            }
        }
    }
    for (backend, space) in &route.backends {
        let Some(name) = backend.str() else { continue };
        let space = space.unwrap_or(object.space());
        let Some(front) = cluster.find(space, name) else {
            for (from, evidence) in &domains {
                let because = "no such service is in the scanned files".to_owned();
                let target = Target::Unresolved { text: name.to_owned(), because };
                let evidence = vec![backend.evidence(tree), evidence.clone()];
                needs.refer(from, target, Phase::Runtime, crate::model::Need::Required, evidence);
            }
            continue;
        };
        for id in &front.ids {
            mark(unit, at, id, object, tree);
        }
        for (from, evidence) in &domains {
            let evidence = [backend.evidence(tree), evidence.clone()];
            let named = Target::Unresolved { text: name.to_owned(), because: String::new() };
            needs.through(from, front, &named, Phase::Runtime, &evidence, false);
        }
    }
    if let [controller] = controllers
        && object.kind == "Ingress"
    {
        for (from, evidence) in &domains {
            needs.lead(from, controller, Phase::Runtime, None, vec![evidence.clone()]);
        }
    }
}

fn is_cluster_name(name: &str) -> bool {
    name.ends_with(".cluster.local") || name.ends_with(".svc")
}

fn domain(unit: &mut Unit, at: &mut Positions, name: &str, host: &Yaml, object: &Object, tree: &Tree) -> Id {
    let id = Id::domain(name);
    let evidence = host.evidence(tree);
    if let Some(node) = at.get(&id).and_then(|at| unit.nodes.get_mut(*at)) {
        node.add_evidence(evidence);
        return id;
    }
    let mut node = Node::new(id.clone(), Kind::Domain, name);
    node.type_name = Some(object.kind.clone());
    node.attributes.set(Attribute::Published, AttributeValue::Bool(true), Some(evidence.clone()));
    node.add_evidence(evidence);
    at.insert(id.clone(), unit.nodes.len());
    unit.nodes.push(node);
    id
}

fn routes(object: &Object) -> Vec<Route<'_>> {
    let root = &*object.root;
    match (object.kind.as_str(), object.group()) {
        ("Ingress", group) if group.is_empty() || group.ends_with("k8s.io") || group == "extensions" => {
            ingress(root)
        }
        ("HTTPRoute" | "GRPCRoute" | "TLSRoute", _) => gateway(root),
        ("VirtualService", "networking.istio.io") => virtual_service(root),
        ("IngressRoute" | "IngressRouteTCP", _) => traefik(root),
        ("Route", "route.openshift.io") | ("Route", "") => openshift(root),
        ("HTTPProxy", _) => contour(root),
        _ => Vec::new(),
    }
}

fn list<'n>(node: &'n Yaml, path: &[&str]) -> Vec<&'n Yaml> {
    node.at(path).map(Yaml::items).unwrap_or_default().iter().map(|item| &**item).collect()
}

fn ingress_backend(backend: &Yaml) -> Option<(&Yaml, Option<&str>)> {
    let name = backend.at(&["service", "name"]).or_else(|| backend.get("serviceName"))?;
    // Annotations of the AWS controller stand in for a Service.
    (name.str() != Some("ssl-redirect")).then_some((name, None))
}

fn ingress(root: &Yaml) -> Vec<Route<'_>> {
    let default = root.at(&["spec", "defaultBackend"]).or_else(|| root.at(&["spec", "backend"]));
    let default = default.and_then(ingress_backend);
    let mut out: Vec<Route<'_>> = Vec::new();
    for rule in list(root, &["spec", "rules"]) {
        let paths = list(rule, &["http", "paths"]);
        let backends = paths.into_iter().filter_map(|path| ingress_backend(path.get("backend")?));
        out.push(Route { hosts: rule.get("host").into_iter().collect(), backends: backends.collect() });
    }
    if let Some(default) = default {
        let hosts = list(root, &["spec", "tls"]).into_iter().flat_map(|tls| list(tls, &["hosts"])).collect();
        out.push(Route { hosts, backends: vec![default] });
    }
    out
}

fn gateway(root: &Yaml) -> Vec<Route<'_>> {
    let hosts = list(root, &["spec", "hostnames"]);
    let mut backends = Vec::new();
    for rule in list(root, &["spec", "rules"]) {
        for backend in list(rule, &["backendRefs"]) {
            let idle = backend.get("weight").and_then(Yaml::integer) == Some(0);
            let service = backend.str_at(&["kind"]).is_none_or(|kind| kind == "Service");
            if let Some(name) = backend.get("name").filter(|_| service && !idle) {
                backends.push((name, backend.str_at(&["namespace"])));
            }
        }
    }
    vec![Route { hosts, backends }]
}

fn virtual_service(root: &Yaml) -> Vec<Route<'_>> {
    // Without a gateway it says how workloads of the mesh reach each other.
    if !list(root, &["spec", "gateways"]).iter().any(|gateway| gateway.str() != Some("mesh")) {
        return Vec::new();
    }
    let mut backends = Vec::new();
    for protocol in ["http", "tls", "tcp"] {
        for rule in list(root, &["spec", protocol]) {
            let destinations =
                list(rule, &["route"]).into_iter().filter_map(|route| route.at(&["destination", "host"]));
            backends.extend(destinations.map(|host| (host, None)));
        }
    }
    vec![Route { hosts: list(root, &["spec", "hosts"]), backends }]
}

fn traefik(root: &Yaml) -> Vec<Route<'_>> {
    let mut out = Vec::new();
    for route in list(root, &["spec", "routes"]) {
        let services = list(route, &["services"]);
        let backends = services
            .into_iter()
            .filter(|service| service.str_at(&["kind"]).is_none_or(|kind| kind == "Service"))
            .filter_map(|service| Some((service.get("name")?, service.str_at(&["namespace"]))));
        out.push(Route { hosts: route.get("match").into_iter().collect(), backends: backends.collect() });
    }
    out
}

fn openshift(root: &Yaml) -> Vec<Route<'_>> {
    let backends = root.at(&["spec", "to", "name"]).map(|name| (name, None)).into_iter().collect();
    vec![Route { hosts: root.at(&["spec", "host"]).into_iter().collect(), backends }]
}

fn contour(root: &Yaml) -> Vec<Route<'_>> {
    let mut backends = Vec::new();
    for route in list(root, &["spec", "routes"]) {
        backends.extend(
            list(route, &["services"]).into_iter().filter_map(|service| Some((service.get("name")?, None))),
        );
    }
    vec![Route { hosts: root.at(&["spec", "virtualhost", "fqdn"]).into_iter().collect(), backends }]
}
