//! How near a measured level is to running out: of the pool's limit, or of the memory that pool
//! is made of.
//!
//! The documented thresholds (KB 820729, 934878) are absolute: 20 MB or 8 MB of nonpaged pool. What
//! is not exact is the limit that they are counted from, and that alone earns a tolerance.
//!
//! That pool is resident and charged to commit is documented (memory limits by release). That
//! http.sys refuses when memory or commit is used up while pool is far from its limit is not: it
//! follows only if allocations of pool fail then, and is worded as a possibility.

use super::{Level, Question, Source};

/// A limit that was derived, and not stated, is good to this share of it, in percent: dumps show
/// 73.8 and 74.4 % of memory where 75 % is documented, and 98 to 99 % where it is all of memory.
pub const NOMINAL_PERCENT: i64 = 2;

/// That share of a large limit is gigabytes, which nobody would call nothing left: beyond this
/// many bytes the pool is near its limit and not at it. It is the share of 12.8 GB, more than
/// machines had when the thresholds were documented.
pub const MOST_NOMINAL: i64 = 256 << 20;

/// Near a limit is what lies below this share of it, in percent, and at most [`MOST_NOMINAL`] bytes
/// above the threshold: the share between two snapshots of a server that fills its pool in an
/// afternoon.
const NEAR_PERCENT: i64 = 15;

/// Memory counts as used up below this multiple of http.sys's threshold, or below this share of
/// all of it, in percent. Windows reports low memory at about 32 MB per 4 GB, at most 64 MB
/// (CreateMemoryResourceNotification), and trims working sets before that.
const MEMORY_MARGIN: i64 = 4;
const MEMORY_LEFT_PERCENT: i64 = 2;

/// Pool that holds at least this share of memory that is used up, in percent, is what used it up.
const POOL_HOLDS_PERCENT: i64 = 30;

/// How near a level is to running out, nearest last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closeness {
    /// There is more left than the thresholds and all inexactness explain.
    #[default]
    Far,
    /// It may have run out: little is left, or no more than the limit is inexact or than the pool
    /// could take until then, or memory is used up and pool holds much of it.
    Near,
    /// At the threshold, as well as the limit is known.
    At,
}

/// Physical memory and commit at one moment, in bytes, as far as they count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Physical memory that is available.
    pub available: Option<i64>,
    /// All of it.
    pub ram: Option<i64>,
    /// Commit limit less commit charge.
    pub commit_left: Option<i64>,
    /// The commit limit.
    pub commit_limit: Option<i64>,
}

/// What can run out beside the pool's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Physical memory.
    Physical,
    /// The commit limit.
    Commit,
}

/// Memory that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Which.
    pub resource: Resource,
    /// What is left of it, in bytes.
    pub left: i64,
    /// All of it, in bytes.
    pub of: i64,
    /// Nonpaged pool at that moment, in bytes.
    pub pool: i64,
    /// The moment, in milliseconds since 1970 UTC.
    pub at: i64,
    /// Where the figures stand.
    pub source: Source,
}

impl Memory {
    /// From figures as they are stated; `charge` is the commit limit and what is charged to it.
    pub fn of(available: Option<u64>, ram: Option<u64>, charge: Option<(u64, u64)>) -> Memory {
        let signed = |bytes: u64| i64::try_from(bytes).ok();
        let charge = charge.and_then(|(limit, used)| signed(limit).zip(signed(used)));
        Memory {
            available: available.and_then(signed),
            ram: ram.and_then(signed),
            commit_left: charge.map(|(limit, used)| limit.saturating_sub(used)),
            commit_limit: charge.map(|(limit, _)| limit),
        }
    }

    /// True if neither is known.
    pub const fn is_unknown(&self) -> bool {
        self.available.is_none() && self.commit_left.is_none()
    }
}

impl Shortage {
    /// True if pool is what used it up.
    fn is_of_pool(&self) -> bool {
        self.pool.saturating_mul(100) >= self.of.saturating_mul(POOL_HOLDS_PERCENT)
    }
}

/// Memory or commit, whichever has less left, if it is used up at `level`.
pub fn shortage(question: &Question<'_>, level: &Level) -> Option<Shortage> {
    shortages(question, level).min_by_key(|s| s.left)
}

fn shortages(question: &Question<'_>, level: &Level) -> impl Iterator<Item = Shortage> {
    let memory = level.memory;
    let limit = question.limit.map(|limit| limit.bytes);
    let threshold = question.threshold;
    let of = move |resource, left: Option<i64>, of: Option<i64>| {
        let (left, of) = (left?, of.or(limit)?);
        let scarce = (threshold.saturating_mul(MEMORY_MARGIN))
            .max((of / 100).saturating_mul(MEMORY_LEFT_PERCENT));
        (left <= scarce).then_some(Shortage {
            resource,
            left: left.max(0),
            of,
            pool: level.bytes,
            at: level.at,
            source: level.source,
        })
    };
    let physical = of(Resource::Physical, memory.available, memory.ram);
    let commit = of(Resource::Commit, memory.commit_left, memory.commit_limit);
    physical.into_iter().chain(commit)
}

/// How near a measured level is.
pub fn closeness(question: &Question<'_>, level: &Level) -> Closeness {
    let Some(limit) = question.limit else {
        return Closeness::Far;
    };
    let left = limit.bytes.saturating_sub(level.bytes);
    let share = (limit.bytes / 100).saturating_mul(NEAR_PERCENT);
    let near = limit.nominal().max(share.min(MOST_NOMINAL));
    if left
        <= question
            .threshold
            .saturating_add(limit.nominal().min(MOST_NOMINAL))
    {
        Closeness::At
    } else if left <= question.threshold.saturating_add(near)
        || shortages(question, level).any(|s| s.is_of_pool())
    {
        Closeness::Near
    } else {
        Closeness::Far
    }
}
