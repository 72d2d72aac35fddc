use std::path::Path;

use chrono::DateTime;
use proptest::prelude::*;

use super::super::layout::Layout;
use super::*;

/// A file that `scripts/build-signed-fixtures` made.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/identity");
    std::fs::read(folder.join(name)).unwrap()
}

/// What `osslsigncode verify` prints for the plain image.
const PLAIN_SHA256: &str = "964d5385376db48b58fb26193468d9634194cabc407e7c318dcb2ce401b742b8";
const PLAIN_SHA1: &str = "7a126acf337f85c7d4204a8f915b9081ab538391";
const SIGNED_AT: i64 = 1_600_000_000;
const STAMPED_AT: i64 = 1_600_003_600;

fn state(file: &[u8]) -> (SignatureState, Vec<SignatureNote>) {
    read(file, &Layout::parse(file).unwrap())
}

fn embedded(file: &[u8]) -> Embedded {
    match state(file) {
        (SignatureState::Present(embedded), _) => *embedded,
        other => panic!("{other:?}"),
    }
}

/// Offset of the certificate table, as the header of a PE32+ image states it.
fn table_at(file: &[u8]) -> usize {
    let new = u32::from_le_bytes(file[0x3C..0x40].try_into().unwrap()) as usize;
    let entry = new + 24 + 112 + 4 * 8;
    u32::from_le_bytes(file[entry..entry + 4].try_into().unwrap()) as usize
}

#[test]
fn a_sha256_signature_is_read_and_checked() {
    let embedded = embedded(&fixture("sha256.sys"));
    assert_eq!(embedded.integrity(), Integrity::Intact);
    let ImageSignature { digest, signer, .. } = embedded.primary();
    let DigestVerdict::Match { algorithm, digest } = digest else {
        panic!("{digest:?}")
    };
    assert_eq!(
        (*algorithm, digest.to_string().as_str()),
        (DigestAlgorithm::Sha256, PLAIN_SHA256)
    );
    assert_eq!(
        (&signer.attributes, &signer.value),
        (&Agreement::Agrees, &ValueCheck::Valid)
    );
    assert_eq!(signer.reading, Reading::Strict);
    assert_eq!(signer.claimed_time, DateTime::from_timestamp(SIGNED_AT, 0));
    let programme = signer.programme.as_ref().unwrap();
    assert_eq!(
        programme.to_string(),
        "Tiny Programme <http://fixture.example/>"
    );
}

#[test]
fn the_chain_goes_from_leaf_to_root() {
    let embedded = embedded(&fixture("sha256.sys"));
    let signer = &embedded.primary().signer;
    let leaf = signer.certificate().unwrap();
    assert_eq!(
        leaf.subject.to_string(),
        "C=XX, O=Fixture Works, Inc., CN=Fixture Works Müller"
    );
    assert_eq!(
        leaf.issuer.to_string(),
        "C=XX, O=Fixture Roots, CN=Fixture Root"
    );
    assert_eq!(leaf.serial.to_string(), "0A1B2C3D4E5F");
    assert_eq!(
        leaf.not_before.unwrap().to_rfc3339(),
        "2019-01-01T00:00:00+00:00"
    );
    assert_eq!(
        leaf.not_after.unwrap().to_rfc3339(),
        "2039-01-01T00:00:00+00:00"
    );
    assert_eq!((leaf.sha1.0.len(), leaf.sha256.0.len()), (20, 32));
    let names: Vec<_> = signer
        .chain
        .iter()
        .map(|c| c.subject.common_name().unwrap())
        .collect();
    assert_eq!(names, ["Fixture Works Müller", "Fixture Root"]);
    assert_eq!(signer.chain_end, ChainEnd::SelfIssued);
    assert_eq!(
        signer.trust.to_string(),
        "chain listed as found, trust not verified"
    );
    assert_eq!(signer.revocation.to_string(), "revocation not checked");
}

#[test]
fn an_rfc_3161_token_gives_the_time_and_its_authority() {
    let embedded = embedded(&fixture("sha256.sys"));
    let [stamp] = &embedded.primary().signer.timestamps[..] else {
        panic!("one stamp")
    };
    assert_eq!(stamp.kind, TimestampKind::Rfc3161);
    assert_eq!(stamp.time, DateTime::from_timestamp(STAMPED_AT, 0));
    assert_eq!(
        (&stamp.covers, &stamp.value),
        (&Agreement::Agrees, &ValueCheck::Valid)
    );
    let authority = stamp.authority.as_ref().unwrap();
    assert_eq!(authority.subject.common_name(), Some("Fixture Time Stamps"));
    assert_eq!(authority.serial.to_string(), "77");
}

#[test]
fn an_old_counter_signature_gives_the_time_too() {
    let embedded = embedded(&fixture("sha1.sys"));
    assert_eq!(embedded.integrity(), Integrity::Intact);
    let signer = &embedded.primary().signer;
    let [stamp] = &signer.timestamps[..] else {
        panic!("one stamp")
    };
    assert_eq!(stamp.kind, TimestampKind::CounterSignature);
    // The fixture's server stamps with the time of its making.
    assert!(stamp.time > DateTime::from_timestamp(SIGNED_AT, 0));
    assert_eq!(signer.stamped_time(), stamp.time);
    assert_eq!(
        (&stamp.covers, &stamp.value),
        (&Agreement::Agrees, &ValueCheck::Valid)
    );
    let authority = stamp.authority.as_ref().unwrap();
    assert_eq!(authority.subject.organization(), Some("Fixture Clocks"));
}

#[test]
fn nested_signatures_are_listed_behind_the_primary() {
    let embedded = embedded(&fixture("dual.sys"));
    let found: Vec<_> = embedded
        .iter()
        .map(|s| {
            let DigestVerdict::Match { algorithm, digest } = &s.digest else {
                panic!()
            };
            (s.place.depth, *algorithm, digest.to_string())
        })
        .collect();
    assert_eq!(
        found,
        [
            (0, DigestAlgorithm::Sha1, PLAIN_SHA1.to_string()),
            (1, DigestAlgorithm::Sha256, PLAIN_SHA256.to_string()),
        ]
    );
    assert_eq!(embedded.integrity(), Integrity::Intact);
    assert_eq!(embedded.iter().nth(1).unwrap().signer.timestamps.len(), 1);
}

#[test]
fn old_digests_and_foreign_keys_are_told() {
    let old = embedded(&fixture("md5.sys"));
    assert_eq!(old.integrity(), Integrity::Intact);
    assert!(matches!(
        old.primary().digest,
        DigestVerdict::Match {
            algorithm: DigestAlgorithm::Md5,
            ..
        }
    ));
    let curve = embedded(&fixture("curve.sys"));
    assert_eq!(curve.integrity(), Integrity::DigestOnly);
    let ValueCheck::NotChecked(why) = &curve.primary().signer.value else {
        panic!()
    };
    assert_eq!(
        why.to_string(),
        "signature algorithm 1.2.840.10045.4.3.3 is not supported"
    );
}

#[test]
fn a_changed_file_is_told_from_one_without_signature() {
    let mut file = fixture("sha256.sys");
    file[0x400] ^= 1;
    let changed = embedded(&file);
    assert_eq!(changed.integrity(), Integrity::FileModified);
    assert!(matches!(
        changed.primary().digest,
        DigestVerdict::Mismatch { .. }
    ));
    assert!(
        state(&file)
            .0
            .to_string()
            .ends_with("changed after it was signed")
    );

    let (plain, notes) = state(&fixture("plain.sys"));
    assert_eq!(
        plain.to_string(),
        "no embedded signature (may be catalog-signed)"
    );
    assert_eq!(notes, []);
}

#[test]
fn checksum_and_directory_entry_are_not_covered() {
    let mut file = fixture("sha256.sys");
    let new = usize::from(file[0x3C]);
    file[new + 0x58] ^= 0xFF;
    assert_eq!(embedded(&file).integrity(), Integrity::Intact);
}

#[test]
fn a_signature_that_was_cut_off_leaves_a_note() {
    let mut file = fixture("sha256.sys");
    let entry = usize::from(file[0x3C]) + 24 + 112 + 32;
    file[entry..entry + 8].fill(0);
    let (state, notes) = state(&file);
    assert_eq!(state, SignatureState::NoEmbedded);
    assert_eq!(notes, [SignatureNote::OrphanedTable { offset: 4096 }]);
}

#[test]
fn a_digest_forged_inside_the_signature_is_not_intact() {
    let mut file = fixture("sha256.sys");
    file[0x400] ^= 1;
    let DigestVerdict::Mismatch {
        stated, computed, ..
    } = embedded(&file).primary().digest.clone()
    else {
        panic!()
    };
    let at = memchr::memmem::find(&file, &stated.0).unwrap();
    file[at..at + 32].copy_from_slice(&computed.0);
    let forged = embedded(&file);
    assert!(matches!(
        forged.primary().digest,
        DigestVerdict::Match { .. }
    ));
    assert_eq!(forged.primary().signer.attributes, Agreement::Differs);
    assert_eq!(forged.integrity(), Integrity::SignatureAltered);
}

#[test]
fn an_altered_attribute_breaks_the_value() {
    let mut file = fixture("sha256.sys");
    let at = memchr::memmem::find(&file, b"200913122640Z").unwrap();
    file[at + 1] = b'1';
    let forged = embedded(&file);
    assert_eq!(
        forged.primary().signer.claimed_time.unwrap().to_rfc3339(),
        "2021-09-13T12:26:40+00:00"
    );
    assert_eq!(forged.primary().signer.value, ValueCheck::Invalid);
    assert_eq!(forged.integrity(), Integrity::SignatureAltered);
}

#[test]
fn an_altered_time_stamp_is_no_witness() {
    let mut file = fixture("sha256.sys");
    let at = memchr::memmem::find(&file, b"20200913132640Z").unwrap();
    file[at + 3] = b'1';
    let signer = embedded(&file).primary().signer.clone();
    assert_eq!(
        signer.timestamps[0].time.unwrap().to_rfc3339(),
        "2021-09-13T13:26:40+00:00"
    );
    assert_eq!(signer.timestamps[0].value, ValueCheck::Invalid);
    assert_eq!(signer.stamped_time(), None);
}

#[test]
fn tables_that_lie_outside_or_hold_nothing_are_malformed() {
    let file = fixture("sha256.sys");
    let table = table_at(&file);
    let SignatureState::Malformed { why } = state(&file[..table]).0 else {
        panic!()
    };
    assert!(
        matches!(
            why,
            MalformedSignature::TableOutsideFile { offset: 4096, .. }
        ),
        "{why}"
    );

    let mut zeroed = file.clone();
    zeroed[table..].fill(0);
    let (state_of, _) = state(&zeroed);
    assert_eq!(
        state_of.to_string(),
        "embedded signature unreadable: certificate table at offset 0x1000 holds no PKCS #7 signature"
    );

    let mut other = file;
    other[table + 6] = 1;
    let (state_of, notes) = state(&other);
    assert!(matches!(state_of, SignatureState::Malformed { .. }));
    assert_eq!(
        notes,
        [SignatureNote::OtherEntry {
            offset: table,
            kind: 1
        }]
    );
}

#[test]
fn bad_entry_lengths_are_notes_and_the_signature_is_still_read() {
    for length in [0u32, 7, 0xFFFF_FFFF] {
        let mut file = fixture("sha256.sys");
        let table = table_at(&file);
        file[table..table + 4].copy_from_slice(&length.to_le_bytes());
        let (state, notes) = state(&file);
        assert!(
            matches!(state, SignatureState::Present(_)),
            "{length}: {state}"
        );
        assert!(
            matches!(notes[..], [SignatureNote::EntryLength { .. }]),
            "{notes:?}"
        );
    }
}

#[test]
fn several_entries_are_all_read() {
    let file = fixture("md5.sys");
    let (table, entry) = (table_at(&file), usize::from(file[0x3C]) + 24 + 112 + 36);
    let mut twice = file.clone();
    twice.extend_from_slice(&file[table..]);
    let size = u32::try_from(twice.len() - table).unwrap();
    twice[entry..entry + 4].copy_from_slice(&size.to_le_bytes());
    let places: Vec<_> = embedded(&twice).iter().map(|s| s.place.entry).collect();
    assert_eq!(places, [0, 1]);
}

/// Rewrites the length of the element at `at`, of the form `82 xx xx`, as the longer `83 00 xx
/// xx`, and the length of everything around it: BER, not DER.
fn with_padded_length(pkcs7: &[u8], path: &[usize]) -> Vec<u8> {
    fn rebuild(element: Element<'_>, path: &[usize]) -> Vec<u8> {
        let mut body = Vec::new();
        match path.split_first() {
            None => body.extend_from_slice(element.body),
            Some((index, rest)) => {
                for (at, child) in element.children().enumerate() {
                    match at == *index {
                        true => body.extend(rebuild(child, rest)),
                        false => body.extend_from_slice(child.raw),
                    }
                }
            }
        }
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        let mut raw = vec![element.tag, 0x84];
        raw.extend(length);
        raw.extend(body);
        raw
    }
    rebuild(Element::first(pkcs7).unwrap(), path)
}

#[test]
fn odd_encodings_still_show_signer_and_time() {
    let file = fixture("sha256.sys");
    let table = table_at(&file);
    // ContentInfo, [0], SignedData, signer infos (the fifth part), the first of them
    let odd = with_padded_length(&file[table + 8..], &[1, 0, 4, 0]);
    let mut image = file[..table].to_vec();
    image.extend(u32::try_from(odd.len() + 8).unwrap().to_le_bytes());
    image.extend([0, 2, 2, 0]);
    image.extend(&odd);
    let entry = usize::from(file[0x3C]) + 24 + 112 + 36;
    let size = u32::try_from(image.len() - table).unwrap();
    image[entry..entry + 4].copy_from_slice(&size.to_le_bytes());

    let (state, notes) = state(&image);
    let SignatureState::Present(odd) = state else {
        panic!("{state}")
    };
    let signer = &odd.primary().signer;
    assert_eq!(signer.reading, Reading::Lenient);
    assert_eq!(
        notes,
        [SignatureNote::LenientReading {
            place: odd.primary().place
        }]
    );
    assert_eq!(
        signer.certificate().unwrap().serial.to_string(),
        "0A1B2C3D4E5F"
    );
    assert_eq!(
        signer.stamped_time(),
        DateTime::from_timestamp(STAMPED_AT, 0)
    );
    // The attributes themselves lie there as they were signed.
    assert_eq!(odd.integrity(), Integrity::Intact);
}

#[test]
fn strict_and_lenient_decoders_agree() {
    for name in ["sha1.sys", "sha256.sys", "dual.sys", "md5.sys", "curve.sys"] {
        let file = fixture(name);
        let data = SignedData::cut(&file[table_at(&file) + 8..]).unwrap();
        let info = data.signers[0];
        let strict = signed_data::RawSigner::parse(info).unwrap();
        assert_eq!(strict.reading, Reading::Strict, "{name}");
        let mut lenient = signed_data::lenient(info).unwrap();
        lenient.reading = Reading::Strict;
        assert_eq!(lenient, strict, "{name}");
    }
}

#[test]
fn digests_of_an_image_are_those_that_signers_compute() {
    let file = fixture("dual.sys");
    let digests = Digests::of_image(&file, &Layout::parse(&file).unwrap());
    let get = |algorithm| digests.get(HashForm::Image, algorithm).unwrap().to_string();
    assert_eq!(get(DigestAlgorithm::Sha1), PLAIN_SHA1);
    assert_eq!(get(DigestAlgorithm::Sha256), PLAIN_SHA256);
    assert_eq!(
        digests.get(HashForm::ImagePadded, DigestAlgorithm::Sha1),
        None
    );
}

// -- hostile input ---------------------------------------------------------------------------

#[test]
fn bombs_of_elements_cost_little() {
    let mut deep = [0x30u8, 0x80].repeat(MAX_TABLE / 2);
    assert!(SignedData::cut(&deep).is_err());
    deep.extend([0; 2]);
    assert!(SignedData::cut(&deep).is_err());
    let wide = [0x05u8, 0x00].repeat(MAX_TABLE / 2);
    assert_eq!(Element::first(&wide).unwrap().children().count(), 0);
}

/// A signer info with `count` unsigned time stamps that are empty, and as many attributes.
#[test]
fn crowds_of_attributes_are_capped() {
    let file = fixture("sha256.sys");
    let data = SignedData::cut(&file[table_at(&file) + 8..]).unwrap();
    let crowd = b"\x30\x0c\x06\x03\x2a\x03\x04\x31\x05\x04\x03abc".repeat(100_000);
    let mut body: Vec<u8> = data.signers[0]
        .children()
        .take(6)
        .flat_map(|e| e.raw)
        .copied()
        .collect();
    let head = |tag: u8, length: usize| {
        let mut head = vec![tag, 0x84];
        head.extend(u32::try_from(length).unwrap().to_be_bytes());
        head
    };
    body.extend(head(0xA1, crowd.len()));
    body.extend(crowd);
    let mut info = head(0x30, body.len());
    info.extend(body);
    let raw = signed_data::RawSigner::parse(Element::first(&info).unwrap()).unwrap();
    assert_eq!((raw.unsigned.len(), raw.reading), (64, Reading::Lenient));
}

/// A small generator, so that a failing round can be repeated by its number.
fn next(seed: &mut u64) -> usize {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap()
}

#[test]
fn no_mutation_panics() {
    for name in ["sha1.sys", "sha256.sys", "dual.sys"] {
        let original = fixture(name);
        let table = table_at(&original);
        for round in 0..400u64 {
            let mut seed = round;
            let mut file = original.clone();
            for _ in 0..=next(&mut seed) % 6 {
                // Three of four hit the signature, the others anything.
                let from = if next(&mut seed).is_multiple_of(4) {
                    0
                } else {
                    table
                };
                let at = from + next(&mut seed) % (file.len() - from);
                file[at] = [0, 0x80, 0xFF, u8::try_from(next(&mut seed) & 0xFF).unwrap()]
                    [next(&mut seed) % 4];
            }
            file.truncate(
                file.len() - (next(&mut seed) % 8).saturating_sub(6) * next(&mut seed) % 3000,
            );
            if let Ok(layout) = Layout::parse(&file) {
                let (state, notes) = read(&file, &layout);
                let _said = (
                    state.to_string(),
                    notes.iter().map(ToString::to_string).count(),
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(data) = SignedData::cut(&bytes) {
            let _read = first_signer(&data);
        }
    }

    #[test]
    fn arbitrary_certificates_do_no_harm(
        at in 0usize..900, bytes in proptest::collection::vec(any::<u8>(), 1..8),
    ) {
        let file = fixture("md5.sys");
        let data = SignedData::cut(&file[table_at(&file) + 8..]).unwrap();
        let info = data.signers[0].raw;
        let mut changed = info.to_vec();
        let at = at % changed.len();
        let end = (at + bytes.len()).min(changed.len());
        changed[at..end].copy_from_slice(&bytes[..end - at]);
        if let Some(element) = Element::first(&changed) {
            let _read = signed_data::RawSigner::parse(element);
        }
    }
}

// -- comparison with another verifier --------------------------------------------------------

/// Prints one line a signature for the files below `POOLSLEUTH_SIGNED_DIR`; see
/// `scripts/compare-signers`, which runs this.
#[test]
#[ignore = "a listing for scripts/compare-signers, not a test"]
fn list_signatures() {
    let folder = std::env::var("POOLSLEUTH_SIGNED_DIR").unwrap();
    for entry in walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .flatten()
    {
        let Some(file) = entry
            .file_type()
            .is_file()
            .then(|| std::fs::read(entry.path()).unwrap())
        else {
            continue;
        };
        let Ok(layout) = Layout::parse(&file) else {
            continue;
        };
        let path = entry.path().display();
        match read(&file, &layout).0 {
            SignatureState::NoEmbedded => println!("LISTED\t{path}\tnone"),
            SignatureState::Malformed { why } => println!("LISTED\t{path}\tmalformed\t{why}"),
            SignatureState::Present(embedded) => {
                for (index, signature) in embedded.iter().enumerate() {
                    println!("LISTED\t{path}\tsignature\t{index}\t{}", line(signature));
                }
            }
        }
    }
}

/// Verdict, algorithm, subject, issuer, serial, stamped time, integrity.
fn line(signature: &ImageSignature) -> String {
    let slashed = |name: &Name| -> String {
        name.parts
            .iter()
            .map(|p| format!("/{}={}", p.key, p.value.replace('/', "\\/")))
            .collect()
    };
    let (verdict, algorithm) = match &signature.digest {
        DigestVerdict::Match { algorithm, .. } => ("match", algorithm.to_string()),
        DigestVerdict::Mismatch { algorithm, .. } => ("mismatch", algorithm.to_string()),
        DigestVerdict::Unsupported { oid } => ("unsupported", oid.clone()),
        DigestVerdict::NotStated => ("not stated", String::new()),
    };
    let signer = &signature.signer;
    let (subject, issuer, serial) = signer.certificate().map_or_else(Default::default, |c| {
        (
            slashed(&c.subject),
            slashed(&c.issuer),
            c.serial.to_string(),
        )
    });
    let stamped = signer
        .stamped_time()
        .map_or(String::new(), |t| t.to_rfc3339());
    let integrity = signature.integrity();
    format!("{verdict}\t{algorithm}\t{subject}\t{issuer}\t{serial}\t{stamped}\t{integrity}")
}
