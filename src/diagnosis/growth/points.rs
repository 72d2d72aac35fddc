//! Values at snapshots as points: against hours where the clock is known, else against
//! the number of the snapshot.

use super::knots::Per;
use crate::timeline::series::{Epoch, PoolHistory};

const MS_PER_HOUR: f64 = 3_600_000.0;

/// Points of `values` (place of the snapshot, bytes). The clock is used when at least half
/// of the values have a time and not all of one time; values without a time are then left
/// out.
pub(super) fn points_of(
    history: &PoolHistory,
    epoch: &Epoch,
    values: impl Iterator<Item = (usize, i64)>,
) -> (Per, Vec<(f64, f64)>) {
    let values: Vec<(usize, i64)> = values.collect();
    let hours = |at: usize| Some(history.snapshots.get(at)?.elapsed_ms? as f64 / MS_PER_HOUR);
    let timed: Vec<(f64, f64)> = values
        .iter()
        .filter_map(|(at, bytes)| Some((hours(*at)?, *bytes as f64)))
        .collect();
    let apart = match (timed.first(), timed.last()) {
        (Some(first), Some(last)) => last.0 > first.0,
        _ => false,
    };
    if apart && timed.len() * 2 >= values.len() {
        return (Per::Hour, timed);
    }
    let place = |at: usize| at.saturating_sub(epoch.snapshots.start) as f64;
    let by_place = values
        .iter()
        .map(|(at, bytes)| (place(*at), *bytes as f64))
        .collect();
    (Per::Snapshot, by_place)
}
