//! Unpacking one entry as an owned stream.
//!
//! The `zip` crate unpacks through a reader that borrows its source, which a value that
//! owns both cannot hold. A future can: its body keeps the source and the borrowing
//! reader side by side and hands over a chunk each time it is polled. Nothing here
//! waits, so it is polled with a waker that does nothing.
//!
//! The crate is given a header written here instead of the archive's own: what it would
//! otherwise enforce, an output of exactly the size that the archive claims, is what
//! hostile and merely old archives get wrong. Limits bound the output instead. It deciphers
//! too: AES as WinZip defines it, and the old cipher.

use super::entry::{FLAG_DESCRIPTOR, FLAG_ENCRYPTED, LOCAL_SIGNATURE, Lock, METHOD_AES, Place};
use crate::bundle::classify::HEAD_BYTES;
use crate::bundle::password::Password;
use crate::bundle::reader::ReadFault;
use crate::bundle::source::{Source, SourceRange};
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

type Input = Chain<Cursor<Vec<u8>>, SourceRange>;
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

/// Opens the entry at `place`, with the password of what is encrypted.
pub(super) fn open(file: &Source, place: Place, password: Option<Password>) -> Unpacked {
    let data = file.range(place.start, place.packed);
    let closer = data.closer();
    let handed = Arc::default();
    let source = Cursor::new(header_for(&place)).chain(data);
    let body: Body = Box::pin(unpack(source, place, password, Arc::clone(&handed)));
    Unpacked {
        body: Some(body),
        closer,
        handed,
        chunk: Vec::new(),
        at: 0,
    }
}

/// An entry header that says only the method: sizes and checksum "follow". What the
/// crate needs to see whether a password fits is added: the field of AES, or for the old
/// cipher the time, or the checksum and sizes that then do not follow.
fn header_for(place: &Place) -> Vec<u8> {
    /// Version 2.0, for deflate.
    const VERSION: u16 = 20;
    /// Sizes stand in the zip64 field instead: any that there may be.
    const IN_ZIP64: u32 = u32::MAX;
    let mut method = place.method;
    let mut flags = FLAG_DESCRIPTOR;
    let (mut date, mut time, mut sizes) = (0, 0, 0);
    let mut extra = Vec::new();
    match place.lock {
        Lock::Open => {}
        Lock::Aes(aes) => {
            (flags, method) = (flags | FLAG_ENCRYPTED, METHOD_AES);
            extra = [&b"\x01\x99\x07\x00"[..], &aes.0].concat();
        }
        Lock::ZipCrypto {
            streamed_at: Some(at),
        } => {
            flags |= FLAG_ENCRYPTED;
            (date, time) = at;
        }
        Lock::ZipCrypto { streamed_at: None } => {
            (flags, sizes) = (FLAG_ENCRYPTED, IN_ZIP64);
            let packed = place.packed.to_le_bytes();
            extra = [&b"\x01\x00\x10\x00"[..], &u64::MAX.to_le_bytes(), &packed].concat();
        }
    }
    let mut header = LOCAL_SIGNATURE.to_vec();
    for word in [VERSION, flags, method, time, date] {
        header.extend(word.to_le_bytes());
    }
    for long in [place.crc.unwrap_or(0), sizes, sizes] {
        header.extend(long.to_le_bytes());
    }
    // A name of no bytes.
    header.extend(0_u16.to_le_bytes());
    header.extend(u16::try_from(extra.len()).unwrap_or(0).to_le_bytes());
    header.extend(extra);
    header
}

async fn unpack(
    mut source: Input,
    place: Place,
    password: Option<Password>,
    handed: Arc<Mutex<Vec<u8>>>,
) -> io::Result<()> {
    let mut options = ZipReadOptions::new()
        .password(password.as_ref().map(Password::bytes))
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
        ZipError::InvalidPassword => ReadFault::WrongPassword.into(),
        _ => ReadFault::Damaged.into(),
    }
}

/// The crate's errors of checksums have no kind of their own, only these texts.
fn mismatch_or(error: io::Error) -> io::Error {
    let mismatch = error.kind() == io::ErrorKind::InvalidData
        && error
            .get_ref()
            .map(ToString::to_string)
            .is_some_and(|text| {
                text == "Invalid checksum" || text.starts_with("Invalid authentication code")
            });
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
