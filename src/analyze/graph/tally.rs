//! What each failure of a pass takes, counted and weighed by tier without looking at the failures one by one.

use super::sweep::{Bits, Counter, Worlds};
use super::{Service, TierLoss};

/// The losses of one pass, one side (failed or degraded).
#[derive(Debug)]
pub(super) struct Tally {
    tiers: Vec<Tier>,
}

#[derive(Debug, Default)]
struct Tier {
    /// The weight that all services of the tier have, when they do.
    uniform: Option<u64>,
    /// Services lost in every world, and their weights.
    always: (u64, u128),
    count: Counter,
    /// By bit of the weight: how many services with that bit are lost.
    weights: Vec<Counter>,
}

impl Tally {
    pub(super) fn new(services: &[Service]) -> Self {
        let tiers = services.iter().map(|service| usize::from(service.tier) + 1).max().unwrap_or(0);
        let mut weights: Vec<Option<(u64, bool)>> = vec![None; tiers];
        for service in services {
            let seen = &mut weights[usize::from(service.tier)];
            let (first, same) = seen.unwrap_or((service.weight, true));
            *seen = Some((first, same && first == service.weight));
        }
        let uniform = |seen: Option<(u64, bool)>| seen.and_then(|(weight, same)| same.then_some(weight));
        let tiers = weights.into_iter().map(|seen| Tier { uniform: uniform(seen), ..Tier::default() });
        Self { tiers: tiers.collect() }
    }

    pub(super) fn add(&mut self, tier: u8, weight: u64, worlds: Worlds<'_>) {
        let tier = &mut self.tiers[usize::from(tier)];
        match worlds {
            Worlds::All => {
                tier.always.0 += 1;
                tier.always.1 += u128::from(weight);
            }
            Worlds::Some(bits) => tier.add(weight, bits),
        }
    }

    /// Counts all that still waits; before [`Tally::get`].
    pub(super) fn finish(&mut self) {
        for tier in &mut self.tiers {
            tier.count.finish();
            tier.weights.iter_mut().for_each(Counter::finish);
        }
    }

    /// The losses of one world, by tier.
    pub(super) fn get(&self, world: usize) -> impl Iterator<Item = TierLoss> {
        self.tiers.iter().map(move |tier| tier.get(world))
    }

    pub(super) fn clear(&mut self) {
        for tier in &mut self.tiers {
            tier.always = (0, 0);
            tier.count.clear();
            tier.weights.iter_mut().for_each(Counter::clear);
        }
    }
}

impl Tier {
    fn add(&mut self, weight: u64, bits: &Bits) {
        self.count.add_later(bits);
        if self.uniform.is_some() {
            return;
        }
        let mut rest = weight;
        while rest != 0 {
            let bit = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            if self.weights.len() <= bit {
                self.weights.resize_with(bit + 1, Counter::default);
            }
            self.weights[bit].add_later(bits);
        }
    }

    fn get(&self, world: usize) -> TierLoss {
        let open = self.count.get(world);
        let weighed = match self.uniform {
            Some(weight) => u128::from(weight) * u128::from(open),
            None => {
                let planes = self.weights.iter().enumerate();
                planes.map(|(bit, counter)| u128::from(counter.get(world)) << bit).sum()
            }
        };
        TierLoss {
            services: (self.always.0 + open) as u32,
            weight: u64::try_from(self.always.1 + weighed).unwrap_or(u64::MAX),
        }
    }
}
