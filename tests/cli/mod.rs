//! The program as people and scripts run it.
//!
//! | module | asks |
//! |---|---|
//! | [`diff`] | two cases side by side: the same, mirrored, too little, hostile |
//! | [`capture`] | snapshots that show a part of the pool, and a pool that was full before the first |
//! | [`containers`] | one report for every container, encrypted ones too? |
//! | [`identity`] | one report for folder and zip, for one thread and eight? |
//! | [`streams`] | exit status, stdout and stderr, colour, refusing to overwrite |
//! | [`drivers`] | which driver is named for a tag, why not the others, what is said of signatures |
//! | [`hostile`] | bundles made to break it |
//! | [`partial`] | a part of an upload, and logs that say nothing |
//! | [`events`] | one event log in every form, and what it does to epochs, clocks and candidates |
//! | [`perfmon`] | performance counters: with snapshots, without, in every form and language |
//! | [`pressure`] | how near was the pool: steps, large machines, wrong limits, memory, saws, mornings |
//! | [`toolsets`] | uploads as toolsets lay them out: names, stamps, side files |
//! | [`evidence`] | does every figure lead to a place in a file, and is that there? |
//! | [`schema`] | are all reports as `poolsleuth schema` says? |
//! | [`inputs`] | is every accepted form on its page, and does each example work? |
//! | [`matrix`] | one story in every container, form, encoding and stamp: one answer? |
//! | [`show`] | is evidence found again in the bundle, and a changed file noticed? |
//! | [`sources`] | one story in the forms of other tools: the same answer, or what a form cannot tell? |
//! | [`excerpts`] | real excerpts (`POOLSLEUTH_SHARED`): is every row counted? |

mod capture;
mod containers;
mod diff;
mod drivers;
mod events;
mod evidence;
mod excerpts;
mod hostile;
mod identity;
mod inputs;
mod matrix;
mod partial;
mod perfmon;
mod pressure;
mod schema;
mod show;
mod sources;
mod streams;
mod toolsets;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// What a run left behind.
struct Run {
    status: Option<i32>,
    out: String,
    err: String,
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poolsleuth"));
    command.env_remove("NO_COLOR");
    command
}

fn finished(output: Output) -> Run {
    Run {
        status: output.status.code(),
        out: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        err: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

fn run<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Run {
    finished(program().args(words).output().unwrap())
}

fn analyze(bundle: &Path, options: &[&str]) -> Run {
    finished(
        program()
            .arg("analyze")
            .arg(bundle)
            .args(options)
            .output()
            .unwrap(),
    )
}

fn report(bundle: &Path, options: &[&str]) -> Value {
    let done = analyze(bundle, &[&["--format", "json"], options].concat());
    assert_eq!(done.status, Some(0), "{}: {}", bundle.display(), done.err);
    serde_json::from_str(&done.out).unwrap()
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// The folder of every sample case.
fn sample_cases() -> Vec<PathBuf> {
    let expected = std::fs::read_dir(samples().join("expected")).unwrap();
    let mut cases: Vec<PathBuf> = expected
        .map(|entry| samples().join(entry.unwrap().path().file_stem().unwrap()))
        .collect();
    cases.sort();
    cases
}

/// The promise to terminals: 40 lines of 80 columns, and no control character of a stranger.
fn assert_fits_a_terminal(name: &str, text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() <= 40, "{name}: {} lines", lines.len());
    for line in lines {
        let columns = unicode_width::UnicodeWidthStr::width(line);
        assert!(columns <= 80, "{name}: {columns} columns: {line}");
    }
    assert_no_controls(name, text);
}

fn assert_no_controls(name: &str, text: &str) {
    let odd = text.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(odd, None, "{name}: a control character in\n{text}");
}
