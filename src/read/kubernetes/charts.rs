//! Charts that objects release: what is known of one that is not rendered, by its name and its values.

use super::cluster::Cluster;
use super::delivery::{Far, link, part};
use super::needs::{Needs, git_host, host_of, place};
use super::object::Object;
use crate::catalog::Catalog;
use crate::model::{Attribute, AttributeValue, Category, Kind, Need, Node, Phase, Target, Tolerance, Unit};
use crate::read::hosts::{self, Sureness};
use crate::read::images;
use crate::read::keys::{self, Keys};
use crate::read::yaml::Node as Yaml;
use crate::source::Tree;

/// Values of charts are followed this far.
const MAX_VALUES_DEPTH: u32 = 24;

/// No values give more variables than this.
const MAX_VARIABLES: usize = 2_000;

/// A HelmRelease of Flux.
pub(super) fn release(
    object: &Object,
    cluster: &Cluster<'_>,
    needs: &mut Needs<'_>,
    unit: &mut Unit,
    catalog: &Catalog,
    tree: &Tree,
) {
    let chart = chart_of(object, cluster);
    let mut node = if object.rendered.is_some() {
        part(object, Category::Ci, tree)
    } else {
        let name = chart.and_then(Yaml::str).map(|name| name.rsplit('/').next().unwrap_or(name));
        of_elsewhere(object, name, object.at(&["spec", "values"]), catalog, tree)
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
    if let Some(given) = object.at(&["spec", "values"]).filter(|_| object.rendered.is_none()) {
        values(object, given, needs, catalog, tree);
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
pub(super) fn dependency(
    object: &Object,
    needs: &mut Needs<'_>,
    unit: &mut Unit,
    catalog: &Catalog,
    tree: &Tree,
) {
    let chart = object.root.str_at(&["chart"]);
    let mut node = of_elsewhere(object, chart, object.at(&["values"]), catalog, tree);
    node.name = chart.unwrap_or(&object.name).to_owned();
    unit.nodes.push(node);
    let Some(repository) = object.at(&["repository"]) else { return };
    if let Some(target) = host_of(Some(repository)) {
        needs.refer(&object.id(), target, Phase::Deploy, Need::Required, vec![repository.evidence(tree)]);
    }
}

/// A chart from elsewhere, of which only its name and values are known.
fn of_elsewhere(
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
    let says = values.and_then(replicas_of).or_else(by_controller).or_else(|| replicas_of_section(values?));
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

fn replicas_of(values: &Yaml) -> Option<&Yaml> {
    ["replicaCount", "replicas"].iter().find_map(|key| values.get(key))
}

/// The replicas of the one workload that values describe in a section of its own, by image and number.
fn replicas_of_section(values: &Yaml) -> Option<&Yaml> {
    let entries = values.entries();
    let mut sections = entries.iter().filter(|(_, node)| node.get("image").is_some());
    let (_, only) = sections.next()?;
    sections.next().is_none().then(|| replicas_of(only))?
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

/// What the values of a chart that is not rendered ask for.
fn values(object: &Object, values: &Yaml, needs: &mut Needs<'_>, catalog: &Catalog, tree: &Tree) {
    value_hosts(object, values, needs, tree);
    value_images(object, values, needs, tree, MAX_VALUES_DEPTH);
    value_keys(object, values, needs, catalog);
    value_secrets(object, values, needs);
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
                        let (phase, need) = (endpoint.phase(Phase::Runtime), endpoint.need());
                        needs.refer(&object.id(), endpoint.target, phase, need, evidence);
                    }
                    None => {}
                }
            }
        }
    }
}

/// Images that a chart's values ask for, in the way of nearly all charts: `image: {registry, repository}`, or as one
/// text that names a registry.
fn value_images(object: &Object, values: &Yaml, needs: &mut Needs<'_>, tree: &Tree, depth: u32) {
    for (key, node) in values.entries() {
        let is_image = &*key.text == "image";
        let whole =
            node.str().filter(|text| text.split_once('/').is_some_and(|(first, _)| first.contains('.')));
        if let Some(image) = whole.filter(|text| is_image && !text.contains("{{")) {
            let target = Target::Image(image.to_owned());
            let evidence = vec![node.evidence(tree)];
            needs.refer(&object.id(), target, Phase::Startup, Need::Required, evidence);
        } else if let Some(repository) = node.get("repository").filter(|_| is_image) {
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

/// Secrets that a chart's values name: `secretRef: {name}`, `existingSecret`.
fn value_secrets(object: &Object, values: &Yaml, needs: &mut Needs<'_>) {
    for (path, node) in values.scalars() {
        let is_name = match path.as_slice() {
            [.., "secretRef" | "secretKeyRef", "name"] => true,
            [.., last] => *last == "existingSecret",
            [] => false,
        };
        if is_name {
            needs.secret(&object.id(), object.space(), node);
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

/// An Application of Argo CD.
pub(super) fn application(
    object: &Object,
    needs: &mut Needs<'_>,
    unit: &mut Unit,
    catalog: &Catalog,
    tree: &Tree,
) {
    let one = object.at(&["spec", "source"]).into_iter();
    let many =
        object.at(&["spec", "sources"]).map(Yaml::items).unwrap_or_default().iter().map(|source| &**source);
    let sources: Vec<&Yaml> = one.chain(many).collect();
    let chart = sources.iter().find_map(|source| source.get("chart"));
    let node = match chart.and_then(Yaml::str) {
        Some(chart) => {
            let given = sources.iter().find_map(|source| source.at(&["helm", "valuesObject"]));
            if let Some(given) = given {
                values(object, given, needs, catalog, tree);
            }
            of_elsewhere(object, Some(chart), given, catalog, tree)
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
