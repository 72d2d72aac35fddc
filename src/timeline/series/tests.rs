//! Order, epochs, presence and limits, from observations in to series out.

use proptest::prelude::*;

use super::*;
use crate::tag::{Pool, Tag};
use crate::timeline::epoch::FaultCounter;

const HOUR: i64 = 3_600_000;

fn row(tag: &[u8; 4], allocs: u64, frees: u64, block: i64) -> Reading {
    let diff = allocs as i64 - frees as i64;
    Reading {
        tag: Tag::new(*tag),
        pool: Pool::NonPaged,
        allocs: Some(allocs),
        frees: Some(frees),
        diff: Some(diff),
        bytes: diff * block,
    }
}

fn facts(source: usize, at: Option<i64>) -> Facts {
    Facts {
        source,
        at,
        scope: Scope::COMPLETE,
        ..Facts::default()
    }
}

/// A machine whose three tags count up with `uptime`.
fn machine(source: usize, at: Option<i64>, uptime: u64) -> Observation {
    let rows = vec![
        row(b"Leak", uptime * 10, 0, 64),
        row(b"Irp ", uptime * 900, uptime * 900 - 40, 256),
        row(b"File", uptime * 70 + 5, uptime * 70, 512),
    ];
    Observation {
        facts: facts(source, at),
        rows,
    }
}

fn build(observations: impl IntoIterator<Item = Observation>) -> PoolHistory {
    let mut builder = SeriesBuilder::default();
    observations.into_iter().for_each(|o| builder.push(o));
    builder.finish()
}

fn leak(history: &PoolHistory, epoch: usize) -> Vec<i64> {
    let series = history.epochs[epoch]
        .series_of(Tag::new(*b"Leak"), Pool::NonPaged)
        .unwrap();
    series.samples.iter().map(|s| s.bytes).collect()
}

#[test]
fn nothing_in_nothing_out() {
    let history = build([]);
    assert!(history.snapshots.is_empty() && history.epochs.is_empty() && history.notes.is_empty());
}

#[test]
fn one_life_is_one_epoch_with_hours_along_it() {
    let history = build((0..4).map(|i| machine(0, Some(i * HOUR), 10 + i as u64)));
    assert_eq!(history.epochs.len(), 1);
    assert_eq!(history.ordering, Ordering::ByClock);
    assert_eq!(history.snapshots[3].elapsed_ms, Some(3 * HOUR));
    assert_eq!(leak(&history, 0), [6400, 7040, 7680, 8320]);
    let series = &history.epochs[0].series[1];
    assert_eq!(
        (series.tag, series.allocs_made),
        (Tag::new(*b"Irp "), Some(2700))
    );
}

#[test]
fn a_restart_splits_the_series() {
    let uptimes = [50, 60, 70, 3, 9];
    let history = build(
        uptimes
            .iter()
            .zip(0..)
            .map(|(u, i)| machine(0, Some(i * HOUR), *u)),
    );
    assert_eq!(history.epochs.len(), 2);
    assert_eq!(history.epochs[1].snapshots, 3..5);
    assert!(
        matches!(history.epochs[1].start, Start::Reset(m) if m.fell == 3 && m.page_faults == FaultCounter::Unknown)
    );
    assert_eq!(leak(&history, 1), [1920, 5760]);
    assert_eq!(history.snapshots[3].elapsed_ms, Some(0));
}

#[test]
fn files_out_of_order_are_sorted_by_their_clock() {
    let late = (5..8).map(|i| machine(0, Some(i * HOUR), 10 + i as u64));
    let early = (0..3).map(|i| machine(1, Some(i * HOUR), 10 + i as u64));
    let history = build(late.chain(early));
    assert_eq!(history.epochs.len(), 1);
    assert!(leak(&history, 0).is_sorted());
    assert_eq!(history.snapshots[0].facts.source, 1);
}

#[test]
fn a_clock_set_back_does_not_reorder_a_file() {
    let times = [
        0,
        HOUR,
        2 * HOUR,
        HOUR + HOUR / 2,
        5 * HOUR / 2,
        7 * HOUR / 2,
    ];
    let history = build(times.iter().zip(10..).map(|(t, u)| machine(0, Some(*t), u)));
    assert_eq!(history.ordering, Ordering::ByPosition);
    assert_eq!(history.epochs.len(), 1);
    assert!(leak(&history, 0).is_sorted());
    let hours: Vec<_> = history
        .snapshots
        .iter()
        .map(|s| s.elapsed_ms.unwrap() / HOUR)
        .collect();
    assert_eq!(hours, [0, 1, 2, 3, 4, 5]);
    assert!(matches!(
        history.notes[..],
        [Note::ClockSetBack {
            before: 3,
            ms: 1_800_000,
            stand_in_ms: HOUR
        }]
    ));
}

#[test]
fn without_clocks_counters_order_the_files() {
    let after = (5..8).map(|u| machine(0, None, u));
    let before = (1..4).map(|u| machine(1, None, u));
    let history = build(after.chain(before));
    assert_eq!(history.ordering, Ordering::ByCounters);
    assert_eq!(history.epochs.len(), 1);
    assert!(leak(&history, 0).is_sorted());
}

#[test]
fn without_clocks_a_fall_inside_one_file_is_a_restart() {
    let history = build([5, 6, 1, 2].map(|u| machine(0, None, u)));
    assert_eq!(
        (history.ordering, history.epochs.len()),
        (Ordering::AsGiven, 2)
    );
    assert_eq!(history.snapshots[0].elapsed_ms, None);
}

#[test]
fn an_epoch_can_be_clipped() {
    let history = build((0..6).map(|i| machine(0, Some(i * HOUR), 10 + i as u64)));
    let part = history.epochs[0].clipped(2..4);
    assert_eq!(part.snapshots, 2..4);
    let series = part.series_of(Tag::new(*b"Leak"), Pool::NonPaged).unwrap();
    assert_eq!((series.samples.len(), series.allocs_made), (2, Some(10)));
    assert!(history.epochs[0].clipped(9..12).series.is_empty());
}

#[test]
fn absent_is_never_zero() {
    let whole = Observation {
        facts: facts(0, None),
        rows: vec![row(b"Irp ", 9, 1, 8)],
    };
    let mut cut = whole.clone();
    cut.facts.scope.extent = Extent::Truncated;
    cut.rows = vec![row(b"Irp ", 10, 1, 8)];
    let mut both = whole.clone();
    both.rows = vec![row(b"Irp ", 11, 1, 8), row(b"Leak", 5, 0, 8)];
    let history = build([whole, cut, both]);
    let series = history.epochs[0]
        .series_of(Tag::new(*b"Leak"), Pool::NonPaged)
        .unwrap();
    assert_eq!(series.samples.len(), 1);
    assert_eq!(history.presence(series, 0), Presence::NotListed);
    assert_eq!(history.presence(series, 1), Presence::Unknown);
    assert!(matches!(history.presence(series, 2), Presence::Observed(s) if s.bytes == 40));
    assert_eq!(history.presence(series, 99), Presence::Unknown);
}

#[test]
fn rows_of_one_account_are_summed_and_a_pool_left_out_has_no_sum() {
    let mut facts = facts(0, None);
    facts.scope.pools = PoolsShown::NonPagedOnly;
    let rows = vec![
        row(b"Leak", 4, 0, 10),
        row(b"Irp ", 3, 0, 10),
        row(b"Leak", 5, 0, 10),
    ];
    let history = build([Observation { facts, rows }]);
    assert_eq!(leak(&history, 0), [90]);
    assert_eq!(history.notes, [Note::RowsMerged { rows: 1 }]);
    assert_eq!(history.snapshots[0].listed_nonpaged, Some(120));
    assert_eq!(history.snapshots[0].listed_paged, None);
}

#[test]
fn a_file_given_twice_counts_once() {
    let listing = |at: i64| {
        let rows = (b'A'..=b'J').map(|c| row(&[b'T', b'g', b'_', c], at as u64 + 7, 0, 16));
        Observation {
            facts: facts(0, Some(at)),
            rows: rows.collect(),
        }
    };
    let history = build([1, 2, 3, 1, 2, 3].map(listing));
    assert_eq!((history.snapshots.len(), history.epochs.len()), (3, 1));
    assert_eq!(history.notes, [Note::Duplicates { snapshots: 3 }]);
}

#[test]
fn wrapped_counters_are_unwrapped_in_what_was_made() {
    let near = u64::from(u32::MAX) - 4;
    let history = build([
        Observation {
            facts: facts(0, None),
            rows: vec![row(b"Irp ", near, near - 5, 8)],
        },
        Observation {
            facts: facts(0, None),
            rows: vec![row(b"Irp ", 5, 0, 8)],
        },
    ]);
    let series = &history.epochs[0].series[0];
    assert_eq!(
        (series.allocs_made, series.frees_made),
        (Some(10), Some(10))
    );
}

#[test]
fn thinning_keeps_the_first_and_the_last() {
    let mut builder = SeriesBuilder::with_budget(600);
    for i in 0..1001u64 {
        builder.push(machine(0, Some(i as i64 * HOUR), 10 + i));
    }
    let history = builder.finish();
    assert!(history.snapshots.len() < 150);
    assert_eq!(history.snapshots[0].facts.at, Some(0));
    assert_eq!(
        history.snapshots.last().unwrap().facts.at,
        Some(1000 * HOUR)
    );
    assert!(matches!(
        history.notes[..],
        [Note::Thinned { of: 1001, .. }]
    ));
    assert_eq!(history.epochs[0].series[1].allocs_made, Some(900_000));
}

#[test]
fn tags_beyond_the_limit_are_counted() {
    let rows = (0..MAX_ACCOUNTS as u32 + 3).map(|i| Reading {
        tag: Tag::from_word(i),
        pool: Pool::Paged,
        allocs: Some(1),
        frees: Some(0),
        diff: Some(1),
        bytes: 1,
    });
    let history = build([Observation {
        facts: facts(0, None),
        rows: rows.collect(),
    }]);
    assert_eq!(
        history.notes,
        [Note::TooManyTags {
            readings: 3,
            limit: MAX_ACCOUNTS
        }]
    );
}

#[test]
fn many_restarts_keep_series_for_the_newest_epochs() {
    let restarts = (0..40).flat_map(|i| [9, 12].map(|u| machine(0, Some(i * HOUR + u), u as u64)));
    let history = build(restarts);
    assert_eq!(history.epochs.len(), 40);
    assert!(history.epochs[7].series.is_empty() && !history.epochs[8].series.is_empty());
    assert_eq!(history.notes, [Note::OldEpochsWithoutSeries { epochs: 8 }]);
}

proptest! {
    /// Whatever the rows, every reading ends in exactly one epoch's series.
    #[test]
    fn nothing_is_lost(rows: Vec<(u8, u64, u64, i64, i64, Option<i64>, u8)>) {
        let observations = rows.iter().map(|(tag, allocs, frees, diff, bytes, at, source)| {
            let reading = Reading {
                tag: Tag::new([b'T', b'g', b'_', tag % 4]), pool: Pool::Paged,
                allocs: Some(*allocs), frees: Some(*frees), diff: Some(*diff), bytes: *bytes,
            };
            Observation { facts: facts(usize::from(source % 3), *at), rows: vec![reading] }
        });
        let history = build(observations);
        prop_assert_eq!(history.snapshots.len(), rows.len());
        let skipped = history.epochs.len().saturating_sub(MAX_EPOCHS);
        let kept: usize = history.epochs.iter().skip(skipped).map(|e| e.snapshots.len()).sum();
        let samples: usize =
            history.epochs.iter().flat_map(|e| &e.series).map(|s| s.samples.len()).sum();
        prop_assert_eq!(samples, kept);
        for note in &history.notes {
            prop_assert!(!note.to_string().is_empty());
        }
    }

    /// With a clock on all and a file each, the order handed in does not matter.
    #[test]
    fn clocked_files_may_come_in_any_order(order in Just((0..12usize).collect::<Vec<_>>()).prop_shuffle()) {
        let history = build(order.iter().map(|i| machine(*i, Some(*i as i64 * HOUR), 5 + *i as u64)));
        prop_assert_eq!(history.epochs.len(), 1);
        prop_assert!(leak(&history, 0).is_sorted());
    }
}
