//! The batch on one page: complete in itself, by the look and the rules of the single report.
//!
//! As there, all is to be read with scripts off; the one script sorts and filters tables. Every
//! list has bounds and says what it leaves out; `cases.csv` and `rollup.sqlite` have everything.

mod cases;
mod curves;
mod drivers;
mod headline;
mod trouble;

use std::io::{self, Write};

use super::publish::Results;
use super::rollup::Rollup;
use super::version_key::sort_key;
use crate::report::html::frame;
use crate::report::html::markup::Html;
use crate::report::html::policy;
use crate::report::wording;

/// What the page needs beyond the report's own style.
const STYLE: &str = include_str!("index.css");

/// Anchors and headings.
const SECTIONS: &[(&str, &str)] = &[
    ("outcomes", "Outcomes"),
    ("new", "New since the last batch"),
    ("drivers", "Drivers and versions"),
    ("heat", "Driver, version and tag"),
    ("curves", "Pool curves"),
    ("cases", "All cases"),
    ("hosts", "Hosts"),
    ("unreadable", "Unreadable"),
];

/// Writes the page.
///
/// # Errors
/// Those of the roll-up and of the writer.
pub(super) fn write(results: &Results<'_>, rollup: &Rollup, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Html::new();
    let versions = rollup.versions()?;
    open(&mut page, results);
    headline::section(&mut page, results, rollup.foremost()?.as_ref());
    cases::outcomes(&mut page, results);
    cases::since(&mut page, results);
    drivers::versions(&mut page, &versions);
    drivers::heat(&mut page, &rollup.heat()?);
    curves::multiples(&mut page, results);
    cases::all(&mut page, results);
    drivers::hosts(&mut page, &rollup.hosts()?);
    trouble::unreadable(&mut page, results);
    close(&mut page);
    out.write_all(page.as_str().as_bytes())
}

fn open(out: &mut Html, results: &Results<'_>) {
    out.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.raw("<meta http-equiv=\"Content-Security-Policy\"");
    out.attr("content", &policy::policy_with(&[STYLE]))
        .raw(">\n");
    out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.raw("<meta name=\"referrer\" content=\"no-referrer\">\n");
    out.raw("<meta name=\"color-scheme\" content=\"light dark\">\n");
    out.raw("<title>Batch · PoolSleuth</title>\n<style>");
    out.raw(policy::STYLE).raw("</style>\n<style>").raw(STYLE);
    out.raw("</style>\n</head>\n<body>\n");
    out.raw("<a class=\"skip\" href=\"#cases\">Skip to the cases</a>\n");
    out.raw(
        "<header class=\"top\"><p class=\"brand\">PoolSleuth <span class=\"soft\">batch</span></p>",
    );
    out.raw("<p class=\"which\"><b>");
    let cases = results.states.len() as u64;
    let paths: usize = results.states.iter().map(|s| s.record.paths.len()).sum();
    out.name(&wording::counted(cases, "case"))
        .raw("</b> <span class=\"soft\">")
        .name(&wording::counted(paths as u64, "path"))
        .raw("</span></p></header>\n");
    out.raw("<nav class=\"contents\" aria-label=\"Contents\"><ul>");
    let shown = |anchor: &str| anchor != "new" || results.since.is_some();
    for (anchor, heading) in SECTIONS.iter().filter(|(anchor, _)| shown(anchor)) {
        out.raw("<li><a href=\"#").raw(anchor).raw("\">");
        out.raw(heading).raw("</a></li>");
    }
    out.raw("</ul></nav>\n<main>\n");
}

fn close(out: &mut Html) {
    out.raw("</main>\n<footer><p>Made by poolsleuth ");
    out.name(env!("CARGO_PKG_VERSION"));
    out.raw(". This file loads nothing and sends nothing. cases.csv and rollup.sqlite hold every figure.</p></footer>\n<script>");
    out.raw(policy::SCRIPT).raw("</script>\n</body>\n</html>\n");
}

/// A version, sorted by its numbers.
fn version_cell(out: &mut Html, version: Option<&str>, unstated: &str) {
    let key = version.map(sort_key).unwrap_or_default();
    frame::words_cell(out, &key, version.unwrap_or(unstated));
}

fn section(out: &mut Html, anchor: &'static str) {
    let heading = SECTIONS.iter().find(|s| s.0 == anchor).map_or("", |s| s.1);
    out.raw("<section id=\"")
        .raw(anchor)
        .raw("\" aria-labelledby=\"h-");
    out.raw(anchor)
        .raw("\">\n<h2 id=\"h-")
        .raw(anchor)
        .raw("\">");
    out.raw(heading).raw("</h2>\n");
}

fn end_section(out: &mut Html) {
    frame::end_section(out);
}

/// How many were left out of a list, and where they are.
fn more(out: &mut Html, left: usize, what: &'static str) {
    if left > 0 {
        out.raw("<p class=\"more\">").integer(left as i64);
        out.raw(" more ").raw(what).raw(".</p>");
    }
}
