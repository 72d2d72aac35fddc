//! Tar archives: ordinary ones by an independent writer, odd and hostile ones by hand.

use super::rawtar::{self, MODIFIED, RawHeader, entry, file, gzip, header, pax, tar};
use super::*;
use proptest::prelude::*;

/// Each in the form that has random access and the one that has none.
fn both(bytes: &[u8], check: impl Fn(&Bundle, &str)) {
    for (name, bytes) in [("x.tar", bytes.to_vec()), ("x.tar.gz", gzip(bytes))] {
        let (_keep, bundle) = open_as(name, &bytes);
        check(&bundle, name);
    }
}

/// Notes that do not depend on names.
fn notes(bundle: &Bundle) -> Vec<BundleNote> {
    let notes = bundle.notes().iter();
    notes
        .filter(|note| !note.is_about_names())
        .cloned()
        .collect()
}

/// The case as the tar crate writes it, below `prefix`.
fn ordinary_tar(prefix: &str) -> Vec<u8> {
    let mut writer = ::tar::Builder::new(Vec::new());
    for (name, bytes) in case() {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(MODIFIED);
        writer
            .append_data(&mut header, format!("{prefix}{name}"), bytes.as_slice())
            .unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn a_folder_and_a_tar_of_it_give_one_inventory() {
    let folder = tempfile::tempdir().unwrap();
    write_folder(folder.path());
    let expected = Bundle::open(&[folder.path().to_owned()], &Limits::default()).unwrap();
    let expected = inventory(&expected);
    for prefix in ["", "case/", "a/b/"] {
        both(&ordinary_tar(prefix), |bundle, form| {
            assert_eq!(inventory(bundle), expected, "{form} {prefix}");
            assert_eq!(notes(bundle), []);
            let one = &bundle.artifacts()[0];
            let when = When::Instant(chrono::DateTime::from_timestamp(MODIFIED as i64, 0).unwrap());
            let modified = one.modified.unwrap();
            assert_eq!(
                (modified.when, modified.source),
                (when, ModifiedSource::TarUtc)
            );
        });
    }
}

#[test]
fn the_kind_and_the_digest_are_those_of_the_file() {
    let bytes = gzip(&ordinary_tar(""));
    let (_keep, bundle) = open_as("upload.bin", &bytes);
    assert_eq!(bundle.input().name(), "tar.gz");
    assert_eq!(bundle.input_sha256().unwrap(), Some(Sha256::of(&bytes)));
}

#[test]
fn long_names_of_gnu_and_pax() {
    let long = format!("{}httperr1.log", "a-folder-with-a-long-name/".repeat(9));
    let gnu = entry(
        &header(b"././@LongLink", long.len() + 1).of(b'L'),
        format!("{long}\0").as_bytes(),
    );
    let posix = RawHeader {
        patch: vec![(345, b"in/the/prefix".to_vec())],
        ..header(b"c.log", 1)
    };
    let parts = [
        gnu,
        file(b"cut", b"1"),
        pax(&[("path", "b\u{fc}cher/b.log"), ("mtime", "1700000000.5")]),
        file(b"ascii", b"2"),
        entry(&posix, b"3"),
    ];
    both(&tar(&parts), |bundle, form| {
        assert_eq!(content(bundle, &long), (b"1".to_vec(), None), "{form}");
        assert_eq!(content(bundle, "b\u{fc}cher/b.log").0, b"2");
        assert_eq!(content(bundle, "in/the/prefix/c.log").0, b"3");
        let modified = named(bundle, "b\u{fc}cher/b.log").modified.unwrap();
        let When::Instant(when) = modified.when else {
            panic!("not UTC");
        };
        assert_eq!(when.to_rfc3339(), "2023-11-14T22:13:20.500+00:00");
    });
}

#[test]
fn names_that_climb_and_names_twice_are_kept_as_they_are() {
    let parts = [
        file(b"/root/x", b"1"),
        file(b"../../etc/passwd", b"2"),
        file(b"twice", b"first"),
        file(b"twice", b"second"),
        file(b"TWICE", b"third"),
    ];
    both(&tar(&parts), |bundle, form| {
        assert_eq!(
            names(bundle),
            ["../../etc/passwd", "/root/x", "TWICE", "twice", "twice"],
            "{form}"
        );
        assert_eq!(bundle.artifacts()[0].issues, [ArtifactIssue::EscapingName]);
        let twice = ArtifactIssue::DuplicateName { count: 2 };
        assert_eq!(
            bundle.artifacts()[3].issues,
            [twice, ArtifactIssue::CaseClash]
        );
        let read = |n: usize| bundle.read_whole(bundle.artifacts()[n].id, 99).unwrap();
        assert_eq!((read(3), read(4)), (b"first".to_vec(), b"second".to_vec()));
    });
}

#[test]
fn links_devices_and_folders() {
    let parts = [
        file(b"logs/a.log", b"text of a log"),
        entry(&header(b"hard.log", 0).of(b'1').to(b"logs/a.log"), b""),
        entry(&header(b"lost.log", 0).of(b'1').to(b"nowhere"), b""),
        entry(&header(b"soft.log", 0).of(b'2').to(b"/etc/passwd"), b""),
        entry(&header(b"null", 0).of(b'3'), b""),
        entry(&header(b"fifo", 0).of(b'6'), b""),
        entry(&header(b"folder/", 0).of(b'5'), b""),
        entry(&header(b"odd/", 3).of(b'5'), b"odd"),
        entry(
            &RawHeader {
                magic: [0; 8],
                kind: 0,
                ..header(b"v7/", 0)
            },
            b"",
        ),
        file(b"z.log", b"after all that"),
    ];
    both(&tar(&parts), |bundle, form| {
        assert_eq!(names(bundle), ["hard.log", "logs/a.log", "z.log"], "{form}");
        assert_eq!(content(bundle, "hard.log").0, b"text of a log");
        assert_eq!(content(bundle, "z.log").0, b"after all that");
        let why: Vec<_> = bundle
            .skipped()
            .iter()
            .map(|s| (s.name.to_string(), s.why))
            .collect();
        assert_eq!(
            why,
            [
                ("fifo".to_owned(), SkipReason::SpecialFile),
                ("lost.log".to_owned(), SkipReason::LinkTargetMissing),
                ("null".to_owned(), SkipReason::SpecialFile),
                ("odd".to_owned(), SkipReason::DirectoryWithContent),
                ("soft.log".to_owned(), SkipReason::Symlink),
            ]
        );
    });
}

#[test]
fn sparse_files_have_their_zeros_again() {
    let octal = |n: u64| format!("{n:011o}\0").into_bytes();
    let map = |pairs: &[(u64, u64)]| -> Vec<u8> {
        let pair = |&(at, len): &(u64, u64)| [octal(at), octal(len)].concat();
        pairs.iter().flat_map(pair).collect()
    };
    // Old GNU, with a continuation block: 0..3 and 1000..1002 of 1500.
    let old = RawHeader {
        magic: *b"ustar  \0",
        patch: vec![
            (386, map(&[(0, 1), (1, 1), (2, 1), (1000, 1)])),
            (482, vec![1]),
            (483, octal(1500)),
        ],
        ..header(b"old.bin", 5).of(b'S')
    };
    let mut continuation = map(&[(1001, 1)]);
    continuation.resize(512, 0);
    let old = [old.block(), continuation, b"abcde".to_vec(), vec![0; 507]].concat();
    // PAX 1.0: the map stands before the content.
    let mut body = b"2\n0\n3\n1000\n2\n".to_vec();
    body.resize(512, 0);
    body.extend(b"abcde");
    let records = [
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", "new.bin"),
        ("GNU.sparse.realsize", "1500"),
    ];
    let new = [pax(&records), file(b"GNUSparseFile.0/new.bin", &body)].concat();
    let records = [
        ("GNU.sparse.map", "0,3,1000,2"),
        ("GNU.sparse.size", "1500"),
    ];
    let middle = [pax(&records), file(b"middle.bin", b"abcde")].concat();
    let mut expected = vec![0; 1500];
    expected[..3].copy_from_slice(b"abc");
    expected[1000..1002].copy_from_slice(b"de");
    both(
        &tar(&[old, new, middle, file(b"z", b"behind")]),
        |bundle, form| {
            for name in ["old.bin", "new.bin", "middle.bin"] {
                assert_eq!(
                    content(bundle, name),
                    (expected.clone(), None),
                    "{form} {name}"
                );
                assert_eq!(named(bundle, name).size, Some(1500));
            }
            assert_eq!(content(bundle, "z").0, b"behind");
            assert_eq!(notes(bundle), []);
        },
    );
}

#[test]
fn what_was_cut_off_is_said_and_the_rest_is_there() {
    let text = b"some text of a log\r\n".repeat(500);
    let whole = tar(&[file(b"a.log", &text), file(b"b.log", &text)]);
    let bytes = &whole[..512 + 10_240 + 512 + 5_000];
    both(bytes, |bundle, form| {
        assert_eq!(content(bundle, "a.log"), (text.clone(), None), "{form}");
        let cut = (text[..5_000].to_vec(), Some(ReadFault::Truncated));
        assert_eq!(content(bundle, "b.log"), cut, "{form}");
        let expected = BundleNote::ArchiveCut {
            at: bytes.len() as u64,
            because: ReadFault::Truncated,
        };
        assert_eq!(notes(bundle), [expected]);
        assert!(notes(bundle)[0].is_damage());
    });
    let packed = gzip(&whole);
    let (_keep, bundle) = open_as("x.tgz", &packed[..packed.len() - 30]);
    assert!(matches!(
        notes(&bundle)[..],
        [BundleNote::ArchiveCut {
            because: ReadFault::Truncated,
            ..
        }]
    ));
    assert_eq!(names(&bundle)[0], "a.log");
}

#[test]
fn a_checksum_at_the_end_of_the_stream_is_checked() {
    let mut packed = gzip(&tar(&[file(b"a.log", b"text"), file(b"b.log", b"text")]));
    let crc = packed.len() - 8;
    packed[crc] ^= 1;
    let (_keep, bundle) = open_as("x.tar.gz", &packed);
    assert_eq!(names(&bundle), ["a.log", "b.log"]);
    let because = ReadFault::ChecksumMismatch;
    let [BundleNote::ArchiveCut { because: found, .. }] = &notes(&bundle)[..] else {
        panic!("{:?}", bundle.notes());
    };
    assert_eq!(*found, because);
}

#[test]
fn entries_behind_a_damaged_header_are_found() {
    let mut parts = [file(b"a", b"1"), file(b"b", b"2"), file(b"c", b"3")];
    parts[1][3] ^= 0x55;
    both(&tar(&parts), |bundle, form| {
        assert_eq!(names(bundle), ["a", "c"], "{form}");
        assert_eq!(
            notes(bundle),
            [BundleNote::BytesPassedOver {
                at: 1024,
                bytes: 1024
            }]
        );
    });
    // A size that is no number: nobody knows where the next header is.
    let odd = RawHeader {
        size: b"9x9\0\0\0\0\0\0\0\0\0".to_vec(),
        ..header(b"b", 0)
    };
    let parts = [file(b"a", b"1"), entry(&odd, b"2"), file(b"c", b"3")];
    both(&tar(&parts), |bundle, _| {
        assert_eq!(names(bundle), ["a", "c"])
    });
}

#[test]
fn sizes_that_lie_swallow_what_follows_and_it_is_said() {
    let more = RawHeader {
        size: header(b"", 1 << 30).size,
        ..header(b"b", 0)
    };
    let parts = [file(b"a", b"1"), entry(&more, b"2"), file(b"c", b"3")];
    both(&tar(&parts), |bundle, form| {
        assert_eq!(names(bundle), ["a", "b"], "{form}");
        assert_eq!(named(bundle, "b").claimed_size, Some(1 << 30));
        assert_eq!(content(bundle, "b").1, Some(ReadFault::Truncated));
        assert!(notes(bundle)[0].is_damage());
    });
}

#[test]
fn ends_that_are_none_and_bytes_behind_them() {
    both(&file(b"a", b"1"), |bundle, _| {
        assert_eq!(notes(bundle), [BundleNote::NoEndMarker]);
    });
    let mut bytes = tar(&[file(b"a", b"1")]);
    bytes.extend(b"appended by a gateway".repeat(100));
    both(&bytes, |bundle, form| {
        assert_eq!(
            notes(bundle),
            [BundleNote::TrailingBytes { bytes: 2_100 }],
            "{form}"
        );
    });
    // Two archives, one behind the other, as `cat` makes of parts.
    let two = [tar(&[file(b"a", b"1")]), tar(&[file(b"b", b"2")])].concat();
    both(&two, |bundle, _| assert_eq!(names(bundle), ["a", "b"]));
    let members = [
        gzip(&tar(&[file(b"a", b"1")])),
        gzip(&tar(&[file(b"b", b"2")])),
    ]
    .concat();
    let (_keep, bundle) = open_as("x.tar.gz", &members);
    assert_eq!(names(&bundle), ["a", "b"]);
}

#[test]
fn a_bomb_ends_where_the_ratio_says() {
    let limits = Limits {
        ratio: 10,
        ratio_free_bytes: 100_000,
        ..Limits::default()
    };
    let zeros = vec![0; 3_000_000];
    let bytes = gzip(&tar(&[
        file(b"a.log", b"text"),
        file(b"zeros", &zeros),
        file(b"z", b"z"),
    ]));
    let (_keep, bundle) = try_as("x.tar.gz", &bytes, &limits);
    let bundle = bundle.unwrap();
    assert_eq!(names(&bundle), ["a.log", "zeros"]);
    assert_eq!(content(&bundle, "a.log").0, b"text");
    let cut = ReadFault::LimitReached {
        limit: ByteLimit::Ratio,
        allowed: 100_000,
    };
    let because = cut;
    assert!(
        matches!(&notes(&bundle)[..], [BundleNote::ArchiveCut { because: found, .. }] if *found == because)
    );
    assert!(content(&bundle, "zeros").0.len() < 100_000);
    // A name of gigabytes takes no memory.
    let name = vec![b'n'; 5_000_000];
    let long = entry(&header(b"././@LongLink", name.len()).of(b'L'), &name);
    let (_keep, bundle) = open_as(
        "x.tar.gz",
        &gzip(&tar(&[long, file(b"a", b"1"), file(b"b", b"2")])),
    );
    assert_eq!(names(&bundle), ["b"]);
    assert!(matches!(
        bundle.limits_hit()[..],
        [LimitHit::NameLength { .. }]
    ));
}

#[test]
fn what_is_not_kept_in_memory_is_unpacked_again() {
    let contents: Vec<Vec<u8>> = (0..60_u32)
        .map(|n| {
            let mut state = n;
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_le_bytes()[3]
            };
            (0..20_000 + n).map(|_| next()).collect()
        })
        .collect();
    let parts: Vec<_> = contents
        .iter()
        .enumerate()
        .map(|(n, bytes)| file(format!("{n:02}.sys").as_bytes(), bytes))
        .collect();
    let bytes = gzip(&tar(&parts));
    for memory_bytes in [0, 300_000, u64::MAX] {
        let limits = Limits {
            memory_bytes,
            ..Limits::default()
        };
        let (_keep, bundle) = try_as("x.tar.gz", &bytes, &limits);
        let bundle = bundle.unwrap();
        let read = |n: usize| {
            bundle
                .read_whole(bundle.artifacts()[n].id, u64::MAX)
                .unwrap()
        };
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (read, contents) = (&read, &contents);
                scope.spawn(move || {
                    for n in 0..60 {
                        let n = (n * 7 + thread * 13) % 60;
                        assert_eq!(read(n), contents[n], "{memory_bytes}");
                    }
                });
            }
        });
        assert_eq!(bundle.faults(), []);
    }
}

#[test]
fn pax_records_that_are_none_are_said() {
    let broken = entry(&header(b"PaxHeaders/x", 9).of(b'x'), b"nonsense\n");
    both(&tar(&[broken, file(b"a", b"1")]), |bundle, _| {
        let entry = ArtifactName::new(b"a");
        assert_eq!(notes(bundle), [BundleNote::BadRecords { entry }]);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damaged_archives_never_panic(
        damage in proptest::collection::vec((0_usize..9000, any::<u8>()), 1..12),
        cut in 0_usize..9000,
        pack: bool,
    ) {
        let records = [("GNU.sparse.major", "1"), ("GNU.sparse.realsize", "99999")];
        let mut bytes = rawtar::tar(&[
            file(b"case/a.log", &b"some text ".repeat(90)),
            pax(&records),
            file(b"case/s.bin", b"1\n0\n3\nabc"),
            entry(&header(b"case/link", 0).of(b'1').to(b"case/a.log"), b""),
            file(b"case/b.sys", b"MZ"),
        ]);
        let length = bytes.len();
        for (at, value) in damage {
            bytes[at % length] = value;
        }
        bytes.truncate(length - cut.saturating_sub(7000));
        let bytes = if pack { gzip(&bytes) } else { bytes };
        let limits = Limits { total_bytes: 1 << 20, entries: 100, ..Limits::default() };
        let (_keep, bundle) = try_as("x.tar", &bytes, &limits);
        if let Ok(bundle) = bundle {
            let contents = bundle.digest_contents();
            prop_assert_eq!(contents.len(), bundle.artifacts().len());
        }
    }
}
