//! Reading one artifact: a stream that stops at the first fault or limit and says so.
//!
//! A damaged artifact is still evidence up to the damage, so a fault ends the stream
//! like its end does. It is never silent: the reader keeps it, and the bundle's ledger
//! collects the faults of all readers for the coverage.

use super::artifact::{ArtifactId, Encryption, HOW_TO_GIVE, IoTrouble};
use super::limits::{Allowance, ByteLimit};
use super::name::ArtifactName;
use super::shortage;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What ended the reading of an artifact before its end, or spoilt its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadFault {
    /// All bytes were read, but their checksum is not the archive's.
    ChecksumMismatch,
    /// The packed bytes break off.
    Truncated,
    /// The packed bytes are no valid stream.
    Damaged,
    /// It is encrypted, and with another password than the one that was given.
    WrongPassword,
    /// Unpacking it would take more memory than is given to it.
    NeedsMemory {
        /// Bytes that it may take.
        allowed: u64,
    },
    /// The system, or the share of a batch's worker, had no more memory when it was unpacked. That
    /// is no word about the artifact.
    OutOfMemory,
    /// A limit of the bundle was met.
    LimitReached {
        /// Which one.
        limit: ByteLimit,
        /// Bytes that were delivered.
        allowed: u64,
    },
    /// The system failed to read.
    Io(IoTrouble),
}

impl fmt::Display for ReadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadFault::ChecksumMismatch => {
                f.write_str("its checksum does not fit its content: some bytes are wrong")
            }
            ReadFault::Truncated => f.write_str("it breaks off in the archive"),
            ReadFault::Damaged => f.write_str("its packed bytes are damaged"),
            ReadFault::WrongPassword => {
                f.write_str("it is encrypted with another password than the one given")
            }
            ReadFault::NeedsMemory { allowed } => write!(
                f,
                "unpacking it needs more than the {} MiB of memory that it is given",
                allowed >> 20
            ),
            ReadFault::OutOfMemory => f.write_str(
                "there was not enough memory to unpack it: it may be intact. Try again where there \
                 is more",
            ),
            ReadFault::LimitReached { limit, allowed } => {
                write!(
                    f,
                    "read to byte {allowed} only, by the limit on {}",
                    limit.describe()
                )
            }
            ReadFault::Io(why) => write!(f, "reading failed: {why}"),
        }
    }
}

impl std::error::Error for ReadFault {}

impl ReadFault {
    /// The fault behind `error`: the one it carries, or the nearest to its kind.
    pub(super) fn of(error: &io::Error) -> ReadFault {
        let carried = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<ReadFault>());
        match (carried, error.kind()) {
            (Some(fault), _) => *fault,
            (None, _) if shortage::is_refusal(error) => ReadFault::OutOfMemory,
            (None, io::ErrorKind::UnexpectedEof) => ReadFault::Truncated,
            (None, io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => ReadFault::Damaged,
            (None, _) => ReadFault::Io(IoTrouble::from(error)),
        }
    }
}

impl ReadFault {
    /// Whether memory was refused: with more of it there may be nothing wrong.
    pub fn is_of_memory(self) -> bool {
        self == ReadFault::OutOfMemory
    }
}

impl From<ReadFault> for io::Error {
    fn from(fault: ReadFault) -> Self {
        io::Error::other(fault)
    }
}

/// Why an artifact does not open at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}`: {kind}")]
pub struct ReadError {
    /// The artifact.
    pub name: ArtifactName,
    /// What is wrong.
    pub kind: ReadErrorKind,
}

/// What keeps an artifact from being opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadErrorKind {
    /// No artifact of this bundle has the id.
    #[error("no such artifact in this bundle")]
    UnknownId,
    /// It is encrypted.
    #[error("encrypted with {0}; give its password ({HOW_TO_GIVE})")]
    Encrypted(Encryption),
    /// Its compression is not supported.
    #[error(
        "packed with zip method {method}, which is not read; unpack the archive and pass the folder"
    )]
    UnsupportedMethod {
        /// The method's number.
        method: u16,
    },
    /// It goes through a coder that is not read.
    #[error(
        "packed with 7z method {method:x}, which is not read; unpack the archive and pass the folder"
    )]
    UnsupportedCoder {
        /// The method's number in the 7z format.
        method: u64,
    },
    /// It lies in another cabinet of a set.
    #[error("it begins in another cabinet of the set; unpack the whole set and pass the folder")]
    OtherCabinet,
    /// A cabinet's packing that is not read.
    #[error(
        "packed with cabinet method {packing:#x}, which is not read; unpack the cabinet and pass the folder"
    )]
    UnsupportedCabinet {
        /// The field of its folder.
        packing: u16,
    },
    /// Reading it would end at once with this.
    #[error("{0}")]
    Faulty(ReadFault),
    /// No entry begins where the archive's directory says.
    #[error("the archive's directory lists it, but it is not there")]
    LocalHeaderMissing,
    /// The system does not open it.
    #[error("cannot be opened: {0}")]
    Io(IoTrouble),
    /// [`Bundle::read_whole`](super::Bundle::read_whole) was told to take less.
    #[error("larger than the {cap} bytes that are read of such an artifact")]
    LargerThan {
        /// The caller's cap.
        cap: u64,
    },
}

impl ReadErrorKind {
    /// Whether memory was refused.
    pub(super) fn is_of_memory(self) -> bool {
        match self {
            ReadErrorKind::Faulty(fault) => fault.is_of_memory(),
            ReadErrorKind::Io(trouble) => trouble.is_of_memory(),
            _ => false,
        }
    }

    /// The fault that a stream ends with which could not be opened for this.
    pub(super) fn as_fault(self) -> ReadFault {
        match self {
            ReadErrorKind::Faulty(fault) => fault,
            ReadErrorKind::Io(trouble) => ReadFault::Io(trouble),
            _ => ReadFault::Damaged,
        }
    }
}

/// What readers learnt, shared by all of them.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    state: Mutex<LedgerState>,
}

#[derive(Debug, Default)]
struct LedgerState {
    faults: BTreeMap<ArtifactId, ReadFault>,
    sizes: BTreeMap<ArtifactId, u64>,
}

impl Ledger {
    fn state(&self) -> MutexGuard<'_, LedgerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record_fault(&self, id: ArtifactId, fault: ReadFault) {
        let mut state = self.state();
        // Once memory was refused, nothing that is found later takes that back.
        let known = state.faults.get(&id);
        if !known.is_some_and(|known| known.is_of_memory()) {
            state.faults.insert(id, fault);
        }
    }

    pub(super) fn record_size(&self, id: ArtifactId, bytes: u64) {
        self.state().sizes.insert(id, bytes);
    }

    pub(super) fn faults(&self) -> Vec<(ArtifactId, ReadFault)> {
        self.state()
            .faults
            .iter()
            .map(|(&id, &fault)| (id, fault))
            .collect()
    }

    pub(super) fn size(&self, id: ArtifactId) -> Option<u64> {
        self.state().sizes.get(&id).copied()
    }
}

/// The content of one artifact as a stream, bounded by the bundle's limits.
///
/// A fault ends the stream: `read` then returns 0 and [`fault`](Self::fault) says what
/// happened. `read` itself fails only when the system interrupts it.
pub struct ArtifactReader {
    content: Box<dyn Read + Send>,
    id: ArtifactId,
    allowance: Allowance,
    delivered: u64,
    end: End,
    ledger: Arc<Ledger>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Ahead,
    Reached,
    Fault(ReadFault),
}

impl ArtifactReader {
    pub(super) fn new(
        id: ArtifactId,
        content: Box<dyn Read + Send>,
        allowance: Allowance,
        ledger: Arc<Ledger>,
    ) -> Self {
        ArtifactReader {
            content,
            id,
            allowance,
            delivered: 0,
            end: End::Ahead,
            ledger,
        }
    }

    /// The artifact that is read.
    pub fn id(&self) -> ArtifactId {
        self.id
    }

    /// Bytes delivered so far.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// What ended the stream early or spoilt its end; none while it is being read.
    pub fn fault(&self) -> Option<ReadFault> {
        match self.end {
            End::Fault(fault) => Some(fault),
            End::Ahead | End::Reached => None,
        }
    }

    fn finish(&mut self, end: End) {
        self.end = end;
        match end {
            End::Fault(fault) => self.ledger.record_fault(self.id, fault),
            End::Reached => self.ledger.record_size(self.id, self.delivered),
            End::Ahead => {}
        }
    }

    /// At the limit, one more byte decides whether the artifact ends here or is cut.
    fn probe(&mut self) -> io::Result<usize> {
        let mut beyond = [0];
        match self.content.read(&mut beyond)? {
            0 => Ok(0),
            _ => Err(ReadFault::LimitReached {
                limit: self.allowance.bound_by,
                allowed: self.delivered,
            }
            .into()),
        }
    }
}

impl Read for ArtifactReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.end != End::Ahead || buf.is_empty() {
            return Ok(0);
        }
        let left = self.allowance.bytes.saturating_sub(self.delivered);
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        let outcome = match buf.get_mut(..room) {
            Some(part) if !part.is_empty() => self.content.read(part),
            _ => self.probe(),
        };
        match outcome {
            Ok(0) => self.finish(End::Reached),
            Ok(count) => {
                self.delivered = self.delivered.saturating_add(count as u64);
                return Ok(count);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => self.finish(End::Fault(ReadFault::of(&error))),
        }
        Ok(0)
    }
}

impl fmt::Debug for ArtifactReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArtifactReader")
            .field("id", &self.id)
            .field("delivered", &self.delivered)
            .field("fault", &self.fault())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(content: &'static [u8], allowed: u64) -> ArtifactReader {
        let allowance = Allowance {
            bytes: allowed,
            bound_by: ByteLimit::TotalBytes,
        };
        ArtifactReader::new(ArtifactId(0), Box::new(content), allowance, Arc::default())
    }

    #[test]
    fn an_artifact_of_exactly_its_allowance_ends_without_fault() {
        let mut reader = reader(b"12345", 5);
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert_eq!((read.as_slice(), reader.fault()), (&b"12345"[..], None));
        assert_eq!(reader.ledger.size(ArtifactId(0)), Some(5));
    }

    #[test]
    fn a_larger_one_is_cut_and_both_reader_and_ledger_say_so() {
        let mut reader = reader(b"123456", 5);
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        let cut = ReadFault::LimitReached {
            limit: ByteLimit::TotalBytes,
            allowed: 5,
        };
        assert_eq!(
            (read.as_slice(), reader.fault()),
            (&b"12345"[..], Some(cut))
        );
        assert_eq!(reader.ledger.faults(), [(ArtifactId(0), cut)]);
        assert_eq!(reader.ledger.size(ArtifactId(0)), None);
    }

    #[test]
    fn refused_memory_is_a_fault_of_its_own_and_is_not_forgotten() {
        let refused = io::Error::from(io::ErrorKind::OutOfMemory);
        assert_eq!(ReadFault::of(&refused), ReadFault::OutOfMemory);
        let ledger = Ledger::default();
        ledger.record_fault(ArtifactId(1), ReadFault::OutOfMemory);
        ledger.record_fault(ArtifactId(1), ReadFault::Damaged);
        assert_eq!(ledger.faults(), [(ArtifactId(1), ReadFault::OutOfMemory)]);
    }

    #[test]
    fn what_came_before_a_fault_was_delivered() {
        struct Breaks(u8);
        impl Read for Breaks {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                if self.0 > 1 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                buf[0] = b'x';
                Ok(1)
            }
        }
        let allowance = Allowance {
            bytes: 9,
            bound_by: ByteLimit::Ratio,
        };
        let content = Box::new(Breaks(0));
        let mut reader = ArtifactReader::new(ArtifactId(3), content, allowance, Arc::default());
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert_eq!(
            (read.as_slice(), reader.fault()),
            (&b"x"[..], Some(ReadFault::Truncated))
        );
    }
}
