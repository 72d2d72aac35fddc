//! PoolMonX's binary file: strings of MFC's archive format, in the order of its list.
//!
//! One early build saved its list in a file called `.csv` that holds, for each cell, the mark
//! `FF FE FF`, a length and UTF-16 text (the form in which MFC's `CArchive` stores a Unicode
//! string), with a byte `01` behind each cell and one more behind each row. The header's names
//! were lost to 21 such bytes; the ten columns are those of its list.

use std::io::{self, Read};

/// The bytes that stand for the header: two for each of ten columns, and one.
const HEADER: [u8; 21] = [1; 21];
/// Stands before each string.
const STRING: [u8; 3] = [0xff, 0xfe, 0xff];
/// Cells of a row.
pub(super) const CELLS: usize = 10;
/// Longest string that is kept; descriptions have under 200 characters.
const MAX_STRING: usize = 4096;

pub(super) fn is_archive(head: &[u8]) -> bool {
    head.get(..HEADER.len()) == Some(&HEADER)
        && head.get(HEADER.len()..HEADER.len() + STRING.len()) == Some(&STRING)
}

/// A row of strings, and the offset of its first byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cells {
    pub offset: u64,
    pub cells: Vec<String>,
}

/// Reads the rows one after the other.
pub(super) struct ArchiveReader<R> {
    source: io::BufReader<R>,
    offset: u64,
    /// The file does not go on as it should; nothing behind that is read.
    pub broken: Option<u64>,
}

impl<R: Read> ArchiveReader<R> {
    pub fn new(source: R) -> Self {
        ArchiveReader {
            source: io::BufReader::new(source),
            offset: 0,
            broken: None,
        }
    }

    /// The next row, or nothing at the end and where the form is broken.
    pub fn next_row(&mut self) -> Option<Cells> {
        if self.offset == 0 {
            self.bytes::<21>()?;
        }
        let offset = self.offset;
        let mut cells = Vec::with_capacity(CELLS);
        while cells.len() < CELLS {
            let cell = match self.string() {
                Some(cell) if self.bytes::<1>() == Some([1]) => cell,
                _ => return self.stop(offset, &cells),
            };
            cells.push(cell);
        }
        match self.bytes::<1>() {
            Some([1]) => Some(Cells { offset, cells }),
            _ => self.stop(offset, &cells),
        }
    }

    /// Nothing more; a break unless the file ends between two rows.
    fn stop(&mut self, row: u64, cells: &[String]) -> Option<Cells> {
        let between = cells.is_empty() && self.offset == row;
        if !between {
            self.broken.get_or_insert(row);
        }
        None
    }

    fn string(&mut self) -> Option<String> {
        if self.bytes::<3>()? != STRING {
            return None;
        }
        let [short] = self.bytes::<1>()?;
        let length = if short == 0xff {
            usize::from(u16::from_le_bytes(self.bytes::<2>()?))
        } else {
            usize::from(short)
        };
        if length > MAX_STRING {
            return None;
        }
        let mut units = Vec::with_capacity(length);
        for _ in 0..length {
            units.push(u16::from_le_bytes(self.bytes::<2>()?));
        }
        Some(String::from_utf16_lossy(&units))
    }

    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes).ok()?;
        self.offset += N as u64;
        Some(bytes)
    }
}
