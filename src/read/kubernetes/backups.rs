//! Backups that objects ask for, and where they are kept.

use super::cluster::Cluster;
use super::delivery::part;
use super::needs::{Needs, host_of};
use super::object::Object;
use crate::model::{Attribute, AttributeValue, Category, Need, Phase, Target, Unit};
use crate::read::hosts;
use crate::read::yaml::Node as Yaml;
use crate::source::Tree;

/// Where backups are kept: without it nothing is restored.
pub(super) fn location(object: &Object, needs: &mut Needs<'_>, unit: &mut Unit, tree: &Tree) {
    unit.nodes.push(part(object, Category::Storage, tree));
    let Some(provider) = object.at(&["spec", "provider"]) else { return };
    let url = object.at(&["spec", "config", "s3Url"]);
    let region = object.root.str_at(&["spec", "config", "region"]).map(str::to_owned);
    let name = provider.str().unwrap_or("").rsplit('/').next().unwrap_or("");
    let target = match (host_of(url), name) {
        (Some(host), _) => host,
        (None, "aws") => product("aws", "s3", region),
        (None, "gcp") => product("gcp", "storage", region),
        (None, "azure") => product("azure", "storage", region),
        _ => return,
    };
    let evidence = vec![url.unwrap_or(provider).evidence(tree)];
    needs.refer(&object.id(), target, Phase::Recover, Need::Required, evidence);
}

/// A product of a provider that objects are kept with.
fn product(provider: &str, service: &str, region: Option<String>) -> Target {
    Target::Provider { provider: provider.to_owned(), service: Some(service.to_owned()), region }
}

/// The object store that a database of CloudNativePG is backed up to, by itself or by the plugin for it.
pub(super) fn store(object: &Object, needs: &mut Needs<'_>, tree: &Tree) {
    let cluster = needs.cluster;
    let plugins = object.at(&["spec", "plugins"]).map(Yaml::items).unwrap_or_default();
    let named = plugins.iter().find_map(|plugin| plugin.str_at(&["parameters", "barmanObjectName"]));
    let by_plugin = || {
        let same = |store: &&&Object| store.space() == object.space() && Some(&*store.name) == named;
        cluster.of_kind("ObjectStore").iter().find(same)?.at(&["spec", "configuration"])
    };
    let Some(store) = object.at(&["spec", "backup", "barmanObjectStore"]).or_else(by_plugin) else { return };
    let Some(place) = store.get("endpointURL").or_else(|| store.get("destinationPath")) else { return };
    let text = place.str().unwrap_or("");
    let evidence = vec![place.evidence(tree)];
    let target = match text.split_once("://").map(|(scheme, _)| scheme) {
        Some("s3") => product("aws", "s3", None),
        Some("gs") => product("gcp", "storage", None),
        _ => match hosts::of_url(text) {
            Some(target) => target,
            None => return,
        },
    };
    let inside = match &target {
        Target::Host { name, .. } => cluster.find(object.space(), name),
        _ => None,
    };
    match inside {
        Some(front) => {
            needs.through(&object.id(), front, &target, Phase::Recover, &evidence, false);
        }
        None => needs.refer(&object.id(), target, Phase::Recover, Need::Required, evidence),
    }
}

/// A Velero schedule backs up what keeps data in its namespaces.
pub(super) fn velero(object: &Object, cluster: &Cluster<'_>, unit: &mut Unit, tree: &Tree) {
    let location = object.root.str_at(&["spec", "template", "storageLocation"]).unwrap_or("default");
    let kept = cluster.of_kind("BackupStorageLocation").iter().find(|other| other.name == location);
    let region = kept.and_then(|kept| kept.at(&["spec", "config", "region"]));
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
            if let Some((place, text)) = region.and_then(|region| Some((region, region.str()?))) {
                let value = AttributeValue::Text(text.to_owned());
                node.attributes.set(Attribute::BackupRegion, value, Some(place.evidence(tree)));
            }
        }
    }
}

/// A VolSync source backs up the claim it names, so the workloads that mount it.
pub(super) fn replication(object: &Object, cluster: &Cluster<'_>, unit: &mut Unit, tree: &Tree) {
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
