//! The main plot as inline SVG.
//!
//! A chart is a grid of small drawings that share one axis: scale · stage · names. A stage has
//! no `viewBox`, so text keeps its size on every screen; inside it lies a stretched box with
//! the data, whose visible part is what zooming changes.

use super::axis;
use super::data;
use super::decimate::Point;
use super::scene::{Axis, Bar, BarsAre, Line, Scene, Span};
use super::{HEIGHT, WIDTH};
use crate::report::html::markup::Html;
use crate::report::html::{Clock, units};
use crate::report::wording;

/// Height of the pool's stage in pixels.
pub const POOL_PIXELS: f64 = 300.0;

/// Height of the bars' stage in pixels.
pub const BARS_PIXELS: f64 = 96.0;

/// Ticks along the axis: what a phone has room for.
const TIME_TICKS: usize = 6;

/// Ticks of the pool's scale.
const SIZE_TICKS: usize = 6;

/// Snapshots up to which each is marked by a dot.
const MOST_DOTS: usize = 80;

/// Least distance of names beside the plot, in pixels.
const NAME_PIXELS: f64 = 14.0;

/// What one chart shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chart {
    id: &'static str,
    axis: Axis,
    span: Span,
    focus: Span,
    pool: bool,
    bars: bool,
}

impl Chart {
    fn x(self, at: i64) -> f64 {
        self.span.share(at) * WIDTH
    }

    /// Where `at` lies in the part shown at first, in percent of the stage.
    fn percent(self, at: i64) -> Option<f64> {
        (self.focus.from..=self.focus.to)
            .contains(&at)
            .then(|| self.focus.share(at) * 100.0)
    }
}

/// Draws the plot: one chart, or two where pool and refusals have no clock in common.
pub fn figure(out: &mut Html, scene: &Scene, clock: Clock) {
    let pool = Chart {
        id: "chart-pool",
        axis: scene.axis,
        span: scene.span,
        focus: scene.focus,
        pool: scene.has_pool(),
        bars: scene.has_bars(),
    };
    match scene.bars_span {
        None => chart(out, scene, pool, clock),
        Some(span) => {
            chart(
                out,
                scene,
                Chart {
                    bars: false,
                    ..pool
                },
                clock,
            );
            let refusals = Chart {
                id: "chart-refusals",
                axis: Axis::Time,
                span,
                focus: span,
                pool: false,
                bars: true,
            };
            chart(out, scene, refusals, clock);
        }
    }
}

fn chart(out: &mut Html, scene: &Scene, chart: Chart, clock: Clock) {
    out.raw("<div class=\"chart\"").attr("id", chart.id);
    let what = match chart.axis {
        Axis::Time => {
            "Plot over time. Arrow keys move from point to point, plus and minus zoom, Home shows all."
        }
        Axis::Order => {
            "Plot over snapshots. Arrow keys move from point to point, plus and minus zoom, Home shows all."
        }
    };
    out.raw(" role=\"group\"").attr("aria-label", what).raw(">");
    if chart.pool {
        pool_row(out, scene, chart);
    }
    if chart.bars {
        bars_row(out, scene, chart);
    }
    axis_row(out, chart);
    data::write(
        out,
        scene,
        (chart.axis, chart.span, chart.focus),
        (chart.pool, chart.bars),
        clock,
    );
    out.raw("</div>");
}

fn open_stage(out: &mut Html, class: &'static str, pixels: f64, label: &str) {
    out.raw("<svg class=\"stage ")
        .raw(class)
        .raw("\" width=\"100%\"");
    out.attr_number("height", pixels);
    out.raw(" role=\"img\"").attr("aria-label", label).raw(">");
}

fn open_box(out: &mut Html, chart: Chart, pixels: f64) {
    let from = chart.x(chart.focus.from);
    let width = (chart.x(chart.focus.to) - from).max(0.1);
    out.raw("<svg class=\"box\" viewBox=\"");
    out.number(from).raw(" 0 ").number(width).raw(" ");
    out.number(HEIGHT)
        .raw("\" preserveAspectRatio=\"none\" width=\"100%\"");
    out.attr_number("height", pixels).raw(">");
}

fn pool_row(out: &mut Html, scene: &Scene, chart: Chart) {
    let up = |bytes: i64| (1.0 - bytes as f64 / scene.top.max(1) as f64).clamp(0.0, 1.0);
    let ticks = axis::sizes(scene.top, SIZE_TICKS);
    out.raw("<div class=\"panel\">");
    scale(
        out,
        POOL_PIXELS,
        ticks
            .iter()
            .map(|t| (up(*t) * POOL_PIXELS, units::tick(*t))),
    );
    open_stage(out, "pool", POOL_PIXELS, &pool_label(scene));
    for tick in &ticks {
        grid_line(out, up(*tick) * POOL_PIXELS);
    }
    open_box(out, chart, POOL_PIXELS);
    bands(out, chart, &scene.blanks, "blank");
    bands(out, chart, &scene.restarts, "restart");
    bands(out, chart, &scene.episodes, "episode");
    marks(out, scene, chart);
    levels(out, scene, &up);
    for (place, line) in scene.tags.iter().enumerate().rev() {
        draw_line(out, chart, line, series_class(place + 1), &up);
    }
    draw_line(out, chart, &scene.total, series_class(0), &up);
    out.raw("</svg>");
    level_names(out, scene, &up);
    band_names(out, chart, &scene.restarts, "restart", 14.0);
    band_names(out, chart, &scene.blanks, "no snapshots", POOL_PIXELS - 8.0);
    out.raw("</svg>");
    names(out, scene, &up);
    out.raw("</div>");
}

fn pool_label(scene: &Scene) -> String {
    let lines = std::iter::once(&scene.total).chain(&scene.tags);
    let said = lines.filter_map(|line| {
        let first = line.points().next()?;
        let last = line.last()?;
        Some(format!(
            "{} from {} to {}",
            line.name,
            wording::size_of(first.1 as f64),
            wording::size_of(last.1 as f64)
        ))
    });
    format!(
        "Line plot of bytes: {}",
        said.collect::<Vec<_>>().join("; ")
    )
}

/// The class of a line: colour and dashes belong to it.
pub const fn series_class(place: usize) -> &'static str {
    match place {
        0 => "s0",
        1 => "s1",
        2 => "s2",
        3 => "s3",
        4 => "s4",
        _ => "s5",
    }
}

fn scale(out: &mut Html, pixels: f64, ticks: impl Iterator<Item = (f64, String)>) {
    out.raw("<svg class=\"scale\" aria-hidden=\"true\"");
    out.attr_number("height", pixels).raw(">");
    for (y, label) in ticks {
        out.raw("<text x=\"100%\" text-anchor=\"end\"");
        out.attr_number("y", (y + 4.0).clamp(11.0, pixels - 1.0));
        out.raw(">").name(&label).raw("</text>");
    }
    out.raw("</svg>");
}

fn grid_line(out: &mut Html, y: f64) {
    out.raw("<line class=\"grid\" x1=\"0\" x2=\"100%\"");
    out.attr_number("y1", y).attr_number("y2", y).raw("/>");
}

fn bands(out: &mut Html, chart: Chart, spans: &[Span], class: &'static str) {
    for span in spans {
        let (from, to) = (chart.x(span.from), chart.x(span.to));
        out.raw("<rect class=\"").raw(class).raw("\" y=\"0\"");
        out.attr_number("x", from).attr_number("width", to - from);
        out.attr_number("height", HEIGHT).raw("/>");
    }
}

/// Words over bands; the script moves those of class `at` when the plot is zoomed.
fn band_names(out: &mut Html, chart: Chart, spans: &[Span], name: &'static str, y: f64) {
    /// Shares of the stage, in percent, that a band and the distance to the next word need.
    const ROOM: f64 = 11.0;
    let mut taken = f64::MIN;
    for span in spans {
        let (from, to) = (span.from.max(chart.focus.from), span.to.min(chart.focus.to));
        let middle = from.saturating_add(to.saturating_sub(from) / 2);
        let Some(percent) = chart.percent(middle).filter(|_| from <= to) else {
            continue;
        };
        let wide = chart.focus.share(to) - chart.focus.share(from);
        let is_stripe = name == "restart";
        if percent - taken < ROOM || (!is_stripe && wide * 100.0 < ROOM) {
            continue;
        }
        taken = percent;
        out.raw("<text class=\"at\" text-anchor=\"middle\"");
        out.raw(" x=\"").number(percent.clamp(5.0, 95.0)).raw("%\"");
        out.attr_number("data-x", chart.x(middle))
            .attr_number("y", y);
        out.raw(">").raw(name).raw("</text>");
    }
}

fn levels(out: &mut Html, scene: &Scene, up: &impl Fn(i64) -> f64) {
    let kinds = [(scene.limit, "limit"), (scene.threshold, "threshold")];
    for (level, class) in kinds {
        let Some(level) = level.filter(|l| l.drawn) else {
            continue;
        };
        let y = up(level.bytes) * HEIGHT;
        out.raw("<line class=\"level ")
            .raw(class)
            .raw("\" x1=\"0\"");
        out.attr_number("x2", WIDTH)
            .attr_number("y1", y)
            .attr_number("y2", y);
        out.raw("/>");
    }
}

fn level_names(out: &mut Html, scene: &Scene, up: &impl Fn(i64) -> f64) {
    let kinds = [
        (scene.limit, "limit ", -4.0),
        (scene.threshold, "http.sys refuses above ", 13.0),
    ];
    for (level, name, shift) in kinds {
        let Some(level) = level.filter(|l| l.drawn) else {
            continue;
        };
        out.raw("<text class=\"named\" x=\"6\"");
        out.attr_number("y", (up(level.bytes) * POOL_PIXELS + shift).max(11.0));
        out.raw(">")
            .raw(name)
            .name(&wording::size_of(level.bytes as f64))
            .raw("</text>");
    }
}

fn draw_line(
    out: &mut Html,
    chart: Chart,
    line: &Line,
    class: &'static str,
    up: &impl Fn(i64) -> f64,
) {
    let place = |p: &Point| (chart.x(p.0), up(p.1) * HEIGHT);
    for run in &line.runs {
        if run.len() < 2 {
            continue;
        }
        out.raw("<polyline class=\"line ")
            .raw(class)
            .raw("\" points=\"");
        for point in run {
            let (x, y) = place(point);
            out.number(x).raw(",").number(y).raw(" ");
        }
        out.raw("\"/>");
    }
    let all_dots = line.points().count() <= MOST_DOTS;
    let dotted = line.runs.iter().filter(|run| all_dots || run.len() < 2);
    let dots: Vec<&Point> = dotted.flatten().collect();
    if dots.is_empty() {
        return;
    }
    out.raw("<path class=\"dots ").raw(class).raw("\" d=\"");
    for point in dots {
        let (x, y) = place(point);
        out.raw("M").number(x).raw(" ").number(y).raw("h0");
    }
    out.raw("\"/>");
}

/// Names beside the ends of the lines, pushed apart where they would overlap.
fn names(out: &mut Html, scene: &Scene, up: &impl Fn(i64) -> f64) {
    let lines = std::iter::once(&scene.total).chain(&scene.tags);
    let mut names: Vec<(f64, usize, &str)> = lines
        .enumerate()
        .filter_map(|(place, line)| {
            let y = up(line.last()?.1) * POOL_PIXELS + 4.0;
            let name = if place == 0 {
                "total"
            } else {
                line.name.as_str()
            };
            Some((y, place, name))
        })
        .collect();
    names.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    push_apart(&mut names);
    out.raw("<svg class=\"names\" aria-hidden=\"true\"");
    out.attr_number("height", POOL_PIXELS).raw(">");
    for (y, place, name) in names {
        let class = series_class(place);
        out.raw("<line class=\"line ")
            .raw(class)
            .raw("\" x1=\"4\" x2=\"22\"");
        out.attr_number("y1", y - 4.0)
            .attr_number("y2", y - 4.0)
            .raw("/>");
        out.raw("<text x=\"27\"").attr_number("y", y).raw(">");
        out.name(name).raw("</text>");
    }
    out.raw("</svg>");
}

fn push_apart(names: &mut [(f64, usize, &str)]) {
    let mut least = 11.0;
    for name in names.iter_mut() {
        name.0 = name.0.max(least);
        least = name.0 + NAME_PIXELS;
    }
    let mut most = POOL_PIXELS - 3.0;
    for name in names.iter_mut().rev() {
        name.0 = name.0.min(most);
        most = name.0 - NAME_PIXELS;
    }
}

fn bars_row(out: &mut Html, scene: &Scene, chart: Chart) {
    let most = scene.bars.iter().map(|b| b.total).max().unwrap_or(0);
    out.raw("<div class=\"panel\">");
    let top = (most > 0).then(|| (6.0, wording::count(most)));
    let ticks = top.into_iter().chain([(BARS_PIXELS, "0".to_owned())]);
    scale(out, BARS_PIXELS, ticks);
    let label = match most {
        0 => "No connection was refused".to_owned(),
        _ => format!(
            "Bars: {}, at most {}",
            bars_are(scene.bars_are),
            wording::count(most)
        ),
    };
    open_stage(out, "refusals", BARS_PIXELS, &label);
    grid_line(out, BARS_PIXELS - 0.5);
    open_box(out, chart, BARS_PIXELS);
    bands(out, chart, &scene.silences, "blank");
    for at in &scene.rolls {
        upright(out, chart, *at, "roll");
    }
    marks(out, scene, chart);
    for bar in &scene.bars {
        draw_bar(out, chart, bar, most.max(1));
    }
    out.raw("</svg>");
    band_names(
        out,
        chart,
        &scene.silences,
        "no log rows",
        BARS_PIXELS / 2.0,
    );
    out.raw("</svg><div class=\"beside\">");
    out.raw(match most {
        0 => "no connection refused",
        _ => bars_are(scene.bars_are),
    });
    out.raw("</div></div>");
}

/// What a bar is, in words.
pub const fn bars_are(bars: BarsAre) -> &'static str {
    match bars {
        BarsAre::Stretches(60) => "connections refused per minute",
        BarsAre::Stretches(3_600) => "connections refused per hour",
        BarsAre::Stretches(1) => "connections refused per second",
        BarsAre::Stretches(_) => "connections refused per stretch",
        BarsAre::Episodes => "connections refused per episode",
    }
}

/// Lines where Windows logged an event.
fn marks(out: &mut Html, scene: &Scene, chart: Chart) {
    for mark in scene.marks.iter().filter(|_| chart.axis == Axis::Time) {
        upright(out, chart, mark.at, mark.is.class());
    }
}

/// A line from top to bottom; none outside the axis.
fn upright(out: &mut Html, chart: Chart, at: i64, class: &'static str) {
    if !(chart.span.from..=chart.span.to).contains(&at) {
        return;
    }
    let x = chart.x(at);
    out.raw("<line").attr("class", class).attr_number("x1", x);
    out.attr_number("x2", x).raw(" y1=\"0\"");
    out.attr_number("y2", HEIGHT).raw("/>");
}

fn draw_bar(out: &mut Html, chart: Chart, bar: &Bar, most: u64) {
    // One refusal among thousands still has to be seen.
    let height = (bar.total as f64 / most as f64 * (HEIGHT - 60.0)).max(15.0);
    let (from, to) = (chart.x(bar.from), chart.x(bar.to));
    out.raw("<rect class=\"bar\"").attr_number("x", from);
    out.attr_number("width", to - from);
    out.attr_number("y", HEIGHT - height)
        .attr_number("height", height)
        .raw("/>");
}

fn axis_row(out: &mut Html, chart: Chart) {
    out.raw("<div class=\"panel\"><svg class=\"scale\" height=\"34\" aria-hidden=\"true\">");
    out.raw("<text class=\"unit\" x=\"100%\" y=\"14\" text-anchor=\"end\">");
    out.raw(match chart.axis {
        Axis::Time => "UTC",
        Axis::Order => "snapshot",
    });
    out.raw(
        "</text></svg><svg class=\"stage axis\" width=\"100%\" height=\"34\" aria-hidden=\"true\">",
    );
    for tick in ticks(chart) {
        let Some(percent) = chart.percent(tick.at) else {
            continue;
        };
        axis_text(out, percent, 14.0, &tick.label);
        if let Some(below) = &tick.below {
            axis_text(out, percent, 29.0, below);
        }
    }
    out.raw("</svg><div class=\"beside\"></div></div>");
}

fn ticks(chart: Chart) -> Vec<axis::Tick> {
    match chart.axis {
        Axis::Time => axis::times(chart.focus.from, chart.focus.to, TIME_TICKS),
        Axis::Order => axis::places(chart.focus.to, TIME_TICKS)
            .into_iter()
            .map(|at| axis::Tick {
                at,
                label: units::count(at + 1),
                below: None,
            })
            .collect(),
    }
}

fn axis_text(out: &mut Html, percent: f64, y: f64, label: &str) {
    let anchor = match percent {
        p if p < 4.0 => "start",
        p if p > 96.0 => "end",
        _ => "middle",
    };
    out.raw("<text x=\"").number(percent).raw("%\"");
    out.raw(" text-anchor=\"")
        .raw(anchor)
        .raw("\"")
        .attr_number("y", y);
    out.raw(">").name(label).raw("</text>");
}
