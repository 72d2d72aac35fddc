//! Everything that may date a snapshot, before anything is decided between them.

use chrono::{DateTime, Duration, NaiveDateTime, SubsecRound, Utc};

use super::filename::read_name;
use super::line::read_line;
use super::nearby::{Placed, by_artifact, read_lines};
use super::order::{DateOrder, OrderDecision};
use super::types::{
    Certainty, ClockEvidence, FileTime, Note, Resolution, StampSource, StatedClock, StatedTime,
};
use super::written::{Civil, Fields, Reading, TimeOfDay, WrittenDate, WrittenZone};
use crate::timeline::zone::Zone;

/// One possible stamp of one snapshot.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub source: StampSource,
    pub reading: Reading,
    pub text: String,
    pub line: Option<u64>,
    pub prompt: Option<DateOrder>,
    /// The wall clock, once the order of its date is settled.
    pub wall: Option<NaiveDateTime>,
    /// The instant, once there is a zone.
    pub instant: Option<(DateTime<Utc>, Certainty)>,
    /// Dates that stay possible.
    pub open: Vec<chrono::NaiveDate>,
}

impl Candidate {
    fn new(source: StampSource, reading: Reading, text: String) -> Self {
        let mut made = Candidate {
            source,
            reading,
            text,
            line: None,
            prompt: None,
            wall: None,
            instant: None,
            open: Vec::new(),
        };
        match &made.reading {
            Reading::Instant { utc, .. } => made.instant = Some((*utc, Certainty::Exact)),
            Reading::Civil(civil) if civil.unread => {}
            Reading::Civil(civil) => {
                made.wall = civil
                    .known_date()
                    .map(|d| d.and_time(civil.time_or_day().time));
            }
        }
        made
    }

    /// The numbers of a date whose order is open.
    pub fn fields(&self) -> Option<Fields> {
        match &self.reading {
            Reading::Civil(civil) => match civil.date {
                WrittenDate::Fields(fields) => Some(fields),
                WrittenDate::Known(_) => None,
            },
            Reading::Instant { .. } => None,
        }
    }

    /// The zone that the stamp itself states.
    pub fn stated_zone(&self) -> Option<Zone> {
        match &self.reading {
            Reading::Civil(civil) => match civil.zone {
                WrittenZone::Stated { zone, .. } => Some(zone),
                WrittenZone::Unstated => None,
            },
            Reading::Instant { .. } => Some(Zone::Utc),
        }
    }

    /// True when its time is written and cannot be read.
    pub fn is_unread(&self) -> bool {
        matches!(&self.reading, Reading::Civil(civil) if civil.unread)
    }

    pub fn resolution(&self) -> Resolution {
        match &self.reading {
            Reading::Instant { resolution, .. } => *resolution,
            Reading::Civil(civil) => civil.time_or_day().resolution,
        }
    }
}

/// Everything that may date each snapshot: the line beside it, the name of its file
/// (which dates the first snapshot of several), and, only where neither is there, the
/// file's last change, which dates the last.
pub(super) fn gather(evidence: &[ClockEvidence<'_>], notes: &mut Vec<Note>) -> Vec<Vec<Candidate>> {
    let lines = read_lines(evidence, notes);
    let mut out: Vec<Vec<Candidate>> = Vec::with_capacity(evidence.len());
    for (entry, line) in evidence.iter().zip(lines) {
        let mut own = Vec::new();
        own.extend(line.map(from_line));
        own.extend(entry.stated.and_then(from_stated));
        if entry.position == 0 {
            own.extend(read_name(entry.artifact_name).map(|reading| {
                Candidate::new(
                    StampSource::FileName,
                    reading,
                    base_name(entry.artifact_name),
                )
            }));
        }
        out.push(own);
    }
    for (artifact, members) in by_artifact(evidence) {
        let bare = members
            .iter()
            .all(|i| out.get(*i).is_none_or(Vec::is_empty));
        if let (true, Some(last)) = (bare, members.last())
            && let Some(candidate) = evidence.get(*last).and_then(from_file_time)
        {
            if members.len() > 1 {
                let source = candidate.source;
                notes.push(Note::OneTimeForMany {
                    artifact,
                    snapshots: members.len(),
                    source,
                });
            }
            if let Some(own) = out.get_mut(*last) {
                own.push(candidate);
            }
        } else if members.len() > 1 {
            note_name_alone(artifact, &members, &out, notes);
        }
    }
    out
}

/// Says so where a file of several snapshots is dated by its name alone.
fn note_name_alone(
    artifact: usize,
    members: &[usize],
    candidates: &[Vec<Candidate>],
    notes: &mut Vec<Note>,
) {
    let mut sources = members
        .iter()
        .filter_map(|i| candidates.get(*i))
        .flatten()
        .map(|c| c.source);
    if let (Some(source @ StampSource::FileName), None) = (sources.next(), sources.next()) {
        notes.push(Note::OneTimeForMany {
            artifact,
            snapshots: members.len(),
            source,
        });
    }
}

fn from_line(placed: Placed) -> Candidate {
    let mut made = Candidate::new(StampSource::Line, placed.reading, placed.text);
    made.line = Some(placed.line);
    made.prompt = placed.prompt;
    made
}

/// What the snapshot's form states; words that are no date and time state nothing.
fn from_stated(stated: StatedTime<'_>) -> Option<Candidate> {
    let reading = match stated.clock {
        StatedClock::Instant(utc) => Reading::Instant {
            utc,
            resolution: Resolution::Second,
        },
        StatedClock::Utc | StatedClock::Local => {
            let mut reading = read_line(stated.text.as_bytes()).reading?;
            if let (Reading::Civil(civil), StatedClock::Utc) = (&mut reading, stated.clock) {
                civil.zone = WrittenZone::Stated {
                    zone: Zone::Utc,
                    names_zone: None,
                };
            }
            reading
        }
    };
    let mut made = Candidate::new(stated.source, reading, stated.text.to_owned());
    made.line = Some(stated.line);
    Some(made)
}

/// A file's last change, in whole seconds: finer steps are lost on the way into most archives, and
/// a folder and an archive of it shall give one report.
fn from_file_time(entry: &ClockEvidence<'_>) -> Option<Candidate> {
    let instant = |source, utc: DateTime<Utc>| {
        let utc = utc.trunc_subsecs(0);
        let resolution = Resolution::Second;
        (
            source,
            Reading::Instant { utc, resolution },
            utc.to_rfc3339(),
        )
    };
    let (source, reading, text) = match entry.modified? {
        FileTime::ArchiveUtc(at) => instant(StampSource::ArchiveUtc, at),
        FileTime::FileSystem(at) => instant(StampSource::FileSystem, at),
        FileTime::ArchiveLocal(local) => {
            let civil = Civil {
                date: WrittenDate::Known(local.date()),
                weekday: None,
                time: Some(TimeOfDay {
                    time: local.time(),
                    resolution: Resolution::TwoSeconds,
                }),
                unread: false,
                zone: WrittenZone::Unstated,
            };
            (
                StampSource::ArchiveLocal,
                Reading::Civil(civil),
                local.to_string(),
            )
        }
    };
    Some(Candidate::new(source, reading, text))
}

fn base_name(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    base.chars().take(120).collect()
}

impl Candidate {
    /// Reads the numbers of the date in the order that was settled for their form.
    pub fn read_as(&mut self, fields: Fields, decision: &OrderDecision) {
        let Reading::Civil(civil) = &self.reading else {
            return;
        };
        let mut dates: Vec<_> = match decision.order {
            Some(order) => fields.date(order).into_iter().collect(),
            None if decision.left.is_empty() => fields
                .form
                .orders()
                .iter()
                .filter_map(|o| fields.date(*o))
                .collect(),
            None => decision
                .left
                .iter()
                .filter_map(|order| fields.date(*order))
                .collect(),
        };
        dates.sort_unstable();
        dates.dedup();
        if let ([only], false) = (dates.as_slice(), civil.unread) {
            self.wall = Some(only.and_time(civil.time_or_day().time));
        }
        self.open = dates;
    }
}

/// Distance of two instants or of two wall clocks of one candidate pair.
pub(super) fn apart(a: &Candidate, b: &Candidate) -> Option<Duration> {
    match (a.stated_zone(), b.stated_zone()) {
        (None, None) => Some(a.wall?.signed_duration_since(b.wall?)),
        _ => {
            let naive = |c: &Candidate| c.wall.or(c.instant.map(|(at, _)| at.naive_utc()));
            Some(naive(a)?.signed_duration_since(naive(b)?))
        }
    }
}
