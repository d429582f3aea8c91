//! What another product runs in its own places: a function that a distribution calls is replicated to wherever the
//! distribution serves, and does not go down with the region it is declared in.

use std::collections::BTreeMap;

use super::placement::{Place, provider_node};
use crate::catalog::{Catalog, RunBy};
use crate::model::{Edge, Estate, Evidence, Id, Node, Phase, Tolerance};

/// Places what the catalog says is run by another product with that product.
pub(super) fn place_with_runners(estate: &mut Estate, catalog: &Catalog) {
    for fact in catalog.run_by() {
        let mut users: BTreeMap<Id, (usize, usize)> = BTreeMap::new();
        for edge in estate.edges.iter().filter(|edge| edge.phase == Phase::Runtime) {
            if is_of(estate.nodes.get(&edge.to), fact, &fact.service) {
                let (runners, all) = users.entry(edge.to.clone()).or_default();
                *runners += usize::from(is_of(estate.nodes.get(&edge.from), fact, &fact.by));
                *all += 1;
            }
        }
        for (id, (runners, all)) in users {
            match runners {
                0 => {}
                _ if runners == all => run_everywhere(estate, &id, fact),
                _ => use_replicas(estate, catalog, &id, fact),
            }
        }
    }
}

fn is_of(node: Option<&Node>, fact: &RunBy, service: &str) -> bool {
    node.is_some_and(|node| {
        let place = &node.placement;
        place.provider.as_deref() == Some(&*fact.provider) && place.service.as_deref() == Some(service)
    })
}

fn run_everywhere(estate: &mut Estate, id: &Id, fact: &RunBy) {
    let Some(node) = estate.nodes.get_mut(id) else { return };
    node.placement.service = Some(fact.becomes.to_string());
    node.placement.region = None;
    node.placement.region_unknown = None;
    node.placement.zones.clear();
    node.placement.global = true;
    node.tolerance = Tolerance::Region;
    node.tolerance_because = Some(format!("{} runs it wherever it serves", fact.by));
    node.add_evidence(Evidence::catalog("run-by", 0, &fact.source));
}

/// It is called in its own region too: the runner needs its replicas, not it.
fn use_replicas(estate: &mut Estate, catalog: &Catalog, id: &Id, fact: &RunBy) {
    let evidence = [Evidence::catalog("run-by", 0, &fact.source)];
    let place = Place {
        provider: fact.provider.to_string(),
        service: Some(fact.becomes.to_string()),
        region: None,
        global: true,
        category: None,
        on: None,
    };
    let replicas = provider_node(estate, catalog, &place, &evidence);
    let nodes = &estate.nodes;
    let from_runner = |edge: &&mut Edge| {
        edge.to == *id && edge.phase == Phase::Runtime && is_of(nodes.get(&edge.from), fact, &fact.by)
    };
    for edge in estate.edges.iter_mut().filter(from_runner) {
        edge.to = replicas.clone();
    }
}
