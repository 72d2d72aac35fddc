//! The headers of a cabinet: its folders and files ([MS-CAB] 2.1 to 2.4).

use nom::IResult;
use nom::Parser;
use nom::bytes::complete::{tag, take, take_till};
use nom::number::complete::{le_u8, le_u16, le_u32};

/// Signature, and four bytes that are zero.
pub(super) const SIGNATURE: &[u8] = b"MSCF\0\0\0\0";

/// Flags of the header.
const HAS_PREVIOUS: u16 = 1;
const HAS_NEXT: u16 = 2;
const HAS_RESERVE: u16 = 4;

/// Folder numbers of files that lie in several cabinets of a set.
pub(super) const FROM_PREVIOUS: u16 = 0xfffd;
pub(super) const INTO_NEXT: u16 = 0xfffe;
pub(super) const FROM_PREVIOUS_INTO_NEXT: u16 = 0xffff;

/// A cabinet's headers.
#[derive(Debug)]
pub(super) struct Cabinet {
    /// Where the file headers begin.
    pub files_at: u32,
    pub files: u16,
    pub has_previous: bool,
    pub has_next: bool,
    /// Reserved bytes before each block's data.
    pub block_reserve: u8,
    pub folders: Vec<Folder>,
}

/// A run of bytes, packed in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Folder {
    /// Where its blocks begin.
    pub at: u32,
    pub blocks: u16,
    pub packing: u16,
}

/// A file, as its header has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File {
    pub size: u32,
    /// Where it begins in its folder's bytes.
    pub offset: u32,
    pub folder: u16,
    pub date: u16,
    pub time: u16,
    pub name: Vec<u8>,
}

/// Reads the header and those of the folders.
pub(super) fn cabinet(input: &[u8]) -> IResult<&[u8], Cabinet> {
    let (input, _) = tag(SIGNATURE)(input)?;
    // Size of the cabinet, which is not needed, and a reserved field.
    let (input, _) = take(8_usize)(input)?;
    // Reserved again, and the version.
    let (input, (files_at, _, _)) = (le_u32, le_u32, le_u16).parse(input)?;
    let (input, (folders, files, flags)) = (le_u16, le_u16, le_u16).parse(input)?;
    // Number of the set and of the cabinet in it.
    let (input, _) = take(4_usize)(input)?;
    let (mut input, mut reserves) = (input, (0, 0, 0));
    if flags & HAS_RESERVE != 0 {
        (input, reserves) = (le_u16, le_u8, le_u8).parse(input)?;
    }
    let (header_reserve, folder_reserve, block_reserve) = reserves;
    let (mut input, _) = take(header_reserve)(input)?;
    for flag in [HAS_PREVIOUS, HAS_NEXT] {
        if flags & flag != 0 {
            // The other cabinet's file and disk.
            (input, _) = (text, text).parse(input)?;
        }
    }
    let mut all = Vec::new();
    for _ in 0..folders {
        let parts = (le_u32, le_u16, le_u16, take(folder_reserve));
        let (rest, (at, blocks, packing, _)) = { parts }.parse(input)?;
        input = rest;
        all.push(Folder {
            at,
            blocks,
            packing,
        });
    }
    let cabinet = Cabinet {
        files_at,
        files,
        has_previous: flags & HAS_PREVIOUS != 0,
        has_next: flags & HAS_NEXT != 0,
        block_reserve,
        folders: all,
    };
    Ok((input, cabinet))
}

/// Reads the next file's header.
pub(super) fn file(input: &[u8]) -> IResult<&[u8], File> {
    let (input, (size, offset, folder)) = (le_u32, le_u32, le_u16).parse(input)?;
    // Attributes say nothing that is of use here.
    let (input, (date, time, _)) = (le_u16, le_u16, le_u16).parse(input)?;
    let (input, name) = text(input)?;
    let file = File {
        size,
        offset,
        folder,
        date,
        time,
        name: name.to_vec(),
    };
    Ok((input, file))
}

/// Bytes ended by a NUL.
fn text(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let (input, text) = take_till(|byte| byte == 0)(input)?;
    let (input, _) = tag(&b"\0"[..])(input)?;
    Ok((input, text))
}
