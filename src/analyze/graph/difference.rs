//! What a change of the graph does to single points of failure.

use std::collections::{BTreeMap, BTreeSet};

use super::{FailureGraph, Need, Service, SingleFailures};

/// A graph whose elements and services have names that last.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a, K> {
    /// The graph.
    pub graph: &'a FailureGraph,
    /// Per element its name; no two are equal.
    pub names: &'a [K],
    /// The elements that are services.
    pub services: &'a [u32],
}

/// Single points of failure that came and went between two graphs, as pairs of a service's and an element's name.
///
/// A service that is only in one of the graphs has all of its pairs there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpofDifference<K> {
    /// Pairs that only the second graph has, ascending.
    pub added: Vec<(K, K)>,
    /// Pairs that only the first graph has, ascending.
    pub removed: Vec<(K, K)>,
    /// How many services had to be looked at again.
    pub examined: usize,
}

/// Compares the single points of failure of the services in two graphs.
///
/// Every element's own requirements are compared by name; only services that need a changed element, directly or not, in
/// either graph are evaluated, each over what it needs.
///
/// # Panics
///
/// If there are not as many names as elements, or if a service is not an element.
pub fn difference<K: Ord + Clone>(before: Named<'_, K>, after: Named<'_, K>) -> SpofDifference<K> {
    assert_eq!(before.names.len(), before.graph.len(), "each element before has one name");
    assert_eq!(after.names.len(), after.graph.len(), "each element after has one name");
    let old = Index::of(&before);
    let new = Index::of(&after);
    let mut affected: BTreeSet<&K> = BTreeSet::new();
    affected.extend(old.affected(&before, &new, &after));
    affected.extend(new.affected(&after, &old, &before));
    let pairs_before = old.pairs(&before, &affected);
    let pairs_after = new.pairs(&after, &affected);
    SpofDifference {
        added: pairs_after.difference(&pairs_before).cloned().collect(),
        removed: pairs_before.difference(&pairs_after).cloned().collect(),
        examined: affected.len(),
    }
}

/// The elements of a graph by name.
struct Index<'a, K> {
    by_name: BTreeMap<&'a K, u32>,
    services: BTreeSet<u32>,
}

impl<'a, K: Ord + Clone> Index<'a, K> {
    fn of(named: &Named<'a, K>) -> Self {
        Self {
            by_name: named.names.iter().zip(0..).collect(),
            services: named.services.iter().copied().collect(),
        }
    }

    /// The services here that depend on an element which the other graph does not have just so.
    fn affected(&self, here: &Named<'a, K>, there: &Index<'_, K>, other: &Named<'_, K>) -> Vec<&'a K> {
        let mut reached = vec![false; here.graph.len()];
        let changed = |&element: &u32| {
            there.by_name.get(&here.names[element as usize]).is_none_or(|&twin| {
                let service = self.services.contains(&element) != there.services.contains(&twin);
                service || !same(here, element, other, twin)
            })
        };
        let mut queue: Vec<u32> = (0..here.graph.len() as u32).filter(changed).collect();
        queue.iter().for_each(|&element| reached[element as usize] = true);
        while let Some(element) = queue.pop() {
            for dependent in here.graph.dependents(element) {
                if !std::mem::replace(&mut reached[dependent as usize], true) {
                    queue.push(dependent);
                }
            }
        }
        let services = self.services.iter().filter(|&&service| reached[service as usize]);
        services.map(|&service| &here.names[service as usize]).collect()
    }

    fn pairs(&self, here: &Named<'a, K>, services: &BTreeSet<&K>) -> BTreeSet<(K, K)> {
        let present = services.iter().filter_map(|name| self.by_name.get(*name).copied());
        let present: Vec<u32> = present.filter(|service| self.services.contains(service)).collect();
        let (cone, kept) = here.graph.cone(&present);
        let new = |old: u32| kept.binary_search(&old).expect("a cone holds what it is of") as u32;
        let marked: Vec<Service> =
            present.iter().map(|&service| Service { element: new(service), tier: 0, weight: 1 }).collect();
        let single = SingleFailures::new(&cone, &marked);
        let name = |element: u32| here.names[kept[element as usize] as usize].clone();
        let spofs = |service: u32| single.spofs(service).into_iter().map(move |spof| (service, spof));
        let pairs = marked.iter().flat_map(|service| spofs(service.element));
        pairs.map(|(service, spof)| (name(service), name(spof))).collect()
    }
}

/// Whether two elements of the same name have the same event and the same requirements.
fn same<K: Ord>(a: &Named<'_, K>, left: u32, b: &Named<'_, K>, right: u32) -> bool {
    a.graph.may_fail(left) == b.graph.may_fail(right) && canonical(a, left) == canonical(b, right)
}

fn canonical<'a, K: Ord>(named: &Named<'a, K>, element: u32) -> Vec<(Need, u32, Vec<&'a K>)> {
    let mut all: Vec<(Need, u32, Vec<&K>)> = Vec::new();
    for requirement in named.graph.requirements(element) {
        let mut members: Vec<&K> =
            requirement.members.iter().map(|&member| &named.names[member as usize]).collect();
        members.sort_unstable();
        all.push((requirement.need, requirement.k, members));
    }
    all.sort_unstable();
    all
}
