//! A report read back from its JSON, as far as its evidence goes.
//!
//! Whoever passes a report on may have changed it, so it is read as any other input: bounded, every
//! field optional, unknown fields passed over. Nothing here believes what it says.

use std::fmt;
use std::io::{self, Read};

use serde::Deserialize;

use super::model::SCHEMA_VERSION;

/// Largest report that is read. Reports have some megabytes at most; this leaves room for
/// whatever later versions add.
pub const MAX_REPORT: u64 = 256 << 20;

/// What is kept of a report.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SavedReport {
    schema_version: Option<String>,
    /// Which case it is about.
    pub case: SavedCase,
    verdict: Citing<Reason>,
    findings: Vec<Reason>,
    refusals: SavedRefusals,
    pool: SavedPool,
    attribution: Vec<SavedAttribution>,
    /// All evidence, in order.
    pub evidence: Vec<SavedEvidence>,
}

/// The case of a saved report.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "named as in the report")]
pub struct SavedCase {
    pub input: SavedInput,
    pub evidence: Vec<String>,
}

/// What was passed when the report was made.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "named as in the report")]
pub struct SavedInput {
    pub name: Option<String>,
    pub sha256: Option<String>,
}

/// A piece of evidence of a saved report.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "named as in the report")]
pub struct SavedEvidence {
    pub id: String,
    pub artifact: String,
    pub sha256: Option<String>,
    pub line: Option<u64>,
    pub offset: Option<u64>,
    pub text: String,
    pub context: Vec<SavedLine>,
}

/// A line of context of a saved report.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "named as in the report")]
pub struct SavedLine {
    pub kind: String,
    pub line: Option<u64>,
    pub offset: Option<u64>,
    pub cited: bool,
    pub text: String,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct Citing<T> {
    reasons: Vec<T>,
}

impl<T> Default for Citing<T> {
    fn default() -> Self {
        Citing {
            reasons: Vec::new(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reason {
    rule: String,
    evidence: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SavedRefusals {
    episodes: Vec<SavedEpisode>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SavedEpisode {
    start: String,
    evidence: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SavedPool {
    tags: Vec<SavedTag>,
    epochs: Vec<SavedEpoch>,
    limit: Option<SavedEpoch>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SavedTag {
    tag: String,
    evidence: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SavedEpoch {
    evidence: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SavedAttribution {
    tag: String,
    tag_hex: String,
    candidates: Vec<SavedCandidate>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SavedCandidate {
    evidence: Vec<String>,
}

/// Why a file is not read as a report.
#[derive(Debug)]
pub enum ReadError {
    /// Reading failed.
    Io(io::Error),
    /// It is larger than [`MAX_REPORT`].
    TooLarge,
    /// It ends within a value, as when a copy was broken off.
    CutOff,
    /// It is no JSON, or a field has another type than reports give it.
    NotJson(serde_json::Error),
    /// It does not say which version it is, so it is no report.
    NoVersion,
    /// It has another version's shape.
    OtherVersion(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Io(why) => write!(f, "cannot be read: {why}"),
            ReadError::TooLarge => write!(
                f,
                "larger than {} MiB, which no report is",
                MAX_REPORT >> 20
            ),
            ReadError::CutOff => f.write_str(
                "ends within a value, as a copy that was broken off; a whole report.json is needed",
            ),
            ReadError::NotJson(why) => write!(
                f,
                "no report in JSON: {why}; expected what `analyze -o` writes as report.json"
            ),
            ReadError::NoVersion => f.write_str(
                "JSON, but no report: schema_version is missing; expected what `analyze -o` writes as report.json",
            ),
            ReadError::OtherVersion(found) => write!(
                f,
                "a report of schema_version {found:?}; this program reads {SCHEMA_VERSION:?}"
            ),
        }
    }
}

impl std::error::Error for ReadError {}

impl SavedReport {
    /// Reads a report.
    ///
    /// # Errors
    /// When it is no report of this version; see [`ReadError`].
    pub fn read(from: impl Read) -> Result<SavedReport, ReadError> {
        let mut bytes = Vec::new();
        from.take(MAX_REPORT + 1)
            .read_to_end(&mut bytes)
            .map_err(ReadError::Io)?;
        if bytes.len() as u64 > MAX_REPORT {
            return Err(ReadError::TooLarge);
        }
        // Editors of Windows put a mark before UTF-8.
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let report: SavedReport =
            serde_json::from_slice(text).map_err(|why| match why.is_eof() {
                true if !text.is_empty() => ReadError::CutOff,
                _ => ReadError::NotJson(why),
            })?;
        match report.schema_version.as_deref() {
            Some(SCHEMA_VERSION) => Ok(report),
            Some(other) => Err(ReadError::OtherVersion(
                other.chars().take(40).collect::<String>(),
            )),
            None => Err(ReadError::NoVersion),
        }
    }

    /// What cites a piece of evidence, in words.
    pub fn cited_by(&self, id: &str) -> Vec<String> {
        let has = |ids: &[String]| ids.iter().any(|i| i == id);
        let mut by = Vec::new();
        let reasons = self.verdict.reasons.iter().filter(|r| has(&r.evidence));
        by.extend(reasons.map(|r| format!("reason {}", r.rule)));
        let findings = self.findings.iter().filter(|r| has(&r.evidence));
        by.extend(findings.map(|r| format!("finding {}", r.rule)));
        let episodes = self.refusals.episodes.iter();
        let episodes = episodes.filter(|e| has(&e.evidence));
        by.extend(episodes.map(|e| format!("refusals from {}", e.start)));
        let tags = self.pool.tags.iter().filter(|t| has(&t.evidence));
        by.extend(tags.map(|t| format!("tag `{}`", t.tag)));
        for answer in &self.attribution {
            if answer.candidates.iter().any(|c| has(&c.evidence)) {
                by.push(format!("driver of tag `{}`", answer.tag));
            }
        }
        if self.pool.epochs.iter().any(|e| has(&e.evidence)) {
            by.push("a boot epoch".to_owned());
        }
        if self.pool.limit.iter().any(|l| has(&l.evidence)) {
            by.push("the limit of nonpaged pool".to_owned());
        }
        if has(&self.case.evidence) {
            by.push("the case's machine".to_owned());
        }
        by
    }

    /// The tags (in hexadecimal) for which a piece of evidence names a driver.
    pub fn tags_of(&self, id: &str) -> Vec<&str> {
        let mine = |c: &SavedCandidate| c.evidence.iter().any(|i| i == id);
        let answers = self.attribution.iter();
        answers
            .filter(|a| a.candidates.iter().any(mine))
            .map(|a| a.tag_hex.as_str())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{fixture, json};
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read_back() {
        for (name, report) in fixture::cases() {
            let mut bytes = Vec::new();
            json::write(&report, &mut bytes).unwrap();
            let saved = SavedReport::read(bytes.as_slice()).unwrap();
            assert_eq!(saved.evidence.len(), report.evidence.len(), "{name}");
            for (saved, made) in saved.evidence.iter().zip(&report.evidence) {
                assert_eq!((&saved.id, &saved.text), (&made.id, &made.text), "{name}");
                assert_eq!(
                    (saved.line, saved.offset),
                    (made.line, made.offset),
                    "{name}"
                );
            }
            for reason in &report.verdict.reasons {
                for id in &reason.evidence {
                    let by = saved.cited_by(id);
                    assert!(
                        by.contains(&format!("reason {}", reason.rule)),
                        "{name}: {by:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_no_report_is_said_so() {
        let said = |text: &str| match SavedReport::read(text.as_bytes()) {
            Ok(_) => String::new(),
            Err(why) => why.to_string(),
        };
        assert!(said("").contains("no report in JSON"));
        assert!(said("PK\u{3}").contains("no report in JSON"));
        assert!(said("{\"schema_version\": \"1\", \"evid").contains("broken off"));
        assert!(said("{}").contains("schema_version is missing"));
        assert!(said("[]").contains("schema_version is missing"));
        assert!(said("{\"schema_version\": \"2\"}").contains("\"2\""));
        assert!(said("{\"schema_version\": \"1\", \"evidence\": 7}").contains("line 1"));
        assert_eq!(said("\u{feff}{\"schema_version\": \"1\"}"), "");
        let deep = "[".repeat(100_000);
        assert!(!said(&deep).is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = SavedReport::read(bytes.as_slice());
        }
    }
}
