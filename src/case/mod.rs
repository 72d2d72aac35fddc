//! One case, end to end: from an opened bundle to its report.
//!
//! ```text
//! Bundle ─survey─► Survey ─clock, pools─► PoolHistory ─┐
//!                    └─── logs ─► episodes ────────────┼─► diagnosis ─images─► Attribution
//!                                                      └────────► Report
//! ```
//! Every artifact is read in place, as few times as its use needs, in parallel; results are
//! joined in the order of the inventory, so that the report does not depend on threads.

mod assemble;
mod blocks;
mod catalogs;
mod conclusion;
mod counters;
mod custody;
mod driver_names;
mod events;
mod evidence;
mod facts;
mod host;
mod images;
mod inspect;
mod levels;
mod listed;
mod logs;
pub mod lookup;
mod memory;
mod names;
mod observation;
mod offset;
mod options;
mod pool_source;
mod pools;
mod progress;
mod survey;
mod times;
mod wanted;
mod zones;

pub use catalogs::of_bundle as catalogs_of;
pub use inspect::{ImageReport, ImageVersion, image_version, inspect_image};
pub use memory::{Aspect, ImageMemory, NoMemory};
pub use names::{Name, NameKind, names};
pub use options::Options;
pub use progress::{NoProgress, Phase, Progress};

use rayon::prelude::*;

use crate::bundle::{Artifact, Bundle, BundleNote, ContentDigest, Role};
use crate::report::Report;
use crate::report::model::Refusals;

/// What the HTTPERR logs of a bundle say, and what is to be known of each file.
pub struct LogsAlone {
    /// Refusals, outages and other reasons.
    pub refusals: Refusals,
    /// Artifacts read, with what was odd about them.
    pub files: Vec<(String, Vec<String>)>,
    /// Artifacts that are no HTTPERR logs, with what they were taken for.
    pub others: Vec<(String, &'static str)>,
    /// What is to be said of the logs together.
    pub notes: Vec<String>,
}

/// Reads the HTTPERR logs of a bundle and nothing else, at the pace of a text search.
pub fn refusals(bundle: &Bundle, progress: &dyn Progress) -> LogsAlone {
    let mut survey = survey::read_logs(bundle, progress);
    let log = logs::settle(bundle, &mut survey);
    let (mut files, mut others) = (Vec::new(), Vec::new());
    for (artifact, entry) in bundle.artifacts().iter().zip(survey.entries) {
        match artifact.role {
            Role::HttpErr => files.push((
                artifact.name.to_string(),
                faults_of(bundle, artifact).chain(entry.notes).collect(),
            )),
            role => others.push((artifact.name.to_string(), role.name())),
        }
    }
    let notes = of_bundle(bundle)
        .into_iter()
        .chain(log.notes.iter().cloned())
        .collect();
    LogsAlone {
        refusals: assemble::refusals_of(&log),
        files,
        others,
        notes,
    }
}

/// What broke off or spoilt the reading of an artifact.
fn faults_of(bundle: &Bundle, artifact: &Artifact) -> impl Iterator<Item = String> + use<> {
    let id = artifact.id;
    bundle
        .faults()
        .into_iter()
        .filter(move |(faulty, _)| *faulty == id)
        .map(|(_, fault)| fault.to_string())
}

/// What is to be said of the input as a whole: damage of an archive, and what was left out.
fn of_bundle(bundle: &Bundle) -> Vec<String> {
    let of_archive = bundle.notes().iter().filter(|note| !note.is_about_names());
    let mut notes: Vec<String> = of_archive.map(ToString::to_string).collect();
    notes.extend(
        bundle
            .skipped()
            .iter()
            .map(|s| format!("{}: {}", s.name, s.why)),
    );
    notes
}

/// False if a part of the upload is known to be missing, or a log or a snapshot file could not be
/// read to its end: nothing found in the rest is then not nothing there.
fn is_whole(bundle: &Bundle) -> bool {
    let missing = bundle.notes().iter().any(BundleNote::is_damage);
    let decides = |id| {
        let role = bundle.artifact(id).map(|artifact| artifact.role);
        role.is_some_and(|role| role == Role::HttpErr || role.has_snapshots())
    };
    let locked = bundle.locked().next().is_some();
    !missing && !locked && !bundle.faults().iter().any(|(id, _)| decides(*id))
}

/// Analyses one case. `more_images` are folders of images to look into beside the bundle's own.
///
/// Trouble with single artifacts is part of the report; a bundle that opened always gives one.
pub fn analyse(
    bundle: &Bundle,
    more_images: &[Bundle],
    options: &Options,
    progress: &dyn Progress,
) -> Report {
    analyse_with(bundle, more_images, options, progress, &NoMemory)
}

/// Digests of all artifacts as [`analyse`] takes them, for [`Bundle::case_digest`]: what is too
/// large to be of use is hashed to the same point.
pub fn content_digests(bundle: &Bundle) -> Vec<ContentDigest> {
    bundle
        .artifacts()
        .par_iter()
        .map(|artifact| survey::digest_as_analysed(bundle, artifact))
        .collect()
}

/// As [`analyse`], with a memory for what images say of themselves. The report is the same with
/// any memory.
pub fn analyse_with(
    bundle: &Bundle,
    more_images: &[Bundle],
    options: &Options,
    progress: &dyn Progress,
    memory: &dyn ImageMemory,
) -> Report {
    analyse_and_digest(bundle, more_images, options, progress, memory).0
}

/// As [`analyse_with`], with the digests that the case's id was made of, as [`content_digests`]
/// gives them.
pub fn analyse_and_digest(
    bundle: &Bundle,
    more_images: &[Bundle],
    options: &Options,
    progress: &dyn Progress,
    memory: &dyn ImageMemory,
) -> (Report, Vec<ContentDigest>) {
    let mut survey = survey::read(bundle, options, progress);
    let log = logs::settle(bundle, &mut survey);
    let events = events::settle(bundle, &mut survey, options);
    let pools = pools::read(bundle, &mut survey, options, &events);
    let counters = counters::settle(&mut survey, &pools);
    let host = host::facts(&survey, options, &pools, &counters);
    let mut facts = facts::gather(&log, &pools, &counters, &events, host, is_whole(bundle));
    facts.offset = offset::hint(&survey, &pools, &log);
    let mut images = images::scan(bundle, more_images, &mut survey, &facts, progress, memory);
    let custody = custody::check(bundle, &mut survey);
    if let Some(custody) = &custody {
        images.mark_loaded(custody);
    }
    listed::mark(&mut images, &survey);
    let report = assemble::report(&assemble::Parts {
        bundle,
        survey: &survey,
        log: &log,
        pools: &pools,
        events: &events,
        counters: &counters,
        facts: &facts,
        images: &images,
        custody: &custody,
        options,
    });
    let digests = survey.entries.iter().map(|entry| entry.digest).collect();
    (report, digests)
}
