//! One UTC axis for everything a case says: zones, stamps, boot epochs, series, episodes.
//!
//! Nothing here judges. What cannot be placed in time keeps its order and says so.

pub mod episode;
pub mod epoch;
pub mod series;
pub mod stamp;
pub mod zone;
