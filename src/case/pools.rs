//! The snapshots of a case: dated, ordered, made into series.
//!
//! Files are read twice: once for the lines that may date a snapshot, and, when all dates of the
//! case were settled together, once for the rows. Rows are never held for more than one snapshot.

use std::collections::BTreeMap;

use super::blocks::{collector_lines, end_of, note_of_torn};
use super::events::EventFacts;
use super::evidence::Place;
use super::options::Options;
use super::pool_source::{PoolSource, Quoted};
use super::survey::{Survey, Use};
use crate::artifact::collector::BlockStart;
use crate::artifact::look::{Origin, Stamp, StampTime};
use crate::artifact::poolmon::TextBlock;
use crate::bundle::{Artifact, ArtifactId, Bundle, ContentDigest, HashingReader, When};
use crate::tag::{Pool, Tag};
use crate::timeline::series::{PoolHistory, SeriesBuilder};
use crate::timeline::stamp::{
    ClockEvidence, Context, Dating, FileTime, Line, Solution, StampSource, StatedClock, StatedTime,
    Withheld, solve,
};
use crate::timeline::zone::{ZoneClaim, ZoneSource};

/// Most snapshots of one file that are dated; as many as the series keep.
pub(super) const MAX_SNAPSHOTS: usize = 60_000;

/// One file of snapshots, read for its times.
pub(super) struct PoolFile {
    pub(super) artifact: ArtifactId,
    pub(super) digest: ContentDigest,
    pub(super) heads: Vec<Head>,
    /// Lines in the form of rows that were left out.
    pub(super) left_out: u64,
    /// Another file has the same bytes.
    pub(super) duplicate: bool,
    /// Lines of the collector which say that the kernel had no memory for an answer.
    pub(super) exhausted: Vec<u64>,
}

/// A snapshot without its rows.
pub(super) struct Head {
    pub(super) first: Place,
    pub(super) offset: u64,
    pub(super) rows: usize,
    before: TextBlock,
    after: TextBlock,
    /// The time that its own form states.
    stamp: Option<Stamp>,
    /// What the kernel keeps as the largest size of nonpaged pool.
    pub(super) nonpaged_max: Option<u64>,
    /// Sizes without rows, as `!vm` gives.
    sizes: bool,
    /// What the collector's line before it says.
    pub(super) block: Option<BlockStart>,
    /// Rows, as the collector's line after it says; none after a torn block.
    pub(super) ended: Option<u64>,
}

impl PoolFile {
    /// True when it has neither a snapshot nor a line that was to be of one.
    pub(super) fn says_nothing(&self) -> bool {
        self.heads.is_empty() && self.left_out == 0
    }

    pub(super) fn usefulness(&self) -> Use {
        let useful = self.heads.iter().any(|h| h.rows > 0 || h.sizes);
        match (useful, self.left_out) {
            (true, 0) => Use::Used,
            (true, _) => Use::PartlyUsed,
            (false, _) => Use::NotUnderstood,
        }
    }
}

/// The snapshots of the case.
pub(super) struct Pools {
    pub(super) history: PoolHistory,
    pub(super) solution: Solution,
    /// For each snapshot handed to the series, by its order: file (place in the survey) and
    /// position in it.
    pub(super) places: Vec<(usize, usize)>,
    /// Snapshots that were dated, by where their time stood.
    pub(super) stamp_sources: BTreeMap<&'static str, u64>,
    /// What is to be said of the snapshots together.
    pub(super) notes: Vec<String>,
    /// The collector saw the kernel without memory for an answer.
    pub(super) exhausted: bool,
    /// What the kernel keeps as the largest size of nonpaged pool, as the last snapshot that tells
    /// has it.
    pub(super) nonpaged_max: Option<u64>,
}

fn reader(bundle: &Bundle, id: ArtifactId) -> Option<PoolSource<crate::bundle::ArtifactReader>> {
    let role = bundle.artifact(id)?.role;
    let source = bundle.open_artifact(id).ok()?;
    Some(PoolSource::new(role, source))
}

/// Reads a file for its snapshots' times and for what is wrong with it.
pub(super) fn survey_pool(
    bundle: &Bundle,
    artifact: &Artifact,
    notes: &mut Vec<String>,
) -> (PoolFile, ContentDigest) {
    let mut heads = Vec::new();
    let mut incomplete: BTreeMap<String, u64> = BTreeMap::new();
    let Ok(source) = bundle.open_artifact(artifact.id) else {
        notes.push("cannot be opened".into());
        let file = PoolFile {
            artifact: artifact.id,
            digest: ContentDigest::Unreadable,
            heads,
            left_out: 0,
            duplicate: false,
            exhausted: Vec::new(),
        };
        return (file, ContentDigest::Unreadable);
    };
    let mut hashing = HashingReader::new(source);
    let mut snapshots = PoolSource::new(artifact.role, &mut hashing);
    let mut exhausted = Vec::new();
    for snapshot in snapshots.by_ref() {
        let block = collector_lines(&snapshot.before, &mut heads, &mut exhausted);
        let ended = block.and_then(|start| end_of(&snapshot.after, start));
        let sizes = snapshot.observation.rows.is_empty() && !snapshot.says_nothing();
        for reason in snapshot.lacks {
            *incomplete.entry(reason).or_default() += 1;
        }
        if heads.len() < MAX_SNAPSHOTS {
            heads.push(Head {
                first: snapshot.first,
                offset: snapshot.offset,
                rows: snapshot.observation.rows.len(),
                before: snapshot.before,
                after: snapshot.after,
                stamp: snapshot.stamp,
                nonpaged_max: snapshot.nonpaged_max,
                sizes,
                block,
                ended,
            });
        }
    }
    let collected = heads.iter().any(|head| head.block.is_some());
    if collected {
        // The collector's own count decides, and says more than the shape of a table.
        incomplete.clear();
    }
    let source_notes = snapshots.finish(incomplete);
    let digest = match hashing.finish() {
        Ok((sha256, _, reader)) if reader.fault().is_none() => ContentDigest::Whole(sha256),
        Ok((sha256, _, _)) => ContentDigest::Partial(sha256),
        Err(_) => ContentDigest::Unreadable,
    };
    if collected {
        notes.extend(note_of_torn(&heads));
    }
    notes.extend(source_notes.said);
    (
        PoolFile {
            artifact: artifact.id,
            digest,
            heads,
            left_out: source_notes.left_out,
            duplicate: false,
            exhausted,
        },
        digest,
    )
}

/// Dates all snapshots and makes series of them.
pub(super) fn read(
    bundle: &Bundle,
    survey: &mut Survey,
    options: &Options,
    events: &EventFacts,
) -> Pools {
    mark_duplicates(survey);
    let names: Vec<String> = survey
        .pools
        .iter()
        .map(|p| {
            bundle
                .artifact(p.artifact)
                .map_or_else(String::new, |a| a.name.to_string())
        })
        .collect();
    let evidence = evidence(bundle, survey, &names);
    let mut solution = solve(&evidence, &context(survey, options));
    let mut notes = Vec::new();
    if distrust_file_times(&mut solution) {
        notes.push("the files' own times lie together or date one snapshot only, as after copying: they date nothing".into());
    }
    let mut pools = Pools {
        history: SeriesBuilder::default().finish(),
        solution,
        places: Vec::new(),
        stamp_sources: BTreeMap::new(),
        notes,
        exhausted: survey.pools.iter().any(|f| !f.exhausted.is_empty()),
        nonpaged_max: largest_stated(survey),
    };
    let mut builder = SeriesBuilder::default();
    let mut dated = 0;
    for (source, file) in survey
        .pools
        .iter()
        .enumerate()
        .filter(|(_, f)| !f.duplicate)
    {
        let Some(snapshots) = reader(bundle, file.artifact) else {
            continue;
        };
        for (position, snapshot) in snapshots.take(file.heads.len()).enumerate() {
            let dating = pools.solution.datings.get(dated);
            dated += 1;
            let at = dating.and_then(|d| d.utc()).map(|at| at.timestamp_millis());
            if let (Some(_), Some(stamp)) = (at, dating.and_then(|d| d.stamp.as_ref())) {
                *pools.stamp_sources.entry(stamp.source.name()).or_default() += 1;
            }
            let head = file.heads.get(position);
            if snapshot.says_nothing() || head.is_some_and(Head::is_torn) {
                continue;
            }
            let order = pools.places.len();
            pools.places.push((source, position));
            let mut observation = snapshot.observation;
            observation.facts.order = order;
            observation.facts.source = source;
            observation.facts.at = at;
            if let Some(head) = head {
                head.complete(&mut observation);
            }
            observation.facts.started = at.and_then(|at| events.start_before(at));
            builder.push(observation);
        }
    }
    pools.history = builder.finish();
    pools
        .notes
        .extend(pools.history.notes.iter().map(ToString::to_string));
    pools
}

/// The maximum of nonpaged pool that the last snapshot states which states one.
fn largest_stated(survey: &Survey) -> Option<u64> {
    let files = survey.pools.iter().filter(|f| !f.duplicate);
    files
        .flat_map(|file| &file.heads)
        .filter_map(|head| head.nonpaged_max)
        .next_back()
}

/// File times closer together than this, in seconds, were set by copying or unpacking; nobody takes
/// snapshots of the pool into separate files that fast.
const COPIED_TOGETHER: i64 = 60;

/// Takes back what only file times date, unless two or more such times lie apart as snapshots do.
/// True if something was taken back. Local times of an archive are judged as those in UTC are, so
/// that a folder and an archive of it give one report.
fn distrust_file_times(solution: &mut Solution) -> bool {
    let weak = |dating: &Dating| dating.stamp.as_ref().is_some_and(|s| s.source.is_weak());
    let clock = |dating: &Dating| {
        let stamp = dating.stamp.as_ref()?;
        let utc = stamp.utc.map(|at| at.timestamp());
        utc.or_else(|| stamp.local.map(|at| at.and_utc().timestamp()))
    };
    let mut times: Vec<i64> = solution
        .datings
        .iter()
        .filter(|d| weak(d))
        .filter_map(clock)
        .collect();
    times.sort_unstable();
    let apart = times.len() > 1
        && times
            .windows(2)
            .all(|pair| pair[1] - pair[0] >= COPIED_TOGETHER);
    if times.is_empty() || apart {
        return false;
    }
    for dating in solution.datings.iter_mut().filter(|d| weak(d)) {
        *dating = Dating {
            stamp: None,
            withheld: Some(Withheld::NoStamp),
        };
    }
    true
}

fn mark_duplicates(survey: &mut Survey) {
    let mut seen: Vec<ContentDigest> = Vec::new();
    for file in &mut survey.pools {
        let whole = matches!(file.digest, ContentDigest::Whole(_));
        file.duplicate = whole && !file.heads.is_empty() && seen.contains(&file.digest);
        if file.duplicate {
            let entry = &mut survey.entries[file.artifact.index()];
            entry.used = Use::Duplicate;
            entry
                .notes
                .push("another artifact has the same bytes: its snapshots count once".into());
        } else if whole {
            seen.push(file.digest);
        }
    }
}

fn evidence<'a>(
    bundle: &Bundle,
    survey: &'a Survey,
    names: &'a [String],
) -> Vec<ClockEvidence<'a>> {
    let lines = |block: &'a TextBlock| {
        block
            .lines
            .iter()
            .map(|l| Line {
                number: l.line,
                text: &l.text,
            })
            .collect::<Vec<_>>()
    };
    let mut all = Vec::new();
    for (index, file) in survey
        .pools
        .iter()
        .enumerate()
        .filter(|(_, f)| !f.duplicate)
    {
        let modified = bundle.artifact(file.artifact).and_then(|a| a.modified);
        for (position, head) in file.heads.iter().enumerate() {
            let last = position + 1 == file.heads.len();
            all.push(ClockEvidence {
                artifact: index,
                artifact_name: &names[index],
                position,
                snapshots: file.heads.len(),
                before: lines(&head.before),
                after: if last { lines(&head.after) } else { Vec::new() },
                stated: head.stamp.as_ref().map(stated),
                modified: modified.map(|m| match (m.when, m.source) {
                    (When::Instant(at), crate::bundle::ModifiedSource::FolderMtime) => {
                        FileTime::FileSystem(at)
                    }
                    (When::Instant(at), _) => FileTime::ArchiveUtc(at),
                    (When::Local(at), _) => FileTime::ArchiveLocal(at),
                }),
            });
        }
    }
    all
}

/// The time that a snapshot's own form states.
fn stated(stamp: &Stamp) -> StatedTime<'_> {
    StatedTime {
        source: match stamp.origin {
            Origin::Column => StampSource::Column,
            Origin::DebugSession => StampSource::DebugSession,
        },
        text: &stamp.text,
        line: stamp.line,
        clock: match stamp.time {
            StampTime::Instant(at) => StatedClock::Instant(at),
            StampTime::Utc => StatedClock::Utc,
            StampTime::Local => StatedClock::Local,
        },
    }
}

pub(super) fn context(survey: &Survey, options: &Options) -> Context {
    let mut zones = Vec::new();
    if let Some((zone, typed)) = &options.zone {
        zones.push(ZoneClaim::new(*zone, ZoneSource::Option, typed.clone()));
    }
    for (_, manifest) in &survey.manifests {
        let host = &manifest.host;
        let name = host.zone.as_deref().unwrap_or_default();
        zones.extend(ZoneClaim::from_manifest(name, host.zone_bias));
    }
    for (_, system) in &survey.systems {
        zones.extend(
            system
                .time_zone
                .as_ref()
                .and_then(|stated| ZoneClaim::from_systeminfo(&stated.value)),
        );
    }
    for log in survey.events.iter().filter(|log| !log.foreign) {
        let stated = log.file.zone.as_ref();
        zones.extend(stated.and_then(|(bias, name)| ZoneClaim::from_event_log(name, *bias)));
    }
    zones.extend(super::zones::of_side_files(survey));
    Context {
        zones,
        date_order: options.date_order,
    }
}

/// The snapshots of a file at some positions, read again for the evidence: one pass for all.
pub(super) fn find_rows(
    bundle: &Bundle,
    file: &PoolFile,
    wanted: &[(usize, Tag, Pool)],
) -> Vec<Option<Quoted>> {
    let mut found: Vec<Option<Quoted>> = wanted.iter().map(|_| None).collect();
    let Some(snapshots) = reader(bundle, file.artifact) else {
        return found;
    };
    let last = wanted
        .iter()
        .map(|(position, _, _)| *position)
        .max()
        .unwrap_or(0);
    for (position, snapshot) in snapshots.take(last + 1).enumerate() {
        for (slot, (_, tag, pool)) in found
            .iter_mut()
            .zip(wanted)
            .filter(|(_, w)| w.0 == position)
        {
            *slot = snapshot.quote(*tag, *pool);
        }
    }
    found
}
