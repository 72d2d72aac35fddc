//! What the companion collector writes beside poolmon's own text: the lines around each block of
//! `pool/poolmon.txt`, and the table of handles.
//!
//! ```text
//! # poolsleuth-collect seq=12 utc=2026-11-22T13:04:00.123Z boot=… status=0x00000000 dur_ms=3
//! (poolmon's text)
//! # end seq=12 tags=2743
//! ```
//! A block that has a beginning and no end was torn by a kill. The layout is described in
//! `collector/src/block.rs`, whose program has its own code for it.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

use chrono::{DateTime, Utc};

/// NTSTATUS STATUS_INSUFFICIENT_RESOURCES: the kernel found no memory for its answer (ntstatus.h).
pub const INSUFFICIENT_RESOURCES: u32 = 0xc000_009a;

/// The columns of `pool/processes.tsv`, by which it is recognised.
pub const HANDLE_COLUMNS: &str = "seq\tpid\timage\thandles";

/// Processes that are kept; a server has some hundreds at a time.
const MAX_PROCESSES: usize = 50_000;

/// Bytes of a row; names of images have at most 255 characters.
const MAX_ROW: u64 = 4_096;

/// The line before a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockStart {
    /// Number of the block.
    pub seq: u64,
    /// When the kernel was started, as it says itself.
    pub boot: Option<DateTime<Utc>>,
    /// What the kernel answered, an NTSTATUS.
    pub status: u32,
}

/// The line after a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockEnd {
    /// Number of the block.
    pub seq: u64,
    /// Rows of the block.
    pub rows: u64,
}

/// Reads the line before a block.
pub fn block_start(line: &[u8]) -> Option<BlockStart> {
    let text = std::str::from_utf8(line).ok()?;
    let rest = text.trim().strip_prefix("# poolsleuth-collect ")?;
    let field = |name: &str| {
        rest.split(' ')
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    };
    let status = field("status")?.strip_prefix("0x")?;
    Some(BlockStart {
        seq: field("seq")?.parse().ok()?,
        boot: field("boot")
            .and_then(|boot| DateTime::parse_from_rfc3339(boot).ok())
            .map(|boot| boot.to_utc()),
        status: u32::from_str_radix(status, 16).ok()?,
    })
}

/// Reads the line after a block.
pub fn block_end(line: &[u8]) -> Option<BlockEnd> {
    let text = std::str::from_utf8(line).ok()?;
    let (seq, rows) = text
        .trim()
        .strip_prefix("# end seq=")?
        .split_once(" tags=")?;
    Some(BlockEnd {
        seq: seq.parse().ok()?,
        rows: rows.parse().ok()?,
    })
}

/// One process over the snapshots in which it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id; ids are used again, so that the image belongs to the key.
    pub pid: u64,
    /// Its image.
    pub image: String,
    /// The first snapshot, and the handles then.
    pub first: (u64, u64),
    /// The last one.
    pub last: (u64, u64),
    /// Line of the last row, from 1.
    pub line: u64,
}

impl Holder {
    /// How many more handles it had in the end.
    pub fn growth(&self) -> i64 {
        let count = |handles: u64| i64::try_from(handles).unwrap_or(i64::MAX);
        count(self.last.1).saturating_sub(count(self.first.1))
    }
}

/// The table of handles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handles {
    /// Processes, by growth of their handles, most first.
    pub holders: Vec<Holder>,
    /// Rows that could not be read.
    pub rejected: u64,
}

/// Reads a table of handles as a stream.
///
/// # Errors
/// When reading fails.
pub fn handles(mut source: impl BufRead) -> io::Result<Handles> {
    let mut found: BTreeMap<(u64, String), Holder> = BTreeMap::new();
    let (mut rejected, mut number) = (0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        if source.by_ref().take(MAX_ROW).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        number += 1;
        let text = String::from_utf8_lossy(&line);
        if number == 1 && text.starts_with(HANDLE_COLUMNS) {
            continue;
        }
        let room = found.len() < MAX_PROCESSES;
        match row(text.trim_end(), number) {
            Some(new) => match found.get_mut(&(new.pid, new.image.clone())) {
                Some(known) => (known.last, known.line) = (new.last, new.line),
                None if room => drop(found.insert((new.pid, new.image.clone()), new)),
                None => rejected += 1,
            },
            None => rejected += 1,
        }
    }
    let mut holders: Vec<Holder> = found.into_values().collect();
    holders.sort_by_key(|h| (std::cmp::Reverse(h.growth()), h.pid));
    Ok(Handles { holders, rejected })
}

fn row(text: &str, line: u64) -> Option<Holder> {
    let mut fields = text.split('\t');
    let seq = fields.next()?.parse().ok()?;
    let pid = fields.next()?.parse().ok()?;
    let image = fields.next()?.to_owned();
    let count = fields.next()?.parse().ok()?;
    Some(Holder {
        pid,
        image,
        first: (seq, count),
        last: (seq, count),
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_around_a_block() {
        let start = block_start(b"# poolsleuth-collect seq=12 utc=2026-11-22T13:04:00.123Z boot=2026-11-01T02:11:09Z status=0xC000009A dur_ms=3\r\n");
        let start = start.unwrap();
        assert_eq!((start.seq, start.status), (12, INSUFFICIENT_RESOURCES));
        assert_eq!(
            start.boot.unwrap().to_rfc3339(),
            "2026-11-01T02:11:09+00:00"
        );
        let unknown = block_start(b"# poolsleuth-collect seq=1 boot=unknown status=0x00000000");
        assert_eq!(unknown.unwrap().boot, None);
        assert_eq!(
            block_start(b"# poolsleuth-collect seq=1 utc=2026 # cut"),
            None
        );
        assert_eq!(
            block_end(b"# end seq=12 tags=2743\r"),
            Some(BlockEnd {
                seq: 12,
                rows: 2743
            })
        );
        assert_eq!(block_end(b"# end seq=12 tags=27 # cut"), None);
    }

    #[test]
    fn handles_are_followed_per_process() {
        let table = "seq\tpid\timage\thandles\tthreads\tnonpaged_quota\tpaged_quota\r\n\
            1\t512\tw3wp.exe\t1000\t9\t0\t0\r\n1\t4\tSystem\t900\t9\t0\t0\r\n\
            2\t512\tw3wp.exe\t91000\t9\t0\t0\r\n2\t4\tSystem\t800\t9\t0\t0\r\n2\t512\tother.exe\t7\r\ntorn\r\n";
        let handles = handles(table.as_bytes()).unwrap();
        let top = &handles.holders[0];
        assert_eq!(
            (top.image.as_str(), top.growth(), top.line),
            ("w3wp.exe", 90_000, 4)
        );
        assert_eq!(handles.holders.last().unwrap().growth(), -100);
        assert_eq!((handles.holders.len(), handles.rejected), (3, 1));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            block_start(&bytes);
            block_end(&bytes);
            handles(bytes.as_slice()).unwrap();
        }
    }
}
