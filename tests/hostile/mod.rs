//! One corpus of hostile text through every output of every command.
//!
//! | module | holds |
//! |---|---|
//! | [`payloads`] | the corpus |
//! | [`case`] | a case that holds it in every field, and its clean twin |
//! | [`media`] | what each medium must not hold, told by readers that are not ours |

mod case;
mod media;
mod payloads;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::bundle::{self, Container};

struct Place {
    folder: tempfile::TempDir,
    bundle: PathBuf,
}

/// A case and its clean twin.
fn twins(container: Container, hostile_tags: bool) -> [Place; 2] {
    [false, true].map(|clean| {
        let folder = tempfile::tempdir().unwrap();
        let files = case::files(clean, hostile_tags);
        let bundle = bundle::write(&files, container, folder.path(), "case");
        Place { folder, bundle }
    })
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("every output is UTF-8")
}

impl Place {
    fn output(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_poolsleuth"));
        command
            .env_remove("NO_COLOR")
            .current_dir(self.folder.path());
        let (first, rest) = words.split_first().unwrap();
        command
            .arg(first)
            .arg(&self.bundle)
            .args(rest)
            .output()
            .unwrap()
    }

    /// What goes to stdout; what goes to stderr must be fit for a terminal.
    fn run(&self, words: &[&str]) -> String {
        let done = self.output(words);
        let err = text(done.stderr);
        assert_eq!(done.status.code(), Some(0), "{words:?}: {err}");
        media::terminal(&format!("{words:?}, stderr"), &err);
        text(done.stdout)
    }

    /// The reports in a folder.
    fn reports(&self) -> impl Fn(&str) -> String {
        self.run(&["analyze", "-o", "out"]);
        let folder = self.folder.path().join("out");
        move |name: &str| fs::read_to_string(folder.join(name)).unwrap()
    }
}

fn everyone() -> Vec<(String, [Place; 2])> {
    [(Container::Folder, false), (Container::ZipDeflated, true)]
        .into_iter()
        .map(|(container, hostile_tags)| {
            let name = format!("{container:?}, hostile tags: {hostile_tags}");
            (name, twins(container, hostile_tags))
        })
        .collect()
}

const ON_TERMINALS: &[&[&str]] = &[
    &["analyze"],
    &["analyze", "--ascii"],
    &["analyze", "-v", "--progress", "plain"],
    &["analyze", "--redact"],
    &["refusals", "-v"],
    &["refusals", "--redact"],
    &["tags", "-v", "--top", "1000"],
    &["scan", "--all-tags", "-v"],
    &["scan", "--tag", "HsCx", "-v"],
    &["inspect", "-v"],
];

#[test]
fn terminals_show_text_and_obey_none() {
    for (name, [hostile, _]) in everyone() {
        for words in ON_TERMINALS {
            let shown = hostile.run(words);
            assert!(!shown.is_empty(), "{name}, {words:?}");
            media::terminal(&format!("{name}, {words:?}"), &shown);
        }
        let coloured = hostile.run(&["analyze", "--color", "always"]);
        assert!(coloured.contains('\u{1b}'));
        media::coloured(&name, &coloured);
    }
}

#[test]
fn the_cases_do_what_they_are_for() {
    for (name, [hostile, clean]) in everyone() {
        let report = |place: &Place| -> Value {
            serde_json::from_str(&place.run(&["analyze", "--format", "json"])).unwrap()
        };
        let (hostile, clean) = (report(&hostile), report(&clean));
        assert_eq!(
            hostile["refusals"]["total"], clean["refusals"]["total"],
            "{name}"
        );
        assert_eq!(
            hostile["verdict"]["outcome"], clean["verdict"]["outcome"],
            "{name}"
        );
        let held = hostile.to_string();
        for payload in [
            "window.hit=1<",
            "calc'!A0",
            "\\u001b",
            "202e",
            "javascript:",
            "{{7*7}}",
        ] {
            assert!(
                held.contains(payload),
                "{name}: {payload} does not reach the report"
            );
        }
    }
}

#[test]
fn pages_have_the_elements_of_their_clean_twin() {
    for (number, (name, twins)) in everyone().into_iter().enumerate() {
        for_the_browser(&twins[0], number);
        let [hostile, clean] = twins.map(|place| {
            let page = place.reports()("report.html");
            assert_eq!(page, place.run(&["analyze", "--format", "html"]));
            media::elements(&name, &page)
        });
        let active = [
            "script", "style", "link", "meta", "base", "img", "iframe", "object", "embed", "form",
            "input", "button", "animate", "title", "body", "head",
        ];
        for (element, count) in &hostile {
            assert!(
                clean.contains_key(element),
                "{name}: only with payloads there is <{element}>"
            );
            let kind = element.split(' ').next().unwrap_or_default();
            if active.contains(&kind) {
                assert_eq!(Some(count), clean.get(element), "{name}: <{element}>");
            }
        }
    }
}

/// With `POOLSLEUTH_HTML_OUT=DIR` the page goes to that folder too, for `scripts/check-html`.
fn for_the_browser(hostile: &Place, number: usize) {
    if let Some(folder) = std::env::var_os("POOLSLEUTH_HTML_OUT") {
        let report = hostile.reports();
        for ending in ["html", "json"] {
            let path = Path::new(&folder).join(format!("hostile-case-{number}.{ending}"));
            fs::write(path, report(&format!("report.{ending}"))).unwrap();
        }
    }
}

#[test]
fn markdown_shows_no_mark_that_its_clean_twin_does_not() {
    for (name, twins) in everyone() {
        for format in [
            &["analyze", "--format", "markdown"][..],
            &["analyze", "--format", "markdown", "--redact"],
        ] {
            let [hostile, clean] =
                [&twins[0], &twins[1]].map(|place| media::marks(&place.run(format)));
            for kind in [
                "link", "image", "html", "heading", "table", "strike", "footnote", "math", "task",
                "rule", "quote",
            ] {
                assert_eq!(hostile.get(kind), clean.get(kind), "{name}: {kind}");
            }
            // Cells come in whole rows: no payload ends one.
            assert!(hostile.contains_key("cell"), "{name}");
        }
    }
}

#[test]
fn tables_are_whole_and_hold_no_formula() {
    for (name, twins) in everyone() {
        let [hostile, clean] = twins.map(|place| {
            let report = place.reports();
            let mut shapes: Vec<(usize, usize)> = ["tags.csv", "episodes.csv", "drivers.csv"]
                .iter()
                .map(|file| media::table(&format!("{name}, {file}"), &report(file)))
                .collect();
            let scan = place.run(&["scan", "--all-tags", "--format", "csv"]);
            shapes.push(media::table(&format!("{name}, scan"), &scan));
            shapes
        });
        assert_eq!(hostile, clean, "{name}");
        // Where tags are hostile, no driver has them, and that table has its head only.
        let filled = hostile
            .iter()
            .filter(|(rows, columns)| *rows > 1 && *columns > 1);
        assert!(filled.count() >= 3, "{name}: {hostile:?}");
    }
}

#[test]
fn json_is_valid_and_one_object_takes_one_line() {
    for (name, twins) in everyone() {
        let [hostile, clean] = twins.map(|place| {
            let report = place.reports();
            let whole: Value = serde_json::from_str(&report("report.json")).unwrap();
            assert!(whole.is_object());
            for command in ["refusals", "tags"] {
                let out = place.run(&[command, "--format", "json"]);
                let value: Value = serde_json::from_str(&out).unwrap();
                assert!(value.is_object(), "{name}, {command}");
            }
            let scan = place.run(&["scan", "--all-tags", "--format", "jsonl"]);
            let inspect = place.run(&["inspect", "--format", "json"]);
            [report("timeline.jsonl"), scan, inspect].map(|lines| {
                for line in lines.lines() {
                    let value: Value = serde_json::from_str(line).unwrap();
                    assert!(value.is_object(), "{name}: {line}");
                }
                lines.lines().count()
            })
        });
        assert_eq!(hostile, clean, "{name}");
    }
}

#[test]
fn messages_about_hostile_names_are_safe() {
    let folder = tempfile::tempdir().unwrap();
    for payload in payloads::PAYLOADS {
        let name = payload.replace('\0', "_");
        let path = Path::new("nothing-here").join(name.replace('/', "_"));
        for command in ["analyze", "refusals", "tags", "inspect"] {
            let done = Command::new(env!("CARGO_BIN_EXE_poolsleuth"))
                .arg(command)
                .arg(&path)
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert_eq!(done.status.code(), Some(1), "{command} {name:?}");
            let err = text(done.stderr);
            assert!(err.lines().count() <= 2, "{err}");
            media::terminal(command, &err);
        }
    }
}
