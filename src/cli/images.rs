//! `scan` and `inspect`: driver images without a case.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use rayon::prelude::*;
use serde::Serialize;

use super::args::{Common, InspectArgs, QuickFormat, ScanArgs, ScanFormat};
use super::exit::{Exit, Failure};
use super::output::{safe, to_stdout};
use super::{password, progress};
use crate::artifact::driver::catalog::Catalog;
use crate::artifact::driver::image::Image;
use crate::artifact::driver::tags::{Finding, TagQuery, Via, Wanted, analyse, same};
use crate::bundle::{Artifact, Basis, Bundle, NotAnImage, Role, Sha256};
use crate::case::{ImageReport, Phase, catalogs_of, inspect_image};
use crate::report::escape::{Neutral, csv_cell};
use crate::tag::Tag;

/// Largest image that is read; see the same bound of a case's images.
const MAX_IMAGE: u64 = 256 << 20;

/// Images looked into before their lines are printed: output flows, in the order of the inventory.
const BATCH: usize = 256;

/// Largest buffer that a thread keeps for the next image; few drivers are larger.
const MAX_KEPT: usize = 16 << 20;

thread_local! {
    /// The image that a thread looks into. Kept from one to the next: fresh memory for each of
    /// thousands would cost as much as reading them.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// One line of `scan`: what an image has to say of one tag.
#[derive(Serialize)]
struct Line {
    file: String,
    sha256: String,
    machine: &'static str,
    tag: String,
    tag_hex: String,
    grade: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<&'static str>,
    sites: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    rva: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
}

/// What came of one image: its lines, or why there are none.
struct Looked {
    lines: Vec<Line>,
    remark: Option<String>,
}

pub(super) fn scan(args: &ScanArgs, common: &Common) -> Result<Exit, Failure> {
    let bundle = password::open(&args.paths, common)?;
    let images = images(&bundle);
    if images.is_empty() {
        return Err(none_found(&bundle));
    }
    let progress = progress::of(common);
    progress.begin(
        Phase::Images,
        images
            .iter()
            .filter_map(|a| a.size.or(a.claimed_size))
            .sum(),
    );
    let mut remarks = passed_over(&bundle);
    let mut printed = 0_usize;
    let asked = (!args.all_tags).then(|| Wanted::new(&args.tag));
    let query = asked.as_ref().map_or(TagQuery::All, TagQuery::Only);
    to_stdout(|out| {
        header(args.format, out)?;
        for batch in images.chunks(BATCH) {
            let looked: Vec<Looked> = batch
                .par_iter()
                .map(|artifact| {
                    let looked = look(&bundle, artifact, args, query);
                    progress.advance(bundle.size_of(artifact.id).unwrap_or(0));
                    looked
                })
                .collect();
            for one in looked {
                remarks.extend(one.remark);
                printed += one.lines.len();
                for line in &one.lines {
                    write_line(args.format, line, out)?;
                }
            }
            out.flush()?;
        }
        Ok(())
    })?;
    drop(progress);
    if printed == 0 {
        remarks.push(nothing_found(images.len(), args));
    }
    if !common.quiet {
        let mut err = io::stderr().lock();
        for remark in &remarks {
            let _ = writeln!(err, "{}", safe(remark));
        }
    }
    Ok(Exit::Done)
}

fn nothing_found(images: usize, args: &ScanArgs) -> String {
    let tags: Vec<String> = args.tag.iter().map(|tag| format!("`{tag}`")).collect();
    let what = if args.all_tags {
        "a tag that can be followed to a call".to_owned()
    } else {
        tags.join(" or ")
    };
    format!("{images} looked into, none has {what}")
}

fn images(bundle: &Bundle) -> Vec<&Artifact> {
    bundle
        .artifacts()
        .iter()
        .filter(|a| may_be_image(a))
        .collect()
}

/// True for PE images, and for what may be one whose header lies beyond the first bytes.
fn may_be_image(artifact: &Artifact) -> bool {
    matches!(artifact.role, Role::Driver | Role::Program)
        || artifact.why.basis == Basis::NotAnImage(NotAnImage::DosOnly)
}

/// What was not looked into though it was given by name, or is called a driver; and what the
/// opening of the input left out.
fn passed_over(bundle: &Bundle) -> Vec<String> {
    let given = |a: &Artifact| {
        bundle
            .path_of(a.id)
            .is_some_and(|path| bundle.paths().iter().any(|p| p == path))
    };
    let called_driver =
        |a: &Artifact| matches!(a.why.basis, Basis::NotAnImage(_) | Basis::Unreadable);
    let artifacts = bundle
        .artifacts()
        .iter()
        .filter(|a| !may_be_image(a) && (called_driver(a) || given(a)));
    let artifacts =
        artifacts.map(|a| format!("{}: not looked into: {}", file_of(bundle, a), a.why));
    let skipped = bundle
        .skipped()
        .iter()
        .map(|s| format!("{}: not looked into: {}", s.name, s.why));
    let limits = bundle.limits_hit().into_iter().map(|hit| hit.to_string());
    artifacts.chain(skipped).chain(limits).collect()
}

fn none_found(bundle: &Bundle) -> Failure {
    let seen = bundle.artifacts().first().map_or_else(String::new, |a| {
        format!(" ({} is: {})", a.name, a.why.basis)
    });
    Failure::Nothing(format!("no driver image found{}", safe(&seen)))
}

/// A path that can be opened where there is one, otherwise archive and name.
fn file_of(bundle: &Bundle, artifact: &Artifact) -> String {
    match (bundle.path_of(artifact.id), bundle.paths()) {
        (Some(path), _) => path.to_string_lossy().into_owned(),
        (None, [archive]) => format!("{}/{}", archive.display(), artifact.name),
        (None, _) => artifact.name.to_string(),
    }
}

fn look(bundle: &Bundle, artifact: &Artifact, args: &ScanArgs, query: TagQuery<'_>) -> Looked {
    let file = file_of(bundle, artifact);
    let none = |why: String| Looked {
        lines: Vec::new(),
        remark: Some(format!("{file}: {why}")),
    };
    let mut buffer = BUFFER.take();
    let length = match bundle.read_into(artifact.id, MAX_IMAGE, &mut buffer) {
        Ok(length) => length,
        Err(why) => return none(why.to_string()),
    };
    let bytes = buffer.get(..length).unwrap_or_default();
    let fenced = catch_unwind(AssertUnwindSafe(|| lines(&file, bytes, args, query)));
    if buffer.len() <= MAX_KEPT {
        BUFFER.set(buffer);
    }
    match fenced {
        Ok(Ok((lines, remark))) => Looked {
            lines,
            remark: remark.map(|r| format!("{file}: {r}")),
        },
        Ok(Err(why)) => none(why),
        Err(_) => none("the analysis of this image failed; the others were not affected".into()),
    }
}

fn lines(
    file: &str,
    bytes: &[u8],
    args: &ScanArgs,
    query: TagQuery<'_>,
) -> Result<(Vec<Line>, Option<String>), String> {
    let image = Image::parse(bytes).map_err(|why| why.to_string())?;
    let found = analyse(&image, query, Some(file));
    let groups = by_tag(&found.findings, args);
    let sha256 = if groups.is_empty() {
        String::new()
    } else {
        Sha256::of(bytes).to_string()
    };
    let lines = groups
        .iter()
        .filter_map(|group| summary(file, &sha256, image.machine.name(), group))
        .collect();
    let blind: Vec<String> = found.blind.iter().map(|b| b.sentence()).collect();
    let reversed: Vec<String> = found
        .reversed
        .iter()
        .map(|f| {
            format!(
                "`{}` stands here with its bytes reversed: a hint, no evidence",
                f.tag
            )
        })
        .collect();
    let remark = [blind, reversed].concat().join("; ");
    Ok((lines, (!remark.is_empty()).then_some(remark)))
}

/// The findings of each tag, in the order of the tags; with `--tag` all spellings of one tag are
/// one. An image made for it has a million findings, so each is looked at once.
fn by_tag<'a>(findings: &'a [Finding], args: &ScanArgs) -> Vec<Vec<&'a Finding>> {
    let mut groups: BTreeMap<Tag, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        let asked = args
            .tag
            .iter()
            .find(|&&tag| !args.all_tags && same(tag, finding.tag));
        groups
            .entry(*asked.unwrap_or(&finding.tag))
            .or_default()
            .push(finding);
    }
    groups.into_values().collect()
}

/// The line of one tag: its strongest evidence, and how many calls are as strong.
fn summary(file: &str, sha256: &str, machine: &'static str, group: &[&Finding]) -> Option<Line> {
    // Of equally strong evidence that which says most: the routine, and the shortest way to it.
    let best = group
        .iter()
        .min_by_key(|f| (f.grade, f.api.is_none(), f.role, f.via))?;
    let as_strong = group
        .iter()
        .filter(|f| f.grade == best.grade && f.role == best.role);
    let sites = as_strong.fold(0u32, |sum, f| sum.saturating_add(f.count));
    Some(line(file, sha256, machine, best, sites))
}

fn line(file: &str, sha256: &str, machine: &'static str, finding: &Finding, sites: u32) -> Line {
    Line {
        file: file.to_owned(),
        sha256: sha256.to_owned(),
        machine,
        tag: finding.tag.to_string(),
        tag_hex: finding.tag.hex(),
        grade: finding.grade.name(),
        api: finding.api,
        via: finding.via.map(Via::name),
        role: finding.role.map(|r| r.name()),
        pool: finding.pool.map(|p| p.name()),
        sites,
        rva: finding.site.as_ref().map(|s| s.rva),
        offset: finding.site.as_ref().map(|s| s.offset),
    }
}

const COLUMNS: [&str; 13] = [
    "file", "sha256", "machine", "tag", "tag_hex", "grade", "api", "via", "role", "pool", "sites",
    "rva", "offset",
];

fn header(format: ScanFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        ScanFormat::Csv => writeln!(out, "{}", COLUMNS.join(",")),
        _ => Ok(()),
    }
}

fn write_line(format: ScanFormat, line: &Line, out: &mut dyn Write) -> io::Result<()> {
    match format {
        ScanFormat::Jsonl => {
            serde_json::to_writer(&mut *out, line)?;
            writeln!(out)
        }
        ScanFormat::Csv => {
            let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
            let text = |t: Option<&str>| t.unwrap_or_default().to_owned();
            let cells = [
                line.file.clone(),
                line.sha256.clone(),
                line.machine.to_owned(),
                line.tag.clone(),
                line.tag_hex.clone(),
                line.grade.to_owned(),
                text(line.api),
                text(line.via),
                text(line.role),
                text(line.pool),
                line.sites.to_string(),
                number(line.rva.map(u64::from)),
                number(line.offset),
            ];
            let cells: Vec<String> = cells.iter().map(|c| csv_cell(c, Neutral::Yes)).collect();
            writeln!(out, "{}", cells.join(","))
        }
        ScanFormat::Text => {
            let how: Vec<&str> = [line.role, line.via, line.api]
                .into_iter()
                .flatten()
                .collect();
            let place = line
                .rva
                .map(|rva| format!("rva {rva:#x}"))
                .unwrap_or_default();
            let calls = if line.sites > 1 {
                format!(" ({} sites)", line.sites)
            } else {
                String::new()
            };
            let tag = format!("`{}`", safe(&line.tag));
            writeln!(
                out,
                "{:9}  {tag:8}  {}  {}  {place}{calls}",
                line.grade,
                safe(&line.file),
                how.join(" ")
            )
        }
    }
}

pub(super) fn inspect(args: &InspectArgs, common: &Common) -> Result<Exit, Failure> {
    let bundle = password::open(&args.drivers, common)?;
    let images = images(&bundle);
    if images.is_empty() {
        return Err(none_found(&bundle));
    }
    let mut failures: Vec<String> = Vec::new();
    let catalogs = catalogs_of(&bundle);
    let others = passed_over(&bundle);
    to_stdout(|out| {
        for batch in images.chunks(BATCH) {
            let reports: Vec<Result<ImageReport, String>> = batch
                .par_iter()
                .map(|artifact| inspect_one(&bundle, artifact, &catalogs))
                .collect();
            for report in reports {
                match report {
                    Ok(report) => write_report(args.format, &report, out)?,
                    Err(why) => failures.push(why),
                }
            }
        }
        Ok(())
    })?;
    if !common.quiet {
        for failure in others.iter().chain(&failures) {
            let _ = writeln!(io::stderr(), "{}", safe(failure));
        }
    }
    Ok(if failures.len() == images.len() {
        Exit::Failed
    } else {
        Exit::Done
    })
}

fn inspect_one(
    bundle: &Bundle,
    artifact: &Artifact,
    catalogs: &[Catalog],
) -> Result<ImageReport, String> {
    let file = file_of(bundle, artifact);
    let bytes = bundle
        .read_whole(artifact.id, MAX_IMAGE)
        .map_err(|why| format!("{file}: {why}"))?;
    let path = PathBuf::from(&file);
    let fenced = catch_unwind(AssertUnwindSafe(|| {
        inspect_image(&bytes, &path.to_string_lossy(), catalogs)
    }));
    match fenced {
        Ok(read) => read.map_err(|why| format!("{file}: {why}")),
        Err(_) => Err(format!("{file}: the analysis of this image failed")),
    }
}

fn write_report(format: QuickFormat, report: &ImageReport, out: &mut dyn Write) -> io::Result<()> {
    match format {
        QuickFormat::Json => {
            serde_json::to_writer(&mut *out, report)?;
            writeln!(out)
        }
        QuickFormat::Text => report.write_text(out),
    }
}
