//! Front doors: a load balancer or gateway before several different things needs none of them by itself, and
//! each of them needs it. Who stands behind a door may be written in other roots than the door.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Graph;
use crate::catalog::Role;
use crate::model::{Category, Edge, Id, Kind, Need, Phase, Unit};

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
    parts.retain(|_, parts| parts.len() > 1);
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
