//! What could not be analysed, why, and how to see it again.

use super::{cases, end_section, more, section};
use crate::batch::failure::FaultKind;
use crate::batch::publish::Results;
use crate::batch::record::Record;
use crate::report::html::frame::{self, Holds};
use crate::report::html::list::Bounds;
use crate::report::html::markup::Html;

const FAILED: Bounds = Bounds::new(1_000, 600);

pub(super) fn unreadable(out: &mut Html, results: &Results<'_>) {
    section(out, "unreadable");
    let failed: Vec<&Record> = results
        .states
        .iter()
        .map(|state| &state.record)
        .filter(|record| !record.is_ok())
        .collect();
    if failed.is_empty() {
        frame::nothing(out, "Every case was analysed.");
        return end_section(out);
    }
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
    end_section(out);
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
