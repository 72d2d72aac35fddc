//! Do refusals begin when nonpaged pool runs out?
//!
//! Each episode is judged by the snapshots within it and those around its start (`outage`), and
//! each snapshot by how near it is to running out ([`pressure`]); then one of several readings is
//! chosen, each with its own test. The readings exclude each other:
//!
//! * no common time: the snapshots cover none of the refusals;
//! * the pool was far from its limit, or lay flat, or fell, when connections were refused;
//! * memory was used up, and pool held little of it;
//! * the pool stood high, after growing, when connections were refused;
//! * or the snapshots leave open which of these it was.
//!
//! The answer is tried again with the snapshots' clock set wrong by up to a day either way: the
//! band around zero in which the reading stays the same is how much clock error it survives.

mod level;
mod outage;
pub mod pressure;

use std::ops::Range;

use crate::timeline::episode::Episode;

pub(super) use level::reading_at;
pub use level::{At, How, Level, Source, level_at};
pub use outage::Grounds;
use outage::{Outage, Ranges};

/// What is to be correlated.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The pool over time, by time.
    pub levels: &'a [Level],
    /// The outages, by time.
    pub episodes: &'a [Episode],
    /// Hours since 1970 in which any log has a row: there the logs were alive.
    pub alive_hours: &'a [i64],
    /// The limit of nonpaged pool, if known.
    pub limit: Option<Ceiling>,
    /// Bytes of headroom below which http.sys is documented to refuse.
    pub threshold: i64,
    /// True if memory and commit bound the pool as well as the limit does.
    pub by_memory: bool,
}

/// A limit of nonpaged pool, as far as it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// The best figure, in bytes.
    pub bytes: i64,
    /// The smallest that the facts allow, in bytes.
    pub low: i64,
    /// True if it was stated, by the user or the machine, and not derived.
    pub stated: bool,
}

impl Ceiling {
    /// Bytes by which the figure may be wrong without a fact being wrong.
    fn nominal(self) -> i64 {
        match self.stated {
            true => 0,
            false => (self.bytes / 100).saturating_mul(pressure::NOMINAL_PERCENT),
        }
    }
}

/// Snapshots further than this from an episode, in milliseconds, say nothing about it. Twice
/// the half hour that Microsoft's procedure puts between snapshots.
pub const REACH: i64 = 60 * 60 * 1000;

/// Two snapshots of one epoch further apart than this, in milliseconds, do not bracket what lies
/// between: in a quarter of a day a pool can rise and fall again.
pub const BRACKET: i64 = 6 * 60 * 60 * 1000;

/// Steps of the trial of clock errors, and how far it goes, in minutes.
const SHIFT_STEP: i64 = 15;
const SHIFT_MAX: i64 = 24 * 60;

/// What the case says about pool and refusals together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// The snapshots cover no refusal.
    Apart,
    /// The snapshots allow that the pool was short, and that it was not.
    Unsettled,
    /// Most of the limit was free when connections were refused.
    FarFromLimit,
    /// The pool hardly moved, and was not near a known limit.
    FlatPool,
    /// The pool was low or falling when connections were refused, high at other times.
    LowPool,
    /// Memory or commit was used up when connections were refused, and pool held little of it.
    MemoryShort,
    /// The pool ran out of headroom when connections were refused, or was as near to that as
    /// [`Grounds::closeness`] says.
    Exhausted,
    /// The pool was at its highest when connections were refused; the limit is not known or
    /// was not reached.
    HighPool,
}

impl Reading {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Reading::Apart => "apart",
            Reading::Unsettled => "unsettled",
            Reading::FarFromLimit => "far_from_limit",
            Reading::FlatPool => "flat_pool",
            Reading::LowPool => "low_pool",
            Reading::MemoryShort => "memory_short",
            Reading::Exhausted => "exhausted",
            Reading::HighPool => "high_pool",
        }
    }

    /// What it means, in one sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Reading::Apart => "no snapshot lies within an hour of any refusal",
            Reading::Unsettled => {
                "the snapshots around the refusals do not tell whether nonpaged pool was short"
            }
            Reading::FarFromLimit => {
                "connections were refused while most of the nonpaged pool's limit was free"
            }
            Reading::FlatPool => "connections were refused while nonpaged pool lay flat",
            Reading::LowPool => {
                "connections were refused while nonpaged pool was lower than at other times"
            }
            Reading::MemoryShort => {
                "connections were refused while memory was nearly used up, of which nonpaged pool held little"
            }
            Reading::Exhausted => {
                "connections were refused when the headroom of nonpaged pool had run out"
            }
            Reading::HighPool => "connections were refused when nonpaged pool was at its highest",
        }
    }

    /// True if pool and refusals fit together.
    pub const fn supports(self) -> bool {
        matches!(self, Reading::Exhausted | Reading::HighPool)
    }

    /// True if they contradict each other.
    pub const fn contradicts(self) -> bool {
        matches!(
            self,
            Reading::FarFromLimit | Reading::FlatPool | Reading::LowPool
        )
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    /// What pool and refusals say together.
    pub reading: Reading,
    /// The pool at the start of each episode; `None` out of reach.
    pub at: Vec<Option<At>>,
    /// Share of episodes, weighted by refused connections, that the snapshots cover.
    pub covered: f64,
    /// Chance that the pool is higher in ten minutes with refusals than in ten minutes of a
    /// living log without, 0.5 is none (the area under the ROC curve, or Mann–Whitney's U over
    /// its maximum). `None` where one of the two never happened within reach.
    pub separation: Option<f64>,
    /// Seconds from the moment when the headroom fell to the threshold to the first covered
    /// refusal; negative when refusals came first.
    pub lag: Option<i64>,
    /// Errors of the snapshots' clock that the reading survives, in minutes: (back, forward).
    pub survives: (i64, i64),
    /// What the reading stands on, in the first outage that has it.
    pub grounds: Grounds,
}

/// Answers the question; `None` without levels or without episodes.
pub fn correlate(question: &Question<'_>) -> Option<Correlation> {
    if question.levels.is_empty() || question.episodes.is_empty() {
        return None;
    }
    let ranges = outage::ranges(question.levels);
    let read = read(question, &ranges, 0);
    let at: Vec<Option<At>> = read.outages.iter().map(|o| o.map(|o| o.at)).collect();
    let total: u64 = question.episodes.iter().map(|e| e.connections.max(1)).sum();
    let covered: u64 = (question.episodes.iter().zip(&at))
        .filter(|(_, at)| at.is_some())
        .map(|(e, _)| e.connections.max(1))
        .sum();
    Some(Correlation {
        reading: read.reading,
        separation: separation(question),
        lag: lag(question, &at),
        survives: survives(question, &ranges, read.reading),
        covered: covered as f64 / total as f64,
        grounds: read.grounds(),
        at,
    })
}

/// All outages, and what most of the refused connections agree in.
struct Read {
    reading: Reading,
    outages: Vec<Option<Outage>>,
}

impl Read {
    /// The grounds of the first outage that has the reading.
    fn grounds(&self) -> Grounds {
        let known = || self.outages.iter().flatten();
        let first = known().find(|o| o.reading == self.reading);
        Grounds {
            divided: self.reading.contradicts() && known().any(|o| !o.reading.contradicts()),
            ..first.map(|o| o.grounds).unwrap_or_default()
        }
    }
}

/// Reads every outage with the snapshots' clock moved by so many milliseconds.
fn read(question: &Question<'_>, ranges: &Ranges, shift_ms: i64) -> Read {
    let mut weights: Vec<(Reading, u64)> = Vec::new();
    let mut outages = Vec::with_capacity(question.episodes.len());
    for episode in question.episodes {
        let outage = outage::read(question, ranges, episode, shift_ms);
        outages.push(outage);
        let Some(reading) = outage.map(|o| o.reading) else {
            continue;
        };
        match weights.iter_mut().find(|(r, _)| *r == reading) {
            Some((_, weight)) => *weight += episode.connections.max(1),
            None => weights.push((reading, episode.connections.max(1))),
        }
    }
    let most = weights
        .into_iter()
        .max_by_key(|&(reading, weight)| (weight, reading));
    Read {
        reading: most.map_or(Reading::Apart, |(r, _)| r),
        outages,
    }
}

// Ten minutes, in seconds: the grain in which refusals and quiet are compared.
const GRAIN: i64 = 600;

fn separation(question: &Question<'_>) -> Option<f64> {
    let (first, last) = (
        question.levels.first()?.at / 1_000,
        question.levels.last()?.at / 1_000,
    );
    let refused: Vec<Range<i64>> = question
        .episodes
        .iter()
        .map(|e| e.start().div_euclid(GRAIN)..e.last_refusal().div_euclid(GRAIN) + 1)
        .collect();
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for &hour in question.alive_hours {
        for grain in (hour * 3_600 / GRAIN)..((hour + 1) * 3_600 / GRAIN) {
            let middle = grain * GRAIN + GRAIN / 2;
            if !(first..=last).contains(&middle) {
                continue;
            }
            let Some(at) = reading_at(question.levels, middle * 1_000) else {
                continue;
            };
            let place = refused.partition_point(|r| r.end <= grain);
            let is_refused = refused.get(place).is_some_and(|r| r.contains(&grain));
            if is_refused { &mut with } else { &mut without }.push(at.bytes);
        }
    }
    mann_whitney(&with, &mut without)
}

/// U over its maximum: the chance that a value of `with` exceeds one of `without`, ties half.
pub(super) fn mann_whitney(with: &[i64], without: &mut [i64]) -> Option<f64> {
    if with.is_empty() || without.is_empty() {
        return None;
    }
    without.sort_unstable();
    let wins: usize = with
        .iter()
        .map(|value| {
            without.partition_point(|w| w < value) + without.partition_point(|w| w <= value)
        })
        .sum();
    Some(wins as f64 / 2.0 / with.len() as f64 / without.len() as f64)
}

/// When the headroom fell to the threshold, against the first covered refusal of that epoch.
fn lag(question: &Question<'_>, at: &[Option<At>]) -> Option<i64> {
    let (episode, at) = question
        .episodes
        .iter()
        .zip(at)
        .find_map(|(e, at)| at.map(|at| (e, at)))?;
    let mut before: Option<&Level> = None;
    for level in question.levels.iter().filter(|l| l.epoch == at.epoch) {
        let left = level.headroom?;
        if left <= question.threshold {
            let crossing = match before.and_then(|b| b.headroom.map(|h| (b, h))) {
                Some((b, h)) => {
                    let part = (h - question.threshold) as f64 / (h - left).max(1) as f64;
                    b.at + ((level.at - b.at) as f64 * part) as i64
                }
                None => level.at,
            };
            return Some(episode.start() - crossing / 1_000);
        }
        before = Some(level);
    }
    None
}

/// How far the snapshots' clock may be wrong before the reading changes sides.
fn survives(question: &Question<'_>, ranges: &Ranges, reading: Reading) -> (i64, i64) {
    let same_side = |minutes: i64| {
        let shifted = read(question, ranges, minutes * 60_000).reading;
        shifted.supports() == reading.supports() && shifted.contradicts() == reading.contradicts()
    };
    let reach = |direction: i64| {
        let steps = (1..=SHIFT_MAX / SHIFT_STEP)
            .take_while(|step| same_side(direction * step * SHIFT_STEP));
        steps.count() as i64 * SHIFT_STEP
    };
    // A snapshot clock that runs fast puts levels later than they were: refusals then meet
    // levels of later stamps.
    (reach(-1), reach(1))
}

#[cfg(test)]
mod tests;
