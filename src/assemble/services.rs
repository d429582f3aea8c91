//! What the organization would miss: its workloads, and whatever stands on top of the graph.

use std::collections::BTreeSet;

use crate::model::{Attribute, Category, Edge, Estate, Id, Kind, Need, Phase};

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
