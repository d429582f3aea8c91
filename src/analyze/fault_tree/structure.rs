//! The tree taken apart into modules.

use super::modules::{join_companions, modules, split};
use super::net::{Edge, Kind, Net, node_of};
use super::order::{Scope, event_of};
use super::simplify::simplify;
use super::tree::FaultTree;

/// The tree taken apart: modules, each after those below it; the top is the last.
pub(super) struct Structure {
    pub(super) net: Net,
    pub(super) top: Edge,
    pub(super) scopes: Vec<Scope>,
    /// Position in `scopes` of a node that is a module.
    pub(super) module_at: Vec<usize>,
    /// Whether a node is needed negated.
    pub(super) sense: Vec<bool>,
    coherent: bool,
}

impl Structure {
    pub(super) fn of(tree: &FaultTree) -> Structure {
        let (net, top) = Net::of_tree(tree);
        let (net, top) = simplify(net, top);
        let (net, top) = split(&net, top);
        let (net, top) = join_companions(&net, top);
        let found = modules(&net, top);
        let mut seen = vec![false; net.len()];
        let mut module_at = vec![usize::MAX; net.len()];
        let mut scopes = Vec::new();
        for node in (0..=node_of(top)).filter(|node| found[*node]) {
            module_at[node] = scopes.len();
            scopes.push(Scope::of(&net, &found, node, &mut seen));
        }
        let (sense, coherent) = senses(&net, top);
        Structure { net, top, scopes, module_at, sense, coherent }
    }

    /// Whether negation plays no part: no exclusive-or, nothing needed both ways.
    pub(super) fn is_coherent(&self) -> bool {
        self.coherent
    }

    /// The events that the top depends on, in order.
    pub(super) fn events(&self) -> Vec<u32> {
        let uses = self.net.uses(self.top);
        let mut events: Vec<u32> = (1..self.net.len())
            .filter(|node| uses[*node] > 0)
            .filter_map(|node| event_of(&self.net, node))
            .collect();
        events.sort_unstable();
        events
    }
}

/// Whether each node is needed negated, and whether the net is coherent: each node in one sense, events as they are.
fn senses(net: &Net, top: Edge) -> (Vec<bool>, bool) {
    // 1 as it is, 2 negated.
    let mut needed = vec![0u8; net.len()];
    needed[node_of(top)] = 1 << (top & 1);
    let mut coherent = true;
    for node in (1..=node_of(top)).rev() {
        let ways = needed[node];
        coherent &= match net.kind(node) {
            Kind::Variable(_) => ways & 2 == 0,
            Kind::Xor => ways == 0,
            _ => ways != 3,
        };
        for &edge in net.arguments(node) {
            needed[node_of(edge)] |= if edge & 1 == 0 { ways } else { (ways >> 1) | ((ways & 1) << 1) };
        }
    }
    (needed.iter().map(|ways| ways & 2 != 0).collect(), coherent)
}
