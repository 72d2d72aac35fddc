//! Repeatable chance: everything about a simulated case follows from its seed.

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough to draw cases from.
#[derive(Clone, Debug)]
pub struct Chance(u64);

fn scramble(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

impl Chance {
    pub fn new(seed: u64) -> Self {
        Chance(scramble(seed))
    }

    /// A source of its own for one part of a case, so that parts do not disturb each other.
    pub fn part(&self, name: &str) -> Self {
        Chance(
            name.bytes()
                .fold(self.0, |mixed, byte| scramble(mixed ^ u64::from(byte))),
        )
    }

    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scramble(self.0)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform on a logarithmic scale, for sizes and rates.
    pub fn magnitude(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// A whole number from `low` to `high`, both included.
    pub fn whole(&mut self, low: u64, high: u64) -> u64 {
        low + self.word() % (high - low + 1)
    }

    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[(self.word() % items.len() as u64) as usize].clone()
    }

    /// True with the given probability.
    pub fn odds(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// The seconds at which a Poisson process of `per_hour` fires between `from` and `to`.
    pub fn arrivals(&mut self, per_hour: f64, from: i64, to: i64) -> Vec<i64> {
        let mut times = Vec::new();
        let mut now = from as f64;
        loop {
            now -= (1.0 - self.unit()).ln() * 3600.0 / per_hour;
            if now >= to as f64 {
                return times;
            }
            times.push(now as i64);
        }
    }
}

/// Smooth noise in [-1, 1]: random levels every `period` seconds, joined by cosines.
pub fn wobble(key: u64, when: f64, period: f64) -> f64 {
    let place = when / period;
    let left = place.floor();
    let share = (1.0 - ((place - left) * std::f64::consts::PI).cos()) / 2.0;
    let level = |at: f64| {
        scramble(key ^ (at as i64 as u64).wrapping_mul(0x1_0000_01b3)) as f64 / (1u64 << 63) as f64
            - 1.0
    };
    level(left) * (1.0 - share) + level(left + 1.0) * share
}
