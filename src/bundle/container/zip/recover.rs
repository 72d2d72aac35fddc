//! Entries of an archive whose directory is lost: each begins with a header of its own,
//! so the file is searched for those.
//!
//! Where an entry's length is not in its header (it was written as a stream), it ends
//! at the descriptor that states the distance, or else where the next header begins.

use super::entry::{
    CENTRAL_SIGNATURE, FLAG_DESCRIPTOR, Header, LOCAL_FIXED, LOCAL_SIGNATURE, LocalFixed,
    local_fixed,
};
use super::extra::{Extra, Wide};
use crate::bundle::source::Source;
use memchr::memmem;
use std::io;

/// Signature that may stand before a data descriptor (APPNOTE 4.3.9.3).
const DESCRIPTOR_SIGNATURE: &[u8] = b"PK\x07\x08";
/// Bytes of a descriptor with its signature and 4-byte sizes.
const DESCRIPTOR_LEN: usize = 16;
/// Bytes searched at a time.
const WINDOW: usize = 1 << 20;
/// A longer name is chance and not a header: no tool that collects writes such.
const MAX_NAME: u16 = 4096;
/// `version needed` beyond this (6.3 in the APPNOTE, with room) is chance.
const MAX_VERSION: u16 = 90;
/// Signatures looked at. An honest archive has one for each entry and a few by chance;
/// a file made of signatures must not cost a read for each.
const MAX_TRIES: usize = 2_000_000;

/// What a search found.
pub(super) struct Found {
    pub headers: Vec<Header>,
    pub cut_by_limit: bool,
}

/// Searches the whole file for up to `limit` entries.
pub(super) fn search(file: &Source, limit: usize) -> io::Result<Found> {
    let mut found = Found {
        headers: Vec::new(),
        cut_by_limit: false,
    };
    let mut scanner = Scanner::new(file);
    let (mut at, mut tries) = (0, 0);
    while let Some((here, _)) = scanner.next(at, &[LOCAL_SIGNATURE])? {
        tries += 1;
        if found.headers.len() >= limit || tries > MAX_TRIES {
            found.cut_by_limit = true;
            break;
        }
        at = here.saturating_add(LOCAL_SIGNATURE.len() as u64);
        if let Some((header, end)) = entry_at(&mut scanner, here)? {
            found.headers.push(header);
            at = end.max(at);
        }
    }
    Ok(found)
}

/// The header at `at`, if it is plausible, and where its entry ends.
fn entry_at(scanner: &mut Scanner<'_>, at: u64) -> io::Result<Option<(Header, u64)>> {
    let file = scanner.file;
    let bytes = file.bytes_at(at, LOCAL_FIXED)?;
    let Ok((_, fixed)) = local_fixed(&bytes) else {
        return Ok(None);
    };
    let plausible = fixed.version & 0xff <= MAX_VERSION && (1..=MAX_NAME).contains(&fixed.name_len);
    if !plausible {
        return Ok(None);
    }
    let name_at = at.saturating_add(LOCAL_FIXED as u64);
    let name = file.bytes_at(name_at, usize::from(fixed.name_len))?;
    let extra_at = name_at.saturating_add(u64::from(fixed.name_len));
    let extra = file.bytes_at(extra_at, usize::from(fixed.extra_len))?;
    let data_at = extra_at.saturating_add(u64::from(fixed.extra_len));
    if data_at > file.len() {
        return Ok(None);
    }
    let mut header = header_of(&fixed, at, name, Extra::parse(&extra));
    let end = if fixed.flags & FLAG_DESCRIPTOR != 0 && header.packed == 0 {
        streamed(scanner, data_at, &mut header)?
    } else {
        data_at.saturating_add(header.packed)
    };
    Ok(Some((header, end)))
}

fn header_of(fixed: &LocalFixed, at: u64, stored_name: Vec<u8>, extra: Extra) -> Header {
    let (mut packed, mut unpacked) = (u64::from(fixed.packed), u64::from(fixed.unpacked));
    extra.widen(Wide {
        unpacked: &mut unpacked,
        packed: &mut packed,
        at: None,
    });
    Header {
        flags: fixed.flags,
        method: fixed.method,
        dos_time: fixed.dos_time,
        dos_date: fixed.dos_date,
        crc: Some(fixed.crc),
        packed,
        unpacked: Some(unpacked),
        at,
        host: 0,
        attributes: 0,
        stored_name,
        extra,
        recovered: true,
    }
}

/// Finds where an entry of unknown length ends, and completes its header.
fn streamed(scanner: &mut Scanner<'_>, data_at: u64, header: &mut Header) -> io::Result<u64> {
    let ends = [DESCRIPTOR_SIGNATURE, LOCAL_SIGNATURE, CENTRAL_SIGNATURE];
    let file = scanner.file;
    let mut from = data_at;
    header.crc = None;
    header.unpacked = None;
    while let Some((at, which)) = scanner.next(from, &ends)? {
        let distance = at.saturating_sub(data_at);
        if which > 0 {
            header.packed = distance;
            return Ok(at);
        }
        if let Some((crc, unpacked)) = descriptor(&file.bytes_at(at, DESCRIPTOR_LEN)?, distance) {
            header.crc = Some(crc);
            header.unpacked = Some(unpacked);
            header.packed = distance;
            return Ok(at.saturating_add(DESCRIPTOR_LEN as u64));
        }
        from = at.saturating_add(DESCRIPTOR_SIGNATURE.len() as u64);
    }
    header.packed = file.len().saturating_sub(data_at);
    Ok(file.len())
}

/// Checksum and unpacked size of a descriptor that states `distance` as packed size.
fn descriptor(bytes: &[u8], distance: u64) -> Option<(u32, u64)> {
    let word = |at: usize| {
        let bytes = bytes.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes))
    };
    let packed = u64::from(word(8)?);
    (packed == distance & 0xffff_ffff).then_some(())?;
    Some((word(4)?, u64::from(word(12)?)))
}

/// Looks for signatures from the front of a file to its back, reading each byte once.
struct Scanner<'a> {
    file: &'a Source,
    window: Vec<u8>,
    window_at: u64,
}

impl<'a> Scanner<'a> {
    fn new(file: &'a Source) -> Self {
        Scanner {
            file,
            window: Vec::new(),
            window_at: 0,
        }
    }

    /// The first place at or after `from` where one of `signatures` stands, and which.
    /// All of them begin with `PK`.
    fn next(&mut self, mut from: u64, signatures: &[&[u8]]) -> io::Result<Option<(u64, usize)>> {
        while from < self.file.len() {
            let rest = self.rest(from)?;
            let mut tail = rest.len();
            for at in memmem::find_iter(rest, b"PK") {
                let here = rest.get(at..).unwrap_or_default();
                if let Some(which) = signatures.iter().position(|s| here.starts_with(s)) {
                    return Ok(Some((from.saturating_add(at as u64), which)));
                }
                // Cut by the window's end: look again with more of the file.
                if here.len() < LOCAL_SIGNATURE.len() {
                    tail = at;
                    break;
                }
            }
            if rest.last() == Some(&b'P') {
                tail = tail.min(rest.len() - 1);
            }
            let at_end = from.saturating_add(rest.len() as u64) >= self.file.len();
            if at_end {
                break;
            }
            from = from.saturating_add(tail.max(1) as u64);
        }
        Ok(None)
    }

    /// What the window holds from `from` on; it is moved when that is next to nothing.
    fn rest(&mut self, from: u64) -> io::Result<&[u8]> {
        let inside = from
            .checked_sub(self.window_at)
            .and_then(|at| usize::try_from(at).ok());
        let enough =
            inside.filter(|at| at.saturating_add(LOCAL_SIGNATURE.len()) <= self.window.len());
        if enough.is_none() {
            self.window = self.file.bytes_at(from, WINDOW)?;
            self.window_at = from;
        }
        Ok(self.window.get(enough.unwrap_or(0)..).unwrap_or_default())
    }
}
