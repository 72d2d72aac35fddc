//! The tags that images are searched for: those that grew, and the one that holds most.

use super::facts::nonpaged_of;
use crate::diagnosis::growth::EpochGrowth;
use crate::diagnosis::lockstep::Group;
use crate::tag::{Pool, Tag};
use crate::timeline::series::PoolHistory;

/// Tags that images are searched for: the leader, those behind it, and those in lockstep.
const MAX_WANTED: usize = 12;

/// Suspects behind the leader that are worth a search, by share of the pool's growth.
const WORTH_A_SEARCH: f64 = 0.05;

/// A tag that holds at least this share of nonpaged pool holds more than all others together. In
/// a healthy table the largest holds about a quarter (trace buffers, caches).
const HOLDER_SHARE: f64 = 0.5;

/// The tag that holds most of nonpaged pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Holder {
    pub(super) tag: Tag,
    pub(super) pool: Pool,
    /// What it holds in the last snapshot that lists it, in bytes.
    pub(super) bytes: i64,
    /// The same as a share of the pool there; at least, where only the pool's limit is known.
    pub(super) share: f64,
}

/// The tag that holds most of the pool at the end of the epoch in question, if one does. What
/// fills a pool may have grown before the first snapshot, and then growth shows nothing.
pub(super) fn holder(
    history: &PoolHistory,
    growth: &EpochGrowth,
    limit: Option<i64>,
) -> Option<Holder> {
    let largest = growth
        .series
        .iter()
        .filter(|s| s.pool == Pool::NonPaged)
        .max_by_key(|s| (s.last.bytes, std::cmp::Reverse(s.tag)))?;
    let snapshot = history.snapshots.get(largest.last.snapshot as usize)?;
    let whole = nonpaged_of(snapshot).or(limit).filter(|b| *b > 0)?;
    let share = largest.last.bytes as f64 / whole as f64;
    (share >= HOLDER_SHARE).then_some(Holder {
        tag: largest.tag,
        pool: largest.pool,
        bytes: largest.last.bytes,
        share: share.min(1.0),
    })
}

/// The tags in question: the leader with those in lockstep, others with a part in the growth, and
/// the holder of a full pool.
pub(super) fn wanted(
    growth: Option<&EpochGrowth>,
    groups: &[Group],
    holder: Option<&Holder>,
) -> Vec<(Tag, Pool)> {
    let mut wanted: Vec<(Tag, Pool)> = Vec::new();
    let mut want = |tag, pool| {
        if wanted.len() < MAX_WANTED && !wanted.contains(&(tag, pool)) {
            wanted.push((tag, pool));
        }
    };
    let Some(growth) = growth else { return wanted };
    let suspects = || {
        growth
            .suspects
            .iter()
            .filter_map(|s| growth.series.get(s.series))
    };
    if let Some(leader) = suspects().next() {
        want(leader.tag, leader.pool);
        let mine = |g: &&Group| {
            g.members
                .iter()
                .any(|m| m.tag == leader.tag && m.pool == leader.pool)
        };
        for member in groups.iter().filter(mine).flat_map(|g| &g.members) {
            want(member.tag, member.pool);
        }
    }
    for other in suspects()
        .skip(1)
        .filter(|s| s.share.is_none_or(|share| share >= WORTH_A_SEARCH))
        .take(4)
    {
        want(other.tag, other.pool);
    }
    if let Some(holder) = holder {
        want(holder.tag, holder.pool);
    }
    wanted
}
