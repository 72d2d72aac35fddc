//! One outage: the snapshots within it and around its start, and what they say together.
//!
//! ```text
//!            before │ start            last │ after
//!   ────o───────o───┼────o──────o──────o────┼──o────    o: snapshots
//!                   │    └── within ───┘    │
//! ```
//!
//! What was measured decides, not the line between: of a start between a low and a full snapshot
//! nothing is known but that the level lay between them, and the snapshots within the outage tell
//! the rest. Where none is near the limit, the pool is drawn on from the last one before, and what
//! it could have reached is no more than near.

use std::collections::BTreeMap;

use super::level::{At, Level, first_of, level_at};
use super::pressure::{Closeness, MOST_NOMINAL, Shortage, closeness, shortage};
use super::{BRACKET, Question, REACH, Reading};
use crate::timeline::episode::Episode;

/// With more than this share of the limit still free, in percent, the limit does not explain a
/// refusal whatever the pool does.
const FAR_FROM_LIMIT_PERCENT: i64 = 50;

/// A pool whose highest and lowest level differ by less than this share of the highest, in
/// percent, lies flat. Healthy pools breathe by a few percent over a day. Where no limit tells that
/// a share is no matter, hundreds of megabytes are.
const FLAT_PERCENT: i64 = 10;

/// Where the limit is not known, "high" means at least this share of the highest level seen
/// in the epoch, in percent.
const HIGH_PERCENT: i64 = 85;

/// Between two snapshots the pool may grow this many times as fast as it did over the fastest of
/// the last intervals: leaks go with the load, and a morning doubles it.
const BURST: f64 = 2.0;

/// Intervals before an outage whose rate is believed to go on.
const RATE_INTERVALS: usize = 3;

const HOUR_MS: f64 = 3_600_000.0;

/// Lowest and highest level of each epoch.
pub(super) type Ranges = BTreeMap<usize, (i64, i64)>;

/// Lowest and highest level of each epoch.
pub(super) fn ranges(levels: &[Level]) -> Ranges {
    let mut ranges = Ranges::new();
    for level in levels {
        let range = ranges
            .entry(level.epoch)
            .or_insert((level.bytes, level.bytes));
        *range = (range.0.min(level.bytes), range.1.max(level.bytes));
    }
    ranges
}

/// An outage, read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    pub(super) at: At,
    pub(super) reading: Reading,
    pub(super) grounds: Grounds,
}

/// What a reading stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Grounds {
    /// How near the pool came to running out.
    pub closeness: Closeness,
    /// The fullest snapshot of those that decide.
    pub fullest: Option<Level>,
    /// How many of them lie within the outage.
    pub within: usize,
    /// What the last snapshot before the outage left, where the pool is near for what it could
    /// take until then.
    pub taken: Option<Taken>,
    /// Memory or commit that was used up.
    pub shortage: Option<Shortage>,
    /// True if neither memory nor commit is known where pool is bound by them.
    pub memory_unknown: bool,
    /// True if the limit is known, whatever the facts allow for it, and was not reached.
    pub short_of_limit: bool,
    /// True if other outages do not agree with a contradiction.
    pub divided: bool,
}

/// Headroom that the pool could take between the last snapshot and the first refusal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taken {
    /// Bytes left above the threshold at the last snapshot.
    pub rest: i64,
    /// Milliseconds from there to the first refusal.
    pub ms: i64,
    /// Bytes per hour of the fastest interval before.
    pub per_hour: f64,
}

/// The snapshots that say something of an outage.
struct Around<'a> {
    at: At,
    start: i64,
    end: i64,
    before: Option<&'a Level>,
    after: Option<&'a Level>,
    within: &'a [Level],
    /// The fastest rate of the intervals around, in bytes a millisecond.
    rate: f64,
}

impl<'a> Around<'a> {
    fn of(levels: &'a [Level], episode: &Episode, shift_ms: i64) -> Option<Self> {
        let moment = |second: i64| second.saturating_mul(1_000).saturating_add(shift_ms);
        let (start, end) = (moment(episode.start()), moment(episode.last_refusal()));
        let from = levels.partition_point(|l| l.at <= start);
        let to = levels.partition_point(|l| l.at <= end).max(from);
        let within = levels.get(from..to).unwrap_or_default();
        let first_within = || level_at(levels, within.first()?.at);
        let at = level_at(levels, start).or_else(first_within)?;
        let same = |l: &&Level| l.epoch == at.epoch;
        let before = from.checked_sub(1).and_then(|i| levels.get(i)).filter(same);
        let after = levels.get(from).filter(same);
        let bracketed = before
            .zip(after)
            .is_some_and(|(a, b)| b.at - a.at <= BRACKET);
        let counts = |l: &&Level| bracketed || l.at <= end || (l.at - start).abs() <= REACH;
        let stale = |l: &&Level| bracketed || start - l.at <= REACH;
        let until = from + usize::from(after.is_some());
        Some(Around {
            at,
            start,
            end,
            before: before.filter(stale),
            after: after.filter(counts),
            within,
            rate: rate(levels.get(..until).unwrap_or(levels), at.epoch),
        })
    }

    /// Those that decide, in order of time.
    fn deciding(&self) -> impl Iterator<Item = &'a Level> + use<'a> {
        let epoch = self.at.epoch;
        let beyond = self.after.filter(|l| l.at > self.end);
        let within = self.within.iter().filter(move |l| l.epoch == epoch);
        self.before.into_iter().chain(within).chain(beyond)
    }

    /// Bytes that the pool could take from the snapshot before until `moment`.
    fn could_take(&self, before: &Level, moment: i64) -> f64 {
        self.rate * BURST * (moment - before.at).max(0) as f64
    }
}

/// The fastest rise over the last intervals of an epoch, in bytes a millisecond.
fn rate(levels: &[Level], epoch: usize) -> f64 {
    let mine = || levels.iter().rev().take_while(|l| l.epoch == epoch);
    let pairs = mine().zip(mine().skip(1)).take(RATE_INTERVALS + 1);
    let rates = pairs.map(|(b, a)| (b.bytes - a.bytes) as f64 / (b.at - a.at).max(1) as f64);
    rates.fold(0.0, f64::max)
}

/// Reads one outage; `None` where no snapshot is near.
pub(super) fn read(
    question: &Question<'_>,
    ranges: &Ranges,
    episode: &Episode,
    shift_ms: i64,
) -> Option<Outage> {
    let around = Around::of(question.levels, episode, shift_ms)?;
    let mut grounds = gather(question, &around);
    let reading = if grounds.closeness >= Closeness::Near {
        match reached(question, &around, grounds.closeness) {
            Some(closeness) => {
                grounds.closeness = closeness;
                Reading::Exhausted
            }
            None => Reading::Unsettled,
        }
    } else if let Some(taken) = taken(question, &around) {
        grounds.closeness = Closeness::Near;
        grounds.taken = Some(taken);
        Reading::Exhausted
    } else {
        below(question, ranges, &around, &grounds)
    };
    Some(Outage {
        at: around.at,
        reading,
        grounds,
    })
}

fn gather(question: &Question<'_>, around: &Around<'_>) -> Grounds {
    let all = || around.deciding();
    let short = |l: &Level| shortage(question, l);
    Grounds {
        closeness: all()
            .map(|l| closeness(question, l))
            .max()
            .unwrap_or_default(),
        fullest: all().max_by_key(|l| l.bytes).copied(),
        within: around.within.len(),
        taken: None,
        shortage: all().filter_map(short).min_by_key(|s| s.left),
        memory_unknown: question.by_memory && all().all(|l| l.memory.is_unknown()),
        short_of_limit: question.limit.is_some() && !all().any(|l| may_be_at_low(question, l)),
        divided: false,
    }
}

/// True if the smallest limit that the facts allow is as good as reached.
fn may_be_at_low(question: &Question<'_>, level: &Level) -> bool {
    question.limit.is_some_and(|limit| {
        limit.low.saturating_sub(level.bytes) <= question.threshold.saturating_add(limit.nominal())
    })
}

/// How near the pool was when connections were refused, where some snapshot is near: `None` if it
/// was not for more than the first quarter, or need not have been by the end.
fn reached(question: &Question<'_>, around: &Around<'_>, most: Closeness) -> Option<Closeness> {
    let grade = |l: &Level| closeness(question, l);
    let near = |l: &Level| grade(l) >= Closeness::Near;
    // Connections were refused before the first snapshot that is near.
    let late = || {
        let first = around.deciding().find(|l| near(l))?;
        let most_of_it = first.at <= around.end
            && (around.end - first.at) >= (around.end - around.start) / 4 * 3;
        most_of_it.then_some(most.min(Closeness::Near))
    };
    match (around.before, around.after) {
        (Some(before), _) if grade(before) == Closeness::At => Some(most),
        (Some(before), Some(after)) if near(before) && grade(after) < Closeness::At => {
            Some(most.min(Closeness::Near))
        }
        (Some(before), None) if near(before) => Some(most),
        (Some(before), Some(after)) if near(after) => {
            let rest = rest(question, before)? as f64;
            let by = |moment| around.could_take(before, moment) >= rest;
            // A snapshot within the outage tells; that it was so from the start is only likely
            // where the pool could get there, and matters little where most of it came later.
            let mostly = around.end - after.at >= after.at - around.start;
            match (
                by(around.start) || mostly,
                after.at <= around.end,
                by(around.end),
            ) {
                (true, true, _) => Some(most),
                (_, true, _) | (_, _, true) => Some(most.min(Closeness::Near)),
                _ => None,
            }
        }
        (None, Some(after)) if near(after) => Some(most),
        _ => late(),
    }
}

/// What `level` leaves above the threshold; `None` without a limit.
fn rest(question: &Question<'_>, level: &Level) -> Option<i64> {
    let left = question.limit?.bytes - level.bytes;
    Some((left - question.threshold).max(0))
}

/// What was left at the last snapshot before, where the pool could take it by the first refusal:
/// after that snapshots end, or the pool had fallen back by the next.
fn taken(question: &Question<'_>, around: &Around<'_>) -> Option<Taken> {
    let before = around.before?;
    let rest = rest(question, before)?;
    (around.could_take(before, around.start) >= rest as f64).then(|| Taken {
        rest,
        ms: around.start - before.at,
        per_hour: around.rate * HOUR_MS,
    })
}

/// The reading of an outage in which no snapshot is near the limit.
fn below(
    question: &Question<'_>,
    ranges: &Ranges,
    around: &Around<'_>,
    grounds: &Grounds,
) -> Reading {
    let (low, high) = ranges.get(&around.at.epoch).copied().unwrap_or_default();
    let moved = high - low;
    let flat = moved.saturating_mul(100) < high.saturating_mul(FLAT_PERCENT)
        && (question.limit.is_some() || moved <= MOST_NOMINAL);
    let open = question.limit.is_some() && !grounds.short_of_limit;
    let all_far = around.deciding().all(|level| is_far(question, level));
    let is_high = |bytes: i64| bytes.saturating_mul(100) >= high.saturating_mul(HIGH_PERCENT);
    let start = first_of(question.levels, around.at.epoch).map_or(0, |l| l.bytes);
    let grew = |bytes: i64| around.at.grown.is_none() || bytes > start;
    let tops = |bytes: i64| is_high(bytes) && grew(bytes);
    let beyond = around.after.filter(|l| l.at > around.end);
    if grounds.shortage.is_some() {
        Reading::MemoryShort
    } else if flat && open {
        Reading::Unsettled
    } else if flat {
        Reading::FlatPool
    } else if all_far {
        Reading::FarFromLimit
    } else if tops(around.at.bytes) || around.within.iter().any(|l| tops(l.bytes)) {
        Reading::HighPool
    } else if beyond.is_some_and(|l| tops(l.bytes)) {
        Reading::Unsettled
    } else {
        Reading::LowPool
    }
}

/// True if most of the limit is free, even of the smallest that the facts allow.
fn is_far(question: &Question<'_>, level: &Level) -> bool {
    question.limit.is_some_and(|limit| {
        let left = limit.low.saturating_sub(level.bytes);
        left.saturating_mul(100) > limit.low.saturating_mul(FAR_FROM_LIMIT_PERCENT)
    })
}
