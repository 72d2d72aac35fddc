//! What else was found or ruled out, and what to do next.

use super::frame;
use super::list::{Bounds, more, rows};
use super::markup::Html;
use super::page::Page;
use super::words;
use crate::report::model::{Finding, NextStep};

const FINDINGS: Bounds = Bounds::new(150, 40);
const STEPS: Bounds = Bounds::new(60, 60);

/// Kinds in the order in which they are read.
const KINDS: &[&str] = &["rival", "pool", "clock", "input", "driver"];

/// Readers in the order in which they act.
const AUDIENCES: &[&str] = &["engineer", "customer", "vendor"];

/// Writes the findings.
pub fn section(out: &mut Html, page: &Page<'_>) {
    frame::section(out, "findings");
    let all = &page.report.findings;
    if all.is_empty() {
        frame::nothing(out, "Nothing else was found.");
    }
    for kind in KINDS {
        let meant: Vec<&Finding> = all.iter().filter(|f| f.kind == *kind).collect();
        findings(out, page, words::finding_kind(kind), &meant);
    }
    let others: Vec<&Finding> = all.iter().filter(|f| !KINDS.contains(&f.kind)).collect();
    findings(out, page, "Other", &others);
    frame::end_section(out);
}

fn findings(out: &mut Html, page: &Page<'_>, heading: &str, findings: &[&Finding]) {
    if findings.is_empty() {
        return;
    }
    out.raw("<h3>")
        .name(heading)
        .raw("</h3><ul class=\"reasons\">");
    let left = rows(out, findings.iter(), FINDINGS, |out, finding| {
        out.raw("<li>").sentence(&finding.text);
        page.links(out, &finding.evidence);
        out.raw(" <span class=\"rule\">")
            .name(finding.rule)
            .raw("</span></li>");
    });
    out.raw("</ul>");
    more(out, left, "findings");
}

/// Writes the next steps, by reader.
pub fn next_steps(out: &mut Html, page: &Page<'_>) {
    frame::section(out, "next");
    let all = &page.report.next_steps;
    if all.is_empty() {
        frame::nothing(out, "No step is proposed.");
    }
    out.raw("<div class=\"steps\">");
    for audience in AUDIENCES {
        let meant: Vec<&NextStep> = all.iter().filter(|s| s.audience == *audience).collect();
        steps(out, words::audience(audience), &meant);
    }
    let others: Vec<&NextStep> = all
        .iter()
        .filter(|s| !AUDIENCES.contains(&s.audience))
        .collect();
    steps(out, "For others", &others);
    out.raw("</div>");
    frame::end_section(out);
}

fn steps(out: &mut Html, heading: &str, steps: &[&NextStep]) {
    if steps.is_empty() {
        return;
    }
    out.raw("<div><h3>").name(heading).raw("</h3><ol>");
    let left = rows(out, steps.iter(), STEPS, |out, step| {
        out.raw("<li>").sentence(&step.text);
        if let Some(command) = &step.command {
            out.raw("<pre class=\"command\" tabindex=\"0\">")
                .block(command)
                .raw("</pre>");
        }
        out.raw("</li>");
    });
    out.raw("</ol>");
    more(out, left, "steps");
    out.raw("</div>");
}
