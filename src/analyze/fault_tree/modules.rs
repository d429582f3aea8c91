//! Modules: nodes whose events appear nowhere else, so that each can be solved once and by itself.
//!
//! Dutuit and Rauzy, "A linear-time algorithm to find modules of fault trees" (1996).

use std::collections::HashMap;

use super::net::{Edge, Kind, Net, node_of};
use super::simplify::rebuild;

/// Which nodes below the top are modules. The top is; variables count as such when asked about.
pub(super) fn modules(net: &Net, top: Edge) -> Vec<bool> {
    let root = node_of(top);
    let mut entered = vec![0u32; net.len()];
    let mut left = vec![0u32; net.len()];
    let mut last = vec![0u32; net.len()];
    let mut clock = 1;
    let mut stack = vec![(root, 0usize)];
    (entered[root], last[root]) = (clock, clock);
    while let Some((node, next)) = stack.last_mut() {
        clock += 1;
        let node = *node;
        let Some(&edge) = net.arguments(node).get(*next) else {
            left[node] = clock;
            last[node] = last[node].max(clock);
            stack.pop();
            continue;
        };
        *next += 1;
        let below = node_of(edge);
        last[below] = clock;
        if entered[below] == 0 {
            entered[below] = clock;
            stack.push((below, 0));
        }
    }
    // Arguments come before what uses them: one pass up gathers the first and last visit of everything below.
    let (mut first_below, mut last_below) = (vec![u32::MAX; net.len()], vec![0u32; net.len()]);
    let mut found = vec![false; net.len()];
    for node in 0..=root {
        if entered[node] == 0 {
            continue;
        }
        for &edge in net.arguments(node) {
            let below = node_of(edge);
            first_below[node] = first_below[node].min(first_below[below]).min(entered[below]);
            last_below[node] = last_below[node].max(last_below[below]).max(last[below]);
        }
        found[node] = net.is_gate(node) && entered[node] < first_below[node] && last_below[node] < left[node];
    }
    found
}

/// Groups the arguments of each module's `and` that share nothing with the others: each group becomes a module.
pub(super) fn split(net: &Net, top: Edge) -> (Net, Edge) {
    let modules = modules(net, top);
    let mut groups = Groups { leader: (0..net.len() as u32).collect() };
    let uses = net.uses(top);
    let root = node_of(top);
    // Everything inside a module hangs together with what it uses; the module itself does not join its arguments.
    for node in 0..=root {
        if uses[node] == 0 || modules[node] {
            continue;
        }
        for &edge in net.arguments(node) {
            groups.join(node, node_of(edge));
        }
    }
    rebuild(net, top, |split, node, arguments| {
        if !modules[node] || net.kind(node) != Kind::And {
            return split.make(net.kind(node), arguments);
        }
        let mut members: Vec<(u32, Edge)> = net
            .arguments(node)
            .iter()
            .zip(&arguments)
            .map(|(old, new)| (groups.leader(node_of(*old)), *new))
            .collect();
        members.sort_unstable();
        let mut grouped = Vec::new();
        for group in members.chunk_by(|left, right| left.0 == right.0) {
            grouped.push(split.and(group.iter().map(|(_, edge)| *edge).collect()));
        }
        split.and(grouped)
    })
}

/// Variables and modules that are always needed together, each in one sense and by `and` alone, become one module.
pub(super) fn join_companions(net: &Net, top: Edge) -> (Net, Edge) {
    let modules = modules(net, top);
    let companions = Companions::of(net, top, &modules);
    rebuild(net, top, |joined, node, arguments| {
        if net.kind(node) != Kind::And {
            return joined.make(net.kind(node), arguments);
        }
        let mut members: Vec<(usize, Edge)> = net
            .arguments(node)
            .iter()
            .zip(&arguments)
            .map(|(old, new)| (companions.first[node_of(*old)], *new))
            .collect();
        members.sort_unstable();
        let groups = members.chunk_by(|left, right| left.0 == right.0);
        let grouped = groups.map(|group| joined.and(group.iter().map(|(_, edge)| *edge).collect())).collect();
        joined.and(grouped)
    })
}

/// Which nodes are always needed together.
struct Companions {
    /// By node: the first of those it is always needed with.
    first: Vec<usize>,
}

impl Companions {
    fn of(net: &Net, top: Edge, modules: &[bool]) -> Companions {
        let uses = net.uses(top);
        let is_whole = |node: usize| modules[node] || matches!(net.kind(node), Kind::Variable(_));
        // What needs a node, and in which sense.
        let mut users: Vec<Vec<u32>> = vec![Vec::new(); net.len()];
        let mut senses = vec![0u8; net.len()];
        for node in (1..=node_of(top)).filter(|node| uses[*node] > 0) {
            for &edge in net.arguments(node) {
                let below = node_of(edge);
                senses[below] |= if net.kind(node) == Kind::And { 1 << (edge & 1) } else { 4 };
                if is_whole(below) {
                    users[below].push(node as u32);
                }
            }
        }
        let mut first: Vec<usize> = (0..net.len()).collect();
        let mut known: HashMap<&[u32], usize> = HashMap::new();
        for node in (1..net.len()).filter(|node| matches!(senses[*node], 1 | 2) && is_whole(*node)) {
            first[node] = *known.entry(&users[node]).or_insert(node);
        }
        Companions { first }
    }
}

/// Disjoint sets.
struct Groups {
    leader: Vec<u32>,
}

impl Groups {
    fn leader(&mut self, of: usize) -> u32 {
        let mut at = of as u32;
        while self.leader[at as usize] != at {
            let above = self.leader[self.leader[at as usize] as usize];
            self.leader[at as usize] = above;
            at = above;
        }
        at
    }

    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.leader(left), self.leader(right));
        self.leader[left.max(right) as usize] = left.min(right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_always_needed_together_becomes_a_module() {
        let mut net = Net::new();
        let [a, b, c, x, y] = [0, 1, 2, 3, 4].map(|event| net.variable(event));
        // `b` is needed negated both times; `c` once so, once as it is.
        let left = net.and(vec![a, b ^ 1, c, x]);
        let right = net.and(vec![a, b ^ 1, c ^ 1, y]);
        let top = net.xor(left, right);
        let (mut joined, top) = join_companions(&net, top);
        let found = modules(&joined, top);
        let variables = [0, 1].map(|event| joined.variable(event));
        let inner: Vec<usize> = (1..node_of(top)).filter(|node| found[*node]).collect();
        assert_eq!(inner.len(), 1);
        assert_eq!(joined.arguments(inner[0]), [variables[0], variables[1] ^ 1]);
    }
}
