//! What the organization says about itself: `linchpin.toml` as inert types.
//!
//! Everything is optional; with nothing said the defaults of [`Settings::default`] hold.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Category, Evidence, Level, Need, Phase};

/// Everything that `linchpin.toml` and inline comments say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The organization.
    pub organization: Organization,
    /// Services: which nodes they are, and what is known of them.
    pub services: Vec<ServiceSettings>,
    /// Tiers by name.
    pub tiers: BTreeMap<String, Tier>,
    /// How findings are judged.
    pub policy: Policy,
    /// Declared answers to single points of failure.
    pub mitigations: Vec<Mitigation>,
    /// Accepted risks, from `linchpin.toml` and from comments.
    pub waivers: Vec<Waiver>,
    /// What is scanned, and how.
    pub scan: ScanSettings,
    /// Files that override tables of the catalog, by table name.
    pub data: BTreeMap<String, String>,
    /// Where DNS answers are from.
    pub dns: DnsSettings,
}

/// Where DNS answers are from, unless the command line says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsSettings {
    /// A recording, relative to `linchpin.toml`.
    pub replay: Option<String>,
}

/// The organization.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Organization {
    /// Its name.
    pub name: Option<String>,
    /// Jurisdictions (codes) in which it wants its components to be.
    pub jurisdictions: Vec<String>,
}

/// What is scanned, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScanSettings {
    /// Folders to read, relative to `linchpin.toml`; empty is the whole.
    pub roots: Vec<String>,
    /// The environment to analyze.
    pub environment: Option<String>,
    /// Path patterns that are left out.
    pub exclude: Vec<String>,
    /// Whether test, example and archived folders are read too.
    pub include_tests: bool,
}

/// What is declared of the nodes whose ids match.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceSettings {
    /// Patterns of ids (`k8s:shop/*/checkout`); empty makes a new service `app:NAME`.
    pub matches: Vec<String>,
    /// Name.
    pub name: Option<String>,
    /// Tier.
    pub tier: Option<String>,
    /// Owner.
    pub owner: Option<String>,
    /// Recovery time objective, in seconds.
    pub rto_seconds: Option<u64>,
    /// Recovery point objective, in seconds.
    pub rpo_seconds: Option<u64>,
    /// Weight among services.
    pub weight: Option<f64>,
    /// Whether the nodes count as services; `None` leaves what the readers say.
    pub is_service: Option<bool>,
    /// Dependencies written by hand.
    pub needs: Vec<NeedSettings>,
    /// What says so.
    pub evidence: Option<Evidence>,
}

/// A dependency written by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct NeedSettings {
    /// Ids, or bare names of services. One is a plain dependency, several are alternatives.
    pub on: Vec<String>,
    /// How many of several must live.
    pub k: u32,
    /// How much.
    pub need: Need,
    /// When.
    pub phase: Phase,
    /// What says so.
    pub evidence: Option<Evidence>,
}

/// What the services of a tier must survive.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tier {
    /// Levels of which the loss of any one must be survived.
    pub survives: BTreeSet<Level>,
    /// Phases that count; empty is `runtime` alone.
    pub phases: BTreeSet<Phase>,
    /// Recovery time objective, in seconds.
    pub rto_seconds: Option<u64>,
    /// Recovery point objective, in seconds.
    pub rpo_seconds: Option<u64>,
    /// Oldest test of a mitigation that still counts, in days.
    pub max_test_age_days: Option<u32>,
}

/// How bad the policy says a rule's findings are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleLevel {
    /// Not reported.
    Off,
    /// Worth knowing.
    Note,
    /// Against good practice or a soft limit.
    Warning,
    /// Against what must hold.
    Error,
}

/// How findings are judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// The level from which findings fail a gate.
    pub fail_on: Option<RuleLevel>,
    /// Levels of rules.
    pub rules: BTreeMap<String, RuleLevel>,
    /// The organization's own appetite for concentration.
    pub thresholds: Vec<Threshold>,
    /// Levels of rules under some paths; a later one wins.
    pub overrides: Vec<PathOverride>,
    /// Longest time for which a waiver may be given, in days.
    pub max_waiver_days: Option<u32>,
    /// Oldest test of a mitigation that still counts, in days; unset: any dated test counts.
    pub max_test_age_days: Option<u32>,
    /// Oldest recorded DNS answer that still counts, in days.
    pub max_dns_age_days: Option<u32>,
}

/// What a threshold is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Herfindahl-Hirschman index, 0 to 1.
    Hhi,
    /// Placement share of the largest, 0 to 1.
    Cr1,
    /// Placement share of the three largest, 0 to 1.
    Cr3,
    /// Placement share of any one, 0 to 1.
    PlacementShare,
    /// Loss share of any one, 0 to 1.
    LossShare,
}

/// One limit of concentration. It says what the organization wants, and nothing about any law.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// `provider`, `ultimate-provider`, `region`, `zone`, `jurisdiction`, `asn`.
    pub dimension: String,
    /// Components counted; `None` is all.
    pub category: Option<Category>,
    /// What is limited.
    pub measure: Measure,
    /// The largest acceptable value, 0 to 1.
    pub max: Option<f64>,
    /// The largest acceptable growth against a baseline, 0 to 1.
    pub max_increase: Option<f64>,
    /// How bad more than that is.
    pub level: RuleLevel,
    /// What says so.
    pub evidence: Option<Evidence>,
}

/// Levels of rules under some paths.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathOverride {
    /// Path patterns.
    pub paths: Vec<String>,
    /// Levels of rules.
    pub rules: BTreeMap<String, RuleLevel>,
}

/// What kind of answer a mitigation is; it decides what changes in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MitigationKind {
    /// Another one runs beside it: an alternative.
    Redundancy,
    /// Another one takes over by itself: an alternative.
    Failover,
    /// Services go on without it: a required need becomes optional.
    Fallback,
    /// Its data can be restored: recovery attributes, no availability.
    Backup,
    /// People do its work by hand: a required need becomes optional.
    ManualWorkaround,
    /// Someone else is bound to help: clears nothing.
    Contract,
    /// Someone is told: clears nothing.
    Monitoring,
    /// Someone knows what to do: clears nothing.
    Runbook,
}

/// A declared, owned, dated, tested answer to a single point of failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Mitigation {
    /// What kind of answer.
    pub kind: MitigationKind,
    /// Patterns of ids of the elements it answers.
    pub of: Vec<String>,
    /// Patterns of ids of those who need the element; empty is all.
    pub services: Vec<String>,
    /// Ids of the alternatives, for redundancy and failover.
    pub with: Vec<String>,
    /// How many of element and alternatives must live.
    pub k: u32,
    /// The level whose loss the element itself survives thanks to it, where no alternative is named.
    pub survives: Option<Level>,
    /// Seconds until it works.
    pub takes_seconds: Option<u64>,
    /// Days for which backups are kept.
    pub retention_days: Option<f64>,
    /// Seconds between backups.
    pub interval_seconds: Option<u64>,
    /// Region id in which backups are kept.
    pub region: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where it is written down: a link, a path, a ticket.
    pub reference: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Date of the last test.
    pub tested: Option<Date>,
    /// Until when it holds.
    pub expires: Option<Date>,
    /// What says so.
    pub evidence: Option<Evidence>,
}

/// The lines of a file to which an inline waiver applies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WaiverPlace {
    /// File.
    pub path: String,
    /// The line that is declared, from 1.
    pub line: u32,
    /// Last line of the block that starts there.
    pub last_line: u32,
    /// Lines that open the blocks and objects around it, where the comment stands behind a line of theirs.
    pub around: Vec<(u32, u32)>,
}

/// An accepted risk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waiver {
    /// Fingerprint of the finding.
    pub fingerprint: Option<String>,
    /// Rule id.
    pub rule: Option<String>,
    /// Pattern of service ids; other services stay at risk.
    pub service: Option<String>,
    /// Pattern of element ids.
    pub element: Option<String>,
    /// Where it is written, if in a comment: it applies to what is declared there.
    pub place: Option<WaiverPlace>,
    /// Why the risk is accepted.
    pub reason: Option<String>,
    /// Who accepts it.
    pub owner: Option<String>,
    /// Ticket.
    pub ticket: Option<String>,
    /// Since when.
    pub created: Option<Date>,
    /// Until when (that day included).
    pub expires: Option<Date>,
    /// What says so.
    pub evidence: Option<Evidence>,
}

impl RuleLevel {
    /// The word used in `linchpin.toml`.
    pub fn word(self) -> &'static str {
        match self {
            RuleLevel::Off => "off",
            RuleLevel::Note => "note",
            RuleLevel::Warning => "warning",
            RuleLevel::Error => "error",
        }
    }
}

impl Measure {
    /// Every measure with its word.
    pub const WORDS: &'static [(&'static str, Measure)] = &[
        ("hhi", Measure::Hhi),
        ("cr1", Measure::Cr1),
        ("cr3", Measure::Cr3),
        ("placement-share", Measure::PlacementShare),
        ("loss-share", Measure::LossShare),
    ];

    /// The word used in `linchpin.toml`.
    pub fn word(self) -> &'static str {
        Measure::WORDS.iter().find(|(_, measure)| *measure == self).map_or("", |(word, _)| word)
    }
}

impl MitigationKind {
    /// Every kind with its word.
    pub const WORDS: &'static [(&'static str, MitigationKind)] = &[
        ("redundancy", MitigationKind::Redundancy),
        ("failover", MitigationKind::Failover),
        ("fallback", MitigationKind::Fallback),
        ("backup", MitigationKind::Backup),
        ("manual-workaround", MitigationKind::ManualWorkaround),
        ("contract", MitigationKind::Contract),
        ("monitoring", MitigationKind::Monitoring),
        ("runbook", MitigationKind::Runbook),
    ];

    /// The word used in `linchpin.toml`.
    pub fn word(self) -> &'static str {
        MitigationKind::WORDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }

    /// Whether it changes what a failure takes down.
    pub fn changes_availability(self) -> bool {
        matches!(
            self,
            MitigationKind::Redundancy
                | MitigationKind::Failover
                | MitigationKind::Fallback
                | MitigationKind::ManualWorkaround
        )
    }
}

impl Default for Mitigation {
    fn default() -> Self {
        Mitigation {
            kind: MitigationKind::Runbook,
            of: Vec::new(),
            services: Vec::new(),
            with: Vec::new(),
            k: 1,
            survives: None,
            takes_seconds: None,
            retention_days: None,
            interval_seconds: None,
            region: None,
            owner: None,
            reference: None,
            reason: None,
            tested: None,
            expires: None,
            evidence: None,
        }
    }
}

impl Settings {
    /// The tier of that name, if it is declared.
    pub fn tier(&self, name: Option<&str>) -> Option<&Tier> {
        self.tiers.get(name?)
    }

    /// The oldest test that counts for services of a tier, in days.
    pub fn max_test_age_days(&self, tier: Option<&str>) -> Option<u32> {
        self.tier(tier).and_then(|tier| tier.max_test_age_days).or(self.policy.max_test_age_days)
    }
}
