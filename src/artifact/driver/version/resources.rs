//! The resource tree: type, then name, then language, then data.

use std::collections::BTreeSet;

use super::super::layout::{Layout, u16_at, u32_at};
use super::{Language, MAX_RESOURCES, VersionNote};

const TYPE_VERSION: u32 = 16;
const HEADER_SIZE: usize = 16;
const ENTRY_SIZE: usize = 8;
/// Set in an entry's target when it is a further directory, in its id when that is a name.
const HIGH_BIT: u32 = 0x8000_0000;
/// Entries looked at in the whole tree. The types of a real image are a dozen, its versions one
/// or two; a cap for each directory would not do, because directories can overlap.
const MAX_ENTRIES: usize = 8192;

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
    let mut walk = Walk {
        tree,
        seen: BTreeSet::new(),
        budget: MAX_ENTRIES,
        notes,
    };
    let entries = walk.data_entries();
    if entries.len() > MAX_RESOURCES {
        notes.push(VersionNote::TooMany {
            what: "resources",
            limit: MAX_RESOURCES,
        });
    }
    entries
        .into_iter()
        .take(MAX_RESOURCES)
        .filter_map(|(language, at)| leaf(file, layout, tree, language, at, notes))
        .collect()
}

/// A walk over the tree, three levels deep.
struct Walk<'a, 'n> {
    tree: &'a [u8],
    /// Targets that were visited: none is twice.
    seen: BTreeSet<u32>,
    /// Entries that may still be looked at.
    budget: usize,
    notes: &'n mut Vec<VersionNote>,
}

impl Walk<'_, '_> {
    /// Offsets of the data entries below the version type, with their languages.
    fn data_entries(&mut self) -> Vec<(Language, usize)> {
        let mut found = Vec::new();
        for kind in self.directory(0) {
            if kind.id != TYPE_VERSION {
                continue;
            }
            for name in self.below(&kind) {
                for language in self.below(&name) {
                    if language.target & HIGH_BIT == 0 && self.seen.insert(language.target) {
                        let tongue = Language((language.id & 0xFFFF) as u16);
                        found.push((tongue, language.target as usize));
                    }
                }
            }
        }
        found
    }

    fn below(&mut self, entry: &Entry) -> Vec<Entry> {
        match entry.target & HIGH_BIT != 0 && self.seen.insert(entry.target) {
            true => self.directory((entry.target & !HIGH_BIT) as usize),
            false => Vec::new(),
        }
    }

    fn directory(&mut self, at: usize) -> Vec<Entry> {
        let header = self.tree.get(at..).unwrap_or_default();
        let (Some(named), Some(numbered)) = (u16_at(header, 12), u16_at(header, 14)) else {
            self.notes.push(VersionNote::TreeTruncated { offset: at });
            return Vec::new();
        };
        let stated = usize::from(named) + usize::from(numbered);
        let rows = header.get(HEADER_SIZE..).unwrap_or_default();
        let entries: Vec<Entry> = rows
            .chunks_exact(ENTRY_SIZE)
            .take(stated.min(self.budget))
            .filter_map(|row| {
                Some(Entry {
                    id: u32_at(row, 0)?,
                    target: u32_at(row, 4)?,
                })
            })
            .collect();
        if stated > self.budget && self.budget > 0 {
            self.notes.push(VersionNote::TooMany {
                what: "tree entries",
                limit: MAX_ENTRIES,
            });
        } else if entries.len() < stated.min(self.budget) {
            self.notes.push(VersionNote::TreeTruncated { offset: at });
        }
        // What does not fit ends the walk, so that what is left out is said once.
        self.budget = if stated > self.budget {
            0
        } else {
            self.budget - entries.len()
        };
        entries
    }
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
