//! A Windows driver image as bytes: headers, sections, imports, exports, function table.
//!
//! Parsed here and not by a general PE crate, because drivers are odd in ways that those
//! take for damage (section alignment below a page in most 32-bit ones, import tables in
//! discardable sections), and because every number in a stranger's file has to be checked
//! anyway. Nothing panics: what lies outside the file reads as absent.

mod checksum;
pub(crate) mod directory;
mod exports;
mod headers;
mod imports;
mod kind;
mod section;
mod unwind;

#[cfg(test)]
mod tests;

pub use checksum::Checksum;
pub use directory::Directory;
pub use imports::{Import, ImportName, Imports};
pub(crate) use kind::stem as library_stem;
pub use kind::{ImageError, NotDriver};
pub use section::Section;
pub use unwind::FunctionRange;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::OnceLock;

/// The processor an image was built for (`IMAGE_FILE_HEADER.Machine`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Machine {
    /// 32-bit x86 (0x014c).
    X86,
    /// x86-64 (0x8664).
    X64,
    /// 64-bit ARM (0xaa64).
    Arm64,
    /// 32-bit ARM, Thumb-2 (0x01c4, and the older 0x01c0 and 0x01c2). Code is not analysed.
    ArmNt,
    /// Itanium (0x0200). Code is not analysed.
    Ia64,
    /// Anything else, by its number.
    Other(u16),
}

impl Machine {
    /// The machine that the header's number stands for.
    pub const fn from_number(number: u16) -> Self {
        match number {
            0x014c => Machine::X86,
            0x8664 => Machine::X64,
            0xaa64 => Machine::Arm64,
            0x01c0 | 0x01c2 | 0x01c4 => Machine::ArmNt,
            0x0200 => Machine::Ia64,
            other => Machine::Other(other),
        }
    }

    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Machine::X86 => "x86",
            Machine::X64 => "x64",
            Machine::Arm64 => "arm64",
            Machine::ArmNt => "armnt",
            Machine::Ia64 => "ia64",
            Machine::Other(_) => "other",
        }
    }

    /// True when this crate can follow the flow of values in the machine's code.
    pub const fn is_analysed(self) -> bool {
        matches!(self, Machine::X86 | Machine::X64 | Machine::Arm64)
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A parsed driver image, borrowing the file's bytes. Offsets count from the file's start,
/// RVAs from the image base.
#[derive(Debug)]
pub struct Image<'a> {
    bytes: &'a [u8],
    /// Processor.
    pub machine: Machine,
    /// True for PE32+ (64-bit optional header).
    pub is_64: bool,
    /// Preferred load address.
    pub image_base: u64,
    /// RVA of the entry point, 0 when there is none.
    pub entry: u32,
    /// Bytes of the image in memory, as the header says.
    pub size_of_image: u32,
    /// Subsystem; 1 is native.
    pub subsystem: u16,
    /// Link time (seconds since 1970, UTC) or, in reproducible builds, a hash.
    pub timestamp: u32,
    /// Sections in file order.
    pub sections: Vec<Section>,
    /// The libraries that routines are imported from, lower-case.
    pub libraries: BTreeSet<String>,
    /// True when a section reaches past the end of the file: a cut-off copy.
    pub truncated: bool,
    directories: Vec<Directory>,
    low_alignment: bool,
    size_of_headers: u32,
    checksum_offset: usize,
    end_of_sections: usize,
    later: Later,
}

/// Tables that are read when they are first asked for: most images that are searched for a tag
/// do not hold it, and need none of them.
#[derive(Debug, Default)]
struct Later {
    imports: OnceLock<Imports>,
    export_name: OnceLock<Option<String>>,
    exports: OnceLock<BTreeMap<String, u32>>,
    functions: OnceLock<Vec<FunctionRange>>,
}

impl<'a> Image<'a> {
    /// Reads an image from a whole file.
    ///
    /// # Errors
    /// [`ImageError::NotDriver`] for files that are something else than a kernel-mode
    /// image, [`ImageError::Malformed`] for PE headers that do not hold together.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let mut image = headers::read(bytes)?;
        image.libraries = imports::libraries(&image);
        kind::require_driver(&image)?;
        Ok(image)
    }

    /// Imports and delay imports, keyed by the RVA of the pointer that calls go through.
    pub fn imports(&self) -> &Imports {
        self.later.imports.get_or_init(|| imports::read(self))
    }

    /// True when a library of this name (lower-case, without extension) is imported from.
    pub fn has_library(&self, stem: &str) -> bool {
        self.libraries.iter().any(|l| kind::stem(l) == stem)
    }

    /// The name that the export directory gives the image, lower-case.
    pub fn export_name(&self) -> Option<&str> {
        let name = &self.later.export_name;
        name.get_or_init(|| exports::own_name(self)).as_deref()
    }

    /// Exported functions that live in this image, name to RVA.
    pub fn exports(&self) -> &BTreeMap<String, u32> {
        self.later.exports.get_or_init(|| exports::read(self))
    }

    /// Function table (x64, ARM64), sorted by begin; empty on x86 and when damaged.
    pub fn functions(&self) -> &[FunctionRange] {
        self.later.functions.get_or_init(|| unwind::read(self))
    }

    /// The file's bytes.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Bytes of a pointer: 4 or 8.
    pub const fn pointer_size(&self) -> u32 {
        if self.is_64 { 8 } else { 4 }
    }

    /// The directory `index` of the optional header, when present and not empty.
    pub fn directory(&self, index: usize) -> Option<Directory> {
        self.directories
            .get(index)
            .copied()
            .filter(|d| d.rva != 0 && d.size != 0)
    }

    /// True when sections are laid out in the file as in memory (alignment below a page).
    pub const fn low_alignment(&self) -> bool {
        self.low_alignment
    }

    /// File offset of the first byte after all headers and sections; what follows is
    /// an overlay (certificates, debug data, anything appended).
    pub const fn end_of_sections(&self) -> usize {
        self.end_of_sections
    }

    /// The part of the file that can hold code and data of the driver: headers and
    /// sections without overlay and security directory.
    pub fn loaded_bytes(&self) -> &'a [u8] {
        self.bytes.get(..self.end_of_sections).unwrap_or(self.bytes)
    }

    /// State of the header's checksum. Reads the whole file.
    pub fn checksum(&self) -> Checksum {
        checksum::check(self.bytes, self.checksum_offset)
    }

    /// The section that holds `rva`.
    pub fn section_at(&self, rva: u32) -> Option<&Section> {
        self.sections.iter().find(|s| s.holds(rva))
    }

    /// The file offset of `rva`, when file bytes back it.
    pub fn offset_of(&self, rva: u32) -> Option<usize> {
        let offset = match self.section_at(rva) {
            Some(section) => section.offset_of(rva)?,
            None if rva < self.size_of_headers => rva as usize,
            None => return None,
        };
        (offset < self.bytes.len()).then_some(offset)
    }

    /// The RVA at which the file's byte `offset` is loaded, when it is loaded at all.
    pub fn rva_of(&self, offset: usize) -> Option<u32> {
        let at = u32::try_from(offset).ok()?;
        let inside = self.sections.iter().find(|s| s.file_range().contains(&at));
        match inside {
            Some(section) => section.rva.checked_add(at - section.raw_offset),
            None => (at < self.size_of_headers).then_some(at),
        }
    }

    /// All file bytes from `rva` to the end of its section; empty when there are none.
    pub fn tail(&self, rva: u32) -> &'a [u8] {
        let Some(offset) = self.offset_of(rva) else {
            return &[];
        };
        let end = match self.section_at(rva) {
            Some(section) => section.file_range().end as usize,
            None => self.size_of_headers as usize,
        };
        self.bytes
            .get(offset..end.min(self.bytes.len()))
            .unwrap_or(&[])
    }

    /// Exactly `len` file bytes at `rva`.
    pub fn slice(&self, rva: u32, len: usize) -> Option<&'a [u8]> {
        self.tail(rva).get(..len)
    }

    /// The file bytes of `range`, cut off where the section ends.
    pub fn range(&self, range: Range<u32>) -> &'a [u8] {
        let tail = self.tail(range.start);
        let len = range.end.saturating_sub(range.start) as usize;
        tail.get(..len).unwrap_or(tail)
    }

    /// The 32-bit word at `rva`.
    pub fn u32_at(&self, rva: u32) -> Option<u32> {
        read_u32(self.tail(rva), 0)
    }

    /// The pointer at `rva`, as a virtual address.
    pub fn pointer_at(&self, rva: u32) -> Option<u64> {
        if self.is_64 {
            read_u64(self.tail(rva), 0)
        } else {
            self.u32_at(rva).map(u64::from)
        }
    }

    /// The RVA of a virtual address inside the image.
    pub fn rva_of_address(&self, address: u64) -> Option<u32> {
        let rva = u32::try_from(address.checked_sub(self.image_base)?).ok()?;
        (rva != 0 && rva < self.size_of_image).then_some(rva)
    }

    /// The NUL-terminated text at `rva`, at most `cap` bytes of it.
    pub(crate) fn text_at(&self, rva: u32, cap: usize) -> Option<String> {
        let tail = self.tail(rva);
        let head = tail.get(..cap).unwrap_or(tail);
        let end = memchr::memchr(0, head)?;
        Some(String::from_utf8_lossy(&head[..end]).into_owned())
    }

    /// Sections that hold code.
    pub fn code_sections(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|s| s.is_executable())
    }

    /// The bytes of a section that the file backs.
    pub fn section_bytes(&self, section: &Section) -> &'a [u8] {
        let range = section.file_range();
        let end = (range.end as usize).min(self.bytes.len());
        self.bytes.get(range.start as usize..end).unwrap_or(&[])
    }

    /// Shannon entropy of a section's bytes in bits a byte: 0 to 8.
    pub fn entropy(&self, section: &Section) -> f64 {
        section::entropy(self.section_bytes(section))
    }

    /// The function table's entry that covers `rva`.
    pub fn function_at(&self, rva: u32) -> Option<&FunctionRange> {
        let functions = self.functions();
        let after = functions.partition_point(|f| f.begin <= rva);
        functions.get(after.checked_sub(1)?).filter(|f| rva < f.end)
    }
}

/// False where bytes repeat too often for more than 7.5 bits of entropy a byte.
pub(crate) fn may_be_packed(bytes: &[u8]) -> bool {
    section::may_be_packed(bytes)
}

/// Shannon entropy of bytes, in bits a byte.
pub(crate) fn entropy_of(bytes: &[u8]) -> f64 {
    section::entropy(bytes)
}

/// Little-endian 16-bit word at `at`.
pub(crate) fn read_u16(bytes: &[u8], at: usize) -> Option<u16> {
    let chunk = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(chunk.try_into().ok()?))
}

/// Little-endian 32-bit word at `at`.
pub(crate) fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    let chunk = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(chunk.try_into().ok()?))
}

/// Little-endian 64-bit word at `at`.
pub(crate) fn read_u64(bytes: &[u8], at: usize) -> Option<u64> {
    let chunk = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(chunk.try_into().ok()?))
}
