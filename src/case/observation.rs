//! A snapshot as an observation of the pools.

use crate::artifact::look::{Lack, Look};
use crate::artifact::poolmon::{Completeness, PageFaults, Row, Snapshot, Title};
use crate::tag::Pool;
use crate::timeline::series::{Extent, Facts, Observation, PoolsShown, Reading, Scope, TagsShown};

/// What a snapshot of poolmon's says, in the words of the series. Order, file and time are the
/// caller's to add.
pub(super) fn of_snapshot(snapshot: &Snapshot) -> Observation {
    let header = snapshot.memory.as_ref();
    let kib = |value: Option<i64>| {
        value
            .and_then(|k| u64::try_from(k).ok())
            .map(|k| k.saturating_mul(1024))
    };
    let session = matches!(snapshot.title, Some(Title::Session(_) | Title::AllSessions));
    let facts = Facts {
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
        ..Facts::default()
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
        allocs: Some(row.allocs),
        frees: Some(row.frees),
        diff: Some(row.diff),
        bytes: row.bytes,
    }
}

/// What another tool's look says.
pub(super) fn of_look(look: &Look) -> Observation {
    let memory = look.memory;
    let facts = Facts {
        boot: look.boot.map(|boot| boot.timestamp_millis()),
        pool_nonpaged: memory.pool_nonpaged,
        pool_paged: memory.pool_paged,
        ram: memory.ram,
        ram_available: memory.available,
        commit: memory.commit,
        commit_limit: memory.commit_limit,
        scope: scope_of(&look.lacks),
        ..Facts::default()
    };
    let readings = look.rows.iter().map(|row| Reading {
        tag: row.tag,
        pool: row.pool,
        allocs: row.allocs,
        frees: row.frees,
        diff: row.blocks,
        bytes: row.bytes,
    });
    Observation {
        facts,
        rows: readings.collect(),
    }
}

fn scope_of(lacks: &[Lack]) -> Scope {
    let mut scope = Scope::COMPLETE;
    for lack in lacks {
        match lack {
            Lack::PoolOnly(Pool::NonPaged) => scope.pools = PoolsShown::NonPagedOnly,
            Lack::PoolOnly(Pool::Paged) => scope.pools = PoolsShown::PagedOnly,
            Lack::TagsChosen(_) | Lack::Session => scope.tags = TagsShown::Filtered,
            Lack::Torn | Lack::RowsLost(_) => scope.extent = Extent::Truncated,
            Lack::Unknown(_) => scope.extent = Extent::Unknown,
        }
    }
    scope
}

fn scope(snapshot: &Snapshot) -> Scope {
    let mut scope = Scope::COMPLETE;
    for reason in &snapshot.completeness {
        match reason {
            Completeness::Complete {
                by_totals: true, ..
            } => {}
            Completeness::Complete { .. } => scope.extent = Extent::Presumed,
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
