//! What stands around a decoder: a watch on its input, a net for its panics, and a count
//! of its output.

use super::fault_of;
use crate::bundle::limits::{ByteLimit, Limits};
use crate::bundle::reader::ReadFault;
use crate::bundle::shortage::is_memory_short;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A decoder's input, which notes that its end was met.
pub(in crate::bundle::container) struct Watched<R> {
    inner: R,
    ended: Arc<AtomicBool>,
}

impl<R> Watched<R> {
    pub(in crate::bundle::container) fn new(inner: R) -> (Self, Arc<AtomicBool>) {
        let ended = Arc::<AtomicBool>::default();
        let watched = Watched {
            inner,
            ended: Arc::clone(&ended),
        };
        (watched, ended)
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buf)?;
        if count == 0 && !buf.is_empty() {
            self.ended.store(true, Ordering::Relaxed);
        }
        Ok(count)
    }
}

/// A decoder whose trouble, a panic included, is a [`ReadFault`]. After trouble it is not
/// asked again.
pub(in crate::bundle::container) struct Fenced<R> {
    /// `None` after trouble.
    decoder: Option<R>,
    fault: ReadFault,
    ended: Arc<AtomicBool>,
}

impl<R: Read> Fenced<R> {
    /// `ended` is the watch on the decoder's input.
    pub(in crate::bundle::container) fn new(decoder: R, ended: Arc<AtomicBool>) -> Self {
        Fenced {
            decoder: Some(decoder),
            fault: ReadFault::Damaged,
            ended,
        }
    }
}

impl<R: Read> Read for Fenced<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = &mut self.decoder else {
            return Err(self.fault.into());
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| decoder.read(buf)));
        self.fault = match outcome {
            Ok(Ok(count)) => return Ok(count),
            Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Ok(Err(error)) => fault_of(&error, self.ended.load(Ordering::Relaxed)),
            // The smaller decoders answer a refusal of memory with a panic.
            Err(_) if is_memory_short() => ReadFault::OutOfMemory,
            Err(_) => ReadFault::Damaged,
        };
        self.decoder = None;
        Err(self.fault.into())
    }
}

/// Unpacked bytes of a whole container, held to the limits: what it unpacks to is bounded
/// by [`Limits::total_bytes`] and, beyond [`Limits::ratio_free_bytes`], by
/// [`Limits::ratio`] times what it is packed.
pub(in crate::bundle::container) struct Guard<R> {
    inner: R,
    delivered: u64,
    allowed: u64,
    limit: ByteLimit,
}

impl<R> Guard<R> {
    pub(in crate::bundle::container) fn new(inner: R, packed: u64, limits: &Limits) -> Self {
        let by_ratio = packed
            .saturating_mul(limits.ratio)
            .max(limits.ratio_free_bytes);
        let (allowed, limit) = if by_ratio < limits.total_bytes {
            (by_ratio, ByteLimit::Ratio)
        } else {
            (limits.total_bytes, ByteLimit::TotalBytes)
        };
        Guard {
            inner,
            delivered: 0,
            allowed,
            limit,
        }
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.allowed.saturating_sub(self.delivered);
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        if room == 0 && !buf.is_empty() {
            // One byte more decides whether it ends here or is cut.
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(ReadFault::LimitReached {
                    limit: self.limit,
                    allowed: self.delivered,
                }
                .into()),
            };
        }
        let count = self.inner.read(buf.get_mut(..room).unwrap_or_default())?;
        self.delivered = self.delivered.saturating_add(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails as a decoder does that is refused its dictionary.
    struct Refused(io::ErrorKind);

    impl Read for Refused {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(self.0, "dictionary allocation too large"))
        }
    }

    #[test]
    fn a_refusal_of_memory_is_not_taken_for_damage() {
        let fault_of = |kind| {
            let mut reader = Fenced::new(Refused(kind), Arc::default());
            ReadFault::of(&reader.read(&mut [0]).unwrap_err())
        };
        assert_eq!(fault_of(io::ErrorKind::OutOfMemory), ReadFault::OutOfMemory);
        assert_eq!(fault_of(io::ErrorKind::InvalidData), ReadFault::Damaged);
    }
}
