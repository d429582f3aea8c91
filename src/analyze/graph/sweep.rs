//! Many failures in one pass: 512 at once, one bit each.

use std::ops::Range;

use super::plan::Plan;

const WORDS: usize = 8;

/// How many failures go through the graph in one pass.
pub(super) const WIDTH: usize = 64 * WORDS;

/// One bit for each failure of a pass; as large as a cache line, and aligned so as to touch only one.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub(super) struct Bits([u64; WORDS]);

const EMPTY: Bits = Bits([0; WORDS]);

impl Bits {
    pub(super) fn insert(&mut self, world: usize) {
        self.0[world / 64] |= 1 << (world % 64);
    }

    pub(super) fn remove(&mut self, world: usize) {
        self.0[world / 64] &= !(1 << (world % 64));
    }

    pub(super) fn is_empty(&self) -> bool {
        is_empty(self)
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        Bits(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    pub(super) fn without(&self, other: &Self) -> Self {
        Bits(std::array::from_fn(|word| self.0[word] & !other.0[word]))
    }
}

/// The row that is empty, and the row that has all worlds of a pass: most nodes are one or the other.
const NEVER: u32 = 0;
const ALWAYS: u32 = 1;

/// Room for one pass, used again for the next one.
///
/// Bits lie in rows, in the order in which nodes were evaluated, so that a pass touches as little memory as it needs.
/// Every node has a row at all times, the empty one to begin with: a node is evaluated by adding up its children's rows
/// without asking what they are.
#[derive(Debug)]
pub(super) struct Sweep<'p> {
    plan: &'p Plan,
    rows: Vec<Bits>,
    /// Per position the row that says in which worlds it fails.
    failed: Vec<u32>,
    /// Per gate the row that says in which worlds it lost a member.
    hit: Vec<u32>,
    /// Per rank the row that says in which worlds something degrades it.
    soft: Vec<u32>,
    pending: Pending,
    soft_pending: Pending,
    /// Positions, gates and ranks that were evaluated.
    active: Vec<u32>,
    hit_active: Vec<u32>,
    soft_active: Vec<u32>,
    counter: Counter,
}

impl<'p> Sweep<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            rows: vec![EMPTY, EMPTY],
            failed: vec![NEVER; plan.nodes()],
            hit: vec![NEVER; plan.gates],
            soft: vec![NEVER; plan.soft.count],
            pending: Pending::new(plan.nodes()),
            soft_pending: Pending::new(plan.soft.count),
            active: Vec::new(),
            hit_active: Vec::new(),
            soft_active: Vec::new(),
            counter: Counter::default(),
        }
    }

    /// Lets the position `sources[i]` fail in world `i`; there are at most [`WIDTH`].
    pub(super) fn run(&mut self, sources: &[u32]) {
        self.clear();
        for (world, &source) in sources.iter().enumerate() {
            self.rows[ALWAYS as usize].insert(world);
            if self.failed[source as usize] == NEVER {
                self.failed[source as usize] = self.rows.len() as u32;
                self.rows.push(EMPTY);
                self.pending.insert(source);
            }
            self.rows[self.failed[source as usize] as usize].insert(world);
        }
        self.spread_failure();
        if 0 < self.plan.soft.count {
            self.spread_degradation();
        }
    }

    /// The positions that fail in some world, each once.
    pub(super) fn failed(&self) -> impl Iterator<Item = (u32, Worlds<'_>)> {
        self.active.iter().filter_map(|&position| match self.failed[position as usize] {
            NEVER => None,
            ALWAYS => Some((position, Worlds::All)),
            row => Some((position, Worlds::Some(&self.rows[row as usize]))),
        })
    }

    /// The ranks with an element that is degraded or failed in some world, each once.
    pub(super) fn softened(&self) -> &[u32] {
        &self.soft_active
    }

    /// The worlds in which an element of this rank and position is degraded.
    pub(super) fn degraded(&self, rank: u32, position: u32) -> Bits {
        let soft = &self.rows[self.soft[rank as usize] as usize];
        let failed = &self.rows[self.failed[position as usize] as usize];
        soft.without(failed)
    }

    /// The worlds in which a position fails.
    pub(super) fn bits(&self, position: u32) -> &Bits {
        &self.rows[self.failed[position as usize] as usize]
    }

    fn clear(&mut self) {
        self.active.drain(..).for_each(|position| self.failed[position as usize] = NEVER);
        self.hit_active.drain(..).for_each(|gate| self.hit[gate as usize] = NEVER);
        self.soft_active.drain(..).for_each(|rank| self.soft[rank as usize] = NEVER);
        self.rows.truncate(2);
        self.rows[ALWAYS as usize] = EMPTY;
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
                    if self.failed[position as usize] != NEVER {
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
            cycle.clone().filter(|&position| self.failed[position as usize] != NEVER).collect();
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
        let before = self.failed[position as usize];
        let bits = match self.plan.thresholds[position as usize] {
            1 => {
                let mut bits = self.rows[before as usize];
                for &child in self.plan.children.targets(position) {
                    add(&mut bits, &self.rows[self.failed[child as usize] as usize]);
                }
                bits
            }
            threshold => self.at_least(position, threshold),
        };
        let changed = !is_same(&bits, &self.rows[before as usize]);
        if changed {
            self.failed[position as usize] = self.row(before, bits);
        }
        changed
    }

    /// The row that holds `bits` for a node that has had the row `before`.
    fn row(&mut self, before: u32, bits: Bits) -> u32 {
        if is_same(&bits, &self.rows[ALWAYS as usize]) {
            return ALWAYS;
        }
        if before != NEVER {
            self.rows[before as usize] = bits;
            return before;
        }
        self.rows.push(bits);
        self.rows.len() as u32 - 1
    }

    /// The worlds in which at least `threshold` children of a gate fail; notes those in which any does.
    fn at_least(&mut self, position: u32, threshold: u32) -> Bits {
        let mut counter = std::mem::take(&mut self.counter);
        counter.clear();
        let (mut certain, mut open) = (0, 0);
        let mut some = EMPTY;
        for &child in self.plan.children.targets(position) {
            match self.failed[child as usize] {
                NEVER => {}
                ALWAYS => certain += 1,
                row => {
                    open += 1;
                    add(&mut some, &self.rows[row as usize]);
                    counter.add(&self.rows[row as usize]);
                }
            }
        }
        let all = self.rows[ALWAYS as usize];
        self.note_hit(position, if 0 < certain { all } else { some });
        let reached = match threshold.checked_sub(certain) {
            None | Some(0) => all,
            Some(more) if open < more => EMPTY,
            Some(1) => some,
            Some(more) => counter.at_least(more, &all),
        };
        self.counter = counter;
        reached
    }

    fn note_hit(&mut self, position: u32, hit: Bits) {
        let gate = self.plan.gate[position as usize];
        let before = self.hit[gate as usize];
        if is_empty(&hit) || before == ALWAYS {
            return;
        }
        if before == NEVER {
            self.hit_active.push(gate);
        }
        self.hit[gate as usize] = self.row(before, hit);
    }

    fn spread_degradation(&mut self) {
        let soft = &self.plan.soft;
        for &position in self.active.iter().filter(|&&position| self.failed[position as usize] != NEVER) {
            soft.after_position.targets(position).iter().for_each(|&rank| self.soft_pending.insert(rank));
        }
        for &gate in &self.hit_active {
            soft.after_gate.targets(gate).iter().for_each(|&rank| self.soft_pending.insert(rank));
        }
        while let Some(rank) = self.soft_pending.take_first() {
            let mut bits = EMPTY;
            let mut join = |row: u32| add(&mut bits, &self.rows[row as usize]);
            soft.positions.targets(rank).iter().for_each(|&position| join(self.failed[position as usize]));
            soft.gates.targets(rank).iter().for_each(|&gate| join(self.hit[gate as usize]));
            soft.ranks.targets(rank).iter().for_each(|&rank| join(self.soft[rank as usize]));
            self.soft_active.push(rank);
            self.soft[rank as usize] = self.row(NEVER, bits);
            soft.after_rank.targets(rank).iter().for_each(|&rank| self.soft_pending.insert(rank));
        }
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
    /// Worlds that wait to be counted, eight at a time.
    waiting: Vec<Bits>,
}

impl Counter {
    /// Counts one more in these worlds, at the latest with [`Counter::finish`]; for long counts.
    pub(super) fn add_later(&mut self, worlds: &Bits) {
        self.waiting.push(*worlds);
        if self.waiting.len() == 8 {
            self.add_eight();
        }
    }

    /// Counts all that waits.
    pub(super) fn finish(&mut self) {
        for worlds in std::mem::take(&mut self.waiting) {
            self.add(&worlds);
        }
    }

    /// Adds eight numbers of one bit with carry-save adders (Harley and Seal), most of it in registers.
    fn add_eight(&mut self) {
        while self.planes.len() < 3 {
            self.planes.push(EMPTY);
        }
        let mut eights = EMPTY;
        for word in 0..WORDS {
            let x: [u64; 8] = std::array::from_fn(|at| self.waiting[at].0[word]);
            let (ones, a) = full_adder(self.planes[0].0[word], x[0], x[1]);
            let (ones, b) = full_adder(ones, x[2], x[3]);
            let (ones, c) = full_adder(ones, x[4], x[5]);
            let (ones, d) = full_adder(ones, x[6], x[7]);
            let (twos, e) = full_adder(self.planes[1].0[word], a, b);
            let (twos, f) = full_adder(twos, c, d);
            let (fours, g) = full_adder(self.planes[2].0[word], e, f);
            self.planes[0].0[word] = ones;
            self.planes[1].0[word] = twos;
            self.planes[2].0[word] = fours;
            eights.0[word] = g;
        }
        self.waiting.clear();
        self.add_from(3, eights);
    }

    /// Counts one more in these worlds.
    pub(super) fn add(&mut self, worlds: &Bits) {
        self.add_from(0, *worlds);
    }

    fn add_from(&mut self, place: usize, mut carry: Bits) {
        for plane in &mut self.planes[place..] {
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
        self.waiting.clear();
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

/// The sum and the carry of three bits, for 64 at once.
#[inline]
fn full_adder(a: u64, b: u64, c: u64) -> (u64, u64) {
    let half = a ^ b;
    (half ^ c, (a & b) | (half & c))
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
