//! The cheapest minimal cut sets of a coherent tree, module by module, without diagrams.
//!
//! Each module gives its sets one by one, the cheapest first: a search finds sets of its leaves, and a leaf that is a
//! module stands for each of that module's sets in turn. Nothing is listed that is not asked for.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::circuit::{Circuit, Shape};
use super::diagrams::Leaf;
use super::net::{Kind, TRUE, node_of};
use super::search::{Budget, Search, Step};
use super::structure::Structure;
use super::tree::EventId;

/// The cheapest sets found.
pub(super) struct Cheapest {
    /// The cheapest first, each with its cost.
    pub(super) sets: Vec<(f64, Vec<EventId>)>,
    /// Whether there are no others; otherwise none that is missing is cheaper than the last.
    pub(super) all: bool,
    /// Whether the budget ended before there were as many as asked for.
    pub(super) given_up: bool,
}

/// The `n` sets of the least sum of `costs` (by event, none negative; infinite for one that cannot fail).
pub(super) fn cheapest(structure: &Structure, costs: &[f64], n: usize, mut budget: Budget) -> Cheapest {
    let known = |sets: Vec<(f64, Vec<EventId>)>| Cheapest {
        all: sets.len() <= n,
        sets: sets.into_iter().take(n).collect(),
        given_up: false,
    };
    match structure.net.kind(node_of(structure.top)) {
        Kind::True if structure.top == TRUE => return known(vec![(0.0, Vec::new())]),
        Kind::True => return known(Vec::new()),
        Kind::Variable(event) if costs[event as usize].is_finite() => {
            return known(vec![(costs[event as usize], vec![EventId(event)])]);
        }
        Kind::Variable(_) => return known(Vec::new()),
        _ => {}
    }
    let mut streams =
        Streams { streams: Vec::with_capacity(structure.scopes.len()), most: n.saturating_add(1) };
    for scope in &structure.scopes {
        let stream = Stream::new(Circuit::of(structure, scope), costs, &streams, &mut budget);
        streams.streams.push(stream);
        // What a module's cheapest set costs is what it costs its user.
        if !streams.reach(streams.streams.len() - 1, 0, &mut budget) {
            return Cheapest { sets: Vec::new(), all: false, given_up: true };
        }
    }
    let top = streams.streams.len() - 1;
    let mut given_up = false;
    while streams.streams[top].found.len() < n && !streams.streams[top].ended && !given_up {
        given_up = !streams.reach(top, streams.streams[top].found.len(), &mut budget);
    }
    let stream = &streams.streams[top];
    Cheapest {
        sets: (0..stream.found.len().min(n)).map(|at| streams.set(top, at)).collect(),
        all: stream.ended,
        given_up,
    }
}

/// A set of a module: one of its sets of leaves, with a choice of sets for leaves that are modules.
#[derive(Clone, Copy, Debug)]
struct Choice {
    cost: f64,
    /// Position among the sets of leaves.
    leaves: u32,
    /// The found set that this differs from, and how: at one position the set with this number. The first set of
    /// leaves differs from nothing.
    from: Option<u32>,
    position: u32,
    number: u32,
}

impl PartialEq for Choice {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Choice {}

impl PartialOrd for Choice {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Choice {
    /// The cheapest is the greatest; equals by what they are, so that their order is always the same.
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |choice: &Choice| (choice.leaves, choice.from, choice.position, choice.number);
        other.cost.total_cmp(&self.cost).then_with(|| rank(other).cmp(&rank(self)))
    }
}

/// Where a module's sets of leaves come from.
enum Source {
    /// All leaves at once.
    All,
    /// Each leaf by itself, from this position of the list on.
    Any(Vec<u32>, usize),
    Search(Box<Search>),
}

/// A module's sets, one after the other.
struct Stream {
    circuit: Circuit,
    /// What the cheapest set of each leaf costs.
    costs: Vec<f64>,
    source: Source,
    /// The next set of leaves, when it is known; `None` within when there is none.
    next: Option<Option<(f64, Vec<u32>)>>,
    /// Sets of leaves so far.
    leaves: Vec<Vec<u32>>,
    waiting: BinaryHeap<Choice>,
    found: Vec<Choice>,
    ended: bool,
}

/// Why a stream did not go on.
enum Stuck {
    /// It needs the next set of each of these modules first.
    On(Vec<usize>),
    GivenUp,
}

impl Stream {
    fn new(circuit: Circuit, costs: &[f64], below: &Streams, budget: &mut Budget) -> Stream {
        let costs: Vec<f64> = circuit
            .leaves
            .iter()
            .map(|leaf| match *leaf {
                Leaf::Event(event) => costs[event as usize],
                Leaf::Module(at) => below.streams[at].found.first().map_or(f64::INFINITY, |set| set.cost),
            })
            .collect();
        let source = match circuit.shape() {
            Shape::All => Source::All,
            Shape::Any => {
                let mut order: Vec<u32> = (0..costs.len() as u32).collect();
                order.sort_by(|left, right| costs[*left as usize].total_cmp(&costs[*right as usize]));
                Source::Any(order, 0)
            }
            Shape::Other => Source::Search(Box::new(Search::new(&circuit, costs.clone(), budget))),
        };
        Stream {
            circuit,
            costs,
            source,
            next: None,
            leaves: Vec::new(),
            waiting: BinaryHeap::new(),
            found: Vec::new(),
            ended: false,
        }
    }

    /// Finds the next set, or that there is none.
    fn advance(&mut self, below: &[Stream], most: usize, budget: &mut Budget) -> Result<(), Stuck> {
        loop {
            if self.next.is_none() {
                self.next = Some(self.next_leaves(budget)?);
            }
            let due = match (&self.next, self.waiting.peek()) {
                (Some(Some((cost, _))), Some(choice)) => *cost <= choice.cost,
                (Some(Some(_)), None) => true,
                _ => false,
            };
            if !due {
                break;
            }
            if let Some(Some((cost, leaves))) = self.next.take() {
                let choice =
                    Choice { cost, leaves: self.leaves.len() as u32, from: None, position: 0, number: 0 };
                self.leaves.push(leaves);
                self.waiting.push(choice);
            }
        }
        let Some(&choice) = self.waiting.peek() else {
            self.ended = true;
            return Ok(());
        };
        let successors = self.successors(choice, below)?;
        budget.steps = budget.steps.saturating_sub(successors.len() as u64 + 1);
        self.waiting.pop();
        self.waiting.extend(successors);
        self.found.push(choice);
        self.forget(most);
        Ok(())
    }

    fn next_leaves(&mut self, budget: &mut Budget) -> Result<Option<(f64, Vec<u32>)>, Stuck> {
        match &mut self.source {
            Source::All => {
                let cost: f64 = self.costs.iter().sum();
                let first = self.leaves.is_empty() && cost.is_finite();
                Ok(first.then(|| (cost, (0..self.costs.len() as u32).collect())))
            }
            Source::Any(order, at) => {
                let leaf = order.get(*at).copied().filter(|leaf| self.costs[*leaf as usize].is_finite());
                *at += 1;
                Ok(leaf.map(|leaf| (self.costs[leaf as usize], vec![leaf])))
            }
            Source::Search(search) => match search.next(&self.circuit, budget) {
                Step::Found(cost, leaves) => Ok(Some((cost, leaves))),
                Step::End => Ok(None),
                Step::GivenUp => Err(Stuck::GivenUp),
            },
        }
    }

    /// Which set of the leaf at `position` a choice takes.
    fn number(&self, choice: &Choice, position: u32) -> u32 {
        let mut at = *choice;
        loop {
            match at.from {
                // Later choices of a position take later sets.
                Some(_) if at.position == position => return at.number,
                Some(from) => at = self.found[from as usize],
                None => return 0,
            }
        }
    }

    /// What follows a choice: the next set of one leaf, at its position or after it, so that each is come by once.
    fn successors(&self, choice: Choice, below: &[Stream]) -> Result<Vec<Choice>, Stuck> {
        let leaves = &self.leaves[choice.leaves as usize];
        let (mut found, mut needed) = (Vec::new(), Vec::new());
        for position in choice.position..leaves.len() as u32 {
            let Leaf::Module(at) = self.circuit.leaves[leaves[position as usize] as usize] else { continue };
            // Positions after its own are still at their first set.
            let number = if position == choice.position { self.number(&choice, position) } else { 0 };
            let sets = &below[at].found;
            match (sets.get(number as usize), sets.get(number as usize + 1)) {
                (Some(now), Some(next)) => found.push(Choice {
                    cost: choice.cost + (next.cost - now.cost),
                    leaves: choice.leaves,
                    from: Some(self.found.len() as u32),
                    position,
                    number: number + 1,
                }),
                _ if below[at].ended => {}
                _ => needed.push(at),
            }
        }
        if needed.is_empty() { Ok(found) } else { Err(Stuck::On(needed)) }
    }

    /// Drops what cannot be among the `most` cheapest.
    fn forget(&mut self, most: usize) {
        let open = most.saturating_sub(self.found.len());
        if self.waiting.len() > open.saturating_mul(2).saturating_add(1_000) {
            let mut kept = std::mem::take(&mut self.waiting).into_sorted_vec();
            // The greatest come last, and those are the cheapest.
            let dropped = kept.len() - open.min(kept.len());
            self.waiting = kept.split_off(dropped).into();
        }
    }
}

/// All modules' streams, each after those below it.
struct Streams {
    streams: Vec<Stream>,
    /// Most sets that anyone asks for.
    most: usize,
}

impl Streams {
    /// Goes on until a module has the set with this number, or has ended; whether the budget was enough.
    fn reach(&mut self, module: usize, number: usize, budget: &mut Budget) -> bool {
        // A stack of our own: modules may be nested as deep as the tree.
        let mut asked = vec![(module, number)];
        while let Some(&(at, number)) = asked.last() {
            if self.streams[at].ended || self.streams[at].found.len() > number {
                asked.pop();
                continue;
            }
            let (below, rest) = self.streams.split_at_mut(at);
            match rest[0].advance(below, self.most, budget) {
                Ok(()) => {}
                Err(Stuck::On(needed)) => {
                    asked.extend(needed.into_iter().map(|at| (at, self.streams[at].found.len())));
                }
                Err(Stuck::GivenUp) => return false,
            }
            if budget.steps == 0 {
                return false;
            }
        }
        true
    }

    /// A module's set of events, with what it costs.
    fn set(&self, module: usize, number: usize) -> (f64, Vec<EventId>) {
        let mut events = Vec::new();
        let mut open = vec![(module, number)];
        while let Some((at, number)) = open.pop() {
            let stream = &self.streams[at];
            let choice = stream.found[number];
            let leaves = &stream.leaves[choice.leaves as usize];
            let mut numbers = vec![0u32; leaves.len()];
            let mut step = choice;
            while let Some(from) = step.from {
                let taken = &mut numbers[step.position as usize];
                *taken = (*taken).max(step.number);
                step = stream.found[from as usize];
            }
            for (leaf, number) in leaves.iter().zip(numbers) {
                match stream.circuit.leaves[*leaf as usize] {
                    Leaf::Event(event) => events.push(EventId(event)),
                    Leaf::Module(below) => open.push((below, number as usize)),
                }
            }
        }
        events.sort_unstable();
        (self.streams[module].found[number].cost, events)
    }
}
