//! Unpacking one entry as an owned stream.
//!
//! The `zip` crate unpacks through a reader that borrows its source, which a value that
//! owns both cannot hold. A future can: its body keeps the source and the borrowing
//! reader side by side and hands over a chunk each time it is polled. Nothing here
//! waits, so it is polled with a waker that does nothing.
//!
//! The crate is given a header written here instead of the archive's own: what it would
//! otherwise enforce, an output of exactly the size that the archive claims, is what
//! hostile and merely old archives get wrong. Limits bound the output instead.

use super::entry::{FLAG_DESCRIPTOR, LOCAL_SIGNATURE, Place};
use crate::bundle::classify::HEAD_BYTES;
use crate::bundle::reader::ReadFault;
use crate::bundle::source::{FileRange, SharedFile};
use std::future::{Future, poll_fn};
use std::io::{self, Chain, Cursor, Read};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use zip::read::{ZipReadOptions, read_zipfile_from_stream_with_options};
use zip::result::ZipError;

/// Methods that are unpacked: stored, deflate, and the deflate64 of Windows Explorer.
pub(super) const METHODS: &[u16] = &[0, 8, 9];

/// First chunk that is unpacked: often no more than the head of an entry is wanted, and
/// one byte to see whether it goes on.
const FIRST_CHUNK: usize = HEAD_BYTES + 1;
/// Later chunks.
const CHUNK: usize = 64 << 10;

type Source = Chain<Cursor<Vec<u8>>, FileRange>;
type Body = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// The unpacked content of an entry.
pub(super) struct Unpacked {
    /// `None` once it has ended.
    body: Option<Body>,
    closer: Arc<AtomicBool>,
    handed: Arc<Mutex<Vec<u8>>>,
    chunk: Vec<u8>,
    at: usize,
}

/// Opens the entry at `place`.
pub(super) fn open(file: &SharedFile, place: Place) -> Unpacked {
    let data = file.range(place.start, place.packed);
    let closer = data.closer();
    let handed = Arc::default();
    let source = Cursor::new(header_for(place.method)).chain(data);
    let body: Body = Box::pin(unpack(source, place, Arc::clone(&handed)));
    Unpacked {
        body: Some(body),
        closer,
        handed,
        chunk: Vec::new(),
        at: 0,
    }
}

/// An entry header that says only the method: sizes and checksum "follow".
fn header_for(method: u16) -> Vec<u8> {
    /// Version 2.0, for deflate.
    const VERSION: u16 = 20;
    let mut header = LOCAL_SIGNATURE.to_vec();
    for word in [VERSION, FLAG_DESCRIPTOR, method] {
        header.extend(word.to_le_bytes());
    }
    // Time, date, checksum, two sizes; then a name of no bytes and no extra field.
    header.resize(super::entry::LOCAL_FIXED, 0);
    header
}

async fn unpack(mut source: Source, place: Place, handed: Arc<Mutex<Vec<u8>>>) -> io::Result<()> {
    let mut options = ZipReadOptions::new()
        .override_compressed_size(place.packed)
        .ignore_crc32(place.crc.is_none());
    if let Some(crc) = place.crc {
        options = options.override_crc(crc);
    }
    let entry = read_zipfile_from_stream_with_options(&mut source, options);
    let mut entry = entry.map_err(fault)?.ok_or(ReadFault::Damaged)?;
    let mut size = FIRST_CHUNK;
    loop {
        // The chunk that was handed over last comes back to be filled again.
        let mut chunk = std::mem::take(&mut *locked(&handed));
        chunk.resize(size, 0);
        let count = entry.read(&mut chunk).map_err(mismatch_or)?;
        if count == 0 {
            return Ok(());
        }
        chunk.truncate(count);
        *locked(&handed) = chunk;
        size = CHUNK;
        pause().await;
    }
}

fn locked(handed: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    handed.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fault(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        _ => ReadFault::Damaged.into(),
    }
}

/// The crate's checksum error has no kind of its own, only this text.
fn mismatch_or(error: io::Error) -> io::Error {
    let mismatch = error.kind() == io::ErrorKind::InvalidData
        && error
            .get_ref()
            .is_some_and(|inner| inner.to_string() == "Invalid checksum");
    if mismatch {
        ReadFault::ChecksumMismatch.into()
    } else {
        error
    }
}

/// Ends one poll.
async fn pause() {
    let mut paused = false;
    poll_fn(|_| {
        if std::mem::replace(&mut paused, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

impl Unpacked {
    /// Fetches the next chunk; an empty one at the end.
    fn advance(&mut self) -> io::Result<()> {
        self.at = 0;
        *locked(&self.handed) = std::mem::take(&mut self.chunk);
        let Some(body) = &mut self.body else {
            return Ok(());
        };
        match body.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => {
                self.chunk = std::mem::take(&mut *locked(&self.handed));
                Ok(())
            }
            Poll::Ready(outcome) => {
                self.body = None;
                outcome
            }
        }
    }
}

impl Read for Unpacked {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.chunk.len() {
            self.advance()?;
        }
        let mut rest = self.chunk.get(self.at..).unwrap_or_default();
        let count = rest.read(buf)?;
        self.at = self.at.saturating_add(count);
        Ok(count)
    }
}

/// Without this the crate would read a half-read entry to its end before letting go.
impl Drop for Unpacked {
    fn drop(&mut self) {
        self.closer.store(true, Ordering::Relaxed);
    }
}
