//! The page around the sections, and the parts that all of them are built from.

use super::list::{Bounds, rows};
use super::markup::Html;
use super::page::Page;
use super::{policy, words};
use crate::report::wording;

/// The sections, in order: anchor and heading.
pub const SECTIONS: &[(&str, &str)] = &[
    ("facts", "Key facts"),
    ("plot", "Pool and refusals"),
    ("tags", "Tags"),
    ("refusals", "Refusals"),
    ("clock", "Clock error"),
    ("events", "Windows events"),
    ("drivers", "Candidate drivers"),
    ("lockstep", "Lockstep groups"),
    ("findings", "Other causes"),
    ("next", "Next steps"),
    ("coverage", "Coverage"),
    ("integrity", "Integrity"),
    ("evidence", "Evidence"),
    ("method", "Method and glossary"),
    ("repeat", "Repeat this"),
];

/// Begins the page: head, skip link, contents.
pub fn open(out: &mut Html, page: &Page<'_>) {
    out.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.raw("<meta http-equiv=\"Content-Security-Policy\"");
    out.attr("content", &policy::policy()).raw(">\n");
    out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.raw("<meta name=\"referrer\" content=\"no-referrer\">\n");
    out.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    out.name(&wording::what(page.report))
        .raw(" · PoolSleuth</title>\n<style>");
    out.asset(policy::STYLE).raw("</style>\n</head>\n<body>\n");
    out.raw("<a class=\"skip\" href=\"#verdict\">Skip to the verdict</a>\n");
    masthead(out, page);
    out.raw("<main>\n");
}

fn masthead(out: &mut Html, page: &Page<'_>) {
    let case = &page.report.case;
    out.raw("<header class=\"top\"><p class=\"brand\">PoolSleuth <span class=\"soft\">report</span></p>");
    out.raw("<p class=\"which\"><span class=\"soft\">case</span> <code>");
    out.name(&words::short(&case.id)).raw("</code>");
    if let Some(host) = &case.host {
        out.raw(" <span class=\"soft\">of</span> <b>")
            .name(host)
            .raw("</b>");
    }
    out.raw("</p>");
    if page.clock.has_zone() {
        let zone = page.report.time.zone.as_deref().unwrap_or_default();
        out.raw("<p class=\"zone js\"><span class=\"soft\">times in</span> ");
        out.raw("<button type=\"button\" id=\"zone\" aria-pressed=\"false\"");
        out.attr("data-zone", zone).raw(">UTC</button></p>");
    }
    out.raw("</header>\n<nav class=\"contents\" aria-label=\"Contents\"><ul>");
    for (anchor, heading) in SECTIONS {
        out.raw("<li><a href=\"#").raw(anchor).raw("\">");
        out.raw(heading).raw("</a></li>");
    }
    out.raw("</ul></nav>\n");
}

/// Ends the page.
pub fn close(out: &mut Html, page: &Page<'_>) {
    let tool = &page.report.tool;
    out.raw("</main>\n<footer><p>Made by ")
        .name(tool.name)
        .raw(" ");
    out.name(tool.version).raw(", report schema ");
    out.name(page.report.schema_version);
    out.raw(". This file loads nothing and sends nothing. It is a rendering of report.json, which holds every number in full.</p></footer>\n<script>");
    out.asset(policy::SCRIPT)
        .raw("</script>\n</body>\n</html>\n");
}

/// Begins a section of [`SECTIONS`].
pub fn section(out: &mut Html, anchor: &'static str) {
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

/// Ends a section.
pub fn end_section(out: &mut Html) {
    out.raw("</section>\n");
}

/// A sentence in place of a list without entries.
pub fn nothing(out: &mut Html, sentence: &'static str) {
    out.raw("<p class=\"soft\">").raw(sentence).raw("</p>");
}

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Words: sorted as text, by the cell's `data-k` where it has one.
    Words,
    /// Numbers: sorted by the cell's `data-k`, aligned to the right.
    Numbers,
    /// Pictures or sentences: not sorted.
    Other,
}

/// A column: its heading and what it holds.
pub type Column = (&'static str, Holds);

/// Writes a table in a box of its own that scrolls sideways, with a caption and, under it, how
/// many rows were left out. `class` may hold `tools`, which gives it a filter.
pub fn table<T>(
    out: &mut Html,
    (class, caption): (&'static str, &str),
    columns: &[Column],
    items: impl ExactSizeIterator<Item = T>,
    bounds: Bounds,
    row: impl FnMut(&mut Html, T),
) -> usize {
    out.raw("<div class=\"scroll\" role=\"region\" tabindex=\"0\"");
    out.attr("aria-label", caption)
        .raw("><table class=\"")
        .raw(class);
    out.raw("\"><caption>")
        .sentence(caption)
        .raw("</caption><thead><tr>");
    for (heading, holds) in columns {
        out.raw(match holds {
            Holds::Words => "<th scope=\"col\" class=\"words\">",
            Holds::Numbers => "<th scope=\"col\" class=\"num\">",
            Holds::Other => "<th scope=\"col\">",
        });
        out.raw(heading).raw("</th>");
    }
    out.raw("</tr></thead><tbody>\n");
    let left = rows(out, items, bounds, row);
    out.raw("</tbody></table></div>\n");
    left
}

/// A cell with a number to sort by and its words.
pub fn number_cell(out: &mut Html, key: Option<f64>, words: &str) {
    out.raw("<td class=\"num\"");
    if let Some(key) = key.filter(|k| k.is_finite()) {
        out.attr("data-k", &format!("{key}"));
    }
    out.raw(">").name(words).raw("</td>");
}

/// A cell of words that sort by another text.
pub fn words_cell(out: &mut Html, key: &str, words: &str) {
    out.raw("<td").attr("data-k", key).raw(">");
    out.name(words).raw("</td>");
}

/// A list of sentences.
pub fn sentences(out: &mut Html, class: &'static str, items: &[String], bounds: Bounds) -> usize {
    out.raw("<ul class=\"").raw(class).raw("\">");
    let left = rows(out, items.iter(), bounds, |out, item| {
        out.raw("<li>").sentence(item).raw("</li>");
    });
    out.raw("</ul>");
    left
}

/// Begins an entry of a definition list.
pub fn term(out: &mut Html, term: &'static str) {
    out.raw("<div><dt>").raw(term).raw("</dt><dd>");
}

/// Ends an entry of a definition list.
pub fn end_term(out: &mut Html) {
    out.raw("</dd></div>");
}
