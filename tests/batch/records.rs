//! Every case one record, as it comes out alone.

use std::fs;

use super::{batch, finished, number, records, run_over, shelf, text, tree};
use crate::support::program;
use std::path::Path;

#[test]
fn every_path_is_in_one_record_and_cases_come_out_as_alone() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    let filled = shelf::fill(&uploads);
    let out = place.path().join("out");
    assert_eq!(run_over::<&str>(place.path(), &uploads, &out, &[]), 4);
    let records = records(&out);
    let expected = filled.good + filled.odd.len() + filled.broken.len();
    assert_eq!(records.len(), expected);
    let mut paths: Vec<&str> = records
        .iter()
        .flat_map(|r| r["paths"].as_array().unwrap())
        .map(|path| path.as_str().unwrap())
        .collect();
    assert_eq!(paths.len(), expected + filled.copies);
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(
        paths.len(),
        expected + filled.copies,
        "a path is recorded twice"
    );
    let left_out = fs::read_to_string(out.join("left-out.jsonl")).unwrap();
    assert!(left_out.contains("notes.docx"), "{left_out}");
    let every = number("POOLSLEUTH_BATCH_COMPARED", 4).max(1) as usize;
    for record in records
        .iter()
        .filter(|r| text(r, "status") == "ok")
        .step_by(every)
    {
        let alone = program::analyze(Path::new(text(record, "path")), &[]).unwrap();
        assert_eq!(text(record, "outcome"), alone.outcome, "{record}");
        assert_eq!(text(record, "confidence"), alone.confidence, "{record}");
        assert_eq!(record["tag"].as_str(), alone.tag.as_deref(), "{record}");
        assert_eq!(
            record["driver"].as_str(),
            alone.driver.as_deref(),
            "{record}"
        );
        assert_eq!(record["refusals_total"], alone.refusals_total, "{record}");
    }
    let of = |name: &str| {
        let ends = |r: &&serde_json::Value| text(r, "path").ends_with(name);
        records
            .iter()
            .find(ends)
            .unwrap_or_else(|| panic!("no record of {name}"))
    };
    for name in filled.broken {
        let record = of(name);
        assert_eq!(text(record, "status"), "failed", "{record}");
        assert!(
            !text(record, "error").is_empty() && record["report"].is_null(),
            "{record}"
        );
        let shown = format!("hostile/{name}");
        assert!(text(record, "reproduce").contains(&shown), "{record}");
    }
    for name in filled.odd {
        assert!(of(name)["refusals_total"].as_u64() >= Some(7), "{name}");
    }
}

/// However a case lies in folders, it is one: none is split in two, none joined with another.
#[test]
fn a_folder_is_one_case_however_it_is_laid_out() {
    let place = tempfile::tempdir().unwrap();
    let written = crate::sim::write_layouts(0..600, place.path());
    assert!(written > 20, "only {written} layouts");
    let shelf = poolsleuth::batch::shelf::find(&[place.path().to_owned()], false);
    let odd: Vec<_> = shelf
        .cases
        .iter()
        .filter(|case| case.paths.len() > 1 || case.paths[0].parent() != Some(place.path()))
        .collect();
    assert!(odd.is_empty(), "{odd:#?}");
    assert_eq!(shelf.cases.len(), written);
    assert!(shelf.left_out.is_empty(), "{:?}", shelf.left_out);
}

#[test]
fn reports_are_those_of_a_single_run() {
    let place = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let out = place.path().join("out");
    run_over(
        place.path(),
        &samples.join("myfault"),
        &out,
        &["--as-given"],
    );
    let alone = place.path().join("alone");
    let mut analyze = std::process::Command::new(env!("CARGO_BIN_EXE_poolsleuth"));
    analyze
        .arg("analyze")
        .arg(samples.join("myfault"))
        .arg("-o")
        .arg(&alone);
    assert_eq!(finished(&mut analyze).0, Some(0));
    let record = &records(&out)[0];
    let mut report = tree(&out.join(text(record, "report")));
    assert!(report.remove(Path::new("images.jsonl")).is_some());
    assert!(report == tree(&alone), "reports differ");
    assert_eq!(record["known_issues"], serde_json::json!(["notmyfault"]));
}

/// The fences: a panic, a crash, endless time and memory without end cost their case only.
#[test]
#[cfg_attr(not(debug_assertions), ignore = "release builds cannot be provoked")]
fn trouble_in_one_case_is_its_record_and_nobody_elses() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    fs::create_dir(&uploads).unwrap();
    for seed in [1, 2, 3, 4, 7, 8] {
        crate::sim::write(seed, &uploads);
    }
    let mut names: Vec<String> = fs::read_dir(&uploads)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let wish = format!(
        "panic:{},abort:{},hang:{},memory:{}",
        names[0], names[1], names[2], names[3]
    );
    let out = place.path().join("out");
    let mut command = batch(place.path());
    command.arg(&uploads).arg("-o").arg(&out);
    command.args(["--time-limit", "4", "--max-memory", "512MB"]);
    let (status, _, err) = finished(command.env("POOLSLEUTH_PROVOKE", wish));
    assert_eq!(status, Some(4), "{err}");
    let records = records(&out);
    let kinds: Vec<&str> = records.iter().map(|r| text(r, "error_kind")).collect();
    let expected = match cfg!(target_os = "linux") {
        true => ["panic", "crash", "time", "memory", "", ""],
        // Without a fence around memory the hoard ends by itself.
        false => ["panic", "crash", "time", "", "", ""],
    };
    assert_eq!(kinds, expected, "{err}");
    // Once more, in peace: failures stay what they are until they are to be tried again.
    let (status, _, err) = finished(batch(place.path()).arg(&uploads).arg("-o").arg(&out));
    assert_eq!(
        (status, super::records(&out) == records),
        (Some(4), true),
        "{err}"
    );
    run_over(place.path(), &uploads, &out, &["--retry-failed"]);
    assert!(
        super::records(&out)
            .iter()
            .all(|r| text(r, "status") == "ok")
    );
}

#[test]
fn limits_cut_a_case_short_and_say_so() {
    let place = tempfile::tempdir().unwrap();
    let (case, _) = crate::sim::write(1, place.path());
    let out = place.path().join("out");
    run_over(
        place.path(),
        &case,
        &out,
        &["--as-given", "--max-bytes", "2KB"],
    );
    let record = &records(&out)[0];
    let limits = record["limits_hit"].as_array().map_or(0, Vec::len);
    assert!(
        limits > 0 || text(record, "error_kind") == "refused",
        "{record}"
    );
}
