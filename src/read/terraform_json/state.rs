//! Raw states.

use std::collections::BTreeMap;

use super::{Found, is_meta, value_of};
use crate::read::terraform::given::GivenValue;
use crate::read::yaml::Node;

/// Version 4 (Terraform 0.12 and later).
pub(super) fn read_current(root: &Node) -> Vec<Found> {
    let mut out = Vec::new();
    for resource in root.get("resources").map(Node::items).unwrap_or_default() {
        let (Some(type_name), Some(name)) = (resource.str_at(&["type"]), resource.str_at(&["name"])) else {
            continue;
        };
        let is_data = resource.str_at(&["mode"]) == Some("data");
        let module = resource.str_at(&["module"]).map_or(String::new(), |module| format!("{module}."));
        let base = format!("{module}{}{type_name}.{name}", if is_data { "data." } else { "" });
        for instance in resource.get("instances").map(Node::items).unwrap_or_default() {
            let key = instance.get("index_key").filter(|key| !key.is_null());
            let suffix = key.map_or(String::new(), key_of);
            let mut found = Found {
                address: format!("{base}{suffix}"),
                type_name: type_name.to_owned(),
                name: format!("{name}{}", suffix.replace('"', "")),
                is_data,
                at: instance
                    .get("attributes")
                    .or(resource.get("type"))
                    .map_or(resource.span.0, |node| node.span.0),
                ..Found::default()
            };
            match instance.get("attributes_flat") {
                Some(flat) => found.attributes = unflatten(flat),
                None => found.attributes = attributes(instance.get("attributes")),
            }
            let before = instance.get("dependencies").or(instance.get("depends_on"));
            found.depends_on = addresses(before, "");
            out.push(found);
        }
    }
    out
}

/// Version 3 (Terraform 0.9 to 0.11).
pub(super) fn read_old(root: &Node) -> Vec<Found> {
    let mut out = Vec::new();
    for module in root.get("modules").map(Node::items).unwrap_or_default() {
        let path = module.get("path").map(Node::items).unwrap_or_default();
        let prefix: String =
            path.iter().skip(1).filter_map(|part| part.str()).map(|part| format!("module.{part}.")).collect();
        for (key, resource) in module.get("resources").map(Node::entries).unwrap_or_default() {
            let (is_data, rest) = match key.text.strip_prefix("data.") {
                Some(rest) => (true, rest),
                None => (false, &*key.text),
            };
            let mut parts = rest.split('.');
            let (Some(type_name), Some(name)) = (parts.next(), parts.next()) else { continue };
            let index = parts.next().map_or(String::new(), |index| format!("[{index}]"));
            let data = if is_data { "data." } else { "" };
            out.push(Found {
                address: format!("{prefix}{data}{type_name}.{name}{index}"),
                type_name: type_name.to_owned(),
                name: format!("{name}{index}"),
                is_data,
                at: resource.get("type").map_or(resource.span.0, |node| node.span.0),
                attributes: resource.at(&["primary", "attributes"]).map(unflatten).unwrap_or_default(),
                depends_on: addresses(resource.get("depends_on"), &prefix),
                ..Found::default()
            });
        }
    }
    out
}

pub(super) fn attributes(node: Option<&Node>) -> Vec<(String, u32, GivenValue)> {
    let entries = node.map(Node::entries).unwrap_or_default().into_iter();
    entries
        // An empty text is how providers write that nothing was said.
        .filter(|(key, value)| !is_meta(&key.text) && !value.is_null() && value.str() != Some(""))
        .map(|(key, value)| (key.text.to_string(), value.span.0, value_of(value)))
        .collect()
}

/// `[0]` or `["a"]`.
pub(super) fn key_of(key: &Node) -> String {
    match &key.data {
        crate::read::yaml::Data::Scalar { text, plain: true } => format!("[{text}]"),
        _ => format!("[\"{}\"]", key.str().unwrap_or("")),
    }
}

/// Addresses of a list, those of old states within their module and possibly with an index after a dot.
fn addresses(list: Option<&Node>, prefix: &str) -> Vec<(String, u32)> {
    let items = list.map(Node::items).unwrap_or_default().iter();
    items
        .filter_map(|item| {
            let text = item.str()?;
            let text = text.strip_suffix(".*").unwrap_or(text);
            Some((format!("{prefix}{text}"), item.span.0))
        })
        .collect()
}

enum Part {
    Leaf(String, u32),
    Node(BTreeMap<String, Part>),
}

/// `origin.1.domain_name` and the like as maps and lists.
fn unflatten(flat: &Node) -> Vec<(String, u32, GivenValue)> {
    let mut root: BTreeMap<String, Part> = BTreeMap::new();
    for (key, value) in flat.entries() {
        let steps: Vec<&str> = key.text.split('.').collect();
        let Some((last, above)) = steps.split_last() else { continue };
        if matches!(*last, "#" | "%") || above.len() > 20 || value.str() == Some("") {
            continue;
        }
        insert(&mut root, above, last, Part::Leaf(value.str().unwrap_or("").to_owned(), value.span.0));
    }
    let kept = root.into_iter().filter(|(name, _)| !is_meta(name));
    kept.map(|(name, part)| (name, first_offset(&part), part_value(part))).collect()
}

fn insert(into: &mut BTreeMap<String, Part>, above: &[&str], last: &str, part: Part) {
    match above.split_first() {
        None => drop(into.insert(last.to_owned(), part)),
        Some((step, rest)) => {
            let below = into.entry((*step).to_owned()).or_insert_with(|| Part::Node(BTreeMap::new()));
            if let Part::Node(below) = below {
                insert(below, rest, last, part);
            }
        }
    }
}

fn first_offset(part: &Part) -> u32 {
    match part {
        Part::Leaf(_, at) => *at,
        Part::Node(below) => below.values().map(first_offset).min().unwrap_or(0),
    }
}

fn part_value(part: Part) -> GivenValue {
    match part {
        Part::Leaf(text, _) => GivenValue::Text(text),
        Part::Node(below) if below.keys().all(|key| key.bytes().all(|byte| byte.is_ascii_digit())) => {
            GivenValue::List(below.into_values().map(part_value).collect())
        }
        Part::Node(below) => {
            GivenValue::Map(below.into_iter().map(|(key, part)| (key, part_value(part))).collect())
        }
    }
}
