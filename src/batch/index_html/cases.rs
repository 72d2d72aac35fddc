//! Outcomes, what is new, and the table of all cases.

use std::collections::BTreeMap;

use super::{end_section, more, section, version_cell};
use crate::batch::publish::Results;
use crate::batch::record::Record;
use crate::report::html::frame::{self, Holds};
use crate::report::html::list::{Bounds, rows};
use crate::report::html::markup::Html;
use crate::report::html::units;
use crate::report::plot::spark::spark;
use crate::report::wording;

/// Cases in the table: beyond them a page is slow to sort, and a database is the better place.
const CASES: Bounds = Bounds::new(5_000, 9_000);
const NEW: Bounds = Bounds::new(500, 300);

const COLUMNS: &[frame::Column] = &[
    ("Case", Holds::Words),
    ("Folder", Holds::Words),
    ("Host", Holds::Words),
    ("Outcome", Holds::Words),
    ("Confidence", Holds::Words),
    ("Tag", Holds::Words),
    ("Driver", Holds::Words),
    ("Version", Holds::Words),
    ("Growth", Holds::Numbers),
    ("Refused", Holds::Numbers),
    ("Pool", Holds::Other),
];

/// An outcome in words, and the colour of its bar.
fn outcome_words(word: &str) -> (String, &'static str) {
    let (words, class) = match word {
        "leak_explains_refusals" => ("A leak explains the refusals", "bad"),
        "leak_without_refusals" => ("A leak, no refusals", "bad"),
        "refusals_without_pool_pressure" => ("Refusals, but not by the pool", "open"),
        "pool_pressure_without_leak" => ("The pool ran low without a leak", "open"),
        "no_problem_found" => ("No problem found", "calm"),
        "inconclusive" => ("Inconclusive", "open"),
        "failed" => ("Could not be analysed", "bad"),
        other => return (wording::words(other), "open"),
    };
    (words.to_owned(), class)
}

fn outcome_of(record: &Record) -> &str {
    record.outcome.as_deref().unwrap_or("failed")
}

/// How many cases came out how.
pub(super) fn outcomes(out: &mut Html, results: &Results<'_>) {
    section(out, "outcomes");
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for state in results.states {
        *counts.entry(outcome_of(&state.record)).or_default() += 1;
    }
    let mut counts: Vec<(&str, u64)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let all = results.states.len().max(1) as f64;
    out.raw("<ul class=\"tally\">");
    for (word, cases) in counts {
        let (words, class) = outcome_words(word);
        out.raw("<li class=\"").raw(class).raw("\"><b>");
        out.name(&wording::count(cases))
            .raw("</b><span>")
            .name(&words);
        out.raw("<svg aria-hidden=\"true\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\"><rect height=\"6\"");
        out.attr_number("width", cases as f64 / all * 100.0);
        out.raw("/></svg></span></li>");
    }
    out.raw("</ul>\n");
    end_section(out);
}

/// What is new, and what came out differently, since an earlier batch.
pub(super) fn since(out: &mut Html, results: &Results<'_>) {
    let Some(earlier) = results.since else { return };
    section(out, "new");
    let before: BTreeMap<&str, &Record> = earlier
        .iter()
        .map(|state| (state.record.content.as_str(), &state.record))
        .collect();
    let news: Vec<(&Record, Option<&Record>)> = results
        .states
        .iter()
        .map(|state| {
            (
                &state.record,
                before.get(state.record.content.as_str()).copied(),
            )
        })
        .filter(|(now, then)| then.is_none_or(|then| verdict(then) != verdict(now)))
        .collect();
    if news.is_empty() {
        frame::nothing(out, "No new case, and none came out differently.");
    } else {
        let caption = format!("Cases that are new or came out differently: {}", news.len());
        let columns = [
            ("Case", Holds::Words),
            ("Before", Holds::Words),
            ("Now", Holds::Words),
            ("Tag", Holds::Words),
            ("Driver", Holds::Words),
        ];
        let left = frame::table(
            out,
            ("tools", &caption),
            &columns,
            news.into_iter(),
            NEW,
            new_row,
        );
        more(out, left, "cases in cases.jsonl");
    }
    end_section(out);
}

/// What must be the same for a case to have come out as before.
fn verdict(record: &Record) -> (&str, Option<&str>, Option<&str>, Option<&str>) {
    (
        outcome_of(record),
        record.confidence.as_deref(),
        record.tag_hex.as_deref(),
        record.driver.as_deref(),
    )
}

fn new_row(out: &mut Html, (now, then): (&Record, Option<&Record>)) {
    out.raw("<tr><th scope=\"row\">");
    case_link(out, now);
    let before = then.map_or_else(
        || "new".to_owned(),
        |then| outcome_words(outcome_of(then)).0,
    );
    out.raw("</th><td>").name(&before).raw("</td><td>");
    out.name(&outcome_words(outcome_of(now)).0).raw("</td><td>");
    tag(out, now);
    out.raw("</td><td>")
        .name(now.driver.as_deref().unwrap_or_default());
    out.raw("</td></tr>\n");
}

/// The last part of a case's path, which leads to its report if it has one.
pub(super) fn case_link(out: &mut Html, record: &Record) {
    let path = record.path.trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or(path);
    match &record.report {
        Some(folder) => {
            out.raw("<a").attr("href", &format!("{folder}/report.html"));
            out.attr("title", &record.path)
                .raw(">")
                .name(last)
                .raw("</a>");
        }
        None => {
            out.raw("<span").attr("title", &record.path).raw(">");
            out.name(last).raw("</span>");
        }
    }
    if let Some(more) = record.paths.len().checked_sub(2) {
        out.raw(" <small>and ").integer(more as i64 + 1);
        out.raw(" more of the same content</small>");
    }
}

pub(super) fn tag(out: &mut Html, record: &Record) {
    if let Some(tag) = &record.tag {
        out.raw("<code>").name(tag).raw("</code>");
    }
}

/// Every case.
pub(super) fn all(out: &mut Html, results: &Results<'_>) {
    section(out, "cases");
    let caption = format!(
        "{}, by path",
        wording::counted(results.states.len() as u64, "case")
    );
    let records = results.states.iter().map(|state| &state.record);
    let left = frame::table(out, ("tools", &caption), COLUMNS, records, CASES, case_row);
    more(out, left, "cases in cases.csv");
    if !results.left_out.is_empty() {
        out.raw("<details><summary>");
        let paths = results.left_out.len() as u64;
        out.name(&wording::counted(paths, "path"));
        out.raw(" left out</summary><ul class=\"notes\">");
        let left = rows(out, results.left_out.iter(), NEW, |out, one| {
            out.raw("<li><code>").name(&one.path.to_string_lossy());
            out.raw("</code>: ").sentence(&one.why).raw("</li>");
        });
        out.raw("</ul>");
        more(out, left, "paths in left-out.jsonl");
        out.raw("</details>");
    }
    end_section(out);
}

fn case_row(out: &mut Html, record: &Record) {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    out.raw("<tr><th scope=\"row\">");
    case_link(out, record);
    out.raw("</th><td>").name(&text(&record.group));
    out.raw("</td><td>").name(&text(&record.host));
    out.raw(match record.is_ok() {
        true => "</td><td>",
        false => "</td><td class=\"status-failed\">",
    });
    out.name(&outcome_words(outcome_of(record)).0);
    if record.has_losses() {
        out.raw(" <small");
        out.attr("title", record.losses.as_deref().unwrap_or_default());
        out.raw(">read in part</small>");
    }
    out.raw("</td><td>")
        .name(&text(&record.confidence))
        .raw("</td><td>");
    tag(out, record);
    out.raw("</td><td>").name(&text(&record.driver));
    out.raw("</td>");
    version_cell(out, record.driver_version.as_deref(), "");
    let growth = record.growth_bytes_per_hour;
    let shown = growth.map_or_else(String::new, |rate| units::rate(rate, "h"));
    frame::number_cell(out, growth, &shown);
    let refused = wording::count(record.refusals_total);
    frame::number_cell(out, Some(record.refusals_total as f64), &refused);
    out.raw("<td class=\"pic\">");
    spark(out, &record.curve);
    out.raw("</td></tr>\n");
}
