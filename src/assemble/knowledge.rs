//! The questions that assembling asks of the catalog, in its own words.

use std::net::IpAddr;

use super::placement::Place;
use crate::catalog::{Catalog, Confidence, Identification, NameKind};
use crate::model::Category;

/// What a provider runs on.
#[derive(Clone, Debug)]
pub(super) struct Beneath {
    pub provider: String,
    pub region: Option<String>,
    /// Whether its loss surely is the provider's loss.
    pub surely: bool,
    pub source: String,
}

pub(super) fn canonical_provider<'a>(catalog: &'a Catalog, provider: &'a str) -> &'a str {
    catalog.canonical(provider).unwrap_or(provider)
}

pub(super) fn provider_name<'a>(catalog: &'a Catalog, provider: &str) -> Option<&'a str> {
    catalog.provider(provider).map(|known| &*known.name)
}

/// The company that owns the provider, if another does.
pub(super) fn parent<'a>(catalog: &'a Catalog, provider: &str) -> Option<&'a str> {
    catalog.provider(provider)?.parent.as_deref().filter(|parent| *parent != provider)
}

/// When the provider was designated as a critical ICT third party under Regulation (EU) 2022/2554.
pub(super) fn designated_critical<'a>(catalog: &'a Catalog, provider: &str) -> Option<&'a str> {
    catalog.provider(provider)?.ctpp.as_ref().map(|designation| &*designation.date)
}

/// What answers to the URL scheme.
pub(super) fn scheme_category(catalog: &Catalog, scheme: &str) -> Option<Category> {
    catalog.image_kind(catalog.url_scheme(scheme)?).and_then(|kind| category(&kind.category))
}

/// Who is behind a name that is used as the scheme says: `dns` for name servers, `smtp` for mail hosts. What rests on
/// general knowledge alone decides nothing: such a name stays unknown.
pub(super) fn place_of_host(catalog: &Catalog, name: &str, scheme: Option<&str>) -> Option<Place> {
    let kinds: &[NameKind] = match scheme {
        Some("dns") => &[NameKind::Ns],
        Some("smtp" | "smtps") => &[NameKind::Mx, NameKind::Host],
        _ => &[NameKind::Host, NameKind::Alias, NameKind::Mx, NameKind::Ns],
    };
    let address = scheme.and_then(|scheme| catalog.address_of(scheme, name));
    let name = address.as_deref().unwrap_or(name);
    let found = kinds.iter().find_map(|kind| catalog.identify(*kind, name))?;
    (found.confidence != Confidence::Assumed).then(|| place(catalog, &found))
}

/// Whose address it is.
pub(super) fn place_of_address(catalog: &Catalog, address: IpAddr) -> Option<Place> {
    if is_documentation(address) {
        return None;
    }
    catalog.identify_ip(address).map(|found| place(catalog, &found))
}

/// Addresses set aside for documentation (RFC 5737, RFC 3849) are nobody's.
fn is_documentation(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_documentation(),
        IpAddr::V6(v6) => v6.segments()[..2] == [0x2001, 0xdb8],
    }
}

/// Where an image is pulled from.
pub(super) fn place_of_registry(catalog: &Catalog, image: &str) -> Option<Place> {
    let registry = catalog.registry(image)?;
    Some(Place {
        provider: registry.provider?.to_owned(),
        service: Some("registry".to_owned()),
        region: registry.region.map(str::to_owned),
        global: registry.region.is_none(),
        category: Some(Category::Registry),
        on: None,
    })
}

/// Whose service an image is the near end of, as a tunnel or an agent is, and whether that is to watch others.
pub(super) fn far_end_of_image<'a>(catalog: &'a Catalog, image: &str) -> Option<(&'a str, bool)> {
    let kind = catalog.image(image)?;
    Some((kind.provider.as_deref()?, &*kind.category == "monitoring"))
}

/// Who is behind the known end of a name that begins with what has no value: `${ACCOUNT}.r2.cloudflarestorage.com`.
pub(super) fn place_of_tail(catalog: &Catalog, text: &str) -> Option<Place> {
    let (_, known) = text.rsplit_once(['}', ')', '>', '%', '$'])?;
    let host = known.split(['/', ':', '?']).next().unwrap_or(known);
    let (_, tail) = host.split_once('.').filter(|(_, tail)| tail.contains('.'))?;
    place_of_host(catalog, &format!("x.{tail}"), None)
}

fn place(catalog: &Catalog, found: &Identification<'_>) -> Place {
    let region = found.region.map(str::to_owned);
    // The region of a name that tells the cloud below is that cloud's.
    let (region, on) = match found.on {
        Some(cloud) => (None, Some((cloud.to_owned(), region))),
        None => (region, None),
    };
    let category = category(found.category);
    Place {
        provider: canonical_provider(catalog, found.provider).to_owned(),
        service: found.service.map(str::to_owned),
        global: region.is_none() && is_one_for_all_regions(catalog, found.provider, category),
        region,
        category,
        on,
    }
}

/// Whether a product without a region in its name has none: that of a provider without regions, or of a kind that
/// is sold as one for the world.
fn is_one_for_all_regions(catalog: &Catalog, provider: &str, category: Option<Category>) -> bool {
    matches!(
        category,
        Some(Category::Cdn | Category::Dns | Category::Mail | Category::Identity | Category::Ci)
    ) || !catalog.all_regions().any(|region| &*region.provider == provider)
}

/// What the provider itself runs on. Only a role that carries outages counts, and of several hosting providers
/// none surely takes the provider down.
pub(super) fn runs_on(catalog: &Catalog, provider: &str) -> Vec<Beneath> {
    let rows: Vec<_> = catalog.subproviders(provider).iter().filter(|row| row.carries_outages()).collect();
    rows.iter()
        .map(|row| {
            let others = rows.iter().any(|other| other.role == row.role && other.on != row.on);
            Beneath {
                provider: row.on.to_string(),
                region: if row.regions.len() == 1 { Some(row.regions[0].to_string()) } else { None },
                surely: !others,
                source: format!("{} ({})", row.fact, row.source),
            }
        })
        .collect()
}

pub(super) fn region_jurisdiction(catalog: &Catalog, provider: &str, region: &str) -> Option<String> {
    catalog.region(provider, region)?.jurisdiction.as_deref().map(str::to_owned)
}

/// The model's category of one of the catalog's finer ones.
pub(super) fn category(word: &str) -> Option<Category> {
    Category::parse(word).or(match word {
        "loadbalancer" | "proxy" | "api-gateway" => Some(Category::LoadBalancer),
        "hosting" | "cloud" => Some(Category::Compute),
        "coordination" => Some(Category::Database),
        "status" | "analytics" => Some(Category::Monitoring),
        "" | "unknown" => None,
        "dns" | "ddns" => Some(Category::Dns),
        _ => Some(Category::Saas),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_from_general_knowledge_places_nothing() {
        let rows = "domain,provider,kinds,category,confidence,source\n\
                    read-up.example,enom,host,hosting,high,own-site\n\
                    known-somehow.example,enom,host,hosting,assumed,memory\n";
        let catalog = Catalog::with_overrides([("names/domains.csv", rows.to_owned())]).unwrap();
        let provider = |name: &str| place_of_host(&catalog, name, None).map(|place| place.provider);
        assert_eq!(provider("api.read-up.example").as_deref(), Some("enom"));
        assert_eq!(provider("api.known-somehow.example"), None);
        assert!(
            catalog.identify(NameKind::Host, "api.known-somehow.example").is_some(),
            "it can be looked up"
        );
    }
}
