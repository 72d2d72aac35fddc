//! When folders and archives are parts of one case.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Entries, Material};

/// True when subfolders make one case together: no two hold the same kind of material and
/// something else says so too (each holds one kind only, or one is called like a part), or those
/// with names of parts hold different kinds. Whoever copies a folder of Windows (`System32`, with
/// logs and drivers in it) has copied a part, however much lies there.
pub(super) fn are_parts(folders: &[(&PathBuf, BTreeSet<Material>)]) -> bool {
    let is_part = |path: &Path, material: &BTreeSet<Material>| {
        is_of_windows(path) || (material.len() == 1 && is_part_name(path))
    };
    let named: Vec<_> = folders.iter().filter(|(p, m)| is_part(p, m)).collect();
    let kinds: BTreeSet<Material> = folders.iter().flat_map(|(_, m)| m).copied().collect();
    let named_kinds: BTreeSet<Material> = named.iter().flat_map(|(_, m)| m).copied().collect();
    let held: usize = folders.iter().map(|(_, material)| material.len()).sum();
    let all_differ = kinds.len() > 1 && kinds.len() == held;
    let all_named = !folders.is_empty() && named.len() == folders.len();
    let simple = folders
        .iter()
        .all(|(path, m)| m.len() == 1 || is_of_windows(path));
    match simple {
        true => all_differ || all_named || named_kinds.len() > 1,
        false => all_differ && !named.is_empty(),
    }
}

/// True when archives make one case together: each is called exactly like a part (`HTTPERR.zip`,
/// `drivers.zip`), no two are the same part, and there is more than one part in all. Archives of
/// other names are cases of their own, whatever they hold.
pub(super) fn are_packed_parts(
    entries: &Entries,
    folders: &[(&PathBuf, BTreeSet<Material>)],
) -> bool {
    let parts: BTreeSet<&'static str> = entries.archives.iter().filter_map(|p| part(p)).collect();
    let all_parts = !parts.is_empty() && parts.len() == entries.archives.len();
    let beside = usize::from(!entries.material.is_empty()) + folders.len();
    all_parts && parts.len() + beside > 1 && folders.iter().all(|(path, _)| is_part_name(path))
}

/// The part of a case that an archive is called like, its endings aside.
fn part(archive: &Path) -> Option<&'static str> {
    let name = archive.file_name()?.to_string_lossy().to_lowercase();
    let stem = name.split('.').next()?;
    PARTS.iter().copied().find(|part| *part == stem)
}

/// Names of the parts of a case, as they are collected.
const PARTS: [&str; 7] = [
    "httperr", "drivers", "poolmon", "logfiles", "system32", "windows", "pool",
];

/// Folders of Windows itself: what lies there is a copy of one machine's.
pub(super) fn is_of_windows(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let names = [
        "system32",
        "sysnative",
        "syswow64",
        "windows",
        "winnt",
        "logfiles",
    ];
    names.contains(&name.to_lowercase().as_str())
}

/// Folders that are called like this are parts of a case, however many there are.
fn is_part_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    PARTS.iter().any(|part| name.starts_with(part))
}
