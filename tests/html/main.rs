//! The HTML report, from reports made by hand.
//!
//! | module | holds |
//! |---|---|
//! | [`fixtures`] | one report for every shape that the page has to show |
//! | [`leak`] | the one that the screenshots show |
//! | [`hostile`] | text that would like to be code, in every field; the worst case of size |
//! | [`payloads`] | that text: the corpus of all tests |
//! | [`balance`] | a strict reader of the page |
//!
//! With `POOLSLEUTH_HTML_OUT=DIR` the pages and their reports are also written to that folder,
//! for `scripts/check-html` to open in a browser.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[path = "../../src/report/html/balance.rs"]
mod balance;
mod fixtures;
mod hostile;
mod leak;
#[path = "../hostile/payloads.rs"]
mod payloads;

use std::collections::BTreeSet;
use std::time::Instant;

use poolsleuth::report::html;
use poolsleuth::report::model::Report;

const MOST_BYTES: usize = 5_000_000;

fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("leak", fixtures::leak()),
        ("handle-leak", fixtures::handle_leak()),
        ("flat", fixtures::flat()),
        ("withheld", fixtures::withheld()),
        ("one-snapshot", fixtures::one_snapshot()),
        ("empty", fixtures::empty()),
        ("hostile", hostile::everywhere()),
        ("big", fixtures::big()),
        ("worst", hostile::worst()),
    ]
}

fn page(report: &Report) -> String {
    let mut out = Vec::new();
    html::write(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn every_page_is_well_formed_and_its_links_lead_somewhere() {
    for (name, report) in all() {
        let page = page(&report);
        let elements = balance::elements(&page).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut ids = BTreeSet::new();
        for id in elements.iter().filter_map(|e| e.get("id")) {
            assert!(ids.insert(id.to_owned()), "{name}: {id} twice");
        }
        for link in elements.iter().filter_map(|e| e.get("href")) {
            let anchor = link
                .strip_prefix('#')
                .unwrap_or_else(|| panic!("{name}: {link}"));
            assert!(ids.contains(anchor), "{name}: {link} leads nowhere");
        }
    }
}

#[test]
fn pages_load_nothing_and_run_nothing_of_the_case() {
    for (name, report) in all() {
        let elements = balance::elements(&page(&report)).unwrap();
        for element in &elements {
            for (key, value) in &element.attributes {
                assert!(!key.starts_with("on"), "{name}: {key}");
                assert!(
                    !["src", "style", "srcdoc", "action", "xlink:href"].contains(&key.as_str()),
                    "{name}: {key}={value}"
                );
            }
            let bad = [
                "img",
                "iframe",
                "object",
                "embed",
                "link",
                "base",
                "form",
                "foreignobject",
                "use",
                "image",
            ];
            assert!(
                !bad.contains(&element.name.as_str()),
                "{name}: {}",
                element.name
            );
        }
        let count = |wanted: &str| elements.iter().filter(|e| e.name == wanted).count();
        assert_eq!(count("style"), 1, "{name}");
        let scripts = elements.iter().filter(|e| e.name == "script");
        let running = scripts.filter(|e| e.get("type") != Some("application/json"));
        assert_eq!(running.count(), 1, "{name}");
    }
}

#[test]
fn the_policy_names_the_style_and_the_script_of_the_page() {
    use sha2::{Digest, Sha256};
    let page = page(&fixtures::leak());
    let between = |open: &str, close: &str| {
        let from = page.rfind(open).unwrap() + open.len();
        page[from..from + page[from..].find(close).unwrap()].to_owned()
    };
    let elements = balance::elements(&page).unwrap();
    let policy = elements
        .iter()
        .find(|e| e.get("http-equiv") == Some("Content-Security-Policy"))
        .and_then(|e| e.get("content"))
        .unwrap()
        .replace("&#39;", "'");
    for part in [
        "default-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    for (directive, asset) in [
        ("style-src", between("<style>", "</style>")),
        ("script-src", between("<script>", "</script>")),
    ] {
        let hash = policy.split(directive).nth(1).unwrap();
        let hash = hash
            .split("sha256-")
            .nth(1)
            .unwrap()
            .split('\'')
            .next()
            .unwrap();
        assert_eq!(
            decode(hash),
            Sha256::digest(asset.as_bytes()).to_vec(),
            "{directive}"
        );
    }
}

/// Base 64 the other way round, written apart from the encoder.
fn decode(text: &str) -> Vec<u8> {
    let value = |c: char| match c {
        'A'..='Z' => c as u32 - 65,
        'a'..='z' => c as u32 - 71,
        '0'..='9' => c as u32 + 4,
        '+' => 62,
        _ => 63,
    };
    let bits: Vec<u32> = text.trim_end_matches('=').chars().map(value).collect();
    let bytes = bits.chunks(4).flat_map(|four| {
        let word = four
            .iter()
            .enumerate()
            .fold(0u32, |w, (n, v)| w | v << (18 - 6 * n));
        (0..four.len() - 1).map(move |n| (word >> (16 - 8 * n)) as u8)
    });
    bytes.collect()
}

#[test]
fn no_page_is_too_large_or_too_slow() {
    for (name, report) in all() {
        let begin = Instant::now();
        let page = page(&report);
        let took = begin.elapsed();
        println!("{name}: {} bytes in {took:?}", page.len());
        assert!(page.len() < MOST_BYTES, "{name}: {} bytes", page.len());
        assert!(took.as_secs() < 2, "{name}: {took:?}");
    }
}

#[test]
fn what_is_left_out_is_said() {
    let page = page(&hostile::worst());
    for what in [
        "tags",
        "episodes",
        "files",
        "pieces of evidence",
        "reasons",
        "findings",
        "steps",
        "candidates",
    ] {
        let said = format!(" more {what} in report.json.");
        assert!(page.contains(&said), "{said}");
    }
}

#[test]
fn the_card_says_what_who_and_how_sure() {
    let page = page(&fixtures::leak());
    let card = &page[page.find("id=\"verdict\"").unwrap()..page.find("id=\"facts\"").unwrap()];
    for words in [
        "A leak of nonpaged pool explains 8,610 refused connections",
        "HsCx",
        "hstorflt.sys",
        "4.2.1108.0",
        "<li class=\"here\" aria-current=\"true\"><span class=\"rung\">confirmed",
        "What would change this",
        "href=\"#E5\"",
    ] {
        assert!(card.contains(words), "{words}");
    }
}

#[test]
fn sections_stand_in_order_and_every_table_has_a_caption() {
    let page = page(&fixtures::leak());
    let order = [
        "verdict",
        "facts",
        "plot",
        "tags",
        "refusals",
        "clock",
        "drivers",
        "lockstep",
        "findings",
        "next",
        "coverage",
        "integrity",
        "evidence",
        "method",
        "repeat",
    ];
    let places: Vec<usize> = order
        .iter()
        .map(|id| page.find(&format!("<section id=\"{id}\"")).unwrap())
        .collect();
    assert!(places.is_sorted());
    assert_eq!(
        page.matches("<table").count(),
        page.matches("<caption>").count()
    );
    assert!(page.contains("poolsleuth analyze &#39;upload 4711.zip&#39; --tz Europe/Berlin"));
}

#[test]
fn a_missing_clock_is_said_and_gives_two_charts() {
    let page = page(&fixtures::withheld());
    assert!(page.contains("id=\"chart-pool\"") && page.contains("id=\"chart-refusals\""));
    assert!(page.contains("No snapshot has a time, so they stand in their order"));
    assert!(page.contains("--tz Europe/Berlin"));
}

#[test]
fn pages_are_the_same_every_time() {
    assert_eq!(page(&hostile::everywhere()), page(&hostile::everywhere()));
}

#[test]
fn pages_are_written_out_on_request() {
    let Some(folder) = std::env::var_os("POOLSLEUTH_HTML_OUT") else {
        eprintln!("POOLSLEUTH_HTML_OUT is not set: no page is written");
        return;
    };
    let folder = std::path::PathBuf::from(folder);
    std::fs::create_dir_all(&folder).unwrap();
    for (name, report) in all() {
        std::fs::write(folder.join(format!("{name}.html")), page(&report)).unwrap();
        if name == "worst" {
            // Its report would take gigabytes; the page is what counts.
            continue;
        }
        let json = serde_json::to_vec(&report).unwrap();
        std::fs::write(folder.join(format!("{name}.json")), json).unwrap();
    }
}
