//! Two cases side by side, as a user asks for them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Run, analyze, assert_no_controls, run, samples};

fn diff(a: &Path, b: &Path, options: &[&str]) -> Run {
    let mut words: Vec<&std::ffi::OsStr> = vec!["diff".as_ref(), a.as_os_str(), b.as_os_str()];
    words.extend(options.iter().map(AsRef::<std::ffi::OsStr>::as_ref));
    run(words)
}

fn compared(a: &Path, b: &Path) -> Value {
    let done = diff(a, b, &["--format", "json"]);
    assert_eq!((done.status, done.err.as_str()), (Some(0), ""));
    serde_json::from_str(&done.out).unwrap()
}

/// The report of a sample, written to a file.
fn written(sample: &str, folder: &Path) -> PathBuf {
    let done = analyze(&samples().join(sample), &["--format", "json"]);
    let path = folder.join(format!("{sample}.json"));
    fs::write(&path, done.out).unwrap();
    path
}

fn assert_fits(text: &str) {
    for line in text.lines() {
        let columns = unicode_width::UnicodeWidthStr::width(line);
        assert!(columns <= 80, "{columns} columns: {line}");
    }
    assert_no_controls("diff", text);
}

#[test]
fn a_case_its_archive_and_its_report_are_one_case() {
    let place = tempfile::tempdir().unwrap();
    let leak = samples().join("leak-x64");
    let report = written("leak-x64", place.path());
    for other in [leak.clone(), samples().join("leak-x64.zip"), report.clone()] {
        let value = compared(&leak, &other);
        assert_eq!(
            value["answer"]["result"],
            "same_case",
            "{}",
            other.display()
        );
        assert_eq!(value["nonpaged"], "not_shown");
        assert_eq!(value["cautions"], Value::Array(Vec::new()));
        let changed = value["drivers"].as_array().unwrap();
        assert!(changed.iter().all(|d| d["state"] == "same"), "{changed:?}");
    }
    let done = diff(&leak, &report, &[]);
    assert!(done.out.starts_with("Answer   A and B are the same case"));
    assert_fits(&done.out);
}

#[test]
fn swapped_sides_are_mirrored() {
    let (leak, calm) = (samples().join("leak-x64"), samples().join("flat-pool"));
    let (there, back) = (compared(&leak, &calm), compared(&calm, &leak));
    assert_eq!(there["answer"]["result"], "different_problems");
    assert_eq!(there["a"], back["b"]);
    assert_eq!(there["b"], back["a"]);
    assert_eq!(
        (&there["nonpaged"], &back["nonpaged"]),
        (&"a_faster".into(), &"b_faster".into())
    );
    let tag = |value: &Value, side: &str| value["tags"][0][side].clone();
    assert_eq!(there["tags"][0]["tag"], "HsCx");
    assert_eq!(tag(&there, "a"), tag(&back, "b"));
    assert_eq!(tag(&there, "b")["state"], "not_listed", "never zero");
}

#[test]
fn too_little_is_said_first() {
    let (leak, one) = (samples().join("leak-x64"), samples().join("one-snapshot"));
    let done = diff(&leak, &one, &["--ascii"]);
    assert_eq!(done.status, Some(0), "{}", done.err);
    assert!(
        done.out
            .starts_with("Answer   Can't tell: B has one pool snapshot"),
        "{}",
        done.out
    );
    assert!(done.out.is_ascii());
    assert_fits(&done.out);
    let ticket = diff(&leak, &one, &["--format", "markdown"]);
    assert!(ticket.out.starts_with("# Can't tell"), "{}", ticket.out);
}

#[test]
fn options_reach_the_analysis_and_are_refused_where_there_is_none() {
    let place = tempfile::tempdir().unwrap();
    let (leak, report) = (
        samples().join("leak-x64"),
        written("leak-x64", place.path()),
    );
    let both = diff(&report, &report, &["--tz", "UTC"]);
    assert_eq!((both.status, both.out.as_str()), (Some(2), ""));
    assert!(both.err.contains("--tz=UTC"), "{}", both.err);
    let one = diff(&leak, &report, &["--ram", "8GB", "--format", "json"]);
    let value: Value = serde_json::from_str(&one.out).unwrap();
    assert_eq!(value["a"]["ram_bytes"], 8_589_934_592u64);
    let said = value["cautions"].to_string();
    assert!(said.contains("--ram=8589934592"), "{said}");
}

#[test]
fn what_is_no_report_is_refused_in_words() {
    let place = tempfile::tempdir().unwrap();
    let leak = samples().join("leak-x64");
    let report = fs::read_to_string(written("leak-x64", place.path())).unwrap();
    let cases = [
        (report[..report.len() / 2].to_owned(), "not JSON: EOF"),
        (
            "{\"verdict\": {}}".to_owned(),
            "`schema_version` is missing",
        ),
        (
            report.replacen("\"schema_version\": \"1\"", "\"schema_version\": \"9\"", 1),
            "schema version \"9\"",
        ),
        ("{\"a\":".repeat(100_000), "recursion limit"),
    ];
    let file = place.path().join("odd.json");
    for (text, words) in cases {
        fs::write(&file, text).unwrap();
        let done = diff(&leak, &file, &[]);
        assert_eq!((done.status, done.out.as_str()), (Some(1), ""), "{words}");
        assert!(
            done.err.contains("odd.json") && done.err.contains(words),
            "{}",
            done.err
        );
    }
    let missing = diff(&leak, &place.path().join("none"), &[]);
    assert_eq!((missing.status, missing.out.as_str()), (Some(1), ""));
}

#[test]
fn hostile_text_of_a_report_stays_text() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("report.json");
    let evil = "\\u001b]52;c;aGk=\\u0007\\u202e<script>|`x`\\u0000";
    let text = format!(
        "{{\"schema_version\": \"1\", \"case\": {{\"host\": \"{evil}\", \"os\": \"{evil}\", \"id\": 7}},
          \"verdict\": {{\"outcome\": \"leak_without_refusals\", \"tag\": \"{evil}\", \"tag_hex\": \"{evil}\", \"pool\": \"nonpaged\", \"confidence\": \"{evil}\"}},
          \"pool\": {{\"snapshots\": 18446744073709551615, \"first\": \"9999-12-31T23:59:59Z\", \"last\": \"0000-01-01T00:00:00Z\",
            \"nonpaged\": [{{\"bytes\": -9223372036854775808, \"at\": \"2026-01-01T00:00:00Z\"}}, {{\"bytes\": 1e308, \"at\": \"2026-01-01T01:00:00Z\"}}, 5],
            \"tags\": [{{\"tag\": \"{evil}\", \"tag_hex\": \"{evil}\", \"pool\": \"nonpaged\", \"growth_bytes_per_hour\": -1e308, \"growth_low\": 1e308, \"growth_high\": -1e308}}]}},
          \"coverage\": {{\"artifacts\": [{{\"role\": \"driver\", \"name\": \"{evil}\"}}]}}}}"
    );
    fs::write(&file, text).unwrap();
    for (a, b) in [(&file, &samples().join("leak-x64")), (&file, &file)] {
        for format in ["text", "markdown"] {
            let done = diff(a, b, &["--format", format]);
            assert_eq!(done.status, Some(0), "{}", done.err);
            assert_no_controls(format, &done.out);
            assert!(!done.out.contains('\u{202e}'));
        }
        assert_fits(&diff(a, b, &[]).out);
        compared(a, b);
    }
}
