//! The case as a timeline: one JSON object a line, in the order of time, with the three fields
//! that Timesketch asks for (`message`, `datetime`, `timestamp_desc`), `data_type` as plaso
//! names kinds of events, and the figures as fields of their own.
//!
//! What has no time has no place here: snapshots without a clock are in the report only.
//! Messages are for reading and have what does not show written out; the other fields are
//! exact.

use std::io;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::Report;
use super::escape::visible;
use super::model::{CounterPoint, Episode, Epoch, EventMark, PoolPoint};
use super::wording::{counted, size, words};

/// A line of the timeline.
#[derive(Clone, Debug, Serialize)]
struct Event<'a> {
    message: String,
    datetime: String,
    timestamp_desc: &'static str,
    data_type: &'static str,
    #[serde(flatten)]
    facts: Facts<'a>,
}

/// What is known of an event; each kind has its own.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Facts<'a> {
    Snapshot {
        snapshot: u64,
        epoch: u64,
        nonpaged_bytes: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        headroom_bytes: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tag: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tag_bytes: Option<i64>,
    },
    Counter {
        epoch: u64,
        nonpaged_bytes: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        headroom_bytes: Option<i64>,
    },
    Epoch {
        epoch: u64,
        began: &'static str,
        snapshots: u64,
    },
    Outage {
        outage: u64,
        refused: u64,
        rows: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        pool_bytes: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        headroom_bytes: Option<i64>,
        evidence: &'a [String],
    },
    Minute {
        outage: u64,
        refused: u64,
    },
    Log {
        logs: u64,
    },
    Event {
        event: u32,
        kind: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        image: Option<&'a str>,
        evidence: &'a [String],
    },
}

/// Writes the timeline.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    for (_, event) in events(report) {
        serde_json::to_writer(&mut *out, &event).map_err(io::Error::from)?;
        writeln!(out)?;
    }
    Ok(())
}

/// The events in the order of time; at the same time, in the order of the report.
fn events(report: &Report) -> Vec<(DateTime<Utc>, Event<'_>)> {
    let mut events = Vec::new();
    logs(report, &mut events);
    for (epoch, place) in report.pool.epochs.iter().zip(0..) {
        events.extend(of_epoch(epoch, place));
    }
    events.extend(
        report
            .pool
            .nonpaged
            .iter()
            .filter_map(|point| of_snapshot(report, point)),
    );
    events.extend(report.pool.counters.iter().filter_map(of_counter));
    for (episode, place) in report.refusals.episodes.iter().zip(1..) {
        events.extend(of_episode(episode, place));
    }
    let marks = report.events.iter().flat_map(|events| &events.marks);
    events.extend(marks.filter_map(of_mark));
    events.sort_by_key(|(at, _)| *at);
    events
}

/// An event of a Windows event log.
fn of_mark(mark: &EventMark) -> Option<(DateTime<Utc>, Event<'_>)> {
    let facts = Facts::Event {
        event: mark.id,
        kind: mark.kind,
        image: mark.image.as_deref(),
        evidence: &mark.evidence,
    };
    let message = format!("Event {}: {}", mark.id, mark.text);
    let kind = ("poolsleuth:eventlog:event", "Event Time");
    event(Some(&mark.at), kind, &message, facts)
}

/// An event at a time, if that is one.
fn event<'a>(
    at: Option<&str>,
    (data_type, timestamp_desc): (&'static str, &'static str),
    message: &str,
    facts: Facts<'a>,
) -> Option<(DateTime<Utc>, Event<'a>)> {
    let at = DateTime::parse_from_rfc3339(at?).ok()?.to_utc();
    let event = Event {
        message: visible(message),
        datetime: at.to_rfc3339_opts(SecondsFormat::AutoSi, false),
        timestamp_desc,
        data_type,
        facts,
    };
    Some((at, event))
}

fn logs<'a>(report: &'a Report, events: &mut Vec<(DateTime<Utc>, Event<'a>)>) {
    let refusals = &report.refusals;
    let facts = Facts::Log {
        logs: refusals.logs,
    };
    let ends = [
        (
            &refusals.log_first,
            "Log Start",
            "The first row of the HTTPERR logs",
        ),
        (
            &refusals.log_last,
            "Log End",
            "The last row of the HTTPERR logs",
        ),
    ];
    for (at, desc, message) in ends {
        events.extend(event(
            at.as_deref(),
            ("poolsleuth:httperr:log", desc),
            message,
            facts.clone(),
        ));
    }
}

fn of_epoch(epoch: &Epoch, place: u64) -> Option<(DateTime<Utc>, Event<'_>)> {
    let message = match epoch.began {
        "restart" => "The machine was restarted before this snapshot: counters fell",
        _ => "The first snapshot since the machine was started",
    };
    let facts = Facts::Epoch {
        epoch: place,
        began: epoch.began,
        snapshots: epoch.snapshots,
    };
    event(
        epoch.first.as_deref(),
        ("poolsleuth:poolmon:epoch", "Epoch Start"),
        message,
        facts,
    )
}

fn of_counter(point: &CounterPoint) -> Option<(DateTime<Utc>, Event<'_>)> {
    let facts = Facts::Counter {
        epoch: point.epoch,
        nonpaged_bytes: point.bytes,
        headroom_bytes: point.headroom_bytes,
    };
    event(
        Some(&point.at),
        ("poolsleuth:perfmon:sample", "Sample Time"),
        &format!(
            "Nonpaged pool {} by performance counters",
            size(point.bytes)
        ),
        facts,
    )
}

fn of_snapshot<'a>(report: &'a Report, point: &PoolPoint) -> Option<(DateTime<Utc>, Event<'a>)> {
    let accused = report.pool.tags.iter().find(|tag| {
        report.verdict.tag_hex.as_deref() == Some(&tag.tag_hex)
            && report.verdict.pool == Some(tag.pool)
    });
    let tag_bytes = accused.and_then(|tag| {
        let point = tag
            .series
            .iter()
            .find(|(place, _)| *place == point.snapshot);
        point.map(|(_, bytes)| *bytes)
    });
    let mut message = format!("Nonpaged pool {}", size(point.bytes));
    if let (Some(tag), Some(bytes)) = (accused, tag_bytes) {
        message.push_str(&format!(", tag {} {}", tag.tag, size(bytes)));
    }
    let facts = Facts::Snapshot {
        snapshot: point.snapshot,
        epoch: point.epoch,
        nonpaged_bytes: point.bytes,
        headroom_bytes: point.headroom_bytes,
        tag: accused
            .filter(|_| tag_bytes.is_some())
            .map(|tag| tag.tag.as_str()),
        tag_bytes,
    };
    event(
        point.at.as_deref(),
        ("poolsleuth:poolmon:snapshot", "Snapshot Time"),
        &message,
        facts,
    )
}

fn of_episode(episode: &Episode, place: u64) -> Vec<(DateTime<Utc>, Event<'_>)> {
    let facts = Facts::Outage {
        outage: place,
        refused: episode.total,
        rows: episode.rows,
        pool_bytes: episode.pool_bytes,
        headroom_bytes: episode.headroom_bytes,
        evidence: &episode.evidence,
    };
    let worst = Facts::Minute {
        outage: place,
        refused: episode.worst_minute_total,
    };
    let connections = counted(episode.total, "connection");
    let kind = "poolsleuth:httperr:refusals";
    let start = format!("http.sys begins to refuse connections: {connections} in outage {place}");
    let end = format!(
        "Last refused connection of outage {place} ({})",
        words(episode.ended)
    );
    let most = format!(
        "Worst minute of outage {place}: {} refused",
        counted(episode.worst_minute_total, "connection")
    );
    [
        event(
            Some(&episode.start),
            (kind, "Refusals Start"),
            &start,
            facts.clone(),
        ),
        event(
            Some(&episode.worst_minute),
            (kind, "Refusals Peak"),
            &most,
            worst,
        ),
        event(Some(&episode.end), (kind, "Refusals End"), &end, facts),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::report::fixture::{cases, hostile_report, leak_explained};

    fn lines(report: &Report) -> Vec<Value> {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn kept(lines: &[Value]) {
        let mut last = None;
        for line in lines {
            for field in ["message", "datetime", "timestamp_desc", "data_type"] {
                assert!(
                    !line[field].as_str().unwrap().is_empty(),
                    "{field} of {line}"
                );
            }
            assert!(!line["message"].as_str().unwrap().contains(char::is_control));
            let at = line["datetime"].as_str().unwrap();
            assert!(at.ends_with("+00:00"), "{at}");
            let at = DateTime::parse_from_rfc3339(at).unwrap();
            assert!(last.replace(at).is_none_or(|before| before <= at));
        }
    }

    #[test]
    fn a_case_has_its_events_in_order() {
        let mut report = leak_explained();
        report.pool.tags[0].series = vec![(0, 2_097_152)];
        let lines = lines(&report);
        kept(&lines);
        let of = |desc: &str| lines.iter().filter(|l| l["timestamp_desc"] == desc).count();
        let found = [
            "Snapshot Time",
            "Epoch Start",
            "Refusals Start",
            "Refusals Peak",
            "Refusals End",
            "Log Start",
        ]
        .map(of);
        assert_eq!(found, [80, 2, 3, 3, 3, 1]);
        let first = lines
            .iter()
            .find(|l| l["timestamp_desc"] == "Snapshot Time")
            .unwrap();
        assert_eq!(
            first["message"],
            "Nonpaged pool 56.0 MiB, tag HsCx 2.00 MiB"
        );
        assert_eq!(first["tag_bytes"], 2_097_152);
        assert_eq!(first["datetime"], "2026-03-01T10:00:00+00:00");
        assert!(
            lines
                .iter()
                .any(|l| l["refused"] == 900 && l["rows"] == 225)
        );
    }

    #[test]
    fn without_a_clock_only_logs_and_outages_remain() {
        let cases = cases();
        let (_, withheld) = cases.iter().find(|(name, _)| *name == "withheld").unwrap();
        let mut report = withheld.clone();
        report.pool.epochs.clear();
        assert_eq!(lines(&report).len(), 11);
    }

    proptest! {
        // A report holds thousands of texts: few cases try many.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_report_makes_a_timeline(report in hostile_report()) {
            kept(&lines(&report));
        }
    }
}
