//! Where a resource lives: regions, zones by subnets, what its provider block says.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::graph::{Graph, Item};
use super::provider_blocks::configured_provider;
use super::value::{Kind, Value};
use super::world::{EXTERNAL, World};
use crate::catalog::Catalog;
use crate::model::Placement;

/// The place of an item.
pub(super) fn placement<'a>(
    world: &World<'a>,
    catalog: &Catalog,
    graph: &Graph<'a>,
    item: &Item<'a>,
) -> Placement {
    // What runs inside a cluster has the provider of the cluster, and that is another component.
    let is_company = |id: &&str| catalog.provider(id).is_none_or(|known| &*known.category != "software");
    let provider = item.provider().filter(is_company);
    let mut place = Placement {
        provider: provider.map(str::to_owned),
        service: item.service().filter(|_| provider.is_some()).map(str::to_owned),
        global: item.kind.is_some_and(|kind| kind.global),
        ..Placement::default()
    };
    let Some(provider) = place.provider.clone() else { return place };
    if place.global {
        return place;
    }
    match own_location(catalog, &provider, item) {
        Some(Location::Region(region)) => place.region = Some(region),
        Some(Location::Zone(zone, region)) => {
            place.zones = vec![zone];
            place.region = Some(region);
        }
        Some(Location::Unknown(reason)) => place.region_unknown = Some(reason),
        // `EU`, `global`: said, and no region.
        Some(Location::Wide) => return place,
        None => {}
    }
    if place.region.is_none() && place.region_unknown.is_none() {
        provider_region(world, catalog, &provider, item, &mut place);
    }
    let zones = zones(graph, item, place.region.as_deref());
    if let Some(known) = zones.known
        && place.zones.is_empty()
    {
        if place.region.is_none() {
            place.region =
                known.iter().find_map(|zone| Some(catalog.region_of_zone(&provider, zone)?.code.to_string()));
            if place.region.is_some() {
                place.region_unknown = None;
            }
        }
        place.zones = known;
    }
    place
}

enum Location {
    Region(String),
    Zone(String, String),
    Unknown(String),
    Wide,
}

/// What the resource says itself: `region`, `location`, `zone`, or what the catalog names for its type.
fn own_location(catalog: &Catalog, provider: &str, item: &Item<'_>) -> Option<Location> {
    let named = item.kind.map(|kind| kind.locations.as_slice()).unwrap_or_default();
    let names = named.iter().map(|name| &**name).chain(["region", "location", "zone"]);
    let mut unknown = None;
    for name in names {
        let Some(value) = item.leaves.get(name) else { continue };
        match value.text() {
            Some(text) if !text.is_empty() => {
                let is_word =
                    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b' ');
                match location(catalog, provider, &text) {
                    Some(location) => return Some(location),
                    None if is_word => return Some(Location::Wide),
                    None => {}
                }
            }
            _ if value.is_unknown() => {
                unknown =
                    unknown.or_else(|| value.reason().map(|reason| Location::Unknown(reason.to_string())));
            }
            _ => {}
        }
    }
    unknown
}

/// A text as a region or a zone of it.
fn location(catalog: &Catalog, provider: &str, text: &str) -> Option<Location> {
    // `projects/p/instanceConfigs/regional-europe-west4`
    let text = text.rsplit('/').next().unwrap_or(text);
    let text = text.strip_prefix("regional-").filter(|_| provider == "gcp").unwrap_or(text);
    if let Some(region) = catalog.region(provider, text) {
        return Some(Location::Region(region.code.to_string()));
    }
    if let Some(region) = catalog.region_of_zone(provider, text) {
        return Some(Location::Zone(text.to_owned(), region.code.to_string()));
    }
    let folded: String = text.to_ascii_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let plain = folded.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    // Multi-regions of Google (`EU`, `US`), `global` and texts that are no code name no region.
    let is_code = match provider {
        "azure" => true,
        // `nam3`, `eur-asia1` and the like are several regions.
        "gcp" => {
            let is_wide = folded.starts_with("nam") || folded.starts_with("eur-");
            !is_wide && folded.split('-').count() == 2 && folded.ends_with(|last: char| last.is_ascii_digit())
        }
        _ => folded.bytes().any(|byte| byte.is_ascii_digit()) && folded.len() >= 4,
    };
    (plain && is_code && folded != "global").then_some(Location::Region(folded))
}

fn provider_region<'a>(
    world: &World<'a>,
    catalog: &Catalog,
    provider: &str,
    item: &Item<'a>,
    place: &mut Placement,
) {
    let configured = configured_provider(world, item);
    let Some((module, declared)) = configured else {
        if catalog_has_regions(catalog, provider) {
            place.region_unknown = Some(format!("no provider block says in which region of `{provider}`"));
        }
        return;
    };
    let said = |name: &str| {
        let attribute = declared.body().attribute(name)?;
        Some(world.eval_at(module, declared.file, &attribute.value))
    };
    // What stands in one zone and names none stands in that of its provider.
    let is_zonal = item.kind.is_some_and(|kind| kind.zones.iter().any(|name| **name == *"zone"));
    if is_zonal
        && place.zones.is_empty()
        && item.leaves.get("zone").is_none()
        && let Some(Location::Zone(zone, region)) =
            said("zone").and_then(|zone| location(catalog, provider, &zone.text()?))
    {
        place.zones = vec![zone];
        place.region = Some(region);
        return;
    }
    for name in ["region", "location", "zone"] {
        let Some(value) = said(name) else { continue };
        match value.text().and_then(|text| location(catalog, provider, &text)) {
            Some(Location::Region(region)) => {
                place.region = Some(region);
                return;
            }
            Some(Location::Zone(_, region)) => {
                place.region = Some(region);
                return;
            }
            Some(Location::Wide | Location::Unknown(_)) | None => {
                let reason = value.reason().map_or("the provider's region is not known", |reason| reason);
                place.region_unknown = Some(reason.to_owned());
            }
        }
    }
    if place.region_unknown.is_none() && catalog_has_regions(catalog, provider) {
        place.region_unknown = Some(format!("the provider block of `{provider}` names no region"));
    }
}

fn catalog_has_regions(catalog: &Catalog, provider: &str) -> bool {
    catalog.all_regions().any(|region| &*region.provider == provider)
}

/// The zones an item stands in.
pub(super) struct Zones {
    /// The zones by name; `None` when not every one could be resolved.
    pub(super) known: Option<Vec<String>>,
}

/// The zones of a type's zone and subnet attributes.
pub(super) fn zones(graph: &Graph<'_>, item: &Item<'_>, region: Option<&str>) -> Zones {
    let mut found: BTreeMap<String, ()> = BTreeMap::new();
    let mut complete = true;
    let zone_names = item.kind.map(|kind| kind.zones.as_slice()).unwrap_or_default();
    let fallback = ["availability_zone", "availability_zones", "zone", "zones", "azs"];
    let names: Vec<&str> = match zone_names {
        [] => fallback.to_vec(),
        names => names.iter().map(|name| &**name).collect(),
    };
    let mut said = false;
    for name in names {
        for leaf in item.leaves.at(name) {
            if leaf.value.is_null() {
                continue;
            }
            said = true;
            match zone_of_value(graph, &leaf.value, region) {
                Some(zone) => drop(found.insert(zone_id(&zone, region), ())),
                None => complete = false,
            }
        }
    }
    if !said {
        for subnet in graph.subnets(item) {
            said = true;
            match subnet.and_then(|subnet| zones_of_subnet(graph, subnet, region)) {
                Some(zones) => found.extend(zones.iter().map(|zone| (zone_id(zone, region), ()))),
                None => complete = false,
            }
        }
    }
    let known = (said && complete && !found.is_empty()).then(|| found.into_keys().collect());
    Zones { known }
}

/// Azure numbers its zones within each region.
fn zone_id(zone: &str, region: Option<&str>) -> String {
    match region {
        Some(region) if zone.len() <= 2 => format!("{region}-{zone}"),
        _ => zone.to_owned(),
    }
}

/// The zone a subnet stands in; the zones of all subnets of a network module that is not in the tree.
fn zones_of_subnet(graph: &Graph<'_>, subnet: usize, region: Option<&str>) -> Option<Vec<String>> {
    let item = &graph.items[subnet];
    if item.key.resource == EXTERNAL {
        let zones: Option<Vec<String>> =
            item.leaves.at("azs").map(|leaf| zone_of_value(graph, &leaf.value, region)).collect();
        return zones.filter(|zones| !zones.is_empty());
    }
    for name in ["availability_zone", "availability_zone_id", "zone"] {
        if let Some(value) = item.leaves.get(name).filter(|value| !value.is_null()) {
            return Some(vec![zone_of_value(graph, &value, region)?]);
        }
    }
    None
}

/// A zone's name; a symbolic one for an element of a list of zones of which only the index is known.
fn zone_of_value(graph: &Graph<'_>, value: &Value, region: Option<&str>) -> Option<String> {
    if let Some(text) = value.text().filter(|text| !text.is_empty()) {
        return Some(text.to_string());
    }
    let refs = value.refs.as_ref()?;
    let mut paths = refs.iter().filter(|reference| {
        graph.item(&reference.instance).is_some_and(|item| {
            item.type_name.ends_with("availability_zones") || item.type_name.ends_with("compute_zones")
        })
    });
    let path = &paths.next()?.attribute;
    if paths.next().is_some() || !matches!(value.kind, Kind::Unknown(_)) {
        return None;
    }
    let index: Arc<str> = path.split_once('[')?.1.strip_suffix(']')?.into();
    index.parse::<u32>().ok()?;
    Some(format!("{}/az-{index}", region?))
}
