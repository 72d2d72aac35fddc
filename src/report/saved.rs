//! The evidence of a report that was read back, and what cites it.
//!
//! Whoever passes a report on may have changed it: every field is optional, unknown ones are passed
//! over, and nothing here believes what it says.

use std::io::Read;

use serde::Deserialize;

use super::read::{ReadError, Written};

/// What is kept of a report.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SavedReport {
    /// Which case it is about.
    pub case: SavedCase,
    verdict: Citing<Reason>,
    findings: Vec<Reason>,
    refusals: SavedRefusals,
    pool: SavedPool,
    events: SavedEvents,
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
    pub record: Option<u64>,
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
struct SavedEvents {
    marks: Vec<SavedMark>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SavedMark {
    at: String,
    id: u32,
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

impl SavedReport {
    /// Reads a report.
    ///
    /// # Errors
    /// When it is no report of this version, or a field has another type than reports give it.
    pub fn read(from: impl Read) -> Result<SavedReport, ReadError> {
        Written::read(from)?.typed()
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
        let marks = self.events.marks.iter().filter(|m| has(&m.evidence));
        by.extend(marks.map(|m| format!("event {} at {}", m.id, m.at)));
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
    fn a_field_of_another_type_is_said_so() {
        let text = "{\"schema_version\": \"1\", \"evidence\": 7}";
        let why = SavedReport::read(text.as_bytes()).unwrap_err();
        assert!(why.to_string().contains("another type"), "{why}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = SavedReport::read(bytes.as_slice());
        }
    }
}
