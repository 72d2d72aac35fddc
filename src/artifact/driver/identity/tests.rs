use super::super::signature::tests::fixture;
use super::*;

#[test]
fn everything_an_image_says_is_in_one_place() {
    let identity = identify(&fixture("sha256.sys")).unwrap();
    assert_eq!(identity.version.company(), Some("Fixture Works"));
    assert_eq!(identity.pdb.as_ref().map(Pdb::file_name), Some("tiny.pdb"));
    assert_eq!(identity.link.to_string(), "2020-01-02T03:04:05Z");
    assert!(matches!(identity.signature, SignatureState::Present(_)));
    assert_eq!(identity.notes, []);
}

#[test]
fn a_link_time_after_the_time_stamp_is_noted() {
    let mut file = fixture("sha256.sys");
    let stamp = usize::from(file[0x3C]) + 8;
    file[stamp..stamp + 4].copy_from_slice(&1_700_000_000u32.to_le_bytes());
    let identity = identify(&file).unwrap();
    assert_eq!(identity.notes, [IdentityNote::LinkedAfterSigning]);
}

#[test]
fn what_is_no_image_is_an_error() {
    assert_eq!(identify(b"ELF").unwrap_err(), NotAnImage::NoDosHeader);
    assert!(identify(&fixture("first.cat")).is_err());
}

#[test]
fn no_truncation_panics() {
    let file = fixture("dual.sys");
    for length in (0..file.len()).step_by(23) {
        if let Ok(identity) = identify(&file[..length]) {
            let _said: Vec<_> = identity.notes.iter().map(ToString::to_string).collect();
        }
    }
}
