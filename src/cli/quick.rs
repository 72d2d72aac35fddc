//! `refusals` and `tags`: one kind of artifact alone, for a quick look.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::args::{Common, QuickArgs, QuickFormat, TagsArgs};
use super::exit::{Exit, Failure};
use super::output::{safe, to_stdout};
use super::{analyze, password, progress, redact};
use crate::case::{self, LogsAlone};
use crate::report::model::{Pool, Report, TagRow};

/// Roles of artifacts that hold snapshots.
const SNAPSHOT_ROLES: [&str; 3] = ["poolmon", "pool_table", "debugger_log"];

/// Outages and reasons shown in text; the JSON has all.
const MAX_SHOWN: usize = 20;

pub(super) fn refusals(args: &QuickArgs, common: &Common) -> Result<Exit, Failure> {
    let redaction = redact::prepare(&args.redact, None, common)?;
    let bundle = password::open(&args.files, common)?;
    let read = {
        let progress = progress::of(common);
        case::refusals(&bundle, progress.as_ref())
    };
    let read = match redaction {
        Some(redaction) => redaction.logs(read, &bundle)?,
        None => read,
    };
    if read.files.is_empty() {
        let seen = read
            .others
            .first()
            .map_or_else(String::new, |(name, role)| {
                format!(" ({name} is taken for: {role})")
            });
        return Err(Failure::Nothing(format!(
            "none of the files is an HTTPERR log{seen}: its rows begin with a date and time and hold a reason such as Timer_ConnectionIdle"
        )));
    }
    if !common.quiet {
        remarks(&read);
    }
    match args.format {
        QuickFormat::Text => to_stdout(|out| refusals_text(&read, out))?,
        QuickFormat::Json => to_stdout(|out| refusals_json(&read, out))?,
    }
    Ok(Exit::Done)
}

/// What was odd, on stderr.
fn remarks(read: &LogsAlone) {
    let mut err = io::stderr().lock();
    for (name, notes) in &read.files {
        for note in notes {
            let _ = writeln!(err, "{}: {}", safe(name), safe(note));
        }
    }
    for (name, role) in &read.others {
        let _ = writeln!(err, "{}: not read, taken for: {role}", safe(name));
    }
    for note in &read.notes {
        let _ = writeln!(err, "{}", safe(note));
    }
}

fn refusals_text(read: &LogsAlone, out: &mut dyn Write) -> io::Result<()> {
    let r = &read.refusals;
    let least = if r.uncounted_rows > 0 {
        "at least "
    } else {
        ""
    };
    let (total, rows, logs) = (
        noun(r.total, "connection"),
        noun(r.rows, "row"),
        noun(read.files.len() as u64, "log"),
    );
    writeln!(out, "{least}{total} refused, {rows}, {logs}")?;
    if let (Some(first), Some(last)) = (&r.log_first, &r.log_last) {
        writeln!(out, "logs cover {first} to {last}")?;
    }
    if r.unanalysable_logs > 0 {
        writeln!(
            out,
            "without s-reason, unable to show refusals: {}",
            noun(r.unanalysable_logs, "log")
        )?;
    }
    if !r.episodes.is_empty() {
        writeln!(
            out,
            "\n{:20}  {:20}  {:>8}  {:>10}  end",
            "first refusal", "last refusal", "rows", "refused"
        )?;
        for e in r.episodes.iter().take(MAX_SHOWN) {
            let end = if e.ended == "log_ends" {
                "log ends"
            } else {
                "log goes on"
            };
            writeln!(
                out,
                "{:20}  {:20}  {:>8}  {:>10}  {end}",
                e.start, e.end, e.rows, e.total
            )?;
        }
        more(out, r.episodes.len())?;
    }
    let mut reasons: Vec<(&String, &u64)> = r.reasons.iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    if !reasons.is_empty() {
        writeln!(out, "\n{:>10}  reason", "rows")?;
        for (name, rows) in reasons.iter().take(MAX_SHOWN) {
            writeln!(out, "{rows:>10}  {}", safe(name))?;
        }
        more(out, reasons.len())?;
    }
    Ok(())
}

/// A count and its noun.
fn noun(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}

fn more(out: &mut dyn Write, all: usize) -> io::Result<()> {
    if all > MAX_SHOWN {
        writeln!(
            out,
            "... and {} more (--format json has all)",
            all - MAX_SHOWN
        )?;
    }
    Ok(())
}

#[derive(Serialize)]
struct RefusalsJson<'a> {
    refusals: &'a crate::report::model::Refusals,
    files: BTreeMap<&'a str, &'a [String]>,
    not_read: BTreeMap<&'a str, &'a str>,
    notes: &'a [String],
}

fn refusals_json(read: &LogsAlone, out: &mut dyn Write) -> io::Result<()> {
    let value = RefusalsJson {
        refusals: &read.refusals,
        files: read
            .files
            .iter()
            .map(|(name, notes)| (name.as_str(), notes.as_slice()))
            .collect(),
        not_read: read
            .others
            .iter()
            .map(|(name, role)| (name.as_str(), *role))
            .collect(),
        notes: &read.notes,
    };
    serde_json::to_writer_pretty(&mut *out, &value)?;
    writeln!(out)
}

pub(super) fn tags(args: &TagsArgs, common: &Common) -> Result<Exit, Failure> {
    let redaction = redact::prepare(&args.redact, None, common)?;
    let bundle = password::open(&args.files, common)?;
    let options = analyze::options(&args.facts)?;
    let report = {
        let progress = progress::of(common);
        case::analyse(&bundle, &[], &options, progress.as_ref())
    };
    let report = match redaction {
        Some(redaction) => redaction.report(report, &[&bundle], &args.redact)?,
        None => report,
    };
    if report.pool.snapshots == 0 {
        let notes: Vec<&String> = report
            .coverage
            .artifacts
            .iter()
            .flat_map(|a| &a.notes)
            .collect();
        let why = notes
            .first()
            .map_or_else(String::new, |note| format!(": {}", safe(note)));
        return Err(Failure::Nothing(format!("no pool snapshot found{why}")));
    }
    if !common.quiet {
        pool_remarks(&report);
    }
    match args.format {
        QuickFormat::Text => to_stdout(|out| tags_text(&report, args.top, out))?,
        QuickFormat::Json => to_stdout(|out| tags_json(&report.pool, out))?,
    }
    Ok(Exit::Done)
}

/// What was odd about the snapshots, on stderr.
fn pool_remarks(report: &Report) {
    let mut err = io::stderr().lock();
    let coverage = &report.coverage;
    for artifact in coverage
        .artifacts
        .iter()
        .filter(|a| SNAPSHOT_ROLES.contains(&a.role) || a.used == "not_understood")
    {
        for note in &artifact.notes {
            let _ = writeln!(err, "{}: {}", safe(&artifact.name), safe(note));
        }
    }
    for note in coverage.notes.iter().chain(&coverage.limits_hit) {
        let _ = writeln!(err, "{}", safe(note));
    }
}

fn tags_text(report: &Report, top: usize, out: &mut dyn Write) -> io::Result<()> {
    let pool = &report.pool;
    let span = match (&pool.first, &pool.last) {
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        _ => ", not dated in UTC".to_owned(),
    };
    let (snapshots, epochs) = (
        noun(pool.snapshots, "snapshot"),
        noun(pool.epochs.len() as u64, "boot epoch"),
    );
    writeln!(out, "{snapshots}, {epochs}{span}")?;
    writeln!(
        out,
        "\n{:16}  {:8}  {:18}  {:>15}  {:>14}  {:>6}",
        "tag", "pool", "class", "bytes now", "growth/h", "share"
    )?;
    for row in pool.tags.iter().take(top) {
        writeln!(
            out,
            "{:16}  {:8}  {:18}  {:>15}  {:>14}  {:>6}",
            format!("`{}`", safe(&row.tag)),
            row.pool,
            row.class,
            row.bytes_last,
            slope(row),
            row.share_of_growth
                .map_or_else(|| "-".into(), |s| format!("{:.0} %", s * 100.0))
        )?;
    }
    for group in &pool.lockstep {
        writeln!(out, "\n{}", safe(&group.text))?;
    }
    Ok(())
}

fn slope(row: &TagRow) -> String {
    match (row.growth_bytes_per_hour, row.growth_bytes_per_snapshot) {
        (Some(hourly), _) => format!("{hourly:.0}"),
        (None, Some(each)) => format!("{each:.0}/snap"),
        (None, None) => "-".into(),
    }
}

fn tags_json(pool: &Pool, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, pool)?;
    writeln!(out)
}
