//! Bundles as a whole: ordinary ones here, hostile archives in `hostile`.

mod cab;
mod crypt;
mod hostile;
mod nested;
mod packed;
mod rawtar;
mod rawzip;
mod sevenz;
mod tar;

use super::*;
use rawzip::{archive, deflated, stored};
use std::fs;
use std::io::Write;
use tempfile::TempDir;

/// A scratch folder with one archive in it, and the archive opened.
fn open_zip(bytes: &[u8]) -> (TempDir, Bundle) {
    let (folder, bundle) = try_zip(bytes, &Limits::default());
    (folder, bundle.unwrap())
}

fn try_zip(bytes: &[u8], limits: &Limits) -> (TempDir, Result<Bundle, OpenError>) {
    try_as("upload.zip", bytes, limits)
}

/// A scratch folder with one file in it, and that opened.
fn try_as(name: &str, bytes: &[u8], limits: &Limits) -> (TempDir, Result<Bundle, OpenError>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let bundle = Bundle::open(&[path], limits);
    (folder, bundle)
}

fn open_as(name: &str, bytes: &[u8]) -> (TempDir, Bundle) {
    let (folder, bundle) = try_as(name, bytes, &Limits::default());
    (folder, bundle.unwrap())
}

fn names(bundle: &Bundle) -> Vec<String> {
    bundle
        .artifacts()
        .iter()
        .map(|artifact| artifact.name.to_string())
        .collect()
}

fn named<'a>(bundle: &'a Bundle, name: &str) -> &'a Artifact {
    bundle
        .artifacts()
        .iter()
        .find(|a| a.name.to_string() == name)
        .unwrap()
}

/// What a reader delivers of an artifact, and its fault.
fn content(bundle: &Bundle, name: &str) -> (Vec<u8>, Option<ReadFault>) {
    let mut reader = bundle.open_artifact(named(bundle, name).id).unwrap();
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    (bytes, reader.fault())
}

/// Name and content of a small case, in no particular order.
fn case() -> Vec<(&'static str, Vec<u8>)> {
    let log = "#Software: Microsoft HTTP API 2.0\r\n".to_owned();
    let rows = "2031-03-04 05:06:07 - - - - - - - - - 9_Connections_Refused -\r\n".repeat(500);
    vec![
        ("HTTPERR/httperr2.log", log.into_bytes()),
        ("HTTPERR/httperr10.log", rows.into_bytes()),
        ("drivers/B.sys", b"not an image".to_vec()),
        ("drivers/a.sys", Vec::new()),
        (
            "poolmon.txt",
            b" Tag  Type  Allocs  Frees  Diff  Bytes\r\n".to_vec(),
        ),
    ]
}

fn write_folder(root: &Path) {
    for (name, bytes) in case() {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// The case as the zip crate writes it, below `prefix`.
fn ordinary_zip(prefix: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    writer
        .add_directory(format!("{prefix}drivers/"), options)
        .unwrap();
    for (name, bytes) in case() {
        let options = options
            .compression_method(zip::CompressionMethod::Deflated)
            .large_file(name.contains("10"));
        writer
            .start_file(format!("{prefix}{name}"), options)
            .unwrap();
        writer.write_all(&bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

type Row = (String, Role, RoleReason, Option<u64>, Vec<ArtifactIssue>);

/// What must not depend on the container.
fn inventory(bundle: &Bundle) -> (Vec<Row>, Sha256) {
    let contents = bundle.digest_contents();
    let row = |a: &Artifact| {
        (
            a.name.to_string(),
            a.role,
            a.why,
            bundle.size_of(a.id),
            a.issues.clone(),
        )
    };
    (
        bundle.artifacts().iter().map(row).collect(),
        bundle.case_digest(&contents),
    )
}

#[test]
fn a_folder_and_its_archives_give_one_inventory() {
    let folder = tempfile::tempdir().unwrap();
    write_folder(folder.path());
    let bundle = Bundle::open(&[folder.path().to_owned()], &Limits::default()).unwrap();
    let expected = inventory(&bundle);
    assert_eq!(
        names(&bundle),
        [
            "drivers/a.sys",
            "drivers/B.sys",
            "HTTPERR/httperr10.log",
            "HTTPERR/httperr2.log",
            "poolmon.txt"
        ]
    );
    for prefix in ["", "case/", "./case/", "a/b/c/", "case\\"] {
        let (_keep, bundle) = open_zip(&ordinary_zip(prefix));
        let mut found = inventory(&bundle);
        for (_, _, _, _, issues) in &mut found.0 {
            issues.retain(|issue| *issue != ArtifactIssue::BackslashName);
        }
        assert_eq!(found, expected, "{prefix}");
    }
}

#[test]
fn the_folder_within_a_folder_is_the_root_too() {
    let folder = tempfile::tempdir().unwrap();
    write_folder(&folder.path().join("upload/case"));
    fs::write(folder.path().join(".DS_Store"), b"x").unwrap();
    let bundle = Bundle::open(&[folder.path().to_owned()], &Limits::default()).unwrap();
    assert_eq!(names(&bundle)[0], "drivers/a.sys");
    let root = ArtifactName::new(b"upload/case");
    assert_eq!(bundle.notes(), [BundleNote::CommonRootStripped { root }]);
    assert_eq!(bundle.skipped()[0].why, SkipReason::DesktopJunk);
}

#[test]
fn digests_follow_content_and_not_container() {
    let (folder, bundle) = open_zip(&ordinary_zip(""));
    let archive = fs::read(folder.path().join("upload.zip")).unwrap();
    assert_eq!(bundle.input_sha256().unwrap(), Some(Sha256::of(&archive)));
    let contents = bundle.digest_contents();
    assert_eq!(contents[0], ContentDigest::Whole(Sha256::of(b"")));
    assert_eq!(
        contents[1],
        ContentDigest::Whole(Sha256::of(b"not an image"))
    );
    let folder = tempfile::tempdir().unwrap();
    write_folder(folder.path());
    fs::write(folder.path().join("poolmon.txt"), b"other").unwrap();
    let other = Bundle::open(&[folder.path().to_owned()], &Limits::default()).unwrap();
    assert_ne!(inventory(&other).1, inventory(&bundle).1);
    assert_eq!(other.input_sha256().unwrap(), None);
}

#[test]
fn a_single_file_and_several_paths() {
    let folder = tempfile::tempdir().unwrap();
    let one = folder.path().join("poolmon.txt");
    fs::write(&one, b" Tag  Type  Allocs  Frees  Diff\r\n").unwrap();
    let bundle = Bundle::open(std::slice::from_ref(&one), &Limits::default()).unwrap();
    assert_eq!(bundle.input(), &InputKind::One(ContainerKind::File));
    assert_eq!(names(&bundle), ["poolmon.txt"]);
    assert_eq!(
        bundle.path_of(bundle.artifacts()[0].id),
        Some(one.as_path())
    );

    let case = folder.path().join("case");
    write_folder(&case);
    fs::write(folder.path().join("case.zip"), ordinary_zip("top/")).unwrap();
    let again = folder.path().join("again/case");
    write_folder(&again);
    let paths = [
        one.clone(),
        case,
        folder.path().join("case.zip"),
        again,
        one,
    ];
    let bundle = Bundle::open(&paths, &Limits::default()).unwrap();
    assert_eq!(bundle.input(), &InputKind::Several);
    assert_eq!(bundle.artifacts().len(), 1 + 3 * 5);
    let all = names(&bundle);
    for name in [
        "case/poolmon.txt",
        "case.zip/poolmon.txt",
        "case~2/poolmon.txt",
        "poolmon.txt",
    ] {
        assert!(all.iter().any(|n| n == name), "{name} in {all:?}");
    }
}

#[test]
fn what_cannot_be_opened_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let error = Bundle::open(&[folder.path().join("none")], &Limits::default()).unwrap_err();
    assert_eq!(error.kind, OpenErrorKind::Io(IoTrouble::NotFound));
    assert!(!error.is_refusal());
    let error = Bundle::open(&[], &Limits::default()).unwrap_err();
    assert_eq!(error.kind, OpenErrorKind::NoPath);
    let empty = Bundle::open(&[folder.path().to_owned()], &Limits::default()).unwrap();
    assert!(empty.artifacts().is_empty());
}

#[cfg(unix)]
#[test]
fn links_sockets_and_what_they_hide_are_reported_and_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.log"), b"secret").unwrap();
    let folder = tempfile::tempdir().unwrap();
    write_folder(folder.path());
    std::os::unix::fs::symlink(outside.path(), folder.path().join("way-out")).unwrap();
    std::os::unix::fs::symlink(".", folder.path().join("drivers/loop")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let bundle = Bundle::open(&[folder.path().to_owned()], &Limits::default()).unwrap();
    assert_eq!(bundle.artifacts().len(), 5);
    let skipped: Vec<_> = bundle
        .skipped()
        .iter()
        .map(|s| (s.name.to_string(), s.why))
        .collect();
    assert_eq!(
        skipped,
        [
            ("drivers/loop".to_owned(), SkipReason::Symlink),
            ("socket".to_owned(), SkipReason::SpecialFile),
            ("way-out".to_owned(), SkipReason::Symlink),
        ]
    );
}

#[cfg(unix)]
#[test]
fn unreadable_files_stay_in_the_inventory() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("httperr1.log");
    fs::write(&path, b"x").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    let bundle = Bundle::open(&[folder.path().to_owned()], &Limits::default()).unwrap();
    let artifact = &bundle.artifacts()[0];
    assert_eq!(
        artifact.issues,
        [ArtifactIssue::Unreadable(IoTrouble::PermissionDenied)]
    );
    assert_eq!(
        (artifact.role, artifact.why.basis),
        (Role::Unknown, Basis::Unreadable)
    );
    assert_eq!(bundle.digest_contents(), [ContentDigest::Unreadable]);
}

#[test]
fn file_times_tell_their_source() {
    let when = |artifact: &Artifact| artifact.modified.map(|m| (m.when, m.source));
    let utc = chrono::DateTime::from_timestamp(1_930_367_167, 0).unwrap();
    let unix = [&b"UT\x05\x00\x01"[..], &1_930_367_167_i32.to_le_bytes()].concat();
    let mut ntfs = b"\x0a\x00\x20\x00\0\0\0\0\x01\x00\x18\x00".to_vec();
    let ticks: u64 = (1_930_367_167 + 11_644_473_600) * 10_000_000;
    ntfs.extend([ticks.to_le_bytes(), [0; 8], [0; 8]].concat());
    let (_keep, bundle) = open_zip(&archive(&[
        stored(b"dos", b"1"),
        rawzip::RawEntry {
            central_extra: unix.clone(),
            ..stored(b"unix", b"2")
        },
        rawzip::RawEntry {
            central_extra: [unix, ntfs].concat(),
            ..stored(b"ntfs", b"3")
        },
        rawzip::RawEntry {
            dos: (0, 0),
            ..stored(b"none", b"4")
        },
    ]));
    let local = chrono::NaiveDate::from_ymd_opt(2031, 3, 4)
        .unwrap()
        .and_hms_opt(5, 6, 8)
        .unwrap();
    assert_eq!(
        when(named(&bundle, "dos")),
        Some((When::Local(local), ModifiedSource::ZipDosLocal))
    );
    let instant = When::Instant(utc);
    assert_eq!(
        when(named(&bundle, "unix")),
        Some((instant, ModifiedSource::ZipExtendedUtc))
    );
    assert_eq!(
        when(named(&bundle, "ntfs")),
        Some((instant, ModifiedSource::ZipNtfsUtc))
    );
    assert_eq!(
        named(&bundle, "unix").modified.unwrap().packer_local,
        Some(local)
    );
    assert_eq!(when(named(&bundle, "none")), None);
}

#[test]
fn many_threads_read_one_archive_at_once() {
    let contents: Vec<Vec<u8>> = (0..40_u32)
        .map(|n| format!("line {n}\n").repeat(3000 + n as usize).into_bytes())
        .collect();
    let entries: Vec<_> = contents
        .iter()
        .enumerate()
        .map(|(n, bytes)| {
            let name = format!("log{n:02}");
            let make = if n % 2 == 0 { deflated } else { stored };
            make(name.as_bytes(), bytes)
        })
        .collect();
    let (_keep, bundle) = open_zip(&archive(&entries));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (bundle, contents) = (&bundle, &contents);
            scope.spawn(move || {
                for n in 0..contents.len() {
                    let n = (n + thread * 5) % contents.len();
                    let id = bundle.artifacts()[n].id;
                    assert_eq!(bundle.read_whole(id, u64::MAX).unwrap(), contents[n]);
                }
            });
        }
    });
    assert_eq!(bundle.faults(), []);
}

#[test]
fn whole_reads_have_a_cap() {
    let (_keep, bundle) = open_zip(&archive(&[stored(b"a", b"12345")]));
    let id = bundle.artifacts()[0].id;
    assert_eq!(bundle.read_whole(id, 5).unwrap(), b"12345");
    let error = bundle.read_whole(id, 4).unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::LargerThan { cap: 4 });
    assert_eq!(
        error.to_string(),
        "`a`: larger than the 4 bytes that are read of such an artifact"
    );
    let error = bundle.open_artifact(ArtifactId(7)).unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::UnknownId);
}

#[test]
fn limits_of_number_depth_and_name_leave_out_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    write_folder(folder.path());
    let deep = folder.path().join("1/2/3/4");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("x.log"), b"x").unwrap();
    let paths = [folder.path().to_owned()];
    let few = Limits {
        entries: 9,
        ..Limits::default()
    };
    let bundle = Bundle::open(&paths, &few).unwrap();
    assert_eq!(bundle.limits_hit(), [LimitHit::Entries { limit: 9 }]);
    let flat = Limits {
        depth: 3,
        ..Limits::default()
    };
    let bundle = Bundle::open(&paths, &flat).unwrap();
    let name = ArtifactName::new(b"1/2/3/4");
    assert_eq!(bundle.limits_hit(), [LimitHit::Depth { name }]);
    assert_eq!(bundle.artifacts().len(), 5);
    let short = Limits {
        name_bytes: 15,
        ..Limits::default()
    };
    let bundle = Bundle::open(&paths, &short).unwrap();
    assert_eq!(bundle.limits_hit().len(), 2);
    let nothing = Limits {
        entries: 0,
        ..Limits::default()
    };
    let error = Bundle::open(&paths, &nothing).unwrap_err();
    assert!(error.is_refusal(), "{error}");
}
