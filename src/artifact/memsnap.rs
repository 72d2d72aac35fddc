//! Process memory as memsnap logs it (`memsnap /m`): quota of both pools and handles of each
//! process, snapshot after snapshot.
//!
//! ```text
//! Process ID Proc.Name Wrkng.Set PagedPool NonPgdPl Pagefile Commit Handles Threads User Gdi
//! !LogType=memsnap
//! !SystemTime=09\03\2002 15:39:31.0781 (GMT)
//! 512  w3wp.exe  5214208  41232  9120  3100672  3100672  1204  31  0  0
//! ```
//! It knows no tags, so no leak of a tag can be seen in it. It tells who holds handles, which
//! counts where a kernel object grows, and whose quota of nonpaged pool rises.
//!
//! Limits: rows are told by their numbers, one for each column behind the name; a process is known
//! by its id and name, though ids are used again.

use std::collections::BTreeMap;
use std::io::Read;

use super::collector::{Handles, Holder};
use super::poolmon::LineReader;

/// Processes that are kept.
const MAX_PROCESSES: usize = 50_000;
/// Columns behind the process's name; the known ones have nine.
const MAX_COLUMNS: usize = 16;

/// What a log says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memsnap {
    /// Snapshots with rows.
    pub snapshots: u64,
    /// Handles of each process at first and last.
    pub handles: Handles,
    /// The machine that the log names.
    pub host: Option<String>,
    /// The process whose quota of nonpaged pool rose most: name, id, bytes at first and last.
    pub most_quota: Option<(String, u64, u64, u64)>,
}

struct Columns {
    count: usize,
    handles: usize,
    nonpaged: usize,
}

struct Process {
    holder: Holder,
    quota: (u64, u64),
}

/// Reads a log as a stream. A failing stream ends it.
pub fn read(source: impl Read) -> Memsnap {
    let mut lines = LineReader::new(source);
    let mut found: BTreeMap<(u64, String), Process> = BTreeMap::new();
    let mut log = Memsnap::default();
    let mut columns: Option<Columns> = None;
    let mut rows_here = false;
    while let Some(line) = lines.next_line() {
        let text = String::from_utf8_lossy(line.text()).into_owned();
        let text = text.trim();
        if let Some(header) = header(text) {
            columns = Some(header);
            rows_here = false;
        } else if let Some(name) = text.strip_prefix("!ComputerName=") {
            log.host = Some(name.trim().to_owned())
                .filter(|n| !n.is_empty())
                .or(log.host);
        } else if let (Some(columns), false) = (&columns, text.is_empty() || text.starts_with('!'))
        {
            log.snapshots += u64::from(!rows_here);
            rows_here = true;
            match row(text, columns) {
                Some(process) => keep(&mut found, process, log.snapshots, line.number, &mut log),
                None => log.handles.rejected += 1,
            }
        }
    }
    log.most_quota = found
        .values()
        .filter(|p| p.quota.1 > p.quota.0)
        .max_by_key(|p| (p.quota.1 - p.quota.0, std::cmp::Reverse(p.holder.pid)))
        .map(|p| (p.holder.image.clone(), p.holder.pid, p.quota.0, p.quota.1));
    log.handles.holders = found.into_values().map(|p| p.holder).collect();
    log.handles
        .holders
        .sort_by_key(|h| (std::cmp::Reverse(h.growth()), h.pid));
    log
}

fn keep(
    found: &mut BTreeMap<(u64, String), Process>,
    (pid, image, handles, quota): (u64, String, u64, u64),
    snapshot: u64,
    line: u64,
    log: &mut Memsnap,
) {
    let room = found.len() < MAX_PROCESSES;
    match found.get_mut(&(pid, image.clone())) {
        Some(known) => {
            (known.holder.last, known.holder.line) = ((snapshot, handles), line);
            known.quota.1 = quota;
        }
        None if room => {
            let holder = Holder {
                pid,
                image: image.clone(),
                first: (snapshot, handles),
                last: (snapshot, handles),
                line,
            };
            found.insert(
                (pid, image),
                Process {
                    holder,
                    quota: (quota, quota),
                },
            );
        }
        None => log.handles.rejected += 1,
    }
}

/// The header: which of the numbers behind a name are which.
fn header(text: &str) -> Option<Columns> {
    let names = text.strip_prefix("Process ID")?.trim_start();
    let names: Vec<&str> = names
        .strip_prefix("Proc.Name")?
        .split_whitespace()
        .collect();
    let place = |name| names.iter().position(|n| *n == name);
    Some(Columns {
        count: Some(names.len()).filter(|n| *n <= MAX_COLUMNS)?,
        handles: place("Handles")?,
        nonpaged: place("NonPgdPl")?,
    })
}

/// Id, name, handles and quota of nonpaged pool.
fn row(text: &str, columns: &Columns) -> Option<(u64, String, u64, u64)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (before, numbers) = words.split_at_checked(words.len().checked_sub(columns.count)?)?;
    let numbers: Option<Vec<u64>> = numbers.iter().map(|n| n.parse().ok()).collect();
    let numbers = numbers?;
    let (pid, name) = before.split_first()?;
    // Ids of eight digits are hexadecimal.
    let pid = match pid.len() {
        8 => u64::from_str_radix(pid, 16).ok()?,
        _ => pid.parse().ok()?,
    };
    let name = name.join(" ");
    let found = (
        *numbers.get(columns.handles)?,
        *numbers.get(columns.nonpaged)?,
    );
    (!name.is_empty()).then_some((pid, name, found.0, found.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LOG: &str = "Process ID Proc.Name Wrkng.Set PagedPool NonPgdPl Pagefile Commit Handles Threads User Gdi\r\n\
        !LogType=memsnap\r\n!ComputerName=WEB01\r\n!SystemTime=09\\03\\2002 15:39:31.0781 (GMT)\r\n\r\n\
        512 w3wp.exe 5214208 41232 9120 3100672 3100672 1204 31 0 0\r\n\
        0 System Idle Process 16384 0 0 0 0 0 2 0 0\r\n\
        Process ID Proc.Name Wrkng.Set PagedPool NonPgdPl Pagefile Commit Handles Threads User Gdi\r\n\
        512 w3wp.exe 5214208 41232 91200 3100672 3100672 61204 31 0 0\r\nsome words\r\n";

    #[test]
    fn handles_and_quota_are_followed() {
        let log = read(LOG.as_bytes());
        assert_eq!((log.snapshots, log.handles.rejected), (2, 1));
        let top = &log.handles.holders[0];
        assert_eq!(
            (top.image.as_str(), top.growth(), top.line),
            ("w3wp.exe", 60_000, 9)
        );
        assert_eq!(
            log.most_quota,
            Some(("w3wp.exe".into(), 512, 9_120, 91_200))
        );
        assert_eq!(log.host.as_deref(), Some("WEB01"));
        assert_eq!(log.handles.holders.len(), 2);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            read([LOG.as_bytes(), &bytes].concat().as_slice());
        }
    }
}
