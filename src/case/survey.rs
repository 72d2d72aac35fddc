//! Reading every artifact for what it is, once, in parallel.

mod lists;

use std::io::Read;

use rayon::prelude::*;

use super::counters;
use super::events::{self, EventLog};
use super::images::MAX_IMAGE;
use super::logs::{Digest, LogFile, read_log};
use super::options::Options;
use super::pools::{PoolFile, survey_pool};
use super::progress::{Phase, Progress};
use crate::artifact::collector::Handles;
use crate::artifact::driver::catalog::Catalog;
use crate::artifact::events::EventFile;
use crate::artifact::listing::{self, ListedDriver, ListedFilter, ListedProcess, Listing};
use crate::artifact::memsnap;
use crate::artifact::perfmon::PerfLog;
use crate::artifact::pooltag::{LocalTags, PoolTags};
use crate::artifact::registry::{self, RegistryFacts};
use crate::artifact::systeminfo::{self, SystemInfo, boot::BootSwitches};
use crate::bundle::{Artifact, Bundle, ContentDigest, HashingReader, Manifest, Role};
use crate::report::wording::bare;

/// Tables and small texts are read whole up to this size. Microsoft's pooltag.txt has 250 kB,
/// a systeminfo output a few, a catalog of a driver package up to a megabyte.
const MAX_SMALL: u64 = 16 << 20;

/// Of what has no use here, so much is read for its digest; a dump may have a hundred gigabytes.
const MAX_UNUSED: u64 = 256 << 20;

/// What an artifact was good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Used,
    PartlyUsed,
    Duplicate,
    NotNeeded,
    NotUnderstood,
    Unreadable,
}

impl Use {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Use::Used => "used",
            Use::PartlyUsed => "partly_used",
            Use::Duplicate => "duplicate",
            Use::NotNeeded => "not_needed",
            Use::NotUnderstood => "not_understood",
            Use::Unreadable => "unreadable",
        }
    }
}

/// One artifact, read.
pub(super) struct Entry {
    pub(super) digest: ContentDigest,
    pub(super) used: Use,
    pub(super) notes: Vec<String>,
}

/// What an artifact holds, for those that are read at this stage.
enum Content {
    Log(Box<LogFile>),
    Pool(Box<PoolFile>),
    /// A report of msinfo32 lists drivers as well.
    System(Box<SystemInfo>, Listing<ListedDriver>),
    Boot(BootSwitches),
    Registry(
        RegistryFacts,
        Vec<(u64, String)>,
        Option<registry::StatedTimeZone>,
    ),
    Tags(PoolTags),
    LocalTags(LocalTags),
    Catalog(Box<Catalog>),
    Manifest(Box<Manifest>),
    Handles(Handles),
    Events(Box<EventFile>),
    Perf(Box<PerfLog>),
    Drivers(Listing<ListedDriver>),
    Filters(Listing<ListedFilter>),
    Processes(Listing<ListedProcess>),
    /// Left for the images' turn.
    Image,
    Nothing,
}

/// Everything read.
#[derive(Default)]
pub(super) struct Survey {
    /// One for each artifact, in the order of the inventory.
    pub(super) entries: Vec<Entry>,
    pub(super) logs: Vec<LogFile>,
    pub(super) pools: Vec<PoolFile>,
    pub(super) systems: Vec<(usize, SystemInfo)>,
    pub(super) boots: Vec<(usize, BootSwitches)>,
    pub(super) registries: Vec<RegistryFacts>,
    /// The lines that state them: artifact, number and text.
    pub(super) registry_lines: Vec<(usize, u64, String)>,
    /// Time zones that exports state.
    pub(super) time_zones: Vec<(usize, registry::StatedTimeZone)>,
    pub(super) pooltags: Vec<(String, PoolTags)>,
    /// What poolmon found in the machine's own drivers.
    pub(super) localtags: Vec<(String, LocalTags)>,
    pub(super) catalogs: Vec<(usize, Catalog)>,
    pub(super) manifests: Vec<(usize, Manifest)>,
    pub(super) handles: Vec<(usize, Handles)>,
    pub(super) events: Vec<EventLog>,
    pub(super) perfs: Vec<(usize, PerfLog)>,
    pub(super) driver_lists: Vec<(usize, Listing<ListedDriver>)>,
    pub(super) filter_lists: Vec<(usize, Listing<ListedFilter>)>,
    pub(super) process_lists: Vec<(usize, Listing<ListedProcess>)>,
    pub(super) images: Vec<usize>,
}

pub(super) fn read(bundle: &Bundle, options: &Options, progress: &dyn Progress) -> Survey {
    let wanted = |a: &&Artifact| a.role != Role::Driver;
    let bytes = bundle
        .artifacts()
        .iter()
        .filter(wanted)
        .filter_map(|a| a.size.or(a.claimed_size))
        .sum();
    progress.begin(Phase::Reading, bytes);
    let read: Vec<(Entry, Content)> = bundle
        .artifacts()
        .par_iter()
        .map(|artifact| {
            let read = read_one(bundle, artifact);
            progress.advance(bundle.size_of(artifact.id).unwrap_or(0));
            read
        })
        .collect();
    let mut survey = Survey::default();
    for (index, (entry, content)) in read.into_iter().enumerate() {
        survey.entries.push(entry);
        match content {
            Content::Log(log) => survey.logs.push(*log),
            Content::Pool(pool) => survey.pools.push(*pool),
            Content::System(system, list) => {
                survey.systems.push((index, *system));
                if !list.rows.is_empty() {
                    survey.driver_lists.push((index, list));
                }
            }
            Content::Boot(boot) => survey.boots.push((index, boot)),
            Content::Registry(registry, lines, zone) => {
                survey.time_zones.extend(zone.map(|zone| (index, zone)));
                survey.registries.push(registry);
                let lines = lines.into_iter().map(|(line, text)| (index, line, text));
                survey.registry_lines.extend(lines);
            }
            Content::Tags(tags) => survey
                .pooltags
                .push((bundle.artifacts()[index].name.to_string(), tags)),
            Content::LocalTags(tags) => survey
                .localtags
                .push((bundle.artifacts()[index].name.to_string(), tags)),
            Content::Catalog(catalog) => survey.catalogs.push((index, *catalog)),
            Content::Manifest(manifest) => survey.manifests.push((index, *manifest)),
            Content::Handles(handles) => survey.handles.push((index, handles)),
            Content::Events(file) => survey.events.push(EventLog::new(index, *file)),
            Content::Perf(log) => survey.perfs.push((index, *log)),
            Content::Drivers(list) => survey.driver_lists.push((index, list)),
            Content::Filters(list) => survey.filter_lists.push((index, list)),
            Content::Processes(list) => survey.process_lists.push((index, list)),
            Content::Image => survey.images.push(index),
            Content::Nothing => {}
        }
    }
    let given = options.pooltags.iter().cloned();
    survey.pooltags.splice(0..0, given);
    survey
}

/// Reads the HTTPERR logs only, and takes no digests.
pub(super) fn read_logs(bundle: &Bundle, progress: &dyn Progress) -> Survey {
    let logs = || {
        bundle
            .artifacts()
            .iter()
            .filter(|a| a.role == Role::HttpErr)
    };
    progress.begin(
        Phase::Reading,
        logs().filter_map(|a| a.size.or(a.claimed_size)).sum(),
    );
    let read: Vec<Option<(LogFile, Vec<String>)>> = bundle
        .artifacts()
        .par_iter()
        .map(|artifact| {
            let mut notes = Vec::new();
            (artifact.role == Role::HttpErr).then(|| {
                let log = read_log(bundle, artifact, Digest::NotWanted, &mut notes).0;
                progress.advance(bundle.size_of(artifact.id).unwrap_or(0));
                (log, notes)
            })
        })
        .collect();
    let mut survey = Survey::default();
    for one in read {
        let used = one
            .as_ref()
            .map_or(Use::NotNeeded, |(log, _)| log.usefulness());
        let (log, notes) = one.map_or((None, Vec::new()), |(log, notes)| (Some(log), notes));
        survey.entries.push(Entry {
            digest: ContentDigest::Unreadable,
            used,
            notes,
        });
        survey.logs.extend(log);
    }
    survey
}

fn read_one(bundle: &Bundle, artifact: &Artifact) -> (Entry, Content) {
    let mut notes: Vec<String> = Vec::new();
    if artifact.why.name_suggests.is_some() {
        notes.push(artifact.why.to_string());
    }
    let (digest, used, content) = match artifact.role {
        Role::HttpErr => {
            let (log, digest) = read_log(bundle, artifact, Digest::Wanted, &mut notes);
            let used = log.usefulness();
            (digest, used, Content::Log(Box::new(log)))
        }
        role if role.has_snapshots() => {
            let (pool, digest) = survey_pool(bundle, artifact, &mut notes);
            // A debugger is asked many things; a log without the pools has no use here.
            let other = artifact.role == Role::DebuggerLog && pool.says_nothing();
            let used = if other {
                Use::NotNeeded
            } else {
                pool.usefulness()
            };
            (digest, used, Content::Pool(Box::new(pool)))
        }
        Role::Driver => (ContentDigest::Unreadable, Use::NotNeeded, Content::Image),
        Role::SystemInfo
        | Role::DriverList
        | Role::FilterList
        | Role::ProcessList
        | Role::PoolTagTxt
        | Role::Catalog
        | Role::RegistryExport
        | Role::Manifest => small(bundle, artifact, &mut notes),
        Role::Handles => lists::handles(bundle, artifact, &mut notes),
        Role::EventLog => match events::read(bundle, artifact, &mut notes) {
            (digest, used, Some(file)) => (digest, used, Content::Events(Box::new(file))),
            (digest, used, None) => (digest, used, Content::Nothing),
        },
        Role::Memsnap => memsnap_log(bundle, artifact, &mut notes),
        Role::Perf => {
            let (digest, used, log) = counters::survey(bundle, artifact, &mut notes);
            let content = log.map_or(Content::Nothing, |log| Content::Perf(Box::new(log)));
            (digest, used, content)
        }
        Role::Empty => (
            digest_of(bundle, artifact),
            Use::NotNeeded,
            Content::Nothing,
        ),
        Role::Unknown | Role::Other | Role::Document if looks_like_boot(artifact) => {
            small(bundle, artifact, &mut notes)
        }
        Role::Unknown => (
            digest_of(bundle, artifact),
            Use::NotUnderstood,
            Content::Nothing,
        ),
        _ => (
            digest_of(bundle, artifact),
            Use::NotNeeded,
            Content::Nothing,
        ),
    };
    let used = if digest == ContentDigest::Unreadable && artifact.role != Role::Driver {
        Use::Unreadable
    } else {
        used
    };
    (
        Entry {
            digest,
            used,
            notes,
        },
        content,
    )
}

/// `boot.ini`, or a file named for the output of `bcdedit`.
fn looks_like_boot(artifact: &Artifact) -> bool {
    let name = artifact.name.base_name_folded();
    name.starts_with("boot") || name.contains("bcdedit") || name.contains("bcd.txt")
}

fn small(
    bundle: &Bundle,
    artifact: &Artifact,
    notes: &mut Vec<String>,
) -> (ContentDigest, Use, Content) {
    let (bytes, digest) = match read_small(bundle, artifact) {
        Ok(read) => read,
        Err(why) => {
            notes.push(why);
            return (
                digest_of(bundle, artifact),
                Use::NotUnderstood,
                Content::Nothing,
            );
        }
    };
    let content = match artifact.role {
        Role::SystemInfo => {
            let list = listing::msinfo_drivers(&bytes).unwrap_or_default();
            Content::System(Box::new(systeminfo::parse(&bytes)), list)
        }
        Role::PoolTagTxt => {
            let (content, used) = lists::tag_list(artifact, &bytes, notes);
            return (digest, used, content);
        }
        Role::RegistryExport => {
            let (facts, lines) = registry::parse_lines(&bytes);
            let zone = registry::time_zone(&bytes);
            if zone.is_none() && facts == RegistryFacts::default() {
                notes.push(
                    "none of the values that matter here: time zone, memory management, http.sys"
                        .to_owned(),
                );
                return (digest, Use::NotNeeded, Content::Nothing);
            }
            Content::Registry(facts, lines, zone)
        }
        Role::DriverList | Role::FilterList | Role::ProcessList => {
            let (content, rows) = lists::listed(artifact.role, &bytes, notes);
            let used = if rows > 0 {
                Use::Used
            } else {
                Use::NotUnderstood
            };
            return (digest, used, content);
        }
        Role::Catalog => match Catalog::parse(&bytes) {
            Ok(catalog) => Content::Catalog(Box::new(catalog)),
            Err(why) => {
                notes.push(format!("not read as a catalog: {why}"));
                return (digest, Use::NotUnderstood, Content::Nothing);
            }
        },
        Role::Manifest => match Manifest::parse(&bytes) {
            Ok(manifest) => Content::Manifest(Box::new(manifest)),
            Err(why) => {
                notes.push(why.to_string());
                return (digest, Use::NotUnderstood, Content::Nothing);
            }
        },
        _ => match systeminfo::boot::parse(&bytes) {
            Some(boot) => Content::Boot(boot),
            None => return (digest, Use::NotUnderstood, Content::Nothing),
        },
    };
    if let Content::System(system, _) = &content {
        notes.extend(system.notes.iter().map(ToString::to_string));
    }
    (digest, Use::Used, content)
}

/// A log of memsnap: who holds handles, and what it cannot tell.
fn memsnap_log(
    bundle: &Bundle,
    artifact: &Artifact,
    notes: &mut Vec<String>,
) -> (ContentDigest, Use, Content) {
    let Ok(reader) = bundle.open_artifact(artifact.id) else {
        return (ContentDigest::Unreadable, Use::Unreadable, Content::Nothing);
    };
    let mut source = HashingReader::new(reader);
    let log = memsnap::read(&mut source);
    let processes = log.handles.holders.len() as u64;
    notes.push(format!(
        "read as a log of memsnap: processes by name and id: {processes}, in {}. It knows no pool tags, so that no leak shows in it; handles are held against kernel objects that grow",
        bare(log.snapshots, "snapshot")
    ));
    if let Some((name, pid, first, last)) = &log.most_quota {
        notes.push(format!(
            "most new quota of nonpaged pool: {name} (process {pid}), from {first} to {last} bytes"
        ));
    }
    if log.handles.rejected > 0 {
        notes.push(format!(
            "{} left out: no row of a process",
            bare(log.handles.rejected, "line")
        ));
    }
    let digest = match source.finish() {
        Ok((sha256, _, reader)) if reader.fault().is_none() => ContentDigest::Whole(sha256),
        Ok((sha256, _, _)) => ContentDigest::Partial(sha256),
        Err(_) => ContentDigest::Unreadable,
    };
    let used = if processes > 0 {
        Use::Used
    } else {
        Use::NotNeeded
    };
    let content = if processes > 0 {
        Content::Handles(log.handles)
    } else {
        Content::Nothing
    };
    (digest, used, content)
}

fn read_small(bundle: &Bundle, artifact: &Artifact) -> Result<(Vec<u8>, ContentDigest), String> {
    let reader = bundle
        .open_artifact(artifact.id)
        .map_err(|e| e.to_string())?;
    let mut hashing = HashingReader::new(reader);
    let mut bytes = Vec::new();
    hashing
        .by_ref()
        .take(MAX_SMALL)
        .read_to_end(&mut bytes)
        .map_err(|e| bundle.failed(artifact.id, &e))?;
    let (sha256, _, mut reader) = hashing.into_parts();
    let more = matches!(reader.read(&mut [0]), Ok(n) if n > 0);
    if more {
        return Err(format!(
            "larger than {} MiB, which no such file is; not read",
            MAX_SMALL >> 20
        ));
    }
    let whole = reader.fault().is_none();
    Ok((
        bytes,
        if whole {
            ContentDigest::Whole(sha256)
        } else {
            ContentDigest::Partial(sha256)
        },
    ))
}

/// The digest of an artifact, whatever its size.
pub(super) fn digest_all(bundle: &Bundle, artifact: &Artifact) -> ContentDigest {
    digest_up_to(bundle, artifact, u64::MAX)
}

/// The digest of an artifact that is read for nothing else.
pub(super) fn digest_of(bundle: &Bundle, artifact: &Artifact) -> ContentDigest {
    digest_up_to(bundle, artifact, MAX_UNUSED)
}

/// The digest that the analysis of a case takes of an artifact.
pub(super) fn digest_as_analysed(bundle: &Bundle, artifact: &Artifact) -> ContentDigest {
    let size = artifact.size.or(artifact.claimed_size).unwrap_or(0);
    match artifact.role {
        Role::HttpErr | Role::EventLog => digest_all(bundle, artifact),
        role if role.has_snapshots() => digest_all(bundle, artifact),
        Role::Perf if !counters::is_binary(artifact) => digest_all(bundle, artifact),
        Role::Driver if size > MAX_IMAGE => ContentDigest::Unreadable,
        _ => digest_of(bundle, artifact),
    }
}

fn digest_up_to(bundle: &Bundle, artifact: &Artifact, cap: u64) -> ContentDigest {
    let Ok(reader) = bundle.open_artifact(artifact.id) else {
        return ContentDigest::Unreadable;
    };
    match HashingReader::new(reader.take(cap)).finish() {
        Ok((sha256, _, rest)) => {
            let mut reader = rest.into_inner();
            let more = matches!(reader.read(&mut [0]), Ok(n) if n > 0);
            let whole = !more && reader.fault().is_none();
            if whole {
                ContentDigest::Whole(sha256)
            } else {
                ContentDigest::Partial(sha256)
            }
        }
        Err(_) => ContentDigest::Unreadable,
    }
}
