//! (to be written)

pub mod correlation;
pub mod growth;
pub mod headroom;
pub mod lockstep;
