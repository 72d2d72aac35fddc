//! `show`: the evidence of a saved report, checked against the bundle it came from.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{Common, QuickFormat, ShowArgs};
use super::exit::{Exit, Failure};
use super::output::{safe, to_stdout};
use super::password;
use crate::case::lookup::{Found, Integrity, Sought, look_up};
use crate::report::escape::{Charset, columns, fit, fit_end};
use crate::report::saved::{SavedEvidence, SavedReport};
use crate::tag::Tag;

/// Columns of the table of evidence: a terminal's 80, less two blanks between them. The state
/// stands there only where a bundle was looked into, and takes its room from the text.
const ID: usize = 5;
const PLACE: usize = 34;
const STATE: usize = 12;
const TEXT: usize = 37;

/// Ids named where one is not known.
const NEAR: usize = 5;

/// A piece of evidence, and what came of looking it up.
struct Shown<'a> {
    evidence: &'a SavedEvidence,
    cited_by: Vec<String>,
    /// `None` if no bundle was given.
    found: Option<Result<Found, String>>,
}

pub(super) fn run(args: &ShowArgs, common: &Common) -> Result<Exit, Failure> {
    let report = read(&args.report)?;
    let all = args.ids.is_empty();
    let chosen = match all {
        true => report.evidence.iter().collect(),
        false => chosen(&report, &args.ids)?,
    };
    let mut shown: Vec<Shown<'_>> = chosen
        .into_iter()
        .map(|evidence| Shown {
            evidence,
            cited_by: report.cited_by(&evidence.id),
            found: None,
        })
        .collect();
    if !args.bundle.is_empty() {
        check(&report, &mut shown, args, common)?;
    }
    to_stdout(|out| match (args.format, all) {
        (QuickFormat::Json, _) => json(&shown, out),
        (QuickFormat::Text, true) => table(&shown, out),
        (QuickFormat::Text, false) => shown.iter().try_for_each(|one| text(one, out)),
    })?;
    if !common.quiet {
        remarks(&report, &shown, args, all);
    }
    Ok(exit(&shown))
}

/// A changed artifact weighs more than a missing one.
fn exit(shown: &[Shown<'_>]) -> Exit {
    let any = |wanted: fn(&Result<Found, String>) -> bool| {
        shown.iter().filter_map(|s| s.found.as_ref()).any(wanted)
    };
    if any(|found| matches!(found, Ok(found) if found.integrity == Integrity::Changed)) {
        Exit::Refused
    } else if any(Result::is_err) {
        Exit::Failed
    } else {
        Exit::Done
    }
}

fn read(path: &Path) -> Result<SavedReport, Failure> {
    let read = if path == Path::new("-") {
        SavedReport::read(io::stdin().lock())
    } else {
        let file = File::open(path).map_err(|why| Failure::Given {
            path: path.to_owned(),
            why,
        })?;
        SavedReport::read(file)
    };
    read.map_err(|why| Failure::Report {
        path: path.to_owned(),
        why,
    })
}

/// The evidence with these ids, in their order.
fn chosen<'a>(report: &'a SavedReport, ids: &[String]) -> Result<Vec<&'a SavedEvidence>, Failure> {
    ids.iter()
        .map(|typed| {
            let id = match typed.trim_start_matches(['E', 'e']) {
                number if !number.is_empty() => format!("E{number}"),
                _ => typed.clone(),
            };
            let found = report.evidence.iter().find(|e| e.id == id);
            found.ok_or_else(|| unknown(report, typed, &id))
        })
        .collect()
}

fn unknown(report: &SavedReport, typed: &str, id: &str) -> Failure {
    let number = |id: &str| id.strip_prefix('E').and_then(|n| n.parse::<u64>().ok());
    let wanted = number(id).unwrap_or(0);
    let mut near: Vec<&SavedEvidence> = report.evidence.iter().collect();
    near.sort_by_key(|e| number(&e.id).map_or(u64::MAX, |n| n.abs_diff(wanted)));
    near.truncate(NEAR);
    let mut near: Vec<&str> = near.iter().map(|e| e.id.as_str()).collect();
    near.sort_by_key(|id| number(id));
    let near = match near.is_empty() {
        true => "it has none".to_owned(),
        false => format!(
            "near it are {}; without an id, all are listed",
            near.join(", ")
        ),
    };
    Failure::Value(safe(&format!("the report has no evidence {typed}: {near}")))
}

/// Looks everything up in the bundle.
fn check(
    report: &SavedReport,
    shown: &mut [Shown<'_>],
    args: &ShowArgs,
    common: &Common,
) -> Result<(), Failure> {
    let mut bundles = vec![password::open(&args.bundle, common)?];
    for folder in &args.drivers {
        bundles.push(password::open(std::slice::from_ref(folder), common)?);
    }
    let tag = |hex: &&str| format!("0x{hex}").parse::<Tag>().ok();
    let places: Vec<Sought> = shown
        .iter()
        .map(|one| Sought {
            artifact: one.evidence.artifact.clone(),
            sha256: one.evidence.sha256.clone(),
            line: one.evidence.line,
            offset: one.evidence.offset,
            tags: report
                .tags_of(&one.evidence.id)
                .iter()
                .filter_map(tag)
                .collect(),
        })
        .collect();
    let found = look_up(&bundles, &places, u64::from(args.context));
    for (one, found) in shown.iter_mut().zip(found) {
        one.found = Some(found);
    }
    Ok(())
}

/// What is wrong, and what would show more, on stderr.
fn remarks(report: &SavedReport, shown: &[Shown<'_>], args: &ShowArgs, all: bool) {
    let mut err = io::stderr().lock();
    let mut said: Vec<String> = Vec::new();
    for one in shown {
        let wrong = match &one.found {
            Some(Err(why)) => format!("MISSING: {why}"),
            Some(Ok(found)) if found.integrity == Integrity::Changed => format!(
                "CHANGED: {} is not what the report cites (its SHA-256 differs); what stands there now proves nothing",
                found.artifact
            ),
            _ => continue,
        };
        if !said.contains(&wrong) {
            let _ = writeln!(err, "{}", safe(&wrong));
            said.push(wrong);
        }
    }
    if args.bundle.is_empty() && !all {
        let _ = match input_near(report, &args.report) {
            Some(path) => writeln!(
                err,
                "not checked: --bundle {} would compare digests and show the lines themselves",
                safe(&path.to_string_lossy())
            ),
            None => writeln!(
                err,
                "not checked: --bundle PATH (the case's folder, zip or files) would compare digests and show the lines themselves"
            ),
        };
    }
}

/// What was analysed, if it lies here or beside the report under the name that it had.
fn input_near(report: &SavedReport, saved: &Path) -> Option<PathBuf> {
    let name = Path::new(report.case.input.name.as_deref()?);
    // A name only: a report may not send anyone elsewhere.
    let name = Path::new(name.file_name().filter(|last| *last == name.as_os_str())?);
    let beside = saved.parent().map(|folder| folder.join(name));
    [Some(name.to_owned()), beside]
        .into_iter()
        .flatten()
        .find(|path| path.exists())
}

fn place(evidence: &SavedEvidence) -> String {
    let place = match (evidence.line, evidence.offset) {
        (Some(line), _) => format!("{}:{line}", evidence.artifact),
        (None, Some(offset)) => format!("{}+{offset:#x}", evidence.artifact),
        (None, None) => evidence.artifact.clone(),
    };
    match evidence.record {
        Some(record) => format!("{place} record {record}"),
        None => place,
    }
}

fn state(found: &Result<Found, String>) -> &'static str {
    match found {
        Ok(found) => match found.integrity {
            Integrity::Matches => "matches",
            Integrity::Changed => "CHANGED",
            Integrity::NotRecorded => "not recorded",
        },
        Err(_) => "MISSING",
    }
}

fn table(shown: &[Shown<'_>], out: &mut dyn Write) -> io::Result<()> {
    for one in shown {
        let evidence = one.evidence;
        let at = fit_end(&place(evidence), PLACE, Charset::Unicode);
        let blanks = " ".repeat(PLACE.saturating_sub(columns(&at)));
        let (mark, room) = match &one.found {
            Some(found) => (format!("{:STATE$}  ", state(found)), TEXT - STATE - 2),
            None => (String::new(), TEXT),
        };
        let text = fit(&evidence.text, room, Charset::Unicode);
        let id = fit(&evidence.id, ID, Charset::Unicode);
        writeln!(out, "{id:ID$}  {at}{blanks}  {mark}{text}")?;
    }
    Ok(())
}

fn text(one: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    let evidence = one.evidence;
    writeln!(out, "{}  {}", safe(&evidence.id), safe(&place(evidence)))?;
    let recorded = evidence.sha256.as_deref().unwrap_or("not recorded");
    writeln!(out, "  sha256    {}", safe(recorded))?;
    writeln!(out, "  says      {}", safe(&evidence.text))?;
    if !one.cited_by.is_empty() {
        writeln!(out, "  cited by  {}", safe(&one.cited_by.join(", ")))?;
    }
    match &one.found {
        None => {
            writeln!(out, "  kept in the report:")?;
            for line in &evidence.context {
                let at = line.line.map(|n| n.to_string());
                let at = at.or_else(|| line.offset.map(|o| format!("{o:#x}")));
                row(out, line.cited, &at.unwrap_or_default(), &line.text, false)?;
            }
        }
        Some(Err(why)) => writeln!(out, "  MISSING   {}", safe(why))?,
        Some(Ok(found)) => raw(evidence, found, out)?,
    }
    writeln!(out)
}

/// What the bundle has at the place.
fn raw(evidence: &SavedEvidence, found: &Found, out: &mut dyn Write) -> io::Result<()> {
    match found.integrity {
        Integrity::Matches => {
            writeln!(out, "  verified  {} has this sha256", safe(&found.artifact))?
        }
        Integrity::NotRecorded => writeln!(
            out,
            "  here      {} has sha256 {}; the report has none to compare",
            safe(&found.artifact),
            found.sha256
        )?,
        Integrity::Changed => writeln!(
            out,
            "  CHANGED   {} has sha256 {}",
            safe(&found.artifact),
            found.sha256
        )?,
    }
    for line in &found.lines {
        let cited = Some(line.number) == evidence.line;
        row(out, cited, &line.number.to_string(), &line.text, line.cut)?;
    }
    let at = |offset: Option<u64>| offset.map_or_else(String::new, |o| format!("{o:#x}"));
    for (offset, text) in &found.instructions {
        row(out, *offset == evidence.offset, &at(*offset), text, false)?;
    }
    for (first, text) in &found.bytes {
        let cited = evidence
            .offset
            .is_some_and(|o| first.abs_diff(o) < 16 && o >= *first);
        row(out, cited, &at(Some(*first)), text, false)?;
    }
    Ok(())
}

fn row(out: &mut dyn Write, cited: bool, at: &str, text: &str, cut: bool) -> io::Result<()> {
    let mark = if cited { '>' } else { ' ' };
    let more = if cut { "…" } else { "" };
    writeln!(out, "{mark} {at:>9}  {}{more}", safe(text))
}

#[derive(Serialize)]
struct Output<'a> {
    evidence: Vec<EvidenceOutput<'a>>,
}

#[derive(Serialize)]
struct EvidenceOutput<'a> {
    id: &'a str,
    artifact: &'a str,
    sha256: Option<&'a str>,
    line: Option<u64>,
    offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<u64>,
    text: &'a str,
    cited_by: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<BundleOutput<'a>>,
    context: Vec<LineOutput<'a>>,
}

/// What the bundle has.
#[derive(Serialize)]
struct BundleOutput<'a> {
    /// `matches`, `changed`, `not_recorded` or `missing`.
    state: String,
    artifact: Option<&'a str>,
    sha256: Option<&'a str>,
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct LineOutput<'a> {
    kind: &'a str,
    line: Option<u64>,
    offset: Option<u64>,
    cited: bool,
    text: &'a str,
}

fn json(shown: &[Shown<'_>], out: &mut dyn Write) -> io::Result<()> {
    let evidence = shown.iter().map(output).collect();
    serde_json::to_writer_pretty(&mut *out, &Output { evidence })?;
    writeln!(out)
}

fn output<'a>(one: &'a Shown<'_>) -> EvidenceOutput<'a> {
    let evidence = one.evidence;
    let bundle = one.found.as_ref().map(|found| BundleOutput {
        state: state(found).to_lowercase().replace(' ', "_"),
        artifact: found.as_ref().ok().map(|f| f.artifact.as_str()),
        sha256: found.as_ref().ok().map(|f| f.sha256.as_str()),
        why: found.as_ref().err().map(String::as_str),
    });
    let context = match &one.found {
        Some(Ok(found)) => context(evidence, found),
        Some(Err(_)) => Vec::new(),
        None => kept(evidence),
    };
    EvidenceOutput {
        id: &evidence.id,
        artifact: &evidence.artifact,
        sha256: evidence.sha256.as_deref(),
        line: evidence.line,
        offset: evidence.offset,
        record: evidence.record,
        text: &evidence.text,
        cited_by: &one.cited_by,
        bundle,
        context,
    }
}

/// The context that the report itself holds.
fn kept(evidence: &SavedEvidence) -> Vec<LineOutput<'_>> {
    let line = evidence.context.iter().map(|l| LineOutput {
        kind: &l.kind,
        line: l.line,
        offset: l.offset,
        cited: l.cited,
        text: &l.text,
    });
    line.collect()
}

/// The context that the bundle holds.
fn context<'a>(evidence: &SavedEvidence, found: &'a Found) -> Vec<LineOutput<'a>> {
    let lines = found.lines.iter().map(|l| LineOutput {
        kind: "line",
        line: Some(l.number),
        offset: None,
        cited: Some(l.number) == evidence.line,
        text: &l.text,
    });
    let instructions = found.instructions.iter().map(|(offset, text)| LineOutput {
        kind: "instruction",
        line: None,
        offset: *offset,
        cited: *offset == evidence.offset,
        text,
    });
    let bytes = found.bytes.iter().map(|(first, text)| LineOutput {
        kind: "bytes",
        line: None,
        offset: Some(*first),
        cited: evidence
            .offset
            .is_some_and(|o| o >= *first && o - *first < 16),
        text,
    });
    lines.chain(instructions).chain(bytes).collect()
}
