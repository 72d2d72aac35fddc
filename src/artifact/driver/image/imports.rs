//! Imports and delay imports: which pointer of the image calls which routine.

use super::directory::{DELAY_IMPORT, IMPORT};
use super::{Image, read_u32};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Libraries read at most; real drivers import from fewer than forty.
const MAX_LIBRARIES: u32 = 512;
/// Imports read from one library at most; win32k takes some 2,000 from one.
const MAX_IMPORTS: u32 = 16_384;
/// Imports of all libraries together at most: several descriptors may share one table.
const MAX_TOTAL: usize = 65_536;
/// Bytes of a name read at most; C++ exports reach a few hundred.
const MAX_NAME: usize = 512;

/// How an import is named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImportName {
    /// By name.
    Name(String),
    /// By number.
    Ordinal(u16),
}

/// One imported routine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The library, lower-case.
    pub library: Arc<str>,
    /// The routine.
    pub name: ImportName,
    /// True when it is bound on first use (delay import).
    pub delayed: bool,
}

impl Import {
    /// The routine's name, when imported by name.
    pub fn routine(&self) -> Option<&str> {
        match &self.name {
            ImportName::Name(name) => Some(name),
            ImportName::Ordinal(_) => None,
        }
    }
}

/// All imports of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imports {
    /// Keyed by the RVA of the slot in the import address table.
    pub slots: BTreeMap<u32, Import>,
}

/// Reads both import tables. Entries that point nowhere are skipped.
pub(super) fn read(image: &Image<'_>) -> Imports {
    let mut imports = Imports::default();
    tables(image, |thunks| read_thunks(image, thunks, &mut imports));
    imports
}

/// The names of the libraries alone, lower-case, each once: all that telling a driver from a
/// program takes.
pub(super) fn libraries(image: &Image<'_>) -> BTreeSet<String> {
    let mut libraries = BTreeSet::new();
    tables(image, |thunks| libraries.extend(library(image, thunks)));
    libraries
}

fn tables(image: &Image<'_>, mut each: impl FnMut(&Thunks)) {
    ordinary(image, &mut each);
    delayed(image, &mut each);
}

fn ordinary(image: &Image<'_>, each: &mut impl FnMut(&Thunks)) {
    let Some(directory) = image.directory(IMPORT) else {
        return;
    };
    for i in 0..MAX_LIBRARIES {
        let Some(at) = directory.rva.checked_add(20 * i) else {
            return;
        };
        let Some(descriptor) = image.slice(at, 20) else {
            return;
        };
        let field = |n: usize| read_u32(descriptor, n).unwrap_or(0);
        let (names, library, slots) = (field(0), field(12), field(16));
        if library == 0 || slots == 0 {
            return;
        }
        // Linkers of other vendors leave the name table out: the slots hold it on disk.
        let names = if names == 0 { slots } else { names };
        each(&Thunks {
            names,
            slots,
            library,
            base: 0,
            delayed: false,
        });
    }
}

/// Delay descriptors come in two versions: with attribute bit 0 their fields are RVAs,
/// without it (old linkers) virtual addresses.
fn delayed(image: &Image<'_>, each: &mut impl FnMut(&Thunks)) {
    let Some(directory) = image.directory(DELAY_IMPORT) else {
        return;
    };
    for i in 0..MAX_LIBRARIES {
        let Some(at) = directory.rva.checked_add(32 * i) else {
            return;
        };
        let Some(descriptor) = image.slice(at, 32) else {
            return;
        };
        let field = |n: usize| read_u32(descriptor, n).unwrap_or(0);
        let base = if field(0) & 1 == 1 {
            0
        } else {
            image.image_base as u32
        };
        let rva = |n: usize| field(n).wrapping_sub(base);
        if field(4) == 0 || field(12) == 0 {
            return;
        }
        each(&Thunks {
            names: rva(16),
            slots: rva(12),
            library: rva(4),
            base,
            delayed: true,
        });
    }
}

/// One library's parallel tables of names and slots.
struct Thunks {
    names: u32,
    slots: u32,
    library: u32,
    base: u32,
    delayed: bool,
}

fn library(image: &Image<'_>, thunks: &Thunks) -> Option<String> {
    let name = image.text_at(thunks.library, MAX_NAME)?;
    Some(name.to_ascii_lowercase())
}

fn read_thunks(image: &Image<'_>, thunks: &Thunks, into: &mut Imports) {
    let Some(library) = library(image, thunks) else {
        return;
    };
    let library: Arc<str> = library.into();
    let width = image.pointer_size();
    for i in 0..MAX_IMPORTS {
        if into.slots.len() >= MAX_TOTAL {
            return;
        }
        let at = |table: u32| table.checked_add(width * i);
        let (Some(name_at), Some(slot)) = (at(thunks.names), at(thunks.slots)) else {
            return;
        };
        let Some(entry) = image.pointer_at(name_at).filter(|&e| e != 0) else {
            return;
        };
        let Some(name) = read_name(image, entry, thunks.base) else {
            continue;
        };
        into.slots.insert(
            slot,
            Import {
                library: Arc::clone(&library),
                name,
                delayed: thunks.delayed,
            },
        );
    }
}

fn read_name(image: &Image<'_>, entry: u64, base: u32) -> Option<ImportName> {
    let ordinal_flag = 1u64 << (image.pointer_size() * 8 - 1);
    if entry & ordinal_flag != 0 {
        return Some(ImportName::Ordinal(entry as u16));
    }
    // Two bytes of hint stand before the name.
    let at = u32::try_from(entry)
        .ok()?
        .wrapping_sub(base)
        .checked_add(2)?;
    image.text_at(at, MAX_NAME).map(ImportName::Name)
}
