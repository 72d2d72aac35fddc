//! Driver images: what they are, and which pool tags they allocate with.
//!
//! ```text
//! bytes ─► image::Image ─► tags::analyse ─► TagFindings
//! ```

pub mod api;
pub mod arm64_decode;
mod code;
pub mod image;
pub mod tags;
