//! What the facts mean: does a tag leak, does that explain the refusals, and who allocates?
//!
//! Robust statistics, thresholds with their source, rankings, and rules that fire by name. Nothing
//! here reads files or renders.

pub mod attribution;
pub mod capture;
pub mod clock;
pub mod correlation;
pub mod growth;
pub mod headroom;
pub mod lockstep;
pub mod offset;
pub mod rules;
pub mod verdict;
