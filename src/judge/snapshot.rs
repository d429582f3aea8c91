//! What has to be kept of a scan so that a later one can be compared with it.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::analyze::{Analysis, Concentration};
use crate::model::{Attribute, Estate, Evidence, Id, Kind, Node};

/// A scan as it was, reduced to what a comparison reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Nodes by id.
    pub nodes: BTreeMap<Id, Seen>,
    /// Dependencies: from, to, phase.
    pub edges: BTreeSet<(Id, Id, String)>,
    /// Findings.
    pub findings: Vec<Known>,
    /// Concentration.
    pub measures: Vec<Measured>,
    /// Evidence in files, as (path, text).
    pub evidence: BTreeSet<(String, String)>,
    /// Names of the environments that were found.
    pub environments: BTreeSet<String>,
    /// What could not be read at all, as (path, message).
    pub unread: BTreeSet<(String, String)>,
    /// The files that a format had, with its name.
    pub files: BTreeMap<String, String>,
}

/// A node as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Everything that tells it apart from others of its kind but its name, as one text.
    pub traits: String,
    /// The file that declares it; empty where only the catalog does.
    pub path: String,
    /// Time to live of a record, in seconds.
    pub ttl_seconds: Option<u64>,
}

/// A finding as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The rule's id.
    pub rule: String,
    /// The level's word.
    pub level: String,
    /// Fingerprint.
    pub fingerprint: String,
    /// What it is about.
    pub element: Id,
    /// The word of the failure domain's level.
    pub domain_level: String,
    /// Services concerned.
    pub services: Vec<Id>,
    /// From a service to the element.
    pub path: Vec<Id>,
    /// The status's word.
    pub status: String,
    /// One sentence.
    pub message: String,
}

/// Concentration as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The dimension's word.
    pub dimension: String,
    /// The category's word, or `all`.
    pub category: String,
    /// Herfindahl-Hirschman index, 0 to 1.
    pub hhi: f64,
    /// Share of the largest.
    pub cr1: f64,
    /// Share of the three largest.
    pub cr3: f64,
    /// Placement and loss share by id.
    pub shares: BTreeMap<Id, (f64, f64)>,
}

/// What tells a node apart, as words; absent ones are empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traits<'a> {
    /// The manifest's type.
    pub type_name: &'a str,
    /// Category.
    pub category: &'a str,
    /// Provider.
    pub provider: &'a str,
    /// Region.
    pub region: &'a str,
    /// Zones.
    pub zones: &'a [String],
    /// Instances.
    pub replicas: Option<u64>,
    /// What it survives.
    pub tolerance: &'a str,
    /// Whether it is a service.
    pub is_service: bool,
}

impl Traits<'_> {
    /// The text that [`Seen::traits`] holds.
    pub fn text(&self) -> String {
        let replicas = self.replicas.map(|replicas| replicas.to_string()).unwrap_or_default();
        let parts = [
            self.type_name,
            self.category,
            self.provider,
            self.region,
            &self.zones.join(","),
            &replicas,
            self.tolerance,
            if self.is_service { "service" } else { "" },
        ];
        // A bar in a manifest's text must not look like the end of a part.
        parts.map(|part| part.replace('|', "/")).join("|")
    }
}

impl Snapshot {
    /// What has to be kept of an estate, its analysis and its findings.
    pub fn of(estate: &Estate, analysis: &Analysis, findings: &[Finding]) -> Self {
        let of_nodes = estate.nodes.values().flat_map(|node| &node.evidence);
        let of_edges = estate.edges.iter().flat_map(|edge| &edge.evidence);
        let of_findings = findings.iter().flat_map(|finding| &finding.evidence);
        Snapshot {
            nodes: estate.nodes.iter().map(|(id, node)| (id.clone(), Seen::of(node))).collect(),
            edges: estate
                .edges
                .iter()
                .map(|edge| (edge.from.clone(), edge.to.clone(), edge.phase.word().to_owned()))
                .collect(),
            findings: findings.iter().map(Known::of).collect(),
            measures: analysis.concentration.iter().map(Measured::of).collect(),
            evidence: of_nodes.chain(of_edges).chain(of_findings).filter_map(kept).collect(),
            environments: estate.environments.iter().map(|one| one.name.clone()).collect(),
            unread: BTreeSet::new(),
            files: BTreeMap::new(),
        }
    }

    /// The concentration of a dimension and category.
    pub fn measured(&self, dimension: &str, category: &str) -> Option<&Measured> {
        self.measures.iter().find(|one| one.dimension == dimension && one.category == category)
    }
}

/// The services and components that are new, of which something differs that is known of them, or that need something
/// else than before.
pub fn differing(before: &Snapshot, estate: &Estate) -> BTreeSet<Id> {
    let is_part = |node: &&Node| matches!(node.kind, Kind::Service | Kind::Component);
    let needs_of_now: BTreeSet<(&Id, &Id, &str)> =
        estate.edges.iter().map(|edge| (&edge.from, &edge.to, edge.phase.word())).collect();
    let needs_before: BTreeSet<(&Id, &Id, &str)> =
        before.edges.iter().map(|(from, to, phase)| (from, to, phase.as_str())).collect();
    let by_edges: BTreeSet<&Id> =
        needs_of_now.symmetric_difference(&needs_before).map(|(from, _, _)| *from).collect();
    let differs = |node: &&Node| {
        let same = before.nodes.get(&node.id).is_some_and(|seen| seen.traits == Seen::of(node).traits);
        !same || by_edges.contains(&node.id)
    };
    estate.nodes.values().filter(is_part).filter(differs).map(|node| node.id.clone()).collect()
}

fn kept(evidence: &Evidence) -> Option<(String, String)> {
    match evidence {
        Evidence::File { location, text } => Some((location.path.to_string(), text.trim().to_owned())),
        Evidence::Record { .. } => None,
    }
}

/// Whether a path is in the input, and not that of a row of the catalog.
pub fn is_in_input(path: &str) -> bool {
    !path.starts_with("catalog:")
}

/// The folder of a path in the input; `None` for rows of the catalog.
pub fn folder(path: &str) -> Option<&str> {
    is_in_input(path).then(|| path.rsplit_once('/').map_or("", |(folder, _)| folder))
}

impl Seen {
    /// The folder of the file that declares it.
    pub(super) fn folder(&self) -> &str {
        folder(&self.path).unwrap_or_default()
    }

    /// The manifest's type.
    pub fn type_name(&self) -> &str {
        self.part(0)
    }

    /// The provider.
    pub(super) fn provider(&self) -> &str {
        self.part(2)
    }

    /// The region.
    pub(super) fn region(&self) -> &str {
        self.part(3)
    }

    /// The word of what it survives.
    pub(super) fn tolerance(&self) -> &str {
        self.part(6)
    }

    /// A part of [`Traits::text`], in its order.
    fn part(&self, at: usize) -> &str {
        self.traits.split('|').nth(at).unwrap_or_default()
    }

    /// A node as it is.
    pub fn of(node: &Node) -> Self {
        let placement = &node.placement;
        let traits = Traits {
            type_name: node.type_name.as_deref().unwrap_or_default(),
            category: node.category.map_or("", |category| category.word()),
            provider: placement.provider.as_deref().unwrap_or_default(),
            region: placement.region.as_deref().unwrap_or_default(),
            zones: &placement.zones,
            replicas: node.replication.replicas.map(u64::from),
            tolerance: node.tolerance.word(),
            is_service: node.is_service,
        };
        Seen {
            kind: node.kind.word().to_owned(),
            name: node.name.clone(),
            traits: traits.text(),
            path: node
                .evidence
                .iter()
                .filter_map(kept)
                .find_map(|(path, _)| is_in_input(&path).then_some(path))
                .unwrap_or_default(),
            ttl_seconds: node.attributes.number(Attribute::TtlSeconds).map(|seconds| seconds as u64),
        }
    }
}

impl Known {
    /// A finding as it is.
    pub fn of(finding: &Finding) -> Self {
        Known {
            rule: finding.rule.to_owned(),
            level: finding.level.word().to_owned(),
            fingerprint: finding.fingerprint.clone(),
            element: finding.element.clone(),
            domain_level: finding.domain_level.word().to_owned(),
            services: finding.services.clone(),
            path: finding.path.clone(),
            status: finding.status.word().to_owned(),
            message: finding.message.clone(),
        }
    }

    /// Whether nothing answered it.
    pub fn was_open(&self) -> bool {
        matches!(self.status.as_str(), "open" | "baseline")
    }
}

impl Measured {
    /// A concentration as it is.
    pub fn of(one: &Concentration) -> Self {
        let share =
            |share: &crate::analyze::Share| (share.id.clone(), (share.placement_share, share.loss_share));
        Measured {
            dimension: one.dimension.word().to_owned(),
            category: one.category.map_or("all", |category| category.word()).to_owned(),
            hhi: one.hhi,
            cr1: one.cr1,
            cr3: one.cr3,
            shares: one.shares.iter().map(share).collect(),
        }
    }
}
