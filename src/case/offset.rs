//! The offset from UTC that fits a case whose snapshots have a wall clock and no zone.

use super::facts::curve_of;
use super::logs::LogFacts;
use super::pools::Pools;
use super::survey::Survey;
use crate::diagnosis::correlation::pressure::Memory;
use crate::diagnosis::correlation::{Level, Source};
use crate::diagnosis::offset::{OffsetFit, best_offset};

/// The offset to offer, where nothing in the case states a zone and one stands out.
pub(super) fn hint(survey: &Survey, pools: &Pools, log: &LogFacts) -> Option<OffsetFit> {
    let history = &pools.history;
    let dated = history.snapshots.iter().any(|s| s.facts.at.is_some());
    if dated || pools.solution.zone.is_some() || log.episodes.is_empty() {
        return None;
    }
    let firsts = first_datings(survey);
    let mut levels = Vec::new();
    for (epoch, of) in history.epochs.iter().enumerate() {
        for place in of.snapshots.clone() {
            let snapshot = history.snapshots.get(place)?;
            let &(file, position) = pools.places.get(snapshot.facts.order)?;
            let dating = firsts.get(file).copied().flatten()? + position;
            let stamp = pools.solution.datings.get(dating)?.stamp.as_ref();
            let Some(local) = stamp.and_then(|s| s.local) else {
                continue;
            };
            let Some(bytes) = curve_of(snapshot) else {
                continue;
            };
            levels.push(Level {
                at: local.and_utc().timestamp_millis(),
                bytes,
                headroom: None,
                memory: Memory::default(),
                epoch,
                source: Source::Snapshot(place),
            });
        }
    }
    levels.sort_by_key(|level| level.at);
    best_offset(&levels, &log.episodes, &log.alive_hours)
}

/// For each file of snapshots, the place of its first among all datings; none for a duplicate,
/// which is not dated.
fn first_datings(survey: &Survey) -> Vec<Option<usize>> {
    let mut next = 0;
    let place = |file: &super::pools::PoolFile| {
        let first = (!file.duplicate).then_some(next);
        next += first.map_or(0, |_| file.heads.len());
        first
    };
    survey.pools.iter().map(place).collect()
}

/// `+02:00`, as `--tz` takes it.
pub(super) fn shown(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    format!("{sign}{hours:02}:{minutes:02}")
}

/// The offer in words.
pub(super) fn sentence(fit: &OffsetFit) -> String {
    format!(
        "--tz {} would place the refusals where nonpaged pool is highest: of 1000 comparisons of ten minutes \
         with refusals and ten without, {:.0} then have more pool in the former; with the next best offset, {}, {:.0} have. \
         A hint only: nothing was dated with it",
        shown(fit.minutes),
        fit.fit * 1_000.0,
        shown(fit.next.0),
        fit.next.1 * 1_000.0
    )
}
