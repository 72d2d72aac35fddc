//! Encrypted archives: the right password, another one, and none.

use super::rawtar::{file, gzip, tar};
use super::*;
use ::zip::unstable::write::FileOptionsExt;
use ::zip::write::SimpleFileOptions;
use ::zip::{AesMode, CompressionMethod, ZipWriter};
use std::io::Cursor;

const SECRET: &str = "correct horse";

fn password(text: &str) -> Option<Password> {
    Password::new(text.as_bytes())
}

fn open_locked(bytes: &[u8], given: Option<&str>) -> (TempDir, Result<Bundle, OpenError>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("upload.zip");
    fs::write(&path, bytes).unwrap();
    let given = given.and_then(password);
    let bundle = Bundle::open_with(&[path], &Limits::default(), given.as_ref());
    (folder, bundle)
}

/// The case in each of the zip format's ciphers, each packing in turn.
fn ciphers() -> Vec<(&'static str, Vec<u8>)> {
    let write = |cipher: &str| {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (nth, (name, bytes)) in case().into_iter().enumerate() {
            let method = match nth % 2 {
                0 => CompressionMethod::Deflated,
                _ => CompressionMethod::Stored,
            };
            let plain = SimpleFileOptions::default().compression_method(method);
            let options = match cipher {
                "aes128" => plain.with_aes_encryption(AesMode::Aes128, SECRET),
                "aes256" => plain.with_aes_encryption(AesMode::Aes256, SECRET),
                _ => plain.with_deprecated_encryption(SECRET.as_bytes()).unwrap(),
            };
            writer.start_file(format!("case/{name}"), options).unwrap();
            writer.write_all(&bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    };
    ["aes128", "aes256", "old"]
        .map(|cipher| (cipher, write(cipher)))
        .into()
}

#[test]
fn with_the_password_it_is_the_case_itself() {
    let (_keep, plain) = open_zip(&ordinary_zip(""));
    let expected = inventory(&plain);
    for (cipher, bytes) in ciphers() {
        let (_keep, bundle) = open_locked(&bytes, Some(SECRET));
        let bundle = bundle.unwrap();
        assert_eq!(inventory(&bundle), expected, "{cipher}");
        assert_eq!(bundle.locked().count(), 0);
        let (_keep, wrapped) = open_locked(&archive(&[stored(b"in.zip", &bytes)]), Some(SECRET));
        assert_eq!(inventory(&wrapped.unwrap()), expected, "{cipher} within");
    }
}

#[test]
fn without_a_password_it_is_listed_and_said_how_to_give_one() {
    for (cipher, bytes) in ciphers() {
        let (_keep, bundle) = open_locked(&bytes, None);
        let bundle = bundle.unwrap();
        assert_eq!(bundle.locked().count(), 5, "{cipher}");
        let issue = bundle.artifacts()[0].issues[0].to_string();
        assert!(issue.contains("--password-file"), "{issue}");
        assert_eq!(bundle.digest_contents()[0], ContentDigest::Unreadable);
    }
}

#[test]
fn another_password_is_an_error_that_does_not_repeat_it() {
    for (cipher, bytes) in ciphers() {
        // One byte decides in the old cipher: some of these would pass for one file, but
        // not for all.
        let (_keep, bundle) = open_locked(&bytes, Some("battery staple"));
        let error = bundle.unwrap_err();
        assert_eq!(
            error.kind,
            OpenErrorKind::WrongPassword { files: 5 },
            "{cipher}"
        );
        assert!(!error.to_string().contains("battery"));
    }
}

#[test]
fn a_password_that_passes_the_old_ciphers_byte_by_chance_is_wrong_all_the_same() {
    let (cipher, bytes) = ciphers().remove(2);
    // One in 256 passes for a file, so dozens of these do.
    for guess in 0..1_500 {
        let (_keep, bundle) = open_locked(&bytes, Some(&format!("guess {guess}")));
        let kind = bundle
            .map(|bundle| bundle.locked().count())
            .unwrap_err()
            .kind;
        assert!(
            matches!(kind, OpenErrorKind::WrongPassword { .. }),
            "{cipher}: {guess}: {kind}"
        );
    }
}

#[test]
fn a_password_that_fits_some_is_used_for_them() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, secret) in [("a.log", SECRET), ("b.log", "another")] {
        let options = SimpleFileOptions::default().with_aes_encryption(AesMode::Aes256, secret);
        writer.start_file(name, options).unwrap();
        writer.write_all(b"text").unwrap();
    }
    let bytes = writer.finish().unwrap().into_inner();
    let (_keep, bundle) = open_locked(&bytes, Some(SECRET));
    let bundle = bundle.unwrap();
    assert_eq!(content(&bundle, "a.log"), (b"text".to_vec(), None));
    let wrong = ArtifactIssue::Fault(ReadFault::WrongPassword);
    assert_eq!(named(&bundle, "b.log").issues, [wrong]);
    assert_eq!(bundle.locked().count(), 1);
}

#[test]
fn streamed_entries_of_the_old_cipher_are_checked_by_their_time() {
    // As Info-ZIP writes to a pipe: the checksum follows, so the time stands for it.
    let (_, bytes) = ciphers().remove(2);
    let flags = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    assert_eq!(flags(6) & 1, 1, "encrypted");
    let (_keep, bundle) = open_locked(&bytes, Some(SECRET));
    assert_eq!(content(&bundle.unwrap(), "drivers/B.sys").1, None);
}

#[test]
fn damage_under_encryption_is_found() {
    let (_, mut bytes) = ciphers().remove(1);
    let text = b"not an image".len();
    let at = bytes
        .windows(13)
        .position(|w| w == b"drivers/B.sys")
        .unwrap();
    // Behind the name: the field of AES, salt, check, then the content.
    for byte in &mut bytes[at + 13 + 11 + 18..][..text] {
        *byte ^= 0x55;
    }
    let (_keep, bundle) = open_locked(&bytes, Some(SECRET));
    let fault = content(&bundle.unwrap(), "drivers/B.sys").1;
    assert_eq!(fault, Some(ReadFault::ChecksumMismatch));
}

#[test]
fn a_password_for_what_is_not_encrypted_changes_nothing() {
    let (_keep, bundle) = open_locked(&gzip(&tar(&[file(b"a", b"1")])), Some(SECRET));
    assert_eq!(names(&bundle.unwrap()), ["a"]);
}
