//! The clock figure: within which error of the snapshots' clock the reading stays.

use super::axis;
use crate::report::html::markup::Html;
use crate::report::model::Correlation;

/// Errors that are tried, in minutes, to either side; a band that reaches it may be wider.
const TRIED: i64 = 24 * 60;

/// Scales that the figure chooses from, in minutes: the smallest that leaves air around.
const SCALES: [i64; 4] = [60, 4 * 60, 12 * 60, TRIED];

/// The band, if the correlation states one: minutes back and forward.
pub fn band(correlation: &Correlation) -> Option<(i64, i64)> {
    let back = correlation.survives_minutes_back?.clamp(0, TRIED);
    let forward = correlation.survives_minutes_forward?.clamp(0, TRIED);
    Some((back, forward))
}

/// The band in words.
pub fn sentence((back, forward): (i64, i64)) -> String {
    let end = |minutes: i64, sign: i64| {
        let label = axis::minutes_label(minutes * sign);
        if minutes >= TRIED {
            format!("{label} (the most that was tried)")
        } else {
            label
        }
    };
    format!(
        "The reading stays the same while the snapshots' clock is wrong by anything from {} to {}.",
        end(back, -1),
        end(forward, 1)
    )
}

/// Draws the band on a line from slow to fast.
pub fn figure(out: &mut Html, (back, forward): (i64, i64)) {
    let widest = back.max(forward);
    let scale = SCALES
        .into_iter()
        .find(|s| widest * 10 <= s * 8)
        .unwrap_or(TRIED);
    let percent = |minutes: i64| 50.0 + minutes as f64 / scale as f64 * 46.0;
    out.raw("<svg class=\"clockfig\" width=\"100%\" height=\"64\" role=\"img\"");
    out.attr("aria-label", &sentence((back, forward))).raw(">");
    out.raw("<line class=\"grid\" x1=\"2%\" x2=\"98%\" y1=\"24\" y2=\"24\"/>");
    let (from, to) = (percent(-back), percent(forward));
    out.raw("<rect class=\"holds\" y=\"14\" height=\"20\" rx=\"3\" x=\"");
    out.number(from)
        .raw("%\" width=\"")
        .number((to - from).max(0.6))
        .raw("%\"/>");
    for part in -2i64..=2 {
        let minutes = scale * part / 2;
        let x = percent(minutes);
        out.raw("<line class=\"tick\" y1=\"20\" y2=\"28\" x1=\"")
            .number(x);
        out.raw("%\" x2=\"").number(x).raw("%\"/>");
        let anchor = match part {
            -2 => "start",
            2 => "end",
            _ => "middle",
        };
        out.raw("<text y=\"52\" text-anchor=\"")
            .raw(anchor)
            .raw("\" x=\"");
        out.number(x).raw("%\">");
        out.name(&axis::minutes_label(minutes)).raw("</text>");
    }
    out.raw("<line class=\"zero\" x1=\"50%\" x2=\"50%\" y1=\"8\" y2=\"40\"/></svg>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_said_and_drawn() {
        assert_eq!(
            sentence((75, 1_440)),
            "The reading stays the same while the snapshots' clock is wrong by anything from −1 h 15 min to +24 h (the most that was tried)."
        );
        let mut html = Html::new();
        figure(&mut html, (30, 30));
        assert!(
            html.as_str().contains("x=\"27%\" width=\"46%\""),
            "{}",
            html.as_str()
        );
    }
}
