//! Probability by trial: 64 trials at a time, the same ones for the same seed.

use super::net::{Edge, Kind, Net, node_of};

/// What trials say of the top's probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Share of trials in which the top was true.
    pub mean: f64,
    /// Lower end of the interval that holds the probability with 95 % confidence (Wilson).
    pub lower: f64,
    /// Upper end of that interval.
    pub upper: f64,
    /// Number of trials.
    pub trials: u64,
    /// What the trials were drawn from.
    pub seed: u64,
}

/// Draws at least `trials` trials. `probabilities` are by event.
pub(super) fn estimate(net: &Net, top: Edge, probabilities: &[f64], trials: u64, seed: u64) -> Estimate {
    let rounds = trials.div_ceil(64).max(1);
    let uses = net.uses(top);
    let nodes: Vec<usize> = (1..=node_of(top)).filter(|node| uses[*node] > 0).collect();
    let mut random = Random::new(seed);
    let mut values = vec![u64::MAX; node_of(top) + 1];
    let mut hits = 0u64;
    for _ in 0..rounds {
        for &node in &nodes {
            let arguments = net.arguments(node);
            let word =
                |edge: &Edge| if edge & 1 == 1 { !values[node_of(*edge)] } else { values[node_of(*edge)] };
            values[node] = match net.kind(node) {
                Kind::True => u64::MAX,
                Kind::Variable(event) => random.bits(probabilities[event as usize]),
                Kind::And => arguments.iter().map(word).fold(u64::MAX, |all, word| all & word),
                Kind::Xor => arguments.iter().map(word).fold(0, |odd, word| odd ^ word),
                Kind::AtLeast(least) => at_least(least, arguments.iter().map(word)),
            };
        }
        let word = values[node_of(top)] ^ if top & 1 == 1 { u64::MAX } else { 0 };
        hits += u64::from(word.count_ones());
    }
    wilson(hits, rounds * 64, seed)
}

fn wilson(hits: u64, trials: u64, seed: u64) -> Estimate {
    const Z: f64 = 1.959_963_984_540_054;
    let (n, mean) = (trials as f64, hits as f64 / trials as f64);
    let center = (mean + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (mean * (1.0 - mean) / n + Z * Z / (4.0 * n * n)).sqrt();
    Estimate {
        mean,
        lower: (center - half).clamp(0.0, mean),
        upper: (center + half).clamp(mean, 1.0),
        trials,
        seed,
    }
}

/// Bits that are set in at least `least` of the words: a counter of bit slices.
fn at_least(least: u32, words: impl Iterator<Item = u64>) -> u64 {
    let mut slices: Vec<u64> = Vec::new();
    for word in words {
        let mut carry = word;
        for slice in &mut slices {
            (*slice, carry) = (*slice ^ carry, *slice & carry);
            if carry == 0 {
                break;
            }
        }
        if carry != 0 {
            slices.push(carry);
        }
    }
    if least >> slices.len().min(31) != 0 && slices.len() < 32 {
        return 0;
    }
    // Compares from the highest slice down.
    let (mut above, mut equal) = (0u64, u64::MAX);
    for (place, slice) in slices.iter().enumerate().rev() {
        if (least >> place) & 1 == 1 {
            equal &= slice;
        } else {
            above |= equal & slice;
            equal &= !slice;
        }
    }
    above | equal
}

/// Numbers that look random: xoshiro256++ (Blackman and Vigna), seeded by splitmix64.
struct Random([u64; 4]);

impl Random {
    fn new(seed: u64) -> Self {
        let mut state = seed;
        Random(std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        }))
    }

    fn next(&mut self) -> u64 {
        let state = &mut self.0;
        let result = state[0].wrapping_add(state[3]).rotate_left(23).wrapping_add(state[0]);
        let shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = state[3].rotate_left(45);
        result
    }

    /// 64 bits, each set with this probability: compared with it digit by digit until all are decided.
    fn bits(&mut self, probability: f64) -> u64 {
        if probability >= 1.0 {
            return u64::MAX;
        }
        let mut rest = probability.max(0.0);
        let (mut set, mut open) = (0u64, u64::MAX);
        while open != 0 && rest > 0.0 {
            rest *= 2.0;
            let digit = rest >= 1.0;
            if digit {
                rest -= 1.0;
            }
            let random = self.next();
            if digit {
                set |= open & !random;
                open &= random;
            } else {
                open &= !random;
            }
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_as_often_as_asked() {
        let mut random = Random::new(7);
        for probability in [0.0, 1e-3, 0.3, 0.5, 1.0] {
            let ones: u32 = (0..20_000).map(|_| random.bits(probability).count_ones()).sum();
            let share = f64::from(ones) / 1_280_000.0;
            assert!((share - probability).abs() < 0.002, "{probability} {share}");
        }
    }

    #[test]
    fn slices_count() {
        let words = [0b0111u64, 0b0011, 0b0001, 0b0011, 0b0001];
        for (least, expected) in
            [(1, 0b0111), (2, 0b0011), (3, 0b0011), (4, 0b0001), (5, 0b0001), (6, 0), (9, 0)]
        {
            assert_eq!(at_least(least, words.into_iter()), expected, "{least}");
        }
    }
}
