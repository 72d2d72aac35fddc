//! `docs/inputs.md` held to the program's own lists, and each of its examples put before the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use poolsleuth::bundle::{ArtifactName, ContainerKind, HEAD_BYTES, Role, classify};
use poolsleuth::timeline::stamp::StampSource;
use poolsleuth::timeline::zone::ZoneSource;

use super::report;

/// A row of a table: its cells without the code marks.
type Row = Vec<String>;

/// The rows of the table under a heading of the page.
fn table(heading: &str) -> Vec<Row> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/inputs.md");
    let page = fs::read_to_string(page).unwrap();
    let section = page
        .split("\n## ")
        .find(|section| section.starts_with(heading))
        .unwrap_or_else(|| panic!("no section {heading}"));
    let rows: Vec<Row> = section
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| cells(line).map(cell).collect())
        .collect();
    assert!(!rows.is_empty(), "no table under {heading}");
    rows
}

/// No example has a stroke in it.
fn cells(line: &str) -> impl Iterator<Item = &str> {
    let inner = line
        .trim()
        .strip_prefix('|')
        .and_then(|l| l.strip_suffix('|'));
    inner.unwrap_or_default().split('|')
}

fn cell(text: &str) -> String {
    let text = text.trim();
    let bare = text.strip_prefix('`').and_then(|t| t.strip_suffix('`'));
    bare.filter(|t| !t.contains('`')).unwrap_or(text).to_owned()
}

fn words(heading: &str) -> BTreeSet<String> {
    table(heading)
        .into_iter()
        .map(|row| row[0].clone())
        .collect()
}

fn names<T>(all: &[T], name: impl Fn(&T) -> &'static str) -> BTreeSet<String> {
    all.iter().map(|one| name(one).to_owned()).collect()
}

/// An example as a file's content.
fn content(example: &str) -> Vec<u8> {
    let text = example.replace('⏎', "\r\n").replace('⇥', "\t");
    match text.is_empty() {
        true => Vec::new(),
        false => format!("{text}\r\n").into_bytes(),
    }
}

#[test]
fn the_page_has_every_form_of_the_code_and_no_other() {
    assert_eq!(
        words("Containers"),
        names(&ContainerKind::ALL, |kind| kind.name())
    );
    assert_eq!(words("Files"), names(&Role::ALL, |role| role.name()));
    assert_eq!(
        words("When a snapshot was taken"),
        names(&StampSource::ALL, |source| source.name())
    );
    assert_eq!(
        words("Which zone the clock was in"),
        names(&ZoneSource::ALL, |source| source.name())
    );
}

/// In the table's words: `(binary)` stands where a text cannot be an example.
#[test]
fn every_example_of_a_file_is_recognised_as_its_row_says() {
    for row in table("Files") {
        let [word, form, name, example] = row.as_slice() else {
            panic!("a row of other than four cells: {row:?}");
        };
        assert_eq!(
            example.is_empty(),
            form.contains("(binary)") || word == "empty",
            "{row:?}"
        );
        if form.contains("(binary)") {
            continue;
        }
        let content = content(example);
        assert!(content.len() <= HEAD_BYTES);
        let (role, why) = classify(&ArtifactName::new(name.as_bytes()), &content);
        assert_eq!(role.name(), word, "{form}: {why}");
    }
}

#[test]
fn every_example_of_a_time_dates_a_snapshot() {
    let snapshot = content(&table("Files")[3][3]);
    for row in table("When a snapshot was taken") {
        let (word, example) = (&row[0], row.get(2).map_or("", String::as_str));
        if example.is_empty() {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let (name, text) = match word.as_str() {
            "file_name" => (example, snapshot.clone()),
            _ => (
                "poolmon.txt",
                [&content(example), &b"\r\n"[..], &snapshot].concat(),
            ),
        };
        fs::write(folder.path().join(name), text).unwrap();
        let report = report(folder.path(), &["--tz", "America/Los_Angeles"]);
        let sources = &report["time"]["stamp_sources"];
        assert_eq!(sources[word], 1, "{example}: {}", report["time"]);
        let first = report["pool"]["first"].as_str().unwrap();
        let (utc, local) = ("2020-05-22T22:35", "2020-05-23T05:35");
        assert!(
            first.starts_with(utc) || first.starts_with(local),
            "{example}: {first}"
        );
    }
}
