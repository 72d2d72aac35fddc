//! Data directories of the optional header.

/// Where a table of the image lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directory {
    /// RVA, except for the security directory, where it is a file offset.
    pub rva: u32,
    /// Bytes.
    pub size: u32,
}

/// Exported names.
pub const EXPORT: usize = 0;
/// Import descriptors.
pub const IMPORT: usize = 1;
/// Function table (`.pdata`).
pub const EXCEPTION: usize = 3;
/// Certificates; the only directory whose address is a file offset.
pub const SECURITY: usize = 4;
/// Debug directory.
pub const DEBUG: usize = 6;
/// Import address table.
pub const IAT: usize = 12;
/// Delay-load descriptors.
pub const DELAY_IMPORT: usize = 13;
