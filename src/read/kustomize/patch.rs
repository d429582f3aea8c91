//! Patches: strategic merge and JSON 6902.

use std::sync::Arc;

use crate::read::yaml::{Data, Key, Node};
use crate::source::Problems;

/// Lists whose items are merged by a key rather than replaced: the list's name, the key, and the field that
/// holds the list where the name alone does not tell.
const MERGED_LISTS: &[(&str, &str)] = &[
    ("containers", "name"),
    ("initContainers", "name"),
    ("ephemeralContainers", "name"),
    ("env", "name"),
    ("volumes", "name"),
    ("volumeMounts", "mountPath"),
    ("volumeDevices", "devicePath"),
    ("imagePullSecrets", "name"),
    ("hostAliases", "ip"),
    ("topologySpreadConstraints", "topologyKey"),
    ("secrets", "name"),
    ("webhooks", "name"),
    ("ownerReferences", "uid"),
    ("conditions", "type"),
];

/// What a strategic merge leaves of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Kept,
    Deleted,
}

/// Merges a patch into an object. Lists of kinds that Kubernetes itself defines are merged by their keys.
pub(super) fn merge(object: &mut Node, patch: &Node, builtin: bool) -> Outcome {
    match directive(patch) {
        Some("delete") => return Outcome::Deleted,
        Some("replace") => {
            let identity = ["apiVersion", "kind"].map(|key| (key, object.get_shared(key).cloned()));
            *object = without_directive(patch);
            for (key, value) in identity {
                if let (None, Some(value)) = (object.get(key), value) {
                    object.set(key, value);
                }
            }
            return Outcome::Kept;
        }
        _ => {}
    }
    merge_mapping(object, patch, builtin, "");
    Outcome::Kept
}

fn directive(patch: &Node) -> Option<&str> {
    patch.get("$patch").and_then(Node::str)
}

fn without_directive(patch: &Node) -> Node {
    let mut node = patch.clone();
    node.remove("$patch");
    node
}

fn merge_mapping(object: &mut Node, patch: &Node, builtin: bool, field: &str) {
    for (key, value) in patch.entries() {
        if key.text.starts_with('$') {
            continue;
        }
        if value.is_null() {
            object.remove(&key.text);
            continue;
        }
        let field_inside = if &*key.text == "ports" { field } else { &key.text };
        match child_mut(object, &key.text) {
            Some(own) if own.is_mapping() && value.is_mapping() => match directive(value) {
                Some("replace") => *own = without_directive(value),
                Some("delete") => drop(object.remove(&key.text)),
                _ => merge_mapping(own, value, builtin, &key.text),
            },
            Some(own) if own.is_sequence() && value.is_sequence() => {
                let merge_key = if builtin { merge_key(&key.text, field_inside) } else { None };
                merge_list(own, value, merge_key, builtin, &key.text);
            }
            _ => object.set(&key.text, Arc::new(cleaned(value))),
        }
    }
}

/// The key by which items of a list are told apart.
fn merge_key(list: &str, field: &str) -> Option<&'static str> {
    if list == "ports" {
        // Of a container, else of a Service.
        return Some(if field == "containers" || field == "initContainers" {
            "containerPort"
        } else {
            "port"
        });
    }
    MERGED_LISTS.iter().find(|(name, _)| *name == list).map(|(_, key)| *key)
}

fn merge_list(own: &mut Node, patch: &Node, merge_key: Option<&str>, builtin: bool, field: &str) {
    let replaces = patch.items().iter().any(|item| directive(item) == Some("replace"));
    let scalars = patch.items().iter().any(|item| !item.is_mapping());
    let Some(merge_key) = merge_key.filter(|_| !replaces && !scalars) else {
        let kept = patch.items().iter().filter(|item| directive(item).is_none());
        let items = kept.map(|item| Arc::new(cleaned(item))).collect();
        own.data = Data::Sequence(items);
        return;
    };
    let Data::Sequence(items) = &mut own.data else { return };
    // What the patch names comes first, in its order, as kubectl does it.
    let mut first = Vec::new();
    for change in patch.items() {
        let wanted = change.str_at(&[merge_key]);
        let at = items.iter().position(|item| wanted.is_some() && item.str_at(&[merge_key]) == wanted);
        let own = at.map(|at| items.remove(at));
        match (own, directive(change)) {
            (_, Some("delete")) => {}
            (Some(mut own), _) => {
                merge_mapping(Arc::make_mut(&mut own), change, builtin, field);
                first.push(own);
            }
            (None, _) => first.push(Arc::new(cleaned(change))),
        }
    }
    first.append(items);
    *items = first;
}

/// A value without nulls and directives in its mappings.
fn cleaned(value: &Node) -> Node {
    let mut node = value.clone();
    match &mut node.data {
        Data::Mapping(entries) => {
            entries.retain(|(key, value)| !key.text.starts_with("$patch") && !value.is_null());
            for (_, value) in entries.iter_mut() {
                *value = Arc::new(cleaned(value));
            }
        }
        Data::Sequence(items) => {
            for item in items.iter_mut() {
                *item = Arc::new(cleaned(item));
            }
        }
        Data::Scalar { .. } => {}
    }
    node
}

/// The value of a key, to be changed.
pub(super) fn child_mut<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    let Data::Mapping(entries) = &mut node.data else { return None };
    entries.iter_mut().find(|(present, _)| &*present.text == key).map(|(_, value)| Arc::make_mut(value))
}

/// Applies the operations of a JSON patch in order; one that does not fit is reported and left out.
pub(super) fn apply_operations(object: &mut Node, operations: &Node, problems: &mut Problems) {
    for operation in operations.items() {
        if let Err(because) = apply(object, operation) {
            let message = format!("failed to apply a JSON patch operation: {because}");
            problems.warning(operation.location.clone(), message);
        }
    }
}

fn apply(object: &mut Node, operation: &Node) -> Result<(), String> {
    let path = operation.str_at(&["path"]).ok_or("it has no `path`")?;
    let steps = pointer(path);
    let value = || operation.get_shared("value").cloned().ok_or("it has no `value`");
    match operation.str_at(&["op"]) {
        Some("add") => insert(object, &steps, value()?),
        Some("replace") => replace(object, &steps, value()?),
        Some("remove") => take(object, &steps).map(drop),
        Some("test") => Ok(()),
        Some(word @ ("move" | "copy")) => {
            let from = pointer(operation.str_at(&["from"]).ok_or("it has no `from`")?);
            let moved = if word == "move" { take(object, &from)? } else { peek(object, &from)? };
            insert(object, &steps, moved)
        }
        _ => Err("its `op` is not known".to_owned()),
    }
}

/// The steps of a JSON pointer.
pub(super) fn pointer(path: &str) -> Vec<String> {
    path.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

fn parent<'n>(object: &'n mut Node, steps: &[String]) -> Result<(&'n mut Node, String), String> {
    let (last, before) = steps.split_last().ok_or("it means the whole object")?;
    let mut node = object;
    for step in before {
        node = step_into(node, step).ok_or_else(|| format!("`{step}` does not exist"))?;
    }
    Ok((node, last.clone()))
}

fn step_into<'n>(node: &'n mut Node, step: &str) -> Option<&'n mut Node> {
    match &mut node.data {
        Data::Sequence(items) => {
            let at: usize = step.parse().ok()?;
            items.get_mut(at).map(Arc::make_mut)
        }
        Data::Mapping(entries) => {
            entries.iter_mut().find(|(key, _)| *key.text == *step).map(|(_, value)| Arc::make_mut(value))
        }
        Data::Scalar { .. } => None,
    }
}

fn peek(object: &mut Node, steps: &[String]) -> Result<Arc<Node>, String> {
    let (parent, last) = parent(object, steps)?;
    step_into(parent, &last)
        .map(|node| Arc::new(node.clone()))
        .ok_or_else(|| format!("`{last}` does not exist"))
}

fn insert(object: &mut Node, steps: &[String], value: Arc<Node>) -> Result<(), String> {
    if steps.is_empty() {
        *object = (*value).clone();
        return Ok(());
    }
    let (parent, last) = parent(object, steps)?;
    if parent.is_null() {
        parent.data = Data::Mapping(Vec::new());
    }
    match &mut parent.data {
        Data::Sequence(items) => {
            let at = if last == "-" {
                items.len()
            } else {
                last.parse().map_err(|_| format!("`{last}` is no index"))?
            };
            if at > items.len() {
                return Err(format!("index {at} is past the end"));
            }
            items.insert(at, value);
            Ok(())
        }
        Data::Mapping(entries) => {
            match entries.iter_mut().find(|(key, _)| *key.text == *last) {
                Some((_, present)) => *present = value,
                None => entries.push((Key { text: last.into(), location: value.location.clone() }, value)),
            }
            Ok(())
        }
        Data::Scalar { .. } => Err(format!("what should hold `{last}` is a scalar")),
    }
}

fn replace(object: &mut Node, steps: &[String], value: Arc<Node>) -> Result<(), String> {
    if steps.is_empty() {
        *object = (*value).clone();
        return Ok(());
    }
    let (parent, last) = parent(object, steps)?;
    let place = step_into(parent, &last).ok_or_else(|| format!("`{last}` does not exist"))?;
    *place = (*value).clone();
    Ok(())
}

fn take(object: &mut Node, steps: &[String]) -> Result<Arc<Node>, String> {
    let (parent, last) = parent(object, steps)?;
    match &mut parent.data {
        Data::Sequence(items) => {
            let at: usize = last.parse().map_err(|_| format!("`{last}` is no index"))?;
            if at < items.len() { Ok(items.remove(at)) } else { Err(format!("index {at} is past the end")) }
        }
        Data::Mapping(_) => parent.remove(&last).ok_or_else(|| format!("`{last}` does not exist")),
        Data::Scalar { .. } => Err(format!("what should hold `{last}` is a scalar")),
    }
}
