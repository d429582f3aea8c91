//! What stands beside workloads: secret stores, certificates, sources, node pools; charts and backups have files of their own.

use super::cluster::Cluster;
use super::needs::{Needs, git_host, host_of, place};
use super::object::{DEFAULT_NAMESPACE, Object, is_cluster_wide};
use super::{backups, charts};
use crate::catalog::Catalog;
use crate::model::{Category, Id, Kind, Need, Node, Phase, Target, Unit};
use crate::read::yaml::Node as Yaml;
use crate::source::Tree;

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
            "Kustomization" => applied(object, cluster, needs, unit, tree),
            super::CHART_DEPENDENCY => charts::dependency(object, needs, unit, catalog, tree),
            "HelmRelease" => charts::release(object, cluster, needs, unit, catalog, tree),
            "Application" if object.group() == "argoproj.io" => {
                charts::application(object, needs, unit, catalog, tree)
            }
            "NodePool" | "Provisioner" if object.group() == "karpenter.sh" => node_pool(object, unit, tree),
            "Schedule" if object.group() == "velero.io" => backups::velero(object, cluster, unit, tree),
            "BackupStorageLocation" if object.group() == "velero.io" => {
                backups::location(object, needs, unit, tree)
            }
            "Cluster" if object.group() == "postgresql.cnpg.io" => backups::store(object, needs, tree),
            "ReplicationSource" => backups::replication(object, cluster, unit, tree),
            "Kibana" => search_of(object, needs, tree),
            _ => {}
        }
    }
}

/// A part that does not run pods itself.
pub(super) fn part(object: &Object, category: Category, tree: &Tree) -> Node {
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
pub(super) struct Far<'n> {
    pub(super) kind: &'n str,
    pub(super) name: &'n Yaml,
    /// Its namespace, where that is said.
    pub(super) space: Option<&'n str>,
}

/// An edge to an object of a kind and name; a reference when another unit may hold it.
pub(super) fn link(
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
    let solvers = object.at(&["spec", "acme", "solvers"]).map(Yaml::items).unwrap_or_default();
    // Each of several answers for some of the names.
    let need = if solvers.len() == 1 { Need::Required } else { Need::Optional };
    for (key, _) in solvers.iter().filter_map(|one| one.get("dns01")).flat_map(Yaml::entries) {
        let Some((_, provider)) = SOLVERS.iter().find(|(name, _)| *name == &*key.text) else { continue };
        let target = Target::Provider {
            provider: (*provider).to_owned(),
            service: Some("dns".to_owned()),
            region: None,
        };
        let evidence = vec![crate::read::yaml::evidence_at(&key.location, tree)];
        needs.refer(&object.id(), target, Phase::Recover, need, evidence);
    }
}

/// Whose DNS shows that a name is one's own, by the solver that is configured.
const SOLVERS: &[(&str, &str)] = &[
    ("akamai", "akamai"),
    ("azureDNS", "azure"),
    ("cloudDNS", "gcp"),
    ("cloudflare", "cloudflare"),
    ("digitalocean", "digitalocean"),
    ("route53", "aws"),
];

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

/// What Flux applies: where it is taken from, and what has to be there before.
fn applied(object: &Object, cluster: &Cluster<'_>, needs: &mut Needs<'_>, unit: &mut Unit, tree: &Tree) {
    if object.group() != "kustomize.toolkit.fluxcd.io" {
        return;
    }
    unit.nodes.push(part(object, Category::Ci, tree));
    let source = object.at(&["spec", "sourceRef"]);
    if let Some(name) = source.and_then(|source| source.get("name")) {
        let told = |key: &str| source.and_then(|source| source.str_at(&[key]));
        let kind = told("kind").unwrap_or("GitRepository");
        // Flux makes the source of its own repository where it is installed.
        if cluster.of_kind(kind).iter().any(|other| name.str() == Some(other.name.as_str())) {
            link(object, cluster, needs, Far { kind, name, space: told("namespace") }, Phase::Deploy, tree);
        }
    }
    for other in object.at(&["spec", "dependsOn"]).map(Yaml::items).unwrap_or_default() {
        if let Some(name) = other.get("name") {
            let far = Far { kind: "Kustomization", name, space: other.str_at(&["namespace"]) };
            link(object, cluster, needs, far, Phase::Deploy, tree);
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

/// Kibana needs the Elasticsearch that it names.
fn search_of(object: &Object, needs: &mut Needs<'_>, tree: &Tree) {
    let Some(name) = object.at(&["spec", "elasticsearchRef", "name"]) else { return };
    let id = Id::kubernetes(object.space(), "Elasticsearch", name.str().unwrap_or(""));
    needs.edge(&object.id(), &id, Phase::Runtime, Need::Required, vec![name.evidence(tree)]);
}
