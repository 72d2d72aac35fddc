//! Reading pieces of a stream, and leaving the stream behind for who reads on.

use crate::bundle::reader::ReadFault;
use crate::bundle::source::Source;
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Streams left behind at most: each holds a decoder with its window.
pub(super) const PARKED: usize = 2;

/// Bytes that are skipped at once.
const SKIP: usize = 64 << 10;

/// A part of an entry's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bundle::container) enum Piece {
    /// Bytes of the reel.
    Bytes {
        /// Where they begin.
        offset: u64,
        /// How many.
        len: u64,
    },
    /// Zeros that a sparse file does not store.
    Hole {
        /// How many.
        len: u64,
    },
}

/// Where the first bytes of some pieces lie.
pub(super) fn first_offset(pieces: &[Piece]) -> u64 {
    let bytes = pieces.iter().find_map(|piece| match piece {
        Piece::Bytes { offset, .. } => Some(*offset),
        Piece::Hole { .. } => None,
    });
    bytes.unwrap_or(0)
}

type Stream = Box<dyn Read + Send>;

/// A container of the bundle and one of its reels.
pub(super) type ReelId = (usize, usize);

/// Streams that were left behind, for all containers of a bundle: of which reel they are,
/// how far they were read, and they.
#[derive(Default)]
pub(in crate::bundle) struct Garage {
    parked: Mutex<Vec<(ReelId, u64, Stream)>>,
    owners: AtomicUsize,
}

impl Garage {
    /// A number for a container.
    pub(super) fn owner(&self) -> usize {
        self.owners.fetch_add(1, Ordering::Relaxed)
    }

    /// The stream of `reel` that was read furthest of those that do not lie beyond `offset`.
    pub(super) fn take(&self, reel: ReelId, offset: u64) -> Option<(Stream, u64)> {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        let fits =
            |(_, (of, at, _)): &(usize, &(ReelId, u64, Stream))| *of == reel && *at <= offset;
        let nearest = parked.iter().enumerate().filter(fits);
        let (index, _) = nearest.max_by_key(|(_, (_, at, _))| *at)?;
        let (_, at, stream) = parked.remove(index);
        Some((stream, at))
    }

    /// Leaves a stream behind; the one that waited longest makes room.
    fn park(&self, reel: ReelId, at: u64, stream: Stream) {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        if parked.len() >= PARKED {
            parked.remove(0);
        }
        parked.push((reel, at, stream));
    }
}

/// What pieces are read from.
pub(super) enum Tape {
    /// Bytes with random access.
    Plain(Source),
    /// A stream, read to `at`; `None` once it failed.
    Stream {
        reel: ReelId,
        stream: Option<Stream>,
        at: u64,
        garage: Arc<Garage>,
    },
}

impl Tape {
    pub(super) fn stream(reel: ReelId, stream: Stream, at: u64, garage: Arc<Garage>) -> Self {
        Tape::Stream {
            reel,
            stream: Some(stream),
            at,
            garage,
        }
    }

    /// Some of the `len` bytes at `offset`.
    fn read(&mut self, offset: u64, len: u64, buf: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(len).unwrap_or(usize::MAX).min(buf.len());
        let buf = buf.get_mut(..room).unwrap_or_default();
        let count = match self {
            Tape::Plain(source) => source.range(offset, len).read(buf)?,
            Tape::Stream { stream, at, .. } => {
                let open = stream.as_mut().ok_or(ReadFault::Damaged)?;
                let outcome = skip_to(open, at, offset).and_then(|()| open.read(buf));
                match outcome {
                    Ok(count) => *at = at.saturating_add(count as u64),
                    Err(ref error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => *stream = None,
                }
                outcome?
            }
        };
        match count {
            0 if !buf.is_empty() => Err(ReadFault::Truncated.into()),
            count => Ok(count),
        }
    }
}

fn skip_to(stream: &mut Stream, at: &mut u64, offset: u64) -> io::Result<()> {
    let mut waste = vec![0; if *at < offset { SKIP } else { 0 }];
    while *at < offset {
        let left = usize::try_from(offset - *at).unwrap_or(usize::MAX);
        let room = left.min(waste.len());
        match stream.read(waste.get_mut(..room).unwrap_or_default()) {
            Ok(0) => return Err(ReadFault::Truncated.into()),
            Ok(count) => *at += count as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Drop for Tape {
    fn drop(&mut self) {
        if let Tape::Stream {
            reel,
            stream,
            at,
            garage,
        } = self
            && let Some(stream) = stream.take()
        {
            garage.park(*reel, *at, stream);
        }
    }
}

/// The content that pieces make.
pub(super) struct Pieces {
    tape: Tape,
    /// What is left, the next one last.
    left: Vec<Piece>,
}

impl Pieces {
    pub(super) fn new(tape: Tape, mut pieces: Vec<Piece>) -> Self {
        pieces.reverse();
        Pieces { tape, left: pieces }
    }
}

impl Read for Pieces {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        while let Some(piece) = self.left.last_mut() {
            let count = match piece {
                Piece::Bytes { len: 0, .. } | Piece::Hole { len: 0 } => {
                    self.left.pop();
                    continue;
                }
                Piece::Bytes { offset, len } => {
                    let count = self.tape.read(*offset, *len, buf)?;
                    *offset = offset.saturating_add(count as u64);
                    *len = len.saturating_sub(count as u64);
                    count
                }
                Piece::Hole { len } => {
                    let count = usize::try_from(*len).unwrap_or(usize::MAX).min(buf.len());
                    buf.get_mut(..count).unwrap_or_default().fill(0);
                    *len = len.saturating_sub(count as u64);
                    count
                }
            };
            return Ok(count);
        }
        Ok(0)
    }
}
