//! X.509 certificates as far as they are shown: whom, by whom, when, and the key.
//!
//! The `x509-cert` crate decodes them. One that it refuses (a serial number too long, a date out
//! of range) is read by the walker, so that the signer can still be named.

use std::fmt;

use chrono::{DateTime, Utc};
use der::{Decode, Encode};
use x509_cert::Certificate as X509;
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use super::Reading;
use super::digest::{DigestAlgorithm, Hash};
use super::name::Name;
use super::rsa::RsaKey;
use super::time;
use super::tlv::{Element, SEQUENCE, context};

/// Certificates read from one signature; real ones carry fewer than a dozen.
pub const MAX_CERTIFICATES: usize = 64;
/// Bytes of a certificate given to the strict decoder; real ones have one to three thousand.
const MAX_STRICT: usize = 64 * 1024;
/// Bytes of a serial number kept; RFC 5280 allows 20.
const MAX_SERIAL: usize = 64;
const BIT_STRING: u8 = 0x03;

/// A certificate's serial number, shown in upper-case hex without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(pub Vec<u8>);

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

/// What a certificate says. Nothing of it is verified: see [`super::Trust`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose key it certifies.
    pub subject: Name,
    /// Who certifies it.
    pub issuer: Name,
    /// Its number at the issuer.
    pub serial: Serial,
    /// Valid from.
    pub not_before: Option<DateTime<Utc>>,
    /// Valid until.
    pub not_after: Option<DateTime<Utc>>,
    /// SHA-1 over its bytes: what Windows calls the thumbprint.
    pub sha1: Hash,
    /// SHA-256 over its bytes.
    pub sha256: Hash,
    /// Which decoder read it.
    pub reading: Reading,
}

/// A certificate with what matching and verifying need.
#[derive(Debug, Clone)]
pub struct Held<'a> {
    pub shown: Certificate,
    pub issuer_raw: &'a [u8],
    pub subject_raw: &'a [u8],
    pub key: Option<RsaKey>,
    pub key_id: Option<Vec<u8>>,
}

impl<'a> Held<'a> {
    /// Reads the certificate in `raw`; none when not even its outline can be made out.
    pub fn parse(raw: &'a [u8]) -> Option<Held<'a>> {
        let outline = Outline::cut(raw)?;
        let strict = if raw.len() <= MAX_STRICT {
            X509::from_der(raw).ok()
        } else {
            None
        };
        let key_id = strict.as_ref().and_then(key_id);
        let shown = match &strict {
            Some(certificate) => strict_certificate(certificate, &outline),
            None => lenient_certificate(&outline),
        };
        Some(Held {
            shown,
            issuer_raw: outline.issuer.raw,
            subject_raw: outline.subject.raw,
            key: rsa_key(outline.key),
            key_id,
        })
    }

    /// True when subject and issuer are the same name.
    pub fn is_self_issued(&self) -> bool {
        self.issuer_raw == self.subject_raw
    }
}

/// The pieces of a certificate, uninterpreted (RFC 5280, section 4.1).
struct Outline<'a> {
    raw: &'a [u8],
    serial: &'a [u8],
    issuer: Element<'a>,
    validity: Element<'a>,
    subject: Element<'a>,
    key: Element<'a>,
}

impl<'a> Outline<'a> {
    fn cut(raw: &'a [u8]) -> Option<Outline<'a>> {
        let whole = Element::first(raw)?.with_tag(SEQUENCE)?;
        let to_be_signed = whole.child(0)?.with_tag(SEQUENCE)?;
        let mut fields = to_be_signed
            .children()
            .skip_while(|field| field.tag == context(0));
        let serial = fields.next()?.body;
        let _algorithm = fields.next()?;
        Some(Outline {
            raw: whole.raw,
            serial,
            issuer: fields.next()?.with_tag(SEQUENCE)?,
            validity: fields.next()?,
            subject: fields.next()?.with_tag(SEQUENCE)?,
            key: fields.next()?,
        })
    }

    fn certificate(&self, subject: Name, issuer: Name, reading: Reading) -> Certificate {
        let date = |index| self.validity.child(index).and_then(time::from_element);
        Certificate {
            subject,
            issuer,
            serial: serial(self.serial),
            not_before: date(0),
            not_after: date(1),
            sha1: DigestAlgorithm::Sha1.digest(&[self.raw]),
            sha256: DigestAlgorithm::Sha256.digest(&[self.raw]),
            reading,
        }
    }
}

fn strict_certificate(certificate: &X509, outline: &Outline<'_>) -> Certificate {
    let content = certificate.tbs_certificate();
    let (subject, issuer) = (
        Name::from_x509(content.subject()),
        Name::from_x509(content.issuer()),
    );
    outline.certificate(subject, issuer, Reading::Strict)
}

fn lenient_certificate(outline: &Outline<'_>) -> Certificate {
    let (subject, issuer) = (
        Name::from_element(outline.subject),
        Name::from_element(outline.issuer),
    );
    outline.certificate(subject, issuer, Reading::Lenient)
}

fn key_id(certificate: &X509) -> Option<Vec<u8>> {
    let (_critical, id) = certificate
        .tbs_certificate()
        .get_extension::<SubjectKeyIdentifier>()
        .ok()??;
    id.0.to_der()
        .ok()
        .and_then(|der| Some(Element::first(&der)?.octets()?.into_owned()))
}

/// The bytes of a serial number without leading zeros, capped.
pub(super) fn serial(bytes: &[u8]) -> Serial {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Serial(bytes.iter().skip(zeros).take(MAX_SERIAL).copied().collect())
}

/// The RSA key of a `SubjectPublicKeyInfo`; none for other algorithms.
fn rsa_key(info: Element<'_>) -> Option<RsaKey> {
    const RSA: &str = "1.2.840.113549.1.1.1";
    let algorithm = info.child(0)?.child(0)?.oid()?;
    let bits = info.child(1)?.with_tag(BIT_STRING)?.body;
    let (unused, key) = bits.split_first()?;
    (algorithm.to_string() == RSA && *unused == 0).then(|| RsaKey::parse(key))?
}
