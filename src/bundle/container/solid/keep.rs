//! What is kept in memory of the content of entries that have no random access.

use super::{Reel, Slot};
use crate::bundle::classify::HEAD_BYTES;
use crate::bundle::reader::ReadFault;
use flate2::{Compress, Compression, FlushCompress, Status};
use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A budget of memory for one bundle, shared by all its containers. Containers are listed
/// one after the other, so what is left depends on the input alone.
#[derive(Debug)]
pub(in crate::bundle) struct Hoard {
    left: AtomicU64,
    /// For the first bytes of what does not fit: all entries are classified by them.
    heads: AtomicU64,
}

/// The part of the budget that is added for heads: at the default budget, of 4,000 entries.
const PART_OF_HEADS: u64 = 16;

fn take_off(budget: &AtomicU64, bytes: u64) -> bool {
    budget
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(bytes)
        })
        .is_ok()
}

impl Hoard {
    pub(in crate::bundle) fn new(bytes: u64) -> Self {
        Hoard {
            left: AtomicU64::new(bytes),
            heads: AtomicU64::new(bytes / PART_OF_HEADS),
        }
    }

    /// What is left.
    pub(in crate::bundle) fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// Takes `bytes` off, if so many are left.
    pub(in crate::bundle) fn take(&self, bytes: u64) -> bool {
        take_off(&self.left, bytes)
    }
}

/// First bytes that are kept: what classification looks at, and one to see that it goes on.
const HEAD: usize = HEAD_BYTES + 1;

/// An entry's content, deflated, and the fault that ended it.
#[derive(Clone)]
pub(in crate::bundle::container) struct Kept {
    packed: Arc<[u8]>,
    fault: Option<ReadFault>,
}

impl Kept {
    /// An entry without content.
    pub(super) fn nothing() -> Kept {
        /// An empty last block.
        const EMPTY: [u8; 2] = [3, 0];
        Kept {
            packed: Arc::new(EMPTY),
            fault: None,
        }
    }

    /// The content from its beginning.
    pub(super) fn open(&self) -> KeptReader {
        KeptReader {
            content: flate2::bufread::DeflateDecoder::new(Cursor::new(Arc::clone(&self.packed))),
            fault: self.fault,
        }
    }
}

/// Kept content as a stream.
pub(super) struct KeptReader {
    content: flate2::bufread::DeflateDecoder<Cursor<Arc<[u8]>>>,
    fault: Option<ReadFault>,
}

impl Read for KeptReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match (self.content.read(buf)?, self.fault) {
            (0, Some(fault)) if !buf.is_empty() => Err(fault.into()),
            (count, _) => Ok(count),
        }
    }
}

/// Keeps entries one after the other while a stream passes by.
pub(in crate::bundle::container) struct Keeper<'a> {
    hoard: &'a Hoard,
    deflate: Compress,
    packed: Vec<u8>,
    head: Vec<u8>,
    /// Bytes that the current entry may still take; none once it was given up.
    room: Option<usize>,
}

impl<'a> Keeper<'a> {
    pub(in crate::bundle::container) fn new(hoard: &'a Hoard) -> Self {
        Keeper {
            hoard,
            // The quickest: it runs beside the unpacking of everything.
            deflate: Compress::new(Compression::fast(), false),
            packed: Vec::new(),
            head: Vec::new(),
            room: None,
        }
    }

    /// Begins an entry.
    pub(in crate::bundle::container) fn begin(&mut self) {
        // One that was given up leaves output behind, which a reset does not clear.
        match self.room {
            Some(_) => self.deflate.reset(),
            None => self.deflate = Compress::new(Compression::fast(), false),
        }
        self.packed.clear();
        self.head.clear();
        // One entry may take half of what is left, so that a single huge log does not push out
        // thousands of small files: reading it again costs one pass, reading each of them
        // again would cost a pass each.
        self.room = usize::try_from(self.hoard.left() / 2).ok();
    }

    /// Takes what follows of the entry's content.
    pub(in crate::bundle::container) fn add(&mut self, bytes: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head
            .extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.deflate(bytes, FlushCompress::None);
    }

    /// Ends the entry, whose content ends with `fault`, and gives what was kept to its slot:
    /// all, its head, or nothing.
    pub(in crate::bundle::container) fn end(&mut self, slot: &mut Slot, fault: Option<ReadFault>) {
        slot.kept = self.whole(fault);
        if slot.kept.is_none() && take_off(&self.hoard.heads, self.head.len() as u64) {
            slot.head = Some(self.head.as_slice().into());
        }
    }

    /// The whole content, unless it was too large for what is left of the budget.
    fn whole(&mut self, fault: Option<ReadFault>) -> Option<Kept> {
        self.deflate(&[], FlushCompress::Finish);
        self.room?;
        if !self.hoard.take(self.packed.len() as u64) {
            return None;
        }
        let packed = self.packed.as_slice().into();
        Some(Kept { packed, fault })
    }

    fn deflate(&mut self, bytes: &[u8], flush: FlushCompress) {
        /// Room that the output is given at once.
        const STEP: usize = 32 << 10;
        let began = self.deflate.total_in();
        while let Some(room) = self.room {
            if self.packed.len() > room {
                self.room = None;
                self.packed = Vec::new();
                return;
            }
            let done = usize::try_from(self.deflate.total_in() - began).unwrap_or(usize::MAX);
            let rest = bytes.get(done..).unwrap_or_default();
            let finishing = matches!(flush, FlushCompress::Finish);
            if rest.is_empty() && !finishing {
                return;
            }
            self.packed.reserve(STEP);
            match self.deflate.compress_vec(rest, &mut self.packed, flush) {
                Ok(Status::StreamEnd) => return,
                Ok(_) => {}
                Err(_) => self.room = None,
            }
        }
    }
}

/// One pass over a reel, in which the contents of `slots` are kept: runs of it, in any
/// order. One that begins before the end of the one before it is left to be unpacked
/// again. What follows a fault ends with it at once, instead of each reader coming to it
/// again from the beginning.
pub(in crate::bundle::container) fn keep_all(
    reel: &dyn Reel,
    slots: &mut [&mut Slot],
    keeper: &mut Keeper<'_>,
) {
    let Ok(mut content) = reel.open() else {
        return;
    };
    slots.sort_by_key(|slot| slot.as_run());
    let mut at = 0;
    let mut broken: Option<ReadFault> = None;
    for slot in slots {
        let Some((offset, len)) = slot.as_run().filter(|(offset, _)| *offset >= at) else {
            continue;
        };
        let before = pass(&mut content, offset - at, &mut broken, |_| {});
        keeper.begin();
        let mut crc = flate2::Crc::new();
        let read = pass(&mut content, len, &mut broken, |bytes| {
            crc.update(bytes);
            keeper.add(bytes);
        });
        at = at.saturating_add(before).saturating_add(read);
        let wrong = slot.crc.is_some_and(|expected| expected != crc.sum());
        let fault = broken.or(wrong.then_some(ReadFault::ChecksumMismatch));
        keeper.end(slot, fault);
    }
}

/// Passes `len` bytes by `sink`, as far as nothing is broken; says how many.
fn pass(
    content: &mut impl Read,
    len: u64,
    broken: &mut Option<ReadFault>,
    mut sink: impl FnMut(&[u8]),
) -> u64 {
    const CHUNK: usize = 64 << 10;
    let mut chunk = vec![0; usize::try_from(len).unwrap_or(CHUNK).min(CHUNK)];
    let mut read = 0;
    while read < len && broken.is_none() {
        let room = usize::try_from(len - read).unwrap_or(CHUNK).min(CHUNK);
        match content.read(chunk.get_mut(..room).unwrap_or_default()) {
            Ok(0) => *broken = Some(ReadFault::Truncated),
            Ok(count) => {
                sink(chunk.get(..count).unwrap_or_default());
                read = read.saturating_add(count as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => *broken = Some(ReadFault::of(&error)),
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(kept: &Kept) -> Vec<u8> {
        let mut bytes = Vec::new();
        kept.open().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn entries_are_kept_until_the_budget_is_used_up() {
        let hoard = Hoard::new(20_000);
        let mut keeper = Keeper::new(&hoard);
        let log = b"a line of a log\r\n".repeat(20_000);
        let mut noise: Vec<u8> = Vec::new();
        let mut state = 1_u32;
        for _ in 0..30_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise.push(state.to_le_bytes()[3]);
        }
        let mut keep = |bytes: &[u8]| {
            keeper.begin();
            bytes.chunks(7_001).for_each(|chunk| keeper.add(chunk));
            keeper.whole(None)
        };
        assert_eq!(content(&keep(&log).unwrap()), log);
        assert!(keep(&noise).is_none(), "more than is left");
        assert_eq!(content(&keep(b"").unwrap()), b"");
        assert_eq!(content(&keep(b"short").unwrap()), b"short");
        assert!(hoard.left() < 20_000);
    }

    #[test]
    fn what_ended_an_entry_ends_it_again() {
        let hoard = Hoard::new(3_000);
        let mut keeper = Keeper::new(&hoard);
        keeper.begin();
        keeper.add(b"before");
        let kept = keeper.whole(Some(ReadFault::Truncated)).unwrap();
        let mut reader = kept.open();
        let mut bytes = Vec::new();
        let error = reader.read_to_end(&mut bytes).unwrap_err();
        assert_eq!(
            (bytes.as_slice(), ReadFault::of(&error)),
            (&b"before"[..], ReadFault::Truncated)
        );
    }
}
