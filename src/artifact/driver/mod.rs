//! Driver images: what they are, and which pool tags they allocate with.
//!
//! ```text
//! bytes ─► image::Image ─► tags::analyse ─► TagFindings
//! ```

pub mod api;
mod code;
pub mod image;
pub mod tags;
