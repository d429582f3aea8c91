//! Many failures in one pass: 512 at once, one bit each.

use std::ops::Range;

use super::plan::{NONE, Plan};

const WORDS: usize = 8;

/// How many failures go through the graph in one pass.
pub(super) const WIDTH: usize = 64 * WORDS;

/// One bit for each failure of a pass; as large as a cache line, and aligned so as to touch only one.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Bits([u64; WORDS]);

const EMPTY: Bits = Bits([0; WORDS]);

/// Under which of the failures of a pass a node fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Share {
    None,
    Some,
    All,
}

/// Room for one pass, used again for the next one.
///
/// A node's bits are read only where its share is [`Share::Some`]; the shares are what most of a pass looks at, and they
/// fit a core's cache where the bits do not.
#[derive(Debug)]
pub(super) struct Sweep<'p> {
    plan: &'p Plan,
    all: Bits,
    share: Vec<Share>,
    bits: Vec<Bits>,
    pending: Pending,
    /// Positions that were evaluated.
    active: Vec<u32>,
    soft_share: Vec<bool>,
    soft_bits: Vec<Bits>,
    soft_pending: Pending,
    soft_active: Vec<u32>,
    counter: Counter,
    /// Per gate: under which failures it lost a member.
    hit: Vec<Bits>,
    /// Positions of gates whose `hit` is set.
    hit_gates: Vec<u32>,
}

impl<'p> Sweep<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        let nodes = plan.nodes();
        Self {
            plan,
            all: EMPTY,
            share: vec![Share::None; nodes],
            bits: vec![EMPTY; nodes],
            pending: Pending::new(nodes),
            active: Vec::new(),
            soft_share: vec![false; plan.soft.count],
            soft_bits: vec![EMPTY; plan.soft.count],
            soft_pending: Pending::new(plan.soft.count),
            soft_active: Vec::new(),
            counter: Counter::default(),
            hit: vec![EMPTY; plan.gates],
            hit_gates: Vec::new(),
        }
    }

    /// Lets the position `sources[i]` fail in world `i`; there are at most [`WIDTH`] and they differ.
    pub(super) fn run(&mut self, sources: &[u32]) {
        self.clear();
        self.all = EMPTY;
        for (world, &source) in sources.iter().enumerate() {
            self.all.0[world / 64] |= 1 << (world % 64);
            self.share[source as usize] = Share::Some;
            self.bits[source as usize] = EMPTY;
            self.bits[source as usize].0[world / 64] = 1 << (world % 64);
            self.pending.insert(source);
        }
        self.spread_failure();
        if 0 < self.plan.soft.count {
            self.spread_degradation();
        }
    }

    /// The positions that fail in some world, each once.
    pub(super) fn failed(&self) -> impl Iterator<Item = (u32, Worlds<'_>)> {
        self.active.iter().filter_map(|&position| match self.share[position as usize] {
            Share::None => None,
            Share::Some => Some((position, Worlds::Some(&self.bits[position as usize]))),
            Share::All => Some((position, Worlds::All)),
        })
    }

    /// The ranks with an element that is degraded or failed in some world, each once.
    pub(super) fn softened(&self) -> &[u32] {
        &self.soft_active
    }

    /// The worlds in which an element of this rank and position is degraded.
    pub(super) fn degraded(&self, rank: u32, position: u32) -> Bits {
        let soft = &self.soft_bits[rank as usize];
        let failed = self.bits_at(position);
        Bits(std::array::from_fn(|word| soft.0[word] & !failed.0[word]))
    }

    fn clear(&mut self) {
        for position in self.active.drain(..) {
            self.share[position as usize] = Share::None;
        }
        for rank in self.soft_active.drain(..) {
            self.soft_share[rank as usize] = false;
        }
        for position in self.hit_gates.drain(..) {
            self.hit[self.plan.gate[position as usize] as usize] = EMPTY;
        }
    }

    fn spread_failure(&mut self) {
        let plan = self.plan;
        let mut cycle = 0;
        while let Some(position) = self.pending.take_first() {
            while plan.cycles.get(cycle).is_some_and(|range| range.end <= position) {
                cycle += 1;
            }
            match plan.cycles.get(cycle) {
                Some(range) if range.start <= position => {
                    self.pending.insert(position);
                    self.settle(range.clone());
                }
                _ => {
                    self.active.push(position);
                    self.evaluate(position);
                    if self.share[position as usize] != Share::None {
                        plan.parents.targets(position).iter().for_each(|&parent| self.pending.insert(parent));
                    }
                }
            }
        }
    }

    /// Evaluates the positions of a cycle until nothing changes; each change adds a world to a position.
    fn settle(&mut self, cycle: Range<u32>) {
        let plan = self.plan;
        let sources: Vec<u32> =
            cycle.clone().filter(|&position| self.share[position as usize] != Share::None).collect();
        for position in sources {
            plan.parents.targets(position).iter().for_each(|&parent| self.pending.insert(parent));
        }
        while let Some(position) = self.pending.take_in(cycle.clone()) {
            if self.evaluate(position) {
                plan.parents.targets(position).iter().for_each(|&parent| self.pending.insert(parent));
            }
        }
        self.active.extend(cycle);
    }

    /// Brings a position up to its children and says whether that changed it.
    fn evaluate(&mut self, position: u32) -> bool {
        let at = position as usize;
        let before = self.share[at];
        let own = if before == Share::Some { self.bits[at] } else { EMPTY };
        let bits = match self.plan.thresholds[at] {
            _ if before == Share::All && self.plan.gate[at] == NONE => return false,
            1 => match self.any(position, own) {
                Some(bits) => bits,
                None => {
                    self.share[at] = Share::All;
                    return true;
                }
            },
            threshold => self.at_least(position, threshold),
        };
        if is_empty(&bits) {
            return false;
        }
        if is_same(&bits, &self.all) {
            self.share[at] = Share::All;
            return before != Share::All;
        }
        self.share[at] = Share::Some;
        self.bits[at] = bits;
        !is_same(&bits, &own)
    }

    /// The worlds in which any child fails, and `own`; none when a child fails in all worlds.
    fn any(&self, position: u32, own: Bits) -> Option<Bits> {
        let children = self.plan.children.targets(position);
        let mut bits = own;
        for &child in children {
            match self.share[child as usize] {
                Share::None => {}
                Share::Some => add(&mut bits, &self.bits[child as usize]),
                Share::All => return None,
            }
        }
        Some(bits)
    }

    /// The worlds in which at least `threshold` children of a gate fail; notes those in which any does.
    fn at_least(&mut self, position: u32, threshold: u32) -> Bits {
        let mut counter = std::mem::take(&mut self.counter);
        counter.clear();
        let mut certain = 0;
        let mut open = 0;
        let mut some = EMPTY;
        for &child in self.plan.children.targets(position) {
            match self.share[child as usize] {
                Share::None => {}
                Share::Some => {
                    open += 1;
                    add(&mut some, &self.bits[child as usize]);
                    counter.add(&self.bits[child as usize]);
                }
                Share::All => certain += 1,
            }
        }
        let hit = if 0 < certain { self.all } else { some };
        let noted = &mut self.hit[self.plan.gate[position as usize] as usize];
        if is_empty(noted) && !is_empty(&hit) {
            self.hit_gates.push(position);
        }
        *noted = hit;
        let reached = match threshold.checked_sub(certain) {
            None | Some(0) => self.all,
            Some(more) if open < more => EMPTY,
            Some(1) => some,
            Some(more) => counter.at_least(more, &self.all),
        };
        self.counter = counter;
        reached
    }

    fn bits_at(&self, position: u32) -> Bits {
        match self.share[position as usize] {
            Share::None => EMPTY,
            Share::Some => self.bits[position as usize],
            Share::All => self.all,
        }
    }

    fn spread_degradation(&mut self) {
        let soft = &self.plan.soft;
        for &position in &self.active {
            if self.share[position as usize] != Share::None && self.plan.gate[position as usize] == NONE {
                soft.after_position.targets(position).iter().for_each(|&rank| self.soft_pending.insert(rank));
            }
        }
        for &position in &self.hit_gates {
            soft.after_position.targets(position).iter().for_each(|&rank| self.soft_pending.insert(rank));
        }
        while let Some(rank) = self.soft_pending.take_first() {
            let bits = self.soft_worlds(rank);
            self.soft_active.push(rank);
            self.soft_share[rank as usize] = true;
            self.soft_bits[rank as usize] = bits;
            soft.after_rank.targets(rank).iter().for_each(|&rank| self.soft_pending.insert(rank));
        }
    }

    /// The worlds in which what an element of this rank has for optional members or groups is not as it should be.
    fn soft_worlds(&self, rank: u32) -> Bits {
        let mut bits = EMPTY;
        for &position in self.plan.soft.positions.targets(rank) {
            match self.plan.gate[position as usize] {
                NONE => match self.share[position as usize] {
                    Share::None => {}
                    Share::Some => add(&mut bits, &self.bits[position as usize]),
                    Share::All => return self.all,
                },
                gate => add(&mut bits, &self.hit[gate as usize]),
            }
        }
        for &rank in self.plan.soft.ranks.targets(rank) {
            if self.soft_share[rank as usize] {
                add(&mut bits, &self.soft_bits[rank as usize]);
            }
        }
        bits
    }
}

/// In which worlds of a pass something holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Worlds<'a> {
    All,
    Some(&'a Bits),
}

/// The worlds of a set of bits, ascending.
pub(super) fn worlds(bits: &Bits) -> impl Iterator<Item = usize> {
    bits.0.iter().enumerate().flat_map(|(word, &bits)| {
        std::iter::successors(Some(bits), |&rest| Some(rest & rest.wrapping_sub(1)))
            .take_while(|&rest| rest != 0)
            .map(move |rest| 64 * word + rest.trailing_zeros() as usize)
    })
}

/// A counter for every world at once: plane `i` holds bit `i` of each.
#[derive(Debug, Clone, Default)]
pub(super) struct Counter {
    planes: Vec<Bits>,
}

impl Counter {
    /// Counts one more in these worlds.
    pub(super) fn add(&mut self, worlds: &Bits) {
        let mut carry = *worlds;
        for plane in &mut self.planes {
            let mut any = 0;
            for word in 0..WORDS {
                let sum = plane.0[word] ^ carry.0[word];
                carry.0[word] &= plane.0[word];
                plane.0[word] = sum;
                any |= carry.0[word];
            }
            if any == 0 {
                return;
            }
        }
        if !is_empty(&carry) {
            self.planes.push(carry);
        }
    }

    /// The count of one world.
    pub(super) fn get(&self, world: usize) -> u64 {
        let bit = |plane: &Bits| plane.0[world / 64] >> (world % 64) & 1;
        self.planes.iter().enumerate().map(|(place, plane)| bit(plane) << place).sum()
    }

    /// Back to 0 everywhere.
    pub(super) fn clear(&mut self) {
        self.planes.clear();
    }

    fn at_least(&self, threshold: u32, all: &Bits) -> Bits {
        if 32 <= self.planes.len() || threshold >> self.planes.len() != 0 {
            return EMPTY;
        }
        let mut reached = *all;
        for (place, plane) in self.planes.iter().enumerate() {
            for word in 0..WORDS {
                if threshold >> place & 1 == 1 {
                    reached.0[word] &= plane.0[word];
                } else {
                    reached.0[word] |= plane.0[word];
                }
            }
        }
        reached
    }
}

/// Positions that wait, taken from the lowest on.
#[derive(Debug)]
struct Pending {
    words: Vec<u64>,
    /// No word before this one has a bit.
    from: usize,
}

impl Pending {
    fn new(len: usize) -> Self {
        let words = vec![0; len.div_ceil(64)];
        Self { from: words.len(), words }
    }

    #[inline]
    fn insert(&mut self, position: u32) {
        let word = position as usize / 64;
        self.words[word] |= 1 << (position % 64);
        self.from = self.from.min(word);
    }

    fn take_first(&mut self) -> Option<u32> {
        while let Some(word) = self.words.get_mut(self.from) {
            if *word != 0 {
                let bit = word.trailing_zeros();
                *word &= *word - 1;
                return Some(64 * self.from as u32 + bit);
            }
            self.from += 1;
        }
        None
    }

    fn take_in(&mut self, range: Range<u32>) -> Option<u32> {
        let position = self.take_first()?;
        if range.contains(&position) {
            return Some(position);
        }
        self.insert(position);
        None
    }
}

#[inline]
fn is_empty(bits: &Bits) -> bool {
    bits.0.iter().fold(0, |any, word| any | word) == 0
}

#[inline]
fn is_same(a: &Bits, b: &Bits) -> bool {
    (0..WORDS).fold(0, |difference, word| difference | (a.0[word] ^ b.0[word])) == 0
}

#[inline]
fn add(into: &mut Bits, from: &Bits) {
    for word in 0..WORDS {
        into.0[word] |= from.0[word];
    }
}
