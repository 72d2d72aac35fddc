//! Paths on stdin, records on stdout, a line each.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{batch, text};

fn stream(place: &Path, words: &[&str]) -> Command {
    let mut command = batch(place);
    command.args(["-", "--format", "jsonl"]).args(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command.stderr(Stdio::piped());
    command
}

#[test]
fn every_path_gets_one_record_failures_and_repeats_included() {
    let place = tempfile::tempdir().unwrap();
    let cases: Vec<String> = [1, 2]
        .map(|seed| crate::sim::write(seed, place.path()).0)
        .iter()
        .map(|path| path.to_str().unwrap().to_owned())
        .collect();
    let paths = [&cases[0], &cases[1], "/nonexistent/case.zip", &cases[0]];
    for (words, end) in [(&[][..], "\n"), (&["-0"][..], "\0")] {
        let mut child = stream(place.path(), words).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        for path in paths {
            write!(input, "{path}{end}").unwrap();
        }
        drop(input);
        let done = child.wait_with_output().unwrap();
        assert_eq!(done.status.code(), Some(4));
        let out = String::from_utf8(done.stdout).unwrap();
        let records: Vec<Value> = out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let mut seen: Vec<&str> = records.iter().map(|r| text(r, "path")).collect();
        seen.sort_unstable();
        let mut expected = paths.to_vec();
        expected.sort_unstable();
        assert_eq!(seen, expected);
        let keys: Vec<&str> = records
            .iter()
            .filter(|r| text(r, "path") == cases[0])
            .map(|r| text(r, "key"))
            .collect();
        assert_eq!(
            (keys.len(), keys[0]),
            (2, keys[1]),
            "records of one case have one key"
        );
        for record in &records {
            assert!(text(record, "key").len() == 64 && text(record, "content").len() == 64);
            assert_eq!(text(record, "schema_version"), "1");
        }
    }
}

/// The first record comes while the list of paths is still open.
#[test]
fn it_starts_at_once() {
    let place = tempfile::tempdir().unwrap();
    let (case, _) = crate::sim::write(1, place.path());
    let mut child = stream(place.path(), &[]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{}", case.display()).unwrap();
    input.flush().unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let record: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(text(&record, "status"), "ok");
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_list_that_is_not_there_is_named_and_stdout_is_not_blamed() {
    let place = tempfile::tempdir().unwrap();
    let mut command = batch(place.path());
    let (status, out, err) = super::finished(command.args(["@nolist", "--format", "jsonl"]));
    assert_eq!((status, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("nolist") && !err.contains("stdout"), "{err}");
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let place = tempfile::tempdir().unwrap();
    let mut child = stream(place.path(), &[]).spawn().unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    for seed in 1..6 {
        let (case, _) = crate::sim::write(seed, place.path());
        // The program may be gone by now, which is what is asked of it.
        if writeln!(input, "{}", case.display()).is_err() {
            break;
        }
    }
    drop(input);
    let done = child.wait_with_output().unwrap();
    // Not every path has its record, which whoever handed them out must learn.
    assert_eq!(done.status.code(), Some(1));
    let err = String::from_utf8(done.stderr).unwrap();
    assert!(!err.contains("panic") && !err.contains("ipe"), "{err}");
}
