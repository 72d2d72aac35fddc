//! The pool over time, with the refusals below it on the same axis.

use chrono::DateTime;

use crate::report::escape::Charset;
use crate::report::model::Pool;
use crate::report::plot::marks::{self, MarkIs};
use crate::report::wording::{self, moment, size};

use super::Paper;
use super::line::{Line, Paint, ROOM};
use super::page::{Para, Section, paragraphs};
use super::plot::{self, Axis};

/// The limit is the top of the scale unless the pool stayed so many times below it.
const LIMIT_ON_SCALE: i64 = 5;

/// The axis is widened to hold all outages up to so many times the snapshots' span.
const WIDEST: i64 = 3;

/// Lines around the marks: heading, refusals, axis.
const FRAME: usize = 3;

/// The pool over time, the refusals below it.
pub fn over_time(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Pool",
        group: 1,
        least: FRAME + 1,
        good: FRAME + 2,
        most: FRAME + 2 + usize::from(paper.report.events.is_some()),
        fill: Box::new(move |room| match Chart::of(paper) {
            Some(chart) if room > FRAME => chart.lines(room - FRAME),
            _ => without_chart(paper, room),
        }),
    }
}

/// One snapshot, or none: a line instead of a plot.
fn without_chart(paper: Paper<'_>, room: usize) -> Vec<Line> {
    let pool = &paper.report.pool;
    let text = match (pool.snapshots, pool.nonpaged.first()) {
        (0, _) => "no poolmon snapshot was found".to_owned(),
        (n, None) => format!(
            "{}; the total of nonpaged pool is not known",
            wording::counted(n, "snapshot")
        ),
        (n, Some(point)) => format!(
            "{}: nonpaged pool {}{}",
            wording::counted(n, "snapshot"),
            size(point.bytes),
            point
                .at
                .as_deref()
                .map(|at| format!(" at {}", moment(at)))
                .unwrap_or_default(),
        ),
    };
    paragraphs(&[Para::plain(text)], room, 1, paper.charset)
}

/// What the horizontal axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    /// Seconds of UTC.
    Time,
    /// Snapshots in their order.
    Order,
}

/// The plot's parts.
struct Chart<'a> {
    paper: Paper<'a>,
    scale: Scale,
    axis: Axis,
    values: Vec<Option<i64>>,
    top: i64,
    top_is_limit: bool,
    restarts: Vec<usize>,
}

impl<'a> Chart<'a> {
    /// `None` with fewer than two values, or no time between them.
    fn of(paper: Paper<'a>) -> Option<Self> {
        let pool = &paper.report.pool;
        let (scale, points) = placed(pool);
        let (first, last) = (points.first()?.0, points.last()?.0);
        if first >= last {
            return None;
        }
        let (start, end) = match scale {
            Scale::Time => widened(paper, first, last),
            Scale::Order => (first, last),
        };
        let axis = Axis {
            start,
            end,
            columns: ROOM,
        };
        let totals: Vec<(i64, i64)> = points.iter().map(|p| (p.0, p.1)).collect();
        let peak = totals.iter().map(|p| p.1).max()?.max(1);
        let limit = pool
            .limit
            .as_ref()
            .and_then(|l| i64::try_from(l.bytes).ok());
        let limit = limit.filter(|limit| *limit >= peak && limit / LIMIT_ON_SCALE <= peak);
        Some(Chart {
            paper,
            scale,
            axis,
            values: plot::columns(&totals, axis),
            top: limit.unwrap_or(peak),
            top_is_limit: limit.is_some(),
            restarts: restarts(&points, axis),
        })
    }

    /// The chart in `room` lines beside its frame.
    fn lines(&self, room: usize) -> Vec<Line> {
        let events = self.letters();
        let with_events = room > 1 && events.iter().any(|c| *c != ' ');
        let rows = room - usize::from(with_events);
        let charset = self.paper.charset;
        let mut lines = vec![Line::new(charset).add(&self.heading(), Paint::Body)];
        let marks = plot::rows(&self.values, self.top, rows, charset);
        let last = marks.len().saturating_sub(1);
        for (place, row) in marks.iter().enumerate() {
            let label = match place {
                0 => size(self.top),
                p if p == last => "0".to_owned(),
                _ => String::new(),
            };
            lines.push(Line::new(charset).labelled(&label).add(row, Paint::Body));
        }
        if self.scale == Scale::Time {
            let marks = refusal_marks(self);
            lines.push(
                Line::new(charset)
                    .labelled("refused")
                    .add(&marks, Paint::Bad),
            );
        }
        if with_events {
            let letters: String = events.into_iter().collect();
            lines.push(
                Line::new(charset)
                    .labelled("events")
                    .add(&letters, Paint::Body),
            );
        }
        lines.push(self.ends());
        lines
    }

    /// The row of events: letters where something was logged, the gravest where several were.
    fn letters(&self) -> Vec<char> {
        let mut letters = vec![' '; self.axis.columns];
        if self.scale == Scale::Order {
            return letters;
        }
        let mut marks = marks::marks(self.paper.report);
        marks.sort_by_key(|mark| std::cmp::Reverse(mark.is));
        for mark in marks {
            let column = self.axis.column(mark.at.div_euclid(1_000));
            if let Some(slot) = column.and_then(|c| letters.get_mut(c)) {
                *slot = mark.is.letter();
            }
        }
        letters
    }

    fn heading(&self) -> String {
        let pool = &self.paper.report.pool;
        let top = match self.top_is_limit {
            true => "its limit",
            false => "its peak",
        };
        let seen = match (pool.snapshots, pool.counter_samples) {
            (n, 0) => wording::counted(n, "snapshot"),
            (0, n) => wording::counted(n, "counter sample"),
            (n, m) => format!(
                "{} and {}",
                wording::counted(n, "snapshot"),
                wording::counted(m, "counter sample")
            ),
        };
        let mut text = format!("nonpaged, {seen}, from 0 to {top}");
        if !self.restarts.is_empty() {
            text.push_str("; R: restart");
        }
        let letters = self.letters();
        for is in MarkIs::ALL
            .into_iter()
            .filter(|is| letters.contains(&is.letter()))
        {
            text.push_str(&format!("; {}: {}", is.letter(), is.words()));
        }
        match outside(self) {
            0 => {}
            n => text.push_str(&format!("; {} outside", wording::counted(n, "outage"))),
        }
        text
    }

    /// The two ends of the axis.
    fn ends(&self) -> Line {
        let (from, to) = match self.scale {
            Scale::Time => (stamp(self.axis.start), stamp(self.axis.end)),
            Scale::Order => (
                "first snapshot".to_owned(),
                "last snapshot, by their order: no clock".to_owned(),
            ),
        };
        Line::new(self.paper.charset)
            .add(&from, Paint::Quiet)
            .end(&to)
    }
}

/// Where a snapshot stands, its bytes, its epoch.
type Placed = (i64, i64, u64);

/// The totals along time if at least two have one, else along their order.
fn placed(pool: &Pool) -> (Scale, Vec<Placed>) {
    let mut dated: Vec<Placed> = pool
        .nonpaged
        .iter()
        .filter_map(|p| Some((seconds(p.at.as_deref()?)?, p.bytes, p.epoch)))
        .collect();
    let counters = pool.counters.iter();
    dated.extend(counters.filter_map(|p| Some((seconds(&p.at)?, p.bytes, p.epoch))));
    if dated.len() >= 2 && (pool.nonpaged.len() < 2 || pool.nonpaged.iter().any(|p| p.at.is_some()))
    {
        dated.sort_unstable();
        return (Scale::Time, dated);
    }
    let ordered = pool
        .nonpaged
        .iter()
        .zip(0..)
        .map(|(p, place)| (place, p.bytes, p.epoch));
    (Scale::Order, ordered.collect())
}

/// Seconds since 1970 of an RFC 3339 time.
fn seconds(time: &str) -> Option<i64> {
    Some(DateTime::parse_from_rfc3339(time).ok()?.timestamp())
}

fn stamp(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0)
        .map(|t| t.format("%Y-%m-%d %H:%MZ").to_string())
        .unwrap_or_default()
}

/// First and last refusal.
fn span_of_refusals(paper: Paper<'_>) -> Option<(i64, i64)> {
    let refusals = &paper.report.refusals;
    Some((
        seconds(refusals.first.as_deref()?)?,
        seconds(refusals.last.as_deref()?)?,
    ))
}

/// The snapshots' span, widened by the refusals' if that does not crush it.
fn widened(paper: Paper<'_>, first: i64, last: i64) -> (i64, i64) {
    let Some((from, to)) = span_of_refusals(paper) else {
        return (first, last);
    };
    let (start, end) = (first.min(from), last.max(to));
    let fits = i128::from(end) - i128::from(start)
        <= (i128::from(last) - i128::from(first)) * i128::from(WIDEST);
    if fits { (start, end) } else { (first, last) }
}

/// Columns in which an epoch begins, the first one's left away.
fn restarts(points: &[Placed], axis: Axis) -> Vec<usize> {
    points
        .windows(2)
        .filter_map(|pair| match pair {
            [before, after] if before.2 != after.2 => axis.column(after.0),
            _ => None,
        })
        .collect()
}

/// The row below the plot: a dot where a log was kept, a mark where connections were refused,
/// a full one in the worst minutes, R where the machine started anew.
fn refusal_marks(chart: &Chart<'_>) -> String {
    let refusals = &chart.paper.report.refusals;
    let (quiet, some, worst) = match chart.paper.charset {
        Charset::Unicode => ('·', '▄', '█'),
        Charset::Ascii => ('.', 'x', 'X'),
    };
    let mut marks = vec![' '; chart.axis.columns];
    let mut fill = |from: Option<&str>, to: Option<&str>, mark: char| {
        let ends = from.and_then(seconds).zip(to.and_then(seconds));
        let touched = ends.and_then(|(from, to)| chart.axis.touched(from, to));
        for column in touched.into_iter().flatten() {
            if let Some(slot) = marks.get_mut(column) {
                *slot = mark;
            }
        }
    };
    fill(
        refusals.log_first.as_deref(),
        refusals.log_last.as_deref(),
        quiet,
    );
    for episode in &refusals.episodes {
        fill(Some(&episode.start), Some(&episode.end), some);
    }
    for episode in &refusals.episodes {
        fill(
            Some(&episode.worst_minute),
            Some(&episode.worst_minute),
            worst,
        );
    }
    for column in &chart.restarts {
        if let Some(slot) = marks.get_mut(*column) {
            *slot = 'R';
        }
    }
    marks.into_iter().collect()
}

/// Outages that the axis does not hold.
fn outside(chart: &Chart<'_>) -> u64 {
    if chart.scale == Scale::Order {
        return 0;
    }
    let outside = chart
        .paper
        .report
        .refusals
        .episodes
        .iter()
        .filter(|episode| {
            let ends = seconds(&episode.start).zip(seconds(&episode.end));
            ends.is_none_or(|(from, to)| chart.axis.touched(from, to).is_none())
        });
    outside.count() as u64
}
