//! Snapshots on the axis: where each stands, and where there are none.

use super::scene::{Axis, Span};
use crate::report::html::instant;
use crate::report::model::{Pool, Report};

/// Bands of one kind that are drawn; more could not be told apart.
pub(super) const MOST_BANDS: usize = 400;

/// Snapshots that are this many times further apart than usual leave a gap.
const GAP_FACTOR: i64 = 4;

/// A snapshot, or a sample of performance counters, with its place on the axis.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// None for a sample of counters.
    pub snapshot: Option<u64>,
    pub epoch: u64,
    pub at: i64,
    pub bytes: i64,
}

pub(super) fn places(pool: &Pool) -> (Axis, Vec<Place>) {
    let dated = pool.nonpaged.iter().filter(|p| p.at.is_some()).count();
    // Counters always have a time; snapshots without one keep their order if they are many.
    let by_time = dated > 0 || (pool.nonpaged.len() < 2 && !pool.counters.is_empty());
    let axis = if by_time { Axis::Time } else { Axis::Order };
    let mut places: Vec<Place> = pool
        .nonpaged
        .iter()
        .filter_map(|point| {
            let at = match axis {
                Axis::Order => i64::try_from(point.snapshot).ok()?,
                Axis::Time => instant(point.at.as_deref()?)?,
            };
            Some(Place {
                snapshot: Some(point.snapshot),
                epoch: point.epoch,
                at,
                bytes: point.bytes,
            })
        })
        .collect();
    let counters = pool.counters.iter().filter(|_| axis == Axis::Time);
    places.extend(counters.filter_map(|point| {
        Some(Place {
            snapshot: None,
            epoch: point.epoch,
            at: instant(&point.at)?,
            bytes: point.bytes,
        })
    }));
    places.sort_by_key(|p| (p.at, p.snapshot));
    (axis, places)
}

/// Usual distance between snapshots, or between samples of counters where that is wider: either
/// may leave gaps of its own. `None` with fewer than three of both.
pub(super) fn usual_step(places: &[Place]) -> Option<i64> {
    let of = |counters: bool| -> Vec<Place> {
        let mine = |p: &&Place| p.snapshot.is_none() == counters;
        places.iter().filter(mine).copied().collect()
    };
    median_step(&of(false)).max(median_step(&of(true)))
}

fn median_step(places: &[Place]) -> Option<i64> {
    let mut steps: Vec<i64> = places
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] => Some(b.at.saturating_sub(a.at)),
            _ => None,
        })
        .collect();
    steps.sort_unstable();
    let middle = steps.get(steps.len() / 2).copied();
    middle.filter(|_| steps.len() >= 2)
}

pub(super) fn gaps(places: &[Place]) -> impl Iterator<Item = (&Place, &Place)> {
    let wide = usual_step(places).map_or(i64::MAX, |step| step.saturating_mul(GAP_FACTOR).max(1));
    places.windows(2).filter_map(move |pair| match pair {
        [a, b] if a.epoch == b.epoch && b.at.saturating_sub(a.at) > wide => Some((a, b)),
        _ => None,
    })
}

pub(super) fn restarts(places: &[Place]) -> Vec<Span> {
    let borders = places.windows(2).filter_map(|pair| match pair {
        [a, b] if a.epoch != b.epoch => Some(Span {
            from: a.at,
            to: b.at,
        }),
        _ => None,
    });
    borders.take(MOST_BANDS).collect()
}

pub(super) fn blanks(places: &[Place], span: Span, axis: Axis) -> Vec<Span> {
    let (Some(first), Some(last)) = (places.first(), places.last()) else {
        return Vec::new();
    };
    let between = gaps(places).map(|(a, b)| Span {
        from: a.at,
        to: b.at,
    });
    let mut blanks: Vec<Span> = between.take(MOST_BANDS).collect();
    if axis == Axis::Time {
        blanks.extend(outside(span, first.at, last.at));
    }
    blanks
}

/// What a band must exceed to be one: a fortieth of the axis, and six minutes.
fn air(span: Span) -> i64 {
    (span.length() / 40).max(360_000)
}

/// The parts of `span` before `from` and after `to`, if they are more than the air at its ends.
pub(super) fn outside(span: Span, from: i64, to: i64) -> impl Iterator<Item = Span> {
    let air = air(span);
    let parts = [
        Span {
            from: span.from,
            to: from,
        },
        Span {
            from: to,
            to: span.to,
        },
    ];
    parts
        .into_iter()
        .filter(move |part| part.to.saturating_sub(part.from) > air)
}

/// Without rows of any log: before the first, after the last, and between two logs of which the
/// one ends long before the next begins. Within a log nothing tells silence from loss.
pub(super) fn silences(report: &Report, span: Span) -> Vec<Span> {
    let refusals = &report.refusals;
    let first = refusals.log_first.as_deref().and_then(instant);
    let last = refusals.log_last.as_deref().and_then(instant);
    let (Some(first), Some(last)) = (first, last) else {
        return Vec::new();
    };
    let mut silences: Vec<Span> = outside(span, first, last).collect();
    let mut covered: Option<i64> = None;
    for (from, to) in log_spans(report) {
        if let Some(before) = covered.filter(|b| from.saturating_sub(*b) > air(span)) {
            silences.push(Span {
                from: before,
                to: from,
            });
        }
        covered = Some(covered.map_or(to, |c| c.max(to)));
    }
    silences.truncate(MOST_BANDS);
    silences
}

/// Where a log begins that is not the first.
pub(super) fn rolls(report: &Report) -> Vec<i64> {
    let mut rolls: Vec<i64> = log_spans(report).skip(1).map(|(from, _)| from).collect();
    rolls.sort_unstable();
    rolls.dedup();
    rolls.truncate(MOST_BANDS);
    rolls
}

fn log_spans(report: &Report) -> impl Iterator<Item = (i64, i64)> {
    let spans = report.refusals.log_spans.iter();
    spans.filter_map(|span| Some((instant(&span.first)?, instant(&span.last)?)))
}
