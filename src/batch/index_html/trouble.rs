//! What could not be analysed, why, and how to see it again.

use super::{cases, end_section, more, section};
use crate::batch::failure::FaultKind;
use crate::batch::publish::Results;
use crate::batch::record::Record;
use crate::report::html::frame::{self, Holds};
use crate::report::html::list::Bounds;
use crate::report::html::markup::Html;
use crate::report::wording;

const FAILED: Bounds = Bounds::new(1_000, 600);
const IN_PART: Bounds = Bounds::new(1_000, 600);

pub(super) fn unreadable(out: &mut Html, results: &Results<'_>) {
    section(out, "unreadable");
    let failed: Vec<&Record> = results
        .states
        .iter()
        .map(|state| &state.record)
        .filter(|record| !record.is_ok())
        .collect();
    match failed.is_empty() {
        true => frame::nothing(out, "Every case was analysed."),
        false => table_of_failed(out, failed),
    }
    in_part(out, results);
    end_section(out);
}

fn table_of_failed(out: &mut Html, failed: Vec<&Record>) {
    let columns = [
        ("Case", Holds::Words),
        ("What", Holds::Words),
        ("Why", Holds::Words),
        ("To see it again", Holds::Other),
    ];
    let caption = format!("Cases that could not be analysed: {}", failed.len());
    let left = frame::table(
        out,
        ("tools", &caption),
        &columns,
        failed.into_iter(),
        FAILED,
        row,
    );
    more(out, left, "cases in the view unreadable of rollup.sqlite");
}

/// Cases that were analysed without something that is in them.
fn in_part(out: &mut Html, results: &Results<'_>) {
    let records = results.states.iter().map(|state| &state.record);
    let lost: Vec<&Record> = records.filter(|record| record.has_losses()).collect();
    if lost.is_empty() {
        return;
    }
    let columns = [
        ("Case", Holds::Words),
        ("Files lost", Holds::Numbers),
        ("What could not be read", Holds::Words),
    ];
    let caption = format!("Cases that were read in part: {}", lost.len());
    let heading = ("tools", caption.as_str());
    let left = frame::table(out, heading, &columns, lost.into_iter(), IN_PART, lost_row);
    more(out, left, "cases in the view in_part of rollup.sqlite");
}

fn lost_row(out: &mut Html, record: &Record) {
    out.raw("<tr><th scope=\"row\">");
    cases::case_link(out, record);
    out.raw("</th>");
    let files = record.artifacts_lost;
    frame::number_cell(out, Some(files as f64), &wording::count(files));
    out.raw("<td>");
    out.sentence(record.losses.as_deref().unwrap_or_default());
    out.raw("</td></tr>\n");
}

fn row(out: &mut Html, record: &Record) {
    let kind = record.error_kind.as_deref().unwrap_or_default();
    let what = FaultKind::of_name(kind).map_or(kind, |known| known.sentence());
    out.raw("<tr><th scope=\"row\">");
    cases::case_link(out, record);
    out.raw("</th><td>").name(what).raw("</td><td>");
    out.sentence(record.error.as_deref().unwrap_or_default());
    out.raw("</td><td><code>").sentence(&record.reproduce);
    out.raw("</code></td></tr>\n");
}
