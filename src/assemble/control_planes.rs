//! What providers need inside themselves: control planes that stand in one region for all, and services that need
//! others of the same region.
//!
//! The facts are the catalog's, with their sources; each holds until the day the provider removed it.

use super::placement::{Place, provider_node};
use crate::catalog::{Catalog, InternalEdge};
use crate::model::{Confidence, Edge, Estate, Evidence, Id, Kind, Need, Node, Phase};

/// The end of a service's name that makes it a control plane.
const CONTROL_PLANE: &str = "-control-plane";

/// Adds what the provider services of the estate need inside their providers on a day (`YYYY-MM-DD`).
///
/// Only what is in the estate grows edges, and what they lead to is added. At run time an edge is required where the
/// catalog says that its loss is an outage, else its loss degrades; in other phases it is required.
pub fn add_control_planes(estate: &mut Estate, catalog: &Catalog, day: &str) {
    let facts: Vec<&InternalEdge> =
        catalog.internal_edges().iter().filter(|fact| holds_on(fact, day)).collect();
    let is_part =
        |node: &&Node| matches!(node.kind, Kind::Provider | Kind::ProviderService | Kind::ControlPlane);
    let mut open: Vec<Id> = estate.nodes.values().filter(is_part).map(|node| node.id.clone()).collect();
    let mut edges = Vec::new();
    while let Some(id) = open.pop() {
        for fact in &facts {
            let Some(node) = estate.node(&id) else { continue };
            let Some(region) = region_of_match(&fact.from, node) else { continue };
            let source = format!("{} ({})", fact.effect, fact.source);
            let evidence = vec![Evidence::catalog("internal-edges", 0, &source)];
            let known = estate.nodes.len();
            let to = provider_part(
                estate,
                catalog,
                &fact.to.replace('*', region.as_deref().unwrap_or("*")),
                &evidence,
            );
            if estate.nodes.len() != known {
                open.push(to.clone());
            }
            edges.extend(
                fact.phases.iter().filter_map(|word| edge(&id, &to, Phase::parse(word)?, fact, &evidence)),
            );
        }
    }
    estate.edges.extend(edges);
    estate.settle();
}

/// Whether the fact holds on a day; one without an end holds on all.
pub fn holds_on(fact: &InternalEdge, day: &str) -> bool {
    fact.until.as_deref().is_none_or(|until| day <= until)
}

/// The node of `PROVIDER`, `PROVIDER/REGION`, `PROVIDER/SERVICE` or `PROVIDER/REGION/SERVICE`, made where it is new.
pub fn provider_part(estate: &mut Estate, catalog: &Catalog, text: &str, evidence: &[Evidence]) -> Id {
    let mut parts = text.splitn(3, '/');
    let provider = parts.next().unwrap_or(text);
    let provider = catalog.canonical(provider).unwrap_or(provider);
    let (region, service) = match (parts.next(), parts.next()) {
        (Some(region), Some(service)) => (Some(region), Some(service)),
        (Some(part), None) if catalog.region(provider, part).is_some() => (Some(part), None),
        (part, _) => (None, part),
    };
    let region = region.map(|name| catalog.region(provider, name).map_or(name, |known| &*known.code));
    let place = Place {
        provider: provider.to_owned(),
        service: service.map(str::to_owned),
        region: region.map(str::to_owned),
        global: region.is_none() && service.is_some(),
        category: None,
        on: None,
    };
    let id = provider_node(estate, catalog, &place, evidence);
    if service.is_some_and(|service| service.ends_with(CONTROL_PLANE)) {
        estate.nodes.entry(id.clone()).and_modify(|node| node.kind = Kind::ControlPlane);
    }
    id
}

/// The region in which the pattern matches the node; the inner `None` is no region.
fn region_of_match(pattern: &str, node: &Node) -> Option<Option<String>> {
    let parts: Vec<&str> = pattern.split('/').collect();
    let place = &node.placement;
    if place.provider.as_deref() != parts.first().copied() {
        return None;
    }
    let service = place.service.as_deref();
    let matches = match parts.as_slice() {
        [_] => node.kind == Kind::Provider,
        [_, wanted] => place.region.is_none() && service == Some(*wanted),
        [_, region, wanted] => {
            let region_fits = place.region.as_deref().is_some_and(|at| *region == "*" || at == *region);
            region_fits && service.is_some_and(|at| *wanted == "*" || at == *wanted)
        }
        _ => false,
    };
    matches.then(|| place.region.clone())
}

fn edge(from: &Id, to: &Id, phase: Phase, fact: &InternalEdge, evidence: &[Evidence]) -> Option<Edge> {
    let is_outage = phase != Phase::Runtime || fact.need.as_deref() == Some(Need::Required.word());
    let need = if is_outage { Need::Required } else { Need::Optional };
    let (group, confidence) = (None, Confidence::Assumed);
    let edge = Edge {
        from: from.clone(),
        to: to.clone(),
        phase,
        need,
        group,
        confidence,
        evidence: evidence.to_vec(),
    };
    (from != to).then_some(edge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estate(parts: &[&str]) -> Estate {
        let mut estate = Estate::default();
        for part in parts {
            provider_part(&mut estate, Catalog::embedded(), part, &[]);
        }
        estate.settle();
        estate
    }

    fn edges(estate: &Estate) -> Vec<String> {
        let line =
            |edge: &Edge| format!("{} {} {} {}", edge.from.rest(), edge.phase, edge.need, edge.to.rest());
        estate.edges.iter().map(line).collect()
    }

    #[test]
    fn global_services_are_changed_in_one_region() {
        let mut estate = estate(&["aws/route53", "aws/eu-west-1/sqs"]);
        let before = estate.nodes.len();
        add_control_planes(&mut estate, Catalog::embedded(), "2026-11-22");
        let plane = Id::new("provider:aws/us-east-1/route53-control-plane");
        assert_eq!(estate.node(&plane).unwrap().kind, Kind::ControlPlane);
        let all = edges(&estate);
        assert!(
            all.contains(&"aws/route53 recover required aws/us-east-1/route53-control-plane".to_owned()),
            "{all:?}"
        );
        assert!(
            all.contains(&"aws/us-east-1/route53-control-plane runtime required aws/us-east-1".to_owned())
        );
        // The control plane and its region came, and nothing else.
        assert_eq!(estate.nodes.len(), before + 2);
        let once = edges(&estate);
        add_control_planes(&mut estate, Catalog::embedded(), "2026-11-22");
        assert_eq!(edges(&estate), once);
    }

    #[test]
    fn services_need_others_of_their_own_region() {
        let mut estate = estate(&["aws/eu-west-1/ecr"]);
        add_control_planes(&mut estate, Catalog::embedded(), "2026-11-22");
        let all = edges(&estate);
        assert!(all.contains(&"aws/eu-west-1/ecr startup required aws/eu-west-1/s3".to_owned()), "{all:?}");
        assert!(all.iter().all(|line| !line.contains("us-east-1")), "{all:?}");
        let assumed = estate.edges.iter().all(|edge| edge.confidence == Confidence::Assumed);
        assert!(assumed && estate.edges.iter().any(|edge| !edge.evidence.is_empty()));
    }

    #[test]
    fn a_fact_holds_until_the_provider_removed_it() {
        let needs_gcp = |day| {
            let mut estate = estate(&["cloudflare/workers-kv"]);
            add_control_planes(&mut estate, Catalog::embedded(), day);
            edges(&estate).contains(&"cloudflare/workers-kv runtime required gcp/service-control".to_owned())
        };
        assert_eq!((needs_gcp("2025-06-12"), needs_gcp("2026-11-22")), (true, false));
    }
}
