//! Every figure of a report leads to an artifact, a line or an offset, and a digest.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{report, sample_cases};
use crate::sim;

/// Reasons that say that something is absent, which stands nowhere.
const OF_ABSENCE: [&str; 2] = ["no_snapshots", "limit_unknown"];

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn ids(value: &Value) -> Vec<&str> {
    list(&value["evidence"])
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect()
}

/// Everything that cites: what it is, its ids, and whether it must have some.
fn citing(report: &Value) -> Vec<(String, Vec<&str>, bool)> {
    let mut all = Vec::new();
    for reason in list(&report["verdict"]["reasons"]) {
        let rule = reason["rule"].as_str().unwrap();
        let must = !OF_ABSENCE.contains(&rule);
        all.push((
            format!("reason {rule}: {}", reason["text"]),
            ids(reason),
            must,
        ));
    }
    for finding in list(&report["findings"]) {
        all.push((format!("finding {}", finding["rule"]), ids(finding), true));
    }
    for episode in list(&report["refusals"]["episodes"]) {
        all.push((format!("episode {}", episode["start"]), ids(episode), true));
    }
    for tag in list(&report["pool"]["tags"]) {
        all.push((format!("tag {}", tag["tag"]), ids(tag), true));
    }
    for epoch in list(&report["pool"]["epochs"]) {
        all.push((format!("epoch {}", epoch["first"]), ids(epoch), true));
    }
    for answer in list(&report["attribution"]) {
        for candidate in list(&answer["candidates"]) {
            let name = &candidate["driver"]["file_name"];
            all.push((format!("candidate {name}"), ids(candidate), true));
        }
    }
    let limit = &report["pool"]["limit"];
    if !limit.is_null() {
        let options = list(&report["case"]["input"]["options"]);
        all.push(("limit".to_owned(), ids(limit), options.is_empty()));
    }
    all.push(("case".to_owned(), ids(&report["case"]), false));
    all
}

/// What is wrong with the evidence of a report.
fn problems(report: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let evidence = list(&report["evidence"]);
    let known: BTreeSet<&str> = evidence.iter().map(|e| e["id"].as_str().unwrap()).collect();
    if known.len() != evidence.len() {
        wrong.push("an id stands twice".to_owned());
    }
    let mut used = BTreeSet::new();
    for (what, ids, must) in citing(report) {
        if must && ids.is_empty() {
            wrong.push(format!("{what} cites nothing"));
        }
        for id in ids {
            used.insert(id);
            if !known.contains(id) {
                wrong.push(format!("{what} cites {id}, which does not exist"));
            }
        }
    }
    for one in evidence {
        let id = one["id"].as_str().unwrap();
        if !used.contains(id) {
            wrong.push(format!("nothing cites {id}: {}", one["text"]));
        }
        wrong.extend(of_place(one, report).map(|why| format!("{id}: {why}")));
    }
    wrong
}

/// What is wrong with one piece of evidence.
fn of_place(one: &Value, report: &Value) -> Option<String> {
    let sha256 = one["sha256"].as_str().unwrap_or_default();
    if sha256.len() != 64 {
        return Some(format!("digest {sha256:?} of {}", one["artifact"]));
    }
    let artifact = list(&report["coverage"]["artifacts"])
        .iter()
        .find(|a| a["name"] == one["artifact"] && a["sha256"] == one["sha256"]);
    let is_input = report["case"]["input"]["sha256"] == one["sha256"];
    if artifact.is_none() && !is_input {
        return Some(format!("{} is no artifact of the case", one["artifact"]));
    }
    let (line, offset) = (one["line"].as_u64(), one["offset"].as_u64());
    if line.is_some() == offset.is_some() || line == Some(0) {
        return Some(format!("line {line:?} and offset {offset:?}"));
    }
    let size = artifact
        .and_then(|a| a["bytes"].as_u64())
        .unwrap_or(u64::MAX);
    if offset.is_some_and(|offset| offset >= size) {
        return Some(format!("offset {offset:?} of {size} bytes"));
    }
    if one["text"].as_str().unwrap_or_default().is_empty() {
        return Some("says nothing".to_owned());
    }
    let context = list(&one["context"]);
    let cited = context.iter().filter(|l| l["cited"] == true);
    let cited: Vec<&Value> = cited.filter(|l| l["kind"] != "instruction").collect();
    match line {
        Some(_) if context.is_empty() => Some("a line without context".to_owned()),
        Some(_) if cited.len() != 1 || cited[0]["line"] != one["line"] => {
            Some(format!("cites line {line:?}, its context {cited:?}"))
        }
        _ => None,
    }
}

#[test]
fn every_claim_of_the_samples_leads_to_its_place() {
    for case in sample_cases() {
        let wrong = problems(&report(&case, &[]));
        assert!(
            wrong.is_empty(),
            "{}:\n{}",
            case.display(),
            wrong.join("\n")
        );
    }
}

#[test]
fn every_claim_of_simulated_cases_leads_to_its_place() {
    let mut all = Vec::new();
    for seed in 0..48 {
        let place = tempfile::tempdir().unwrap();
        let (path, options) = sim::write(seed, place.path());
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let wrong = problems(&report(&path, &options));
        all.extend(wrong.into_iter().map(|why| format!("seed {seed}: {why}")));
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
}

/// The audit must be able to find fault.
#[test]
fn a_claim_without_a_place_is_found_out() {
    let mut report = report(&super::samples().join("leak-x64"), &[]);
    report["verdict"]["reasons"][0]["evidence"] = serde_json::json!(["E9999"]);
    report["verdict"]["reasons"][1]["evidence"] = serde_json::json!([]);
    report["evidence"][0]["sha256"] = Value::Null;
    assert!(problems(&report).len() >= 3);
}

/// Lines of a file as an editor counts them: UTF-16 if a mark says so.
fn lines_of(path: &Path) -> Vec<String> {
    let bytes = fs::read(path).unwrap();
    let text = match bytes.strip_prefix(&[0xff, 0xfe]) {
        Some(rest) => {
            let units: Vec<u16> = rest
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                .collect();
            String::from_utf16_lossy(&units)
        }
        None => String::from_utf8_lossy(&bytes).into_owned(),
    };
    text.split('\n')
        .map(|line| line.trim_end_matches('\r').to_owned())
        .collect()
}

#[test]
fn the_lines_quoted_stand_in_the_files_under_their_numbers() {
    let (mut lines, mut rows) = (0, 0);
    for case in sample_cases() {
        let report = report(&case, &[]);
        for one in list(&report["evidence"]) {
            let path = case.join(one["artifact"].as_str().unwrap());
            if one["line"].is_null() {
                let bytes = fs::read(&path).unwrap();
                rows += list(&one["context"])
                    .iter()
                    .filter(|l| l["kind"] == "bytes")
                    .inspect(|row| assert_row(row, &bytes))
                    .count();
                continue;
            }
            let all = lines_of(&path);
            // A hole of NULs shifts how an editor counts.
            if all.iter().any(|line| line.contains('\0')) {
                continue;
            }
            for shown in list(&one["context"]) {
                let number = shown["line"].as_u64().unwrap() as usize;
                let text = shown["text"].as_str().unwrap();
                let whole = &all[number - 1];
                let cut = text.strip_suffix('…').filter(|t| whole.starts_with(t));
                assert!(
                    text == whole || cut.is_some(),
                    "{path:?}:{number}: {text}\n{whole}"
                );
                lines += 1;
            }
        }
        for episode in list(&report["refusals"]["episodes"]) {
            let id = &episode["evidence"][0];
            let mut evidence = list(&report["evidence"]).iter();
            let row = evidence.find(|e| e["id"] == *id).unwrap();
            assert!(
                row["text"]
                    .as_str()
                    .unwrap()
                    .contains("Connections_Refused"),
                "{row}"
            );
        }
    }
    assert!(
        lines > 500 && rows > 10,
        "{lines} lines and {rows} rows of bytes compared"
    );
}

fn assert_row(row: &Value, bytes: &[u8]) {
    let at = row["offset"].as_u64().unwrap() as usize;
    let hex = row["text"].as_str().unwrap().split_whitespace();
    let there = &bytes[at..(at + 16).min(bytes.len())];
    let shown: Vec<u8> = hex
        .take(there.len())
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect();
    assert_eq!(shown, there, "offset {at:#x}");
}
