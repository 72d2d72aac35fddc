//! Compressed streams of each format, single files among them.

use super::rawtar::{file, gzip, tar};
use super::*;
use proptest::prelude::*;

/// `bytes` in each format, by an independent writer, and the extension.
fn packings(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    bzip2.write_all(bytes).unwrap();
    let options = lzma_rust2::XzOptions::default();
    let mut xz = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    xz.write_all(bytes).unwrap();
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    vec![
        ("gz", gzip(bytes)),
        ("bz2", bzip2.finish().unwrap()),
        ("xz", xz.finish().unwrap()),
        ("zst", ruzstd::encoding::compress_to_vec(bytes, level)),
    ]
}

#[test]
fn a_single_file_in_each_format() {
    let text = b"2031-03-04 05:06:07 - - - 9_Connections_Refused -\r\n".repeat(5000);
    for (extension, bytes) in packings(&text) {
        let (_keep, bundle) = open_as(&format!("httperr1.log.{extension}"), &bytes);
        assert_eq!(bundle.input().name(), extension);
        assert_eq!(names(&bundle), ["httperr1.log"]);
        assert_eq!(
            content(&bundle, "httperr1.log"),
            (text.clone(), None),
            "{extension}"
        );
        assert_eq!(
            bundle.size_of(bundle.artifacts()[0].id),
            Some(text.len() as u64)
        );
    }
}

#[test]
fn a_tar_in_each_format() {
    let whole = tar(&[
        file(b"x/a.log", b"first"),
        file(b"x/b.log", &b"second".repeat(9000)),
    ]);
    for (extension, bytes) in packings(&whole) {
        // The content says what it is, not the name.
        let (_keep, bundle) = open_as("upload", &bytes);
        assert_eq!(bundle.input().name(), format!("tar.{extension}"));
        assert_eq!(names(&bundle), ["a.log", "b.log"]);
        assert_eq!(content(&bundle, "b.log"), (b"second".repeat(9000), None));
        assert_eq!(bundle.faults(), []);
    }
}

#[test]
fn members_one_behind_the_other() {
    let (first, second) = (packings(b"first "), packings(b"second"));
    for ((extension, first), (_, second)) in first.into_iter().zip(second) {
        let both = [first, second].concat();
        let (_keep, bundle) = open_as(&format!("a.{extension}"), &both);
        assert_eq!(
            content(&bundle, "a"),
            (b"first second".to_vec(), None),
            "{extension}"
        );
    }
    let (_keep, bundle) = open_as("a.gz", &[gzip(b"text"), vec![0; 999]].concat());
    assert_eq!(content(&bundle, "a"), (b"text".to_vec(), None));
    let skippable = [
        b"\x52\x2a\x4d\x18\x03\0\0\0abc".to_vec(),
        packings(b"text").remove(3).1,
    ];
    let (_keep, bundle) = open_as("a.zst", &skippable.concat());
    assert_eq!(content(&bundle, "a"), (b"text".to_vec(), None));
}

#[test]
fn cut_and_spoilt_streams() {
    let mut state = 1_u32;
    let noise: Vec<u8> = (0..300_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_le_bytes()[3]
        })
        .collect();
    for (extension, bytes) in packings(&noise) {
        let name = format!("a.{extension}");
        let (_keep, bundle) = open_as(&name, &bytes[..bytes.len() * 2 / 3]);
        let (read, fault) = content(&bundle, "a");
        assert_eq!(fault, Some(ReadFault::Truncated), "{extension}");
        assert!(noise.starts_with(&read));
        let mut spoilt = bytes.clone();
        for byte in &mut spoilt[bytes.len() / 2..][..100] {
            *byte ^= 0xff;
        }
        let (_keep, bundle) = open_as(&name, &spoilt);
        let fault = content(&bundle, "a").1;
        let known = [Some(ReadFault::Damaged), Some(ReadFault::ChecksumMismatch)];
        assert!(known.contains(&fault), "{extension}: {fault:?}");
    }
}

#[test]
fn windows_beyond_what_is_given_are_refused() {
    // A zstd frame of 1 GiB window; its block is never reached.
    let zstd = b"\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00";
    let (_keep, bundle) = open_as("a.zst", zstd);
    let fault = content(&bundle, "a").1;
    assert_eq!(fault, Some(ReadFault::NeedsMemory { allowed: 256 << 20 }));
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut xz = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    xz.write_all(b"text").unwrap();
    let mut xz = xz.finish().unwrap();
    // The block header's dictionary size becomes 4 GiB, its checksum is made anew.
    let header = 12..24;
    assert_eq!((xz[12], xz[14], xz[15]), (2, 0x21, 1));
    xz[16] = 40;
    let crc = rawzip::checksum(&xz[header.start..20]);
    xz[20..24].copy_from_slice(&crc.to_le_bytes());
    let (_keep, bundle) = open_as("a.xz", &xz);
    let fault = content(&bundle, "a").1;
    assert_eq!(fault, Some(ReadFault::NeedsMemory { allowed: 256 << 20 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn damaged_streams_never_panic(
        which in 0_usize..4,
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let whole = tar(&[file(b"a", &b"some text ".repeat(400)), file(b"b", b"x")]);
        let (extension, mut bytes) = packings(&whole).remove(which);
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let limits = Limits { total_bytes: 1 << 20, ..Limits::default() };
        let (_keep, bundle) = try_as(&format!("x.{extension}"), &bytes, &limits);
        if let Ok(bundle) = bundle {
            bundle.digest_contents();
        }
    }
}
