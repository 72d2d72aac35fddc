//! Snapshots that show a part of nonpaged pool, and what held a pool that was full before the first
//! of them: what was not listed is not said to stand still.
//!
//! The machine has 4 GiB and 3 GiB of nonpaged pool at most; `HsCx` grows unless a cell says so.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{analyze, report, samples};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const LIMIT: u64 = 3_072 * MIB;
const OPTIONS: [&str; 2] = ["--tz=UTC", "--npp-limit=3221225472"];
const SNAPSHOTS: u64 = 12;

/// A row of the table: tag, type, live blocks, bytes of each.
struct Row {
    tag: String,
    kind: &'static str,
    live: u64,
    each: u64,
}

/// What the pool does.
#[derive(Clone, Copy)]
struct Pool {
    /// Bytes of `HsCx` in the first and in the last snapshot.
    leak: (u64, u64),
    /// The same of `Leak`, which is not there if it is nothing.
    second: (u64, u64),
}

const GROWS: Pool = Pool {
    leak: (1_200 * MIB, 2_900 * MIB),
    second: (0, 0),
};

/// What a capture shows of it.
#[derive(Clone, Copy)]
struct Look {
    header: bool,
    /// The rows that it shows, by tag and type.
    shows: fn(&Row) -> bool,
    /// At most so many rows, in the order of tags.
    rows: usize,
}

fn all(_: &Row) -> bool {
    true
}

const WHOLE: Look = Look {
    header: true,
    shows: all,
    rows: usize::MAX,
};

fn at(pair: (u64, u64), step: u64) -> u64 {
    let (from, to) = pair;
    let part = to.abs_diff(from) * step / (SNAPSHOTS - 1);
    if to >= from { from + part } else { from - part }
}

fn rows(pool: Pool, step: u64) -> Vec<Row> {
    let background = (0..220).map(|i| Row {
        tag: format!("{}{i:03}", if i % 2 == 0 { 'A' } else { 'M' }),
        kind: if i % 3 == 0 { "Paged" } else { "Nonp " },
        live: 40 + i,
        each: 1_024,
    });
    let mut rows: Vec<Row> = background.collect();
    for (tag, pair) in [("HsCx", pool.leak), ("Leak", pool.second)] {
        let live = at(pair, step) / 4_096;
        if live > 0 {
            rows.push(Row {
                tag: tag.to_owned(),
                kind: "Nonp ",
                live,
                each: 4_096,
            });
        }
    }
    rows.sort_by(|a, b| a.tag.cmp(&b.tag));
    rows
}

/// Half-hourly snapshots from nine o'clock on.
fn snapshots(pool: Pool, look: Look) -> String {
    let mut text = String::new();
    for step in 0..SNAPSHOTS {
        let rows = rows(pool, step);
        let total: u64 = rows
            .iter()
            .filter(|row| row.kind == "Nonp ")
            .map(|row| row.live * row.each)
            .sum();
        let (hour, minute) = (9 + step / 2, step % 2 * 30);
        let _ = write!(text, "\r\n2026-03-02 {hour:02}:{minute:02}:00\r\n\r\n");
        if look.header {
            let nonpaged = (total + 20 * MIB) / KIB;
            let faults = 8_000_000 + step * 90_000;
            let _ = write!(
                text,
                " Memory: 4194304K Avail: 1100000K  PageFlts:{faults:6}   InRam Krnl:10000K P:60000K\r\n \
                 Commit:2900000K Limit:8388608K Peak:3000000K            Pool N:{nonpaged:5}K P:80000K\r\n\r\n"
            );
        }
        text.push_str(" Tag  Type     Allocs            Frees               Diff            Bytes                 Per Alloc\r\n\r\n");
        for row in rows.iter().filter(|row| (look.shows)(row)).take(look.rows) {
            let (frees, live, bytes) = (90 + step * 7, row.live, row.live * row.each);
            let (tag, kind, allocs, each) = (&row.tag, row.kind, live + frees, row.each);
            let _ = write!(
                text,
                " {tag:>4} {kind} {allocs:18} {frees:18}  {live:16} {bytes:14}     {each:12}        \r\n"
            );
        }
    }
    text
}

/// A log of the whole day, with refusals from two o'clock on where there are any.
fn log(refuses: bool) -> String {
    let mut text =
        "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Fields: date time c-ip c-port \
        s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n"
            .to_owned();
    for hour in 8..16 {
        let _ = write!(
            text,
            "2026-03-02 {hour:02}:05:00 10.1.1.9 49000 10.1.1.5 80 HTTP/1.1 GET / - 1 Timer_ConnectionIdle Web\r\n"
        );
        for minute in (0..50).filter(|_| refuses && hour == 14) {
            let _ = write!(
                text,
                "2026-03-02 {hour:02}:{minute:02}:20 - - - - - - - - - 9_Connections_Refused -\r\n"
            );
        }
    }
    text
}

fn case(pool: Pool, look: Look, refuses: bool) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("poolmon.log"), snapshots(pool, look)).unwrap();
    fs::write(place.path().join("httperr1.log"), log(refuses)).unwrap();
    let drivers = place.path().join("drivers");
    fs::create_dir(&drivers).unwrap();
    for name in ["hstorflt.sys", "myfault.sys"] {
        fs::copy(samples().join("drivers/x64").join(name), drivers.join(name)).unwrap();
    }
    place
}

fn verdict(pool: Pool, look: Look, refuses: bool) -> (Value, Value) {
    let place = case(pool, look, refuses);
    let report = report(place.path(), &OPTIONS);
    (report["verdict"].clone(), report)
}

fn is(verdict: &Value, outcome: &str, confidence: &str) {
    let got = (
        verdict["outcome"].as_str().unwrap(),
        verdict["confidence"].as_str().unwrap(),
    );
    assert_eq!(got, (outcome, confidence), "{verdict:#}");
}

fn said(place: &Path) -> String {
    analyze(place, &OPTIONS).out
}

fn rule<'a>(verdict: &'a Value, name: &str) -> Option<&'a str> {
    let reasons = verdict["reasons"].as_array().unwrap();
    let found = reasons.iter().find(|r| r["rule"] == name);
    found.and_then(|r| r["text"].as_str())
}

/// Captures without the tag that grows.
fn without_the_leak() -> [(&'static str, Look); 4] {
    let shows = |shows| Look { shows, ..WHOLE };
    [
        ("-p -p", shows(|row: &Row| row.kind == "Paged")),
        ("-i", shows(|row: &Row| row.tag.starts_with("A1"))),
        ("-x", shows(|row: &Row| row.tag != "HsCx")),
        ("cut", Look { rows: 45, ..WHOLE }),
    ]
}

#[test]
fn growth_that_no_listed_tag_explains_is_said_and_forbids_that_none_leaks() {
    for (option, look) in without_the_leak() {
        for refuses in [true, false] {
            let (verdict, _) = verdict(GROWS, look, refuses);
            is(&verdict, "inconclusive", "insufficient");
            let summary = verdict["summary"].as_str().unwrap();
            assert!(
                summary.contains("Nonpaged pool grew by 1.7 GiB"),
                "{option}: {summary}"
            );
            assert!(summary.contains("account for 0 %"), "{option}: {summary}");
            let grown = rule(&verdict, "unexplained_growth");
            assert!(grown.is_some(), "{option}: {verdict:#}");
            assert_eq!(rule(&verdict, "no_leak"), None, "{option}");
            let change = verdict["would_change"].to_string();
            assert!(
                change.contains("without -p, -i and -x"),
                "{option}: {change}"
            );
            let page = said(case(GROWS, look, refuses).path());
            assert!(page.contains("-b -r -n"), "{option}: {page}");
        }
    }
}

#[test]
fn rows_of_a_part_are_no_level_of_the_pool() {
    for (option, look) in without_the_leak() {
        let bare = Look {
            header: false,
            ..look
        };
        let (with, report) = verdict(GROWS, bare, true);
        if option == "-x" {
            // It looks whole, and its sum is then the best that is known.
            is(&with, "refusals_without_pool_pressure", "probable");
            assert!(rule(&with, "sum_of_rows").is_some(), "{with:#}");
            continue;
        }
        is(&with, "inconclusive", "insufficient");
        for point in report["pool"]["nonpaged"].as_array().unwrap() {
            assert!(point["headroom_bytes"].is_null(), "{option}: {point}");
        }
        let (without, _) = verdict(GROWS, bare, false);
        is(&without, "inconclusive", "insufficient");
        let summary = without["summary"].as_str().unwrap();
        assert!(summary.contains("cannot be told"), "{option}: {summary}");
    }
}

#[test]
fn rows_of_a_part_that_fill_the_pool_by_themselves_show_that_it_was_full() {
    let only = Look {
        header: false,
        shows: |row| row.tag.starts_with('H') || row.tag.starts_with("A10"),
        ..WHOLE
    };
    let (verdict, _) = verdict(GROWS, only, true);
    is(&verdict, "leak_explains_refusals", "possible");
    assert_eq!(verdict["tag"], "HsCx");
}

#[test]
fn whole_captures_show_leaks_health_and_a_flat_pool() {
    for header in [true, false] {
        let look = Look { header, ..WHOLE };
        let (leaks, _) = verdict(GROWS, look, true);
        // It refuses near the limit, and not at it.
        is(&leaks, "leak_explains_refusals", "probable");
        let healthy = Pool {
            leak: (150 * MIB, 152 * MIB),
            ..GROWS
        };
        let (quiet, _) = verdict(healthy, look, false);
        is(&quiet, "no_problem_found", "probable");
        let (flat, _) = verdict(healthy, look, true);
        let sure = if header { "confirmed" } else { "probable" };
        is(&flat, "refusals_without_pool_pressure", sure);
    }
}

#[test]
fn a_total_that_stands_still_speaks_for_what_is_not_listed() {
    let healthy = Pool {
        leak: (150 * MIB, 152 * MIB),
        ..GROWS
    };
    for (option, look) in without_the_leak() {
        let (verdict, _) = verdict(healthy, look, false);
        let sure = if option == "-x" {
            "probable"
        } else {
            "possible"
        };
        is(&verdict, "no_problem_found", sure);
        let summary = verdict["summary"].as_str().unwrap();
        let part = summary.contains("no listed tag leaks");
        assert_eq!(part, option != "-x", "{option}: {summary}");
    }
}

#[test]
fn what_holds_a_full_pool_is_named_though_it_no_longer_grows() {
    let full = Pool {
        leak: (2_890 * MIB, 2_893 * MIB),
        ..GROWS
    };
    assert!(full.leak.1 < LIMIT);
    for refuses in [true, false] {
        let (verdict, report) = verdict(full, WHOLE, refuses);
        is(&verdict, "pool_pressure_without_leak", "possible");
        assert_eq!(verdict["tag"], "HsCx");
        assert_eq!(verdict["driver"]["file_name"], "hstorflt.sys");
        let summary = verdict["summary"].as_str().unwrap();
        assert!(summary.contains("`HsCx` holds most of it"), "{summary}");
        assert!(!summary.contains("leaks:"), "{summary}");
        assert!(rule(&verdict, "largest_holder").is_some(), "{verdict:#}");
        assert_eq!(report["pool"]["tags"][0]["tag"], "HsCx");
        let steps = report["next_steps"].to_string();
        assert!(
            steps.contains("Restart the machine and take snapshots"),
            "{steps}"
        );
        assert!(!steps.contains("must stop growing"), "{steps}");
    }
}

#[test]
fn a_second_leak_is_named_beside_the_first() {
    let two = Pool {
        leak: (700 * MIB, 1_650 * MIB),
        second: (500 * MIB, 1_280 * MIB),
    };
    let place = case(two, WHOLE, true);
    let report = report(place.path(), &OPTIONS);
    let verdict = &report["verdict"];
    is(verdict, "leak_explains_refusals", "probable");
    assert_eq!(verdict["tag"], "HsCx");
    assert_eq!(verdict["also"][0]["tag"], "Leak");
    assert_eq!(verdict["also"][0]["driver"], "myfault.sys");
    let summary = verdict["summary"].as_str().unwrap();
    assert!(summary.contains("and `Leak` by 780 MiB, 45 %"), "{summary}");
    assert!(summary.contains("myfault.sys with `Leak`"), "{summary}");
    let steps = report["next_steps"].to_string();
    assert!(steps.contains("Do the same for myfault.sys"), "{steps}");
    let page = said(place.path());
    let who = page.lines().find(|line| line.contains("Who")).unwrap();
    assert!(
        who.contains("HsCx") && who.contains("myfault.sys"),
        "{page}"
    );
}
