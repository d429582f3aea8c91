//! Objects on their way through a build, with the names they had.

use std::sync::Arc;

use crate::read::kubernetes::Object;
use crate::read::yaml::{Data, Node};

/// An object, and every name it went by.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub root: Node,
    /// Name and namespace before each change, the oldest first.
    pub before: Vec<(String, Option<String>)>,
    /// A generator made it and its name gets a hash of its data.
    pub hashed: bool,
}

impl Resource {
    pub(super) fn new(object: &Object) -> Self {
        Resource { root: (*object.root).clone(), before: Vec::new(), hashed: false }
    }

    pub(super) fn name(&self) -> &str {
        self.root.str_at(&["metadata", "name"]).unwrap_or("")
    }

    pub(super) fn namespace(&self) -> Option<&str> {
        self.root.str_at(&["metadata", "namespace"])
    }

    pub(super) fn kind(&self) -> &str {
        self.root.str_at(&["kind"]).unwrap_or("")
    }

    pub(super) fn group(&self) -> &str {
        self.root.str_at(&["apiVersion"]).and_then(|api| api.split_once('/')).map_or("", |(group, _)| group)
    }

    pub(super) fn version(&self) -> &str {
        let api = self.root.str_at(&["apiVersion"]).unwrap_or("");
        api.rsplit('/').next().unwrap_or(api)
    }

    /// Whether Kubernetes itself defines the kind.
    pub(super) fn is_builtin(&self) -> bool {
        let group = self.group();
        matches!(group, "" | "apps" | "batch" | "autoscaling" | "policy" | "extensions")
            || group.ends_with(".k8s.io")
    }

    /// Whether it went or goes by a name.
    pub(super) fn was_called(&self, name: &str) -> bool {
        self.name() == name || self.before.iter().any(|(old, _)| old == name)
    }

    /// Remembers the name, then changes it.
    pub(super) fn rename(&mut self, name: &str) {
        self.remember();
        self.set_metadata("name", name);
    }

    pub(super) fn move_to(&mut self, namespace: &str) {
        self.remember();
        self.set_metadata("namespace", namespace);
    }

    fn remember(&mut self) {
        self.before.push((self.name().to_owned(), self.namespace().map(str::to_owned)));
    }

    fn set_metadata(&mut self, key: &str, value: &str) {
        let location = self
            .root
            .at(&["metadata", "name"])
            .map_or(self.root.location.clone(), |name| name.location.clone());
        set_path(&mut self.root, &["metadata", key], Node::scalar(value, false, &location), true);
    }

    /// The finished object.
    pub(super) fn into_object(self) -> Option<Object> {
        Object::of(&Arc::new(self.root))
    }
}

/// Calls a function on every node at the end of a path; `*` means every item of a list.
pub(super) fn each_at(node: &mut Node, path: &[&str], visit: &mut dyn FnMut(&mut Node)) {
    match path.split_first() {
        None => visit(node),
        Some((&"*", rest)) => {
            if let Data::Sequence(items) = &mut node.data {
                items.iter_mut().for_each(|item| each_at(Arc::make_mut(item), rest, visit));
            }
        }
        Some((key, rest)) => {
            if let Some(inner) = super::patch::child_mut(node, key) {
                each_at(inner, rest, visit);
            }
        }
    }
}

/// Sets the value at a path; missing mappings are made when `create` says so.
pub(super) fn set_path(node: &mut Node, path: &[&str], value: Node, create: bool) {
    let Some((key, rest)) = path.split_first() else {
        *node = value;
        return;
    };
    if rest.is_empty() {
        if create || node.get(key).is_some() {
            node.set(key, Arc::new(value));
        }
        return;
    }
    if node.get(key).is_none_or(Node::is_null) {
        if !create {
            return;
        }
        node.set(key, Arc::new(Node::new(Data::Mapping(Vec::new()), value.location.clone())));
    }
    if let Some(inner) = super::patch::child_mut(node, key) {
        set_path(inner, rest, value, create);
    }
}

/// A copy in which merge keys are written out.
pub(super) fn flatten(node: &Node) -> Node {
    let mut out = node.clone();
    match &mut out.data {
        Data::Mapping(_) => {
            let entries = node.entries();
            let flat =
                entries.into_iter().map(|(key, value)| (key.clone(), Arc::new(flatten(value)))).collect();
            out.data = Data::Mapping(flat);
        }
        Data::Sequence(items) => {
            for item in items.iter_mut() {
                *item = Arc::new(flatten(item));
            }
        }
        Data::Scalar { .. } => {}
    }
    out
}
