//! What happened, who did it, how sure; why; what would change it; what to do.

use crate::report::escape::{Charset, columns, fit};
use crate::report::model::{NextStep, Reason, Verdict};
use crate::report::wording;

use super::Paper;
use super::line::{COLUMNS, Line, Paint, ROOM};
use super::page::{Para, Section, paragraphs, with_more};

/// Columns for a file's name where more has to stand beside it.
const NAME: usize = 32;

/// The three lines that most readers read.
pub fn head(paper: Paper<'_>) -> Vec<Line> {
    let Paper { report, charset } = paper;
    let what = wording::what(report);
    let who = wording::who(report, |name| fit(name, NAME, charset));
    let verdict = &report.verdict;
    vec![
        Line::new(charset).named("What").add(&what, colour(verdict)),
        Line::new(charset).named("Who").add(&who, Paint::Strong),
        Line::new(charset)
            .named("How sure")
            .add(
                &wording::words(verdict.confidence).to_uppercase(),
                Paint::Strong,
            )
            .add(
                &format!(" {}  ", ladder(verdict.confidence, charset)),
                Paint::Body,
            )
            .add(
                &format!("({})", wording::CONFIDENCES.join(" < ")),
                Paint::Quiet,
            ),
    ]
}

fn colour(verdict: &Verdict) -> Paint {
    match verdict.outcome {
        "no_problem_found" => Paint::Good,
        "inconclusive" => Paint::Doubt,
        _ => Paint::Bad,
    }
}

fn ladder(confidence: &str, charset: Charset) -> String {
    let (on, off) = match charset {
        Charset::Unicode => ("■", "□"),
        Charset::Ascii => ("#", "."),
    };
    let step = wording::step(confidence);
    on.repeat(step) + &off.repeat(wording::CONFIDENCES.len() - step)
}

/// The verdict's own sentences.
pub fn summary(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Summary",
        group: 0,
        least: 2,
        good: 3,
        most: 4,
        fill: Box::new(move |room| {
            let text = [Para::plain(&paper.report.verdict.summary)];
            paragraphs(&text, room, room, paper.charset)
        }),
    }
}

/// The reasons, each with its evidence.
pub fn why(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Why",
        group: 0,
        least: 2,
        good: 4,
        most: 7,
        fill: Box::new(move |room| {
            let reasons: Vec<Para> = paper.report.verdict.reasons.iter().map(reason).collect();
            paragraphs(&reasons, room, 2, paper.charset)
        }),
    }
}

fn reason(reason: &Reason) -> Para {
    let sign = match reason.weight {
        "for" => "+ ",
        "against" => "- ",
        _ => "! ",
    };
    Para {
        sign: sign.to_owned(),
        text: reason.text.clone(),
        end: ids(&reason.evidence),
    }
}

/// Ids of evidence in little room.
pub fn ids(ids: &[String]) -> String {
    const SHOWN: usize = 2;
    let shown = ids
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    match ids.len().checked_sub(SHOWN) {
        Some(rest) if rest > 0 => format!("{shown} +{rest}"),
        _ => shown,
    }
}

/// What would change the verdict.
pub fn would_change(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Unless",
        group: 0,
        least: 1,
        good: 1,
        most: 2,
        fill: Box::new(move |room| {
            let changes = &paper.report.verdict.would_change;
            let texts: Vec<Para> = match changes.is_empty() {
                true => Vec::new(),
                false => vec![Para::plain(changes.join("; "))],
            };
            paragraphs(&texts, room, 2, paper.charset)
        }),
    }
}

/// What to do, the engineer's part first.
pub fn next(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Next",
        group: 3,
        least: 2,
        good: 3,
        most: 6,
        fill: Box::new(move |room| steps(paper, room)),
    }
}

fn steps(paper: Paper<'_>, room: usize) -> Vec<Line> {
    let mut steps: Vec<&NextStep> = paper.report.next_steps.iter().collect();
    steps.sort_by_key(|step| step.audience != "engineer");
    let mut lines = Vec::new();
    let mut shown = 0;
    for step in &steps {
        let made = one_step(step, paper.charset);
        if lines.len() + made.len() > room {
            break;
        }
        shown += 1;
        lines.extend(made);
    }
    with_more(lines, steps.len() - shown)
}

fn one_step(step: &NextStep, charset: Charset) -> Vec<Line> {
    let line = match step.audience {
        "engineer" => Line::new(charset),
        other => Line::new(charset).add(&format!("{other}: "), Paint::Quiet),
    };
    let mut lines = vec![line.add(&step.text, Paint::Body)];
    lines.extend(step.command.as_ref().map(|text| command(text, charset)));
    lines
}

/// A command to paste: beside the margin, or over the whole width if it is long.
fn command(text: &str, charset: Charset) -> Line {
    match columns(&fit(text, COLUMNS, charset)) <= ROOM {
        true => Line::new(charset).labelled("$").add(text, Paint::Strong),
        false => Line::wide(charset)
            .add("$ ", Paint::Quiet)
            .add(text, Paint::Strong),
    }
}
