//! Fewer points, same picture: spikes survive.
//!
//! Of all points that fall into one column of the drawing the first, the last, the lowest and
//! the highest are kept, in their order. A line through these covers the same pixels as a line
//! through all of them (Jugel, Jerzak, Hackenbroich, Markl: "M4: A Visualization-Oriented Time
//! Series Data Aggregation", PVLDB 7(10), 2014).

/// Points of a line: place and value.
pub type Point = (i64, i64);

/// Keeps at most four points per column. `points` are in order of place; at most four times
/// `columns` remain, and none are lost if there are no more than that.
pub fn keep_extremes(points: &[Point], columns: usize) -> Vec<Point> {
    let columns = columns.max(1);
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    if points.len() <= columns.saturating_mul(4) {
        return points.to_vec();
    }
    let span = (i128::from(last.0) - i128::from(first.0)).max(1);
    let column_of = |p: &Point| {
        let offset = i128::from(p.0) - i128::from(first.0);
        (offset * columns as i128 / span).clamp(0, columns as i128 - 1)
    };
    let mut kept = Vec::with_capacity(columns.saturating_mul(4));
    for column in points.chunk_by(|a, b| column_of(a) == column_of(b)) {
        keep_column(column, &mut kept);
    }
    kept
}

fn keep_column(column: &[Point], kept: &mut Vec<Point>) {
    let index_of = |best: fn(&i64, &i64) -> bool| {
        let mut at = 0;
        for (index, point) in column.iter().enumerate() {
            if column.get(at).is_some_and(|b| best(&point.1, &b.1)) {
                at = index;
            }
        }
        at
    };
    let mut places = [
        0,
        index_of(|new, old| new < old),
        index_of(|new, old| new > old),
        column.len().saturating_sub(1),
    ];
    places.sort_unstable();
    let mut before = None;
    for place in places {
        if before != Some(place) {
            kept.extend(column.get(place));
        }
        before = Some(place);
    }
}

/// Joins neighbouring amounts into at most `columns` stretches and keeps the largest amount of
/// each, at the place where it stood.
pub fn keep_highest<T: Copy>(
    items: &[T],
    columns: usize,
    place: impl Fn(&T) -> i64,
    amount: impl Fn(&T) -> u64,
) -> Vec<T> {
    let columns = columns.max(1);
    let (Some(first), Some(last)) = (items.first(), items.last()) else {
        return Vec::new();
    };
    if items.len() <= columns {
        return items.to_vec();
    }
    let from = i128::from(place(first));
    let span = (i128::from(place(last)) - from).max(1);
    let column_of = |item: &T| {
        ((i128::from(place(item)) - from) * columns as i128 / span).min(columns as i128 - 1)
    };
    items
        .chunk_by(|a, b| column_of(a) == column_of(b))
        .filter_map(|column| column.iter().copied().max_by_key(|item| amount(item)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_spike_of_one_point_survives() {
        let mut points: Vec<Point> = (0..100_000).map(|x| (x, 10)).collect();
        points[54_321].1 = 99;
        points[7].1 = -5;
        let kept = keep_extremes(&points, 200);
        assert!(kept.len() <= 800, "{}", kept.len());
        assert!(kept.contains(&(54_321, 99)) && kept.contains(&(7, -5)));
    }

    #[test]
    fn few_points_stay_as_they_are() {
        let points = [(1, 5), (2, 7), (9, 1)];
        assert_eq!(keep_extremes(&points, 1), points);
        assert_eq!(keep_extremes(&[], 5), []);
        assert_eq!(keep_extremes(&[(3, 3)], 0), [(3, 3)]);
    }

    #[test]
    fn the_highest_bar_of_a_stretch_survives() {
        let bars: Vec<(i64, u64)> = (0..5_000)
            .map(|x| (x * 60, (x == 4_321) as u64 * 70 + 1))
            .collect();
        let kept = keep_highest(&bars, 100, |b| b.0, |b| b.1);
        assert!(kept.len() <= 100);
        assert!(kept.contains(&(4_321 * 60, 71)));
    }

    proptest! {
        #[test]
        fn ends_and_extremes_are_kept(
            mut points in prop::collection::vec((any::<i64>(), any::<i64>()), 1..400),
            columns in 0usize..40,
        ) {
            points.sort_unstable();
            let kept = keep_extremes(&points, columns);
            prop_assert!(kept.len() <= columns.max(1) * 4);
            prop_assert!(kept.is_sorted_by_key(|p| p.0));
            prop_assert!(kept.iter().all(|p| points.contains(p)));
            prop_assert_eq!(kept.first(), points.first());
            prop_assert_eq!(kept.last(), points.last());
            let most = |all: &[Point]| all.iter().map(|p| p.1).max();
            let least = |all: &[Point]| all.iter().map(|p| p.1).min();
            prop_assert_eq!(most(&kept), most(&points));
            prop_assert_eq!(least(&kept), least(&points));
        }
    }
}
