//! Zero-suppressed diagrams of families of sets (Minato 1993), with the operations that keep a family minimal
//! (Rauzy 1993).

use super::bdd::{self, Bdd, Function, TooLarge};
use super::tables::{Answers, Unique, hash};

/// A family of sets: a node's position.
pub(super) type Family = u32;

/// No set.
pub(super) const EMPTY: Family = 0;
/// The empty set alone.
pub(super) const BASE: Family = 1;

/// No limit on the order of sets.
pub(super) const UNLIMITED: u32 = u32::MAX;

/// Bits of the place of an answer, at most.
const ANSWERS: u32 = 23;

#[derive(Clone, Copy, Debug)]
struct Branch {
    level: u32,
    high: Family,
    low: Family,
}

const WITHOUT: u32 = u32::MAX - 1;
const UNION: u32 = u32::MAX - 2;
const CUT: u32 = u32::MAX - 3;

/// All families over one order of variables.
pub(super) struct Zbdd {
    nodes: Vec<Branch>,
    /// The least order of a set of each node's family.
    shortest: Vec<u32>,
    unique: Unique,
    answers: Answers,
    /// What each level adds to a set's order.
    weights: Vec<u32>,
    limit: usize,
}

impl Zbdd {
    /// No families yet; `weights` says what each level adds to a set's order; never more than `limit` nodes.
    pub(super) fn new(weights: Vec<u32>, limit: usize) -> Self {
        let bits = usize::BITS - weights.len().clamp(4, 1 << 10).leading_zeros();
        let terminal = Branch { level: u32::MAX, high: 0, low: 0 };
        Zbdd {
            nodes: vec![terminal; 2],
            shortest: vec![UNLIMITED, 0],
            unique: Unique::new(bits + 1),
            answers: Answers::new(bits),
            weights,
            limit: limit.min(1 << 31),
        }
    }

    /// Gives back the memory that only making families needs.
    pub(super) fn seal(&mut self) {
        self.unique = Unique::new(1);
        self.answers = Answers::new(1);
        self.limit = 0;
    }

    pub(super) fn level(&self, family: Family) -> u32 {
        self.nodes[family as usize].level
    }

    /// The sets with the first variable (without it), and the sets that lack it.
    pub(super) fn branches(&self, family: Family) -> (Family, Family) {
        let node = &self.nodes[family as usize];
        (node.high, node.low)
    }

    /// The least order of a set; [`UNLIMITED`] when there is no set.
    pub(super) fn shortest(&self, family: Family) -> u32 {
        self.shortest[family as usize]
    }

    pub(super) fn node(&mut self, level: u32, high: Family, low: Family) -> Result<Family, TooLarge> {
        if high == EMPTY {
            return Ok(low);
        }
        let hash = hash(level, high, low);
        let nodes = &self.nodes;
        let is = |at: u32| {
            let node = &nodes[at as usize];
            node.level == level && node.high == high && node.low == low
        };
        if let Some(at) = self.unique.find(hash, is) {
            return Ok(at);
        }
        if self.nodes.len() >= self.limit {
            return Err(TooLarge);
        }
        let made = self.nodes.len() as u32;
        self.nodes.push(Branch { level, high, low });
        let through = self.shortest[high as usize].saturating_add(self.weights[level as usize]);
        self.shortest.push(through.min(self.shortest[low as usize]));
        self.unique.insert(hash, made);
        self.answers.grow_to(self.nodes.len() * 2, ANSWERS);
        Ok(made)
    }

    fn answer(&self, operation: u32, left: u32, right: u32) -> Option<Family> {
        self.answers.get(operation, left, right)
    }

    fn remember(&mut self, operation: u32, left: u32, right: u32, result: Family) -> Family {
        self.answers.put(operation, left, right, result);
        result
    }

    /// The sets of `family` that contain no set of `smaller`, which must be minimal.
    pub(super) fn without(&mut self, family: Family, smaller: Family) -> Result<Family, TooLarge> {
        if smaller == EMPTY || family == EMPTY {
            return Ok(family);
        }
        if smaller == BASE || family == smaller {
            return Ok(EMPTY);
        }
        if family == BASE {
            return Ok(BASE);
        }
        if let Some(result) = self.answer(WITHOUT, family, smaller) {
            return Ok(result);
        }
        let (level, other) = (self.level(family), self.level(smaller));
        let (smaller_high, smaller_low) = self.branches(smaller);
        let result = if level > other {
            self.without(family, smaller_low)?
        } else {
            let (high, low) = self.branches(family);
            if level < other {
                let high = self.without(high, smaller)?;
                let low = self.without(low, smaller)?;
                self.node(level, high, low)?
            } else {
                let high = self.without(high, smaller_high)?;
                let high = self.without(high, smaller_low)?;
                let low = self.without(low, smaller_low)?;
                self.node(level, high, low)?
            }
        };
        Ok(self.remember(WITHOUT, family, smaller, result))
    }

    /// The minimal sets of either of two minimal families.
    pub(super) fn union(&mut self, left: Family, right: Family) -> Result<Family, TooLarge> {
        let (left, right) = (left.min(right), left.max(right));
        if left == EMPTY || left == right {
            return Ok(right);
        }
        if left == BASE {
            return Ok(BASE);
        }
        if let Some(result) = self.answer(UNION, left, right) {
            return Ok(result);
        }
        let level = self.level(left).min(self.level(right));
        let (left_high, left_low) = self.parts(left, level);
        let (right_high, right_low) = self.parts(right, level);
        let low = self.union(left_low, right_low)?;
        let high = self.union(left_high, right_high)?;
        let high = self.without(high, low)?;
        let result = self.node(level, high, low)?;
        Ok(self.remember(UNION, left, right, result))
    }

    fn parts(&self, family: Family, level: u32) -> (Family, Family) {
        if self.level(family) == level { self.branches(family) } else { (EMPTY, family) }
    }

    /// The sets of an order of at most `most`.
    pub(super) fn cut(&mut self, family: Family, most: u32) -> Result<Family, TooLarge> {
        if most == UNLIMITED || family <= BASE {
            return Ok(family);
        }
        if self.shortest(family) > most {
            return Ok(EMPTY);
        }
        if let Some(result) = self.answer(CUT, family, most) {
            return Ok(result);
        }
        let level = self.level(family);
        let (high, low) = self.branches(family);
        let low = self.cut(low, most)?;
        let high = match most.checked_sub(self.weights[level as usize]) {
            Some(rest) => self.cut(high, rest)?,
            None => EMPTY,
        };
        let result = self.node(level, high, low)?;
        Ok(self.remember(CUT, family, most, result))
    }

    /// The minimal unions of a set from each of `least` of these, of an order of at most `most`.
    pub(super) fn at_least(&mut self, least: usize, of: &[Family], most: u32) -> Result<Family, TooLarge> {
        // reached[j]: from j of the arguments seen so far.
        let mut reached = vec![EMPTY; least + 1];
        reached[0] = BASE;
        for (seen, &argument) in of.iter().enumerate() {
            for count in (1..=least.min(seen + 1)).rev() {
                let with = self.product(argument, reached[count - 1], most)?;
                reached[count] = self.union(with, reached[count])?;
            }
        }
        Ok(reached[least])
    }

    /// The minimal ones among the unions of a set of each, of an order of at most `most`.
    pub(super) fn product(&mut self, left: Family, right: Family, most: u32) -> Result<Family, TooLarge> {
        let (left, right) = (left.min(right), left.max(right));
        if left == EMPTY || self.shortest(left).max(self.shortest(right)) > most {
            return Ok(EMPTY);
        }
        if left == BASE || left == right {
            return self.cut(right, most);
        }
        // The limit takes part in the key of an answer: operations below `CUT` are limits.
        let operation = most.min(CUT - 1);
        if let Some(result) = self.answer(operation, left, right) {
            return Ok(result);
        }
        let level = self.level(left).min(self.level(right));
        let (left_high, left_low) = self.parts(left, level);
        let (right_high, right_low) = self.parts(right, level);
        let low = self.product(left_low, right_low, most)?;
        let weight = self.weights[level as usize];
        let rest = if most == UNLIMITED { Some(UNLIMITED) } else { most.checked_sub(weight) };
        let high = match rest {
            Some(rest) => {
                let either = self.union(right_high, right_low)?;
                let both = self.product(left_high, either, rest)?;
                let other = self.product(left_low, right_high, rest)?;
                self.union(both, other)?
            }
            None => EMPTY,
        };
        let high = self.without(high, low)?;
        let result = self.node(level, high, low)?;
        Ok(self.remember(operation, left, right, result))
    }
}

/// The minimal sets of variables that make a function true when all others are false.
///
/// For a coherent function these are its minimal cut sets; for others the minimal p-cuts (Rauzy 2001).
pub(super) struct MinimalSets<'a> {
    bdd: &'a Bdd,
    /// The least order of a set that makes a function true.
    shortest: Vec<u32>,
    /// By function and limit.
    answers: Answers,
}

impl<'a> MinimalSets<'a> {
    /// Prepares for the functions of a diagram; `weights` says what each level adds to a set's order.
    pub(super) fn new(bdd: &'a Bdd, weights: &[u32]) -> Self {
        // Nodes come after those they lead to.
        let mut shortest = vec![0, UNLIMITED];
        for node in 1..bdd.len() as u32 {
            for f in [node << 1, (node << 1) | 1] {
                let (high, low) = bdd.branches(f);
                let through = shortest[high as usize].saturating_add(weights[bdd.level(f) as usize]);
                shortest.push(through.min(shortest[low as usize]));
            }
        }
        let bits = (usize::BITS - bdd.len().leading_zeros()).clamp(2, ANSWERS);
        MinimalSets { bdd, shortest, answers: Answers::new(bits) }
    }

    /// The sets of an order of at most `most`.
    pub(super) fn of(&mut self, f: Function, most: u32, into: &mut Zbdd) -> Result<Family, TooLarge> {
        if f == bdd::FALSE || self.shortest[f as usize] > most {
            return Ok(EMPTY);
        }
        // The empty set suffices.
        if self.shortest[f as usize] == 0 {
            return Ok(BASE);
        }
        if let Some(result) = self.answers.get(f, most, 0) {
            return Ok(result);
        }
        let level = self.bdd.level(f);
        let (high, low) = self.bdd.branches(f);
        let low = self.of(low, most, into)?;
        let weight = into.weights[level as usize];
        let rest = if most == UNLIMITED { Some(UNLIMITED) } else { most.checked_sub(weight) };
        let high = match rest {
            Some(rest) => self.of(high, rest, into)?,
            None => EMPTY,
        };
        let high = into.without(high, low)?;
        let result = into.node(level, high, low)?;
        self.answers.put(f, most, 0, result);
        Ok(result)
    }
}
