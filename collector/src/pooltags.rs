//! The table of pool tags: class 0x16 of `NtQuerySystemInformation`, x64 layout.
//!
//! `Count` u32 at 0, entries of 40 bytes from 8: tag 0, paged allocations 4, frees 8, bytes 16
//! (u64), nonpaged allocations 24, frees 28, bytes 32 (u64) (phnt's SYSTEM_POOLTAG). Counts are
//! 32-bit and wrap. A 32-bit process is refused before it asks, so there is no other layout.

use crate::bytes::{u32_at, u64_at};

const FIRST: usize = 8;
const ENTRY: usize = 40;

/// One pool's counters of one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The tag, in memory order.
    pub tag: [u8; 4],
    /// True for the nonpaged pool.
    pub nonpaged: bool,
    /// Allocations since boot, modulo 2^32.
    pub allocs: u32,
    /// Frees since boot, modulo 2^32.
    pub frees: u32,
    /// Bytes allocated now.
    pub bytes: u64,
}

impl Row {
    /// Allocations that are not freed.
    pub fn difference(&self) -> u32 {
        self.allocs.wrapping_sub(self.frees)
    }

    /// Bytes of an average allocation.
    pub fn per_allocation(&self) -> u64 {
        self.bytes
            .checked_div(self.difference().into())
            .unwrap_or(0)
    }
}

/// A table and whether it was whole.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Rows of both pools that were ever used, most bytes first.
    pub rows: Vec<Row>,
    /// Entries that `Count` promised and that the answer lacks.
    pub missing: u32,
}

/// Reads an answer, whatever its length.
pub fn parse(bytes: &[u8]) -> Table {
    let count = u32_at(bytes, 0).unwrap_or(0);
    let mut table = Table::default();
    let entries = bytes.get(FIRST..).unwrap_or(&[]).chunks_exact(ENTRY);
    table.missing = count.saturating_sub(entries.len() as u32);
    for entry in entries.take(count as usize) {
        let paged = row(entry, false, 4);
        let nonpaged = row(entry, true, 24);
        table.rows.extend(
            paged
                .into_iter()
                .chain(nonpaged)
                .filter(|r| r.allocs > 0 || r.bytes > 0),
        );
    }
    table
        .rows
        .sort_by_key(|r| (std::cmp::Reverse(r.bytes), r.tag, r.nonpaged));
    table
}

fn row(entry: &[u8], nonpaged: bool, at: usize) -> Option<Row> {
    // The three numbers of the paged pool leave a gap before the 64-bit one, the others do not.
    let bytes_at = if nonpaged { at + 8 } else { at + 12 };
    Some(Row {
        tag: u32_at(entry, 0)?.to_le_bytes(),
        nonpaged,
        allocs: u32_at(entry, at)?,
        frees: u32_at(entry, at + 4)?,
        bytes: u64_at(entry, bytes_at)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::pool_table;

    #[test]
    fn both_pools_of_an_entry_become_rows() {
        let bytes = pool_table(&[
            (*b"Even", (0, 0, 0), (10, 4, 480)),
            (*b"File", (7, 7, 0), (u32::MAX, 5, 1 << 33)),
            (*b"Idle", (0, 0, 0), (0, 0, 0)),
        ]);
        let table = parse(&bytes);
        assert_eq!(table.missing, 0);
        let shown: Vec<_> = table
            .rows
            .iter()
            .map(|r| (r.tag, r.nonpaged, r.difference()))
            .collect();
        assert_eq!(
            shown,
            [
                (*b"File", true, u32::MAX - 5),
                (*b"Even", true, 6),
                (*b"File", false, 0)
            ]
        );
        assert_eq!(table.rows[1].per_allocation(), 80);
        assert_eq!(table.rows[2].per_allocation(), 0);
    }

    #[test]
    fn counts_that_wrapped_still_give_the_difference() {
        let row = Row {
            tag: *b"Irp ",
            nonpaged: true,
            allocs: 3,
            frees: u32::MAX,
            bytes: 8,
        };
        assert_eq!(row.difference(), 4);
    }

    #[test]
    fn a_torn_answer_gives_what_it_has() {
        let bytes = pool_table(&[
            (*b"AAAA", (1, 0, 1), (0, 0, 0)),
            (*b"BBBB", (1, 0, 2), (0, 0, 0)),
        ]);
        for length in 0..bytes.len() {
            let table = parse(&bytes[..length]);
            assert!(table.rows.len() <= 1);
            assert_eq!(
                table.missing,
                if length < 4 {
                    0
                } else {
                    2 - table.rows.len() as u32
                }
            );
        }
        assert_eq!(parse(&[0xff; 100]).rows.len(), 4);
    }
}
