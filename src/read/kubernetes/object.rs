//! Kubernetes objects: what they are called and where their parts stand.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Id;
use crate::read::yaml::{Node, Stream};
use crate::source::Location;

/// The namespace of objects that name none.
pub(crate) const DEFAULT_NAMESPACE: &str = "default";

/// One object of a manifest.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// `apps/v1`.
    pub api: String,
    /// `Deployment`.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace, if it names one.
    pub namespace: Option<String>,
    /// All of it.
    pub root: Arc<Node>,
    /// Further places that declare the same object.
    pub also: Vec<Location>,
    /// What rendered the chart that it releases, if the chart's objects stand beside it.
    pub rendered: Option<Rendered>,
    /// What released the chart that it comes of.
    pub released: Option<Released>,
}

/// How a chart came to be rendered.
#[derive(Clone, Debug)]
pub(crate) enum Rendered {
    /// From the templates of this folder.
    Folder(String),
    /// By what is known of charts of its name.
    Known,
}

/// The object that releases a chart.
#[derive(Clone, Debug)]
pub(crate) struct Released {
    /// It.
    pub by: Id,
    /// Where it stands.
    pub at: Location,
}

/// What tells objects apart.
pub(crate) type Key = (String, String, String);

impl Object {
    /// The object of a document; `None` when it is none.
    pub(crate) fn of(root: &Arc<Node>) -> Option<Object> {
        let api = root.str_at(&["apiVersion"])?.to_owned();
        let kind = root.str_at(&["kind"])?.to_owned();
        let name =
            root.str_at(&["metadata", "name"]).or_else(|| root.str_at(&["metadata", "generateName"]))?;
        let name = name.trim_end_matches('-').to_owned();
        let namespace = root.str_at(&["metadata", "namespace"]).map(str::to_owned);
        Some(Object {
            api,
            kind,
            name,
            namespace,
            root: Arc::clone(root),
            also: Vec::new(),
            rendered: None,
            released: None,
        })
    }

    /// All objects of a file; lists are taken apart.
    pub(crate) fn all_of(stream: &Stream) -> Vec<Object> {
        let mut out = Vec::new();
        for document in &stream.documents {
            Self::collect(&document.root, &mut out, 4);
        }
        out
    }

    fn collect(root: &Arc<Node>, out: &mut Vec<Object>, depth: u32) {
        let is_list = root.str_at(&["kind"]).is_some_and(|kind| kind == "List" || kind.ends_with("List"));
        match root.get("items").filter(|items| is_list && items.is_sequence()) {
            Some(items) if depth > 0 => {
                items.items().iter().for_each(|item| Self::collect(item, out, depth - 1))
            }
            _ => out.extend(Self::of(root)),
        }
    }

    /// The namespace it is in.
    pub(crate) fn space(&self) -> &str {
        if is_cluster_wide(&self.kind) {
            return DEFAULT_NAMESPACE;
        }
        self.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE)
    }

    /// Its id.
    pub(crate) fn id(&self) -> Id {
        Id::kubernetes(self.space(), &self.kind, &self.name)
    }

    /// What tells it from others.
    pub(crate) fn key(&self) -> Key {
        (self.kind.clone(), self.space().to_owned(), self.name.clone())
    }

    /// Whether it is of a kind of an API group; the version does not count.
    pub(crate) fn is(&self, group: &str, kind: &str) -> bool {
        self.kind == kind && self.group() == group
    }

    /// `apps` of `apps/v1`; empty for the core group.
    pub(crate) fn group(&self) -> &str {
        self.api.split_once('/').map_or("", |(group, _)| group)
    }

    /// Where its name stands.
    pub(crate) fn place(&self) -> Location {
        let name = self.root.at(&["metadata", "name"]);
        name.map_or_else(|| self.root.location.clone(), |name| name.location.clone())
    }

    /// The value at a path.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Node> {
        self.root.at(path)
    }

    /// An annotation.
    pub(crate) fn annotation(&self, name: &str) -> Option<&Node> {
        self.root.at(&["metadata", "annotations"])?.get(name)
    }
}

/// Whether objects of a kind stand in no namespace, whatever a kustomization writes into them.
pub(crate) fn is_cluster_wide(kind: &str) -> bool {
    matches!(
        kind,
        "ClusterIssuer"
            | "ClusterSecretStore"
            | "ClusterExternalSecret"
            | "NodePool"
            | "EC2NodeClass"
            | "Provisioner"
            | "PersistentVolume"
            | "StorageClass"
    )
}

/// The pairs of a mapping of texts: labels, selectors, annotations.
pub(crate) fn labels(node: Option<&Node>) -> BTreeMap<String, String> {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries
        .into_iter()
        .filter_map(|(key, value)| Some((key.text.to_string(), value.str()?.to_owned())))
        .collect()
}

/// Whether a label selector (`matchLabels`, `matchExpressions`) selects labels; an empty or missing one
/// selects nothing here, since it does not say that it means them.
pub(crate) fn selects(selector: Option<&Node>, labels_of: &BTreeMap<String, String>) -> bool {
    let Some(selector) = selector else { return false };
    let wanted = labels(selector.get("matchLabels"));
    let expressions = selector.get("matchExpressions").map(Node::items).unwrap_or_default();
    let all_equal = wanted.iter().all(|(key, value)| labels_of.get(key) == Some(value));
    let all_hold = expressions.iter().all(|expression| holds(expression, labels_of));
    (!wanted.is_empty() || !expressions.is_empty()) && all_equal && all_hold
}

fn holds(expression: &Node, labels_of: &BTreeMap<String, String>) -> bool {
    let key = expression.str_at(&["key"]).unwrap_or("");
    let values: Vec<&str> = expression
        .get("values")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(|value| value.str())
        .collect();
    let own = labels_of.get(key).map(String::as_str);
    match expression.str_at(&["operator"]) {
        Some("In") => own.is_some_and(|own| values.contains(&own)),
        Some("NotIn") => own.is_none_or(|own| !values.contains(&own)),
        Some("Exists") => own.is_some(),
        Some("DoesNotExist") => own.is_none(),
        _ => false,
    }
}
