//! One row: cells by their columns, and the arithmetic that has to hold.

use std::borrow::Cow;

use super::cells::{self, Quoting};
use super::columns::{Column, Columns, What};
use crate::artifact::look::{Row, Spot};
use crate::artifact::poolmon::prove;
use crate::tag::{Pool, Tag};

const TWO_32: i128 = 1 << 32;

/// A row's cells, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RowRead {
    /// One or both pools.
    pub rows: Vec<Row>,
    /// What the columns of time say: local, UTC.
    pub local: Option<String>,
    pub utc: Option<String>,
    /// Sizes are rounded to whole KB or two decimals.
    pub rounded: bool,
}

/// Why a line in the form of a row is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// Fewer cells than columns.
    Short,
    /// No tag of one to four characters.
    NoTag,
    /// Other text where a number or a pool belongs.
    NotANumber,
    /// The numbers contradict each other.
    Arithmetic,
}

impl Fault {
    pub const fn words(self) -> &'static str {
        match self {
            Fault::Short => "fewer cells than the header has",
            Fault::NoTag => "no readable tag",
            Fault::NotANumber => "other text where a number or a pool belongs",
            Fault::Arithmetic => "arithmetic that fails",
        }
    }
}

/// Reads a line as the tool wrote it, else as another hand may have quoted it. A tag may hold the
/// delimiter, and tools that do not quote leave it there.
pub(super) fn read(line: &str, columns: &Columns, spot: Spot) -> Result<RowRead, Fault> {
    let split = |quoting| cells::split(line, columns.delimiter, quoting);
    let written = split(columns.quoting);
    let first = of_cells(&written, columns, spot);
    if first.is_ok() || columns.quoting == Quoting::Quoted {
        return first;
    }
    let requoted = || of_cells(&split(Quoting::Quoted), columns, spot).ok();
    let glued = || {
        (1..=3).find_map(|extra| {
            of_cells(&with_delimiters(&written, columns, extra)?, columns, spot).ok()
        })
    };
    requoted().or_else(glued).map_or(first, Ok)
}

/// The cells where the tag, standing first, holds the delimiter `extra` times.
fn with_delimiters<'a>(
    cells: &[Cow<'a, str>],
    columns: &Columns,
    extra: usize,
) -> Option<Vec<Cow<'a, str>>> {
    if columns.kinds.first() != Some(&Column::Tag) {
        return None;
    }
    let (tag, rest) = cells.split_at_checked(extra + 1)?;
    let tag = tag.join(&char::from(columns.delimiter).to_string());
    (tag.chars().count() <= 4).then(|| [&[Cow::Owned(tag)], rest].concat())
}

/// Reads cells by their columns.
pub(super) fn of_cells(
    cells: &[Cow<'_, str>],
    columns: &Columns,
    spot: Spot,
) -> Result<RowRead, Fault> {
    let last_needed = columns.kinds.iter().rposition(|k| *k != Column::Other);
    if cells.len() <= last_needed.unwrap_or(0) {
        return Err(Fault::Short);
    }
    let mut read = RowRead::default();
    let mut accounts: [Account; 2] = Default::default();
    let (mut tag, mut pool, mut both) = (None, None, None);
    for (cell, kind) in cells.iter().zip(&columns.kinds) {
        match kind {
            Column::Tag => tag = Some(tag_of(cell).ok_or(Fault::NoTag)?),
            Column::Type => pool = Some(pool_of(cell).ok_or(Fault::NotANumber)?),
            Column::Time { utc: true } => read.utc = Some(cell.trim().to_owned()),
            Column::Time { utc: false } => read.local = Some(cell.trim().to_owned()),
            Column::BothBytes => both = Some(cells::whole(cell).ok_or(Fault::NotANumber)?),
            Column::Figure(of, what) => {
                let value = number(cell, columns).ok_or(Fault::NotANumber)?;
                read.rounded |= value.rounded && *what == What::Bytes;
                account_of(&mut accounts, *of).set(*what, value);
            }
            Column::Other => {}
        }
    }
    let tag = tag.ok_or(Fault::NoTag)?;
    let pools = match pool {
        Some(pool) => vec![(pool, &accounts[0])],
        None => vec![(Pool::NonPaged, &accounts[0]), (Pool::Paged, &accounts[1])],
    };
    let stated = pools.iter().map(|(_, a)| a.bytes.map_or(0, |b| b.bytes));
    let whole = pools.iter().all(|(_, a)| a.bytes.is_some());
    if both.is_some_and(|both| whole && stated.sum::<i128>() != both) {
        return Err(Fault::Arithmetic);
    }
    for (pool, account) in pools {
        read.rows.extend(account.row(tag, pool, spot)?);
    }
    Ok(read)
}

fn account_of(accounts: &mut [Account; 2], pool: Option<Pool>) -> &mut Account {
    let [first, second] = accounts;
    match pool {
        Some(Pool::Paged) => second,
        Some(Pool::NonPaged) | None => first,
    }
}

fn number(cell: &str, columns: &Columns) -> Option<cells::Size> {
    if columns.tool.blank_is_zero && cell.trim().is_empty() {
        return Some(cells::Size {
            bytes: 0,
            rounded: false,
        });
    }
    cells::size(cell)
}

/// The figures of one pool.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    allocs: Option<i128>,
    frees: Option<i128>,
    blocks: Option<i128>,
    bytes: Option<cells::Size>,
    kilobytes: Option<i128>,
    per_alloc: Option<i128>,
}

impl Account {
    fn set(&mut self, what: What, value: cells::Size) {
        match what {
            What::Allocs => self.allocs = Some(value.bytes),
            What::Frees => self.frees = Some(value.bytes),
            What::Blocks => self.blocks = Some(value.bytes),
            What::Bytes => self.bytes = Some(value),
            // Written with its unit, the value is in bytes already.
            What::Kilobytes if value.rounded => self.kilobytes = Some(value.bytes / 1024),
            What::Kilobytes => self.kilobytes = Some(value.bytes),
            What::PerAlloc => self.per_alloc = Some(value.bytes),
        }
    }

    /// The row, proven; `None` for a pool whose bytes are not told, or in which the tag never
    /// had an allocation: poolmon lists no such row either.
    fn row(&self, tag: Tag, pool: Pool, spot: Spot) -> Result<Option<Row>, Fault> {
        let Some(size) = self.bytes else {
            return Ok(None);
        };
        let counted = [self.allocs, self.frees, self.blocks];
        if self.allocs == Some(0)
            && counted.iter().all(|c| c.is_none_or(|c| c == 0))
            && size.bytes == 0
        {
            return Ok(None);
        }
        let mut bytes = self.whole_bytes(size.bytes)?;
        let blocks = self.outstanding();
        if let (Some(allocs), Some(frees), Some(blocks)) = (self.allocs, self.frees, blocks) {
            // A rounded size cannot be held against the size of a block.
            let per_alloc = self.per_alloc.filter(|_| !size.rounded);
            let proven = prove([allocs, frees, blocks, bytes], per_alloc);
            bytes = proven.map_err(|_| Fault::Arithmetic)?.bytes.into();
        }
        let counter = |value: Option<i128>| value.map(u64::try_from).transpose();
        let fits = |value: i128| i64::try_from(value).map_err(|_| Fault::Arithmetic);
        Ok(Some(Row {
            tag,
            pool,
            allocs: counter(self.allocs).map_err(|_| Fault::Arithmetic)?,
            frees: counter(self.frees).map_err(|_| Fault::Arithmetic)?,
            blocks: blocks.map(fits).transpose()?,
            bytes: fits(bytes)?,
            spot,
        }))
    }

    /// Bytes printed modulo 2^32, made whole by the column of kilobytes.
    fn whole_bytes(&self, bytes: i128) -> Result<i128, Fault> {
        let Some(kilobytes) = self.kilobytes else {
            return Ok(bytes);
        };
        let lost = (kilobytes * 1024 - bytes + TWO_32 / 2).div_euclid(TWO_32);
        let whole = bytes + lost.max(0) * TWO_32;
        // Rounded to the nearest, or cut.
        let agrees = (whole + 512) / 1024 == kilobytes || whole / 1024 == kilobytes;
        agrees.then_some(whole).ok_or(Fault::Arithmetic)
    }

    /// Outstanding allocations: as printed, or what follows from the counters. A difference below
    /// zero by 2^32 is one of counters of which one began again.
    fn outstanding(&self) -> Option<i128> {
        let follows = || Some(self.allocs? - self.frees?);
        let blocks = self.blocks.or_else(follows)?;
        let wrapped = blocks < i128::from(i32::MIN) && blocks > -TWO_32;
        Some(if wrapped { blocks + TWO_32 } else { blocks })
    }
}

/// `Nonp`, `Non Paged`, `NonPaged`, `Paged` and the like.
fn pool_of(cell: &str) -> Option<Pool> {
    let letters: String = cell.chars().filter(|c| c.is_ascii_alphabetic()).collect();
    match letters.to_ascii_lowercase().as_str() {
        "nonp" | "nonpaged" | "npaged" => Some(Pool::NonPaged),
        "paged" => Some(Pool::Paged),
        _ => None,
    }
}

/// The four bytes of a tag. These tools end a tag at its first NUL and keep blanks, so that a
/// short cell stands for NULs; characters beyond one byte went through a character set.
fn tag_of(cell: &str) -> Option<Tag> {
    let mut bytes = [0; 4];
    let mut places = bytes.iter_mut();
    for character in cell.chars() {
        *places.next()? = u8::try_from(u32::from(character)).unwrap_or(b'?');
    }
    (bytes != [0; 4]).then(|| Tag::new(bytes))
}
