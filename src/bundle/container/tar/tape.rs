//! The bytes of a tar archive, passed once for its list and again for its contents.

use super::{BLOCK, BLOCK_LEN};
use crate::bundle::container::packed::{Guard, Packing};
use crate::bundle::container::solid::Reel;
use crate::bundle::container::{Feed, Opening};
use crate::bundle::limits::Limits;
use crate::bundle::reader::{ReadErrorKind, ReadFault};
use crate::bundle::source::Source;
use std::io::{self, Read};

/// Bytes that are passed at once.
const CHUNK: usize = 64 << 10;

/// The archive as a reel.
pub(super) struct TarReel {
    feed: Feed,
    packing: Option<Packing>,
    packed: u64,
    limits: Limits,
}

impl TarReel {
    pub(super) fn new(feed: Feed, packing: Option<Packing>, opening: &Opening<'_>) -> Self {
        TarReel {
            feed,
            packing,
            packed: opening.packed,
            limits: opening.limits.clone(),
        }
    }

    /// For the pass that lists.
    pub(super) fn tape(&self) -> Result<Tape, ReadErrorKind> {
        Ok(Tape {
            input: match self.source() {
                Some(source) => Input::Plain(source.clone()),
                None => Input::Stream(self.open()?),
            },
            at: 0,
        })
    }
}

impl Reel for TarReel {
    fn open(&self) -> Result<Box<dyn Read + Send>, ReadErrorKind> {
        let packed = self.feed.open()?;
        let plain = match self.packing {
            Some(packing) => packing.unpack(packed),
            None => packed,
        };
        Ok(Box::new(Guard::new(plain, self.packed, &self.limits)))
    }

    fn source(&self) -> Option<&Source> {
        match self.packing {
            Some(_) => None,
            None => self.feed.source(),
        }
    }
}

enum Input {
    Plain(Source),
    Stream(Box<dyn Read + Send>),
}

/// The archive while it is listed.
pub(super) struct Tape {
    input: Input,
    at: u64,
}

impl Tape {
    /// Bytes passed so far.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn has_random_access(&self) -> bool {
        matches!(self.input, Input::Plain(_))
    }

    /// The next block; nothing at the end.
    pub(super) fn block(&mut self) -> Result<Option<[u8; BLOCK]>, ReadFault> {
        let mut block = [0; BLOCK];
        match self.fill(&mut block)? {
            0 => Ok(None),
            BLOCK => Ok(Some(block)),
            _ => Err(ReadFault::Truncated),
        }
    }

    /// Reads until `buf` is full or the end is met; says how far.
    fn fill(&mut self, buf: &mut [u8]) -> Result<usize, ReadFault> {
        let mut filled = 0;
        while let Some(rest) = buf.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let outcome = match &mut self.input {
                Input::Plain(source) => source.range(self.at, rest.len() as u64).read(rest),
                Input::Stream(stream) => stream.read(rest),
            };
            match outcome {
                Ok(0) => break,
                Ok(count) => {
                    filled += count;
                    self.at = self.at.saturating_add(count as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ReadFault::of(&error)),
            }
        }
        Ok(filled)
    }

    /// Passes `len` bytes by `sink`.
    pub(super) fn pass(&mut self, len: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), ReadFault> {
        let mut chunk = vec![0; usize::try_from(len).unwrap_or(CHUNK).min(CHUNK)];
        let mut left = len;
        while left > 0 {
            let room = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            let count = match chunk.get_mut(..room) {
                Some(part) => self.fill(part)?,
                None => 0,
            };
            sink(chunk.get(..count).unwrap_or_default());
            left = left.saturating_sub(count as u64);
            if count < room {
                return Err(ReadFault::Truncated);
            }
        }
        Ok(())
    }

    /// Passes `len` bytes.
    pub(super) fn skip(&mut self, len: u64) -> Result<(), ReadFault> {
        let Input::Plain(source) = &self.input else {
            return self.pass(len, &mut |_| {});
        };
        let (end, there) = (self.at.saturating_add(len), source.len());
        self.at = end.min(there);
        if end > there {
            return Err(ReadFault::Truncated);
        }
        Ok(())
    }

    /// Reads a stream to its end, where checksums stand.
    pub(super) fn drain(&mut self) -> Result<(), ReadFault> {
        if self.has_random_access() {
            return Ok(());
        }
        let at = self.at;
        self.left_behind(at).map(|_| ())
    }

    /// How many bytes there are from `at` to the end.
    pub(super) fn left_behind(&mut self, at: u64) -> Result<u64, ReadFault> {
        if let Input::Plain(source) = &self.input {
            return Ok(source.len().saturating_sub(at));
        }
        let mut chunk = [0; BLOCK];
        while self.fill(&mut chunk)? as u64 == BLOCK_LEN {}
        Ok(self.at.saturating_sub(at))
    }
}
