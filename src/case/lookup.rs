//! Cited places looked up again in a bundle, for whoever checks a report.
//!
//! An artifact is sought by its name, and under the same last name elsewhere, so that a folder
//! that was moved or a single file will do; the digest decides. Each is read once, in a stream, for
//! all places cited in it, and its digest is taken on the way: memory does not grow with its size.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::images::MAX_IMAGE;
use crate::artifact::driver::image::Image;
use crate::artifact::driver::tags::{Finding, TagQuery, Wanted, analyse, explain_at};
use crate::artifact::quote::{self, Counting, RawLine};
use crate::bundle::{Artifact, Bundle, HashingReader, Role};
use crate::tag::Tag;

/// Longest line handed out, in characters; an HTTPERR row has 4,096 of URI and less than as many of
/// the rest.
const MAX_LINE: usize = 8_192;

/// Artifacts of one last name that are tried.
const MAX_TRIES: usize = 16;

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;

/// A place that a report cites.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// The artifact's name in the bundle.
    pub artifact: String,
    /// Digest of the artifact, in hexadecimal, if the report has it.
    pub sha256: Option<String>,
    /// Line, counted from 1.
    pub line: Option<u64>,
    /// Byte offset, counted from 0.
    pub offset: Option<u64>,
    /// Tags for which the place is a proof.
    pub tags: Vec<Tag>,
}

/// Whether an artifact is the one that was cited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// Its digest is the one in the report.
    Matches,
    /// Its digest is another: what stands there now proves nothing.
    Changed,
    /// The report has no digest of it.
    NotRecorded,
}

/// A place, found again.
#[derive(Clone, Debug)]
pub struct Found {
    /// The artifact's name here.
    pub artifact: String,
    /// Digest of what was read.
    pub sha256: String,
    /// Whether that is what was cited.
    pub integrity: Integrity,
    /// The cited line and those around it.
    pub lines: Vec<RawLine>,
    /// Rows of bytes around a cited offset: offset, and [`quote::dump`]'s text.
    pub bytes: Vec<(u64, String)>,
    /// The instructions that prove a call site: offset in the file if it has one, RVA and text.
    pub instructions: Vec<(Option<u64>, String)>,
}

/// Looks the places up, in their order; `around` is the number of lines, or rows of bytes, before
/// and after each.
///
/// # Errors
/// For each place, in a sentence, why it is not found.
pub fn look_up(bundles: &[Bundle], places: &[Sought], around: u64) -> Vec<Result<Found, String>> {
    let mut groups: BTreeMap<(&str, Option<&str>), Vec<usize>> = BTreeMap::new();
    for (index, place) in places.iter().enumerate() {
        let key = (place.artifact.as_str(), place.sha256.as_deref());
        groups.entry(key).or_default().push(index);
    }
    let mut answers: Vec<Result<Found, String>> = places
        .iter()
        .map(|place| Err(missing(bundles, &place.artifact)))
        .collect();
    for ((name, sha256), members) in groups {
        let asked: Vec<&Sought> = members.iter().map(|&index| &places[index]).collect();
        let found = find(bundles, name, sha256, &asked, around);
        for (index, answer) in members.into_iter().zip(found.into_iter().flatten()) {
            answers[index] = answer;
        }
    }
    answers
}

fn missing(bundles: &[Bundle], name: &str) -> String {
    let artifacts: usize = bundles.iter().map(|b| b.artifacts().len()).sum();
    format!("{name} is not among the {artifacts} artifacts of the bundle")
}

/// The answers for places of one artifact; `None` if there is no such artifact.
fn find(
    bundles: &[Bundle],
    name: &str,
    sha256: Option<&str>,
    asked: &[&Sought],
    around: u64,
) -> Option<Vec<Result<Found, String>>> {
    let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let wanted = last(name);
    let all = || {
        bundles
            .iter()
            .flat_map(|b| b.artifacts().iter().map(move |a| (b, a)))
    };
    let named = all().filter(|(_, a)| a.name.to_string() == name);
    let moved = all().filter(|(_, a)| {
        let other = a.name.to_string();
        other != name && last(&other) == wanted
    });
    let mut first = None;
    for (bundle, artifact) in named.chain(moved).take(MAX_TRIES) {
        let answers = read_artifact(bundle, artifact, asked, around);
        let matches = |answer: &Result<Found, String>| {
            answer
                .as_ref()
                .is_ok_and(|found| found.integrity == Integrity::Matches)
        };
        if sha256.is_none() || answers.iter().all(matches) {
            return Some(answers);
        }
        // Elsewhere only the digest can tell; but a file that was given alone is the one meant.
        let meant = artifact.name.to_string() == name || bundle.artifacts().len() == 1;
        first = first.or(Some(answers).filter(|_| meant));
    }
    first.or_else(|| whole_input(bundles, sha256?, asked, around))
}

/// A place in the archive itself, as a claim on its damage cites.
fn whole_input(
    bundles: &[Bundle],
    sha256: &str,
    asked: &[&Sought],
    around: u64,
) -> Option<Vec<Result<Found, String>>> {
    let bundle = bundles.iter().find(|b| {
        let digest = b.input_sha256().ok().flatten();
        digest.is_some_and(|d| d.to_string() == sha256)
    })?;
    let path = bundle.paths().first()?;
    let name = path.file_name()?.to_string_lossy().into_owned();
    let read = File::open(path).and_then(|file| pass(file, Counting::Text, asked, around));
    Some(answer(&name, asked, read))
}

fn read_artifact(
    bundle: &Bundle,
    artifact: &Artifact,
    asked: &[&Sought],
    around: u64,
) -> Vec<Result<Found, String>> {
    let read = bundle
        .open_artifact(artifact.id)
        .map_err(io::Error::other)
        .and_then(|stream| pass(stream, Counting::of(artifact.role), asked, around));
    let mut answers = answer(&artifact.name.to_string(), asked, read);
    if artifact.role == Role::Driver && asked.iter().any(|place| place.offset.is_some()) {
        let image = bundle.read_whole(artifact.id, MAX_IMAGE);
        for (place, answer) in asked.iter().zip(&mut answers) {
            if let (Ok(bytes), Ok(found)) = (&image, answer) {
                let name = artifact.name.to_string();
                let fenced = catch_unwind(AssertUnwindSafe(|| proof(bytes, &name, place)));
                found.instructions = fenced.unwrap_or_default();
            }
        }
    }
    answers
}

/// What one pass over an artifact gives.
struct Passed {
    sha256: String,
    around: u64,
    lines: Vec<RawLine>,
    /// For each place: its rows of bytes.
    bytes: Vec<Vec<(u64, String)>>,
}

/// Reads lines or bytes, then the rest for the digest.
fn pass(
    stream: impl Read,
    counting: Counting,
    asked: &[&Sought],
    around: u64,
) -> io::Result<Passed> {
    let mut hashing = HashingReader::new(stream);
    let lines: BTreeSet<u64> = asked
        .iter()
        .filter_map(|place| place.line)
        .flat_map(|line| line.saturating_sub(around).max(1)..=line.saturating_add(around))
        .collect();
    let windows: Vec<Option<(u64, u64)>> = asked
        .iter()
        .map(|place| window(place.offset?, around))
        .collect();
    let mut held: Vec<Vec<u8>> = vec![Vec::new(); asked.len()];
    let mut found = Vec::new();
    if windows.iter().any(Option::is_some) {
        capture(&mut hashing, &windows, &mut held)?;
    } else {
        let lines: Vec<u64> = lines.into_iter().collect();
        found = quote::lines(counting, &mut hashing, &lines, MAX_LINE)?;
    }
    let (sha256, _, _) = hashing.finish()?;
    let bytes = asked.iter().zip(&windows).zip(&held);
    let bytes = bytes.map(|((place, window), held)| match (place.offset, window) {
        (Some(offset), Some((first, _))) => quote::dump(held, *first, offset, around),
        _ => Vec::new(),
    });
    Ok(Passed {
        sha256: sha256.to_string(),
        around,
        lines: found,
        bytes: bytes.collect(),
    })
}

/// The bytes from which rows around an offset are made, first and behind the last.
fn window(offset: u64, around: u64) -> Option<(u64, u64)> {
    let row = quote::ROW as u64;
    let middle = offset / row;
    let first = middle.saturating_sub(around).checked_mul(row)?;
    let end = middle
        .checked_add(around)?
        .checked_add(1)?
        .checked_mul(row)?;
    Some((first, end))
}

/// Reads a stream to its end and keeps what lies in the windows.
fn capture(
    stream: &mut impl Read,
    windows: &[Option<(u64, u64)>],
    held: &mut [Vec<u8>],
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    let mut at = 0_u64;
    loop {
        let read = match stream.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if read == 0 {
            return Ok(());
        }
        for (window, held) in windows.iter().zip(held.iter_mut()) {
            let Some((first, end)) = *window else {
                continue;
            };
            let within = |edge: u64| edge.saturating_sub(at).min(read as u64) as usize;
            let part = chunk.get(within(first)..within(end));
            held.extend_from_slice(part.unwrap_or_default());
        }
        at += read as u64;
    }
}

fn answer(name: &str, asked: &[&Sought], read: io::Result<Passed>) -> Vec<Result<Found, String>> {
    let passed = match read {
        Ok(passed) => passed,
        Err(why) => return vec![Err(format!("{name} cannot be read: {why}")); asked.len()],
    };
    asked
        .iter()
        .zip(passed.bytes)
        .map(|(place, bytes)| {
            let integrity = match place.sha256.as_deref() {
                Some(sha256) if sha256.eq_ignore_ascii_case(&passed.sha256) => Integrity::Matches,
                Some(_) => Integrity::Changed,
                None => Integrity::NotRecorded,
            };
            Ok(Found {
                artifact: name.to_owned(),
                sha256: passed.sha256.clone(),
                integrity,
                lines: near(&passed.lines, place.line, passed.around),
                bytes,
                instructions: Vec::new(),
            })
        })
        .collect()
}

/// The lines around one place, of those around all.
fn near(lines: &[RawLine], line: Option<u64>, around: u64) -> Vec<RawLine> {
    let near = |l: &&RawLine| line.is_some_and(|line| l.number.abs_diff(line) <= around);
    lines.iter().filter(near).cloned().collect()
}

/// The instructions that make the tag reach the call at the place, followed anew in the image.
fn proof(bytes: &[u8], name: &str, place: &Sought) -> Vec<(Option<u64>, String)> {
    let (Ok(image), Some(offset)) = (Image::parse(bytes), place.offset) else {
        return Vec::new();
    };
    if place.tags.is_empty() {
        return Vec::new();
    }
    let file_name = name.rsplit('/').next().unwrap_or(name);
    let found = analyse(
        &image,
        TagQuery::Only(&Wanted::new(&place.tags)),
        Some(file_name),
    );
    let here = |f: &&Finding| f.site.as_ref().is_some_and(|site| site.offset == offset);
    let Some(finding) = found.findings.iter().filter(here).min_by_key(|f| f.grade) else {
        return Vec::new();
    };
    explain_at(&image, finding)
        .into_iter()
        .map(|(rva, text)| (image.offset_of(rva).map(|at| at as u64), text))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_window_holds_what_its_dump_needs(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            offset in 0u64..500,
            around in 0u64..6,
        ) {
            let windows = [window(offset, around)];
            let mut held = [Vec::new()];
            capture(&mut bytes.as_slice(), &windows, &mut held).unwrap();
            let (first, _) = windows[0].unwrap();
            let rows = quote::dump(&held[0], first, offset, around);
            prop_assert_eq!(rows, quote::dump(&bytes, 0, offset, around));
        }
    }
}
