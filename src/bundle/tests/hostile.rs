//! Archives that lie, break off, overlap, or explode.

use super::rawzip::{RawEntry, archive, bodies, central, deflated, end_record, stored};
use super::*;
use proptest::prelude::*;

fn issues(bundle: &Bundle, name: &str) -> Vec<ArtifactIssue> {
    named(bundle, name).issues.clone()
}

#[test]
fn claimed_sizes_are_not_believed() {
    let text = b"five thousand bytes ".repeat(250);
    let (_keep, bundle) = open_zip(&archive(&[
        RawEntry {
            claimed: 1,
            ..deflated(b"more", &text)
        },
        RawEntry {
            claimed: u32::MAX - 1,
            ..deflated(b"less", &text)
        },
        RawEntry {
            claimed: 0,
            ..stored(b"none", &text)
        },
    ]));
    for name in ["more", "less", "none"] {
        assert_eq!(content(&bundle, name), (text.clone(), None), "{name}");
        assert_eq!(bundle.size_of(named(&bundle, name).id), Some(5000));
    }
    assert_eq!(named(&bundle, "more").claimed_size, Some(1));
    assert_eq!(named(&bundle, "more").size, None);
}

#[test]
fn a_wrong_checksum_spoils_nothing_but_is_said() {
    let text = b"#Software: Microsoft HTTP API 2.0\r\n".repeat(400);
    for make in [stored, deflated] {
        let (_keep, bundle) = open_zip(&archive(&[
            RawEntry {
                crc: 1,
                ..make(b"bad.log", &text)
            },
            RawEntry {
                crc: 1,
                ..make(b"small.log", b"x")
            },
            make(b"good.log", &text),
        ]));
        let spoilt = Some(ReadFault::ChecksumMismatch);
        assert_eq!(content(&bundle, "bad.log"), (text.clone(), spoilt));
        assert_eq!(content(&bundle, "good.log"), (text.clone(), None));
        assert_eq!(named(&bundle, "bad.log").role, Role::HttpErr);
        let fault = ArtifactIssue::Fault(ReadFault::ChecksumMismatch);
        assert_eq!(issues(&bundle, "small.log"), [fault]);
        assert_eq!(bundle.faults().len(), 2);
        let contents = bundle.digest_contents();
        assert_eq!(contents[0], ContentDigest::Partial(Sha256::of(&text)));
        assert_eq!(contents[1], ContentDigest::Whole(Sha256::of(&text)));
    }
}

#[test]
fn names_that_climb_are_only_names() {
    let (_keep, bundle) = open_zip(&archive(&[
        stored(b"../../etc/passwd", b"1"),
        stored(b"/root/x", b"2"),
        stored(b"C:\\Windows\\System32\\drivers\\a.sys", b"3"),
        stored(b"ok", b"4"),
    ]));
    assert_eq!(
        names(&bundle),
        [
            "../../etc/passwd",
            "/root/x",
            "C:/Windows/System32/drivers/a.sys",
            "ok"
        ]
    );
    assert_eq!(
        issues(&bundle, "../../etc/passwd"),
        [ArtifactIssue::EscapingName]
    );
    assert!(issues(&bundle, "/root/x").contains(&ArtifactIssue::EscapingName));
    let both = [ArtifactIssue::BackslashName, ArtifactIssue::EscapingName];
    assert_eq!(issues(&bundle, "C:/Windows/System32/drivers/a.sys"), both);
    assert_eq!(content(&bundle, "/root/x").0, b"2");
}

#[test]
fn names_of_old_code_pages_and_both_separators() {
    let (_keep, bundle) = open_zip(&archive(&[
        stored(b"Protokolle\\gr\x94sse.log", b"1"),
        RawEntry {
            flags: 1 << 11,
            ..stored("Protokolle/größe.log".as_bytes(), b"2")
        },
    ]));
    assert_eq!(names(&bundle), ["grösse.log", "größe.log"]);
    assert_eq!(
        named(&bundle, "grösse.log").name_encoding,
        NameEncoding::Cp437
    );
    assert_eq!(
        named(&bundle, "grösse.log").name.as_given(),
        b"Protokolle\\gr\x94sse.log"
    );
}

#[test]
fn entries_of_one_name_are_all_kept_in_order() {
    let (_keep, bundle) = open_zip(&archive(&[
        stored(b"a.log", b"first"),
        stored(b"A.LOG", b"other"),
        stored(b"a.log", b"second"),
    ]));
    assert_eq!(names(&bundle), ["A.LOG", "a.log", "a.log"]);
    let twice = ArtifactIssue::DuplicateName { count: 2 };
    assert_eq!(bundle.artifacts()[0].issues, [ArtifactIssue::CaseClash]);
    assert_eq!(
        bundle.artifacts()[1].issues,
        [twice.clone(), ArtifactIssue::CaseClash]
    );
    let read = |n: usize| bundle.read_whole(bundle.artifacts()[n].id, 99).unwrap();
    assert_eq!((read(1), read(2)), (b"first".to_vec(), b"second".to_vec()));
}

#[test]
fn overlapping_entries_are_read_and_flagged() {
    let entries = [
        stored(b"a", b"shared"),
        RawEntry {
            at: Some(0),
            ..stored(b"b", b"shared")
        },
    ];
    let (_keep, bundle) = open_zip(&archive(&[
        entries[0].clone(),
        entries[1].clone(),
        stored(b"c", b"own"),
    ]));
    assert!(issues(&bundle, "a").contains(&ArtifactIssue::Overlaps));
    let local = ArtifactName::new(b"a");
    assert_eq!(
        issues(&bundle, "b"),
        [
            ArtifactIssue::Overlaps,
            ArtifactIssue::LocalNameDiffers { local }
        ]
    );
    assert_eq!(issues(&bundle, "c"), []);
    assert_eq!(content(&bundle, "b"), (b"shared".to_vec(), None));
}

#[test]
fn an_entry_that_is_not_where_the_directory_says() {
    let (_keep, bundle) = open_zip(&archive(&[
        RawEntry {
            at: Some(5),
            ..stored(b"a", b"1")
        },
        RawEntry {
            at: Some(u32::MAX - 9),
            ..stored(b"b", b"1")
        },
        stored(b"c", b"3"),
    ]));
    assert_eq!(issues(&bundle, "a"), [ArtifactIssue::LocalHeaderMissing]);
    assert_eq!(issues(&bundle, "b"), [ArtifactIssue::LocalHeaderMissing]);
    let error = bundle.open_artifact(named(&bundle, "a").id).unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::LocalHeaderMissing);
    assert_eq!(content(&bundle, "c").0, b"3");
}

#[test]
fn bombs_are_cut_where_each_limit_says() {
    let zeros = vec![0; 3_000_000];
    let bytes = archive(&[
        deflated(b"bomb", &zeros),
        stored(b"log", b"text"),
        deflated(b"tail", &zeros),
    ]);
    let cut = |limits: &Limits| {
        let (_keep, bundle) = try_zip(&bytes, limits);
        let bundle = bundle.unwrap();
        assert_eq!(content(&bundle, "log").0, b"text");
        let read = ["bomb", "tail"].map(|name| content(&bundle, name).0.len());
        (read, bundle.limits_hit())
    };
    let base = Limits {
        ratio_free_bytes: 1000,
        ..Limits::default()
    };
    let (read, hits) = cut(&Limits {
        ratio: 10,
        ..base.clone()
    });
    assert!(read[0] < 100_000 && read[0] > 1000, "{read:?}");
    assert!(matches!(
        hits[0],
        LimitHit::Bytes {
            limit: ByteLimit::Ratio,
            ..
        }
    ));
    let (read, hits) = cut(&Limits {
        ratio: 9999,
        artifact_bytes: 500_000,
        ..base.clone()
    });
    assert_eq!(read, [500_000, 500_000]);
    assert!(matches!(
        hits[1],
        LimitHit::Bytes {
            limit: ByteLimit::ArtifactBytes,
            ..
        }
    ));
    let (read, hits) = cut(&Limits {
        ratio: 9999,
        total_bytes: 4_000_000,
        ..base
    });
    assert_eq!(read, [3_000_000, 999_996]);
    assert!(matches!(
        hits[0],
        LimitHit::Bytes {
            limit: ByteLimit::TotalBytes,
            ..
        }
    ));
    assert_eq!(hits.len(), 1);
}

#[test]
fn limits_cut_the_same_whoever_reads_first() {
    let zeros = vec![0; 100_000];
    let entries: Vec<_> = (0..20)
        .map(|n| deflated(format!("{n:02}").as_bytes(), &zeros))
        .collect();
    let bytes = archive(&entries);
    let limits = Limits {
        total_bytes: 777_777,
        ..Limits::default()
    };
    let read = |order: &dyn Fn(usize) -> usize| {
        let (_keep, bundle) = try_zip(&bytes, &limits);
        let bundle = bundle.unwrap();
        for n in 0..20 {
            bundle
                .read_whole(bundle.artifacts()[order(n)].id, u64::MAX)
                .unwrap();
        }
        bundle.limits_hit()
    };
    let forwards = read(&|n| n);
    assert_eq!(forwards.len(), 13);
    assert_eq!(forwards, read(&|n| 19 - n));
}

#[test]
fn encrypted_and_unknown_methods_are_named_with_a_way_out() {
    let aes = vec![0x01, 0x99, 7, 0, 2, 0, b'A', b'E', 3, 8, 0];
    let (_keep, bundle) = open_zip(&archive(&[
        RawEntry {
            flags: 1,
            ..stored(b"old", b"??")
        },
        RawEntry {
            flags: 1,
            method: 99,
            central_extra: aes,
            ..stored(b"aes", b"??")
        },
        RawEntry {
            flags: 0x41,
            ..stored(b"strong", b"??")
        },
        RawEntry {
            method: 14,
            ..stored(b"lzma", b"??")
        },
        stored(b"plain", b"text"),
    ]));
    let encrypted = |kind| [ArtifactIssue::Encrypted(kind)];
    assert_eq!(issues(&bundle, "old"), encrypted(Encryption::ZipCrypto));
    assert_eq!(issues(&bundle, "aes"), encrypted(Encryption::Aes));
    assert_eq!(issues(&bundle, "strong"), encrypted(Encryption::Strong));
    assert_eq!(
        issues(&bundle, "lzma"),
        [ArtifactIssue::UnsupportedMethod { method: 14 }]
    );
    assert!(issues(&bundle, "old")[0].to_string().contains("password"));
    assert_eq!(content(&bundle, "plain").0, b"text");
    assert_eq!(bundle.digest_contents()[0], ContentDigest::Unreadable);
}

#[test]
fn links_directories_and_housekeeping_are_no_artifacts() {
    let unix = |name: &[u8], mode: u32, data: &[u8]| RawEntry {
        host: 3,
        attributes: mode << 16,
        ..stored(name, data)
    };
    let (_keep, bundle) = open_zip(&archive(&[
        unix(b"link", 0o120_777, b"/etc/passwd"),
        unix(b"fifo", 0o010_644, b""),
        unix(b"log", 0o100_644, b"text"),
        stored(b"folder/", b""),
        stored(b"odd/", b"content"),
        RawEntry {
            attributes: 0x10,
            ..stored(b"dosfolder", b"")
        },
        stored(b"__MACOSX/._log", b"x"),
        stored(b"sub/Thumbs.db", b"x"),
    ]));
    assert_eq!(names(&bundle), ["log"]);
    let why: Vec<_> = bundle
        .skipped()
        .iter()
        .map(|s| (s.name.to_string(), s.why))
        .collect();
    assert_eq!(
        why,
        [
            ("__MACOSX/._log".to_owned(), SkipReason::DesktopJunk),
            ("fifo".to_owned(), SkipReason::SpecialFile),
            ("link".to_owned(), SkipReason::Symlink),
            ("odd".to_owned(), SkipReason::DirectoryWithContent),
            ("sub/Thumbs.db".to_owned(), SkipReason::DesktopJunk),
        ]
    );
}

#[test]
fn streamed_entries_have_their_sizes_behind_them() {
    let text = b"streamed text ".repeat(300);
    let (_keep, bundle) = open_zip(&archive(&[
        RawEntry {
            descriptor: true,
            ..deflated(b"a", &text)
        },
        RawEntry {
            descriptor: true,
            ..stored(b"b", &text)
        },
    ]));
    assert_eq!(content(&bundle, "a"), (text.clone(), None));
    assert_eq!(content(&bundle, "b"), (text, None));
    assert_eq!(bundle.notes(), []);
}

#[test]
fn an_archive_that_was_cut_off_is_searched_for_its_entries() {
    let text = b"some text of a log ".repeat(500);
    for descriptor in [false, true] {
        for make in [stored, deflated] {
            let entry = |name| RawEntry {
                descriptor,
                ..make(name, &text)
            };
            let (bytes, _) = bodies(&[entry(b"x/a.log"), entry(b"x/b.log"), entry(b"x/c.log")]);
            let (_keep, bundle) = open_zip(&bytes[..bytes.len() - 40]);
            assert_eq!(names(&bundle), ["a.log", "b.log", "c.log"]);
            assert!(issues(&bundle, "a.log").contains(&ArtifactIssue::Recovered));
            assert_eq!(content(&bundle, "a.log"), (text.clone(), None));
            assert_eq!(content(&bundle, "b.log"), (text.clone(), None));
            let (last, fault) = content(&bundle, "c.log");
            assert!(text.starts_with(&last) && last.len() < text.len());
            assert!(descriptor || fault.is_some(), "{make:?}");
            let because = DirectoryFault::Missing;
            assert!(bundle.notes().contains(&BundleNote::ArchiveRepaired {
                recovered: 3,
                because
            }));
        }
    }
}

#[test]
fn a_broken_directory_loses_nothing() {
    let entries = [
        stored(b"a", b"1"),
        stored(b"b", b"22"),
        stored(b"c", b"333"),
    ];
    let mut bytes = archive(&entries);
    let (body, starts) = bodies(&entries);
    let second = body.len() + central(&entries[0], starts[0]).len();
    bytes[second] = b'X';
    let (_keep, bundle) = open_zip(&bytes);
    assert_eq!(names(&bundle), ["a", "b", "c"]);
    assert_eq!(issues(&bundle, "a"), []);
    assert_eq!(issues(&bundle, "c"), [ArtifactIssue::Recovered]);
    assert_eq!(content(&bundle, "c").0, b"333");
    let because = DirectoryFault::BrokenAt {
        offset: second as u64,
    };
    assert!(bundle.notes().contains(&BundleNote::ArchiveRepaired {
        recovered: 2,
        because
    }));
}

#[test]
fn an_archive_in_which_nothing_is_found_is_refused() {
    let (_keep, bundle) = try_zip(b"PK\x03\x04 and no more", &Limits::default());
    let error = bundle.unwrap_err();
    assert_eq!(
        error.kind,
        OpenErrorKind::DamagedArchive(DirectoryFault::Missing)
    );
    assert!(error.is_refusal() && error.to_string().contains("ask for the file again"));
    let (_keep, bundle) = open_zip(&end_record(0, 0, 0));
    assert!(bundle.artifacts().is_empty());
}

#[test]
fn bytes_before_and_behind_the_archive() {
    let plain = archive(&[stored(b"a", b"1"), deflated(b"b", b"22")]);
    let bytes = [&b"#!/bin/sh\nexit\n"[..], &plain, b"appended by a gateway"].concat();
    let (_keep, bundle) = open_zip(&bytes);
    assert_eq!(content(&bundle, "b"), (b"22".to_vec(), None));
    assert!(
        bundle
            .notes()
            .contains(&BundleNote::LeadingBytes { bytes: 15 })
    );
    assert!(
        bundle
            .notes()
            .contains(&BundleNote::TrailingBytes { bytes: 21 })
    );
}

#[test]
fn counts_of_the_end_record_are_compared_only() {
    let entries = [stored(b"a", b"1"), stored(b"b", b"2")];
    let (mut bytes, starts) = bodies(&entries);
    let offset = bytes.len() as u32;
    for (entry, &start) in entries.iter().zip(&starts) {
        bytes.extend(central(entry, start));
    }
    let size = bytes.len() as u32 - offset;
    bytes.extend(end_record(7, size, offset));
    let (_keep, bundle) = open_zip(&bytes);
    assert_eq!(names(&bundle), ["a", "b"]);
    assert_eq!(
        bundle.notes(),
        [BundleNote::EntryCountDiffers {
            stated: 7,
            found: 2
        }]
    );
}

#[test]
fn zip64_records() {
    let mut entry = stored(b"a", b"text");
    (entry.claimed, entry.packed, entry.at) = (u32::MAX, Some(u32::MAX), Some(u32::MAX));
    entry.central_extra = vec![1, 0, 24, 0];
    for value in [4_u64, 4, 0] {
        entry.central_extra.extend(value.to_le_bytes());
    }
    let honest = stored(b"a", b"text");
    let (mut bytes, _) = bodies(&[honest]);
    let offset = bytes.len() as u64;
    bytes.extend(central(&entry, 0));
    let size = bytes.len() as u64 - offset;
    let end64 = bytes.len() as u64;
    bytes.extend(b"PK\x06\x06");
    bytes.extend(44_u64.to_le_bytes());
    bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for value in [1, 1, size, offset] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend(end64.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(end_record(u16::MAX, u32::MAX, u32::MAX));
    let (_keep, bundle) = open_zip(&bytes);
    assert_eq!(content(&bundle, "a"), (b"text".to_vec(), None));
    assert_eq!(bundle.notes(), []);
}

#[test]
fn a_volume_of_a_split_archive_is_refused_with_advice() {
    let mut bytes = archive(&[stored(b"a", b"1")]);
    let end = bytes.len() - 22;
    (bytes[end + 4], bytes[end + 6]) = (2, 1);
    let (_keep, bundle) = try_zip(&bytes, &Limits::default());
    assert_eq!(bundle.unwrap_err().kind, OpenErrorKind::SplitArchive);
}

#[test]
fn documents_are_not_opened() {
    let inner = archive(&[stored(b"inner.log", b"x")]);
    let (folder, bundle) = open_zip(&archive(&[
        stored(b"a.log", b"x"),
        stored(b"m.docx", &inner),
    ]));
    assert_eq!(named(&bundle, "m.docx").role, Role::Document);
    assert_eq!(bundle.artifacts().len(), 2);
    let path = folder.path().join("m.docx");
    fs::write(&path, &inner).unwrap();
    let bundle = Bundle::open(&[path], &Limits::default()).unwrap();
    assert_eq!(names(&bundle), ["m.docx"]);
}

#[test]
fn an_archive_of_signatures_costs_no_time() {
    let mut bytes = b"PK\x03\x04".repeat(200_000);
    bytes.extend(b"PK\x07\x08".repeat(200_000));
    let started = std::time::Instant::now();
    let (_keep, bundle) = try_zip(&bytes, &Limits::default());
    drop(bundle);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// Opens, reads and digests whatever the bytes give.
fn exercise(bytes: &[u8]) {
    let limits = Limits {
        total_bytes: 1 << 20,
        entries: 100,
        ..Limits::default()
    };
    let (_keep, bundle) = try_zip(bytes, &limits);
    if let Ok(bundle) = bundle {
        let contents = bundle.digest_contents();
        bundle.case_digest(&contents);
        assert_eq!(contents.len(), bundle.artifacts().len());
        for artifact in bundle.artifacts() {
            let shown = artifact
                .issues
                .iter()
                .map(ToString::to_string)
                .collect::<String>();
            assert!(!shown.contains('\n'));
        }
    }
}

fn specimen() -> Vec<u8> {
    let text = b"some text, some more text, ".repeat(40);
    archive(&[
        deflated(b"case/a.log", &text),
        RawEntry {
            descriptor: true,
            ..deflated(b"case/b.log", &text)
        },
        RawEntry {
            method: 9,
            ..deflated(b"case/c.log", &text)
        },
        stored(b"case/d.sys", b"MZ"),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_bytes_never_panic(rest: Vec<u8>) {
        exercise(&[b"PK\x03\x04", &*rest].concat());
    }

    #[test]
    fn damaged_archives_never_panic(
        damage in proptest::collection::vec((0_usize..2000, any::<u8>()), 1..8),
        cut in 0_usize..400,
    ) {
        let mut bytes = specimen();
        let len = bytes.len();
        for (at, value) in damage {
            bytes[at % len] = value;
        }
        bytes.truncate(len.saturating_sub(cut.saturating_sub(200)));
        exercise(&bytes);
    }
}
