//! What of a case could not be read: a case with losses says so in its record, one that is
//! nothing but losses has failed.

use std::collections::BTreeSet;
use std::path::Path;

use super::failure::{Fault, FaultKind};
use crate::bundle::{
    Artifact, ArtifactIssue, Bundle, ContainerKind, InputKind, NotOpened, ReadFault, Role,
    SkipReason, has_archive_name,
};
use crate::report::Report;
use crate::report::wording::counted;

/// Sentences that a record keeps; the report has all.
const MAX_SENTENCES: usize = 8;

/// What was lost of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Files of which something was not read.
    pub files: u64,
    /// What and why, in sentences.
    pub sentences: Vec<String>,
    /// A limit of this program is behind all of it.
    by_limit: bool,
}

impl Losses {
    /// What was lost of a case that was analysed.
    pub fn of(bundle: &Bundle, report: &Report) -> Losses {
        let mut losses = Losses::default();
        let lost = LostFiles::of(bundle);
        losses.files = lost.files.len() as u64;
        losses.by_limit = lost.by_limit;
        let damage = bundle.notes().iter().filter(|note| note.is_damage());
        losses.sentences.extend(damage.map(ToString::to_string));
        losses.sentences.extend(lost.sentences());
        for skipped in bundle.skipped() {
            if let SkipReason::Unreadable(_) = skipped.why {
                let text = format!("{}: {}", skipped.name, skipped.why);
                losses.sentences.push(text);
            }
        }
        if used(report) == 0 && losses.sentences.is_empty() {
            let text = "holds nothing that an analysis can use: no logs, snapshots or images";
            losses.sentences.push(text.to_owned());
        }
        losses
    }

    /// All of it for the record, within bounds; `None` if nothing was lost.
    pub fn text(&self) -> Option<String> {
        let more = self.sentences.len().saturating_sub(MAX_SENTENCES);
        let mut shown: Vec<String> = self.sentences.iter().take(MAX_SENTENCES).cloned().collect();
        if more > 0 {
            shown.push(format!("{more} more"));
        }
        (!shown.is_empty()).then(|| shown.join("; "))
    }

    /// The failure of a case of which nothing could be read.
    pub fn total(
        &self,
        bundle: &Bundle,
        paths: &[std::path::PathBuf],
        report: &Report,
    ) -> Option<Fault> {
        if used(report) > 0 {
            return None;
        }
        if let [path] = paths
            && *bundle.input() == InputKind::One(ContainerKind::File)
            && has_archive_name(path)
        {
            return Some(Fault::new(FaultKind::Open, no_archive(path)));
        }
        let filled = bundle.artifacts().iter().filter(|a| a.role != Role::Empty);
        if self.files == 0 || filled.count() as u64 > self.files {
            return None;
        }
        let kind = match self.by_limit {
            true => FaultKind::Refused,
            false => FaultKind::Open,
        };
        let all = counted(self.files, "file");
        let why = self.text().unwrap_or_default();
        let text = format!("nothing could be read of what it holds ({all}): {why}");
        Some(Fault::new(kind, text))
    }
}

fn used(report: &Report) -> usize {
    let rows = report.coverage.artifacts.iter();
    rows.filter(|row| matches!(row.used, "used" | "partly_used"))
        .count()
}

/// Why a file that is called an archive is none.
fn no_archive(path: &Path) -> String {
    let empty = std::fs::metadata(path).is_ok_and(|data| data.len() == 0);
    match empty {
        true => "an empty file, though its name is an archive's; ask for it again".to_owned(),
        false => "no archive of a kind that is read, though its name is an archive's: damaged at \
                  its beginning, or of another kind. Ask for it again, or unpack it and pass the \
                  folder"
            .to_owned(),
    }
}

/// The files of which something was not read, by the reason.
#[derive(Default)]
struct LostFiles {
    files: BTreeSet<usize>,
    reasons: Vec<(String, u64)>,
    by_limit: bool,
}

impl LostFiles {
    fn of(bundle: &Bundle) -> LostFiles {
        let mut lost = LostFiles::default();
        let faults = bundle.faults();
        let mut limits = 0;
        for artifact in bundle.artifacts() {
            let mut why = reason(artifact);
            for (_, fault) in faults.iter().filter(|(id, _)| *id == artifact.id) {
                // What a limit cut is said in `limits_hit`.
                let by_limit = matches!(fault, ReadFault::LimitReached { .. });
                let said = (!by_limit).then(|| fault.to_string());
                why = why.or(said);
            }
            let Some(why) = why else { continue };
            limits += u64::from(is_limit(artifact));
            lost.files.insert(artifact.id.index());
            match lost.reasons.iter_mut().find(|(known, _)| *known == why) {
                Some((_, count)) => *count += 1,
                None => lost.reasons.push((why, 1)),
            }
        }
        lost.by_limit = limits > 0 && limits == lost.files.len() as u64;
        lost
    }

    fn sentences(&self) -> impl Iterator<Item = String> {
        let said = |(why, files): &(String, u64)| format!("{}: {why}", counted(*files, "file"));
        self.reasons.iter().map(said)
    }
}

/// Why an artifact was not read, by what was seen when the case was opened.
fn reason(artifact: &Artifact) -> Option<String> {
    let issue = artifact.issues.iter().find(|issue| {
        matches!(
            issue,
            ArtifactIssue::Encrypted(_)
                | ArtifactIssue::UnsupportedMethod { .. }
                | ArtifactIssue::UnsupportedCoder { .. }
                | ArtifactIssue::UnsupportedCabinet { .. }
                | ArtifactIssue::OtherCabinet
                | ArtifactIssue::LocalHeaderMissing
                | ArtifactIssue::Unreadable(_)
                | ArtifactIssue::NotOpened(_)
        )
    });
    issue.map(ToString::to_string)
}

/// Whether it is this program's rule that it was not read.
fn is_limit(artifact: &Artifact) -> bool {
    let by_rule = |issue: &ArtifactIssue| {
        let ArtifactIssue::NotOpened(why) = issue else {
            return false;
        };
        matches!(why, NotOpened::TooDeep { .. } | NotOpened::TooLarge { .. })
    };
    artifact.issues.iter().any(by_rule)
}
