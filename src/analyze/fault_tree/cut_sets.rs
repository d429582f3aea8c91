//! Minimal cut sets of all modules as diagrams of families, and how many there are.

use super::bdd::TooLarge;
use super::count::{Count, Tallies, Tally};
use super::diagrams::{Diagrams, Leaf, TopFunction};
use super::net::{Kind, node_of};
use super::order::{Heuristic, Scope, event_of};
use super::structure::Structure;
use super::zbdd::{BASE, EMPTY, Family, MinimalSets, UNLIMITED, Zbdd};

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
        let mut tallies = Tallies::new(self.family as usize + 2, most, limbs);
        tallies.set_base(BASE as usize);
        for family in self.reachable() {
            let (high, low) = self.zbdd.branches(family);
            let module = match self.leaf(family) {
                Leaf::Event(_) => None,
                Leaf::Module(at) => Some(&modules[at]),
            };
            tallies.set_branch(family as usize, low as usize, module, high as usize);
        }
        tallies.of(self.family as usize)
    }
}
