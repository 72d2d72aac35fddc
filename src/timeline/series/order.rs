//! In which order the snapshots were taken.
//!
//! Three witnesses can disagree: the position in a file, the clock, and counters that only
//! rise. Position is trusted within one file only, the clock may have been set back, and
//! counters fall at a restart. The rule: among the orders that a witness speaks for, take
//! the one in which the counters fall least often; between equals, the clock's.

use super::history::Snapshot;
use super::packed::Packed;
use crate::timeline::epoch::{Border, Judged, judge, movements};

/// How the order of the snapshots was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordering {
    /// No clock: the order in which they were handed over.
    AsGiven,
    /// By their times.
    ByClock,
    /// By position in the file against the clock, which was set back on the way.
    ByPosition,
    /// No clock, several files: the order of the files in which counters fall least.
    ByCounters,
}

impl Ordering {
    /// One sentence for the report.
    pub const fn sentence(self) -> &'static str {
        match self {
            Ordering::AsGiven => {
                "the snapshots stand in the order of their files: no clock is known for all of them"
            }
            Ordering::ByClock => "the snapshots stand in the order of their times",
            Ordering::ByPosition => {
                "the clock was set back between snapshots; their counters show that the order in the file is right"
            }
            Ordering::ByCounters => {
                "no clock is known; the files stand in the order in which their counters rise, which assumes no restart between them"
            }
        }
    }
}

/// An order with its borders. `places[i]` is the snapshot that stands at place `i`.
pub(super) struct Ordered {
    pub how: Ordering,
    pub places: Vec<u32>,
    pub judged: Vec<Judged>,
}

impl Ordered {
    fn new(how: Ordering, places: Vec<u32>, streams: &[Packed], snapshots: &[Snapshot]) -> Self {
        let facts: Vec<_> = places
            .iter()
            .filter_map(|&i| snapshots.get(i as usize))
            .map(|s| s.facts)
            .collect();
        let judged = judge(&movements(streams, &inverse(&places)), &facts);
        Ordered {
            how,
            places,
            judged,
        }
    }

    /// Fewer is better: borders at which counters fell.
    fn falls(&self) -> (usize, usize) {
        let count = |border| self.judged.iter().filter(|j| j.border == border).count();
        (count(Border::Reset), count(Border::Doubtful))
    }
}

/// Place of each snapshot.
pub(super) fn inverse(places: &[u32]) -> Vec<u32> {
    let mut rank_of = vec![0; places.len()];
    for (place, &snapshot) in places.iter().enumerate() {
        if let Some(rank) = rank_of.get_mut(snapshot as usize) {
            *rank = place as u32;
        }
    }
    rank_of
}

/// Finds the order of `snapshots`.
pub(super) fn decide(streams: &[Packed], snapshots: &[Snapshot]) -> Ordered {
    let given: Vec<u32> = (0..snapshots.len() as u32).collect();
    let timed = snapshots.iter().filter(|s| s.facts.at.is_some()).count();
    let preferred = |how, places| Ordered::new(how, places, streams, snapshots);
    if timed == snapshots.len() {
        let mut by_clock = given.clone();
        by_clock.sort_by_key(|&i| snapshots.get(i as usize).and_then(|s| s.facts.at));
        let by_position = sort_files(snapshots, |s| s.facts.at);
        let clock = preferred(Ordering::ByClock, by_clock);
        if clock.places == by_position {
            return clock;
        }
        return fewer_falls(clock, preferred(Ordering::ByPosition, by_position));
    }
    let as_given = preferred(Ordering::AsGiven, given);
    if timed > 0 || as_given.falls() == (0, 0) {
        return as_given;
    }
    let by_counters = sort_files(snapshots, |s| Some(s.age));
    fewer_falls(as_given, preferred(Ordering::ByCounters, by_counters))
}

fn fewer_falls(first: Ordered, second: Ordered) -> Ordered {
    if second.falls() < first.falls() {
        second
    } else {
        first
    }
}

/// Keeps each file's snapshots together and in place; orders the files by `key` of their
/// first snapshot.
fn sort_files<K: Ord>(snapshots: &[Snapshot], key: impl Fn(&Snapshot) -> K) -> Vec<u32> {
    let numbered: Vec<(u32, &Snapshot)> = (0u32..).zip(snapshots).collect();
    let mut files: Vec<&[(u32, &Snapshot)]> = numbered
        .chunk_by(|(_, a), (_, b)| a.facts.source == b.facts.source)
        .collect();
    files.sort_by_key(|file| file.first().map(|(_, snapshot)| key(snapshot)));
    files.into_iter().flatten().map(|(i, _)| *i).collect()
}
