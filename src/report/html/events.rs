//! What Windows' event logs say: a table of the events that matter.

use super::frame::{self, Holds};
use super::list::{Bounds, more};
use super::markup::Html;
use super::page::Page;
use crate::report::model::Events;
use crate::report::wording;

/// Rows of the table, from both ends.
const ROWS: Bounds = Bounds::new(150, 150);

/// Writes the section.
pub fn section(out: &mut Html, page: &Page<'_>) {
    frame::section(out, "events");
    match &page.report.events {
        Some(events) => {
            summary(out, page, events);
            table(out, page, events);
        }
        None => frame::nothing(out, "No event log was found in this case."),
    }
    frame::end_section(out);
}

fn summary(out: &mut Html, page: &Page<'_>, events: &Events) {
    out.raw("<p>").name(&wording::counted(events.read, "event"));
    out.raw(" of ").name(&wording::counted(events.logs, "log"));
    if events.first.is_some() {
        out.raw(", from ");
        page.clock.maybe(out, events.first.as_deref());
        out.raw(" to ");
        page.clock.maybe(out, events.last.as_deref());
    }
    out.raw("; listed are those that bear on pool, refusals, drivers and clock.");
    if events.undated > 0 {
        out.raw(" ")
            .name(&wording::counted(events.undated, "event"))
            .raw(" of these kinds without a time in UTC could not be placed");
        match &events.undated_reason {
            Some(why) => out.raw(": ").sentence(why).raw("."),
            None => out.raw("."),
        };
    }
    if events.marks_not_listed > 0 {
        out.raw(" ")
            .name(&wording::counted(events.marks_not_listed, "event"))
            .raw(" more that repeat are counted only.");
    }
    out.raw("</p>");
}

fn table(out: &mut Html, page: &Page<'_>, events: &Events) {
    if events.marks.is_empty() {
        return;
    }
    let columns = [
        ("Time", Holds::Words),
        ("Event", Holds::Numbers),
        ("What it says", Holds::Words),
    ];
    let left = frame::table(
        out,
        ("", "Events that matter, in time"),
        &columns,
        events.marks.iter(),
        ROWS,
        |out, mark| {
            out.raw("<tr><td>");
            page.clock.maybe(out, Some(&mark.at));
            out.raw("</td>");
            frame::number_cell(out, Some(f64::from(mark.id)), &mark.id.to_string());
            out.raw("<td>").sentence(&mark.text);
            page.links(out, &mark.evidence);
            out.raw("</td></tr>\n");
        },
    );
    more(out, left, "events");
}
