//! Mitigations: which of them count today, and what they change in the graph.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::declared::{ensure_node, id_of};
use super::patterns::Patterns;
use super::waivers::days_between;
use crate::model::settings::{Mitigation, MitigationKind};
use crate::model::{
    Attribute, AttributeValue, Confidence, Edge, Estate, Group, Id, Level, Need, Phase, Settings, Tolerance,
};

/// Whether a mitigation counts today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Valid,
    /// It is past its date.
    Expired(String),
    /// It was tested, but too long ago.
    Stale(String),
    /// It was never tested.
    Untested(String),
    /// It lacks what it needs to count: an owner.
    Incomplete(String),
}

/// Whether a mitigation counts on a day, and why not.
///
/// Availability is believed only of what was tested: redundancy, failover, fallback and workarounds need a date
/// of test once the policy sets how old it may be; without such a policy, an owner and an unexpired date suffice.
pub fn standing(mitigation: &Mitigation, settings: &Settings, today: Date) -> Standing {
    if let Some(expires) = mitigation.expires.filter(|expires| *expires < today) {
        return Standing::Expired(format!("it expired on {expires}"));
    }
    if mitigation.owner.as_deref().is_none_or(|owner| owner.trim().is_empty()) {
        return Standing::Incomplete("it has no owner".to_owned());
    }
    let Some(max) = settings.policy.max_test_age_days else { return Standing::Valid };
    let Some(tested) = mitigation.tested else {
        return Standing::Untested("it was never tested; add `tested = YYYY-MM-DD`".to_owned());
    };
    if today < tested {
        return Standing::Untested(format!("its test is dated {tested}, which is still to come"));
    }
    let age = days_between(tested, today);
    if i64::from(max) < age {
        return Standing::Stale(format!(
            "it was last tested on {tested}, {age} days ago; the policy allows {max}"
        ));
    }
    Standing::Valid
}

impl Standing {
    /// Why it does not count; `None` if it does.
    pub fn because(&self) -> Option<&str> {
        match self {
            Standing::Valid => None,
            Standing::Expired(why)
            | Standing::Stale(why)
            | Standing::Untested(why)
            | Standing::Incomplete(why) => Some(why),
        }
    }
}

/// Changes the graph by the mitigations that count on that day.
///
/// Redundancy and failover make the element one of several alternatives, or raise what it survives; a fallback or
/// manual workaround makes its need optional; a backup sets recovery attributes alone. Contracts, monitoring and
/// runbooks change nothing.
pub fn apply_mitigations(mut estate: Estate, settings: &Settings, today: Date) -> Estate {
    for (number, mitigation) in settings.mitigations.iter().enumerate() {
        if standing(mitigation, settings, today) != Standing::Valid {
            continue;
        }
        let scope = Scope::new(mitigation);
        match mitigation.kind {
            MitigationKind::Redundancy | MitigationKind::Failover => {
                add_alternatives(&mut estate, number, mitigation, &scope)
            }
            MitigationKind::Fallback | MitigationKind::ManualWorkaround => make_optional(&mut estate, &scope),
            MitigationKind::Backup => add_backup(&mut estate, mitigation, &scope),
            MitigationKind::Contract | MitigationKind::Monitoring | MitigationKind::Runbook => {}
        }
    }
    estate.settle();
    estate
}

/// The elements that a mitigation answered until it expired or its test became too old.
pub fn lapsed(estate: &Estate, settings: &Settings, today: Date) -> BTreeSet<Id> {
    let is_lapsed = |one: &&Mitigation| {
        one.kind.changes_availability()
            && matches!(standing(one, settings, today), Standing::Expired(_) | Standing::Stale(_))
    };
    let patterns: Vec<Patterns> =
        settings.mitigations.iter().filter(is_lapsed).map(|one| Patterns::new(&one.of)).collect();
    let answered = |id: &&Id| patterns.iter().any(|patterns| patterns.any(id.as_str()));
    estate.nodes.keys().filter(answered).cloned().collect()
}

/// How long it takes until a service lives on without what is lost, in seconds, by the mitigations that count; none
/// where none of them says so.
pub fn failover_seconds(settings: &Settings, today: Date, service: &Id, lost: &BTreeSet<Id>) -> Option<u64> {
    let counts = |one: &&Mitigation| {
        let scope = Scope::new(one);
        one.kind.changes_availability()
            && standing(one, settings, today) == Standing::Valid
            && scope.services.as_ref().is_none_or(|services| services.any(service.as_str()))
            && lost.iter().any(|id| scope.of.any(id.as_str()))
    };
    settings.mitigations.iter().filter(counts).filter_map(|one| one.takes_seconds).max()
}

/// The node that a mitigation is for: the first that matches, else what it names.
pub(crate) fn element_of(estate: &Estate, mitigation: &Mitigation) -> Id {
    let patterns = Patterns::new(&mitigation.of);
    let matched = estate.nodes.keys().find(|id| patterns.any(id.as_str())).cloned();
    matched.unwrap_or_else(|| Id::new(mitigation.of.join(" ")))
}

/// Whether nothing that was read is what a mitigation is for.
pub(crate) fn matches_nothing(estate: &Estate, mitigation: &Mitigation) -> bool {
    let patterns = Patterns::new(&mitigation.of);
    !estate.nodes.keys().any(|id| patterns.any(id.as_str()))
}

struct Scope {
    of: Patterns,
    services: Option<Patterns>,
}

impl Scope {
    fn new(mitigation: &Mitigation) -> Self {
        let services = (!mitigation.services.is_empty()).then(|| Patterns::new(&mitigation.services));
        Scope { of: Patterns::new(&mitigation.of), services }
    }

    fn concerns(&self, edge: &Edge) -> bool {
        edge.phase == Phase::Runtime
            && self.of.any(edge.to.as_str())
            && self.services.as_ref().is_none_or(|services| services.any(edge.from.as_str()))
    }
}

fn make_optional(estate: &mut Estate, scope: &Scope) {
    for edge in estate.edges.iter_mut().filter(|edge| scope.concerns(edge)) {
        edge.need = Need::Optional;
    }
}

fn add_alternatives(estate: &mut Estate, number: usize, mitigation: &Mitigation, scope: &Scope) {
    if mitigation.with.is_empty() {
        return raise_tolerance(estate, mitigation, scope);
    }
    let others: Vec<Id> = mitigation.with.iter().map(|text| id_of(estate, text)).collect();
    for other in &others {
        ensure_node(estate, other, mitigation.evidence.as_ref());
    }
    let mut added = Vec::new();
    for edge in estate.edges.iter_mut().filter(|edge| scope.concerns(edge) && edge.group.is_none()) {
        let id = Id::new(format!("{}#mitigation-{}", edge.from, number + 1));
        edge.group = Some(id.clone());
        for other in others.iter().filter(|other| **other != edge.from) {
            added.push(Edge {
                to: other.clone(),
                group: Some(id.clone()),
                confidence: Confidence::Declared,
                evidence: mitigation.evidence.iter().cloned().collect(),
                ..edge.clone()
            });
        }
        let evidence = mitigation.evidence.iter().cloned().collect();
        let group = Group {
            id: id.clone(),
            owner: edge.from.clone(),
            k: mitigation.k,
            level: mitigation.survives,
            evidence,
        };
        estate.groups.insert(id, group);
    }
    estate.edges.extend(added);
}

fn raise_tolerance(estate: &mut Estate, mitigation: &Mitigation, scope: &Scope) {
    let to = match mitigation.survives {
        Some(Level::Instance) => Tolerance::Instance,
        Some(Level::Host) => Tolerance::Host,
        Some(Level::Zone) => Tolerance::Zone,
        Some(Level::Region) => Tolerance::Region,
        _ => return,
    };
    for node in estate.nodes.values_mut().filter(|node| scope.of.any(node.id.as_str()) && node.tolerance < to)
    {
        node.tolerance = to;
        node.tolerance_because = Some(format!("a declared {}", mitigation.kind.word()));
        if Tolerance::Host < to {
            node.placement.zones.clear();
        }
        if let Some(evidence) = &mitigation.evidence {
            node.add_evidence(evidence.clone());
        }
    }
}

fn add_backup(estate: &mut Estate, mitigation: &Mitigation, scope: &Scope) {
    use AttributeValue::{Bool, Number, Text};
    for node in estate.nodes.values_mut().filter(|node| scope.of.any(node.id.as_str())) {
        let evidence = &mitigation.evidence;
        node.attributes.set(Attribute::Backup, Bool(true), evidence.clone());
        if let Some(days) = mitigation.retention_days {
            node.attributes.set(Attribute::BackupRetentionDays, Number(days), evidence.clone());
        }
        if let Some(seconds) = mitigation.interval_seconds {
            node.attributes.set(Attribute::BackupIntervalSeconds, Number(seconds as f64), evidence.clone());
        }
        if let Some(region) = &mitigation.region {
            node.attributes.set(Attribute::BackupRegion, Text(region.clone()), evidence.clone());
        }
    }
}
