//! Archives within archives.

use super::rawtar::{file, gzip, tar};
use super::*;

fn issues(bundle: &Bundle, name: &str) -> Vec<ArtifactIssue> {
    named(bundle, name).issues.clone()
}

#[test]
fn archives_within_are_read_and_stay() {
    let innermost = gzip(&tar(&[
        file(b"old/x.log", b"deep"),
        file(b"old/y.log", b"deep too"),
    ]));
    let too_deep = archive(&[stored(b"never.log", b"x")]);
    let middle = archive(&[
        deflated(b"inner.tar.gz", &innermost),
        deflated(b"z.log", b"middle"),
    ]);
    let deepest = tar(&[file(b"deep.zip", &too_deep), file(b"d.log", b"d")]);
    let middle_tar = tar(&[file(b"inner.tar", &deepest), file(b"m.log", b"m")]);
    let top = archive(&[
        deflated(b"case/a.log", b"top"),
        deflated(b"case/a.zip", &middle),
        deflated(b"case/t.tar", &middle_tar),
        stored(b"case/single.log.gz", &gzip(b"alone")),
        stored(b"case/old.rar", b"Rar!\x1a\x07\x00 and so on"),
    ]);
    let (_keep, bundle) = open_zip(&top);
    assert_eq!(
        names(&bundle),
        [
            "a.log",
            "a.zip",
            "a.zip/inner.tar.gz",
            "a.zip/inner.tar.gz/x.log",
            "a.zip/inner.tar.gz/y.log",
            "a.zip/z.log",
            "old.rar",
            "single.log.gz",
            "single.log.gz/single.log",
            "t.tar",
            "t.tar/inner.tar",
            "t.tar/inner.tar/d.log",
            "t.tar/inner.tar/deep.zip",
            "t.tar/m.log",
        ]
    );
    assert_eq!(
        content(&bundle, "a.zip/inner.tar.gz/x.log"),
        (b"deep".to_vec(), None)
    );
    assert_eq!(content(&bundle, "t.tar/inner.tar/d.log").0, b"d");
    assert_eq!(content(&bundle, "single.log.gz/single.log").0, b"alone");
    assert_eq!(content(&bundle, "a.zip").0, middle);
    assert_eq!(named(&bundle, "a.zip").role, Role::Archive);
    assert_eq!(
        issues(&bundle, "a.zip"),
        [ArtifactIssue::Opened { artifacts: 2 }]
    );
    let too_deep = ArtifactIssue::NotOpened(NotOpened::TooDeep { levels: 2 });
    assert_eq!(issues(&bundle, "t.tar/inner.tar/deep.zip"), [too_deep]);
    let rar = ArtifactIssue::NotOpened(NotOpened::Format("a RAR archive"));
    assert_eq!(issues(&bundle, "old.rar"), [rar]);
}

#[test]
fn a_wrapping_is_taken_off() {
    let inner = ordinary_zip("case/");
    let (_keep, plain) = open_zip(&inner);
    let expected = inventory(&plain);
    let junk = stored(b"__MACOSX/._bundle.zip", b"x");
    let wrappings = [
        (
            "w.zip",
            archive(&[stored(b"upload/bundle.zip", &inner), junk]),
        ),
        ("w.zip", archive(&[deflated(b"bundle.zip", &inner)])),
        ("w.tar.gz", gzip(&tar(&[file(b"bundle.zip", &inner)]))),
        ("w.zip.gz", gzip(&inner)),
        (
            "w.tar",
            tar(&[file(b"b.zip", &archive(&[deflated(b"c.zip", &inner)]))]),
        ),
    ];
    for (name, bytes) in wrappings {
        let (_keep, bundle) = open_as(name, &bytes);
        assert_eq!(inventory(&bundle), expected, "{name}");
        assert!(bundle.notes().iter().all(BundleNote::is_about_names));
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bundle.zip"), &inner).unwrap();
    let bundle = Bundle::open(&[folder.path().to_owned()], &Limits::default()).unwrap();
    assert_eq!(inventory(&bundle), expected);
    assert_eq!(bundle.input(), &InputKind::One(ContainerKind::Folder));
}

#[test]
fn an_archive_among_several_paths_is_opened_below_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("httperr9.log");
    fs::write(&log, b"log").unwrap();
    let packed = folder.path().join("more.tar.gz");
    fs::write(
        &packed,
        gzip(&tar(&[file(b"x/a", b"1"), file(b"x/b", b"2")])),
    )
    .unwrap();
    let single = folder.path().join("s.log.gz");
    fs::write(&single, gzip(b"s")).unwrap();
    let bundle = Bundle::open(&[log, packed, single], &Limits::default()).unwrap();
    assert_eq!(
        names(&bundle),
        [
            "httperr9.log",
            "more.tar.gz/a",
            "more.tar.gz/b",
            "s.log.gz/s.log"
        ]
    );
}

#[test]
fn damage_within_is_said_with_the_archives_name() {
    let cut = tar(&[file(b"a.log", b"1"), file(b"b.log", &[7; 9000])]);
    let (_keep, bundle) = open_zip(&archive(&[
        stored(b"t.tar", &cut[..3000]),
        stored(b"nothing.zip", b"PK\x03\x04 and no more"),
        stored(b"log", b"x"),
    ]));
    let [
        BundleNote::Within {
            archive: name,
            note,
        },
    ] = bundle.notes()
    else {
        panic!("{:?}", bundle.notes());
    };
    assert_eq!(
        (name.to_string().as_str(), note.is_damage()),
        ("t.tar", true)
    );
    assert_eq!(
        content(&bundle, "t.tar/b.log").1,
        Some(ReadFault::Truncated)
    );
    let kind = OpenErrorKind::DamagedArchive(DirectoryFault::Missing);
    assert_eq!(
        issues(&bundle, "nothing.zip"),
        [ArtifactIssue::NotOpened(NotOpened::Trouble(kind))]
    );
}

#[test]
fn ratios_do_not_multiply_from_level_to_level() {
    let limits = Limits {
        ratio: 50,
        ratio_free_bytes: 1000,
        ..Limits::default()
    };
    let zeros = vec![0; 1 << 20];
    // Twice some 900 to 1: more than 50 both alone and together.
    let inner = archive(&[deflated(b"zeros", &zeros), stored(b"log", b"x")]);
    let honest = archive(&[
        deflated(b"text", &b"0123456789".repeat(30)),
        stored(b"log", b"x"),
    ]);
    let outer = archive(&[
        deflated(b"bomb.zip", &inner),
        deflated(b"plain.zip", &honest),
        stored(b"x", b"x"),
    ]);
    let (_keep, bundle) = try_zip(&outer, &limits);
    let bundle = bundle.unwrap();
    let (bytes, fault) = content(&bundle, "bomb.zip/zeros");
    assert!(bytes.len() < 100_000, "{}", bytes.len());
    assert!(matches!(
        fault,
        Some(ReadFault::LimitReached {
            limit: ByteLimit::Ratio,
            ..
        })
    ));
    assert_eq!(content(&bundle, "plain.zip/text").1, None);

    // An archive of archives of zeros, each level a thousandth of what it holds.
    let packed = gzip(&gzip(&tar(&[
        file(b"zeros", &vec![0; 8 << 20]),
        file(b"z", b"z"),
    ])));
    let (_keep, bundle) = try_as("x.tar.gz.gz", &packed, &limits);
    let bundle = bundle.unwrap();
    let total: usize = bundle
        .artifacts()
        .iter()
        .map(|a| content(&bundle, &a.name.to_string()).0.len())
        .sum();
    assert!(
        total <= packed.len() * 50 + 1000,
        "{total} of {}",
        packed.len()
    );
}

#[test]
fn an_archive_too_large_for_memory_says_so() {
    let inner = archive(&[stored(b"a", &b"0123456789abcdef".repeat(4000))]);
    let limits = Limits {
        memory_bytes: 10_000,
        ..Limits::default()
    };
    let packed = archive(&[deflated(b"in.zip", &inner), stored(b"x", b"x")]);
    let (_keep, bundle) = try_zip(&packed, &limits);
    let too_large = ArtifactIssue::NotOpened(NotOpened::TooLarge { allowed: 10_000 });
    assert_eq!(issues(&bundle.unwrap(), "in.zip"), [too_large]);
    // One that is stored has random access where it lies.
    let plain = archive(&[stored(b"in.zip", &inner), stored(b"x", b"x")]);
    let (_keep, bundle) = try_zip(&plain, &limits);
    assert_eq!(names(&bundle.unwrap()), ["in.zip", "in.zip/a", "x"]);
}
