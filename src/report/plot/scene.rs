//! What the main plot shows, in the units of the case: milliseconds or places, and bytes.

use super::decimate::{self, Point};
use super::lines::{tag_lines, total_line};
use super::marks::{Mark, marks};
use super::places::{MOST_BANDS, Place, blanks, places, restarts, rolls, silences};
use crate::report::html::instant;
use crate::report::model::{Pool, Report};

/// Lines of tags beside the total: as many as colours and dashes keep apart.
pub const MOST_TAGS: usize = 5;

/// Bars that are drawn: the minutes of a day, more than a wide page has pixels for.
const MOST_BARS: usize = 1_440;

/// A limit this many times above the highest level is named, not drawn: it would press all
/// lines to the floor.
const LIMIT_IN_SIGHT: i64 = 6;

/// Days of logs can surround hours of snapshots. Where the snapshots fill less than this share
/// of the whole, the plot opens on them.
const FOCUS_SHARE: i64 = 12;

/// What stands along the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// UTC, in milliseconds.
    Time,
    /// Places of snapshots: no clock is known.
    Order,
}

/// A stretch of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: i64,
    /// Its end, above the beginning.
    pub to: i64,
}

impl Span {
    /// The stretch with some air at both ends, never empty.
    fn padded(from: i64, to: i64, least: i64) -> Span {
        let air = (to.saturating_sub(from) / 50).max(least);
        Span {
            from: from.saturating_sub(air),
            to: to.saturating_add(air),
        }
    }

    /// Its length.
    pub fn length(self) -> i64 {
        self.to.saturating_sub(self.from).max(1)
    }

    /// Where `at` lies, from 0 to 1, ends included.
    pub fn share(self, at: i64) -> f64 {
        let offset = at as f64 - self.from as f64;
        (offset / self.length() as f64).clamp(0.0, 1.0)
    }
}

/// A line: its stretches without gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whose.
    pub name: String,
    /// Points of each stretch, in order.
    pub runs: Vec<Vec<Point>>,
}

impl Line {
    /// The last point.
    pub fn last(&self) -> Option<Point> {
        self.runs.last()?.last().copied()
    }

    /// All points.
    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.runs.iter().flatten()
    }
}

/// A bar of refused connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Its beginning.
    pub from: i64,
    /// Its end.
    pub to: i64,
    /// Connections refused.
    pub total: u64,
}

/// What the bars are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarsAre {
    /// Stretches of equal length, this many seconds.
    Stretches(u64),
    /// Whole episodes.
    Episodes,
}

/// A level that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Bytes.
    pub bytes: i64,
    /// True if it is within sight of the lines.
    pub drawn: bool,
}

/// The main plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// What stands along the axis of the pool.
    pub axis: Axis,
    /// All of the axis.
    pub span: Span,
    /// The part that is shown at first.
    pub focus: Span,
    /// Top of the pool's scale, in bytes.
    pub top: i64,
    /// The pool as a whole.
    pub total: Line,
    /// The most suspect tags.
    pub tags: Vec<Line>,
    /// The limit.
    pub limit: Option<Level>,
    /// Where http.sys is documented to stop.
    pub threshold: Option<Level>,
    /// Between the last snapshot of an epoch and the first of the next.
    pub restarts: Vec<Span>,
    /// Without snapshots.
    pub blanks: Vec<Span>,
    /// Without rows of any log.
    pub silences: Vec<Span>,
    /// Where a new log begins.
    pub rolls: Vec<i64>,
    /// Events of Windows' event logs; none where the axis has no time.
    pub marks: Vec<Mark>,
    /// Refused connections.
    pub bars: Vec<Bar>,
    /// What the bars are.
    pub bars_are: BarsAre,
    /// Bars that are not drawn, because a higher one stands at their place.
    pub bars_hidden: usize,
    /// From first to last refusal of each episode.
    pub episodes: Vec<Span>,
    /// The axis of the bars, if it is not the pool's.
    pub bars_span: Option<Span>,
    /// Snapshots that have no place on the axis.
    pub undated: usize,
    /// True if the times of a log are known.
    has_log: bool,
}

impl Scene {
    /// The plot of `report`; `None` if there is nothing to draw.
    pub fn of(report: &Report) -> Option<Scene> {
        let pool = &report.pool;
        let (axis, places) = places(pool);
        let (bars, bars_hidden, bars_are) = bars(report);
        if places.is_empty() && bars.is_empty() {
            return None;
        }
        let total = total_line(pool, &places);
        let tags = tag_lines(report, &places);
        let (limit, threshold, top) = levels(pool, &total, &tags);
        let extents = Extents::of(&places, &bars, axis);
        Some(Scene {
            axis: if places.is_empty() { Axis::Time } else { axis },
            span: extents.span,
            focus: extents.focus,
            top,
            restarts: restarts(&places),
            blanks: blanks(&places, extents.span, axis),
            silences: silences(report, extents.bars_span.unwrap_or(extents.span)),
            rolls: rolls(report),
            marks: marks(report),
            bars_span: extents.bars_span,
            undated: (pool.nonpaged.len())
                .saturating_sub(places.iter().filter(|p| p.snapshot.is_some()).count()),
            total,
            tags,
            limit,
            threshold,
            bars,
            bars_are,
            bars_hidden,
            episodes: episodes(report),
            has_log: report
                .refusals
                .log_first
                .as_deref()
                .and_then(instant)
                .is_some(),
        })
    }

    /// True if refusals have an axis to stand on: there are some, or logs that hold none.
    pub fn has_bars(&self) -> bool {
        let has_clock = self.axis == Axis::Time || self.bars_span.is_some();
        !self.bars.is_empty() || (has_clock && self.has_log)
    }

    /// True if there are levels of the pool to draw.
    pub fn has_pool(&self) -> bool {
        self.total.points().next().is_some()
    }
}

struct Extents {
    span: Span,
    focus: Span,
    bars_span: Option<Span>,
}

impl Extents {
    fn of(places: &[Place], bars: &[Bar], axis: Axis) -> Extents {
        let least = if axis == Axis::Time { 300_000 } else { 0 };
        let of_pool = places.first().zip(places.last()).map(|(a, b)| (a.at, b.at));
        let of_bars = bars.first().map(|first| {
            let end = bars.iter().map(|b| b.to).max().unwrap_or(first.to);
            (first.from, end)
        });
        let single = |pair: (i64, i64)| {
            let span = Span::padded(pair.0, pair.1, least);
            (span, span)
        };
        let ((span, focus), bars_span) = match (of_pool, of_bars) {
            (Some(pool), Some(bars)) if axis == Axis::Order => {
                (single(pool), Some(Span::padded(bars.0, bars.1, 300_000)))
            }
            (Some(pool), Some(bars)) => (joined(pool, bars), None),
            (Some(one), None) => (single(one), None),
            (None, Some(one)) => (single((one.0, one.1)), None),
            (None, None) => (single((0, 1)), None),
        };
        Extents {
            span,
            focus,
            bars_span,
        }
    }
}

fn joined(pool: (i64, i64), bars: (i64, i64)) -> (Span, Span) {
    let span = Span::padded(pool.0.min(bars.0), pool.1.max(bars.1), 300_000);
    let around = pool.1.saturating_sub(pool.0).max(3_600_000);
    if around.saturating_mul(FOCUS_SHARE) >= span.length() {
        return (span, span);
    }
    let focus = Span {
        from: pool.0.saturating_sub(around).max(span.from),
        to: pool.1.saturating_add(around).min(span.to),
    };
    (span, focus)
}

fn levels(pool: &Pool, total: &Line, tags: &[Line]) -> (Option<Level>, Option<Level>, i64) {
    let lines = std::iter::once(total).chain(tags);
    let highest = lines
        .flat_map(Line::points)
        .map(|p| p.1)
        .max()
        .unwrap_or(0)
        .max(1);
    let limit = pool
        .limit
        .as_ref()
        .and_then(|l| i64::try_from(l.bytes).ok());
    let reach = highest.saturating_mul(LIMIT_IN_SIGHT);
    let level = |bytes: i64| Level {
        bytes,
        drawn: limit.is_some_and(|l| l <= reach),
    };
    let threshold = limit
        .zip(pool.threshold.as_ref())
        .and_then(|(l, t)| l.checked_sub(i64::try_from(t.bytes).ok()?))
        .filter(|bytes| *bytes > 0);
    let (limit, threshold) = (limit.map(level), threshold.map(level));
    let drawn = limit.filter(|l| l.drawn).map_or(0, |l| l.bytes);
    let top = highest.max(drawn);
    (limit, threshold, top.saturating_add(top / 16))
}

fn bars(report: &Report) -> (Vec<Bar>, usize, BarsAre) {
    let refusals = &report.refusals;
    let mut bars: Vec<Bar> = refusals
        .counts
        .iter()
        .filter_map(|count| {
            let from = instant(&count.start)?;
            let length = i64::try_from(count.seconds).ok()?.checked_mul(1000)?;
            Some(Bar {
                from,
                to: from.checked_add(length)?,
                total: count.total,
            })
        })
        .collect();
    let seconds = refusals.counts.iter().map(|c| c.seconds).max();
    let are = match seconds {
        Some(seconds) if !bars.is_empty() => BarsAre::Stretches(seconds),
        _ => {
            bars = episode_bars(report);
            BarsAre::Episodes
        }
    };
    bars.sort_by_key(|b| b.from);
    let drawn = decimate::keep_highest(&bars, MOST_BARS, |b| b.from, |b| b.total);
    let hidden = bars.len().saturating_sub(drawn.len());
    (drawn, hidden, are)
}

fn episode_bars(report: &Report) -> Vec<Bar> {
    let bar = |episode: &crate::report::model::Episode| {
        let (from, to) = (instant(&episode.start)?, instant(&episode.end)?);
        Some(Bar {
            from,
            to: to.max(from),
            total: episode.total,
        })
    };
    report.refusals.episodes.iter().filter_map(bar).collect()
}

fn episodes(report: &Report) -> Vec<Span> {
    let spans = report.refusals.episodes.iter().filter_map(|e| {
        Some(Span {
            from: instant(&e.start)?,
            to: instant(&e.end)?,
        })
    });
    spans.take(MOST_BANDS).collect()
}

#[cfg(test)]
mod tests;
