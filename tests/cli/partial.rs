//! Uploads of which only a part arrived, and files that say nothing: what is not there is not
//! taken for good news.

use std::fs;
use std::path::Path;

use super::{analyze, report, samples};

const HEAD: &str = "#Software: Microsoft HTTP API 2.0\r\n#Fields: date time c-ip c-port s-ip s-port \
    cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n";

fn one_file(name: &str, bytes: &str) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join(name), bytes).unwrap();
    place
}

fn notes_of(folder: &Path) -> Vec<String> {
    let report = report(folder, &[]);
    let notes = report["coverage"]["artifacts"][0]["notes"].as_array();
    let text = |note: &serde_json::Value| note.as_str().unwrap_or_default().to_owned();
    notes.unwrap().iter().map(text).collect()
}

#[test]
fn a_cut_archive_without_findings_is_inconclusive() {
    let whole = fs::read(samples().join("leak-x64.zip")).unwrap();
    let place = tempfile::tempdir().unwrap();
    let cut = place.path().join("cut.zip");
    // Only the logs stand in the first tenth, and the refusals are in the last of them.
    fs::write(&cut, &whole[..whole.len() / 10]).unwrap();
    let report = report(&cut, &[]);
    let verdict = &report["verdict"];
    assert_eq!(report["refusals"]["total"], 0, "{}", report["refusals"]);
    assert_eq!(verdict["outcome"], "inconclusive", "{verdict}");
    assert_eq!(verdict["confidence"], "insufficient", "{verdict}");
    let summary = verdict["summary"].as_str().unwrap();
    assert!(summary.contains("a part of the upload"), "{summary}");
}

#[test]
fn logs_without_rows_are_not_said_to_be_missing() {
    for text in ["", HEAD] {
        let place = one_file("httperr1.log", text);
        let page = analyze(place.path(), &[]).out;
        assert!(page.contains("1 HTTPERR log without a row"), "{page}");
    }
}

#[test]
fn one_is_said_in_the_singular() {
    let torn = format!("{HEAD}2014-01-01 00:00:05 - - - - - - - - - - 7_Connections_Refused -\r\n");
    let notes = notes_of(one_file("httperr1.log", &torn).path());
    assert!(
        notes.iter().any(|n| n.starts_with("1 row with more")),
        "{notes:?}"
    );
}

#[test]
fn pasted_ends_of_rows_are_counted_and_in_no_total() {
    for text in [
        "HTTP/1.1 GET /time/ - 1 Connection_Dropped DefaultAppPool\n",
        "HTTP/1.1 GET /mypage.asp - 1 Connection_Dropped\r\n",
        "Number_Connections_refused\r\n",
    ] {
        let place = one_file("pasted.txt", text);
        let report = report(place.path(), &[]);
        let artifact = &report["coverage"]["artifacts"][0];
        assert_eq!(artifact["role"], "httperr", "{text}: {artifact}");
        assert_eq!(report["refusals"]["total"], 0, "{text}");
        let note = artifact["notes"].to_string();
        assert!(
            note.contains("1 row without") || note.contains("1 line that"),
            "{text}: {note}"
        );
    }
}

#[test]
fn one_row_shows_no_filter() {
    let text = " Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc\r\n\r\n \
        Leak Nonp       1200 (   0)       200 (   0)     1000 1024000 (     0)   1024\r\n";
    let notes = notes_of(one_file("poolmon.txt", text).path());
    let said = notes.join(" ");
    assert!(!said.contains("-i selects"), "{said}");
    assert!(said.contains("1 row"), "{said}");
}

#[test]
fn nothing_at_all_is_not_analysed() {
    let place = tempfile::tempdir().unwrap();
    let done = analyze(place.path(), &[]);
    assert_eq!((done.status, done.out.as_str()), (Some(1), ""));
    assert!(done.err.contains("no file"), "{}", done.err);
    assert!(done.err.contains("Expected"), "{}", done.err);
}
