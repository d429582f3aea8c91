//! What decides a gate is said at that gate, once, and no longer below it.
//!
//! When `x` being true makes an `and` false, that `and` is `not x and` itself with `x` taken as false: wherever only it
//! leads to, `x` goes away. What is shared makes diagrams large, and this shares less.

use super::net::{Edge, Kind, Net, TRUE, node_of};

/// Steps after which everything stays as it is; nets of a thousand nodes take a tenth.
const STEPS: usize = 4_000_000;

/// The net with shared nodes said at the gates that they decide.
pub(super) fn lift_what_decides(net: Net, top: Edge) -> (Net, Edge) {
    let mut lifting = Lifting::new(&net, top);
    let mut lifted = false;
    for node in (1..node_of(top)).rev() {
        for value in [false, true] {
            while lifting.lift(node, value) {
                lifted = true;
            }
        }
    }
    if lifted { lifting.rebuilt(top) } else { (net, top) }
}

struct Lifting<'a> {
    net: &'a Net,
    top: usize,
    arguments: Vec<Vec<Edge>>,
    /// What needs each node: twice its position, plus one where it needs the opposite.
    users: Vec<Vec<Edge>>,
    /// The lowest other node that all ways from the top to a node lead through.
    dominators: Vec<usize>,
    /// How many users of a node are below a gate that is asked about.
    below: Vec<Option<u32>>,
    steps: usize,
    assumed: Assumed,
}

/// What follows from one node's value.
struct Assumed {
    /// By node: nothing, false, true.
    values: Vec<Option<bool>>,
    /// How many arguments are known to be false, and true.
    counts: Vec<[u32; 2]>,
    touched: Vec<usize>,
}

impl<'a> Lifting<'a> {
    fn new(net: &'a Net, top: Edge) -> Self {
        let (top, uses) = (node_of(top), net.uses(top));
        let mut arguments = vec![Vec::new(); net.len()];
        let mut users = vec![Vec::new(); net.len()];
        for node in (1..=top).filter(|node| uses[*node] > 0) {
            arguments[node] = net.arguments(node).to_vec();
            net.arguments(node)
                .iter()
                .for_each(|edge| users[node_of(*edge)].push((node as Edge) << 1 | (edge & 1)));
        }
        let assumed =
            Assumed { values: vec![None; net.len()], counts: vec![[0; 2]; net.len()], touched: Vec::new() };
        let (dominators, below) = (vec![top; net.len()], vec![None; net.len()]);
        let mut lifting = Lifting { net, top, arguments, users, dominators, below, steps: STEPS, assumed };
        lifting.find_dominators();
        lifting
    }

    /// Users come after what they use: one pass from the top (Cooper, Harvey and Kennedy 2001).
    fn find_dominators(&mut self) {
        for node in (1..self.top).rev() {
            let users = self.users[node].iter().map(|user| node_of(*user));
            self.steps = self.steps.saturating_sub(self.users[node].len());
            let dominators = &self.dominators;
            let common = users.reduce(|mut left, mut right| {
                while left != right {
                    match left < right {
                        true => left = dominators[left],
                        false => right = dominators[right],
                    }
                }
                left
            });
            self.dominators[node] = common.unwrap_or(self.top);
        }
    }

    /// Says a node at the gate that its having this value makes false and that most of its users are below.
    fn lift(&mut self, node: usize, value: bool) -> bool {
        if self.users[node].len() < 2 || self.steps == 0 {
            return false;
        }
        let literal = (node as Edge) << 1 | Edge::from(value);
        let falsified = self.falsified(node, value);
        self.count_below(node, &falsified);
        let mut best = None;
        for gate in falsified {
            let gone = self.below[gate].take().unwrap_or(0);
            let saved = gone.saturating_sub(u32::from(!self.arguments[gate].contains(&literal)));
            if saved > best.map_or(0, |(most, _)| most) {
                best = Some((saved, gate));
            }
        }
        let Some((_, gate)) = best else { return false };
        self.say(node, value, gate);
        true
    }

    /// How many of a node's users are below each of these gates.
    fn count_below(&mut self, node: usize, gates: &[usize]) {
        gates.iter().for_each(|gate| self.below[*gate] = Some(0));
        for user in &self.users[node] {
            let mut at = node_of(*user);
            while at != self.top && self.steps > 0 {
                at = self.dominators[at];
                self.steps -= 1;
                if let Some(below) = &mut self.below[at] {
                    *below += 1;
                }
            }
        }
    }

    /// Whether all ways from the top to a node lead through a gate that is another.
    fn is_below(&self, node: usize, gate: usize) -> bool {
        let mut at = node;
        while at < gate {
            at = self.dominators[at];
        }
        at == gate && node != gate
    }

    /// The `and` nodes that are false whenever the node has this value, the lowest first.
    fn falsified(&mut self, node: usize, value: bool) -> Vec<usize> {
        let mut falsified = Vec::new();
        let mut stack = vec![(node, value)];
        while let Some((node, value)) = stack.pop() {
            if self.assumed.values[node].replace(value).is_some() {
                continue;
            }
            self.assumed.touched.push(node);
            if !value && self.net.kind(node) == Kind::And {
                falsified.push(node);
            }
            self.steps = self.steps.saturating_sub(self.users[node].len() + 1);
            for &user in &self.users[node] {
                let (user, argument) = (node_of(user), value ^ (user & 1 == 1));
                self.assumed.touched.push(user);
                let counts = &mut self.assumed.counts[user];
                counts[usize::from(argument)] += 1;
                let all = self.arguments[user].len() as u32;
                let follows = match self.net.kind(user) {
                    Kind::And if !argument => Some(false),
                    Kind::And => (counts[1] == all).then_some(true),
                    Kind::AtLeast(least) if least <= counts[1] => Some(true),
                    Kind::AtLeast(least) => (all < least + counts[0]).then_some(false),
                    _ => None,
                };
                stack.extend(follows.map(|value| (user, value)));
            }
        }
        for at in self.assumed.touched.drain(..) {
            self.assumed.values[at] = None;
            self.assumed.counts[at] = [0; 2];
        }
        falsified.sort_unstable();
        falsified
    }

    /// Makes a gate say that a node does not have this value, and what is below it take that for granted.
    fn say(&mut self, node: usize, value: bool, gate: usize) {
        let users = std::mem::take(&mut self.users[node]);
        let (below, mut rest): (Vec<Edge>, Vec<Edge>) =
            users.into_iter().partition(|user| self.is_below(node_of(*user), gate));
        for user in below {
            let granted = TRUE ^ Edge::from(value);
            for edge in &mut self.arguments[node_of(user)] {
                if node_of(*edge) == node {
                    *edge = granted ^ (*edge & 1);
                }
            }
            if self.net.kind(node_of(user)) == Kind::And {
                self.arguments[node_of(user)].retain(|edge| *edge != TRUE);
            }
        }
        let literal = (node as Edge) << 1 | Edge::from(value);
        if !self.arguments[gate].contains(&literal) {
            self.arguments[gate].push(literal);
            rest.push((gate as Edge) << 1 | Edge::from(value));
        }
        let alone = rest.len() == 1;
        self.users[node] = rest;
        // A new way to the node is one to what is below it. That matters only where it goes past a dominator.
        if alone && self.dominators[node] != gate {
            self.find_dominators();
        }
    }

    fn rebuilt(&self, top: Edge) -> (Net, Edge) {
        let mut rebuilt = Net::new();
        let mut new = vec![TRUE; self.net.len()];
        for node in 1..=self.top {
            let arguments =
                self.arguments[node].iter().map(|edge| new[node_of(*edge)] ^ (edge & 1)).collect();
            new[node] = rebuilt.make(self.net.kind(node), arguments);
        }
        let top = new[node_of(top)] ^ (top & 1);
        (rebuilt, top)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_a_gate_is_said_there_alone() {
        let mut net = Net::new();
        let [x, y, a, b, c] = [0, 1, 2, 3, 4].map(|event| net.variable(event));
        // (x and a) or (x and b or c and x): false without x, two levels up.
        let inner = [net.and(vec![x, b]), net.and(vec![c, x])];
        let parts = vec![net.and(vec![x, a]), net.or(inner.to_vec())];
        let either = net.or(parts);
        let top = net.and(vec![either, y]);
        assert_eq!(net.uses(top)[node_of(x)], 3);
        let (mut lifted, top) = lift_what_decides(net, top);
        let expected = {
            let [x, y, a, b, c] = [0, 1, 2, 3, 4].map(|event| lifted.variable(event));
            let inner = lifted.or(vec![b, c]);
            let any = lifted.or(vec![a, inner]);
            lifted.and(vec![x, y, any])
        };
        assert_eq!(top, expected);
    }

    #[test]
    fn what_other_ways_lead_to_stays() {
        let mut net = Net::new();
        let [x, a, b, c] = [0, 1, 2, 3].map(|event| net.variable(event));
        let shared = net.or(vec![x, a]);
        let with = net.and(vec![x, shared, b]);
        let without = net.and(vec![shared, c]);
        let top = net.or(vec![with, without]);
        let (lifted, top) = lift_what_decides(net, top);
        assert_eq!(lifted.uses(top)[node_of(x)], 2, "the shared gate still needs it");
    }
}
