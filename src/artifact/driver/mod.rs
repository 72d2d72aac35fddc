//! Driver images: what a PE file is, who made it, and which pool tags it allocates with.

pub mod arm64_decode;
pub mod catalog;
pub mod identity;
pub mod layout;
pub mod pdb;
pub mod signature;
pub mod version;
