//! The report and its renderings: pure functions of one value.

pub mod escape;
pub mod model;
pub mod text;
pub mod wording;

#[cfg(test)]
mod fixture;

pub use model::Report;
