//! PKCS #7 / CMS `SignedData`: cut into content, certificates and signer infos.
//!
//! The cut keeps exact bytes (see [`super::tlv`]); the `cms` crate then decodes each signer info.
//! A piece that it refuses is read by the walker and marked [`Reading::Lenient`]. Decoding the
//! whole structure at once would lose signatures with foreign revocation lists, as many RFC 3161
//! tokens carry. Sources: RFC 2315, section 9; RFC 5652, sections 3 and 5.

use cms::signed_data::SignerInfo;
use der::oid::ObjectIdentifier;
use der::{Decode, Encode};
use x509_cert::attr::Attributes;

use super::certificate::{Held, MAX_CERTIFICATES, serial};
use super::tlv::{Element, SEQUENCE, SET, context, context_primitive};
use super::{MalformedSignature, Reading, Serial};

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
/// Signer infos of one signature; Authenticode allows one.
const MAX_SIGNERS: usize = 8;
/// Attributes read of each kind; real signers write fewer than ten.
const MAX_ATTRIBUTES: usize = 64;
/// Bytes of a signer info given to the strict decoder. It holds nested signatures and time
/// stamps, some ten thousand bytes each.
const MAX_STRICT: usize = 1024 * 1024;

/// A `SignedData`, cut but not interpreted.
pub struct SignedData<'a> {
    /// What kind of content is signed.
    pub content_type: ObjectIdentifier,
    /// The signed content: the element inside `[0]`. None for a detached signature.
    pub content: Option<Element<'a>>,
    /// The certificates that come along, in the order of the file.
    pub certificates: Vec<Held<'a>>,
    /// Certificates beyond the cap or beyond recognition.
    pub certificates_left_out: usize,
    /// The signer infos, each a whole element.
    pub signers: Vec<Element<'a>>,
}

impl<'a> SignedData<'a> {
    /// Cuts `der`, a `ContentInfo` that may be followed by padding.
    pub fn cut(der: &'a [u8]) -> Result<SignedData<'a>, MalformedSignature> {
        let bad = |part| MalformedSignature::Pkcs7 { part };
        let info = Element::first(der)
            .and_then(|e| e.with_tag(SEQUENCE))
            .ok_or(bad("ContentInfo"))?;
        let kind = info
            .child(0)
            .and_then(Element::oid)
            .ok_or(bad("content type"))?;
        if kind.to_string() != SIGNED_DATA {
            return Err(MalformedSignature::NotSignedData {
                found: kind.to_string(),
            });
        }
        let signed = info
            .child(1)
            .and_then(|explicit| explicit.with_tag(context(0))?.child(0)?.with_tag(SEQUENCE))
            .ok_or(bad("SignedData"))?;
        // version, digest algorithms, then the content
        let content = signed
            .child(2)
            .and_then(|e| e.with_tag(SEQUENCE))
            .ok_or(bad("content"))?;
        let content_type = content
            .child(0)
            .and_then(Element::oid)
            .ok_or(bad("content's type"))?;
        let raw_certificates = signed.children().skip(3).find(|e| e.tag == context(0));
        let held: Vec<_> = raw_certificates
            .into_iter()
            .flat_map(Element::children)
            .take(MAX_CERTIFICATES)
            .map(|certificate| Held::parse(certificate.raw))
            .collect();
        let stated = raw_certificates
            .into_iter()
            .flat_map(Element::children)
            .count();
        let certificates: Vec<_> = held.into_iter().flatten().collect();
        Ok(SignedData {
            content_type,
            content: content
                .child(1)
                .and_then(|e| e.with_tag(context(0))?.child(0)),
            certificates_left_out: stated - certificates.len(),
            certificates,
            signers: signed
                .children()
                .skip(3)
                .find(|e| e.tag == SET)
                .into_iter()
                .flat_map(Element::children)
                .take(MAX_SIGNERS)
                .collect(),
        })
    }

    /// The bytes that the signers' digests cover: the content without its own tag and length.
    pub fn signed_bytes(&self) -> Option<std::borrow::Cow<'a, [u8]>> {
        let content = self.content?;
        Some(
            content
                .octets()
                .unwrap_or(std::borrow::Cow::Borrowed(content.body)),
        )
    }
}

/// How a signer info names its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignerId {
    /// By the issuer's name, as encoded, and the serial number.
    Issuer { name: Vec<u8>, serial: Serial },
    /// By the identifier of its key.
    Key(Vec<u8>),
}

/// An attribute: its identifier and its values, each a whole element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    pub oid: ObjectIdentifier,
    pub values: Vec<Vec<u8>>,
}

/// A signer info's fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawSigner {
    pub id: Option<SignerId>,
    pub digest_algorithm: ObjectIdentifier,
    pub signed: Vec<Attribute>,
    /// The signed attributes as the digest covers them: with the tag of a set.
    pub signed_raw: Option<Vec<u8>>,
    pub signature_algorithm: ObjectIdentifier,
    pub signature: Vec<u8>,
    pub unsigned: Vec<Attribute>,
    pub reading: Reading,
}

impl RawSigner {
    /// Reads a signer info, strictly if it can be.
    pub fn parse(info: Element<'_>) -> Option<RawSigner> {
        let lenient = lenient(info)?;
        let crowded = lenient.signed.len() + lenient.unsigned.len() >= MAX_ATTRIBUTES;
        if info.raw.len() > MAX_STRICT || crowded {
            return Some(lenient);
        }
        match SignerInfo::from_der(info.raw)
            .ok()
            .and_then(|info| strict(&info, &lenient))
        {
            Some(strict) => Some(strict),
            None => Some(lenient),
        }
    }

    /// The first value of the first signed attribute `oid`.
    pub fn signed_value(&self, oid: &str) -> Option<Element<'_>> {
        self.signed
            .iter()
            .find(|attribute| attribute.oid.to_string() == oid)
            .and_then(|attribute| Element::first(attribute.values.first()?))
    }

    /// Every value of the unsigned attributes `oid`.
    pub fn unsigned_values(&self, oid: &str) -> impl Iterator<Item = &[u8]> {
        self.unsigned
            .iter()
            .filter(move |attribute| attribute.oid.to_string() == oid)
            .flat_map(|attribute| attribute.values.iter().map(Vec::as_slice))
    }
}

/// The crate's reading; exact bytes (the signer's identity, the signed attributes as they lie)
/// come from the cut.
fn strict(info: &SignerInfo, cut: &RawSigner) -> Option<RawSigner> {
    let of = |list: Option<&Attributes>| match list {
        Some(list) => strict_attributes(list),
        None => Some(Vec::new()),
    };
    Some(RawSigner {
        id: cut.id.clone(),
        digest_algorithm: info.digest_alg.oid,
        signed: of(info.signed_attrs.as_ref())?,
        signed_raw: cut.signed_raw.clone(),
        signature_algorithm: info.signature_algorithm.oid,
        signature: info.signature.as_bytes().to_vec(),
        unsigned: of(info.unsigned_attrs.as_ref())?,
        reading: Reading::Strict,
    })
}

fn strict_attributes(list: &Attributes) -> Option<Vec<Attribute>> {
    list.iter()
        .map(|attribute| {
            let values: Result<_, _> = attribute.values.iter().map(Encode::to_der).collect();
            Some(Attribute {
                oid: attribute.oid,
                values: values.ok()?,
            })
        })
        .collect()
}

pub(super) fn lenient(info: Element<'_>) -> Option<RawSigner> {
    let mut fields = info.with_tag(SEQUENCE)?.children().skip(1).peekable();
    let id = signer_id(fields.next()?);
    let digest_algorithm = fields.next()?.child(0)?.oid()?;
    let signed = fields.next_if(|field| field.tag == context(0));
    let signature_algorithm = fields.next()?.child(0)?.oid()?;
    let signature = fields.next()?.octets()?.into_owned();
    let unsigned = fields.find(|field| field.tag == context(1));
    Some(RawSigner {
        id,
        digest_algorithm,
        signed: signed.map(attributes).unwrap_or_default(),
        signed_raw: signed.map(as_set),
        signature_algorithm,
        signature,
        unsigned: unsigned.map(attributes).unwrap_or_default(),
        reading: Reading::Lenient,
    })
}

fn signer_id(id: Element<'_>) -> Option<SignerId> {
    match id.tag {
        SEQUENCE => {
            let (name, number) = (id.child(0)?, id.child(1)?);
            Some(SignerId::Issuer {
                name: name.raw.to_vec(),
                serial: serial(number.body),
            })
        }
        tag if tag == context_primitive(0) => Some(SignerId::Key(id.body.to_vec())),
        _ => None,
    }
}

fn attributes(list: Element<'_>) -> Vec<Attribute> {
    list.children()
        .take(MAX_ATTRIBUTES)
        .filter_map(|attribute| {
            let values = attribute.child(1)?.children().take(MAX_ATTRIBUTES);
            Some(Attribute {
                oid: attribute.child(0)?.oid()?,
                values: values.map(|value| value.raw.to_vec()).collect(),
            })
        })
        .collect()
}

/// RFC 5652, section 5.4: the digest covers the attributes with the tag of a set, not `[0]`.
fn as_set(list: Element<'_>) -> Vec<u8> {
    let mut raw = list.raw.to_vec();
    if let Some(tag) = raw.first_mut() {
        *tag = SET;
    }
    raw
}
