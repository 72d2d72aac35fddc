//! The cases in `samples/` against `samples/expected`: a new sample needs no new code.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::program::{Answer, analyze, rank};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// Every expectation, in the order of its file name.
fn expectations() -> Vec<Value> {
    let folder = fs::read_dir(samples().join("expected")).unwrap();
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
        .collect()
}

/// What differs between the expectation and the answer, in words.
fn differences(expected: &Value, got: &Answer) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut compare = |what: &str, expected: String, got: String| {
        if expected != got {
            wrong.push(format!("{what}: expected {expected}, found {got}"));
        }
    };
    let text = |name: &str| expected[name].as_str().map(str::to_owned);
    let also: Vec<&str> = expected["also_acceptable"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    if !also.contains(&got.outcome.as_str()) {
        compare("outcome", text("outcome").unwrap(), got.outcome.clone());
    }
    compare(
        "tag",
        format!("{:?}", text("tag")),
        format!("{:?}", got.tag),
    );
    compare(
        "driver",
        format!("{:?}", text("driver")),
        format!("{:?}", got.driver),
    );
    compare(
        "total",
        expected["refusals_total"].to_string(),
        got.refusals_total.to_string(),
    );
    compare(
        "rows",
        expected["refusal_rows"].to_string(),
        got.refusal_rows.to_string(),
    );
    if let Some(snapshots) = got.snapshots {
        compare(
            "snapshots",
            expected["snapshots"].to_string(),
            snapshots.to_string(),
        );
    }
    let least = text("confidence_at_least").unwrap();
    if rank(&got.confidence) < rank(&least) {
        wrong.push(format!(
            "confidence: expected at least {least}, found {}",
            got.confidence
        ));
    }
    wrong
}

fn check(path: &Path, expected: &Value) -> Vec<String> {
    let options: Vec<String> = expected["options"]
        .as_array()
        .unwrap()
        .iter()
        .map(|option| option.as_str().unwrap().to_owned())
        .collect();
    let wrong = match analyze(path, &options) {
        Ok(got) => differences(expected, &got),
        Err(error) => vec![error],
    };
    wrong
        .into_iter()
        .map(|text| format!("{}: {text}", path.display()))
        .collect()
}

#[test]
fn sample_cases_come_out_as_expected() {
    let mut wrong = Vec::new();
    for expected in expectations() {
        let name = expected["case"].as_str().unwrap();
        wrong.extend(check(&samples().join(name), &expected));
        let zip = samples().join(format!("{name}.zip"));
        if zip.exists() {
            wrong.extend(check(&zip, &expected));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_case_has_its_folder_and_its_line_in_the_readme() {
    let readme = fs::read_to_string(samples().join("README.md")).unwrap();
    let expectations = expectations();
    assert!(expectations.len() >= 8, "only {} cases", expectations.len());
    for expected in expectations {
        let name = expected["case"].as_str().unwrap();
        assert!(samples().join(name).is_dir(), "no folder for {name}");
        assert!(
            readme.contains(&format!("| [`{name}`]({name}) |")),
            "no README line for {name}"
        );
    }
}
