//! DOS, COFF and optional header, section table (layouts: Microsoft PE format).

use super::directory::{Directory, SECURITY};
use super::{Image, ImageError, Later, Machine, Section, kind, read_u16, read_u32, read_u64};
use std::collections::BTreeSet;

/// The loader accepts no more sections than this (PE format, "NumberOfSections").
const MAX_SECTIONS: usize = 96;
/// Directories defined by the format.
const MAX_DIRECTORIES: usize = 16;
/// Below this section alignment the file is mapped as it stands.
const PAGE: u32 = 0x1000;
/// With page alignment the loader rounds file offsets down to this.
const SECTOR_MASK: u32 = 0x1ff;

/// A header field read with its place, so that its absence can be reported.
struct Fields<'a> {
    bytes: &'a [u8],
}

impl Fields<'_> {
    fn missing(at: usize, expected: &'static str) -> ImageError {
        ImageError::Malformed {
            offset: at,
            expected,
            found: "end of file".to_owned(),
        }
    }

    fn u16(&self, at: usize, expected: &'static str) -> Result<u16, ImageError> {
        read_u16(self.bytes, at).ok_or_else(|| Self::missing(at, expected))
    }

    fn u32(&self, at: usize, expected: &'static str) -> Result<u32, ImageError> {
        read_u32(self.bytes, at).ok_or_else(|| Self::missing(at, expected))
    }

    fn u64(&self, at: usize, expected: &'static str) -> Result<u64, ImageError> {
        read_u64(self.bytes, at).ok_or_else(|| Self::missing(at, expected))
    }
}

/// Reads everything but imports, exports and the function table.
pub(super) fn read(bytes: &[u8]) -> Result<Image<'_>, ImageError> {
    let pe = kind::pe_header_offset(bytes)?;
    let fields = Fields { bytes };
    let coff = pe + 4;
    let optional = coff + 20;
    let is_64 = is_64_bit(&fields, optional)?;
    let optional_size = usize::from(fields.u16(coff + 16, "SizeOfOptionalHeader")?);
    let section_alignment = fields.u32(optional + 32, "SectionAlignment")?;
    let low_alignment = section_alignment < PAGE;
    let section_count = usize::from(fields.u16(coff + 2, "NumberOfSections")?);
    let sections = read_sections(
        bytes,
        optional + optional_size,
        section_count,
        low_alignment,
    );
    let image_base = if is_64 {
        fields.u64(optional + 24, "ImageBase")?
    } else {
        u64::from(fields.u32(optional + 28, "ImageBase")?)
    };
    let mut image = Image {
        bytes,
        machine: Machine::from_number(fields.u16(coff, "Machine")?),
        is_64,
        image_base,
        entry: fields.u32(optional + 16, "AddressOfEntryPoint")?,
        size_of_image: fields.u32(optional + 56, "SizeOfImage")?,
        subsystem: fields.u16(optional + 68, "Subsystem")?,
        timestamp: fields.u32(coff + 4, "TimeDateStamp")?,
        truncated: is_truncated(&sections, bytes.len()),
        sections,
        libraries: BTreeSet::new(),
        directories: read_directories(bytes, optional + if is_64 { 108 } else { 92 }),
        low_alignment,
        size_of_headers: fields.u32(optional + 60, "SizeOfHeaders")?,
        checksum_offset: optional + 64,
        end_of_sections: 0,
        later: Later::default(),
    };
    image.end_of_sections = end_of_sections(&image);
    Ok(image)
}

fn is_64_bit(fields: &Fields<'_>, optional: usize) -> Result<bool, ImageError> {
    match fields.u16(optional, "optional header magic")? {
        0x10b => Ok(false),
        0x20b => Ok(true),
        other => Err(ImageError::Malformed {
            offset: optional,
            expected: "0x10b (PE32) or 0x20b (PE32+)",
            found: format!("{other:#x}"),
        }),
    }
}

fn read_directories(bytes: &[u8], at: usize) -> Vec<Directory> {
    let count = read_u32(bytes, at).unwrap_or(0) as usize;
    (0..count.min(MAX_DIRECTORIES))
        .map_while(|i| {
            let entry = at + 4 + 8 * i;
            Some(Directory {
                rva: read_u32(bytes, entry)?,
                size: read_u32(bytes, entry + 4)?,
            })
        })
        .collect()
}

fn read_sections(bytes: &[u8], at: usize, count: usize, low_alignment: bool) -> Vec<Section> {
    (0..count.min(MAX_SECTIONS))
        .map_while(|i| read_section(bytes, at + 40 * i, low_alignment))
        .collect()
}

fn read_section(bytes: &[u8], at: usize, low_alignment: bool) -> Option<Section> {
    let virtual_size = read_u32(bytes, at + 8)?;
    let rva = read_u32(bytes, at + 12)?;
    let raw_size = read_u32(bytes, at + 16)?;
    let raw = read_u32(bytes, at + 20)?;
    Some(Section {
        raw_name: bytes.get(at..at + 8)?.try_into().ok()?,
        rva,
        size: if virtual_size == 0 {
            raw_size
        } else {
            virtual_size
        },
        raw_offset: if low_alignment {
            raw
        } else {
            raw & !SECTOR_MASK
        },
        raw_size,
        flags: read_u32(bytes, at + 36)?,
    })
}

fn is_truncated(sections: &[Section], file_size: usize) -> bool {
    sections
        .iter()
        .any(|s| u64::from(s.raw_offset) + u64::from(s.raw_size) > file_size as u64)
}

/// Where the loaded part of the file ends. The security directory lies behind it in a
/// well-formed file; where a section claims to reach into it, the directory wins.
fn end_of_sections(image: &Image<'_>) -> usize {
    let ends = image
        .sections
        .iter()
        .map(|s| s.raw_offset.saturating_add(s.raw_size) as usize);
    let end = ends.max().unwrap_or(0).max(image.size_of_headers as usize);
    let security = image
        .directory(SECURITY)
        .map_or(usize::MAX, |d| d.rva as usize);
    end.min(security).min(image.bytes.len())
}
