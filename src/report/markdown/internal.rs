//! The ticket for colleagues.

use super::table::{Side, table};
use super::{Document, list};
use crate::report::Report;
use crate::report::escape::{markdown, markdown_block, markdown_code};
use crate::report::model::{Attribution, Candidate, Evidence, NextStep, Pool, TagRow, Withheld};
use crate::report::wording::{self, counted, moment, size, size_of, size_u, stretch, words};

use Side::{Left, Right};

/// Rows of a table; the JSON has all.
const ROWS: usize = 20;

/// The whole ticket.
pub fn text(report: &Report) -> String {
    let mut out = Document::default();
    out.block(&format!("# {}", markdown(&wording::what(report))));
    out.block(&list([
        format!(
            "**Who:** {}",
            markdown(&wording::who(report, str::to_owned))
        ),
        format!(
            "**How sure:** {}",
            markdown(&words(report.verdict.confidence))
        ),
        format!("**Case:** {}", case(report)),
    ]));
    out.block(&markdown(&report.verdict.summary));
    out.section("Why", &reasons(report));
    out.section(
        "What would change this",
        &list(report.verdict.would_change.iter().map(|t| markdown(t))),
    );
    out.section("Pool", &pool(&report.pool));
    out.section("Tags", &tags(&report.pool));
    out.section("Refused connections", &refusals(report));
    out.section("Outages", &outages(report));
    out.section(
        "Pool and refusals together",
        &markdown(report.correlation.text.as_deref().unwrap_or("")),
    );
    out.section("Windows' events", &events(report));
    out.section(
        "Drivers",
        &report
            .attribution
            .iter()
            .map(attribution)
            .collect::<Vec<_>>()
            .join("\n\n"),
    );
    out.section("Also looked at", &findings(report));
    out.section("Withheld", &withheld(report));
    out.section(
        "Next steps",
        &report
            .next_steps
            .iter()
            .map(step)
            .collect::<Vec<_>>()
            .join("\n\n"),
    );
    out.section("Evidence", &evidence(report));
    out.section("Coverage", &coverage(report));
    out.text
}

fn case(report: &Report) -> String {
    let case = &report.case;
    let named = [&case.host, &case.os, &case.architecture];
    let mut facts: Vec<String> = named
        .into_iter()
        .flatten()
        .map(|text| markdown(text))
        .collect();
    facts.extend(
        case.ram_bytes
            .map(|bytes| format!("{} of memory", size_u(bytes))),
    );
    facts.extend(
        report
            .time
            .zone
            .as_ref()
            .map(|zone| format!("zone {}", markdown_code(zone))),
    );
    facts.push(format!("input {}", markdown_code(&case.input.name)));
    facts.push(format!("id {}", markdown_code(&case.id)));
    facts.join(", ")
}

/// Evidence ids behind a text.
fn cited(ids: &[String]) -> String {
    match ids.is_empty() {
        true => String::new(),
        false => format!(" ({})", markdown(&ids.join(", "))),
    }
}

fn reasons(report: &Report) -> String {
    let reason = |reason: &crate::report::model::Reason| {
        format!(
            "**{}:** {}{}",
            words(reason.weight),
            markdown(&reason.text),
            cited(&reason.evidence)
        )
    };
    list(report.verdict.reasons.iter().map(reason))
}

/// Marks of Windows' event logs; those that are cited stand for those that repeat.
fn events(report: &Report) -> String {
    let Some(events) = &report.events else {
        return String::new();
    };
    let mark = |mark: &crate::report::model::EventMark| {
        format!(
            "{} event {}: {}{}",
            markdown(&moment(&mark.at)),
            mark.id,
            markdown(&mark.text),
            cited(&mark.evidence)
        )
    };
    let shown = events.marks.iter().filter(|m| !m.evidence.is_empty());
    let mut lines: Vec<String> = shown.take(ROWS).map(mark).collect();
    let left = (events.marks.len() - lines.len()) as u64 + events.marks_not_listed;
    if left > 0 {
        lines.push(format!("{} more", counted(left, "event")));
    }
    if let Some(why) = &events.undated_reason {
        lines.push(format!(
            "{} without a time: {}",
            counted(events.undated, "event"),
            markdown(why)
        ));
    }
    list(lines)
}

fn pool(pool: &Pool) -> String {
    let mut facts = vec![snapshots(pool)];
    facts.extend(pool.limit.as_ref().map(|limit| {
        format!(
            "limit {} ({}): {}",
            size_u(limit.bytes),
            markdown(&words(&limit.quality)),
            markdown(&limit.basis)
        )
    }));
    facts.extend(pool.threshold.as_ref().map(|threshold| {
        format!(
            "http.sys refuses with {} left: {}",
            size_u(threshold.bytes),
            markdown(&threshold.basis)
        )
        .replacen("http.sys", "`http.sys`", 1)
    }));
    facts.extend(pool.time_to_limit.as_ref().map(|time| {
        match (time.hours, time.soonest, time.latest) {
            (Some(_), Some(soonest), Some(latest)) => {
                format!(
                    "full in {}: {}",
                    wording::hours_between(soonest, latest),
                    markdown(&time.basis)
                )
            }
            (Some(hours), _, _) => format!(
                "full in {}: {}",
                wording::hours(hours),
                markdown(&time.basis)
            ),
            (None, _, _) => format!("when full is not told: {}", markdown(&time.basis)),
        }
    }));
    facts.extend(pool.lockstep.iter().map(|group| markdown(&group.text)));
    list(facts)
}

fn snapshots(pool: &Pool) -> String {
    let mut text = counted(pool.snapshots, "snapshot");
    if let (Some(first), Some(last)) = (&pool.first, &pool.last) {
        text.push_str(&format!(", {}", markdown(&stretch(first, last))));
    }
    let peak = pool.nonpaged.iter().map(|p| p.bytes).max();
    if let (Some(first), Some(last), Some(peak)) =
        (pool.nonpaged.first(), pool.nonpaged.last(), peak)
    {
        let (first, last) = (size(first.bytes), size(last.bytes));
        text.push_str(&format!(
            "; nonpaged pool {first} at first, {} at most, {last} at last",
            size(peak)
        ));
    }
    text
}

fn tags(pool: &Pool) -> String {
    let row = |tag: &TagRow| {
        let growth = match (tag.growth_bytes_per_hour, tag.growth_bytes_per_snapshot) {
            (Some(hourly), _) => format!("{}/h", size_of(hourly)),
            (None, Some(each)) => format!("{}/snapshot", size_of(each)),
            (None, None) => wording::UNKNOWN.to_owned(),
        };
        [
            markdown_code(&tag.tag),
            markdown(tag.pool),
            markdown(&words(tag.class)),
            growth,
            tag.share_of_growth
                .map_or(wording::UNKNOWN.to_owned(), wording::share),
            size(tag.bytes_first),
            size(tag.bytes_last),
            markdown(&tag.evidence.join(", ")),
        ]
    };
    let rows: Vec<[String; 8]> = pool.tags.iter().take(ROWS).map(row).collect();
    let heading = [
        ("tag", Left),
        ("pool", Left),
        ("class", Left),
        ("growth", Right),
        ("share of growth", Right),
        ("first", Right),
        ("last", Right),
        ("evidence", Left),
    ];
    let more = (pool.tags.len() as u64)
        .saturating_add(pool.tags_not_listed)
        .saturating_sub(rows.len() as u64);
    with_more(table(heading, &rows), more)
}

/// Says below a table how many rows it lacks.
fn with_more(table: String, more: u64) -> String {
    match more {
        0 => table,
        n => format!(
            "{table}\n\nand {} more in the JSON report",
            wording::count(n)
        ),
    }
}

fn refusals(report: &Report) -> String {
    let refusals = &report.refusals;
    let mut facts = vec![format!(
        "{} in {}; {} read",
        wording::refused(refusals),
        counted(refusals.rows, "row"),
        counted(refusals.logs, "log")
    )];
    if refusals.unanalysable_logs > 0 {
        facts.push(format!(
            "{} without a reason column, which cannot show any",
            counted(refusals.unanalysable_logs, "log")
        ));
    }
    if let (Some(first), Some(last)) = (&refusals.log_first, &refusals.log_last) {
        facts.push(format!("logs of {}", markdown(&stretch(first, last))));
    }
    let reasons = refusals.reasons.iter().take(ROWS);
    facts.extend(
        reasons
            .map(|(reason, rows)| format!("{}: {}", markdown_code(reason), counted(*rows, "row"))),
    );
    list(facts)
}

fn outages(report: &Report) -> String {
    let episodes = &report.refusals.episodes;
    let rows: Vec<[String; 6]> = episodes
        .iter()
        .take(ROWS)
        .map(|episode| {
            [
                markdown(&stretch(&episode.start, &episode.end)),
                wording::count(episode.total),
                format!(
                    "{} ({})",
                    markdown(&moment(&episode.worst_minute)),
                    wording::count(episode.worst_minute_total)
                ),
                match episode.pool_low.zip(episode.pool_high) {
                    Some((low, high)) => format!("{} to {}", size_u(low), size_u(high)),
                    None => episode.pool_bytes.map_or(String::new(), size_u),
                },
                episode.headroom_bytes.map_or(String::new(), size),
                markdown(&episode.evidence.join(", ")),
            ]
        })
        .collect();
    let heading = [
        ("outage", Left),
        ("refused", Right),
        ("worst minute", Left),
        ("nonpaged pool", Right),
        ("left", Right),
        ("evidence", Left),
    ];
    with_more(table(heading, &rows), (episodes.len() - rows.len()) as u64)
}

fn attribution(attribution: &Attribution) -> String {
    let mut text = format!(
        "{}: {}",
        markdown_code(&attribution.tag),
        markdown(&attribution.answer)
    );
    if let Some(hint) = &attribution.owner_hint {
        text.push_str(&format!(" (a hint, no evidence: {})", markdown(hint)));
    }
    let rows: Vec<[String; 7]> = attribution
        .candidates
        .iter()
        .take(ROWS)
        .map(candidate)
        .collect();
    let heading = [
        ("image", Left),
        ("shown by", Left),
        ("routine", Left),
        ("version", Left),
        ("company", Left),
        ("signature", Left),
        ("evidence", Left),
    ];
    let more = attribution.candidates.len() - rows.len();
    match table(heading, &rows) {
        table if table.is_empty() => text,
        table => format!("{text}\n\n{}", with_more(table, more as u64)),
    }
}

fn candidate(candidate: &Candidate) -> [String; 7] {
    let driver = &candidate.driver;
    let maybe = |text: Option<&String>| text.map_or(String::new(), |text| markdown(text));
    [
        markdown_code(&driver.file_name),
        markdown(wording::grade(candidate)),
        candidate
            .api
            .as_ref()
            .map_or(String::new(), |api| markdown_code(api)),
        maybe(driver.version.file_version.as_ref()),
        maybe(driver.version.company.as_ref()),
        markdown(&driver.signature.text),
        markdown(&candidate.evidence.join(", ")),
    ]
}

fn findings(report: &Report) -> String {
    list(report.findings.iter().map(|finding| {
        format!(
            "{}: {}{}",
            markdown(finding.kind),
            markdown(&finding.text),
            cited(&finding.evidence)
        )
    }))
}

fn withheld(report: &Report) -> String {
    let both = [&report.time.withheld, &report.correlation.withheld];
    let text = |withheld: &Withheld| {
        let option = withheld
            .option
            .as_ref()
            .map_or(String::new(), |o| format!(" ({})", markdown_code(o)));
        format!(
            "{}: {}{option}",
            markdown(&withheld.reason),
            markdown(&withheld.remedy)
        )
    };
    let mut texts: Vec<String> = both.into_iter().flatten().map(text).collect();
    texts.dedup();
    list(texts)
}

/// A step; its command is a block that can be copied.
fn step(step: &NextStep) -> String {
    let text = format!("**{}:** {}", markdown(step.audience), markdown(&step.text));
    match &step.command {
        Some(command) => format!("{text}\n\n{}", markdown_block(command)),
        None => text,
    }
}

fn evidence(report: &Report) -> String {
    let row = |evidence: &Evidence| {
        let place = match (evidence.line, evidence.offset) {
            (Some(line), _) => format!("line {line}"),
            (None, Some(offset)) => format!("offset {offset:#x}"),
            (None, None) => String::new(),
        };
        [
            markdown(&evidence.id),
            markdown_code(&evidence.artifact),
            place,
            markdown_code(&evidence.text),
        ]
    };
    let rows: Vec<[String; 4]> = report.evidence.iter().take(ROWS).map(row).collect();
    let heading = [
        ("id", Left),
        ("artifact", Left),
        ("where", Left),
        ("what stands there", Left),
    ];
    with_more(
        table(heading, &rows),
        (report.evidence.len() - rows.len()) as u64,
    )
}

fn coverage(report: &Report) -> String {
    let coverage = &report.coverage;
    let mut facts = vec![wording::coverage(report)];
    let lost = coverage
        .artifacts
        .iter()
        .filter(|a| matches!(a.used, "not_understood" | "unreadable"));
    facts.extend(
        lost.take(ROWS)
            .map(|a| format!("{}: {}", words(a.used), markdown_code(&a.name))),
    );
    facts.extend(
        coverage
            .limits_hit
            .iter()
            .map(|limit| format!("limit met: {}", markdown(limit))),
    );
    facts.extend(coverage.notes.iter().take(ROWS).map(|note| markdown(note)));
    list(facts)
}
