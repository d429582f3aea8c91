//! A node of the estate's graph.

use super::{Attributes, Category, Confidence, Evidence, Id, Kind, Level, Tolerance};

/// Where a node lives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placement {
    /// Provider id of the catalog: `aws`, `cloudflare`.
    pub provider: Option<String>,
    /// The provider's product: `rds`, `dns`.
    pub service: Option<String>,
    /// Region id of the catalog: `us-east-1`. `None` is unknown or none at all, never a guess.
    pub region: Option<String>,
    /// Why the region is unknown, where the text should say it and it could not be read.
    pub region_unknown: Option<String>,
    /// Zones in which instances are known to stand, distinct and sorted.
    pub zones: Vec<String>,
    /// The autonomous system that announces it, where it is an address and a table says so.
    pub asn: Option<u32>,
    /// Whether the product is one for all regions (CloudFront, Route 53): its loss is not a region's loss.
    pub global: bool,
}

/// How many of a thing there are, and what is guaranteed of their places.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replication {
    /// Instances as declared; `None` is unknown or does not apply.
    pub replicas: Option<u32>,
    /// How many must live (k of k-of-n); 1 unless a quorum is known.
    pub required: Option<u32>,
    /// The level at which instances are guaranteed to be apart (`Host`, `Zone`), if any is guaranteed.
    pub spread: Option<Level>,
    /// Why `replicas` is unknown, where the text says it and it could not be read.
    pub unknown: Option<String>,
}

/// A service, component, provider or name, with what says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub id: Id,
    /// Kind.
    pub kind: Kind,
    /// Short name for people.
    pub name: String,
    /// What it is for.
    pub category: Option<Category>,
    /// The manifest's own type: `aws_db_instance`, `Deployment`.
    pub type_name: Option<String>,
    /// What contains it.
    pub parent: Option<Id>,
    /// Where it lives.
    pub placement: Placement,
    /// How many there are.
    pub replication: Replication,
    /// The largest failure domain of which it survives the loss of any one.
    pub tolerance: Tolerance,
    /// Why the tolerance is what it is; names the attribute or the reason it is unknown.
    pub tolerance_because: Option<String>,
    /// Whether it may fail on its own account. A name or a pure grouping does not; a managed part does.
    pub may_fail: bool,
    /// Whether the organization runs it and would miss it: it counts in blast radii.
    pub is_service: bool,
    /// Tier, owner and weight, from `linchpin.toml`, the inventory or a catalog file.
    pub tier: Option<String>,
    /// Owner.
    pub owner: Option<String>,
    /// Weight among services; 1 unless declared.
    pub weight: f64,
    /// Everything else that rules read.
    pub attributes: Attributes,
    /// Who says so.
    pub confidence: Confidence,
    /// What says so; the first is where a reader should look.
    pub evidence: Vec<Evidence>,
}

impl Node {
    /// A node of which nothing is known yet but what it is; `may_fail` holds for all but names and groupings.
    pub fn new(id: Id, kind: Kind, name: impl Into<String>) -> Self {
        Node {
            id,
            kind,
            name: name.into(),
            category: None,
            type_name: None,
            parent: None,
            placement: Placement::default(),
            replication: Replication::default(),
            tolerance: Tolerance::Unknown,
            tolerance_because: None,
            may_fail: !matches!(kind, Kind::Domain),
            is_service: kind == Kind::Service,
            tier: None,
            owner: None,
            weight: 1.0,
            attributes: Attributes::default(),
            confidence: Confidence::Inferred,
            evidence: Vec::new(),
        }
    }

    /// More evidence than this is not kept: what thousands of edges lead to has theirs as well.
    pub const MOST_EVIDENCE: usize = 256;

    /// Adds evidence, each piece once.
    pub fn add_evidence(&mut self, evidence: Evidence) {
        if self.evidence.len() < Self::MOST_EVIDENCE && !self.evidence.contains(&evidence) {
            if self.evidence.is_empty() {
                // Most nodes have one piece.
                self.evidence.reserve_exact(1);
            }
            self.evidence.push(evidence);
        }
    }
}
