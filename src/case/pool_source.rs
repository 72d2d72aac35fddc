//! Sources of snapshots, whatever tool made them, as one stream: poolmon's text, tables of other
//! tools, a debugger's output.

use std::collections::BTreeMap;
use std::io::Read;

use super::evidence::Place;
use super::observation;
use crate::artifact::look::{self, Look, Spot, Stamp};
use crate::artifact::poolmon::{
    Completeness, FileNotes, Options, Snapshot, SnapshotReader, StampSide, TextBlock,
};
use crate::artifact::pooltable::TableReader;
use crate::artifact::poolused::LogReader;
use crate::bundle::Role;
use crate::report::wording::bare;
use crate::tag::{Pool, Tag};
use crate::timeline::series::{Observation, Reading};

/// Reasons for missing rows that are listed of one file.
const MAX_REASONS: usize = 6;

/// A reader of snapshots.
pub(super) enum PoolSource<R> {
    Poolmon(SnapshotReader<R>),
    Table(TableReader<R>),
    Debugger(LogReader<R>),
}

/// One snapshot.
pub(super) struct Shot {
    pub(super) first: Place,
    pub(super) offset: u64,
    pub(super) before: TextBlock,
    pub(super) after: TextBlock,
    pub(super) stamp: Option<Stamp>,
    /// What the series take; the caller adds order, file and time.
    pub(super) observation: Observation,
    /// Where each row stands, and bytes of a block as printed, in the order of the observation's.
    rows: Vec<(Place, Option<i64>)>,
    /// What the kernel keeps as the largest size of nonpaged pool.
    pub(super) nonpaged_max: Option<u64>,
    /// Why rows may be missing.
    pub(super) lacks: Vec<String>,
}

/// One row, as evidence quotes it.
pub(super) struct Quoted {
    pub(super) place: Place,
    pub(super) text: String,
}

impl Shot {
    /// True when it has neither a row nor a size.
    pub(super) fn says_nothing(&self) -> bool {
        let facts = &self.observation.facts;
        self.observation.rows.is_empty()
            && facts.pool_nonpaged.is_none()
            && facts.ram.is_none()
            && facts.commit.is_none()
    }

    /// The row of `tag` in `pool`.
    pub(super) fn quote(&self, tag: Tag, pool: Pool) -> Option<Quoted> {
        let rows = self.observation.rows.iter().zip(&self.rows);
        let mut found = rows.filter(|(r, _)| r.tag == tag && r.pool == pool);
        let (reading, (place, per_alloc)) = found.next()?;
        Some(Quoted {
            place: *place,
            text: text_of(reading, *per_alloc),
        })
    }
}

/// A row in poolmon's order of columns, or in words where its source has fewer.
fn text_of(row: &Reading, per_alloc: Option<i64>) -> String {
    let kind = match row.pool {
        Pool::NonPaged => "Nonp",
        Pool::Paged => "Paged",
    };
    if let (Some(allocs), Some(frees), Some(diff)) = (row.allocs, row.frees, row.diff) {
        let each = per_alloc.map_or_else(String::new, |each| format!(" {each}"));
        return format!(
            "{} {kind} {allocs} {frees} {diff} {}{each}",
            row.tag, row.bytes
        );
    }
    let blocks = row
        .diff
        .map_or_else(String::new, |diff| format!("{diff} outstanding, "));
    format!("{} {kind}: {blocks}{} bytes", row.tag, row.bytes)
}

/// What is to be said of a source when it was read.
pub(super) struct SourceNotes {
    /// Lines in the form of rows that were left out.
    pub(super) left_out: u64,
    /// Sentences.
    pub(super) said: Vec<String>,
}

impl<R: Read> PoolSource<R> {
    /// The reader of artifacts of that role.
    pub(super) fn new(role: Role, source: R) -> Self {
        match role {
            Role::PoolTable => PoolSource::Table(TableReader::new(source)),
            Role::DebuggerLog => PoolSource::Debugger(LogReader::new(source)),
            _ => PoolSource::Poolmon(SnapshotReader::new(source, Options::default())),
        }
    }

    /// Reads what is left and says what is to be said.
    pub(super) fn finish(self, lacks: BTreeMap<String, u64>) -> SourceNotes {
        match self {
            PoolSource::Poolmon(reader) => of_poolmon(&reader.finish(), lacks),
            PoolSource::Table(reader) => of_looks(reader.finish(), lacks),
            PoolSource::Debugger(reader) => of_looks(reader.finish(), lacks),
        }
    }
}

impl<R: Read> Iterator for PoolSource<R> {
    type Item = Shot;

    fn next(&mut self) -> Option<Shot> {
        match self {
            PoolSource::Poolmon(reader) => reader.next().map(of_snapshot),
            PoolSource::Table(reader) => reader.next().map(of_look),
            PoolSource::Debugger(reader) => reader.next().map(of_look),
        }
    }
}

fn of_snapshot(snapshot: Snapshot) -> Shot {
    let whole = |c: &&Completeness| !matches!(c, Completeness::Complete { .. });
    Shot {
        first: Place::Line(snapshot.first_line),
        offset: snapshot.offset,
        observation: observation::of_snapshot(&snapshot),
        rows: snapshot
            .rows
            .iter()
            .map(|row| (Place::Line(row.line), Some(row.per_alloc)))
            .collect(),
        lacks: snapshot
            .completeness
            .iter()
            .filter(whole)
            .map(Completeness::reason)
            .collect(),
        before: snapshot.preamble,
        after: snapshot.postamble,
        stamp: None,
        nonpaged_max: None,
    }
}

fn of_look(look: Look) -> Shot {
    Shot {
        first: place(look.first),
        offset: look.offset,
        observation: observation::of_look(&look),
        rows: look
            .rows
            .iter()
            .map(|row| (place(row.spot), None))
            .collect(),
        nonpaged_max: look.memory.nonpaged_max,
        lacks: look.lacks.iter().map(look::Lack::reason).collect(),
        before: look.preamble,
        after: look.postamble,
        stamp: look.stamp,
    }
}

fn place(spot: Spot) -> Place {
    match spot {
        Spot::Line(line) => Place::Line(line),
        Spot::Offset(offset) => Place::Offset(offset),
    }
}

fn reasons(lacks: BTreeMap<String, u64>, snapshots: u64) -> impl Iterator<Item = String> {
    let all = bare(snapshots, "snapshot");
    let lacks = lacks.into_iter().take(MAX_REASONS);
    lacks.map(move |(reason, count)| format!("{count} of {all}: {reason}"))
}

fn of_looks(notes: look::Notes, lacks: BTreeMap<String, u64>) -> SourceNotes {
    let mut said = notes.said;
    said.extend(reasons(lacks, notes.looks));
    SourceNotes {
        left_out: notes.left_out,
        said,
    }
}

fn of_poolmon(file: &FileNotes, lacks: BTreeMap<String, u64>) -> SourceNotes {
    let mut said: Vec<String> = Vec::new();
    for problem in &file.problems {
        let line = problem
            .line
            .map_or_else(String::new, |line| format!("line {line}: "));
        said.push(format!(
            "{line}{} {}",
            problem.what.meaning(),
            problem.what.advice()
        ));
    }
    said.extend(reasons(lacks, file.snapshots));
    let counts = [
        (
            file.tally.suspects,
            "row",
            "left out: arithmetic that fails",
        ),
        (
            file.tally.rejected,
            "line",
            "among the rows that could not be read",
        ),
        (file.joined_rows, "row", "joined from wrapped pieces"),
        (file.wrapped_rows, "row", "proven only modulo 2^32"),
        (file.nuls, "NUL character", "dropped"),
    ];
    said.extend(
        counts
            .iter()
            .filter(|(count, _, _)| *count > 0)
            .map(|(count, noun, what)| format!("{} {what}", bare(*count, noun))),
    );
    let encodings: Vec<String> = file
        .encodings
        .iter()
        .map(|e| format!("{:?}", e.encoding))
        .collect();
    if encodings.len() > 1 {
        said.push(format!(
            "its encoding changes: {}",
            encodings.join(", then ")
        ));
    }
    if file.stamp_side == StampSide::Unclear {
        said.push(
            "time stamps stand only between snapshots; each is taken for the snapshot after it"
                .into(),
        );
    }
    SourceNotes {
        left_out: file.tally.suspects + file.tally.rejected,
        said,
    }
}
