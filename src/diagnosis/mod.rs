//! (to be written)

pub mod correlation;
pub mod growth;
