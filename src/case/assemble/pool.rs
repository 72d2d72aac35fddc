//! The pool of the report: totals, epochs, limit, tags.

use super::Parts;
use super::owner::owner_hint;
use super::places::{cite_ends, cite_snapshot};
use crate::case::conclusion::Conclusion;
use crate::case::evidence::Ledger;
use crate::case::facts::{all_levels, span_of};
use crate::case::levels::is_level;
use crate::case::pool_source::Quoted;
use crate::case::pools::find_rows;
use crate::case::times::of_millis;
use crate::diagnosis::growth::{Per, SeriesGrowth};
use crate::report::model::{
    Epoch, Limit, Lockstep, LockstepMember, Pool as PoolPart, PoolPoint, TagRow, Threshold,
    TimeToLimit,
};
use crate::tag::{Pool, Tag};
use crate::timeline::series::Start;

/// Tags listed of each pool.
const MAX_TAGS: usize = 20;
const MAX_PAGED: usize = 5;

/// Boot epochs whose ends are cited; more restarts than days in a month are no case.
const MAX_CITED_EPOCHS: usize = 32;

/// Points of a curve. A screen has two thousand columns; beyond, the extremes of each stretch are
/// kept.
const MAX_POINTS: usize = 2_000;

pub(super) fn pool(
    parts: &Parts<'_>,
    tags: Vec<TagRow>,
    of_limit: Vec<String>,
    ledger: &mut Ledger<'_>,
) -> PoolPart {
    let history = &parts.pools.history;
    let (first, last) = span_of(history, 0..history.snapshots.len());
    let host = &parts.facts.host;
    let grown = parts.facts.growth().map_or(0, |g| g.series.len());
    PoolPart {
        snapshots: history.snapshots.len() as u64,
        first,
        last,
        order: (history.snapshots.len() > 1).then(|| history.ordering.sentence().to_owned()),
        epochs: epochs(parts, ledger),
        nonpaged: nonpaged(parts),
        counter_samples: parts.counters.samples.len() as u64,
        counters: super::counters::points(parts),
        limit: host.limit.as_ref().ok().map(|l| Limit {
            bytes: l.bytes,
            low: l.low,
            high: l.high,
            basis: l.basis.clone(),
            quality: l.quality.name().to_owned(),
            evidence: of_limit,
        }),
        threshold: Some(Threshold {
            bytes: host.margin.bytes(),
            basis: host.margin.sentence().to_owned(),
        }),
        time_to_limit: time_to_limit(parts),
        tags_not_listed: grown.saturating_sub(tags.len()) as u64,
        tags,
        lockstep: parts.facts.groups.iter().map(lockstep).collect(),
    }
}

fn time_to_limit(parts: &Parts<'_>) -> Option<TimeToLimit> {
    if parts.pools.history.snapshots.len() < 2 {
        return None;
    }
    Some(match &parts.facts.time_to {
        Ok(to) => TimeToLimit {
            hours: Some(to.hours),
            soonest: Some(to.soonest),
            latest: Some(to.latest),
            basis: "the trend of nonpaged pool drawn on from the last snapshot; the range is that of the slope's 95 % interval".into(),
        },
        Err(why) => TimeToLimit { hours: None, soonest: None, latest: None, basis: format!("not extrapolated: {why}") },
    })
}

fn epochs(parts: &Parts<'_>, ledger: &mut Ledger<'_>) -> Vec<Epoch> {
    let history = &parts.pools.history;
    let whole = |index: usize| {
        parts
            .facts
            .views
            .iter()
            .find(|v| v.growth.epoch == index && !v.until_refusals)
    };
    history
        .epochs
        .iter()
        .enumerate()
        .map(|(index, epoch)| {
            let total = whole(index).and_then(|v| v.growth.nonpaged.as_ref());
            let (first, last) = span_of(history, epoch.snapshots.clone());
            Epoch {
                snapshots: epoch.snapshots.len() as u64,
                first,
                last,
                began: match epoch.start {
                    Start::First => "first",
                    Start::Reset(_) => "restart",
                },
                nonpaged_first: total.map(|t| t.first.bytes),
                nonpaged_last: total.map(|t| t.last.bytes),
                nonpaged_peak: total.map(|t| t.peak.bytes),
                nonpaged_growth_bytes_per_hour: total
                    .and_then(|t| t.trend?.per_hour())
                    .map(rounded),
                basis: total.map(|t| t.basis.sentence().to_owned()),
                evidence: if index < MAX_CITED_EPOCHS {
                    cite_ends(parts, epoch.snapshots.clone(), ledger)
                } else {
                    Vec::new()
                },
            }
        })
        .collect()
}

/// Slopes to the byte, so that the last bits of a sum do not show.
fn rounded(value: f64) -> f64 {
    value.round()
}

/// Shares and ratios to a ten-thousandth.
pub(super) fn share(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

fn nonpaged(parts: &Parts<'_>) -> Vec<PoolPoint> {
    let limit = parts.facts.host.limit.as_ref().ok().map(|l| l.bytes as i64);
    let points: Vec<PoolPoint> = all_levels(&parts.pools.history)
        .map(|(place, epoch, snapshot, bytes)| PoolPoint {
            snapshot: place as u64,
            at: snapshot.facts.at.and_then(of_millis),
            epoch: epoch as u64,
            bytes,
            headroom_bytes: limit
                .filter(|_| is_level(&parts.facts.host, snapshot))
                .map(|limit| limit.saturating_sub(bytes).max(0)),
        })
        .collect();
    thinned(points, |p| p.bytes)
}

/// At most [`MAX_POINTS`] of a curve: of each stretch its lowest and its highest point, in order.
pub(super) fn thinned<T>(points: Vec<T>, value: impl Fn(&T) -> i64) -> Vec<T> {
    if points.len() <= MAX_POINTS {
        return points;
    }
    let stretch = points.len().div_ceil(MAX_POINTS / 2);
    let mut keep = vec![false; points.len()];
    for start in (0..points.len()).step_by(stretch) {
        let range = start..(start + stretch).min(points.len());
        let lowest = range.clone().min_by_key(|&i| value(&points[i]));
        let highest = range.max_by_key(|&i| value(&points[i]));
        for place in lowest.into_iter().chain(highest) {
            keep[place] = true;
        }
    }
    let last = points.len() - 1;
    points
        .into_iter()
        .enumerate()
        .filter(|(i, _)| keep[*i] || *i == 0 || *i == last)
        .map(|(_, p)| p)
        .collect()
}

fn lockstep(group: &crate::diagnosis::lockstep::Group) -> Lockstep {
    let names: Vec<String> = group
        .members
        .iter()
        .map(|m| format!("`{}`", m.tag))
        .collect();
    let ties: Vec<String> = group
        .members
        .iter()
        .skip(1)
        .map(|m| format!("`{}`: {}", m.tag, m.tie.sentence()))
        .collect();
    Lockstep {
        members: group
            .members
            .iter()
            .map(|m| LockstepMember {
                tag: m.tag.to_string(),
                tag_hex: m.tag.hex(),
                pool: m.pool.name(),
                ratio: share(m.ratio),
            })
            .collect(),
        text: format!("{} grow together ({})", names.join(", "), ties.join("; ")),
    }
}

/// The tags of the report: those in question first, then by suspicion.
pub(super) fn tags(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    ledger: &mut Ledger<'_>,
) -> Vec<TagRow> {
    let Some(growth) = parts.facts.growth() else {
        return Vec::new();
    };
    let mut order: Vec<(Tag, Pool)> = conclusion.leader.into_iter().collect();
    let mut add = |key| {
        if !order.contains(&key) {
            order.push(key);
        }
    };
    parts.facts.wanted.iter().copied().for_each(&mut add);
    let of = |suspects: &[crate::diagnosis::growth::Suspect], most: usize| -> Vec<(Tag, Pool)> {
        suspects
            .iter()
            .take(most)
            .map(|s| (s.tag, s.pool))
            .collect()
    };
    of(&growth.suspects, MAX_TAGS)
        .into_iter()
        .for_each(&mut add);
    of(&growth.paged_suspects, MAX_PAGED)
        .into_iter()
        .for_each(&mut add);
    let quoted = quote(parts, &order, ledger);
    order
        .into_iter()
        .filter_map(|(tag, pool)| {
            let series = parts.facts.series_of(tag, pool)?;
            let evidence = quoted
                .iter()
                .filter(|(key, _)| *key == (tag, pool))
                .map(|(_, id)| id.clone())
                .collect();
            Some(tag_row(parts, series, growth.epoch, evidence))
        })
        .collect()
}

/// A tag's row: of which tag, in which file and at which position there, in which snapshot.
type WantedRow = ((Tag, Pool), (usize, usize), usize);

/// Cites the first and the last row of each tag listed; where a row is not found again, its
/// snapshot.
fn quote(
    parts: &Parts<'_>,
    listed: &[(Tag, Pool)],
    ledger: &mut Ledger<'_>,
) -> Vec<((Tag, Pool), String)> {
    let mut wanted: Vec<WantedRow> = Vec::new();
    for &(tag, pool) in listed {
        let Some(series) = parts.facts.series_of(tag, pool) else {
            continue;
        };
        for sample in [series.first, series.last] {
            let snapshot = sample.snapshot as usize;
            let facts = parts.pools.history.snapshots.get(snapshot).map(|s| s.facts);
            let Some(&place) = facts.and_then(|f| parts.pools.places.get(f.order)) else {
                continue;
            };
            if !wanted.contains(&((tag, pool), place, snapshot)) {
                wanted.push(((tag, pool), place, snapshot));
            }
        }
    }
    let mut rows: Vec<Option<Quoted>> = wanted.iter().map(|_| None).collect();
    for (source, file) in parts.survey.pools.iter().enumerate() {
        let here: Vec<usize> = (0..wanted.len())
            .filter(|&i| wanted[i].1.0 == source)
            .collect();
        if here.is_empty() {
            continue;
        }
        let asked: Vec<(usize, Tag, Pool)> = here
            .iter()
            .map(|&i| (wanted[i].1.1, wanted[i].0.0, wanted[i].0.1))
            .collect();
        for (slot, row) in here.into_iter().zip(find_rows(parts.bundle, file, &asked)) {
            rows[slot] = row;
        }
    }
    let mut cited = Vec::new();
    for ((key, (source, _), snapshot), row) in wanted.into_iter().zip(rows) {
        let (Some(row), Some(file)) = (row, parts.survey.pools.get(source)) else {
            cited.extend(cite_snapshot(parts, snapshot, ledger).map(|id| (key, id)));
            continue;
        };
        cited.push((key, ledger.cite(file.artifact.index(), row.place, row.text)));
    }
    cited
}

fn tag_row(
    parts: &Parts<'_>,
    growth: &SeriesGrowth,
    epoch: usize,
    evidence: Vec<String>,
) -> TagRow {
    let trend = growth.trend.as_ref();
    let hourly = trend.filter(|t| t.per == Per::Hour);
    let interval = hourly.and_then(|t| t.interval);
    TagRow {
        tag: growth.tag.to_string(),
        tag_hex: growth.tag.hex(),
        pool: growth.pool.name(),
        epoch: epoch as u64,
        class: growth.class.name(),
        test: growth.test(),
        bytes_first: growth.first.bytes,
        bytes_last: growth.last.bytes,
        blocks_first: growth.first.blocks,
        blocks_last: growth.last.blocks,
        growth_bytes_per_hour: hourly.map(|t| rounded(t.slope)),
        growth_low: interval.map(|i| rounded(i.low)),
        growth_high: interval.map(|i| rounded(i.high)),
        growth_bytes_per_snapshot: trend
            .filter(|t| t.per == Per::Snapshot)
            .map(|t| rounded(t.slope)),
        share_of_growth: growth.share.map(share),
        freed_ratio: growth.freed_ratio().map(share),
        points: growth.points as u64,
        owner_hint: owner_hint(parts, growth.tag),
        evidence,
        series: curve(parts, growth.tag, growth.pool),
    }
}

/// A tag's bytes at every snapshot of the case.
fn curve(parts: &Parts<'_>, tag: Tag, pool: Pool) -> Vec<(u64, i64)> {
    let epochs = parts.pools.history.epochs.iter();
    let points: Vec<(u64, i64)> = epochs
        .filter_map(|epoch| epoch.series_of(tag, pool))
        .flat_map(|series| {
            series
                .samples
                .iter()
                .map(|s| (u64::from(s.snapshot), s.bytes))
        })
        .collect();
    thinned(points, |p| p.1)
}
