//! What Windows' event logs say of a case: each event once, in time, with the clock's steps.
//!
//! One log may lie here in several forms: the log itself, an XML export, a table. The form that
//! says most is taken first, and of another only what it has beyond that. Local times of tables are
//! dated with the case's zone as stamps of snapshots are, or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::options::Options;
use super::pools::context;
use super::survey::{Survey, Use};
use crate::artifact::events::{self, ClockSet, EventFile, Form, Kind, MAX_EVENT, Place, When};
use crate::bundle::{Artifact, Bundle, ContentDigest, HashingReader};
use crate::diagnosis::clock::Step;
use crate::report::wording::counted;
use crate::timeline::stamp::{ClockEvidence, Line, solve};

/// Local times of one file that are dated; more of what matters in one table is no case.
const MAX_LOCAL: usize = 10_000;

/// One artifact of events.
pub(super) struct EventLog {
    pub(super) artifact: usize,
    pub(super) file: EventFile,
    /// Its events name other machines only than the case does.
    pub(super) foreign: bool,
}

impl EventLog {
    pub(super) fn new(artifact: usize, file: EventFile) -> Self {
        EventLog {
            artifact,
            file,
            foreign: false,
        }
    }
}

/// An event with its time.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Milliseconds since 1970 UTC.
    pub(super) at: i64,
    pub(super) kind: Kind,
    pub(super) number: Option<u64>,
    pub(super) artifact: usize,
    pub(super) place: Place,
}

/// All event logs of a case.
#[derive(Default)]
pub(super) struct EventFacts {
    /// Logs and exports that count, copies left out.
    pub(super) logs: u64,
    /// Events in them of any kind; those of exports of one log count as often as they stand there.
    pub(super) read: u64,
    /// First and last event of any kind, in seconds, where times are in UTC.
    pub(super) span: Option<(i64, i64)>,
    /// Events that matter, each once, in time.
    pub(super) events: Vec<Event>,
    /// Events that matter without a time in UTC, and why the first has none.
    pub(super) undated: u64,
    pub(super) undated_why: Option<String>,
    /// Settings of the clock that are no mere corrections, in time, with the event of each.
    pub(super) steps: Vec<(Step, usize)>,
}

impl EventFacts {
    /// Events of some kind, in time.
    pub(super) fn of(&self, wanted: impl Fn(&Kind) -> bool) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| wanted(&event.kind))
    }

    /// The last start of Windows at or before a moment that is logged.
    pub(super) fn start_before(&self, moment: i64) -> Option<i64> {
        let before = self.events.partition_point(|event| event.at <= moment);
        let earlier = self.events.get(..before)?;
        let start = earlier.iter().rev().find(|event| event.kind.is_start())?;
        Some(start.at)
    }
}

/// Reads an artifact of events, and takes its digest.
pub(super) fn read(
    bundle: &Bundle,
    artifact: &Artifact,
    notes: &mut Vec<String>,
) -> (ContentDigest, Use, Option<EventFile>) {
    let Ok(reader) = bundle.open_artifact(artifact.id) else {
        return (ContentDigest::Unreadable, Use::Unreadable, None);
    };
    let mut hashing = HashingReader::new(reader);
    let (file, trouble) = events::read(&mut hashing);
    let digest = match hashing.finish() {
        Ok((sha256, _, reader)) if reader.fault().is_none() => ContentDigest::Whole(sha256),
        Ok((sha256, _, _)) => ContentDigest::Partial(sha256),
        Err(_) => ContentDigest::Unreadable,
    };
    describe(&file, trouble, notes);
    let used = match (
        file.events,
        file.marks.len(),
        file.damaged + file.damaged_chunks,
    ) {
        (0, _, _) => Use::NotUnderstood,
        (_, 0, _) => Use::NotNeeded,
        (_, _, 0) => Use::Used,
        _ => Use::PartlyUsed,
    };
    (digest, used, Some(file))
}

fn describe(file: &EventFile, trouble: Option<io::Error>, notes: &mut Vec<String>) {
    if let Some(why) = trouble {
        notes.push(format!("reading failed: {why}"));
    }
    match file.form {
        Form::Evt => notes.push(
            "the binary log of Windows Server 2003, which is not read: save it as CSV in its Event Viewer"
                .to_owned(),
        ),
        form => notes.push(format!(
            "{}: {}, {} of kinds that matter here",
            form.name(),
            counted(file.events, "event"),
            file.marks.len() as u64 + file.more_marks
        )),
    }
    let unit = match file.form {
        Form::Evtx => "record",
        Form::Table => "row",
        _ => "event",
    };
    let left_out = [
        (
            file.damaged,
            unit,
            format!(
                "could not be read (damaged, or longer than {} KiB)",
                MAX_EVENT >> 10
            ),
        ),
        (
            file.damaged_chunks,
            "chunk",
            "damaged or cut off: events are missing".to_owned(),
        ),
        (
            file.more_marks,
            "event",
            "of kinds that matter beyond the limit, counted only".to_owned(),
        ),
    ];
    let said = left_out.into_iter().filter(|(count, _, _)| *count > 0);
    notes.extend(said.map(|(count, noun, what)| format!("{} {what}", counted(count, noun))));
}

/// Brings all logs of a case together.
pub(super) fn settle(bundle: &Bundle, survey: &mut Survey, options: &Options) -> EventFacts {
    mark_foreign(survey);
    mark_copies(survey);
    let mut facts = EventFacts::default();
    let mut order: Vec<usize> = (0..survey.events.len())
        .filter(|&index| !survey.events[index].foreign)
        .filter(|&index| !is_copy(survey, survey.events[index].artifact))
        .collect();
    order.sort_by_key(|&index| (survey.events[index].file.form, index));
    let mut known: BTreeMap<Key, u64> = BTreeMap::new();
    for index in order {
        let log = &survey.events[index];
        facts.logs += u64::from(log.file.events > 0);
        facts.read += log.file.events;
        if let Some((first, last)) = log.file.span {
            let (first, last) = (first.timestamp(), last.timestamp());
            let (from, to) = facts.span.unwrap_or((first, last));
            facts.span = Some((from.min(first), to.max(last)));
        }
        let dated = dated(bundle, survey, log, options, &mut facts);
        add_new(dated, &mut known, &mut facts.events);
    }
    facts
        .events
        .sort_by_key(|event| (event.at, event.number, event.artifact, event.place));
    facts.steps = steps(&facts.events);
    note_undated(survey, &facts);
    facts
}

fn is_copy(survey: &Survey, artifact: usize) -> bool {
    survey
        .entries
        .get(artifact)
        .is_some_and(|e| e.used == Use::Duplicate)
}

/// A log whose events name only machines that the case does not is of another machine.
fn mark_foreign(survey: &mut Survey) {
    let manifests = survey
        .manifests
        .iter()
        .filter_map(|(_, m)| m.host.name.clone());
    let systems = survey.systems.iter().filter_map(|(_, s)| s.host.as_ref());
    let hosts: BTreeSet<String> = manifests
        .chain(systems.map(|host| host.value.clone()))
        .map(|name| short(&name))
        .collect();
    for log in &mut survey.events {
        let computers: BTreeSet<String> = log.file.computers.iter().map(|c| short(c)).collect();
        log.foreign = !hosts.is_empty() && !computers.is_empty() && hosts.is_disjoint(&computers);
        let note = match (log.foreign, computers.len()) {
            (true, _) => "its events name another machine than the case does: not used",
            (false, 0 | 1) => continue,
            (false, _) => "its events name several machines, or one that was renamed",
        };
        if let Some(entry) = survey.entries.get_mut(log.artifact) {
            entry.notes.push(note.to_owned());
            if log.foreign {
                entry.used = Use::NotNeeded;
            }
        }
    }
}

/// A machine's name without its domain.
fn short(name: &str) -> String {
    name.trim()
        .split('.')
        .next()
        .unwrap_or_default()
        .to_lowercase()
}

fn mark_copies(survey: &mut Survey) {
    let mut seen: Vec<ContentDigest> = Vec::new();
    for log in &survey.events {
        let Some(entry) = survey.entries.get_mut(log.artifact) else {
            continue;
        };
        if !matches!(entry.digest, ContentDigest::Whole(_)) {
            continue;
        }
        if seen.contains(&entry.digest) {
            entry.used = Use::Duplicate;
            entry
                .notes
                .push("another artifact has the same bytes: its events count once".into());
        } else {
            seen.push(entry.digest);
        }
    }
}

/// The events of one file that have a time.
fn dated(
    bundle: &Bundle,
    survey: &Survey,
    log: &EventLog,
    options: &Options,
    facts: &mut EventFacts,
) -> Vec<Event> {
    let marks = &log.file.marks;
    let mut at: Vec<Option<i64>> = marks
        .iter()
        .map(|mark| match mark.when {
            When::Utc(at) => Some(at.timestamp_millis()),
            _ => None,
        })
        .collect();
    let mut local: Vec<usize> = (0..marks.len())
        .filter(|&index| matches!(marks[index].when, When::Local(_)))
        .take(MAX_LOCAL)
        .collect();
    if log.file.newest_first() {
        local.reverse();
    }
    let solution = solve(&evidence(log, &local), &context(survey, options));
    for (&index, dating) in local.iter().zip(&solution.datings) {
        at[index] = dating.utc().map(|at| at.timestamp_millis());
        if let (None, Some(why)) = (at[index], &dating.withheld) {
            let name = bundle
                .artifacts()
                .get(log.artifact)
                .map(|a| a.name.to_string());
            let say = || format!("{}: {why}; {}", name.unwrap_or_default(), why.remedy());
            facts.undated_why.get_or_insert_with(say);
        }
    }
    let mut dated = Vec::new();
    for (mark, at) in marks.iter().zip(at) {
        let Some(at) = at else {
            facts.undated += 1;
            continue;
        };
        dated.push(Event {
            at,
            kind: put_in_order(&mark.kind, at),
            number: mark.number,
            artifact: log.artifact,
            place: mark.place,
        });
    }
    dated
}

/// Each local time as if it dated a snapshot of its own; the file's name dates nothing.
fn evidence<'a>(log: &'a EventLog, local: &[usize]) -> Vec<ClockEvidence<'a>> {
    let mut all = Vec::with_capacity(local.len());
    for (position, &index) in local.iter().enumerate() {
        let mark = &log.file.marks[index];
        let (When::Local(text), Place::Line(number)) = (&mark.when, mark.place) else {
            continue;
        };
        all.push(ClockEvidence {
            artifact: 0,
            artifact_name: "",
            position,
            snapshots: local.len(),
            before: vec![Line {
                number,
                text: text.as_bytes(),
            }],
            after: Vec::new(),
            modified: None,
            stated: None,
        });
    }
    all
}

/// Of two times in a message, in an order that depends on its language, the one nearer to the
/// event is what the clock was set to.
fn put_in_order(kind: &Kind, at: i64) -> Kind {
    match kind {
        Kind::ClockSet(set) if !set.ordered => {
            let far = |time: chrono::DateTime<chrono::Utc>| time.timestamp_millis().abs_diff(at);
            let swapped = far(set.old) < far(set.new);
            let (old, new) = if swapped {
                (set.new, set.old)
            } else {
                (set.old, set.new)
            };
            Kind::ClockSet(ClockSet {
                old,
                new,
                ordered: true,
                ..*set
            })
        }
        other => other.clone(),
    }
}

/// What makes an event the same in another form: tables have no fractions of seconds.
type Key = (i64, u32, String);

fn key(event: &Event) -> Key {
    let detail = match &event.kind {
        Kind::Installed { image, .. } => image.clone().unwrap_or_default().to_lowercase(),
        _ => String::new(),
    };
    (event.at.div_euclid(1_000), event.kind.id(), detail)
}

/// Adds the events of a file that are not among the known ones; equal events count as often as
/// they stand in the file that has most of them.
fn add_new(dated: Vec<Event>, known: &mut BTreeMap<Key, u64>, all: &mut Vec<Event>) {
    let mut here: BTreeMap<Key, u64> = BTreeMap::new();
    for event in dated {
        let count = here.entry(key(&event)).or_default();
        *count += 1;
        if *count > known.get(&key(&event)).copied().unwrap_or(0) {
            all.push(event);
        }
    }
    for (key, count) in here {
        let most = known.entry(key).or_default();
        *most = (*most).max(count);
    }
}

/// The settings of the clock that are steps.
fn steps(events: &[Event]) -> Vec<(Step, usize)> {
    let step = |(index, event): (usize, &Event)| match &event.kind {
        Kind::ClockSet(set) => {
            let (old, new) = (set.old.timestamp(), set.new.timestamp());
            Step::of(old, new, set.reason).map(|step| (step, index))
        }
        _ => None,
    };
    events.iter().enumerate().filter_map(step).collect()
}

fn note_undated(survey: &mut Survey, facts: &EventFacts) {
    if facts.undated == 0 {
        return;
    }
    let unread = |log: &EventLog| {
        !log.foreign
            && log
                .file
                .marks
                .iter()
                .any(|mark| !matches!(mark.when, When::Utc(_)))
    };
    let artifacts: Vec<usize> = survey
        .events
        .iter()
        .filter(|l| unread(l))
        .map(|l| l.artifact)
        .collect();
    for artifact in artifacts {
        if let Some(entry) = survey.entries.get_mut(artifact)
            && entry.used == Use::Used
        {
            entry.used = Use::PartlyUsed;
        }
    }
}
