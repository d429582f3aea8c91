//! Services as `linchpin.toml` declares them: tiers, owners, weights, needs by hand.

use std::collections::BTreeSet;

use super::patterns::Patterns;
use crate::model::settings::{NeedSettings, ServiceSettings};
use crate::model::{
    Attribute, AttributeValue, Confidence, Edge, Estate, Evidence, Group, Id, Kind, Level, Node, Settings,
};
use crate::source::{Location, Problems};

/// Adds what `linchpin.toml` declares of services to an estate: names, tiers, owners, objectives, weights and
/// dependencies. A declaration that matches nothing, and a tier that is not declared, are problems.
pub fn apply_services(mut estate: Estate, settings: &Settings) -> (Estate, Problems) {
    let mut problems = Problems::new();
    for service in &settings.services {
        let ids = meant(&mut estate, service);
        if ids.is_empty() {
            service_matches_nothing(&mut problems, service);
        }
        if let Some(tier) = service.tier.as_deref().filter(|tier| !settings.tiers.contains_key(*tier)) {
            unknown_tier(&mut problems, service, tier);
        }
        for id in &ids {
            declare(&mut estate, id, service, ids.len() == 1);
            for (number, need) in service.needs.iter().enumerate() {
                add_need(&mut estate, id, number, need);
            }
        }
    }
    // Not settled: groups and edges whose ends are still to be resolved would be taken for ones that lead nowhere.
    estate
        .edges
        .sort_by(|a, b| (&a.from, &a.to, a.phase, &a.group).cmp(&(&b.from, &b.to, b.phase, &b.group)));
    (estate, problems)
}

/// The id that a person means: an id with its scheme, a service's bare name, or the name of one node.
pub(crate) fn id_of(estate: &Estate, text: &str) -> Id {
    let exact = Id::new(text);
    if estate.nodes.contains_key(&exact) || exact.scheme().chars().any(|c| c.is_ascii_alphabetic()) {
        return exact;
    }
    let app = Id::app(text);
    if estate.nodes.contains_key(&app) {
        return app;
    }
    let mut called = estate.nodes.values().filter(|node| node.name == text && node.is_service);
    match (called.next(), called.next()) {
        (Some(only), None) => only.id.clone(),
        _ => app,
    }
}

/// The node of an id, made if it does not exist: what it is follows from the scheme.
pub(crate) fn ensure_node(estate: &mut Estate, id: &Id, evidence: Option<&Evidence>) {
    if estate.nodes.contains_key(id) {
        return;
    }
    let kind = match id.scheme() {
        "provider" if id.rest().contains('/') => Kind::ProviderService,
        "provider" => Kind::Provider,
        "host" => Kind::Host,
        "domain" => Kind::Domain,
        "zone" => Kind::DnsZone,
        _ => Kind::Unresolved,
    };
    let mut node = Node::new(id.clone(), kind, id.rest());
    node.confidence = Confidence::Declared;
    if kind == Kind::ProviderService {
        node.parent = id.rest().split('/').next().map(Id::provider);
    }
    node.evidence.extend(evidence.cloned());
    let parent = node.parent.clone();
    estate.nodes.insert(id.clone(), node);
    if let Some(parent) = parent {
        ensure_node(estate, &parent, evidence);
    }
}

fn meant(estate: &mut Estate, service: &ServiceSettings) -> BTreeSet<Id> {
    if !service.matches.is_empty() {
        let patterns = Patterns::new(&service.matches);
        return estate.nodes.keys().filter(|id| patterns.any(id.as_str())).cloned().collect();
    }
    let Some(name) = &service.name else { return BTreeSet::new() };
    let id = id_of(estate, name);
    if !estate.nodes.contains_key(&id) {
        let mut node = Node::new(id.clone(), Kind::Service, name.as_str());
        node.confidence = Confidence::Declared;
        node.may_fail = false;
        node.evidence.extend(service.evidence.clone());
        estate.nodes.insert(id.clone(), node);
    }
    BTreeSet::from([id])
}

fn declare(estate: &mut Estate, id: &Id, service: &ServiceSettings, is_only: bool) {
    let Some(node) = estate.nodes.get_mut(id) else { return };
    node.is_service = service.is_service.unwrap_or(true);
    if let Some(name) = service.name.as_ref().filter(|_| is_only) {
        node.name = name.clone();
    }
    if service.tier.is_some() {
        node.tier = service.tier.clone();
    }
    if service.owner.is_some() {
        node.owner = service.owner.clone();
    }
    if let Some(weight) = service.weight {
        node.weight = weight;
    }
    for (attribute, seconds) in
        [(Attribute::RtoSeconds, service.rto_seconds), (Attribute::RpoSeconds, service.rpo_seconds)]
    {
        if let Some(seconds) = seconds {
            node.attributes.set(attribute, AttributeValue::Number(seconds as f64), service.evidence.clone());
        }
    }
    if let Some(evidence) = &service.evidence {
        node.add_evidence(evidence.clone());
    }
}

fn add_need(estate: &mut Estate, from: &Id, number: usize, need: &NeedSettings) {
    let group = (need.on.len() > 1).then(|| Id::new(format!("{from}#needs-{}", number + 1)));
    for text in &need.on {
        let to = id_of(estate, text);
        ensure_node(estate, &to, need.evidence.as_ref());
        estate.edges.retain(|edge| {
            // What a person says of a dependency replaces what was read off a manifest.
            edge.from != *from
                || edge.to != to
                || edge.phase != need.phase
                || edge.confidence == Confidence::Declared
        });
        estate.edges.push(Edge {
            from: from.clone(),
            to,
            phase: need.phase,
            need: need.need,
            group: group.clone(),
            confidence: Confidence::Declared,
            evidence: need.evidence.iter().cloned().collect(),
        });
    }
    if let Some(id) = group {
        let level: Option<Level> = None;
        let evidence = need.evidence.iter().cloned().collect();
        estate.groups.insert(id.clone(), Group { id, owner: from.clone(), k: need.k, level, evidence });
    }
}

fn service_matches_nothing(problems: &mut Problems, service: &ServiceSettings) {
    let patterns = service.matches.join("`, `");
    problems.warning(
        place(service.evidence.as_ref()),
        format!("`{patterns}` matches nothing that was read; see the ids with `linchpin graph`"),
    );
}

fn unknown_tier(problems: &mut Problems, service: &ServiceSettings, tier: &str) {
    problems.error(
        place(service.evidence.as_ref()),
        format!("tier `{tier}` is not declared; add `[tiers.{tier}]` with what its services must survive"),
    );
}

fn place(evidence: Option<&Evidence>) -> Location {
    evidence.and_then(Evidence::location).cloned().unwrap_or_else(|| Location {
        path: "linchpin.toml".into(),
        line: 1,
        column: 1,
    })
}
