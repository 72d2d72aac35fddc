//! (to be written)

pub mod growth;
pub mod headroom;
pub mod lockstep;
