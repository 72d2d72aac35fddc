//! The resource tree: type, then name, then language, then data.

use std::collections::BTreeSet;

use super::super::layout::{Layout, u16_at, u32_at};
use super::{Language, MAX_RESOURCES, VersionNote};

const TYPE_VERSION: u32 = 16;
const HEADER_SIZE: usize = 16;
const ENTRY_SIZE: usize = 8;
/// Set in an entry's target when it is a further directory, in its id when that is a name.
const HIGH_BIT: u32 = 0x8000_0000;
/// Entries looked at in one directory. The field allows 131,070; images with a few thousand
/// resources of one type exist, version resources are found among the types (a dozen).
const MAX_ENTRIES: usize = 4096;

/// The bytes of one version resource, not yet understood.
pub(super) struct Leaf<'a> {
    pub language: Language,
    pub rva: u32,
    pub data: &'a [u8],
}

struct Entry {
    id: u32,
    target: u32,
}

/// Every version resource's bytes, in the order of the tree.
pub(super) fn version_resources<'a>(
    file: &'a [u8],
    layout: &Layout,
    notes: &mut Vec<VersionNote>,
) -> Vec<Leaf<'a>> {
    let root = layout.resources;
    if root.address == 0 {
        return Vec::new();
    }
    let Some(tree) = layout.bytes(file, root.address, u32::MAX) else {
        notes.push(VersionNote::DirectoryOutsideFile { rva: root.address });
        return Vec::new();
    };
    let mut leaves = Vec::new();
    for (language, at) in data_entries(tree, notes) {
        if leaves.len() == MAX_RESOURCES {
            notes.push(VersionNote::TooMany {
                what: "resources",
                limit: MAX_RESOURCES,
            });
            break;
        }
        leaves.extend(leaf(file, layout, tree, language, at, notes));
    }
    leaves
}

/// Offsets of the data entries below the version type. Two entries that share their data count
/// once, so that a small tree cannot stand for much work.
fn data_entries(tree: &[u8], notes: &mut Vec<VersionNote>) -> Vec<(Language, usize)> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let types = directory(tree, 0, notes);
    for kind in types.iter().filter(|entry| entry.id == TYPE_VERSION) {
        for name in below(tree, kind, &mut seen, notes) {
            for language in below(tree, &name, &mut seen, notes) {
                if language.target & HIGH_BIT == 0 && seen.insert(language.target) {
                    let tongue = Language((language.id & 0xFFFF) as u16);
                    found.push((tongue, language.target as usize));
                }
            }
        }
    }
    found
}

fn below(
    tree: &[u8],
    entry: &Entry,
    seen: &mut BTreeSet<u32>,
    notes: &mut Vec<VersionNote>,
) -> Vec<Entry> {
    match entry.target & HIGH_BIT != 0 && seen.insert(entry.target) {
        true => directory(tree, (entry.target & !HIGH_BIT) as usize, notes),
        false => Vec::new(),
    }
}

fn directory(tree: &[u8], at: usize, notes: &mut Vec<VersionNote>) -> Vec<Entry> {
    let counts = (|| {
        Some((
            u16_at(tree, at.checked_add(12)?)?,
            u16_at(tree, at.checked_add(14)?)?,
        ))
    })();
    let Some((named, numbered)) = counts else {
        notes.push(VersionNote::TreeTruncated { offset: at });
        return Vec::new();
    };
    let stated = usize::from(named) + usize::from(numbered);
    let entries: Vec<Entry> = (0..stated.min(MAX_ENTRIES))
        .map_while(|index| {
            let row = tree.get(at + HEADER_SIZE + index * ENTRY_SIZE..)?;
            Some(Entry {
                id: u32_at(row, 0)?,
                target: u32_at(row, 4)?,
            })
        })
        .collect();
    if stated > MAX_ENTRIES {
        notes.push(VersionNote::TooMany {
            what: "directory entries",
            limit: MAX_ENTRIES,
        });
    } else if entries.len() < stated {
        notes.push(VersionNote::TreeTruncated { offset: at });
    }
    entries
}

fn leaf<'a>(
    file: &'a [u8],
    layout: &Layout,
    tree: &[u8],
    language: Language,
    at: usize,
    notes: &mut Vec<VersionNote>,
) -> Option<Leaf<'a>> {
    let entry = tree
        .get(at..)
        .and_then(|entry| Some((u32_at(entry, 0)?, u32_at(entry, 4)?)));
    let Some((rva, size)) = entry else {
        notes.push(VersionNote::TreeTruncated { offset: at });
        return None;
    };
    let data = layout.bytes(file, rva, size).unwrap_or_default();
    if data.len() < size as usize {
        notes.push(VersionNote::DataTruncated {
            rva,
            expected: size,
            found: data.len(),
        });
    }
    (!data.is_empty()).then_some(Leaf {
        language,
        rva,
        data,
    })
}
