//! The table of `!poolused`: where its columns are, and its rows.
//!
//! The old layout glues the description to the last number (`0UNKNOWN pooltag`, `01394 OHCI`, which
//! is 0 and a word), so the last number ends where its column does. The new one has a tabulator
//! there. Rows obey: nothing outstanding, no bytes; in the verbose table also
//! `Diff == Allocs - Frees`.

use crate::artifact::look::{Row, Spot};
use crate::artifact::poolmon::prove;
use crate::tag::{Pool, Tag};

/// A number of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Allocs,
    Frees,
    Diff,
    Used,
}

/// The columns of a table, from its heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Column of the tag.
    tag_at: usize,
    /// What each number is, of which pool, and the column behind it.
    numbers: Vec<(Pool, What, usize)>,
    /// Allocations are counted apart from what is outstanding.
    pub verbose: bool,
}

/// `TOTAL`: outstanding and bytes of each pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Totals(pub Vec<(Pool, i128, i128)>);

/// The pools that a heading's first line names, in order.
pub(super) fn pools_line(line: &str) -> Option<Vec<Pool>> {
    let pools: Option<Vec<Pool>> = line
        .split_whitespace()
        .map(|word| match word {
            "NonPaged" => Some(Pool::NonPaged),
            "Paged" => Some(Pool::Paged),
            _ => None,
        })
        .collect();
    pools.filter(|pools| matches!(pools.len(), 1 | 2))
}

impl Layout {
    /// Reads the heading's second line: `Tag`, then the same names for each of `pools`.
    pub(super) fn read(line: &str, pools: &[Pool]) -> Option<Layout> {
        let mut words = words(line);
        let (tag_at, first) = words.next()?;
        if first != "Tag" {
            return None;
        }
        let mut named = Vec::new();
        for (at, word) in words {
            let what = match word {
                "Allocs" => What::Allocs,
                "Frees" => What::Frees,
                "Diff" => What::Diff,
                "Used" => What::Used,
                _ => return None,
            };
            named.push((what, at + word.len()));
        }
        let each = named.len().checked_div(pools.len())?;
        let group: Vec<What> = named.iter().take(each).map(|(what, _)| *what).collect();
        let verbose = match group.as_slice() {
            [What::Allocs, What::Used] => false,
            [What::Allocs, What::Frees, What::Diff, What::Used] => true,
            _ => return None,
        };
        let regular = named.len() == each * pools.len()
            && named
                .chunks(each)
                .all(|chunk| chunk.iter().map(|(w, _)| *w).eq(group.iter().copied()));
        let of_pool = pools
            .iter()
            .flat_map(|pool| std::iter::repeat_n(*pool, each));
        regular.then(|| Layout {
            tag_at,
            numbers: of_pool
                .zip(named)
                .map(|(pool, (what, end))| (pool, what, end))
                .collect(),
            verbose,
        })
    }

    /// Reads a row. `None` if the line has not the form of one, `Err` if its numbers contradict
    /// each other.
    pub(super) fn row(&self, line: &str, spot: Spot) -> Option<Result<Vec<Row>, ()>> {
        let placed = self.placed(line);
        let found = placed.or_else(|| self.respaced(line))?;
        Some(self.rows(&found, spot).ok_or(()))
    }

    /// The totals, if the line states them.
    pub(super) fn totals(&self, line: &str) -> Option<Totals> {
        let at = line
            .find("TOTAL")
            .filter(|at| line[..*at].trim().is_empty())?;
        let from = at + "TOTAL".len();
        let (numbers, _) = self.numbers_from(line, from, None)?;
        let mut found: Vec<(Pool, i128, i128)> = Vec::new();
        for ((pool, what, _), value) in self.numbers.iter().zip(numbers) {
            let known = found.iter().position(|(p, _, _)| p == pool);
            let at = known.unwrap_or_else(|| {
                found.push((*pool, 0, 0));
                found.len() - 1
            });
            match what {
                What::Used => found[at].2 = value,
                What::Diff => found[at].1 = value,
                What::Allocs if !self.verbose => found[at].1 = value,
                _ => {}
            }
        }
        Some(Totals(found))
    }

    /// A row whose tag stands under its heading.
    fn placed(&self, line: &str) -> Option<Found> {
        if !line.is_ascii() {
            return None;
        }
        let cell = line.get(self.tag_at..self.tag_at + 4)?;
        let before = line.get(..self.tag_at)?;
        let apart = line.as_bytes().get(self.tag_at + 4) == Some(&b' ');
        if !before.trim().is_empty() || !apart || cell.trim().is_empty() {
            return None;
        }
        let (numbers, text) = self.numbers_from(line, self.tag_at + 4, Some(self.tag_at))?;
        let tag = tag_of(cell, &text);
        Some(Found { tag, numbers })
    }

    /// A row that lost its columns: one word, and all numbers behind it.
    fn respaced(&self, line: &str) -> Option<Found> {
        let text = line.trim_start();
        let end = text.find([' ', '\t'])?;
        let word = text
            .get(..end)
            .filter(|word| word.len() <= 4 && word.is_ascii())?;
        let (numbers, rest) = self.numbers_from(text, end, None)?;
        let tag = tag_of(&format!("{word:4}"), &rest);
        Some(Found { tag, numbers })
    }

    /// All numbers of a row from a column on, and the text behind them. Where the columns are the
    /// debugger's own (`placed`), the last number ends with its column.
    fn numbers_from(
        &self,
        line: &str,
        from: usize,
        placed: Option<usize>,
    ) -> Option<(Vec<i128>, String)> {
        let bytes = line.as_bytes();
        let (mut at, mut shift) = (from, 0usize);
        let mut numbers = Vec::with_capacity(self.numbers.len());
        for (index, (_, _, end)) in self.numbers.iter().enumerate() {
            let gap = bytes
                .get(at..)?
                .iter()
                .take_while(|b| matches!(b, b' ' | b'\t'))
                .count();
            let start = at + gap;
            let digits = bytes
                .get(start..)?
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .count();
            if gap == 0 || digits == 0 || digits > 20 {
                return None;
            }
            let mut stop = start + digits;
            if index + 1 == self.numbers.len() {
                let column = placed
                    .map(|_| end + shift)
                    .filter(|end| (start + 1..stop).contains(end));
                stop = column.unwrap_or(stop);
                // No number but zero begins with a zero.
                if bytes.get(start) == Some(&b'0') {
                    stop = start + 1;
                }
            } else {
                shift = shift.max(stop.saturating_sub(*end));
            }
            numbers.push(line.get(start..stop)?.parse().ok()?);
            at = stop;
        }
        Some((numbers, line.get(at..)?.trim().to_owned()))
    }

    fn rows(&self, found: &Found, spot: Spot) -> Option<Vec<Row>> {
        let each = if self.verbose { 4 } else { 2 };
        let groups = self.numbers.chunks(each).zip(found.numbers.chunks(each));
        let mut rows = Vec::with_capacity(2);
        for (columns, values) in groups {
            let pool = columns.first()?.0;
            let row = match *values {
                [blocks, bytes] => (None, None, blocks, bytes),
                [allocs, frees, diff, bytes] => {
                    prove([allocs, frees, diff, bytes], None).ok()?;
                    (Some(allocs), Some(frees), diff, bytes)
                }
                _ => return None,
            };
            let (allocs, frees, blocks, bytes) = row;
            if (blocks == 0) != (bytes == 0) {
                return None;
            }
            let counter = |value: Option<i128>| value.map(u64::try_from).transpose().ok();
            rows.push(Row {
                tag: found.tag,
                pool,
                allocs: counter(allocs)?,
                frees: counter(frees)?,
                blocks: Some(i64::try_from(blocks).ok()?),
                bytes: i64::try_from(bytes).ok()?,
                spot,
            });
        }
        Some(rows)
    }
}

struct Found {
    tag: Tag,
    numbers: Vec<i128>,
}

/// The tag of a printed cell. A dot stands for a character that does not print; at the end those
/// are NULs, and the text about unknown tags shows the tag right-aligned where they are.
fn tag_of(cell: &str, text: &str) -> Tag {
    let mut bytes = [b' '; 4];
    for (place, byte) in bytes.iter_mut().zip(cell.bytes()) {
        *place = byte;
    }
    if !bytes.contains(&b'.') {
        return Tag::new(bytes);
    }
    if let Some(quoted) = text
        .strip_prefix("UNKNOWN pooltag '")
        .and_then(|rest| rest.get(..4))
        .filter(|quoted| quoted.is_ascii())
    {
        let blanks = quoted.bytes().take_while(|b| *b == b' ').count();
        let mut told = [0; 4];
        let letters = quoted.bytes().skip(blanks);
        told.iter_mut()
            .zip(letters)
            .for_each(|(place, byte)| *place = byte);
        return Tag::new(told);
    }
    for byte in bytes.iter_mut().rev().take_while(|b| **b == b'.') {
        *byte = 0;
    }
    Tag::new(bytes)
}

/// The words of a line with their columns.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = line.as_ptr() as usize;
    line.split_whitespace()
        .map(move |word| (word.as_ptr() as usize - start, word))
}
