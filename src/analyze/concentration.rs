//! How much rests on one provider, region, jurisdiction or network.

use crate::model::{Category, Id};

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
    /// Shares, largest placement first, then by id.
    pub shares: Vec<Share>,
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
}
