//! The report and its renderings: pure functions of one value.

pub mod html;
pub mod model;
pub mod plot;

pub use model::Report;
