//! What a signer info amounts to: who, over what, and whether the numbers fit.
//!
//! Checked here: that the signed attributes carry the content's digest, and that the signature
//! value over them was made with the signer certificate's key. Not checked: whether anybody
//! should believe that certificate.

use chrono::{DateTime, Utc};

use super::certificate::Held;
use super::digest::{DigestAlgorithm, Hash};
use super::name::Name;
use super::rsa::RsaKey;
use super::signed_data::{RawSigner, SignedData, SignerId};
use super::spc::{OPUS_INFO, Programme};
use super::tlv::Element;
use super::{
    Agreement, ChainEnd, MalformedSignature, Revocation, Signer, StatedSigner, Trust, Unchecked,
    ValueCheck, time, timestamp,
};

pub const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";
/// Links followed from a certificate to its issuer; real chains have two to five.
const MAX_CHAIN: usize = 16;

/// A signer info checked against its content and its certificates.
pub struct Checked<'a, 'b> {
    pub held: Option<&'b Held<'a>>,
    pub attributes: Agreement,
    pub value: ValueCheck,
}

/// Reads the first signer of `data`, with its raw fields for further use.
pub fn first_signer(data: &SignedData<'_>) -> Result<(Signer, RawSigner), MalformedSignature> {
    let info = data.signers.first().ok_or(MalformedSignature::Pkcs7 {
        part: "signer infos",
    })?;
    let raw = RawSigner::parse(*info).ok_or(MalformedSignature::Pkcs7 {
        part: "signer info",
    })?;
    let content = data.signed_bytes();
    let checked = check(&raw, &data.certificates, content.as_deref());
    let (chain, chain_end) = chain(checked.held, &data.certificates);
    let signer = Signer {
        stated: stated(raw.id.as_ref()),
        chain,
        chain_end,
        attributes: checked.attributes,
        value: checked.value,
        claimed_time: claimed_time(&raw),
        programme: raw.signed_value(OPUS_INFO).and_then(Programme::parse),
        timestamps: timestamp::timestamps(&raw, &data.certificates),
        reading: raw.reading,
        trust: Trust::NotVerified,
        revocation: Revocation::NotChecked,
    };
    Ok((signer, raw))
}

/// Checks `raw` against the bytes it signs.
pub(super) fn check<'a, 'b>(
    raw: &RawSigner,
    certificates: &'b [Held<'a>],
    content: Option<&[u8]>,
) -> Checked<'a, 'b> {
    let held = raw
        .id
        .as_ref()
        .and_then(|id| certificates.iter().find(|held| is_named(held, id)));
    let attributes = match content {
        Some(content) => attribute_digest(raw, content),
        None => Agreement::NotStated,
    };
    Checked {
        held,
        attributes,
        value: value(raw, held, content),
    }
}

/// The signing time that the signer claims in its own signed attributes.
pub fn claimed_time(raw: &RawSigner) -> Option<DateTime<Utc>> {
    raw.signed_value(SIGNING_TIME).and_then(time::from_element)
}

fn is_named(held: &Held<'_>, id: &SignerId) -> bool {
    match id {
        SignerId::Issuer { name, serial } => {
            held.issuer_raw == name && held.shown.serial == *serial
        }
        SignerId::Key(id) => held.key_id.as_ref() == Some(id),
    }
}

fn stated(id: Option<&SignerId>) -> Option<StatedSigner> {
    Some(match id? {
        SignerId::Issuer { name, serial } => StatedSigner::Certificate {
            issuer: Element::first(name)
                .map(Name::from_element)
                .unwrap_or_default(),
            serial: serial.clone(),
        },
        SignerId::Key(id) => StatedSigner::Key(Hash(id.clone())),
    })
}

fn attribute_digest(raw: &RawSigner, content: &[u8]) -> Agreement {
    let Some(stated) = raw.signed_value(MESSAGE_DIGEST).and_then(Element::octets) else {
        return Agreement::NotStated;
    };
    Agreement::of(raw.digest_algorithm, &stated, content)
}

/// The digest algorithm that goes with the signature value, if it is RSA with PKCS #1 v1.5.
fn rsa_digest(raw: &RawSigner) -> Result<DigestAlgorithm, Unchecked> {
    let unknown = |oid: der::oid::ObjectIdentifier| Unchecked::Algorithm {
        oid: oid.to_string(),
    };
    if raw.signature_algorithm.to_string() == RSA_ENCRYPTION {
        let oid = raw.digest_algorithm;
        return DigestAlgorithm::from_oid(oid).ok_or(unknown(oid));
    }
    DigestAlgorithm::from_oid(raw.signature_algorithm).ok_or(unknown(raw.signature_algorithm))
}

fn value(raw: &RawSigner, held: Option<&Held<'_>>, content: Option<&[u8]>) -> ValueCheck {
    match try_value(raw, held, content) {
        Ok(true) => ValueCheck::Valid,
        // Attributes in a form that signers do not hash as it lies: no reproach.
        Ok(false) if raw.reading == super::Reading::Lenient => {
            ValueCheck::NotChecked(Unchecked::Encoding)
        }
        Ok(false) => ValueCheck::Invalid,
        Err(why) => ValueCheck::NotChecked(why),
    }
}

fn try_value(
    raw: &RawSigner,
    held: Option<&Held<'_>>,
    content: Option<&[u8]>,
) -> Result<bool, Unchecked> {
    let held = held.ok_or(Unchecked::NoCertificate)?;
    let algorithm = rsa_digest(raw)?;
    let key: &RsaKey = held.key.as_ref().ok_or(Unchecked::Key)?;
    let signed = raw
        .signed_raw
        .as_deref()
        .or(content)
        .ok_or(Unchecked::NoContent)?;
    Ok(key.verifies(algorithm, &algorithm.digest(&[signed]), &raw.signature))
}

/// Follows issuers from the signer upwards, as far as the certificates that came along reach.
fn chain(
    signer: Option<&Held<'_>>,
    certificates: &[Held<'_>],
) -> (Vec<super::Certificate>, ChainEnd) {
    let mut links: Vec<&Held<'_>> = signer.into_iter().collect();
    let end = loop {
        let Some(last) = links.last() else {
            break ChainEnd::NoSigner;
        };
        if last.is_self_issued() {
            break ChainEnd::SelfIssued;
        }
        let Some(issuer) = certificates
            .iter()
            .find(|held| held.subject_raw == last.issuer_raw)
        else {
            break ChainEnd::IssuerNotIncluded;
        };
        if links.len() == MAX_CHAIN || links.iter().any(|link| std::ptr::eq(*link, issuer)) {
            break ChainEnd::Loop;
        }
        links.push(issuer);
    };
    (
        links.into_iter().map(|held| held.shown.clone()).collect(),
        end,
    )
}
