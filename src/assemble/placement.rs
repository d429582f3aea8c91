//! What components stand on: the provider's product, its zones, its region, the provider itself, and what the
//! provider in its turn runs on.

use super::knowledge;
use crate::catalog::Catalog;
use crate::model::{
    Category, Confidence, Edge, Estate, Evidence, Group, Id, Kind, Level, Need, Node, Phase, Tolerance,
};

/// A place in a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub provider: String,
    pub service: Option<String>,
    pub region: Option<String>,
    pub global: bool,
    pub category: Option<Category>,
    /// The cloud and region below the provider, where a name tells.
    pub on: Option<(String, Option<String>)>,
}

/// Puts every placed node onto the nodes of its provider.
pub(super) fn place(estate: &mut Estate, catalog: &Catalog) {
    for node in estate.nodes.values_mut().filter(|node| !is_provider_part(node.kind)) {
        use_canonical_names(catalog, node);
    }
    let placed: Vec<Node> = estate
        .nodes
        .values()
        .filter(|node| node.placement.provider.is_some() && !is_provider_part(node.kind))
        .cloned()
        .collect();
    for node in placed {
        stand(estate, catalog, &node);
    }
}

/// `East US 2` and `eastus2` are one region, `amazon` and `aws` one provider.
fn use_canonical_names(catalog: &Catalog, node: &mut Node) {
    let Some(provider) = node.placement.provider.as_mut() else { return };
    *provider = knowledge::canonical_provider(catalog, provider).to_owned();
    if let Some(region) = node.placement.region.as_mut()
        && let Some(known) = catalog.region(provider, region)
    {
        *region = known.code.to_string();
    }
}

/// Provider parts that a person named get what stands beneath them as well.
pub(super) fn place_declared_parts(estate: &mut Estate, catalog: &Catalog) {
    let declared: Vec<Node> =
        estate.nodes.values().filter(|node| node.id.scheme() == "provider").cloned().collect();
    for node in declared {
        estate.nodes.remove(&node.id);
        part_of_id(estate, catalog, &node.id, &node.evidence);
        let Some(made) = estate.nodes.get_mut(&node.id) else {
            estate.nodes.insert(node.id.clone(), node);
            continue;
        };
        made.confidence = node.confidence;
        made.tier = node.tier;
        made.owner = node.owner;
        made.weight = node.weight;
        made.is_service = node.is_service;
    }
}

/// Makes the node that an id such as `provider:aws/us-east-1/rds` means.
fn part_of_id(estate: &mut Estate, catalog: &Catalog, id: &Id, evidence: &[Evidence]) {
    let parts: Vec<&str> = id.rest().split('/').collect();
    match parts[..] {
        [provider] => drop(company(estate, catalog, provider, evidence)),
        [provider, name] if catalog.region(provider, name).is_some() => {
            drop(region(estate, catalog, provider, name, evidence))
        }
        [provider, zone] if catalog.region_of_zone(provider, zone).is_some() => {
            let code = catalog
                .region_of_zone(provider, zone)
                .map(|region| region.code.to_string())
                .unwrap_or_default();
            region(estate, catalog, provider, &code, evidence);
            zone_node(estate, provider, &code, zone, evidence);
        }
        [provider, service] => drop(product(estate, catalog, provider, None, service, evidence)),
        [provider, region, service] => {
            drop(product(estate, catalog, provider, Some(region), service, evidence))
        }
        _ => {}
    }
}

fn product(
    estate: &mut Estate,
    catalog: &Catalog,
    provider: &str,
    region: Option<&str>,
    service: &str,
    evidence: &[Evidence],
) -> Id {
    let place = Place {
        provider: provider.to_owned(),
        service: Some(service.to_owned()),
        region: region.map(str::to_owned),
        global: region.is_none(),
        category: None,
        on: None,
    };
    provider_node(estate, catalog, &place, evidence)
}

fn is_provider_part(kind: Kind) -> bool {
    matches!(kind, Kind::Provider | Kind::ProviderService | Kind::Region | Kind::Zone | Kind::ControlPlane)
}

fn stand(estate: &mut Estate, catalog: &Catalog, node: &Node) {
    let Some(provider) = node.placement.provider.as_deref() else { return };
    let evidence: Vec<Evidence> = node.evidence.iter().take(1).cloned().collect();
    let place = Place {
        provider: provider.to_owned(),
        service: node.placement.service.clone(),
        region: node
            .placement
            .region
            .clone()
            .filter(|_| node.tolerance != Tolerance::Region && !node.placement.global),
        global: node.placement.global,
        category: node.category,
        on: None,
    };
    let product = provider_node(estate, catalog, &place, &evidence);
    estate.edges.push(needs(&node.id, &product, None, node.confidence, &evidence));
    stand_in_zones(estate, node, provider, &evidence);
}

/// A component in one known zone needs it; one spread over several needs as many as hold enough instances.
fn stand_in_zones(estate: &mut Estate, node: &Node, provider: &str, evidence: &[Evidence]) {
    let zones = &node.placement.zones;
    let Some(region) = node.placement.region.as_deref().filter(|_| !zones.is_empty()) else { return };
    if matches!(node.tolerance, Tolerance::Region) {
        return;
    }
    let group = (zones.len() > 1).then(|| Id::new(format!("{}#zones", node.id)));
    if let Some(id) = &group {
        let k = zones_needed(node, zones.len() as u32);
        let group = Group {
            id: id.clone(),
            owner: node.id.clone(),
            k,
            level: Some(Level::Zone),
            evidence: evidence.to_vec(),
        };
        estate.groups.insert(id.clone(), group);
    }
    for zone in zones {
        let id = zone_node(estate, provider, region, zone, evidence);
        estate.edges.push(needs(&node.id, &id, group.clone(), node.confidence, evidence));
    }
}

/// How many of the zones must live for `required` of `replicas` instances to live, when instances are spread
/// evenly and the fullest zones are lost first.
fn zones_needed(node: &Node, zones: u32) -> u32 {
    let (Some(replicas), Some(required)) = (node.replication.replicas, node.replication.required) else {
        return 1;
    };
    if replicas < zones || required == 0 {
        return 1;
    }
    let (each, more) = (replicas / zones, replicas % zones);
    let survivors = |lost: u32| replicas - lost * each - lost.min(more);
    let bearable = (0..zones).take_while(|lost| survivors(*lost) >= required).last().unwrap_or(0);
    (zones - bearable).max(1)
}

/// The node of a place, made with everything beneath it when it is new.
pub(super) fn provider_node(
    estate: &mut Estate,
    catalog: &Catalog,
    place: &Place,
    evidence: &[Evidence],
) -> Id {
    let provider = company(estate, catalog, &place.provider, evidence);
    let base = match place.region.as_deref().filter(|_| !place.global) {
        Some(name) => region(estate, catalog, &place.provider, name, evidence),
        None => provider,
    };
    // A product in an unknown region is no failure domain: its regions fail apart.
    let Some(service) = place.service.as_ref().filter(|_| place.global || place.region.is_some()) else {
        return base;
    };
    let scope = place.region.as_deref().filter(|_| !place.global);
    let id = Id::provider_service(&place.provider, scope, service);
    if !estate.nodes.contains_key(&id) {
        let mut node = part(id.clone(), Kind::ProviderService, service, &place.provider, evidence);
        node.category = place.category;
        node.placement.service = Some(service.clone());
        node.placement.region = scope.map(str::to_owned);
        node.placement.global = place.global;
        node.parent = Some(base.clone());
        estate.nodes.insert(id.clone(), node);
        estate.edges.push(needs(&id, &base, None, Confidence::Assumed, evidence));
    }
    id
}

fn company(estate: &mut Estate, catalog: &Catalog, provider: &str, evidence: &[Evidence]) -> Id {
    let id = Id::provider(provider);
    if estate.nodes.contains_key(&id) {
        return id;
    }
    let name = knowledge::provider_name(catalog, provider).unwrap_or(provider).to_owned();
    let mut node = part(id.clone(), Kind::Provider, &name, provider, evidence);
    if let Some(day) = knowledge::designated_critical(catalog, provider) {
        let value = crate::model::AttributeValue::Text(day.to_owned());
        node.attributes.set(crate::model::Attribute::DesignatedCritical, value, None);
    }
    estate.nodes.insert(id.clone(), node);
    if let Some(parent) = knowledge::parent(catalog, provider) {
        let parent = company(estate, catalog, parent, evidence);
        estate.nodes.entry(id.clone()).and_modify(|node| node.parent = Some(parent));
    }
    runs_on(estate, catalog, provider, &id);
    id
}

/// What the provider itself runs on. Only a hosting provider that the catalog is sure of carries outages; one of
/// several, or one that handles data only, degrades at most.
fn runs_on(estate: &mut Estate, catalog: &Catalog, provider: &str, id: &Id) {
    for host in knowledge::runs_on(catalog, provider) {
        let place = Place {
            provider: host.provider,
            service: None,
            region: host.region,
            global: false,
            category: None,
            on: None,
        };
        let evidence = vec![Evidence::catalog("subproviders", 0, &host.source)];
        let end = provider_node(estate, catalog, &place, &evidence);
        let need = if host.surely { Need::Required } else { Need::Optional };
        estate.edges.push(Edge { need, ..needs(id, &end, None, Confidence::Assumed, &evidence) });
    }
}

fn region(estate: &mut Estate, catalog: &Catalog, provider: &str, name: &str, evidence: &[Evidence]) -> Id {
    let id = Id::in_provider(provider, name);
    if !estate.nodes.contains_key(&id) {
        let mut node = part(id.clone(), Kind::Region, name, provider, evidence);
        node.placement.region = Some(name.to_owned());
        node.parent = Some(Id::provider(provider));
        if let Some(jurisdiction) = knowledge::region_jurisdiction(catalog, provider, name) {
            let value = crate::model::AttributeValue::Text(jurisdiction);
            node.attributes.set(crate::model::Attribute::Jurisdiction, value, None);
        }
        estate.nodes.insert(id.clone(), node);
        estate.edges.push(needs(&id, &Id::provider(provider), None, Confidence::Assumed, evidence));
    }
    id
}

fn zone_node(estate: &mut Estate, provider: &str, region: &str, zone: &str, evidence: &[Evidence]) -> Id {
    let id = Id::in_provider(provider, zone);
    if !estate.nodes.contains_key(&id) {
        let parent = Id::in_provider(provider, region);
        let mut node = part(id.clone(), Kind::Zone, zone, provider, evidence);
        node.placement.region = Some(region.to_owned());
        node.placement.zones = vec![zone.to_owned()];
        node.parent = Some(parent.clone());
        estate.nodes.insert(id.clone(), node);
        estate.edges.push(needs(&id, &parent, None, Confidence::Assumed, evidence));
    }
    id
}

fn part(id: Id, kind: Kind, name: &str, provider: &str, evidence: &[Evidence]) -> Node {
    let mut node = Node::new(id, kind, name);
    node.placement.provider = Some(provider.to_owned());
    node.tolerance = Tolerance::Nothing;
    node.confidence = Confidence::Assumed;
    node.evidence = evidence.iter().take(1).cloned().collect();
    node
}

fn needs(from: &Id, to: &Id, group: Option<Id>, confidence: Confidence, evidence: &[Evidence]) -> Edge {
    Edge {
        from: from.clone(),
        to: to.clone(),
        phase: Phase::Runtime,
        need: Need::Required,
        group,
        confidence,
        evidence: evidence.to_vec(),
    }
}
