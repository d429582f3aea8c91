//! A decision diagram in the making: it may stop at any number of nodes and go on later.

use super::bdd::{self, Bdd, Function, TooLarge};
use super::diagrams::{ANY_ORDER, Diagram, Leaf};
use super::net::{Kind, node_of};
use super::order::{Scope, event_of};
use super::structure::Structure;

/// A diagram in the making.
pub(super) struct Attempt {
    bdd: Bdd,
    leaves: Vec<Leaf>,
    /// Of the scope's leaves, then of its gates so far.
    functions: Vec<Function>,
    /// Arguments done, in thousandths of a gate's share.
    pub(super) progress: usize,
    /// Where the diagram is to be exact: what all gates are met with.
    care: Function,
    /// Arguments of the next gate that are already combined, and to what.
    partial: Option<(usize, Function)>,
}

impl Attempt {
    pub(super) fn new(
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

    /// How many nodes were made.
    pub(super) fn nodes(&self) -> usize {
        self.bdd.len()
    }

    /// Goes on until all gates are done or there are `budget` nodes; may be called again with a larger budget.
    pub(super) fn advance(
        &mut self,
        structure: &Structure,
        scope: &Scope,
        budget: usize,
    ) -> Result<(), TooLarge> {
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

    pub(super) fn diagram(mut self, scope: &Scope) -> Diagram {
        let function = self.functions[scope.local(scope.root)];
        let turned = self.bdd.at_all_false(function);
        let [function] = self.bdd.seal([function ^ Function::from(turned)]);
        Diagram { bdd: self.bdd, function, above: function, order: ANY_ORDER, turned, leaves: self.leaves }
    }

    /// Only what is so while at most `most` leaves are true matters.
    pub(super) fn restrict(&mut self, most: u32) -> Result<(), TooLarge> {
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

    pub(super) fn diagram_in_part(mut self, scope: &Scope, order: u32) -> Result<Diagram, TooLarge> {
        let function = self.functions[scope.local(scope.root)];
        let turned = self.bdd.at_all_false(function);
        let function = self.bdd.and(function ^ Function::from(turned), self.care)?;
        let above = self.bdd.or(function, self.care ^ 1)?;
        let [function, above] = self.bdd.seal([function, above]);
        Ok(Diagram { bdd: self.bdd, function, above, order, turned, leaves: self.leaves })
    }
}
