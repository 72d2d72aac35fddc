//! The few header fields that identity needs: where the checksum, the certificate
//! table, the resources and the debug directory lie, and how addresses map to the file.
//!
//! Read from the bytes directly, because identity must also work on images whose
//! other directories are damaged. Limits: [`MAX_SECTIONS`] sections; everything else of
//! the headers is ignored. Layout: Microsoft, "PE Format", sections "Optional Header"
//! and "Section Table".

use thiserror::Error;

/// The loader accepts at most this many sections (PE Format, COFF header).
pub const MAX_SECTIONS: usize = 96;

const DOS_NEW_HEADER: usize = 0x3C;
const COFF_SIZE: usize = 20;
const SECTION_SIZE: usize = 40;
const CHECKSUM_IN_OPTIONAL: usize = 64;
const MAGIC_PE32: u16 = 0x10B;
const MAGIC_PE32_PLUS: u16 = 0x20B;
const DIRECTORY_RESOURCE: usize = 2;
const DIRECTORY_SECURITY: usize = 4;
const DIRECTORY_DEBUG: usize = 6;
/// Below this section alignment a file is mapped as it lies on disk.
const PAGE: u32 = 0x1000;
/// The loader rounds a section's file offset down to a disk sector.
const SECTOR_MASK: u32 = 0x1FF;

/// Why bytes are not a PE image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAnImage {
    /// The file does not begin with `MZ`.
    #[error("no MZ header at offset 0")]
    NoDosHeader,
    /// The new header does not carry `PE\0\0`.
    #[error("no PE signature at offset {offset:#x}")]
    NoPeSignature {
        /// Where the DOS header points.
        offset: usize,
    },
    /// The optional header is neither PE32 nor PE32+.
    #[error(
        "optional header at offset {offset:#x}: expected magic 0x10b or 0x20b, found {found:#x}"
    )]
    UnknownMagic {
        /// Where the optional header begins.
        offset: usize,
        /// The magic found.
        found: u16,
    },
    /// The file ends inside its headers.
    #[error("file ends inside its headers at offset {offset:#x}")]
    Truncated {
        /// The first offset that could not be read.
        offset: usize,
    },
}

/// A range that a header states: an address (or, for certificates, a file offset) and a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Directory {
    /// RVA; for the certificate table a file offset.
    pub address: u32,
    /// Size in bytes.
    pub size: u32,
}

#[derive(Debug, Clone, Copy)]
struct Section {
    address: u32,
    virtual_size: u32,
    raw: u32,
    raw_size: u32,
}

/// Where in the file the parts lie that identity reads.
#[derive(Debug, Clone)]
pub struct Layout {
    /// COFF `TimeDateStamp` as it stands.
    pub stamp: u32,
    /// File offset of the four bytes of the optional header's checksum.
    pub checksum_at: usize,
    /// File offset of the eight bytes of the security directory entry, where the image has one.
    pub security_entry_at: Option<usize>,
    /// The certificate table; `address` is a file offset.
    pub security: Directory,
    /// The resource tree.
    pub resources: Directory,
    /// The debug directory.
    pub debug: Directory,
    /// Where the last section's data ends in the file; what follows is overlay.
    pub sections_end: u64,
    headers_size: u32,
    section_alignment: u32,
    sections: Vec<Section>,
}

impl Layout {
    /// Reads the headers of `file`.
    ///
    /// # Errors
    /// [`NotAnImage`] when the headers are missing or cut off. A section table that is cut off
    /// is no error: the sections up to there count.
    pub fn parse(file: &[u8]) -> Result<Layout, NotAnImage> {
        let optional = optional_header(file)?;
        let coff = optional - COFF_SIZE;
        let field16 = |at| u16_at(file, at).ok_or(NotAnImage::Truncated { offset: at });
        let field32 = |at| u32_at(file, at).ok_or(NotAnImage::Truncated { offset: at });
        let directories = match field16(optional)? {
            MAGIC_PE32 => optional + 96,
            MAGIC_PE32_PLUS => optional + 112,
            found => {
                return Err(NotAnImage::UnknownMagic {
                    offset: optional,
                    found,
                });
            }
        };
        let count = field32(directories - 4)? as usize;
        let sections = sections(
            file,
            optional.saturating_add(field16(coff + 16)?.into()),
            field16(coff + 2)?.into(),
        );
        let directory = |index| directory(file, directories, index, count).unwrap_or_default();
        Ok(Layout {
            stamp: field32(coff + 4)?,
            checksum_at: optional + CHECKSUM_IN_OPTIONAL,
            security_entry_at: (count > DIRECTORY_SECURITY)
                .then_some(directories + 8 * DIRECTORY_SECURITY),
            security: directory(DIRECTORY_SECURITY),
            resources: directory(DIRECTORY_RESOURCE),
            debug: directory(DIRECTORY_DEBUG),
            sections_end: sections
                .iter()
                .map(|s| u64::from(s.raw) + u64::from(s.raw_size))
                .max()
                .unwrap_or(0),
            headers_size: field32(optional + 60)?,
            section_alignment: field32(optional + 32)?,
            sections,
        })
    }

    /// The file offset at which the byte at `rva` lies, if it is in the file at all.
    pub fn offset(&self, rva: u32) -> Option<usize> {
        let inside = |s: &&Section| {
            let span = if s.virtual_size == 0 {
                s.raw_size
            } else {
                s.virtual_size
            };
            rva.checked_sub(s.address).is_some_and(|delta| delta < span)
        };
        let Some(section) = self.sections.iter().find(inside) else {
            return (rva < self.headers_size).then_some(rva as usize);
        };
        let delta = rva - section.address;
        let start = match self.section_alignment {
            alignment if alignment < PAGE => section.raw,
            _ => section.raw & !SECTOR_MASK,
        };
        (delta < section.raw_size).then(|| start.checked_add(delta).map(|o| o as usize))?
    }

    /// Up to `size` bytes of `file` at `rva`; fewer where the file ends, none where the address
    /// is not in the file.
    pub fn bytes<'a>(&self, file: &'a [u8], rva: u32, size: u32) -> Option<&'a [u8]> {
        let rest = file.get(self.offset(rva)?..)?;
        Some(rest.get(..size as usize).unwrap_or(rest))
    }
}

/// Offset of the optional header, behind the DOS header, the signature and the COFF header.
fn optional_header(file: &[u8]) -> Result<usize, NotAnImage> {
    if file.get(..2) != Some(b"MZ") {
        return Err(NotAnImage::NoDosHeader);
    }
    let new = u32_at(file, DOS_NEW_HEADER).ok_or(NotAnImage::Truncated {
        offset: DOS_NEW_HEADER,
    })?;
    let offset = new as usize;
    let Some(rest) = file.get(offset..) else {
        return Err(NotAnImage::NoPeSignature { offset });
    };
    match rest.starts_with(b"PE\0\0") {
        // Inside the file, so far from overflow.
        true => Ok(offset + 4 + COFF_SIZE),
        false => Err(NotAnImage::NoPeSignature { offset }),
    }
}

fn directory(file: &[u8], table: usize, index: usize, count: usize) -> Option<Directory> {
    let at = (index < count).then_some(table + 8 * index)?;
    Some(Directory {
        address: u32_at(file, at)?,
        size: u32_at(file, at + 4)?,
    })
}

fn sections(file: &[u8], table: usize, count: usize) -> Vec<Section> {
    (0..count.min(MAX_SECTIONS))
        .map_while(|index| {
            let row = file.get(table.checked_add(index * SECTION_SIZE)?..)?;
            Some(Section {
                virtual_size: u32_at(row, 8)?,
                address: u32_at(row, 12)?,
                raw_size: u32_at(row, 16)?,
                raw: u32_at(row, 20)?,
            })
        })
        .collect()
}

/// The little-endian word at `at`, if `bytes` reaches that far.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..)?
        .first_chunk()
        .copied()
        .map(u16::from_le_bytes)
}

/// The little-endian double word at `at`, if `bytes` reaches that far.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .copied()
        .map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn says_what_is_missing() {
        assert_eq!(Layout::parse(b"").unwrap_err(), NotAnImage::NoDosHeader);
        assert_eq!(
            Layout::parse(b"MZ").unwrap_err(),
            NotAnImage::Truncated { offset: 0x3C }
        );
        let mut far = vec![0u8; 0x40];
        far[..2].copy_from_slice(b"MZ");
        far[0x3C..].copy_from_slice(&[0xFF; 4]);
        assert_eq!(
            Layout::parse(&far).unwrap_err(),
            NotAnImage::NoPeSignature {
                offset: 0xFFFF_FFFF
            }
        );
    }

    #[test]
    fn headers_that_end_early_are_named_by_offset() {
        let mut file = vec![0u8; 0x40];
        file[..2].copy_from_slice(b"MZ");
        file[0x3C] = 0x40;
        file.extend_from_slice(b"PE\0\0");
        file.extend_from_slice(&[0; 20]);
        file.extend_from_slice(&[0x0B, 0x01]);
        assert!(matches!(
            Layout::parse(&file).unwrap_err(),
            NotAnImage::Truncated { offset } if offset >= file.len()
        ));
        let at = file.len() - 2;
        file[at] = 0x07;
        assert_eq!(
            Layout::parse(&file).unwrap_err(),
            NotAnImage::UnknownMagic {
                offset: at,
                found: 0x107
            }
        );
    }

    proptest! {
        #[test]
        fn never_panics(mut file in proptest::collection::vec(any::<u8>(), 0..600), new in 0u8..80) {
            if file.len() > 0x40 {
                file[..2].copy_from_slice(b"MZ");
                file[0x3C..0x40].copy_from_slice(&[new, 0, 0, 0]);
                let at = usize::from(new);
                if let Some(place) = file.get_mut(at..at + 4) {
                    place.copy_from_slice(b"PE\0\0");
                }
            }
            if let Ok(layout) = Layout::parse(&file) {
                layout.bytes(&file, 0x1000, u32::MAX);
            }
        }
    }
}
