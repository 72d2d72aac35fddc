//! What every comparison on paper keeps to, and what some look like.

use std::path::PathBuf;

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::super::testing::{later, leaking, side};
use super::super::{Side, Source, compare};
use super::*;
use crate::report::fixture::{cases, hostile_report};
use crate::report::model::Report;
use crate::report::read::Written;

fn of_report(name: &str, report: &Report) -> Side {
    let mut bytes = Vec::new();
    json::write(report, &mut bytes).unwrap();
    Side::of(name, Source::Report, &Written::parse(&bytes).unwrap())
}

fn on_terminal(comparison: &Comparison, charset: Charset) -> String {
    let mut out = Vec::new();
    text(comparison, Style::Plain, charset, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn in_ticket(comparison: &Comparison) -> String {
    let mut out = Vec::new();
    markdown(comparison, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn assert_harmless(comparison: &Comparison) {
    for charset in [Charset::Unicode, Charset::Ascii] {
        let text = on_terminal(comparison, charset);
        for line in text.lines() {
            assert!(line.width() <= 80, "{} columns: {line}", line.width());
            assert!(!line.contains(char::is_control), "{line:?}");
        }
        assert!(charset == Charset::Unicode || text.is_ascii());
    }
    let mut cells = None;
    for line in in_ticket(comparison).lines() {
        assert!(!line.contains(char::is_control), "{line:?}");
        let bars = line.matches('|').count();
        match (line.starts_with("| "), cells) {
            (true, Some(expected)) => assert_eq!(bars, expected, "{line}"),
            (true, None) => cells = Some(bars),
            (false, _) => cells = None,
        }
    }
    let mut out = Vec::new();
    json(comparison, &mut out).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(value["kind"], "comparison");
}

fn pairs() -> Vec<(&'static str, Side, Side)> {
    let case = |name: &str| {
        let cases = cases();
        let found = cases.iter().find(|(n, _)| *n == name).unwrap();
        let mut side = of_report(name, &found.1);
        // The fixtures are one case in several states.
        side.case_id = Some(name.to_owned());
        side
    };
    let mut node = side("web2.json");
    node.host = Some("WEB2".into());
    vec![
        ("fixed", leaking("before.json"), later(side("after.json"))),
        (
            "not_fixed",
            leaking("before.json"),
            later(leaking("after.json")),
        ),
        ("two_nodes", leaking("web1.json"), node),
        ("same_case", case("leak_explained"), case("leak_explained")),
        ("nothing_known", case("leak_explained"), case("empty")),
        ("no_clock", case("leak_explained"), case("withheld")),
    ]
}

#[test]
fn comparisons_look_as_agreed() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/compare");
    for (name, a, b) in pairs() {
        let comparison = compare(a, b);
        assert_harmless(&comparison);
        let made = [
            ("txt", on_terminal(&comparison, Charset::Unicode)),
            ("md", in_ticket(&comparison)),
        ];
        for (ending, text) in made {
            let file = folder.join(format!("{name}.{ending}"));
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&file, &text).unwrap();
            }
            let golden = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(
                text,
                golden,
                "{}: UPDATE_GOLDEN=1 writes it anew",
                file.display()
            );
        }
    }
}

proptest! {
    // A report holds thousands of texts: few cases try many.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_two_reports_make_a_harmless_comparison(a in hostile_report(), b in hostile_report()) {
        assert_harmless(&compare(of_report("a", &a), of_report("b", &b)));
    }
}
