//! The two tables that diagrams are made with: which node is which, and what operations came to.
//!
//! Places come from the high bits of a hash, so that a table twice as large is filled in the order of the old one:
//! growing streams through memory.

/// A hash of three numbers, good in its high bits.
pub(super) fn hash(a: u32, b: u32, c: u32) -> u32 {
    let mixed = (u64::from(a) ^ (u64::from(b) << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ u64::from(c).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (mixed >> 32) as u32
}

/// Positions of nodes by their hashes: open addressing, at most three quarters full.
///
/// The hash is kept beside the position: a node is looked at only when it is most likely the right one, and none is
/// when the table grows. Position 0 is no node's.
#[derive(Clone, Debug)]
pub(super) struct Unique {
    /// A hash above, a position below.
    slots: Vec<u64>,
    bits: u32,
    count: usize,
}

impl Unique {
    pub(super) fn new(bits: u32) -> Self {
        Unique { slots: vec![0; 1 << bits], bits, count: 0 }
    }

    /// The position with this hash that `is` the one looked for.
    pub(super) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = (hash >> (32 - self.bits)) as usize;
        loop {
            let slot = self.slots[at];
            let position = slot as u32;
            if position == 0 {
                return None;
            }
            if (slot >> 32) as u32 == hash && is(position) {
                return Some(position);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Adds a position that [`Unique::find`] did not find.
    pub(super) fn insert(&mut self, hash: u32, position: u32) {
        self.count += 1;
        if self.count * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.put(u64::from(hash) << 32 | u64::from(position));
    }

    fn put(&mut self, slot: u64) {
        let mut at = (slot >> (64 - self.bits)) as usize;
        while self.slots[at] != 0 {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = slot;
    }

    fn grow(&mut self) {
        self.bits += 1;
        let old = std::mem::replace(&mut self.slots, vec![0; 1 << self.bits]);
        old.into_iter().filter(|slot| *slot != 0).for_each(|slot| self.put(slot));
    }
}

/// What operations on two or three numbers came to. New answers take the place of old ones: forgetting costs time only.
pub(super) struct Answers {
    /// Three numbers and what they came to; all zeros where there is nothing.
    slots: Vec<[u32; 4]>,
    bits: u32,
}

impl Answers {
    pub(super) fn new(bits: u32) -> Self {
        Answers { slots: vec![[0; 4]; 1 << bits], bits }
    }

    /// Makes the table twice as large once it has fewer places than are wanted, up to this many bits.
    pub(super) fn grow_to(&mut self, wanted: usize, most: u32) {
        if self.bits >= most || wanted <= self.slots.len() {
            return;
        }
        self.bits += 1;
        let before = self.slots.len();
        self.slots.resize(before * 2, [0; 4]);
        // From the last to the first: each goes to a place that is free by then, its own at the least.
        for from in (0..before).rev() {
            let slot = std::mem::take(&mut self.slots[from]);
            if slot != [0; 4] {
                let at = self.place(slot[0], slot[1], slot[2]);
                self.slots[at] = slot;
            }
        }
    }

    fn place(&self, a: u32, b: u32, c: u32) -> usize {
        (hash(a, b, c) >> (32 - self.bits)) as usize
    }

    /// What three numbers came to. Three zeros may not be asked for.
    pub(super) fn get(&self, a: u32, b: u32, c: u32) -> Option<u32> {
        let slot = &self.slots[self.place(a, b, c)];
        (slot[0] == a && slot[1] == b && slot[2] == c).then_some(slot[3])
    }

    pub(super) fn put(&mut self, a: u32, b: u32, c: u32, result: u32) {
        let at = self.place(a, b, c);
        self.slots[at] = [a, b, c, result];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_after_growing() {
        let mut unique = Unique::new(2);
        for position in 1..10_000u32 {
            let hash = hash(position, 7, 9);
            assert_eq!(unique.find(hash, |at| at == position), None);
            unique.insert(hash, position);
        }
        assert!(
            (1..10_000)
                .all(|position| unique.find(hash(position, 7, 9), |at| at == position) == Some(position))
        );
        assert_eq!(unique.find(hash(0, 7, 9), |at| at == 10_000), None);
    }

    #[test]
    fn answers_are_right_or_forgotten() {
        let mut answers = Answers::new(2);
        for at in 1..1_000u32 {
            answers.put(at, at + 1, 3, at * 2);
            assert_eq!(answers.get(at, at + 1, 3), Some(at * 2));
            answers.grow_to(at as usize * 2, 8);
        }
        let kept = (1..1_000u32).filter_map(|at| answers.get(at, at + 1, 3).map(|result| (at, result)));
        assert!(kept.clone().count() > 100);
        assert!(kept.clone().all(|(at, result)| result == at * 2));
    }
}
