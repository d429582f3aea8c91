//! The tree in a normal form: `and`, at-least-k and exclusive-or nodes over signed edges, each node once.
//!
//! A node's arguments come before it in the list of nodes, so every pass is a loop and none recurses.

use super::tables::{Unique, hash};
use super::tree::{FaultTree, Node, Operator};

/// A reference to a node: twice its position, plus one when negated.
pub(super) type Edge = u32;

/// The edge that is always true.
pub(super) const TRUE: Edge = 0;
/// The edge that is always false.
pub(super) const FALSE: Edge = 1;

/// The position an edge leads to.
pub(super) fn node_of(edge: Edge) -> usize {
    (edge >> 1) as usize
}

/// What a node of a [`Net`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// The constant.
    True,
    /// An event of the tree.
    Variable(u32),
    /// All arguments.
    And,
    /// At least this many arguments.
    AtLeast(u32),
    /// Exactly one of two arguments.
    Xor,
}

/// The nodes, arguments first.
#[derive(Clone, Debug)]
pub(super) struct Net {
    kinds: Vec<Kind>,
    arguments: Vec<Box<[Edge]>>,
    known: Unique,
}

impl Net {
    pub(super) fn new() -> Self {
        Net { kinds: vec![Kind::True], arguments: vec![Box::default()], known: Unique::new(4) }
    }

    /// The net of a tree, and its top.
    pub(super) fn of_tree(tree: &FaultTree) -> (Net, Edge) {
        let mut net = Net::new();
        let mut gates = vec![FALSE; tree.gates().len()];
        for &at in tree.gates_below_top() {
            let gate = &tree.gates()[at as usize];
            let arguments: Vec<Edge> = gate.arguments.iter().map(|node| net.node(*node, &gates)).collect();
            gates[at as usize] = match gate.operator {
                Operator::Or => net.or(arguments),
                Operator::And => net.and(arguments),
                Operator::AtLeast(least) => net.at_least(least, arguments),
                Operator::Not | Operator::Nor => net.or(arguments) ^ 1,
                Operator::Nand => net.and(arguments) ^ 1,
                Operator::Xor => arguments.into_iter().fold(FALSE, |left, right| net.xor(left, right)),
            };
        }
        let top = net.node(tree.top(), &gates);
        (net, top)
    }

    fn node(&mut self, node: Node, gates: &[Edge]) -> Edge {
        match node {
            Node::Constant(true) => TRUE,
            Node::Constant(false) => FALSE,
            Node::Event(event) => self.variable(event.0),
            Node::Gate(gate) => gates[gate as usize],
        }
    }

    pub(super) fn len(&self) -> usize {
        self.kinds.len()
    }

    pub(super) fn kind(&self, node: usize) -> Kind {
        self.kinds[node]
    }

    pub(super) fn arguments(&self, node: usize) -> &[Edge] {
        &self.arguments[node]
    }

    pub(super) fn is_gate(&self, node: usize) -> bool {
        !matches!(self.kinds[node], Kind::True | Kind::Variable(_))
    }

    pub(super) fn variable(&mut self, event: u32) -> Edge {
        self.intern(Kind::Variable(event), Vec::new())
    }

    pub(super) fn and(&mut self, mut arguments: Vec<Edge>) -> Edge {
        arguments.sort_unstable();
        arguments.dedup();
        if arguments.first() == Some(&TRUE) {
            arguments.remove(0);
        }
        // Sorted, an edge and its opposite stand side by side.
        if arguments.first() == Some(&FALSE) || arguments.windows(2).any(|pair| pair[0] ^ 1 == pair[1]) {
            return FALSE;
        }
        match arguments[..] {
            [] => TRUE,
            [only] => only,
            _ => self.intern(Kind::And, arguments),
        }
    }

    pub(super) fn or(&mut self, mut arguments: Vec<Edge>) -> Edge {
        arguments.iter_mut().for_each(|edge| *edge ^= 1);
        self.and(arguments) ^ 1
    }

    pub(super) fn xor(&mut self, left: Edge, right: Edge) -> Edge {
        let sign = (left ^ right) & 1;
        let (left, right) = (left & !1, right & !1);
        match (left, right) {
            _ if left == right => FALSE ^ sign,
            (TRUE, other) | (other, TRUE) => other ^ 1 ^ sign,
            _ => self.intern(Kind::Xor, vec![left.min(right), left.max(right)]) ^ sign,
        }
    }

    pub(super) fn at_least(&mut self, least: u32, arguments: Vec<Edge>) -> Edge {
        let mut least = least as usize;
        let mut kept: Vec<Edge> = Vec::with_capacity(arguments.len());
        let mut sorted = arguments;
        sorted.sort_unstable();
        for edge in sorted {
            match edge {
                FALSE => {}
                TRUE => least = least.saturating_sub(1),
                // Of an argument and its opposite exactly one is true.
                _ if kept.last() == Some(&(edge ^ 1)) => {
                    kept.pop();
                    least = least.saturating_sub(1);
                }
                _ => kept.push(edge),
            }
        }
        match least {
            0 => TRUE,
            1 => self.or(kept),
            _ if least == kept.len() => self.and(kept),
            _ if least > kept.len() => FALSE,
            _ => self.intern(Kind::AtLeast(least as u32), kept),
        }
    }

    /// The node of this kind over these arguments, in any order.
    pub(super) fn make(&mut self, kind: Kind, arguments: Vec<Edge>) -> Edge {
        match kind {
            Kind::True => TRUE,
            Kind::Variable(event) => self.variable(event),
            Kind::And => self.and(arguments),
            Kind::AtLeast(least) => self.at_least(least, arguments),
            Kind::Xor => self.xor(arguments[0], arguments[1]),
        }
    }

    fn intern(&mut self, kind: Kind, arguments: Vec<Edge>) -> Edge {
        let hash = hash_of(kind, &arguments);
        let is =
            |node: u32| self.kinds[node as usize] == kind && *self.arguments[node as usize] == arguments[..];
        if let Some(node) = self.known.find(hash, is) {
            return node << 1;
        }
        let node = self.kinds.len() as u32;
        self.kinds.push(kind);
        self.arguments.push(arguments.into_boxed_slice());
        self.known.insert(hash, node);
        node << 1
    }

    /// How many edges lead to each node below the top, the top's own included; 0 for what is not below it.
    pub(super) fn uses(&self, top: Edge) -> Vec<u32> {
        let mut uses = vec![0; self.len()];
        uses[node_of(top)] = 1;
        for node in (0..=node_of(top)).rev() {
            if uses[node] > 0 {
                self.arguments[node].iter().for_each(|edge| uses[node_of(*edge)] += 1);
            }
        }
        uses
    }
}

fn hash_of(kind: Kind, arguments: &[Edge]) -> u32 {
    let (sort, number) = match kind {
        Kind::True => (0, 0),
        Kind::Variable(event) => (1, event),
        Kind::And => (2, 0),
        Kind::AtLeast(least) => (3, least),
        Kind::Xor => (4, 0),
    };
    arguments.iter().fold(hash(sort, number, 0), |so_far, edge| hash(so_far, *edge, sort))
}
