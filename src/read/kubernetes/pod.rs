//! What a pod template says: images, settings, volumes, placement.

use std::collections::BTreeMap;

use super::cluster::Cluster;
use crate::read::yaml::Node;

/// The pod template's `spec` of a workload. One of whose containers none has an image is a patch of a workload.
pub(super) fn spec_of(root: &Node) -> Option<&Node> {
    let spec = root.get("spec")?;
    let template = spec
        .at(&["jobTemplate", "spec", "template"])
        .or_else(|| spec.get("template"))
        .or_else(|| spec.at(&["podTemplate"]))
        .and_then(|template| template.get("spec"));
    template.or(Some(spec)).filter(|spec| {
        containers(spec, "containers").into_iter().any(|container| container.get("image").is_some())
    })
}

/// The labels that the pods of a workload carry.
pub(super) fn labels_of(root: &Node) -> BTreeMap<String, String> {
    let template =
        root.at(&["spec", "jobTemplate", "spec", "template"]).or_else(|| root.at(&["spec", "template"]));
    super::object::labels(template.unwrap_or(root).at(&["metadata", "labels"]))
}

/// The containers under a key.
pub(super) fn containers<'n>(spec: &'n Node, key: &str) -> Vec<&'n Node> {
    spec.get(key).map(Node::items).unwrap_or_default().iter().map(|container| &**container).collect()
}

/// A setting with the places that say so, the nearest first.
pub(super) struct Setting<'n> {
    pub key: String,
    pub value: String,
    pub places: Vec<&'n Node>,
}

/// All settings of a container: its variables with ConfigMaps and Secrets looked up.
pub(super) fn settings<'n>(
    container: &'n Node,
    namespace: &str,
    cluster: &'n Cluster<'_>,
) -> Vec<Setting<'n>> {
    let mut out = Vec::new();
    for source in container.get("envFrom").map(Node::items).unwrap_or_default() {
        let prefix = source.str_at(&["prefix"]).unwrap_or("");
        for kind in ["configMapRef", "secretRef"] {
            let Some(name) = source.at(&[kind, "name"]) else { continue };
            for (key, value, place) in cluster.data(kind, namespace, name.str().unwrap_or("")) {
                out.push(Setting { key: format!("{prefix}{key}"), value, places: vec![place, name] });
            }
        }
    }
    for variable in container.get("env").map(Node::items).unwrap_or_default() {
        let Some(key) = variable.str_at(&["name"]) else { continue };
        if let Some(value) = variable.get("value").filter(|value| value.str().is_some()) {
            let text = value.str().unwrap_or("").to_owned();
            out.push(Setting { key: key.to_owned(), value: text, places: vec![value] });
        }
        for kind in ["configMapKeyRef", "secretKeyRef"] {
            let Some(reference) = variable.at(&["valueFrom", kind]) else { continue };
            let (Some(name), Some(wanted)) = (reference.get("name"), reference.str_at(&["key"])) else {
                continue;
            };
            let data = cluster.data(kind, namespace, name.str().unwrap_or(""));
            if let Some((_, value, place)) = data.into_iter().find(|(key, ..)| key == wanted) {
                out.push(Setting { key: key.to_owned(), value, places: vec![place, name] });
            }
        }
    }
    expand(&mut out);
    out
}

/// Variables that are given by Secrets and ConfigMaps which are not among the scanned files, and have to be there.
pub(super) fn given_elsewhere<'n>(container: &'n Node, known: &[Setting<'_>]) -> Vec<(&'n str, &'n Node)> {
    let variables = container.get("env").map(Node::items).unwrap_or_default().iter();
    let given = variables.filter_map(|variable| {
        let key = variable.get("name")?;
        let source = variable.get("valueFrom")?;
        let reference = source.get("secretKeyRef").or_else(|| source.get("configMapKeyRef"))?;
        let is_optional = reference.get("optional").and_then(Node::bool) == Some(true);
        Some((key.str()?, key)).filter(|_| !is_optional)
    });
    given.filter(|(key, _)| known.iter().all(|setting| setting.key != *key)).collect()
}

/// Puts the values of other variables in place of `$(NAME)`.
fn expand(settings: &mut [Setting<'_>]) {
    let values: BTreeMap<String, String> =
        settings.iter().map(|setting| (setting.key.clone(), setting.value.clone())).collect();
    for setting in settings {
        setting.value = expand_text(&setting.value, &values);
    }
}

/// A text with `$(NAME)` replaced by values, up to three deep.
pub(super) fn expand_text(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for _ in 0..3 {
        if !text.contains("$(") || text.len() > 10_000 {
            break;
        }
        for (key, value) in values {
            let placeholder = format!("$({key})");
            if !value.contains(&placeholder) && text.contains(&placeholder) {
                text = text.replace(&placeholder, value);
            }
        }
    }
    text
}

/// The lines of a container's command, each option with its value, with their places.
pub(super) fn command_lines<'n>(
    container: &'n Node,
    values: &BTreeMap<String, String>,
) -> Vec<(String, &'n Node)> {
    let mut out = Vec::new();
    for key in ["command", "args"] {
        let items = container.get(key).map(Node::items_or_self).unwrap_or_default();
        for (at, item) in items.iter().enumerate() {
            let Some(text) = item.str() else { continue };
            let before = at.checked_sub(1).and_then(|at| items[at].str());
            let line = match before {
                Some(option)
                    if option.starts_with('-') && !option.contains('=') && !text.starts_with('-') =>
                {
                    format!("{option} {text}")
                }
                _ => text.to_owned(),
            };
            out.push((expand_text(&line, values), *item));
        }
    }
    out
}

/// What a volume is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeping {
    /// Outlives the pod: a claim, a disk, a network file system.
    Claim,
    /// Outlives the pod on its machine.
    Machine,
    /// Goes with the pod.
    Pod,
    /// Configuration, secrets and the like.
    Other,
}

/// What a volume keeps.
pub(super) fn keeping(volume: &Node) -> Keeping {
    let has = |key: &str| volume.get(key).is_some();
    if has("emptyDir") {
        return Keeping::Pod;
    }
    if has("hostPath") || has("local") {
        return Keeping::Machine;
    }
    if has("configMap") || has("secret") || has("projected") || has("downwardAPI") {
        return Keeping::Other;
    }
    let disks = [
        "persistentVolumeClaim",
        "ephemeral",
        "nfs",
        "awsElasticBlockStore",
        "gcePersistentDisk",
        "azureDisk",
        "azureFile",
        "cephfs",
        "rbd",
        "iscsi",
        "csi",
        "glusterfs",
        "vsphereVolume",
    ];
    if disks.iter().any(|disk| has(disk)) { Keeping::Claim } else { Keeping::Other }
}
