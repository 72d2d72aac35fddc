//! The report and its renderings: pure functions of one value.

pub mod model;

pub use model::Report;
