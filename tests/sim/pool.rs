//! A pool over time: background tags that behave, leaks that do not, a limit that holds.
//!
//! One model decides what snapshots show *and* when http.sys refuses, so the
//! two kinds of evidence agree with each other as they do on a real machine.

use super::chance::{Chance, wobble};

/// The grid on which the pool is computed and refusals are reported, in seconds.
pub const TICK: i64 = 5;
pub const MB: f64 = 1048576.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Charge {
    NonPaged,
    Paged,
}

/// The counters of one tag in one pool at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub tag: [u8; 4],
    pub charge: Charge,
    pub allocs: u64,
    pub frees: u64,
    pub used: u64,
}

#[derive(Clone, Copy, Debug)]
enum Manner {
    Still,
    Load,
    Cache,
}

#[derive(Clone, Debug)]
struct Background {
    tag: [u8; 4],
    charge: Charge,
    base: f64,
    size: u64,
    per_second: f64,
    manner: Manner,
    key: u64,
}

/// A tag whose allocations are kept.
#[derive(Clone, Debug)]
pub struct Leak {
    pub tag: [u8; 4],
    pub charge: Charge,
    pub size: u64,
    pub start: f64,
    pub per_hour: f64,
    /// Frees when the story starts, and how many more there are an hour.
    pub freed: u64,
    pub freed_per_hour: f64,
    pub key: u64,
}

/// Every nonpaged tag swells together by `factor` around `center`: a load peak.
#[derive(Clone, Copy, Debug)]
pub struct Swell {
    pub center: f64,
    pub width: f64,
    pub factor: f64,
}

/// What a model is made from.
#[derive(Clone, Debug)]
pub struct Plan {
    pub limit: f64,
    pub seconds: i64,
    pub uptime: f64,
    /// Bytes of nonpaged pool in healthy use.
    pub healthy: f64,
    /// Scales the noise of the background; 1 is a usual day.
    pub unrest: f64,
    pub swell: Option<Swell>,
    pub leaks: Vec<Leak>,
}

/// The pool of one boot epoch.
#[derive(Clone, Debug)]
pub struct Model {
    pub plan: Plan,
    background: Vec<Background>,
    counts: Vec<Vec<u64>>,
    nonpaged: Vec<u64>,
    key: u64,
}

const NONPAGED: [&str; 48] = [
    "MmCa", "Pool", "EtwB", "File", "Irp ", "Thre", "Even", "AfdC", "AfdB", "TCPc", "TcpE", "UlHC",
    "UlRE", "UlHT", "FMsl", "Ntfr", "NtFs", "Ntfi", "MmCm", "Mdl ", "Vad ", "VadS", "VadL", "Sema",
    "Muta", "Proc", "IoCo", "Devi", "Driv", "ReSe", "ReEv", "CcSc", "CcVa", "NDpp", "NDam", "NDnd",
    "HalD", "ScsL", "usbp", "Wmit", "WmiR", "LSwi", "LSwn", "RxIr", "NbtA", "IoWI", "Io  ", "Cs@(",
];
const PAGED: [&str; 24] = [
    "MmSt", "CM31", "CM25", "Toke", "Key ", "NtfF", "Ntop", "FMfn", "IoNm", "ObDi", "Obtb", "Sect",
    "SeAc", "SeSd", "MmIm", "UlHV", "Gla1", "Ttfd", "Usqu", "Dfsm", "CcBc", "PsQu", "Io  ", "Even",
];

/// Slack of the pages that hold the pool, as a share of the tags' bytes.
const SLACK: f64 = 1.035;
const LEAK_SLACK: f64 = 1.004;

fn background(chance: &mut Chance, plan: &Plan) -> Vec<Background> {
    let taken = |tag: [u8; 4], charge| {
        plan.leaks
            .iter()
            .any(|leak| leak.tag == tag && leak.charge == charge)
    };
    let mut tags = Vec::new();
    for (names, charge) in [
        (&NONPAGED[..], Charge::NonPaged),
        (&PAGED[..], Charge::Paged),
    ] {
        for name in names {
            let tag: [u8; 4] = name.as_bytes().try_into().unwrap();
            let manner = chance.pick(&[Manner::Still, Manner::Load, Manner::Load, Manner::Cache]);
            let drawn = Background {
                tag,
                charge,
                base: chance.magnitude(0.05, 10.0),
                size: chance.magnitude(6.0, 700.0) as u64 * 8,
                per_second: chance.magnitude(0.01, 60.0),
                manner,
                key: chance.word(),
            };
            if !taken(tag, charge) {
                tags.push(drawn);
            }
        }
    }
    scale(&mut tags, plan.healthy);
    tags
}

/// Brings the nonpaged bases to `healthy` bytes together; paged ones follow.
fn scale(tags: &mut [Background], healthy: f64) {
    let drawn: f64 = tags
        .iter()
        .filter(|tag| tag.charge == Charge::NonPaged)
        .map(|tag| tag.base)
        .sum();
    for tag in tags {
        tag.base *= healthy / SLACK / drawn;
    }
}

impl Background {
    fn level(&self, when: f64, plan: &Plan) -> f64 {
        let noise = plan.unrest * wobble(self.key, when, 900.0);
        let share = match self.manner {
            Manner::Still => 1.0 + 0.002 * noise,
            Manner::Load => {
                1.0 + 0.06 * noise + 0.04 * plan.unrest * wobble(self.key ^ 5, when, 9000.0)
            }
            Manner::Cache => {
                1.0 - 0.2 * plan.unrest * (-(when + 1200.0) / 4000.0).exp() + 0.006 * noise
            }
        };
        let swell = plan
            .swell
            .filter(|_| self.charge == Charge::NonPaged)
            .map_or(0.0, |swell| {
                swell.factor * (-((when - swell.center) / swell.width).powi(2)).exp()
            });
        self.base * share * (1.0 + swell)
    }
}

impl Leak {
    /// Allocations asked for by `when`: steady, with bursts and lulls of a minute or two.
    fn wanted(&self, when: f64) -> u64 {
        let busy = (when + 70.0 * wobble(self.key, when, 1500.0)).max(0.0);
        ((self.start + self.per_hour * busy / 3600.0) / self.size as f64) as u64
    }
}

impl Model {
    pub fn new(chance: &mut Chance, plan: Plan) -> Self {
        let background = background(chance, &plan);
        let mut model = Model {
            plan,
            background,
            counts: Vec::new(),
            nonpaged: Vec::new(),
            key: chance.word(),
        };
        model.advance();
        model
    }

    fn healthy(&self, when: f64) -> f64 {
        let tags = self
            .background
            .iter()
            .filter(|tag| tag.charge == Charge::NonPaged);
        let used: f64 = tags.map(|tag| tag.level(when, &self.plan)).sum();
        used * (SLACK + 0.003 * self.plan.unrest * wobble(self.key, when, 200.0))
    }

    /// Fills the grid. Near the limit allocations fail, so leaks stop growing there.
    fn advance(&mut self) {
        let minutes = self.plan.seconds / 60 + 2;
        let coarse: Vec<f64> = (0..minutes)
            .map(|m| self.healthy(60.0 * m as f64))
            .collect();
        let mut kept = vec![0; self.plan.leaks.len()];
        for tick in 0..=self.plan.seconds / TICK {
            let when = tick * TICK;
            let (at, share) = ((when / 60) as usize, (when % 60) as f64 / 60.0);
            let others = coarse[at] * (1.0 - share) + coarse[at + 1] * share;
            self.keep(&mut kept, when as f64, others);
            let total = others + self.leaked(&kept) * LEAK_SLACK;
            self.nonpaged.push(total.min(self.plan.limit - MB) as u64);
            self.counts.push(kept.clone());
        }
    }

    fn keep(&self, kept: &mut [u64], when: f64, others: f64) {
        let dip = 1.5 * MB * wobble(self.key ^ 7, when, 90.0).abs();
        let room = (self.plan.limit - 2.5 * MB - dip - others).max(0.0) / LEAK_SLACK;
        let wanted: Vec<u64> = self
            .plan
            .leaks
            .iter()
            .map(|leak| leak.wanted(when))
            .collect();
        let fits = (room / self.leaked(&wanted).max(1.0)).min(1.0);
        for ((kept, wanted), leak) in kept.iter_mut().zip(wanted).zip(&self.plan.leaks) {
            let granted = match leak.charge {
                Charge::NonPaged => (wanted as f64 * fits) as u64,
                Charge::Paged => wanted,
            };
            *kept = granted.max(*kept);
        }
    }

    /// Bytes of nonpaged pool in `counts` of the leaks.
    fn leaked(&self, counts: &[u64]) -> f64 {
        let leaks = self.plan.leaks.iter().zip(counts);
        let nonpaged = leaks.filter(|(leak, _)| leak.charge == Charge::NonPaged);
        nonpaged
            .map(|(leak, count)| (leak.size * count) as f64)
            .sum()
    }

    /// Total nonpaged pool, as poolmon's `Pool N` shows it.
    pub fn nonpaged(&self, when: i64) -> u64 {
        self.nonpaged[(when / TICK) as usize]
    }

    pub fn headroom(&self, when: i64) -> f64 {
        self.plan.limit - self.nonpaged(when) as f64
    }

    /// Snapshots at the given seconds (rising), each with the rows of one tick before,
    /// which is what live screens compute their changes from.
    pub fn snapshots(&self, whens: &[i64]) -> Vec<(Vec<Row>, Vec<Row>)> {
        let mut counters = Counters {
            model: self,
            state: Vec::new(),
        };
        let mut take = |when: i64| (counters.rows((when - TICK).max(0)), counters.rows(when));
        whens.iter().map(|&when| take(when)).collect()
    }
}

/// Walks the model forward; allocations and frees only ever rise.
struct Counters<'a> {
    model: &'a Model,
    state: Vec<(i64, u64, u64)>,
}

impl Counters<'_> {
    fn rows(&mut self, when: i64) -> Vec<Row> {
        let first = self.state.is_empty();
        let mut rows = Vec::new();
        for (at, tag) in self.model.background.iter().enumerate() {
            let count = (tag.level(when as f64, &self.model.plan) / tag.size as f64) as u64;
            if first {
                self.state.push((
                    when,
                    (tag.per_second * self.model.plan.uptime) as u64,
                    count,
                ));
            }
            let (seen, frees, before) = &mut self.state[at];
            *frees +=
                (tag.per_second * (when - *seen) as f64) as u64 + before.saturating_sub(count);
            (*seen, *before) = (when, count);
            let used = count * tag.size + tag.key % 5 * (count / 20) * 8;
            let allocs = *frees + count;
            rows.push(Row {
                tag: tag.tag,
                charge: tag.charge,
                allocs,
                frees: *frees,
                used,
            });
        }
        rows.extend(self.leaks(when));
        rows
    }

    fn leaks(&self, when: i64) -> Vec<Row> {
        let counts = &self.model.counts[(when / TICK) as usize];
        let leaks = self.model.plan.leaks.iter().zip(counts);
        leaks
            .map(|(leak, &count)| {
                let frees = leak.freed + (leak.freed_per_hour * when as f64 / 3600.0) as u64;
                Row {
                    tag: leak.tag,
                    charge: leak.charge,
                    allocs: count + frees,
                    frees,
                    used: count * leak.size,
                }
            })
            .collect()
    }
}
