//! Fronts that many share: a record leads to a host of a content network or platform, and what answers behind it is
//! told by the name that was asked for.

use std::collections::BTreeMap;

use super::merge::Merged;
use crate::catalog::Catalog;
use crate::model::{Edge, Estate, Id, Kind, Name, Phase, Reach, Serves};

/// A host without a record of its own is known by who answers for it.
pub(super) fn name_what_has_no_record(merged: &mut Merged) {
    let Merged { estate, names, serves, folders, .. } = merged;
    for (unit, Serves { host, id, .. }) in serves.iter() {
        if !estate.nodes.contains_key(&Id::domain(host)) {
            let name = Name { name: host.clone(), id: id.clone(), reach: Reach::Everywhere };
            names.add(*unit, &folders[*unit], name);
        }
    }
}

/// Leads names whose records end at a front on to what answers for them at the same provider.
pub(super) fn lead_behind(merged: &mut Merged, catalog: &Catalog) {
    let mut behind: BTreeMap<Id, Vec<&Serves>> = BTreeMap::new();
    for (_, serves) in &merged.serves {
        behind.entry(Id::domain(&serves.host)).or_default().push(serves);
    }
    if behind.is_empty() {
        return;
    }
    let mut edges = std::mem::take(&mut merged.estate.edges);
    for edge in edges.iter_mut().filter(|edge| edge.phase != Phase::Observe) {
        let Some(answering) = behind.get(&edge.from) else { continue };
        if let Some(serves) =
            answering.iter().find(|serves| fronts(&merged.estate, edge, &serves.id, catalog))
        {
            edge.to = serves.id.clone();
            edge.evidence.push(serves.evidence.clone());
        }
    }
    merged.estate.edges = edges;
}

/// Whether an edge ends at a host of the provider, and the product, that a node belongs to; at one of another brand of
/// the same company, whatever it is named after.
fn fronts(estate: &Estate, edge: &Edge, behind: &Id, catalog: &Catalog) -> bool {
    let (Some(front), Some(node)) = (estate.node(&edge.to), estate.node(behind)) else { return false };
    let (Some(before), Some(after)) = (&front.placement.provider, &node.placement.provider) else {
        return false;
    };
    let owner =
        |id: &str| catalog.ultimate_parent(id).map_or_else(|| id.to_owned(), |owner| owner.id.to_string());
    let (one, other) = (&front.placement.service, &node.placement.service);
    front.kind == Kind::Host
        && match before == after {
            true => one == other || one.is_none() || other.is_none(),
            false => owner(before) == owner(after),
        }
}
