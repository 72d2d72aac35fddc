//! `manifest.json`: what the bundle holds, where it came from, and what is missing.

use crate::app::Run;
use crate::digest::hex;
use crate::filetime::FileTime;
use crate::gather::{Budget, Failure, Role, MOST_FILE, MOST_POOL};
use crate::json::Json;
use crate::system::System;
use crate::work::Scan;
use crate::{NAME, VERSION};

/// The layout's name; readers may assume nothing of another one.
pub const SCHEMA: &str = "poolsleuth-collect-manifest/1";
/// Failures that are listed one by one.
const MOST_FAILURES: usize = 1_000;

/// A file that was written to the bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Its name in the bundle.
    pub path: String,
    /// What it is.
    pub role: Role,
    /// Where it came from.
    pub source: Option<String>,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of these bytes.
    pub sha256: [u8; 32],
    /// Last written.
    pub modified: FileTime,
    /// Created.
    pub created: Option<FileTime>,
    /// True if a part was left out or could not be read.
    pub truncated: bool,
}

/// Everything that the manifest states.
pub struct Manifest<'a> {
    /// How the program was called.
    pub run: &'a Run,
    /// When the bundle was made.
    pub created: FileTime,
    /// The machine.
    pub system: &'a System,
    /// The snapshots.
    pub scan: &'a Scan,
    /// Limits that were met.
    pub budget: &'a Budget,
    /// What failed.
    pub failures: &'a [Failure],
    /// The files.
    pub files: &'a [Packed],
}

impl Manifest<'_> {
    /// True if nothing failed, was left out for its size, or ended early.
    pub fn complete(&self) -> bool {
        self.failures.is_empty() && self.budget.hit.is_empty() && !self.run.stopped
    }

    /// The document.
    pub fn to_json(&self) -> Json {
        let options = &self.run.options;
        let hit: Vec<&str> = self.budget.hit.iter().copied().collect();
        let limits = Json::Object(vec![
            ("total_mb", options.max_mb.into()),
            ("pool_mb", (MOST_POOL >> 20).into()),
            ("httperr_mb", options.max_httperr_mb.into()),
            ("drivers_mb", options.max_drivers_mb.into()),
            ("file_mb", (MOST_FILE >> 20).into()),
            ("hit", hit.into()),
        ]);
        let omitted = self.failures.len().saturating_sub(MOST_FAILURES);
        let failures: Vec<Json> = self
            .failures
            .iter()
            .take(MOST_FAILURES)
            .map(failure)
            .collect();
        Json::Object(vec![
            ("schema", SCHEMA.into()),
            ("collector", self.collector()),
            ("created_utc", self.created.seconds().into()),
            ("started_utc", self.run.started.seconds().into()),
            ("host", self.system.to_json()),
            ("pool", self.pool()),
            ("limits", limits),
            ("complete", self.complete().into()),
            ("stopped_early", self.run.stopped.into()),
            ("errors", Json::List(failures)),
            ("errors_omitted", omitted.into()),
            ("files", Json::List(self.files.iter().map(file).collect())),
        ])
    }

    fn collector(&self) -> Json {
        Json::Object(vec![
            ("name", NAME.into()),
            ("version", VERSION.into()),
            ("exe_sha256", self.run.exe_sha256.map(|d| hex(&d)).into()),
            (
                "build",
                option_env!("POOLSLEUTH_BUILD").unwrap_or("unknown").into(),
            ),
            ("command_line", self.run.command_line.clone().into()),
        ])
    }

    fn pool(&self) -> Json {
        Json::Object(vec![
            ("class", "0x16".into()),
            ("snapshots", self.scan.blocks.into()),
            ("failed", self.scan.failed.into()),
            ("torn", self.scan.torn.clone().into()),
            ("interval_s", self.run.interval.into()),
            ("first_utc", self.scan.first.clone().into()),
            ("last_utc", self.scan.last.clone().into()),
            ("boots", self.scan.boots().into()),
        ])
    }
}

fn failure(failure: &Failure) -> Json {
    let mut fields = vec![("what", failure.what.into())];
    if let Some(seq) = failure.seq {
        fields.push(("seq", seq.into()));
    }
    if let Some(source) = &failure.source {
        fields.push(("source", source.clone().into()));
    }
    fields.push(("code", failure.code.clone()));
    Json::Object(fields)
}

fn file(file: &Packed) -> Json {
    Json::Object(vec![
        ("path", file.path.clone().into()),
        ("role", file.role.name().into()),
        ("source", file.source.clone().into()),
        ("size", file.size.into()),
        ("sha256", hex(&file.sha256).into()),
        ("mtime_utc", file.modified.seconds().into()),
        ("created_utc", file.created.map(FileTime::seconds).into()),
        ("truncated", file.truncated.into()),
    ])
}
