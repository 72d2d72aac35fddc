//! Machine code as a flow of values: what can stand in an argument when a call is made.
//!
//! ```text
//! bytes ──lift──► instructions of one small IR ──graph──► blocks ──flow──► values at calls
//!        (x86, x64, ARM64)                                (a set of possible values for
//!                                                          each register and stack slot)
//! ```
//! Only functions that hold something of interest are decoded. Everything is bounded:
//! bytes a function, blocks, rounds, values in a set.

pub(crate) mod bounds;
mod call;
pub(crate) mod flow;
pub(crate) mod function;
pub(crate) mod graph;
pub(crate) mod ir;
pub(crate) mod lift_arm64;
pub(crate) mod lift_x86;
pub(crate) mod machine;
mod settle;
pub(crate) mod state;
pub(crate) mod step;
pub(crate) mod summary;
pub(crate) mod value;
