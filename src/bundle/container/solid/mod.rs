//! Containers without random access: entries lie behind each other in streams that
//! unpack from their beginning only (a `.tar.gz` is one such stream, a `.7z` or `.cab`
//! has one for each of its folders).
//!
//! ```text
//! reel 0   ├── entry 0 ──┤├ 1 ┤├────── entry 2 ──────┤├ 3 ┤        slots: reel, offset, length
//! reel 1   ├ 4 ┤├───────── entry 5 ─────────┤
//! ```
//! Nothing is written to disk, so what was unpacked once must be kept in memory or be
//! unpacked again. The pass that lists the container reads every stream once and keeps
//! the content of its entries, recompressed, as far as a budget goes
//! ([`Limits::memory_bytes`](crate::bundle::Limits::memory_bytes)), and the first bytes of
//! the others. Opening what was kept costs no more than in a zip archive. What was not kept is unpacked again from the
//! nearest place: a reader that is done leaves its stream behind for the next one
//! ([`Garage`]), so reading on in the container's order goes over each stream once.
//!
//! With `S` unpacked bytes of a stream, `n` entries and `u` entries that were not kept:
//! - time: listing is one pass, O(S). Opening a kept entry is O(its size). Opening one that
//!   was not kept is O(S) at worst; all of them in order O(S), in any order O(u·S). Logs
//!   shrink some 15 times, so the default budget holds 4 GB of them, and u = 0 below that;
//! - memory: the budget, one decoder for each open reader, `PARKED` decoders, O(n).
//!
//! Where a reel is no stream but plain bytes of a [`Source`] (a `.tar` on disk, a stored
//! block of a `.7z`), entries are ranges of it and none of this is needed.

mod keep;
mod pieces;

pub(in crate::bundle) use keep::Hoard;
pub(super) use keep::{Keeper, keep_all};
pub(in crate::bundle) use pieces::Garage;
pub(super) use pieces::Piece;

use super::Container;
use crate::bundle::reader::{ReadErrorKind, ReadFault};
use crate::bundle::source::Source;
use keep::Kept;
use pieces::{Pieces, ReelId, Tape};
use std::io::{self, Cursor, Read};
use std::sync::Arc;

/// A stream that can be read from its beginning as often as needed.
pub(super) trait Reel: Send + Sync {
    /// The stream from its beginning.
    fn open(&self) -> Result<Box<dyn Read + Send>, ReadErrorKind>;

    /// The same bytes with random access, where there is one.
    fn source(&self) -> Option<&Source> {
        None
    }
}

/// Where an entry's content lies.
pub(super) struct Slot {
    /// Which reel.
    pub reel: usize,
    /// The parts of it, in order.
    pub pieces: Vec<Piece>,
    /// CRC-32 of the content, where the container has one.
    pub crc: Option<u32>,
    /// Its content, if it was kept.
    pub kept: Option<Kept>,
    /// Otherwise its first bytes, if they were.
    pub head: Option<Arc<[u8]>>,
    /// Why it cannot be opened, if it cannot.
    pub refused: Option<ReadErrorKind>,
}

impl Slot {
    /// Content in one run.
    pub(super) fn run(reel: usize, offset: u64, len: u64) -> Slot {
        Slot {
            reel,
            pieces: vec![Piece::Bytes { offset, len }],
            crc: None,
            kept: None,
            head: None,
            refused: None,
        }
    }

    /// No content.
    pub(super) fn empty() -> Slot {
        Slot {
            kept: Some(Kept::nothing()),
            ..Slot::run(0, 0, 0)
        }
    }

    /// Where its content lies if that is one run: offset and length.
    fn as_run(&self) -> Option<(u64, u64)> {
        match self.pieces.as_slice() {
            [Piece::Bytes { offset, len }] => Some((*offset, *len)),
            _ => None,
        }
    }

    /// Nothing that can be opened.
    pub(super) fn refused(why: ReadErrorKind) -> Slot {
        Slot {
            refused: Some(why),
            ..Slot::run(0, 0, 0)
        }
    }
}

/// A container of reels and of slots on them.
pub(super) struct Solid {
    reels: Vec<Arc<dyn Reel>>,
    slots: Vec<Slot>,
    garage: Arc<Garage>,
    /// This container's number in the garage.
    owner: usize,
}

impl Solid {
    /// A container whose streams are left behind in `garage`.
    pub(super) fn new(reels: Vec<Arc<dyn Reel>>, slots: Vec<Slot>, garage: Arc<Garage>) -> Self {
        Solid {
            owner: garage.owner(),
            reels,
            slots,
            garage,
        }
    }
}

impl Container for Solid {
    fn open(&self, index: usize) -> Result<Box<dyn Read + Send>, ReadErrorKind> {
        let slot = self.slots.get(index).ok_or(ReadErrorKind::UnknownId)?;
        if let Some(why) = slot.refused {
            return Err(why);
        }
        if let Some(kept) = &slot.kept {
            return Ok(Box::new(kept.open()));
        }
        let reel = self.reels.get(slot.reel).ok_or(ReadErrorKind::UnknownId)?;
        let rest = Rest {
            reel: Arc::clone(reel),
            place: (self.owner, slot.reel),
            pieces: slot.pieces.clone(),
            garage: Arc::clone(&self.garage),
        };
        let content: Box<dyn Read + Send> = match &slot.head {
            Some(head) => Box::new(Headed::new(Arc::clone(head), rest)),
            None => Box::new(rest.open()?),
        };
        Ok(match slot.crc {
            Some(crc) => Box::new(Checked::new(content, crc)),
            None => content,
        })
    }

    fn source(&self, index: usize) -> Option<Source> {
        let slot = self.slots.get(index)?;
        let source = self.reels.get(slot.reel)?.source()?;
        match (slot.refused, slot.pieces.as_slice()) {
            (None, [Piece::Bytes { offset, len }]) => Some(source.section(*offset, *len)),
            _ => None,
        }
    }
}

/// What is needed to read pieces of a reel.
struct Rest {
    reel: Arc<dyn Reel>,
    place: ReelId,
    pieces: Vec<Piece>,
    garage: Arc<Garage>,
}

impl Rest {
    fn open(self) -> Result<Pieces, ReadErrorKind> {
        let tape = match self.reel.source() {
            Some(source) => Tape::Plain(source.clone()),
            None => {
                let from = pieces::first_offset(&self.pieces);
                let (stream, at) = match self.garage.take(self.place, from) {
                    Some(parked) => parked,
                    None => (self.reel.open()?, 0),
                };
                Tape::stream(self.place, stream, at, self.garage)
            }
        };
        Ok(Pieces::new(tape, self.pieces))
    }
}

/// Content whose first bytes were kept: the stream is opened by who reads on.
enum Headed {
    Head(Cursor<Arc<[u8]>>, Option<Rest>),
    Rest(Pieces),
}

impl Headed {
    fn new(head: Arc<[u8]>, mut rest: Rest) -> Self {
        if let [Piece::Bytes { offset, len }] = rest.pieces.as_mut_slice() {
            *offset = offset.saturating_add(head.len() as u64);
            *len = len.saturating_sub(head.len() as u64);
        }
        Headed::Head(Cursor::new(head), Some(rest))
    }
}

impl Read for Headed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Headed::Head(head, rest) = self {
            let count = head.read(buf)?;
            if count > 0 || buf.is_empty() {
                return Ok(count);
            }
            let rest = rest.take().ok_or(ReadFault::Damaged)?;
            *self = Headed::Rest(rest.open().map_err(ReadErrorKind::as_fault)?);
        }
        match self {
            Headed::Rest(pieces) => pieces.read(buf),
            Headed::Head(..) => Err(ReadFault::Damaged.into()),
        }
    }
}

/// A stream whose end must fit a CRC-32.
pub(super) struct Checked<R> {
    inner: R,
    crc: flate2::Crc,
    expected: u32,
}

impl<R> Checked<R> {
    pub(super) fn new(inner: R, expected: u32) -> Self {
        Checked {
            inner,
            crc: flate2::Crc::new(),
            expected,
        }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buf)?;
        self.crc.update(buf.get(..count).unwrap_or_default());
        if count == 0 && !buf.is_empty() && self.crc.sum() != self.expected {
            return Err(ReadFault::ChecksumMismatch.into());
        }
        Ok(count)
    }
}
