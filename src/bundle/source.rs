//! Bytes that many threads read at once, each at its own place: a file, or what was
//! unpacked into memory because it is an archive itself.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes with random access, or a section of them; reading moves no common cursor.
#[derive(Clone)]
pub(super) struct Source {
    bytes: Bytes,
    from: u64,
    len: u64,
}

#[derive(Clone)]
enum Bytes {
    #[cfg(any(unix, windows))]
    File(Arc<File>),
    #[cfg(not(any(unix, windows)))]
    File(Arc<std::sync::Mutex<File>>),
    Memory(Arc<Vec<u8>>),
}

impl Source {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        #[cfg(not(any(unix, windows)))]
        let file = std::sync::Mutex::new(file);
        Ok(Source {
            bytes: Bytes::File(Arc::new(file)),
            from: 0,
            len,
        })
    }

    /// Bytes that are in memory already.
    pub(super) fn of_memory(bytes: Vec<u8>) -> Self {
        Source {
            len: bytes.len() as u64,
            bytes: Bytes::Memory(Arc::new(bytes)),
            from: 0,
        }
    }

    /// The `len` bytes at `offset` as a source of their own, or fewer at the end.
    pub(super) fn section(&self, offset: u64, len: u64) -> Source {
        let offset = offset.min(self.len);
        Source {
            bytes: self.bytes.clone(),
            from: self.from.saturating_add(offset),
            len: len.min(self.len.saturating_sub(offset)),
        }
    }

    /// Length when it was opened.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let at = self.from.saturating_add(offset);
        match &self.bytes {
            Bytes::File(file) => file_read_at(file, buf, at),
            Bytes::Memory(bytes) => {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                bytes.get(at..).unwrap_or_default().read(buf)
            }
        }
    }

    fn read_uninterrupted(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match self.read_at(buf, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => return outcome,
            }
        }
    }

    /// The `len` bytes at `offset`, or fewer at the end.
    pub(super) fn range(&self, offset: u64, len: u64) -> SourceRange {
        let end = offset.saturating_add(len).min(self.len);
        SourceRange {
            source: self.clone(),
            at: offset.min(end),
            end,
            closed: Arc::default(),
        }
    }

    /// Up to `len` bytes at `offset`; the caller bounds `len`.
    pub(super) fn bytes_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut range = self.range(offset, len as u64);
        let mut bytes = vec![0; usize::try_from(range.left()).unwrap_or(len)];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match range.read(rest)? {
                0 => break,
                count => filled += count,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}

#[cfg(unix)]
fn file_read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, offset)
}

#[cfg(windows)]
fn file_read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, offset)
}

#[cfg(not(any(unix, windows)))]
fn file_read_at(file: &std::sync::Mutex<File>, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    use std::io::{Seek, SeekFrom};
    let mut file = file
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    file.seek(SeekFrom::Start(offset))?;
    file.read(buf)
}

/// Part of a source as a stream with its own place.
pub(super) struct SourceRange {
    source: Source,
    at: u64,
    end: u64,
    closed: Arc<AtomicBool>,
}

impl SourceRange {
    fn left(&self) -> u64 {
        self.end.saturating_sub(self.at)
    }

    /// A switch that makes the stream end at once, for readers that would otherwise
    /// drain it when they are dropped.
    pub(super) fn closer(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.closed)
    }
}

impl Read for SourceRange {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.closed.load(Ordering::Relaxed) {
            return Ok(0);
        }
        let left = usize::try_from(self.left()).unwrap_or(usize::MAX);
        let room = left.min(buf.len());
        let count = match buf.get_mut(..room) {
            Some(part) if !part.is_empty() => self.source.read_uninterrupted(part, self.at)?,
            _ => 0,
        };
        self.at = self.at.saturating_add(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_independent_and_bounded_by_the_source() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, b"0123456789").unwrap();
        for source in [
            Source::open(&path).unwrap(),
            Source::of_memory(b"0123456789".to_vec()),
            Source::of_memory(b"ab0123456789yz".to_vec()).section(2, 10),
        ] {
            assert_eq!(source.bytes_at(2, 3).unwrap(), b"234");
            assert_eq!(source.bytes_at(8, 100).unwrap(), b"89");
            assert_eq!(source.bytes_at(u64::MAX, 1).unwrap(), b"");
            let (mut a, mut b) = (source.range(0, 10), source.range(5, 5));
            let mut byte = [0];
            a.read_exact(&mut byte).unwrap();
            b.read_exact(&mut byte).unwrap();
            assert_eq!(&byte, b"5");
            a.closer().store(true, Ordering::Relaxed);
            assert_eq!(a.read(&mut byte).unwrap(), 0);
        }
    }

    #[test]
    fn a_section_of_a_section_stays_within_both() {
        let source = Source::of_memory(b"0123456789".to_vec()).section(2, 6);
        assert_eq!(source.section(1, 99).bytes_at(0, 99).unwrap(), b"34567");
        assert_eq!(source.section(99, 1).len(), 0);
    }
}
