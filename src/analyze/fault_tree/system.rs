//! Systems whose elements may need each other: monotone, with cycles, under the least fixed point.
//!
//! Failure starts only at an element's own event, so elements that need each other do not fail for that alone.

use std::sync::Arc;

use thiserror::Error;

use super::tree::{Builder, FaultTree, Node, Operator, TreeError};

/// Alternatives of which some must live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// How many of the members must live.
    pub least: usize,
    /// Positions of elements; one that is named twice counts twice.
    pub members: Vec<usize>,
}

impl Requirement {
    /// One element that must live.
    pub fn one(element: usize) -> Self {
        Requirement { least: 1, members: vec![element] }
    }
}

/// Something that fails by itself, or with what it requires.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Its name, and that of its own event.
    pub name: Arc<str>,
    /// Whether it has an event of its own.
    pub fails_by_itself: bool,
    /// Probability of its own event; `None` when nobody said.
    pub probability: Option<f64>,
    /// All of these must hold.
    pub requirements: Vec<Requirement>,
}

/// Why a system has no fault tree.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SystemError {
    /// A requirement names an element that does not exist.
    #[error("element `{0}` requires an element that does not exist")]
    NoSuchElement(Arc<str>),
    /// Unfolding its cycles would take more gates than allowed.
    #[error("unfolding the cycles among {elements} elements takes more than {limit} gates")]
    TooLarge {
        /// Elements in the largest cycle.
        elements: usize,
        /// The most gates allowed.
        limit: usize,
    },
    /// The tree could not be built.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Gates that unfolding may make.
const MOST_GATES: usize = 4_000_000;

impl FaultTree {
    /// The tree of what makes `top` (a position among the elements) fail.
    ///
    /// Elements that need each other by plain requirements fail together and become one gate. Other cycles are
    /// unfolded: as many rounds of the equations as elements that cut all their cycles, plus one, reach the least
    /// fixed point. Cost: linear without cycles through alternatives, else the product of those two numbers.
    ///
    /// # Errors
    /// [`SystemError::NoSuchElement`] and [`SystemError::TooLarge`].
    pub fn from_monotone_system(elements: &[Element], top: usize) -> Result<FaultTree, SystemError> {
        let name = |at: usize| {
            elements.get(at).map_or_else(|| "?".into(), |element: &Element| Arc::clone(&element.name))
        };
        if top >= elements.len() {
            return Err(SystemError::NoSuchElement(name(top)));
        }
        if let Some(at) = (0..elements.len()).find(|at| {
            elements[*at]
                .requirements
                .iter()
                .flat_map(|of| &of.members)
                .any(|member| *member >= elements.len())
        }) {
            return Err(SystemError::NoSuchElement(name(at)));
        }
        Unfolding::new(elements, top).tree(top)
    }
}

/// Equations, in the sense of failure: an element fails with its event or when enough members of a requirement do.
struct Unfolding<'a> {
    elements: &'a [Element],
    builder: Builder,
    events: Vec<Option<Node>>,
    /// Elements that fail together, by the first of them.
    same: Vec<usize>,
    /// The gate of each group that is done.
    done: Vec<Option<Node>>,
    gates: usize,
}

/// One way to fail: this many of these.
type Clause = (usize, Vec<usize>);

impl<'a> Unfolding<'a> {
    fn new(elements: &'a [Element], top: usize) -> Self {
        let plain = |at: usize| -> Vec<usize> {
            clauses(&elements[at])
                .into_iter()
                .filter(|(least, _)| *least == 1)
                .flat_map(|(_, members)| members)
                .collect()
        };
        let mut same: Vec<usize> = (0..elements.len()).collect();
        for component in components(elements.len(), top, plain) {
            let first = component.iter().copied().min().expect("a component has an element");
            component.iter().for_each(|at| same[*at] = first);
        }
        Unfolding {
            elements,
            builder: Builder::new(),
            events: vec![None; elements.len()],
            same,
            done: vec![None; elements.len()],
            gates: 0,
        }
    }

    fn tree(mut self, top: usize) -> Result<FaultTree, SystemError> {
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); self.elements.len()];
        for at in 0..self.elements.len() {
            members[self.same[at]].push(at);
        }
        let below = |at: usize| -> Vec<usize> {
            let of = |member: &usize| {
                clauses(&self.elements[*member])
                    .into_iter()
                    .flat_map(|(_, members)| members)
                    .map(|member| self.same[member])
                    .collect::<Vec<_>>()
            };
            members[at].iter().flat_map(of).collect()
        };
        let order = components(self.elements.len(), self.same[top], below);
        for component in order {
            self.component(&component, &members)?;
        }
        let node = self.done[self.same[top]].expect("the top was reached");
        Ok(self.builder.build(node)?)
    }

    /// The gates of groups that need each other; everything else they need is done.
    fn component(&mut self, component: &[usize], members: &[Vec<usize>]) -> Result<(), SystemError> {
        let mut component = component.to_vec();
        component.sort_unstable();
        let inside = |at: usize| component.binary_search(&at).is_ok();
        let (order, cuts) = cut_cycles(&component, |at| {
            let of = |member: &usize| {
                clauses(&self.elements[*member])
                    .into_iter()
                    .flat_map(|(_, members)| members)
                    .collect::<Vec<_>>()
            };
            members[at]
                .iter()
                .flat_map(of)
                .map(|member| self.same[member])
                .filter(|below| *below != at && inside(*below))
                .collect()
        });
        let size: usize = order
            .iter()
            .flat_map(|at| &members[*at])
            .map(|member| 1 + self.elements[*member].requirements.len())
            .sum();
        if self.gates + size.saturating_mul(cuts.len() + 1) > MOST_GATES {
            return Err(SystemError::TooLarge { elements: component.len(), limit: MOST_GATES });
        }
        self.gates += size * (cuts.len() + 1);
        // Before the first round nothing inside has failed. After as many rounds as cuts every cut has its final
        // value; one more gives it to the rest.
        cuts.iter().for_each(|cut| self.done[*cut] = Some(Node::Constant(false)));
        for _ in 0..=cuts.len() {
            let mut next = Vec::new();
            for &at in &order {
                let gate = self.group(at, &members[at]);
                if cuts.binary_search(&at).is_ok() {
                    next.push((at, gate))
                } else {
                    self.done[at] = Some(gate)
                }
            }
            next.into_iter().for_each(|(at, gate)| self.done[at] = Some(gate));
        }
        Ok(())
    }

    /// The gate of elements that fail together, from what is known of the others.
    fn group(&mut self, group: usize, members: &[usize]) -> Node {
        let mut ways = Vec::new();
        for &member in members {
            ways.extend(self.event(member));
            for (least, below) in clauses(&self.elements[member]) {
                // That the group has failed already is no reason for it to fail.
                let arguments: Vec<Node> = below
                    .iter()
                    .map(|at| self.same[*at])
                    .map(|at| {
                        if at == group {
                            Node::Constant(false)
                        } else {
                            self.done[at].expect("what is below comes first")
                        }
                    })
                    .collect();
                match arguments[..] {
                    [only] if least == 1 => ways.push(only),
                    _ => ways.push(self.builder.gate("", Operator::AtLeast(least as u32), arguments)),
                }
            }
        }
        self.builder.gate(Arc::clone(&self.elements[group].name), Operator::Or, ways)
    }

    fn event(&mut self, at: usize) -> Option<Node> {
        let element = &self.elements[at];
        if !element.fails_by_itself {
            return None;
        }
        Some(
            *self.events[at]
                .get_or_insert_with(|| self.builder.event(Arc::clone(&element.name), element.probability)),
        )
    }
}

/// How many of which members' failures break each requirement; what cannot break is left out.
fn clauses(element: &Element) -> Vec<Clause> {
    let broken = |of: &Requirement| {
        (of.least > 0).then(|| ((of.members.len() + 1).saturating_sub(of.least), of.members.clone()))
    };
    element.requirements.iter().filter_map(broken).collect()
}

/// Strongly connected components below `start`, each after those it leads to (Tarjan 1972, with an explicit stack).
fn components(count: usize, start: usize, below: impl Fn(usize) -> Vec<usize>) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let (mut number, mut low, mut on_path) = (vec![NEW; count], vec![0; count], vec![false; count]);
    let (mut path, mut found, mut next) = (Vec::new(), Vec::new(), 0);
    let mut stack: Vec<(usize, Vec<usize>)> = Vec::new();
    let mut enter = Some(start);
    loop {
        if let Some(at) = enter.take() {
            (number[at], low[at], on_path[at]) = (next, next, true);
            next += 1;
            path.push(at);
            stack.push((at, below(at)));
        }
        let Some((at, rest)) = stack.last_mut() else { break };
        let at = *at;
        if let Some(to) = rest.pop() {
            if number[to] == NEW {
                enter = Some(to);
            } else if on_path[to] {
                low[at] = low[at].min(number[to]);
            }
            continue;
        }
        stack.pop();
        if let Some((user, _)) = stack.last() {
            low[*user] = low[*user].min(low[at]);
        }
        if low[at] == number[at] {
            let start = path.iter().rposition(|on| *on == at).expect("an open element is on the path");
            let component = path.split_off(start);
            component.iter().for_each(|on| on_path[*on] = false);
            found.push(component);
        }
    }
    found
}

/// An order of evaluation, and sorted elements whose earlier values stand in for them: without those no cycle is left.
fn cut_cycles(component: &[usize], below: impl Fn(usize) -> Vec<usize>) -> (Vec<usize>, Vec<usize>) {
    let place = |at: usize| component.binary_search(&at).expect("an edge inside the component");
    let mut state = vec![0u8; component.len()];
    let (mut order, mut cuts) = (Vec::new(), Vec::new());
    for &start in component {
        if state[place(start)] != 0 {
            continue;
        }
        state[place(start)] = 1;
        let mut stack = vec![(start, below(start))];
        while let Some((at, rest)) = stack.last_mut() {
            let at = *at;
            match rest.pop() {
                // What is still open closes a cycle.
                Some(to) if state[place(to)] == 1 => cuts.push(to),
                Some(to) if state[place(to)] == 0 => {
                    state[place(to)] = 1;
                    stack.push((to, below(to)));
                }
                Some(_) => {}
                None => {
                    state[place(at)] = 2;
                    order.push(at);
                    stack.pop();
                }
            }
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
    (order, cuts)
}
