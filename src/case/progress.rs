//! How far an analysis is, told to whoever wants to know.

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading logs, snapshots and tables.
    Reading,
    /// Looking into driver images.
    Images,
}

impl Phase {
    /// What to show.
    pub const fn label(self) -> &'static str {
        match self {
            Phase::Reading => "reading",
            Phase::Images => "images",
        }
    }
}

/// Receives progress; called from many threads.
pub trait Progress: Sync {
    /// A phase begins that has about `bytes` to read.
    fn begin(&self, phase: Phase, bytes: u64);
    /// So many bytes of it are done.
    fn advance(&self, bytes: u64);
}

/// Nobody wants to know.
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _: Phase, _: u64) {}
    fn advance(&self, _: u64) {}
}
