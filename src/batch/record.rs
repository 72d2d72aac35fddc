//! One flat record a case: what a shelf of cases is sorted, counted and compared by.
//!
//! A record needs no other to be understood: it carries the digest of the case's content, the
//! version of the program and of its own shape. It holds nothing of the machine or the moment
//! of the analysis.

use serde::{Deserialize, Serialize};

use crate::report::Report;
use crate::report::json::rounded;
use crate::report::model::TagRow;

use super::failure::Fault;
use super::losses::Losses;

/// The version of the record's shape; it changes only when a field changes its meaning.
pub const SCHEMA_VERSION: &str = "1";

/// Points of the pool's curve that a record keeps.
const CURVE_POINTS: usize = 48;

/// What came of one case. Absent facts are `null`; times are RFC 3339 UTC, sizes bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of this shape.
    pub schema_version: String,
    /// Version of the program.
    pub tool_version: String,
    /// Identifies case, version and options together; records of one key are the same.
    pub key: String,
    /// Identifies what the case holds: the report's `case.id` where all of it was read. Where
    /// something was not, what it is on disk counts too (the digest of the one file, or the
    /// path), so that no two cases are called the same for what nobody saw. Of a case that
    /// failed before its contents were known, that alone.
    pub content: String,
    /// `ok` or `failed`.
    pub status: String,
    /// Why it failed: `open`, `refused`, `panic`, `crash`, `time`, `memory` or `output`.
    pub error_kind: Option<String>,
    /// The same in a sentence.
    pub error: Option<String>,
    /// The command that analyses this case alone.
    pub reproduce: String,
    /// The path, as given or found.
    pub path: String,
    /// Its bytes in hexadecimal, where it is no text: `path` then shows `\xNN` for what is none.
    #[serde(default)]
    pub path_hex: Option<String>,
    /// All paths of the same content, the first included.
    pub paths: Vec<String>,
    /// Why this was taken for one case.
    pub taken_as: String,
    /// The folder that the case lies in, by its last name: often the customer's.
    pub group: Option<String>,
    /// The report's folder, relative to the batch's.
    pub report: Option<String>,
    /// Bytes on disk.
    pub bytes: u64,
    /// Artifacts in the case.
    pub artifacts: u64,
    /// Artifacts that were used.
    pub artifacts_used: u64,
    /// Artifacts of which something could not be read: damaged, encrypted, forbidden.
    pub artifacts_lost: u64,
    /// What could not be read of the case, and why, in sentences; absent if nothing was lost.
    pub losses: Option<String>,
    /// Host name, as the case states it.
    pub host: Option<String>,
    /// Operating system, as the case states it.
    pub os: Option<String>,
    /// `x86`, `x64` or `arm64`.
    pub architecture: Option<String>,
    /// Physical memory.
    pub ram_bytes: Option<u64>,
    /// Zone of local stamps.
    pub zone: Option<String>,
    /// The verdict's outcome.
    pub outcome: Option<String>,
    /// Its confidence.
    pub confidence: Option<String>,
    /// Its summary.
    pub summary: Option<String>,
    /// The leading tag, as poolmon shows it.
    pub tag: Option<String>,
    /// Its bytes.
    pub tag_hex: Option<String>,
    /// Its pool.
    pub pool: Option<String>,
    /// The pattern of its growth.
    pub class: Option<String>,
    /// Its slope.
    pub growth_bytes_per_hour: Option<f64>,
    /// Its share of the pool's growth.
    pub share_of_growth: Option<f64>,
    /// The driver shown to allocate with it.
    pub driver: Option<String>,
    /// That driver's own name of itself, folded, which renaming a file does not change.
    pub driver_original: Option<String>,
    /// Its file version.
    pub driver_version: Option<String>,
    /// Its company, by its own word.
    pub driver_company: Option<String>,
    /// Digest of the image.
    pub driver_sha256: Option<String>,
    /// Who signed it.
    pub driver_signer: Option<String>,
    /// How it is tied to the tag.
    pub grade: Option<String>,
    /// Connections refused.
    pub refusals_total: u64,
    /// Rows that say so.
    pub refusal_rows: u64,
    /// True if a row stated no count, which makes the total a lower bound.
    pub refusals_lower_bound: bool,
    /// Outages.
    pub episodes: u64,
    /// First refusal.
    pub first_refusal: Option<String>,
    /// Last refusal.
    pub last_refusal: Option<String>,
    /// Snapshots of the pool.
    pub snapshots: u64,
    /// Time of the first.
    pub first_snapshot: Option<String>,
    /// Time of the last.
    pub last_snapshot: Option<String>,
    /// Stretches between restarts.
    pub epochs: u64,
    /// The limit of nonpaged pool.
    pub limit_bytes: Option<u64>,
    /// How well the limit is known.
    pub limit_quality: Option<String>,
    /// The most nonpaged pool seen.
    pub nonpaged_peak: Option<i64>,
    /// Known issues that the case matches, by their ids.
    pub known_issues: Vec<String>,
    /// Limits that were met, in sentences.
    pub limits_hit: Vec<String>,
    /// Nonpaged pool over the snapshots, thinned out: (snapshot, bytes).
    pub curve: Vec<(u64, i64)>,
}

/// What is known of a case before it is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The path, for people.
    pub path: String,
    /// Why it is one case.
    pub taken_as: String,
    /// The folder it lies in, by its last name.
    pub group: Option<String>,
    /// Bytes on disk.
    pub bytes: u64,
    /// The command that analyses it alone.
    pub reproduce: String,
}

impl Record {
    fn begun(origin: &Origin) -> Self {
        Record {
            schema_version: SCHEMA_VERSION.to_owned(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            path: origin.path.clone(),
            paths: vec![origin.path.clone()],
            taken_as: origin.taken_as.clone(),
            group: origin.group.clone(),
            bytes: origin.bytes,
            reproduce: origin.reproduce.clone(),
            ..Record::default()
        }
    }

    /// The record of a case that could not be analysed.
    pub fn failed(origin: &Origin, content: &str, fault: &Fault) -> Self {
        Record {
            content: content.to_owned(),
            status: "failed".to_owned(),
            error_kind: Some(fault.kind.name().to_owned()),
            error: Some(fault.text.clone()),
            ..Record::begun(origin)
        }
    }

    /// The record of an analysed case of this content.
    pub fn of(origin: &Origin, content: &str, report: &Report, losses: &Losses) -> Self {
        let verdict = &report.verdict;
        let (refusals, pool) = (&report.refusals, &report.pool);
        let own = |text: &str| Some(text.to_owned());
        let mut record = Record {
            content: content.to_owned(),
            status: "ok".to_owned(),
            host: report.case.host.clone(),
            os: report.case.os.clone(),
            architecture: report.case.architecture.clone(),
            ram_bytes: report.case.ram_bytes,
            zone: report.time.zone.clone(),
            outcome: own(verdict.outcome),
            confidence: own(verdict.confidence),
            summary: own(&verdict.summary),
            tag: verdict.tag.clone(),
            tag_hex: verdict.tag_hex.clone(),
            pool: verdict.pool.map(str::to_owned),
            refusals_total: refusals.total,
            refusal_rows: refusals.rows,
            refusals_lower_bound: refusals.uncounted_rows > 0,
            episodes: refusals.episodes.len() as u64,
            first_refusal: refusals.first.clone(),
            last_refusal: refusals.last.clone(),
            snapshots: pool.snapshots,
            first_snapshot: pool.first.clone(),
            last_snapshot: pool.last.clone(),
            epochs: pool.epochs.len() as u64,
            limit_bytes: pool.limit.as_ref().map(|l| l.bytes),
            limit_quality: pool.limit.as_ref().map(|l| l.quality.clone()),
            nonpaged_peak: pool.nonpaged.iter().map(|p| p.bytes).max(),
            artifacts: report.coverage.artifacts.len() as u64,
            artifacts_used: used(report),
            artifacts_lost: losses.files,
            losses: losses.text(),
            known_issues: known_issues(report),
            limits_hit: report.coverage.limits_hit.clone(),
            curve: curve(report),
            ..Record::begun(origin)
        };
        record.take_growth(report);
        record.take_driver(report);
        record
    }

    fn take_growth(&mut self, report: &Report) {
        let verdict = &report.verdict;
        let leading = |row: &&TagRow| {
            Some(&row.tag_hex) == verdict.tag_hex.as_ref() && Some(row.pool) == verdict.pool
        };
        if let Some(row) = report.pool.tags.iter().find(leading) {
            self.class = Some(row.class.to_owned());
            self.growth_bytes_per_hour = row.growth_bytes_per_hour.and_then(finite);
            self.share_of_growth = row.share_of_growth.and_then(finite);
        }
    }

    fn take_driver(&mut self, report: &Report) {
        let Some(driver) = &report.verdict.driver else {
            return;
        };
        self.driver = Some(driver.file_name.clone());
        self.driver_original = Some(folded_name(
            driver.version.original_name.as_deref(),
            &driver.file_name,
        ));
        self.driver_version = driver.version.file_version.clone();
        self.driver_company = driver.version.company.clone();
        self.driver_sha256 = Some(driver.sha256.clone());
        self.driver_signer = driver.signature.signer.clone();
        let mine = report
            .attribution
            .iter()
            .filter(|a| Some(&a.tag_hex) == report.verdict.tag_hex.as_ref());
        self.grade = mine
            .flat_map(|a| &a.candidates)
            .find(|c| c.driver.sha256 == driver.sha256)
            .map(|c| c.grade.to_owned());
    }

    /// True when the case was analysed.
    pub fn is_ok(&self) -> bool {
        self.status == "ok"
    }

    /// True when a part of an analysed case could not be read.
    pub fn has_losses(&self) -> bool {
        self.is_ok() && self.losses.is_some()
    }

    /// True when the verdict is a leak.
    pub fn is_leak(&self) -> bool {
        matches!(
            self.outcome.as_deref(),
            Some("leak_explains_refusals" | "leak_without_refusals")
        )
    }
}

/// The name that an image gives itself, or its file's, in small letters: renamed copies agree.
pub fn folded_name(original: Option<&str>, file_name: &str) -> String {
    let stated = original.map(str::trim).filter(|name| !name.is_empty());
    stated.unwrap_or(file_name).to_lowercase()
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then(|| rounded(value))
}

fn used(report: &Report) -> u64 {
    let used =
        |row: &&crate::report::model::ArtifactRow| matches!(row.used, "used" | "partly_used");
    report.coverage.artifacts.iter().filter(used).count() as u64
}

fn known_issues(report: &Report) -> Vec<String> {
    let mut ids: Vec<String> = report
        .findings
        .iter()
        .filter_map(|finding| finding.known_issue.as_ref())
        .map(|issue| issue.id.clone())
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Evenly chosen points, the first and the last among them.
fn curve(report: &Report) -> Vec<(u64, i64)> {
    let points = &report.pool.nonpaged;
    let step = points.len().saturating_sub(1).max(1);
    let kept = points.len().min(CURVE_POINTS);
    let chosen = (0..kept).map(|n| n * step / kept.saturating_sub(1).max(1));
    chosen
        .filter_map(|at| points.get(at))
        .map(|point| (point.snapshot, point.bytes))
        .collect()
}
