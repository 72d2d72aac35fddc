//! Embedded Authenticode signatures: who signed an image, when, and whether the file is still
//! the one that was signed. All of it offline.
//!
//! **What is said and what is not.** Recomputed: the image's digest, the digest of what the signer
//! signed, and the signature value where it is RSA. Not verified: whether the certificates lead to
//! a root that Windows trusts ([`Trust`]), whether they are revoked ([`Revocation`]), whether
//! they are meant for code. An image without an embedded signature may be signed through a
//! catalog: nothing here ever calls it unsigned.
//!
//! ```text
//! certificate table ─► PKCS #7 blob ─► signed data ─┬► certificates ─► chain
//!   (table)             (tlv cuts)    (signed_data) ├► signer info ──► digests, value, time stamps
//!                                                   └► content ──────► stated image digest
//! ```
//! Limits: [`MAX_TABLE`] bytes, [`MAX_SIGNATURES`] signatures nested [`MAX_DEPTH`] deep,
//! [`MAX_CERTIFICATES`] certificates; see the parts for theirs.

mod certificate;
mod digest;
mod name;
mod rsa;
mod signed_data;
mod signer;
mod spc;
mod state;
mod table;
mod time;
mod timestamp;
mod tlv;

use std::collections::BTreeMap;

pub use certificate::{Certificate, MAX_CERTIFICATES, Serial};
pub use digest::{DigestAlgorithm, Digests, Fingerprint, Hash, HashForm};
pub use name::{Name, NamePart};
pub use spc::Programme;
pub use state::{
    Agreement, ChainEnd, DigestVerdict, Embedded, ImageSignature, Integrity, MalformedSignature,
    Place, Reading, Revocation, SignatureNote, SignatureState, Signer, StatedSigner, Trust,
    Unchecked, ValueCheck,
};
pub use table::MAX_TABLE;
pub use timestamp::{MAX_TIMESTAMPS, Timestamp, TimestampKind};

pub(super) use signed_data::SignedData;
pub(super) use signer::first_signer;
pub(super) use spc::{INDIRECT_DATA, IndirectData};
pub(super) use time::from_element as instant;
pub(super) use tlv::{Element, SEQUENCE, SET};

use super::layout::Layout;
use digest::hashed_parts;
use spc::NESTED_SIGNATURE;

/// Signatures read of one image, nested ones included; real ones have one or two.
pub const MAX_SIGNATURES: usize = 16;
/// How deep signatures nest; real ones once.
pub const MAX_DEPTH: usize = 3;

/// Reads the embedded signatures of `file`, whose headers are `layout`.
pub fn read(file: &[u8], layout: &Layout) -> (SignatureState, Vec<SignatureNote>) {
    let mut notes = Vec::new();
    let state = match table::blobs(file, layout, &mut notes) {
        Err(why) => SignatureState::Malformed { why },
        Ok(Some(blobs)) => signatures(&blobs, &mut Image::new(file, layout), &mut notes),
        Ok(None) => {
            if table::is_orphaned(file, layout) {
                notes.push(SignatureNote::OrphanedTable {
                    offset: layout.sections_end,
                });
            }
            SignatureState::NoEmbedded
        }
    };
    (state, notes)
}

/// The image's digests, each computed when a signature first asks for it.
struct Image<'a> {
    parts: Vec<&'a [u8]>,
    known: BTreeMap<DigestAlgorithm, Hash>,
}

impl<'a> Image<'a> {
    fn new(file: &'a [u8], layout: &Layout) -> Self {
        Image {
            parts: hashed_parts(file, layout),
            known: BTreeMap::new(),
        }
    }

    fn verdict(&mut self, data: &SignedData<'_>) -> DigestVerdict {
        let stated = data
            .content
            .filter(|_| data.content_type.to_string() == INDIRECT_DATA)
            .and_then(IndirectData::parse);
        let Some(IndirectData {
            algorithm: oid,
            digest: stated,
        }) = stated
        else {
            return DigestVerdict::NotStated;
        };
        let Some(algorithm) = DigestAlgorithm::from_oid(oid) else {
            return DigestVerdict::Unsupported {
                oid: oid.to_string(),
            };
        };
        let parts = &self.parts;
        let computed = self
            .known
            .entry(algorithm)
            .or_insert_with(|| algorithm.digest(parts));
        match *computed == stated {
            true => DigestVerdict::Match {
                algorithm,
                digest: stated,
            },
            false => DigestVerdict::Mismatch {
                algorithm,
                stated,
                computed: computed.clone(),
            },
        }
    }
}

/// Reads every blob and what is nested in it, outermost first.
fn signatures(
    blobs: &[&[u8]],
    image: &mut Image<'_>,
    notes: &mut Vec<SignatureNote>,
) -> SignatureState {
    let mut waiting: std::collections::VecDeque<(Place, Vec<u8>)> = blobs
        .iter()
        .enumerate()
        .map(|(entry, blob)| (Place { entry, depth: 0 }, blob.to_vec()))
        .collect();
    let mut found = Vec::new();
    let mut first_failure = None;
    while let Some((place, blob)) = waiting.pop_front() {
        if found.len() == MAX_SIGNATURES {
            notes.push(SignatureNote::TooMany {
                what: "signatures",
                limit: MAX_SIGNATURES,
            });
            break;
        }
        match signature(place, &blob, image, notes) {
            Ok((signature, nested)) => {
                found.push(signature);
                let inner = Place {
                    depth: place.depth + 1,
                    ..place
                };
                waiting.extend(nested.into_iter().map(|blob| (inner, blob)));
            }
            Err(why) if place.depth == 0 && first_failure.is_none() => first_failure = Some(why),
            Err(why) => notes.push(SignatureNote::Unreadable { place, why }),
        }
    }
    match (Embedded::new(found), first_failure) {
        (Some(embedded), failure) => {
            let place = Place { entry: 0, depth: 0 };
            notes.extend(failure.map(|why| SignatureNote::Unreadable { place, why }));
            SignatureState::Present(Box::new(embedded))
        }
        (None, Some(why)) => SignatureState::Malformed { why },
        (None, None) => SignatureState::Malformed {
            why: MalformedSignature::Pkcs7 {
                part: "ContentInfo",
            },
        },
    }
}

fn signature(
    place: Place,
    blob: &[u8],
    image: &mut Image<'_>,
    notes: &mut Vec<SignatureNote>,
) -> Result<(ImageSignature, Vec<Vec<u8>>), MalformedSignature> {
    let data = SignedData::cut(blob)?;
    let (signer, raw) = first_signer(&data)?;
    note_oddities(place, &data, &signer, notes);
    if timestamp::count(&raw) > MAX_TIMESTAMPS {
        notes.push(SignatureNote::TooMany {
            what: "time stamps",
            limit: MAX_TIMESTAMPS,
        });
    }
    let nested: Vec<Vec<u8>> = raw
        .unsigned_values(NESTED_SIGNATURE)
        .take(MAX_SIGNATURES)
        .map(<[u8]>::to_vec)
        .collect();
    let signature = ImageSignature {
        place,
        digest: image.verdict(&data),
        signer,
    };
    if place.depth == MAX_DEPTH && !nested.is_empty() {
        notes.push(SignatureNote::TooMany {
            what: "levels of nested signatures",
            limit: MAX_DEPTH,
        });
        return Ok((signature, Vec::new()));
    }
    Ok((signature, nested))
}

fn note_oddities(
    place: Place,
    data: &SignedData<'_>,
    signer: &Signer,
    notes: &mut Vec<SignatureNote>,
) {
    if data.signers.len() > 1 {
        notes.push(SignatureNote::FurtherSigners {
            place,
            count: data.signers.len() - 1,
        });
    }
    if data.certificates_left_out > 0 {
        let count = data.certificates_left_out;
        notes.push(SignatureNote::CertificatesLeftOut { place, count });
    }
    if signer.reading == Reading::Lenient {
        notes.push(SignatureNote::LenientReading { place });
    }
}

#[cfg(test)]
pub(super) mod tests;
