//! One case, one report: for folder and zip, for one thread and for eight.

use std::path::Path;

use serde_json::Value;

use super::{report, sample_cases, samples};
use crate::sim;
use crate::support::bundle::{self, Container, File, Modified};

/// The report without what it says of the input's own form.
fn without_input(mut report: Value) -> Value {
    report["case"].as_object_mut().unwrap().remove("input");
    report
}

/// The files of a folder with one and the same time, which thus dates nothing.
fn files(folder: &Path) -> Vec<File> {
    let noon = chrono::NaiveDate::from_ymd_opt(2020, 1, 1)
        .and_then(|day| day.and_hms_opt(12, 0, 0))
        .unwrap();
    let modified = Modified {
        unix: noon.and_utc().timestamp(),
        local: noon,
    };
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(folder).unwrap();
            found.push(File {
                name: name.to_str().unwrap().to_owned(),
                bytes: std::fs::read(entry.path()).unwrap(),
                modified,
            });
        }
    }
    found
}

/// The times that a zip keeps of its files.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Times {
    /// In UTC beside the local ones, as Info-ZIP and 7-Zip write them.
    Utc,
    /// Local ones alone, as Explorer and PowerShell write them.
    Local,
}

fn zip(files: &[File], times: Times) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for file in files {
        let size = u32::try_from(file.bytes.len()).unwrap().to_le_bytes();
        let name_len = u16::try_from(file.name.len()).unwrap().to_le_bytes();
        let offset = u32::try_from(body.len()).unwrap().to_le_bytes();
        let seconds = i32::try_from(file.modified.unix).unwrap().to_le_bytes();
        let time = match times {
            Times::Utc => [&b"UT\x05\0\x01"[..], &seconds].concat(),
            Times::Local => Vec::new(),
        };
        let extra = u16::try_from(time.len()).unwrap().to_le_bytes();
        // Version, UTF-8 names, stored, noon of 2020-01-01, checksum, sizes, lengths.
        let common = [
            &[20, 0, 0, 8, 0, 0, 0, 0x60, 0x21, 0x50][..],
            &crc32(&file.bytes).to_le_bytes(),
            &size,
            &size,
            &name_len,
            &extra,
        ]
        .concat();
        let name = file.name.as_bytes();
        directory.extend(
            [
                &b"PK\x01\x02\x1e\x03"[..],
                &common,
                &[0; 10],
                &offset,
                name,
                &time,
            ]
            .concat(),
        );
        body.extend([&b"PK\x03\x04"[..], &common, name, &time, &file.bytes].concat());
    }
    let entries = u16::try_from(files.len()).unwrap().to_le_bytes();
    let at = u32::try_from(body.len()).unwrap().to_le_bytes();
    let len = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let end = [
        &b"PK\x05\x06\0\0\0\0"[..],
        &entries,
        &entries,
        &len,
        &at,
        &[0, 0],
    ]
    .concat();
    [body, directory, end].concat()
}

/// The checksum of zip and gzip, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| {
        if crc & 1 == 1 {
            (crc >> 1) ^ 0xedb8_8320
        } else {
            crc >> 1
        }
    };
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), step)
    })
}

#[test]
fn samples_give_one_report_as_folder_and_zip_and_for_any_number_of_threads() {
    for case in sample_cases() {
        let name = case.file_name().unwrap().to_str().unwrap();
        let place = tempfile::tempdir().unwrap();
        let files = files(&case);
        let folder = bundle::write(&files, Container::Folder, place.path(), name);
        let one = report(&folder, &["-j", "1"]);
        assert_eq!(one, report(&folder, &["-j", "8"]), "{name}: threads");
        let one = without_input(one);
        for times in [Times::Utc, Times::Local] {
            let path = place.path().join(format!("{name}.zip"));
            std::fs::write(&path, zip(&files, times)).unwrap();
            let zipped = without_input(report(&path, &["-j", "8"]));
            assert_eq!(one, zipped, "{name}: zip with times in {times:?}");
        }
    }
}

#[test]
fn the_sample_zip_is_the_sample_folder() {
    let folder = report(&samples().join("leak-x64"), &[]);
    let zip = report(&samples().join("leak-x64.zip"), &[]);
    assert_eq!(zip["case"]["input"]["kind"], "zip");
    assert_eq!(without_input(folder), without_input(zip));
}

#[test]
fn simulated_cases_do_not_depend_on_threads() {
    for seed in 0..24 {
        let place = tempfile::tempdir().unwrap();
        let (path, options) = sim::write(seed, place.path());
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let one = report(&path, &[&["-j", "1"], &options[..]].concat());
        let eight = report(&path, &[&["-j", "8"], &options[..]].concat());
        assert_eq!(one, eight, "seed {seed}");
    }
}
