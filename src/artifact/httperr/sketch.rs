//! Which logs share no rows to speak of, told from samples of them.
//!
//! Comparing two logs row by row reads both; where hundreds of logs cover the same time, as those
//! of a farm do, all pairs of them would be read. So each is read once first, and of its rows
//! those are kept whose hash is small: the same rows in every log, so that samples of two logs
//! share rows as the logs do (bottom-k sampling by a common threshold; Broder's resemblance).

use std::collections::BTreeMap;
use std::io::{self, Read};

use super::overlap::each_row;

/// Rows sampled of all logs together: 16 MB.
const MAX_SAMPLED: u64 = 1_000_000;

/// Fewest sampled rows of the smaller side by which something is said.
const ENOUGH: usize = 200;

/// Logs overlap when half of the rows of one side stand in the other. Of 200 sampled rows a share
/// of a half comes out below a quarter less than once in 10¹² times (seven standard deviations).
const PART_RULED_OUT: usize = 4;

/// Samples of logs, by their places.
pub(super) struct Sketches(BTreeMap<usize, Vec<Sampled>>);

/// A row's hash, and its time.
type Sampled = (u64, i64);

impl Sketches {
    /// Reads the logs at `places`, which have so many rows together. One that cannot be read is
    /// not ruled out.
    pub(super) fn take<R: Read>(
        places: &[usize],
        rows: u64,
        open: &impl Fn(usize) -> io::Result<R>,
    ) -> Sketches {
        let threshold = u64::MAX / (rows / MAX_SAMPLED + 1);
        let sampled = places.iter().filter_map(|&place| {
            let mut rows: Vec<Sampled> = Vec::new();
            let read = open(place).and_then(|stream| {
                each_row(stream, |hash, at| {
                    if hash <= threshold {
                        rows.push((hash, at));
                    }
                })
            });
            rows.sort_unstable();
            read.is_ok().then_some((place, rows))
        });
        Sketches(sampled.collect())
    }

    /// True if two logs surely do not share half of the smaller one's rows within a time.
    pub(super) fn rule_out(&self, a: usize, b: usize, shared: (i64, i64)) -> bool {
        let (Some(a), Some(b)) = (self.0.get(&a), self.0.get(&b)) else {
            return false;
        };
        let within = |&&(_, at): &&Sampled| shared.0 <= at && at <= shared.1;
        let smaller = a
            .iter()
            .filter(within)
            .count()
            .min(b.iter().filter(within).count());
        smaller >= ENOUGH && in_both(a, b, shared) * PART_RULED_OUT < smaller
    }
}

/// How many rows of one sample stand in the other, within a time.
fn in_both(a: &[Sampled], b: &[Sampled], shared: (i64, i64)) -> usize {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut count = 0;
    while let (Some(one), Some(other)) = (a.peek(), b.peek()) {
        match one.cmp(other) {
            std::cmp::Ordering::Less => drop(a.next()),
            std::cmp::Ordering::Greater => drop(b.next()),
            std::cmp::Ordering::Equal => {
                count += usize::from(shared.0 <= one.1 && one.1 <= shared.1);
                a.next();
                b.next();
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows `numbers`, one a second.
    fn log(numbers: std::ops::Range<u32>, node: u32) -> String {
        let row = |n: u32| {
            let (h, m, s) = (n / 3_600 % 24, n / 60 % 60, n % 60);
            format!("2026-03-01 {h:02}:{m:02}:{s:02} 10.0.0.{node} URL -\n")
        };
        numbers.map(row).collect()
    }

    #[test]
    fn nodes_are_told_apart_and_copies_are_not() {
        let logs = [log(0..2_000, 1), log(0..2_000, 2), log(1_000..3_000, 1)];
        let open = |place: usize| Ok(logs[place].as_bytes());
        let rows = |more: u64| Sketches::take(&[0, 1, 2], 6_000 + more, &open);
        let start = 1_772_323_200;
        let whole = (start, start + 10_000);
        // All rows, and one in four.
        for sketches in [rows(0), rows(3 * MAX_SAMPLED)] {
            assert!(sketches.rule_out(0, 1, whole));
            assert!(!sketches.rule_out(0, 2, whole));
            assert!(!sketches.rule_out(0, 0, whole));
            assert!(
                !sketches.rule_out(0, 1, (start, start + 20)),
                "too few rows to tell"
            );
            assert!(
                !sketches.rule_out(0, 9, whole),
                "nothing is known of another"
            );
        }
    }
}
