//! Autoscalers: how many instances of a component they keep running at the least.

use super::graph::{Graph, Item};
use super::knowledge::links;
use super::value::Value;

/// The fewest instances that an autoscaler leaves.
pub(super) struct Floor<'g, 'a> {
    /// The autoscaler.
    pub(super) scaler: &'g Item<'a>,
    /// Its attribute that says how many.
    pub(super) attribute: &'static str,
    /// How many.
    pub(super) fewest: Value,
}

impl Floor<'_, '_> {
    /// What says so, in words.
    pub(super) fn because(&self) -> String {
        let name = self.attribute.rsplit('.').next().unwrap_or(self.attribute);
        match self.fewest.text() {
            Some(number) => format!("`{name}` of `{}` is {number}", self.scaler.address),
            None => format!("`{name}` of `{}`", self.scaler.address),
        }
    }
}

/// The autoscaler of an item that has a number of instances, if one says how few there may be. What is declared of the
/// item itself is then only where it starts.
pub(super) fn floor<'g, 'a>(graph: &'g Graph<'a>, index: usize) -> Option<Floor<'g, 'a>> {
    graph.items[index].kind.filter(|kind| !kind.replicas.is_empty())?;
    graph.referrers[index].iter().find_map(|referrer| {
        let scaler = &graph.items[*referrer];
        let (target, attribute) = links().scaling(&scaler.type_name)?;
        if !refers(graph, scaler, target, index) {
            return None;
        }
        let fewest = scaler.leaves.get(attribute).filter(|value| !value.is_null())?;
        Some(Floor { scaler, attribute, fewest })
    })
}

fn refers(graph: &Graph<'_>, scaler: &Item<'_>, attribute: &str, index: usize) -> bool {
    let mut found = false;
    for leaf in scaler.leaves.at(attribute) {
        leaf.value.each_ref(&mut 50, &mut |reference| {
            found |= graph.index(&reference.instance) == Some(index);
        });
    }
    found
}
