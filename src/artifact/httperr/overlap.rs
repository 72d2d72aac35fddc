//! The same rows in several files: copies, earlier copies of a log that was still growing, and
//! files that share a stretch. Each row is to count once.
//!
//! http.sys only ever appends, so a shared stretch is a run of identical rows. Files whose times
//! do not meet cannot share one. Where they meet, a file that is the beginning of another is set
//! aside whole; otherwise rows are compared one by one, as multisets, within the time that both
//! cover. Two nodes of a farm log at the same time without sharing rows: unless at least half of
//! the rows of one side stand in the other as well, nothing is taken away.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, BufRead, BufReader, Read};

use super::clock::stamp;
use super::decode::Decoded;
use super::excerpt;
use super::scanner::{MAX_LINE, Scanner};
use super::sketch::Sketches;
use super::tally::Tally;

/// Most rows held for comparison. http.sys starts a new file at 1 MB by default, about 10,000
/// rows; this is two hundred such files at once and costs about 60 MB.
const MAX_HELD_ROWS: usize = 2_000_000;

/// One log: what it counted to, and how many bytes it has.
#[derive(Clone, Debug)]
pub struct Log {
    /// Its tally; for an overlapping log, replaced by the tally of its own rows.
    pub tally: Tally,
    /// Its size in bytes.
    pub bytes: u64,
}

/// What became of a log beside the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All its rows count.
    Counted,
    /// It is byte for byte the beginning of another log, or all of it: none of its rows count.
    BeginningOf {
        /// The other log.
        other: usize,
    },
    /// Some of its rows stand in earlier logs too and were left out here.
    Overlaps {
        /// The other logs.
        others: Vec<usize>,
        /// Rows left out.
        rows: u64,
    },
    /// Its time meets that of others, and there is too much to compare: rows may count twice.
    NotCompared {
        /// The other logs.
        others: Vec<usize>,
    },
}

/// Makes every row count once. `open` opens a log, by its place, from the beginning.
///
/// On return the tallies add up; the standings say what was left out. A log that cannot be
/// opened again is counted as it stands.
pub fn settle<R: Read>(logs: &mut [Log], open: impl Fn(usize) -> io::Result<R>) -> Vec<Standing> {
    let mut standings = vec![Standing::Counted; logs.len()];
    let mut order: Vec<usize> = (0..logs.len())
        .filter(|&i| logs[i].tally.span.is_some())
        .collect();
    order.sort_by_key(|&i| {
        (
            logs[i].tally.span.map(|s| s.earliest),
            std::cmp::Reverse(logs[i].bytes),
            i,
        )
    });
    set_copies_aside(logs, &open, &mut standings);
    let sketches = sketches(logs, &order, &open);
    let mut counted: Vec<usize> = Vec::new();
    for &place in &order {
        let meeting: Vec<usize> = counted
            .iter()
            .copied()
            .filter(|&other| meet(logs, place, other).is_some())
            .collect();
        standings[place] = match meeting
            .iter()
            .find(|&&other| is_beginning(logs, &open, place, other))
        {
            Some(&other) => Standing::BeginningOf { other },
            None => {
                let unlike = |other: usize| {
                    let shared = meet(logs, place, other);
                    sketches
                        .as_ref()
                        .zip(shared)
                        .is_some_and(|(sketches, shared)| sketches.rule_out(place, other, shared))
                };
                let meeting: Vec<usize> = meeting
                    .into_iter()
                    .filter(|&other| !unlike(other))
                    .collect();
                compare_rows(logs, &open, place, &meeting)
            }
        };
        if let Standing::BeginningOf { .. } = standings[place] {
            logs[place].tally = empty_of(&logs[place].tally);
        } else {
            counted.push(place);
        }
    }
    standings
}

/// A tally without rows that still says what the file looked like.
fn empty_of(tally: &Tally) -> Tally {
    Tally {
        lines: tally.lines,
        layouts: tally.layouts.clone(),
        blocks: tally.blocks.clone(),
        ..Tally::default()
    }
}

/// Pairs of logs that cover the same time, for each log, from which on samples are taken first.
const WORTH_SAMPLING: usize = 4;

/// Samples of the logs that meet others, where many do.
fn sketches<R: Read>(
    logs: &[Log],
    order: &[usize],
    open: &impl Fn(usize) -> io::Result<R>,
) -> Option<Sketches> {
    let (mut pairs, mut meeting) = (0, BTreeSet::new());
    for (nth, &place) in order.iter().enumerate() {
        for &other in &order[..nth] {
            if meet(logs, place, other).is_some() {
                pairs += 1;
                meeting.extend([place, other]);
            }
        }
    }
    let places: Vec<usize> = meeting.into_iter().collect();
    let rows = places.iter().map(|&place| logs[place].tally.rows).sum();
    (pairs > WORTH_SAMPLING * places.len()).then(|| Sketches::take(&places, rows, open))
}

/// Copies of logs without any date, which could not be compared by time.
fn set_copies_aside<R: Read>(
    logs: &mut [Log],
    open: &impl Fn(usize) -> io::Result<R>,
    standings: &mut [Standing],
) {
    let undated = |log: &Log| log.tally.span.is_none() && log.tally.refusal_rows > 0;
    let places: Vec<usize> = (0..logs.len()).filter(|&i| undated(&logs[i])).collect();
    for (nth, &place) in places.iter().enumerate() {
        let copy_of = places[..nth].iter().copied().find(|&other| {
            let counts = standings[other] == Standing::Counted;
            counts && logs[other].bytes == logs[place].bytes && begins(open, place, other)
        });
        if let Some(other) = copy_of {
            standings[place] = Standing::BeginningOf { other };
            logs[place].tally = empty_of(&logs[place].tally);
        }
    }
}

/// The time that two logs both cover.
fn meet(logs: &[Log], a: usize, b: usize) -> Option<(i64, i64)> {
    let (a, b) = (logs[a].tally.span?, logs[b].tally.span?);
    let shared = (a.earliest.max(b.earliest), a.latest.min(b.latest));
    (shared.0 <= shared.1).then_some(shared)
}

fn is_beginning<R: Read>(
    logs: &[Log],
    open: &impl Fn(usize) -> io::Result<R>,
    short: usize,
    long: usize,
) -> bool {
    let (Some(a), Some(b)) = (logs[short].tally.span, logs[long].tally.span) else {
        return false;
    };
    logs[short].bytes <= logs[long].bytes && a.first == b.first && begins(open, short, long)
}

/// Whether the bytes of one log are the first of another.
fn begins<R: Read>(open: &impl Fn(usize) -> io::Result<R>, short: usize, long: usize) -> bool {
    let same = || -> io::Result<bool> {
        let mut short = BufReader::with_capacity(MAX_LINE, open(short)?);
        let mut long = BufReader::with_capacity(MAX_LINE, open(long)?);
        loop {
            let (a, b) = (short.fill_buf()?, long.fill_buf()?);
            let count = a.len().min(b.len());
            if a.is_empty() || count == 0 || a[..count] != b[..count] {
                return Ok(a.is_empty());
            }
            short.consume(count);
            long.consume(count);
        }
    };
    same().unwrap_or(false)
}

fn compare_rows<R: Read>(
    logs: &mut [Log],
    open: &impl Fn(usize) -> io::Result<R>,
    place: usize,
    meeting: &[usize],
) -> Standing {
    let mut held = HashMap::new();
    let mut others = Vec::new();
    for &other in meeting {
        let Some(shared) = meet(logs, place, other) else {
            continue;
        };
        let Ok(rows) = rows_within(
            open,
            other,
            shared,
            MAX_HELD_ROWS.saturating_sub(held.len()),
        ) else {
            return Standing::NotCompared {
                others: meeting.to_vec(),
            };
        };
        let mine = count_shared(open, place, shared, &rows);
        let Ok((mine_within, in_both)) = mine else {
            continue;
        };
        let smaller = mine_within.min(rows.values().sum());
        if in_both > 0 && in_both * 2 >= smaller {
            others.push(other);
            for (row, count) in rows {
                let known: &mut u64 = held.entry(row).or_default();
                *known = count.max(*known);
            }
        }
    }
    if others.is_empty() {
        return Standing::Counted;
    }
    match tally_without(open, place, held) {
        Ok((tally, rows)) => {
            logs[place].tally = tally;
            Standing::Overlaps { others, rows }
        }
        Err(_) => Standing::NotCompared { others },
    }
}

type Rows = HashMap<u64, u64>;

/// There is more to hold than may be held, or a log cannot be read again.
struct Unreadable;

impl From<io::Error> for Unreadable {
    fn from(_: io::Error) -> Self {
        Unreadable
    }
}

/// The rows of a log within a time, by hash, with how often each stands there.
fn rows_within<R: Read>(
    open: &impl Fn(usize) -> io::Result<R>,
    place: usize,
    shared: (i64, i64),
    room: usize,
) -> Result<Rows, Unreadable> {
    let mut rows = Rows::new();
    let mut full = false;
    each_row(open(place)?, |hash, at| {
        if shared.0 <= at && at <= shared.1 {
            full |= rows.len() >= room;
            if !full {
                *rows.entry(hash).or_default() += 1;
            }
        }
    })?;
    if full { Err(Unreadable) } else { Ok(rows) }
}

/// How many rows of a log lie within a time, and how many of them stand among `rows`.
fn count_shared<R: Read>(
    open: &impl Fn(usize) -> io::Result<R>,
    place: usize,
    shared: (i64, i64),
    rows: &Rows,
) -> io::Result<(u64, u64)> {
    let (mut within, mut in_both) = (0, 0);
    each_row(open(place)?, |hash, at| {
        if shared.0 <= at && at <= shared.1 {
            within += 1;
            in_both += u64::from(rows.contains_key(&hash));
        }
    })?;
    Ok((within, in_both))
}

/// The tally of a log without the rows held elsewhere, and how many those were.
fn tally_without<R: Read>(
    open: &impl Fn(usize) -> io::Result<R>,
    place: usize,
    mut held: Rows,
) -> io::Result<(Tally, u64)> {
    let mut scanner = Scanner::new(None);
    let mut left_out = 0;
    each_line(open(place)?, |line| {
        let row = row_of(line);
        let known = held.get_mut(&hash_of(&row));
        match known.filter(|count| **count > 0 && stamp(&row).is_some()) {
            Some(count) => {
                *count -= 1;
                left_out += 1;
                scanner.pass_over();
            }
            None => scanner.one_line(line),
        }
    })?;
    Ok((scanner.finish().0, left_out))
}

/// The row of a line, however it was passed on.
fn row_of(line: &[u8]) -> Cow<'_, [u8]> {
    let line = line.trim_ascii();
    excerpt::row_in(line).unwrap_or(Cow::Borrowed(line))
}

fn hash_of(row: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(row);
    hasher.finish()
}

/// Hands over the hash and the time of each dated row.
pub(super) fn each_row(stream: impl Read, mut row: impl FnMut(u64, i64)) -> io::Result<()> {
    each_line(stream, |line| {
        let text = row_of(line);
        if let Some(at) = stamp(&text) {
            row(hash_of(&text), at);
        }
    })
}

/// Hands some lines of a log, counted from 1, to `keep`: without their ends and cut at 64 KiB, for
/// quoting. `wanted` must ascend; lines that do not exist are passed over. Reads no further than
/// the last of them.
///
/// # Errors
/// Those of the stream.
pub fn lines(
    stream: impl Read,
    wanted: &[u64],
    keep: &mut impl FnMut(u64, &[u8]),
) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(MAX_LINE, Decoded::new(stream)?);
    let (mut number, mut text) = (1u64, Vec::new());
    for &target in wanted {
        while number < target {
            if reader.skip_until(b'\n')? == 0 {
                return Ok(());
            }
            number += 1;
        }
        text.clear();
        let most = MAX_LINE as u64;
        if reader.by_ref().take(most).read_until(b'\n', &mut text)? == 0 {
            return Ok(());
        }
        let ended = text.strip_suffix(b"\n");
        if ended.is_none() {
            reader.skip_until(b'\n')?;
        }
        number += 1;
        let line = ended.unwrap_or(&text);
        keep(target, line.strip_suffix(b"\r").unwrap_or(line));
    }
    Ok(())
}

fn each_line(stream: impl Read, mut line: impl FnMut(&[u8])) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(MAX_LINE, Decoded::new(stream)?);
    let mut text = Vec::new();
    loop {
        text.clear();
        if reader
            .by_ref()
            .take(2 * MAX_LINE as u64)
            .read_until(b'\n', &mut text)?
            == 0
        {
            return Ok(());
        }
        line(&text);
    }
}

#[cfg(test)]
mod tests;
