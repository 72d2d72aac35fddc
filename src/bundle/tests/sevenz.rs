//! 7z archives, by an independent writer, and damaged ones.

use super::*;
use proptest::prelude::*;
use sevenz_rust2::encoder_options::AesEncoderOptions;
use sevenz_rust2::{
    ArchiveEntry, ArchiveWriter, EncoderConfiguration, EncoderMethod, NtTime, SourceReader,
};
use std::io::Cursor;

type Methods = Vec<EncoderConfiguration>;

fn methods(which: &[EncoderMethod]) -> Methods {
    which.iter().map(|method| (*method).into()).collect()
}

/// 2023-11-14 22:13:20.5 UTC.
const TICKS: u64 = 133_444_736_005_000_000;

fn entry(name: &str) -> ArchiveEntry {
    ArchiveEntry {
        has_last_modified_date: true,
        last_modified_date: NtTime::new(TICKS),
        ..ArchiveEntry::new_file(name)
    }
}

/// The files in one block, or in one each.
fn sevenz(files: &[(&str, Vec<u8>)], methods: Methods, solid: bool, hide: bool) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    writer.set_content_methods(methods);
    writer.set_encrypt_header(hide);
    let (full, empty): (Vec<_>, Vec<_>) = files.iter().partition(|(_, bytes)| !bytes.is_empty());
    if solid {
        let entries = full.iter().map(|(name, _)| entry(name)).collect();
        let readers = full
            .iter()
            .map(|(_, bytes)| SourceReader::new(bytes.as_slice()));
        writer
            .push_archive_entries(entries, readers.collect())
            .unwrap();
    } else {
        for (name, bytes) in full {
            writer
                .push_archive_entry(entry(name), Some(bytes.as_slice()))
                .unwrap();
        }
    }
    for (name, _) in empty {
        writer
            .push_archive_entry::<&[u8]>(entry(name), None)
            .unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_folder_and_a_7z_of_it_give_one_inventory() {
    let folder = tempfile::tempdir().unwrap();
    write_folder(folder.path());
    let expected = Bundle::open(&[folder.path().to_owned()], &Limits::default()).unwrap();
    let expected = inventory(&expected);
    let chains = [
        vec![EncoderMethod::COPY],
        vec![EncoderMethod::LZMA],
        vec![EncoderMethod::LZMA2],
        vec![EncoderMethod::BZIP2],
        vec![EncoderMethod::DEFLATE],
        vec![EncoderMethod::BCJ_X86_FILTER, EncoderMethod::LZMA2],
        vec![EncoderMethod::DELTA_FILTER, EncoderMethod::LZMA],
    ];
    for chain in chains {
        for solid in [false, true] {
            let bytes = sevenz(&case(), methods(&chain), solid, false);
            let (_keep, bundle) = open_as("upload.7z", &bytes);
            let mut found = inventory(&bundle);
            // An empty file is known to be one without being read.
            found.0.iter_mut().for_each(|row| row.4.clear());
            assert_eq!(found, expected, "{chain:?} {solid}");
            assert_eq!(bundle.input().name(), "7z");
            assert_eq!(bundle.faults(), []);
            let modified = named(&bundle, "poolmon.txt").modified.unwrap();
            let When::Instant(when) = modified.when else {
                panic!("not UTC");
            };
            assert_eq!(when.to_rfc3339(), "2023-11-14T22:13:20.500+00:00");
            assert_eq!(modified.source, ModifiedSource::SevenZipUtc);
        }
    }
}

fn open_locked(bytes: &[u8], given: Option<&str>) -> Result<Bundle, OpenErrorKind> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("upload.7z");
    fs::write(&path, bytes).unwrap();
    let given = given.and_then(|text| Password::new(text.as_bytes()));
    Bundle::open_with(&[path], &Limits::default(), given.as_ref()).map_err(|error| error.kind)
}

#[test]
fn encrypted_ones_with_hidden_names_and_without() {
    let chain = |secret: &str| -> Methods {
        let options = AesEncoderOptions::new(secret.into());
        vec![options.into(), EncoderMethod::LZMA2.into()]
    };
    for solid in [false, true] {
        let open = sevenz(&case(), chain("pässwort"), solid, false);
        let bundle = open_locked(&open, Some("pässwort")).unwrap();
        assert_eq!(
            content(&bundle, "drivers/B.sys"),
            (b"not an image".to_vec(), None)
        );
        assert_eq!(bundle.locked().count(), 0);
        let bundle = open_locked(&open, None).unwrap();
        assert_eq!(bundle.locked().count(), 4, "all but the empty one");
        let wrong = open_locked(&open, Some("wrong")).unwrap_err();
        assert_eq!(wrong, OpenErrorKind::WrongPassword { files: 4 });

        let hidden = sevenz(&case(), chain("pässwort"), solid, true);
        let bundle = open_locked(&hidden, Some("pässwort")).unwrap();
        assert_eq!(
            content(&bundle, "drivers/B.sys"),
            (b"not an image".to_vec(), None)
        );
        let none = open_locked(&hidden, None).unwrap_err();
        assert_eq!(none, OpenErrorKind::EncryptedDirectory { wrong: false });
        assert!(none.to_string().contains("--password-file"));
        let wrong = open_locked(&hidden, Some("wrong")).unwrap_err();
        assert_eq!(wrong, OpenErrorKind::EncryptedDirectory { wrong: true });
    }
}

#[test]
fn what_is_cut_off_has_no_directory() {
    let bytes = sevenz(&case(), methods(&[EncoderMethod::LZMA2]), true, false);
    for cut in [40, bytes.len() - 1] {
        let (_keep, bundle) = try_as("x.7z", &bytes[..cut], &Limits::default());
        let error = bundle.unwrap_err();
        assert_eq!(
            error.kind,
            OpenErrorKind::DamagedArchive(DirectoryFault::Missing)
        );
    }
}

#[test]
fn damage_in_a_block_is_said_of_its_files() {
    let noise: Vec<u8> = (0..90_000_u32)
        .map(|n| (n.wrapping_mul(n) >> 7) as u8)
        .collect();
    let files = [
        ("a", noise.clone()),
        ("b", noise[1000..].to_vec()),
        ("c", b"c".to_vec()),
    ];
    let mut bytes = sevenz(&files, methods(&[EncoderMethod::COPY]), false, false);
    bytes[32 + 50] ^= 1;
    let (_keep, bundle) = open_as("x.7z", &bytes);
    assert_eq!(content(&bundle, "a").1, Some(ReadFault::ChecksumMismatch));
    assert_eq!(content(&bundle, "b"), (noise[1000..].to_vec(), None));
    let mut bytes = sevenz(&files, methods(&[EncoderMethod::LZMA2]), true, false);
    for byte in &mut bytes[2000..2100] {
        *byte ^= 0xff;
    }
    let (_keep, bundle) = open_as("x.7z", &bytes);
    assert!(content(&bundle, "a").1.is_some());
    assert!(content(&bundle, "c").1.is_some());
}

#[test]
fn bombs_end_where_the_ratio_says() {
    let limits = Limits {
        ratio: 10,
        ratio_free_bytes: 10_000,
        ..Limits::default()
    };
    let files = [("zeros", vec![0; 3_000_000]), ("z", vec![0; 3_000_000])];
    for solid in [false, true] {
        let bytes = sevenz(&files, methods(&[EncoderMethod::LZMA2]), solid, false);
        let (_keep, bundle) = try_as("x.7z", &bytes, &limits);
        let bundle = bundle.unwrap();
        let (read, fault) = content(&bundle, "zeros");
        assert!(read.len() <= 20_000, "{}", read.len());
        assert!(matches!(
            fault,
            Some(ReadFault::LimitReached {
                limit: ByteLimit::Ratio,
                ..
            })
        ));
    }
}

#[test]
fn a_header_that_asks_for_memory_gets_none() {
    let header = |body: &[u8]| {
        let mut start = (0_u64).to_le_bytes().to_vec();
        start.extend((body.len() as u64).to_le_bytes());
        start.extend(rawzip::checksum(body).to_le_bytes());
        let mut out = b"7z\xbc\xaf\x27\x1c\0\x04".to_vec();
        out.extend(rawzip::checksum(&start).to_le_bytes());
        out.extend(start);
        out.extend(body);
        out
    };
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    // So many files; so many folders.
    for before in [&[1, 5][..], &[1, 4, 7, 11]] {
        let bytes = header(&[before, &huge].concat());
        let (_keep, bundle) = try_as("x.7z", &bytes, &Limits::default());
        assert!(matches!(
            bundle.unwrap_err().kind,
            OpenErrorKind::DamagedArchive(DirectoryFault::BrokenAt { offset: 32 })
        ));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn damaged_archives_never_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        fix: bool,
    ) {
        let mut bytes = sevenz(&case(), methods(&[EncoderMethod::LZMA2]), true, false);
        let length = bytes.len();
        for (at, value) in damage {
            // The directory, which is checked by its checksum, is where it gets interesting.
            let at = if fix { length - 1 - at.index(200.min(length - 32)) } else { at.index(length) };
            bytes[at] = value;
        }
        if fix {
            let offset = u64::from_le_bytes(bytes[12..20].try_into().unwrap()) as usize;
            let sum = rawzip::checksum(&bytes[32 + offset..]);
            bytes[28..32].copy_from_slice(&sum.to_le_bytes());
            let sum = rawzip::checksum(&bytes[12..32]);
            bytes[8..12].copy_from_slice(&sum.to_le_bytes());
        }
        let limits = Limits { total_bytes: 1 << 20, ..Limits::default() };
        let (_keep, bundle) = try_as("x.7z", &bytes, &limits);
        if let Ok(bundle) = bundle {
            bundle.digest_contents();
        }
    }
}
