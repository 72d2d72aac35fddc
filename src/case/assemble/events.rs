//! What Windows' event logs come to, in the report: marks in time, findings, and what they say of
//! candidates.

use std::collections::BTreeMap;

use super::Parts;
use super::event_findings::{ends, often, span_of_case};
use crate::artifact::events::{self, Kind};
use crate::case::events::Event;
use crate::case::evidence::{Ledger, Place};
use crate::case::times::{duration, of_millis};
use crate::diagnosis::clock::REACH;
use crate::diagnosis::verdict::Outcome;
use crate::report::model::{EventMark, Events};

/// Events listed; a screen is not wider. Starts, installs and what is rare goes before what repeats.
const MAX_LISTED: usize = 400;

/// Events cited of one kind that repeats.
const MAX_CITED: usize = 4;

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

pub(super) fn image_of(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Installed { image, .. } => image.as_deref(),
        _ => None,
    }
}

/// What an event says, in a clause of ours.
pub(super) fn sentence(kind: &Kind) -> String {
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
pub(super) fn beginning(parts: &Parts<'_>) -> Option<(i64, &'static str)> {
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
pub(super) fn apart(at: i64, (anchor, name): (i64, &str)) -> String {
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
