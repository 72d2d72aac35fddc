//! The certificate table at the end of an image: entries with a length, a revision and a type.
//!
//! Source: Microsoft, "PE Format", "The Attribute Certificate Table".

use super::super::layout::{Layout, u16_at, u32_at};
use super::{MalformedSignature, SignatureNote};

const HEADER_SIZE: usize = 8;
const TYPE_PKCS7: u16 = 2;
const ALIGNMENT: usize = 8;
/// Entries read; images with more than two were never seen.
const MAX_ENTRIES: usize = 16;
/// Bytes of the table read. A SHA-1 and a SHA-256 signature with page hashes take about 65 bytes
/// for each 4 KiB page: 4 MiB is enough for an image of 250 MB.
pub const MAX_TABLE: usize = 4 * 1024 * 1024;

/// The PKCS #7 blobs of the table; none when the image has no table.
pub(super) fn blobs<'a>(
    file: &'a [u8],
    layout: &Layout,
    notes: &mut Vec<SignatureNote>,
) -> Result<Option<Vec<&'a [u8]>>, MalformedSignature> {
    let (start, size) = (
        layout.security.address as usize,
        layout.security.size as usize,
    );
    if start == 0 && size == 0 {
        return Ok(None);
    }
    let outside = MalformedSignature::TableOutsideFile {
        offset: start,
        size,
        file: file.len(),
    };
    if start == 0 || start >= file.len() {
        return Err(outside);
    }
    let rest = file.get(start..).unwrap_or_default();
    let table = rest.get(..size).unwrap_or(rest);
    if table.len() < size {
        notes.push(SignatureNote::TableTruncated {
            expected: size,
            found: table.len(),
        });
    }
    if rest.len() > size {
        notes.push(SignatureNote::DataBehindTable {
            bytes: rest.len() - size,
        });
    }
    if table.len() > MAX_TABLE {
        return Err(MalformedSignature::TooLarge { size: table.len() });
    }
    match entries(table, start, notes) {
        blobs if blobs.is_empty() => Err(MalformedSignature::NoSignatureInTable { offset: start }),
        blobs => Ok(Some(blobs)),
    }
}

fn entries<'a>(table: &'a [u8], start: usize, notes: &mut Vec<SignatureNote>) -> Vec<&'a [u8]> {
    let mut blobs = Vec::new();
    let mut at = 0;
    for _ in 0..MAX_ENTRIES {
        let Some(rest) = table
            .get(at..)
            .filter(|rest| rest.iter().any(|byte| *byte != 0))
        else {
            return blobs;
        };
        let fields = (u32_at(rest, 0), u16_at(rest, 6));
        let (Some(stated), Some(kind)) = fields else {
            notes.push(SignatureNote::EntryLength {
                offset: start + at,
                stated: 0,
                available: rest.len(),
            });
            return blobs;
        };
        let stated = stated as usize;
        if stated < HEADER_SIZE || stated > rest.len() {
            let (offset, available) = (start + at, rest.len());
            notes.push(SignatureNote::EntryLength {
                offset,
                stated,
                available,
            });
        }
        // A bad length ends the table, but what it holds is still looked at.
        let sound = if stated < HEADER_SIZE {
            rest.len()
        } else {
            stated.min(rest.len())
        };
        match kind {
            TYPE_PKCS7 => blobs.extend(rest.get(HEADER_SIZE..sound)),
            kind => notes.push(SignatureNote::OtherEntry {
                offset: start + at,
                kind,
            }),
        }
        at = at.saturating_add(sound).next_multiple_of(ALIGNMENT);
    }
    notes.push(SignatureNote::TooMany {
        what: "entries of the certificate table",
        limit: MAX_ENTRIES,
    });
    blobs
}

/// True when bytes behind the last section look like a certificate table that no header
/// names any more.
pub(super) fn is_orphaned(file: &[u8], layout: &Layout) -> bool {
    let end = usize::try_from(layout.sections_end).unwrap_or(usize::MAX);
    let start = end.saturating_add(ALIGNMENT - 1) & !(ALIGNMENT - 1);
    let Some(rest) = file.get(start..) else {
        return false;
    };
    let length = u32_at(rest, 0).map_or(0, |length| length as usize);
    let revisions = [Some(0x100), Some(0x200)];
    revisions.contains(&u16_at(rest, 4))
        && u16_at(rest, 6) == Some(TYPE_PKCS7)
        && (HEADER_SIZE..=rest.len()).contains(&length)
}
