//! Resources that another reader worked out (a plan, a state, a CloudFormation template), understood by the same
//! rules as configurations: they are written down as a configuration of constants and references, read as one,
//! and get their own names back.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::config::Module;
use super::graph;
use super::syntax::{Attribute, Block, Body, Expr, ExprKind, ParsedFile, Part};
use super::world::{Inputs, World};
use crate::catalog::Catalog;
use crate::model::{Id, Target, Unit};
use crate::read::ReadContext;
use crate::source::{Problems, SourceFile, Tree};

/// A resource as it was given.
pub(crate) struct Given {
    /// Its id in the graph.
    pub(crate) id: Id,
    /// Its address for people, and the end of it.
    pub(crate) address: String,
    pub(crate) name: String,
    /// The type by whose rules it is understood, and the type it has.
    pub(crate) type_name: String,
    pub(crate) shown_type: String,
    /// Only looked up, not made.
    pub(crate) is_data: bool,
    /// The file it stands in, and the offset there.
    pub(crate) file: usize,
    pub(crate) at: u32,
    pub(crate) attributes: Vec<GivenAttribute>,
}

/// One attribute of a resource.
pub(crate) struct GivenAttribute {
    pub(crate) name: String,
    pub(crate) at: u32,
    pub(crate) value: GivenValue,
}

/// The value of an attribute.
#[derive(Clone, Debug)]
pub(crate) enum GivenValue {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<GivenValue>),
    Map(Vec<(String, GivenValue)>),
    /// An attribute of another given resource, by its index.
    Resource {
        index: usize,
        attribute: String,
    },
    /// A text with parts that are not known.
    Template(Vec<GivenValue>),
    Unknown(&'static str),
}

/// Names of given resources stand between these, where no name of people can.
const MARKS: [char; 2] = ['\u{1}', '\u{2}'];

/// Reads given resources into a unit.
pub(crate) fn read(
    resources: &[Given],
    files: &[&SourceFile],
    catalog: &Catalog,
    tree: &Tree,
    unit: &mut Unit,
    problems: &mut Problems,
) {
    let mut by_file: BTreeMap<usize, Vec<Block>> = BTreeMap::new();
    for (index, given) in resources.iter().enumerate() {
        by_file.entry(given.file).or_default().push(block(index, given, resources));
    }
    let parsed: Vec<ParsedFile> = by_file
        .into_iter()
        .filter_map(|(number, blocks)| {
            let source = SourceFile::clone(files.get(number)?);
            Some(ParsedFile { source, body: Body { attributes: Vec::new(), blocks } })
        })
        .collect();
    let module = Module::new("", &parsed);
    let (modules, inputs) = (BTreeMap::new(), Inputs::new());
    let world = World::new(tree, &modules, &module, inputs);
    let mut read = Unit::default();
    let mut found = Problems::new();
    let cx = ReadContext { tree, catalog, environment: None };
    let told = graph::read(&world, &cx, "", &mut read, &mut found);
    super::lookups::settle(std::slice::from_mut(&mut read), &[told.lookups]);
    super::doors::settle(std::slice::from_mut(&mut read), &told.doors);
    for problem in found.iter() {
        let message = restore(&problem.message, resources);
        match problem.severity {
            crate::source::Severity::Error => problems.error(problem.location.clone(), message),
            crate::source::Severity::Warning => problems.warning(problem.location.clone(), message),
            crate::source::Severity::Note => problems.note(problem.location.clone(), message),
        }
    }
    rename(&mut read, resources);
    unit.nodes.append(&mut read.nodes);
    unit.edges.append(&mut read.edges);
    unit.groups.append(&mut read.groups);
    unit.names.append(&mut read.names);
    unit.serves.append(&mut read.serves);
    unit.references.append(&mut read.references);
}

fn block(index: usize, given: &Given, all: &[Given]) -> Block {
    let mut body = Body::default();
    for attribute in &given.attributes {
        match &attribute.value {
            // A list of maps is what a configuration writes as blocks.
            GivenValue::List(items) if is_blocks(items) => {
                body.blocks
                    .extend(items.iter().map(|item| nested(&attribute.name, attribute.at, item, all, 0)));
            }
            value => body.attributes.push(Attribute {
                name: attribute.name.as_str().into(),
                at: attribute.at,
                value: expr(value, attribute.at, all, 0),
            }),
        }
    }
    let kind = if given.is_data { "data" } else { "resource" };
    Block {
        kind: kind.into(),
        labels: vec![given.type_name.as_str().into(), label(index)],
        at: given.at,
        body,
    }
}

fn is_blocks(items: &[GivenValue]) -> bool {
    !items.is_empty() && items.iter().all(|item| matches!(item, GivenValue::Map(_)))
}

fn nested(name: &str, at: u32, value: &GivenValue, all: &[Given], depth: u32) -> Block {
    let mut body = Body::default();
    if let GivenValue::Map(entries) = value {
        for (key, value) in entries {
            match value {
                GivenValue::List(items) if is_blocks(items) && depth < 10 => {
                    body.blocks.extend(items.iter().map(|item| nested(key, at, item, all, depth + 1)));
                }
                value => body.attributes.push(Attribute {
                    name: key.as_str().into(),
                    at,
                    value: expr(value, at, all, depth),
                }),
            }
        }
    }
    Block { kind: name.into(), labels: Vec::new(), at, body }
}

fn label(index: usize) -> Arc<str> {
    format!("{}{index}{}", MARKS[0], MARKS[1]).into()
}

fn expr(value: &GivenValue, at: u32, all: &[Given], depth: u32) -> Expr {
    let kind = match value {
        _ if depth > 40 => ExprKind::Bad("a value that is nested too deeply"),
        GivenValue::Null => ExprKind::Null,
        GivenValue::Bool(value) => ExprKind::Bool(*value),
        GivenValue::Number(value) => ExprKind::Number(*value),
        GivenValue::Text(text) => ExprKind::String(text.as_str().into()),
        GivenValue::List(items) => {
            ExprKind::List(items.iter().map(|item| expr(item, at, all, depth + 1)).collect())
        }
        GivenValue::Map(entries) => ExprKind::Object(
            entries
                .iter()
                .map(|(key, value)| {
                    let key = Expr::new(ExprKind::String(key.as_str().into()), (at, at));
                    (key, expr(value, at, all, depth + 1))
                })
                .collect(),
        ),
        GivenValue::Resource { index, attribute } => return resource(*index, attribute, at, all),
        GivenValue::Template(parts) => ExprKind::Template(
            parts
                .iter()
                .map(|part| match part {
                    GivenValue::Text(text) => Part::Literal(text.as_str().into()),
                    part => Part::Value(expr(part, at, all, depth + 1)),
                })
                .collect(),
        ),
        GivenValue::Unknown(reason) => ExprKind::Bad(reason),
    };
    Expr::new(kind, (at, at))
}

fn resource(index: usize, attribute: &str, at: u32, all: &[Given]) -> Expr {
    let Some(given) = all.get(index) else { return Expr::new(ExprKind::Null, (at, at)) };
    let get = |source: Expr, name: &str| Expr::new(ExprKind::Get(Box::new(source), name.into()), (at, at));
    let variable = |name: &str| Expr::new(ExprKind::Variable(name.into()), (at, at));
    let root = match given.is_data {
        true => get(variable("data"), &given.type_name),
        false => variable(&given.type_name),
    };
    get(get(root, &label(index)), if attribute.is_empty() { "id" } else { attribute })
}

fn rename(unit: &mut Unit, resources: &[Given]) {
    let id = |id: &mut Id| {
        if id.as_str().contains(MARKS[0]) {
            *id = restore_id(id.as_str(), resources);
        }
    };
    for node in &mut unit.nodes {
        let index = mark_in(node.id.as_str());
        id(&mut node.id);
        node.parent.iter_mut().for_each(id);
        node.name = restore(&node.name, resources);
        let Some(given) = index.and_then(|index| resources.get(index)) else { continue };
        if node.type_name.as_deref() == Some(given.type_name.as_str()) {
            node.type_name = Some(given.shown_type.clone());
        }
        for text in
            [&mut node.tolerance_because, &mut node.replication.unknown, &mut node.placement.region_unknown]
        {
            *text = text
                .as_ref()
                .map(|text| restore(text, resources).replace(&given.type_name, &given.shown_type));
        }
    }
    for edge in &mut unit.edges {
        id(&mut edge.from);
        id(&mut edge.to);
        edge.group.iter_mut().for_each(id);
    }
    for group in &mut unit.groups {
        id(&mut group.id);
        id(&mut group.owner);
    }
    unit.names.iter_mut().for_each(|name| id(&mut name.id));
    unit.serves.iter_mut().for_each(|serves| id(&mut serves.id));
    for reference in &mut unit.references {
        id(&mut reference.from);
        reference.group.iter_mut().for_each(id);
        match &mut reference.target {
            Target::Id(target) => id(target),
            Target::Unresolved { text, because } => {
                *text = restore(text, resources);
                *because = restore(because, resources);
            }
            _ => {}
        }
    }
}

fn mark_in(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once(MARKS[0])?;
    rest.split(MARKS[1]).next()?.parse().ok()
}

/// `tf:TYPE.<n>` and what follows it get the id of the resource back.
fn restore_id(text: &str, resources: &[Given]) -> Id {
    let own = mark_in(text).and_then(|index| Some((index, resources.get(index)?)));
    if let Some((index, given)) = own {
        let data = if given.is_data { "data." } else { "" };
        let written = format!("tf:{data}{}.{}", given.type_name, label(index));
        if let Some(rest) = text.strip_prefix(&written) {
            return Id::new(format!("{}{}", given.id, restore(rest, resources)));
        }
    }
    Id::new(restore(text, resources))
}

/// Addresses and names in a text.
fn restore(text: &str, resources: &[Given]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once(MARKS[0]) {
        out.push_str(before);
        let (number, after) = tail.split_once(MARKS[1]).unwrap_or((tail, ""));
        if let Some(given) = number.parse().ok().and_then(|index: usize| resources.get(index)) {
            let data = if given.is_data { "data." } else { "" };
            let written = format!("{data}{}.", given.type_name);
            if out.ends_with(&written) {
                out.truncate(out.len() - written.len());
                out.push_str(&given.address);
            } else {
                out.push_str(&given.name);
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}
