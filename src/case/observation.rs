//! A snapshot of poolmon's as an observation of the pools.

use crate::artifact::poolmon::{Completeness, PageFaults, Row, Snapshot, Title};
use crate::timeline::series::{Extent, Facts, Observation, PoolsShown, Reading, Scope, TagsShown};

/// What a snapshot says, in the words of the series. `order` and `source` are handed back with it;
/// `at` is when it was taken.
pub(super) fn observation(
    snapshot: &Snapshot,
    order: usize,
    source: usize,
    at: Option<i64>,
) -> Observation {
    let header = snapshot.memory.as_ref();
    let kib = |value: Option<i64>| {
        value
            .and_then(|k| u64::try_from(k).ok())
            .map(|k| k.saturating_mul(1024))
    };
    let session = matches!(snapshot.title, Some(Title::Session(_) | Title::AllSessions));
    let facts = Facts {
        order,
        source,
        at,
        boot: None,
        started: None,
        page_faults: header
            .and_then(|h| h.page_faults)
            .and_then(|faults| match faults {
                PageFaults::SinceBoot(n) => Some(n),
                _ => None,
            }),
        pool_nonpaged: header.and_then(|h| kib(h.pool_nonpaged_kib)),
        pool_paged: header.and_then(|h| kib(h.pool_paged_kib)),
        ram: header.and_then(|h| kib(h.memory_kib)),
        ram_available: header.and_then(|h| kib(h.avail_kib)),
        commit: header.and_then(|h| kib(h.commit_kib)),
        commit_limit: header.and_then(|h| kib(h.limit_kib)),
        scope: if session {
            Scope {
                tags: TagsShown::Filtered,
                ..scope(snapshot)
            }
        } else {
            scope(snapshot)
        },
    };
    Observation {
        facts,
        rows: snapshot.rows.iter().map(reading).collect(),
    }
}

fn reading(row: &Row) -> Reading {
    Reading {
        tag: row.tag,
        pool: row.pool,
        allocs: row.allocs,
        frees: row.frees,
        diff: row.diff,
        bytes: row.bytes,
    }
}

fn scope(snapshot: &Snapshot) -> Scope {
    let mut scope = Scope::COMPLETE;
    for reason in &snapshot.completeness {
        match reason {
            Completeness::Complete { .. } => {}
            Completeness::NonpagedOnly { .. } => scope.pools = PoolsShown::NonPagedOnly,
            Completeness::PagedOnly { .. } => scope.pools = PoolsShown::PagedOnly,
            Completeness::TagFilter { .. } => scope.tags = TagsShown::Filtered,
            Completeness::TruncatedScreen { .. }
            | Completeness::TornTail
            | Completeness::RowsLost { .. } => scope.extent = Extent::Truncated,
            Completeness::Unknown { .. } => scope.extent = Extent::Unknown,
        }
    }
    scope
}
