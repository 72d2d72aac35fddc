//! Contradictions between clocks of one case, and the offset they suggest.

use chrono::{DateTime, Datelike, Duration, Timelike, Utc};

use super::candidate::{Candidate, apart};
use super::nearby::by_artifact;
use super::types::{
    ClockEvidence, Dating, FileTime, Note, OffsetHint, Resolution, StampSource, Withheld,
};
use super::written::{Reading, WrittenZone};

/// Name and line of one snapshot may differ by the zone (at most 14 hours) and by the
/// time that a collector took to come to its first snapshot.
const NAME_MAY_DIFFER: Duration = Duration::hours(24);

/// Fewer names with hours 1 to 12 are no sign of a twelve-hour clock: they would be a
/// morning's.
const MIN_TWELVE_HOUR_NAMES: usize = 6;

/// And they must stem from as many days, or they are one morning's.
const MIN_TWELVE_HOUR_DAYS: usize = 3;

/// Zones differ from UTC by multiples of a quarter of an hour.
const QUARTER_SECONDS: i64 = 15 * 60;

/// A file's last change follows the stamp of its last snapshot by the time that poolmon
/// takes; two minutes leave no room for a wrong quarter of an hour.
const WRITES_WITHIN_SECONDS: i64 = 120;

/// File times are kept in steps of up to two seconds, stamps in steps of a minute at most.
const STAMP_AHEAD_SECONDS: i64 = 3;

/// Notes on what names of files say.
pub(super) fn names(
    evidence: &[ClockEvidence<'_>],
    candidates: &[Vec<Candidate>],
    notes: &mut Vec<Note>,
) {
    for (entry, own) in evidence.iter().zip(candidates) {
        let from = |source| own.iter().find(|c| c.source == source);
        if let (1, Some(line), Some(name)) = (
            entry.snapshots,
            from(StampSource::Line),
            from(StampSource::FileName),
        ) && name.resolution() != Resolution::Day
            && let Some(distance) = apart(line, name)
            && distance.abs() > NAME_MAY_DIFFER
        {
            let seconds = distance.num_seconds();
            notes.push(Note::NameDisagrees {
                artifact: entry.artifact,
                seconds,
            });
        }
    }
    twelve_hour_names(candidates, notes);
}

fn twelve_hour_names(candidates: &[Vec<Candidate>], notes: &mut Vec<Note>) {
    let walls: Vec<_> = candidates
        .iter()
        .flatten()
        .filter(|c| c.source == StampSource::FileName && c.resolution() == Resolution::Minute)
        .filter_map(|c| c.wall)
        .collect();
    let days: std::collections::BTreeSet<_> = walls.iter().map(|w| w.num_days_from_ce()).collect();
    if walls.len() >= MIN_TWELVE_HOUR_NAMES
        && days.len() >= MIN_TWELVE_HOUR_DAYS
        && walls.iter().all(|wall| (1..=12).contains(&wall.hour()))
    {
        notes.push(Note::TwelveHourNames { files: walls.len() });
    }
}

/// Notes on stamps that run backwards in their file.
pub(super) fn order(evidence: &[ClockEvidence<'_>], datings: &[Dating], notes: &mut Vec<Note>) {
    for (artifact, members) in by_artifact(evidence) {
        let mut previous: Option<DateTime<Utc>> = None;
        for (position, index) in members.iter().enumerate() {
            let Some(at) = datings.get(*index).and_then(moment) else {
                continue;
            };
            if let Some(before) = previous
                && at < before
            {
                let seconds = (before - at).num_seconds();
                notes.push(Note::ClockWentBack {
                    artifact,
                    position,
                    seconds,
                });
            }
            previous = Some(at);
        }
    }
}

/// A note on times that could not be read: where others could, nothing else tells of them.
pub(super) fn unread(datings: &[Dating], notes: &mut Vec<Note>) {
    let mut texts = datings.iter().filter_map(|dating| match &dating.withheld {
        Some(Withheld::Unread { text }) => Some(text.clone()),
        _ => None,
    });
    if let Some(text) = texts.next() {
        notes.push(Note::TimesUnread {
            snapshots: 1 + texts.count(),
            text,
        });
    }
}

/// The instant, or the wall clock taken for one where there is no zone: good enough to
/// compare stamps of one file with each other.
fn moment(dating: &Dating) -> Option<DateTime<Utc>> {
    let stamp = dating.stamp.as_ref()?;
    stamp.utc.or(stamp.local.map(|local| local.and_utc()))
}

/// The offset at which the local stamp of each file's last snapshot falls just before
/// the file's last change in UTC, if all files agree on one.
pub(super) fn offset_hint(
    evidence: &[ClockEvidence<'_>],
    candidates: &[Vec<Candidate>],
) -> Option<OffsetHint> {
    let mut found: Option<OffsetHint> = None;
    for (_, members) in by_artifact(evidence) {
        let Some(last) = members.last() else { continue };
        let hint = evidence
            .get(*last)
            .zip(candidates.get(*last))
            .and_then(|(e, c)| suggested(e, c));
        match (hint, &mut found) {
            (None, _) => {}
            (Some(minutes), None) => {
                found = Some(OffsetHint {
                    minutes,
                    artifacts: 1,
                })
            }
            (Some(minutes), Some(hint)) if hint.minutes == minutes => hint.artifacts += 1,
            (Some(_), Some(_)) => return None,
        }
    }
    found
}

fn suggested(entry: &ClockEvidence<'_>, candidates: &[Candidate]) -> Option<i32> {
    let (FileTime::ArchiveUtc(changed) | FileTime::FileSystem(changed)) = entry.modified? else {
        return None;
    };
    let line = candidates.iter().find(|c| c.source == StampSource::Line)?;
    let Reading::Civil(civil) = &line.reading else {
        return None;
    };
    if civil.zone != WrittenZone::Unstated || line.resolution() > Resolution::Minute {
        return None;
    }
    let ahead = line
        .wall?
        .signed_duration_since(changed.naive_utc())
        .num_seconds();
    let slack = line.resolution().length().num_seconds();
    let quarters = (ahead + WRITES_WITHIN_SECONDS).div_euclid(QUARTER_SECONDS);
    let lag = quarters * QUARTER_SECONDS - ahead;
    let fits = (-STAMP_AHEAD_SECONDS..=WRITES_WITHIN_SECONDS.max(slack)).contains(&lag);
    let minutes = i32::try_from(quarters * 15).ok()?;
    (fits && crate::timeline::zone::Zone::from_minutes(minutes).is_some()).then_some(minutes)
}
