//! Series per tag and pool within boot epochs, from single looks at the pools.
//!
//! ```text
//! Observation ──push──► SeriesBuilder ──finish──► PoolHistory
//! (one listing)         (packed, deduplicated)    snapshots in order · epochs · series
//! ```
//!
//! Two things never happen here: a tag that was not listed becomes zero, and samples from
//! both sides of a restart become one series.

mod builder;
mod history;
pub mod observation;
mod order;
pub mod packed;

pub use builder::{MAX_ACCOUNTS, MAX_EPOCHS, MAX_PACKED_BYTES, MAX_SNAPSHOTS, SeriesBuilder};
pub use history::{Epoch, Note, PoolHistory, Presence, Series, Snapshot, Start};
pub use observation::{Extent, Facts, Observation, PoolsShown, Reading, Scope, TagsShown};
pub use order::Ordering;
pub use packed::{Packed, Sample, Samples};

#[cfg(test)]
mod tests;
