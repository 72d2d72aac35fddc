//! Small multiples: the pool of every leaking case, drawn alike.

use super::{cases, end_section, more, section};
use crate::batch::publish::Results;
use crate::batch::record::Record;
use crate::report::html::frame;
use crate::report::html::list::{Bounds, rows};
use crate::report::html::markup::Html;
use crate::report::wording;

const CURVES: Bounds = Bounds::new(120, 400);

/// Width and height of a picture, in its own units.
const SIZE: (f64, f64) = (200.0, 80.0);

/// Leaking cases, the fastest growth first; each picture begins at zero and ends at its own top.
pub(super) fn multiples(out: &mut Html, results: &Results<'_>) {
    section(out, "curves");
    let mut leaking: Vec<&Record> = results
        .states
        .iter()
        .map(|state| &state.record)
        .filter(|record| record.is_leak() && record.curve.len() > 1)
        .collect();
    if leaking.is_empty() {
        frame::nothing(out, "No case shows a leak.");
        return end_section(out);
    }
    let rate = |record: &Record| record.growth_bytes_per_hour.unwrap_or(0.0);
    leaking.sort_by(|a, b| rate(b).total_cmp(&rate(a)).then(a.path.cmp(&b.path)));
    out.raw("<p class=\"soft\">Nonpaged pool over the snapshots of leaking cases, the fastest first. Each picture begins at zero; the dashed line is the limit where it is known.</p>\n");
    out.raw("<ul class=\"multiples\">");
    let left = rows(out, leaking.into_iter(), CURVES, picture);
    out.raw("</ul>\n");
    more(out, left, "curves in the table curves of rollup.sqlite");
    end_section(out);
}

fn picture(out: &mut Html, record: &Record) {
    let (width, height) = SIZE;
    let most = record
        .curve
        .iter()
        .map(|point| point.1)
        .max()
        .unwrap_or(1)
        .max(1) as f64;
    let limit = record.limit_bytes.map(|bytes| bytes as f64);
    // A limit far above would flatten the curve.
    let top = limit
        .filter(|limit| *limit < most * 2.0)
        .map_or(most, |l| l.max(most))
        * 1.05;
    let (first, last) = match (record.curve.first(), record.curve.last()) {
        (Some(first), Some(last)) => (first.0, last.0),
        _ => return,
    };
    let span = last.saturating_sub(first).max(1) as f64;
    let y = |bytes: f64| height - (bytes / top).clamp(0.0, 1.0) * height;
    out.raw("<li><svg aria-hidden=\"true\" preserveAspectRatio=\"none\" viewBox=\"0 0 200 80\">");
    if let Some(limit) = limit.filter(|limit| *limit <= top) {
        out.raw("<line class=\"limit\" x1=\"0\" x2=\"200\"");
        out.attr_number("y1", y(limit))
            .attr_number("y2", y(limit))
            .raw("/>");
    }
    out.raw("<polyline points=\"");
    for (snapshot, bytes) in &record.curve {
        let x = snapshot.saturating_sub(first) as f64 / span * width;
        out.number(x).raw(",").number(y(*bytes as f64)).raw(" ");
    }
    out.raw("\"/></svg><span class=\"named\">");
    cases::case_link(out, record);
    out.raw("</span><span class=\"named\">");
    cases::tag(out, record);
    if let Some(driver) = &record.driver {
        out.raw(" ").name(driver);
    }
    out.raw("</span><span class=\"soft\">to ")
        .name(&wording::size(most as i64));
    if let Some(rate) = record.growth_bytes_per_hour {
        out.raw(", ")
            .name(&crate::report::html::units::rate(rate, "h"));
    }
    out.raw("</span></li>\n");
}
