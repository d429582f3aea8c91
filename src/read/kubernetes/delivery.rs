//! What stands beside workloads: secret stores, certificates, delivery, node pools, backups.

use super::cluster::Cluster;
use super::needs::{Needs, git_host, host_of, place};
use super::object::{DEFAULT_NAMESPACE, Object, is_cluster_wide};
use crate::catalog::Catalog;
use crate::model::{
    Attribute, AttributeValue, Category, Id, Kind, Need, Node, Phase, Target, Tolerance, Unit,
};
use crate::read::hosts::{self, Sureness};
use crate::read::images;
use crate::read::keys::{self, Keys};
use crate::read::yaml::Node as Yaml;
use crate::source::Tree;

/// Values of charts are followed this far.
const MAX_VALUES_DEPTH: u32 = 24;

/// No values give more variables than this.
const MAX_VARIABLES: usize = 2_000;

/// Writes nodes for the objects that say what workloads hang on besides each other.
pub(super) fn write(
    own: &[&Object],
    cluster: &Cluster<'_>,
    needs: &mut Needs<'_>,
    unit: &mut Unit,
    catalog: &Catalog,
    tree: &Tree,
) {
    for object in own {
        match object.kind.as_str() {
            "SecretStore" | "ClusterSecretStore" => secret_store(object, needs, unit, tree),
            "ExternalSecret" => external_secret(object, cluster, needs, unit, tree),
            "Issuer" | "ClusterIssuer" => issuer(object, needs, unit, tree),
            "Certificate" if object.group() == "cert-manager.io" => {
                certificate(object, cluster, needs, unit, tree)
            }
            "Ingress" => ingress_issuer(object, cluster, needs, tree),
            "GitRepository" | "HelmRepository" | "OCIRepository" | "Bucket" => {
                source(object, needs, unit, tree)
            }
            super::CHART_DEPENDENCY => chart_dependency(object, needs, unit, catalog, tree),
            "HelmRelease" => helm_release(object, cluster, needs, unit, catalog, tree),
            "Application" if object.group() == "argoproj.io" => {
                application(object, needs, unit, catalog, tree)
            }
            "NodePool" | "Provisioner" if object.group() == "karpenter.sh" => node_pool(object, unit, tree),
            "Schedule" if object.group() == "velero.io" => velero(object, unit, tree),
            "ReplicationSource" => replication(object, cluster, unit, tree),
            "Kibana" => search_of(object, needs, tree),
            _ => {}
        }
    }
}

/// A part that does not run pods itself.
fn part(object: &Object, category: Category, tree: &Tree) -> Node {
    let mut node = Node::new(object.id(), Kind::Component, &*object.name);
    node.type_name = Some(object.kind.clone());
    node.category = Some(category);
    node.may_fail = false;
    node.add_evidence(place(object, tree));
    node
}

fn secret_store(object: &Object, needs: &mut Needs<'_>, unit: &mut Unit, tree: &Tree) {
    unit.nodes.push(part(object, Category::Secrets, tree));
    let Some(provider) = object.at(&["spec", "provider"]) else { return };
    let Some((key, settings)) = provider.entries().into_iter().next() else { return };
    let product = |provider: &str, service: &str| Target::Provider {
        provider: provider.to_owned(),
        service: Some(service.to_owned()),
        region: settings.str_at(&["region"]).map(str::to_owned),
    };
    let target = match &*key.text {
        "aws" if settings.str_at(&["service"]) == Some("ParameterStore") => Some(product("aws", "ssm")),
        "aws" => Some(product("aws", "secretsmanager")),
        "gcpsm" => Some(product("gcp", "secretmanager")),
        "azurekv" => host_of(settings.get("vaultUrl")),
        "vault" => {
            let server = host_of(settings.get("server"));
            if let Some(Target::Host { name, .. }) = &server
                && let Some(front) = needs.cluster.find(object.space(), name)
            {
                let evidence = [settings.get("server").unwrap_or(settings).evidence(tree)];
                needs.through(
                    &object.id(),
                    front,
                    server.as_ref().expect("it was read"),
                    Phase::Runtime,
                    &evidence,
                    false,
                );
                return;
            }
            server
        }
        "kubernetes" | "fake" => None,
        other => {
            let provider = match other {
                "onepassword" | "onepasswordSDK" => "1password",
                "bitwardensecretsmanager" => "bitwarden",
                "gitlab" => "gitlab",
                "doppler" => "doppler",
                "infisical" => "infisical",
                "akeyless" => "akeyless",
                "oracle" => "oracle",
                "ibm" => "ibm",
                other => other,
            };
            Some(Target::Provider { provider: provider.to_owned(), service: None, region: None })
        }
    };
    if let Some(target) = target {
        let evidence = vec![crate::read::yaml::evidence_at(&key.location, tree)];
        needs.refer(&object.id(), target, Phase::Runtime, Need::Required, evidence);
    }
}

fn external_secret(
    object: &Object,
    cluster: &Cluster<'_>,
    needs: &mut Needs<'_>,
    unit: &mut Unit,
    tree: &Tree,
) {
    unit.nodes.push(part(object, Category::Secrets, tree));
    let Some(name) = object.at(&["spec", "secretStoreRef", "name"]) else { return };
    let kind = object.root.str_at(&["spec", "secretStoreRef", "kind"]).unwrap_or("SecretStore");
    link(object, cluster, needs, Far { kind, name, space: None }, Phase::Runtime, tree);
}

/// Another object that one names.
struct Far<'n> {
    kind: &'n str,
    name: &'n Yaml,
    /// Its namespace, where that is said.
    space: Option<&'n str>,
}

/// An edge to an object of a kind and name; a reference when another unit may hold it.
fn link(
    object: &Object,
    cluster: &Cluster<'_>,
    needs: &mut Needs<'_>,
    far: Far<'_>,
    phase: Phase,
    tree: &Tree,
) {
    let Far { kind, name, space } = far;
    let wanted = name.str().unwrap_or("");
    let same = |other: &&&Object| other.name == wanted;
    let space = space.unwrap_or(object.space());
    let near = cluster.of_kind(kind).iter().filter(same).min_by_key(|other| other.space() != space);
    let evidence = vec![name.evidence(tree)];
    match near {
        Some(other) => needs.edge(&object.id(), &other.id(), phase, Need::Required, evidence),
        None => {
            let space = if is_cluster_wide(kind) { DEFAULT_NAMESPACE } else { space };
            let target = Target::Id(Id::kubernetes(space, kind, wanted));
            needs.refer(&object.id(), target, phase, Need::Required, evidence);
        }
    }
}

fn issuer(object: &Object, needs: &mut Needs<'_>, unit: &mut Unit, tree: &Tree) {
    unit.nodes.push(part(object, Category::Certificates, tree));
    let server = object.at(&["spec", "acme", "server"]);
    if let (Some(target), Some(server)) = (host_of(server), server) {
        needs.refer(&object.id(), target, Phase::Recover, Need::Required, vec![server.evidence(tree)]);
    }
}

fn certificate(object: &Object, cluster: &Cluster<'_>, needs: &mut Needs<'_>, unit: &mut Unit, tree: &Tree) {
    unit.nodes.push(part(object, Category::Certificates, tree));
    if let Some(name) = object.at(&["spec", "issuerRef", "name"]) {
        let kind = object.root.str_at(&["spec", "issuerRef", "kind"]).unwrap_or("Issuer");
        link(object, cluster, needs, Far { kind, name, space: None }, Phase::Recover, tree);
    }
    for name in object.at(&["spec", "dnsNames"]).map(Yaml::items).unwrap_or_default() {
        let id = Id::domain(name.str().unwrap_or("").trim_end_matches('.'));
        if unit.nodes.iter().any(|node| node.id == id) {
            needs.edge(&id, &object.id(), Phase::Recover, Need::Required, vec![name.evidence(tree)]);
        }
    }
}

/// The issuer that an Ingress asks for its names' certificates.
fn ingress_issuer(object: &Object, cluster: &Cluster<'_>, needs: &mut Needs<'_>, tree: &Tree) {
    for (annotation, kind) in
        [("cert-manager.io/cluster-issuer", "ClusterIssuer"), ("cert-manager.io/issuer", "Issuer")]
    {
        let Some(name) = object.annotation(annotation) else { continue };
        let wanted = name.str().unwrap_or("");
        let Some(issuer) = cluster.of_kind(kind).iter().find(|other| other.name == wanted) else {
            continue;
        };
        for tls in object.at(&["spec", "tls"]).map(Yaml::items).unwrap_or_default() {
            for host in tls.get("hosts").map(Yaml::items).unwrap_or_default() {
                let id = Id::domain(host.str().unwrap_or(""));
                needs.edge(&id, &issuer.id(), Phase::Recover, Need::Required, vec![name.evidence(tree)]);
            }
        }
    }
}

fn source(object: &Object, needs: &mut Needs<'_>, unit: &mut Unit, tree: &Tree) {
    if !object.group().ends_with("toolkit.fluxcd.io") {
        return;
    }
    unit.nodes.push(part(object, Category::Ci, tree));
    let Some(url) = object.at(&["spec", "url"]).or_else(|| object.at(&["spec", "endpoint"])) else { return };
    if let Some(target) = git_host(url.str().unwrap_or("")) {
        needs.refer(&object.id(), target, Phase::Deploy, Need::Required, vec![url.evidence(tree)]);
    }
}

fn helm_release(
    object: &Object,
    cluster: &Cluster<'_>,
    needs: &mut Needs<'_>,
    unit: &mut Unit,
    catalog: &Catalog,
    tree: &Tree,
) {
    let chart = chart_of(object, cluster);
    let mut node = if object.renders.is_some() {
        part(object, Category::Ci, tree)
    } else {
        let name = chart.and_then(Yaml::str).map(|name| name.rsplit('/').next().unwrap_or(name));
        release(object, name, object.at(&["spec", "values"]), catalog, tree)
    };
    if let Some(chart) = chart {
        node.add_evidence(chart.evidence(tree));
    }
    unit.nodes.push(node);
    let reference =
        object.at(&["spec", "chart", "spec", "sourceRef"]).or_else(|| object.at(&["spec", "chartRef"]));
    if let Some(name) = reference.and_then(|reference| reference.get("name")) {
        let kind = reference.and_then(|reference| reference.str_at(&["kind"])).unwrap_or("HelmRepository");
        let space = reference.and_then(|reference| reference.str_at(&["namespace"]));
        link(object, cluster, needs, Far { kind, name, space }, Phase::Deploy, tree);
    }
    for other in object.at(&["spec", "dependsOn"]).map(Yaml::items).unwrap_or_default() {
        if let Some(name) = other.get("name") {
            let far = Far { kind: "HelmRelease", name, space: other.str_at(&["namespace"]) };
            link(object, cluster, needs, far, Phase::Startup, tree);
        }
    }
    if let Some(values) = object.at(&["spec", "values"]).filter(|_| object.renders.is_none()) {
        value_hosts(object, values, needs, tree);
        value_images(object, values, needs, tree, MAX_VALUES_DEPTH);
        value_keys(object, values, needs, catalog);
    }
}

/// What says which chart a HelmRelease is of: its name, the address of the artifact it is in, or the name of that.
fn chart_of<'c>(object: &'c Object, cluster: &Cluster<'c>) -> Option<&'c Yaml> {
    if let Some(chart) = object.at(&["spec", "chart", "spec", "chart"]) {
        return Some(chart);
    }
    let name = object.at(&["spec", "chartRef", "name"])?;
    let artifacts = cluster.of_kind("OCIRepository");
    let artifact = artifacts.iter().find(|other| name.str() == Some(other.name.as_str()));
    artifact.and_then(|artifact| artifact.at(&["spec", "url"])).or(Some(name))
}

/// A chart that another needs and that is not among the files.
fn chart_dependency(object: &Object, needs: &mut Needs<'_>, unit: &mut Unit, catalog: &Catalog, tree: &Tree) {
    let chart = object.root.str_at(&["chart"]);
    let mut node = release(object, chart, object.at(&["values"]), catalog, tree);
    node.name = chart.unwrap_or(&object.name).to_owned();
    unit.nodes.push(node);
    let Some(repository) = object.at(&["repository"]) else { return };
    if let Some(target) = host_of(Some(repository)) {
        needs.refer(&object.id(), target, Phase::Deploy, Need::Required, vec![repository.evidence(tree)]);
    }
}

/// A chart from elsewhere, of which only its name and values are known.
fn release(
    object: &Object,
    chart: Option<&str>,
    values: Option<&Yaml>,
    catalog: &Catalog,
    tree: &Tree,
) -> Node {
    let known = chart.and_then(|chart| images::known(chart, catalog));
    let mut node = part(object, known.as_ref().map_or(Category::Compute, |known| known.category), tree);
    node.may_fail = true;
    if known.is_none() {
        node.kind = Kind::Service;
        node.is_service = chart.is_some_and(|chart| !is_plumbing(chart));
    }
    if let Some(known) = known {
        let place = Some(place(object, tree));
        node.attributes.set(Attribute::Engine, AttributeValue::Text(known.engine), place.clone());
        if known.stateful {
            node.attributes.set(Attribute::Stateful, AttributeValue::Bool(true), place);
        }
    }
    // Charts of programs at large list their workloads under `controllers`.
    let controllers = values.and_then(|values| values.get("controllers")).map(Yaml::entries);
    let by_controller = || match controllers.as_deref() {
        Some([(_, only)]) => only.get("replicas"),
        _ => None,
    };
    let says = ["replicaCount", "replicas"].iter().find_map(|key| values?.get(key)).or_else(by_controller);
    node.replication.replicas = says.and_then(Yaml::integer).and_then(|number| u32::try_from(number).ok());
    match (node.replication.replicas, says) {
        (Some(1), Some(says)) => {
            node.tolerance = Tolerance::Nothing;
            node.tolerance_because = Some("one replica".to_owned());
            node.add_evidence(says.evidence(tree));
        }
        (Some(count), Some(says)) if count > 1 => {
            node.tolerance = Tolerance::Instance;
            node.tolerance_because =
                Some(format!("{count} replicas; what keeps them apart is in a chart elsewhere"));
            node.add_evidence(says.evidence(tree));
        }
        _ => {
            node.replication.unknown = Some("the chart is not among the scanned files".to_owned());
            node.tolerance_because = node.replication.unknown.clone();
        }
    }
    node
}

/// Charts that serve the cluster rather than people.
fn is_plumbing(chart: &str) -> bool {
    let chart = chart.rsplit('/').next().unwrap_or(chart);
    [
        "cert-manager",
        "external-dns",
        "external-secrets",
        "metrics-server",
        "cluster-autoscaler",
        "reloader",
        "descheduler",
        "velero",
        "volsync",
        "karpenter",
        "cilium",
        "calico",
        "metallb",
        "rook-ceph",
        "longhorn",
        "csi-",
        "node-feature",
        "intel-device",
        "spegel",
        "kubelet-csr",
        "snapshot-controller",
        "k8s-gateway",
        "nfs-subdir",
        "democratic-csi",
        "openebs",
        "kyverno",
        "gatekeeper",
        "trivy-operator",
        "reflector",
    ]
    .iter()
    .any(|word| chart.contains(word))
}

/// Hosts in a chart's values.
fn value_hosts(object: &Object, values: &Yaml, needs: &mut Needs<'_>, tree: &Tree) {
    if values.scalars().len() > 5000 {
        return;
    }
    for (path, node) in values.scalars() {
        let (Some(key), Some(text)) = (path.last(), node.str()) else { continue };
        if path.iter().any(|part| matches!(*part, "image" | "ingress" | "annotations" | "labels")) {
            continue;
        }
        for mention in hosts::in_setting(key, text) {
            for endpoint in mention.endpoints {
                let Target::Host { name, .. } = &endpoint.target else { continue };
                let evidence = vec![node.evidence(tree)];
                match needs.cluster.find(object.space(), name) {
                    Some(front) => {
                        needs.through(
                            &object.id(),
                            front,
                            &endpoint.target,
                            Phase::Runtime,
                            &evidence,
                            false,
                        );
                    }
                    None if endpoint.sure == Sureness::Certain && key.chars().any(char::is_uppercase) => {
                        let need = hosts::need_of(&endpoint.target);
                        needs.refer(&object.id(), endpoint.target, Phase::Runtime, need, evidence);
                    }
                    None => {}
                }
            }
        }
    }
}

/// Images that a chart's values ask for, in the way of nearly all charts: `image: {registry, repository}`.
fn value_images(object: &Object, values: &Yaml, needs: &mut Needs<'_>, tree: &Tree, depth: u32) {
    for (key, node) in values.entries() {
        if let Some(repository) = node.get("repository").filter(|_| &*key.text == "image") {
            let Some(text) = repository.str().filter(|text| !text.is_empty()) else { continue };
            let registry = node.str_at(&["registry"]).filter(|registry| !registry.is_empty());
            let image = registry.map_or_else(|| text.to_owned(), |registry| format!("{registry}/{text}"));
            let evidence = vec![repository.evidence(tree)];
            needs.refer(&object.id(), Target::Image(image), Phase::Startup, Need::Required, evidence);
        } else if depth > 0 {
            value_images(object, node, needs, tree, depth - 1);
        }
    }
}

/// Keys that providers hand out, where a chart's values give them to a container as variables.
fn value_keys(object: &Object, values: &Yaml, needs: &mut Needs<'_>, catalog: &Catalog) {
    let scalars = values.scalars();
    let variables: Vec<(&str, &Yaml, &str)> = scalars
        .iter()
        .filter_map(|(path, node)| Some((*path.last()?, *node, node.str()?)))
        .filter(|(key, ..)| {
            key.len() > 3 && key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        })
        .take(MAX_VARIABLES)
        .collect();
    let keys = Keys::among(variables.iter().map(|(key, _, value)| (*key, *value)), catalog);
    for (key, node, value) in &variables {
        let is_placed = !hosts::in_setting(key, value).is_empty();
        let Some((target, phase)) = keys.opened_by(key).filter(|_| !is_placed && keys::is_set(value)) else {
            continue;
        };
        let evidence = vec![keys::masked(node.location.clone(), key)];
        needs.refer(&object.id(), target, phase, Need::Optional, evidence);
    }
}

fn application(object: &Object, needs: &mut Needs<'_>, unit: &mut Unit, catalog: &Catalog, tree: &Tree) {
    let one = object.at(&["spec", "source"]).into_iter();
    let many =
        object.at(&["spec", "sources"]).map(Yaml::items).unwrap_or_default().iter().map(|source| &**source);
    let sources: Vec<&Yaml> = one.chain(many).collect();
    let chart = sources.iter().find_map(|source| source.get("chart"));
    let node = match chart.and_then(Yaml::str) {
        Some(chart) => {
            let values = sources.iter().find_map(|source| source.at(&["helm", "valuesObject"]));
            if let Some(values) = values {
                value_hosts(object, values, needs, tree);
                value_images(object, values, needs, tree, MAX_VALUES_DEPTH);
                value_keys(object, values, needs, catalog);
            }
            release(object, Some(chart), values, catalog, tree)
        }
        None => part(object, Category::Ci, tree),
    };
    unit.nodes.push(node);
    for source in sources {
        let Some(url) = source.get("repoURL") else { continue };
        if let Some(target) = url.str().and_then(git_host) {
            needs.refer(&object.id(), target, Phase::Deploy, Need::Required, vec![url.evidence(tree)]);
        }
    }
}

/// A Karpenter pool with the zones it may use.
fn node_pool(object: &Object, unit: &mut Unit, tree: &Tree) {
    let mut node = part(object, Category::Cluster, tree);
    let requirements = object
        .at(&["spec", "template", "spec", "requirements"])
        .or_else(|| object.at(&["spec", "requirements"]));
    for requirement in requirements.map(Yaml::items).unwrap_or_default() {
        if requirement.str_at(&["key"]) == Some("topology.kubernetes.io/zone") {
            let zones = requirement.get("values").map(Yaml::items).unwrap_or_default();
            node.placement.zones = zones.iter().filter_map(|zone| zone.str().map(str::to_owned)).collect();
            node.placement.zones.sort();
            node.placement.zones.dedup();
            node.add_evidence(requirement.evidence(tree));
        }
    }
    unit.nodes.push(node);
}

/// A Velero schedule backs up what keeps data in its namespaces.
fn velero(object: &Object, unit: &mut Unit, tree: &Tree) {
    let included =
        object.at(&["spec", "template", "includedNamespaces"]).map(Yaml::items).unwrap_or_default();
    let names: Vec<&str> = included.iter().filter_map(|name| name.str()).collect();
    let all = names.is_empty() || names.contains(&"*");
    let evidence = object.at(&["spec", "schedule"]).map(|node| node.evidence(tree));
    for node in &mut unit.nodes {
        let space = node.id.rest().split('/').next().unwrap_or("");
        let stateful = node.attributes.bool(Attribute::Stateful) == Some(true);
        if node.id.scheme() == "k8s" && stateful && (all || names.contains(&space)) {
            node.attributes.set(Attribute::Backup, AttributeValue::Bool(true), evidence.clone());
        }
    }
}

/// A VolSync source backs up the claim it names, so the workloads that mount it.
fn replication(object: &Object, cluster: &Cluster<'_>, unit: &mut Unit, tree: &Tree) {
    let Some(claim) = object.at(&["spec", "sourcePVC"]) else { return };
    let evidence = object.at(&["spec", "trigger", "schedule"]).unwrap_or(claim).evidence(tree);
    for workload in cluster.workloads.iter().filter(|workload| workload.object.space() == object.space()) {
        let volumes = workload.spec.get("volumes").map(Yaml::items).unwrap_or_default();
        let mounts = volumes
            .iter()
            .any(|volume| volume.str_at(&["persistentVolumeClaim", "claimName"]) == claim.str());
        if let Some(node) = unit.nodes.iter_mut().find(|node| mounts && node.id == workload.id) {
            node.attributes.set(Attribute::Backup, AttributeValue::Bool(true), Some(evidence.clone()));
        }
    }
}

/// Kibana needs the Elasticsearch that it names.
fn search_of(object: &Object, needs: &mut Needs<'_>, tree: &Tree) {
    let Some(name) = object.at(&["spec", "elasticsearchRef", "name"]) else { return };
    let id = Id::kubernetes(object.space(), "Elasticsearch", name.str().unwrap_or(""));
    needs.edge(&object.id(), &id, Phase::Runtime, Need::Required, vec![name.evidence(tree)]);
}
