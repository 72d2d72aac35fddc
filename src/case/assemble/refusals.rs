//! The refusals of the report, with the raw rows that begin each episode.

use std::collections::BTreeMap;

use super::Parts;
use crate::artifact::httperr;
use crate::case::evidence::{Ledger, Place};
use crate::case::logs::LogFacts;
use crate::case::times::of_seconds;
use crate::diagnosis::correlation::{At, Correlation};
use crate::report::model::{Episode, LogSpan, RefusalCount, Refusals};
use crate::timeline::episode::Episode as Outage;

/// Episodes listed; more are only counted in the totals.
const MAX_EPISODES: usize = 200;

/// Episodes whose first row is quoted.
const MAX_QUOTED: usize = 12;

/// Evidence of the episodes' first rows, in their order, and of the very last row.
pub(super) struct Quotes {
    pub(super) first_rows: Vec<Vec<String>>,
}

pub(super) fn quotes(parts: &Parts<'_>, ledger: &mut Ledger<'_>) -> Quotes {
    let episodes = &parts.log.episodes;
    let mut wanted: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for episode in episodes.iter().take(MAX_QUOTED) {
        wanted
            .entry(episode.first.log)
            .or_default()
            .push(episode.first.line);
    }
    let mut rows: BTreeMap<(usize, u64), Vec<u8>> = BTreeMap::new();
    for (log, mut lines) in wanted {
        lines.sort_unstable();
        lines.dedup();
        let Some(file) = parts.survey.logs.get(log) else {
            continue;
        };
        let Ok(stream) = parts.bundle.open_artifact(file.artifact) else {
            continue;
        };
        for (line, text) in httperr::lines(stream, &lines).unwrap_or_default() {
            rows.insert((log, line), text);
        }
    }
    let cite = |ledger: &mut Ledger<'_>, log: usize, line: u64| {
        let file = parts.survey.logs.get(log)?;
        let text = rows
            .get(&(log, line))
            .map_or_else(String::new, |t| String::from_utf8_lossy(t).into_owned());
        Some(ledger.cite(file.artifact.index(), Place::Line(line), text))
    };
    let first_rows = episodes
        .iter()
        .take(MAX_QUOTED)
        .map(|e| {
            cite(ledger, e.first.log, e.first.line)
                .into_iter()
                .collect()
        })
        .collect();
    Quotes { first_rows }
}

pub(super) fn refusals(parts: &Parts<'_>, quotes: &Quotes) -> Refusals {
    of_logs(
        parts.log,
        parts.facts.correlation.as_ref(),
        &quotes.first_rows,
    )
}

/// What the logs say, with the level of the pool where that is known.
pub(in crate::case) fn of_logs(
    log: &LogFacts,
    pool: Option<&Correlation>,
    evidence: &[Vec<String>],
) -> Refusals {
    let episodes = log
        .episodes
        .iter()
        .take(MAX_EPISODES)
        .enumerate()
        .map(|(index, episode)| {
            let at = pool.and_then(|c| c.at.get(index).copied().flatten());
            one(
                log,
                episode,
                at,
                evidence.get(index).cloned().unwrap_or_default(),
            )
        });
    Refusals {
        rows: log.refusal_rows,
        total: log.refused,
        uncounted_rows: log.uncounted_rows,
        first: log.episodes.first().and_then(|e| of_seconds(e.start())),
        last: log
            .episodes
            .iter()
            .map(|e| e.last_refusal())
            .max()
            .and_then(of_seconds),
        episodes: episodes.collect(),
        counts: log
            .counts
            .iter()
            .filter_map(|&(start, total)| {
                Some(RefusalCount {
                    start: of_seconds(start)?,
                    seconds: log.count_seconds.unsigned_abs(),
                    total,
                })
            })
            .collect(),
        reasons: log.reasons.clone(),
        logs: log.analysable,
        unanalysable_logs: log.unanalysable,
        log_first: log.first_row.and_then(of_seconds),
        log_last: log.last_row.and_then(of_seconds),
        log_spans: log
            .spans
            .iter()
            .filter_map(|(artifact, first, last)| {
                Some(LogSpan {
                    artifact: artifact.clone(),
                    first: of_seconds(*first)?,
                    last: of_seconds(*last)?,
                })
            })
            .collect(),
    }
}

fn one(log: &LogFacts, episode: &Outage, at: Option<At>, evidence: Vec<String>) -> Episode {
    let mut rivals = BTreeMap::new();
    let minutes =
        (episode.start().div_euclid(60) * 60, "")..=(episode.last_refusal(), "\u{10ffff}");
    for (&(_, name), rows) in log.rivals.range(minutes) {
        *rivals.entry(name.to_owned()).or_default() += rows;
    }
    Episode {
        start: of_seconds(episode.start()).unwrap_or_default(),
        end: of_seconds(episode.last_refusal()).unwrap_or_default(),
        ended: episode.end.name(),
        rows: episode.rows,
        total: episode.connections,
        worst_minute: of_seconds(episode.worst_minute.0).unwrap_or_default(),
        worst_minute_total: episode.worst_minute.1,
        pool_bytes: at.and_then(|at| u64::try_from(at.bytes).ok()),
        headroom_bytes: at.and_then(|at| at.headroom),
        pool_basis: at.map(|at| at.how.name()),
        rivals,
        evidence,
    }
}
