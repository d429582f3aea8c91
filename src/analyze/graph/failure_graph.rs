//! The graph that all failure analyses read.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Csr;

/// Whether a requirement that is not met is an outage or a loss of quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// The element fails without it.
    Required,
    /// The element is degraded without it.
    Optional,
}

/// What an element needs: at least `k` of `members` live.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    /// What its loss does.
    pub need: Need,
    /// How many members must live.
    pub k: u32,
    /// The elements that can serve, ascending.
    pub members: Vec<u32>,
}

/// Collects elements and requirements, in any order, for a [`FailureGraph`].
///
/// The order of calls leaves no trace in the graph.
#[derive(Debug, Clone, Default)]
pub struct FailureGraphBuilder {
    may_fail: Vec<bool>,
    required: Vec<(u32, u32)>,
    optional: Vec<(u32, u32)>,
    groups: Vec<Group>,
}

/// A required group that survives the loss of any one member: it stops serving `owner` once `threshold` members failed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    threshold: u32,
    members: Vec<u32>,
    owner: u32,
}

impl FailureGraphBuilder {
    /// Starts a graph of `elements` elements, each with a basic event of its own.
    ///
    /// # Panics
    ///
    /// If there are 2^31 elements or more.
    pub fn new(elements: usize) -> Self {
        assert!(elements < 1 << 31, "a failure graph has fewer than 2^31 elements");
        Self { may_fail: vec![true; elements], ..Self::default() }
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.may_fail.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.may_fail.is_empty()
    }

    /// Says whether an element has a basic event of its own; one that has none fails only through what it requires.
    ///
    /// # Panics
    ///
    /// If `element` is not an element of the graph.
    pub fn set_may_fail(&mut self, element: u32, may_fail: bool) {
        self.may_fail[element as usize] = may_fail;
    }

    /// Says that `element` needs at least `k` of `members` alive.
    ///
    /// Members are a set: naming one twice adds no redundancy. More than all of them cannot be asked for: a larger `k`
    /// means all. With `k` of 0 the loss of members degrades and never fails the element. An element that stands among
    /// its own members counts as alive until it fails, so it is taken out and `k` lowered by one.
    ///
    /// # Panics
    ///
    /// If `element` or a member is not an element of the graph.
    pub fn require(&mut self, element: u32, need: Need, k: u32, members: &[u32]) {
        let len = self.may_fail.len();
        assert!((element as usize) < len, "`element` is an element of the graph");
        assert!(members.iter().all(|&member| (member as usize) < len), "members are elements of the graph");
        if let ([member], 1..) = (members, k) {
            return self.require_each(element, need, &[*member]);
        }
        let mut set = members.to_vec();
        set.sort_unstable();
        set.dedup();
        let mut k = k.min(set.len() as u32);
        if let Ok(own) = set.binary_search(&element) {
            set.remove(own);
            k = k.saturating_sub(1);
        }
        if set.is_empty() {
            return;
        }
        if need == Need::Optional || k as usize == set.len() {
            return self.require_each(element, need, &set);
        }
        let threshold = set.len() as u32 - k + 1;
        self.groups.push(Group { threshold, members: set, owner: element });
    }

    /// Builds the graph.
    pub fn build(mut self) -> FailureGraph {
        let elements = self.may_fail.len();
        self.groups.sort_unstable_by(|a, b| {
            (&a.members, a.threshold, a.owner).cmp(&(&b.members, b.threshold, b.owner))
        });
        let mut thresholds: Vec<u32> = Vec::new();
        let mut previous: Option<&Group> = None;
        for group in &self.groups {
            let same = previous.is_some_and(|p| p.threshold == group.threshold && p.members == group.members);
            if !same {
                let gate = (elements + thresholds.len()) as u32;
                thresholds.push(group.threshold);
                self.required.extend(group.members.iter().map(|&member| (gate, member)));
            }
            self.required.push((group.owner, (elements + thresholds.len() - 1) as u32));
            previous = Some(group);
        }
        let nodes = elements + thresholds.len();
        let children = Csr::from_edges(nodes, &self.required);
        drop(self.required);
        let optional = Csr::from_edges(elements, &self.optional);
        drop(self.optional);
        FailureGraph(Arc::new(Inner {
            may_fail: self.may_fail,
            thresholds,
            parents: children.reversed(),
            children,
            optional_parents: optional.reversed(),
            optional,
        }))
    }

    fn require_each(&mut self, element: u32, need: Need, members: &[u32]) {
        let edges = match need {
            Need::Required => &mut self.required,
            Need::Optional => &mut self.optional,
        };
        edges.extend(members.iter().filter(|&&member| member != element).map(|&member| (element, member)));
    }
}

/// Which elements need which, immutable and compact; a clone shares the same memory.
///
/// Inside, a requirement that no loss of a member survives is an edge to each member; every other required group is a
/// *gate*, a node of its own behind the elements, shared by all elements that ask the same of the same members.
#[derive(Debug, Clone)]
pub struct FailureGraph(Arc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    may_fail: Vec<bool>,
    /// Per gate, how many failed members make it fail (2 or more).
    thresholds: Vec<u32>,
    /// Node to what it needs: elements (any failed one fails it) and gates; gate to its members.
    children: Csr,
    parents: Csr,
    /// Element to the members of its optional requirements.
    optional: Csr,
    optional_parents: Csr,
}

impl PartialEq for FailureGraph {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for FailureGraph {}

impl FailureGraph {
    /// The number of elements.
    pub fn len(&self) -> usize {
        self.0.may_fail.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.0.may_fail.is_empty()
    }

    /// Whether the element has a basic event of its own.
    ///
    /// # Panics
    ///
    /// If `element` is not an element of the graph.
    pub fn may_fail(&self, element: u32) -> bool {
        self.0.may_fail[element as usize]
    }

    /// What the element needs, in canonical form: first single required members, then groups, then optional members.
    ///
    /// # Panics
    ///
    /// If `element` is not an element of the graph.
    pub fn requirements(&self, element: u32) -> Vec<Requirement> {
        let required = self.children(element).iter().map(|&child| {
            if self.is_gate(child) {
                let members = self.children(child).to_vec();
                let k = (members.len() as u32 + 1) - self.threshold(child);
                Requirement { need: Need::Required, k, members }
            } else {
                Requirement { need: Need::Required, k: 1, members: vec![child] }
            }
        });
        let optional = self.optional(element).iter();
        required
            .chain(optional.map(|&member| Requirement { need: Need::Optional, k: 1, members: vec![member] }))
            .collect()
    }

    /// The elements that have this one among the members of a requirement, ascending.
    ///
    /// # Panics
    ///
    /// If `element` is not an element of the graph.
    pub fn dependents(&self, element: u32) -> Vec<u32> {
        let mut dependents: Vec<u32> = self.optional_parents(element).to_vec();
        for &parent in self.parents(element) {
            if self.is_gate(parent) {
                dependents.extend(self.parents(parent));
            } else {
                dependents.push(parent);
            }
        }
        dependents.sort_unstable();
        dependents.dedup();
        dependents
    }

    /// The part of the graph that decides how these elements fare: themselves and all that they need, directly or not.
    ///
    /// Elements get new numbers; the list says, ascending, which element of this graph each of them was.
    ///
    /// # Panics
    ///
    /// If one of them is not an element of the graph.
    pub fn cone(&self, elements: &[u32]) -> (Self, Vec<u32>) {
        let mut cone: Vec<u32> = elements.to_vec();
        let mut seen = BTreeSet::from_iter(elements.iter().copied());
        while let Some(element) = cone.pop() {
            let members = self.requirements(element).into_iter().flat_map(|requirement| requirement.members);
            cone.extend(members.filter(|&member| seen.insert(member)));
        }
        let kept: Vec<u32> = seen.into_iter().collect();
        let new = |old: u32| kept.binary_search(&old).expect("a cone holds all members") as u32;
        let mut builder = FailureGraphBuilder::new(kept.len());
        for (element, &old) in kept.iter().enumerate() {
            builder.set_may_fail(element as u32, self.may_fail(old));
            for requirement in self.requirements(old) {
                let members: Vec<u32> = requirement.members.iter().map(|&member| new(member)).collect();
                builder.require(element as u32, requirement.need, requirement.k, &members);
            }
        }
        (builder.build(), kept)
    }

    /// Elements and gates: gates are the nodes from [`FailureGraph::len`] on.
    pub(super) fn nodes(&self) -> usize {
        self.0.children.nodes()
    }

    pub(super) fn children_graph(&self) -> &Csr {
        &self.0.children
    }

    pub(super) fn optional_graph(&self) -> &Csr {
        &self.0.optional
    }

    pub(super) fn is_gate(&self, node: u32) -> bool {
        self.0.may_fail.len() <= node as usize
    }

    /// How many failed children make the node fail: 1 for an element.
    pub(super) fn threshold(&self, node: u32) -> u32 {
        (node as usize).checked_sub(self.len()).map_or(1, |gate| self.0.thresholds[gate])
    }

    pub(super) fn children(&self, node: u32) -> &[u32] {
        self.0.children.targets(node)
    }

    pub(super) fn parents(&self, node: u32) -> &[u32] {
        self.0.parents.targets(node)
    }

    pub(super) fn optional(&self, element: u32) -> &[u32] {
        self.0.optional.targets(element)
    }

    pub(super) fn optional_parents(&self, element: u32) -> &[u32] {
        self.0.optional_parents.targets(element)
    }
}
