//! The way in: a byte source becomes an iterator of snapshots, then the file's notes.

use std::io::Read;

use super::assembly::Assembly;
use super::decode::LineReader;
use super::notes::{FileNotes, FileProblem, Problem};
use super::snapshot::Snapshot;

/// What the reader should keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Keep the text of the mapped-driver column with each row (an allocation a row).
    pub keep_mapped: bool,
}

/// Reads saved poolmon text in one pass and constant memory: each snapshot is given out when
/// the next one begins.
///
/// ```
/// use poolsleuth::artifact::poolmon::{Options, SnapshotReader};
///
/// let text = b" Tag  Type  Allocs Frees Diff Bytes Per Alloc\r\n\r\n Leak Nonp 9 2 7 700 100\r\n";
/// let mut reader = SnapshotReader::new(text.as_slice(), Options::default());
/// let snapshot = reader.next().expect("one snapshot");
/// assert_eq!(snapshot.rows[0].bytes, 700);
/// assert_eq!(reader.finish().tally.rows, 1);
/// ```
pub struct SnapshotReader<R> {
    lines: LineReader<R>,
    assembly: Assembly,
    ended: bool,
}

impl<R: Read> SnapshotReader<R> {
    /// Reads from `source`, which need not be buffered. Errors of the source end the snapshots
    /// and are stated in the notes.
    pub fn new(source: R, options: Options) -> Self {
        SnapshotReader {
            lines: LineReader::new(source),
            assembly: Assembly::new(options.keep_mapped),
            ended: false,
        }
    }

    /// Reads what is left, dropping further snapshots, and gives the notes.
    pub fn finish(mut self) -> FileNotes {
        while self.next().is_some() {}
        let mut notes = self.assembly.into_notes(self.lines.offset());
        let decoded = self.lines.notes();
        notes.encodings.clone_from(&decoded.changes);
        notes.nuls = decoded.nuls;
        notes.first_nul = decoded.first_nul;
        if let Some((offset, kind)) = decoded.failure {
            let what = FileProblem::ReadFailed { offset, kind };
            notes.problems.push(Problem { line: None, what });
        }
        notes
    }
}

impl<R: Read> Iterator for SnapshotReader<R> {
    type Item = Snapshot;

    fn next(&mut self) -> Option<Snapshot> {
        loop {
            if let Some(snapshot) = self.assembly.fetch() {
                return Some(snapshot);
            }
            if self.ended {
                return None;
            }
            match self.lines.next_line() {
                Some(line) => self.assembly.accept(&line),
                None => {
                    self.ended = true;
                    self.assembly.end();
                }
            }
        }
    }
}
