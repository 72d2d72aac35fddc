//! The pool at every snapshot and sample, held against the limit and the memory of the machine.

use super::counters::Counters;
use super::facts::{all_levels, at_least, nonpaged_of};
use super::host::HostFacts;
use crate::diagnosis::correlation::pressure::{Closeness, Memory, closeness};
use crate::diagnosis::correlation::{Ceiling, Level, Question, Source};
use crate::diagnosis::headroom::{Bound, Limit, Quality};
use crate::timeline::series::{Facts, PoolHistory, Snapshot};

/// A limit that a measured level disproves.
pub(super) struct Disproved {
    /// Why, in a sentence.
    pub(super) text: String,
    /// The level that shows it.
    pub(super) source: Source,
}

/// Takes the limit away where the pool was larger: nothing may rest on it.
pub(super) fn disprove(
    host: &mut HostFacts,
    history: &PoolHistory,
    counters: &Counters,
) -> Option<Disproved> {
    let limit = host.limit.as_ref().ok()?;
    let snapshots =
        all_levels(history).map(|(place, _, _, bytes)| (bytes, Source::Snapshot(place)));
    let samples = counters.samples.iter().enumerate();
    let samples = samples.map(|(place, sample)| (sample.bytes, Source::Counter(place)));
    let (bytes, source) = snapshots.chain(samples).max_by_key(|(bytes, _)| *bytes)?;
    let text = limit.contradicted_by(u64::try_from(bytes).ok()?)?;
    host.limit = Err(text.clone());
    Some(Disproved { text, source })
}

pub(super) fn ceiling(limit: &Limit) -> Ceiling {
    Ceiling {
        bytes: limit.bytes as i64,
        low: limit.low as i64,
        stated: limit.quality == Quality::Stated,
    }
}

pub(super) fn by_memory(limit: &Limit) -> bool {
    limit.bound == Bound::Memory
}

fn memory_of(facts: &Facts) -> Memory {
    let charge = facts.commit_limit.zip(facts.commit);
    Memory::of(facts.ram_available, facts.ram, charge)
}

/// The pool at a snapshot or a sample, held against the limit.
fn level(
    host: &HostFacts,
    at: i64,
    bytes: i64,
    memory: Memory,
    epoch: usize,
    source: Source,
) -> Level {
    let limit = host.limit.as_ref().ok();
    Level {
        at,
        bytes,
        headroom: limit.map(|l| (l.bytes as i64).saturating_sub(bytes).max(0)),
        memory: match limit.is_some_and(by_memory) {
            true => memory,
            false => Memory::default(),
        },
        epoch,
        source,
    }
}

/// The pool at a snapshot as it counts against the limit: its level, or a lower bound that shows
/// by itself that the limit is near.
fn level_of(host: &HostFacts, snapshot: &Snapshot) -> Option<i64> {
    let question = Question {
        levels: &[],
        episodes: &[],
        alive_hours: &[],
        limit: host.limit.as_ref().ok().map(ceiling),
        threshold: host.margin.bytes() as i64,
        by_memory: false,
    };
    let near = |&bytes: &i64| {
        let source = Source::Snapshot(0);
        let level = level(host, 0, bytes, Memory::default(), 0, source);
        closeness(&question, &level) >= Closeness::Near
    };
    nonpaged_of(snapshot).or_else(|| at_least(snapshot).filter(near))
}

/// True where the snapshot tells the pool's level, or that it was near its limit.
pub(super) fn is_level(host: &HostFacts, snapshot: &Snapshot) -> bool {
    level_of(host, snapshot).is_some()
}

/// The pool at every snapshot that tells its level, dated or not, with its place and epoch.
fn known_levels<'a>(
    history: &'a PoolHistory,
    host: &'a HostFacts,
) -> impl Iterator<Item = (&'a Snapshot, Level)> {
    let epochs = history.epochs.iter().enumerate();
    let places =
        epochs.flat_map(|(epoch, of)| of.snapshots.clone().map(move |place| (place, epoch)));
    places.filter_map(|(place, epoch)| {
        let snapshot = history.snapshots.get(place)?;
        let bytes = level_of(host, snapshot)?;
        let memory = memory_of(&snapshot.facts);
        let at = snapshot.facts.at.unwrap_or_default();
        let source = Source::Snapshot(place);
        Some((snapshot, level(host, at, bytes, memory, epoch, source)))
    })
}

/// The pool at every snapshot that knows it; those without a time stand at the end of time, where
/// no refusal is near.
pub(super) fn levels(history: &PoolHistory, host: &HostFacts) -> Vec<Level> {
    let dated = known_levels(history, host).filter(|(snapshot, _)| snapshot.facts.at.is_some());
    let dated = dated.map(|(_, level)| level);
    let mut levels: Vec<Level> = dated.collect();
    levels.sort_by_key(|l| l.at);
    levels
}

/// The pool at every sample of performance counters.
pub(super) fn of_counters(counters: &Counters, host: &HostFacts) -> impl Iterator<Item = Level> {
    let samples = counters.samples.iter().enumerate();
    samples.map(move |(place, sample)| {
        let source = Source::Counter(place);
        level(
            host,
            sample.at,
            sample.bytes,
            sample.memory,
            sample.epoch,
            source,
        )
    })
}

pub(super) fn pressed(
    history: &PoolHistory,
    counters: &Counters,
    host: &HostFacts,
    question: &Question<'_>,
) -> Option<bool> {
    question.limit?;
    let snapshots = known_levels(history, host).map(|(_, level)| level);
    let near = |level: Level| closeness(question, &level) >= Closeness::Near;
    let known = snapshots.chain(of_counters(counters, host)).map(near);
    known.reduce(|any, near| any || near)
}
