//! Many cases: one record each, whatever they hold and whatever happens to the batch.
//!
//! | module | asks |
//! |---|---|
//! | [`records`] | does every case come out as alone, each path once, the hostile ones with a reason? |
//! | [`content`] | what cannot be read: memory, passwords, damage, time; is it said, and never confused? |
//! | [`resume`] | killed, interrupted, run twice, sharded and merged: the same bytes in the end? |
//! | [`reruns`] | what lies on the shelf, in the folder, or came from stdin the time before |
//! | [`ending`] | asked to end early, or begun in vain |
//! | [`stream`] | paths in, records out, for engines that drive the program |
//! | [`results`] | the roll-up, the table, the page, and rules of known issues |
//!
//! `POOLSLEUTH_BATCH_CASES` says how many simulated cases lie on the shelf (24 if unset; 500 is
//! the figure that the program is judged by), `POOLSLEUTH_BATCH_KILLS` how often the batch is
//! killed (3).

mod content;
mod ending;
mod records;
mod reruns;
mod results;
mod resume;
mod shelf;
mod stream;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn number(variable: &str, default: u64) -> u64 {
    let set = std::env::var(variable).ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The program as a batch of two threads with a cache in `place`.
fn batch(place: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poolsleuth"));
    command
        .args(["batch", "-j", "2", "--progress", "plain"])
        .env("POOLSLEUTH_CACHE", place.join("cache"))
        .env_remove("POOLSLEUTH_PROVOKE");
    command
}

fn finished(command: &mut Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// Runs a batch over `shelf` into `out`; its status must be one of those of a finished batch.
fn run_over<S: AsRef<OsStr>>(place: &Path, shelf: &Path, out: &Path, more: &[S]) -> i32 {
    let mut command = batch(place);
    command.arg(shelf).arg("-o").arg(out).args(more);
    let (status, _, err) = finished(&mut command);
    assert!(matches!(status, Some(0 | 4)), "{status:?}: {err}");
    status.unwrap()
}

fn records(out: &Path) -> Vec<Value> {
    let text = fs::read_to_string(out.join("cases.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap_or_default()
}

/// Every file below a folder with its bytes.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap);
    files
        .filter(|entry| !entry.file_type().is_dir())
        .map(|entry| {
            let name = entry.path().strip_prefix(folder).unwrap().to_owned();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// Two trees must be the same, byte for byte.
fn assert_same_tree(one: &Path, two: &Path, what: &str) {
    let (a, b) = (tree(one), tree(two));
    let names = |tree: &BTreeMap<PathBuf, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&a), names(&b), "{what}: other files");
    for (name, bytes) in &a {
        assert!(b[name] == *bytes, "{what}: {} differs", name.display());
    }
}
