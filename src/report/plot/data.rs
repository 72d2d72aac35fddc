//! The numbers behind a chart, for the page's script: hovering shows them.
//!
//! Numbers only, so nothing in here can end the element that it stands in. Names are taken
//! from the legend.

use super::scene::{Axis, Line, Scene, Span};
use crate::report::html::Clock;
use crate::report::html::markup::Html;

/// Writes an inert block of JSON: axis, stretches, offsets of the case's zone, lines as pairs
/// (milliseconds or places from the beginning of the axis, bytes), bars as triples.
pub fn write(
    out: &mut Html,
    scene: &Scene,
    (axis, span, focus): (Axis, Span, Span),
    (pool, bars): (bool, bool),
    clock: Clock,
) {
    out.raw("<script type=\"application/json\">{\"time\":");
    out.raw(if axis == Axis::Time { "true" } else { "false" });
    out.raw(",\"span\":");
    pair(out, span.from, span.to);
    out.raw(",\"focus\":");
    pair(out, focus.from, focus.to);
    out.raw(",\"offsets\":[");
    if axis == Axis::Time {
        let offsets = clock.offsets(span.from, span.to);
        parted(out, &offsets, |out, o| pair(out, o.0, i64::from(o.1)));
    }
    out.raw("],\"lines\":[");
    if pool {
        let lines: Vec<&Line> = std::iter::once(&scene.total).chain(&scene.tags).collect();
        parted(out, &lines, |out, line| write_line(out, line, span));
    }
    out.raw("],\"bars\":[");
    if bars {
        parted(out, &scene.bars, |out, bar| {
            let from = bar.from.saturating_sub(span.from);
            out.raw("[").integer(from).raw(",");
            out.integer(bar.to.saturating_sub(span.from)).raw(",");
            out.integer(bar.total).raw("]");
        });
    }
    out.raw("]}</script>");
}

fn write_line(out: &mut Html, line: &Line, span: Span) {
    let points: Vec<_> = line.points().collect();
    out.raw("[");
    parted(out, &points, |out, p| {
        pair(out, p.0.saturating_sub(span.from), p.1);
    });
    out.raw("]");
}

fn pair(out: &mut Html, a: i64, b: i64) {
    out.raw("[").integer(a).raw(",").integer(b).raw("]");
}

fn parted<T>(out: &mut Html, items: &[T], mut write: impl FnMut(&mut Html, &T)) {
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.raw(",");
        }
        write(out, item);
    }
}
