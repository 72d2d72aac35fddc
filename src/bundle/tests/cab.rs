//! Cabinets: by an independent writer, by hand, and damaged ones.

use super::*;
use ::cab::{CabinetBuilder, CompressionType};
use proptest::prelude::*;
use std::io::Cursor;

/// The files in one folder of a cabinet.
fn cabinet(files: &[(&str, Vec<u8>)], packing: CompressionType) -> Vec<u8> {
    let mut builder = CabinetBuilder::new();
    let folder = builder.add_folder(packing);
    for (name, _) in files {
        folder.add_file(name.replace('/', "\\"));
    }
    let mut writer = builder.build(Cursor::new(Vec::new())).unwrap();
    let mut contents = files.iter();
    while let Some(mut file) = writer.next_file().unwrap() {
        file.write_all(&contents.next().unwrap().1).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_folder_and_a_cabinet_of_it_give_one_inventory() {
    let folder = tempfile::tempdir().unwrap();
    write_folder(folder.path());
    let expected = Bundle::open(&[folder.path().to_owned()], &Limits::default()).unwrap();
    let expected = inventory(&expected);
    for packing in [CompressionType::None, CompressionType::MsZip] {
        let (_keep, bundle) = open_as("upload.cab", &cabinet(&case(), packing));
        let mut found = inventory(&bundle);
        for row in &mut found.0 {
            row.4.retain(|issue| *issue != ArtifactIssue::BackslashName);
        }
        assert_eq!(found, expected, "{packing:?}");
        assert_eq!(bundle.input().name(), "cab");
    }
}

#[test]
fn contents_over_many_blocks() {
    let log: Vec<u8> = (0..40_000_u32)
        .flat_map(|n| format!("{n:06} a line of a log\r\n").into_bytes())
        .collect();
    let files = [
        ("a", b"before".to_vec()),
        ("log", log.clone()),
        ("z", b"behind".to_vec()),
    ];
    let bytes = cabinet(&files, CompressionType::MsZip);
    for memory_bytes in [0, u64::MAX] {
        let limits = Limits {
            memory_bytes,
            ..Limits::default()
        };
        let (_keep, bundle) = try_as("x.cab", &bytes, &limits);
        let bundle = bundle.unwrap();
        assert_eq!(content(&bundle, "z"), (b"behind".to_vec(), None));
        assert_eq!(content(&bundle, "log"), (log.clone(), None));
        assert_eq!(content(&bundle, "a"), (b"before".to_vec(), None));
    }
}

/// A cabinet of one stored block, written by hand: files of folder numbers and names.
fn by_hand(flags: u16, packing: u16, files: &[(u16, &str)]) -> Vec<u8> {
    let content = b"abcdefgh";
    let mut rows = Vec::new();
    for (folder, name) in files {
        rows.extend(8_u32.to_le_bytes());
        rows.extend(0_u32.to_le_bytes());
        // 2024-10-27 01:30:06, no attributes.
        for word in [*folder, 0x595b, 0x0bc3, 0] {
            rows.extend(word.to_le_bytes());
        }
        rows.extend(name.as_bytes());
        rows.push(0);
    }
    let others = if flags & 2 != 0 {
        &b"next.cab\0disk 2\0"[..]
    } else {
        b""
    };
    let files_at = 36 + others.len() + 8;
    let data_at = files_at + rows.len();
    let mut out = b"MSCF\0\0\0\0".to_vec();
    out.extend(((data_at + 16) as u32).to_le_bytes());
    out.extend([0; 4]);
    out.extend((files_at as u32).to_le_bytes());
    out.extend([0, 0, 0, 0, 3, 1, 1, 0]);
    for word in [files.len() as u16, flags, 7, 0] {
        out.extend(word.to_le_bytes());
    }
    out.extend(others);
    out.extend((data_at as u32).to_le_bytes());
    out.extend([1, 0]);
    out.extend(packing.to_le_bytes());
    out.extend(rows);
    // No checksum.
    out.extend([0, 0, 0, 0, 8, 0, 8, 0]);
    out.extend(content);
    out
}

#[test]
fn times_and_names_twice() {
    let (_keep, bundle) = open_as(
        "x.cab",
        &by_hand(0, 0, &[(0, "a\\x"), (0, "a\\x"), (0, "y")]),
    );
    assert_eq!(names(&bundle), ["a/x", "a/x", "y"]);
    let twice = ArtifactIssue::DuplicateName { count: 2 };
    assert!(bundle.artifacts()[0].issues.contains(&twice));
    assert_eq!(content(&bundle, "y"), (b"abcdefgh".to_vec(), None));
    let modified = named(&bundle, "y").modified.unwrap();
    assert_eq!(modified.source, ModifiedSource::CabDosLocal);
    let When::Local(local) = modified.when else {
        panic!("not local");
    };
    assert_eq!(local.to_string(), "2024-10-27 01:30:06");
}

#[test]
fn parts_of_a_set_and_packings_that_are_not_read() {
    let files = [
        (0, "here"),
        (0xfffd, "before"),
        (0xfffe, "on"),
        (9, "nowhere"),
    ];
    let (_keep, bundle) = open_as("x.cab", &by_hand(2, 0, &files));
    assert_eq!(bundle.notes(), [BundleNote::PartOfSet]);
    assert!(bundle.notes()[0].is_damage());
    assert_eq!(content(&bundle, "here").0, b"abcdefgh");
    assert_eq!(
        named(&bundle, "before").issues,
        [ArtifactIssue::OtherCabinet]
    );
    assert_eq!(named(&bundle, "on").issues, [ArtifactIssue::OtherCabinet]);
    assert_eq!(
        named(&bundle, "nowhere").issues,
        [ArtifactIssue::Fault(ReadFault::Damaged)]
    );
    let (_keep, bundle) = open_as("x.cab", &by_hand(0, 0x0472, &[(0, "quantum")]));
    assert_eq!(
        named(&bundle, "quantum").issues,
        [ArtifactIssue::UnsupportedCabinet { packing: 0x0472 }]
    );
}

#[test]
fn wrong_checksums_and_cut_ones() {
    let files = [("a", b"0123456789".repeat(9000)), ("b", b"end".to_vec())];
    let whole = cabinet(&files, CompressionType::None);
    let mut spoilt = whole.clone();
    let at = spoilt.len() - 20;
    spoilt[at] ^= 1;
    let (_keep, bundle) = open_as("x.cab", &spoilt);
    let (read, fault) = content(&bundle, "a");
    assert_eq!(
        (read.len(), fault),
        (65_536, Some(ReadFault::ChecksumMismatch))
    );
    let (_keep, bundle) = open_as("x.cab", &whole[..whole.len() - 60_000]);
    assert_eq!(content(&bundle, "a").1, Some(ReadFault::Truncated));
    let (_keep, bundle) = try_as("x.cab", b"MSCF\0\0\0\0 and no more", &Limits::default());
    assert!(bundle.unwrap_err().is_refusal());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn damaged_cabinets_never_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        packing in 0_usize..3,
    ) {
        let mut bytes = match packing {
            0 => cabinet(&case(), CompressionType::MsZip),
            1 => by_hand(2, 0, &[(0, "a"), (0xfffe, "b")]),
            // LZX, of noise.
            _ => by_hand(0, 0x0f03, &[(0, "a"), (0, "b")]),
        };
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let limits = Limits { total_bytes: 1 << 20, ..Limits::default() };
        let (_keep, bundle) = try_as("x.cab", &bytes, &limits);
        if let Ok(bundle) = bundle {
            bundle.digest_contents();
        }
    }
}
