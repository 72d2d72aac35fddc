//! Counter-signatures: when somebody else says that the signature already existed.
//!
//! Two kinds: a PKCS #9 counter-signature (RFC 2985, section 5.3.6) and an RFC 3161 token. The
//! time is worth what its authority is worth, which is not verified here.

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::certificate::{Certificate, Held};
use super::signed_data::{RawSigner, SignedData};
use super::signer::{check, claimed_time};
use super::tlv::Element;
use super::{Agreement, ValueCheck, time};

const COUNTER_SIGNATURE: &str = "1.2.840.113549.1.9.6";
/// RFC 3161 tokens stand under Microsoft's identifier in Authenticode, under the other in CMS.
const TOKENS: [&str; 2] = ["1.3.6.1.4.1.311.3.3.1", "1.2.840.113549.1.9.16.2.14"];
const TOKEN_INFO: &str = "1.2.840.113549.1.9.16.1.4";
/// Time stamps read of one signature; real ones have one, seldom two.
pub const MAX_TIMESTAMPS: usize = 8;

/// How a time stamp was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TimestampKind {
    /// A PKCS #9 counter-signature, as Authenticode used until about 2015.
    #[error("PKCS #9 counter-signature")]
    CounterSignature,
    /// A token of RFC 3161.
    #[error("RFC 3161 token")]
    Rfc3161,
}

/// One time stamp on a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamp {
    /// How it was made.
    pub kind: TimestampKind,
    /// The time it states.
    pub time: Option<DateTime<Utc>>,
    /// The certificate of who states it, if it came along.
    pub authority: Option<Certificate>,
    /// Whether it was made for this very signature.
    pub covers: Agreement,
    /// Whether its own signature value fits.
    pub value: ValueCheck,
}

/// The time stamps of `raw`, in the order of the file. One that cannot be read is kept,
/// without a time.
pub(super) fn timestamps(raw: &RawSigner, certificates: &[Held<'_>]) -> Vec<Timestamp> {
    let legacy = raw
        .unsigned_values(COUNTER_SIGNATURE)
        .map(|value| counter_signature(value, raw, certificates));
    let tokens = TOKENS
        .into_iter()
        .flat_map(|oid| raw.unsigned_values(oid))
        .map(|value| (TimestampKind::Rfc3161, token(value, raw)));
    legacy
        .map(|found| (TimestampKind::CounterSignature, found))
        .chain(tokens)
        .take(MAX_TIMESTAMPS)
        .map(|(kind, found)| found.unwrap_or_else(|| unreadable(kind)))
        .collect()
}

/// How many time stamps `raw` carries, read or not.
pub(super) fn count(raw: &RawSigner) -> usize {
    let kinds = TOKENS.into_iter().chain([COUNTER_SIGNATURE]);
    kinds.map(|oid| raw.unsigned_values(oid).count()).sum()
}

fn unreadable(kind: TimestampKind) -> Timestamp {
    let value = ValueCheck::NotChecked(super::Unchecked::NoContent);
    Timestamp {
        kind,
        time: None,
        authority: None,
        covers: Agreement::NotStated,
        value,
    }
}

fn counter_signature(
    value: &[u8],
    parent: &RawSigner,
    certificates: &[Held<'_>],
) -> Option<Timestamp> {
    let counter = RawSigner::parse(Element::first(value)?)?;
    let checked = check(&counter, certificates, Some(&parent.signature));
    Some(Timestamp {
        kind: TimestampKind::CounterSignature,
        time: claimed_time(&counter),
        authority: checked.held.map(|held| held.shown.clone()),
        covers: checked.attributes,
        value: checked.value,
    })
}

fn token(value: &[u8], parent: &RawSigner) -> Option<Timestamp> {
    let data = SignedData::cut(value).ok()?;
    let content = data
        .signed_bytes()
        .filter(|_| data.content_type.to_string() == TOKEN_INFO)?;
    // TSTInfo: version, policy, message imprint, serial number, time, …
    let info = Element::first(&content)?;
    let imprint = info.child(2)?;
    let stated = imprint.child(1)?.octets()?;
    let algorithm = imprint.child(0)?.child(0)?.oid()?;
    let signer = data
        .signers
        .first()
        .and_then(|info| RawSigner::parse(*info));
    let checked = signer
        .as_ref()
        .map(|raw| check(raw, &data.certificates, Some(&content)));
    let (authority, value) = match &checked {
        // A token whose own digest differs was altered, whatever its signature value.
        Some(checked) if checked.attributes == Agreement::Differs => {
            (checked.held, ValueCheck::Invalid)
        }
        Some(checked) => (checked.held, checked.value.clone()),
        None => (
            None,
            ValueCheck::NotChecked(super::Unchecked::NoCertificate),
        ),
    };
    Some(Timestamp {
        kind: TimestampKind::Rfc3161,
        time: info.child(4).and_then(time::from_element),
        authority: authority.map(|held| held.shown.clone()),
        covers: Agreement::of(algorithm, &stated, &parent.signature),
        value,
    })
}
