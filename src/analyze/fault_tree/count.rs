//! Whole numbers of any size, and numbers of sets by order.

use std::fmt;

/// A number of sets: exact, however large.
#[derive(Clone, Debug, PartialEq, Eq, Default, Hash)]
pub struct Count(Vec<u64>);

impl Count {
    /// The number of these 64-bit digits, the least first.
    pub(super) fn of_limbs(limbs: &[u64]) -> Self {
        let end = limbs.iter().rposition(|limb| *limb != 0).map_or(0, |at| at + 1);
        Count(limbs[..end].to_vec())
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// The nearest floating-point number; infinite when there is none.
    pub fn to_f64(&self) -> f64 {
        self.0.iter().rev().fold(0.0, |sum, limb| sum * 18_446_744_073_709_551_616.0 + *limb as f64)
    }

    /// The number itself when it fits.
    pub fn to_u64(&self) -> Option<u64> {
        match self.0[..] {
            [] => Some(0),
            [only] => Some(only),
            _ => None,
        }
    }

    /// The sum of two.
    pub fn plus(&self, other: &Count) -> Count {
        let len = self.0.len().max(other.0.len()) + 1;
        let mut limbs = vec![0; len];
        limbs[..self.0.len()].copy_from_slice(&self.0);
        add(&mut limbs, &other.0);
        Count::of_limbs(&limbs)
    }
}

impl From<u64> for Count {
    fn from(number: u64) -> Self {
        Count::of_limbs(&[number])
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CHUNK: u128 = 10_000_000_000_000_000_000;
        let mut limbs = self.0.clone();
        let mut chunks = Vec::new();
        while !limbs.is_empty() {
            let mut rest = 0u128;
            for limb in limbs.iter_mut().rev() {
                let value = (rest << 64) | u128::from(*limb);
                *limb = (value / CHUNK) as u64;
                rest = value % CHUNK;
            }
            chunks.push(rest);
            while limbs.last() == Some(&0) {
                limbs.pop();
            }
        }
        let mut text = chunks.pop().unwrap_or(0).to_string();
        for chunk in chunks.iter().rev() {
            text.push_str(&format!("{chunk:019}"));
        }
        f.pad_integral(true, "", &text)
    }
}

/// `into += limbs`; the caller made `into` long enough for the sum.
fn add(into: &mut [u64], limbs: &[u64]) {
    let mut carry = false;
    for (at, digit) in into.iter_mut().enumerate() {
        let other = limbs.get(at).copied().unwrap_or(0);
        if at >= limbs.len() && !carry {
            break;
        }
        let (sum, over) = digit.overflowing_add(other);
        let (sum, more) = sum.overflowing_add(u64::from(carry));
        *digit = sum;
        carry = over || more;
    }
}

/// `into += left * right`; the caller made `into` long enough.
fn add_product(into: &mut [u64], left: &[u64], right: &[u64]) {
    for (at, &l) in left.iter().enumerate() {
        if l == 0 {
            continue;
        }
        let mut carry = 0u128;
        let mut place = at;
        for &r in right {
            if place >= into.len() {
                break;
            }
            let sum = u128::from(l) * u128::from(r) + u128::from(into[place]) + carry;
            into[place] = sum as u64;
            carry = sum >> 64;
            place += 1;
        }
        while carry != 0 && place < into.len() {
            let sum = u128::from(into[place]) + carry;
            into[place] = sum as u64;
            carry = sum >> 64;
            place += 1;
        }
    }
}

/// Numbers of sets by order: from `least` up, each of a fixed number of 64-bit digits.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) least: u32,
    digits: Vec<u64>,
}

impl Tally {
    /// How many orders it speaks of.
    pub(super) fn orders(&self, limbs: usize) -> usize {
        self.digits.len() / limbs
    }

    pub(super) fn at(&self, place: usize, limbs: usize) -> &[u64] {
        &self.digits[place * limbs..(place + 1) * limbs]
    }
}

/// The tallies of many families, their digits one after the other.
pub(super) struct Tallies {
    digits: Vec<u64>,
    spans: Vec<Span>,
    limbs: usize,
    most: u32,
}

/// Where a family's digits are, and of which orders.
#[derive(Clone, Copy, Default)]
struct Span {
    least: u32,
    orders: u32,
    start: usize,
}

impl Span {
    fn end(self) -> u32 {
        self.least + self.orders
    }
}

impl Tallies {
    /// No sets in any of so many families; orders above `most` will be left out.
    pub(super) fn new(families: usize, most: u32, limbs: usize) -> Self {
        Tallies { digits: Vec::new(), spans: vec![Span::default(); families], limbs, most }
    }

    /// Gives a family one set, the empty one.
    pub(super) fn set_base(&mut self, family: usize) {
        self.spans[family] = Span { least: 0, orders: 1, start: self.digits.len() };
        self.digits.push(1);
        self.digits.resize(self.digits.len() + self.limbs - 1, 0);
    }

    /// Gives a family the sets of `low`, and each of `high` with a variable: an event, or any set of `module`.
    pub(super) fn set_branch(&mut self, family: usize, low: usize, module: Option<&Tally>, high: usize) {
        let (limbs, low, high) = (self.limbs, self.spans[low], self.spans[high]);
        let (shift, spread) = module.map_or((1, 1), |module| (module.least, module.orders(limbs) as u32));
        if high.orders == 0 || spread == 0 {
            self.spans[family] = low;
            return;
        }
        let through = Span { least: high.least + shift, orders: high.orders + spread - 1, start: 0 };
        let (least, end) = match low.orders {
            0 => (through.least, through.end()),
            _ => (low.least.min(through.least), low.end().max(through.end())),
        };
        let orders = end.min(self.most.saturating_add(1)).saturating_sub(least);
        let start = self.digits.len();
        self.spans[family] = Span { least, orders, start };
        self.digits.resize(start + orders as usize * limbs, 0);
        let (known, new) = self.digits.split_at_mut(start);
        let place = |span: Span, order: usize| &known[span.start + order * limbs..][..limbs];
        for order in 0..low.orders as usize {
            if let Some(into) = new.get_mut(((low.least - least) as usize + order) * limbs..) {
                into.iter_mut().zip(place(low, order)).for_each(|(into, digit)| *into = *digit);
            }
        }
        for order in 0..high.orders as usize {
            for over in 0..spread as usize {
                let to = ((through.least - least) as usize + order + over) * limbs;
                let Some(into) = new.get_mut(to..to + limbs) else { break };
                match module {
                    None => add(into, place(high, order)),
                    Some(module) => add_product(into, place(high, order), module.at(over, limbs)),
                }
            }
        }
    }

    /// One family's tally by itself.
    pub(super) fn of(&self, family: usize) -> Tally {
        let Span { least, orders, start } = self.spans[family];
        Tally { least, digits: self.digits[start..start + orders as usize * self.limbs].to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_counts_print_in_decimal() {
        assert_eq!(Count::default().to_string(), "0");
        assert_eq!(Count::of_limbs(&[0, 1]).to_string(), "18446744073709551616");
        assert_eq!(Count::of_limbs(&[0, 0, 1]).to_string(), "340282366920938463463374607431768211456");
        assert_eq!(Count::from(u64::MAX).plus(&Count::from(1)).to_string(), "18446744073709551616");
    }

    #[test]
    fn products_carry() {
        let mut into = vec![0; 3];
        add_product(&mut into, &[u64::MAX, 0], &[u64::MAX, 1]);
        // (2^64 - 1) * (2^65 - 1) = 2^129 - 3 * 2^64 + 1
        assert_eq!(Count::of_limbs(&into).to_string(), "680564733841876926871408982642407768065");
    }
}
