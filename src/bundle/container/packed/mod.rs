//! Compressed streams: gzip, xz, zstd and bzip2, unpacked from their beginning.
//!
//! None of them can be entered in the middle. Each is a chain of members (frames,
//! streams) that unpack one behind the other, as `cat a.gz b.gz` makes them.
//! [`Packing::unpack`] gives a reader that ends at the first fault, whatever the decoder
//! does: its errors are translated to [`ReadFault`]s, its panics are caught, and its
//! memory is bounded by [`MAX_WINDOW`].

mod fence;
mod gzip;
mod single;
mod zstd;

pub(super) use fence::{Fenced, Guard, Watched};
pub(super) use single::{head, list, unpacked_name};

use crate::bundle::reader::ReadFault;
use crate::bundle::shortage::is_memory_short;
use std::io::{self, BufRead, BufReader, Read};

/// What a decoder may keep of what it unpacked, to refer back to: the largest that the
/// tools make without being told to is 256 MiB (`7z -mx9`); `xz -9` makes 64, `zstd --ultra
/// -22` makes 128.
pub(super) const MAX_WINDOW: u32 = 256 << 20;

/// Packed bytes that are fetched at once.
const CHUNK: usize = 64 << 10;

/// A compressed stream's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Packing {
    /// gzip (RFC 1952).
    Gzip,
    /// xz.
    Xz,
    /// zstd (RFC 8878).
    Zstd,
    /// bzip2.
    Bzip2,
}

impl Packing {
    /// The format whose signature `head` begins with. bzip2's is three letters only, so
    /// its level and the mark of its first block (or of its end) must follow.
    pub(super) fn of(head: &[u8]) -> Option<Packing> {
        const BLOCK: &[u8] = b"\x31\x41\x59\x26\x53\x59";
        const END: &[u8] = b"\x17\x72\x45\x38\x50\x90";
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Packing::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Packing::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packing::Zstd),
            // A skippable frame, which some tools put in front.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Packing::Zstd),
            [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
                if rest.starts_with(BLOCK) || rest.starts_with(END) =>
            {
                Some(Packing::Bzip2)
            }
            _ => None,
        }
    }

    /// The extension that names the format: `gz`, `xz`, `zst`, `bz2`.
    pub const fn extension(self) -> &'static str {
        match self {
            Packing::Gzip => "gz",
            Packing::Xz => "xz",
            Packing::Zstd => "zst",
            Packing::Bzip2 => "bz2",
        }
    }

    /// The unpacked bytes of `input`.
    pub(super) fn unpack(self, input: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        let (input, ended) = fence::Watched::new(input);
        let input = BufReader::with_capacity(CHUNK, input);
        match self {
            Packing::Gzip => Box::new(Fenced::new(gzip::Members::new(input), ended)),
            Packing::Bzip2 => {
                let decoder = bzip2::bufread::MultiBzDecoder::new(input);
                Box::new(Fenced::new(decoder, ended))
            }
            Packing::Xz => {
                const KIB: u32 = 1024;
                let limit = MAX_WINDOW / KIB + KIB;
                let decoder = lzma_rust2::XzReader::new_mem_limit(input, true, limit);
                Box::new(Fenced::new(decoder, ended))
            }
            Packing::Zstd => Box::new(Fenced::new(zstd::Frames::new(input), ended)),
        }
    }
}

/// Whether anything is left to read.
fn at_end(input: &mut impl BufRead) -> io::Result<bool> {
    loop {
        match input.fill_buf() {
            Ok(rest) => return Ok(rest.is_empty()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The fault that a decoder's error stands for; `ended` says that it asked for more
/// packed bytes than there are.
fn fault_of(error: &io::Error, ended: bool) -> ReadFault {
    let fault = ReadFault::of(error);
    let carried = error.get_ref().is_some_and(|inner| inner.is::<ReadFault>());
    // The decoders have no kind of error for this, only words.
    let words = error.to_string().to_lowercase();
    match fault {
        fault if carried => fault,
        // Ours is a limit on the input, so it is met again whatever memory there is.
        _ if words.contains("mem_limit") || words.contains("window") => ReadFault::NeedsMemory {
            allowed: u64::from(MAX_WINDOW),
        },
        ReadFault::OutOfMemory => ReadFault::OutOfMemory,
        _ if words.contains("checksum") || words.contains("crc") => ReadFault::ChecksumMismatch,
        _ if is_memory_short() => ReadFault::OutOfMemory,
        _ if ended => ReadFault::Truncated,
        ReadFault::Io(_) => ReadFault::Damaged,
        fault => fault,
    }
}
