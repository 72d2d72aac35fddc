//! Everything that was found, and what became of it.

use super::Parts;
use crate::artifact::httperr::Oddity;
use crate::bundle::ArtifactIssue;
use crate::case::survey::Use;
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
            let faults: Vec<String> = bundle
                .faults()
                .into_iter()
                .filter(|(id, _)| *id == artifact.id)
                .map(|(_, f)| f.to_string())
                .collect();
            let faulted = !faults.is_empty();
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
                used: used(entry.used, faulted),
                notes,
            }
        })
        .collect();
    let mut notes = crate::case::of_bundle(bundle);
    notes.extend(parts.log.notes.iter().cloned());
    notes.extend(parts.pools.notes.iter().cloned());
    notes.extend(parts.images.notes.iter().cloned());
    let faulty = |id| bundle.faults().iter().any(|(faulty, _)| *faulty == id);
    let torn = parts
        .survey
        .logs
        .iter()
        .filter(|l| l.log.tally.rejected(Oddity::TornTail) > 0 && !faulty(l.artifact))
        .count();
    if torn > 0 {
        let logs = if torn == 1 {
            "1 log ends"
        } else {
            &format!("{torn} logs end")
        };
        notes.push(format!("{logs} within a line, as when copied while http.sys was writing: the last minutes may be missing"));
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

/// What was broken on its way here was not used as a whole.
fn used(used: Use, faulted: bool) -> &'static str {
    match used {
        Use::Used if faulted => Use::PartlyUsed.name(),
        used => used.name(),
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
