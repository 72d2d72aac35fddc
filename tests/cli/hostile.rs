//! Bundles made to break the program, or to make it say what is not so.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{analyze, assert_fits_a_terminal, report, run, samples};

const HEAD: &str = "#Software: Microsoft HTTP API 2.0\r\n#Fields: date time c-ip c-port s-ip s-port \
    cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n";

fn refusal(second: u32, count: &str) -> String {
    format!("2014-01-01 00:00:{second:02} - - - - - - - - - {count}_Connections_Refused -\r\n")
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Analyses a folder with one log; the text must fit, the report comes back.
fn with_log(bytes: impl AsRef<[u8]>) -> Value {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "HTTPERR/httperr1.log", bytes);
    assert_fits_a_terminal("one log", &analyze(place.path(), &[]).out);
    report(place.path(), &[])
}

fn notes(report: &Value) -> String {
    let coverage = &report["coverage"];
    format!("{} {}", coverage["notes"], coverage["artifacts"])
}

#[test]
fn utf16_is_read_with_and_without_its_mark() {
    let text = [HEAD, &refusal(5, "7"), &refusal(10, "2")].concat();
    for (order, mark) in [
        (u16::to_le_bytes as fn(u16) -> [u8; 2], true),
        (u16::to_le_bytes, false),
        (u16::to_be_bytes, true),
        (u16::to_be_bytes, false),
    ] {
        let mark: Vec<u8> = if mark {
            order(0xfeff).to_vec()
        } else {
            Vec::new()
        };
        let units: Vec<u8> = text.encode_utf16().flat_map(order).collect();
        assert_eq!(with_log([mark, units].concat())["refusals"]["total"], 9);
    }
}

#[test]
fn control_characters_of_clients_do_not_hide_a_log() {
    let odd = "2014-01-01 00:00:01 ::1%0 1 ::1%0 80 HTTP/1.1 GET /\u{1b}[2J\u{1b}]0;x\u{7}\u{1b}[31m 400 1 URL \u{1b}[5m\r\n";
    let report = with_log([HEAD, &odd.repeat(3), &refusal(5, "7")].concat());
    assert_eq!(report["refusals"]["total"], 7);
}

#[test]
fn names_and_texts_with_escapes_stay_texts() {
    let place = tempfile::tempdir().unwrap();
    let row = " Le\u{1b}k Nonp        100          0      100     100000   1000\r\n";
    let head =
        " Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc\r\n\r\n";
    write(
        place.path(),
        "poolmon\u{1b}[31m\u{7}.txt",
        [head, row].concat(),
    );
    write(place.path(), "x\u{1b}]0;p\u{7}.bin", [1, 2, 3]);
    let done = analyze(place.path(), &[]);
    assert_eq!(done.status, Some(0));
    assert_fits_a_terminal("escapes", &done.out);
}

#[test]
fn a_line_without_end_costs_its_own_row_only() {
    let line = "A".repeat(3_000_000);
    let report = with_log(
        [
            HEAD,
            "2014-01-01 00:00:01 ",
            &line,
            "\r\n",
            &refusal(5, "7"),
        ]
        .concat(),
    );
    assert_eq!(report["refusals"]["total"], 7);
    assert!(notes(&report).contains("over 64 KiB"), "{}", notes(&report));
}

#[test]
fn counts_beyond_belief_are_lower_bounds() {
    let rows = [
        HEAD,
        &refusal(5, "99999999999999999999999"),
        &refusal(10, "4294967295"),
    ]
    .concat();
    let report = with_log(rows);
    assert_eq!(report["refusals"]["total"], 4_294_967_296_u64);
    assert_eq!(report["refusals"]["uncounted_rows"], 1);
    let summary = report["verdict"]["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("At least 4,294,967,296 connections"),
        "{summary}"
    );
}

#[test]
fn a_log_without_dates_counts_and_is_in_no_outage() {
    let report = with_log(
        "#Fields: s-ip s-reason\r\n- 3_Connections_Refused\r\n- 4_Connections_Refused\r\n",
    );
    let refusals = &report["refusals"];
    assert_eq!(
        (&refusals["total"], &refusals["rows"]),
        (&7.into(), &2.into())
    );
    assert_eq!(refusals["episodes"].as_array().map(Vec::len), Some(0));
    let verdict = report["verdict"].to_string();
    assert!(
        verdict.contains("2 refusal rows add up to 7 connections\""),
        "{verdict}"
    );
    assert!(!verdict.contains("0 outages"), "{verdict}");
}

#[test]
fn rows_of_impossible_dates_are_in_the_totals_and_in_no_outage() {
    let undated = "0000-00-00 00:00:00 - - - - - - - - - 5_Connections_Refused -\r\n";
    let report = with_log([HEAD, &refusal(5, "1"), undated].concat());
    assert_eq!(report["refusals"]["total"], 6);
    assert_eq!(report["refusals"]["episodes"][0]["total"], 1);
    let said = report["verdict"]["reasons"].to_string();
    assert!(said.contains("undated_refusals"), "{said}");
    let summary = report["verdict"]["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("6 connections were refused."),
        "{summary}"
    );
}

#[test]
fn without_reasons_a_log_is_not_clean() {
    let bare = "#Fields: date time cs-uri sc-status\r\n2014-01-01 00:00:01 / 503\r\n";
    let report = with_log(["#Software: Microsoft HTTP API 2.0\r\n", bare].concat());
    assert_eq!(report["verdict"]["outcome"], "inconclusive");
    assert_eq!(report["refusals"]["unanalysable_logs"], 1);
}

#[test]
fn nothing_is_reported_as_nothing() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "httperr1.log", "");
    write(place.path(), "poolmon.txt", "");
    write(place.path(), "drivers/a.sys", "");
    let report = report(place.path(), &[]);
    assert_eq!(report["verdict"]["outcome"], "inconclusive");
    assert_eq!(report["coverage"]["artifacts"].as_array().unwrap().len(), 3);
}

#[test]
fn an_archive_that_was_cut_off_is_said_to_be() {
    let place = tempfile::tempdir().unwrap();
    let whole = fs::read(samples().join("leak-x64.zip")).unwrap();
    for percent in [10, 50, 90, 99] {
        let path = place.path().join(format!("cut{percent}.zip"));
        fs::write(&path, &whole[..whole.len() * percent / 100]).unwrap();
        let done = analyze(&path, &[]);
        assert_eq!(done.status, Some(0), "{percent} %: {}", done.err);
        assert_fits_a_terminal("cut", &done.out);
        let report = report(&path, &[]);
        assert!(
            notes(&report).contains("Ask for the file again"),
            "{percent} %"
        );
        let reasons = report["verdict"]["reasons"].to_string();
        assert!(
            reasons.contains("archive_damaged"),
            "{percent} %: {reasons}"
        );
    }
}

#[cfg(unix)]
#[test]
fn links_are_named_and_not_followed() {
    let place = tempfile::tempdir().unwrap();
    write(
        place.path(),
        "a/httperr1.log",
        [HEAD, &refusal(5, "1")].concat(),
    );
    std::os::unix::fs::symlink("..", place.path().join("a/up")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", place.path().join("etc")).unwrap();
    let report = report(place.path(), &[]);
    assert_eq!(report["refusals"]["total"], 1);
    assert_eq!(notes(&report).matches("a link, not followed").count(), 2);
    let quick = run(["refusals".as_ref(), place.path().as_os_str()]);
    assert_eq!(quick.err.matches("a link, not followed").count(), 2);
}
