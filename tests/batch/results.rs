//! What a batch leaves behind for people and databases.

use std::fs;
use std::path::{Path, PathBuf};

use super::{batch, finished, records, run_over, shelf, text};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

#[test]
fn the_roll_up_knows_who_leaks_where_and_who_does_not() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    run_over::<&str>(place.path(), &samples(), &out, &[]);
    let base = rusqlite::Connection::open(out.join("rollup.sqlite")).unwrap();
    let one = |sql: &str| -> i64 { base.query_row(sql, [], |row| row.get(0)).unwrap() };
    let cases = records(&out).len() as i64;
    assert_eq!(one("SELECT count(*) FROM cases"), cases);
    assert_eq!(one("SELECT sum(cases) FROM outcomes"), cases);
    assert_eq!(
        one("SELECT count(*) FROM paths"),
        cases + 1,
        "folder and archive of one case"
    );
    // By hand: hstorflt.sys lies in `dirty`, `leak-x64`, `myfault` and leaks in two of them.
    let (seen, leaking): (i64, i64) = base
        .query_row(
            "SELECT cases, leaking FROM driver_versions WHERE driver = 'hstorflt.sys'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!((seen, leaking), (3, 2));
    assert_eq!(
        one("SELECT cases FROM heat WHERE driver = 'ostnet.sys' AND tag = 'OsNb'"),
        2
    );
    assert_eq!(
        one("SELECT count(*) FROM driver_versions WHERE driver = 'genport.sys'"),
        0
    );
    assert_eq!(
        one("SELECT count(*) FROM hosts WHERE group_name = 'samples' AND leaks > 0"),
        8
    );
    let csv = fs::read_to_string(out.join("cases.csv")).unwrap();
    assert!(csv.starts_with("schema_version,tool_version,key,"), "{csv}");
    assert_eq!(csv.matches("leak_explains_refusals").count(), 7);
}

/// The driver of the sample `leak-x64` as if it stated another version.
fn in_version(version: &str) -> Vec<u8> {
    let mut image = fs::read(samples().join("leak-x64/drivers/hstorflt.sys")).unwrap();
    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let (old, new) = (utf16("3.2.0.118"), utf16(version));
    assert_eq!(old.len(), new.len());
    let mut changed = 0;
    for at in 0..image.len() - old.len() {
        if image[at..].starts_with(&old) {
            image[at..at + new.len()].copy_from_slice(&new);
            changed += 1;
        }
    }
    assert!(changed > 0);
    image
}

/// An old copy beside the driver that leaks is neither a second case nor a fix.
#[test]
fn a_case_counts_once_whatever_copies_lie_in_it() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    shelf::copy_of(&samples().join("leak-x64"), &uploads.join("leak-x64"));
    fs::create_dir(uploads.join("leak-x64/drivers/old")).unwrap();
    let old = uploads.join("leak-x64/drivers/old/hstorflt.sys");
    fs::write(old, in_version("3.1.9.001")).unwrap();
    shelf::copy_of(&samples().join("flat-pool"), &uploads.join("flat-pool"));
    let other = uploads.join("flat-pool/drivers/hstorflt.sys");
    fs::write(other, in_version("10.2.0.10")).unwrap_or_default();
    let out = place.path().join("out");
    run_over::<&str>(place.path(), &uploads, &out, &[]);
    let base = rusqlite::Connection::open(out.join("rollup.sqlite")).unwrap();
    let drivers: String = base
        .query_row(
            "SELECT driver || cases || leaking || versions || versions_leaking FROM drivers",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(drivers, "hstorflt.sys2131");
    let mut rows = base
        .prepare("SELECT version || ':' || cases || leaking || beside_leak FROM driver_versions")
        .unwrap();
    let rows: Vec<String> = rows
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows, ["3.1.9.001:001", "3.2.0.118:110", "10.2.0.10:100"]);
    let fixed: Vec<String> = base
        .prepare("SELECT version FROM versions_without_leak")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(fixed, ["10.2.0.10"]);
    let page = fs::read_to_string(out.join("index.html")).unwrap();
    assert!(page.contains("in 1 of the 2 cases that can be judged"));
    assert!(page.contains(">not known<"));
}

#[test]
fn cases_without_a_host_name_are_not_taken_for_one_host() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("customer");
    let log = "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n2014-01-01 00:00:05 - - - - - - - - - 7_Connections_Refused -\r\n";
    for nth in 1..4 {
        let case = uploads.join(format!("case-{nth}"));
        fs::create_dir_all(&case).unwrap();
        fs::write(case.join("httperr1.log"), log.repeat(nth)).unwrap();
        fs::write(case.join("httperr2.log"), log.replace(":05", ":09")).unwrap();
        fs::write(case.join(format!("note-{nth}.txt")), nth.to_string()).unwrap();
    }
    let out = place.path().join("out");
    run_over::<&str>(place.path(), &uploads, &out, &[]);
    let base = rusqlite::Connection::open(out.join("rollup.sqlite")).unwrap();
    let row: (Option<String>, i64) = base
        .query_row("SELECT host, cases FROM hosts", [], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .unwrap();
    assert_eq!(row, (None, 3));
    let page = fs::read_to_string(out.join("index.html")).unwrap();
    assert!(page.contains("not stated, perhaps several"));
}

#[test]
fn a_version_without_a_leak_is_told_from_one_with() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    for name in ["leak-x64", "flat-pool"] {
        shelf::copy_of(&samples().join(name), &uploads.join(name));
    }
    // The same driver in a later version, in a case without a leak.
    let later = in_version("3.2.0.119");
    fs::write(uploads.join("flat-pool/drivers/hstorflt.sys"), later).unwrap();
    let out = place.path().join("out");
    run_over::<&str>(place.path(), &uploads, &out, &[]);
    let base = rusqlite::Connection::open(out.join("rollup.sqlite")).unwrap();
    let fixed: String = base
        .query_row(
            "SELECT driver || ' ' || version FROM versions_without_leak",
            [],
            |r| r.get(0),
        )
        .unwrap();
    assert_eq!(fixed, "hstorflt.sys 3.2.0.119");
    assert!(
        fs::read_to_string(out.join("index.html"))
            .unwrap()
            .contains("no leak seen")
    );
}

#[test]
fn the_page_escapes_what_strangers_wrote_and_shows_the_broken() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    let filled = shelf::fill(&uploads);
    let out = place.path().join("out");
    run_over::<&str>(place.path(), &uploads, &out, &[]);
    let page = fs::read_to_string(out.join("index.html")).unwrap();
    assert_eq!(page.matches("<script").count(), 1, "one script, our own");
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(!page.contains('\u{202e}') && page.contains("\\u{202e}"));
    for name in filled.broken {
        assert!(page.contains(name), "{name}");
    }
    assert!(page.contains("default-src &#39;none&#39;"));
    assert!(!page.contains(" style="), "a policy without inline styles");
    for record in records(&out) {
        let Some(report) = record["report"].as_str() else {
            continue;
        };
        assert!(page.contains(&format!("{report}/report.html")), "{report}");
        assert!(out.join(report).join("report.html").exists());
    }
}

#[test]
fn what_is_new_since_the_last_batch_is_shown() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    fs::create_dir(&uploads).unwrap();
    crate::sim::write(1, &uploads);
    crate::sim::write(2, &uploads);
    let (before, now) = (place.path().join("before"), place.path().join("now"));
    run_over::<&str>(place.path(), &uploads, &before, &[]);
    let (fresh, _) = crate::sim::write(4, &uploads);
    let since = ["--since", before.to_str().unwrap()];
    run_over(place.path(), &uploads, &now, &since);
    let page = fs::read_to_string(now.join("index.html")).unwrap();
    let new = page
        .split("id=\"new\"")
        .nth(1)
        .unwrap()
        .split("</section>")
        .next()
        .unwrap();
    assert!(new.contains("came out differently: 1<"), "{new}");
    assert!(
        new.contains(fresh.file_name().unwrap().to_str().unwrap()),
        "{new}"
    );
    let (status, _, err) = finished(
        batch(place.path())
            .arg(&uploads)
            .args(["--since", "/nonexistent", "-o"])
            .arg(&now),
    );
    assert_eq!(status, Some(1), "{err}");
}

#[test]
fn rules_of_ones_own_are_tested_and_matched() {
    let place = tempfile::tempdir().unwrap();
    let rules = place.path().join("rules");
    fs::create_dir(&rules).unwrap();
    let pack = rules.join("house.toml");
    let good = "[[issue]]\nid = \"house-1\"\ntitle = \"contexts are not freed\"\ntags = [\"HsCx\"]\ndriver = \"hstorflt.sys\"\nbefore = \"3.2.1\"\nfixed-in = \"3.2.1\"\nlink = \"https://example.com/7\"\ndate = 2026-03-01\n[[issue.example]]\ntag = \"HsCx\"\ndriver = \"hstorflt.sys\"\nversion = \"3.2.0.118\"\nmatches = true\n";
    fs::write(&pack, good).unwrap();
    let program = |words: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_poolsleuth"));
        finished(command.args(words))
    };
    let folder = rules.to_str().unwrap();
    let (status, out, _) = program(&["rules", "test", folder]);
    assert_eq!(
        (status, out.as_str()),
        (Some(0), "1 rule, 1 example, 0 wrong\n")
    );
    assert_eq!(program(&["rules", "test"]).0, Some(0));
    let leak = samples().join("leak-x64");
    let leak = leak.to_str().unwrap();
    let (_, out, err) = program(&["analyze", leak, "--rules", folder, "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{err}"));
    let found = report["findings"].as_array().unwrap();
    let issue = found.iter().find(|f| f["rule"] == "known_issue").unwrap();
    assert_eq!(issue["known_issue"]["id"], "house-1");
    assert_eq!(issue["known_issue"]["fixed_in"], "3.2.1");
    assert!(text(issue, "text").contains("contexts are not freed"));
    // A rule that says of its example what is not so fails the test; one that is none, the run.
    fs::write(&pack, good.replace("3.2.0.118", "3.2.1.0")).unwrap();
    let (status, out, _) = program(&["rules", "test", folder]);
    assert_eq!(status, Some(1));
    assert!(out.contains("house-1: example 1 should match"), "{out}");
    fs::write(&pack, good.replace("title", "titel")).unwrap();
    let (status, _, err) = program(&["analyze", leak, "--rules", folder]);
    assert_eq!(status, Some(2));
    let place = format!("{}: line 3: ", pack.display());
    assert!(err.contains(&place) && err.contains("titel"), "{err}");
    // A bad pack does not hide what is wrong in others, nor may two use one id.
    fs::write(rules.join("more.toml"), good).unwrap();
    fs::write(rules.join("other.toml"), good).unwrap();
    let (status, out, _) = program(&["rules", "test", folder]);
    assert_eq!(status, Some(1));
    assert!(out.contains("house.toml: line 3: "), "{out}");
    assert!(out.contains("`house-1` is used in"), "{out}");
    assert!(out.contains("2 rules, 2 examples, 2 wrong"), "{out}");
    fs::remove_file(&pack).unwrap();
    let (status, _, err) = program(&["analyze", leak, "--rules", folder]);
    assert_eq!(status, Some(2));
    assert!(
        err.contains("more.toml and in ") && err.contains("other.toml"),
        "{err}"
    );
}
