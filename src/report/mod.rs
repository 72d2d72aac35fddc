//! The report and its renderings: pure functions of one value.

pub mod escape;
pub mod html;
pub mod model;
pub mod plot;
pub mod text;
pub mod wording;

#[cfg(test)]
mod fixture;

pub use model::Report;
