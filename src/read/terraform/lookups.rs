//! What one configuration makes and another looks up by its name is one thing.

use std::collections::BTreeMap;

use super::config::Mode;
use super::graph::Graph;
use super::nodes::{is_node, own_name};
use crate::model::{Id, Node, Target, Unit};

/// What a resource is known by: its type and the name that it was given.
type Name = (String, String);

/// What a root makes, and what it looks up.
#[derive(Default)]
pub(super) struct Lookups {
    made: Vec<(Name, Id)>,
    asked: Vec<(Name, Id)>,
}

impl Lookups {
    /// Those of a root, of components with names that are known.
    pub(super) fn of(graph: &Graph<'_>) -> Self {
        let mut out = Lookups::default();
        for (index, item) in graph.items.iter().enumerate().filter(|(_, item)| !item.foreign) {
            let Some(name) = own_name(item).filter(|_| is_node(graph, index)) else { continue };
            let entry = ((item.type_name.clone(), name.to_string()), item.id.clone());
            match item.mode {
                Mode::Managed => out.made.push(entry),
                Mode::Data => out.asked.push(entry),
            }
        }
        out
    }
}

/// Puts what is made in the place of what is looked up, where one thing alone has the name.
pub(super) fn settle(units: &mut [Unit], lookups: &[Lookups]) {
    let mut made: BTreeMap<&Name, Vec<&Id>> = BTreeMap::new();
    for (name, id) in lookups.iter().flat_map(|lookups| &lookups.made) {
        made.entry(name).or_default().push(id);
    }
    for (number, lookups) in lookups.iter().enumerate() {
        let mut same: BTreeMap<Id, Id> = BTreeMap::new();
        for (name, asked) in &lookups.asked {
            if let Some([only]) = made.get(name).map(Vec::as_slice)
                && may_be_one(units, asked, only)
            {
                same.insert(asked.clone(), (*only).clone());
            }
        }
        if !same.is_empty() {
            rename(&mut units[number], &same);
        }
    }
}

/// Things of one name in two regions are two.
fn may_be_one(units: &[Unit], asked: &Id, made: &Id) -> bool {
    let node = |id: &Id| units.iter().flat_map(|unit| &unit.nodes).find(|node: &&Node| node.id == *id);
    let region = |id: &Id| node(id).and_then(|node| node.placement.region.as_deref());
    match (region(asked), region(made)) {
        (Some(asked), Some(made)) => asked == made,
        _ => true,
    }
}

fn rename(unit: &mut Unit, same: &BTreeMap<Id, Id>) {
    let put = |id: &mut Id| {
        if let Some(made) = same.get(id) {
            *id = made.clone();
        }
    };
    unit.nodes.retain(|node| !same.contains_key(&node.id));
    for edge in &mut unit.edges {
        put(&mut edge.from);
        put(&mut edge.to);
    }
    unit.edges.retain(|edge| edge.from != edge.to);
    for reference in &mut unit.references {
        put(&mut reference.from);
        if let Target::Id(id) = &mut reference.target {
            put(id);
        }
    }
    unit.groups.iter_mut().for_each(|group| put(&mut group.owner));
    unit.names.iter_mut().for_each(|name| put(&mut name.id));
    unit.serves.iter_mut().for_each(|serves| put(&mut serves.id));
}
