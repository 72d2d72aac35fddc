//! Which boot epoch a sample belongs to.
//!
//! Snapshots have theirs by their counters. A sample between two snapshots of one epoch is of that
//! epoch. Between two epochs lies a restart: where the kernel's own age says so, else where the
//! pool falls most. Samples before all snapshots or after them are of the nearest epoch as far as
//! no restart shows between; beyond it they have epochs of their own, numbered behind the others.

use super::CounterSample;
use crate::timeline::series::PoolHistory;

/// Two samples whose kernels were started so far apart, in milliseconds, are of two starts: the
/// age is counted in whole seconds, and clocks are set by more.
const ANOTHER_BOOT: i64 = 120_000;

/// Without the kernel's age: so many usual steps without a sample, and the pool below this share
/// of what it was, in percent, is a restart.
const GAP_STEPS: i64 = 4;
const FALLEN_TO: i64 = 75;

/// What lies on the axis beside samples: a dated snapshot.
struct Post {
    at: i64,
    epoch: usize,
    bytes: Option<i64>,
}

pub(super) fn assign(samples: &mut [CounterSample], history: &PoolHistory) {
    let posts = posts(history);
    let restarts = restarts(samples);
    // Without dated snapshots no sample belongs to an epoch of theirs.
    let mut fresh = history.epochs.len();
    let mut start = 0;
    while start < samples.len() {
        let next = posts.partition_point(|post| post.at <= samples[start].at);
        let until = posts.get(next).map_or(i64::MAX, |post| post.at);
        let end = start + samples[start..].partition_point(|s| s.at < until);
        let before = next.checked_sub(1).and_then(|place| posts.get(place));
        run(
            &mut samples[start..end],
            &restarts[start..end],
            (before, posts.get(next)),
            &mut fresh,
        );
        start = end;
    }
}

/// The samples between two snapshots, or beyond the first or the last.
fn run(
    samples: &mut [CounterSample],
    restarts: &[bool],
    (before, after): (Option<&Post>, Option<&Post>),
    fresh: &mut usize,
) {
    let last_restart = restarts.iter().rposition(|r| *r);
    match (before, after) {
        (Some(a), Some(b)) if a.epoch == b.epoch => {
            samples.iter_mut().for_each(|s| s.epoch = a.epoch);
        }
        (Some(a), Some(b)) => {
            let border = last_restart.unwrap_or_else(|| deepest_fall(samples, a, b));
            for (place, sample) in samples.iter_mut().enumerate() {
                sample.epoch = if place < border { a.epoch } else { b.epoch };
            }
        }
        (None, Some(b)) => {
            number(samples, restarts, fresh);
            for sample in &mut samples[last_restart.unwrap_or(0)..] {
                sample.epoch = b.epoch;
            }
        }
        (Some(a), None) => {
            number(samples, restarts, fresh);
            let first = restarts.iter().position(|r| *r).unwrap_or(samples.len());
            samples[..first].iter_mut().for_each(|s| s.epoch = a.epoch);
        }
        (None, None) => number(samples, restarts, fresh),
    }
}

/// Epochs of their own.
fn number(samples: &mut [CounterSample], restarts: &[bool], fresh: &mut usize) {
    for (place, (sample, restart)) in samples.iter_mut().zip(restarts).enumerate() {
        *fresh += usize::from(*restart && place > 0);
        sample.epoch = *fresh;
    }
    *fresh += 1;
}

fn posts(history: &PoolHistory) -> Vec<Post> {
    let mut posts = Vec::new();
    for (epoch, of) in history.epochs.iter().enumerate() {
        for place in of.snapshots.clone() {
            if let Some(snapshot) = history.snapshots.get(place)
                && let Some(at) = snapshot.facts.at
            {
                let bytes = snapshot.facts.pool_nonpaged;
                posts.push(Post {
                    at,
                    epoch,
                    bytes: bytes.and_then(|b| i64::try_from(b).ok()),
                });
            }
        }
    }
    posts.sort_by_key(|post| post.at);
    posts
}

/// For each sample, whether the kernel was started between the one before and it.
fn restarts(samples: &[CounterSample]) -> Vec<bool> {
    let mut steps: Vec<i64> = samples.windows(2).map(|p| p[1].at - p[0].at).collect();
    steps.sort_unstable();
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(i64::MAX);
    let mut restarts = vec![false; samples.len()];
    for (place, pair) in samples.windows(2).enumerate() {
        let [a, b] = pair else { continue };
        restarts[place + 1] = match (a.boot, b.boot) {
            (Some(first), Some(second)) => second.saturating_sub(first) > ANOTHER_BOOT,
            _ => {
                b.at - a.at > usual.saturating_mul(GAP_STEPS)
                    && b.bytes.saturating_mul(100) < a.bytes.saturating_mul(FALLEN_TO)
            }
        };
    }
    restarts
}

/// The place of the first sample after the deepest fall between two snapshots; the number of
/// samples if the fall comes after all of them.
fn deepest_fall(samples: &[CounterSample], before: &Post, after: &Post) -> usize {
    let levels: Vec<i64> = before
        .bytes
        .or(samples.first().map(|s| s.bytes))
        .into_iter()
        .chain(samples.iter().map(|s| s.bytes))
        .chain(after.bytes.or(samples.last().map(|s| s.bytes)))
        .collect();
    let falls = levels.windows(2).enumerate();
    let deepest = falls.max_by_key(|(place, pair)| (pair[0] - pair[1], std::cmp::Reverse(*place)));
    deepest.map_or(0, |(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(of: &[(i64, i64, Option<i64>)]) -> Vec<CounterSample> {
        of.iter()
            .map(|&(minute, mib, boot)| CounterSample {
                at: minute * 60_000,
                bytes: mib << 20,
                memory: crate::diagnosis::correlation::pressure::Memory::default(),
                boot: boot.map(|m| m * 60_000),
                epoch: 99,
                artifact: 0,
                line: 1,
            })
            .collect()
    }

    fn epochs_of(samples: &[CounterSample]) -> Vec<usize> {
        samples.iter().map(|s| s.epoch).collect()
    }

    #[test]
    fn without_snapshots_the_age_of_the_kernel_decides() {
        let history = crate::timeline::series::SeriesBuilder::default().finish();
        let mut all = samples(&[(0, 90, Some(-9)), (1, 91, Some(-9)), (2, 92, Some(1))]);
        assign(&mut all, &history);
        assert_eq!(epochs_of(&all), [0, 0, 1]);
        // A clock that was set a little is no restart.
        let mut all = samples(&[(0, 90, Some(0)), (1, 91, Some(1)), (2, 92, Some(0))]);
        assign(&mut all, &history);
        assert_eq!(epochs_of(&all), [0, 0, 0]);
    }

    #[test]
    fn a_gap_and_a_fall_are_a_restart() {
        let history = crate::timeline::series::SeriesBuilder::default().finish();
        let mut all = samples(&[
            (0, 90, None),
            (1, 95, None),
            (2, 99, None),
            (20, 30, None),
            (21, 31, None),
            (22, 10, None),
        ]);
        assign(&mut all, &history);
        assert_eq!(epochs_of(&all), [0, 0, 0, 1, 1, 1]);
    }

    #[test]
    fn between_two_epochs_the_deepest_fall_parts_them() {
        let (before, after) = (
            Post {
                at: 0,
                epoch: 4,
                bytes: Some(100 << 20),
            },
            Post {
                at: 9,
                epoch: 5,
                bytes: Some(22 << 20),
            },
        );
        let mut all = samples(&[(0, 101, None), (1, 20, None), (2, 21, None)]);
        let quiet = [false; 3];
        run(&mut all, &quiet, (Some(&before), Some(&after)), &mut 6);
        assert_eq!(epochs_of(&all), [4, 5, 5]);
        run(&mut all, &quiet, (Some(&before), None), &mut 6);
        assert_eq!(epochs_of(&all), [4, 4, 4]);
        run(
            &mut all,
            &[false, false, true],
            (None, Some(&after)),
            &mut 6,
        );
        assert_eq!(epochs_of(&all), [6, 6, 5]);
    }
}
