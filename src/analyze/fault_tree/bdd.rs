//! Reduced ordered binary decision diagrams with complement edges.
//!
//! Bryant 1986; complement edges after Brace, Rudell and Bryant 1990. Recursion is as deep as there are variables:
//! callers give the thread a stack for it (see `solve`).

use super::tables::{Answers, Unique, hash};

/// A function: twice a node's position, plus one when negated.
pub(super) type Function = u32;

/// True everywhere.
pub(super) const TRUE: Function = 0;
/// False everywhere.
pub(super) const FALSE: Function = 1;

/// The level of the constant: below all variables.
pub(super) const BOTTOM: u32 = u32::MAX;

/// The diagram would need more nodes than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

#[derive(Clone, Copy, Debug)]
struct Branch {
    level: u32,
    /// Never negated: one function has one diagram.
    high: Function,
    low: Function,
}

/// Bits of the place of an answer, at most: 16 MiB times sixteen.
const ANSWERS: u32 = 24;

/// All diagrams over one order of variables; a variable's level is its place in the order.
pub(super) struct Bdd {
    nodes: Vec<Branch>,
    unique: Unique,
    /// Of `and` with a third number of [`FALSE`], else of `choose`; no operation's first two numbers are [`TRUE`].
    answers: Answers,
    limit: usize,
}

impl Bdd {
    /// No diagrams yet; never more than `limit` nodes; tables to start with for this many variables.
    pub(super) fn new(limit: usize, variables: usize) -> Self {
        let bits = usize::BITS - variables.clamp(4, 1 << 10).leading_zeros();
        let constant = Branch { level: BOTTOM, high: TRUE, low: TRUE };
        Bdd {
            nodes: vec![constant],
            unique: Unique::new(bits + 1),
            answers: Answers::new(bits),
            limit: limit.min(1 << 30),
        }
    }

    /// Allows this many nodes from now on.
    pub(super) fn allow(&mut self, limit: usize) {
        self.limit = limit.min(1 << 30);
    }

    /// Keeps what these functions lead to, and gives back what making diagrams takes: the functions anew.
    pub(super) fn seal<const N: usize>(&mut self, functions: [Function; N]) -> [Function; N] {
        self.unique = Unique::new(1);
        self.answers = Answers::new(1);
        self.limit = 0;
        let mut new = vec![0u32; self.nodes.len()];
        functions.iter().for_each(|f| new[(f >> 1) as usize] = 1);
        for node in (1..self.nodes.len()).rev() {
            if new[node] != 0 {
                let Branch { high, low, .. } = self.nodes[node];
                new[(high >> 1) as usize] = 1;
                new[(low >> 1) as usize] = 1;
            }
        }
        // Nodes come after those they lead to, and stay so.
        let (mut kept, moved) = (1, |new: &[u32], f: Function| (new[(f >> 1) as usize] << 1) | (f & 1));
        new[0] = 0;
        for node in 1..self.nodes.len() {
            if new[node] != 0 {
                let Branch { level, high, low } = self.nodes[node];
                self.nodes[kept] = Branch { level, high: moved(&new, high), low: moved(&new, low) };
                new[node] = kept as u32;
                kept += 1;
            }
        }
        self.nodes.truncate(kept);
        self.nodes.shrink_to_fit();
        functions.map(|f| moved(&new, f))
    }

    /// How many nodes were made.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn level(&self, f: Function) -> u32 {
        self.nodes[(f >> 1) as usize].level
    }

    /// The function where its first variable is true, and where it is false.
    pub(super) fn branches(&self, f: Function) -> (Function, Function) {
        let node = &self.nodes[(f >> 1) as usize];
        (node.high ^ (f & 1), node.low ^ (f & 1))
    }

    pub(super) fn variable(&mut self, level: u32) -> Result<Function, TooLarge> {
        self.node(level, TRUE, FALSE)
    }

    /// The function that is `high` where the variable is true and `low` elsewhere.
    pub(super) fn node(&mut self, level: u32, high: Function, low: Function) -> Result<Function, TooLarge> {
        if high == low {
            return Ok(high);
        }
        let sign = high & 1;
        let (high, low) = (high ^ sign, low ^ sign);
        let hash = hash(level, high, low);
        let nodes = &self.nodes;
        let is = |at: u32| {
            let node = &nodes[at as usize];
            node.level == level && node.high == high && node.low == low
        };
        if let Some(at) = self.unique.find(hash, is) {
            return Ok((at << 1) ^ sign);
        }
        if self.nodes.len() >= self.limit {
            return Err(TooLarge);
        }
        let made = self.nodes.len() as u32;
        self.nodes.push(Branch { level, high, low });
        self.unique.insert(hash, made);
        // Four times as many places save a fiftieth of the steps and cost a tenth of the time.
        self.answers.grow_to(self.nodes.len() / 2, ANSWERS);
        Ok((made << 1) ^ sign)
    }

    pub(super) fn and(&mut self, f: Function, g: Function) -> Result<Function, TooLarge> {
        let (f, g) = if f < g { (f, g) } else { (g, f) };
        if f == TRUE || f == g {
            return Ok(g);
        }
        if f == FALSE || f ^ 1 == g {
            return Ok(FALSE);
        }
        if let Some(result) = self.answers.get(f, g, FALSE) {
            return Ok(result);
        }
        let (f_level, g_level) = (self.level(f), self.level(g));
        let level = f_level.min(g_level);
        let (f_high, f_low) = if f_level == level { self.branches(f) } else { (f, f) };
        let (g_high, g_low) = if g_level == level { self.branches(g) } else { (g, g) };
        let high = self.and(f_high, g_high)?;
        let low = self.and(f_low, g_low)?;
        let result = self.node(level, high, low)?;
        self.answers.put(f, g, FALSE, result);
        Ok(result)
    }

    pub(super) fn or(&mut self, f: Function, g: Function) -> Result<Function, TooLarge> {
        Ok(self.and(f ^ 1, g ^ 1)? ^ 1)
    }

    /// `g` where `f` is true, `h` elsewhere.
    pub(super) fn choose(&mut self, f: Function, g: Function, h: Function) -> Result<Function, TooLarge> {
        match (f, g, h) {
            (TRUE, ..) => return Ok(g),
            (FALSE, ..) => return Ok(h),
            _ if g == h => return Ok(g),
            (_, _, FALSE) => return self.and(f, g),
            (_, TRUE, _) => return self.or(f, h),
            (_, FALSE, _) => return self.and(f ^ 1, h),
            (_, _, TRUE) => return self.or(f ^ 1, g),
            _ => {}
        }
        if f & 1 == 1 {
            return self.choose(f ^ 1, h, g);
        }
        if g & 1 == 1 {
            return Ok(self.choose(f, g ^ 1, h ^ 1)? ^ 1);
        }
        if let Some(result) = self.answers.get(f, g, h) {
            return Ok(result);
        }
        let level = self.level(f).min(self.level(g)).min(self.level(h));
        let part = |bdd: &Self, function: Function| {
            if bdd.level(function) == level { bdd.branches(function) } else { (function, function) }
        };
        let ((f_high, f_low), (g_high, g_low), (h_high, h_low)) =
            (part(self, f), part(self, g), part(self, h));
        let high = self.choose(f_high, g_high, h_high)?;
        let low = self.choose(f_low, g_low, h_low)?;
        let result = self.node(level, high, low)?;
        self.answers.put(f, g, h, result);
        Ok(result)
    }

    /// Exactly one of two.
    pub(super) fn xor(&mut self, f: Function, g: Function) -> Result<Function, TooLarge> {
        self.choose(f, g ^ 1, g)
    }

    /// At least `least` of these.
    pub(super) fn at_least(&mut self, least: usize, of: &[Function]) -> Result<Function, TooLarge> {
        // reached[j]: at least j of the arguments seen so far.
        let mut reached = vec![FALSE; least + 1];
        reached[0] = TRUE;
        for (seen, &argument) in of.iter().enumerate() {
            for count in (1..=least.min(seen + 1)).rev() {
                reached[count] = self.choose(argument, reached[count - 1], reached[count])?;
            }
        }
        Ok(reached[least])
    }

    /// The value where every variable is false.
    pub(super) fn at_all_false(&self, mut f: Function) -> bool {
        while f > 1 {
            f = self.branches(f).1;
        }
        f == TRUE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_function_has_one_diagram() {
        let mut bdd = Bdd::new(100, 2);
        let (a, b) = (bdd.variable(0).unwrap(), bdd.variable(1).unwrap());
        let both = bdd.and(a, b).unwrap();
        let neither = bdd.or(a ^ 1, b ^ 1).unwrap();
        assert_eq!(both, neither ^ 1);
        let differ = bdd.xor(a, b).unwrap();
        let either = bdd.or(a, b).unwrap();
        assert_eq!(bdd.and(either, both ^ 1).unwrap(), differ);
        assert_eq!(bdd.at_least(1, &[a, b]).unwrap(), either);
        assert_eq!(bdd.at_least(2, &[a, b]).unwrap(), both);
    }

    #[test]
    fn a_limit_ends_the_work() {
        let mut bdd = Bdd::new(3, 2);
        let (a, b) = (bdd.variable(0).unwrap(), bdd.variable(1).unwrap());
        assert_eq!(bdd.and(a, b), Err(TooLarge));
    }
}
