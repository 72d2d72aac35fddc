//! What was withheld, the evidence, what was read, and of which case.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::Report;
use crate::report::model::{Evidence, Withheld};
use crate::report::wording::{self, size_u};

use super::Paper;
use super::line::{Align, Line, Paint};
use super::page::{Para, Section, paragraphs, with_more};

/// Columns for an artifact's name and line.
const PLACE: usize = 32;

/// What was not concluded, and what would give it.
pub fn withheld(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Withheld",
        group: 3,
        least: 2,
        good: 2,
        most: 4,
        fill: Box::new(move |room| {
            let both = [
                &paper.report.time.withheld,
                &paper.report.correlation.withheld,
            ];
            let mut texts: Vec<String> =
                both.into_iter().flatten().map(reason_and_remedy).collect();
            texts.dedup();
            let texts: Vec<Para> = texts.into_iter().map(Para::plain).collect();
            paragraphs(&texts, room, 2, paper.charset)
        }),
    }
}

fn reason_and_remedy(withheld: &Withheld) -> String {
    let option = match &withheld.option {
        Some(option) if !withheld.remedy.contains(option.as_str()) => format!(" ({option})"),
        _ => String::new(),
    };
    format!("{}: {}{option}", withheld.reason, withheld.remedy)
}

/// Artifact and line behind the ids on the page.
pub fn evidence(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Evidence",
        group: 4,
        least: 1,
        good: 3,
        most: 6,
        fill: Box::new(move |room| {
            let all = cited_first(paper.report);
            let lines: Vec<Line> = all.iter().take(room).map(|e| one(e, paper)).collect();
            let rest = all.len() - lines.len();
            with_more(lines, rest)
        }),
    }
}

/// The evidence, what the page cites first.
fn cited_first(report: &Report) -> Vec<&Evidence> {
    let verdict = report.verdict.reasons.iter().flat_map(|r| &r.evidence);
    let images = report.attribution.iter().flat_map(|a| &a.candidates);
    let images = images.flat_map(|c| &c.evidence);
    let outages = report.refusals.episodes.iter().flat_map(|e| &e.evidence);
    let tags = report.pool.tags.iter().flat_map(|t| &t.evidence);
    let by_id: BTreeMap<&str, &Evidence> =
        report.evidence.iter().map(|e| (e.id.as_str(), e)).collect();
    let mut seen = BTreeSet::new();
    let cited = verdict.chain(images).chain(outages).chain(tags);
    let cited: Vec<&Evidence> = cited
        .filter_map(|id| by_id.get(id.as_str()).copied())
        .collect();
    cited
        .into_iter()
        .chain(&report.evidence)
        .filter(|e| seen.insert(e.id.as_str()))
        .collect()
}

fn one(evidence: &Evidence, paper: Paper<'_>) -> Line {
    let place = match (evidence.line, evidence.offset) {
        (Some(line), _) => format!("{}:{line}", evidence.artifact),
        (None, Some(offset)) => format!("{}+{offset:#x}", evidence.artifact),
        (None, None) => evidence.artifact.clone(),
    };
    Line::new(paper.charset)
        .cell(&evidence.id, 4, Align::Left, Paint::Quiet)
        .path(&place, PLACE, Paint::Body)
        .add("  ", Paint::Body)
        .add(&evidence.text, Paint::Quiet)
}

/// What was found, used, and not understood.
pub fn coverage(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Read",
        group: 4,
        least: 1,
        good: 1,
        most: 3,
        fill: Box::new(move |room| {
            let coverage = &paper.report.coverage;
            let mut texts = vec![Para::plain(wording::coverage(paper.report))];
            if !coverage.limits_hit.is_empty() {
                texts.push(Para::plain(format!(
                    "limits met: {}",
                    coverage.limits_hit.join("; ")
                )));
            }
            let lost: Vec<&str> = coverage
                .artifacts
                .iter()
                .filter(|a| matches!(a.used, "not_understood" | "unreadable"))
                .map(|a| a.name.as_str())
                .collect();
            if !lost.is_empty() {
                texts.push(Para::plain(format!("not understood: {}", lost.join(", "))));
            }
            texts.truncate(room.max(1));
            let mut lines = paragraphs(&texts, room, 1, paper.charset).into_iter();
            let first = lines.next().map(|line| line.insist("all: --format json"));
            first.into_iter().chain(lines).collect()
        }),
    }
}

/// Of which machine this is.
pub fn case(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Case",
        group: 4,
        least: 1,
        good: 1,
        most: 1,
        fill: Box::new(move |room| {
            paragraphs(
                &[Para::plain(of_case(paper.report))],
                room,
                1,
                paper.charset,
            )
        }),
    }
}

fn of_case(report: &Report) -> String {
    let case = &report.case;
    let ram = case.ram_bytes.map(size_u);
    let zone = report.time.zone.as_ref().map(|zone| format!("zone {zone}"));
    let facts = [&case.host, &case.os, &case.architecture, &ram, &zone];
    let facts: Vec<&str> = facts.into_iter().flatten().map(String::as_str).collect();
    match facts.is_empty() {
        true => "nothing is known of the machine".to_owned(),
        false => facts.join(", "),
    }
}
