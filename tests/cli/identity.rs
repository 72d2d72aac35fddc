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

#[test]
fn samples_give_one_report_as_folder_and_zip_and_for_any_number_of_threads() {
    for case in sample_cases() {
        let name = case.file_name().unwrap().to_str().unwrap();
        let place = tempfile::tempdir().unwrap();
        let files = files(&case);
        let folder = bundle::write(&files, Container::Folder, place.path(), name);
        let zip = bundle::write(&files, Container::ZipDeflated, place.path(), name);
        let one = report(&folder, &["-j", "1"]);
        assert_eq!(one, report(&folder, &["-j", "8"]), "{name}: threads");
        let zipped = without_input(report(&zip, &["-j", "8"]));
        assert_eq!(without_input(one), zipped, "{name}: zip");
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
