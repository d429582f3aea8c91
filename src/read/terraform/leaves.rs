//! The body of a resource instance, evaluated and flattened: one leaf for each plain value, with its path and place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::functions;
use super::syntax::{Body, Expr};
use super::value::{Kind, Shape, Value};
use super::world::{Scope, World};
use crate::source::SourceFile;

/// Leaves of one resource; more are dropped.
const MAX_LEAVES: usize = 4_000;

/// One plain value of a resource.
#[derive(Clone, Debug)]
pub(super) struct Leaf<'a> {
    /// `origin.domain_name`, `environment.variables.DB_HOST`: without indexes.
    pub(super) path: String,
    /// The number of the top-level block it stands in.
    pub(super) block: Option<u32>,
    pub(super) value: Value,
    /// The attribute's expression and place.
    pub(super) expr: &'a Expr,
    pub(super) at: u32,
}

/// The evaluated body of a resource or module call.
#[derive(Debug)]
pub(super) struct Leaves<'a> {
    pub(super) file: &'a SourceFile,
    pub(super) leaves: Vec<Leaf<'a>>,
    /// Everything as one map.
    pub(super) value: Value,
}

impl<'a> Leaves<'a> {
    /// Evaluates a body.
    pub(super) fn new(world: &World<'_>, file: &'a SourceFile, body: &'a Body, scope: Scope<'_>) -> Self {
        let mut out = Leaves { file, leaves: Vec::new(), value: Value::NULL };
        let mut blocks = 0;
        out.value = out.body(world, body, scope, At { path: "", block: None, depth: 0 }, &mut blocks);
        out
    }

    fn body(
        &mut self,
        world: &World<'_>,
        body: &'a Body,
        scope: Scope<'_>,
        at: At<'_>,
        blocks: &mut u32,
    ) -> Value {
        let At { path, block, depth } = at;
        let mut map: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        for attribute in &body.attributes {
            if path.is_empty()
                && matches!(
                    &*attribute.name,
                    "count" | "for_each" | "provider" | "providers" | "source" | "version"
                )
            {
                continue;
            }
            let value = world.eval(&attribute.value, scope);
            let place = Place { expr: &attribute.value, at: attribute.at, block };
            self.explode(&value, join(path, &attribute.name), &place, 0);
            map.insert(Arc::clone(&attribute.name), value);
        }
        let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for child in &body.blocks {
            if path.is_empty() && matches!(&*child.kind, "lifecycle" | "provisioner" | "connection")
                || depth > 12
            {
                continue;
            }
            world.each_block(child, scope, &mut |name, inner, inner_scope| {
                let number = block.unwrap_or_else(|| {
                    *blocks += 1;
                    *blocks
                });
                let value = self.body(
                    world,
                    inner,
                    inner_scope,
                    At { path: &join(path, name), block: Some(number), depth: depth + 1 },
                    blocks,
                );
                lists.entry(name.to_owned()).or_default().push(value);
            });
        }
        for (name, items) in lists {
            map.entry(name.into()).or_insert_with(|| Value::list(items));
        }
        Value::map(map)
    }

    fn explode(&mut self, value: &Value, path: String, place: &Place<'a>, depth: u32) {
        if self.leaves.len() >= MAX_LEAVES || depth > 12 {
            return;
        }
        match &value.kind {
            Kind::List(items) | Kind::Set(items) if !items.is_empty() => {
                items.iter().for_each(|item| self.explode(item, path.clone(), place, depth + 1));
            }
            Kind::Map(map) => self.explode_map(map, &path, place, depth),
            Kind::String(text) if looks_like_json(text) => {
                let decoded = functions::call("jsondecode", std::slice::from_ref(value));
                match decoded.is_unknown() {
                    true => self.push(path, value, place),
                    false => self.explode(&decoded, path, place, depth + 1),
                }
            }
            Kind::Unknown(unknown) => match &unknown.shape {
                Shape::Json(inner) => self.explode(inner, path, place, depth + 1),
                Shape::Part(_) | Shape::Either(_) => {
                    if let Some(inner) = unknown.shape.known() {
                        self.explode(inner, path.clone(), place, depth + 1);
                    }
                    self.push(path, value, place);
                }
                Shape::Text(pieces)
                    if pieces.first().and_then(Value::text).is_some_and(|text| looks_like_json(&text)) =>
                {
                    let decoded = functions::call("jsondecode", std::slice::from_ref(value));
                    match decoded.is_unknown() {
                        true => self.push(path, value, place),
                        false => self.explode(&decoded, path, place, depth + 1),
                    }
                }
                _ => self.push(path, value, place),
            },
            _ => self.push(path, value, place),
        }
        // References of a collection as a whole belong to none of its elements.
        if value.refs.is_some() && matches!(value.kind, Kind::List(_) | Kind::Set(_) | Kind::Map(_)) {
            let rest = Value::unknown("").with_refs(&value.refs);
            self.push(String::new(), &rest, place);
        }
    }

    fn explode_map(&mut self, map: &BTreeMap<Arc<str>, Value>, path: &str, place: &Place<'a>, depth: u32) {
        // `{ name = "DB_HOST", value = x }` is an entry called DB_HOST.
        let name = map.get("name").or_else(|| map.get("Name")).and_then(Value::text);
        let entry = map.get("value").or_else(|| map.get("Value")).or_else(|| map.get("valueFrom"));
        if let (Some(name), Some(entry)) = (name, entry)
            && map.len() <= 3
        {
            self.explode(entry, join(path, &name), place, depth + 1);
            return;
        }
        for (key, item) in map {
            self.explode(item, join(path, key), place, depth + 1);
        }
    }

    fn push(&mut self, path: String, value: &Value, place: &Place<'a>) {
        self.leaves.push(Leaf {
            path,
            block: place.block,
            value: value.clone(),
            expr: place.expr,
            at: place.at,
        });
    }

    /// The value at a dotted path; blocks and lists that occur once count as objects.
    pub(super) fn get(&self, path: &str) -> Option<Value> {
        let mut current = self.value.clone();
        for step in path.split('.') {
            let next = match &current.kind {
                Kind::Map(map) => map.get(step).cloned(),
                Kind::List(items) | Kind::Set(items) => match items.as_slice() {
                    [only] => only.entries().and_then(|map| map.get(step).cloned()),
                    _ => None,
                },
                Kind::Unknown(_) => Some(current.clone()),
                _ => None,
            };
            current = next?;
        }
        Some(current)
    }

    /// The text at a path.
    pub(super) fn text(&self, path: &str) -> Option<Arc<str>> {
        self.get(path)?.text()
    }

    /// The leaves at a path.
    pub(super) fn at<'s>(&'s self, path: &'s str) -> impl Iterator<Item = &'s Leaf<'a>> {
        self.leaves.iter().filter(move |leaf| leaf.path == path)
    }
}

/// Where a body stands in its resource.
struct At<'p> {
    path: &'p str,
    block: Option<u32>,
    depth: u32,
}

struct Place<'a> {
    expr: &'a Expr,
    at: u32,
    block: Option<u32>,
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn looks_like_json(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('{') || text.starts_with('[')
}
