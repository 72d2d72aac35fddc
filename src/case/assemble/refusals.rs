//! The refusals of the report; evidence is the row that begins each episode.

use std::collections::BTreeMap;

use super::Parts;
use super::pressure::range;
use crate::case::evidence::Ledger;
use crate::case::logs::LogFacts;
use crate::case::times::of_seconds;
use crate::diagnosis::correlation::{At, Correlation};
use crate::report::model::{Episode, LogSpan, RefusalCount, Refusals};
use crate::timeline::episode::Episode as Outage;

/// Episodes listed; more are only counted in the totals.
const MAX_EPISODES: usize = 200;

/// Evidence of the first rows of the episodes listed, in their order.
pub(super) struct Quotes {
    pub(super) first_rows: Vec<Vec<String>>,
}

impl Quotes {
    /// Evidence of the first few episodes.
    pub(super) fn first(&self, few: usize) -> Vec<String> {
        let rows = self.first_rows.iter().take(few);
        rows.flatten().cloned().collect()
    }
}

pub(super) fn quotes(parts: &Parts<'_>, ledger: &mut Ledger<'_>) -> Quotes {
    let mut cite = |episode: &Outage| {
        let file = parts.survey.logs.get(episode.first.log)?;
        Some(ledger.cite_line(file.artifact.index(), episode.first.line))
    };
    let listed = parts.log.episodes.iter().take(MAX_EPISODES);
    Quotes {
        first_rows: listed.map(|e| cite(e).into_iter().collect()).collect(),
    }
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
    let (low, high) = range(at);
    Episode {
        start: of_seconds(episode.start()).unwrap_or_default(),
        end: of_seconds(episode.last_refusal()).unwrap_or_default(),
        ended: episode.end.name(),
        rows: episode.rows,
        total: episode.connections,
        worst_minute: of_seconds(episode.worst_minute.0).unwrap_or_default(),
        worst_minute_total: episode.worst_minute.1,
        pool_bytes: at.and_then(|at| u64::try_from(at.bytes).ok()),
        pool_low: low,
        pool_high: high,
        headroom_bytes: at
            .filter(|at| at.range.is_none())
            .and_then(|at| at.headroom),
        pool_basis: at.map(|at| at.how.name(at.source)),
        rivals,
        evidence,
    }
}
