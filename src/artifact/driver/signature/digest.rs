//! Digests: the algorithms that signatures name, and which bytes of an image they cover.
//!
//! An Authenticode digest covers the file but for the checksum, the security directory entry
//! and the certificate table; page hashes are a second table inside the signature and ignored.
//! Source: Microsoft, "Windows Authenticode Portable Executable Signature Format", "Calculating
//! the PE Image Hash". Like other verifiers we take the bytes in file order, which is the
//! documented order for every image whose sections do not overlap.

use std::fmt;

use der::oid::ObjectIdentifier;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::super::layout::Layout;

/// Bytes hashed by both algorithms in turn while they are in the cache.
const CHUNK: usize = 64 * 1024;
/// Catalog hashes of unsigned images cover zeros up to a multiple of this.
const PADDING: usize = 8;

/// A digest algorithm that a signature can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DigestAlgorithm {
    /// MD5, until about 2000; broken.
    Md5,
    /// SHA-1, until 2016; broken.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DigestAlgorithm::Md5 => "MD5",
            DigestAlgorithm::Sha1 => "SHA-1",
            DigestAlgorithm::Sha256 => "SHA-256",
            DigestAlgorithm::Sha384 => "SHA-384",
            DigestAlgorithm::Sha512 => "SHA-512",
        })
    }
}

impl DigestAlgorithm {
    /// The algorithm that `oid` names, alone (RFC 8017, NIST CSOR) or together with RSA.
    pub(super) fn from_oid(oid: ObjectIdentifier) -> Option<DigestAlgorithm> {
        const TABLE: [(&str, DigestAlgorithm); 11] = [
            ("1.2.840.113549.2.5", DigestAlgorithm::Md5),
            ("1.2.840.113549.1.1.4", DigestAlgorithm::Md5),
            ("1.3.14.3.2.26", DigestAlgorithm::Sha1),
            ("1.3.14.3.2.29", DigestAlgorithm::Sha1),
            ("1.2.840.113549.1.1.5", DigestAlgorithm::Sha1),
            ("2.16.840.1.101.3.4.2.1", DigestAlgorithm::Sha256),
            ("1.2.840.113549.1.1.11", DigestAlgorithm::Sha256),
            ("2.16.840.1.101.3.4.2.2", DigestAlgorithm::Sha384),
            ("1.2.840.113549.1.1.12", DigestAlgorithm::Sha384),
            ("2.16.840.1.101.3.4.2.3", DigestAlgorithm::Sha512),
            ("1.2.840.113549.1.1.13", DigestAlgorithm::Sha512),
        ];
        TABLE
            .iter()
            .find(|(name, _)| oid == ObjectIdentifier::new_unwrap(name))
            .map(|row| row.1)
    }

    /// The digest of `parts`, one after the other.
    pub(super) fn digest(self, parts: &[&[u8]]) -> Hash {
        fn run<D: Digest>(parts: &[&[u8]]) -> Hash {
            let mut state = D::new();
            parts.iter().for_each(|part| state.update(part));
            Hash(state.finalize().to_vec())
        }
        match self {
            DigestAlgorithm::Md5 => run::<Md5>(parts),
            DigestAlgorithm::Sha1 => run::<Sha1>(parts),
            DigestAlgorithm::Sha256 => run::<Sha256>(parts),
            DigestAlgorithm::Sha384 => run::<Sha384>(parts),
            DigestAlgorithm::Sha512 => run::<Sha512>(parts),
        }
    }
}

/// A digest or another short binary identity, shown in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub Vec<u8>);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What of a file was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashForm {
    /// The Authenticode digest of an image.
    Image,
    /// The same, with zeros up to a multiple of eight bytes: what catalogs hold of images
    /// whose length is not one.
    ImagePadded,
    /// The whole file, as catalogs hold of files that are no image.
    Flat,
}

/// One digest of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// What was hashed.
    pub form: HashForm,
    /// How.
    pub algorithm: DigestAlgorithm,
    /// The digest.
    pub value: Hash,
}

/// The digests by which a catalog can name a file: SHA-1 and SHA-256 in each form that differs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Digests(Vec<Fingerprint>);

impl Digests {
    /// The Authenticode digests of an image.
    pub fn of_image(file: &[u8], layout: &Layout) -> Digests {
        let parts = hashed_parts(file, layout);
        // The length that counts is the file's, without what signing appended.
        let length = match layout.security.address as usize {
            0 => file.len(),
            table => table.min(file.len()),
        };
        let mut both = Both::default();
        parts.iter().for_each(|part| both.update(part));
        let mut found = both.clone().finish(HashForm::Image);
        if !length.is_multiple_of(PADDING) {
            let zeros = [0; PADDING];
            both.update(zeros.get(length % PADDING..).unwrap_or_default());
            found.extend(both.finish(HashForm::ImagePadded));
        }
        Digests(found)
    }

    /// The digests of a whole file, for one that is no image.
    pub fn of_file(file: &[u8]) -> Digests {
        let mut both = Both::default();
        both.update(file);
        Digests(both.finish(HashForm::Flat))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Fingerprint> {
        self.0.iter()
    }

    /// The digest of this form by this algorithm.
    pub fn get(&self, form: HashForm, algorithm: DigestAlgorithm) -> Option<&Hash> {
        let wanted = |f: &&Fingerprint| f.form == form && f.algorithm == algorithm;
        self.iter().find(wanted).map(|f| &f.value)
    }
}

/// SHA-1 and SHA-256 in one pass over the bytes.
#[derive(Clone, Default)]
struct Both {
    sha1: Sha1,
    sha256: Sha256,
}

impl Both {
    fn update(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(CHUNK) {
            self.sha1.update(chunk);
            self.sha256.update(chunk);
        }
    }

    fn finish(self, form: HashForm) -> Vec<Fingerprint> {
        let value = |algorithm, bytes: &[u8]| Fingerprint {
            form,
            algorithm,
            value: Hash(bytes.to_vec()),
        };
        vec![
            value(DigestAlgorithm::Sha1, &self.sha1.finalize()),
            value(DigestAlgorithm::Sha256, &self.sha256.finalize()),
        ]
    }
}

/// The parts of an image that its Authenticode digest covers, in file order.
pub(super) fn hashed_parts<'a>(file: &'a [u8], layout: &Layout) -> Vec<&'a [u8]> {
    let table = layout.security.address as usize;
    let mut left_out = vec![(layout.checksum_at, layout.checksum_at + 4)];
    if let Some(at) = layout.security_entry_at {
        left_out.push((at, at + 8));
    }
    if table != 0 {
        left_out.push((table, table.saturating_add(layout.security.size as usize)));
    }
    let mut from = 0;
    let mut parts = Vec::new();
    for (start, end) in left_out {
        parts.extend(file.get(from..start.min(file.len())));
        from = end.max(from);
    }
    parts.extend(file.get(from..));
    parts
}
