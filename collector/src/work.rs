//! The work folder: append-only files that survive a kill, a crash and a restart.
//!
//! ```text
//! collector.log             what happened, also printed
//! pool/poolmon.txt          blocks; from 64 MiB on in poolmon-0002.txt and so on
//! pool/processes.tsv        handles of each process, per block
//! pool/perf.tsv             counters, per block
//! ```
//! The blocks themselves are the state: on start they are counted, a torn one is marked, and the
//! next number is one more than the last. Rows without their block's end line belong to no block.

use crate::filetime::FileTime;
use crate::NAME;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes of one file of snapshots.
const ROTATE_AT: u64 = 64 << 20;
/// Files of snapshots at most; the limit on bytes comes first.
const MOST_FILES: u32 = 9_999;
/// Bytes of each of the other files; beyond, nothing more is added.
const MOST_BESIDE: u64 = 64 << 20;
/// A line of ours is far shorter; longer ones are what a crash left.
const MOST_LINE: u64 = 64 << 10;
/// Failures that are listed one by one.
const MOST_LISTED: usize = 500;
/// Seconds by which two statements of the same boot may differ: the kernel moves its record when
/// the clock is set.
const SAME_BOOT: u64 = 120;

/// Marks the end of a line that was cut by a kill.
const CUT: &str = " # cut";

/// What the blocks of a work folder say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Blocks with an end line.
    pub blocks: u64,
    /// Of those, blocks without a table.
    pub failed: u64,
    /// Their numbers and NTSTATUS, the first ones.
    pub failures: Vec<(u64, String)>,
    /// Numbers of blocks without an end line, the first ones.
    pub torn: Vec<u64>,
    /// Time of the first block, as written.
    pub first: Option<String>,
    /// Time of the last block, as written.
    pub last: Option<String>,
    /// The highest number.
    pub last_seq: u64,
    boots: BTreeSet<FileTime>,
    open: Option<u64>,
}

impl Scan {
    /// How many times the system had started, as far as blocks tell.
    pub fn boots(&self) -> usize {
        let mut starts = 0;
        let mut last: Option<FileTime> = None;
        for boot in &self.boots {
            let same = last.map_or(false, |last| boot.minus_seconds(SAME_BOOT) <= last);
            starts += usize::from(!same);
            last = Some(*boot);
        }
        starts
    }

    fn line(&mut self, line: &str) {
        if let Some(stamp) = line.strip_prefix(&format!("# {NAME} seq=")) {
            self.end_torn();
            self.begin(stamp);
        } else if let (Some(end), Some(seq)) = (line.strip_prefix("# end seq="), self.open) {
            let rows = end.strip_prefix(&format!("{seq} tags="));
            if rows.map_or(false, |rows| rows.parse::<u64>().is_ok()) {
                self.open = None;
                self.blocks += 1;
            }
        }
    }

    fn begin(&mut self, stamp: &str) {
        let seq = match number(stamp) {
            Some(seq) => seq,
            None => return,
        };
        let field = |name: &str| {
            let found = stamp
                .split_whitespace()
                .find_map(|word| word.strip_prefix(name));
            found.map(str::to_owned)
        };
        self.open = Some(seq);
        self.last_seq = self.last_seq.max(seq);
        if stamp.ends_with(CUT) {
            return;
        }
        let utc = field("utc=");
        self.first = self.first.take().or_else(|| utc.clone());
        self.last = utc.or_else(|| self.last.take());
        self.boots
            .extend(field("boot=").and_then(|text| FileTime::parse(&text)));
        if let Some(status) = field("status=").filter(|s| s != "0x00000000") {
            self.failed += 1;
            if self.failures.len() < MOST_LISTED {
                self.failures.push((seq, status));
            }
        }
    }

    fn end_torn(&mut self) {
        let torn = self.open.take();
        if self.torn.len() < MOST_LISTED {
            self.torn.extend(torn);
        }
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..digits)?.parse().ok()
}

/// An open work folder.
pub struct Work {
    folder: PathBuf,
    /// What its blocks say, kept up to date.
    pub scan: Scan,
    file: u32,
    pool_bytes: u64,
    quiet: bool,
    full: BTreeSet<&'static str>,
}

impl Work {
    /// Opens a folder, makes it if need be, and puts in order what a kill left.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub fn open(folder: &Path, quiet: bool) -> io::Result<Work> {
        fs::create_dir_all(folder.join("pool"))?;
        let mut work = Work {
            folder: folder.to_owned(),
            scan: Scan::default(),
            file: 1,
            pool_bytes: 0,
            quiet,
            full: BTreeSet::new(),
        };
        while work.pool_file(work.file + 1).exists() && work.file < MOST_FILES {
            work.file += 1;
        }
        work.repair_lines()?;
        for file in work.pool_files() {
            read_lines(&file, |line| work.scan.line(line))?;
            work.pool_bytes += fs::metadata(&file)?.len();
        }
        if let Some(seq) = work.scan.open {
            let mark = format!("# torn seq={seq}\r\n");
            work.append_to(&work.pool_file(work.file), mark.as_bytes())?;
            work.scan.end_torn();
        }
        Ok(work)
    }

    /// Ends lines that a kill cut.
    fn repair_lines(&self) -> io::Result<()> {
        let beside = ["pool/processes.tsv", "pool/perf.tsv", "collector.log"];
        let beside = beside.iter().map(|name| self.folder.join(name));
        for path in beside.chain([self.pool_file(self.file)]) {
            if torn_line(&path)? {
                self.append_to(&path, format!("{CUT}\r\n").as_bytes())?;
            }
        }
        Ok(())
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn pool_file(&self, number: u32) -> PathBuf {
        let name = match number {
            1 => "poolmon.txt".to_owned(),
            number => format!("poolmon-{number:04}.txt"),
        };
        self.folder.join("pool").join(name)
    }

    /// The files of snapshots, in order.
    pub fn pool_files(&self) -> Vec<PathBuf> {
        let files = (1..=MOST_FILES).map(|number| self.pool_file(number));
        files.take_while(|file| file.exists()).collect()
    }

    /// Bytes of all snapshots.
    pub fn pool_bytes(&self) -> u64 {
        self.pool_bytes
    }

    /// Appends a block: one write, on the disk when this returns.
    ///
    /// # Errors
    /// When writing fails; a part may have been written.
    pub fn append_block(&mut self, block: &str) -> io::Result<()> {
        let mut path = self.pool_file(self.file);
        let held = fs::metadata(&path).map_or(0, |m| m.len());
        if held > 0 && held + block.len() as u64 > ROTATE_AT && self.file < MOST_FILES {
            self.file += 1;
            path = self.pool_file(self.file);
        }
        self.append_to(&path, block.as_bytes())?;
        self.pool_bytes += block.len() as u64;
        block
            .lines()
            .filter(|line| line.starts_with('#'))
            .for_each(|line| self.scan.line(line));
        Ok(())
    }

    /// Appends rows to a table; its columns come first.
    ///
    /// # Errors
    /// When writing fails.
    pub fn append_rows(
        &mut self,
        name: &'static str,
        columns: &str,
        rows: &[String],
    ) -> io::Result<()> {
        let path = self.folder.join("pool").join(name);
        let held = fs::metadata(&path).map_or(0, |m| m.len());
        let mut text = if held == 0 {
            format!("{columns}\r\n")
        } else {
            String::new()
        };
        for row in rows {
            text.push_str(row);
            text.push_str("\r\n");
        }
        if held + text.len() as u64 > MOST_BESIDE {
            self.full.insert(name);
            return Ok(());
        }
        self.append_to(&path, text.as_bytes())
    }

    /// Tables to which nothing more was added because of their size.
    pub fn full(&self) -> &BTreeSet<&'static str> {
        &self.full
    }

    fn append_to(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        file.write_all(bytes)?;
        file.sync_data()
    }

    /// Writes a line to the log and prints it. A log that cannot be written must not end the run.
    pub fn log(&self, now: FileTime, text: &str) {
        let line = format!("{} {text}\r\n", now.seconds());
        let path = self.folder.join("collector.log");
        if fs::metadata(&path).map_or(0, |m| m.len()) < MOST_BESIDE {
            let _ = self.append_to(&path, line.as_bytes());
        }
        if !self.quiet {
            crate::app::say(text);
        }
    }

    /// Removes what this program wrote; the folder too, if nothing else is in it.
    pub fn remove(self) {
        let beside = ["collector.log", "pool/processes.tsv", "pool/perf.tsv"];
        let beside = beside.iter().map(|name| self.folder.join(name));
        for file in self.pool_files().into_iter().chain(beside) {
            let _ = fs::remove_file(file);
        }
        let _ = fs::remove_dir(self.folder.join("pool"));
        let _ = fs::remove_dir(&self.folder);
    }
}

/// True if a file exists and does not end with a line's end.
fn torn_line(path: &Path) -> io::Result<bool> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut last = [0];
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn read_lines(path: &Path, mut take: impl FnMut(&str)) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(64 << 10, File::open(path)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut reader).take(MOST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.first() == Some(&b'#') && line.ends_with(b"\n") {
            take(String::from_utf8_lossy(&line).trim_end());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scratch;

    fn block(seq: u64, boot: &str, status: &str) -> String {
        format!(
            "# {NAME} seq={seq} utc=2026-11-22T13:0{seq}:00.000Z boot={boot} status={status} dur_ms=1\r\n \
             Abcd Nonp 1\r\n# end seq={seq} tags=1\r\n"
        )
    }

    #[test]
    fn blocks_are_counted_again_after_a_restart() {
        let scratch = Scratch::new();
        let mut work = Work::open(scratch.path(), true).unwrap();
        work.append_block(&block(1, "2026-11-01T00:00:00Z", "0x00000000"))
            .unwrap();
        work.append_block(&block(2, "2026-11-01T00:01:00Z", "0xC000009A"))
            .unwrap();
        work.append_block(&block(3, "2026-11-02T00:00:00Z", "0x00000000"))
            .unwrap();
        let again = Work::open(scratch.path(), true).unwrap();
        assert_eq!(again.scan, work.scan);
        assert_eq!(again.pool_bytes(), work.pool_bytes());
        assert_eq!(
            (again.scan.blocks, again.scan.failed, again.scan.last_seq),
            (3, 1, 3)
        );
        assert_eq!(again.scan.failures, [(2, "0xC000009A".to_owned())]);
        assert_eq!(again.scan.boots(), 2, "a clock that was set is no boot");
        assert_eq!(
            again.scan.first.as_deref(),
            Some("2026-11-22T13:01:00.000Z")
        );
        assert_eq!(again.scan.last.as_deref(), Some("2026-11-22T13:03:00.000Z"));
    }

    #[test]
    fn a_kill_at_any_byte_leaves_a_folder_that_goes_on() {
        let whole = block(1, "unknown", "0x00000000") + &block(2, "unknown", "0x00000000");
        let first = block(1, "unknown", "0x00000000").len();
        for cut in 0..whole.len() {
            let scratch = Scratch::new();
            fs::create_dir_all(scratch.path().join("pool")).unwrap();
            fs::write(scratch.path().join("pool/poolmon.txt"), &whole[..cut]).unwrap();
            let mut work = Work::open(scratch.path(), true).unwrap();
            let next = work.scan.last_seq + 1;
            work.append_block(&block(next, "unknown", "0x00000000"))
                .unwrap();
            let again = Work::open(scratch.path(), true).unwrap();
            assert_eq!(
                again.scan.blocks,
                u64::from(cut >= first) + 1,
                "cut at {cut}"
            );
            assert_eq!(again.scan.failed, 0, "cut at {cut}");
            assert_eq!(again.scan.last_seq, next);
            let text = fs::read_to_string(scratch.path().join("pool/poolmon.txt")).unwrap();
            let marked = text.contains("# torn seq=");
            assert_eq!(marked, !again.scan.torn.is_empty(), "{text}");
        }
    }

    #[test]
    fn tables_get_their_columns_once_and_nothing_foreign_is_removed() {
        let scratch = Scratch::new();
        let mut work = Work::open(scratch.path(), true).unwrap();
        work.append_rows("perf.tsv", "a\tb", &["1\t2".into()])
            .unwrap();
        work.append_rows("perf.tsv", "a\tb", &["3\t4".into()])
            .unwrap();
        let text = fs::read_to_string(scratch.path().join("pool/perf.tsv")).unwrap();
        assert_eq!(text, "a\tb\r\n1\t2\r\n3\t4\r\n");
        work.log(FileTime(0), "hello");
        fs::write(scratch.path().join("mine.txt"), "x").unwrap();
        work.remove();
        let left: Vec<_> = fs::read_dir(scratch.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
    }

    #[test]
    fn files_rotate() {
        let scratch = Scratch::new();
        let mut work = Work::open(scratch.path(), true).unwrap();
        work.append_block(&block(1, "unknown", "0x00000000"))
            .unwrap();
        let first = scratch.path().join("pool/poolmon.txt");
        OpenOptions::new()
            .write(true)
            .open(first)
            .unwrap()
            .set_len(ROTATE_AT)
            .unwrap();
        work.append_block(&block(2, "unknown", "0x00000000"))
            .unwrap();
        assert_eq!(work.pool_files().len(), 2);
        let again = Work::open(scratch.path(), true).unwrap();
        assert_eq!((again.file, again.scan.blocks), (2, 2));
    }
}
