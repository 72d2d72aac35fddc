//! The archive's directory, found from the end of the file and walked header by header.
//!
//! ```text
//! [leading bytes] entries … directory headers … [zip64 record, zip64 locator] end record [trailing]
//! ```
//! The end record's counts are compared, not trusted: the walk goes on while headers
//! follow. A broken header ends the walk, and what was listed before it counts.

use super::entry::{CENTRAL_FIXED, CENTRAL_SIGNATURE, Header, central_fixed};
use super::extra::{Extra, Wide};
use crate::bundle::source::Source;
use memchr::memmem;
use nom::IResult;
use nom::Parser;
use nom::bytes::complete::{tag, take};
use nom::number::complete::{le_u16, le_u32, le_u64};
use std::io::{self, BufReader, Read};

/// Signature of the end record (APPNOTE 4.3.16).
const END_SIGNATURE: &[u8] = b"PK\x05\x06";
const END_LEN: usize = 22;
/// Signature and length of the zip64 end locator (4.3.15), right before the end record.
const LOCATOR_SIGNATURE: &[u8] = b"PK\x06\x07";
const LOCATOR_LEN: usize = 20;
/// Signature and fixed length of the zip64 end record (4.3.14).
const END64_SIGNATURE: &[u8] = b"PK\x06\x06";
const END64_LEN: usize = 56;

/// How far from the end the end record is searched: the longest comment, and as much
/// again for bytes that a transfer appended.
const END_SEARCH: u64 = 2 * 65_536 + END_LEN as u64;
/// The end record of nearly every archive lies in its last bytes: these are read first.
const NEAR_END: u64 = 1 << 10;

/// End record signatures tried, the last first. A comment may hold a few by chance; more
/// are made to cost time.
const END_CANDIDATES: usize = 64;

/// Directory bytes that are read: 640 for each of the default 200,000 entries. It bounds
/// the memory that a directory of 64 KiB names takes.
const MAX_DIRECTORY_BYTES: u64 = 128 << 20;

/// The directory of one archive.
pub(super) struct Directory {
    pub headers: Vec<Header>,
    /// Entries that the end record states.
    pub stated: u64,
    stated_is_16_bit: bool,
    /// Where the walk met something that is no header, if it did.
    pub broken_at: Option<u64>,
    pub cut_by_limit: bool,
    /// Bytes before the archive proper.
    pub leading: u64,
    /// Bytes behind it.
    pub trailing: u64,
    /// The archive is one volume of several.
    pub split: bool,
}

impl Directory {
    /// Whether `found` entries agree with the end record; without zip64 it counts to
    /// 65,535 and some tools let it wrap.
    pub(super) fn counts(&self, found: u64) -> bool {
        self.stated == found || (self.stated_is_16_bit && self.stated == found & 0xffff)
    }
}

/// What the end records say of the directory.
struct End {
    stated: u64,
    stated_is_16_bit: bool,
    size: u64,
    offset: u64,
    split: bool,
    /// Where the directory must end in the file.
    directory_end: u64,
    /// Where the end record itself ends.
    end: u64,
}

/// Finds and walks the directory, up to `limit` headers. `None` where there is none.
pub(super) fn read(file: &Source, limit: usize) -> io::Result<Option<Directory>> {
    match search(file, NEAR_END, limit)? {
        // Further away lies only what the longer search would have come to later.
        None if file.len() > NEAR_END => search(file, END_SEARCH, limit),
        found => Ok(found),
    }
}

/// As [`read`], with an end record in the last `within` bytes.
fn search(file: &Source, within: u64, limit: usize) -> io::Result<Option<Directory>> {
    let from = file.len().saturating_sub(within);
    let tail = file.bytes_at(from, within as usize)?;
    let candidates = memmem::rfind_iter(&tail, END_SIGNATURE).take(END_CANDIDATES);
    for at in candidates {
        let Some(end) = parse_end(file, &tail, at, from)? else {
            continue;
        };
        if end.split {
            return Ok(Some(empty(&end)));
        }
        if let Some(start) = directory_start(file, &end)? {
            return walk(file, &end, start, limit).map(Some);
        }
    }
    Ok(None)
}

fn empty(end: &End) -> Directory {
    Directory {
        headers: Vec::new(),
        stated: end.stated,
        stated_is_16_bit: end.stated_is_16_bit,
        broken_at: None,
        cut_by_limit: false,
        leading: 0,
        trailing: 0,
        split: end.split,
    }
}

/// Where the directory begins: where its size says, counted back from its end, or at its
/// stated offset, whichever has a header there.
fn directory_start(file: &Source, end: &End) -> io::Result<Option<u64>> {
    let by_size = end.directory_end.checked_sub(end.size);
    if end.size == 0 && end.stated == 0 {
        return Ok(by_size);
    }
    for start in [by_size, Some(end.offset)].into_iter().flatten() {
        if start < end.directory_end && file.bytes_at(start, 4)? == CENTRAL_SIGNATURE {
            return Ok(Some(start));
        }
    }
    Ok(None)
}

fn walk(file: &Source, end: &End, start: u64, limit: usize) -> io::Result<Directory> {
    let leading = start.saturating_sub(end.offset);
    let mut directory = Directory {
        leading,
        trailing: file.len().saturating_sub(end.end),
        ..empty(end)
    };
    let mut input = BufReader::new(file.range(start, end.directory_end.saturating_sub(start)));
    let mut at = start;
    while at < end.directory_end {
        let walked = at.saturating_sub(start);
        if directory.headers.len() >= limit || walked > MAX_DIRECTORY_BYTES {
            directory.cut_by_limit = true;
            break;
        }
        match header(&mut input, leading)? {
            Some((header, len)) => {
                directory.headers.push(header);
                at = at.saturating_add(len);
            }
            None => {
                directory.broken_at = Some(at);
                break;
            }
        }
    }
    Ok(directory)
}

/// The next directory header and its length, or nothing where none stands.
fn header(input: &mut impl Read, leading: u64) -> io::Result<Option<(Header, u64)>> {
    let fixed = read_up_to(input, CENTRAL_FIXED)?;
    let Ok((_, parsed)) = central_fixed(&fixed) else {
        return Ok(None);
    };
    let name = read_up_to(input, usize::from(parsed.name_len))?;
    let extra = read_up_to(input, usize::from(parsed.extra_len))?;
    let comment = read_up_to(input, usize::from(parsed.comment_len))?;
    let lens = [parsed.name_len, parsed.extra_len, parsed.comment_len].map(usize::from);
    if [name.len(), extra.len(), comment.len()] != lens {
        return Ok(None);
    }
    let mut header = Header {
        stored_name: name,
        extra: Extra::parse(&extra),
        ..parsed.header
    };
    let mut unpacked = header.unpacked.unwrap_or(0);
    let wide = Wide {
        unpacked: &mut unpacked,
        packed: &mut header.packed,
        at: Some(&mut header.at),
    };
    header.extra.widen(wide);
    header.unpacked = Some(unpacked);
    header.at = header.at.saturating_add(leading);
    let len = CENTRAL_FIXED + lens.iter().sum::<usize>();
    Ok(Some((header, len as u64)))
}

fn read_up_to(input: &mut impl Read, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(len as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The end record at `at` of the file's `tail`, which begins at `from`, with its zip64
/// companion where it has one.
fn parse_end(file: &Source, tail: &[u8], at: usize, from: u64) -> io::Result<Option<End>> {
    let record = tail.get(at..).unwrap_or_default();
    let position = from.saturating_add(at as u64);
    let Ok((_, end)) = end_record(record, position) else {
        return Ok(None);
    };
    if end.end > file.len() {
        return Ok(None);
    }
    let locator_at = position.checked_sub(LOCATOR_LEN as u64);
    let Some(locator_at) = locator_at else {
        return Ok(Some(end));
    };
    let locator = file.bytes_at(locator_at, LOCATOR_LEN)?;
    let Ok((_, stated)) = locator_record(&locator) else {
        return Ok(Some(end));
    };
    let adjacent = locator_at.checked_sub(END64_LEN as u64);
    for at in [Some(stated), adjacent].into_iter().flatten() {
        if let Ok((_, end64)) = end64_record(&file.bytes_at(at, END64_LEN)?, at) {
            return Ok(Some(End {
                end: end.end,
                ..end64
            }));
        }
    }
    Ok(Some(end))
}

fn end_record(input: &[u8], position: u64) -> IResult<&[u8], End> {
    let (input, _) = tag(END_SIGNATURE)(input)?;
    let (input, (disk, first_disk, _here, stated)) =
        (le_u16, le_u16, le_u16, le_u16).parse(input)?;
    let (input, (size, offset, comment_len)) = (le_u32, le_u32, le_u16).parse(input)?;
    let end = End {
        stated: u64::from(stated),
        stated_is_16_bit: true,
        size: u64::from(size),
        offset: u64::from(offset),
        split: (disk, first_disk) != (0, 0) && disk != u16::MAX,
        directory_end: position,
        end: position.saturating_add(END_LEN as u64 + u64::from(comment_len)),
    };
    Ok((input, end))
}

/// The offset of the zip64 end record that the locator states.
fn locator_record(input: &[u8]) -> IResult<&[u8], u64> {
    let (input, _) = tag(LOCATOR_SIGNATURE)(input)?;
    let (input, (_disk, offset)) = (le_u32, le_u64).parse(input)?;
    Ok((input, offset))
}

fn end64_record(input: &[u8], position: u64) -> IResult<&[u8], End> {
    let (input, _) = tag(END64_SIGNATURE)(input)?;
    // Record size and the two versions.
    let (input, _) = take(12_usize)(input)?;
    let (input, (disk, first_disk, _here)) = (le_u32, le_u32, le_u64).parse(input)?;
    let (input, (stated, size, offset)) = (le_u64, le_u64, le_u64).parse(input)?;
    let end = End {
        stated,
        stated_is_16_bit: false,
        size,
        offset,
        split: (disk, first_disk) != (0, 0),
        directory_end: position,
        end: position,
    };
    Ok((input, end))
}
