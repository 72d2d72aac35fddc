//! Driver images: what a PE file is, who made it, and which pool tags it allocates with.
//!
//! ```text
//! bytes ─► image::Image ─► tags::analyse ─► TagFindings
//!       └► identity::identify ─► Identity: version, PDB, link time, signature
//! ```

pub mod api;
pub mod arm64_decode;
pub mod catalog;
mod code;
pub mod identity;
pub mod image;
pub mod layout;
pub mod pdb;
pub mod signature;
pub mod tags;
#[cfg(test)]
mod testing;
pub mod version;
