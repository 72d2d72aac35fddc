//! Refusals: episodes, rival reasons, and how pool and refusals fit in time.

use super::facts;
use super::frame::{self, Holds, end_term, term};
use super::list::{Bounds, more};
use super::markup::Html;
use super::page::Page;
use super::{units, words};
use crate::report::model::{Correlation, Episode};
use crate::report::plot::clock;
use crate::report::wording;

const EPISODES: Bounds = Bounds::new(500, 250);
const REASONS: Bounds = Bounds::new(100, 60);

/// Rival reasons named beside an episode.
const RIVALS: usize = 6;

const COLUMNS: &[frame::Column] = &[
    ("First refusal", Holds::Words),
    ("Last refusal", Holds::Words),
    ("Over?", Holds::Words),
    ("Refused", Holds::Numbers),
    ("Rows", Holds::Numbers),
    ("Worst minute", Holds::Numbers),
    ("Pool at its start", Holds::Numbers),
    ("Still free then", Holds::Numbers),
    ("Other reasons meanwhile", Holds::Words),
    ("Evidence", Holds::Other),
];

/// Writes episodes and reasons.
pub fn section(out: &mut Html, page: &Page<'_>) {
    let refusals = &page.report.refusals;
    frame::section(out, "refusals");
    if refusals.episodes.is_empty() {
        frame::nothing(out, "No log that was read holds a refused connection.");
    } else {
        let caption = "Episodes of refused connections";
        let episodes = refusals.episodes.iter();
        let left = frame::table(
            out,
            ("tools", caption),
            COLUMNS,
            episodes,
            EPISODES,
            |out, e| {
                episode(out, page, e);
            },
        );
        more(out, left, "episodes");
    }
    reasons(out, page);
    frame::end_section(out);
}

/// The pool at the start: a figure, or the snapshots around it.
fn pool_at(episode: &Episode, bytes: u64) -> String {
    match episode.pool_low.zip(episode.pool_high) {
        Some((low, high)) => format!("{} to {}", wording::size_u(low), wording::size_u(high)),
        None => wording::size_u(bytes),
    }
}

fn episode(out: &mut Html, page: &Page<'_>, episode: &Episode) {
    out.raw("<tr><td>");
    page.clock.time(out, &episode.start);
    out.raw("</td><td>");
    page.clock.time(out, &episode.end);
    out.raw("</td><td>")
        .name(words::ended(episode.ended))
        .raw("</td>");
    frame::number_cell(
        out,
        Some(episode.total as f64),
        &wording::count(episode.total),
    );
    frame::number_cell(
        out,
        Some(episode.rows as f64),
        &wording::count(episode.rows),
    );
    out.raw("<td class=\"num\"")
        .attr("data-k", &episode.worst_minute_total.to_string());
    out.raw(">")
        .name(&wording::count(episode.worst_minute_total))
        .raw("<small>");
    page.clock.time(out, &episode.worst_minute);
    out.raw("</small></td><td class=\"num\"");
    match episode.pool_bytes {
        Some(bytes) => {
            out.attr("data-k", &bytes.to_string()).raw(">");
            out.name(&pool_at(episode, bytes));
        }
        None => {
            out.raw(">–");
        }
    }
    if let Some(basis) = episode.pool_basis {
        out.raw("<small>").name(words::basis(basis)).raw("</small>");
    }
    out.raw("</td>");
    let free = episode.headroom_bytes.map(|b| b as f64);
    frame::number_cell(
        out,
        free,
        &free.map_or_else(|| "–".to_owned(), wording::size_of),
    );
    rivals(out, episode);
    out.raw("<td>");
    page.links(out, &episode.evidence);
    out.raw("</td></tr>\n");
}

fn rivals(out: &mut Html, episode: &Episode) {
    out.raw("<td>");
    if episode.rivals.is_empty() {
        out.raw("–");
    }
    for (reason, rows) in episode.rivals.iter().take(RIVALS) {
        out.name(&wording::count(*rows))
            .raw(" ")
            .name(reason)
            .raw("<br>");
    }
    let left = episode.rivals.len().saturating_sub(RIVALS);
    if left > 0 {
        out.raw("and ").integer(left as i128).raw(" more");
    }
    out.raw("</td>");
}

fn reasons(out: &mut Html, page: &Page<'_>) {
    let reasons = &page.report.refusals.reasons;
    if reasons.is_empty() {
        return;
    }
    let mut sorted: Vec<(&String, &u64)> = reasons.iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let columns = [("Reason", Holds::Words), ("Rows", Holds::Numbers)];
    let head = ("narrow", "Rows by reason, all logs together");
    let left = frame::table(
        out,
        head,
        &columns,
        sorted.into_iter(),
        REASONS,
        |out, (reason, n)| {
            out.raw("<tr><th scope=\"row\"><code>")
                .name(reason)
                .raw("</code></th>");
            frame::number_cell(out, Some(*n as f64), &wording::count(*n));
            out.raw("</tr>\n");
        },
    );
    more(out, left, "reasons");
}

/// Writes how pool and refusals fit in time, and for which error of the clock that holds.
pub fn clock_error(out: &mut Html, page: &Page<'_>) {
    let correlation = &page.report.correlation;
    frame::section(out, "clock");
    match (&correlation.withheld, correlation.reading) {
        (Some(withheld), _) => {
            facts::withheld(out, "No conclusion from times is drawn", withheld);
        }
        (None, None) => frame::nothing(out, "Nothing was correlated in time."),
        (None, Some(reading)) => fit(out, correlation, reading),
    }
    frame::end_section(out);
}

fn fit(out: &mut Html, correlation: &Correlation, reading: &str) {
    out.raw("<p><b>")
        .name(words::reading(reading))
        .raw(".</b> ");
    out.sentence(correlation.text.as_deref().unwrap_or_default())
        .raw("</p>");
    if let Some(band) = clock::band(correlation) {
        out.raw("<figure class=\"band\"><figcaption>")
            .sentence(&clock::sentence(band));
        out.raw("</figcaption>");
        clock::figure(out, band);
        out.raw("<p class=\"ends soft\"><span>← snapshots’ clock slow</span><span>fast →</span></p></figure>");
    }
    out.raw("<dl class=\"facts\">");
    if let Some(covered) = correlation.covered {
        term(out, "Refusals near a snapshot");
        out.name(&units::percent(covered))
            .raw(" of the refused connections");
        end_term(out);
    }
    if let Some(separation) = correlation.separation {
        term(out, "Separation");
        out.name(&format!("{separation:.2}"));
        out.raw(" <span class=\"soft\">chance that the pool is higher at a refusal than at another moment; 0.5 is no tie, 1 is the closest</span>");
        end_term(out);
    }
    if let Some(lag) = correlation.lag_seconds {
        term(out, "First refusal");
        out.name(&wording::seconds(lag));
        out.raw(if lag < 0 { " before" } else { " after" });
        out.raw(" the threshold was crossed");
        end_term(out);
    }
    out.raw("</dl>");
}
