//! What fails, for sure and perhaps.

use std::collections::BTreeSet;

use crate::analyze::query::is_provider_part;
use crate::model::{Estate, Id, Kind, Node, Tolerance};

/// What fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// What serves no more.
    pub lost: Vec<Id>,
    /// What serves on and cannot be changed.
    pub impaired: Vec<Id>,
    /// What may be among the lost: nothing says where it stands.
    pub perhaps: Vec<Id>,
}

/// Which plane of a thing fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// Everything of it.
    Both,
    /// What serves; control planes go on.
    Data,
    /// What changes things; what serves goes on.
    Control,
}

/// What counts as perhaps lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Components of which nothing says where they stand.
    Places,
    /// Those, and references that lead nobody knows where.
    References,
}

impl Failure {
    /// The failure of one plane of these nodes, with what may stand in them.
    pub fn new(estate: &Estate, ids: &[Id], plane: Plane) -> Self {
        match plane {
            Plane::Control => Failure { impaired: ids.to_vec(), ..Failure::default() },
            Plane::Both | Plane::Data => {
                let mut failure = Failure { lost: ids.to_vec(), ..Failure::default() };
                failure.add_perhaps(estate, Doubt::References);
                failure
            }
        }
    }

    /// Adds what may stand in the lost places; with `Doubt::References` also references that lead nobody knows where.
    pub fn add_perhaps(&mut self, estate: &Estate, doubt: Doubt) {
        let places: Vec<&Node> = self.lost.iter().filter_map(|id| estate.node(id)).collect();
        let found = perhaps_in(estate, &places, doubt);
        self.perhaps.extend(found.into_iter().filter(|id| !self.lost.contains(id)));
        self.perhaps.sort();
        self.perhaps.dedup();
    }
}

/// What may stand in failed places, by what is known of it.
pub fn perhaps_in(estate: &Estate, places: &[&Node], doubt: Doubt) -> Vec<Id> {
    let places: Vec<&&Node> = places.iter().filter(|node| is_provider_part(node.kind)).collect();
    let products =
        places.iter().filter(|place| place.placement.region.is_none() && place.placement.service.is_some());
    let whole: BTreeSet<Id> =
        products.filter_map(|place| place.placement.provider.as_deref()).map(Id::provider).collect();
    let direct: BTreeSet<&Id> =
        estate.edges.iter().filter(|edge| whole.contains(&edge.to)).map(|edge| &edge.from).collect();
    let may = |node: &&Node| match node.kind {
        Kind::Unresolved => doubt == Doubt::References && !places.is_empty(),
        kind if is_provider_part(kind) => false,
        _ => places.iter().any(|place| may_stand_in(node, place) || may_use(node, place, &direct)),
    };
    estate.nodes.values().filter(may).map(|node| node.id.clone()).collect()
}

/// Whether a component of the provider does not say in which region or zone it stands, and may stand in this one.
fn may_stand_in(node: &Node, place: &Node) -> bool {
    let (at, of) = (&node.placement, &place.placement);
    let is_own = matches!(node.kind, Kind::Component | Kind::Service);
    if !is_own || at.provider.is_none() || at.provider != of.provider || at.global {
        return false;
    }
    let region_unknown = at.region.is_none() && node.tolerance != Tolerance::Region;
    match place.kind {
        Kind::Region => region_unknown,
        Kind::ProviderService => of.region.is_some() && region_unknown && at.service == of.service,
        Kind::Zone => {
            let zonal = !matches!(node.tolerance, Tolerance::Zone | Tolerance::Region);
            at.zones.is_empty() && zonal && (region_unknown || at.region == of.region)
        }
        _ => false,
    }
}

/// Whether a node needs a provider without saying which of its products, and may need this one, of no region.
fn may_use(node: &Node, product: &Node, direct: &BTreeSet<&Id>) -> bool {
    let (at, of) = (&node.placement, &product.placement);
    let is_product = product.kind == Kind::ProviderService && of.region.is_none();
    if !is_product || at.service.is_some() || !direct.contains(&node.id) {
        return false;
    }
    let same_provider = at.provider.is_none() || at.provider == of.provider;
    let same_category = node.category.is_none_or(|category| {
        product.category == Some(category) || of.service.as_deref() == Some(category.word())
    });
    same_provider && at.region.is_none() && same_category
}
