//! What an artifact seems to be, from its name *and* its first bytes.
//!
//! Content decides wherever it says anything; a name decides only for content that says
//! nothing (an empty log, a bare `localtag.txt`). Where both speak and disagree, that is
//! kept as [`RoleReason::name_suggests`]: a log that holds a proxy's HTML page and an
//! archive renamed `.log` are what uploads really contain. The recognisers here are
//! deliberately shallow: parsers decide what is in the file.

mod debugger;
mod events;
mod httperr;
mod image;
mod listing;
mod magic;
mod name_hint;
mod pool_table;
mod poolmon;
mod pooltag;
mod role;
mod shell;
mod systeminfo;
mod text;

pub use name_hint::NameHint;
pub use role::{Basis, NotAnImage, Role, RoleReason};
pub(crate) use shell::misses_poolmon;

use super::name::ArtifactName;
use text::TextHead;

/// First bytes of an artifact that are looked at: enough for any header block, and for a
/// PE header behind the longest DOS stub that linkers write.
pub const HEAD_BYTES: usize = 4096;

/// Says what an artifact of this name that begins with `head` seems to be. `head` holds
/// the first [`HEAD_BYTES`] bytes, or all there are.
pub fn classify(name: &ArtifactName, head: &[u8]) -> (Role, RoleReason) {
    let hint = NameHint::of(name);
    let (role, basis) = by_content(name, hint, head);
    let contradicted = hint.filter(|hint| !hint.agrees_with(role, basis));
    (
        role,
        RoleReason {
            basis,
            name_suggests: contradicted,
        },
    )
}

fn by_content(name: &ArtifactName, hint: Option<NameHint>, head: &[u8]) -> (Role, Basis) {
    if head.is_empty() {
        return empty(hint);
    }
    if let Some(found) = image::recognise(head) {
        return found;
    }
    if let Some(found) = pool_table::recognise_binary(head) {
        return found;
    }
    if let Some(found) = magic::recognise(name, head) {
        return found;
    }
    let found = match TextHead::decode(head) {
        Some(text) => by_text(hint, &text),
        None => (Role::Unknown, Basis::Binary),
    };
    match (found.0, hint) {
        (Role::Unknown, Some(NameHint::Driver)) => (Role::Other, image::why_not(name, head)),
        (Role::Unknown, Some(NameHint::Perf)) => (Role::Perf, Basis::NameOnly),
        _ => found,
    }
}

/// An empty log or snapshot is a finding about the log (`poolmon /b > file` gives one),
/// any other empty file is nothing.
fn empty(hint: Option<NameHint>) -> (Role, Basis) {
    match hint {
        Some(NameHint::HttpErr) => (Role::HttpErr, Basis::EmptyFile),
        Some(NameHint::Poolmon) => (Role::Poolmon, Basis::EmptyFile),
        _ => (Role::Empty, Basis::EmptyFile),
    }
}

fn by_text(hint: Option<NameHint>, text: &TextHead) -> (Role, Basis) {
    let recognisers = [
        httperr::recognise,
        events::recognise,
        systeminfo::recognise,
        listing::recognise,
        pooltag::recognise,
    ];
    let found = recognisers
        .iter()
        .find_map(|recognise| recognise(hint, text));
    manifest(text)
        .or(found)
        .or_else(|| pool_table::recognise(text))
        .or_else(|| debugger::recognise(text))
        .or_else(|| poolmon::recognise(text))
        .or_else(|| debugger::recognise_session(text))
        .or_else(|| other_text(hint, text))
        .unwrap_or((Role::Unknown, Basis::PlainText))
}

/// The collector's manifest. It goes before the logs: it quotes names and errors of the machine,
/// and one of them may look like a row of a log.
fn manifest(text: &TextHead) -> Option<(Role, Basis)> {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let states = |line: &str| line.contains("\"poolsleuth-collect-manifest/");
    (first.starts_with('{') && text.lines().any(states)).then_some((
        Role::Manifest,
        Basis::Header("the schema of the collector's manifest"),
    ))
}

/// Text formats that one line gives away.
fn other_text(hint: Option<NameHint>, text: &TextHead) -> Option<(Role, Basis)> {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let folded = first.to_lowercase();
    let starts = |word: &str| folded.starts_with(word);
    if first.contains("(PDH-CSV") || first.contains("(PDH-TSV") {
        return Some((
            Role::Perf,
            Basis::Header("a performance counter log's column header"),
        ));
    }
    if starts("seq\tpid\timage\thandles") {
        let why = Basis::Header("the columns of the collector's table of handles");
        return Some((Role::Handles, why));
    }
    if starts("seq\tutc\tboot\t") {
        let why = Basis::Header("the columns of the collector's table of counters");
        return Some((Role::Perf, why));
    }
    if starts("hkey_local_machine\\")
        && text
            .lines()
            .any(|line| line.contains(" REG_") || line.contains("\tREG_"))
    {
        return Some((
            Role::RegistryExport,
            Basis::Header("a registry key's path, as `reg query` lists it"),
        ));
    }
    if starts("windows registry editor version") || starts("regedit4") {
        return Some((
            Role::RegistryExport,
            Basis::Header("a registry export's first line"),
        ));
    }
    if starts("<!doctype html") || starts("<html") {
        return Some((Role::Document, Basis::Header("an HTML page's beginning")));
    }
    if hint == Some(NameHint::Manifest) && starts("{") {
        return Some((Role::Manifest, Basis::NameAndShape));
    }
    None
}

#[cfg(test)]
mod tests;
