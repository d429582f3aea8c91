//! What a set of failed elements takes down, and why.

use super::FailureGraph;

/// How an element is in a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Nothing that it needs is lost.
    Up,
    /// It lives, yet lost something optional or a member of a group.
    Degraded,
    /// It is lost.
    Failed,
}

/// An evaluator of sets of failed elements over one graph.
///
/// Memory is taken once, by [`Scenario::new`]. Each [`Scenario::fail`] costs what it reaches: the failed elements, their
/// dependents, and putting those back at the next call.
#[derive(Debug, Clone)]
pub struct Scenario {
    graph: FailureGraph,
    /// Per node; gates are only ever up or failed.
    state: Vec<State>,
    /// Per gate, how many members failed.
    lost: Vec<u32>,
    /// Per node that is not up (and per gate that lost members), the node that hit it first, or itself.
    cause: Vec<u32>,
    /// Failed nodes in the order in which they failed.
    failed: Vec<u32>,
    /// Gates with a failed member.
    hit: Vec<u32>,
    degraded: Vec<u32>,
}

impl Scenario {
    /// An evaluator for `graph` in which nothing has failed.
    pub fn new(graph: &FailureGraph) -> Self {
        let nodes = graph.nodes();
        let gates = nodes - graph.len();
        Self {
            graph: graph.clone(),
            state: vec![State::Up; nodes],
            lost: vec![0; gates],
            cause: vec![0; nodes],
            failed: Vec::with_capacity(nodes),
            hit: Vec::with_capacity(gates),
            degraded: Vec::with_capacity(graph.len()),
        }
    }

    /// Forgets what failed before, and lets exactly these elements fail.
    ///
    /// # Panics
    ///
    /// If one of them is not an element of the graph.
    pub fn fail(&mut self, elements: &[u32]) {
        self.restore();
        for &element in elements {
            assert!((element as usize) < self.graph.len(), "only elements of the graph can fail");
            self.lose(element, element);
        }
        self.spread_failure();
        self.spread_degradation();
    }

    /// The first `count` elements that are `wanted` and that the failure of `element` comes to, nearest first.
    ///
    /// Costs what lies nearer than they do, and ends early once more than `most` elements have failed. Afterwards [`Scenario::why`] has a path for each of them; others may still seem
    /// to be up.
    ///
    /// # Panics
    ///
    /// If `element` is not an element of the graph.
    pub fn nearest(
        &mut self,
        element: u32,
        count: usize,
        most: usize,
        wanted: impl Fn(u32) -> bool,
    ) -> Vec<u32> {
        assert!((element as usize) < self.graph.len(), "only elements of the graph can fail");
        self.restore();
        self.lose(element, element);
        let graph = self.graph.clone();
        let mut found = Vec::new();
        let (mut seen, mut next) = (0, 0);
        loop {
            let new = self.failed[seen..].iter().filter(|&&node| !graph.is_gate(node) && wanted(node));
            found.extend(new.take(count - found.len()));
            seen = self.failed.len();
            let goes_on = found.len() < count && seen <= most;
            let Some(&node) = self.failed.get(next).filter(|_| goes_on) else { return found };
            next += 1;
            self.hit_parents(&graph, node);
        }
    }

    /// How the element is.
    ///
    /// # Panics
    ///
    /// If `element` is not an element of the graph.
    pub fn state(&self, element: u32) -> State {
        assert!((element as usize) < self.graph.len(), "`element` is an element of the graph");
        self.state[element as usize]
    }

    /// Whether the element is up or degraded.
    ///
    /// # Panics
    ///
    /// If `element` is not an element of the graph.
    pub fn is_alive(&self, element: u32) -> bool {
        self.state(element) != State::Failed
    }

    /// The failed elements, those told to fail first, then by the number of steps that it took.
    pub fn failed(&self) -> impl Iterator<Item = u32> {
        self.failed.iter().copied().filter(|&node| !self.graph.is_gate(node))
    }

    /// The degraded elements, nearest to the failure first.
    pub fn degraded(&self) -> impl Iterator<Item = u32> {
        self.degraded.iter().copied()
    }

    /// The elements along which failure came to `element`: itself first, an element that was told to fail last.
    ///
    /// Each step goes from an element to a member of the requirement that failed (or degraded) it; of a group's lost
    /// members it is the one lost first. Without groups no path is shorter. Empty when the element is up.
    ///
    /// # Panics
    ///
    /// If `element` is not an element of the graph.
    pub fn why(&self, element: u32) -> Vec<u32> {
        let mut path = Vec::new();
        if self.state(element) == State::Up {
            return path;
        }
        let mut node = element;
        loop {
            if !self.graph.is_gate(node) {
                path.push(node);
            }
            let cause = self.cause[node as usize];
            if cause == node {
                return path;
            }
            node = cause;
        }
    }

    fn restore(&mut self) {
        let gates_from = self.graph.len();
        for node in self.failed.drain(..).chain(self.degraded.drain(..)) {
            self.state[node as usize] = State::Up;
        }
        for gate in self.hit.drain(..) {
            self.lost[gate as usize - gates_from] = 0;
        }
    }

    fn lose(&mut self, node: u32, cause: u32) {
        if self.state[node as usize] == State::Up {
            self.state[node as usize] = State::Failed;
            self.failed.push(node);
            if !self.graph.is_gate(node) {
                self.cause[node as usize] = cause;
            }
        }
    }

    fn spread_failure(&mut self) {
        let graph = self.graph.clone();
        let mut next = 0;
        while let Some(&node) = self.failed.get(next) {
            next += 1;
            self.hit_parents(&graph, node);
        }
    }

    fn hit_parents(&mut self, graph: &FailureGraph, node: u32) {
        for &parent in graph.parents(node) {
            if !graph.is_gate(parent) {
                self.lose(parent, node);
                continue;
            }
            let lost = &mut self.lost[parent as usize - graph.len()];
            *lost += 1;
            if *lost == 1 {
                self.hit.push(parent);
                self.cause[parent as usize] = node;
            }
            if *lost == graph.threshold(parent) {
                self.lose(parent, node);
            }
        }
    }

    fn spread_degradation(&mut self) {
        let graph = self.graph.clone();
        for index in 0..self.hit.len() {
            let gate = self.hit[index];
            self.degrade(graph.parents(gate), gate);
        }
        for index in 0..self.failed.len() {
            let node = self.failed[index];
            if !graph.is_gate(node) {
                self.degrade(graph.optional_parents(node), node);
            }
        }
        let mut next = 0;
        while let Some(&element) = self.degraded.get(next) {
            next += 1;
            self.degrade(graph.optional_parents(element), element);
        }
    }

    fn degrade(&mut self, elements: &[u32], cause: u32) {
        for &element in elements {
            if self.state[element as usize] == State::Up {
                self.state[element as usize] = State::Degraded;
                self.cause[element as usize] = cause;
                self.degraded.push(element);
            }
        }
    }
}
