//! What one look at the pools gave, whatever tool took it: the input of the series.
//!
//! Neutral on purpose: poolmon, a debugger's `!poolused` and a CSV all fit. Nothing here
//! is derived; a fact that the source did not state is `None`, never zero.

use crate::tag::{Pool, Tag};

/// One look at the pools: what its header said and one reading per row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observation {
    /// What is known of the look as a whole.
    pub facts: Facts,
    /// Its rows, in any order.
    pub rows: Vec<Reading>,
}

/// What is known of an observation beside its rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// The caller's number for this observation, handed back untouched.
    pub order: usize,
    /// The file it came from. Position decides only within one file: the order of two
    /// files is the order of their names, which proves nothing.
    pub source: usize,
    /// Unix time in milliseconds, where a clock is known.
    pub at: Option<i64>,
    /// Unix time in milliseconds of the kernel's start, as the source states it for this look.
    pub boot: Option<i64>,
    /// The last start of Windows at or before this look that its event log has, in milliseconds
    /// since 1970. It supports what counters say and does not overrule them.
    pub started: Option<i64>,
    /// Page faults since boot. Only the cumulative counter belongs here: a live screen
    /// shows the change since its last refresh, which is `None`.
    pub page_faults: Option<i64>,
    /// All of nonpaged pool, in bytes (`Pool N`).
    pub pool_nonpaged: Option<u64>,
    /// All of paged pool, in bytes (`P`).
    pub pool_paged: Option<u64>,
    /// Physical memory, in bytes.
    pub ram: Option<u64>,
    /// Physical memory available, in bytes.
    pub ram_available: Option<u64>,
    /// Commit charge, in bytes.
    pub commit: Option<u64>,
    /// Commit limit, in bytes.
    pub commit_limit: Option<u64>,
    /// Which rows the listing could have had.
    pub scope: Scope,
}

/// One row: a tag's account in one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The tag.
    pub tag: Tag,
    /// The pool the row is about.
    pub pool: Pool,
    /// Allocations since boot; wraps at 2^32 on most systems. `None` where the source does not
    /// count them: a debugger's `!poolused` shows what is outstanding and nothing else.
    pub allocs: Option<u64>,
    /// Frees since boot; wraps likewise.
    pub frees: Option<u64>,
    /// Live blocks.
    pub diff: Option<i64>,
    /// Live bytes.
    pub bytes: i64,
}

/// Which rows a listing could have had. A tag that is missing from a listing which could
/// not have shown it is unknown, and even a complete one says "not listed", never "zero".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scope {
    /// The pools that were asked for.
    pub pools: PoolsShown,
    /// The tags that were asked for.
    pub tags: TagsShown,
    /// Whether the listing reached its end.
    pub extent: Extent,
}

/// The pools a listing was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PoolsShown {
    /// Both pools.
    #[default]
    Both,
    /// Nonpaged pool only (`-p`).
    NonPagedOnly,
    /// Paged pool only (`-p -p`).
    PagedOnly,
}

/// The tags a listing was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TagsShown {
    /// Every tag.
    #[default]
    All,
    /// Some tags (`-i`, `-x`).
    Filtered,
}

/// Whether a listing reached its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// It did.
    Complete,
    /// It has the size and form of a whole one, and nothing proves that it is: a single tag that
    /// was left out would not show.
    Presumed,
    /// It was cut: a screenful, a torn file.
    Truncated,
    /// Nothing tells; treated like a cut listing.
    #[default]
    Unknown,
}

impl Scope {
    /// The scope of a whole listing of both pools.
    pub const COMPLETE: Scope = Scope {
        pools: PoolsShown::Both,
        tags: TagsShown::All,
        extent: Extent::Complete,
    };

    /// True when every tag with an account in `pool` must have had a row.
    pub fn is_complete_for(self, pool: Pool) -> bool {
        let shown = match self.pools {
            PoolsShown::Both => true,
            PoolsShown::NonPagedOnly => pool == Pool::NonPaged,
            PoolsShown::PagedOnly => pool == Pool::Paged,
        };
        let reached = matches!(self.extent, Extent::Complete | Extent::Presumed);
        shown && self.tags == TagsShown::All && reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_listing_is_complete() {
        assert!(Scope::COMPLETE.is_complete_for(Pool::Paged));
        let only = Scope {
            pools: PoolsShown::PagedOnly,
            ..Scope::COMPLETE
        };
        assert!(!only.is_complete_for(Pool::NonPaged));
        assert!(only.is_complete_for(Pool::Paged));
        let filtered = Scope {
            tags: TagsShown::Filtered,
            ..Scope::COMPLETE
        };
        assert!(!filtered.is_complete_for(Pool::NonPaged));
        assert!(!Scope::default().is_complete_for(Pool::NonPaged));
    }
}
