//! A snapshot as text: poolmon's own `-n -r` layout between two lines of ours.
//!
//! ```text
//! # poolsleuth-collect seq=12 utc=2026-11-22T13:04:00.123Z boot=… status=0x00000000 dur_ms=3
//! # rawtags 496f0000=2
//!  Memory:… Avail:…  PageFlts:…   InRam Krnl:… P:…
//!  Commit:… Limit:… Peak:…            Pool N:… P:…
//!
//!  Tag  Type     Allocs            Frees            Diff            Bytes         Per Alloc
//!
//!  FMfn Paged            8665967            5982729           2683238     1495080176 …
//! # end seq=12 tags=2743
//! ```
//! Other readers of poolmon's output skip the lines that begin with `#`. A block without its end
//! line was torn by a kill or a crash. `rawtags` gives tags that are not plain text by the number
//! of their row, from 1.

use crate::counters::Counters;
use crate::digest::hex;
use crate::filetime::FileTime;
use crate::pooltags::{Row, Table};
use crate::NAME;
use std::fmt::Write as _;

/// Pairs on one `rawtags` line, so that lines stay short.
const RAW_TAGS_A_LINE: usize = 24;

/// What a block says beside the table.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// Number of the block in its work folder, from 1.
    pub seq: u64,
    /// When the table was asked for.
    pub utc: FileTime,
    /// When the system started.
    pub boot: Option<FileTime>,
    /// The query's NTSTATUS.
    pub status: u32,
    /// How long the query took, in milliseconds.
    pub took: u64,
}

/// Appends a block to `out`. Without a table there is nothing between the stamp and the end but
/// the memory lines, which on an exhausted machine are worth having.
pub fn write(out: &mut String, stamp: &Stamp, counters: &Counters, table: Option<&Table>) {
    let Stamp {
        seq,
        utc,
        boot,
        status,
        took,
    } = stamp;
    let boot = boot.map_or_else(|| "unknown".to_owned(), FileTime::seconds);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "# {NAME} seq={seq} utc={utc} boot={boot} status=0x{status:08X} dur_ms={took}\r\n"
    );
    if let Some(table) = table {
        raw_tags(out, &table.rows);
    }
    header(out, counters);
    if let Some(table) = table {
        out.push_str("\r\n Tag  Type     Allocs            Frees            Diff");
        out.push_str("            Bytes         Per Alloc\r\n\r\n");
        for row in &table.rows {
            line(out, row);
        }
    }
    let tags = table.map_or(0, |t| t.rows.len());
    let _ = write!(out, "# end seq={seq} tags={tags}\r\n");
}

fn raw_tags(out: &mut String, rows: &[Row]) {
    let plain = |tag: &[u8; 4]| tag.iter().all(|b| (0x20..=0x7e).contains(b));
    let raw: Vec<_> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| !plain(&row.tag))
        .collect();
    for some in raw.chunks(RAW_TAGS_A_LINE) {
        out.push_str("# rawtags");
        for (place, row) in some {
            let _ = write!(out, " {}={}", hex(&row.tag), place + 1);
        }
        out.push_str("\r\n");
    }
}

fn header(out: &mut String, counters: &Counters) {
    let performance = match &counters.performance {
        Some(performance) => performance,
        None => return,
    };
    let kib = |pages: u64| pages.saturating_mul(performance.page_size) / 1024;
    let raw = &counters.raw;
    let _ = write!(
        out,
        " Memory:{:>8}K Avail:{:>8}K  PageFlts:{:>6}   InRam Krnl:{:>5}K P:{:>5}K\r\n",
        kib(performance.physical_total),
        kib(performance.physical_available),
        raw.page_faults,
        kib(u64::from(raw.resident_code) + u64::from(raw.resident_drivers)),
        kib(raw.resident_paged_pool.into()),
    );
    let _ = write!(
        out,
        " Commit:{:>7}K Limit:{:>7}K Peak:{:>7}K            Pool N:{:>5}K P:{:>5}K\r\n",
        kib(performance.commit_total),
        kib(performance.commit_limit),
        kib(performance.commit_peak),
        kib(performance.kernel_nonpaged),
        kib(performance.kernel_paged),
    );
}

fn line(out: &mut String, row: &Row) {
    let _ = write!(
        out,
        " {:>4} {:>5} {:>18} {:>18}  {:>16} {:>14}     {:>12}        \r\n",
        cell(row.tag),
        if row.nonpaged { "Nonp " } else { "Paged" },
        row.allocs,
        row.frees,
        row.difference(),
        row.bytes,
        row.per_allocation(),
    );
}

/// A tag as poolmon's `%4s` prints it: up to the first NUL, aligned right; what is not plain text
/// is a dot.
fn cell(tag: [u8; 4]) -> String {
    let shown = |b: u8| {
        if (0x20..=0x7e).contains(&b) {
            char::from(b)
        } else {
            '.'
        }
    };
    tag.into_iter().take_while(|&b| b != 0).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::Raw;
    use crate::host::Performance;

    fn stamp() -> Stamp {
        Stamp {
            seq: 12,
            utc: FileTime(134_398_262_401_234_567),
            boot: Some(FileTime(134_390_000_000_000_000)),
            status: 0,
            took: 3,
        }
    }

    fn row(tag: [u8; 4], nonpaged: bool) -> Row {
        Row {
            tag,
            nonpaged,
            allocs: 8_665_967,
            frees: 5_982_729,
            bytes: 1_495_080_176,
        }
    }

    #[test]
    fn a_block_is_poolmons_text_between_two_lines() {
        let performance = Performance {
            physical_total: 4_194_304,
            physical_available: 1_000,
            commit_total: 2_000,
            commit_limit: 3_000,
            commit_peak: 2_500,
            kernel_nonpaged: 256,
            kernel_paged: 128,
            page_size: 4096,
            ..Performance::default()
        };
        let raw = Raw {
            page_faults: 77,
            resident_code: 2,
            resident_drivers: 3,
            ..Raw::default()
        };
        let counters = Counters {
            performance: Some(performance),
            raw,
            ..Counters::default()
        };
        let table = Table {
            rows: vec![row(*b"FMfn", false), row(*b"Io\0\0", true)],
            missing: 0,
        };
        let mut out = String::new();
        write(&mut out, &stamp(), &counters, Some(&table));
        let expected = "\
# poolsleuth-collect seq=12 utc=2026-11-22T13:04:00.123Z boot=2026-11-12T23:33:20Z status=0x00000000 dur_ms=3\r
# rawtags 496f0000=2\r
 Memory:16777216K Avail:    4000K  PageFlts:    77   InRam Krnl:   20K P:    0K\r
 Commit:   8000K Limit:  12000K Peak:  10000K            Pool N: 1024K P:  512K\r
\r
 Tag  Type     Allocs            Frees            Diff            Bytes         Per Alloc\r
\r
 FMfn Paged            8665967            5982729           2683238     1495080176              557        \r
   Io Nonp             8665967            5982729           2683238     1495080176              557        \r
# end seq=12 tags=2\r
";
        assert_eq!(out, expected);
    }

    #[test]
    fn a_failed_query_leaves_stamp_status_and_end() {
        let mut out = String::new();
        let stamp = Stamp {
            status: 0xc000_009a,
            boot: None,
            ..stamp()
        };
        write(&mut out, &stamp, &Counters::default(), None);
        assert!(out.contains(" boot=unknown status=0xC000009A "), "{out}");
        assert_eq!(out.lines().count(), 2);
        assert!(out.ends_with("# end seq=12 tags=0\r\n"));
    }

    #[test]
    fn tags_that_are_no_text_keep_the_columns_and_their_bytes() {
        let rows: Vec<Row> = (0..30)
            .map(|n| row([b'\n', 0x80 + n, b'a', b'b'], true))
            .collect();
        let mut out = String::new();
        let table = Table { rows, missing: 0 };
        write(&mut out, &stamp(), &Counters::default(), Some(&table));
        assert_eq!(out.matches("# rawtags").count(), 2);
        assert!(out.contains(" 0a9d6162=30\r\n"), "{out}");
        assert_eq!(out.matches(" ..ab Nonp  ").count(), 30);
    }
}
