//! A file that many threads read at once, each at its own place.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An open file, shared; reading moves no common cursor.
#[derive(Clone)]
pub(super) struct SharedFile {
    #[cfg(any(unix, windows))]
    file: Arc<File>,
    #[cfg(not(any(unix, windows)))]
    file: Arc<std::sync::Mutex<File>>,
    len: u64,
}

impl SharedFile {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        #[cfg(not(any(unix, windows)))]
        let file = std::sync::Mutex::new(file);
        Ok(SharedFile {
            file: Arc::new(file),
            len,
        })
    }

    /// Length when it was opened.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    #[cfg(unix)]
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&*self.file, buf, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&*self.file, buf, offset)
    }

    #[cfg(not(any(unix, windows)))]
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        use std::io::{Seek, SeekFrom};
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        file.read(buf)
    }

    fn read_uninterrupted(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match self.read_at(buf, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => return outcome,
            }
        }
    }

    /// The `len` bytes at `offset`, or fewer at the end of the file.
    pub(super) fn range(&self, offset: u64, len: u64) -> FileRange {
        let end = offset.saturating_add(len).min(self.len);
        FileRange {
            file: self.clone(),
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

/// Part of a shared file as a stream with its own place.
pub(super) struct FileRange {
    file: SharedFile,
    at: u64,
    end: u64,
    closed: Arc<AtomicBool>,
}

impl FileRange {
    fn left(&self) -> u64 {
        self.end.saturating_sub(self.at)
    }

    /// A switch that makes the stream end at once, for readers that would otherwise
    /// drain it when they are dropped.
    pub(super) fn closer(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.closed)
    }
}

impl Read for FileRange {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.closed.load(Ordering::Relaxed) {
            return Ok(0);
        }
        let left = usize::try_from(self.left()).unwrap_or(usize::MAX);
        let room = left.min(buf.len());
        let count = match buf.get_mut(..room) {
            Some(part) if !part.is_empty() => self.file.read_uninterrupted(part, self.at)?,
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
    fn ranges_are_independent_and_bounded_by_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, b"0123456789").unwrap();
        let file = SharedFile::open(&path).unwrap();
        assert_eq!(file.bytes_at(2, 3).unwrap(), b"234");
        assert_eq!(file.bytes_at(8, 100).unwrap(), b"89");
        assert_eq!(file.bytes_at(u64::MAX, 1).unwrap(), b"");
        let (mut a, mut b) = (file.range(0, 10), file.range(5, 5));
        let mut byte = [0];
        a.read_exact(&mut byte).unwrap();
        b.read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"5");
        a.closer().store(true, Ordering::Relaxed);
        assert_eq!(a.read(&mut byte).unwrap(), 0);
    }
}
