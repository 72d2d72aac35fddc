//! `scan`, run as users run it, over every labelled driver.

#![allow(
    clippy::unwrap_used,
    reason = "a failed assumption is the message of the test"
)]

mod shapes;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use shapes::{Asked, Record, Truth, grade};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The labelled drivers as `build/shape.sys` below a folder.
fn folder(below: &Path) -> (PathBuf, Vec<(String, String)>) {
    let root = below.join("drivers");
    let mut names = Vec::new();
    for image in shapes::images() {
        let place = root.join(&image.build);
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join(&image.file), &image.bytes).unwrap();
        names.push((image.build, image.file.trim_end_matches(".sys").to_owned()));
    }
    (root, names)
}

/// The same drivers in a zip archive.
fn archive(below: &Path) -> PathBuf {
    let path = below.join("drivers.zip");
    let mut writer = ZipWriter::new(fs::File::create(&path).unwrap());
    for image in shapes::images() {
        let name = format!("{}/{}", image.build, image.file);
        writer
            .start_file(&name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(&image.bytes).unwrap();
    }
    writer.finish().unwrap();
    path
}

fn scan(path: &Path, options: &[String]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_poolsleuth"))
        .arg("scan")
        .arg(path)
        .args(options)
        .args(["--format", "jsonl", "--progress", "none"])
        .output()
        .unwrap()
}

fn lines(path: &Path, options: &[String]) -> String {
    let done = scan(path, options);
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(0), "{said}");
    String::from_utf8(done.stdout).unwrap()
}

fn all_tags() -> Vec<String> {
    vec!["--all-tags".to_owned()]
}

/// `--tag` for every tag that has a label anywhere.
fn every_label() -> Vec<String> {
    let tags: BTreeSet<String> = Truth::read()
        .labels
        .iter()
        .map(|l| l.tag_hex.clone())
        .collect();
    tags.iter()
        .flat_map(|hex| ["--tag".to_owned(), format!("0x{hex}")])
        .collect()
}

/// The lines with only the last two parts of `file`, which a folder and an archive share.
fn without_root(lines: &str) -> Vec<Value> {
    let line = |line: &str| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        let file = value["file"].as_str().unwrap().to_owned();
        let mut parts: Vec<&str> = file.rsplit('/').take(2).collect();
        parts.reverse();
        value["file"] = Value::from(parts.join("/"));
        value
    };
    lines.lines().map(line).collect()
}

#[test]
fn the_lines_of_scan_meet_the_labels() {
    let place = tempfile::tempdir().unwrap();
    let (root, names) = folder(place.path());
    for (asked, options) in [(Asked::AllTags, all_tags()), (Asked::Named, every_label())] {
        let text = lines(&root, &options);
        let records: Vec<Record> = text
            .lines()
            .map(|l| Record::from_json(l).unwrap())
            .collect();
        let report = grade(&names, &records, asked);
        println!("{asked:?}: {report}");
        assert!(report.false_sites.is_empty(), "{asked:?}: {report}");
        assert!(report.recall() >= 0.99, "{asked:?}: {report}");
        assert!(report.grades_right() >= 0.99, "{asked:?}: {report}");
    }
}

#[test]
fn a_line_is_one_image_and_one_tag_with_the_fields_of_the_contract() {
    let place = tempfile::tempdir().unwrap();
    let (root, _) = folder(place.path());
    let mut seen = BTreeSet::new();
    for line in lines(&root, &all_tags()).lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        assert!(
            seen.insert((text("file"), text("tag_hex"))),
            "twice: {line}"
        );
        assert_eq!(text("sha256").len(), 64, "{line}");
        assert!(
            ["x86", "x64", "arm64"].contains(&text("machine").as_str()),
            "{line}"
        );
        assert_eq!(text("tag_hex").len(), 8, "{line}");
        assert!(!text("tag").is_empty(), "{line}");
        if text("grade") == "call_site" {
            for key in ["api", "via", "role"] {
                assert!(!text(key).is_empty(), "{key}: {line}");
            }
            assert!(value["rva"].is_u64() && value["offset"].is_u64(), "{line}");
        }
    }
    assert!(seen.len() > 100, "{} lines", seen.len());
}

#[test]
fn threads_and_containers_change_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (root, _) = folder(place.path());
    let zip = archive(place.path());
    let with = |jobs: &str| [all_tags(), vec!["-j".to_owned(), jobs.to_owned()]].concat();
    let one = lines(&root, &with("1"));
    assert_eq!(one, lines(&root, &with("8")));
    assert_eq!(without_root(&one), without_root(&lines(&zip, &all_tags())));
}

#[test]
fn what_is_no_driver_is_said_and_the_others_are_looked_into() {
    let place = tempfile::tempdir().unwrap();
    let (root, _) = folder(place.path());
    let driver = fs::read_dir(root.join("clang-x64-O2")).unwrap();
    let driver = driver.map(|e| e.unwrap().path()).min().unwrap();
    let given = |name: &str, bytes: &[u8]| {
        let path = place.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let notes = given("notes.txt", b"a tag stands here: Leak\r\n");
    let elf = given("other.sys", b"\x7fELF\x02\x01\x01 Leak and more");
    let cut = given("cut.sys", &fs::read(&driver).unwrap()[..80]);
    let run = |paths: &[&PathBuf]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_poolsleuth"));
        program.arg("scan").args(paths);
        let options = ["--tag", "0x4c65616b", "--progress", "none"];
        program.args(options).output().unwrap()
    };
    let done = run(&[&notes, &elf, &cut, &driver]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(0), "{said}");
    for name in ["notes.txt", "other.sys", "cut.sys"] {
        assert!(said.contains(name), "{name} is not spoken of: {said}");
    }
    let done = run(&[&notes, &elf]);
    assert_eq!(done.status.code(), Some(1));
    assert!(done.stdout.is_empty());
}
