//! All evidence of a case together: orders of dates, zone, passes, and one best stamp
//! for each snapshot.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, Utc};

use super::candidate::{Candidate, gather};
use super::fold;
use super::nearby::by_artifact;
use super::order::{DateOrder, OrderDecision, Sample, decide};
use super::types::{
    Certainty, ClockEvidence, Context, Dating, FileTime, Note, Resolution, Solution, Stamp,
    StampSource, Withheld,
};
use super::written::{Form, Reading, WrittenZone};
use crate::timeline::zone::{ChosenZone, Zone, ZoneClaim, ZoneSource};

/// Dates every snapshot of a case as far as its evidence allows.
pub fn solve(evidence: &[ClockEvidence<'_>], context: &Context) -> Solution {
    let mut notes = Vec::new();
    let mut candidates = gather(evidence, &mut notes);
    let orders = Orders::settle(evidence, &candidates, context.date_order);
    orders.apply(evidence, &mut candidates);
    super::checks::names(evidence, &candidates, &mut notes);
    let zone = choose_zone(&candidates, context);
    place(evidence, &mut candidates, zone.as_ref(), &mut notes);
    let offset_hint = if zone.is_none() {
        super::checks::offset_hint(evidence, &candidates)
    } else {
        None
    };
    let datings: Vec<Dating> = candidates.iter().map(|own| best(own)).collect();
    super::checks::order(evidence, &datings, &mut notes);
    super::checks::unread(&datings, &mut notes);
    let date_orders = orders.decisions(&mut notes);
    Solution {
        datings,
        date_orders,
        zone,
        offset_hint,
        notes,
    }
}

/// The settled order of each form, for the case or, where a case mixes locales, for
/// each artifact.
struct Orders {
    whole: BTreeMap<Form, OrderDecision>,
    single: BTreeMap<(Form, usize), OrderDecision>,
}

impl Orders {
    fn settle(
        evidence: &[ClockEvidence<'_>],
        candidates: &[Vec<Candidate>],
        told: Option<DateOrder>,
    ) -> Orders {
        let mut forms: BTreeMap<Form, Vec<Sample>> = BTreeMap::new();
        for (artifact, members) in by_artifact(evidence) {
            for index in &members {
                let last = members.last() == Some(index);
                let entry = evidence.get(*index);
                for candidate in candidates.get(*index).into_iter().flatten() {
                    if let Some(sample) = sample(candidate, artifact, entry.filter(|_| last)) {
                        forms.entry(sample.fields.form).or_default().push(sample);
                    }
                }
            }
        }
        let mut orders = Orders {
            whole: BTreeMap::new(),
            single: BTreeMap::new(),
        };
        for (form, samples) in forms {
            let decision = decide(form, &samples, told);
            if decision.left.is_empty() {
                orders.settle_singly(form, &samples, told);
            }
            orders.whole.insert(form, decision);
        }
        orders
    }

    fn settle_singly(&mut self, form: Form, samples: &[Sample], told: Option<DateOrder>) {
        for own in samples.chunk_by(|a, b| a.artifact == b.artifact) {
            if let Some(artifact) = own.first().map(|sample| sample.artifact) {
                let mut decision = decide(form, own, told);
                decision.artifact = Some(artifact);
                self.single.insert((form, artifact), decision);
            }
        }
    }

    fn apply(&self, evidence: &[ClockEvidence<'_>], candidates: &mut [Vec<Candidate>]) {
        for (entry, own) in evidence.iter().zip(candidates) {
            for candidate in own {
                let Some(fields) = candidate.fields() else {
                    continue;
                };
                let single = self.single.get(&(fields.form, entry.artifact));
                if let Some(decision) = single.or_else(|| self.whole.get(&fields.form)) {
                    candidate.read_as(fields, decision);
                }
            }
        }
    }

    fn decisions(self, notes: &mut Vec<Note>) -> Vec<OrderDecision> {
        let all: Vec<OrderDecision> = self
            .whole
            .into_values()
            .chain(self.single.into_values())
            .collect();
        let wrong: usize = all.iter().map(|decision| decision.wrong_weekdays).sum();
        if wrong > 0 {
            notes.push(Note::WeekdayDisagrees { stamps: wrong });
        }
        all
    }
}

fn sample(
    candidate: &Candidate,
    artifact: usize,
    last_of: Option<&ClockEvidence<'_>>,
) -> Option<Sample> {
    let fields = candidate.fields()?;
    let Reading::Civil(civil) = &candidate.reading else {
        return None;
    };
    let last_change = last_of
        .and_then(|entry| entry.modified)
        .map(|modified| match modified {
            FileTime::ArchiveUtc(at) | FileTime::FileSystem(at) => at.date_naive(),
            FileTime::ArchiveLocal(local) => local.date(),
        });
    Some(Sample {
        artifact,
        fields,
        weekday: civil.weekday,
        time: civil.time.map(|time| time.time),
        last_change,
        prompt: candidate.prompt,
    })
}

/// The zone of the case: what was claimed from outside, and what stamps state by name.
fn choose_zone(candidates: &[Vec<Candidate>], context: &Context) -> Option<ChosenZone> {
    let mut claims = context.zones.clone();
    let mut seen = BTreeSet::new();
    for candidate in candidates.iter().flatten() {
        if let Reading::Civil(civil) = &candidate.reading
            && let WrittenZone::Stated {
                zone,
                names_zone: Some(id),
            } = &civil.zone
            && seen.insert(id.clone())
        {
            claims.push(ZoneClaim::new(*zone, ZoneSource::Stamp, id.clone()));
        }
    }
    let zoneless: Vec<NaiveDateTime> = candidates
        .iter()
        .flatten()
        .filter(|candidate| candidate.stated_zone().is_none())
        .filter_map(|candidate| candidate.wall)
        .collect();
    ChosenZone::from_claims(&claims, &zoneless)
}

/// A candidate's place: which evidence, which of its candidates.
type Slot = (usize, usize);

/// The wall clocks of each sequence, by the zone's name; stamps of one file may state
/// different zones.
type Sequences = BTreeMap<(Sequence, String), (Zone, Vec<(NaiveDateTime, Slot)>)>;

/// Stamps that one clock wrote one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sequence {
    /// Lines of one artifact, in file order.
    Lines(usize),
    /// Names of all files, in order of local time.
    Names,
    /// A file time stands alone.
    Single(usize),
}

/// Gives every wall clock its instant, sequence by sequence.
fn place(
    evidence: &[ClockEvidence<'_>],
    candidates: &mut [Vec<Candidate>],
    chosen: Option<&ChosenZone>,
    notes: &mut Vec<Note>,
) {
    for ((sequence, _), (zone, mut members)) in sequences(evidence, candidates, chosen) {
        if sequence == Sequence::Names {
            members.sort_unstable();
        }
        let walls: Vec<NaiveDateTime> = members.iter().map(|(wall, _)| *wall).collect();
        let instants = fold::resolve(zone, &walls);
        note_folds(sequence, &instants, notes);
        for (instant, (_, (index, rank))) in instants.into_iter().zip(members) {
            if let Some(slot) = candidates.get_mut(index).and_then(|own| own.get_mut(rank)) {
                slot.instant = instant;
            }
        }
    }
}

fn sequences(
    evidence: &[ClockEvidence<'_>],
    candidates: &[Vec<Candidate>],
    chosen: Option<&ChosenZone>,
) -> Sequences {
    let mut sequences = Sequences::new();
    for (artifact, members) in by_artifact(evidence) {
        for index in members {
            for (rank, candidate) in candidates.get(index).into_iter().flatten().enumerate() {
                let zone = candidate.stated_zone().or(chosen.map(|chosen| chosen.zone));
                let (Some(zone), Some(wall)) = (zone, candidate.wall) else {
                    continue;
                };
                let sequence = match candidate.source {
                    StampSource::Line | StampSource::Column => Sequence::Lines(artifact),
                    StampSource::FileName => Sequence::Names,
                    _ => Sequence::Single(index),
                };
                let key = (sequence, zone.to_string());
                sequences
                    .entry(key)
                    .or_insert((zone, Vec::new()))
                    .1
                    .push((wall, (index, rank)));
            }
        }
    }
    sequences
}

fn note_folds(
    sequence: Sequence,
    instants: &[Option<(DateTime<Utc>, Certainty)>],
    notes: &mut Vec<Note>,
) {
    let count = |wanted: fn(&Certainty) -> bool| {
        instants
            .iter()
            .flatten()
            .filter(|(_, certainty)| wanted(certainty))
            .count()
    };
    let artifact = match sequence {
        Sequence::Lines(artifact) => Some(artifact),
        Sequence::Names | Sequence::Single(_) => None,
    };
    let settled = count(|c| matches!(c, Certainty::FoldByOrder | Certainty::FoldByInterval));
    let undecided = count(|c| matches!(c, Certainty::FoldUndecided { .. }));
    if settled + undecided > 0 {
        notes.push(Note::Folds {
            artifact,
            settled,
            undecided,
        });
    }
    let skipped = count(|c| matches!(c, Certainty::Skipped));
    if skipped > 0 {
        notes.push(Note::Skipped {
            artifact,
            stamps: skipped,
        });
    }
}

/// The best of a snapshot's candidates: one with an instant before one without, a moment before a
/// day, then the more trusted source.
fn best(candidates: &[Candidate]) -> Dating {
    let day = |c: &Candidate| c.resolution() == Resolution::Day;
    let usable = candidates
        .iter()
        .filter(|c| c.instant.is_some() || c.wall.is_some());
    let chosen = usable.max_by_key(|c| (!day(c), c.instant.is_some(), c.source));
    let unread = candidates.iter().find(|candidate| candidate.is_unread());
    let Some(chosen) = chosen.filter(|chosen| unread.is_none() || !day(chosen)) else {
        return Dating {
            stamp: None,
            withheld: Some(without_stamp(candidates, unread)),
        };
    };
    let stamp = Stamp {
        utc: chosen.instant.map(|(at, _)| at).filter(|_| !day(chosen)),
        local: chosen
            .wall
            .filter(|_| chosen.stated_zone() != Some(Zone::Utc)),
        resolution: chosen.resolution(),
        source: chosen.source,
        certainty: chosen
            .instant
            .map_or(Certainty::Exact, |(_, certainty)| certainty),
        text: chosen.text.clone(),
        line: chosen.line,
    };
    let text = stamp.text.clone();
    let withheld = match (stamp.utc, day(chosen)) {
        (Some(_), _) => None,
        (None, true) => Some(Withheld::DayAlone { text }),
        (None, false) => Some(Withheld::NoZone { text }),
    };
    Dating {
        stamp: Some(stamp),
        withheld,
    }
}

/// Why none of these candidates gives a stamp.
fn without_stamp(candidates: &[Candidate], unread: Option<&Candidate>) -> Withheld {
    if let Some(candidate) = unread {
        let text = candidate.text.clone();
        return Withheld::Unread { text };
    }
    let open = candidates
        .iter()
        .find(|candidate| !candidate.open.is_empty());
    open.map_or(Withheld::NoStamp, |candidate| Withheld::DateOrder {
        text: candidate.text.clone(),
        readings: candidate.open.clone(),
    })
}
