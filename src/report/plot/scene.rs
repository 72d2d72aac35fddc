//! What the main plot shows, in the units of the case: milliseconds or places, and bytes.

use super::decimate::{self, Point};
use crate::report::html::instant;
use crate::report::model::{Pool, Report, TagRow};

/// Lines of tags beside the total: as many as colours and dashes keep apart.
pub const MOST_TAGS: usize = 5;

/// Columns into which a line is reduced; twice the pixels of a wide page, so that zooming in
/// still shows more.
const LINE_COLUMNS: usize = 400;

/// Bars that are drawn: the minutes of a day, more than a wide page has pixels for.
const MOST_BARS: usize = 1_440;

/// Bands of one kind that are drawn; more could not be told apart.
const MOST_BANDS: usize = 400;

/// Snapshots that are this many times further apart than usual leave a gap.
const GAP_FACTOR: i64 = 4;

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
            silences: silences(report, extents.bars_span.unwrap_or(extents.span), &bars),
            bars_span: extents.bars_span,
            undated: pool.nonpaged.len().saturating_sub(places.len()),
            total,
            tags,
            limit,
            threshold,
            bars,
            bars_are,
            bars_hidden,
            episodes: episodes(report),
        })
    }

    /// True if there are levels of the pool to draw.
    pub fn has_pool(&self) -> bool {
        self.total.points().next().is_some()
    }
}

/// A snapshot with its place on the axis.
struct Place {
    snapshot: u64,
    epoch: u64,
    at: i64,
    bytes: i64,
}

fn places(pool: &Pool) -> (Axis, Vec<Place>) {
    let dated = pool.nonpaged.iter().filter(|p| p.at.is_some()).count();
    let axis = if dated == 0 { Axis::Order } else { Axis::Time };
    let mut places: Vec<Place> = pool
        .nonpaged
        .iter()
        .filter_map(|point| {
            let at = match axis {
                Axis::Order => i64::try_from(point.snapshot).ok()?,
                Axis::Time => instant(point.at.as_deref()?)?,
            };
            Some(Place {
                snapshot: point.snapshot,
                epoch: point.epoch,
                at,
                bytes: point.bytes,
            })
        })
        .collect();
    places.sort_by_key(|p| (p.at, p.snapshot));
    (axis, places)
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

/// Usual distance between snapshots; `None` with fewer than three.
fn usual_step(places: &[Place]) -> Option<i64> {
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

fn gaps(places: &[Place]) -> impl Iterator<Item = (&Place, &Place)> {
    let wide = usual_step(places).map_or(i64::MAX, |step| step.saturating_mul(GAP_FACTOR).max(1));
    places.windows(2).filter_map(move |pair| match pair {
        [a, b] if a.epoch == b.epoch && b.at.saturating_sub(a.at) > wide => Some((a, b)),
        _ => None,
    })
}

fn restarts(places: &[Place]) -> Vec<Span> {
    let borders = places.windows(2).filter_map(|pair| match pair {
        [a, b] if a.epoch != b.epoch => Some(Span {
            from: a.at,
            to: b.at,
        }),
        _ => None,
    });
    borders.take(MOST_BANDS).collect()
}

fn blanks(places: &[Place], span: Span, axis: Axis) -> Vec<Span> {
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

/// The parts of `span` before `from` and after `to`, if they are more than the air at its ends.
fn outside(span: Span, from: i64, to: i64) -> impl Iterator<Item = Span> {
    let air = (span.length() / 40).max(360_000);
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

fn silences(report: &Report, span: Span, bars: &[Bar]) -> Vec<Span> {
    let refusals = &report.refusals;
    let first = refusals.log_first.as_deref().and_then(instant);
    let last = refusals.log_last.as_deref().and_then(instant);
    match (first, last) {
        (Some(first), Some(last)) if !bars.is_empty() => outside(span, first, last).collect(),
        _ => Vec::new(),
    }
}

/// Cuts a line where the epoch changes or a gap lies, and reduces each stretch.
fn line(name: &str, points: &[(u64, Point)], breaks: &[i64]) -> Line {
    let mut runs: Vec<Vec<Point>> = Vec::new();
    let same = |a: &(u64, Point), b: &(u64, Point)| {
        let cut = breaks.partition_point(|at| *at <= a.1.0);
        a.0 == b.0 && breaks.get(cut).is_none_or(|at| *at > b.1.0)
    };
    let columns = |run: usize| (LINE_COLUMNS * run / points.len().max(1)).max(1);
    for run in points.chunk_by(same) {
        let bare: Vec<Point> = run.iter().map(|(_, p)| *p).collect();
        runs.push(decimate::keep_extremes(&bare, columns(bare.len())));
    }
    runs.truncate(MOST_BANDS);
    Line {
        name: name.to_owned(),
        runs,
    }
}

/// Ends of gaps: a line does not cross them.
fn breaks(places: &[Place]) -> Vec<i64> {
    gaps(places).map(|(_, after)| after.at).collect()
}

fn total_line(pool: &Pool, places: &[Place]) -> Line {
    let points: Vec<(u64, Point)> = places.iter().map(|p| (p.epoch, (p.at, p.bytes))).collect();
    let name = if pool.nonpaged.is_empty() {
        ""
    } else {
        "nonpaged pool"
    };
    line(name, &points, &breaks(places))
}

/// The verdict's tag first, then the most suspect tags of nonpaged pool.
fn tag_lines(report: &Report, places: &[Place]) -> Vec<Line> {
    let mut by_snapshot: Vec<&Place> = places.iter().collect();
    by_snapshot.sort_by_key(|p| p.snapshot);
    let breaks = breaks(places);
    let place_of = |snapshot: u64| {
        let index = by_snapshot.binary_search_by_key(&snapshot, |p| p.snapshot);
        index.ok().and_then(|i| by_snapshot.get(i))
    };
    chosen(report)
        .filter_map(|row| {
            let mut points: Vec<(u64, Point)> = row
                .series
                .iter()
                .filter_map(|&(snapshot, bytes)| {
                    let place = place_of(snapshot)?;
                    Some((place.epoch, (place.at, bytes)))
                })
                .collect();
            points.sort_by_key(|(_, p)| p.0);
            (!points.is_empty()).then(|| line(&row.tag, &points, &breaks))
        })
        .take(MOST_TAGS)
        .collect()
}

fn chosen(report: &Report) -> impl Iterator<Item = &TagRow> {
    let verdict = &report.verdict;
    let is_accused = move |row: &&TagRow| {
        row.pool == "nonpaged" && Some(&row.tag_hex) == verdict.tag_hex.as_ref()
    };
    let rows = report.pool.tags.iter();
    let accused = rows.clone().filter(is_accused);
    let others = rows.filter(move |row| row.pool == "nonpaged" && !is_accused(row));
    accused.chain(others)
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
