//! What the catalogs of an upload say of an image.
//!
//! Most drivers of Windows carry no signature of their own: a catalog lists their digest, and the
//! catalog is signed. So an image without one is never called unsigned here: that could only be
//! said on its machine, with all catalogs of that machine at hand.

use rayon::prelude::*;

use crate::artifact::driver::catalog::{Catalog, CatalogSearch, MAX_CATALOG, search};
use crate::artifact::driver::identity::Identity;
use crate::artifact::driver::signature::{Integrity, SignatureState};
use crate::bundle::{Bundle, Role};

/// What was found in the catalogs for one image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// In words.
    pub(super) text: String,
    /// Who signed the catalog that lists the image, where one does.
    pub(super) signer: Option<String>,
    /// Who issued that signer's certificate.
    pub(super) issuer: Option<String>,
    /// True where a catalog lists the image.
    pub(super) listed: bool,
    /// True where that catalog is still as it was signed, as far as could be checked.
    pub(super) intact: bool,
}

impl Listing {
    /// Looks an image up. `None` where nothing is to be said: nobody misses a catalog where a
    /// signature is embedded.
    pub(super) fn of(identity: &Identity, catalogs: &[Catalog]) -> Option<Listing> {
        let found = search(catalogs, &identity.authenticode);
        let text = match &found {
            CatalogSearch::NoCatalogs => {
                let none = matches!(identity.signature, SignatureState::NoEmbedded);
                return none.then(|| Listing {
                    text: "no catalog in the bundle, which is not \"unsigned\"".to_owned(),
                    ..Listing::default()
                });
            }
            CatalogSearch::NotListed { .. } => {
                format!("{found}, which is not \"unsigned\": Windows keeps its own")
            }
            CatalogSearch::Listed { .. } => found.to_string(),
        };
        let CatalogSearch::Listed { catalog, .. } = found else {
            return Some(Listing {
                text,
                ..Listing::default()
            });
        };
        let certificate = catalog.signer.certificate();
        Some(Listing {
            text,
            signer: certificate.map(|c| c.subject.to_string()),
            issuer: certificate.map(|c| c.issuer.to_string()),
            listed: true,
            intact: catalog.integrity() != Integrity::SignatureAltered,
        })
    }
}

/// The catalogs of a bundle; what is none is passed over.
pub fn of_bundle(bundle: &Bundle) -> Vec<Catalog> {
    let of_role = bundle
        .artifacts()
        .par_iter()
        .filter(|a| a.role == Role::Catalog);
    of_role
        .filter_map(|artifact| {
            let bytes = bundle.read_whole(artifact.id, MAX_CATALOG as u64).ok()?;
            Catalog::parse(&bytes).ok()
        })
        .collect()
}
