//! The level of the pool: at a snapshot or a sample, and at a moment between.

/// The pool at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Milliseconds since 1970 UTC.
    pub at: i64,
    /// Bytes of nonpaged pool.
    pub bytes: i64,
    /// Limit of nonpaged pool less the pool, in bytes.
    pub headroom: Option<i64>,
    /// Memory or commit that is left, whichever is less, in bytes, where pool is bound by it.
    pub memory_left: Option<i64>,
    /// The boot epoch.
    pub epoch: usize,
    /// Where the figure stands.
    pub source: Source,
}

/// What a level was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A snapshot, by its place.
    Snapshot(usize),
    /// A sample of performance counters, by its place.
    Counter(usize),
}

/// How the level at a moment was had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Between two snapshots of one epoch, on the line between them.
    Between,
    /// Before the first or after the last snapshot of its epoch, within reach: that snapshot's.
    Nearest,
}

impl How {
    /// The word that reports use.
    pub const fn name(self, source: Source) -> &'static str {
        match (self, source) {
            (How::Between, Source::Snapshot(_)) => "between_snapshots",
            (How::Nearest, Source::Snapshot(_)) => "nearest_snapshot",
            (How::Between, Source::Counter(_)) => "between_samples",
            (How::Nearest, Source::Counter(_)) => "nearest_sample",
        }
    }
}

/// The pool at the start of an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// Bytes of nonpaged pool.
    pub bytes: i64,
    /// Headroom, if known.
    pub headroom: Option<i64>,
    /// Memory left, if it counts.
    pub memory_left: Option<i64>,
    /// How the level was had.
    pub how: How,
    /// Milliseconds to the nearest snapshot.
    pub distance: i64,
    /// The nearest of them.
    pub source: Source,
    /// The epoch.
    pub epoch: usize,
    /// Change of the pool over the hours before, see [`At::before_ms`].
    pub grown: Option<i64>,
    /// How far back `grown` looks, in milliseconds: to the start of the epoch.
    pub before_ms: i64,
}
