//! References to nodes: by id, by a name that some unit defines, by what the catalog knows of a name; what is
//! left stays in the graph as an unresolved node.

use std::net::IpAddr;

use super::knowledge;
use super::merge::Merged;
use super::placement::{self, Place};
use crate::catalog::Catalog;
use crate::model::{
    Category, Confidence, Edge, Evidence, Group, Id, Kind, Node, Phase, Reference, Target, Tolerance,
};

pub(super) fn resolve(merged: &mut Merged, catalog: &Catalog) {
    let references = std::mem::take(&mut merged.references);
    for (unit, reference) in references {
        let ends = far_ends(merged, catalog, unit, &reference);
        if let Some(beyond) = beyond_image(catalog, &reference) {
            let ends = far_ends(merged, catalog, unit, &beyond);
            connect(merged, beyond, ends);
        }
        connect(merged, reference, ends);
    }
    place_declared_hosts(merged, catalog);
}

/// What runs an image that is the near end of a provider's service needs that service as long as it runs.
fn beyond_image(catalog: &Catalog, reference: &Reference) -> Option<Reference> {
    let Target::Image(image) = &reference.target else { return None };
    let (provider, watches) = knowledge::far_end_of_image(catalog, image)?;
    let phase = match reference.phase {
        Phase::Startup if watches => Phase::Observe,
        Phase::Startup => Phase::Runtime,
        other => other,
    };
    let target = Target::Provider { provider: provider.to_owned(), service: None, region: None };
    Some(Reference { target, phase, group: None, ..reference.clone() })
}

/// Hosts that a person named have a place as well.
fn place_declared_hosts(merged: &mut Merged, catalog: &Catalog) {
    for node in merged.estate.nodes.values_mut() {
        if node.kind == Kind::Host
            && node.placement.provider.is_none()
            && let Some(place) = knowledge::place_of_host(catalog, &node.name, None)
        {
            let confidence = node.confidence;
            occupy(node, place);
            node.confidence = confidence;
        }
    }
}

/// One edge to one end; several nodes behind one name are alternatives of each other.
fn connect(merged: &mut Merged, reference: Reference, ends: Vec<Id>) {
    let several = ends.len() > 1;
    let group = match (&reference.group, several) {
        (Some(group), _) => Some(group.clone()),
        (None, true) => Some(Id::new(format!("{}#{}", reference.from, label(&reference.target)))),
        (None, false) => None,
    };
    if let Some(id) = group.as_ref().filter(|_| reference.group.is_none()) {
        merged.estate.groups.entry(id.clone()).or_insert_with(|| Group {
            id: id.clone(),
            owner: reference.from.clone(),
            k: 1,
            level: None,
            evidence: reference.evidence.clone(),
        });
    }
    for end in ends {
        merged.estate.edges.push(Edge {
            from: reference.from.clone(),
            to: end,
            phase: reference.phase,
            need: reference.need,
            group: group.clone(),
            confidence: reference.confidence,
            evidence: reference.evidence.clone(),
        });
    }
}

fn label(target: &Target) -> String {
    match target {
        Target::Id(id) => id.rest().to_owned(),
        Target::Host { name, .. } => name.clone(),
        Target::Address(address) => address.to_string(),
        Target::Image(image) => image.clone(),
        Target::Provider { provider, .. } => provider.clone(),
        Target::Unresolved { text, .. } => text.clone(),
    }
}

fn far_ends(merged: &mut Merged, catalog: &Catalog, unit: usize, reference: &Reference) -> Vec<Id> {
    match &reference.target {
        Target::Id(id) if merged.estate.nodes.contains_key(id) => vec![id.clone()],
        Target::Id(id) => {
            let because = "nothing in the input defines it";
            vec![unresolved(merged, id.clone(), id.rest().to_owned(), because, reference)]
        }
        Target::Host { name, scheme, .. } => host(merged, catalog, unit, name, scheme.as_deref(), reference),
        Target::Address(address) => self::address(merged, catalog, unit, *address, reference),
        Target::Image(image) => registry(merged, catalog, image, reference).into_iter().collect(),
        Target::Provider { provider, service, region } => {
            let place = Place {
                provider: knowledge::canonical_provider(catalog, provider).to_owned(),
                service: service.clone(),
                region: region.clone(),
                global: region.is_none(),
                category: None,
                on: None,
            };
            vec![placement::provider_node(&mut merged.estate, catalog, &place, &reference.evidence)]
        }
        Target::Unresolved { text, because } => {
            let id = Id::new(format!("unresolved:{text}"));
            let id = unresolved(merged, id, text.clone(), because, reference);
            if let Some(place) = knowledge::place_of_tail(catalog, text)
                && let Some(node) = merged.estate.nodes.get_mut(&id)
            {
                occupy(node, place);
            }
            vec![id]
        }
    }
}

/// A name, nearest definition first.
fn host(
    merged: &mut Merged,
    catalog: &Catalog,
    unit: usize,
    name: &str,
    scheme: Option<&str>,
    reference: &Reference,
) -> Vec<Id> {
    let name = name.trim_end_matches('.').to_lowercase();
    if is_this_machine(&name) || name.is_empty() {
        return Vec::new();
    }
    let defined = merged.names.find(unit, &merged.folders[unit], &name);
    let defined: Vec<Id> = defined.into_iter().filter(|id| merged.estate.nodes.contains_key(id)).collect();
    if !defined.is_empty() {
        return defined.into_iter().filter(|id| *id != reference.from).collect();
    }
    let domain = Id::domain(&name);
    if domain != reference.from && merged.estate.nodes.contains_key(&domain) {
        return vec![domain];
    }
    let id = Id::host(&name);
    if merged.estate.nodes.get(&id).is_none_or(|node| node.placement.provider.is_none()) {
        let (node, on) = host_node(catalog, id.clone(), &name, scheme);
        let known = merged.estate.nodes.entry(id.clone()).or_insert_with(|| node.clone());
        known.category = known.category.or(node.category);
        if known.placement.provider.is_none() && node.placement.provider.is_some() {
            known.placement = node.placement;
            known.confidence = node.confidence;
        }
        stand_on(merged, catalog, &id, on, reference);
    }
    add_evidence(merged, &id, &reference.evidence);
    vec![id]
}

/// A name that tells the cloud below its provider hangs on that cloud as well.
fn stand_on(
    merged: &mut Merged,
    catalog: &Catalog,
    id: &Id,
    on: Option<(String, Option<String>)>,
    reference: &Reference,
) {
    let Some((provider, region)) = on else { return };
    let place = Place { provider, service: None, global: region.is_none(), region, category: None, on: None };
    let end = placement::provider_node(&mut merged.estate, catalog, &place, &reference.evidence);
    merged.estate.edges.push(Edge {
        confidence: Confidence::Assumed,
        ..Edge::required(id.clone(), end, reference.evidence.clone())
    });
}

fn host_node(
    catalog: &Catalog,
    id: Id,
    name: &str,
    scheme: Option<&str>,
) -> (Node, Option<(String, Option<String>)>) {
    let mut node = Node::new(id, Kind::Host, name);
    node.category = scheme.and_then(|scheme| knowledge::scheme_category(catalog, scheme));
    node.tolerance = Tolerance::Unknown;
    node.tolerance_because = Some("nothing in the input defines it".to_owned());
    let mut on = None;
    if let Some(mut place) = knowledge::place_of_host(catalog, name, scheme) {
        on = place.on.take();
        occupy(&mut node, place);
    }
    (node, on)
}

/// Puts a name or address where the catalog knows it lives; it then fails with that, and not on its own.
fn occupy(node: &mut Node, place: Place) {
    node.category = place.category.or(node.category);
    node.placement.provider = Some(place.provider);
    node.placement.service = place.service;
    node.placement.global = place.global;
    node.placement.region = place.region;
    node.confidence = Confidence::Assumed;
}

fn address(
    merged: &mut Merged,
    catalog: &Catalog,
    unit: usize,
    address: IpAddr,
    reference: &Reference,
) -> Vec<Id> {
    if address.is_loopback() || address.is_unspecified() {
        return Vec::new();
    }
    let text = address.to_string();
    let defined = merged.names.find(unit, &merged.folders[unit], &text);
    if !defined.is_empty() {
        return defined;
    }
    let id = Id::host(&text);
    if !merged.estate.nodes.contains_key(&id) {
        let mut node = Node::new(id.clone(), Kind::Host, text);
        node.tolerance_because = Some("one address, of which nothing else is known".to_owned());
        if let Some(place) = knowledge::place_of_address(catalog, address) {
            occupy(&mut node, place);
        }
        node.placement.asn = catalog.autonomous_system(address);
        merged.estate.nodes.insert(id.clone(), node);
    }
    add_evidence(merged, &id, &reference.evidence);
    vec![id]
}

fn registry(merged: &mut Merged, catalog: &Catalog, image: &str, reference: &Reference) -> Option<Id> {
    let place = knowledge::place_of_registry(catalog, image)?;
    Some(placement::provider_node(&mut merged.estate, catalog, &place, &reference.evidence))
}

fn unresolved(merged: &mut Merged, id: Id, name: String, because: &str, reference: &Reference) -> Id {
    let node = merged.estate.nodes.entry(id.clone()).or_insert_with(|| {
        let mut node = Node::new(id.clone(), Kind::Unresolved, name);
        node.tolerance_because = Some(because.to_owned());
        node.may_fail = reference.phase == Phase::Runtime;
        node.category = Some(Category::Other);
        node
    });
    for evidence in &reference.evidence {
        node.add_evidence(evidence.clone());
    }
    id
}

fn add_evidence(merged: &mut Merged, id: &Id, evidence: &[Evidence]) {
    if let Some(node) = merged.estate.nodes.get_mut(id) {
        for piece in evidence.iter().take(4) {
            node.add_evidence(piece.clone());
        }
    }
}

fn is_this_machine(name: &str) -> bool {
    matches!(
        name,
        "localhost"
            | "localhost.localdomain"
            | "host.docker.internal"
            | "0.0.0.0"
            | "127.0.0.1"
            | "::1"
            | "::"
    ) || name.ends_with(".localhost")
}
