use super::*;
use crate::report::fixture;
use crate::report::model::{PoolPoint, RefusalCount};

const HOUR: i64 = 3_600_000;

fn report(points: &[(Option<i64>, u64, i64)]) -> Report {
    let mut report = fixture::empty();
    report.pool.nonpaged = (0u64..)
        .zip(points)
        .map(|(snapshot, &(hour, epoch, bytes))| PoolPoint {
            snapshot,
            at: hour.map(|h| fixture::at(h, 0)),
            epoch,
            bytes,
            headroom_bytes: None,
        })
        .collect();
    report
}

fn counted(report: &mut Report, hours: &[(i64, u64)]) {
    report.refusals.counts = hours
        .iter()
        .map(|&(hour, total)| RefusalCount {
            start: fixture::at(hour, 0),
            seconds: 60,
            total,
        })
        .collect();
}

fn zero() -> i64 {
    instant(&fixture::at(0, 0)).unwrap()
}

#[test]
fn nothing_is_no_plot() {
    assert_eq!(Scene::of(&fixture::empty()), None);
}

#[test]
fn lines_break_at_restarts_and_gaps() {
    let hours = [0, 1, 2, 3, 12, 13, 14];
    let points: Vec<_> = hours
        .iter()
        .map(|&h| (Some(h), u64::from(h > 12), 100 + h))
        .collect();
    let scene = Scene::of(&report(&points)).unwrap();
    let lengths: Vec<usize> = scene.total.runs.iter().map(Vec::len).collect();
    assert_eq!(lengths, [4, 1, 2]);
    let at = |h: i64| zero() + h * HOUR;
    assert_eq!(
        scene.restarts,
        [Span {
            from: at(12),
            to: at(13)
        }]
    );
    assert_eq!(
        scene.blanks,
        [Span {
            from: at(3),
            to: at(12)
        }]
    );
}

#[test]
fn bars_are_counts_or_episodes() {
    let mut one = report(&[(Some(0), 0, 5), (Some(2), 0, 9)]);
    counted(&mut one, &[(1, 7), (2, 3)]);
    let scene = Scene::of(&one).unwrap();
    assert_eq!(scene.bars_are, BarsAre::Stretches(60));
    assert_eq!(
        scene.bars[0],
        Bar {
            from: zero() + HOUR,
            to: zero() + HOUR + 60_000,
            total: 7
        }
    );
    let case = fixture::leak_explained();
    let scene = Scene::of(&case).unwrap();
    assert_eq!(scene.bars_are, BarsAre::Episodes);
    assert_eq!(scene.bars.len(), case.refusals.episodes.len());
}

#[test]
fn without_a_clock_pool_and_bars_have_axes_of_their_own() {
    let mut one = report(&[(None, 0, 5), (None, 0, 9)]);
    counted(&mut one, &[(1, 7)]);
    let scene = Scene::of(&one).unwrap();
    assert_eq!((scene.axis, scene.undated), (Axis::Order, 0));
    assert!(scene.bars_span.is_some());
    let mixed = report(&[(Some(0), 0, 5), (None, 0, 9), (Some(1), 0, 9)]);
    let scene = Scene::of(&mixed).unwrap();
    assert_eq!((scene.axis, scene.undated), (Axis::Time, 1));
}

#[test]
fn the_plot_opens_on_snapshots_among_weeks_of_logs() {
    let mut one = report(&[(Some(500), 0, 5), (Some(503), 0, 9)]);
    counted(&mut one, &[(0, 7), (900, 1)]);
    let scene = Scene::of(&one).unwrap();
    let at = |h: i64| zero() + h * HOUR;
    assert_eq!(
        scene.focus,
        Span {
            from: at(497),
            to: at(506)
        }
    );
    assert!(scene.span.from < at(0) && scene.span.to > at(900));
}

/// 48 hours with a snapshot and a count a minute: one of each stands out.
#[test]
fn a_spike_of_one_minute_and_of_one_snapshot_survive() {
    let points: Vec<_> = (0..2_880i64)
        .map(|n| (Some(n), 0, if n == 1_234 { 900 } else { 100 + n % 7 }))
        .collect();
    let mut one = report(&points);
    for (n, point) in (0i64..).zip(&mut one.pool.nonpaged) {
        point.at = Some(fixture::at(n / 60, n % 60));
    }
    one.refusals.counts = (0..2_880i64)
        .map(|n| RefusalCount {
            start: fixture::at(n / 60, n % 60),
            seconds: 60,
            total: if n == 2_345 { 5_000 } else { 30 },
        })
        .collect();
    let scene = Scene::of(&one).unwrap();
    let drawn: Vec<_> = scene.total.points().collect();
    assert!(drawn.len() < 2_000, "{} points", drawn.len());
    assert!(drawn.contains(&&(zero() + 1_234 * 60_000, 900)));
    assert!(scene.bars.len() <= MOST_BARS);
    let spike = scene.bars.iter().find(|bar| bar.total == 5_000).unwrap();
    assert_eq!(spike.from, zero() + 2_345 * 60_000);
    assert!(scene.bars_hidden > 0);
}

#[test]
fn logs_begin_and_leave_gaps() {
    let mut one = report(&[(Some(0), 0, 5), (Some(20), 0, 9)]);
    one.refusals.log_first = Some(fixture::at(0, 0));
    one.refusals.log_last = Some(fixture::at(20, 0));
    one.refusals.log_spans = [(0, 5), (5, 9), (12, 20)]
        .map(|(first, last)| crate::report::model::LogSpan {
            artifact: "httperr.log".into(),
            first: fixture::at(first, 0),
            last: fixture::at(last, 0),
        })
        .into();
    let scene = Scene::of(&one).unwrap();
    let at = |h: i64| zero() + h * HOUR;
    assert_eq!(scene.rolls, [at(5), at(12)]);
    assert_eq!(
        scene.silences,
        [Span {
            from: at(9),
            to: at(12)
        }]
    );
    assert!(scene.has_bars(), "logs without refusals are shown as such");
}

#[test]
fn levels_are_drawn_in_sight_only() {
    let level = |limit: u64, peak: i64| {
        let mut one = report(&[(Some(0), 0, 5), (Some(2), 0, peak)]);
        one.pool.limit = Some(crate::report::model::Limit {
            bytes: limit,
            low: limit,
            high: limit,
            basis: String::new(),
            quality: String::new(),
            evidence: Vec::new(),
        });
        one.pool.threshold = Some(crate::report::model::Threshold {
            bytes: 20,
            basis: String::new(),
        });
        let scene = Scene::of(&one).unwrap();
        (scene.limit.unwrap(), scene.threshold, scene.top)
    };
    let (limit, threshold, top) = level(256, 200);
    assert!(limit.drawn && top >= 256);
    assert_eq!(threshold.map(|t| (t.bytes, t.drawn)), Some((236, true)));
    let (limit, threshold, top) = level(16_000, 200);
    assert!(!limit.drawn && !threshold.unwrap().drawn && top < 300);
    assert_eq!(level(10, 200).1, None, "a threshold below zero is none");
}
