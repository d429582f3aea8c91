//! A fault tree as it was given: named events, named gates, one top.

use std::sync::Arc;

use thiserror::Error;

/// An event of a [`FaultTree`]: a position in its list of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u32);

/// Something that may fail by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The event's name.
    pub name: Arc<str>,
    /// Probability that it has failed, 0 to 1; `None` when nobody said.
    pub probability: Option<f64>,
}

/// How a gate combines its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// True when any argument is; false without arguments.
    Or,
    /// True when every argument is; true without arguments.
    And,
    /// True when at least this many arguments are.
    AtLeast(u32),
    /// The opposite of its one argument.
    Not,
    /// True when an odd number of arguments are.
    Xor,
    /// The opposite of [`Operator::And`].
    Nand,
    /// The opposite of [`Operator::Or`].
    Nor,
}

/// What a gate's argument or a tree's top may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// A house event: known to be so.
    Constant(bool),
    /// A basic event.
    Event(EventId),
    /// A gate: a position in the tree's list of gates.
    Gate(u32),
}

/// A gate of a [`FaultTree`].
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// The gate's name; empty for a formula within a formula.
    pub name: Arc<str>,
    /// How it combines its arguments.
    pub operator: Operator,
    /// What it combines.
    pub arguments: Vec<Node>,
}

/// A boolean graph of events and gates without cycles, with one top.
///
/// ```
/// use linchpin::analyze::fault_tree::{Builder, Operator};
/// let mut builder = Builder::new();
/// let pump = builder.event("pump", Some(0.1));
/// let valve = builder.event("valve", Some(0.2));
/// let top = builder.gate("top", Operator::Or, vec![pump, valve]);
/// let tree = builder.build(top)?;
/// assert_eq!(tree.events().len(), 2);
/// # Ok::<(), linchpin::analyze::fault_tree::TreeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct FaultTree {
    events: Vec<Event>,
    gates: Vec<Gate>,
    /// Gates below the top, arguments before what uses them.
    order: Vec<u32>,
    top: Node,
}

impl FaultTree {
    /// All events, used or not.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// All gates, used or not.
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// The top.
    pub fn top(&self) -> Node {
        self.top
    }

    /// The top's name: a gate's or an event's, `true` or `false`.
    pub fn top_name(&self) -> &str {
        match self.top {
            Node::Gate(gate) => &self.gates[gate as usize].name,
            Node::Event(event) => self.event_name(event),
            Node::Constant(true) => "true",
            Node::Constant(false) => "false",
        }
    }

    /// An event's name.
    pub fn event_name(&self, event: EventId) -> &str {
        &self.events[event.0 as usize].name
    }

    /// The gates that the top rests on, arguments before what uses them.
    pub fn gates_below_top(&self) -> &[u32] {
        &self.order
    }

    /// The events that the top rests on, in order.
    pub fn events_below_top(&self) -> Vec<EventId> {
        let mut used = vec![false; self.events.len()];
        let mut mark = |node: &Node| {
            if let Node::Event(event) = node {
                used[event.0 as usize] = true;
            }
        };
        mark(&self.top);
        for &gate in &self.order {
            self.gates[gate as usize].arguments.iter().for_each(&mut mark);
        }
        (0..self.events.len() as u32).map(EventId).filter(|event| used[event.0 as usize]).collect()
    }

    /// The same tree seen from another top.
    ///
    /// # Errors
    /// The same as [`Builder::build`].
    pub fn with_top(self, top: Node) -> Result<Self, TreeError> {
        Builder { events: self.events, gates: self.gates.into_iter().map(Some).collect(), names: Vec::new() }
            .build(top)
    }

    /// Whether the top is true when exactly the events in `failed` (one flag for each event) have failed.
    pub fn evaluate(&self, failed: &[bool]) -> bool {
        let mut values = vec![false; self.gates.len()];
        for &gate in &self.order {
            let Gate { operator, arguments, .. } = &self.gates[gate as usize];
            let count = arguments.iter().filter(|node| value(**node, failed, &values)).count();
            values[gate as usize] = match operator {
                Operator::Or => count > 0,
                Operator::And => count == arguments.len(),
                Operator::AtLeast(least) => count >= *least as usize,
                Operator::Not | Operator::Nor => count == 0,
                Operator::Xor => count % 2 == 1,
                Operator::Nand => count < arguments.len(),
            };
        }
        value(self.top, failed, &values)
    }
}

fn value(node: Node, failed: &[bool], gates: &[bool]) -> bool {
    match node {
        Node::Constant(value) => value,
        Node::Event(event) => failed[event.0 as usize],
        Node::Gate(gate) => gates[gate as usize],
    }
}

/// Why a [`FaultTree`] cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TreeError {
    /// Gates that need each other; the names go once around.
    #[error("gates need each other in a cycle: {}", shown(.0))]
    Cycle(Vec<Arc<str>>),
    /// A gate that was declared and never defined.
    #[error("gate `{0}` is used but not defined")]
    Undefined(Arc<str>),
    /// `not` takes one argument.
    #[error("gate `{0}` negates {1} arguments; `not` takes exactly one")]
    NotOneArgument(Arc<str>, usize),
}

fn shown(names: &[Arc<str>]) -> String {
    let mut text: Vec<String> = names.iter().take(10).map(|name| format!("`{name}`")).collect();
    if names.len() > 10 {
        text.push(format!("and {} more", names.len() - 10));
    }
    text.join(" -> ")
}

/// Builds a [`FaultTree`]; gates may be declared before they are defined.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    events: Vec<Event>,
    gates: Vec<Option<Gate>>,
    names: Vec<Arc<str>>,
}

impl Builder {
    /// A builder without events and gates.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event. Two events of one name are two events.
    pub fn event(&mut self, name: impl Into<Arc<str>>, probability: Option<f64>) -> Node {
        self.events.push(Event { name: name.into(), probability });
        Node::Event(EventId(self.events.len() as u32 - 1))
    }

    /// Adds a gate with its arguments.
    pub fn gate(&mut self, name: impl Into<Arc<str>>, operator: Operator, arguments: Vec<Node>) -> Node {
        let node = self.declare(name);
        self.define(node, operator, arguments);
        node
    }

    /// Adds a gate that [`Builder::define`] will give its arguments.
    pub fn declare(&mut self, name: impl Into<Arc<str>>) -> Node {
        self.names.push(name.into());
        self.gates.push(None);
        Node::Gate(self.gates.len() as u32 - 1)
    }

    /// Gives a declared gate its arguments. Anything but a gate is left alone.
    pub fn define(&mut self, node: Node, operator: Operator, arguments: Vec<Node>) {
        if let Node::Gate(gate) = node {
            let name = Arc::clone(&self.names[gate as usize]);
            self.gates[gate as usize] = Some(Gate { name, operator, arguments });
        }
    }

    /// The tree below `top`.
    ///
    /// # Errors
    /// [`TreeError::Cycle`] when gates below the top need each other, [`TreeError::Undefined`] when one was never
    /// defined, [`TreeError::NotOneArgument`] when a `not` has none or several.
    pub fn build(self, top: Node) -> Result<FaultTree, TreeError> {
        let mut gates = Vec::with_capacity(self.gates.len());
        for (at, gate) in self.gates.into_iter().enumerate() {
            let gate = gate.ok_or_else(|| TreeError::Undefined(Arc::clone(&self.names[at])))?;
            if gate.operator == Operator::Not && gate.arguments.len() != 1 {
                return Err(TreeError::NotOneArgument(gate.name, gate.arguments.len()));
            }
            gates.push(gate);
        }
        let order = bottom_up(&gates, top)?;
        Ok(FaultTree { events: self.events, gates, order, top })
    }
}

/// The gates below `top`, arguments before what uses them; an explicit stack, since input decides the depth.
fn bottom_up(gates: &[Gate], top: Node) -> Result<Vec<u32>, TreeError> {
    #[derive(Clone, Copy, PartialEq)]
    enum Visit {
        New,
        Open,
        Done,
    }
    let Node::Gate(root) = top else { return Ok(Vec::new()) };
    let mut visits = vec![Visit::New; gates.len()];
    let mut order = Vec::new();
    let mut stack: Vec<(u32, usize)> = vec![(root, 0)];
    visits[root as usize] = Visit::Open;
    while let Some((gate, next)) = stack.last_mut() {
        let Some(argument) = gates[*gate as usize].arguments.get(*next) else {
            visits[*gate as usize] = Visit::Done;
            order.push(*gate);
            stack.pop();
            continue;
        };
        *next += 1;
        let &Node::Gate(below) = argument else { continue };
        match visits[below as usize] {
            Visit::Done => {}
            Visit::New => {
                visits[below as usize] = Visit::Open;
                stack.push((below, 0));
            }
            Visit::Open => {
                let start =
                    stack.iter().position(|(open, _)| *open == below).expect("an open gate is on the stack");
                let names = stack[start..].iter().map(|(open, _)| *open).chain([below]);
                return Err(TreeError::Cycle(
                    names.map(|open| Arc::clone(&gates[open as usize].name)).collect(),
                ));
            }
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_named_once_around() {
        let mut builder = Builder::new();
        let (a, b, top) = (builder.declare("a"), builder.declare("b"), builder.declare("top"));
        builder.define(a, Operator::Or, vec![b]);
        builder.define(b, Operator::Or, vec![a]);
        builder.define(top, Operator::Or, vec![a]);
        let error = builder.build(top).unwrap_err();
        assert_eq!(error.to_string(), "gates need each other in a cycle: `a` -> `b` -> `a`");
    }

    #[test]
    fn what_is_declared_must_be_defined() {
        let mut builder = Builder::new();
        let gate = builder.declare("late");
        assert_eq!(builder.build(gate).unwrap_err().to_string(), "gate `late` is used but not defined");
    }

    #[test]
    fn gates_evaluate_as_their_names_say() {
        let mut builder = Builder::new();
        let events: Vec<Node> = (0..3).map(|at| builder.event(format!("e{at}"), None)).collect();
        let operators =
            [Operator::Or, Operator::And, Operator::AtLeast(2), Operator::Xor, Operator::Nand, Operator::Nor];
        let gates: Vec<Node> =
            operators.iter().map(|operator| builder.gate("", *operator, events.clone())).collect();
        let expected = [
            [false, false, false, false, true, true],
            [true, false, false, true, true, false],
            [true, false, true, false, true, false],
            [true, true, true, true, false, false],
        ];
        for (count, row) in expected.iter().enumerate() {
            let failed: Vec<bool> = (0..3).map(|at| at < count).collect();
            for (gate, value) in gates.iter().zip(row) {
                assert_eq!(
                    builder.clone().build(*gate).unwrap().evaluate(&failed),
                    *value,
                    "{gate:?} {count}"
                );
            }
        }
    }
}
