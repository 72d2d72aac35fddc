//! A line as small as a word.

use super::decimate;
use crate::report::html::markup::Html;

/// Width and height in pixels.
const SIZE: (f64, f64) = (112.0, 26.0);

/// Columns that a sparkline is reduced to; four points each.
const COLUMNS: usize = 14;

/// Draws bytes over snapshots on a scale that begins at zero. Decoration: what it shows stands
/// in the columns beside it.
pub fn spark(out: &mut Html, series: &[(u64, i64)]) {
    let mut points: Vec<(i64, i64)> = series
        .iter()
        .map(|&(snapshot, bytes)| (i64::try_from(snapshot).unwrap_or(i64::MAX), bytes))
        .collect();
    points.sort_unstable();
    let points = decimate::keep_extremes(&points, COLUMNS);
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return;
    };
    let (width, height) = SIZE;
    let span = (last.0.saturating_sub(first.0)).max(1) as f64;
    let top = points.iter().map(|p| p.1).max().unwrap_or(1).max(1) as f64;
    let place = |p: &(i64, i64)| {
        let x = p.0.saturating_sub(first.0) as f64 / span * (width - 6.0) + 2.0;
        let y = (1.0 - p.1 as f64 / top).clamp(0.0, 1.0) * (height - 6.0) + 3.0;
        (x, y)
    };
    out.raw("<svg class=\"spark\" aria-hidden=\"true\"");
    out.attr_number("width", width)
        .attr_number("height", height);
    out.raw("><polyline points=\"");
    for point in &points {
        let (x, y) = place(point);
        out.number(x).raw(",").number(y).raw(" ");
    }
    let (x, y) = place(last);
    out.raw("\"/><circle r=\"2.2\"").attr_number("cx", x);
    out.attr_number("cy", y).raw("/></svg>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_series_are_drawn_or_left_out() {
        let mut html = Html::new();
        spark(&mut html, &[]);
        assert!(html.is_empty());
        spark(&mut html, &[(0, i64::MIN), (u64::MAX, i64::MAX), (3, 0)]);
        assert!(!html.as_str().contains("NaN") && html.as_str().contains("<circle"));
    }
}
