//! PoolSleuth: from an uploaded bundle to a verdict that names tag and driver.

pub mod artifact;
pub mod bundle;
pub mod case;
pub mod cli;
pub mod diagnosis;
pub mod report;
pub mod tag;
pub mod timeline;
