//! The main plot with its legend, its words and its table.

use super::frame::{self, Holds};
use super::list::Bounds;
use super::markup::Html;
use super::page::Page;
use crate::report::model::PoolPoint;
use crate::report::plot::decimate;
use crate::report::plot::marks::MarkIs;
use crate::report::plot::scene::{Axis, Scene};
use crate::report::plot::svg;
use crate::report::wording;

/// Rows of the table that says what the plot shows.
const TABLE: Bounds = Bounds::new(60, 60);

/// Columns whose extremes that table shows; four rows each at most.
const TABLE_COLUMNS: usize = 12;

/// Writes the section.
pub fn section(out: &mut Html, page: &Page<'_>) {
    frame::section(out, "plot");
    match Scene::of(page.report) {
        Some(scene) => {
            out.raw("<figure class=\"plot\" aria-describedby=\"plot-words\">");
            out.raw("<figcaption id=\"plot-words\">");
            caption(out, page, &scene);
            out.raw("</figcaption>");
            controls(out);
            svg::figure(out, &scene, page.clock);
            legend(out, &scene);
            out.raw("</figure>");
        }
        None => frame::nothing(
            out,
            "There is nothing to draw: no snapshot states the size of nonpaged pool, and no log holds refusals.",
        ),
    }
    table(out, page);
    frame::end_section(out);
}

fn controls(out: &mut Html) {
    const BUTTONS: &[(&str, &str, &str)] = &[
        ("in", "Zoom in", "+"),
        ("out", "Zoom out", "−"),
        ("left", "Earlier", "◂"),
        ("right", "Later", "▸"),
        ("all", "Show all", "Show all"),
    ];
    out.raw("<div class=\"controls js\" role=\"toolbar\" aria-label=\"Zoom of the plot\">");
    for (what, label, sign) in BUTTONS {
        out.raw("<button type=\"button\" data-zoom=\"").raw(what);
        out.raw("\" aria-label=\"").raw(label).raw("\">");
        out.raw(sign).raw("</button>");
    }
    out.raw("<span class=\"soft\">drag across the plot to zoom in</span></div>");
}

fn caption(out: &mut Html, page: &Page<'_>, scene: &Scene) {
    pool_words(out, page);
    let refusals = &page.report.refusals;
    if refusals.rows > 0 {
        out.raw(" ").name(&wording::count(refusals.total));
        out.raw(" connections were refused between ");
        page.clock.maybe(out, refusals.first.as_deref());
        out.raw(" and ");
        page.clock.maybe(out, refusals.last.as_deref());
        out.raw(".");
    } else if refusals.logs > 0 {
        out.raw(" The logs hold no refused connections.");
    } else {
        out.raw(" No HTTPERR log was read.");
    }
    if let Some(limit) = scene.limit.filter(|l| !l.drawn) {
        out.raw(" The limit, ")
            .name(&wording::size_of(limit.bytes as f64));
        out.raw(", lies far above this plot.");
    }
    if scene.axis == Axis::Order && scene.has_pool() {
        out.raw(" No snapshot has a time, so they stand in their order");
        out.raw(if scene.bars_span.is_some() {
            ", and the refusals on an axis of their own."
        } else {
            "."
        });
    }
    if scene.undated > 0 {
        out.raw(" ")
            .name(&wording::counted(scene.undated as u64, "snapshot"));
        out.raw(" without a time cannot be placed.");
    }
    if scene.bars_hidden > 0 {
        out.raw(" Where bars would overlap, the highest is drawn.");
    }
    if scene.focus != scene.span {
        out.raw(" The plot opens on the snapshots; refusals lie further out.");
    }
}

fn pool_words(out: &mut Html, page: &Page<'_>) {
    let points = &page.report.pool.nonpaged;
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        match page.report.pool.counter_samples {
            0 => out.raw("No snapshot states the size of nonpaged pool."),
            _ => out.raw("No snapshot states the size of nonpaged pool; the line is that of performance counters."),
        };
        return;
    };
    let peak = points.iter().map(|p| p.bytes).max().unwrap_or(last.bytes);
    out.raw("Nonpaged pool: ")
        .name(&wording::size_of(first.bytes as f64));
    out.raw(" in the first snapshot, ")
        .name(&wording::size_of(last.bytes as f64));
    out.raw(" in the last, at most ")
        .name(&wording::size_of(peak as f64))
        .raw(".");
}

fn legend(out: &mut Html, scene: &Scene) {
    out.raw("<div class=\"legend\"><p class=\"js readout\"><span id=\"readout\">Point at the plot, or focus it and use the arrow keys.</span></p>");
    out.raw("<p class=\"unseen\" id=\"spoken\" aria-live=\"polite\"></p><ul>");
    let lines = std::iter::once(&scene.total).chain(&scene.tags);
    for (place, line) in lines.enumerate() {
        let (Some(first), Some(last)) = (line.points().next(), line.last()) else {
            continue;
        };
        out.raw("<li>");
        sample(out, svg::series_class(place));
        out.raw(if place == 0 {
            "<span class=\"key\">"
        } else {
            "<span class=\"key tag\">"
        });
        out.name(&line.name).raw("</span> ");
        out.raw("<span class=\"val\"")
            .attr_number("data-line", place as u32);
        out.raw(">")
            .name(&wording::size_of(first.1 as f64))
            .raw(" → ");
        out.name(&wording::size_of(last.1 as f64))
            .raw("</span></li>");
    }
    if !scene.bars.is_empty() {
        let most = scene.bars.iter().map(|b| b.total).max().unwrap_or(0);
        out.raw("<li><svg class=\"sample\" aria-hidden=\"true\" width=\"26\" height=\"12\"><rect class=\"bar\" x=\"4\" y=\"3\" width=\"4\" height=\"9\"/><rect class=\"bar\" x=\"11\" y=\"0\" width=\"4\" height=\"12\"/></svg><span class=\"key\">");
        out.raw(svg::bars_are(scene.bars_are));
        out.raw("</span> <span class=\"val\" data-bars=\"\">at most ");
        out.name(&wording::count(most)).raw("</span></li>");
    }
    levels(out, scene);
    out.raw("</ul></div>");
}

fn levels(out: &mut Html, scene: &Scene) {
    let kinds = [
        (scene.limit, "level limit", "limit"),
        (
            scene.threshold,
            "level threshold",
            "http.sys refuses above (documented threshold)",
        ),
    ];
    for (level, class, name) in kinds {
        let Some(level) = level else {
            continue;
        };
        out.raw("<li>");
        sample(out, class);
        out.raw("<span class=\"key\">").raw(name).raw("</span> ");
        out.raw("<span>")
            .name(&wording::size_of(level.bytes as f64))
            .raw("</span></li>");
    }
    if scene.has_bars() && !scene.rolls.is_empty() {
        out.raw("<li><svg class=\"sample\" aria-hidden=\"true\" width=\"26\" height=\"12\"><line class=\"roll\" x1=\"13\" x2=\"13\" y1=\"0\" y2=\"12\"/></svg><span class=\"key\">a new log begins</span></li>");
    }
    for is in MarkIs::ALL {
        let there = scene.marks.iter().any(|mark| mark.is == is) && scene.axis == Axis::Time;
        if there {
            out.raw("<li><svg class=\"sample\" aria-hidden=\"true\" width=\"26\" height=\"12\"><line class=\"");
            out.raw(is.class())
                .raw("\" x1=\"13\" x2=\"13\" y1=\"0\" y2=\"12\"/></svg><span class=\"key\">");
            out.raw(is.words()).raw("</span></li>");
        }
    }
    let bands = [
        (!scene.episodes.is_empty(), "episode", "refusals under way"),
        (!scene.restarts.is_empty(), "restart", "restart in here"),
        (
            !scene.blanks.is_empty() || !scene.silences.is_empty(),
            "blank",
            "no data",
        ),
    ];
    for (is_there, class, name) in bands {
        if is_there {
            out.raw("<li><svg class=\"sample\" aria-hidden=\"true\" width=\"26\" height=\"12\"><rect class=\"");
            out.raw(class)
                .raw("\" width=\"26\" height=\"12\"/></svg><span class=\"key\">");
            out.raw(name).raw("</span></li>");
        }
    }
}

fn sample(out: &mut Html, class: &'static str) {
    out.raw(
        "<svg class=\"sample\" aria-hidden=\"true\" width=\"26\" height=\"12\"><line class=\"line ",
    );
    out.raw(class)
        .raw("\" x1=\"1\" x2=\"25\" y1=\"6\" y2=\"6\"/></svg>");
}

/// The plot in numbers: the points that keep its shape.
fn table(out: &mut Html, page: &Page<'_>) {
    let points = &page.report.pool.nonpaged;
    if points.is_empty() {
        return;
    }
    let places: Vec<(i64, i64)> = (0i64..).zip(points).map(|(n, p)| (n, p.bytes)).collect();
    let kept: Vec<&PoolPoint> = decimate::keep_extremes(&places, TABLE_COLUMNS)
        .iter()
        .filter_map(|(n, _)| points.get(usize::try_from(*n).ok()?))
        .collect();
    out.raw("<details><summary>The plot as a table</summary>");
    let caption = format!(
        "Nonpaged pool at {} of {} snapshots: first, last, lowest and highest of each stretch",
        wording::count(kept.len() as u64),
        wording::count(points.len() as u64)
    );
    let columns = [
        ("Snapshot", Holds::Numbers),
        ("Time", Holds::Words),
        ("Boot epoch", Holds::Numbers),
        ("Nonpaged pool", Holds::Numbers),
        ("Still free", Holds::Numbers),
    ];
    frame::table(
        out,
        ("", &caption),
        &columns,
        kept.into_iter(),
        TABLE,
        |out, p| {
            out.raw("<tr>");
            frame::number_cell(
                out,
                Some(p.snapshot as f64),
                &wording::count(p.snapshot.saturating_add(1)),
            );
            out.raw("<td>");
            page.clock.maybe(out, p.at.as_deref());
            out.raw("</td>");
            frame::number_cell(
                out,
                Some(p.epoch as f64),
                &wording::count(p.epoch.saturating_add(1)),
            );
            frame::number_cell(out, Some(p.bytes as f64), &wording::size_of(p.bytes as f64));
            let free = p.headroom_bytes.map(|b| b as f64);
            frame::number_cell(
                out,
                free,
                &free.map_or_else(|| "–".to_owned(), wording::size_of),
            );
            out.raw("</tr>\n");
        },
    );
    out.raw("</details>");
}
