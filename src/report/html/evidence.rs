//! The appendix: what stands where, so that every claim can be checked without this tool.

use std::collections::BTreeSet;

use super::frame;
use super::list::{Bounds, more, rows};
use super::markup::Html;
use super::page::is_anchor;
use crate::report::model::{ContextLine, Evidence, Report};
use crate::report::wording;

/// Most bytes of evidence on the page. What the verdict cites comes first.
const MOST_BYTES: usize = 600_000;

/// Context of one piece of evidence: a proof has a dozen instructions and three rows of bytes.
const CONTEXT: Bounds = Bounds::new(24, 12);

/// The section, and the ids that it shows.
pub fn section(report: &Report) -> (Html, BTreeSet<&str>) {
    let mut shown: Vec<(usize, Html)> = Vec::new();
    let mut anchors: BTreeSet<&str> = BTreeSet::new();
    let mut bytes = 0usize;
    for (place, evidence) in by_weight(report) {
        let mut piece = Html::new();
        entry(
            &mut piece,
            evidence,
            !anchors.contains(evidence.id.as_str()),
        );
        bytes += piece.len();
        if bytes > MOST_BYTES {
            break;
        }
        if is_anchor(&evidence.id) {
            anchors.insert(&evidence.id);
        }
        shown.push((place, piece));
    }
    shown.sort_by_key(|(place, _)| *place);
    let mut out = Html::new();
    frame::section(&mut out, "evidence");
    intro(&mut out, report);
    out.raw("<ol class=\"evidence\">");
    for (_, piece) in &shown {
        out.html(piece);
    }
    out.raw("</ol>");
    more(
        &mut out,
        report.evidence.len() - shown.len(),
        "pieces of evidence",
    );
    frame::end_section(&mut out);
    (out, anchors)
}

fn intro(out: &mut Html, report: &Report) {
    if report.evidence.is_empty() {
        frame::nothing(
            out,
            "No claim of this report rests on a line or byte of the case.",
        );
        return;
    }
    out.raw("<p class=\"soft\">Each entry is a place in an artifact: name, line or byte offset, digest, what stands there, and what is around it. <code>poolsleuth show report.json E1 --bundle …</code> checks the digest and prints it from the bundle itself.</p>");
}

/// What the verdict cites, then what is cited elsewhere or not at all, each in its order.
fn by_weight(report: &Report) -> impl Iterator<Item = (usize, &Evidence)> {
    let cited: BTreeSet<&str> = report
        .verdict
        .reasons
        .iter()
        .flat_map(|reason| &reason.evidence)
        .map(String::as_str)
        .collect();
    let is_cited = move |e: &Evidence| cited.contains(e.id.as_str());
    let mut all: Vec<(usize, &Evidence)> = report.evidence.iter().enumerate().collect();
    all.sort_by_key(|(place, e)| (!is_cited(e), *place));
    all.into_iter()
}

fn entry(out: &mut Html, evidence: &Evidence, is_first: bool) {
    out.raw("<li");
    if is_first && is_anchor(&evidence.id) {
        out.attr("id", &evidence.id).raw(" tabindex=\"-1\"");
    }
    out.raw("><p class=\"src\"><b>")
        .name(&evidence.id)
        .raw("</b> <code>");
    out.name(&evidence.artifact).raw("</code>");
    if let Some(line) = evidence.line {
        out.raw(" line ").name(&wording::count(line));
    }
    if let Some(offset) = evidence.offset {
        out.raw(" byte offset ").name(&wording::count(offset));
    }
    if let Some(record) = evidence.record {
        out.raw(" record ").name(&wording::count(record));
    }
    if let Some(digest) = &evidence.sha256 {
        out.raw(" <span class=\"soft\">sha256 <code class=\"hash\">")
            .name(digest);
        out.raw("</code></span>");
    }
    out.raw("</p>");
    if evidence.context.is_empty() {
        out.raw("<pre tabindex=\"0\">")
            .block(&evidence.text)
            .raw("</pre></li>\n");
        return;
    }
    // A quoted line stands in its context anyway.
    let is_quoted = evidence
        .context
        .iter()
        .any(|line| line.cited && line.text == evidence.text);
    if !is_quoted {
        out.raw("<p class=\"says\">")
            .sentence(&evidence.text)
            .raw("</p>");
    }
    out.raw("<pre tabindex=\"0\">");
    let left = rows(out, evidence.context.iter(), CONTEXT, context);
    out.raw("</pre>");
    more(out, left, "lines of context");
    out.raw("</li>\n");
}

/// A line of context with its number or offset; the cited one is marked by a sign too.
fn context(out: &mut Html, line: &ContextLine) {
    let at = match (line.line, line.offset) {
        (Some(line), _) => line.to_string(),
        (None, Some(offset)) => format!("{offset:#x}"),
        (None, None) => String::new(),
    };
    let sign = if line.cited { '>' } else { ' ' };
    if line.cited {
        out.raw("<mark>");
    }
    out.name(&format!("{sign} {at:>8}  ")).name(&line.text);
    if line.cited {
        out.raw("</mark>");
    }
    out.raw("\n");
}
