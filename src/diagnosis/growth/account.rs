//! Totals of a pool, and how much of their growth the tags account for.
//!
//! Accounting beats testing: whatever a series looks like, a tag that explains most of the
//! growth of its pool is where the memory went. The header's total (`Pool N`) includes what
//! no tag is charged for (slack, whole pages), so the gap between both is itself reported.

use super::knots::Knots;
use super::points::points_of;
use super::trend::{Trend, fit};
use crate::tag::Pool;
use crate::timeline::series::{Epoch, PoolHistory, Series, Snapshot};

/// Where a pool's total comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotalBasis {
    /// The header's total of the pool.
    Header,
    /// The sum of the rows of complete listings.
    SumOfRows,
}

impl TotalBasis {
    /// How the report names it.
    pub const fn sentence(self) -> &'static str {
        match self {
            TotalBasis::Header => "the pool's total in the snapshots' headers",
            TotalBasis::SumOfRows => "the sum of all tags, because the headers give no total",
        }
    }
}

/// A pool's total at one snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TotalPoint {
    /// Place of the snapshot.
    pub snapshot: usize,
    /// Bytes.
    pub bytes: i64,
}

/// A pool's total over an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoolTotal {
    /// The pool.
    pub pool: Pool,
    /// Where the total comes from.
    pub basis: TotalBasis,
    /// The first snapshot that has it.
    pub first: TotalPoint,
    /// The last snapshot that has it.
    pub last: TotalPoint,
    /// The largest.
    pub peak: TotalPoint,
    /// The robust line; `None` with fewer than two points.
    pub trend: Option<Trend>,
}

impl PoolTotal {
    /// Last less first, in bytes.
    pub fn growth(&self) -> i64 {
        self.last.bytes.saturating_sub(self.first.bytes)
    }

    /// Share of this total's growth that `series` explains: its own change between the
    /// total's first and last snapshot over the total's change. Other tags may shrink, so
    /// it can exceed 1. `None` where the total did not grow or the tag was seen once.
    pub fn share_of(&self, series: &Series) -> Option<f64> {
        let window = self.first.snapshot..=self.last.snapshot;
        let mut seen = series
            .samples
            .iter()
            .filter(|s| window.contains(&(s.snapshot as usize)));
        let first = seen.next()?;
        let last = seen.last()?;
        let grown = self.growth();
        (grown > 0).then(|| last.bytes.saturating_sub(first.bytes) as f64 / grown as f64)
    }
}

/// The total of `pool` over `epoch`: from the headers where two have it (or the only
/// snapshot has), else from complete listings. `None` where neither is there.
pub fn pool_total(history: &PoolHistory, epoch: &Epoch, pool: Pool) -> Option<PoolTotal> {
    let header = |s: &Snapshot| {
        s.pool_total(pool)
            .map(|b| i64::try_from(b).unwrap_or(i64::MAX))
    };
    let rows = |s: &Snapshot| {
        s.listed(pool)
            .filter(|_| s.facts.scope.is_complete_for(pool) && s.rows > 0)
    };
    let gather = |value: &dyn Fn(&Snapshot) -> Option<i64>| -> Vec<TotalPoint> {
        let places = epoch.snapshots.clone();
        places
            .filter_map(|at| {
                Some(TotalPoint {
                    snapshot: at,
                    bytes: value(history.snapshots.get(at)?)?,
                })
            })
            .collect()
    };
    let (by_header, by_rows) = (gather(&header), gather(&rows));
    let (basis, points) = if by_header.len() >= by_rows.len().min(2) {
        (TotalBasis::Header, by_header)
    } else {
        (TotalBasis::SumOfRows, by_rows)
    };
    total(history, epoch, pool, basis, &points)
}

fn total(
    history: &PoolHistory,
    epoch: &Epoch,
    pool: Pool,
    basis: TotalBasis,
    points: &[TotalPoint],
) -> Option<PoolTotal> {
    let values = points.iter().map(|p| (p.snapshot, p.bytes));
    let (per, plotted) = points_of(history, epoch, values);
    Some(PoolTotal {
        pool,
        basis,
        first: *points.first()?,
        last: *points.last()?,
        peak: *points.iter().rev().max_by_key(|p| p.bytes)?,
        trend: fit(&Knots::of(&plotted), per),
    })
}

/// How far the tags add up to what the header says, between two snapshots that have both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accounting {
    /// Place of the first snapshot with a header total and a complete listing.
    pub from: usize,
    /// Place of the last one.
    pub to: usize,
    /// Change of the header's total, in bytes.
    pub pool_growth: i64,
    /// Change of the sum of the tags, in bytes.
    pub tags_growth: i64,
}

impl Accounting {
    /// What no tag is charged for, in bytes; negative where tags grew more than the pool,
    /// which means that the header and the rows are not of one moment or not of one kind.
    pub fn gap(&self) -> i64 {
        self.pool_growth.saturating_sub(self.tags_growth)
    }
}

/// Compares header and tags. `None` where fewer than two snapshots have both.
pub fn accounting(history: &PoolHistory, epoch: &Epoch, pool: Pool) -> Option<Accounting> {
    let both = |at: usize| {
        let snapshot = history.snapshots.get(at)?;
        let complete = snapshot.facts.scope.is_complete_for(pool) && snapshot.rows > 0;
        let total = i64::try_from(snapshot.pool_total(pool)?).ok()?;
        complete.then_some((at, total, snapshot.listed(pool)?))
    };
    let (from, pool_before, tags_before) = epoch.snapshots.clone().find_map(both)?;
    let (to, pool_after, tags_after) = epoch.snapshots.clone().rev().find_map(both)?;
    (from < to).then(|| Accounting {
        from,
        to,
        pool_growth: pool_after.saturating_sub(pool_before),
        tags_growth: tags_after.saturating_sub(tags_before),
    })
}
