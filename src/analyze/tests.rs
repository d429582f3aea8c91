//! The compiled analyses against a naive evaluation of the estate.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::model::{Confidence, Edge, Estate, Group, Id, Kind, Need, Node, Phase, Tolerance};

#[test]
fn what_can_be_done_without_is_no_place() {
    let all = |optional: Need| {
        let mut estate = estate(2, &[0]);
        let provider = Id::provider("stripe");
        let mut node = Node::new(provider.clone(), Kind::Provider, "Stripe");
        node.placement.provider = Some("stripe".to_owned());
        node.category = Some(crate::model::Category::Payments);
        estate.nodes.insert(provider.clone(), node);
        need(&mut estate, 0, 1, optional, None);
        estate.edges[0].to = provider;
        let found = analyze(&estate).concentration;
        let shares = found.iter().filter(|one| one.dimension == Dimension::Provider);
        shares.map(|one| one.category.map(|category| category.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(all(Need::Required), [None, Some("payments".to_owned())]);
    assert_eq!(all(Need::Optional), [Some("payments".to_owned())]);
}

fn id(number: usize) -> Id {
    Id::app(&format!("n{number}"))
}

fn estate(nodes: usize, services: &[usize]) -> Estate {
    let mut estate = Estate::default();
    for number in 0..nodes {
        let mut node = Node::new(id(number), Kind::Component, format!("n{number}"));
        node.tolerance = Tolerance::Nothing;
        node.is_service = services.contains(&number);
        estate.nodes.insert(node.id.clone(), node);
    }
    estate
}

fn need(estate: &mut Estate, from: usize, to: usize, need: Need, group: Option<(usize, u32)>) {
    let group = group.map(|(number, k)| {
        let group = Id::new(format!("{}#g{number}", id(from)));
        estate.groups.insert(
            group.clone(),
            Group { id: group.clone(), owner: id(from), k, level: None, evidence: vec![] },
        );
        group
    });
    let confidence = Confidence::Inferred;
    estate.edges.push(Edge {
        from: id(from),
        to: id(to),
        phase: Phase::Runtime,
        need,
        group,
        confidence,
        evidence: vec![],
    });
    estate.settle();
}

/// Ids that fail when all of `failed` fail, by repeating the definition until nothing changes.
fn naive(estate: &Estate, failed: &[&Id]) -> BTreeSet<Id> {
    let mut down: BTreeSet<Id> = failed.iter().map(|id| (*id).clone()).collect();
    loop {
        let before = down.len();
        for node in estate.nodes.keys() {
            let mut groups: BTreeMap<&Id, (u32, bool)> = BTreeMap::new();
            for edge in estate.needs(node) {
                let up = !down.contains(&edge.to);
                match &edge.group {
                    None if !up && edge.need == Need::Required => drop(down.insert(node.clone())),
                    None => {}
                    Some(group) => {
                        let entry = groups.entry(group).or_default();
                        entry.0 += u32::from(up);
                        entry.1 |= edge.need == Need::Required;
                    }
                }
            }
            let size = |group: &Id| {
                estate.needs(node).filter(|edge| edge.group.as_ref() == Some(group)).count() as u32
            };
            if groups
                .iter()
                .any(|(group, (up, required))| *required && *up < estate.groups[group].k.min(size(group)))
            {
                down.insert(node.clone());
            }
        }
        if down.len() == before {
            return down;
        }
    }
}

#[test]
fn a_database_under_two_services_is_lost_with_both() {
    let mut estate = estate(3, &[0, 1]);
    need(&mut estate, 0, 2, Need::Required, None);
    need(&mut estate, 1, 2, Need::Required, None);
    let analysis = analyze(&estate);
    let first = &analysis.runtime().failures[0];
    assert_eq!((first.element.clone(), first.lost.clone()), (id(2), vec![id(0), id(1)]));
    assert_eq!(first.path_of(&id(1)), Some(&[id(1), id(2)][..]));
    assert_eq!(first.share_lost, 1.0);
}

#[test]
fn replicas_have_no_single_point_of_failure_but_their_zone() {
    let mut estate = estate(1, &[0]);
    let zone = Id::in_provider("aws", "eu-west-1a");
    let mut node = Node::new(zone.clone(), Kind::Zone, "eu-west-1a");
    node.tolerance = Tolerance::Nothing;
    estate.nodes.insert(zone.clone(), node);
    let shop = estate.nodes.get_mut(&id(0)).unwrap();
    shop.replication.replicas = Some(2);
    shop.tolerance = Tolerance::Instance;
    estate.edges.push(Edge::required(id(0), zone.clone(), vec![]));
    let analysis = analyze(&estate);
    let lost: Vec<_> = analysis
        .runtime()
        .failures
        .iter()
        .filter(|f| !f.lost.is_empty())
        .map(|f| f.element.clone())
        .collect();
    assert_eq!(lost, [zone]);
    assert_eq!(analysis.failure_of(&Id::new("app:n0#1")).unwrap().degraded, [id(0)]);
}

#[test]
fn a_start_that_needs_itself_is_a_cycle() {
    let mut estate = estate(3, &[0]);
    for (from, to) in [(0, 1), (1, 0), (1, 2)] {
        need(&mut estate, from, to, Need::Required, None);
    }
    assert!(analyze(&estate).cyclic_starts.is_empty(), "run-time cycles start one after the other");
    estate.edges.iter_mut().for_each(|edge| edge.phase = Phase::Startup);
    assert_eq!(analyze(&estate).cyclic_starts, [CyclicStart { cycle: vec![id(0), id(1)] }]);
}

fn required(from: usize, to: usize) -> Edge {
    Edge::required(id(from), id(to), vec![])
}

#[test]
fn an_estate_without_services_loses_none() {
    let mut estate = estate(2, &[]);
    estate.edges = vec![required(0, 1)];
    estate.settle();
    let analysis = analyze(&estate);
    assert!(analysis.runtime().failures.iter().all(|failure| failure.lost.is_empty()));
}

/// Every one of a chain takes all before it; lists and paths are short all the same, and counts are right.
#[test]
fn a_long_chain_is_listed_in_part_and_counted_in_full() {
    let length = 6_000;
    let mut estate = estate(length, &(0..length).collect::<Vec<_>>());
    estate.edges = (1..length).map(|at| required(at - 1, at)).collect();
    estate.settle();
    let analysis = analyze(&estate);
    let last = analysis.failure_of(&id(length - 1)).unwrap();
    assert_eq!((last.lost_count, last.share_lost), (length, 1.0));
    assert!(last.is_listed_in_part() && last.lost.is_sorted());
    assert_eq!(last.paths[0], [id(length - 1)]);
    let leads_here = |path: &Vec<Id>| path.last() == Some(&id(length - 1)) && last.lost.contains(&path[0]);
    assert!(last.paths.iter().all(leads_here));
    let listed: usize = analysis.runtime().failures.iter().map(|failure| failure.lost.len()).sum();
    assert!(listed <= 1 << 23, "{listed}");
    assert!(0 < analysis.lists_in_part());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_single_failure_is_what_the_definition_says(
        edges in proptest::collection::vec((0usize..9, 0usize..9, any::<bool>(), 0usize..4), 0..24),
        ks in proptest::collection::vec(1u32..4, 4),
    ) {
        let mut estate = estate(9, &[0, 1, 2]);
        for (from, to, required, group) in edges.into_iter().filter(|(from, to, ..)| from != to) {
            let kind = if required { Need::Required } else { Need::Optional };
            need(&mut estate, from, to, kind, (group > 0).then(|| (group, ks[group])));
        }
        let analysis = analyze(&estate);
        for element in estate.nodes.keys() {
            let down = naive(&estate, &[element]);
            let expected: Vec<Id> = estate.services().map(|node| node.id.clone()).filter(|id| down.contains(id)).collect();
            let got = analysis.failure_of(element).map(|failure| failure.lost.clone()).unwrap_or_default();
            prop_assert_eq!(got, expected, "when {} fails", element);
        }
    }

    #[test]
    fn what_alternatives_share_is_what_the_definition_says(
        edges in proptest::collection::vec((0usize..8, 0usize..8, 0usize..3), 4..24),
        ks in proptest::collection::vec(1u32..3, 3),
    ) {
        let mut estate = estate(8, &[0]);
        for (from, to, group) in edges.into_iter().filter(|(from, to, _)| from != to) {
            need(&mut estate, from, to, Need::Required, (group > 0).then(|| (group, ks[group])));
        }
        let ids: Vec<&Id> = estate.nodes.keys().collect();
        for fate in analyze(&estate).groups {
            let taken = |failed: &[&Id]| -> Vec<bool> {
                let down = naive(&estate, failed);
                fate.members.iter().map(|member| down.contains(member)).collect()
            };
            let k = (fate.k as usize).min(fate.members.len());
            let drops = |failed: &[&Id]| taken(failed).iter().filter(|taken| !**taken).count() < k;
            let singles: Vec<Id> = ids.iter().filter(|id| drops(&[*id])).map(|id| (*id).clone()).collect();
            let common: Vec<Id> = fate.common.iter().map(|(id, _)| id.clone()).collect();
            let others: Vec<Id> = singles.iter().filter(|id| !fate.members.contains(id)).cloned().collect();
            prop_assert_eq!(common, others);
            let open: Vec<&Id> = ids.iter().copied().filter(|id| !singles.contains(id)).collect();
            let pairs = open.iter().flat_map(|a| open.iter().map(move |b| (*a, *b))).filter(|(a, b)| a < b);
            let pairs: Vec<(Id, Id)> =
                pairs.filter(|(a, b)| drops(&[a, b])).map(|(a, b)| (a.clone(), b.clone())).collect();
            prop_assert_eq!((&fate.pairs, fate.in_part), (&pairs, false));
            for meeting in &fate.meetings {
                let (first, second) = meeting.members;
                let both = |id: &&&Id| { let taken = taken(&[id]); taken[first] && taken[second] };
                prop_assert_eq!(meeting.shared, ids.iter().filter(both).count());
            }
            prop_assert_eq!(fate.least_shared.is_some(), (fate.k as usize) + 1 < fate.members.len());
        }
    }

    #[test]
    fn cut_sets_up_to_order_three_are_all_the_minimal_ones(
        edges in proptest::collection::vec((0usize..7, 0usize..7, 0usize..4), 0..16),
        ks in proptest::collection::vec(1u32..4, 4),
    ) {
        let mut estate = estate(7, &[0]);
        for (from, to, group) in edges.into_iter().filter(|(from, to, _)| from != to) {
            need(&mut estate, from, to, Need::Required, (group > 0).then(|| (group, ks[group])));
        }
        let takes_down = |set: &[&Id]| naive(&estate, set).contains(&id(0));
        let ids: Vec<&Id> = estate.nodes.keys().collect();
        let mut expected: Vec<Vec<Id>> = Vec::new();
        for size in 1..=3usize {
            for mask in 0u32..1 << ids.len() {
                let set: Vec<&Id> = (0..ids.len()).filter(|at| mask >> at & 1 == 1).map(|at| ids[at]).collect();
                let covers = |known: &Vec<Id>| known.iter().all(|id| set.contains(&id));
                if set.len() == size && !expected.iter().any(covers) && takes_down(&set) {
                    expected.push(set.into_iter().cloned().collect());
                }
            }
        }
        expected.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        let got = cut_sets(&estate, Phase::Runtime)[&id(0)].clone();
        prop_assert_eq!((got.sets, got.complete_to_order), (expected, 3));
    }
}
