//! (to be written)

pub mod epoch;
pub mod series;
