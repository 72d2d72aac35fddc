//! (to be written)

pub mod arm64_decode;
