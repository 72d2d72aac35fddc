//! Values over time as marks, with events on the same axis below.
//!
//! The scale begins at zero, so that a pool that hardly moves looks like one. A column shows
//! the highest of its values: a spike is never averaged away. A column without a value
//! repeats the last one only as long as the usual distance between values explains it;
//! beyond, it is a gap.

use crate::report::escape::Charset;

/// A gap is longer than so many usual distances.
const USUAL_DISTANCES: f64 = 3.0;

/// Marks from empty to full within one character.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 5] = [' ', '_', '-', '=', '#'];

/// The columns of the plot and the stretch that they stand for, in seconds or whatever counts
/// up; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Where it begins.
    pub start: i64,
    /// Where it ends.
    pub end: i64,
    /// How many columns it has.
    pub columns: usize,
}

impl Axis {
    /// The column of a moment; `None` outside.
    pub fn column(&self, at: i64) -> Option<usize> {
        if at < self.start || at > self.end {
            return None;
        }
        let span = i128::from(self.end) - i128::from(self.start) + 1;
        let place = (i128::from(at) - i128::from(self.start)) * self.columns as i128 / span;
        usize::try_from(place).ok()
    }

    /// The columns that a stretch touches, the part of it outside left away.
    pub fn touched(&self, from: i64, to: i64) -> Option<std::ops::RangeInclusive<usize>> {
        let first = self.column(from.max(self.start))?;
        let last = self.column(to.min(self.end))?;
        (first <= last).then_some(first..=last)
    }
}

/// The highest value of each column, and repeated values where no gap is.
pub fn columns(points: &[(i64, i64)], axis: Axis) -> Vec<Option<i64>> {
    let mut out = vec![None; axis.columns];
    for (at, value) in points {
        if let Some(slot) = axis.column(*at).and_then(|c| out.get_mut(c)) {
            *slot = Some(slot.unwrap_or(*value).max(*value));
        }
    }
    let longest = usual_columns(points, axis) * USUAL_DISTANCES;
    let (mut last, mut since) = (None, 0.0);
    let known = out.iter().rposition(Option::is_some).unwrap_or(0);
    for slot in out.iter_mut().take(known) {
        since += 1.0;
        match slot {
            Some(value) => (last, since) = (Some(*value), 0.0),
            None if since <= longest => *slot = last,
            None => {}
        }
    }
    out
}

/// The median distance of neighbouring points, in columns.
fn usual_columns(points: &[(i64, i64)], axis: Axis) -> f64 {
    let mut distances: Vec<i64> = points
        .windows(2)
        .filter_map(|pair| match pair {
            [(a, _), (b, _)] => b.checked_sub(*a),
            _ => None,
        })
        .collect();
    distances.sort_unstable();
    let median = distances.get(distances.len() / 2).copied().unwrap_or(0);
    let span = (axis.end as f64 - axis.start as f64).max(1.0);
    median as f64 * axis.columns as f64 / span
}

/// `rows` lines of marks, the upper one first, for values from 0 to `top`.
pub fn rows(values: &[Option<i64>], top: i64, rows: usize, charset: Charset) -> Vec<String> {
    let marks: &[char] = match charset {
        Charset::Unicode => &BLOCKS,
        Charset::Ascii => &ASCII,
    };
    let steps = marks.len() - 1;
    let line = |row: usize| {
        let mark = |value: &Option<i64>| {
            let level = value.map_or(0, |value| level(value, top, steps * rows));
            let here = level.saturating_sub((rows - 1 - row) * steps).min(steps);
            marks.get(here).copied().unwrap_or(' ')
        };
        values.iter().map(mark).collect()
    };
    (0..rows).map(line).collect()
}

/// The step of a value, at least one: a known value differs from none.
fn level(value: i64, top: i64, steps: usize) -> usize {
    let part = value.max(0) as f64 / top.max(1) as f64;
    ((part * steps as f64).round() as usize).clamp(1, steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXIS: Axis = Axis {
        start: 100,
        end: 199,
        columns: 10,
    };

    #[test]
    fn ends_belong_to_the_axis() {
        assert_eq!(AXIS.column(99), None);
        assert_eq!(AXIS.column(100), Some(0));
        assert_eq!(AXIS.column(109), Some(0));
        assert_eq!(AXIS.column(199), Some(9));
        assert_eq!(AXIS.column(200), None);
        assert_eq!(AXIS.touched(0, 120), Some(0..=2));
        assert_eq!(AXIS.touched(0, 99), None);
        let whole = Axis {
            start: i64::MIN,
            end: i64::MAX,
            columns: 71,
        };
        assert_eq!(whole.column(i64::MAX), Some(70));
    }

    #[test]
    fn spikes_survive_and_gaps_show() {
        let points: Vec<_> = [(100, 5), (101, 9), (102, 5), (110, 4), (120, 3), (199, 2)].into();
        let values = columns(&points, AXIS);
        assert_eq!(values[..3], [Some(9), Some(4), Some(3)]);
        assert_eq!(values[3..9], [Some(3), Some(3), None, None, None, None][..]);
        assert_eq!(values[9], Some(2));
    }

    #[test]
    fn rows_stack() {
        let values = [
            Some(0),
            Some(8),
            Some(12),
            Some(16),
            None,
            Some(-3),
            Some(99),
        ];
        assert_eq!(
            rows(&values, 16, 2, Charset::Unicode),
            ["  ▄█  █", "▁███ ▁█"]
        );
        assert_eq!(rows(&values, 16, 1, Charset::Ascii), ["_-=# _#"]);
    }
}
