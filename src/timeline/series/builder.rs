//! Takes observations one at a time and keeps them packed; orders and splits at the end.
//!
//! Nothing but the packed series and one small record per snapshot stays in memory, so
//! the caller can stream snapshots out of a file of any length.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::history::{Epoch, Note, PoolHistory, Series, Snapshot, Start};
use super::observation::{Observation, PoolsShown, Reading};
use super::order::{Ordered, decide, inverse};
use super::packed::{Packed, Sample};
use crate::tag::{Pool, Tag};
use crate::timeline::epoch::{Border, advance};

/// Bytes that packed samples may take. 2,700 tags over 3,000 snapshots need 20 to 60 MB.
pub const MAX_PACKED_BYTES: usize = 64 << 20;

/// Snapshots kept: three weeks at two a minute.
pub const MAX_SNAPSHOTS: usize = 60_000;

/// Accounts kept. The largest table seen has about 3,050 rows; more than five times that
/// is not a pool table.
pub const MAX_ACCOUNTS: usize = 16_384;

/// Epochs that keep their series; a machine that restarted more often has other troubles.
pub const MAX_EPOCHS: usize = 32;

/// Two listings at one time with so many rows, alike in every counter, are one listing in
/// two files: taking a listing alone moves some counters.
const MIN_ROWS_OF_A_DUPLICATE: usize = 8;

/// Collects observations into a [`PoolHistory`].
///
/// ```
/// use poolsleuth::tag::{Pool, Tag};
/// use poolsleuth::timeline::series::{Facts, Observation, Reading, SeriesBuilder};
///
/// let mut builder = SeriesBuilder::default();
/// for live in [10, 20] {
///     let row = Reading {
///         tag: Tag::new(*b"Leak"), pool: Pool::NonPaged,
///         allocs: Some(live), frees: Some(0), diff: Some(live as i64), bytes: live as i64 * 64,
///     };
///     builder.push(Observation { facts: Facts::default(), rows: vec![row] });
/// }
/// let history = builder.finish();
/// assert_eq!(history.epochs.len(), 1);
/// assert_eq!(history.epochs[0].series[0].samples.len(), 2);
/// ```
#[derive(Debug)]
pub struct SeriesBuilder {
    accounts: HashMap<(Tag, Pool), usize>,
    streams: Vec<Packed>,
    snapshots: Vec<Snapshot>,
    fingerprints: BTreeSet<u64>,
    /// The last observation that thinning passed over: the newest is always kept.
    passed_over: Option<Observation>,
    pushed: usize,
    stride: usize,
    packed_bytes: usize,
    max_packed_bytes: usize,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    duplicates: usize,
    merged_rows: usize,
    refused_readings: usize,
}

impl Default for SeriesBuilder {
    fn default() -> Self {
        SeriesBuilder::with_budget(MAX_PACKED_BYTES)
    }
}

impl SeriesBuilder {
    /// A builder whose packed samples take at most about `max_packed_bytes`.
    pub fn with_budget(max_packed_bytes: usize) -> Self {
        SeriesBuilder {
            accounts: HashMap::new(),
            streams: Vec::new(),
            snapshots: Vec::new(),
            fingerprints: BTreeSet::new(),
            passed_over: None,
            pushed: 0,
            stride: 1,
            packed_bytes: 0,
            max_packed_bytes,
            counts: Counts::default(),
        }
    }

    /// Adds the next observation. Within one file, observations come in their order.
    pub fn push(&mut self, mut observation: Observation) {
        self.counts.merged_rows += merge_rows(&mut observation.rows);
        if self.is_duplicate(&observation) {
            self.counts.duplicates += 1;
            return;
        }
        let turn = self.pushed;
        self.pushed += 1;
        if !turn.is_multiple_of(self.stride) {
            self.passed_over = Some(observation);
            return;
        }
        self.passed_over = None;
        self.store(&observation);
        let full =
            |b: &Self| b.packed_bytes > b.max_packed_bytes || b.snapshots.len() > MAX_SNAPSHOTS;
        while full(self) && self.snapshots.len() > 2 {
            self.thin();
        }
    }

    /// Orders the snapshots, finds the epochs and hands the series over.
    pub fn finish(mut self) -> PoolHistory {
        if let Some(newest) = self.passed_over.take() {
            self.store(&newest);
        }
        let mut accounts: Vec<((Tag, Pool), usize)> = self.accounts.drain().collect();
        accounts.sort_unstable();
        let ordered = decide(&self.streams, &self.snapshots);
        let mut notes = self.notes();
        let snapshots: Vec<Snapshot> = ordered
            .places
            .iter()
            .filter_map(|&i| self.snapshots.get(i as usize))
            .copied()
            .collect();
        let mut history = PoolHistory {
            epochs: epochs(&ordered, snapshots.len()),
            snapshots,
            ordering: ordered.how,
            notes: Vec::new(),
        };
        notes.extend(doubts(&ordered));
        notes.extend(history.set_elapsed());
        let kept = history.epochs.len().saturating_sub(MAX_EPOCHS);
        if kept > 0 {
            notes.push(Note::OldEpochsWithoutSeries { epochs: kept });
        }
        let rank_of = inverse(&ordered.places);
        for (account, id) in accounts {
            let stream = self
                .streams
                .get_mut(id)
                .map(std::mem::take)
                .unwrap_or_default();
            distribute(account, &stream, &rank_of, &mut history.epochs, kept);
        }
        history.notes = notes;
        history
    }

    fn notes(&self) -> Vec<Note> {
        let Counts {
            duplicates,
            merged_rows,
            refused_readings,
        } = self.counts;
        let mut notes = Vec::new();
        if duplicates > 0 {
            notes.push(Note::Duplicates {
                snapshots: duplicates,
            });
        }
        if merged_rows > 0 {
            notes.push(Note::RowsMerged { rows: merged_rows });
        }
        if refused_readings > 0 {
            notes.push(Note::TooManyTags {
                readings: refused_readings,
                limit: MAX_ACCOUNTS,
            });
        }
        if self.stride > 1 {
            let kept = self.snapshots.len();
            notes.push(Note::Thinned {
                kept,
                of: self.pushed,
                one_in: self.stride,
            });
        }
        notes
    }

    fn is_duplicate(&mut self, observation: &Observation) -> bool {
        if observation.rows.len() < MIN_ROWS_OF_A_DUPLICATE {
            return false;
        }
        let mut hasher = DefaultHasher::new();
        let facts = &observation.facts;
        (
            facts.at,
            facts.page_faults,
            facts.pool_nonpaged,
            facts.pool_paged,
        )
            .hash(&mut hasher);
        for row in &observation.rows {
            (
                row.tag, row.pool, row.allocs, row.frees, row.diff, row.bytes,
            )
                .hash(&mut hasher);
        }
        !self.fingerprints.insert(hasher.finish())
    }

    fn store(&mut self, observation: &Observation) {
        let index = self.snapshots.len() as u32;
        self.snapshots.push(Snapshot::of(observation));
        for row in &observation.rows {
            let Some(id) = self.account(row) else {
                self.counts.refused_readings += 1;
                continue;
            };
            let Some(stream) = self.streams.get_mut(id) else {
                continue;
            };
            let before = stream.packed_len();
            stream.push(Sample {
                snapshot: index,
                allocs: row.allocs,
                frees: row.frees,
                blocks: row.diff,
                bytes: row.bytes,
            });
            self.packed_bytes += stream.packed_len() - before;
        }
    }

    fn account(&mut self, row: &Reading) -> Option<usize> {
        let key = (row.tag, row.pool);
        if let Some(id) = self.accounts.get(&key) {
            return Some(*id);
        }
        if self.streams.len() >= MAX_ACCOUNTS {
            return None;
        }
        self.accounts.insert(key, self.streams.len());
        self.streams.push(Packed::default());
        Some(self.streams.len() - 1)
    }

    /// Drops every second snapshot; from now on only every second of the rest is taken.
    fn thin(&mut self) {
        self.stride = self.stride.saturating_mul(2);
        let mut index = 0usize;
        self.snapshots.retain(|_| {
            index += 1;
            index % 2 == 1
        });
        self.packed_bytes = 0;
        for stream in &mut self.streams {
            let mut thinner = Packed::default();
            for sample in stream.iter().filter(|s| s.snapshot.is_multiple_of(2)) {
                thinner.push(Sample {
                    snapshot: sample.snapshot / 2,
                    ..sample
                });
            }
            thinner.shrink();
            self.packed_bytes += thinner.packed_len();
            *stream = thinner;
        }
    }
}

/// Sorts rows by account and sums rows of one account: session listings and lists joined
/// from two columns give several, and taking the first one hides the leak in the second.
fn merge_rows(rows: &mut Vec<Reading>) -> usize {
    let key = |row: &Reading| (row.tag, row.pool);
    if !rows.is_sorted_by_key(key) {
        rows.sort_by_key(key);
    }
    let before = rows.len();
    rows.dedup_by(|next, kept| {
        let same = key(next) == key(kept);
        if same {
            let sum = |a: Option<u64>, b: Option<u64>| Some(a?.saturating_add(b?));
            kept.allocs = sum(kept.allocs, next.allocs);
            kept.frees = sum(kept.frees, next.frees);
            kept.diff = kept.diff.zip(next.diff).map(|(a, b)| a.saturating_add(b));
            kept.bytes = kept.bytes.saturating_add(next.bytes);
        }
        same
    });
    before - rows.len()
}

impl Snapshot {
    fn of(observation: &Observation) -> Snapshot {
        let facts = observation.facts;
        let sum = |pool| {
            let rows = observation.rows.iter().filter(|r| r.pool == pool);
            rows.fold(0i64, |sum, row| sum.saturating_add(row.bytes))
        };
        let listed = |pool, other| (facts.scope.pools != other).then(|| sum(pool));
        let allocs = observation
            .rows
            .iter()
            .filter_map(|row| row.allocs)
            .fold(0u64, u64::saturating_add);
        Snapshot {
            facts,
            rows: observation.rows.len() as u32,
            listed_nonpaged: listed(Pool::NonPaged, PoolsShown::PagedOnly),
            listed_paged: listed(Pool::Paged, PoolsShown::NonPagedOnly),
            elapsed_ms: None,
            age: allocs,
        }
    }
}

fn epochs(ordered: &Ordered, snapshots: usize) -> Vec<Epoch> {
    let mut found: Vec<Epoch> = Vec::new();
    let mut open = (0usize, Start::First);
    for judged in ordered.judged.iter().filter(|j| j.border == Border::Reset) {
        found.push(Epoch {
            start: open.1,
            snapshots: open.0..judged.at,
            series: Vec::new(),
        });
        open = (judged.at, Start::Reset(judged.movement));
    }
    if open.0 < snapshots {
        found.push(Epoch {
            start: open.1,
            snapshots: open.0..snapshots,
            series: Vec::new(),
        });
    }
    found
}

fn doubts(ordered: &Ordered) -> impl Iterator<Item = Note> {
    let doubtful = ordered
        .judged
        .iter()
        .filter(|j| j.border == Border::Doubtful);
    doubtful.map(|j| Note::Doubtful {
        before: j.at,
        movement: j.movement,
    })
}

/// Cuts one account's samples at the epochs' borders.
fn distribute(
    (tag, pool): (Tag, Pool),
    stream: &Packed,
    rank_of: &[u32],
    epochs: &mut [Epoch],
    skipped: usize,
) {
    let mut samples: Vec<Sample> = stream
        .iter()
        .filter_map(|s| {
            Some(Sample {
                snapshot: *rank_of.get(s.snapshot as usize)?,
                ..s
            })
        })
        .collect();
    samples.sort_by_key(|s| s.snapshot);
    let mut rest = samples.as_slice();
    for (number, epoch) in epochs.iter_mut().enumerate() {
        let within = rest.partition_point(|s| (s.snapshot as usize) < epoch.snapshots.end);
        let (mine, later) = rest.split_at(within);
        rest = later;
        if number >= skipped && !mine.is_empty() {
            epoch.series.push(series_of(tag, pool, mine));
        }
    }
}

/// How far a counter advanced over the samples that have it; `None` where none has.
fn made(samples: &[Sample], counter: impl Fn(&Sample) -> Option<u64>) -> Option<u64> {
    let mut counts = samples.iter().filter_map(counter);
    let mut before = counts.next()?;
    let mut sum = 0u64;
    for count in counts {
        sum = sum.saturating_add(advance(before, count).unwrap_or(0));
        before = count;
    }
    Some(sum)
}

pub(super) fn series_of(tag: Tag, pool: Pool, samples: &[Sample]) -> Series {
    let mut packed = Packed::default();
    for sample in samples {
        packed.push(*sample);
    }
    packed.shrink();
    let (allocs_made, frees_made) = (made(samples, |s| s.allocs), made(samples, |s| s.frees));
    Series {
        tag,
        pool,
        samples: packed,
        allocs_made,
        frees_made,
    }
}
