//! What Windows' event logs come to, in the report: marks in time, findings, and what they say of
//! candidates.

use std::collections::BTreeMap;

use super::Parts;
use crate::artifact::events::{self, Kind};
use crate::case::events::Event;
use crate::case::evidence::{Ledger, Place};
use crate::case::times::{duration, of_millis};
use crate::diagnosis::clock::REACH;
use crate::diagnosis::verdict::Outcome;
use crate::report::model::{EventMark, Events, Finding};
use crate::report::wording::{bare, count};

/// Events listed; a screen is not wider. Starts, installs and what is rare goes before what repeats.
const MAX_LISTED: usize = 400;

/// Events cited in one finding, and of one kind that repeats.
const MAX_CITED: usize = 4;

/// Drivers named as installed before the trouble.
const MAX_INSTALLS: usize = 8;

/// An install this many days before the first refusal is worth naming: a leak that takes longer to
/// fill a pool is seen in months of logs, which then hold dozens of installs.
const RECENT_DAYS: i64 = 60;

const DAY: i64 = 86_400_000;

/// The events' part of the report; none where no event log is in the case.
pub(super) fn events(parts: &Parts<'_>, ledger: &mut Ledger<'_>) -> Option<Events> {
    if parts.survey.events.is_empty() {
        return None;
    }
    let facts = parts.events;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for event in &facts.events {
        *counts.entry(event.kind.name().to_owned()).or_default() += 1;
    }
    // Daily, and of use for the zone only.
    let shown = facts.of(|kind| !matches!(kind, Kind::Uptime { .. }));
    let mut listed: Vec<&Event> = shown.collect();
    let all = listed.len();
    listed.sort_by_key(|event| (counts.get(event.kind.name()).copied(), event.at));
    listed.truncate(MAX_LISTED);
    listed.sort_by_key(|event| event.at);
    let mut cited: BTreeMap<&str, usize> = BTreeMap::new();
    let marks = listed.iter().filter_map(|event| {
        let times = cited.entry(event.kind.name()).or_default();
        *times += 1;
        let repeats = is_trouble(&event.kind) && *times > MAX_CITED;
        Some(EventMark {
            at: of_millis(event.at)?,
            kind: event.kind.name(),
            id: event.kind.id(),
            text: sentence(&event.kind),
            image: image_of(&event.kind).map(str::to_owned),
            evidence: match repeats {
                true => Vec::new(),
                false => vec![cite(event, ledger)],
            },
        })
    });
    let marks: Vec<EventMark> = marks.collect();
    let seconds = |at: i64| of_millis(at.saturating_mul(1_000));
    Some(Events {
        logs: facts.logs,
        read: facts.read,
        first: facts.span.and_then(|span| seconds(span.0)),
        last: facts.span.and_then(|span| seconds(span.1)),
        counts,
        marks_not_listed: all.saturating_sub(marks.len()) as u64,
        marks,
        undated: facts.undated,
        undated_reason: facts.undated_why.clone(),
    })
}

/// Kinds of which a storm may be logged.
fn is_trouble(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::NonpagedEmpty
            | Kind::PagedEmpty
            | Kind::NoWorkItem
            | Kind::NoConnection
            | Kind::Http { .. }
    )
}

fn image_of(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Installed { image, .. } => image.as_deref(),
        _ => None,
    }
}

/// What an event says, in a clause of ours.
fn sentence(kind: &Kind) -> String {
    match kind {
        Kind::NonpagedEmpty => "Srv: nonpaged pool was empty".into(),
        Kind::PagedEmpty => "Srv: paged pool was empty".into(),
        Kind::NoWorkItem => "Srv: no work item for a request".into(),
        Kind::NoConnection => "Srv: no free connection".into(),
        Kind::LogStarted => "the event log was started, as at boot".into(),
        Kind::LogStopped => "the event log was stopped, as at shutdown".into(),
        Kind::Unexpected => "the shutdown before was unexpected".into(),
        Kind::Version => "Windows' version, as logged at boot".into(),
        Kind::Uptime { seconds, .. } => match seconds {
            Some(seconds) => format!(
                "up for {}",
                duration(i64::try_from(*seconds).unwrap_or(i64::MAX))
            ),
            None => "uptime".into(),
        },
        Kind::Started => "Windows was started".into(),
        Kind::Stopped => "Windows was shut down".into(),
        Kind::ShutdownAsked => "somebody asked for a restart or shutdown".into(),
        Kind::PowerLost { bugcheck: None } => "restarted without a shutdown".into(),
        Kind::PowerLost {
            bugcheck: Some(code),
        } => {
            format!("restarted without a shutdown, from bugcheck {code:#x}")
        }
        Kind::ClockSet(set) => {
            let by = (set.new - set.old).num_seconds();
            let side = if by < 0 { "back" } else { "forward" };
            match by {
                0 => "the clock was set by less than a second".into(),
                by => format!("the clock was set {side} by {}", duration(by)),
            }
        }
        Kind::Installed { image, .. } => {
            let what = if kind.is_driver() {
                "driver"
            } else {
                "service"
            };
            match image {
                Some(image) => format!("{what} {image} was installed"),
                None => "a service was installed".into(),
            }
        }
        Kind::Bugcheck { code: Some(code) } => format!("restarted from bugcheck {code:#x}"),
        Kind::Bugcheck { code: None } => "restarted from a bugcheck".into(),
        Kind::Http { id } => format!("http.sys logged its event {id}"),
    }
}

/// Cites an event by its number, and its line or byte.
pub(super) fn cite(event: &Event, ledger: &mut Ledger<'_>) -> String {
    let place = match event.place {
        events::Place::Line(line) => Place::Line(line),
        events::Place::Offset(offset) => Place::Offset(offset),
    };
    let at = of_millis(event.at).unwrap_or_default();
    let text = format!(
        "event {} at {at}: {}",
        event.kind.id(),
        sentence(&event.kind)
    );
    ledger.cite_record(event.artifact, place, event.number, text)
}

/// When the trouble began: the first refusal, or else the first snapshot; with its name.
fn beginning(parts: &Parts<'_>) -> Option<(i64, &'static str)> {
    let refusal = parts
        .log
        .episodes
        .first()
        .map(|e| e.start().saturating_mul(1_000));
    let snapshots = &parts.pools.history.snapshots;
    let snapshot = || snapshots.iter().find_map(|s| s.facts.at);
    match refusal {
        Some(at) => Some((at, "the first refused connection")),
        None => Some((snapshot()?, "the first snapshot")),
    }
}

/// `2.0 days before the first refused connection`.
fn apart(at: i64, (anchor, name): (i64, &str)) -> String {
    let seconds = anchor.saturating_sub(at) / 1_000;
    match seconds {
        0 => format!("at the time of {name}"),
        s if s > 0 => format!("{} before {name}", duration(s)),
        s => format!("{} after {name}", duration(s)),
    }
}

/// What event logs say of a candidate image: a sentence, and the event's evidence.
pub(super) fn installed(
    parts: &Parts<'_>,
    file_name: &str,
    ledger: &mut Ledger<'_>,
) -> Option<(String, String)> {
    let same = |kind: &Kind| image_of(kind).is_some_and(|i| i.eq_ignore_ascii_case(file_name));
    let installs: Vec<&Event> = parts.events.of(same).collect();
    let anchor = beginning(parts);
    let before = anchor.and_then(|(at, _)| installs.iter().rev().find(|e| e.at <= at));
    let event = before.or(installs.first())?;
    let at = of_millis(event.at)?;
    let when = match anchor {
        Some(anchor) => format!("{at}, {}", apart(event.at, anchor)),
        None => at,
    };
    let again = match installs.len() {
        1 => String::new(),
        n => format!("; {n} installs are logged"),
    };
    let text = format!("installed {when} (event {}){again}", event.kind.id());
    Some((text, cite(event, ledger)))
}

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
fn often(events: &[&Event]) -> String {
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
fn ends(events: &[&Event], ledger: &mut Ledger<'_>) -> Vec<String> {
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
fn span_of_case(parts: &Parts<'_>) -> Option<(i64, i64)> {
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
            let Some((from, to)) = place.checked_sub(1).and_then(|p| at(p)).zip(at(place)) else {
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

/// What events 2019 say of the verdict: weight, words and evidence. Their absence says nothing:
/// only the file server logs them, and later than http.sys refuses.
pub(super) fn reason(
    parts: &Parts<'_>,
    outcome: Outcome,
    ledger: &mut Ledger<'_>,
) -> Option<(&'static str, String, Vec<String>)> {
    let weight = match outcome {
        Outcome::LeakExplainsRefusals
        | Outcome::LeakWithoutRefusals
        | Outcome::PoolPressureWithoutLeak => "for",
        Outcome::RefusalsWithoutPoolPressure | Outcome::NoProblemFound => "against",
        Outcome::Inconclusive => return None,
    };
    let (from, to) = span_of_case(parts)?;
    let reach = REACH * 1_000;
    let events: Vec<&Event> = parts
        .events
        .of(|kind| *kind == Kind::NonpagedEmpty)
        .filter(|event| (from - reach..=to + reach).contains(&event.at))
        .collect();
    if events.is_empty() {
        return None;
    }
    let text = format!(
        "Windows itself logged nonpaged pool as empty (event 2019) {}",
        often(&events)
    );
    Some((weight, text, ends(&events, ledger)))
}
