//! Everything that was found, and what became of it.

use super::Parts;
use crate::artifact::httperr::Oddity;
use crate::bundle::ArtifactIssue;
use crate::report::model::{ArtifactRow, Coverage};

/// Notes listed of one artifact.
const MAX_NOTES: usize = 24;

pub(super) fn coverage(parts: &Parts<'_>) -> Coverage {
    let bundle = parts.bundle;
    let artifacts = bundle
        .artifacts()
        .iter()
        .zip(&parts.survey.entries)
        .map(|(artifact, entry)| {
            let issues = artifact
                .issues
                .iter()
                .filter(|issue| concerns_content(issue))
                .map(ToString::to_string);
            let faults = bundle
                .faults()
                .into_iter()
                .filter(|(id, _)| *id == artifact.id)
                .map(|(_, f)| f.to_string());
            let mut notes: Vec<String> = issues
                .chain(faults)
                .chain(entry.notes.iter().cloned())
                .collect();
            notes.dedup();
            notes.truncate(MAX_NOTES);
            ArtifactRow {
                name: artifact.name.to_string(),
                role: artifact.role.name(),
                why: artifact.why.basis.to_string(),
                bytes: bundle.size_of(artifact.id),
                sha256: entry.digest.sha256().map(|d| d.to_string()),
                used: entry.used.name(),
                notes,
            }
        })
        .collect();
    let mut notes: Vec<String> = bundle
        .skipped()
        .iter()
        .map(|s| format!("{}: {}", s.name, s.why))
        .collect();
    notes.extend(parts.log.notes.iter().cloned());
    notes.extend(parts.pools.notes.iter().cloned());
    notes.extend(parts.images.notes.iter().cloned());
    let torn: u64 = parts
        .survey
        .logs
        .iter()
        .map(|l| l.log.tally.rejected(Oddity::TornTail))
        .sum();
    if torn > 0 {
        notes.push(format!("{torn} logs end within a line: they were copied while http.sys was writing, and the last minutes may be missing"));
    }
    let limits_hit = bundle
        .limits_hit()
        .iter()
        .map(ToString::to_string)
        .collect();
    Coverage {
        artifacts,
        notes,
        limits_hit,
    }
}

/// Issues that only an archive can have are said of the input, so that a folder and an archive of
/// it give one report.
fn concerns_content(issue: &ArtifactIssue) -> bool {
    !matches!(
        issue,
        ArtifactIssue::BackslashName | ArtifactIssue::NoChecksum | ArtifactIssue::Recovered
    )
}
