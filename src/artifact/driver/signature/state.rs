//! What can be said of an image's signature, as types.

use std::fmt;

use chrono::{DateTime, Utc};
use der::oid::ObjectIdentifier;
use thiserror::Error;

use super::certificate::{Certificate, Serial};
use super::digest::{DigestAlgorithm, Hash};
use super::name::Name;
use super::spc::Programme;
use super::table::MAX_TABLE;
use super::timestamp::Timestamp;

/// Whether a signer's certificate leads to a root that Windows trusts. There is one answer,
/// so that no report can forget to give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Trust {
    /// No root store is at hand offline.
    #[error("chain listed as found, trust not verified")]
    NotVerified,
}

/// Whether a certificate was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Revocation {
    /// Revocation lists are fetched over a network; this tool has none.
    #[error("revocation not checked")]
    NotChecked,
}

/// Which decoder a structure satisfied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It is sound DER.
    Strict,
    /// The strict decoder refused it; the walker made out what is shown.
    Lenient,
}

/// Whether a stated digest is that of the bytes it is stated for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// It is.
    Agrees,
    /// It is not.
    Differs,
    /// None is stated, or the bytes are missing.
    NotStated,
    /// It is stated in an algorithm that is not supported.
    Unsupported {
        /// The algorithm's identifier.
        oid: String,
    },
}

impl Agreement {
    pub(super) fn of(algorithm: ObjectIdentifier, stated: &[u8], content: &[u8]) -> Agreement {
        match DigestAlgorithm::from_oid(algorithm) {
            None => Agreement::Unsupported {
                oid: algorithm.to_string(),
            },
            Some(algorithm) if algorithm.digest(&[content]).0 == stated => Agreement::Agrees,
            Some(_) => Agreement::Differs,
        }
    }
}

/// Whether a signature value was made with the key of the signer's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueCheck {
    /// It was.
    Valid,
    /// It was not.
    Invalid,
    /// Nobody looked, and why.
    NotChecked(Unchecked),
}

/// Why a signature value was not checked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unchecked {
    /// The signer's certificate did not come along.
    #[error("the signer's certificate is not included")]
    NoCertificate,
    /// The certificate's key is not RSA, or beyond the limits.
    #[error("the signer's key is not an RSA key of usual size")]
    Key,
    /// Neither RSA with PKCS #1 v1.5 nor a supported digest.
    #[error("signature algorithm {oid} is not supported")]
    Algorithm {
        /// The algorithm's identifier.
        oid: String,
    },
    /// The signed bytes are not there.
    #[error("the signed content is missing or unreadable")]
    NoContent,
    /// The structure is not sound DER, so the signed bytes are uncertain.
    #[error("the signed attributes are oddly encoded")]
    Encoding,
}

/// Where the chain of certificates ends that starts at the signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainEnd {
    /// At one that names itself as issuer: a root, or a self-made certificate.
    SelfIssued,
    /// The next issuer did not come along, as is usual for roots.
    IssuerNotIncluded,
    /// The certificates name each other in a circle, or the chain is absurdly long.
    Loop,
    /// Not even the signer's certificate came along.
    NoSigner,
}

/// How the signer info names its signer, also where the certificate is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatedSigner {
    /// By issuer and serial number.
    Certificate {
        /// The issuer's name.
        issuer: Name,
        /// The number at the issuer.
        serial: Serial,
    },
    /// By the identifier of the key.
    Key(Hash),
}

/// Who signed, and which of it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Whom the signer info names.
    pub stated: Option<StatedSigner>,
    /// The signer's certificate first, then its issuers as far as they came along.
    pub chain: Vec<Certificate>,
    /// Why the chain ends there.
    pub chain_end: ChainEnd,
    /// Whether the signed attributes carry the digest of the content.
    pub attributes: Agreement,
    /// Whether the signature value fits the certificate's key.
    pub value: ValueCheck,
    /// When it was signed by the signer's own word; see `timestamps` for a second witness.
    pub claimed_time: Option<DateTime<Utc>>,
    /// What the publisher calls the signed programme.
    pub programme: Option<Programme>,
    /// Counter-signatures.
    pub timestamps: Vec<Timestamp>,
    /// Which decoder read the signer info.
    pub reading: Reading,
    /// Always "not verified".
    pub trust: Trust,
    /// Always "not checked".
    pub revocation: Revocation,
}

impl Signer {
    /// The signer's certificate, if it came along.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.chain.first()
    }

    /// True when the value is valid and covers the content, directly or through the attributes.
    pub fn is_checked(&self) -> bool {
        self.value == ValueCheck::Valid
            && matches!(self.attributes, Agreement::Agrees | Agreement::NotStated)
    }

    /// True when what was signed is not what lies there.
    pub fn is_altered(&self) -> bool {
        self.attributes == Agreement::Differs || self.value == ValueCheck::Invalid
    }

    /// The earliest time at which a time stamp that covers this signature says it existed.
    pub fn stamped_time(&self) -> Option<DateTime<Utc>> {
        self.timestamps
            .iter()
            .filter(|s| s.covers == Agreement::Agrees && s.value != ValueCheck::Invalid)
            .filter_map(|stamp| stamp.time)
            .min()
    }
}

/// Whether the digest that a signature states is the image's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DigestVerdict {
    /// It is: the covered bytes are those that were signed for.
    Match {
        /// The algorithm.
        algorithm: DigestAlgorithm,
        /// The digest.
        digest: Hash,
    },
    /// It is not: the file was changed after signing, or the signature is another file's.
    Mismatch {
        /// The algorithm.
        algorithm: DigestAlgorithm,
        /// What the signature states.
        stated: Hash,
        /// What the image gives.
        computed: Hash,
    },
    /// It is stated in an algorithm that is not supported.
    Unsupported {
        /// The algorithm's identifier.
        oid: String,
    },
    /// The signature does not state an image's digest.
    NotStated,
}

/// What all checks of one or more signatures come to, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Integrity {
    /// Digest, attributes and signature value fit.
    #[error("unchanged since it was signed")]
    Intact,
    /// The digest fits; the signature value could not be checked.
    #[error("matches the signature's digest; the signature value itself was not checked")]
    DigestOnly,
    /// The image's digest could not be compared.
    #[error("cannot tell whether it was changed since it was signed")]
    CannotTell,
    /// The digest fits, but the signer did not sign this statement of it.
    #[error("the signature itself was altered")]
    SignatureAltered,
    /// The image is not the one that was signed.
    #[error("changed after it was signed")]
    FileModified,
}

/// Where a signature stands in the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The entry of the certificate table, from nought.
    pub entry: usize,
    /// Nought for the entry's own signature, one for one nested in it.
    pub depth: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.depth {
            0 => write!(f, "signature {}", self.entry),
            depth => write!(f, "signature {}, nested at level {depth}", self.entry),
        }
    }
}

/// One signature of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSignature {
    /// Where it stands.
    pub place: Place,
    /// Whether the digest it states is the image's.
    pub digest: DigestVerdict,
    /// Who made it.
    pub signer: Signer,
}

impl ImageSignature {
    /// What its checks come to.
    pub fn integrity(&self) -> Integrity {
        match &self.digest {
            DigestVerdict::Mismatch { .. } => Integrity::FileModified,
            _ if self.signer.is_altered() => Integrity::SignatureAltered,
            DigestVerdict::Match { .. } if self.signer.is_checked() => Integrity::Intact,
            DigestVerdict::Match { .. } => Integrity::DigestOnly,
            DigestVerdict::Unsupported { .. } | DigestVerdict::NotStated => Integrity::CannotTell,
        }
    }
}

/// The signatures embedded in an image: one at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    first: ImageSignature,
    further: Vec<ImageSignature>,
}

impl Embedded {
    pub(super) fn new(mut signatures: Vec<ImageSignature>) -> Option<Embedded> {
        if signatures.is_empty() {
            return None;
        }
        let first = signatures.remove(0);
        Some(Embedded {
            first,
            further: signatures,
        })
    }

    /// The signature that every Windows looks at.
    pub fn primary(&self) -> &ImageSignature {
        &self.first
    }

    /// All of them, the primary first, nested ones after those that hold them.
    pub fn iter(&self) -> impl Iterator<Item = &ImageSignature> {
        std::iter::once(&self.first).chain(&self.further)
    }

    /// The worst of what the signatures' checks come to.
    pub fn integrity(&self) -> Integrity {
        let first = self.first.integrity();
        self.iter()
            .map(ImageSignature::integrity)
            .max()
            .unwrap_or(first)
    }
}

/// What an image carries by way of signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureState {
    /// None in the file itself. That does not make it unsigned: see [`super::super::catalog`].
    NoEmbedded,
    /// One or more, each checked as far as possible.
    Present(Box<Embedded>),
    /// A certificate table that holds no readable signature.
    Malformed {
        /// What is wrong with it.
        why: MalformedSignature,
    },
}

impl fmt::Display for SignatureState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignatureState::NoEmbedded => {
                f.write_str("no embedded signature (may be catalog-signed)")
            }
            SignatureState::Malformed { why } => write!(f, "embedded signature unreadable: {why}"),
            SignatureState::Present(embedded) => {
                let signer = &embedded.primary().signer;
                let name = signer.certificate().and_then(|c| c.subject.common_name());
                let name = name.unwrap_or("an unnamed signer");
                write!(
                    f,
                    "signed by {name} ({}, {}); {}",
                    signer.trust,
                    signer.revocation,
                    embedded.integrity()
                )
            }
        }
    }
}

/// Why a certificate table or a catalog holds no readable signature.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MalformedSignature {
    /// The table lies outside the file: cut off, or never there.
    #[error(
        "certificate table at offset {offset:#x} ({size} bytes) lies outside the file of {file} bytes"
    )]
    TableOutsideFile {
        /// Stated file offset.
        offset: usize,
        /// Stated size.
        size: usize,
        /// The file's length.
        file: usize,
    },
    /// The table is larger than what is read.
    #[error("certificate table of {size} bytes: at most {MAX_TABLE} are read")]
    TooLarge {
        /// Its size.
        size: usize,
    },
    /// The table has no entry of type PKCS #7.
    #[error("certificate table at offset {offset:#x} holds no PKCS #7 signature")]
    NoSignatureInTable {
        /// Its file offset.
        offset: usize,
    },
    /// The PKCS #7 structure breaks off or is something else.
    #[error("PKCS #7 structure: {part} missing or malformed")]
    Pkcs7 {
        /// The part that could not be read.
        part: &'static str,
    },
    /// A PKCS #7 structure, but not of signed data.
    #[error("PKCS #7 structure: expected signed data, found content type {found}")]
    NotSignedData {
        /// The content type found.
        found: String,
    },
}

/// What was odd about the signatures.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignatureNote {
    /// The table reaches beyond the file.
    #[error("certificate table: expected {expected} bytes, found {found}")]
    TableTruncated {
        /// The stated size.
        expected: usize,
        /// What the file holds of it.
        found: usize,
    },
    /// The file goes on behind the table, which signers do not leave so.
    #[error("{bytes} bytes follow the certificate table")]
    DataBehindTable {
        /// How many.
        bytes: usize,
    },
    /// An entry's length does not fit the table.
    #[error("certificate entry at offset {offset:#x} states {stated} bytes, {available} are left")]
    EntryLength {
        /// Its file offset.
        offset: usize,
        /// The stated length.
        stated: usize,
        /// What the table has left.
        available: usize,
    },
    /// An entry of a type other than PKCS #7.
    #[error("certificate entry at offset {offset:#x} is of type {kind}, not PKCS #7")]
    OtherEntry {
        /// Its file offset.
        offset: usize,
        /// Its type.
        kind: u16,
    },
    /// More than is read; the rest was left out.
    #[error("more than {limit} {what}: the rest was left out")]
    TooMany {
        /// What there was too much of.
        what: &'static str,
        /// The cap.
        limit: usize,
    },
    /// A signature that could not be read beside others that could.
    #[error("{place}: {why}")]
    Unreadable {
        /// Where it stands.
        place: Place,
        /// What is wrong with it.
        why: MalformedSignature,
    },
    /// More signers than the one that Authenticode knows; only the first is shown.
    #[error("{place}: {count} further signers are not shown")]
    FurtherSigners {
        /// Where it stands.
        place: Place,
        /// How many.
        count: usize,
    },
    /// Certificates that are beyond recognition or too many.
    #[error("{place}: {count} certificates could not be read")]
    CertificatesLeftOut {
        /// Where it stands.
        place: Place,
        /// How many.
        count: usize,
    },
    /// The signer info is not sound DER.
    #[error("{place}: oddly encoded, read leniently")]
    LenientReading {
        /// Where it stands.
        place: Place,
    },
    /// Bytes like a certificate table that no header names: a signature was taken off.
    #[error(
        "a certificate table lies behind the sections at offset {offset:#x}, but no header names it"
    )]
    OrphanedTable {
        /// Where the sections end.
        offset: u64,
    },
}
