//! Front doors: a load balancer or gateway before several different things needs none of them by itself, and
//! each of them needs it. Who stands behind a door may be written in other roots than the door.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Graph;
use crate::catalog::Role;
use crate::model::{Category, Edge, Id, Kind, Need, Phase, Target, Unit};

/// The ids of the doors that a root makes or speaks of.
pub(super) fn of(graph: &Graph<'_>) -> BTreeSet<Id> {
    let is_door =
        |category: Option<Category>| matches!(category, Some(Category::LoadBalancer | Category::Network));
    graph
        .items
        .iter()
        .filter(|item| item.role == Role::Shared && is_door(super::nodes::category(item)))
        .map(|item| item.id.clone())
        .collect()
}

/// A door that more roots speak of than one with what stands behind it and one with its names serves others too,
/// also where it cannot be read what they are.
const OWN_AND_NAMES: usize = 2;

/// The roots, by number, that lead to each door or from it.
fn users(units: &[Unit], doors: &BTreeSet<Id>) -> BTreeMap<Id, BTreeSet<usize>> {
    let mut users: BTreeMap<Id, BTreeSet<usize>> = BTreeMap::new();
    for (number, unit) in units.iter().enumerate() {
        let edges = unit.edges.iter().flat_map(|edge| [&edge.from, &edge.to]);
        let references = unit.references.iter().filter_map(|reference| match &reference.target {
            Target::Id(id) => Some(id),
            _ => None,
        });
        for door in edges.chain(references).filter(|id| doors.contains(*id)) {
            users.entry(door.clone()).or_default().insert(number);
        }
    }
    users
}

/// Settles, over all roots, what each door needs.
pub(super) fn settle(units: &mut [Unit], doors: &BTreeSet<Id>) {
    let workloads: BTreeSet<Id> = units
        .iter()
        .flat_map(|unit| &unit.nodes)
        .filter(|node| node.kind == Kind::Service)
        .map(|node| node.id.clone())
        .collect();
    let is_behind = |edge: &Edge| {
        edge.phase == Phase::Runtime && doors.contains(&edge.from) && workloads.contains(&edge.to)
    };
    let mut parts: BTreeMap<Id, BTreeSet<Id>> = BTreeMap::new();
    for edge in units.iter().flat_map(|unit| &unit.edges).filter(|edge| is_behind(edge)) {
        let part = edge.group.clone().unwrap_or_else(|| edge.to.clone());
        parts.entry(edge.from.clone()).or_default().insert(part);
    }
    let users = users(units, doors);
    parts.retain(|door, parts| {
        parts.len() > 1 || users.get(door).is_some_and(|users| users.len() > OWN_AND_NAMES)
    });
    for unit in units {
        let mut back = Vec::new();
        for edge in unit.edges.iter_mut().filter(|edge| is_behind(edge) && parts.contains_key(&edge.from)) {
            edge.need = Need::Optional;
            let turned = Edge { from: edge.to.clone(), to: edge.from.clone(), group: None, ..edge.clone() };
            back.push(Edge { need: Need::Required, ..turned });
        }
        unit.edges.extend(back);
    }
}
