//! `analyze` and `demo`: one case.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::{
    AnalyzeArgs, Common, DateOrderArg, DemoArgs, FactArgs, Level, OutArgs, RedactArgs,
};
use super::exit::{Exit, Failure};
use super::redact::Redaction;
use super::{output, password, progress, redact};
use crate::artifact::pooltag;
use crate::bundle::{Bundle, Limits, Role};
use crate::case::{self, Options};
use crate::report::Report;
use crate::report::escape::Neutral;
use crate::timeline::stamp::DateOrder;
use clap::ValueEnum;

/// A pooltag.txt has 250 kB.
const MAX_POOLTAG: u64 = 16 << 20;

pub(super) fn run(args: &AnalyzeArgs, common: &Common) -> Result<Exit, Failure> {
    if let Some(folder) = &args.out.output {
        output::make_folder(folder)?;
    }
    let redaction = redact::prepare(&args.out.redact, args.out.output.as_deref(), common)?;
    let mut options = options_with(&args.facts, &args.drivers)?;
    options.typed.extend(args.caps.unusual());
    let case = Case {
        paths: &args.bundle,
        drivers: &args.drivers,
        limits: args.caps.limits(),
        options: &options,
    };
    let redaction = redaction.map(|redaction| (redaction, &args.out.redact));
    let report = report(&case, redaction, common)?;
    let exit = deliver(&report, &args.out, common)?;
    match nothing_recognised(&report) {
        true => Err(Failure::Nothing(format!(
            "{}: nothing in it was recognised, so nothing was analysed; the report lists what it \
             holds. Expected HTTPERR logs, saved poolmon snapshots and drivers of one machine \
             (`poolsleuth refusals FILE` and `poolsleuth tags FILE` say why a file is not one)",
            joined(&args.bundle)
        ))),
        false => Ok(exit),
    }
}

/// True where no artifact is any of what the program knows the use of. An empty log or snapshot
/// keeps its role and is a finding.
fn nothing_recognised(report: &Report) -> bool {
    let unknown = [
        Role::Unknown,
        Role::Empty,
        Role::Other,
        Role::Document,
        Role::Picture,
        Role::Archive,
    ];
    let artifacts = &report.coverage.artifacts;
    let means_nothing = |role: &str| unknown.iter().any(|known| known.name() == role);
    artifacts
        .iter()
        .all(|artifact| means_nothing(artifact.role))
}

fn joined(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    output::safe(&names.join(", ")).to_string()
}

/// The options of an analysis, folders of more images among the words typed.
pub(super) fn options_with(facts: &FactArgs, drivers: &[PathBuf]) -> Result<Options, Failure> {
    let mut options = options(facts)?;
    options.typed.extend(typed_drivers(drivers));
    Ok(options)
}

/// What to analyse.
pub(super) struct Case<'a> {
    /// The upload.
    pub(super) paths: &'a [PathBuf],
    /// Folders of more images.
    pub(super) drivers: &'a [PathBuf],
    /// Caps of the upload itself.
    pub(super) limits: Limits,
    pub(super) options: &'a Options,
}

/// Opens, analyses and, if asked to, redacts; the progress is gone from the screen on return.
pub(super) fn report(
    case: &Case<'_>,
    redaction: Option<(Redaction, &RedactArgs)>,
    common: &Common,
) -> Result<Report, Failure> {
    let bundle = password::open_within(case.paths, &case.limits, common)?;
    if bundle.artifacts().is_empty() {
        return Err(Failure::Nothing(holds_nothing(case.paths, &bundle)));
    }
    let mut more = Vec::new();
    for folder in case.drivers {
        more.push(password::open(std::slice::from_ref(folder), common)?);
    }
    if common.verbose {
        let _ = writeln!(
            std::io::stderr(),
            "poolsleuth: {} artifacts",
            bundle.artifacts().len()
        );
    }
    let report = {
        let progress = progress::of(common);
        case::analyse(&bundle, &more, case.options, progress.as_ref())
    };
    match redaction {
        Some((redaction, redact)) => {
            let bundles: Vec<&Bundle> = std::iter::once(&bundle).chain(&more).collect();
            redaction.report(report, &bundles, redact)
        }
        None => Ok(report),
    }
}

fn holds_nothing(paths: &[PathBuf], bundle: &Bundle) -> String {
    let left_out = match bundle.skipped().len() {
        0 => "no file".to_owned(),
        1 => "no file but one that was left out".to_owned(),
        n => format!("no file but {n} that were left out"),
    };
    format!(
        "{}: {left_out} in it. Expected a folder, an archive or files with HTTPERR logs, poolmon \
         snapshots and drivers of one machine.",
        joined(paths)
    )
}

fn deliver(report: &Report, out: &OutArgs, common: &Common) -> Result<Exit, Failure> {
    if let Some(folder) = &out.output {
        let neutral = match out.raw_csv {
            true => Neutral::No,
            false => Neutral::Yes,
        };
        output::write_all(report, folder, neutral)?;
        if common.verbose && !out.redact.redact {
            let _ = writeln!(
                std::io::stderr(),
                "poolsleuth: reports written to {}",
                folder.display()
            );
        }
    }
    output::print(report, out, common)?;
    let met = out
        .fail_on
        .is_some_and(|level| is_problem(report) && confidence(report) >= Some(level));
    Ok(if met { Exit::LevelMet } else { Exit::Done })
}

fn is_problem(report: &Report) -> bool {
    !matches!(report.verdict.outcome, "no_problem_found" | "inconclusive")
}

fn confidence(report: &Report) -> Option<Level> {
    match report.verdict.confidence {
        "possible" => Some(Level::Possible),
        "probable" => Some(Level::Probable),
        "confirmed" => Some(Level::Confirmed),
        _ => None,
    }
}

pub(super) fn options(facts: &FactArgs) -> Result<Options, Failure> {
    let mut pooltags = Vec::new();
    for path in &facts.pooltag {
        let fail = |why| Failure::Given {
            path: path.clone(),
            why,
        };
        let size = fs::metadata(path).map_err(fail)?.len();
        if size > MAX_POOLTAG {
            return Err(Failure::Value(format!(
                "{}: larger than {} MiB, which no pooltag.txt is",
                path.display(),
                MAX_POOLTAG >> 20
            )));
        }
        let tags = pooltag::parse(&fs::read(path).map_err(fail)?);
        if tags.entries().is_empty() {
            return Err(Failure::Value(format!(
                "{}: no line of the form `Tag - binary - description` in it",
                path.display()
            )));
        }
        let name = path.file_name().map_or_else(
            || "pooltag.txt".into(),
            |n| n.to_string_lossy().into_owned(),
        );
        pooltags.push((name, tags));
    }
    Ok(Options {
        zone: facts.tz.clone(),
        date_order: facts.date_order.map(|order| match order {
            DateOrderArg::Dmy => DateOrder::DayMonthYear,
            DateOrderArg::Mdy => DateOrder::MonthDayYear,
            DateOrderArg::Ymd => DateOrder::YearMonthDay,
        }),
        os: facts.os.clone(),
        arch: facts.arch,
        ram: facts.ram,
        npp_limit: facts.npp_limit,
        pooltags,
        rules: super::rules::in_use(&facts.rules)?,
        typed: typed(facts),
    })
}

/// Folders of further images, as words of a command line, by their last names.
pub(super) fn typed_drivers(drivers: &[PathBuf]) -> impl Iterator<Item = String> {
    drivers.iter().filter_map(|path| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        Some(format!("--drivers={name}"))
    })
}

/// The options as words of a command line; of files only the last name, which is theirs.
pub(super) fn typed(facts: &FactArgs) -> Vec<String> {
    let order = facts
        .date_order
        .and_then(|o| o.to_possible_value())
        .map(|v| v.get_name().to_owned());
    let words = [
        ("--tz", facts.tz.as_ref().map(|(_, typed)| typed.clone())),
        ("--date-order", order),
        ("--os", facts.os.as_ref().map(|(_, typed)| typed.clone())),
        ("--arch", facts.arch.map(|a| a.name().to_owned())),
        ("--ram", facts.ram.map(|bytes| bytes.to_string())),
        (
            "--npp-limit",
            facts.npp_limit.map(|bytes| bytes.to_string()),
        ),
    ];
    let stated = words
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    let last = |path: &PathBuf| path.file_name().map(|n| n.to_string_lossy().into_owned());
    let tables = facts
        .pooltag
        .iter()
        .filter_map(last)
        .map(|name| format!("--pooltag={name}"));
    let rules = facts
        .rules
        .iter()
        .filter_map(last)
        .map(|name| format!("--rules={name}"));
    stated.chain(tables).chain(rules).collect()
}

/// The demonstration case, as an archive in the program itself.
static DEMO: &[u8] = include_bytes!("../../samples/leak-x64.zip");

/// Bytes that the demonstration case may take when unpacked.
const MAX_DEMO: u64 = 64 << 20;

pub(super) fn demo(args: &DemoArgs, common: &Common) -> Result<Exit, Failure> {
    let folder = args.dir.clone().unwrap_or_else(|| "poolsleuth-demo".into());
    if let Some(output) = &args.out.output {
        output::make_folder(output)?;
    }
    let redaction = redact::prepare(&args.out.redact, args.out.output.as_deref(), common)?;
    unpack(&folder)?;
    if !common.quiet {
        let _ = writeln!(
            std::io::stderr(),
            "poolsleuth: a synthetic case was written to {}",
            folder.display()
        );
    }
    let options = options(&FactArgs::default())?;
    let case = Case {
        paths: std::slice::from_ref(&folder),
        drivers: &[],
        limits: Limits::default(),
        options: &options,
    };
    let redaction = redaction.map(|redaction| (redaction, &args.out.redact));
    let report = report(&case, redaction, common)?;
    deliver(&report, &args.out, common)
}

fn unpack(folder: &Path) -> Result<(), Failure> {
    let fail = |why| Failure::Write {
        path: Some(folder.to_owned()),
        why,
    };
    let taken = || {
        std::io::Error::new(
            std::io::ErrorKind::AlreadyExists,
            "it exists already; name a new folder",
        )
    };
    if folder.exists() {
        return Err(fail(taken()));
    }
    let mut scratch = folder.as_os_str().to_owned();
    scratch.push(".partial");
    let scratch = PathBuf::from(scratch);
    if let Some(parent) = folder.parent() {
        output::make_folder(parent)?;
    }
    // Only a folder made here is removed in the end: one of this name may be somebody's work.
    fs::create_dir(&scratch).map_err(|why| Failure::Write {
        path: Some(scratch.clone()),
        why,
    })?;
    let renamed = || fs::rename(scratch.join("case"), folder).map_err(fail);
    let done = unpack_into(&scratch).and_then(|()| renamed());
    let cleared = fs::remove_dir_all(&scratch).map_err(fail);
    done.and(cleared)
}

/// Writes the case into the folder `case` of a new folder.
fn unpack_into(scratch: &Path) -> Result<(), Failure> {
    let fail = |why| Failure::Write {
        path: Some(scratch.to_owned()),
        why,
    };
    let archive = scratch.join("case.zip");
    output::write_file(&archive, |w| w.write_all(DEMO))?;
    let bundle = Bundle::open(std::slice::from_ref(&archive), &Limits::default())?;
    for artifact in bundle.artifacts().iter().filter(|a| !a.name.escapes()) {
        let path = scratch.join("case").join(artifact.name.to_string());
        if let Some(parent) = path.parent() {
            output::make_folder(parent)?;
        }
        let bytes = bundle
            .read_whole(artifact.id, MAX_DEMO)
            .map_err(|why| fail(std::io::Error::other(why)))?;
        fs::write(&path, bytes).map_err(fail)?;
    }
    Ok(())
}
