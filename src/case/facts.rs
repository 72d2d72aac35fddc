//! What the logs and the pool say together, before any image is looked into.

use super::counters::Counters;
use super::events::EventFacts;
use super::host::HostFacts;
use super::levels::{Disproved, by_memory, ceiling, disprove, levels, of_counters, pressed};
use super::logs::LogFacts;
use super::pools::Pools;
use super::times::{duration, of_millis};
use super::wanted::{Holder, holder, wanted};
use crate::artifact::pooltag::{Blame, TagClass, well_known};
use crate::diagnosis::capture::{Capture, capture};
use crate::diagnosis::clock::{self, Doubt, Step};
use crate::diagnosis::correlation::{Correlation, Level, Question, correlate};
use crate::diagnosis::growth::{self, Class, EpochGrowth, SeriesGrowth};
use crate::diagnosis::headroom::{TimeTo, time_to};
use crate::diagnosis::lockstep::{self, Group};
use crate::diagnosis::offset::OffsetFit;
use crate::report::model::Withheld;
use crate::tag::{Pool, Tag};
use crate::timeline::series::{Epoch, Extent, PoolHistory, PoolsShown, Snapshot, TagsShown};

/// An epoch of the case under one view: whole, or up to the first refusal in it.
pub(super) struct View {
    pub(super) growth: EpochGrowth,
    /// True if the snapshots after the first refusal were left out.
    pub(super) until_refusals: bool,
}

/// Everything known before the images.
pub(super) struct CaseFacts {
    pub(super) host: HostFacts,
    pub(super) views: Vec<View>,
    /// The view in which the leader was found.
    pub(super) view: Option<usize>,
    /// The tags in question, most suspect first.
    pub(super) wanted: Vec<(Tag, Pool)>,
    /// The tag that holds most of a nonpaged pool near its limit, whether it grows or not.
    pub(super) holder: Option<Holder>,
    /// How much of nonpaged pool the snapshots show.
    pub(super) capture: Capture,
    /// True if a level of the pool is the sum of a listing that is whole by its looks only.
    pub(super) level_presumed: bool,
    pub(super) groups: Vec<Group>,
    pub(super) correlation: Option<Correlation>,
    pub(super) withheld: Option<Withheld>,
    /// What steps of the clock do to the comparison.
    pub(super) clock: Doubt,
    /// The offset from UTC to offer, where no zone is known.
    pub(super) offset: Option<OffsetFit>,
    pub(super) pressed: Option<bool>,
    /// The limit that the pool itself disproves; there is none then.
    pub(super) disproved: Option<Disproved>,
    pub(super) time_to: Result<TimeTo, String>,
    pub(super) logs_cover: bool,
    /// False if a part of the upload is missing, or a log or a snapshot file could not be read
    /// to its end.
    pub(super) whole: bool,
}

impl CaseFacts {
    pub(super) fn growth(&self) -> Option<&EpochGrowth> {
        self.views.get(self.view?).map(|view| &view.growth)
    }

    /// The growth of a tag in the leading view.
    pub(super) fn series_of(&self, tag: Tag, pool: Pool) -> Option<&SeriesGrowth> {
        self.growth()?
            .series
            .iter()
            .find(|s| s.tag == tag && s.pool == pool)
    }
}

pub(super) fn gather(
    log: &LogFacts,
    pools: &Pools,
    counters: &Counters,
    events: &EventFacts,
    mut host: HostFacts,
    whole: bool,
) -> CaseFacts {
    let history = &pools.history;
    let disproved = disprove(&mut host, history, counters);
    let views = views(history, log);
    let view = leading_view(&views, history, log);
    let growth = view.and_then(|v| views.get(v)).map(|v| &v.growth);
    let groups = growth
        .map(|g| lockstep::groups(history, g))
        .unwrap_or_default();
    let mut levels = levels(history, &host);
    let logs_cover = logs_cover(log, history);
    levels.extend(of_counters(counters, &host));
    levels.sort_by_key(|l| l.at);
    let question = Question {
        levels: &levels,
        episodes: &log.episodes,
        alive_hours: &log.alive_hours,
        limit: host.limit.as_ref().ok().map(ceiling),
        threshold: host.margin.bytes() as i64,
        by_memory: host.limit.as_ref().is_ok_and(by_memory),
    };
    let clock = clock_doubt(log, events, &levels);
    let undated = withheld(pools, log);
    let set_back = set_back(&clock, events);
    // Counters have a clock of their own, but it is the same machine's.
    let apart = set_back.is_some() || (undated.is_some() && counters.samples.is_empty());
    let withheld = undated.or(set_back);
    let mut correlation = if apart { None } else { correlate(&question) };
    if history.snapshots.iter().any(|s| nonpaged_of(s).is_none()) {
        // Where the level is not known, the pool may have been full before it was seen to be.
        correlation.iter_mut().for_each(|found| found.lag = None);
    }
    // A kernel without memory for an answer is as near the limit as can be.
    let pressed = if pools.exhausted {
        Some(true)
    } else {
        pressed(history, counters, &host, &question)
    };
    let limit = host.limit.as_ref().ok().map(|l| l.bytes as i64);
    let holder = growth
        .filter(|_| pressed == Some(true))
        .and_then(|g| holder(history, g, limit));
    let wanted = wanted(growth, &groups, holder.as_ref());
    CaseFacts {
        wanted,
        holder,
        capture: capture(history),
        level_presumed: history.snapshots.iter().any(is_presumed),
        pressed,
        time_to: outlook(history, &host, growth),
        logs_cover,
        whole,
        disproved,
        correlation,
        withheld,
        clock,
        offset: None,
        groups,
        views,
        view,
        host,
    }
}

/// Each epoch whole, and again up to the moment from which refusals keep the pool from growing,
/// where that leaves a trend: a leak that has filled the pool looks like a plateau afterwards.
fn views(history: &PoolHistory, log: &LogFacts) -> Vec<View> {
    const ENOUGH: usize = 3;
    let mut views = Vec::new();
    for (index, epoch) in history.epochs.iter().enumerate() {
        views.push(View {
            growth: growth::analyse_epoch(history, index, epoch),
            until_refusals: false,
        });
        let end = first_refusal(history, epoch, log).or_else(|| filled(history, epoch, log));
        let Some(end) = end.map(|place| place + 1) else {
            continue;
        };
        if end < epoch.snapshots.end && end - epoch.snapshots.start >= ENOUGH {
            let clipped = epoch.clipped(epoch.snapshots.start..end);
            let mut part = growth::analyse_epoch(history, index, &clipped);
            if let Some(whole) = views.last() {
                part.remember_swings(&whole.growth);
            }
            views.push(View {
                growth: part,
                until_refusals: true,
            });
        }
    }
    views
}

/// The first snapshot at or after the first refusal in an epoch.
fn first_refusal(history: &PoolHistory, epoch: &Epoch, log: &LogFacts) -> Option<usize> {
    let at = |place: usize| history.snapshots.get(place).and_then(|s| s.facts.at);
    let (first, last) = (
        at(epoch.snapshots.start)?,
        at(epoch.snapshots.end.checked_sub(1)?)?,
    );
    let refusal = log
        .episodes
        .iter()
        .map(|e| e.start() * 1_000)
        .find(|at| (first..=last).contains(at))?;
    epoch
        .snapshots
        .clone()
        .find(|&place| at(place).is_some_and(|t| t >= refusal))
}

/// The first snapshot at which the pool is as full as it ever gets in an epoch, in a case with
/// refusals of which no snapshot is dated.
fn filled(history: &PoolHistory, epoch: &Epoch, log: &LogFacts) -> Option<usize> {
    /// A pool at its limit breathes by as much, in percent.
    const FULL: i64 = 97;
    let undated = epoch.snapshots.clone().all(|p| {
        history
            .snapshots
            .get(p)
            .is_some_and(|s| s.facts.at.is_none())
    });
    if log.refusal_rows == 0 || !undated {
        return None;
    }
    let level = |place: usize| history.snapshots.get(place).and_then(curve_of);
    let peak = epoch.snapshots.clone().filter_map(level).max()?;
    epoch.snapshots.clone().find(|&place| {
        level(place).is_some_and(|l| l.saturating_mul(100) >= peak.saturating_mul(FULL))
    })
}

/// The view that shows a leak best: one with a leak's pattern before one without, then one of an
/// epoch with refusals, then the one in which its leader grew most.
fn leading_view(views: &[View], history: &PoolHistory, log: &LogFacts) -> Option<usize> {
    let rank = |view: &View| {
        let top = view.growth.suspects.first();
        let series = top.and_then(|s| view.growth.series.get(s.series));
        let leak = series.is_some_and(|s| s.class.is_leak_pattern());
        let grown = series.map_or(i64::MIN, |s| {
            if s.class == Class::SinglePoint {
                s.last.bytes / 1_000
            } else {
                s.growth_bytes()
            }
        });
        (
            leak,
            has_refusals(view, history, log),
            view.until_refusals && leak,
            grown,
        )
    };
    (0..views.len())
        .filter(|&v| !views[v].growth.series.is_empty())
        .max_by_key(|&v| (rank(&views[v]), std::cmp::Reverse(v)))
}

fn has_refusals(view: &View, history: &PoolHistory, log: &LogFacts) -> bool {
    let Some(epoch) = history.epochs.get(view.growth.epoch) else {
        return false;
    };
    let at = |place: usize| history.snapshots.get(place).and_then(|s| s.facts.at);
    let (Some(first), Some(last)) = (
        at(epoch.snapshots.start),
        at(epoch.snapshots.end.saturating_sub(1)),
    ) else {
        return false;
    };
    log.episodes
        .iter()
        .any(|e| e.start() * 1_000 <= last && e.last_refusal() * 1_000 >= first)
}

fn header_of(snapshot: &Snapshot) -> Option<i64> {
    i64::try_from(snapshot.facts.pool_nonpaged?).ok()
}

/// The pool at a snapshot: the header's figure, or the sum of the rows of a whole listing. The
/// sum leaves out what no tag is charged for, so it is a little low.
pub(super) fn nonpaged_of(snapshot: &Snapshot) -> Option<i64> {
    let whole = snapshot.facts.scope.is_complete_for(Pool::NonPaged);
    header_of(snapshot).or_else(|| at_least(snapshot).filter(|_| whole))
}

fn is_presumed(snapshot: &Snapshot) -> bool {
    let by_looks = snapshot.facts.scope.extent == Extent::Presumed;
    by_looks && header_of(snapshot).is_none() && nonpaged_of(snapshot).is_some()
}

/// What the pool holds at least: the sum of the rows, whatever else was not listed. It can show
/// that the pool was full, never that it was not.
pub(super) fn at_least(snapshot: &Snapshot) -> Option<i64> {
    let nothing = snapshot.facts.scope.pools == PoolsShown::PagedOnly || snapshot.rows == 0;
    snapshot.listed_nonpaged.filter(|_| !nothing)
}

/// The shape of the pool's curve, for comparing snapshots with each other: the level, or the sum
/// of the rows of listings that were neither filtered nor cut as far as they show.
pub(super) fn curve_of(snapshot: &Snapshot) -> Option<i64> {
    let scope = snapshot.facts.scope;
    let alike = scope.tags == TagsShown::All && scope.extent != Extent::Truncated;
    header_of(snapshot).or_else(|| at_least(snapshot).filter(|_| alike))
}

/// The pool's curve at every snapshot, dated or not.
pub(super) fn all_levels(
    history: &PoolHistory,
) -> impl Iterator<Item = (usize, usize, &Snapshot, i64)> {
    history
        .epochs
        .iter()
        .enumerate()
        .flat_map(move |(index, epoch)| {
            epoch.snapshots.clone().filter_map(move |place| {
                let snapshot = history.snapshots.get(place)?;
                Some((place, index, snapshot, curve_of(snapshot)?))
            })
        })
}

fn outlook(
    history: &PoolHistory,
    host: &HostFacts,
    growth: Option<&EpochGrowth>,
) -> Result<TimeTo, String> {
    let limit = host.limit.as_ref().map_err(Clone::clone)?;
    let last = history.epochs.last().ok_or("there are no snapshots")?;
    let growth = growth
        .filter(|g| g.epoch + 1 == history.epochs.len())
        .ok_or("the last boot epoch shows no growth")?;
    let level = last
        .snapshots
        .clone()
        .rev()
        .find_map(|p| history.snapshots.get(p).and_then(nonpaged_of));
    let level = level.ok_or("the pool's total is not known")?;
    let trend = growth
        .nonpaged
        .as_ref()
        .and_then(|total| total.trend.as_ref());
    time_to(limit.bytes as i64 - level, trend).map_err(|why| why.to_string())
}

/// Why pool and refusals cannot be compared, if they cannot.
fn withheld(pools: &Pools, log: &LogFacts) -> Option<Withheld> {
    let dated = pools
        .history
        .snapshots
        .iter()
        .filter(|s| s.facts.at.is_some())
        .count();
    if log.refusal_rows == 0 || pools.history.snapshots.is_empty() || dated > 0 {
        return None;
    }
    let why = pools
        .solution
        .datings
        .iter()
        .find_map(|d| d.withheld.as_ref())?;
    Some(Withheld {
        reason: format!("no snapshot could be placed in UTC: {why}"),
        remedy: why.remedy().to_owned(),
        option: why.option().map(str::to_owned),
    })
}

/// What the steps of the clock that events state do to the comparison of outages and levels.
fn clock_doubt(log: &LogFacts, events: &EventFacts, levels: &[Level]) -> Doubt {
    let (Some(first), Some(last)) = (levels.first(), levels.last()) else {
        return Doubt::default();
    };
    let steps: Vec<Step> = events.steps.iter().map(|(step, _)| *step).collect();
    let outages: Vec<(i64, i64, u64)> = log
        .episodes
        .iter()
        .map(|e| (e.start(), e.last_refusal(), e.connections))
        .collect();
    clock::doubt(&steps, &outages, (first.at / 1_000, last.at / 1_000))
}

/// Why refusals at times that the clock showed twice cannot be compared with anything.
fn set_back(clock: &Doubt, events: &EventFacts) -> Option<Withheld> {
    let (step, _) = events.steps.iter().find(|(step, _)| step.by() < 0)?;
    (clock.twice > clock::MOST_TWICE).then(|| Withheld {
        reason: format!(
            "the clock was set back by {}, and most refusals lie in the time that it showed twice",
            duration(step.by())
        ),
        remedy: "take logs and snapshots from after the clock was set".to_owned(),
        option: None,
    })
}

fn logs_cover(log: &LogFacts, history: &PoolHistory) -> bool {
    /// A log may be quiet for an hour at either end.
    const QUIET: i64 = 3_600;
    let times = || history.snapshots.iter().filter_map(|s| s.facts.at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return false;
    };
    let (Some(from), Some(to)) = (log.first_row, log.last_row) else {
        return false;
    };
    from - QUIET <= first / 1_000 && last / 1_000 <= to + QUIET
}

/// True for tags that grow without leaking.
pub(super) fn is_cache(tag: Tag) -> bool {
    well_known(tag)
        .is_some_and(|known| matches!(known.class, TagClass::Cache | TagClass::TraceBuffer))
}

/// True for the kernel's own tags, for which no image is blamed.
pub(super) fn is_kernel_owned(tag: Tag) -> bool {
    well_known(tag).is_some_and(|known| known.blame == Blame::No)
}

/// First and last time of some snapshots, as far as known.
pub(super) fn span_of(
    history: &PoolHistory,
    places: std::ops::Range<usize>,
) -> (Option<String>, Option<String>) {
    let at = |s: &Snapshot| s.facts.at.and_then(of_millis);
    let snapshots = history.snapshots.get(places).unwrap_or(&[]);
    (
        snapshots.iter().find_map(at),
        snapshots.iter().rev().find_map(at),
    )
}
