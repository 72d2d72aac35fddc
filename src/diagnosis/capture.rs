//! How much of nonpaged pool the snapshots show, and so what may be said of tags that they do
//! not show.
//!
//! A tag without a row may be filtered out (`-p -p`, `-i`, `-x`), below the cut of a screen, or
//! not there. Two things tell: the shape of the listing, and the header's total, which counts
//! what no row shows. Where the total grows and the rows do not, something grows unseen, whatever
//! the listing looks like.

use crate::tag::Pool;
use crate::timeline::series::{Epoch, Extent, PoolHistory, PoolsShown, Snapshot, TagsShown};

/// Rows that add up to this share of the header's total leave no room for a large tag beside
/// them, in percent: what no tag is charged for (slack, whole pages) takes a few percent itself.
const NEARLY_ALL_PERCENT: i64 = 80;

/// A rise of the total below this share of its level, in percent, is a healthy pool's breathing;
/// the share below which a pool counts as flat beside refusals.
const RISE_PERCENT: i64 = 10;

/// Rows that account for less than this share of a rise, in percent, do not explain it: more of
/// it lies outside of them than in them.
const MOSTLY_PERCENT: i64 = 50;

/// How much of the nonpaged tags was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// There are no snapshots.
    Nothing,
    /// A part, and nothing tells that the rest does not matter.
    Part,
    /// A part, and by the header's total the rest did not grow.
    Enough,
    /// All of them, or all but nothing.
    Whole,
}

/// Why tags may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// Paged pool only.
    PagedOnly,
    /// Chosen tags only.
    Chosen,
    /// A screenful, or a table with rows lost.
    Cut,
    /// Totals, and no rows.
    NoRows,
    /// Too few rows for a whole table.
    Unknown,
}

impl Lack {
    /// What the snapshots lack, as a clause.
    pub const fn sentence(self) -> &'static str {
        match self {
            Lack::PagedOnly => {
                "the snapshots list paged pool only, as option -p -p does, and no nonpaged tag"
            }
            Lack::Chosen => "the snapshots list chosen tags only, as option -i does",
            Lack::Cut => "the snapshots list a part of the tags: a screenful, or rows were lost",
            Lack::NoRows => "the snapshots hold totals and no tags",
            Lack::Unknown => "the snapshots list too few tags for a whole table",
        }
    }
}

/// The largest rise of the header's total, and what the rows beside it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rise {
    /// Place of the snapshot from which it rises.
    pub from: usize,
    /// Place of the snapshot to which it rises.
    pub to: usize,
    /// Growth of the total, in bytes.
    pub total: i64,
    /// Growth of the sum of the nonpaged rows, in bytes; 0 where none is listed.
    pub rows: i64,
}

impl Rise {
    /// Share of the rise that the rows account for, in percent.
    pub fn explained_percent(&self) -> i64 {
        let rows = i128::from(self.rows.max(0));
        let percent = rows * 100 / i128::from(self.total.max(1));
        i64::try_from(percent.min(100)).unwrap_or(100)
    }
}

/// What the snapshots show of nonpaged pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capture {
    /// How much of its tags.
    pub seen: Seen,
    /// Why some may be missing; `None` where the listings look whole.
    pub lack: Option<Lack>,
    /// A rise of the pool for which the rows do not account.
    pub unexplained: Option<Rise>,
}

impl Capture {
    /// Why it cannot be said that no tag leaks, as a clause; `None` where it can.
    pub fn doubt(&self) -> Option<&'static str> {
        match (self.seen, self.lack) {
            (Seen::Part, Some(lack)) => Some(lack.sentence()),
            (Seen::Part, None) => Some(
                "what grew is charged to no tag that the snapshots list, as when option -x leaves one out",
            ),
            _ => None,
        }
    }
}

/// Judges the snapshots of a case together.
pub fn capture(history: &PoolHistory) -> Capture {
    let snapshots = &history.snapshots;
    let whole = snapshots.iter().filter(|s| is_whole(s)).count();
    let lack = if whole * 2 >= snapshots.len() {
        None
    } else {
        commonest_lack(snapshots)
    };
    let totals = snapshots.iter().filter(|s| total_of(s).is_some()).count();
    let steepest = history.epochs.iter().filter_map(|e| rise(snapshots, e));
    let unexplained = steepest
        .filter(|rise| rise.explained_percent() < MOSTLY_PERCENT)
        .max_by_key(|rise| rise.total);
    let seen = match (snapshots.len(), unexplained, lack) {
        (0, _, _) => Seen::Nothing,
        (_, Some(_), _) => Seen::Part,
        (_, None, None) => Seen::Whole,
        // The total of half of them speaks for the time of all.
        (all, None, Some(_)) if totals > 1 && totals * 2 >= all => Seen::Enough,
        (_, None, Some(_)) => Seen::Part,
    };
    Capture {
        seen,
        lack,
        unexplained,
    }
}

/// True where the rows of nonpaged pool are all of them, or add up to nearly all of it.
fn is_whole(snapshot: &Snapshot) -> bool {
    if snapshot.rows == 0 {
        return false;
    }
    let nearly_all = total_of(snapshot)
        .zip(snapshot.listed_nonpaged)
        .is_some_and(|(total, rows)| at_least_percent(rows, total, NEARLY_ALL_PERCENT));
    nearly_all || snapshot.facts.scope.is_complete_for(Pool::NonPaged)
}

fn total_of(snapshot: &Snapshot) -> Option<i64> {
    i64::try_from(snapshot.pool_total(Pool::NonPaged)?).ok()
}

fn at_least_percent(part: i64, whole: i64, percent: i64) -> bool {
    i128::from(part) * 100 >= i128::from(whole) * i128::from(percent)
}

fn commonest_lack(snapshots: &[Snapshot]) -> Option<Lack> {
    let lacks = || snapshots.iter().filter(|s| !is_whole(s)).map(lack_of);
    let count = |lack: Lack| lacks().filter(|other| *other == lack).count();
    lacks().max_by_key(|lack| (count(*lack), std::cmp::Reverse(*lack)))
}

fn lack_of(snapshot: &Snapshot) -> Lack {
    let scope = snapshot.facts.scope;
    // Too few rows for a filter to be inferred, and none of the pool in question among them.
    let none = snapshot.listed_nonpaged.unwrap_or(0) == 0;
    match (scope.pools, scope.tags, scope.extent) {
        _ if snapshot.rows == 0 => Lack::NoRows,
        (PoolsShown::PagedOnly, _, _) => Lack::PagedOnly,
        _ if none => Lack::PagedOnly,
        (_, TagsShown::Filtered, _) => Lack::Chosen,
        (_, _, Extent::Truncated) => Lack::Cut,
        _ => Lack::Unknown,
    }
}

/// The largest rise of the header's total within an epoch, from any low to a later high; `None`
/// if it is no more than breathing.
fn rise(snapshots: &[Snapshot], epoch: &Epoch) -> Option<Rise> {
    let points = epoch.snapshots.clone().filter_map(|place| {
        let snapshot = snapshots.get(place)?;
        let rows = snapshot.listed_nonpaged.unwrap_or(0);
        Some((place, total_of(snapshot)?, rows))
    });
    let mut low: Option<(usize, i64, i64)> = None;
    let mut best: Option<(Rise, i64)> = None;
    for (place, total, rows) in points {
        if let Some((from, before, rows_before)) = low {
            let rise = Rise {
                from,
                to: place,
                total: total.saturating_sub(before),
                rows: rows.saturating_sub(rows_before),
            };
            if best.is_none_or(|(best, _)| rise.total > best.total) {
                best = Some((rise, total));
            }
        }
        if low.is_none_or(|(_, least, _)| total < least) {
            low = Some((place, total, rows));
        }
    }
    best.filter(|(rise, level)| at_least_percent(rise.total, *level, RISE_PERCENT))
        .map(|(rise, _)| rise)
        .filter(|rise| rise.total > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::Tag;
    use crate::timeline::series::{Facts, Observation, Reading, Scope, SeriesBuilder};

    const MB: i64 = 1 << 20;

    /// Snapshots with a total and one nonpaged row, in MiB.
    fn of(scope: Scope, points: &[(Option<i64>, Option<i64>)]) -> Capture {
        let mut builder = SeriesBuilder::default();
        for (order, (total, rows)) in points.iter().enumerate() {
            let reading = |tag: &[u8; 4], pool, bytes| Reading {
                tag: Tag::new(*tag),
                pool,
                allocs: Some(1_000 + order as u64),
                frees: Some(0),
                diff: Some(1_000 + order as i64),
                bytes,
            };
            let mut listed = vec![reading(b"CM31", Pool::Paged, 64 * MB)];
            listed.extend(rows.map(|mb| reading(b"Dsk1", Pool::NonPaged, mb * MB)));
            builder.push(Observation {
                facts: Facts {
                    order,
                    pool_nonpaged: total.map(|mb| (mb * MB) as u64),
                    scope,
                    ..Facts::default()
                },
                rows: listed,
            });
        }
        capture(&builder.finish())
    }

    const UNKNOWN: Scope = Scope {
        extent: Extent::Unknown,
        ..Scope::COMPLETE
    };

    const PAGED: Scope = Scope {
        pools: PoolsShown::PagedOnly,
        ..Scope::COMPLETE
    };

    #[test]
    fn growth_beside_rows_that_do_not_grow_is_unexplained() {
        let grows = [(Some(400), None), (Some(900), None), (Some(1_500), None)];
        let found = of(PAGED, &grows);
        assert_eq!(
            (found.seen, found.lack),
            (Seen::Part, Some(Lack::PagedOnly))
        );
        let rise = found.unexplained.unwrap();
        assert_eq!((rise.from, rise.to, rise.total), (0, 2, 1_100 * MB));
        assert_eq!(rise.explained_percent(), 0);
        // A listing that looks whole, but without the tag that grows.
        let without_one = [(Some(400), Some(380)), (Some(1_500), Some(385))];
        let found = of(Scope::COMPLETE, &without_one);
        assert_eq!((found.seen, found.lack), (Seen::Part, None));
        assert!(found.doubt().unwrap().contains("-x"));
    }

    #[test]
    fn growth_that_the_rows_account_for_is_explained() {
        let with_it = [(Some(400), Some(200)), (Some(1_500), Some(1_100))];
        let found = of(UNKNOWN, &with_it);
        assert_eq!((found.seen, found.unexplained), (Seen::Enough, None));
        let whole = of(Scope::COMPLETE, &with_it);
        assert_eq!((whole.seen, whole.doubt()), (Seen::Whole, None));
    }

    #[test]
    fn a_flat_total_needs_no_whole_listing() {
        let flat = [(Some(400), Some(20)), (Some(410), Some(21))];
        assert_eq!(of(UNKNOWN, &flat).seen, Seen::Enough);
        // One look shows no growth of anything.
        assert_eq!(of(UNKNOWN, &flat[..1]).seen, Seen::Part);
    }

    #[test]
    fn rows_that_add_up_to_the_total_are_all() {
        let all = [(Some(400), Some(380)), (Some(410), Some(390))];
        assert_eq!(of(UNKNOWN, &all).seen, Seen::Whole);
    }

    #[test]
    fn without_a_total_only_the_listing_speaks() {
        let bare = [(None, Some(380)), (None, Some(390))];
        assert_eq!(of(Scope::COMPLETE, &bare).seen, Seen::Whole);
        let found = of(UNKNOWN, &bare);
        assert_eq!((found.seen, found.lack), (Seen::Part, Some(Lack::Unknown)));
        assert_eq!(of(UNKNOWN, &[]).seen, Seen::Nothing);
    }

    #[test]
    fn a_pool_that_falls_and_rises_again_is_measured_from_its_low() {
        let saw = [
            (Some(900), None),
            (Some(300), None),
            (Some(850), None),
            (Some(320), None),
        ];
        let rise = of(PAGED, &saw).unexplained.unwrap();
        assert_eq!((rise.from, rise.to, rise.total), (1, 2, 550 * MB));
    }
}
