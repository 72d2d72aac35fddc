//! What the series are: snapshots in order, epochs, and one series per tag and pool.

use std::fmt;
use std::ops::Range;

use super::builder::series_of;
use super::observation::Facts;
use super::order::Ordering;
use super::packed::{Packed, Sample};
use crate::tag::{Pool, Tag};
use crate::timeline::epoch::Movement;

/// The pools over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolHistory {
    /// The snapshots in the order in which they were taken.
    pub snapshots: Vec<Snapshot>,
    /// Stretches of snapshots between restarts, oldest first.
    pub epochs: Vec<Epoch>,
    /// How the order was found.
    pub ordering: Ordering,
    /// What a reader of the series has to know.
    pub notes: Vec<Note>,
}

/// One snapshot, without its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// What was known of it.
    pub facts: Facts,
    /// Accounts in it.
    pub rows: u32,
    /// Sum of the nonpaged rows in bytes; `None` when the listing left the pool out.
    pub listed_nonpaged: Option<i64>,
    /// Sum of the paged rows in bytes; `None` when the listing left the pool out.
    pub listed_paged: Option<i64>,
    /// Milliseconds since the first timed snapshot of its epoch, free of backward steps of
    /// the clock. `None` where no time is known.
    pub elapsed_ms: Option<i64>,
    /// Sum of all allocations since boot: rises with uptime where scopes are alike.
    pub age: u64,
}

impl Snapshot {
    /// The header's total of `pool`, in bytes.
    pub fn pool_total(&self, pool: Pool) -> Option<u64> {
        match pool {
            Pool::NonPaged => self.facts.pool_nonpaged,
            Pool::Paged => self.facts.pool_paged,
        }
    }

    /// The sum of the rows of `pool`, in bytes, where the listing showed that pool.
    pub fn listed(&self, pool: Pool) -> Option<i64> {
        match pool {
            Pool::NonPaged => self.listed_nonpaged,
            Pool::Paged => self.listed_paged,
        }
    }
}

/// A stretch of snapshots within one life of the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// How it began.
    pub start: Start,
    /// Its snapshots, as places in [`PoolHistory::snapshots`].
    pub snapshots: Range<usize>,
    /// Its series, by tag and pool.
    pub series: Vec<Series>,
}

impl Epoch {
    /// The series of `tag` in `pool`.
    pub fn series_of(&self, tag: Tag, pool: Pool) -> Option<&Series> {
        let found = self
            .series
            .binary_search_by_key(&(tag, pool), |s| (s.tag, s.pool))
            .ok()?;
        self.series.get(found)
    }
}

impl Epoch {
    /// The part of the epoch within `places`, for questions such as "how did it grow before
    /// the pool was full". Series without a sample there are left out.
    pub fn clipped(&self, places: Range<usize>) -> Epoch {
        let start = places.start.clamp(self.snapshots.start, self.snapshots.end);
        let end = places.end.clamp(start, self.snapshots.end);
        let within = |series: &Series| -> Vec<Sample> {
            let samples = series.samples.iter();
            samples
                .filter(|s| (start..end).contains(&(s.snapshot as usize)))
                .collect()
        };
        let clipped = self.series.iter().map(|series| (series, within(series)));
        Epoch {
            start: self.start,
            snapshots: start..end,
            series: clipped
                .filter(|(_, samples)| !samples.is_empty())
                .map(|(series, samples)| series_of(series.tag, series.pool, &samples))
                .collect(),
        }
    }
}

/// How an epoch began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the first snapshot.
    First,
    /// With a restart before its first snapshot, seen in counters.
    Reset(Movement),
}

/// One tag's account in one pool within one epoch. It has points only where the tag was
/// seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The tag.
    pub tag: Tag,
    /// The pool.
    pub pool: Pool,
    /// The samples; their `snapshot` is a place in [`PoolHistory::snapshots`].
    pub samples: Packed,
    /// Allocations between the first and the last sample, wraps undone; `None` where no sample
    /// counts them.
    pub allocs_made: Option<u64>,
    /// Frees between the first and the last sample, likewise.
    pub frees_made: Option<u64>,
}

/// What a snapshot says of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It has a row.
    Observed(Sample),
    /// The listing is complete and has no row for it. Tags without an account are not
    /// listed; neither are tags that the kernel's table had no room for. Not zero.
    NotListed,
    /// The listing could not have shown it, or was cut.
    Unknown,
}

impl PoolHistory {
    /// What the snapshot at `place` says of `series`, a series of the same epoch.
    pub fn presence(&self, series: &Series, place: usize) -> Presence {
        let sample = series.samples.iter().find(|s| s.snapshot as usize == place);
        match (sample, self.snapshots.get(place)) {
            (Some(sample), _) => Presence::Observed(sample),
            (None, Some(snapshot)) if snapshot.facts.scope.is_complete_for(series.pool) => {
                Presence::NotListed
            }
            _ => Presence::Unknown,
        }
    }

    /// Lays the elapsed time along each epoch. Where the clock goes back, the gap is
    /// unknown: the epoch's median gap stands in, and a note says so.
    pub(super) fn set_elapsed(&mut self) -> Vec<Note> {
        let mut notes = Vec::new();
        for epoch in &self.epochs {
            let stand_in = median_gap(self.snapshots.get(epoch.snapshots.clone()).unwrap_or(&[]));
            let mut before: Option<(i64, i64)> = None;
            for place in epoch.snapshots.clone() {
                let Some(snapshot) = self.snapshots.get_mut(place) else {
                    break;
                };
                let Some(at) = snapshot.facts.at else {
                    continue;
                };
                let elapsed = match before {
                    None => 0,
                    Some((last_at, elapsed)) if at >= last_at => {
                        elapsed.saturating_add(at.saturating_sub(last_at))
                    }
                    Some((last_at, elapsed)) => {
                        let ms = last_at.saturating_sub(at);
                        notes.push(Note::ClockSetBack {
                            before: place,
                            ms,
                            stand_in_ms: stand_in,
                        });
                        elapsed.saturating_add(stand_in)
                    }
                };
                snapshot.elapsed_ms = Some(elapsed);
                before = Some((at, elapsed));
            }
        }
        notes
    }
}

fn median_gap(snapshots: &[Snapshot]) -> i64 {
    let times: Vec<i64> = snapshots.iter().filter_map(|s| s.facts.at).collect();
    let mut gaps: Vec<i64> = times
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] if b > a => Some(b.saturating_sub(*a)),
            _ => None,
        })
        .collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or(0)
}

/// What a reader of the series has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// Snapshots that stood twice in the input.
    Duplicates {
        /// How many were left out.
        snapshots: usize,
    },
    /// Rows of one tag and pool in one snapshot, which were summed.
    RowsMerged {
        /// How many rows went into another.
        rows: usize,
    },
    /// More tags than a pool table has.
    TooManyTags {
        /// How many readings were left out.
        readings: usize,
        /// The limit on accounts.
        limit: usize,
    },
    /// More samples than are kept.
    Thinned {
        /// Snapshots kept.
        kept: usize,
        /// Snapshots given.
        of: usize,
        /// One in so many was kept, and the last.
        one_in: usize,
    },
    /// Some counters fell, too few for a restart.
    Doubtful {
        /// Place of the later snapshot.
        before: usize,
        /// How the counters moved.
        movement: Movement,
    },
    /// The clock went back though the counters went on.
    ClockSetBack {
        /// Place of the later snapshot.
        before: usize,
        /// By how much the clock went back, in milliseconds.
        ms: i64,
        /// The gap that was assumed instead, in milliseconds.
        stand_in_ms: i64,
    },
    /// More restarts than epochs are analysed.
    OldEpochsWithoutSeries {
        /// The oldest so many epochs carry no series.
        epochs: usize,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Note::Duplicates { snapshots } => {
                let (plural, verb, counted) = match snapshots {
                    1 => ("", "stands", "was"),
                    _ => ("s", "stand", "were"),
                };
                write!(
                    f,
                    "{snapshots} snapshot{plural} {verb} twice in the input and {counted} counted once"
                )
            }
            Note::RowsMerged { rows } => {
                let (plural, verb, summed) = match rows {
                    1 => ("", "repeats", "was"),
                    _ => ("s", "repeat", "were"),
                };
                write!(
                    f,
                    "{rows} row{plural} {verb} a tag and pool of the same snapshot and {summed} summed"
                )
            }
            Note::TooManyTags { readings, limit } => {
                write!(
                    f,
                    "{readings} readings of tags beyond the first {limit} were left out"
                )
            }
            Note::Thinned { kept, of, one_in } => {
                write!(
                    f,
                    "of {of} snapshots {kept} were kept: one in {one_in}, and the last"
                )
            }
            Note::Doubtful { before, movement } => write!(
                f,
                "before snapshot {}: {movement}; too few for a restart, so rows may be damaged",
                before + 1
            ),
            Note::ClockSetBack {
                before,
                ms,
                stand_in_ms,
            } => write!(
                f,
                "the clock went back {} s before snapshot {} while the counters went on; a gap of {} s was assumed",
                ms / 1000,
                before + 1,
                stand_in_ms / 1000
            ),
            Note::OldEpochsWithoutSeries { epochs } => {
                write!(
                    f,
                    "the oldest {epochs} of the boot epochs were not analysed"
                )
            }
        }
    }
}
