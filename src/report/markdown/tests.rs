//! What every ticket keeps to.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::report::fixture::{cases, hostile_report, leak_explained};

fn written(report: &Report, audience: Audience) -> String {
    let mut out = Vec::new();
    write(report, audience, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Every row of a table has as many cells as its heading.
fn assert_tables(text: &str) {
    let mut cells = None;
    for line in text.lines() {
        assert!(!line.contains(char::is_control), "{line:?}");
        let bars = line.matches('|').count();
        match (line.starts_with("| "), cells) {
            (true, Some(expected)) => assert_eq!(bars, expected, "{line}"),
            (true, None) => cells = Some(bars),
            (false, _) => cells = None,
        }
    }
}

#[test]
fn tickets_look_as_agreed() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/markdown");
    for (name, report) in cases() {
        for (audience, kind) in [
            (Audience::Internal, "internal"),
            (Audience::Customer, "customer"),
        ] {
            let text = written(&report, audience);
            assert_tables(&text);
            let file = folder.join(format!("{name}.{kind}.md"));
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
fn the_customer_reads_no_names_of_machines_and_files() {
    let mut report = leak_explained();
    report.next_steps[0].text = "Restart Web07 or web07.corp.example. Not web070.".to_owned();
    report.next_steps[0].command = Some("shutdown /r /m \\\\WEB07".to_owned());
    let text = written(&report, Audience::Customer);
    assert!(!text.to_lowercase().replace("web070", "").contains("web07"));
    assert!(!text.contains("corp"));
    assert!(text.contains("Restart the server or the server. Not web070."));
    for hidden in ["httperr1.log", "poolmon.log", "E1", "c0ffee", "confirmed"] {
        assert!(!text.contains(hidden), "{hidden}");
    }
}

proptest! {
    // A report holds thousands of texts: few cases try many.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tables_keep_their_columns_and_nothing_is_hidden(report in hostile_report()) {
        assert_tables(&written(&report, Audience::Internal));
        assert_tables(&written(&report, Audience::Customer));
    }
}
