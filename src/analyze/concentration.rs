//! How much rests on one provider, region, jurisdiction or network.

use std::collections::{BTreeMap, BTreeSet};

use super::compile::Wiring;
use crate::model::{Attribute, Category, Estate, Id, Kind, Need, Node, Phase};

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// The provider by name.
    Provider,
    /// The provider's ultimate parent, with what sub-providers run on counted in.
    UltimateProvider,
    /// The region.
    Region,
    /// The zone.
    Zone,
    /// Where the data centre stands.
    Jurisdiction,
    /// The network.
    Asn,
}

impl Dimension {
    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Dimension::Provider => "provider",
            Dimension::UltimateProvider => "ultimate-provider",
            Dimension::Region => "region",
            Dimension::Zone => "zone",
            Dimension::Jurisdiction => "jurisdiction",
            Dimension::Asn => "asn",
        }
    }
}

/// Concentration over one dimension within one category of components.
#[derive(Clone, Debug, PartialEq)]
pub struct Concentration {
    /// What is counted together.
    pub dimension: Dimension,
    /// Components counted; `None` is all.
    pub category: Option<Category>,
    /// Herfindahl-Hirschman index: sum of squared placement shares, 0 to 1.
    pub hhi: f64,
    /// 1 / HHI: the number of equal providers that would be as concentrated.
    pub effective_number: f64,
    /// Placement share of the largest, 0 to 1.
    pub cr1: f64,
    /// Placement share of the three largest, 0 to 1.
    pub cr3: f64,
    /// Part of the weight whose place is not known and so not counted, 0 to 1.
    pub unplaced_share: f64,
    /// Shares, largest placement first, then by id.
    pub shares: Vec<Share>,
}

impl Concentration {
    /// Part of all weight that surely is placed there, 0 to 1: what has no known place may be elsewhere.
    pub fn share_of_all(&self, share: &Share) -> f64 {
        share.placement_share * (1.0 - self.unplaced_share)
    }
}

/// The share of one provider, region...
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Who: `provider:aws`, `provider:aws/us-east-1`, a jurisdiction's code, `unknown`.
    pub id: Id,
    /// Part of all weight that is placed there, 0 to 1; sums to 1 over a dimension.
    pub placement_share: f64,
    /// Part of all weight that goes down with it, 0 to 1; may sum to more than 1.
    pub loss_share: f64,
    /// Part of all weight that goes down with it when what its customers' providers run on is counted, 0 to 1.
    pub hidden_loss_share: f64,
    /// The day on which the EU designated this provider as critical to its financial sector, if it did.
    pub designated_critical: Option<String>,
}

/// Measures every dimension over all components, and over each category that has any.
///
/// `direct` and `hidden` are the shares of all weight that each element takes down, without and with what
/// providers run on.
pub(super) fn measure(
    estate: &Estate,
    wiring: &Wiring<'_>,
    direct: &BTreeMap<Id, f64>,
    hidden: &BTreeMap<Id, f64>,
) -> Vec<Concentration> {
    let losses = Losses { direct, hidden };
    let beneath = components_of_services(wiring);
    let categories: BTreeSet<Category> = estate.nodes.values().filter_map(|node| node.category).collect();
    let mut all = Vec::new();
    for dimension in [
        Dimension::Provider,
        Dimension::UltimateProvider,
        Dimension::Region,
        Dimension::Zone,
        Dimension::Jurisdiction,
    ] {
        for category in std::iter::once(None).chain(categories.iter().copied().map(Some)) {
            all.extend(one(estate, &beneath, &losses, dimension, category));
        }
    }
    all
}

struct Losses<'a> {
    direct: &'a BTreeMap<Id, f64>,
    hidden: &'a BTreeMap<Id, f64>,
}

fn one(
    estate: &Estate,
    beneath: &[(f64, Vec<Component<'_>>)],
    losses: &Losses<'_>,
    dimension: Dimension,
    category: Option<Category>,
) -> Option<Concentration> {
    let mut placed: BTreeMap<Id, f64> = BTreeMap::new();
    let (mut known, mut unknown) = (0.0, 0.0);
    for (weight, components) in beneath {
        // What may be used and can be done without says whose service it is, and not where the organization stands.
        let counted = components.iter().filter(|component| match category {
            None => !component.is_option,
            Some(_) => component.node.category == category,
        });
        let places: Vec<Vec<Id>> = counted.map(|one| places(estate, one.node, dimension)).collect();
        let with_place = places.iter().filter(|places| !places.is_empty()).count();
        if with_place == 0 {
            unknown += if places.is_empty() { 0.0 } else { *weight };
            continue;
        }
        known += weight;
        for place in places.iter().filter(|places| !places.is_empty()) {
            for id in place {
                *placed.entry(id.clone()).or_default() += weight / with_place as f64 / place.len() as f64;
            }
        }
    }
    if known <= 0.0 {
        return None;
    }
    let mut shares: Vec<Share> = placed
        .into_iter()
        .map(|(id, weight)| Share {
            loss_share: losses.direct.get(&id).copied().unwrap_or(0.0),
            placement_share: weight / known,
            hidden_loss_share: losses.hidden.get(&id).copied().unwrap_or(0.0),
            designated_critical: estate
                .node(&id)
                .and_then(|node| node.attributes.text(Attribute::DesignatedCritical))
                .map(str::to_owned),
            id,
        })
        .collect();
    shares.sort_by(|a, b| b.placement_share.total_cmp(&a.placement_share).then_with(|| a.id.cmp(&b.id)));
    let hhi: f64 = shares.iter().map(|share| share.placement_share.powi(2)).sum();
    Some(Concentration {
        dimension,
        category,
        hhi,
        effective_number: 1.0 / hhi,
        cr1: shares.iter().take(1).map(|share| share.placement_share).sum(),
        cr3: shares.iter().take(3).map(|share| share.placement_share).sum(),
        unplaced_share: unknown / (known + unknown),
        shares,
    })
}

/// For each service its weight and the components that are its own: itself and what it needs, down to the next
/// service and to the provider's parts.
fn components_of_services<'a>(wiring: &Wiring<'a>) -> Vec<(f64, Vec<Component<'a>>)> {
    let own = |service| (wiring.node(service).weight, own_components(wiring, service));
    wiring.services().map(own).collect()
}

/// Something that a service consists of.
struct Component<'a> {
    node: &'a Node,
    /// Somebody else's service that it can do without.
    is_option: bool,
}

fn own_components<'a>(wiring: &Wiring<'a>, service: u32) -> Vec<Component<'a>> {
    let mut seen = BTreeSet::from([service]);
    let mut todo = vec![(service, false)];
    let mut found = Vec::new();
    while let Some((element, is_option)) = todo.pop() {
        let node = wiring.node(element);
        found.push(Component { node, is_option });
        for (edge, to) in wiring.needs(element).filter(|(edge, _)| edge.phase == Phase::Runtime) {
            let next = wiring.node(to);
            let is_part = matches!(
                next.kind,
                Kind::Provider | Kind::ProviderService | Kind::Region | Kind::Zone | Kind::ControlPlane
            );
            // A provider's product that is needed without a component of one's own is a component: a SaaS.
            let is_saas = next.kind == Kind::Provider || next.kind == Kind::ProviderService;
            let is_option = edge.need == Need::Optional && edge.group.is_none();
            let direct = is_saas
                && node.placement.provider.is_none()
                && !matches!(node.kind, Kind::ProviderService | Kind::Provider);
            if (!is_part && !next.is_service) && seen.insert(to) {
                todo.push((to, is_option && next.kind == Kind::Host));
            } else if direct && seen.insert(to) {
                found.push(Component { node: next, is_option });
            }
        }
    }
    found
}

fn places(estate: &Estate, node: &Node, dimension: Dimension) -> Vec<Id> {
    let Some(provider) = node.placement.provider.as_deref() else { return Vec::new() };
    let region = node.placement.region.as_deref();
    match dimension {
        Dimension::Provider => vec![Id::provider(provider)],
        Dimension::UltimateProvider => vec![ultimate(estate, &Id::provider(provider))],
        Dimension::Region => region.map(|region| Id::in_provider(provider, region)).into_iter().collect(),
        Dimension::Zone => node.placement.zones.iter().map(|zone| Id::in_provider(provider, zone)).collect(),
        Dimension::Jurisdiction => jurisdiction(estate, provider, region).into_iter().collect(),
        Dimension::Asn => Vec::new(),
    }
}

/// The top of the provider's chain of parents.
pub(super) fn ultimate(estate: &Estate, provider: &Id) -> Id {
    let mut id = provider.clone();
    for _ in 0..8 {
        match estate.node(&id).and_then(|node| node.parent.clone()) {
            Some(parent) => id = parent,
            None => break,
        }
    }
    id
}

fn jurisdiction(estate: &Estate, provider: &str, region: Option<&str>) -> Option<Id> {
    let node = estate.node(&Id::in_provider(provider, region?))?;
    Some(Id::new(format!("jurisdiction:{}", node.attributes.text(Attribute::Jurisdiction)?)))
}
