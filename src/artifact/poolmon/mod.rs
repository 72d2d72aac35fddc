//! Saved poolmon text: what a pool-tag monitor wrote or what was copied off its screen.
//!
//! Bytes in, [`Snapshot`]s and [`FileNotes`] out. The text has no grammar of its own beyond
//! the printf forms of the program, so every row is proven by its own arithmetic
//! (`Diff = Allocs - Frees`, `Per Alloc = Bytes / Diff`); what fails the proof is kept apart.
//!
//! ```text
//!  bytes ─► decode ─► (lines) ─► line, figures, handcopy ─► assembly ─► Snapshot
//!           encodings            what one line says         which lines belong together
//! ```
//!
//! Limits: time stamps are kept as text, never interpreted; a snapshot's rows are not
//! compared with those of another; tags are what the text shows, and the text cannot show
//! every byte ([`TagReading`]).

mod assembly;
mod check;
mod completeness;
mod decode;
mod draft;
mod figures;
mod handcopy;
mod line;
mod memory;
mod notes;
mod pieces;
mod quote;
mod reader;
mod reading;
mod recognise;
mod row;
mod snapshot;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod scenarios_copies;
#[cfg(test)]
mod third_party;

pub(in crate::artifact) use check::prove;
pub use completeness::Completeness;
pub(in crate::artifact) use decode::LineReader;
pub use decode::{Encoding, EncodingChange};
pub(in crate::artifact) use line::looks_like_stamp;
pub use notes::{FileNotes, FileProblem, Problem, StampSide, Tally};
pub use quote::lines;
pub use reader::{Options, SnapshotReader};
pub use recognise::{Foreign, HEAD as RECOGNITION_HEAD, Kind, Recognition, recognise};
pub use row::{
    BytesCheck, Deltas, DiffCheck, Row, RowCheck, Suspect, SuspectReason, TagReading, Total,
};
pub use snapshot::{
    Layout, MAX_ROWS, MemoryField, MemoryHeader, Opening, PageFaults, Rejected, RejectedKind,
    Snapshot, SortOrder, Source, TextBlock, TextLine, Title, Width,
};
