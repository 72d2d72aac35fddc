//! One case in every container that is read, with and without a password: one report.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use zip::unstable::write::FileOptionsExt;
use zip::write::SimpleFileOptions;
use zip::{AesMode, ZipWriter};

use super::{finished, program, samples};

const SECRET: &str = "Zr9-secret-of-the-customer";

/// Noon of 2020-01-01: one time for all files, which thus dates nothing.
const NOON: u64 = 1_577_880_000;

pub(super) type Files = Vec<(String, Vec<u8>)>;

/// The files of the sample case.
fn files() -> Files {
    let folder = samples().join("leak-x64");
    let walk = walkdir::WalkDir::new(&folder).sort_by_file_name();
    let files = walk.into_iter().map(Result::unwrap);
    files
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let name = entry.path().strip_prefix(&folder).unwrap();
            let bytes = std::fs::read(entry.path()).unwrap();
            (name.to_str().unwrap().replace('\\', "/"), bytes)
        })
        .collect()
}

fn zip(files: &Files, options: SimpleFileOptions) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(format!("case/{name}"), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar(files: &Files) -> Vec<u8> {
    let mut writer = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mtime(NOON);
        header.set_mode(0o644);
        let name = format!("case/{name}");
        writer
            .append_data(&mut header, name, bytes.as_slice())
            .unwrap();
    }
    writer.into_inner().unwrap()
}

fn sevenz(files: &Files, secret: Option<&str>) -> Vec<u8> {
    use sevenz_rust2::encoder_options::AesEncoderOptions;
    use sevenz_rust2::{ArchiveEntry, ArchiveWriter, EncoderMethod, SourceReader};
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    let mut methods = vec![EncoderMethod::LZMA2.into()];
    if let Some(secret) = secret {
        methods.insert(0, AesEncoderOptions::new(secret.into()).into());
    }
    writer.set_content_methods(methods);
    // Names stay visible: what is encrypted is then listed.
    writer.set_encrypt_header(false);
    let entries = files.iter().map(|(name, _)| ArchiveEntry::new_file(name));
    let readers = files
        .iter()
        .map(|(_, bytes)| SourceReader::new(bytes.as_slice()));
    writer
        .push_archive_entries(entries.collect(), readers.collect())
        .unwrap();
    writer.finish().unwrap().into_inner()
}

fn cab(files: &Files) -> Vec<u8> {
    let mut builder = cab::CabinetBuilder::new();
    let folder = builder.add_folder(cab::CompressionType::MsZip);
    for (name, _) in files {
        folder.add_file(name.as_str());
    }
    let mut writer = builder.build(Cursor::new(Vec::new())).unwrap();
    let mut contents = files.iter();
    while let Some(mut file) = writer.next_file().unwrap() {
        file.write_all(&contents.next().unwrap().1).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn packed(extension: &str, bytes: &[u8]) -> Vec<u8> {
    match extension {
        "gz" => {
            let level = flate2::Compression::default();
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), level);
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        "bz2" => {
            let mut writer =
                bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        "xz" => {
            let options = lzma_rust2::XzOptions::with_preset(1);
            let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        _ => ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest),
    }
}

/// An archive of one archive.
fn wrapped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .start_file(name, SimpleFileOptions::default())
        .unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap().into_inner()
}

fn saved(place: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = place.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// The files in every container without a password, by the name of the upload.
pub(super) fn every(files: &Files) -> Vec<(&'static str, Vec<u8>)> {
    let plain = zip(files, SimpleFileOptions::default());
    let tarred = tar(files);
    vec![
        ("x.zip", plain.clone()),
        ("x.tar", tarred.clone()),
        ("x.tar.gz", packed("gz", &tarred)),
        ("x.tar.xz", packed("xz", &tarred)),
        ("x.tar.zst", packed("zst", &tarred)),
        ("x.tar.bz2", packed("bz2", &tarred)),
        ("x.7z", sevenz(files, None)),
        ("x.cab", cab(files)),
        ("zip-in.zip", wrapped("upload.zip", &plain)),
        (
            "tar-in.zip",
            wrapped("upload.tar.gz", &packed("gz", &tarred)),
        ),
        ("7z-in.zip", wrapped("upload.7z", &sevenz(files, None))),
        (
            "zip-in-zip-in.zip",
            wrapped("a.zip", &wrapped("b.zip", &plain)),
        ),
    ]
}

/// The report of an input, with options, without what it says of the input's own form.
fn report(input: &Path, options: &[&str]) -> Value {
    let mut report = super::report(input, options);
    report["case"].as_object_mut().unwrap().remove("input");
    report
}

#[test]
fn one_case_in_every_container_gives_one_report() {
    let place = tempfile::tempdir().unwrap();
    let files = files();
    let expected = report(&samples().join("leak-x64"), &[]);
    assert_eq!(expected["verdict"]["outcome"], "leak_explains_refusals");
    for (name, bytes) in every(&files) {
        let path = saved(&place, name, &bytes);
        assert_eq!(report(&path, &[]), expected, "{name}");
    }
}

/// The case under each cipher.
fn locked(files: &Files) -> Vec<(&'static str, Vec<u8>)> {
    let plain = SimpleFileOptions::default();
    vec![
        (
            "aes.zip",
            zip(files, plain.with_aes_encryption(AesMode::Aes256, SECRET)),
        ),
        (
            "old.zip",
            zip(
                files,
                plain.with_deprecated_encryption(SECRET.as_bytes()).unwrap(),
            ),
        ),
        ("aes.7z", sevenz(files, Some(SECRET))),
    ]
}

#[test]
fn encrypted_archives_with_their_password_give_the_same_report() {
    let place = tempfile::tempdir().unwrap();
    let expected = report(&samples().join("leak-x64"), &[]);
    let file = saved(&place, "password.txt", format!("{SECRET}\n").as_bytes());
    let file = file.to_str().unwrap();
    for (name, bytes) in locked(&files()) {
        let path = saved(&place, name, &bytes);
        let by_file = report(&path, &["--password-file", file]);
        assert_eq!(by_file, expected, "{name}");
        for (variable, option) in [
            ("POOLSLEUTH_PASSWORD", None),
            ("OTHER", Some("--password-env=OTHER")),
        ] {
            let done = program()
                .args(["analyze", "--format", "json"])
                .args(option)
                .arg(&path)
                .env(variable, SECRET)
                .output();
            let done = finished(done.unwrap());
            let mut found: Value = serde_json::from_str(&done.out).unwrap();
            found["case"].as_object_mut().unwrap().remove("input");
            assert_eq!(found, expected, "{name} by {variable}");
            assert!(!done.err.contains(SECRET));
        }
    }
}

#[test]
fn without_a_password_or_with_another_it_is_said_what_to_do() {
    let place = tempfile::tempdir().unwrap();
    let file = saved(&place, "password.txt", b"not-this-one\n");
    for (name, bytes) in locked(&files()) {
        let path = saved(&place, name, &bytes);
        let without = super::analyze(&path, &["--format", "json"]);
        // Nothing could be read, as with a wrong password; the report lists what is locked.
        assert_eq!(without.status, Some(1), "{}", without.err);
        assert!(
            without.err.contains("--password-file"),
            "{name}: {}",
            without.err
        );
        let report: Value = serde_json::from_str(&without.out).unwrap();
        assert_ne!(report["verdict"]["outcome"], "no_problem_found", "{name}");
        assert_eq!(report["refusals"]["rows"], 0, "{name}");
        let row = &report["coverage"]["artifacts"][0]["notes"][0];
        assert!(row.as_str().unwrap().contains("encrypted"), "{name}: {row}");

        let wrong = super::analyze(&path, &["--password-file", file.to_str().unwrap()]);
        assert_eq!(wrong.status, Some(1), "{name}: {}", wrong.err);
        assert!(
            wrong.err.contains("the password does not fit"),
            "{}",
            wrong.err
        );
        assert!(!wrong.err.contains("not-this-one"));
    }
    let empty = saved(&place, "empty.txt", b"\n");
    let path = saved(
        &place,
        "x.zip",
        &zip(&files(), SimpleFileOptions::default()),
    );
    let none = super::analyze(&path, &["--password-file", empty.to_str().unwrap()]);
    assert_eq!(none.status, Some(1));
    assert!(none.err.contains("holds no password"), "{}", none.err);
    let unset = super::analyze(&path, &["--password-env", "SURELY_NOT_SET"]);
    assert_eq!(unset.status, Some(2));
}

#[test]
fn every_command_takes_the_password_and_the_containers() {
    let place = tempfile::tempdir().unwrap();
    let file = saved(&place, "password.txt", SECRET.as_bytes());
    let (name, bytes) = locked(&files()).remove(2);
    let path = saved(&place, name, &bytes);
    let path = path.to_str().unwrap();
    for words in [
        &["refusals", path][..],
        &["tags", path],
        &["scan", path, "--all-tags"],
        &["inspect", path],
        &["diff", path, path],
    ] {
        let done = program()
            .args(words)
            .arg("--password-file")
            .arg(&file)
            .output();
        let done = finished(done.unwrap());
        assert_eq!(done.status, Some(0), "{words:?}: {}", done.err);
        assert!(!done.out.is_empty(), "{words:?}");
    }
}

#[test]
fn a_batch_hands_the_password_to_its_workers_and_writes_it_nowhere() {
    let place = tempfile::tempdir().unwrap();
    let cases = place.path().join("cases");
    std::fs::create_dir(&cases).unwrap();
    for (name, bytes) in locked(&files()) {
        std::fs::write(cases.join(name), bytes).unwrap();
    }
    let tarred = packed("xz", &tar(&files()));
    std::fs::write(cases.join("open.tar.xz"), tarred).unwrap();
    let file = saved(&place, "password.txt", SECRET.as_bytes());
    let results = place.path().join("results");
    let done = program()
        .args(["batch", "--no-cache", "--progress", "none"])
        .arg(&cases)
        .arg("-o")
        .arg(&results)
        .arg("--password-file")
        .arg(&file)
        .output();
    let done = finished(done.unwrap());
    assert_eq!(done.status, Some(0), "{}", done.err);
    let mut reports = 0;
    for entry in walkdir::WalkDir::new(&results) {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() {
            continue;
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        let secret = SECRET.as_bytes();
        let leaked = bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!leaked, "{}", entry.path().display());
        if entry.file_name() == "report.json" {
            let report: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(report["verdict"]["outcome"], "leak_explains_refusals");
            reports += 1;
        }
    }
    // Four uploads of one case.
    assert!(reports >= 1);
}

#[test]
fn archives_within_are_part_of_the_case() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("upload");
    std::fs::create_dir(&folder).unwrap();
    let (images, others): (Files, Files) = files()
        .into_iter()
        .partition(|(name, _)| name.starts_with("drivers/"));
    std::fs::write(folder.join("drivers.7z"), sevenz(&images, None)).unwrap();
    for (name, bytes) in others {
        // Each file compressed by itself.
        let name = format!("{}.gz", name.replace('/', "-"));
        std::fs::write(folder.join(name), packed("gz", &bytes)).unwrap();
    }
    let found = super::report(&folder, &[]);
    let expected = super::report(&samples().join("leak-x64"), &[]);
    for field in ["outcome", "tag", "pool"] {
        assert_eq!(found["verdict"][field], expected["verdict"][field]);
    }
    assert_eq!(
        found["verdict"]["driver"]["file_name"],
        expected["verdict"]["driver"]["file_name"]
    );
    assert_eq!(found["refusals"]["total"], expected["refusals"]["total"]);
    let rows = found["coverage"]["artifacts"].as_array().unwrap();
    let archive = rows.iter().find(|row| row["name"] == "drivers.7z").unwrap();
    assert_eq!(archive["role"], "archive");
    let note = archive["notes"][0].as_str().unwrap();
    assert!(note.contains("read too"), "{note}");
}
