//! What every terminal report keeps to, and what the cases look like.

use std::path::PathBuf;

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::report::fixture::{cases, hostile_report, leak_explained};

fn written(report: &Report, style: Style, charset: Charset) -> String {
    let mut out = Vec::new();
    write(report, style, charset, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The text without this module's own SGR sequences.
fn without_colour(text: &str) -> String {
    ["0", "1", "2", "32", "33", "1;31"]
        .iter()
        .fold(text.to_owned(), |text, code| {
            text.replace(&format!("\x1b[{code}m"), "")
        })
}

fn assert_page(text: &str) {
    assert!(
        text.lines().count() <= LINES,
        "{} lines:\n{text}",
        text.lines().count()
    );
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        assert!(line.width() <= COLUMNS, "{} columns: {line}", line.width());
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}

#[test]
fn cases_look_as_agreed() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/text");
    for (name, report) in cases() {
        for (charset, ending) in [(Charset::Unicode, "txt"), (Charset::Ascii, "ascii.txt")] {
            let text = written(&report, Style::Plain, charset);
            assert_page(&text);
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

#[test]
fn the_first_three_lines_say_what_who_and_how_sure() {
    let text = written(&leak_explained(), Style::Plain, Charset::Unicode);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("leak of nonpaged pool explains 1,204 refused"));
    assert!(lines[1].contains("hstorflt.sys allocates tag HsCx"));
    assert!(lines[2].contains("CONFIRMED"));
}

#[test]
fn a_long_company_does_not_hide_the_tag() {
    let mut report = leak_explained();
    if let Some(driver) = &mut report.verdict.driver {
        driver.file_name = "n".repeat(300);
        driver.version.company = Some("c".repeat(300));
    }
    let text = written(&report, Style::Plain, Charset::Unicode);
    assert!(text.lines().nth(1).unwrap().contains("allocates tag HsCx"));
}

#[test]
fn colour_adds_nothing_but_colour() {
    for (_, report) in cases() {
        let coloured = written(&report, Style::Colour, Charset::Unicode);
        assert_ne!(coloured, written(&report, Style::Plain, Charset::Unicode));
        let plain = without_colour(&coloured);
        let trimmed: Vec<&str> = plain
            .lines()
            .map(|line| line.trim_end_matches(' '))
            .collect();
        let expected = written(&report, Style::Plain, Charset::Unicode);
        assert_eq!(trimmed, expected.lines().collect::<Vec<_>>());
    }
}

#[test]
fn sections_always_have_the_lines_they_need() {
    let report = leak_explained();
    let paper = Paper {
        report: &report,
        charset: Charset::Unicode,
    };
    let needed: usize = sections(paper).iter().map(|s| s.least).sum();
    assert!(needed + verdict::head(paper).len() < LINES, "{needed}");
}

proptest! {
    // A report holds thousands of texts: few cases try many.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_report_is_a_page_of_printable_text(report in hostile_report()) {
        for charset in [Charset::Unicode, Charset::Ascii] {
            let plain = written(&report, Style::Plain, charset);
            assert_page(&plain);
            prop_assert!(charset == Charset::Unicode || plain.is_ascii());
            assert_page(&without_colour(&written(&report, Style::Colour, charset)));
        }
    }
}
