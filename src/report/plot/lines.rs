//! Lines of the plot: the pool as a whole and the most suspect tags.

use super::decimate::{self, Point};
use super::places::{MOST_BANDS, Place, gaps};
use super::scene::{Line, MOST_TAGS};
use crate::report::model::{Pool, Report, TagRow};

/// Columns into which a line is reduced; twice the pixels of a wide page, so that zooming in
/// still shows more.
const LINE_COLUMNS: usize = 400;

/// Cuts a line where the epoch changes or a gap lies, and reduces each stretch.
pub(super) fn line(name: &str, points: &[(u64, Point)], breaks: &[i64]) -> Line {
    let mut runs: Vec<Vec<Point>> = Vec::new();
    let same = |a: &(u64, Point), b: &(u64, Point)| {
        let cut = breaks.partition_point(|at| *at <= a.1.0);
        a.0 == b.0 && breaks.get(cut).is_none_or(|at| *at > b.1.0)
    };
    let columns = |run: usize| (LINE_COLUMNS * run / points.len().max(1)).max(1);
    for run in points.chunk_by(same) {
        let bare: Vec<Point> = run.iter().map(|(_, p)| *p).collect();
        runs.push(decimate::keep_extremes(&bare, columns(bare.len())));
    }
    runs.truncate(MOST_BANDS);
    Line {
        name: name.to_owned(),
        runs,
    }
}

/// Ends of gaps: a line does not cross them.
pub(super) fn breaks(places: &[Place]) -> Vec<i64> {
    gaps(places).map(|(_, after)| after.at).collect()
}

pub(super) fn total_line(pool: &Pool, places: &[Place]) -> Line {
    let points: Vec<(u64, Point)> = places.iter().map(|p| (p.epoch, (p.at, p.bytes))).collect();
    let name = if places.is_empty() && pool.nonpaged.is_empty() {
        ""
    } else {
        "nonpaged pool"
    };
    line(name, &points, &breaks(places))
}

/// The verdict's tag first, then the most suspect tags of nonpaged pool.
pub(super) fn tag_lines(report: &Report, places: &[Place]) -> Vec<Line> {
    let mut by_snapshot: Vec<&Place> = places.iter().filter(|p| p.snapshot.is_some()).collect();
    by_snapshot.sort_by_key(|p| p.snapshot);
    let breaks = breaks(places);
    let place_of = |snapshot: u64| {
        let index = by_snapshot.binary_search_by_key(&Some(snapshot), |p| p.snapshot);
        index.ok().and_then(|i| by_snapshot.get(i))
    };
    chosen(report)
        .filter_map(|row| {
            let mut points: Vec<(u64, Point)> = row
                .series
                .iter()
                .filter_map(|&(snapshot, bytes)| {
                    let place = place_of(snapshot)?;
                    Some((place.epoch, (place.at, bytes)))
                })
                .collect();
            points.sort_by_key(|(_, p)| p.0);
            (!points.is_empty()).then(|| line(&row.tag, &points, &breaks))
        })
        .take(MOST_TAGS)
        .collect()
}

pub(super) fn chosen(report: &Report) -> impl Iterator<Item = &TagRow> {
    let verdict = &report.verdict;
    let is_accused = move |row: &&TagRow| {
        row.pool == "nonpaged" && Some(&row.tag_hex) == verdict.tag_hex.as_ref()
    };
    let rows = report.pool.tags.iter();
    let accused = rows.clone().filter(is_accused);
    let others = rows.filter(move |row| row.pool == "nonpaged" && !is_accused(row));
    accused.chain(others)
}
