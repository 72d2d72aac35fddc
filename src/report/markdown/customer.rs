//! The ticket for the customer: what we saw, what it means, what to do.
//!
//! The sentences are this renderer's own. Of the report's, only those are used that were
//! written for the customer; the host's name is taken out of them.

use super::{Document, list};
use crate::report::Report;
use crate::report::escape::markdown;
use crate::report::model::NextStep;
use crate::report::wording::{self, counted, moment, size, size_u, stretch};

/// Outages told one by one.
const OUTAGES: usize = 5;

/// The whole ticket.
pub fn text(report: &Report) -> String {
    let mut out = Document::default();
    out.block("# Refused web connections: what we found");
    out.section("What we saw", &list(seen(report)));
    out.section("What it means", &list(meaning(report)));
    out.section("What to do", &list(steps(report)));
    out.section("What we looked at", &list(looked_at(report)));
    out.text
}

fn seen(report: &Report) -> Vec<String> {
    let refusals = &report.refusals;
    let mut seen = vec![match refusals.total {
        0 if refusals.logs <= refusals.unanalysable_logs => {
            "We received no log that could show refused connections.".to_owned()
        }
        0 => "The logs we received show no refused connections.".to_owned(),
        _ => format!(
            "The web server refused {} connections in {}.",
            wording::refused(refusals),
            counted(refusals.episodes.len() as u64, "period")
        ),
    }];
    let periods = refusals.episodes.iter().take(OUTAGES);
    seen.extend(periods.map(|e| {
        format!(
            "{}: {} (UTC)",
            markdown(&stretch(&e.start, &e.end)),
            counted(e.total, "connection")
        )
    }));
    if refusals.episodes.len() > OUTAGES {
        let more = (refusals.episodes.len() - OUTAGES) as u64;
        seen.push(format!("and {}", counted(more, "more period")));
    }
    seen.extend(pool_seen(report));
    seen
}

fn pool_seen(report: &Report) -> Option<String> {
    let points = &report.pool.nonpaged;
    let (first, last) = (points.first()?, points.last()?);
    let peak = points.iter().map(|p| p.bytes).max()?;
    let mut text = format!(
        "Nonpaged pool, memory that the Windows kernel and its drivers share, held {} at first, {} at most and {} at last",
        size(first.bytes),
        size(peak),
        size(last.bytes)
    );
    if let Some(limit) = &report.pool.limit {
        text.push_str(&format!(
            "; about {} are available on such a machine",
            size_u(limit.bytes)
        ));
    }
    Some(text + ".")
}

fn meaning(report: &Report) -> Vec<String> {
    let pool = report.verdict.pool.unwrap_or("nonpaged");
    let outcome = match report.verdict.outcome {
        "leak_explains_refusals" => format!(
            "The {} pool fills up because some memory is requested again and again and not returned. When little is left, Windows refuses new web connections to protect itself.",
            markdown(pool)
        ),
        "leak_without_refusals" => format!(
            "Some memory of the {} pool is requested again and again and not returned. We do not have evidence that this led to refused connections.",
            markdown(pool)
        ),
        "refusals_without_pool_pressure" => {
            "Connections were refused while enough pool memory was free, so another cause is more likely.".to_owned()
        }
        "pool_pressure_without_leak" if report.verdict.tag.is_some() => {
            "Pool memory ran short, and most of it is held in one place. It was not seen to grow while we watched, but it may have grown before.".to_owned()
        }
        "pool_pressure_without_leak" => {
            "Pool memory ran short, but nothing in it grows without end: the load may be more than the machine has memory for.".to_owned()
        }
        "no_problem_found" => "We did not find a shortage of pool memory in what we received.".to_owned(),
        _ => "What we received is not enough to say what happened.".to_owned(),
    };
    let mut meaning = vec![outcome, confidence(report).to_owned()];
    meaning.extend(component(report));
    meaning
}

fn confidence(report: &Report) -> &'static str {
    match report.verdict.confidence {
        "confirmed" => "How sure we are: several independent observations agree.",
        "probable" => {
            "How sure we are: this is the most likely explanation; some of it is not proven."
        }
        "possible" => "How sure we are: this is one possible explanation among others.",
        _ => "How sure we are: the data does not allow a conclusion.",
    }
}

/// The component, named as the verdict names it, with what was shown.
fn component(report: &Report) -> Option<String> {
    let tag = report.verdict.tag.as_ref()?;
    let tag = markdown(tag);
    let Some(driver) = &report.verdict.driver else {
        return Some(format!(
            "The memory is accounted for under the tag {tag}. We cannot name the software behind it from the files we received."
        ));
    };
    let origin = wording::origin(driver).map_or(String::new(), |o| format!(" ({})", markdown(&o)));
    Some(format!(
        "The memory is accounted for under the tag {tag}, which is used by the driver {}{origin}. This says where to look next; it does not say that the driver is faulty, nor why the memory is kept.",
        markdown(&driver.file_name)
    ))
}

fn steps(report: &Report) -> Vec<String> {
    let for_customer = report
        .next_steps
        .iter()
        .filter(|step| step.audience == "customer");
    let mut steps: Vec<String> = for_customer.map(|step| one_step(step, report)).collect();
    if steps.is_empty() {
        steps.push("Nothing for the moment: we will come back to you.".to_owned());
    }
    steps
}

fn one_step(step: &NextStep, report: &Report) -> String {
    let text = markdown(&without_host(&step.text, report));
    match &step.command {
        Some(command) => {
            let command = without_host(command, report);
            format!("{text} {}", crate::report::escape::markdown_code(&command))
        }
        None => text,
    }
}

/// The text with the name of the machine taken out, in any case of its letters.
fn without_host(text: &str, report: &Report) -> String {
    let Some(host) = report.case.host.as_deref().filter(|host| !host.is_empty()) else {
        return text.to_owned();
    };
    let (lower, host) = (text.to_ascii_lowercase(), host.to_ascii_lowercase());
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    // ASCII folding keeps every byte in its place, so that places in the two texts agree.
    for (at, found) in lower.match_indices(&host) {
        let end = at + found.len();
        let inside = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let before = lower.get(..at).and_then(|t| t.chars().next_back());
        let after = lower.get(end..).and_then(|t| t.chars().next());
        if at < from || inside(before) || inside(after) {
            continue;
        }
        out.push_str(text.get(from..at).unwrap_or(""));
        out.push_str("the server");
        from = end + domain(lower.get(end..).unwrap_or(""));
    }
    out + text.get(from..).unwrap_or("")
}

/// The length of the domain behind a host's name: `.corp.example`.
fn domain(text: &str) -> usize {
    let labels = text.split('.').skip(1);
    let labels = labels.map(|label| {
        let rest = label.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-');
        (label.len() - rest.len(), rest.is_empty())
    });
    let mut length = 0;
    for (name, whole) in labels {
        if name == 0 || !text.starts_with('.') {
            break;
        }
        length += name + 1;
        if !whole {
            break;
        }
    }
    length
}

fn looked_at(report: &Report) -> Vec<String> {
    let refusals = &report.refusals;
    let mut facts = vec![format!(
        "{} and {}",
        counted(refusals.logs, "log file"),
        counted(report.pool.snapshots, "snapshot of the pool")
            .replace("snapshot of the pools", "snapshots of the pool")
    )];
    if let (Some(first), Some(last)) = (&refusals.log_first, &refusals.log_last) {
        facts.push(format!(
            "logs from {} to {}",
            markdown(&moment(first)),
            markdown(&moment(last))
        ));
    }
    if let (Some(first), Some(last)) = (&report.pool.first, &report.pool.last) {
        facts.push(format!(
            "snapshots from {} to {}",
            markdown(&moment(first)),
            markdown(&moment(last))
        ));
    }
    let missing = report.time.withheld.is_some() || report.correlation.withheld.is_some();
    if missing {
        facts.push("The clock of the snapshots could not be related to the clock of the logs; please tell us the time zone of the server.".to_owned());
    }
    facts
}
