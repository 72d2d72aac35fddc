//! All renderings of a report as files of one folder.

use std::io;
use std::path::Path;

use super::escape::Neutral;
use super::markdown::Audience;
use super::{Report, csv, html, json, markdown, timeline};

/// A rendering onto a writer.
type Render<'a> = &'a dyn Fn(&mut dyn io::Write) -> io::Result<()>;

/// Hands each file's path below `folder` and its rendering to `write`, which decides how a file
/// comes to be (beside its place and renamed, or at once).
///
/// # Errors
/// The first that `write` gives.
pub fn each<E>(
    report: &Report,
    folder: &Path,
    neutral: Neutral,
    mut write: impl FnMut(&Path, Render<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let files: [(&str, Render<'_>); 8] = [
        ("report.json", &|w| json::write(report, w)),
        ("report.html", &|w| html::write(report, w)),
        ("report.md", &|w| {
            markdown::write(report, Audience::Internal, w)
        }),
        ("customer.md", &|w| {
            markdown::write(report, Audience::Customer, w)
        }),
        ("timeline.jsonl", &|w| timeline::write(report, w)),
        ("tags.csv", &|w| csv::tags(report, neutral, w)),
        ("episodes.csv", &|w| csv::episodes(report, neutral, w)),
        ("drivers.csv", &|w| csv::drivers(report, neutral, w)),
    ];
    files
        .into_iter()
        .try_for_each(|(name, render)| write(&folder.join(name), render))
}
