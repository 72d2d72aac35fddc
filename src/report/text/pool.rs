//! The pool over time, its limit, its tags, and tags that grow together.

use chrono::DateTime;

use crate::report::escape::Charset;
use crate::report::model::{Limit, Pool, TagRow};
use crate::report::wording::{self, moment, size, size_of, size_u};

use super::Paper;
use super::line::{Align, Line, Paint, ROOM};
use super::page::{Para, Section, paragraphs, with_more};
use super::plot::{self, Axis};
use super::verdict::ids;

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
        most: FRAME + 2,
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

    fn lines(&self, rows: usize) -> Vec<Line> {
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
        lines.push(self.ends());
        lines
    }

    fn heading(&self) -> String {
        let pool = &self.paper.report.pool;
        let top = match self.top_is_limit {
            true => "its limit",
            false => "its peak",
        };
        let mut text = format!(
            "nonpaged, {}, from 0 to {top}",
            wording::counted(pool.snapshots, "snapshot"),
        );
        if !self.restarts.is_empty() {
            text.push_str("; R: restart");
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
    if dated.len() >= 2 {
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

/// Limit, threshold, time to the limit.
pub fn limit(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Limit",
        group: 1,
        least: 1,
        good: 1,
        most: 2,
        fill: Box::new(move |room| {
            let pool = &paper.report.pool;
            if pool.snapshots == 0 && pool.limit.is_none() {
                return Vec::new();
            }
            let mut texts = vec![Para::plain(limit_text(pool))];
            texts.extend(pool.limit.as_ref().map(|limit| Para::plain(basis(limit))));
            // The basis is the second thing to know: without room for it, it is not counted.
            texts.truncate(room.max(1));
            paragraphs(&texts, room, 1, paper.charset)
        }),
    }
}

fn limit_text(pool: &Pool) -> String {
    let mut text = match &pool.limit {
        Some(limit) => format!("{} {}", size_u(limit.bytes), wording::words(&limit.quality)),
        None => "not known".to_owned(),
    };
    if let Some(threshold) = &pool.threshold {
        text.push_str(&format!(", refuses at {} left", size_u(threshold.bytes)));
    }
    if let Some(time) = &pool.time_to_limit {
        text.push_str(&match (time.hours, time.soonest, time.latest) {
            (Some(_), Some(soonest), Some(latest)) => {
                format!(", full in {}", wording::hours_between(soonest, latest))
            }
            (Some(hours), _, _) => format!(", full in {}", wording::hours(hours)),
            (None, _, _) => format!("; when full not told: {}", time.basis),
        });
    }
    text
}

fn basis(limit: &Limit) -> String {
    match limit.low == limit.high {
        true => limit.basis.clone(),
        false => format!(
            "{}; {} to {}",
            limit.basis,
            size_u(limit.low),
            size_u(limit.high)
        ),
    }
}

/// The top tags.
pub fn tags(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Tags",
        group: 1,
        least: 3,
        good: 4,
        most: 6,
        fill: Box::new(move |room| table(paper, room)),
    }
}

const CLASS: usize = 15;
const GROWTH: usize = 9;
const SHARE: usize = 5;
const BYTES: usize = 20;

fn table(paper: Paper<'_>, room: usize) -> Vec<Line> {
    let pool = &paper.report.pool;
    if pool.tags.is_empty() || room < 2 {
        return Vec::new();
    }
    let all = (pool.tags.len() as u64).saturating_add(pool.tags_not_listed);
    let shown = pool.tags.len().min(room - 1);
    let top: Vec<&TagRow> = pool.tags.iter().take(shown).collect();
    let width = top
        .iter()
        .map(|t| t.tag.len().clamp(4, 16))
        .max()
        .unwrap_or(4);
    let hourly = top.iter().any(|t| t.growth_bytes_per_hour.is_some());
    let mut lines = vec![heading(width, hourly, paper.charset)];
    lines.extend(top.iter().map(|tag| row(tag, width, hourly, paper)));
    let left = all.saturating_sub(top.len() as u64);
    with_more(lines, usize::try_from(left).unwrap_or(usize::MAX))
}

fn heading(width: usize, hourly: bool, charset: Charset) -> Line {
    let growth = if hourly { "growth/h" } else { "per shot" };
    let arrow = arrow(charset);
    let gap = |line: Line| line.add(" ", Paint::Body);
    let quiet = Paint::Quiet;
    let line = gap(Line::new(charset).cell("tag", width, Align::Left, quiet));
    let line = gap(line.cell("pool", 5, Align::Left, quiet));
    let line = gap(line.cell("class", CLASS, Align::Left, quiet));
    let line = gap(line.cell(growth, GROWTH, Align::Right, quiet));
    let line = gap(line.cell("share", SHARE, Align::Right, quiet));
    line.cell(&format!("first {arrow} last"), BYTES, Align::Right, quiet)
}

fn row(tag: &TagRow, width: usize, hourly: bool, paper: Paper<'_>) -> Line {
    let charset = paper.charset;
    let verdict = &paper.report.verdict;
    let accused =
        verdict.tag_hex.as_deref() == Some(&tag.tag_hex) && verdict.pool == Some(tag.pool);
    let paint = if accused { Paint::Strong } else { Paint::Body };
    let growth = match hourly {
        true => tag.growth_bytes_per_hour,
        false => tag.growth_bytes_per_snapshot,
    };
    let growth = growth.map_or(wording::UNKNOWN.to_owned(), size_of);
    let share = tag
        .share_of_growth
        .map_or(wording::UNKNOWN.to_owned(), wording::share);
    let bytes = format!(
        "{} {} {}",
        size(tag.bytes_first),
        arrow(charset),
        size(tag.bytes_last)
    );
    let gap = |line: Line| line.add(" ", Paint::Body);
    let line = gap(Line::new(charset).cell(&tag.tag, width, Align::Left, paint));
    let line = gap(line.cell(pool_word(tag.pool), 5, Align::Left, paint));
    let line = gap(line.cell(&class(tag.class), CLASS, Align::Left, paint));
    let line = gap(line.cell(&growth, GROWTH, Align::Right, paint));
    let line = gap(line.cell(&share, SHARE, Align::Right, paint));
    line.cell(&bytes, BYTES, Align::Right, paint)
        .end(&ids(tag.evidence.get(..1).unwrap_or(&[])))
}

fn arrow(charset: Charset) -> &'static str {
    match charset {
        Charset::Unicode => "→",
        Charset::Ascii => ">",
    }
}

/// As poolmon names the pools.
fn pool_word(pool: &str) -> &str {
    match pool {
        "nonpaged" => "Nonp",
        "paged" => "Paged",
        other => other,
    }
}

fn class(class: &str) -> String {
    match class {
        "plateau_or_warm_up" => "plateau/warm-up".to_owned(),
        other => wording::words(other),
    }
}

/// Tags that grow one for one.
pub fn lockstep(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Together",
        group: 1,
        least: 1,
        good: 1,
        most: 2,
        fill: Box::new(move |room| {
            let groups: Vec<Para> = paper
                .report
                .pool
                .lockstep
                .iter()
                .map(|group| {
                    let members: Vec<String> = group
                        .members
                        .iter()
                        .map(|m| format!("{} x{}", m.tag, wording::ratio(m.ratio)))
                        .collect();
                    Para::plain(format!("{}: {}", members.join(", "), group.text))
                })
                .collect();
            paragraphs(&groups, room, 2, paper.charset)
        }),
    }
}
