//! What a batch tells of itself while it runs; whoever listens decides how to show it.

use super::record::Record;

/// A stretch of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading lists of paths and looking for cases below them.
    Looking,
    /// Listing every case, to tell them apart by names and sizes.
    Listing,
    /// Hashing those that may be duplicates or done already.
    Comparing,
    /// Analysing.
    Analysing,
    /// Analysing alone what wanted more memory than its share.
    Again,
}

impl Stage {
    /// One word for a line.
    pub const fn label(self) -> &'static str {
        match self {
            Stage::Looking => "looking for cases",
            Stage::Listing => "listing",
            Stage::Comparing => "comparing",
            Stage::Analysing => "analysing",
            Stage::Again => "again, alone",
        }
    }
}

/// How a worker's turn at a case ended.
#[derive(Clone, Copy, Debug)]
pub enum Turn<'a> {
    /// What this stage asks of a case is known; later stages have more to do.
    Known,
    /// Analysed or failed: here is its record.
    Recorded(&'a Record),
    /// It wants more memory and is tried again alone, as a case of the stage to come.
    Postponed,
    /// Given up on request: nothing is done.
    Abandoned,
}

impl<'a> Turn<'a> {
    /// The record, where the case has one.
    pub const fn record(self) -> Option<&'a Record> {
        match self {
            Turn::Recorded(record) => Some(record),
            _ => None,
        }
    }
}

/// Listens; called from many threads.
pub trait Watch: Sync {
    /// A stage begins with so many cases of so many bytes.
    fn stage(&self, stage: Stage, cases: u64, bytes: u64);
    /// A worker takes a case up.
    fn begins(&self, worker: usize, path: &str, bytes: u64);
    /// It goes on: of `total` bytes of a phase so many are done.
    fn goes_on(&self, worker: usize, phase: &str, done: u64, total: u64);
    /// Its turn at the case is over.
    fn ends(&self, worker: usize, path: &str, bytes: u64, turn: Turn<'_>);
    /// Something to know, in a sentence.
    fn remark(&self, text: &str);
    /// All is done, or given up.
    fn over(&self);
}

/// Nobody listens.
pub struct Unwatched;

impl Watch for Unwatched {
    fn stage(&self, _: Stage, _: u64, _: u64) {}
    fn begins(&self, _: usize, _: &str, _: u64) {}
    fn goes_on(&self, _: usize, _: &str, _: u64, _: u64) {}
    fn ends(&self, _: usize, _: &str, _: u64, _: Turn<'_>) {}
    fn remark(&self, _: &str) {}
    fn over(&self) {}
}
