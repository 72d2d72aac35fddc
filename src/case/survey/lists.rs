//! Listings of drivers, minifilters and processes, tables of handles, and lists of tags: what they
//! hold and how far they could be used.

use std::io::BufReader;

use super::{Content, Use};
use crate::artifact::collector::{self, Handles};
use crate::artifact::listing;
use crate::artifact::pooltag::{self, LineNote};
use crate::bundle::{Artifact, Bundle, ContentDigest, HashingReader, Role};
use crate::report::wording::bare;

/// A list of tags. `localtag.txt` has no descriptions but the drivers that use a tag.
pub(super) fn tag_list(
    artifact: &Artifact,
    bytes: &[u8],
    notes: &mut Vec<String>,
) -> (Content, Use) {
    let odd = |count: usize, what: &str, notes: &mut Vec<String>| {
        if count > 0 {
            notes.push(format!("{} {what}", bare(count as u64, "line")));
        }
    };
    if artifact.name.base_name_folded().contains("localtag") {
        let tags = pooltag::parse_local(bytes);
        odd(tags.unread_lines, "without a tag and drivers", notes);
        let used = if tags.entries.is_empty() {
            Use::NotUnderstood
        } else {
            Use::Used
        };
        return (Content::LocalTags(tags), used);
    }
    let tags = pooltag::parse(bytes);
    odd(tags.texts, "without a tag, comments left out", notes);
    odd(
        tags.duplicates(),
        "with a tag that an earlier line has",
        notes,
    );
    let other = |note: &&LineNote| !matches!(note, LineNote::Text { .. });
    let others = tags.notes.iter().filter(other).take(4);
    notes.extend(others.map(ToString::to_string));
    let used = if tags.entries().is_empty() {
        Use::NotUnderstood
    } else {
        Use::Used
    };
    (Content::Tags(tags), used)
}

/// A listing, and how many rows it has.
pub(super) fn listed(role: Role, bytes: &[u8], notes: &mut Vec<String>) -> (Content, usize) {
    match role {
        Role::DriverList => {
            let list = listing::drivers(bytes);
            crate::case::listed::describe(&list, notes);
            if !list.rows.is_empty() && list.rows.iter().all(|d| d.running.is_none()) {
                notes.push("it does not say which drivers run, in words that are known: `driverquery /v /fo csv` on an English system does".to_owned());
            }
            let rows = list.rows.len();
            (Content::Drivers(list), rows)
        }
        Role::FilterList => {
            let list = listing::filters(bytes);
            crate::case::listed::describe(&list, notes);
            let rows = list.rows.len();
            (Content::Filters(list), rows)
        }
        _ => {
            let list = listing::processes(bytes);
            crate::case::listed::describe(&list, notes);
            let rows = list.rows.len();
            (Content::Processes(list), rows)
        }
    }
}

/// The collector's table of handles, read as a stream.
pub(super) fn handles(
    bundle: &Bundle,
    artifact: &Artifact,
    notes: &mut Vec<String>,
) -> (ContentDigest, Use, Content) {
    let Ok(reader) = bundle.open_artifact(artifact.id) else {
        return (ContentDigest::Unreadable, Use::Unreadable, Content::Nothing);
    };
    let mut source = BufReader::new(HashingReader::new(reader));
    let table = match collector::handles(&mut source) {
        Ok(table) => table,
        Err(why) => {
            notes.push(why.to_string());
            Handles::default()
        }
    };
    if table.rejected > 0 {
        notes.push(format!("{} rows could not be read", table.rejected));
    }
    let digest = match source.into_inner().finish() {
        Ok((sha256, _, reader)) if reader.fault().is_none() => ContentDigest::Whole(sha256),
        Ok((sha256, _, _)) => ContentDigest::Partial(sha256),
        Err(_) => ContentDigest::Unreadable,
    };
    (digest, Use::Used, Content::Handles(table))
}
