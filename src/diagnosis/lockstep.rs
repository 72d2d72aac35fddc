//! Tags that grow together: one cause may charge several tags.
//!
//! A driver that pins a file object grows the file system's tags, the filter's context tag
//! and its own work items, block for block. Such tags stand out by a constant ratio of the
//! changes of their live blocks, interval by interval. The largest member is often a victim;
//! which one is the cause is for attribution to say.
//!
//! Any two steady leaks have a constant ratio, so that alone proves nothing. Accepted are:
//! - **one count**: changes alike within 0.1 %, at least 1,000 blocks (even from one or two
//!   snapshots; two unrelated tags seldom agree so far);
//! - **a simple ratio** (1:2, 2:3, ... up to 4) within 0.3 % over at least four intervals;
//! - **common unrest**: at least four intervals whose rates vary, and one tag's changes
//!   foretell the other's within 5 %. Two tags driven by the same load look like this, too.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnosis::growth::{Class, EpochGrowth};
use crate::tag::{Pool, Tag};
use crate::timeline::series::PoolHistory;

/// Fewest intervals for a ratio that is not one.
const MIN_INTERVALS: usize = 4;
/// Intervals that a long series is cut into: enough to tell, each with blocks in it.
const MAX_INTERVALS: usize = 32;
/// Snapshots of a long epoch at which live blocks are compared at all.
const MAX_POSTS: usize = 128;
/// Tags compared with each other, those with the most new blocks first.
const MAX_CANDIDATES: usize = 200;
/// Groups returned, the largest growth first.
const MAX_GROUPS: usize = 20;
/// Fewest new blocks of a candidate: below, ratios are coarse.
const MIN_BLOCKS: i64 = 100;
/// Fewest blocks for counts to be called the same.
const MIN_BLOCKS_SAME: i64 = 1000;
/// How far counts of one cause may differ: a few blocks are always under way.
const SAME_WITHIN: f64 = 0.001;
/// How far a ratio may be off a simple one.
const SIMPLE_WITHIN: f64 = 0.003;
/// Largest number in a simple ratio.
const SIMPLE_UP_TO: u32 = 4;
/// Sum of misfits, as a share of all changes, that a constant ratio may leave.
const MAX_MISFIT: f64 = 0.05;
/// Variation of the rates (standard deviation over mean) from which common unrest tells.
const MIN_UNREST: f64 = 0.25;

/// Tags that grow together.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The members, the one with the most new bytes first; its ratio is 1.
    pub members: Vec<Member>,
}

/// A member of a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Member {
    /// The tag.
    pub tag: Tag,
    /// The pool.
    pub pool: Pool,
    /// Index into the epoch's series.
    pub series: usize,
    /// New blocks of this tag for each new block of the first member.
    pub ratio: f64,
    /// How the tie to the first member shows.
    pub tie: Tie,
}

/// How two tags are tied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tie {
    /// The first member itself.
    First,
    /// As many new blocks.
    SameCount,
    /// New blocks in a ratio of small whole numbers, over at least four intervals.
    SimpleRatio,
    /// Changes that vary together, over at least four intervals.
    CommonUnrest,
}

impl Tie {
    /// How the report names it.
    pub const fn sentence(self) -> &'static str {
        match self {
            Tie::First => "the member that grew most",
            Tie::SameCount => "as many new blocks, within 0.1 %",
            Tie::SimpleRatio => "new blocks in a ratio of small whole numbers in every interval",
            Tie::CommonUnrest => {
                "its growth varies as the first member's does, in a constant ratio"
            }
        }
    }
}

/// One candidate: its live blocks by snapshot.
struct Candidate {
    tag: Tag,
    pool: Pool,
    series: usize,
    grown: i64,
    new_bytes: i64,
    blocks: BTreeMap<u32, i64>,
}

/// Finds groups among the growing tags of one epoch of `history`; `growth` is that epoch's
/// analysis. In an epoch of one snapshot, live blocks stand in for growth.
pub fn groups(history: &PoolHistory, growth: &EpochGrowth) -> Vec<Group> {
    let mut open = candidates(history, growth);
    let mut groups = Vec::new();
    while !open.is_empty() && groups.len() < MAX_GROUPS {
        let first = open.remove(0);
        let mut members = vec![member(&first, 1.0, Tie::First)];
        open.retain(|other| match tie(history, &first, other) {
            Some((tie, ratio)) => {
                members.push(member(other, ratio, tie));
                false
            }
            None => true,
        });
        if members.len() > 1 {
            groups.push(Group { members });
        }
    }
    groups
}

fn member(candidate: &Candidate, ratio: f64, tie: Tie) -> Member {
    let Candidate {
        tag, pool, series, ..
    } = *candidate;
    Member {
        tag,
        pool,
        series,
        ratio,
        tie,
    }
}

/// Growing tags, the one with the most new bytes first.
fn candidates(history: &PoolHistory, growth: &EpochGrowth) -> Vec<Candidate> {
    let Some(epoch) = history.epochs.get(growth.epoch) else {
        return Vec::new();
    };
    let lone = epoch.snapshots.len() == 1;
    let mut found: Vec<Candidate> = growth
        .series
        .iter()
        .enumerate()
        .filter(|(_, s)| {
            lone || !matches!(s.class, Class::Flat | Class::Shrinking | Class::SinglePoint)
        })
        .filter_map(|(series, s)| {
            let (grown, new_bytes) = if lone {
                (s.last.blocks?, s.last.bytes)
            } else {
                (s.growth_blocks()?, s.growth_bytes())
            };
            Some(Candidate {
                tag: s.tag,
                pool: s.pool,
                series,
                grown,
                new_bytes,
                blocks: BTreeMap::new(),
            })
        })
        .filter(|c| c.grown >= if lone { MIN_BLOCKS_SAME } else { MIN_BLOCKS })
        .collect();
    found.sort_by_key(|c| (std::cmp::Reverse(c.grown), c.tag, c.pool));
    found.truncate(MAX_CANDIDATES);
    found.sort_by_key(|c| (std::cmp::Reverse(c.new_bytes), c.tag, c.pool));
    let posts = posts(&epoch.snapshots);
    for candidate in &mut found {
        let series = epoch.series_of(candidate.tag, candidate.pool);
        let samples = series.into_iter().flat_map(|s| s.samples.iter());
        let kept = samples.filter(|s| posts.contains(&(s.snapshot as usize)));
        let counted = kept.filter_map(|s| Some((s.snapshot, s.blocks?)));
        candidate.blocks = counted.collect();
    }
    found
}

/// Evenly spaced places, the first and the last among them.
fn posts(places: &std::ops::Range<usize>) -> BTreeSet<usize> {
    let last = places.len().saturating_sub(1);
    let count = last.clamp(1, MAX_POSTS - 1);
    (0..=count)
        .map(|i| places.start + i * last / count)
        .collect()
}

/// Changes of both over the same intervals, and the hours of each where known.
struct Steps {
    first: Vec<f64>,
    other: Vec<f64>,
    hours: Vec<Option<f64>>,
}

fn steps(history: &PoolHistory, first: &Candidate, other: &Candidate) -> Steps {
    let common: Vec<(u32, i64, i64)> = first
        .blocks
        .iter()
        .filter_map(|(at, blocks)| Some((*at, *blocks, *other.blocks.get(at)?)))
        .collect();
    let intervals = common.len().saturating_sub(1).min(MAX_INTERVALS);
    let last = common.len().saturating_sub(1);
    let posts: Vec<(u32, i64, i64)> = (0..=intervals)
        .filter_map(|i| common.get(i * last / intervals.max(1)).copied())
        .collect();
    let time = |at: u32| {
        history
            .snapshots
            .get(at as usize)
            .and_then(|s| s.elapsed_ms)
    };
    let mut steps = Steps {
        first: Vec::new(),
        other: Vec::new(),
        hours: Vec::new(),
    };
    for pair in posts.windows(2) {
        if let [(at0, a0, b0), (at1, a1, b1)] = pair {
            steps.first.push(a1.saturating_sub(*a0) as f64);
            steps.other.push(b1.saturating_sub(*b0) as f64);
            let ms = time(*at1)
                .zip(time(*at0))
                .map(|(t1, t0)| t1.saturating_sub(t0) as f64);
            steps
                .hours
                .push(ms.filter(|ms| *ms > 0.0).map(|ms| ms / 3_600_000.0));
        }
    }
    steps
}

/// How `other` is tied to `first`, and its blocks for each of the first's.
fn tie(history: &PoolHistory, first: &Candidate, other: &Candidate) -> Option<(Tie, f64)> {
    let ratio_of_all = other.grown as f64 / first.grown.max(1) as f64;
    let steps = steps(history, first, other);
    let enough = first.grown.min(other.grown) >= MIN_BLOCKS_SAME;
    if steps.first.len() < MIN_INTERVALS {
        let same = enough && (ratio_of_all - 1.0).abs() <= SAME_WITHIN;
        return same.then_some((Tie::SameCount, ratio_of_all));
    }
    let sum = |values: &[f64]| values.iter().sum::<f64>();
    let (all_first, all_other) = (sum(&steps.first), sum(&steps.other));
    if all_first <= 0.0 || all_other <= 0.0 {
        return None;
    }
    let ratio = all_other / all_first;
    let misfit: f64 = steps
        .first
        .iter()
        .zip(&steps.other)
        .map(|(a, b)| (b - ratio * a).abs())
        .sum();
    let changes: f64 = steps.other.iter().map(|b| b.abs()).sum();
    if misfit > MAX_MISFIT * changes {
        None
    } else if enough && (ratio - 1.0).abs() <= SAME_WITHIN {
        Some((Tie::SameCount, ratio))
    } else if is_simple(ratio) {
        Some((Tie::SimpleRatio, ratio))
    } else if unrest(&steps) >= MIN_UNREST {
        Some((Tie::CommonUnrest, ratio))
    } else {
        None
    }
}

fn is_simple(ratio: f64) -> bool {
    let numbers = || (1..=SIMPLE_UP_TO).map(f64::from);
    numbers().any(|p| numbers().any(|q| (ratio * q / p - 1.0).abs() <= SIMPLE_WITHIN))
}

/// Variation of the first's rates; per interval where no clock is known.
fn unrest(steps: &Steps) -> f64 {
    let clocked = steps.hours.iter().all(Option::is_some);
    let rates: Vec<f64> = steps
        .first
        .iter()
        .zip(&steps.hours)
        .map(|(change, hours)| {
            if clocked {
                change / hours.unwrap_or(1.0)
            } else {
                *change
            }
        })
        .collect();
    let count = rates.len().max(1) as f64;
    let mean = rates.iter().sum::<f64>() / count;
    let variance = rates.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / count;
    if mean > 0.0 {
        variance.sqrt() / mean
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::growth::analyse;
    use crate::timeline::series::{Facts, Observation, Reading, Scope, SeriesBuilder};
    use proptest::prelude::*;

    /// One snapshot an hour; a row per tag with its live blocks in each.
    fn found(tags: &[(&[u8; 4], &[i64])]) -> Vec<Vec<(String, Tie)>> {
        let mut builder = SeriesBuilder::default();
        let snapshots = tags
            .iter()
            .map(|(_, blocks)| blocks.len())
            .max()
            .unwrap_or(0);
        for i in 0..snapshots {
            let rows = tags.iter().filter_map(|(tag, blocks)| {
                let live = *blocks.get(i)?;
                Some(Reading {
                    tag: Tag::new(**tag),
                    pool: Pool::NonPaged,
                    allocs: Some(1_000_000 * i as u64 + live as u64),
                    frees: Some(1_000_000 * i as u64),
                    diff: Some(live),
                    bytes: live * 320,
                })
            });
            let rows = rows.collect();
            let at = Some(i as i64 * 3_600_000);
            builder.push(Observation {
                facts: Facts {
                    at,
                    scope: Scope::COMPLETE,
                    ..Facts::default()
                },
                rows,
            });
        }
        let history = builder.finish();
        let growth = analyse(&history);
        groups(&history, &growth[0])
            .iter()
            .map(|g| {
                g.members
                    .iter()
                    .map(|m| (m.tag.to_string(), m.tie))
                    .collect()
            })
            .collect()
    }

    #[test]
    fn block_for_block_and_two_for_one() {
        let pinned = [0, 90_000, 210_000, 260_000, 400_000, 503_677];
        let twin = [3, 90_010, 210_020, 260_040, 400_020, 503_712];
        let double = pinned.map(|b| b * 2 + 8);
        let stranger = [0, 30_000, 150_000, 155_000, 320_000, 321_500];
        let groups = found(&[
            (b"WCsc", &pinned),
            (b"NtfC", &twin),
            (b"IoFE", &double),
            (b"Leak", &stranger),
        ]);
        assert_eq!(groups.len(), 1, "{groups:?}");
        let names: Vec<_> = groups[0].iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["IoFE", "NtfC", "WCsc"]);
        assert_eq!(groups[0][1].1, Tie::SimpleRatio);
    }

    #[test]
    fn two_steady_leaks_are_not_tied_by_being_steady() {
        let one: Vec<i64> = (0..12).map(|i| 5_000 * i).collect();
        let other: Vec<i64> = (0..12).map(|i| 6_830 * i).collect();
        assert!(found(&[(b"Aaaa", &one), (b"Bbbb", &other)]).is_empty());
    }

    #[test]
    fn common_unrest_ties_at_any_ratio() {
        let one: Vec<i64> = vec![0, 9_000, 10_000, 30_000, 31_000, 33_000, 50_000];
        let other: Vec<i64> = one.iter().map(|b| b * 137 / 100).collect();
        let groups = found(&[(b"Aaaa", &one), (b"Bbbb", &other)]);
        assert_eq!(groups[0][1], ("Aaaa".to_owned(), Tie::CommonUnrest));
    }

    #[test]
    fn long_series_are_compared_at_posts() {
        assert_eq!(posts(&(5..8)), BTreeSet::from([5, 6, 7]));
        assert_eq!(posts(&(5..6)), BTreeSet::from([5]));
        let many = posts(&(10..3010));
        assert_eq!(
            (many.len(), many.first(), many.last()),
            (128, Some(&10), Some(&3009))
        );
        let one: Vec<i64> = (0..900i64)
            .scan(0, |b, i| {
                *b += 50 + i * 7919 % 613;
                Some(*b)
            })
            .collect();
        let groups = found(&[(b"Aaaa", &one), (b"Bbbb", &one)]);
        assert_eq!(groups[0][1].1, Tie::SameCount);
    }

    #[test]
    fn one_snapshot_ties_only_equal_counts() {
        let groups = found(&[
            (b"amda", &[5_768_754]),
            (b"IoWI", &[5_769_999]),
            (b"Irp ", &[9_100]),
        ]);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0][1].1, Tie::SameCount);
        assert!(
            found(&[(b"Aaaa", &[900]), (b"Bbbb", &[900])]).is_empty(),
            "too few blocks"
        );
    }

    proptest! {
        #[test]
        fn a_tag_is_in_one_group_at_most(
            tags in prop::collection::vec(prop::collection::vec(0i64..1_000_000, 1..9), 0..12),
        ) {
            const NAMES: [&[u8; 4]; 12] = [b"Aa_0", b"Aa_1", b"Aa_2", b"Aa_3", b"Aa_4", b"Aa_5",
                b"Aa_6", b"Aa_7", b"Aa_8", b"Aa_9", b"Aa_a", b"Aa_b"];
            let rows: Vec<(&[u8; 4], &[i64])> = NAMES.into_iter().zip(tags.iter().map(Vec::as_slice)).collect();
            if rows.is_empty() {
                return Ok(());
            }
            let mut names: Vec<String> = found(&rows).into_iter().flatten().map(|(name, _)| name).collect();
            let all = names.len();
            names.sort();
            names.dedup();
            prop_assert_eq!(names.len(), all);
        }
    }
}
