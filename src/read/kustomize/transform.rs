//! What a kustomization does to all its objects: namespaces, names, labels, replicas, images.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::resource::{Resource, each_at, set_path};
use crate::read::yaml::{Data, Node};

/// Kinds that stand in no namespace.
const CLUSTER_WIDE: &[&str] = &[
    "Namespace",
    "Node",
    "PersistentVolume",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "StorageClass",
    "PriorityClass",
    "IngressClass",
    "APIService",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "PodSecurityPolicy",
    "RuntimeClass",
    "CSIDriver",
    "CSINode",
    "VolumeAttachment",
    "ComponentStatus",
    "CertificateSigningRequest",
    "TokenReview",
    "FlowSchema",
    "PriorityLevelConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
];

/// Puts objects into a namespace.
pub(super) fn namespace(resources: &mut [Resource], name: &Node) {
    let Some(text) = name.str() else { return };
    for resource in resources.iter_mut() {
        if !CLUSTER_WIDE.contains(&resource.kind()) && resource.namespace() != Some(text) {
            resource.move_to(text);
        }
        if matches!(resource.kind(), "RoleBinding" | "ClusterRoleBinding") {
            each_at(&mut resource.root, &["subjects", "*"], &mut |subject| {
                let is_default = subject.str_at(&["name"]) == Some("default");
                if subject.str_at(&["kind"]) == Some("ServiceAccount")
                    && (is_default || subject.get("namespace").is_some())
                {
                    subject.set("namespace", Arc::new(name.clone()));
                }
            });
        }
    }
}

/// Puts a prefix and a suffix around names.
pub(super) fn names(resources: &mut [Resource], prefix: &str, suffix: &str) {
    if prefix.is_empty() && suffix.is_empty() {
        return;
    }
    for resource in resources {
        if !matches!(resource.kind(), "Namespace" | "CustomResourceDefinition" | "APIService") {
            let name = format!("{prefix}{}{suffix}", resource.name());
            resource.rename(&name);
        }
    }
}

/// Where labels go besides the object's own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LabelReach {
    /// Nowhere else.
    Own,
    /// Pod templates.
    Templates,
    /// Pod templates and everything that selects by labels.
    Selectors,
}

/// Adds labels.
pub(super) fn labels(resources: &mut [Resource], pairs: &Node, reach: LabelReach) {
    for resource in resources.iter_mut() {
        let mut paths: Vec<(&[&str], bool)> = vec![(&["metadata", "labels"], true)];
        let kind = resource.kind().to_owned();
        if reach != LabelReach::Own {
            paths.extend(template_paths(&kind).iter().map(|path| (*path, true)));
        }
        if reach == LabelReach::Selectors {
            paths.extend(selector_paths(&kind));
        }
        for (path, create) in paths {
            for (key, value) in pairs.entries() {
                let mut path = path.to_vec();
                let exists = resource.root.at(&path).is_some();
                path.push(&key.text);
                if create || exists {
                    set_path(&mut resource.root, &path, quoted(value), true);
                }
            }
        }
        if reach == LabelReach::Selectors && matches!(&*kind, "Deployment" | "StatefulSet") {
            placement_labels(&mut resource.root, pairs);
        }
        if reach != LabelReach::Own && kind == "StatefulSet" {
            each_at(&mut resource.root, &["spec", "volumeClaimTemplates", "*"], &mut |claim| {
                for (key, value) in pairs.entries() {
                    set_path(claim, &["metadata", "labels", &key.text], quoted(value), true);
                }
            });
        }
    }
}

/// Labels go into the selectors that keep pods apart, too, where those select by labels.
fn placement_labels(root: &mut Node, pairs: &Node) {
    const TERMS: &[&[&str]] = &[
        &[
            "affinity",
            "podAffinity",
            "preferredDuringSchedulingIgnoredDuringExecution",
            "*",
            "podAffinityTerm",
        ],
        &["affinity", "podAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "*"],
        &[
            "affinity",
            "podAntiAffinity",
            "preferredDuringSchedulingIgnoredDuringExecution",
            "*",
            "podAffinityTerm",
        ],
        &["affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "*"],
        &["topologySpreadConstraints", "*"],
    ];
    for term in TERMS {
        let path: Vec<&str> = ["spec", "template", "spec"]
            .iter()
            .chain(*term)
            .chain(&["labelSelector", "matchLabels"])
            .copied()
            .collect();
        each_at(root, &path, &mut |labels| {
            for (key, value) in pairs.entries() {
                labels.set(&key.text, Arc::new(quoted(value)));
            }
        });
    }
}

fn quoted(value: &Node) -> Node {
    Node::scalar(value.str().unwrap_or(""), false, &value.location)
}

fn template_paths(kind: &str) -> &'static [&'static [&'static str]] {
    match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job" => {
            &[&["spec", "template", "metadata", "labels"]]
        }
        "CronJob" => &[
            &["spec", "jobTemplate", "metadata", "labels"],
            &["spec", "jobTemplate", "spec", "template", "metadata", "labels"],
        ],
        _ => &[],
    }
}

fn selector_paths(kind: &str) -> Vec<(&'static [&'static str], bool)> {
    match kind {
        "Service" | "ReplicationController" => vec![(&["spec", "selector"], true)],
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => {
            vec![(&["spec", "selector", "matchLabels"], true)]
        }
        "Job" | "PodDisruptionBudget" => vec![(&["spec", "selector", "matchLabels"], false)],
        "NetworkPolicy" => vec![(&["spec", "podSelector", "matchLabels"], false)],
        _ => Vec::new(),
    }
}

/// Adds annotations to objects and pod templates.
pub(super) fn annotations(resources: &mut [Resource], pairs: &Node) {
    for resource in resources.iter_mut() {
        let kind = resource.kind().to_owned();
        let templates = template_paths(&kind);
        for (key, value) in pairs.entries() {
            set_path(&mut resource.root, &["metadata", "annotations", &key.text], quoted(value), true);
            for path in templates {
                let mut path = path.to_vec();
                path.pop();
                path.extend(["annotations", &*key.text]);
                set_path(&mut resource.root, &path, quoted(value), true);
            }
        }
    }
}

/// Sets the number of replicas of one name.
pub(super) fn replicas(resources: &mut [Resource], rule: &Node) {
    let (Some(name), Some(count)) = (rule.str_at(&["name"]), rule.get("count")) else { return };
    for resource in resources {
        let kind = resource.kind();
        if matches!(kind, "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController")
            && resource.was_called(name)
        {
            set_path(&mut resource.root, &["spec", "replicas"], count.clone(), true);
        }
    }
}

/// Replaces the name, tag or digest of an image.
pub(super) fn image(resources: &mut [Resource], rule: &Node) {
    let Some(wanted) = rule.str_at(&["name"]) else { return };
    for resource in resources {
        visit_images(&mut resource.root, &mut |image| {
            let Some(new) = image.str().and_then(|text| new_image(text, wanted, rule)) else { return };
            *image = Node::scalar(&new, false, &image.location);
        });
    }
}

/// Every image of every container at any depth.
fn visit_images(node: &mut Node, visit: &mut dyn FnMut(&mut Node)) {
    match &mut node.data {
        Data::Mapping(entries) => {
            for (key, value) in entries.iter_mut() {
                let containers =
                    matches!(&*key.text, "containers" | "initContainers" | "ephemeralContainers");
                if containers && value.is_sequence() {
                    each_at(Arc::make_mut(value), &["*", "image"], visit);
                } else if value.is_mapping() || value.is_sequence() {
                    visit_images(Arc::make_mut(value), visit);
                }
            }
        }
        Data::Sequence(items) => {
            items
                .iter_mut()
                .filter(|item| item.is_mapping())
                .for_each(|item| visit_images(Arc::make_mut(item), visit));
        }
        Data::Scalar { .. } => {}
    }
}

fn new_image(image: &str, wanted: &str, rule: &Node) -> Option<String> {
    let (rest, digest) = image.split_once('@').map_or((image, None), |(rest, digest)| (rest, Some(digest)));
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (rest, None),
    };
    if name != wanted {
        return None;
    }
    let name = rule.str_at(&["newName"]).unwrap_or(name);
    let suffix = rule.str_at(&["tagSuffix"]).unwrap_or("");
    if let Some(digest) = rule.str_at(&["digest"]) {
        return Some(format!("{name}@{digest}"));
    }
    if let Some(tag) = rule.str_at(&["newTag"]) {
        return Some(format!("{name}:{tag}"));
    }
    let tag = tag.map(|tag| format!(":{tag}{suffix}")).unwrap_or_default();
    let digest = digest.map(|digest| format!("@{digest}")).unwrap_or_default();
    Some(format!("{name}{tag}{digest}"))
}

/// Adds the hash of their data to the names of what generators made.
pub(super) fn hashes(resources: &mut [Resource]) {
    for resource in resources.iter_mut().filter(|resource| resource.hashed) {
        let name = format!("{}-{}", resource.name(), hash(resource));
        resource.rename(&name);
        resource.hashed = false;
    }
}

/// The hash that kustomize puts behind a name: of the object's kind and data as JSON.
fn hash(resource: &Resource) -> String {
    let is_secret = resource.kind() == "Secret";
    let data = json_object(resource.root.get("data"));
    let binary = resource.root.get("binaryData").map(|node| json_object(Some(node)));
    let mut text = String::from("{");
    if let Some(binary) = binary {
        text += &format!("\"binaryData\":{binary},");
    }
    let empty_data = if resource.root.get("data").is_none() { "\"\"".to_owned() } else { data };
    // The name is left empty, so that prefixes do not change the hash.
    text += &format!("\"data\":{empty_data},\"kind\":{},\"name\":\"\"", json_text(resource.kind()));
    if is_secret {
        text += &format!(",\"type\":{}", json_text(resource.root.str_at(&["type"]).unwrap_or("")));
    }
    text.push('}');
    let digest = Sha256::digest(text.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.chars()
        .take(10)
        .map(|c| match c {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            other => other,
        })
        .collect()
}

fn json_object(node: Option<&Node>) -> String {
    let mut pairs: Vec<(&str, &str)> = node
        .map(Node::entries)
        .unwrap_or_default()
        .into_iter()
        .map(|(key, value)| {
            (
                &*key.text,
                match &value.data {
                    Data::Scalar { text, .. } => &**text,
                    _ => "",
                },
            )
        })
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> =
        pairs.into_iter().map(|(key, value)| format!("{}:{}", json_text(key), json_text(value))).collect();
    format!("{{{}}}", pairs.join(","))
}

/// A JSON string as Go writes it: `<`, `>` and `&` escaped.
fn json_text(text: &str) -> String {
    let quoted = serde_json::Value::String(text.to_owned()).to_string();
    quoted
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// Where objects name others: the kind that is named, and paths; `*` is every item.
const REFERENCES: &[(&str, &[&str])] = &[
    (
        "ConfigMap",
        &[
            "volumes.*.configMap.name",
            "volumes.*.projected.sources.*.configMap.name",
            "C.envFrom.*.configMapRef.name",
            "C.env.*.valueFrom.configMapKeyRef.name",
        ],
    ),
    (
        "Secret",
        &[
            "volumes.*.secret.secretName",
            "volumes.*.projected.sources.*.secret.name",
            "C.envFrom.*.secretRef.name",
            "C.env.*.valueFrom.secretKeyRef.name",
            "imagePullSecrets.*.name",
        ],
    ),
    ("PersistentVolumeClaim", &["volumes.*.persistentVolumeClaim.claimName"]),
    ("ServiceAccount", &["serviceAccountName", "serviceAccount"]),
];

/// The same outside pod templates.
const OTHER_REFERENCES: &[(&str, &[&str], &str)] = &[
    ("Service", &["StatefulSet"], "spec.serviceName"),
    ("Service", &["Ingress"], "spec.rules.*.http.paths.*.backend.serviceName"),
    ("Service", &["Ingress"], "spec.rules.*.http.paths.*.backend.service.name"),
    ("Service", &["Ingress"], "spec.backend.serviceName"),
    ("Service", &["Ingress"], "spec.defaultBackend.service.name"),
    ("Secret", &["Ingress"], "spec.tls.*.secretName"),
    ("Secret", &["ServiceAccount"], "imagePullSecrets.*.name"),
    ("Secret", &["ServiceAccount"], "secrets.*.name"),
    ("Service", &["APIService"], "spec.service.name"),
    (
        "Service",
        &["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"],
        "webhooks.*.clientConfig.service.name",
    ),
    ("PersistentVolume", &["PersistentVolumeClaim"], "spec.volumeName"),
    ("StorageClass", &["PersistentVolumeClaim", "PersistentVolume"], "spec.storageClassName"),
];

/// Lets objects name others by their new names.
pub(super) fn references(resources: &mut [Resource]) {
    let renamed: Vec<(String, Vec<String>, String, Option<String>)> = resources
        .iter()
        .map(|one| {
            let old: Vec<String> =
                one.before.iter().map(|(name, _)| name.clone()).filter(|name| name != one.name()).collect();
            (one.kind().to_owned(), old, one.name().to_owned(), one.namespace().map(str::to_owned))
        })
        .filter(|(_, old, ..)| !old.is_empty())
        .collect();
    if renamed.is_empty() {
        return;
    }
    for resource in resources.iter_mut() {
        let namespace = resource.namespace().map(str::to_owned);
        let new_name = |kind: &str, name: &str| {
            let found = |same_space: bool| {
                renamed.iter().find(|(own, old, _, space)| {
                    own == kind && old.iter().any(|old| old == name) && (!same_space || *space == namespace)
                })
            };
            found(true).or_else(|| found(false)).map(|(_, _, new, _)| new.clone())
        };
        let mut rewrite = |node: &mut Node, kind: &str| {
            if let Some(new) = node.str().and_then(|name| new_name(kind, name)) {
                *node = Node::scalar(&new, false, &node.location);
            }
        };
        pod_references(&mut resource.root, &mut rewrite);
        let kind = resource.kind().to_owned();
        for (named, holders, path) in OTHER_REFERENCES {
            if holders.contains(&kind.as_str()) {
                let path: Vec<&str> = path.split('.').collect();
                each_at(&mut resource.root, &path, &mut |node| rewrite(node, named));
            }
        }
        typed_references(&mut resource.root, &kind, &mut rewrite);
    }
}

/// Subjects of bindings stand where the account of their name stands.
pub(super) fn subjects(resources: &mut [Resource]) {
    let accounts: Vec<(String, String)> = resources
        .iter()
        .filter(|one| one.kind() == "ServiceAccount")
        .filter_map(|one| Some((one.name().to_owned(), one.namespace()?.to_owned())))
        .collect();
    for resource in resources.iter_mut().filter(|one| one.kind().ends_with("RoleBinding")) {
        each_at(&mut resource.root, &["subjects", "*"], &mut |subject| {
            let name = subject.str_at(&["name"]).unwrap_or("");
            let is_account = subject.str_at(&["kind"]) == Some("ServiceAccount");
            if let Some((_, space)) = accounts.iter().find(|(own, _)| is_account && own == name) {
                let location = subject.location.clone();
                subject.set("namespace", Arc::new(Node::scalar(space, false, &location)));
            }
        });
    }
}

fn pod_references(root: &mut Node, rewrite: &mut dyn FnMut(&mut Node, &str)) {
    const SPECS: &[&[&str]] =
        &[&["spec", "template", "spec"], &["spec", "jobTemplate", "spec", "template", "spec"], &["spec"]];
    for spec in SPECS {
        for (kind, paths) in REFERENCES {
            for path in *paths {
                for containers in ["containers", "initContainers"] {
                    let mut full = spec.to_vec();
                    match path.strip_prefix("C.") {
                        Some(rest) => {
                            full.extend([containers, "*"]);
                            full.extend(rest.split('.'));
                        }
                        None if containers == "containers" => full.extend(path.split('.')),
                        None => continue,
                    }
                    each_at(root, &full, &mut |node| rewrite(node, kind));
                }
            }
        }
    }
}

/// References that say the kind themselves.
fn typed_references(root: &mut Node, kind: &str, rewrite: &mut dyn FnMut(&mut Node, &str)) {
    let paths: &[&[&str]] = match kind {
        "HorizontalPodAutoscaler" | "ScaledObject" | "VerticalPodAutoscaler" => {
            &[&["spec", "scaleTargetRef"], &["spec", "targetRef"]]
        }
        "RoleBinding" | "ClusterRoleBinding" => &[&["roleRef"], &["subjects", "*"]],
        _ => &[],
    };
    for path in paths {
        each_at(root, path, &mut |reference| {
            let Some(kind) = reference.str_at(&["kind"]).map(str::to_owned) else { return };
            each_at(reference, &["name"], &mut |node| rewrite(node, &kind));
        });
    }
}
