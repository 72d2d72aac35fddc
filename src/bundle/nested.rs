//! Archives within what was uploaded: opened in place too, down to a stated depth.
//!
//! ```text
//! upload.zip                       names
//! ├── case/httperr1.log            httperr1.log
//! ├── case/drivers.zip             drivers.zip            stays, as an archive
//! │   └── a.sys                    drivers.zip/a.sys
//! └── case/old.zip
//!     └── old.tar.gz               old.zip/old.tar.gz
//!         └── httperr0.log         old.zip/old.tar.gz/httperr0.log
//! ```
//! An upload that holds one archive and nothing else is only a wrapping (mail gateways,
//! portals and ticket systems add such): the archive takes its place, so that the case is
//! the same with and without. An archive that is not opened stays in the inventory and
//! says why ([`NotOpened`]).
//!
//! Bombs: what an inner archive unpacks to is held to the bytes that it takes *on disk*,
//! in the outermost one, so that ratios do not multiply from level to level.

use super::artifact::{ArtifactIssue, NotOpened};
use super::classify::HEAD_BYTES;
use super::container::{self, Container, Entry, Feed, Listing};
use super::limits::LimitHit;
use super::name::ArtifactName;
use super::note::BundleNote;
use super::open::{Collected, Found, Means, Placing};
use super::reader::ReadFault;
use super::source::Source;
use super::trouble::OpenErrorKind;
use rayon::prelude::*;
use std::io::Read;
use std::sync::Arc;

/// Replaces an upload that holds one archive and nothing else by that archive, and says
/// how many were taken off.
pub(super) fn unwrapped(mut listing: Listing, means: &Means<'_>) -> (Listing, usize) {
    let mut level = 0;
    while level < means.limits.nesting {
        let [only] = listing.entries.as_slice() else {
            break;
        };
        // What is odd about the one entry has no place to be said without it.
        if !only.issues.is_empty() {
            break;
        }
        let name = only.name.clone();
        let inner = match open(&listing.container, 0, only, means) {
            Some(Ok(inner)) => inner,
            Some(Err(NotOpened::Trouble(why))) if why.is_of_memory() => {
                // The next try may succeed, and would give other names.
                let because = ReadFault::OutOfMemory;
                listing
                    .notes
                    .push(BundleNote::ArchiveCut { at: 0, because });
                break;
            }
            _ => break,
        };
        listing = replaced(listing, inner, name);
        level += 1;
    }
    (listing, level)
}

fn replaced(outer: Listing, inner: Listing, name: ArtifactName) -> Listing {
    let mut notes = outer.notes;
    notes.push(BundleNote::OnlyArchive { name });
    notes.extend(inner.notes);
    let mut skipped = outer.skipped;
    skipped.extend(inner.skipped);
    let mut limits_hit = outer.limits_hit;
    limits_hit.extend(inner.limits_hit);
    Listing {
        notes,
        skipped,
        limits_hit,
        ..inner
    }
}

/// Opens the archives among what was found, and those within them.
pub(super) fn expand(collected: &mut Collected, means: &Means<'_>) {
    let mut from = 0;
    while from < collected.found.len() {
        let until = collected.found.len();
        let level = collected.found.get(from..).unwrap_or_default();
        let archives: Vec<usize> = level
            .par_iter()
            .enumerate()
            .filter(|(_, found)| is_archive(found))
            .map(|(nth, _)| from + nth)
            .collect();
        // One after the other: they share a budget of memory.
        for index in archives {
            open_found(collected, index, means);
        }
        from = until;
    }
}

fn is_archive(found: &Found) -> bool {
    let Found {
        container, index, ..
    } = found;
    let head = Feed::of_entry(container, *index).head(HEAD_BYTES as u64);
    match head {
        Ok(head) => container::is_archive(&found.entry.name, &head),
        // Whether it is one shows when it is opened, or that is said.
        Err(why) => why.is_of_memory(),
    }
}

fn open_found(collected: &mut Collected, index: usize, means: &Means<'_>) {
    if collected.found.len() >= means.limits.entries {
        let limit = means.limits.entries;
        let hit = LimitHit::Entries { limit };
        if !collected.limits_hit.contains(&hit) {
            collected.limits_hit.push(hit);
        }
        return;
    }
    let Some(found) = collected.found.get(index) else {
        return;
    };
    let level = found.level + 1;
    let outcome = if found.level >= means.limits.nesting {
        let levels = means.limits.nesting;
        Some(Err(NotOpened::TooDeep { levels }))
    } else {
        open(&found.container, found.index, &found.entry, means)
    };
    let name = found.entry.name.clone();
    let issue = match outcome {
        None => return,
        Some(Err(why)) => ArtifactIssue::NotOpened(why),
        Some(Ok(mut listing)) => {
            let artifacts = listing.entries.len();
            say_where(&mut listing, &name);
            collected.add(listing, Placing::Below(name.as_bytes()), level);
            ArtifactIssue::Opened { artifacts }
        }
    };
    if let Some(found) = collected.found.get_mut(index) {
        found.entry.issues.push(issue);
    }
}

/// Says of which archive notes and limits speak.
fn say_where(listing: &mut Listing, archive: &ArtifactName) {
    for note in &mut listing.notes {
        *note = BundleNote::Within {
            archive: archive.clone(),
            note: Box::new(note.clone()),
        };
    }
    for hit in &mut listing.limits_hit {
        if let LimitHit::Depth { name } | LimitHit::NameLength { name, .. } = hit {
            *name = name.clone().below(archive.as_bytes());
        }
    }
}

/// Opens an entry as an archive; nothing where it is none.
fn open(
    container: &Arc<dyn Container>,
    index: usize,
    entry: &Entry,
    means: &Means<'_>,
) -> Option<Result<Listing, NotOpened>> {
    let feed = Feed::of_entry(container, index);
    let head = match feed.head(HEAD_BYTES as u64) {
        Ok(head) => head,
        Err(why) if why.is_of_memory() => {
            return Some(Err(NotOpened::Trouble(OpenErrorKind::OutOfMemory)));
        }
        Err(_) => return None,
    };
    if let Some(what) = container::not_read(&head) {
        return Some(Err(NotOpened::Format(what)));
    }
    if !container::is_archive(&entry.name, &head) {
        return None;
    }
    let opening = means.opening(&entry.name, entry.claim.packed, entry.modified);
    let mut spoilt = None;
    let feed = if feed.source().is_none() && container::needs_source(&head) {
        match in_memory(&feed, means) {
            Ok((source, fault)) => {
                spoilt = fault;
                Feed::Source(source)
            }
            Err(why) => return Some(Err(why)),
        }
    } else {
        feed
    };
    let listing = container::list_archive(&feed, &head, &opening)?;
    Some(match listing {
        Ok(mut listing) => {
            if let Some(because) = spoilt {
                let at = feed.source().map_or(0, Source::len);
                listing.notes.push(BundleNote::ArchiveCut { at, because });
            }
            Ok(listing)
        }
        Err(why) => Err(NotOpened::Trouble(why)),
    })
}

/// The whole of an entry in memory, within what is left for that, and the fault that it
/// ends with.
fn in_memory(feed: &Feed, means: &Means<'_>) -> Result<(Source, Option<ReadFault>), NotOpened> {
    let allowed = means.hoard().left();
    let trouble = |kind| NotOpened::Trouble(container::trouble_of(kind));
    let mut bytes = Vec::new();
    let mut content = feed
        .open()
        .map_err(trouble)?
        .take(allowed.saturating_add(1));
    let fault = content.read_to_end(&mut bytes).err();
    let fault = fault.map(|error| ReadFault::of(&error));
    if fault.is_some_and(ReadFault::is_of_memory) {
        return Err(NotOpened::Trouble(OpenErrorKind::OutOfMemory));
    }
    if !means.hoard().take(bytes.len() as u64) {
        return Err(NotOpened::TooLarge { allowed });
    }
    bytes.shrink_to_fit();
    Ok((Source::of_memory(bytes), fault))
}
