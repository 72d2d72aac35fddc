//! Catalogs (`.cat`): signed lists of digests, by which most drivers of Windows are signed.
//!
//! A catalog covers an image when it lists the image's Authenticode digest, padded or not. No
//! catalog in the bundle, or none that covers an image, does not make the image unsigned: Windows
//! keeps its own. Limits: [`MAX_CATALOG`] bytes, [`MAX_MEMBERS`] members. The layout is that of a
//! PKCS #7 signature over a certificate trust list (MS-CAESO, "Certificate Trust List"); a member is
//! named by its digest, raw or as UTF-16 hex, and carries the digest again as indirect data.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::signature::{
    Digests, Element, Fingerprint, Hash, INDIRECT_DATA, IndirectData, Integrity,
    MalformedSignature, SEQUENCE, SET, SignedData, Signer, first_signer, instant,
};

/// Bytes of a catalog that is read. The largest that Windows ships have a few megabytes.
pub const MAX_CATALOG: usize = 64 * 1024 * 1024;
/// Members read of a catalog. Large ones have some ten thousand.
pub const MAX_MEMBERS: usize = 200_000;

const TRUST_LIST: &str = "1.3.6.1.4.1.311.10.1";
/// Lengths of SHA-1 and SHA-256, the digests that name members.
const DIGEST_LENGTHS: [usize; 2] = [20, 32];
const OCTET_STRING: u8 = 0x04;

/// A catalog: its signer, and the digests it lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// Who signed the list; [`Signer::attributes`] and [`Signer::value`] tell whether it is
    /// still the list that was signed.
    pub signer: Signer,
    /// When the list was made, by its own word.
    pub made: Option<DateTime<Utc>>,
    /// Members of the list.
    pub members: usize,
    /// True when members were left out because of [`MAX_MEMBERS`].
    pub capped: bool,
    digests: BTreeSet<Hash>,
}

/// Why bytes are no catalog.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CatalogError {
    /// Larger than what is read.
    #[error("catalog of {size} bytes: at most {MAX_CATALOG} are read")]
    TooLarge {
        /// Its size.
        size: usize,
    },
    /// Not a readable signature.
    #[error("catalog: {0}")]
    Signature(#[from] MalformedSignature),
    /// A signature, but not over a list.
    #[error("catalog: expected a certificate trust list, found content type {found}")]
    NotAList {
        /// The content type found.
        found: String,
    },
    /// A list whose members cannot be made out.
    #[error("catalog: the list has no members that can be read")]
    NoMembers,
}

impl Catalog {
    /// Reads a `.cat` file.
    ///
    /// # Errors
    /// [`CatalogError`] when the file is not a signed list.
    pub fn parse(file: &[u8]) -> Result<Catalog, CatalogError> {
        if file.len() > MAX_CATALOG {
            return Err(CatalogError::TooLarge { size: file.len() });
        }
        let data = SignedData::cut(file)?;
        if data.content_type.to_string() != TRUST_LIST {
            return Err(CatalogError::NotAList {
                found: data.content_type.to_string(),
            });
        }
        let bytes = data.signed_bytes().ok_or(CatalogError::NoMembers)?;
        let list = List::cut(data.content, &bytes).ok_or(CatalogError::NoMembers)?;
        let (signer, _) = first_signer(&data)?;
        let members = list.members.children().count();
        let digests = list
            .members
            .children()
            .take(MAX_MEMBERS)
            .flat_map(digests)
            .collect();
        let capped = members > MAX_MEMBERS;
        Ok(Catalog {
            signer,
            made: list.made,
            members,
            capped,
            digests,
        })
    }

    /// Whether this is still the list that was signed.
    pub fn integrity(&self) -> Integrity {
        match (self.signer.is_altered(), self.signer.is_checked()) {
            (true, _) => Integrity::SignatureAltered,
            (false, true) => Integrity::Intact,
            (false, false) => Integrity::CannotTell,
        }
    }

    /// Which of a file's digests the catalog lists, if any.
    pub fn covers<'d>(&self, digests: &'d Digests) -> Option<&'d Fingerprint> {
        digests
            .iter()
            .find(|fingerprint| self.digests.contains(&fingerprint.value))
    }
}

/// The parts of a certificate trust list that matter here.
struct List<'a> {
    made: Option<DateTime<Utc>>,
    members: Element<'a>,
}

impl<'a> List<'a> {
    /// Cuts the list: the content itself, or, in CMS, what the content's octets hold.
    fn cut(content: Option<Element<'a>>, octets: &'a [u8]) -> Option<List<'a>> {
        let list = match content?.tag {
            SEQUENCE => content?,
            _ => Element::first(octets)?.with_tag(SEQUENCE)?,
        };
        let is_member = |e: Element<'_>| e.tag == SEQUENCE && e.child(0).is_some_and(is_identifier);
        Some(List {
            made: list.children().find_map(instant),
            members: list
                .children()
                .find(|part| part.tag == SEQUENCE && part.child(0).is_some_and(is_member))?,
        })
    }
}

fn is_identifier(element: Element<'_>) -> bool {
    element.tag == OCTET_STRING
}

/// The digests by which a member can be named: its identifier, and its indirect data.
fn digests(member: Element<'_>) -> impl Iterator<Item = Hash> {
    let identifier = member.child(0).and_then(|id| identifier_digest(id.body));
    let attributes = member.child(1).into_iter().flat_map(Element::children);
    let stated = attributes.filter_map(|attribute| {
        let kind = attribute.child(0)?.oid()?;
        let value = attribute.child(1)?.with_tag(SET)?.child(0)?;
        (kind.to_string() == INDIRECT_DATA).then(|| IndirectData::parse(value))?
    });
    identifier.into_iter().chain(stated.map(|data| data.digest))
}

/// A digest as it is, or written in hex in UTF-16, with or without a final NUL.
fn identifier_digest(bytes: &[u8]) -> Option<Hash> {
    if DIGEST_LENGTHS.contains(&bytes.len()) {
        return Some(Hash(bytes.to_vec()));
    }
    let digits: Vec<u32> = bytes
        .chunks_exact(2)
        .map_while(|unit| match unit {
            [digit, 0] => char::from(*digit).to_digit(16),
            _ => None,
        })
        .collect();
    let whole = DIGEST_LENGTHS.contains(&(digits.len() / 2)) && digits.len().is_multiple_of(2);
    let byte = |pair: &[u32]| pair.iter().fold(0, |sum, digit| sum * 16 + digit) as u8;
    whole.then(|| Hash(digits.chunks(2).map(byte).collect()))
}

/// What the catalogs of a bundle say of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogSearch<'a> {
    /// The bundle has no catalog, so nothing is known.
    NoCatalogs,
    /// None of them lists the file. Others, on the machine, may.
    NotListed {
        /// How many were searched.
        searched: usize,
    },
    /// One lists it.
    Listed {
        /// Its place among those searched: the first that lists the file and is least in doubt.
        index: usize,
        /// The catalog.
        catalog: &'a Catalog,
        /// The digest it lists.
        by: Fingerprint,
    },
}

/// Searches `catalogs` for the file with these digests.
pub fn search<'a>(catalogs: &'a [Catalog], digests: &Digests) -> CatalogSearch<'a> {
    if catalogs.is_empty() {
        return CatalogSearch::NoCatalogs;
    }
    let found = catalogs
        .iter()
        .enumerate()
        .filter_map(|(index, catalog)| Some((index, catalog, catalog.covers(digests)?.clone())))
        .min_by_key(|(_, catalog, _)| catalog.integrity());
    match found {
        Some((index, catalog, by)) => CatalogSearch::Listed { index, catalog, by },
        None => CatalogSearch::NotListed {
            searched: catalogs.len(),
        },
    }
}

impl fmt::Display for CatalogSearch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CatalogSearch::NoCatalogs => f.write_str("no catalog in the bundle"),
            CatalogSearch::NotListed { searched } => {
                write!(f, "listed in none of the bundle's {searched} catalogs")
            }
            CatalogSearch::Listed { catalog, .. } => {
                let name = catalog
                    .signer
                    .certificate()
                    .and_then(|c| c.subject.common_name());
                let name = name.unwrap_or("an unnamed signer");
                write!(
                    f,
                    "listed in a catalog signed by {name} ({}, {})",
                    catalog.signer.trust, catalog.signer.revocation
                )?;
                match catalog.integrity() {
                    Integrity::Intact => Ok(()),
                    doubt => write!(f, "; of the catalog: {doubt}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
