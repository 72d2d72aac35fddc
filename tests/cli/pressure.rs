//! How near the pool was when connections were refused: steps, large machines, wrong facts, memory
//! that ran out beside the pool, saws and mornings.
//!
//! One machine, snapshots every half hour from 03:30 UTC on with poolmon's header, one tag that
//! `hstorflt.sys` allocates with; what differs is the curve and when connections are refused.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::Value;

use super::report;

const MIB: u64 = 1 << 20;

/// A machine and its curve.
struct Story {
    os: (&'static str, &'static str),
    ram: u64,
    /// Mebibytes of the tag in each snapshot.
    tag: Vec<u64>,
    /// Blocks that were freed by then.
    freed: fn(u64) -> u64,
    /// Mebibytes available, and commit charge, in each snapshot.
    available: fn(u64) -> u64,
    commit: fn(u64) -> u64,
    /// Minutes from and to which connections are refused.
    refused: Vec<(i64, i64)>,
}

fn story(tag: Vec<u64>, refused: &[(i64, i64)]) -> Story {
    Story {
        os: (
            "Microsoft Windows Server 2008 R2 Standard ",
            "6.1.7601 Service Pack 1 Build 7601",
        ),
        ram: 4_096,
        tag,
        freed: |_| 0,
        available: |_| 900,
        commit: |_| 4_000,
        refused: refused.to_vec(),
    }
}

fn modern(tag: Vec<u64>, refused: &[(i64, i64)]) -> Story {
    Story {
        os: (
            "Microsoft Windows Server 2016 Standard",
            "10.0.14393 N/A Build 14393",
        ),
        ram: 16_384,
        available: |_| 6_000,
        commit: |_| 12_000,
        ..story(tag, refused)
    }
}

fn start() -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(2026, 3, 18).unwrap();
    day.and_hms_opt(3, 30, 0).unwrap().and_utc()
}

impl Story {
    fn snapshots(&self) -> String {
        let mut text = String::new();
        for (place, mebibytes) in (0..).zip(&self.tag) {
            let at = start() + Duration::minutes(30 * place as i64);
            let live = mebibytes * MIB / 1_056;
            let freed = (self.freed)(place);
            let pool = (mebibytes + 60) * 1_024;
            let (ram, limit) = (self.ram * 1_024, self.ram * 2_048);
            let (free, commit) = (
                (self.available)(place) * 1_024,
                (self.commit)(place) * 1_024,
            );
            let (faults, allocs, bytes) = (1_000_000 + place * 70_000, live + freed, live * 1_056);
            text.push_str(&format!(
                "===== {} UTC =====\r\n \
                 Memory:{ram:8}K Avail:{free:8}K  PageFlts:{faults:6}   InRam Krnl: 9000K P:60000K\r\n \
                 Commit:{commit:7}K Limit:{limit:7}K Peak:{limit:7}K            Pool N:{pool:5}K P:64000K\r\n\r\n \
                 Tag  Type     Allocs            Frees               Diff            Bytes                 Per Alloc\r\n\r\n \
                 HsCx Nonp  {allocs:18} {freed:18}  {live:16} {bytes:14}     {:12}        \r\n \
                 MmCa Nonp  {:18} {:18}  {:16} {:14}     {:12}        \r\n",
                at.format("%Y-%m-%d %H:%M:%S"),
                1_056, 900_000 + place, 890_000 + place, 10_000, 40_960_000, 4_096,
            ));
        }
        text
    }

    fn httperr(&self) -> String {
        let mut log = String::from(
            "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-03-18 02:30:00\r\n\
             #Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n",
        );
        for minute in (-60..self.tag.len() as i64 * 30 + 60).step_by(5) {
            let is = |(from, to): &(i64, i64)| (*from..=*to).contains(&minute);
            let row = match self.refused.iter().any(is) {
                true => "- - - - - - - - - 7_Connections_Refused -",
                false => "10.0.0.9 4711 10.0.0.1 80 HTTP/1.1 GET / - 1 Timer_ConnectionIdle -",
            };
            let at = start() + Duration::minutes(minute);
            log.push_str(&format!("{} {row}\r\n", at.format("%Y-%m-%d %H:%M:%S")));
        }
        log
    }

    fn report(&self, options: &[&str]) -> Value {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(place.path().join(name), bytes).unwrap();
        write("poolmon.log", self.snapshots().as_bytes());
        write("httperr1.log", self.httperr().as_bytes());
        let system = format!(
            "Host Name:                 WEB01\r\nOS Name:                   {}\r\n\
             OS Version:                {}\r\nSystem Type:               x64-based PC\r\n\
             Total Physical Memory:     {} MB\r\n",
            self.os.0, self.os.1, self.ram
        );
        write("systeminfo.txt", system.as_bytes());
        let driver =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/leak-x64/drivers/hstorflt.sys");
        write("hstorflt.sys", &fs::read(driver).unwrap());
        report(place.path(), options)
    }
}

fn rise(from: u64, step: u64, snapshots: u64) -> Vec<u64> {
    (0..snapshots).map(|i| from + step * i).collect()
}

#[track_caller]
fn assert_verdict(report: &Value, outcome: &str, confidence: &str) {
    let verdict = &report["verdict"];
    let found = (verdict["outcome"].as_str(), verdict["confidence"].as_str());
    assert_eq!(
        found,
        (Some(outcome), Some(confidence)),
        "{verdict:#}\n{:#}",
        report["correlation"]
    );
}

fn said(report: &Value) -> String {
    let verdict = &report["verdict"];
    format!(
        "{}{}{}{}",
        verdict, report["findings"], report["next_steps"], report["correlation"]
    )
}

#[test]
fn a_leak_that_fills_the_pool_is_confirmed() {
    // The limit is 74 % of 4 GB: 3,031 MiB.
    let found = story(rise(500, 190, 14), &[(385, 420)]).report(&[]);
    assert_verdict(&found, "leak_explains_refusals", "confirmed");
    assert!(said(&found).contains("when nonpaged pool ran out"));
}

#[test]
fn a_step_that_fills_the_pool_within_an_outage_is_no_contradiction() {
    let curve: Vec<u64> = [[300; 7], [2_960; 7]].concat();
    let found = story(curve, &[(185, 355)]).report(&[]);
    assert_verdict(&found, "pool_pressure_without_leak", "possible");
    let episode = &found["refusals"]["episodes"][0];
    assert_eq!(episode["pool_low"], (360 * MIB), "{episode:#}");
    assert_eq!(episode["pool_high"], (3_020 * MIB), "{episode:#}");
    assert_eq!(episode["headroom_bytes"], Value::Null, "{episode:#}");
    let short = story([[300; 7], [2_960; 7]].concat(), &[(185, 186)]).report(&[]);
    assert_verdict(&short, "inconclusive", "insufficient");
}

#[test]
fn gigabytes_left_are_not_run_out() {
    let mut large = story(rise(30_000, 900, 14), &[(385, 415)]);
    large.ram = 65_536;
    large.available = |_| 20_000;
    let found = large.report(&[]);
    assert_verdict(&found, "leak_explains_refusals", "possible");
    let said = said(&found);
    assert!(
        !said.contains("ran out") && !said.contains("had run out"),
        "{said}"
    );
    assert!(said.contains("with 6.6 GiB left"), "{said}");
    assert!(
        said.contains("the documented threshold was not reached"),
        "{said}"
    );
}

#[test]
fn a_limit_that_the_pool_exceeds_is_no_limit() {
    let found = story(rise(6_000, 50, 14), &[(360, 410)]).report(&[]);
    assert_verdict(&found, "leak_explains_refusals", "probable");
    assert_eq!(found["pool"]["limit"], Value::Null);
    assert_eq!(found["correlation"]["lag_seconds"], Value::Null);
    let text = said(&found);
    assert!(
        !text.contains("ran out") && !text.contains("run out"),
        "{text}"
    );
    assert!(!found.to_string().contains("headroom_bytes\":-"));
    for option in ["--ram", "--os", "--npp-limit"] {
        assert!(text.contains(option), "{option}: {text}");
    }
    let stated = story(rise(6_000, 50, 14), &[(385, 410)]).report(&["--npp-limit=6730MB"]);
    assert_verdict(&stated, "leak_explains_refusals", "confirmed");
}

#[test]
fn memory_that_ran_out_beside_a_flat_pool_is_a_rival() {
    let mut flat = modern(vec![1_000; 14], &[(385, 430)]);
    flat.available = |i| 9_000 - 690 * i;
    let found = flat.report(&[]);
    assert_verdict(&found, "refusals_without_pool_pressure", "possible");
    let text = said(&found);
    for words in [
        "memory_used_up",
        "30.0 MiB available of 16.0 GiB",
        "not documented",
        "typeperf",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    flat.available = |_| 6_000;
    assert_verdict(
        &flat.report(&[]),
        "refusals_without_pool_pressure",
        "confirmed",
    );
}

#[test]
fn commit_that_ran_out_beside_a_small_leak_leaves_it_open() {
    let mut small = modern(rise(2_000, 300, 14), &[(380, 430)]);
    small.commit = |i| 14_000 + 1_440 * i;
    let found = small.report(&[]);
    assert_verdict(&found, "inconclusive", "possible");
    let text = said(&found);
    assert!(
        text.contains("commit was nearly used up (48.0 MiB left of 32.0 GiB)"),
        "{text}"
    );
}

#[test]
fn a_saw_that_peaks_at_the_refusals_is_a_saw() {
    let teeth: Vec<u64> = (0..21).map(|i| 300 + i % 7 * 442).collect();
    let mut saw = story(teeth, &[(175, 205), (385, 415), (595, 625)]);
    saw.freed = |i| 4_000_000 * i;
    let found = saw.report(&[]);
    assert_eq!(
        found["verdict"]["outcome"], "pool_pressure_without_leak",
        "{:#}",
        found["verdict"]
    );
    let tag = &found["pool"]["tags"][0];
    assert_eq!(
        (&tag["tag"], &tag["class"]),
        (&"HsCx".into(), &"sawtooth".into())
    );
    let text = said(&found);
    assert!(
        text.contains("5 swings within 2.6 GiB, falls by as much as 2.6 GiB"),
        "{text}"
    );
    assert!(!text.contains("6 of 6"), "{text}");
}

#[test]
fn a_morning_of_churn_is_not_a_confirmed_leak() {
    let mut morning = story(rise(350, 50, 10), &[]);
    morning.freed = |i| 4_000_000 * i;
    let found = morning.report(&[]);
    assert_verdict(&found, "leak_without_refusals", "probable");
    let text = said(&found);
    assert!(
        text.contains("may_be_load") && text.contains("idle hours"),
        "{text}"
    );
    morning.freed = |_| 0;
    assert_verdict(&morning.report(&[]), "leak_without_refusals", "confirmed");
}
