//! Modules, their diagrams, their cut sets: what the rest is read from.

use super::bdd::{self, Bdd, Function, TooLarge};
use super::count::{Count, Tally};
use super::modules::{modules, split};
use super::net::{Edge, Kind, Net, node_of};
use super::order::{Heuristic, Scope, event_of};
use super::simplify::simplify;
use super::tree::FaultTree;
use super::zbdd::{BASE, EMPTY, Family, MinimalSets, UNLIMITED, Zbdd};

/// What a variable of a module's diagram stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    /// An event of the tree.
    Event(u32),
    /// A module solved before, in the sense in which it is false while nothing has failed.
    Module(usize),
}

/// The tree taken apart: modules, each after those below it; the top is the last.
pub(super) struct Structure {
    pub(super) net: Net,
    pub(super) top: Edge,
    pub(super) scopes: Vec<Scope>,
    /// Position in `scopes` of a node that is a module.
    module_at: Vec<usize>,
    /// Whether a node is needed negated.
    sense: Vec<bool>,
    coherent: bool,
}

impl Structure {
    pub(super) fn of(tree: &FaultTree) -> Structure {
        let (net, top) = Net::of_tree(tree);
        let (net, top) = simplify(net, top);
        let (net, top) = split(&net, top);
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
}

impl Structure {
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

/// A module's diagram and what its variables stand for.
pub(super) struct Diagram {
    pub(super) bdd: Bdd,
    /// The module in the sense in which it is false while nothing has failed.
    ///
    /// Exact where no more leaves are true than `order` says, false elsewhere.
    pub(super) function: Function,
    /// The same, but true elsewhere.
    pub(super) above: Function,
    /// The most leaves that may be true at once; [`ANY_ORDER`] when the diagram is exact.
    pub(super) order: u32,
    /// Whether that sense is the opposite of the module's node.
    pub(super) turned: bool,
    pub(super) leaves: Vec<Leaf>,
}

/// The diagrams of all modules.
pub(super) struct Diagrams {
    pub(super) modules: Vec<Diagram>,
    /// Whether the top is the opposite of the last module; a constant top has no module.
    pub(super) top: TopFunction,
}

/// What the top is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TopFunction {
    /// Known without any event.
    Constant(bool),
    /// One event, or its opposite.
    Event(u32, bool),
    /// The last module, or its opposite.
    Module(usize, bool),
}

impl Diagrams {
    /// The diagrams of every module; never more than `limit` nodes in one. A module that needs more gets a diagram
    /// that is exact while few of its leaves are true.
    pub(super) fn of(structure: &Structure, limit: usize) -> Result<Diagrams, TooLarge> {
        let mut modules: Vec<Diagram> = Vec::with_capacity(structure.scopes.len());
        for at in 0..structure.scopes.len() {
            let exact = Diagram::of(structure, at, &modules, limit);
            let diagram = match exact {
                Ok(diagram) => diagram,
                Err(TooLarge) => Diagram::in_part(structure, at, &modules, limit)?,
            };
            modules.push(diagram);
        }
        let negated = structure.top & 1 == 1;
        let node = node_of(structure.top);
        let top = match structure.net.kind(node) {
            Kind::True => TopFunction::Constant(!negated),
            Kind::Variable(event) => TopFunction::Event(event, negated),
            _ => {
                let last = &modules[modules.len() - 1];
                match last.function {
                    // The function is turned to be false at first; a constant one is false.
                    bdd::FALSE if last.order == ANY_ORDER => TopFunction::Constant(last.turned ^ negated),
                    _ => TopFunction::Module(modules.len() - 1, last.turned ^ negated),
                }
            }
        };
        Ok(Diagrams { modules, top })
    }

    /// The order up to which cut sets can be read off; [`ANY_ORDER`] when all diagrams are exact.
    pub(super) fn order(&self) -> u32 {
        self.modules.iter().map(|module| module.order).min().unwrap_or(ANY_ORDER)
    }
}

/// How many times the limit the last resort may take: a diagram in part, of which there is one at a time.
const IN_PART: usize = 4;

/// Who goes on to how many nodes: the first order of variables, or how many of the others (those that got furthest).
///
/// The first order is within a factor of two of the best on most published models; on some another needs a tenth.
const ROUNDS: [(Option<usize>, usize); 10] = [
    (None, 2_000),
    (Some(5), 2_000),
    (None, 20_000),
    (Some(2), 20_000),
    (None, 300_000),
    (Some(1), 100_000),
    (None, 3_000_000),
    (Some(5), 700_000),
    (Some(2), 2_500_000),
    (None, usize::MAX),
];

impl Diagram {
    /// Tries several orders of variables: all go some way, those that got furthest go on.
    fn of(structure: &Structure, at: usize, below: &[Diagram], limit: usize) -> Result<Diagram, TooLarge> {
        let scope = &structure.scopes[at];
        let attempt = |heuristic: Heuristic| {
            Attempt::new(structure, scope, &heuristic.order(&structure.net, scope), below, limit)
        };
        let mut first = attempt(Heuristic::ALL[0])?;
        if scope.gates.len() == 1 || scope.leaves.len() <= 8 {
            first.advance(structure, scope, limit)?;
            return Ok(first.diagram(scope));
        }
        let mut others: Vec<Attempt> = Vec::new();
        for (who, budget) in ROUNDS {
            let budget = budget.min(limit);
            let Some(most) = who else {
                if first.advance(structure, scope, budget).is_ok() {
                    return Ok(first.diagram(scope));
                }
                continue;
            };
            if others.is_empty() {
                others = Heuristic::ALL[1..]
                    .iter()
                    .map(|heuristic| attempt(*heuristic))
                    .collect::<Result<_, _>>()?;
            }
            others.sort_by_key(|attempt| std::cmp::Reverse(attempt.progress));
            for at in 0..most.min(others.len()) {
                if others[at].advance(structure, scope, budget).is_ok() {
                    return Ok(others.swap_remove(at).diagram(scope));
                }
            }
        }
        Err(TooLarge)
    }
}

impl Diagram {
    /// The largest order that fits, one by one: each is a new diagram, a few times larger than the one before.
    fn in_part(
        structure: &Structure,
        at: usize,
        below: &[Diagram],
        limit: usize,
    ) -> Result<Diagram, TooLarge> {
        // The cut sets of a coherent tree come without diagrams, too: there this serves the probability alone.
        let limit = if structure.coherent { limit / 8 } else { limit.saturating_mul(IN_PART) };
        let scope = &structure.scopes[at];
        let order = Heuristic::ALL[0].order(&structure.net, scope);
        let mut best = Err(TooLarge);
        for most in 1..=scope.leaves.len() as u32 {
            let mut attempt = Attempt::new(structure, scope, &order, below, limit)?;
            let done = attempt
                .restrict(most)
                .and_then(|()| attempt.advance(structure, scope, limit))
                .and_then(|()| attempt.diagram_in_part(scope, most));
            match done {
                Ok(diagram) => best = Ok(diagram),
                Err(TooLarge) => break,
            }
        }
        best
    }
}

/// A diagram in the making.
struct Attempt {
    bdd: Bdd,
    leaves: Vec<Leaf>,
    /// Of the scope's leaves, then of its gates so far.
    functions: Vec<Function>,
    /// Arguments done, in thousandths of a gate's share.
    progress: usize,
    /// Where the diagram is to be exact: what all gates are met with.
    care: Function,
    /// Arguments of the next gate that are already combined, and to what.
    partial: Option<(usize, Function)>,
}

impl Attempt {
    fn new(
        structure: &Structure,
        scope: &Scope,
        order: &[usize],
        below: &[Diagram],
        limit: usize,
    ) -> Result<Attempt, TooLarge> {
        let mut bdd = Bdd::new(limit, order.len());
        let mut leaves = Vec::with_capacity(order.len());
        let mut functions = vec![bdd::FALSE; scope.leaves.len()];
        for (level, &node) in order.iter().enumerate() {
            let variable = bdd.variable(level as u32)?;
            let (leaf, function) = match event_of(&structure.net, node) {
                Some(event) => (Leaf::Event(event), variable),
                None => {
                    let module = structure.module_at[node];
                    let constant = below[module].function == bdd::FALSE && below[module].order == ANY_ORDER;
                    let sense = Function::from(below[module].turned);
                    (Leaf::Module(module), if constant { bdd::FALSE ^ sense } else { variable ^ sense })
                }
            };
            leaves.push(leaf);
            functions[scope.local(node)] = function;
        }
        Ok(Attempt { bdd, leaves, functions, progress: 0, care: bdd::TRUE, partial: None })
    }

    /// Goes on until all gates are done or there are `budget` nodes; may be called again with a larger budget.
    fn advance(&mut self, structure: &Structure, scope: &Scope, budget: usize) -> Result<(), TooLarge> {
        self.bdd.allow(budget);
        while let Some(&gate) = scope.gates.get(self.functions.len() - scope.leaves.len()) {
            let net = &structure.net;
            let mut arguments: Vec<Function> = net
                .arguments(gate)
                .iter()
                .map(|edge| self.functions[scope.local(node_of(*edge))] ^ (edge & 1))
                .collect();
            // From the bottom up, so that long gates stay linear.
            arguments.sort_by_key(|function| std::cmp::Reverse(self.bdd.level(*function)));
            let function = match net.kind(gate) {
                Kind::AtLeast(least) => {
                    let function = self.bdd.at_least(least as usize, &arguments)?;
                    self.bdd.and(function, self.care)?
                }
                Kind::Xor => {
                    let function = self.bdd.xor(arguments[0], arguments[1])?;
                    self.bdd.and(function, self.care)?
                }
                _ => self.conjunction(&arguments)?,
            };
            self.progress += 1_000;
            self.functions.push(function);
        }
        Ok(())
    }

    fn conjunction(&mut self, arguments: &[Function]) -> Result<Function, TooLarge> {
        let (mut done, mut all) = self.partial.take().unwrap_or((0, self.care));
        while let Some(&argument) = arguments.get(done) {
            match self.bdd.and(all, argument) {
                Ok(function) => all = function,
                Err(TooLarge) => {
                    self.progress = self.progress / 1_000 * 1_000 + done * 1_000 / arguments.len();
                    self.partial = Some((done, all));
                    return Err(TooLarge);
                }
            }
            done += 1;
        }
        self.progress = self.progress / 1_000 * 1_000;
        Ok(all)
    }

    fn diagram(mut self, scope: &Scope) -> Diagram {
        let function = self.functions[scope.local(scope.root)];
        let turned = self.bdd.at_all_false(function);
        self.bdd.seal();
        let function = function ^ Function::from(turned);
        Diagram { bdd: self.bdd, function, above: function, order: ANY_ORDER, turned, leaves: self.leaves }
    }

    /// Only what is so while at most `most` leaves are true matters.
    fn restrict(&mut self, most: u32) -> Result<(), TooLarge> {
        // fits[j]: at most j of the leaves from here on.
        let mut fits = vec![bdd::TRUE; most as usize + 1];
        for level in (0..self.leaves.len() as u32).rev() {
            for count in (0..fits.len()).rev() {
                let high = if count == 0 { bdd::FALSE } else { fits[count - 1] };
                fits[count] = self.bdd.node(level, high, fits[count])?;
            }
        }
        self.care = fits[most as usize];
        Ok(())
    }

    fn diagram_in_part(mut self, scope: &Scope, order: u32) -> Result<Diagram, TooLarge> {
        let function = self.functions[scope.local(scope.root)];
        let turned = self.bdd.at_all_false(function);
        let function = self.bdd.and(function ^ Function::from(turned), self.care)?;
        let above = self.bdd.or(function, self.care ^ 1)?;
        self.bdd.seal();
        Ok(Diagram { bdd: self.bdd, function, above, order, turned, leaves: self.leaves })
    }
}

/// A module's minimal cut sets as a diagram of families.
pub(super) struct Sets {
    pub(super) zbdd: Zbdd,
    pub(super) family: Family,
    pub(super) leaves: Vec<Leaf>,
}

/// The cut sets of all modules, and what the top takes of them.
pub(super) struct AllSets {
    pub(super) modules: Vec<Sets>,
    pub(super) top: TopSets,
    /// Sets above this order are left out; [`UNLIMITED`] when none is.
    pub(super) most: u32,
}

/// The top's cut sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TopSets {
    /// Never fails.
    None,
    /// Fails with nothing failed.
    Always,
    /// Fails with this event.
    Event(u32),
    /// Those of a module.
    Module(usize),
}

impl AllSets {
    /// The cut sets of an order of at most `most`, from diagrams.
    pub(super) fn of(diagrams: &Diagrams, most: u32, limit: usize) -> Result<AllSets, TooLarge> {
        let mut modules: Vec<Sets> = Vec::with_capacity(diagrams.modules.len());
        for diagram in &diagrams.modules {
            let weights: Vec<u32> = diagram.leaves.iter().map(|leaf| weight(*leaf, &modules)).collect();
            let mut minimal = MinimalSets::new(&diagram.bdd, &weights);
            let mut zbdd = Zbdd::new(weights, limit);
            let family = minimal.of(diagram.function, most, &mut zbdd)?;
            zbdd.seal();
            modules.push(Sets { zbdd, family, leaves: diagram.leaves.clone() });
        }
        let top = match diagrams.top {
            TopFunction::Constant(false) => TopSets::None,
            TopFunction::Event(event, false) => TopSets::Event(event),
            TopFunction::Module(at, false) => TopSets::Module(at),
            // A turned top is true while nothing has failed.
            TopFunction::Constant(true) | TopFunction::Event(_, true) | TopFunction::Module(_, true) => {
                TopSets::Always
            }
        };
        Ok(AllSets { modules, top, most })
    }

    /// No sets.
    pub(super) fn none() -> AllSets {
        AllSets { modules: Vec::new(), top: TopSets::None, most: UNLIMITED }
    }

    /// The cut sets of an order of at most `most` of a coherent tree, without decision diagrams: gate by gate.
    pub(super) fn direct(structure: &Structure, most: u32, limit: usize) -> Result<AllSets, TooLarge> {
        let mut modules: Vec<Sets> = Vec::with_capacity(structure.scopes.len());
        for scope in &structure.scopes {
            let sets = Sets::direct(structure, scope, &modules, most, limit)?;
            modules.push(sets);
        }
        let top = match structure.net.kind(node_of(structure.top)) {
            Kind::True if structure.top == super::net::TRUE => TopSets::Always,
            Kind::True => TopSets::None,
            Kind::Variable(event) => TopSets::Event(event),
            _ => TopSets::Module(modules.len() - 1),
        };
        Ok(AllSets { modules, top, most })
    }

    /// Numbers of the top's sets by order, from order 0.
    pub(super) fn count(&self) -> Vec<Count> {
        match self.top {
            TopSets::None => Vec::new(),
            TopSets::Always => vec![Count::from(1)],
            TopSets::Event(_) => vec![Count::default(), Count::from(1)],
            TopSets::Module(at) => self.count_module(at),
        }
    }

    fn count_module(&self, top: usize) -> Vec<Count> {
        // Digits enough for the whole number: no part is larger.
        let mut bits = vec![0f64; self.modules.len()];
        for (at, sets) in self.modules.iter().enumerate() {
            bits[at] = sets.bits(&bits);
        }
        let limbs = ((bits[top] + 2.0) / 64.0).ceil().max(1.0) as usize;
        let mut tallies: Vec<Tally> = Vec::with_capacity(self.modules.len());
        let needed = self.needed(top);
        for (at, sets) in self.modules.iter().enumerate() {
            let tally = if needed[at] { sets.tally(&tallies, self.most, limbs) } else { Tally::default() };
            tallies.push(tally);
        }
        let tally = &tallies[top];
        let mut counts = vec![Count::default(); tally.least as usize];
        counts.extend((0..tally.orders(limbs)).map(|place| Count::of_limbs(tally.at(place, limbs))));
        while counts.last().is_some_and(Count::is_zero) {
            counts.pop();
        }
        counts
    }

    /// The modules that the top's sets speak of.
    pub(super) fn needed(&self, top: usize) -> Vec<bool> {
        let mut needed = vec![false; self.modules.len()];
        needed[top] = true;
        for at in (0..=top).rev() {
            if needed[at] {
                for family in self.modules[at].reachable() {
                    if let Leaf::Module(below) = self.modules[at].leaf(family) {
                        needed[below] = true;
                    }
                }
            }
        }
        needed
    }
}

fn weight(leaf: Leaf, modules: &[Sets]) -> u32 {
    match leaf {
        Leaf::Event(_) => 1,
        Leaf::Module(at) => modules[at].zbdd.shortest(modules[at].family),
    }
}

impl Sets {
    /// Of a module whose nodes are each needed in one sense: negation only turns `and` into `or`.
    fn direct(
        structure: &Structure,
        scope: &Scope,
        below: &[Sets],
        most: u32,
        limit: usize,
    ) -> Result<Sets, TooLarge> {
        let net = &structure.net;
        let order = Heuristic::SharedFirst.order(net, scope);
        let mut leaves = Vec::with_capacity(order.len());
        let mut families = vec![EMPTY; scope.leaves.len()];
        for &node in &order {
            leaves.push(
                event_of(net, node).map_or_else(|| Leaf::Module(structure.module_at[node]), Leaf::Event),
            );
        }
        let weights = leaves.iter().map(|leaf| weight(*leaf, below)).collect();
        let mut zbdd = Zbdd::new(weights, limit);
        for (level, &node) in order.iter().enumerate() {
            let variable = zbdd.node(level as u32, BASE, EMPTY)?;
            families[scope.local(node)] = zbdd.cut(variable, most)?;
        }
        for &gate in &scope.gates {
            let mut arguments: Vec<Family> =
                net.arguments(gate).iter().map(|edge| families[scope.local(node_of(*edge))]).collect();
            arguments.sort_by_key(|family| std::cmp::Reverse(zbdd.level(*family)));
            let negated = structure.sense[gate];
            let family = match net.kind(gate) {
                Kind::And if negated => {
                    arguments.iter().try_fold(EMPTY, |all, family| zbdd.union(all, *family))?
                }
                Kind::And => {
                    arguments.iter().try_fold(BASE, |all, family| zbdd.product(all, *family, most))?
                }
                Kind::AtLeast(least) => {
                    let least = if negated { arguments.len() + 1 - least as usize } else { least as usize };
                    zbdd.at_least(least, &arguments, most)?
                }
                _ => unreachable!("a coherent net has no exclusive-or"),
            };
            families.push(family);
        }
        zbdd.seal();
        Ok(Sets { zbdd, family: families[scope.local(scope.root)], leaves })
    }

    /// What the first variable of a family stands for.
    pub(super) fn leaf(&self, family: Family) -> Leaf {
        self.leaves[self.zbdd.level(family) as usize]
    }

    /// The families below the module's own, constants left out, each after those it leads to.
    pub(super) fn reachable(&self) -> Vec<Family> {
        let mut seen = vec![false; self.family as usize + 1];
        let mut found = Vec::new();
        seen[self.family as usize] = true;
        for family in (2..=self.family).rev() {
            if seen[family as usize] {
                found.push(family);
                let (high, low) = self.zbdd.branches(family);
                seen[high as usize] = true;
                seen[low as usize] = true;
            }
        }
        found.reverse();
        found
    }

    /// The binary logarithm of the number of sets, rounded up a little.
    fn bits(&self, modules: &[f64]) -> f64 {
        let mut bits = vec![f64::NEG_INFINITY; self.family as usize + 2];
        bits[BASE as usize] = 0.0;
        for family in self.reachable() {
            let (high, low) = self.zbdd.branches(family);
            let factor = match self.leaf(family) {
                Leaf::Event(_) => 0.0,
                Leaf::Module(at) => modules[at],
            };
            let (left, right) = (bits[low as usize], bits[high as usize] + factor);
            let (large, small) = (left.max(right), left.min(right));
            bits[family as usize] = if large == f64::NEG_INFINITY {
                large
            } else {
                large + (small - large).exp2().ln_1p() / std::f64::consts::LN_2
            };
        }
        bits[self.family as usize]
    }

    fn tally(&self, modules: &[Tally], most: u32, limbs: usize) -> Tally {
        if self.family == EMPTY {
            return Tally::default();
        }
        let mut tallies = vec![Tally::default(); self.family as usize + 2];
        tallies[BASE as usize] = Tally::one(0, limbs);
        for family in self.reachable() {
            let (high, low) = self.zbdd.branches(family);
            let module = match self.leaf(family) {
                Leaf::Event(_) => None,
                Leaf::Module(at) => Some(&modules[at]),
            };
            tallies[family as usize] =
                Tally::of_branch(&tallies[low as usize], module, &tallies[high as usize], most, limbs);
        }
        tallies.swap_remove(self.family as usize)
    }
}

/// No limit on the order of sets.
pub(super) const ANY_ORDER: u32 = UNLIMITED;
