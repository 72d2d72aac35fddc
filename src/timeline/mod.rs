//! One UTC axis for everything a case says: zones, stamps, series, episodes.
//!
//! Nothing here judges. What cannot be placed in time keeps its order and says so.

pub mod stamp;
pub mod zone;
