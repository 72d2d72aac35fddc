//! What coverage says of a counter log.

use super::Clock;
use crate::artifact::perfmon::{Form, Machine, PerfLog};
use crate::bundle::{Artifact, Basis};
use crate::case::survey::Use;
use crate::report::wording::bare;

/// Of a binary log.
pub(super) const BINARY: &str = "a binary counter log is not read: on any Windows machine, `relog FILE -f csv -o FILE.csv` makes text of it";

/// Machines named in one note.
const MAX_NAMED: usize = 8;

/// True for what only its name calls a counter log.
pub(in crate::case) fn is_binary(artifact: &Artifact) -> bool {
    artifact.why.basis == Basis::NameOnly
}

/// How far a log could be used, with notes of what could not.
pub(super) fn log(log: &PerfLog, notes: &mut Vec<String>) -> Use {
    let counts = &log.notes;
    if let Some(why) = &counts.failure {
        notes.push(format!("reading failed: {why}"));
    }
    let lines = [
        (counts.undated, "row", "left out: no time in its first cell"),
        (counts.unreadable, "cell", "left out: not a number"),
    ];
    for ((count, first), noun, what) in lines {
        if count > 0 {
            notes.push(format!(
                "{} {what} (first: line {first})",
                bare(count, noun)
            ));
        }
    }
    let counted = [
        (counts.cut, "line", "left out: longer than any log's"),
        (
            counts.missing,
            "sample",
            "missing of counters in use: blank in the log",
        ),
        (
            counts.beyond,
            "column",
            "beyond the machines and processes that are kept apart",
        ),
    ];
    for (count, noun, what) in counted {
        if count > 0 {
            notes.push(format!("{} {what}", bare(count, noun)));
        }
    }
    if counts.day_first {
        notes.push("another program than Windows wrote the dates anew, as day before month".into());
    }
    if counts.order_open {
        notes.push("another program than Windows wrote the dates anew, and no day is beyond 12: they are read as month before day, as Windows has them".into());
    }
    for machine in log.machines.iter().filter(|m| m.one_in > 1) {
        notes.push(format!(
            "one sample in {} is kept, of each stretch the one with most nonpaged pool",
            machine.one_in
        ));
    }
    usefulness(log, notes)
}

fn usefulness(log: &PerfLog, notes: &mut Vec<String>) -> Use {
    let counts = &log.notes;
    if log.form == Form::Pdh && counts.used_columns == 0 {
        let example = counts.example.as_deref().unwrap_or("none");
        notes.push(format!(
            "{}, none of them a counter of memory, of handles or of the system's age under its English, German or French name (first: {example}); \
             names in other languages are not guessed",
            bare(counts.columns, "column")
        ));
        return Use::NotUnderstood;
    }
    let states_pool = |machine: &Machine| machine.samples.iter().any(|s| s.nonpaged.is_some());
    if !log.machines.iter().any(states_pool) {
        notes.push(
            "no sample of Pool Nonpaged Bytes: it does not say how high the pool stood".into(),
        );
    }
    let spoilt = counts.undated.0 + counts.unreadable.0 + counts.cut;
    match (counts.rows, spoilt) {
        (0, _) => Use::NotUnderstood,
        (_, 0) if counts.failure.is_none() => Use::Used,
        _ => Use::PartlyUsed,
    }
}

/// Of machines whose counters are left alone.
pub(super) fn others(others: &[&Machine], host: Option<&str>, notes: &mut Vec<String>) {
    let names: Vec<&str> = others.iter().filter_map(|m| m.name.as_deref()).collect();
    if names.is_empty() {
        return;
    }
    let shown = names.iter().take(MAX_NAMED).copied();
    notes.push(format!(
        "counters of {} are not used: the case is of {}",
        shown.collect::<Vec<_>>().join(", "),
        host.unwrap_or("another machine")
    ));
}

/// Of the clock of a log.
pub(super) fn clock(clock: &Clock, log: &PerfLog, notes: &mut Vec<String>) {
    if log.machines.is_empty() {
        return;
    }
    match clock {
        Clock::Bias(zone, stated) => notes.push(format!(
            "the zone in its header, ({}), is not known by its name: all rows are dated by its offset {zone}, \
             and changes to or from daylight saving within it are not followed",
            stated.name
        )),
        Clock::OfCase(zone) => notes.push(format!(
            "its header states no zone: dated by the zone of the case, {zone}"
        )),
        Clock::Utc | Clock::Stated(_) | Clock::Unknown => {}
    }
}
