//! The report and its renderings: pure functions of one value.

pub mod csv;
pub mod escape;
pub mod folder;
pub mod html;
pub mod json;
pub mod markdown;
pub mod model;
pub mod plot;
pub mod read;
pub mod saved;
pub mod schema;
pub mod text;
pub mod timeline;
pub mod wording;

#[cfg(test)]
pub(crate) mod fixture;

pub use model::Report;
