//! What the organization would miss: its workloads, and whatever stands on top of the graph.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Attribute, Category, Edge, Estate, Id, Kind, Need, Phase};

/// How the ids of what is declared piece by piece begin.
const DECLARED: &[&str] = &["tf", "cfn", "arm", "bicep", "pulumi"];

/// Machines that are reached as one of several of their kind alone are instances of what stands before them,
/// which is missed in their place.
pub(super) fn count_instances_once(estate: &mut Estate) {
    let mut members: BTreeMap<&Id, BTreeSet<&Id>> = BTreeMap::new();
    for edge in &estate.edges {
        if let Some(group) = &edge.group {
            members.entry(group).or_default().insert(&edge.to);
        }
    }
    let is_machine = |id: &Id| {
        let node = estate.node(id).filter(|node| node.kind == Kind::Service);
        node.filter(|node| node.category == Some(Category::Compute) && DECLARED.contains(&id.scheme()))
    };
    let is_spared = |group: &Id, members: &BTreeSet<&Id>| {
        let least = estate.groups.get(group).map_or(1, |group| group.k);
        let machines: Option<Vec<_>> = members.iter().map(|id| is_machine(id)).collect();
        let are_alike =
            machines.is_some_and(|all| all.windows(2).all(|two| two[0].type_name == two[1].type_name));
        are_alike && (least as usize) < members.len()
    };
    let spared: BTreeSet<&Id> = members
        .iter()
        .filter(|(group, members)| is_spared(group, members))
        .map(|(group, _)| *group)
        .collect();
    let mut instances: BTreeSet<Id> =
        spared.iter().filter_map(|group| members.get(group)).flatten().map(|id| (*id).clone()).collect();
    for edge in estate.edges.iter().filter(|edge| edge.phase == Phase::Runtime) {
        if edge.group.as_ref().is_none_or(|group| !spared.contains(group)) {
            instances.remove(&edge.to);
        }
    }
    for id in instances {
        if let Some(node) = estate.nodes.get_mut(&id) {
            node.is_service = false;
        }
    }
}

/// Counts as a service what nothing else uses and what is worth having for itself: a data store that some
/// other organization's program uses, a published name.
pub(super) fn promote(estate: &mut Estate) {
    let used = |counts: fn(&Edge) -> bool| -> BTreeSet<Id> {
        let own = estate.edges.iter().filter(|edge| edge.phase == Phase::Runtime && counts(edge));
        own.map(|edge| edge.to.clone()).collect()
    };
    let (needed, used) = (used(|edge| edge.need == Need::Required), used(|_| true));
    let answering: BTreeSet<Id> = estate
        .edges
        .iter()
        .filter(|edge| edge.phase == Phase::Runtime && !matches!(edge.to.scheme(), "zone" | "provider"))
        .filter(|edge| !issues_certificates(estate, &edge.to))
        .map(|edge| edge.from.clone())
        .collect();
    for node in estate.nodes.values_mut() {
        let worth = match node.kind {
            Kind::Component => !used.contains(&node.id) && node.category.is_some_and(stands_for_itself),
            // A published name is there for people, even if a program can speak to it.
            Kind::Domain => !needed.contains(&node.id) && answering.contains(&node.id),
            _ => false,
        };
        let auxiliary = [Attribute::Auxiliary, Attribute::Batch, Attribute::Replica]
            .iter()
            .any(|attribute| node.attributes.bool(*attribute) == Some(true));
        if worth && !auxiliary && !node.is_service {
            node.is_service = true;
        }
    }
}

/// Whether a node belongs to a certificate authority. A name that leads there only proves whose it is.
fn issues_certificates(estate: &Estate, id: &Id) -> bool {
    estate.node(id).and_then(|node| node.category) == Some(Category::Certificates)
}

fn stands_for_itself(category: Category) -> bool {
    use Category::{Cache, Cdn, Compute, Database, LoadBalancer, Mail, Queue, Search};
    matches!(category, Database | Cache | Queue | Search | Cdn | Compute | LoadBalancer | Mail)
}
