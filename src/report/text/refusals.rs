//! Outages, how pool and refusals fit in time, and other causes that were looked at.

use crate::report::model::{Episode, Finding, Refusals, Report};
use crate::report::wording::{self, counted, size, stretch};

use super::Paper;
use super::page::{Para, Section, paragraphs};
use super::verdict::ids;

/// Outages shown one by one.
const SHOWN: usize = 3;

/// Totals, then the outages.
pub fn outages(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Refused",
        group: 2,
        least: 2,
        good: 3,
        most: 1 + SHOWN,
        fill: Box::new(move |room| {
            let refusals = &paper.report.refusals;
            let mut texts = vec![Para::plain(totals(paper.report))];
            texts.extend(refusals.episodes.iter().map(episode));
            if refusals.episodes.is_empty() {
                texts.extend(logs_span(refusals).map(Para::plain));
                texts.truncate(room.max(1));
            }
            paragraphs(&texts, room.min(1 + SHOWN), 1, paper.charset)
        }),
    }
}

fn totals(report: &Report) -> String {
    let refusals = &report.refusals;
    if refusals.logs == 0 {
        let artifacts = &report.coverage.artifacts;
        let mute = artifacts.iter().filter(|a| a.role == "httperr").count() as u64;
        return match mute {
            0 => "no HTTPERR log was found".to_owned(),
            mute => format!("{} without a row that counts", counted(mute, "HTTPERR log")),
        };
    }
    let logs = counted(refusals.logs, "log");
    let mut text = match refusals.rows {
        0 => format!("no connection in {logs}"),
        rows => format!(
            "{} in {}, {}, {logs}",
            wording::refused(refusals),
            counted(rows, "row"),
            counted(refusals.episodes.len() as u64, "outage"),
        ),
    };
    if refusals.unanalysable_logs > 0 {
        text.push_str(&format!("; {} cannot show any", refusals.unanalysable_logs));
    }
    text
}

fn logs_span(refusals: &Refusals) -> Option<String> {
    let (first, last) = (refusals.log_first.as_ref()?, refusals.log_last.as_ref()?);
    Some(format!("logs of {}", stretch(first, last)))
}

fn episode(episode: &Episode) -> Para {
    let mut text = format!(
        "{}  {} refused",
        stretch(&episode.start, &episode.end),
        wording::count(episode.total)
    );
    let size_u = |bytes: u64| size(i64::try_from(bytes).unwrap_or(i64::MAX));
    if let (Some(low), Some(high)) = (episode.pool_low, episode.pool_high) {
        text.push_str(&format!(", pool {} to {}", size_u(low), size_u(high)));
    }
    let known = episode.pool_low.is_none();
    match (episode.headroom_bytes, episode.pool_bytes.filter(|_| known)) {
        (Some(left), _) => text.push_str(&format!(", {} left", size(left))),
        (None, Some(pool)) => {
            text.push_str(&format!(", pool {}", size_u(pool)));
        }
        (None, None) => {}
    }
    if episode.ended == "log_ends" {
        text.push_str(", log ends");
    }
    Para {
        text,
        end: ids(episode.evidence.get(..1).unwrap_or(&[])),
        ..Para::default()
    }
}

/// How pool and refusals fit in time.
pub fn timing(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Timing",
        group: 2,
        least: 1,
        good: 2,
        most: 2,
        fill: Box::new(move |room| {
            let correlation = &paper.report.correlation;
            let Some(text) = &correlation.text else {
                return Vec::new();
            };
            let mut text = text.clone();
            if let Some(lag) = correlation.lag_seconds {
                let order = if lag < 0 { "before" } else { "after" };
                text.push_str(&format!(
                    "; {} {order} the threshold",
                    wording::seconds(lag)
                ));
            }
            let survives = correlation
                .survives_minutes_back
                .zip(correlation.survives_minutes_forward);
            if let Some((back, forward)) = survives {
                text.push_str(&format!(
                    "; holds for clock errors -{back} to +{forward} min"
                ));
            }
            paragraphs(&[Para::plain(text)], room, 2, paper.charset)
        }),
    }
}

/// Rival causes and other findings, the rivals first.
pub fn rivals(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Also",
        group: 2,
        least: 1,
        good: 2,
        most: 3,
        fill: Box::new(move |room| {
            let mut findings: Vec<&Finding> = paper.report.findings.iter().collect();
            findings.sort_by_key(|finding| finding.kind != "rival");
            let texts: Vec<Para> = findings
                .iter()
                .map(|finding| Para {
                    sign: format!("{}: ", finding.kind),
                    text: finding.text.clone(),
                    end: ids(&finding.evidence),
                })
                .collect();
            paragraphs(&texts, room, 1, paper.charset)
        }),
    }
}
