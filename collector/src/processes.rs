//! Processes with their handles: class 5 of `NtQuerySystemInformation`, x64 layout.
//!
//! A chain of SYSTEM_PROCESS_INFORMATION: offset of the next entry at 0 (0 ends), threads 4, name
//! (UNICODE_STRING: length 56, pointer 64), process id 80, handles 96, paged quota 160, nonpaged
//! quota 176 (phnt, and Microsoft's page on the structure). Growth of a kernel object's tag
//! (`Even`, `Thre`, `File`, `Toke`) with the handles of one process names who keeps them.

use crate::bytes::{u16_at, u32_at, u64_at, wide_text};
use crate::query::Table;

/// Processes that are written at most; a server with that many has other troubles.
const MOST: usize = 20_000;

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub id: u64,
    /// Its image's name; empty for the idle process.
    pub image: String,
    /// Open handles.
    pub handles: u32,
    /// Threads.
    pub threads: u32,
    /// Bytes of nonpaged pool charged to it.
    pub nonpaged_quota: u64,
    /// Bytes of paged pool charged to it.
    pub paged_quota: u64,
}

/// Names of the columns of `pool/processes.tsv`.
pub const COLUMNS: &str = "seq\tpid\timage\thandles\tthreads\tnonpaged_quota\tpaged_quota";

impl Process {
    /// The row of a snapshot.
    pub fn row(&self, seq: u64) -> String {
        let Process {
            id,
            handles,
            threads,
            nonpaged_quota,
            paged_quota,
            ..
        } = self;
        let image: String = self
            .image
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        format!("{seq}\t{id}\t{image}\t{handles}\t{threads}\t{nonpaged_quota}\t{paged_quota}")
    }
}

/// Reads the chain as far as it makes sense: most handles first.
pub fn parse(table: &Table<'_>) -> Vec<Process> {
    let mut processes = Vec::new();
    let mut at = 0_usize;
    while processes.len() < MOST {
        let entry = table.bytes.get(at..).unwrap_or(&[]);
        match process(entry, table) {
            Some(process) => processes.push(process),
            None => break,
        }
        // Offsets only go forward, so the chain ends.
        match u32_at(entry, 0) {
            Some(next) if next > 0 => at = at.saturating_add(next as usize),
            _ => break,
        }
    }
    processes.sort_by_key(|p| (std::cmp::Reverse(p.handles), p.id));
    processes
}

fn process(entry: &[u8], table: &Table<'_>) -> Option<Process> {
    Some(Process {
        id: u64_at(entry, 80)?,
        image: image_name(entry, table).unwrap_or_default(),
        handles: u32_at(entry, 96)?,
        threads: u32_at(entry, 4)?,
        nonpaged_quota: u64_at(entry, 176)?,
        paged_quota: u64_at(entry, 160)?,
    })
}

/// The name lies in the same answer; its pointer is an address.
fn image_name(entry: &[u8], table: &Table<'_>) -> Option<String> {
    let length = usize::from(u16_at(entry, 56)?);
    let start = usize::try_from(u64_at(entry, 64)?.checked_sub(table.address)?).ok()?;
    Some(wide_text(
        table.bytes.get(start..start.checked_add(length)?)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::process_chain;

    #[test]
    fn a_chain_gives_names_and_handles() {
        let address = 0x7000;
        let bytes = process_chain(
            address,
            &[("", 0, 0), ("w3wp.exe", 512, 90_000), ("a\tb", 8, 3)],
        );
        let processes = parse(&Table {
            bytes: &bytes,
            address,
        });
        let rows: Vec<String> = processes.iter().map(|p| p.row(4)).collect();
        assert_eq!(rows[0], "4\t512\tw3wp.exe\t90000\t2\t7000\t9000");
        assert_eq!(rows[1], "4\t8\ta b\t3\t2\t7000\t9000");
        assert_eq!(processes[2].image, "");
    }

    #[test]
    fn torn_chains_and_wild_pointers_end() {
        let bytes = process_chain(0x7000, &[("one.exe", 1, 1), ("two.exe", 2, 2)]);
        for length in 0..bytes.len() {
            parse(&Table {
                bytes: &bytes[..length],
                address: 0x7000,
            });
        }
        let wrong = parse(&Table {
            bytes: &bytes,
            address: 0xffff_0000,
        });
        assert!(wrong.iter().all(|p| p.image.is_empty()));
        assert!(
            parse(&Table {
                bytes: &[0xff; 300],
                address: 0
            })
            .len()
                <= 1
        );
    }
}
