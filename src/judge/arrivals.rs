//! Providers that are new: somebody else whom the organization depends on now, whether or not a rule minds.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::{Cause, Changes};
use super::snapshot::Snapshot;
use crate::model::{Estate, Id, Kind};

/// A provider that was not there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The provider.
    pub id: Id,
    /// Services that depend on it, in any phase and however weakly.
    pub services: Vec<Id>,
    /// The change that brought it.
    pub cause: Option<Cause>,
}

/// The providers that are new, in order of id, with who depends on them; none where nothing says who does.
pub(super) fn arrivals(before: &Snapshot, estate: &Estate, changes: &Changes) -> Vec<Arrival> {
    let is_new = |id: &&Id| !before.nodes.contains_key(*id);
    let providers = estate.nodes.values().filter(|node| node.kind == Kind::Provider).map(|node| &node.id);
    let new: Vec<&Id> = providers.filter(is_new).collect();
    if new.is_empty() {
        return Vec::new();
    }
    let mut back: BTreeMap<&Id, Vec<&Id>> = BTreeMap::new();
    for edge in &estate.edges {
        back.entry(&edge.to).or_default().push(&edge.from);
    }
    let arrival = |id: &Id| {
        let (services, way) = dependents(estate, &back, id);
        let cause = changes.cause(estate, &way, &[]);
        (!services.is_empty()).then(|| Arrival { id: id.clone(), services, cause })
    };
    new.into_iter().filter_map(arrival).collect()
}

/// The nearest services before a node on each way to it, and all nodes on those ways, the farthest first.
fn dependents<'e>(
    estate: &'e Estate,
    back: &BTreeMap<&'e Id, Vec<&'e Id>>,
    id: &'e Id,
) -> (Vec<Id>, Vec<&'e Id>) {
    let (mut services, mut way) = (BTreeSet::new(), vec![id]);
    let mut seen = BTreeSet::from([id]);
    let mut at = 0;
    while let Some(node) = way.get(at).copied() {
        at += 1;
        if estate.node(node).is_some_and(|node| node.is_service) {
            services.insert(node.clone());
            continue;
        }
        let before = back.get(node).into_iter().flatten().copied();
        way.extend(before.filter(|id| seen.insert(id)));
    }
    way.reverse();
    (services.into_iter().collect(), way)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Confidence, Edge, Need, Node, Phase};

    #[test]
    fn a_provider_is_told_with_the_nearest_services_that_depend_on_it() {
        let mut estate = Estate::default();
        let nodes = [
            ("app:web", Kind::Service),
            ("app:cart", Kind::Service),
            ("host:pay.example", Kind::Host),
            ("provider:pay", Kind::Provider),
            ("provider:old", Kind::Provider),
            ("provider:alone", Kind::Provider),
        ];
        for (id, kind) in nodes {
            estate.nodes.insert(Id::new(id), Node::new(Id::new(id), kind, id));
        }
        let needs = [
            ("app:web", "app:cart"),
            ("app:cart", "host:pay.example"),
            ("host:pay.example", "provider:pay"),
            ("app:web", "provider:old"),
        ];
        estate.edges.extend(needs.map(|(from, to)| Edge {
            from: Id::new(from),
            to: Id::new(to),
            phase: Phase::Runtime,
            need: Need::Optional,
            group: None,
            confidence: Confidence::Inferred,
            evidence: Vec::new(),
        }));
        let mut before = Snapshot::default();
        before.nodes.insert(Id::new("provider:old"), Default::default());
        let found = arrivals(&before, &estate, &Changes::default());
        let said: Vec<_> = found.iter().map(|one| (one.id.as_str(), one.services.as_slice())).collect();
        assert_eq!(said, [("provider:pay", &[Id::app("cart")][..])]);
    }
}
