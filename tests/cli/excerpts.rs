//! Real excerpts of others, which are not ours to hand on: read where `POOLSLEUTH_SHARED` says.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{analyze, assert_fits_a_terminal, report, run};

fn excerpts(kind: &str) -> Vec<PathBuf> {
    let Some(shared) = std::env::var_os("POOLSLEUTH_SHARED") else {
        eprintln!("POOLSLEUTH_SHARED is not set: no excerpts read");
        return Vec::new();
    };
    let Ok(folder) = fs::read_dir(Path::new(&shared).join("samples").join(kind)) else {
        eprintln!("no excerpts of {kind} there");
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.is_file() && !path.ends_with("SOURCES.md"));
    paths.sort();
    paths
}

/// The count that a note begins with.
fn leading(note: &str) -> u64 {
    let digits: String = note.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// Rows that a note says were not counted.
fn rejected(notes: &[Value]) -> u64 {
    let kinds = [
        "without a readable date",
        "without s-reason",
        "cut off",
        "over 64 KiB",
        "neither row nor directive",
        "neither rows nor directives",
    ];
    let notes = notes.iter().filter_map(Value::as_str);
    notes
        .filter(|note| {
            kinds.iter().any(|kind| note.contains(kind)) && !note.contains("in the totals")
        })
        .map(leading)
        .sum()
}

#[test]
fn every_row_of_real_logs_is_counted_or_said_to_be_lost() {
    for path in excerpts("httperr") {
        let text = fs::read(&path).unwrap();
        let lines = text.split(|byte| *byte == b'\n');
        let rows = lines
            .filter(|l| l.iter().any(|b| b.is_ascii_graphic()) && !l.starts_with(b"#"))
            .count() as u64;
        let report = report(&path, &[]);
        let artifact = &report["coverage"]["artifacts"][0];
        if artifact["role"] != "httperr" {
            assert_eq!(artifact["used"], "not_understood", "{}", path.display());
            continue;
        }
        let reasons = report["refusals"]["reasons"].as_object().unwrap();
        let counted: u64 = reasons.values().filter_map(Value::as_u64).sum();
        let lost = rejected(artifact["notes"].as_array().unwrap());
        assert_eq!(counted + lost, rows, "{}: {artifact}", path.display());
    }
}

#[test]
fn real_excerpts_are_taken_for_what_they_are_and_shown_within_the_limits() {
    for path in [excerpts("httperr"), excerpts("poolmon")].concat() {
        let name = path.display().to_string();
        let done = analyze(&path, &[]);
        assert_eq!(done.status, Some(0), "{name}: {}", done.err);
        assert_fits_a_terminal(&name, &done.out);
        let artifact = &report(&path, &[])["coverage"]["artifacts"][0];
        let unread = artifact["used"] == "not_understood" || artifact["used"] == "not_needed";
        assert!(
            !unread || !artifact["why"].as_str().unwrap().is_empty(),
            "{name}"
        );
        for command in ["refusals", "tags"] {
            let quick = run([command.as_ref(), path.as_os_str()]);
            assert!(matches!(quick.status, Some(0 | 1)), "{name}: {command}");
        }
    }
}
