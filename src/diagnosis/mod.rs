//! (to be written)

pub mod growth;
