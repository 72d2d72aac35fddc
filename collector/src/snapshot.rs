//! One snapshot: pool tags, counters and processes, appended to the work folder.

use crate::filetime::FileTime;
use crate::host::{class, Host};
use crate::query::Buffer;
use crate::work::Work;
use crate::{block, counters, pooltags, processes};
use std::io;

/// Takes snapshots; keeps its buffers, so that an exhausted machine is asked for no more memory
/// than at the first one.
#[derive(Default)]
pub struct Taker {
    buffer: Buffer,
    text: String,
}

/// What became of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its number.
    pub seq: u64,
    /// When.
    pub utc: FileTime,
    /// The NTSTATUS of the query for pool tags.
    pub status: u32,
    /// Rows.
    pub rows: usize,
    /// Bytes of the block.
    pub bytes: usize,
}

impl Taker {
    /// Takes the next snapshot.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn take(
        &mut self,
        host: &dyn Host,
        work: &mut Work,
        with_processes: bool,
    ) -> io::Result<Taken> {
        let seq = work.scan.last_seq + 1;
        // What needs least is asked first: the answer that may fail comes last.
        let boot = counters::boot_time(host, &mut self.buffer);
        let counters = counters::take(host, &mut self.buffer);
        let (utc, begun) = (host.now(), host.ticks());
        let answer = self.buffer.ask(host, class::POOL_TAGS);
        let took = host.ticks().saturating_sub(begun);
        let (status, table) = match answer {
            Ok(table) => (0, Some(pooltags::parse(table.bytes))),
            Err(status) => (status, None),
        };
        let stamp = block::Stamp {
            seq,
            utc,
            boot,
            status,
            took,
        };
        self.text.clear();
        block::write(&mut self.text, &stamp, &counters, table.as_ref());
        work.append_block(&self.text)?;
        work.append_rows(
            "perf.tsv",
            counters::COLUMNS,
            &[counters::row(seq, utc, boot, &counters)],
        )?;
        if with_processes {
            self.processes(host, work, seq, utc)?;
        }
        if let Some(missing) = table.as_ref().map(|t| t.missing).filter(|&n| n > 0) {
            let text =
                format!("snapshot {seq}: the kernel's answer lacks {missing} tags that it counts");
            work.log(utc, &text);
        }
        let rows = table.map_or(0, |t| t.rows.len());
        Ok(Taken {
            seq,
            utc,
            status,
            rows,
            bytes: self.text.len(),
        })
    }

    fn processes(
        &mut self,
        host: &dyn Host,
        work: &mut Work,
        seq: u64,
        utc: FileTime,
    ) -> io::Result<()> {
        match self.buffer.ask(host, class::PROCESSES) {
            Ok(table) => {
                let processes = processes::parse(&table);
                let rows: Vec<String> = processes.iter().map(|p| p.row(seq)).collect();
                work.append_rows("processes.tsv", processes::COLUMNS, &rows)
            }
            Err(status) => {
                work.log(
                    utc,
                    &format!("snapshot {seq}: no processes, status 0x{status:08X}"),
                );
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::status;
    use crate::testing::{pool_table, process_chain, FakeHost, Scratch};
    use std::fs;

    #[test]
    fn an_exhausted_kernel_is_recorded_and_asked_again() {
        let (host, scratch) = (FakeHost::default(), Scratch::new());
        let mut work = Work::open(scratch.path(), true).unwrap();
        let mut taker = Taker::default();
        host.fail(class::POOL_TAGS, status::INSUFFICIENT_RESOURCES);
        let failed = taker.take(&host, &mut work, true).unwrap();
        assert_eq!(
            (failed.seq, failed.status),
            (1, status::INSUFFICIENT_RESOURCES)
        );
        host.answer(
            class::POOL_TAGS,
            pool_table(&[(*b"Even", (0, 0, 0), (9, 1, 48))]),
        );
        host.answer(
            class::PROCESSES,
            process_chain(0, &[("w3wp.exe", 7, 40_000)]),
        );
        let taken = taker.take(&host, &mut work, true).unwrap();
        assert_eq!((taken.seq, taken.status, taken.rows), (2, 0, 1));
        assert_eq!((work.scan.blocks, work.scan.failed), (2, 1));
        let read = |name: &str| fs::read_to_string(scratch.path().join(name)).unwrap();
        let pool = read("pool/poolmon.txt");
        assert!(
            pool.contains("seq=1 ") && pool.contains("status=0xC000009A"),
            "{pool}"
        );
        assert!(pool.contains(" Even Nonp "), "{pool}");
        assert_eq!(read("pool/perf.tsv").lines().count(), 3);
        assert!(read("pool/processes.tsv").contains("2\t7\t"));
        assert!(read("collector.log").contains("snapshot 1: no processes"));
    }
}
