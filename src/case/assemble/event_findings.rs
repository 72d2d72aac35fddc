//! What of Windows' event logs is worth knowing beside the verdict: an empty pool that was logged,
//! installs before the trouble, steps of the clock, starts between snapshots.

use super::Parts;
use super::events::{apart, beginning, cite, image_of, installed, sentence};
use crate::artifact::events::Kind;
use crate::case::events::Event;
use crate::case::evidence::Ledger;
use crate::case::times::{duration, of_millis};
use crate::diagnosis::clock::REACH;
use crate::report::model::Finding;
use crate::report::wording::{bare, count};

/// Events cited in one finding.
const MAX_CITED: usize = 4;

/// Drivers named as installed before the trouble.
const MAX_INSTALLS: usize = 8;

/// An install this many days before the first refusal is worth naming: a leak that takes longer to
/// fill a pool is seen in months of logs, which then hold dozens of installs.
const RECENT_DAYS: i64 = 60;

const DAY: i64 = 86_400_000;

/// What of the events is worth knowing.
pub(super) fn findings(
    parts: &Parts<'_>,
    candidates: &[String],
    ledger: &mut Ledger<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(pool_empty(parts, ledger));
    findings.extend(storm(
        parts,
        ledger,
        ("paged_pool_empty_logged", "rival"),
        |kind| matches!(kind, Kind::PagedEmpty),
        "event 2020 (Srv: paged pool was empty)",
        "http.sys watches nonpaged pool only",
    ));
    findings.extend(storm(
        parts,
        ledger,
        ("smb_strained", "rival"),
        |kind| matches!(kind, Kind::NoWorkItem | Kind::NoConnection),
        "events 2021 or 2022 (Srv: no work item, no free connection)",
        "usually slow storage or load of SMB, and no sign of empty nonpaged pool",
    ));
    findings.extend(storm(
        parts,
        ledger,
        ("http_sys_errors", "rival"),
        |kind| matches!(kind, Kind::Http { .. }),
        "events 15000 to 15006 of http.sys itself",
        "what they say stands in the event log",
    ));
    findings.extend(storm(
        parts,
        ledger,
        ("bugchecks_logged", "clock"),
        |kind| {
            matches!(
                kind,
                Kind::Bugcheck { .. } | Kind::Unexpected | Kind::PowerLost { .. }
            )
        },
        "an end without shutdown (bugcheck, loss of power, or reset)",
        "counters and pool begin anew after each",
    ));
    findings.extend(installs(parts, candidates, ledger));
    findings.extend(clock_steps(parts, ledger));
    findings.extend(starts(parts, ledger));
    findings
}

fn finding(rule: &'static str, kind: &'static str, text: String, evidence: Vec<String>) -> Finding {
    Finding {
        rule,
        kind,
        text,
        evidence,
        known_issue: None,
    }
}

/// How often, from when to when.
pub(super) fn often(events: &[&Event]) -> String {
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return String::new();
    };
    let (from, to) = (of_millis(first.at), of_millis(last.at));
    let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
    match events.len() {
        1 => format!("once, at {from}"),
        n => format!("{} times between {from} and {to}", count(n as u64)),
    }
}

/// The first and the last of some events, as evidence.
pub(super) fn ends(events: &[&Event], ledger: &mut Ledger<'_>) -> Vec<String> {
    let half = MAX_CITED / 2;
    let (first, rest) = events.split_at_checked(half).unwrap_or((events, &[]));
    let last = rest.iter().skip(rest.len().saturating_sub(half));
    first
        .iter()
        .chain(last)
        .map(|event| cite(event, ledger))
        .collect()
}

/// Events 2019, and when the first came.
fn pool_empty(parts: &Parts<'_>, ledger: &mut Ledger<'_>) -> Option<Finding> {
    let events: Vec<&Event> = parts
        .events
        .of(|kind| *kind == Kind::NonpagedEmpty)
        .collect();
    let first = events.first()?;
    let mut text = format!(
        "Windows logged event 2019 (Srv: nonpaged pool was empty) {}",
        often(&events)
    );
    if let Some(anchor) = beginning(parts) {
        text.push_str(&format!("; the first came {}", apart(first.at, anchor)));
    }
    let cited = ends(&events, ledger);
    Some(finding("pool_empty_logged", "pool", text, cited))
}

fn storm(
    parts: &Parts<'_>,
    ledger: &mut Ledger<'_>,
    (rule, kind): (&'static str, &'static str),
    wanted: impl Fn(&Kind) -> bool,
    what: &str,
    meaning: &str,
) -> Option<Finding> {
    let events: Vec<&Event> = parts.events.of(wanted).collect();
    if events.is_empty() {
        return None;
    }
    let text = format!("Windows logged {what} {}: {meaning}", often(&events));
    let cited = ends(&events, ledger);
    Some(finding(rule, kind, text, cited))
}

/// Drivers installed in the weeks before the trouble: candidates, and all others.
fn installs(parts: &Parts<'_>, candidates: &[String], ledger: &mut Ledger<'_>) -> Vec<Finding> {
    let Some(anchor) = beginning(parts) else {
        return Vec::new();
    };
    let is_candidate = |event: &Event| {
        image_of(&event.kind).is_some_and(|i| candidates.iter().any(|c| c.eq_ignore_ascii_case(i)))
    };
    let mut findings = Vec::new();
    let mut named: Vec<String> = Vec::new();
    for name in candidates {
        let folded = name.to_lowercase();
        if named.contains(&folded) {
            continue;
        }
        named.push(folded);
        if let Some((text, id)) = installed(parts, name, ledger) {
            findings.push(finding(
                "candidate_installed",
                "driver",
                format!("{name} allocates with the tag in question and was {text}"),
                vec![id],
            ));
        }
    }
    let since = anchor.0.saturating_sub(RECENT_DAYS * DAY);
    let recent: Vec<&Event> = parts
        .events
        .of(Kind::is_driver)
        .filter(|event| (since..=anchor.0).contains(&event.at) && !is_candidate(event))
        .collect();
    if recent.is_empty() {
        return findings;
    }
    let shown = recent.iter().rev().take(MAX_INSTALLS);
    let listed: Vec<String> = shown
        .clone()
        .map(|event| {
            let image = image_of(&event.kind).unwrap_or_default();
            format!("{image} {} before", duration((anchor.0 - event.at) / 1_000))
        })
        .collect();
    let more = match recent.len().saturating_sub(MAX_INSTALLS) {
        0 => String::new(),
        n => format!(", and {n} more"),
    };
    let cited = shown.map(|event| cite(event, ledger)).collect();
    let text = format!(
        "other drivers were installed in the {RECENT_DAYS} days before {}: {}{more}; that they are new is no evidence against them",
        anchor.1,
        listed.join(", ")
    );
    findings.push(finding("drivers_installed", "driver", text, cited));
    findings
}

/// Steps of the clock in reach of what the case holds.
fn clock_steps(parts: &Parts<'_>, ledger: &mut Ledger<'_>) -> Option<Finding> {
    let span = span_of_case(parts);
    let near = |at: i64| {
        span.is_none_or(|(from, to)| (from - REACH * 1_000..=to + REACH * 1_000).contains(&at))
    };
    let events = &parts.events.events;
    let steps: Vec<&Event> = parts
        .events
        .steps
        .iter()
        .filter_map(|(_, index)| events.get(*index))
        .filter(|event| near(event.at))
        .collect();
    if steps.is_empty() {
        return None;
    }
    let said: Vec<String> = steps
        .iter()
        .take(MAX_CITED)
        .map(|event| {
            format!(
                "{} at {}",
                sentence(&event.kind),
                of_millis(event.at).unwrap_or_default()
            )
        })
        .collect();
    let more = match steps.len().saturating_sub(MAX_CITED) {
        0 => String::new(),
        n => format!("; and {} more", bare(n as u64, "time")),
    };
    let text = format!(
        "{}{more} (event 1): times of logs and snapshots before and after are not comparable by as much",
        said.join("; ")
    );
    let cited = steps
        .iter()
        .take(MAX_CITED)
        .map(|event| cite(event, ledger))
        .collect();
    Some(finding("clock_set", "clock", text, cited))
}

/// From the first to the last dated snapshot or refusal, in milliseconds.
pub(super) fn span_of_case(parts: &Parts<'_>) -> Option<(i64, i64)> {
    let snapshots = parts
        .pools
        .history
        .snapshots
        .iter()
        .filter_map(|s| s.facts.at);
    let refusals = parts.log.episodes.iter().flat_map(|e| {
        [
            e.start().saturating_mul(1_000),
            e.last_refusal().saturating_mul(1_000),
        ]
    });
    let all: Vec<i64> = snapshots.chain(refusals).collect();
    Some((*all.iter().min()?, *all.iter().max()?))
}

/// Logged starts of Windows between snapshots, against what counters show.
fn starts(parts: &Parts<'_>, ledger: &mut Ledger<'_>) -> Vec<Finding> {
    let history = &parts.pools.history;
    let at = |place: usize| history.snapshots.get(place).and_then(|s| s.facts.at);
    let between = |from: i64, to: i64| {
        parts
            .events
            .of(|kind| kind.is_start())
            .find(move |event| from < event.at && event.at <= to)
    };
    let mut agreed = Vec::new();
    let mut went_on = Vec::new();
    for (index, epoch) in history.epochs.iter().enumerate() {
        for place in epoch.snapshots.clone() {
            let Some((from, to)) = place.checked_sub(1).and_then(at).zip(at(place)) else {
                continue;
            };
            let border = place == epoch.snapshots.start && index > 0;
            if let Some(event) = between(from, to) {
                if border { &mut agreed } else { &mut went_on }.push(event);
            }
        }
    }
    let kinds = [
        (
            "restart_logged",
            agreed,
            "between snapshots, where the counters begin anew: a restart",
        ),
        (
            "start_without_restart",
            went_on,
            "between snapshots, but the counters went on: as after a shutdown with Fast Startup, which keeps the kernel and its pools; no new epoch",
        ),
    ];
    kinds
        .into_iter()
        .filter(|(_, events, _)| !events.is_empty())
        .map(|(rule, events, meaning)| {
            let text = format!("a start of Windows is logged {} {meaning}", often(&events));
            let cited = events
                .iter()
                .take(MAX_CITED)
                .map(|event| cite(event, ledger))
                .collect();
            finding(rule, "clock", text, cited)
        })
        .collect()
}
