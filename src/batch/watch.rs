//! What a batch tells of itself while it runs; whoever listens decides how to show it.

use super::record::Record;

/// A stretch of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
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
            Stage::Listing => "listing",
            Stage::Comparing => "comparing",
            Stage::Analysing => "analysing",
            Stage::Again => "again, alone",
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
    /// It is finished with a case; `record` is there when it was analysed or has failed.
    fn ends(&self, worker: usize, path: &str, bytes: u64, record: Option<&Record>);
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
    fn ends(&self, _: usize, _: &str, _: u64, _: Option<&Record>) {}
    fn remark(&self, _: &str) {}
    fn over(&self) {}
}
