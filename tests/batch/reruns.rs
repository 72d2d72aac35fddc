//! Run again over a shelf that holds results, or an archive that was packed again; merged with
//! what does not fit.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{assert_same_tree, batch, finished, records, run_over, text, tree};

fn sample(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(name)
}

#[test]
fn results_on_the_shelf_are_no_case() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    fs::create_dir(&uploads).unwrap();
    for seed in [1, 2, 3] {
        crate::sim::write(seed, &uploads);
    }
    let out = uploads.join("results");
    run_over::<&str>(place.path(), &uploads, &out, &[]);
    let once = tree(&out);
    assert_eq!(records(&out).len(), 3);
    run_over::<&str>(place.path(), &uploads, &out, &[]);
    assert!(once == tree(&out), "another result the second time");
    // One that was killed has no results yet, and is none the more a case.
    let killed = uploads.join("killed");
    run_over::<&str>(place.path(), &uploads, &killed, &[]);
    for name in ["cases.jsonl", "cases.csv", "index.html", "rollup.sqlite"] {
        fs::remove_file(killed.join(name)).unwrap();
    }
    let fresh = place.path().join("fresh");
    run_over::<&str>(place.path(), &uploads, &fresh, &[]);
    assert_eq!(records(&fresh).len(), 3);
    let left_out = fs::read_to_string(fresh.join("left-out.jsonl")).unwrap();
    assert_eq!(
        left_out.matches("the results of a batch").count(),
        2,
        "{left_out}"
    );
}

#[test]
fn results_that_would_become_part_of_a_case_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let case = place.path().join("case");
    fs::create_dir(&case).unwrap();
    fs::copy(sample("leak-x64/poolmon.log"), case.join("poolmon.log")).unwrap_or_default();
    let log = "#Fields: date time s-reason\r\n2014-01-01 00:00:05 7_Connections_Refused\r\n";
    fs::write(case.join("httperr1.log"), log).unwrap();
    let out = case.join("results");
    let (status, _, err) = finished(batch(place.path()).arg(&case).arg("-o").arg(&out));
    assert_eq!(status, Some(2), "{err}");
    assert!(err.contains("part of the case") && !out.exists(), "{err}");
}

/// Content, names, sizes and times are the same; the file is another one.
#[test]
fn an_archive_that_was_packed_again_is_reported_as_it_is_now() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    fs::create_dir(&uploads).unwrap();
    let upload = uploads.join("case.zip");
    let mut bytes = fs::read(sample("leak-x64.zip")).unwrap();
    fs::write(&upload, &bytes).unwrap();
    let out = place.path().join("out");
    run_over::<&str>(place.path(), &uploads, &out, &[]);
    // The version of the specification that the packer states for an entry.
    let entry = bytes.windows(4).position(|four| four == b"PK\x01\x02");
    bytes[entry.unwrap() + 4] ^= 1;
    fs::write(&upload, &bytes).unwrap();
    run_over::<&str>(place.path(), &uploads, &out, &[]);
    let fresh = place.path().join("fresh");
    run_over::<&str>(place.path(), &uploads, &fresh, &[]);
    assert_same_tree(&fresh, &out, "packed again");
}

fn merge(parts: &[&Path], out: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poolsleuth"));
    let (status, _, err) = finished(command.arg("merge").args(parts).arg("-o").arg(out));
    (status, err)
}

#[test]
fn what_does_not_fit_together_is_not_merged_without_a_word() {
    let place = tempfile::tempdir().unwrap();
    let (uploads, more) = (place.path().join("shelf"), place.path().join("more"));
    fs::create_dir(&uploads).unwrap();
    fs::create_dir(&more).unwrap();
    crate::sim::write(1, &uploads);
    crate::sim::write(2, &uploads);
    crate::sim::write(3, &more);
    let folder = |name: &str| place.path().join(name);
    let (plain, again, zone, other) = (folder("1"), folder("2"), folder("3"), folder("4"));
    run_over::<&str>(place.path(), &uploads, &plain, &[]);
    run_over::<&str>(place.path(), &uploads, &again, &[]);
    run_over(place.path(), &uploads, &zone, &["--tz", "+05:00"]);
    run_over(place.path(), &more, &other, &["--tz", "+05:00"]);
    let whole = folder("whole");
    let (status, err) = merge(&[&plain, &zone], &whole);
    assert_eq!(status, Some(1), "{err}");
    assert!(
        err.contains("would count twice") && !whole.exists(),
        "{err}"
    );
    let (status, err) = merge(&[&plain, &again], &whole);
    assert_eq!(status, Some(0), "{err}");
    assert!(err.contains("2 cases in several of the folders"), "{err}");
    // Into the same folder only what includes all that lies there.
    let (status, err) = merge(&[&other], &whole);
    assert_eq!(status, Some(1), "{err}");
    assert!(err.contains("holds 2 results of another batch"), "{err}");
    let (status, err) = merge(&[&plain, &other], &whole);
    assert_eq!(status, Some(0), "{err}");
    assert!(err.contains("not judged alike"), "{err}");
    assert_eq!(records(&whole).len(), 3);
    fs::remove_file(other.join("cases.jsonl")).unwrap();
    let (status, err) = merge(&[&plain, &other], &folder("5"));
    assert_eq!(status, Some(1), "{err}");
    assert!(
        err.contains("is not finished") && !folder("5").exists(),
        "{err}"
    );
}

/// The command of a record does the same, whatever the case is called and whatever was capped.
#[cfg(target_os = "linux")]
#[test]
fn the_command_of_a_record_comes_to_the_same() {
    use std::os::unix::ffi::OsStrExt;
    let place = tempfile::tempdir().unwrap();
    let shelf = place.path().join("shelf");
    let log = "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n2014-01-01 00:00:05 - - - - - - - - - 7_Connections_Refused -\r\n";
    let names: [&[u8]; 5] = [b"-dash", b"bad\xff", b"bad\xfe", b"it's", b"two\nlines"];
    for (nth, name) in names.iter().enumerate() {
        let case = shelf.join(std::ffi::OsStr::from_bytes(name));
        fs::create_dir_all(&case).unwrap();
        // Different before the cap cuts them.
        let log = log.replace("7_", &format!("{}_", nth + 1));
        fs::write(case.join("httperr1.log"), log.repeat(40)).unwrap();
    }
    let mut command = batch(place.path());
    command.current_dir(&shelf).arg("--max-bytes").arg("2KB");
    for name in names {
        command.arg(Path::new(".").join(std::ffi::OsStr::from_bytes(name)));
    }
    let out = place.path().join("out");
    let (status, _, err) = finished(command.arg("-o").arg(&out));
    assert_eq!(status, Some(0), "{err}");
    let records = records(&out);
    let mut paths: Vec<&str> = records.iter().map(|r| text(r, "path")).collect();
    paths.dedup();
    assert_eq!(
        paths.len(),
        names.len(),
        "two names look the same: {paths:?}"
    );
    let program = Path::new(env!("CARGO_BIN_EXE_poolsleuth"))
        .parent()
        .unwrap();
    for record in &records {
        let mut again = Command::new("bash");
        again
            .current_dir(&shelf)
            .env("PATH", format!("{}:/usr/bin:/bin", program.display()))
            .arg("-c")
            .arg(format!("{} --format json", text(record, "reproduce")));
        let (status, out, err) = finished(&mut again);
        assert_eq!(status, Some(0), "{record}: {err}");
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(report["verdict"]["summary"], record["summary"], "{record}");
        assert_eq!(report["refusals"]["total"], record["refusals_total"]);
        assert_eq!(
            record["path_hex"].is_string(),
            text(record, "path").contains("\\x")
        );
    }
}
