//! `replacements`: a field of one object copied into fields of others.

use std::sync::Arc;

use super::build::{Builder, selected};
use super::resource::{Resource, set_path};
use crate::read::yaml::{Data, Node};

/// Carries out the replacements of a kustomization.
pub(super) fn replacements(
    builder: &mut Builder<'_>,
    folder: &str,
    root: &Arc<Node>,
    resources: &mut [Resource],
) {
    for item in root.get("replacements").map(Node::items).unwrap_or_default() {
        let Some(path) = item.get("path") else {
            replace(item, resources);
            continue;
        };
        for document in builder.text_or_file(folder, path).iter() {
            document.items_or_self().into_iter().for_each(|rule| replace(rule, resources));
        }
    }
}

fn replace(rule: &Node, resources: &mut [Resource]) {
    let Some(source) = rule.get("source") else { return };
    let field = source.str_at(&["fieldPath"]).unwrap_or("metadata.name");
    let steps = steps(field);
    let Some(value) =
        resources.iter().filter(|one| selected(source, one)).find_map(|one| find(&one.root, &steps))
    else {
        return;
    };
    let value = part(value, source.get("options"));
    for target in rule.get("targets").map(Node::items).unwrap_or_default() {
        let Some(select) = target.get("select") else { continue };
        let rejected = target.get("reject").map(Node::items).unwrap_or_default();
        let options = target.get("options");
        let create = options.and_then(|options| options.get("create")).and_then(Node::bool) == Some(true);
        for resource in resources.iter_mut() {
            if !selected(select, resource) || rejected.iter().any(|reject| selected(reject, resource)) {
                continue;
            }
            for field in target.get("fieldPaths").map(Node::items).unwrap_or_default() {
                let steps = self::steps(field.str().unwrap_or(""));
                write(&mut resource.root, &steps, &value, options, create);
            }
        }
    }
}

/// The part of a value that options cut out.
fn part(value: &Node, options: Option<&Node>) -> Node {
    let delimiter =
        options.and_then(|options| options.str_at(&["delimiter"])).filter(|text| !text.is_empty());
    let (Some(delimiter), Some(text)) = (delimiter, value.str()) else { return value.clone() };
    let index = options.and_then(|options| options.get("index")).and_then(Node::integer).unwrap_or(0);
    let part = text.split(delimiter).nth(usize::try_from(index).unwrap_or(0)).unwrap_or(text);
    Node::scalar(part, false, &value.location)
}

/// `spec.containers.[name=x].image` in steps; dots inside brackets do not part.
fn steps(path: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut inside = false;
    let mut escaped = false;
    for c in path.chars() {
        let current = out.last_mut().expect("a step is always open");
        match c {
            _ if escaped => {
                current.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '[' => {
                inside = true;
                current.push(c);
            }
            ']' => {
                inside = false;
                current.push(c);
            }
            '.' if !inside => out.push(String::new()),
            _ => current.push(c),
        }
    }
    out.retain(|step| !step.is_empty());
    out
}

fn fits(step: &str, item: &Node, at: usize) -> bool {
    if let Some((key, value)) =
        step.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')?.split_once('='))
    {
        return item.str_at(&[key]) == Some(value);
    }
    step == "*" || step.parse() == Ok(at)
}

fn find<'n>(node: &'n Node, steps: &[String]) -> Option<&'n Node> {
    let Some((step, rest)) = steps.split_first() else { return Some(node) };
    match &node.data {
        Data::Mapping(_) => find(node.get(step)?, rest),
        Data::Sequence(items) => {
            let (_, item) = items.iter().enumerate().find(|(at, item)| fits(step, item, *at))?;
            find(item, rest)
        }
        Data::Scalar { .. } => None,
    }
}

fn write(node: &mut Node, steps: &[String], value: &Node, options: Option<&Node>, create: bool) {
    let Some((step, rest)) = steps.split_first() else {
        *node = placed(node, value, options);
        return;
    };
    if let Data::Sequence(items) = &mut node.data {
        for (at, item) in items.iter_mut().enumerate() {
            if fits(step, item, at) {
                write(Arc::make_mut(item), rest, value, options, create);
            }
        }
        return;
    }
    if node.get(step).is_none() && create {
        let path: Vec<&str> = steps.iter().map(String::as_str).collect();
        set_path(node, &path, value.clone(), true);
    } else if let Some(inner) = super::patch::child_mut(node, step) {
        write(inner, rest, value, options, create);
    }
}

/// The new value of a field, of which options may replace only a part.
fn placed(own: &Node, value: &Node, options: Option<&Node>) -> Node {
    let delimiter =
        options.and_then(|options| options.str_at(&["delimiter"])).filter(|text| !text.is_empty());
    let (Some(delimiter), Some(text), Some(new)) = (delimiter, own.str(), value.str()) else {
        return value.clone();
    };
    let index = options.and_then(|options| options.get("index")).and_then(Node::integer).unwrap_or(0);
    let mut parts: Vec<&str> = text.split(delimiter).collect();
    match usize::try_from(index) {
        Ok(at) if at < parts.len() => parts[at] = new,
        Ok(_) => parts.push(new),
        Err(_) => parts.insert(0, new),
    }
    Node::scalar(&parts.join(delimiter), false, &value.location)
}
