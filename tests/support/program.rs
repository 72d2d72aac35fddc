//! The built program, run on a bundle, and the answer read back from its JSON report.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The parts of a report that tests compare. Absent fields are `None` or zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub outcome: String,
    pub confidence: String,
    pub tag: Option<String>,
    pub pool: Option<String>,
    pub driver: Option<String>,
    pub refusals_total: u64,
    pub refusal_rows: u64,
    pub snapshots: Option<u64>,
    pub reasons: BTreeMap<String, u64>,
}

/// Analyses `bundle`; anything but a report on stdout and status 0 is an error text.
pub fn analyze(bundle: &Path, options: &[String]) -> Result<Answer, String> {
    let done = Command::new(env!("CARGO_BIN_EXE_poolsleuth"))
        .arg("analyze")
        .arg(bundle)
        .args(["--format", "json", "--progress", "none"])
        .args(options)
        .output()
        .map_err(|error| format!("cannot start the program: {error}"))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(format!("{}: {}", done.status, said.trim()));
    }
    let report: Value = serde_json::from_slice(&done.stdout)
        .map_err(|error| format!("stdout is not a JSON report: {error}"))?;
    Ok(read(&report))
}

fn read(report: &Value) -> Answer {
    let text = |at: &str| {
        report
            .pointer(at)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let number = |at: &str| report.pointer(at).and_then(Value::as_u64);
    let reasons = report
        .pointer("/refusals/reasons")
        .and_then(Value::as_object);
    Answer {
        outcome: text("/verdict/outcome").unwrap_or_default(),
        confidence: text("/verdict/confidence").unwrap_or_default(),
        tag: text("/verdict/tag"),
        pool: text("/verdict/pool"),
        driver: text("/verdict/driver/file_name"),
        refusals_total: number("/refusals/total").unwrap_or(0),
        refusal_rows: number("/refusals/rows").unwrap_or(0),
        snapshots: count(report.pointer("/pool/snapshots")),
        reasons: reasons.into_iter().flatten().filter_map(reason).collect(),
    }
}

fn reason((name, rows): (&String, &Value)) -> Option<(String, u64)> {
    Some((name.clone(), rows.as_u64()?))
}

/// `pool.snapshots` may be a count or a list of the snapshots themselves.
fn count(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::Array(items) => Some(items.len() as u64),
        other => other.as_u64(),
    }
}

/// Where a confidence stands on the contract's ladder; unknown words stand below it.
pub fn rank(confidence: &str) -> usize {
    let ladder = ["insufficient", "possible", "probable", "confirmed"];
    ladder
        .iter()
        .position(|word| *word == confidence)
        .map_or(0, |at| at + 1)
}
