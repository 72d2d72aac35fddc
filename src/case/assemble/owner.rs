//! What tables say of a tag, each with its provenance, and where they contradict each other.
//!
//! The lists that were given come first, then those of the case in the order of the inventory, then
//! the built-in table; the first that knows the tag speaks, and those that name another owner are
//! quoted behind it. A list names whose code allocates, which is a hint and no evidence.

use super::Parts;
use crate::artifact::pooltag::{Entry, well_known};
use crate::tag::Tag;

/// Contradictions that are quoted; lists copied from each other repeat them.
const MAX_RIVALS: usize = 3;

/// Drivers that are named of one line of localtag.txt.
const MAX_LOCAL: usize = 6;

/// What tables say of a tag: the case's own lists first, then what is generally known.
pub(super) fn owner_hint(parts: &Parts<'_>, tag: Tag) -> Option<String> {
    let mut said: Option<(String, Option<String>)> = None;
    let mut rivals: Vec<String> = Vec::new();
    for (name, tags) in &parts.survey.pooltags {
        let Some(hint) = tags.lookup(tag) else {
            continue;
        };
        let image = folded(hint.entry);
        let Some((_, first)) = &said else {
            let text = format!(
                "{} ({name}, line {}; {})",
                stated(hint.entry),
                hint.entry.line,
                hint.matched.sentence()
            );
            let others = hint.rivals.iter();
            rivals.extend(
                others.map(|r| format!("{} (line {} of the same list)", stated(r), r.line)),
            );
            said = Some((text, image));
            continue;
        };
        // A list that does not know the owner contradicts nobody.
        if image.is_some() && image != *first {
            rivals.push(format!(
                "{} ({name}, line {})",
                stated(hint.entry),
                hint.entry.line
            ));
        }
    }
    let mut text = match said {
        Some((text, _)) => Some(text),
        None => well_known(tag).map(|known| {
            format!(
                "{}: {} (built-in table; {})",
                known.owner,
                known.class.sentence(),
                known.source
            )
        }),
    };
    let more = rivals.len().saturating_sub(MAX_RIVALS);
    rivals.truncate(MAX_RIVALS);
    if let Some(text) = text.as_mut().filter(|_| !rivals.is_empty()) {
        text.push_str("; contradicted by ");
        text.push_str(&rivals.join("; "));
        if more > 0 {
            text.push_str(&format!("; and {more} more"));
        }
    }
    match (text, local(parts, tag)) {
        (Some(text), Some(local)) => Some(format!("{text}; {local}")),
        (text, local) => text.or(local),
    }
}

/// `ntfs.sys: general allocation`, or what there is of it.
fn stated(entry: &Entry) -> String {
    let binary = entry.binary.as_deref().unwrap_or("unknown");
    format!("{binary}: {}", entry.description)
}

/// The image of an entry, for comparison: without its ending, in lower case.
fn folded(entry: &Entry) -> Option<String> {
    let image = entry.image()?.to_lowercase();
    Some(image.strip_suffix(".sys").unwrap_or(&image).to_owned())
}

/// Drivers in which poolmon itself found the tag.
fn local(parts: &Parts<'_>, tag: Tag) -> Option<String> {
    let lists = parts.survey.localtags.iter();
    let mut found = lists.filter_map(|(name, tags)| Some((name, tags.lookup(tag)?.1)));
    let (name, entry) = found.next()?;
    let shown: Vec<&str> = entry
        .drivers
        .iter()
        .take(MAX_LOCAL)
        .map(String::as_str)
        .collect();
    let more = match entry.drivers.len().saturating_sub(MAX_LOCAL) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    Some(format!(
        "poolmon found it in {}{more} on this machine ({name}, line {})",
        shown.join(", "),
        entry.line
    ))
}
