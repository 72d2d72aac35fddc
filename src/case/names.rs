//! Whom and what a case names: machines, people, companies, files. For redaction alone; the
//! analysis asks for none of it.

use std::path::Path;

use crate::artifact::{registry, systeminfo};
use crate::bundle::{Bundle, Role};

pub use crate::artifact::systeminfo::NameKind;

/// Outputs and exports are read up to this size; systeminfo's has a few kilobytes, an export of
/// one key a few more.
const MAX_BYTES: u64 = 16 << 20;

/// Something that a case calls by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// A machine, a person, a company, a domain, or words.
    Stated(NameKind, String),
    /// An artifact or something left out, as reports show its name.
    File(String),
    /// A file or folder that was passed, by its last name.
    Input(String),
}

/// What a bundle names: in the outputs of systeminfo, in registry exports, and by the names of
/// its files, those left out included. Sorted, each once.
pub fn names(bundle: &Bundle) -> Vec<Name> {
    let mut all: Vec<Name> = bundle
        .paths()
        .iter()
        .filter_map(|path| last_name(path))
        .collect();
    for artifact in bundle.artifacts() {
        all.push(Name::File(artifact.name.to_string()));
        let read = match artifact.role {
            Role::SystemInfo => systeminfo::names,
            Role::RegistryExport => registry::names,
            _ => continue,
        };
        let bytes = bundle
            .read_whole(artifact.id, MAX_BYTES)
            .unwrap_or_default();
        let stated = read(&bytes).into_iter();
        all.extend(stated.map(|(kind, text)| Name::Stated(kind, text)));
    }
    all.extend(
        bundle
            .skipped()
            .iter()
            .map(|skipped| Name::File(skipped.name.to_string())),
    );
    all.sort();
    all.dedup();
    all
}

fn last_name(path: &Path) -> Option<Name> {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = whole.file_name()?.to_string_lossy().into_owned();
    Some(Name::Input(name))
}
