//! Bundles of the companion collector: one that its program made under Wine, and ones made here
//! in the same layout, whole and tampered with.

pub mod build;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::bundle::{Container, File, write};
use build::{BEGIN, STEP, Story, bundle, contents, manifest};

/// Made by `poolsleuth-collect run --every 1 --count 3 --no-drivers` with the hooks of its tests.
const UNDER_WINE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/fixtures/collector/under-wine.zip"
);

fn analyse(path: &Path) -> Value {
    let done = Command::new(env!("CARGO_BIN_EXE_poolsleuth"))
        .arg("analyze")
        .arg(path)
        .args(["--format", "json", "--progress", "none"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{}: {said}", done.status);
    serde_json::from_slice(&done.stdout).unwrap()
}

fn analysed(files: &[File], container: Container) -> Value {
    let folder = tempfile::tempdir().unwrap();
    analyse(&write(files, container, folder.path(), "case"))
}

fn finding<'a>(report: &'a Value, rule: &str) -> Option<&'a str> {
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|f| f["rule"] == rule)?;
    found["text"].as_str()
}

/// A leak of `hstorflt.sys` until connections are refused and the kernel has no memory left.
fn leak() -> Story {
    let mut story = Story::growing("HsCx", 1_024, 195);
    story.looks.last_mut().unwrap().status = 0xc000_009a;
    story
}

#[test]
fn what_the_collector_made_under_wine_is_read_whole() {
    let report = analyse(Path::new(UNDER_WINE));
    let stated = &report["case"]["manifest"];
    assert_eq!(stated["verified"], true, "{stated}");
    assert_eq!(stated["files"], stated["files_verified"]);
    assert_eq!(stated["extra"], serde_json::json!([]));
    assert_eq!(report["pool"]["snapshots"], 3);
    assert_eq!(report["time"]["zone_source"], "manifest");
    let rows = report["coverage"]["artifacts"].as_array().unwrap();
    let riddles: Vec<&Value> = rows
        .iter()
        .filter(|r| r["used"] == "not_understood")
        .collect();
    assert!(riddles.is_empty(), "{riddles:?}");
    // Unpacked it is the same case.
    let folder = tempfile::tempdir().unwrap();
    let mut archive = zip::ZipArchive::new(fs::File::open(UNDER_WINE).unwrap()).unwrap();
    archive.extract(folder.path().join("case")).unwrap();
    let unpacked = analyse(&folder.path().join("case"));
    assert_eq!(unpacked["case"]["id"], report["case"]["id"]);
    assert_eq!(unpacked["case"]["manifest"], *stated);
}

#[test]
fn a_leak_is_explained_with_the_machine_the_manifest_states() {
    let files = contents(&leak(), true);
    let stated = manifest(&files);
    let files = bundle(files, &stated);
    let mut reports = Vec::new();
    for container in [
        Container::Folder,
        Container::ZipStored,
        Container::ZipDeflated,
    ] {
        let mut report = analysed(&files, container);
        report["case"]["input"] = Value::Null;
        reports.push(report);
    }
    let report = &reports[0];
    assert_eq!(
        reports[1], *report,
        "an archive is the same case as its folder"
    );
    assert_eq!(reports[2], *report);
    assert_eq!(
        report["verdict"]["outcome"], "leak_explains_refusals",
        "{}",
        report["verdict"]
    );
    assert_eq!(report["verdict"]["driver"]["file_name"], "hstorflt.sys");
    let case = &report["case"];
    assert_eq!(
        (&case["host"], &case["os"]),
        (&"WEB01".into(), &"Windows Server 2019 Standard".into())
    );
    assert_eq!(
        (&case["architecture"], &case["ram_bytes"]),
        (&"x64".into(), &(4_u64 << 30).into())
    );
    assert_eq!(report["time"]["zone"], "Europe/Berlin");
    assert_eq!(case["manifest"]["verified"], true);
    let why = report["attribution"][0]["candidates"][0]["why"].to_string();
    assert!(why.contains("was loaded when the bundle was made"), "{why}");
    let exhausted = finding(report, "kernel_out_of_memory").unwrap();
    assert!(exhausted.starts_with("once "), "{exhausted}");
    for rule in [
        "manifest_changed",
        "manifest_missing",
        "manifest_extra",
        "manifest_incomplete",
    ] {
        assert_eq!(finding(report, rule), None);
    }
}

#[test]
fn the_process_that_holds_the_handles_is_named() {
    let story = Story {
        handles: true,
        ..Story::growing("Even", 96, 80)
    };
    let files = contents(&story, false);
    let stated = manifest(&files);
    let report = analysed(&bundle(files, &stated), Container::Folder);
    assert_eq!(report["verdict"]["tag"], "Even", "{}", report["verdict"]);
    let text = finding(&report, "handle_holders").unwrap();
    assert!(
        text.contains("w3wp.exe (process 512) from 100000 to 1620000"),
        "{text}"
    );
    let quiet = Story::growing("Even", 96, 80);
    let files = contents(&quiet, false);
    let stated = manifest(&files);
    let report = analysed(&bundle(files, &stated), Container::Folder);
    let text = finding(&report, "handle_holders").unwrap();
    assert!(text.contains("no process has 100 handles more"), "{text}");
}

#[test]
fn a_torn_snapshot_is_left_out_and_a_stated_start_is_a_restart() {
    let mut story = leak();
    story.looks[5].torn = true;
    for (n, look) in story.looks.iter_mut().enumerate().skip(10) {
        // Counters that overtook their old values: only the stated start tells.
        look.boot = BEGIN + STEP * 9 + 60;
        look.at += 86_400 * 30;
        look.seq = n as u64 + 1;
    }
    let files = contents(&story, false);
    let stated = manifest(&files);
    let report = analysed(&bundle(files, &stated), Container::Folder);
    assert_eq!(report["pool"]["snapshots"], 19);
    assert_eq!(
        report["pool"]["epochs"].as_array().unwrap().len(),
        2,
        "{}",
        report["pool"]["epochs"]
    );
    let notes = report["coverage"].to_string();
    assert!(
        notes.contains("1 torn snapshots of the collector were left out"),
        "{notes}"
    );
}

/// What was done to a bundle between collecting and analysing.
fn tampered() -> Vec<File> {
    let files = contents(&leak(), true);
    let mut stated = manifest(&files);
    let list = stated["files"].as_array_mut().unwrap();
    list.push(serde_json::json!({"path": "../../escape.sys", "role": "driver-loaded", "size": 1, "sha256": "00"}));
    list.push(serde_json::json!({"path": "httperr/httperr2.log", "role": "httperr", "size": 5, "sha256": "0".repeat(64)}));
    list.push(list[0].clone());
    list[1]["size"] = 9_999_999_999_u64.into();
    stated["errors"] = serde_json::json!([{"what": "open", "source": "C:\\x.sys", "code": 32}]);
    let mut files = bundle(files, &stated);
    let driver = files
        .iter_mut()
        .find(|f| f.name.ends_with("hstorflt.sys"))
        .unwrap();
    // The checksum of the headers: the image still is one.
    let pe = u32::from_le_bytes(driver.bytes[0x3c..0x40].try_into().unwrap()) as usize;
    driver.bytes[pe + 88] ^= 0x55;
    let added = File {
        name: "drivers/system32/added.txt".into(),
        bytes: b"later".to_vec(),
        ..files[0].clone()
    };
    files.push(added);
    files
}

#[test]
fn what_was_tampered_with_is_reported_and_harms_nothing() {
    for container in [Container::Folder, Container::ZipDeflated] {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        let path: PathBuf = write(&tampered(), container, &inner, "case");
        let report = analyse(&path);
        let stated = &report["case"]["manifest"];
        assert_eq!(stated["verified"], false);
        let changed = finding(&report, "manifest_changed").unwrap();
        assert!(changed.contains("2 files are"), "{changed}");
        assert!(
            changed.contains("hstorflt.sys: its SHA-256 is another"),
            "{changed}"
        );
        assert!(
            changed.contains("pool/processes.tsv: 9999999999 bytes are stated"),
            "{changed}"
        );
        assert!(
            finding(&report, "manifest_missing")
                .unwrap()
                .contains("httperr/httperr2.log")
        );
        assert!(
            finding(&report, "manifest_extra")
                .unwrap()
                .contains("added.txt")
        );
        let names = finding(&report, "manifest_names").unwrap();
        assert!(
            names.contains("../../escape.sys: leads out") && names.contains("stated twice"),
            "{names}"
        );
        assert!(
            finding(&report, "manifest_incomplete")
                .unwrap()
                .contains("open C:\\x.sys: 32")
        );
        // What is not as stated is no longer said to be loaded; the verdict stands on the bytes.
        let why = report["attribution"][0]["candidates"][0]["why"].to_string();
        assert!(!why.contains("was loaded"), "{why}");
        assert_eq!(report["verdict"]["tag"], "HsCx");
        assert!(!outer.path().join("escape.sys").exists());
        assert_eq!(
            fs::read_dir(outer.path()).unwrap().count(),
            1,
            "nothing was written"
        );
    }
}
