//! A folder's blocks, unpacked one after the other ([MS-CAB] 2.5, 3.1).

use crate::bundle::reader::ReadFault;
use crate::bundle::source::Source;
use flate2::{Decompress, FlushDecompress};
use lzxd::{Lzxd, WindowSize};
use std::io::{self, Read};

/// Header of a block: checksum, packed and unpacked length.
const HEADER: usize = 8;
/// What a block unpacks to at most, and what MSZIP refers back to.
const BLOCK: usize = 32 << 10;

/// How a folder is packed; the low four bits of its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Stored,
    MsZip,
    Lzx(WindowSize),
}

impl Packing {
    /// `None` for Quantum, and for what is unknown.
    pub(super) fn of(field: u16) -> Option<Packing> {
        match (field & 0x0f, field >> 8 & 0x1f) {
            (0, _) => Some(Packing::Stored),
            (1, _) => Some(Packing::MsZip),
            (3, 15) => Some(Packing::Lzx(WindowSize::KB32)),
            (3, 16) => Some(Packing::Lzx(WindowSize::KB64)),
            (3, 17) => Some(Packing::Lzx(WindowSize::KB128)),
            (3, 18) => Some(Packing::Lzx(WindowSize::KB256)),
            (3, 19) => Some(Packing::Lzx(WindowSize::KB512)),
            (3, 20) => Some(Packing::Lzx(WindowSize::MB1)),
            (3, 21) => Some(Packing::Lzx(WindowSize::MB2)),
            _ => None,
        }
    }
}

enum Decoder {
    Stored,
    /// And the block before.
    MsZip(Decompress, Vec<u8>),
    Lzx(Box<Lzxd>),
}

/// The unpacked bytes of a folder.
pub(super) struct Blocks {
    source: Source,
    at: u64,
    left: u16,
    reserve: u8,
    decoder: Decoder,
    plain: Vec<u8>,
    taken: usize,
}

impl Blocks {
    /// `left` blocks of `source` from `at`.
    pub(super) fn new(source: Source, at: u64, left: u16, reserve: u8, packing: Packing) -> Self {
        Blocks {
            source,
            at,
            left,
            reserve,
            decoder: match packing {
                Packing::Stored => Decoder::Stored,
                Packing::MsZip => Decoder::MsZip(Decompress::new(false), Vec::new()),
                Packing::Lzx(window) => Decoder::Lzx(Box::new(Lzxd::new(window))),
            },
            plain: Vec::new(),
            taken: 0,
        }
    }

    /// Unpacks the next block.
    fn advance(&mut self) -> io::Result<()> {
        let header = self.source.bytes_at(self.at, HEADER)?;
        let field = |at: usize| Some(u16::from_le_bytes(*header.get(at..)?.first_chunk()?));
        let sum = header.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
        let (Some(sum), Some(packed), Some(unpacked)) = (sum, field(4), field(6)) else {
            return Err(ReadFault::Truncated.into());
        };
        let skip = HEADER as u64 + u64::from(self.reserve);
        let data = self.source.bytes_at(self.at + skip, usize::from(packed))?;
        if data.len() < usize::from(packed) {
            return Err(ReadFault::Truncated.into());
        }
        let lengths = header.get(4..).unwrap_or_default();
        // Zero stands for "none was made".
        if sum != 0 && sum != checksum(lengths, checksum(&data, 0)) {
            return Err(ReadFault::ChecksumMismatch.into());
        }
        // A block that goes on in the next cabinet unpacks to nothing here.
        if unpacked == 0 && packed > 0 {
            return Err(ReadFault::Truncated.into());
        }
        self.plain = self.unpack(data, usize::from(unpacked))?;
        self.taken = 0;
        self.at = self
            .at
            .saturating_add(skip)
            .saturating_add(u64::from(packed));
        self.left = self.left.saturating_sub(1);
        Ok(())
    }

    fn unpack(&mut self, data: Vec<u8>, unpacked: usize) -> io::Result<Vec<u8>> {
        let plain = match &mut self.decoder {
            Decoder::Stored => data,
            Decoder::MsZip(inflate, before) => {
                let data = data.strip_prefix(b"CK").ok_or(ReadFault::Damaged)?;
                inflate.reset(false);
                if !before.is_empty() {
                    inflate
                        .set_dictionary(before)
                        .map_err(|_| ReadFault::Damaged)?;
                }
                let mut plain = Vec::with_capacity(unpacked.min(BLOCK));
                inflate
                    .decompress_vec(data, &mut plain, FlushDecompress::Finish)
                    .map_err(|_| ReadFault::Damaged)?;
                before.clone_from(&plain);
                plain
            }
            Decoder::Lzx(decoder) => {
                let plain = decoder.decompress_next(&data, unpacked);
                plain.map_err(|_| ReadFault::Damaged)?.to_vec()
            }
        };
        match plain.len() == unpacked {
            true => Ok(plain),
            false => Err(ReadFault::Damaged.into()),
        }
    }
}

impl Read for Blocks {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.taken >= self.plain.len() && self.left > 0 {
            self.advance()?;
        }
        let mut rest = self.plain.get(self.taken..).unwrap_or_default();
        let count = rest.read(buf)?;
        self.taken = self.taken.saturating_add(count);
        Ok(count)
    }
}

/// Exclusive or of little-endian words; what is left at the end counts the other way round.
fn checksum(bytes: &[u8], seed: u32) -> u32 {
    let words = bytes.chunks_exact(4);
    let rest = words.remainder();
    let sum = words
        .filter_map(|word| word.first_chunk())
        .fold(seed, |sum, word| sum ^ u32::from_le_bytes(*word));
    sum ^ rest
        .iter()
        .fold(0, |value, &byte| value << 8 | u32::from(byte))
}
