//! The version resource: what an image's maker says about it.
//!
//! Every translation is kept with all its strings, also unknown ones; nothing here is
//! checked against anything, so a name found here is a claim. Resource trees come from
//! strangers: depth is fixed at the three levels that Windows uses (so that no cycle is
//! followed), and counts are capped by [`MAX_RESOURCES`], [`MAX_TABLES`] and [`MAX_STRINGS`].
//! Layouts: Microsoft, "PE Format" (`.rsrc`), and the `VS_VERSIONINFO` family of the Win32
//! reference.

mod blocks;
mod resources;

use std::fmt;

use thiserror::Error;

use super::layout::Layout;

/// Version resources read from one image. Real images have one, seldom a handful of languages.
pub const MAX_RESOURCES: usize = 16;
/// String tables and translations read from one version resource.
pub const MAX_TABLES: usize = 64;
/// Strings read from one table; the documented names are twelve.
pub const MAX_STRINGS: usize = 256;

/// A Windows language identifier (`0x0409` is US English).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(pub u16);

impl Language {
    const NEUTRAL: Language = Language(0);
    const ENGLISH_US: Language = Language(0x409);
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06x}", self.0)
    }
}

/// Four numbers as in `10.0.17763.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionNumber(pub [u16; 4]);

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0;
        write!(f, "{a}.{b}.{c}.{d}")
    }
}

/// The part of a version resource that is numbers (`VS_FIXEDFILEINFO`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedInfo {
    /// The file's version.
    pub file: VersionNumber,
    /// The product's version.
    pub product: VersionNumber,
    /// `dwFileFlags` within `dwFileFlagsMask`: 1 debug, 2 prerelease, 4 patched, 8 private, 32 special.
    pub flags: u32,
    /// `dwFileOS`; `0x40004` is Windows NT.
    pub os: u32,
    /// `dwFileType`; 3 is a driver.
    pub kind: u32,
    /// `dwFileSubtype`; for drivers 7 is a system driver.
    pub subtype: u32,
}

/// One language's strings, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StringTable {
    /// The table's key as given: eight hex digits, language then code page (`040904b0`).
    pub key: String,
    /// Name and value; names can repeat, values can be empty.
    pub strings: Vec<(String, String)>,
}

impl StringTable {
    /// The language that the key states, if it is the documented eight hex digits.
    pub fn language(&self) -> Option<Language> {
        let digits = self.key.get(..4).filter(|_| self.key.len() == 8)?;
        u16::from_str_radix(digits, 16).ok().map(Language)
    }

    /// The value of the first string called `name` (compared without case) that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.strings
            .iter()
            .find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

/// A pair of the `Translation` list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Translation {
    /// The language promised.
    pub language: Language,
    /// The code page promised; 1200 is UTF-16.
    pub code_page: u16,
}

/// One version resource of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionResource {
    /// The language under which the resource tree files it.
    pub language: Language,
    /// The numbers, where the fixed part is whole and carries its signature.
    pub fixed: Option<FixedInfo>,
    /// The string tables, in the order of the file.
    pub tables: Vec<StringTable>,
    /// The translations that the resource promises.
    pub translations: Vec<Translation>,
}

/// All version resources of an image; empty when it has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionInfo {
    /// In the order of the resource tree.
    pub resources: Vec<VersionResource>,
}

impl VersionInfo {
    /// True when the image says nothing of its version.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// The first whole set of version numbers.
    pub fn fixed(&self) -> Option<FixedInfo> {
        self.resources.iter().find_map(|resource| resource.fixed)
    }

    /// All tables, in the order of the file.
    pub fn tables(&self) -> impl Iterator<Item = &StringTable> {
        self.resources.iter().flat_map(|resource| &resource.tables)
    }

    /// The value of `name`: from a US English or neutral table where there is one, otherwise
    /// from the first table that has it.
    pub fn text(&self, name: &str) -> Option<&str> {
        let preferred = [Some(Language::ENGLISH_US), Some(Language::NEUTRAL)]
            .into_iter()
            .find_map(|language| {
                self.tables()
                    .filter(|t| t.language() == language)
                    .find_map(|t| t.get(name))
            });
        preferred.or_else(|| self.tables().find_map(|table| table.get(name)))
    }

    /// Who made it, by its own word.
    pub fn company(&self) -> Option<&str> {
        self.text("CompanyName")
    }

    /// The product it belongs to, by its own word.
    pub fn product(&self) -> Option<&str> {
        self.text("ProductName")
    }

    /// What it is, by its own word.
    pub fn description(&self) -> Option<&str> {
        self.text("FileDescription")
    }

    /// The name it was built under: survives a renaming of the file.
    pub fn original_name(&self) -> Option<&str> {
        self.text("OriginalFilename")
    }
}

/// What was odd about the version resource.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VersionNote {
    /// The resource directory's address is not in the file.
    #[error("resource directory at RVA {rva:#x} is not in the file")]
    DirectoryOutsideFile {
        /// The stated address.
        rva: u32,
    },
    /// A level of the resource tree is cut off.
    #[error("resource tree is cut off at offset {offset:#x} of the resources")]
    TreeTruncated {
        /// Offset from the start of the resources.
        offset: usize,
    },
    /// A version resource's data is not, or not whole, in the file.
    #[error("version resource at RVA {rva:#x}: expected {expected} bytes, found {found}")]
    DataTruncated {
        /// The stated address.
        rva: u32,
        /// The stated size.
        expected: u32,
        /// What the file holds of it.
        found: usize,
    },
    /// The data does not begin with a `VS_VERSION_INFO` block.
    #[error("version resource at RVA {rva:#x} is not a VS_VERSION_INFO block")]
    NotVersionInfo {
        /// The stated address.
        rva: u32,
    },
    /// The fixed part is short or lacks its signature.
    #[error("fixed file information is short or lacks its signature 0xfeef04bd")]
    BadFixedInfo,
    /// A block states a length that its parent cannot hold.
    #[error("version block at offset {offset:#x} states {stated} bytes, {available} are left")]
    BlockLength {
        /// Offset within the resource.
        offset: usize,
        /// The stated length.
        stated: usize,
        /// What the parent has left.
        available: usize,
    },
    /// More entries than are read; the rest was left out.
    #[error("more than {limit} {what} in the version resource: the rest was left out")]
    TooMany {
        /// What there was too much of.
        what: &'static str,
        /// The cap.
        limit: usize,
    },
}

/// Reads the version resources of `file`, whose headers are `layout`.
pub fn read(file: &[u8], layout: &Layout) -> (VersionInfo, Vec<VersionNote>) {
    let mut notes = Vec::new();
    let found = resources::version_resources(file, layout, &mut notes)
        .into_iter()
        .filter_map(|leaf| blocks::version_resource(&leaf, &mut notes))
        .collect();
    (VersionInfo { resources: found }, notes)
}

#[cfg(test)]
mod tests;
