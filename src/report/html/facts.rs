//! Key facts: the machine, the clock, the limit and the threshold, each with its source.

use super::frame::{self, end_term, term};
use super::list::Bounds;
use super::markup::Html;
use super::page::Page;
use super::words;
use crate::report::model::{Limit, TimeToLimit, Withheld};
use crate::report::wording;

const NOTES: Bounds = Bounds::new(20, 40);

/// Writes the section.
pub fn section(out: &mut Html, page: &Page<'_>) {
    frame::section(out, "facts");
    out.raw("<dl class=\"facts\">");
    machine(out, page);
    zone(out, page);
    snapshots(out, page);
    logs(out, page);
    levels(out, page);
    out.raw("</dl>");
    if let Some(withheld) = &page.report.time.withheld {
        self::withheld(out, "The correlation in time is withheld", withheld);
    }
    let notes = &page.report.time.notes;
    if !notes.is_empty() {
        out.raw("<h3>On the clock</h3>");
        frame::sentences(out, "notes", notes, NOTES);
    }
    frame::end_section(out);
}

/// A box that says why something was not concluded, and what would help.
pub fn withheld(out: &mut Html, heading: &'static str, withheld: &Withheld) {
    out.raw("<div class=\"note\"><p><b>")
        .raw(heading)
        .raw(".</b> ");
    out.sentence(&withheld.reason).raw("</p><p>");
    out.sentence(&withheld.remedy);
    if let Some(option) = &withheld.option {
        out.raw(" <code>").name(option).raw("</code>");
    }
    out.raw("</p></div>");
}

fn soft(out: &mut Html, text: &str) {
    out.raw(" <span class=\"soft\">")
        .sentence(text)
        .raw("</span>");
}

fn known(out: &mut Html, text: Option<&str>) {
    match text {
        Some(text) => {
            out.sentence(text);
        }
        None => soft(out, "not stated in the case"),
    }
}

fn machine(out: &mut Html, page: &Page<'_>) {
    let case = &page.report.case;
    term(out, "Host");
    known(out, case.host.as_deref());
    end_term(out);
    term(out, "Windows");
    known(out, case.os.as_deref());
    if let Some(architecture) = &case.architecture {
        soft(out, architecture);
    }
    end_term(out);
    term(out, "Memory");
    let ram = case.ram_bytes.map(|bytes| wording::size_of(bytes as f64));
    known(out, ram.as_deref());
    end_term(out);
    if !case.sources.is_empty() {
        term(out, "Source of these");
        frame::sentences(out, "inline", &case.sources, Bounds::new(6, 8));
        page.links(out, &case.evidence);
        end_term(out);
    }
}

fn zone(out: &mut Html, page: &Page<'_>) {
    let time = &page.report.time;
    term(out, "Zone of local stamps");
    known(out, time.zone.as_deref());
    if let Some(source) = &time.zone_source {
        soft(out, &format!("from {source}"));
    }
    if let Some(text) = &time.zone_text {
        out.raw(" <q>").sentence(text).raw("</q>");
    }
    end_term(out);
}

fn snapshots(out: &mut Html, page: &Page<'_>) {
    let (pool, time) = (&page.report.pool, &page.report.time);
    term(out, "Snapshots");
    out.name(&wording::count(pool.snapshots));
    if pool.first.is_some() {
        out.raw(" from ");
        page.clock.maybe(out, pool.first.as_deref());
        out.raw(" to ");
        page.clock.maybe(out, pool.last.as_deref());
    }
    if time.undated_snapshots > 0 {
        soft(
            out,
            &format!("{} without a time", wording::count(time.undated_snapshots)),
        );
    }
    if let Some(order) = &pool.order {
        soft(out, &format!("Order: {order}"));
    }
    let ends = pool.epochs.iter().flat_map(|epoch| &epoch.evidence);
    page.links(out, &ends.cloned().collect::<Vec<_>>());
    end_term(out);
    if !time.stamp_sources.is_empty() {
        term(out, "Times read from");
        let sources: Vec<String> = time
            .stamp_sources
            .iter()
            .map(|(source, n)| format!("{source}: {}", wording::counted(*n, "snapshot")))
            .collect();
        frame::sentences(out, "inline", &sources, Bounds::new(8, 8));
        end_term(out);
    }
}

fn logs(out: &mut Html, page: &Page<'_>) {
    let refusals = &page.report.refusals;
    term(out, "HTTPERR logs");
    out.name(&wording::count(refusals.logs)).raw(" read");
    if refusals.log_first.is_some() {
        out.raw(", rows from ");
        page.clock.maybe(out, refusals.log_first.as_deref());
        out.raw(" to ");
        page.clock.maybe(out, refusals.log_last.as_deref());
    }
    if refusals.unanalysable_logs > 0 {
        let logs = wording::counted(refusals.unanalysable_logs, "log");
        soft(
            out,
            &format!("{logs} without the reason column: they cannot show refusals"),
        );
    }
    end_term(out);
    term(out, "Connections refused");
    if refusals.uncounted_rows > 0 {
        out.raw("at least ");
    }
    out.name(&wording::count(refusals.total)).raw(" in ");
    out.name(&wording::counted(refusals.rows, "row")).raw(", ");
    let episodes = refusals.episodes.len() as u64;
    out.name(&wording::counted(episodes, "episode"));
    if refusals.uncounted_rows > 0 {
        let rows = wording::counted(refusals.uncounted_rows, "row");
        soft(out, &format!("{rows} without a count; each counts as one"));
    }
    end_term(out);
}

fn levels(out: &mut Html, page: &Page<'_>) {
    let pool = &page.report.pool;
    term(out, "Limit of nonpaged pool");
    match &pool.limit {
        Some(limit) => {
            limit_line(out, limit);
            page.links(out, &limit.evidence);
        }
        None => soft(out, "not known"),
    }
    end_term(out);
    term(out, "Refusal threshold");
    match &pool.threshold {
        Some(threshold) => {
            out.name(&wording::size_of(threshold.bytes as f64))
                .raw(" free");
            soft(out, &threshold.basis);
        }
        None => soft(out, "not known"),
    }
    end_term(out);
    if let Some(time) = &pool.time_to_limit {
        term(out, "Time to the limit");
        time_to_limit(out, time);
        end_term(out);
    }
}

fn limit_line(out: &mut Html, limit: &Limit) {
    out.name(&wording::size_of(limit.bytes as f64));
    if limit.low != limit.high {
        let (low, high) = (limit.low as f64, limit.high as f64);
        let range = format!("({} to {})", wording::size_of(low), wording::size_of(high));
        out.raw(" ").name(&range);
    }
    soft(
        out,
        &format!("{}; {}", words::quality(&limit.quality), limit.basis),
    );
}

fn time_to_limit(out: &mut Html, time: &TimeToLimit) {
    let hours = |h: f64| wording::hours(h);
    match time.hours {
        Some(best) => {
            out.name(&hours(best)).raw(" after the last snapshot");
        }
        None => soft(out, "not stated"),
    }
    if let (Some(soonest), Some(latest)) = (time.soonest, time.latest) {
        soft(out, &format!("({} to {})", hours(soonest), hours(latest)));
    }
    soft(out, &time.basis);
}
