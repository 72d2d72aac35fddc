//! When was a snapshot taken? poolmon never writes a time, so others must tell.
//!
//! A collector's line beside the snapshot, the file's name, an archive's or file
//! system's time of last change: each is read in whatever form it has, all of a case are
//! settled together ([`solve`]), and every stamp says where it was read, how fine it is
//! and what was assumed. What cannot be placed in UTC is withheld with the reason and
//! the option that would give it; the order of snapshots in a file stands without any.
//!
//! The way of one case:
//!
//! ```text
//! lines ─ line ─┐                        ┌─ zone (option, Clue, systeminfo, ...)
//!               ├─ readings ─ order ─────┴─ fold ── one best stamp a snapshot
//! names ────────┘   (day or month first?)   (which of two equal hours?)
//! ```

mod beside;
mod candidate;
mod checks;
mod clock;
mod date;
mod filename;
mod fold;
mod half;
mod line;
mod names;
mod nearby;
mod note;
mod order;
mod solve;
mod types;
mod words;
mod written;

#[cfg(test)]
mod tests;

pub use order::{DateOrder, OrderDecision, OrderProof};
pub use solve::solve;
pub use types::{
    Certainty, ClockEvidence, Context, Dating, FileTime, Line, Note, OffsetHint, Resolution,
    Solution, Stamp, StampSource, StatedClock, StatedTime, Withheld,
};
