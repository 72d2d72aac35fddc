//! SHA-256 of what was read, and of a case as a whole.

use super::name::ArtifactName;
use sha2::{Digest, Sha256 as Hasher};
use std::fmt;
use std::io::{self, Read, Write};

/// A SHA-256 digest; prints as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Sha256(Hasher::digest(bytes).into())
    }

    /// The digest that 64 hexadecimal digits, of either case, write.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
            *byte = u8::try_from(digit(0)? << 4 | digit(1)?).ok()?;
        }
        Some(Sha256(bytes))
    }

    /// The 32 bytes.
    pub const fn bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('?');
        let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
        let hex: String = self.0.iter().flat_map(digits).collect();
        f.pad(&hex)
    }
}

/// Text that is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 64 hexadecimal digits")]
pub struct NotADigest;

impl std::str::FromStr for Sha256 {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotADigest);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NotADigest)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotADigest)?;
        }
        Ok(Sha256(bytes))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

/// Passes a stream through and hashes it on the way.
pub struct HashingReader<R> {
    inner: R,
    hasher: Hasher,
    bytes: u64,
}

impl<R: Read> HashingReader<R> {
    /// Hashes what will be read from `inner`.
    pub fn new(inner: R) -> Self {
        HashingReader {
            inner,
            hasher: Hasher::new(),
            bytes: 0,
        }
    }

    /// Bytes that have passed.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The stream below.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The digest of what has passed, how many bytes that was, and the stream below.
    /// A parser may stop early: use [`finish`](Self::finish) for the whole content.
    pub fn into_parts(self) -> (Sha256, u64, R) {
        (
            Sha256(self.hasher.finalize().into()),
            self.bytes,
            self.inner,
        )
    }

    /// Reads the rest, then as [`into_parts`](Self::into_parts).
    ///
    /// # Errors
    /// When reading fails.
    pub fn finish(mut self) -> io::Result<(Sha256, u64, R)> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(self.into_parts())
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buf)?;
        self.hasher.update(buf.get(..count).unwrap_or_default());
        self.bytes = self.bytes.saturating_add(count as u64);
        Ok(count)
    }
}

/// Passes what is written on, and hashes it on the way.
pub struct HashingWriter<W> {
    inner: W,
    hasher: Hasher,
}

impl<W: Write> HashingWriter<W> {
    /// Hashes what will be written to `inner`.
    pub fn new(inner: W) -> Self {
        HashingWriter {
            inner,
            hasher: Hasher::new(),
        }
    }

    /// The digest of what was written, and the writer below.
    pub fn into_parts(self) -> (Sha256, W) {
        (Sha256(self.hasher.finalize().into()), self.inner)
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R> fmt::Debug for HashingReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashingReader")
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// What is known of an artifact's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentDigest {
    /// All of it was read.
    Whole(Sha256),
    /// Only its beginning was, or some of its bytes are wrong.
    Partial(Sha256),
    /// Nothing was.
    Unreadable,
}

impl ContentDigest {
    /// Whether every byte is in it: only then are two contents of one digest the same.
    pub fn is_whole(self) -> bool {
        matches!(self, ContentDigest::Whole(_))
    }

    /// The digest of the bytes that were read, if any were.
    pub fn sha256(self) -> Option<Sha256> {
        match self {
            ContentDigest::Whole(digest) | ContentDigest::Partial(digest) => Some(digest),
            ContentDigest::Unreadable => None,
        }
    }
}

/// Separates this digest from any other over similar bytes; the number changes when the
/// rule below does.
const CASE_DIGEST_DOMAIN: &[u8] = b"poolsleuth case digest 1\n";

/// The digest of a case: SHA-256 over one record for each artifact, in the order of the
/// inventory: the name's length (8 bytes, little-endian), the name, one byte for how
/// much was read (0 whole, 1 partial, 2 nothing), and the content's SHA-256 (zeros for
/// nothing). Container, times and links do not enter, so a folder and an archive
/// of it agree.
pub fn case_digest<'a>(
    artifacts: impl IntoIterator<Item = (&'a ArtifactName, ContentDigest)>,
) -> Sha256 {
    let mut hasher = Hasher::new();
    hasher.update(CASE_DIGEST_DOMAIN);
    for (name, content) in artifacts {
        let kind = match content {
            ContentDigest::Whole(_) => 0,
            ContentDigest::Partial(_) => 1,
            ContentDigest::Unreadable => 2,
        };
        hasher.update((name.as_bytes().len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update([kind]);
        hasher.update(content.sha256().map_or([0; 32], Sha256::bytes));
    }
    Sha256(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_test_vector() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            Sha256::of(b"abc").to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn what_is_printed_can_be_read() {
        let digest = Sha256::of(b"abc");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for wrong in ["", "ba78", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<Sha256>(), Err(NotADigest));
        }
    }

    #[test]
    fn a_parser_that_stops_early_still_gets_the_whole_digest() {
        let mut reader = HashingReader::new(&b"abc"[..]);
        reader.read_exact(&mut [0]).unwrap();
        let (digest, bytes, _) = reader.finish().unwrap();
        assert_eq!((digest, bytes), (Sha256::of(b"abc"), 3));
    }

    #[test]
    fn what_is_written_is_hashed_as_it_arrives() {
        /// Takes two bytes at a time.
        struct Narrow(Vec<u8>);
        impl Write for Narrow {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.write(&bytes[..bytes.len().min(2)])
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut writer = HashingWriter::new(Narrow(Vec::new()));
        writer.write_all(b"abc").unwrap();
        let (digest, below) = writer.into_parts();
        assert_eq!(
            (digest, below.0.as_slice()),
            (Sha256::of(b"abc"), &b"abc"[..])
        );
    }

    #[test]
    fn the_case_digest_depends_on_names_contents_and_completeness() {
        let (a, ab) = (ArtifactName::new(b"a"), ArtifactName::new(b"ab"));
        let content = Sha256::of(b"x");
        let all = [
            case_digest([(&a, ContentDigest::Whole(content))]),
            case_digest([(&a, ContentDigest::Partial(content))]),
            case_digest([(&a, ContentDigest::Unreadable)]),
            case_digest([(&ab, ContentDigest::Whole(content))]),
            case_digest([(&a, ContentDigest::Whole(Sha256::of(b"y")))]),
            case_digest([]),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(!all[i + 1..].contains(one));
        }
    }
}
