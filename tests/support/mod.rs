//! What the integration tests share: bundles on disk, and the program run as users run it.

pub mod bundle;
pub mod events;
pub mod program;
