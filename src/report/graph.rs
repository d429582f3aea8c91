//! What the graph reports share: which nodes are drawn, how they are told apart.

use std::collections::BTreeMap;

use super::summary::unmitigated;
use crate::judge::FindingLevel;
use crate::model::{Edge, Id, Kind, Need, Node, Phase};
use crate::scan::Outcome;

/// The graph of an outcome with short names for its nodes, `n0`, `n1`..., in order of id.
pub(super) struct Graph<'a> {
    outcome: &'a Outcome,
    numbers: BTreeMap<&'a Id, usize>,
    marks: BTreeMap<&'a Id, FindingLevel>,
}

/// How a node is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// What the organization would miss.
    Service,
    /// What it runs on.
    Part,
    /// Who runs that.
    Provider,
    /// A name.
    Name,
    /// What is not known.
    Unknown,
}

impl<'a> Graph<'a> {
    /// The graph of an outcome.
    pub(super) fn of(outcome: &'a Outcome) -> Self {
        let numbers = outcome.estate.nodes.keys().enumerate().map(|(number, id)| (id, number)).collect();
        let mut marks = BTreeMap::new();
        for finding in unmitigated(outcome) {
            let mark = marks.entry(&finding.element).or_insert(finding.level);
            *mark = finding.level.max(*mark);
        }
        Graph { outcome, numbers, marks }
    }

    /// The nodes with their numbers.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (usize, &'a Node)> {
        self.outcome.estate.nodes.values().enumerate()
    }

    /// The edges whose ends are nodes, with the numbers of both ends.
    pub(super) fn edges(&self) -> impl Iterator<Item = (usize, usize, &'a Edge)> {
        self.outcome
            .estate
            .edges
            .iter()
            .filter_map(|edge| Some((*self.numbers.get(&edge.from)?, *self.numbers.get(&edge.to)?, edge)))
    }

    /// The level of the worst single point of failure that a node is.
    pub(super) fn mark(&self, node: &Node) -> Option<FindingLevel> {
        self.marks.get(&node.id).copied()
    }
}

/// How a node is drawn.
pub(super) fn shape(node: &Node) -> Shape {
    match node.kind {
        _ if node.is_service => Shape::Service,
        Kind::Service => Shape::Service,
        Kind::Component => Shape::Part,
        Kind::Provider | Kind::ProviderService | Kind::Region | Kind::Zone | Kind::ControlPlane => {
            Shape::Provider
        }
        Kind::Domain | Kind::DnsZone => Shape::Name,
        Kind::Host | Kind::Unresolved => Shape::Unknown,
    }
}

/// What is said beside a line: its phase where that is not the usual one, and whether it is one of several.
pub(super) fn note(edge: &Edge) -> String {
    let mut words = Vec::new();
    if edge.phase != Phase::Runtime {
        words.push(edge.phase.word());
    }
    if edge.need == Need::Optional {
        words.push(edge.need.word());
    }
    if edge.group.is_some() {
        words.push("one of several");
    }
    words.join(", ")
}
