use proptest::prelude::*;

use super::super::layout::Layout;
use super::super::signature::tests::fixture;
use super::super::signature::{Agreement, DigestAlgorithm, HashForm, ValueCheck};
use super::*;

fn digests(file: &[u8]) -> Digests {
    Digests::of_image(file, &Layout::parse(file).unwrap())
}

fn both() -> [Catalog; 2] {
    ["first.cat", "second.cat"].map(|name| Catalog::parse(&fixture(name)).unwrap())
}

#[test]
fn an_image_is_found_by_either_digest() {
    let image = digests(&fixture("plain.sys"));
    let [first, second] = both();
    let by = |catalog: &Catalog| catalog.covers(&image).map(|f| (f.form, f.algorithm));
    assert_eq!(by(&first), Some((HashForm::Image, DigestAlgorithm::Sha1)));
    assert_eq!(
        by(&second),
        Some((HashForm::Image, DigestAlgorithm::Sha256))
    );
}

#[test]
fn an_image_of_odd_length_is_found_by_its_padded_digest() {
    let mut file = fixture("plain.sys");
    file.extend_from_slice(b"odd");
    let found = both()[1].covers(&digests(&file)).unwrap().clone();
    assert_eq!(
        (found.form, found.algorithm),
        (HashForm::ImagePadded, DigestAlgorithm::Sha256)
    );
}

#[test]
fn an_embedded_signature_does_not_hide_an_image_from_its_catalog() {
    assert!(both()[1].covers(&digests(&fixture("dual.sys"))).is_some());
}

#[test]
fn the_list_says_who_signed_it_and_when_it_was_made() {
    let [first, second] = both();
    let signer = &first.signer;
    assert_eq!(
        signer.certificate().unwrap().subject.common_name(),
        Some("Fixture Works Müller")
    );
    assert_eq!(
        (&signer.attributes, &signer.value),
        (&Agreement::Agrees, &ValueCheck::Valid)
    );
    assert_eq!(
        first.made.unwrap().to_rfc3339(),
        "2020-09-13T12:00:00+00:00"
    );
    assert_eq!(
        (first.members, second.members, second.capped),
        (1, 2, false)
    );
}

#[test]
fn a_list_that_was_altered_says_so() {
    let mut file = fixture("second.cat");
    let image = digests(&fixture("plain.sys"));
    let listed = image.get(HashForm::Image, DigestAlgorithm::Sha256).unwrap();
    let at = memchr::memmem::find(&file, &listed.0).unwrap();
    file[at] ^= 1;
    let altered = Catalog::parse(&file).unwrap();
    assert_eq!(altered.signer.attributes, Agreement::Differs);
    assert_eq!(altered.signer.value, ValueCheck::Valid);
    assert_eq!(altered.integrity(), Integrity::SignatureAltered);
}

#[test]
fn an_altered_list_is_only_cited_where_no_other_will_do() {
    let mut file = fixture("second.cat");
    let padded = memchr::memmem::find(&file, b"200913120000Z").unwrap();
    file[padded + 1] = b'1';
    let altered = Catalog::parse(&file).unwrap();
    let image = digests(&fixture("plain.sys"));
    let alone = [altered];
    let said = search(&alone, &image).to_string();
    assert!(
        said.ends_with("; of the catalog: the signature itself was altered"),
        "{said}"
    );
    let [first, _] = both();
    let [altered] = alone;
    let catalogs = [altered, first];
    assert!(matches!(
        search(&catalogs, &image),
        CatalogSearch::Listed { index: 1, .. }
    ));
}

#[test]
fn no_answer_is_ever_unsigned() {
    let image = digests(&fixture("plain.sys"));
    assert_eq!(search(&[], &image).to_string(), "no catalog in the bundle");
    let mut changed = fixture("plain.sys");
    changed[0x400] ^= 1;
    let catalogs = both();
    let missed = search(&catalogs, &digests(&changed));
    assert_eq!(missed, CatalogSearch::NotListed { searched: 2 });
    assert_eq!(
        missed.to_string(),
        "listed in none of the bundle's 2 catalogs"
    );
    let found = search(&catalogs, &image);
    assert!(matches!(found, CatalogSearch::Listed { index: 0, .. }));
    assert_eq!(
        found.to_string(),
        "listed in a catalog signed by Fixture Works Müller (chain listed as found, trust not verified, revocation not checked)"
    );
}

#[test]
fn identifiers_are_digests_raw_or_in_hex() {
    assert_eq!(identifier_digest(&[7; 20]).unwrap(), Hash(vec![7; 20]));
    let wide = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>()
    };
    let hex = wide(&"a0B".repeat(40)[..40]);
    assert_eq!(identifier_digest(&hex).unwrap().0[..3], [0xA0, 0xBA, 0x0B]);
    assert_eq!(
        identifier_digest(&wide("{de351a42-8e59-11d0-8c47-00c04fc295ee}")),
        None
    );
    assert_eq!(identifier_digest(b""), None);
}

#[test]
fn other_files_are_no_catalogs() {
    let image = fixture("sha256.sys");
    assert!(matches!(
        Catalog::parse(&image),
        Err(CatalogError::Signature(_))
    ));
    let embedded = &image[4096 + 8..];
    assert_eq!(
        Catalog::parse(embedded).unwrap_err().to_string(),
        "catalog: expected a certificate trust list, found content type 1.3.6.1.4.1.311.2.1.4"
    );
    assert!(matches!(
        Catalog::parse(b""),
        Err(CatalogError::Signature(_))
    ));
}

proptest! {
    #[test]
    fn mutations_do_no_harm(
        at in 0usize..2400, bytes in proptest::collection::vec(any::<u8>(), 1..6), cut in 0usize..2400,
    ) {
        let mut file = fixture("second.cat");
        file[at..at + bytes.len()].copy_from_slice(&bytes);
        let _read = Catalog::parse(&file);
        file.truncate(cut);
        let _read = Catalog::parse(&file);
    }
}
