//! Which of the lines around a snapshot dates it.
//!
//! Collectors write the time and then run poolmon, so a stamp belongs to the snapshot
//! that follows. Only a file which has no stamp before its first snapshot and one after
//! its last is read the other way round. Between two snapshots the stamp nearest to the
//! snapshot it belongs to is taken.

use super::line::{LineReading, LineTime, read_line, whole_day};
use super::order::DateOrder;
use super::types::{ClockEvidence, Line, Note};
use super::written::{Civil, Reading, TimeOfDay, WrittenDate};

/// Lines searched beside one snapshot, nearest first: a long session log may stand
/// between two snapshots, and a stamp far away is not the snapshot's own.
const MAX_LINES: usize = 40;

/// Lines with text that may stand between a date and its time when each has its own
/// line: none in `date /t & time /t`, a prompt in `date` and `time`.
const MAX_BETWEEN: usize = 2;

/// A reading and the line that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub reading: Reading,
    pub line: u64,
    pub text: String,
    pub prompt: Option<DateOrder>,
}

/// For each evidence the stamp in the lines beside its snapshot.
pub(super) fn read_lines(
    evidence: &[ClockEvidence<'_>],
    notes: &mut Vec<Note>,
) -> Vec<Option<Placed>> {
    let mut out: Vec<Option<Placed>> = vec![None; evidence.len()];
    for (artifact, members) in by_artifact(evidence) {
        let gaps = Gaps::read(evidence, &members, artifact, notes);
        let follow = gaps.stamps_follow();
        if follow {
            notes.push(Note::StampsFollow { artifact });
        }
        let mut several = 0;
        for (place, index) in members.iter().enumerate() {
            let (gap, chosen) = if follow {
                let gap = gaps.gap(place + 1);
                (gap, gap.first())
            } else {
                let gap = gaps.gap(place);
                (gap, gap.last())
            };
            several += usize::from(gap.iter().filter(|p| p.reading.is_complete()).count() > 1);
            if let Some(slot) = out.get_mut(*index) {
                *slot = chosen.cloned();
            }
        }
        if several > 0 {
            notes.push(Note::SeveralStamps {
                artifact,
                snapshots: several,
            });
        }
    }
    out
}

/// The evidence of each artifact in file order, artifacts in the order of their numbers.
pub(super) fn by_artifact(evidence: &[ClockEvidence<'_>]) -> Vec<(usize, Vec<usize>)> {
    let mut keyed: Vec<(usize, usize, usize)> = evidence
        .iter()
        .enumerate()
        .map(|(i, e)| (e.artifact, e.position, i))
        .collect();
    keyed.sort_unstable();
    let mut out: Vec<(usize, Vec<usize>)> = Vec::new();
    for (artifact, _, index) in keyed {
        match out.last_mut() {
            Some((same, members)) if *same == artifact => members.push(index),
            _ => out.push((artifact, vec![index])),
        }
    }
    out
}

/// The stamps in each stretch between snapshots: before the first, ..., after the last.
struct Gaps(Vec<Vec<Placed>>);

impl Gaps {
    fn read(
        evidence: &[ClockEvidence<'_>],
        members: &[usize],
        artifact: usize,
        notes: &mut Vec<Note>,
    ) -> Gaps {
        let mut skipped = 0;
        let mut gaps = Vec::with_capacity(members.len() + 1);
        let entries: Vec<&ClockEvidence<'_>> = members
            .iter()
            .filter_map(|index| evidence.get(*index))
            .collect();
        for entry in &entries {
            let from = entry.before.len().saturating_sub(MAX_LINES);
            skipped += from;
            gaps.push(stamps(entry.before.get(from..).unwrap_or_default()));
        }
        let after = entries
            .last()
            .map(|entry| entry.after.as_slice())
            .unwrap_or_default();
        skipped += after.len().saturating_sub(MAX_LINES);
        gaps.push(stamps(after.get(..MAX_LINES).unwrap_or(after)));
        if skipped > 0 {
            notes.push(Note::LinesNotSearched {
                artifact,
                lines: skipped,
            });
        }
        Gaps(gaps)
    }

    fn gap(&self, index: usize) -> &[Placed] {
        self.0.get(index).map(Vec::as_slice).unwrap_or_default()
    }

    fn stamps_follow(&self) -> bool {
        let first = self.0.first().is_some_and(|gap| gap.is_empty());
        first && self.0.last().is_some_and(|gap| !gap.is_empty())
    }
}

/// The stamps in a stretch of lines. One with a time, legible or not, outdoes a date alone.
fn stamps(lines: &[Line<'_>]) -> Vec<Placed> {
    let read: Vec<(u64, LineReading)> = lines
        .iter()
        .map(|line| (line.number, read_line(line.text)))
        .collect();
    let prompt = read.iter().find_map(|(_, reading)| reading.prompt);
    let mut out: Vec<Placed> = Vec::new();
    for (index, (number, line)) in read.iter().enumerate() {
        let Some(reading) = line.reading.clone() else {
            continue;
        };
        let placed = Placed {
            reading,
            line: *number,
            text: line.text.clone(),
            prompt,
        };
        out.push(completed(placed, index, &read));
    }
    if out.iter().any(|placed| placed.reading.has_time()) {
        out.retain(|placed| placed.reading.has_time());
    }
    out
}

/// Joins a date alone with the time that has a line of its own near it.
fn completed(mut placed: Placed, index: usize, read: &[(u64, LineReading)]) -> Placed {
    let Reading::Civil(civil) = &mut placed.reading else {
        return placed;
    };
    if civil.is_complete() || civil.unread {
        return placed;
    }
    if let Some((time, text)) = time_near(index, read) {
        time.clone().complete(civil);
        placed.text = format!("{} {text}", placed.text);
    }
    placed
}

fn time_near(index: usize, read: &[(u64, LineReading)]) -> Option<(&LineTime, &str)> {
    let own = |(_, line): &(u64, LineReading)| line.reading.is_none();
    let with_text = |entry: &&(u64, LineReading)| !entry.1.text.is_empty();
    let behind = read.get(index + 1..).unwrap_or_default();
    let before = read.get(..index).unwrap_or_default();
    let mut near = behind
        .iter()
        .filter(with_text)
        .take(MAX_BETWEEN)
        .take_while(|entry| own(entry))
        .chain(
            before
                .iter()
                .rev()
                .filter(with_text)
                .take(1)
                .take_while(|entry| own(entry)),
        );
    near.find_map(|(_, line)| {
        let time = line.time.as_ref()?;
        Some((time, line.text.as_str()))
    })
}

impl Civil {
    /// The time, or the first moment of the day where there is none.
    pub(super) fn time_or_day(&self) -> TimeOfDay {
        self.time.unwrap_or_else(whole_day)
    }

    /// The day, where the writing itself tells it.
    pub(super) fn known_date(&self) -> Option<chrono::NaiveDate> {
        match self.date {
            WrittenDate::Known(date) => Some(date),
            WrittenDate::Fields(_) => None,
        }
    }
}
