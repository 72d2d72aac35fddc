//! `show`: evidence looked up again, by people who trust nobody.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Run, analyze, assert_no_controls, finished, program, samples};

/// A copy of a sample in a folder of its own, with its report beside it.
fn case(name: &str) -> (TempDir, PathBuf, Value) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join(name);
    for entry in walkdir::WalkDir::new(samples().join(name)) {
        let entry = entry.unwrap();
        let to = folder.join(entry.path().strip_prefix(samples().join(name)).unwrap());
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(&to).unwrap(),
            false => drop(fs::copy(entry.path(), &to).unwrap()),
        }
    }
    let out = place.path().to_str().unwrap();
    let done = analyze(&folder, &["--format", "json", "-o", out]);
    assert_eq!(done.status, Some(0), "{}", done.err);
    let report = serde_json::from_str(&done.out).unwrap();
    (place, folder, report)
}

fn show(place: &TempDir, words: &[&str]) -> Run {
    let mut command = program();
    command.arg("show").arg("report.json").args(words);
    finished(command.current_dir(place.path()).output().unwrap())
}

fn evidence(report: &Value, fits: impl Fn(&Value) -> bool) -> Value {
    let mut all = report["evidence"].as_array().unwrap().iter();
    all.find(|e| fits(e)).unwrap().clone()
}

fn refusal(report: &Value) -> Value {
    evidence(report, |e| {
        e["text"].as_str().unwrap().contains("Connections_Refused")
    })
}

fn id(evidence: &Value) -> &str {
    evidence["id"].as_str().unwrap()
}

#[test]
fn without_ids_all_evidence_is_listed_in_80_columns() {
    let (place, _, report) = case("leak-x64");
    let done = show(&place, &[]);
    assert_eq!(done.status, Some(0), "{}", done.err);
    assert_eq!(
        done.out.lines().count(),
        report["evidence"].as_array().unwrap().len()
    );
    for line in done.out.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
    }
    let checked = show(&place, &["--bundle", "leak-x64"]);
    for line in checked.out.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
    }
    assert_eq!(checked.status, Some(0), "{}", checked.err);
    assert!(
        checked.out.lines().all(|line| line.contains("  matches  ")),
        "{}",
        checked.out
    );
}

#[test]
fn a_line_is_shown_from_folder_zip_and_single_file_with_what_is_around_it() {
    let (place, folder, report) = case("leak-x64");
    let row = refusal(&report);
    let number = row["line"].as_u64().unwrap();
    let file = folder.join(row["artifact"].as_str().unwrap());
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let zip = samples().join("leak-x64.zip");
    let bundles: [&Path; 3] = [&folder, &zip, &file];
    for bundle in bundles {
        let done = show(
            &place,
            &[id(&row), "-C", "1", "--bundle", bundle.to_str().unwrap()],
        );
        assert_eq!(done.status, Some(0), "{}", done.err);
        assert!(done.out.contains("verified"), "{}", done.out);
        let shown: Vec<&str> = done.out.lines().rev().skip(1).take(3).collect();
        for (back, line) in shown.iter().enumerate() {
            let at = number + 1 - back as u64;
            let sign = if at == number { '>' } else { ' ' };
            let expected = format!("{sign} {at:>9}  {}", lines[at as usize - 1]);
            assert_eq!(*line, expected, "{}", bundle.display());
        }
    }
}

#[test]
fn without_a_bundle_the_report_speaks_and_the_option_is_named() {
    let (place, _, report) = case("leak-x64");
    let row = refusal(&report);
    let done = show(&place, &[id(&row)]);
    assert_eq!(done.status, Some(0));
    assert!(done.out.contains("kept in the report"), "{}", done.out);
    assert!(
        done.out.contains(row["text"].as_str().unwrap()),
        "{}",
        done.out
    );
    assert!(done.out.contains("reason refusals_counted"), "{}", done.out);
    assert!(done.err.contains("--bundle leak-x64 "), "{}", done.err);
}

#[test]
fn a_changed_artifact_is_status_5_and_a_missing_one_status_1() {
    let (place, folder, report) = case("leak-x64");
    let row = refusal(&report);
    let file = folder.join(row["artifact"].as_str().unwrap());
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    let words = [id(&row), "--bundle", "leak-x64"];
    let done = show(&place, &words);
    assert_eq!(done.status, Some(5));
    assert!(
        done.out.contains("CHANGED") && done.err.contains("CHANGED"),
        "{}",
        done.err
    );
    let alone = show(&place, &[id(&row), "--bundle", file.to_str().unwrap()]);
    assert_eq!(alone.status, Some(5), "{}", alone.err);
    let quiet = show(&place, &[&words[..], &["-q"]].concat());
    assert_eq!((quiet.status, quiet.err.as_str()), (Some(5), ""));
    fs::remove_file(&file).unwrap();
    let done = show(&place, &words);
    assert_eq!(done.status, Some(1));
    assert!(
        done.out.contains("MISSING") && done.err.contains("MISSING"),
        "{}",
        done.err
    );
}

#[test]
fn a_file_that_was_moved_is_known_by_its_digest() {
    let (place, folder, report) = case("leak-x64");
    let row = refusal(&report);
    let file = folder.join(row["artifact"].as_str().unwrap());
    let moved = folder.join("elsewhere").join(file.file_name().unwrap());
    fs::create_dir(folder.join("elsewhere")).unwrap();
    fs::rename(&file, &moved).unwrap();
    let done = show(&place, &[id(&row), "--bundle", "leak-x64"]);
    assert_eq!(done.status, Some(0), "{}", done.err);
    assert!(done.out.contains("elsewhere/"), "{}", done.out);
}

#[test]
fn a_call_site_is_shown_as_bytes_and_followed_anew() {
    let (place, folder, report) = case("leak-x64");
    let site = evidence(&report, |e| {
        e["text"].as_str().unwrap().starts_with("call_site")
    });
    let offset = site["offset"].as_u64().unwrap();
    let words = [id(&site), "--format", "json", "--bundle", "leak-x64"];
    let done = show(&place, &words);
    assert_eq!(done.status, Some(0), "{}", done.err);
    let shown: Value = serde_json::from_str(&done.out).unwrap();
    let shown = &shown["evidence"][0];
    assert_eq!(shown["bundle"]["state"], "matches");
    let context = shown["context"].as_array().unwrap();
    let kept = site["context"].as_array().unwrap();
    let instructions = |lines: &[Value]| -> Vec<Value> {
        let of_code = lines.iter().filter(|l| l["kind"] == "instruction");
        of_code.map(|l| l["text"].clone()).collect()
    };
    assert!(!instructions(context).is_empty());
    assert_eq!(instructions(context), instructions(kept));
    let row = context
        .iter()
        .find(|l| l["kind"] == "bytes" && l["cited"] == true)
        .unwrap();
    let first = row["offset"].as_u64().unwrap();
    assert!(first <= offset && offset < first + 16);
    let bytes = fs::read(folder.join(site["artifact"].as_str().unwrap())).unwrap();
    let expected = format!(
        "{:02x} {:02x} ",
        bytes[first as usize],
        bytes[first as usize + 1]
    );
    assert!(
        row["text"].as_str().unwrap().starts_with(&expected),
        "{row}"
    );
}

#[test]
fn utf16_is_shown_as_text() {
    let (place, folder, report) = case("dirty");
    let is_utf16 = |e: &Value| {
        let bytes = fs::read(folder.join(e["artifact"].as_str().unwrap())).unwrap();
        e["line"].is_u64() && bytes.starts_with(&[0xff, 0xfe])
    };
    let row = evidence(&report, is_utf16);
    let done = show(&place, &[id(&row), "--bundle", "dirty"]);
    assert_eq!(done.status, Some(0), "{}", done.err);
    let kept = row["context"].as_array().unwrap().iter();
    let cited = kept.clone().find(|l| l["cited"] == true).unwrap();
    let number = row["line"].as_u64().unwrap();
    let line = format!("> {number:>9}  {}", cited["text"].as_str().unwrap());
    assert!(done.out.contains(&line), "{line}\n{}", done.out);
}

#[test]
fn an_unknown_id_names_its_neighbours() {
    let (place, _, report) = case("leak-x64");
    let last = report["evidence"].as_array().unwrap().len();
    let done = show(&place, &["E99999"]);
    assert_eq!((done.status, done.out.as_str()), (Some(2), ""));
    assert!(done.err.contains(&format!("E{last}")), "{}", done.err);
    assert_eq!(show(&place, &["nonsense"]).status, Some(2));
    assert_eq!(
        show(&place, &["1"]).status,
        Some(0),
        "the letter may be left out"
    );
    assert_eq!(
        show(&place, &["E1", "-C", "5"]).status,
        Some(2),
        "-C needs a bundle"
    );
}

#[test]
fn what_is_no_report_is_refused_in_words() {
    let place = tempfile::tempdir().unwrap();
    let said = |bytes: &[u8]| {
        fs::write(place.path().join("report.json"), bytes).unwrap();
        let done = show(&place, &[]);
        assert_eq!((done.status, done.out.as_str()), (Some(1), ""));
        done.err
    };
    assert!(said(b"MZ\x90").contains("not JSON"));
    assert!(said(b"{\"schema_version\":\"1\",\"evidence\":[{").contains("cut off"));
    assert!(said(b"{\"hello\":1}").contains("schema_version is missing"));
    assert!(said(b"{\"schema_version\":\"9\"}").contains("\"9\""));
    fs::remove_file(place.path().join("report.json")).unwrap();
    assert_eq!(show(&place, &[]).status, Some(1));
}

#[test]
fn hostile_text_moves_nothing_on_a_terminal() {
    let place = tempfile::tempdir().unwrap();
    let evil = "\u{1b}]52;c;AAAA\u{7}\u{202e}\0\r\n<script>";
    let line = json!({"kind": evil, "line": 1, "cited": true, "text": evil});
    let one = json!({"id": "E1", "artifact": evil, "sha256": evil, "line": 1, "text": evil, "context": [line]});
    let reason = json!({"rule": evil, "evidence": ["E1"]});
    let report = json!({
        "schema_version": "1",
        "case": {"input": {"name": "../../etc/passwd"}},
        "verdict": {"reasons": [reason]},
        "evidence": [one],
    });
    fs::write(place.path().join("report.json"), report.to_string()).unwrap();
    fs::create_dir(place.path().join("bundle")).unwrap();
    fs::write(place.path().join("bundle/a.txt"), "x\n").unwrap();
    for words in [
        &[][..],
        &["E1"],
        &["E1", "--bundle", "bundle"],
        &["E\u{1b}7"],
    ] {
        let done = show(&place, words);
        assert_no_controls("stdout", &done.out);
        assert_no_controls("stderr", &done.err);
        assert!(!done.err.contains("passwd"), "{}", done.err);
    }
}
