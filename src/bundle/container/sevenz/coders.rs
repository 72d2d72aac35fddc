//! From a folder's packed streams to its bytes: its coders, put one behind the other.

use super::cipher::{self, Key};
use super::folder::{Coder, Folder};
use crate::bundle::container::packed::{Fenced, MAX_WINDOW, Packing, Watched};
use crate::bundle::reader::{ReadErrorKind, ReadFault};
use crate::bundle::source::Source;
use lzma_rust2::filter::bcj::BcjReader;
use lzma_rust2::filter::bcj2::Bcj2Reader;
use lzma_rust2::filter::delta::DeltaReader;
use lzma_rust2::{Lzma2Reader, LzmaReader};
use std::io::{BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Methods (`Methods.txt` of the LZMA SDK; zstd as 7-Zip's branches number it).
const COPY: u64 = 0x00;
const DELTA: u64 = 0x03;
const BCJ_X86: [u64; 2] = [0x04, 0x0303_0103];
const BCJ2: u64 = 0x0303_011b;
const PPC: [u64; 2] = [0x05, 0x0303_0205];
const IA64: [u64; 2] = [0x06, 0x0303_0401];
const ARM: [u64; 2] = [0x07, 0x0303_0501];
const ARMT: [u64; 2] = [0x08, 0x0303_0701];
const SPARC: [u64; 2] = [0x09, 0x0303_0805];
const ARM64: u64 = 0x0a;
const LZMA2: u64 = 0x21;
const LZMA: u64 = 0x03_0101;
const DEFLATE: u64 = 0x04_0108;
const BZIP2: u64 = 0x04_0202;
const ZSTD: u64 = 0x04f7_1101;
pub(super) const AES: u64 = 0x06f1_0701;

/// How deep coders may stand behind each other; they are at most 32, and a circle of them
/// must end.
const MAX_DEPTH: usize = 32;

type Stream = Box<dyn Read + Send>;

/// What a folder is unpacked from and with.
pub(super) struct Bench<'a> {
    pub folder: &'a Folder,
    /// The packed streams, in their order.
    pub packed: &'a [Source],
    pub key: Option<&'a Key>,
}

/// Whether all methods of a folder are read; if not, which is not.
pub(super) fn unread(folder: &Folder) -> Option<u64> {
    let known = |coder: &&Coder| {
        let one = coder.inputs == 1;
        match coder.method {
            BCJ2 => coder.inputs == 4,
            COPY | DELTA | ARM64 | LZMA2 | LZMA | DEFLATE | BZIP2 | ZSTD | AES => one,
            method => one && branches(method).is_some(),
        }
    };
    folder
        .coders
        .iter()
        .find(|coder| !known(coder))
        .map(|coder| coder.method)
}

/// Whether a folder is nothing but its packed bytes.
pub(super) fn is_plain(folder: &Folder) -> bool {
    matches!(
        folder.coders.as_slice(),
        [Coder {
            method: COPY,
            inputs: 1,
            ..
        }]
    )
}

/// Whether a folder is encrypted.
pub(super) fn is_encrypted(folder: &Folder) -> bool {
    folder.coders.iter().any(|coder| coder.method == AES)
}

type Branches = fn(Stream, usize) -> BcjReader<Stream>;

/// The filters of jumps and calls.
fn branches(method: u64) -> Option<Branches> {
    let known: [([u64; 2], Branches); 6] = [
        (BCJ_X86, BcjReader::new_x86),
        (PPC, BcjReader::new_ppc),
        (IA64, BcjReader::new_ia64),
        (ARM, BcjReader::new_arm),
        (ARMT, BcjReader::new_arm_thumb),
        (SPARC, BcjReader::new_sparc),
    ];
    let found = known.iter().find(|(ids, _)| ids.contains(&method));
    found.map(|(_, make)| *make)
}

impl Bench<'_> {
    /// The folder's bytes.
    pub(super) fn open(&self) -> Result<Stream, ReadErrorKind> {
        let last = self.folder.last_coder().ok_or(BROKEN)?;
        self.coder(last, 0)
    }

    /// What a coder gives.
    fn coder(&self, index: usize, depth: usize) -> Result<Stream, ReadErrorKind> {
        let coder = self.folder.coders.get(index).ok_or(BROKEN)?;
        if depth > MAX_DEPTH {
            return Err(BROKEN);
        }
        let before = self.folder.coders.get(..index).unwrap_or_default();
        let first: usize = before.iter().map(|coder| coder.inputs).sum();
        let inputs: Result<Vec<Stream>, ReadErrorKind> = (first..first + coder.inputs)
            .map(|input| self.input(input, depth + 1))
            .collect();
        let size = self.folder.sizes.get(index).copied().unwrap_or(0);
        let output = self.decoder(coder, size, inputs?)?;
        // What is behind the stated size is padding.
        Ok(Box::new(output.take(size)))
    }

    /// What goes into an input: what another coder gives, or packed bytes.
    fn input(&self, input: usize, depth: usize) -> Result<Stream, ReadErrorKind> {
        if let Some((_, from)) = self.folder.bonds.iter().find(|(to, _)| *to == input) {
            return self.coder(*from, depth);
        }
        let nth = self.folder.packed.iter().position(|to| *to == input);
        let source = nth.and_then(|nth| self.packed.get(nth)).ok_or(BROKEN)?;
        Ok(Box::new(source.range(0, source.len())))
    }

    fn decoder(
        &self,
        coder: &Coder,
        size: u64,
        mut inputs: Vec<Stream>,
    ) -> Result<Stream, ReadErrorKind> {
        let properties = coder.properties.as_slice();
        if coder.method == BCJ2 {
            let decoder = Bcj2Reader::new(inputs, size);
            return Ok(Box::new(Fenced::new(decoder, Arc::<AtomicBool>::default())));
        }
        let input = inputs.pop().ok_or(BROKEN)?;
        if coder.method == COPY {
            return Ok(input);
        }
        if coder.method == ZSTD {
            return Ok(Packing::Zstd.unpack(input));
        }
        if coder.method == BZIP2 {
            return Ok(Packing::Bzip2.unpack(input));
        }
        if coder.method == AES {
            let key = self.key.ok_or(BROKEN)?;
            return Ok(Box::new(
                cipher::Deciphered::new(input, properties, key).ok_or(BROKEN)?,
            ));
        }
        let (input, ended) = Watched::new(input);
        let input: Stream = Box::new(BufReader::with_capacity(64 << 10, input));
        Ok(match coder.method {
            LZMA => {
                let (lc, dict) = properties.split_first().ok_or(BROKEN)?;
                let dict = u32::from_le_bytes(*dict.first_chunk().ok_or(BROKEN)?);
                let dict = window(dict, size)?;
                let props = *lc;
                let make = move || LzmaReader::new_with_props(input, size, props, dict, None);
                Box::new(Fenced::new(Later::new(make), ended))
            }
            LZMA2 => {
                let dict = window(lzma2_window(properties).ok_or(BROKEN)?, size)?;
                Box::new(Fenced::new(Lzma2Reader::new(input, dict, None), ended))
            }
            DEFLATE => {
                let decoder = flate2::bufread::DeflateDecoder::new(BufReader::new(input));
                Box::new(Fenced::new(decoder, ended))
            }
            DELTA => {
                let distance = usize::from(properties.first().copied().unwrap_or(0)) + 1;
                Box::new(Fenced::new(DeltaReader::new(input, distance), ended))
            }
            ARM64 => Box::new(Fenced::new(BcjReader::new_arm64(input, 0), ended)),
            method => {
                let make = branches(method).ok_or(ReadErrorKind::UnsupportedCoder { method })?;
                Box::new(Fenced::new(make(input, 0), ended))
            }
        })
    }
}

/// A folder whose coders do not fit together.
const BROKEN: ReadErrorKind = ReadErrorKind::Faulty(ReadFault::Damaged);

/// The dictionary that a stated one comes to: no more than there is to unpack, and no more
/// than is given to it.
fn window(stated: u32, size: u64) -> Result<u32, ReadErrorKind> {
    /// The smallest that LZMA has.
    const LEAST: u32 = 4096;
    let needed = u32::try_from(size).unwrap_or(u32::MAX).max(LEAST);
    let window = stated.min(needed);
    if window > MAX_WINDOW {
        let allowed = u64::from(MAX_WINDOW);
        return Err(ReadErrorKind::Faulty(ReadFault::NeedsMemory { allowed }));
    }
    Ok(window)
}

/// LZMA2 states its dictionary in one byte: 2 or 3, times a power of two.
fn lzma2_window(properties: &[u8]) -> Option<u32> {
    match properties {
        [40] => Some(u32::MAX),
        [byte @ 0..40] => Some((2 | u32::from(byte & 1)) << (byte / 2 + 11)),
        _ => None,
    }
}

/// A decoder that is made when it is first read from: making it reads already.
enum Later<F, R> {
    Make(Option<F>),
    Made(R),
}

impl<F: FnOnce() -> std::io::Result<R>, R> Later<F, R> {
    fn new(make: F) -> Self {
        Later::Make(Some(make))
    }
}

impl<F: FnOnce() -> std::io::Result<R>, R: Read> Read for Later<F, R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if let Later::Make(make) = self {
            let make = make.take().ok_or(ReadFault::Damaged)?;
            *self = Later::Made(make()?);
        }
        match self {
            Later::Made(decoder) => decoder.read(buf),
            Later::Make(_) => Err(ReadFault::Damaged.into()),
        }
    }
}
