//! The level of the pool: at a snapshot or a sample, and at a moment between.

use super::pressure::Memory;
use super::{BRACKET, REACH};

/// The pool at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Milliseconds since 1970 UTC.
    pub at: i64,
    /// Bytes of nonpaged pool.
    pub bytes: i64,
    /// Limit of nonpaged pool less the pool, in bytes; nothing is left beyond the limit.
    pub headroom: Option<i64>,
    /// Memory and commit, where pool is bound by them.
    pub memory: Memory,
    /// The boot epoch.
    pub epoch: usize,
    /// Where the figure stands.
    pub source: Source,
}

/// What a level was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A snapshot, by its place.
    Snapshot(usize),
    /// A sample of performance counters, by its place.
    Counter(usize),
}

/// How the level at a moment was had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Between two snapshots of one epoch, on the line between them.
    Between,
    /// Before the first or after the last snapshot of its epoch, within reach: that snapshot's.
    Nearest,
}

impl How {
    /// The word that reports use.
    pub const fn name(self, source: Source) -> &'static str {
        match (self, source) {
            (How::Between, Source::Snapshot(_)) => "between_snapshots",
            (How::Nearest, Source::Snapshot(_)) => "nearest_snapshot",
            (How::Between, Source::Counter(_)) => "between_samples",
            (How::Nearest, Source::Counter(_)) => "nearest_sample",
        }
    }
}

/// Two snapshots around a moment that differ by more than this share of the higher, in percent,
/// bound the level between them and do not tell it: a pool that breathes by less is as good as
/// still.
const RANGE_PERCENT: i64 = 10;

/// The pool at the start of an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// Bytes of nonpaged pool; on the line between two snapshots a guess, see [`At::range`].
    pub bytes: i64,
    /// Headroom, if known.
    pub headroom: Option<i64>,
    /// Bytes at the snapshots before and after, where they lie too far apart for a guess.
    pub range: Option<(i64, i64)>,
    /// How the level was had.
    pub how: How,
    /// Milliseconds to the nearest snapshot.
    pub distance: i64,
    /// The nearest of them.
    pub source: Source,
    /// The epoch.
    pub epoch: usize,
    /// Change of the pool over the hours before, see [`At::before_ms`].
    pub grown: Option<i64>,
    /// How far back `grown` looks, in milliseconds: to the start of the epoch.
    pub before_ms: i64,
}

/// The pool at `moment`, if a snapshot is near enough, and how it grew until then.
pub fn level_at(levels: &[Level], moment: i64) -> Option<At> {
    let found = reading_at(levels, moment)?;
    let first = first_of(levels, found.epoch)?;
    Some(At {
        grown: (first.at < moment).then_some(found.bytes - first.bytes),
        before_ms: (moment - first.at).max(0),
        ..found
    })
}

/// The pool at `moment` alone, for asking often.
pub(in crate::diagnosis) fn reading_at(levels: &[Level], moment: i64) -> Option<At> {
    let after = levels.partition_point(|l| l.at <= moment);
    let before = after.checked_sub(1).and_then(|i| levels.get(i));
    let after = levels.get(after);
    let distance = |l: &&Level| (l.at - moment).abs();
    let nearest = before.into_iter().chain(after).min_by_key(distance)?;
    let around = before.zip(after).filter(|(a, b)| a.epoch == b.epoch);
    let bracketed = around.is_some_and(|(a, b)| b.at - a.at <= BRACKET);
    if distance(&nearest) > REACH && !bracketed {
        return None;
    }
    let at = At {
        bytes: nearest.bytes,
        headroom: nearest.headroom,
        range: None,
        how: How::Nearest,
        distance: distance(&nearest),
        source: nearest.source,
        epoch: nearest.epoch,
        grown: None,
        before_ms: 0,
    };
    Some(around.map_or(at, |(a, b)| between(a, b, moment, at)))
}

/// The pool on the line from `a` to `b`.
fn between(a: &Level, b: &Level, moment: i64, at: At) -> At {
    let part = (moment - a.at) as f64 / (b.at - a.at).max(1) as f64;
    let line = |x: i64, y: i64| x + ((y - x) as f64 * part) as i64;
    let wide = (a.bytes - b.bytes).abs().saturating_mul(100)
        > a.bytes.max(b.bytes).saturating_mul(RANGE_PERCENT);
    At {
        bytes: line(a.bytes, b.bytes),
        headroom: a.headroom.zip(b.headroom).map(|(x, y)| line(x, y)),
        range: (wide && a.at < moment).then_some((a.bytes, b.bytes)),
        how: How::Between,
        ..at
    }
}

/// The first level of an epoch. Epochs are numbered in the order of time but for those that hold
/// counters only, so a search most often finds it at once.
pub(super) fn first_of(levels: &[Level], epoch: usize) -> Option<&Level> {
    let guess = levels.partition_point(|l| l.epoch < epoch);
    let before = guess.checked_sub(1).and_then(|p| levels.get(p));
    let found = levels.get(guess).filter(|l| l.epoch == epoch);
    found
        .filter(|_| before.is_none_or(|l| l.epoch < epoch))
        .or_else(|| levels.iter().find(|l| l.epoch == epoch))
}
