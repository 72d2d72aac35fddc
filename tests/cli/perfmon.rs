//! Performance counters beside the logs: `relog`'s text in its forms, with snapshots and without.
//!
//! One story: nonpaged pool of a 32-bit server (limit 256 MB) rises from 60 MiB by half a MiB a
//! minute from 06:00 UTC on; from 11:55 UTC on connections are refused.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::Value;

use super::{analyze, report};

const MIB: u64 = 1 << 20;

const SYSTEM: &str = "Host Name:                 WEB01\r\n\
    OS Name:                   Microsoft(R) Windows(R) Server 2003, Standard Edition\r\n\
    OS Version:                5.2.3790 Service Pack 2 Build 3790\r\n\
    System Type:               X86-based PC\r\n\
    Total Physical Memory:     4,095 MB\r\n";

fn start() -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(2026, 1, 22).unwrap();
    day.and_hms_opt(6, 0, 0).unwrap().and_utc()
}

/// Nonpaged pool so many minutes after the start, in bytes.
fn level(minute: u64) -> u64 {
    60 * MIB + minute.min(356) * MIB / 2
}

fn httperr() -> String {
    let mut log = String::from(
        "#Software: Microsoft HTTP API 1.0\r\n#Version: 1.0\r\n#Date: 2026-01-22 05:00:00\r\n\
         #Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n",
    );
    for minute in (0..380).step_by(5) {
        let at = start() + Duration::minutes(minute);
        let row = if minute >= 355 {
            "- - - - - - - - - 7_Connections_Refused -"
        } else {
            "10.0.0.9 4711 10.0.0.1 80 HTTP/1.1 GET / - 1 Timer_ConnectionIdle -"
        };
        log.push_str(&format!("{} {row}\r\n", at.format("%Y-%m-%d %H:%M:%S")));
    }
    log
}

/// A log of counters as Windows writes it, with times so many minutes east of UTC.
fn counters(zone: &str, east: i64, host: &str, names: [&str; 3], separator: char) -> String {
    let [pool, available, handles] = names;
    let kind = if separator == '\t' { "TSV" } else { "CSV" };
    let mut text = format!(
        "\"(PDH-{kind} 4.0) ({zone})({})\"{separator}\"\\\\{host}\\{pool}\"{separator}\"\\\\{host}\\{available}\"{separator}\"\\\\{host}\\{handles}\"\r\n",
        -east
    );
    for minute in (0..=375_u64).step_by(5) {
        let at = start() + Duration::minutes(east + i64::try_from(minute).unwrap());
        // The third sample was missed.
        let cell = if minute == 10 {
            " ".to_owned()
        } else {
            format!("{}.00000000000", level(minute))
        };
        text.push_str(&format!(
            "\"{}\"{separator}\"{cell}\"{separator}\"1500\"{separator}\"{}\"\r\n",
            at.format("%m/%d/%Y %H:%M:%S%.3f"),
            900 + minute
        ));
    }
    text
}

const ENGLISH: [&str; 3] = [
    r"Memory\Pool Nonpaged Bytes",
    r"Memory\Available MBytes",
    r"Process(orderd)\Handle Count",
];

fn pacific() -> String {
    counters("Pacific Standard Time", -480, "WEB01", ENGLISH, ',')
}

fn case(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let log = httperr();
    let always: [(&str, &[u8]); 1] = [("httperr1.log", log.as_bytes())];
    for (name, bytes) in always.iter().chain(files) {
        let path = place.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    place
}

fn row<'a>(report: &'a Value, name: &str) -> &'a Value {
    let artifacts = report["coverage"]["artifacts"].as_array().unwrap();
    let found = artifacts.iter().find(|a| a["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {artifacts:#?}"))
}

#[track_caller]
fn assert_pressure(place: &Path) -> Value {
    let report = report(place, &[]);
    let verdict = &report["verdict"];
    assert_eq!(
        verdict["outcome"], "pool_pressure_without_leak",
        "{verdict:#}"
    );
    assert_eq!(verdict["tag"], Value::Null, "{verdict:#}");
    let episode = &report["refusals"]["episodes"][0];
    let wanted = level(355);
    let found = episode["pool_bytes"].as_u64().unwrap();
    assert!(found.abs_diff(wanted) < MIB, "{found} for {wanted}");
    assert_eq!(episode["pool_basis"], "between_samples", "{episode:#}");
    report
}

#[test]
fn counters_and_logs_alone_show_pressure_without_a_tag() {
    let text = pacific();
    let place = case(&[
        ("systeminfo.txt", SYSTEM.as_bytes()),
        ("perf/pool.csv", text.as_bytes()),
    ]);
    let report = assert_pressure(place.path());
    assert_eq!(report["verdict"]["confidence"], "probable");
    let summary = report["verdict"]["summary"].as_str().unwrap();
    assert!(summary.contains("counters know no tags"), "{summary}");
    // 376/5 samples and one, less the one that was missed.
    assert_eq!(report["pool"]["counter_samples"], 75);
    assert_eq!(report["pool"]["counters"][0]["at"], "2026-01-22T06:00:00Z");
    assert_eq!(report["time"]["zone"], "America/Los_Angeles");
    assert_eq!(report["time"]["zone_source"], "pdh_header");
    let coverage = row(&report, "perf/pool.csv");
    assert_eq!(
        (&coverage["role"], &coverage["used"]),
        (&"perf".into(), &"used".into())
    );
    assert!(
        coverage["notes"].to_string().contains("1 sample missing"),
        "{coverage}"
    );
    let findings = report["findings"].as_array().unwrap();
    let finding = findings
        .iter()
        .find(|f| f["rule"] == "performance_counters");
    let cited = finding.unwrap()["evidence"].as_array().unwrap();
    assert_eq!(cited.len(), 3, "{finding:?}");
    let page = analyze(place.path(), &[]).out;
    assert!(page.contains("75 counter samples"), "{page}");
}

#[test]
fn without_the_limit_the_height_still_speaks() {
    let text = pacific();
    let place = case(&[("pool.csv", text.as_bytes())]);
    let report = assert_pressure(place.path());
    assert_eq!(report["verdict"]["confidence"], "possible");
    assert_eq!(report["case"]["host"], "WEB01");
}

#[test]
fn tabs_utf16_and_other_languages_say_the_same() {
    let german = [
        r"Arbeitsspeicher\Nicht-Auslagerungsseiten (Bytes)",
        "Arbeitsspeicher\\Verf\u{fc}gbare MB",
        r"Prozess(orderd)\Handleanzahl",
    ];
    let berlin = counters("W. Europe Standard Time", 60, "WEB01", german, ',');
    let tabs = counters("Pacific Standard Time", -480, "WEB01", ENGLISH, '\t');
    let wide: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(tabs.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    // German names in the ANSI code page: one byte for the umlaut.
    let ansi: Vec<u8> = berlin
        .chars()
        .map(|c| u8::try_from(c as u32).unwrap())
        .collect();
    for bytes in [berlin.as_bytes(), tabs.as_bytes(), &wide, &ansi] {
        let place = case(&[("systeminfo.txt", SYSTEM.as_bytes()), ("pool.csv", bytes)]);
        assert_pressure(place.path());
    }
}

#[test]
fn a_zone_that_is_not_known_by_name_gives_its_offset() {
    let text = counters("Heure normale de nulle part", 60, "WEB01", ENGLISH, ',');
    let place = case(&[
        ("systeminfo.txt", SYSTEM.as_bytes()),
        ("pool.csv", text.as_bytes()),
    ]);
    let report = assert_pressure(place.path());
    assert_eq!(report["time"]["zone"], Value::Null);
    let notes = row(&report, "pool.csv")["notes"].to_string();
    assert!(notes.contains("+01:00"), "{notes}");
}

#[test]
fn names_that_are_not_known_and_binary_logs_are_said_so() {
    let spanish = [
        r"Memoria\Bytes de bloque no paginado",
        r"Memoria\MBytes disponibles",
        r"Proceso(orderd)\Identificadores",
    ];
    let text = counters("Romance Standard Time", 60, "WEB01", spanish, ',');
    let place = case(&[
        ("pool.csv", text.as_bytes()),
        ("pool.blg", &[1, 2, 0, 255, 7]),
    ]);
    let report = report(place.path(), &[]);
    let unknown = row(&report, "pool.csv");
    assert_eq!(unknown["used"], "not_understood", "{unknown:#}");
    assert!(
        unknown["notes"].to_string().contains("bloque no paginado"),
        "{unknown:#}"
    );
    let binary = row(&report, "pool.blg");
    assert_eq!(binary["used"], "not_understood", "{binary:#}");
    assert!(
        binary["notes"].to_string().contains("relog FILE -f csv"),
        "{binary:#}"
    );
    assert_eq!(report["verdict"]["outcome"], "inconclusive");
}

#[test]
fn counters_of_another_machine_are_left_alone() {
    let other = counters("Pacific Standard Time", -480, "FILE07", ENGLISH, ',');
    let place = case(&[
        ("systeminfo.txt", SYSTEM.as_bytes()),
        ("pool.csv", other.as_bytes()),
    ]);
    let report = report(place.path(), &[]);
    assert_eq!(report["pool"]["counter_samples"], 0);
    let coverage = row(&report, "pool.csv");
    assert_eq!(coverage["used"], "not_needed", "{coverage:#}");
    assert!(
        coverage["notes"].to_string().contains("FILE07"),
        "{coverage:#}"
    );
}

/// Four snapshots of the whole morning, in which `Leak` grows; between them the counters.
fn snapshots() -> String {
    let mut text = String::new();
    for minute in [0_u64, 120, 240, 350] {
        let at = start() + Duration::minutes(i64::try_from(minute).unwrap() - 480);
        let bytes = 20 * MIB + minute * MIB / 2;
        let blocks = bytes / 1024;
        text.push_str(&format!(
            "===== {} =====\r\n Memory: 4193848K Avail: 1536000K  PageFlts:{:>6}   InRam Krnl: 2000K P:50000K\r\n \
             Commit: 900000K Limit:8000000K Peak:910000K            Pool N:{:>5}K P:50000K\r\n\r\n \
             Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc\r\n\r\n",
            at.format("%d/%m/%Y %H:%M:%S.00"),
            100_000 + minute * 50,
            level(minute) / 1024,
        ));
        for (tag, allocs, frees, bytes) in [
            ("Leak", blocks + 500, 500, bytes),
            ("File", 90_000 + minute, 80_000 + minute, 10_000 * 160),
            (
                "Irp ",
                70_000 + minute * 3,
                69_000 + minute * 3,
                1_000 * 400,
            ),
        ] {
            let diff = allocs - frees;
            text.push_str(&format!(
                " {tag} Nonp {allocs:>18} {frees:>18}  {diff:>16} {bytes:>14}     {:>12}        \r\n",
                bytes / diff
            ));
        }
        text.push_str("\r\n");
    }
    text
}

#[test]
fn counters_between_snapshots_tell_the_level_at_the_refusals() {
    let (text, pool) = (pacific(), snapshots());
    let place = case(&[
        ("systeminfo.txt", SYSTEM.as_bytes()),
        ("web01_poolmon.txt", pool.as_bytes()),
        ("pool.csv", text.as_bytes()),
    ]);
    let report = report(place.path(), &[]);
    let verdict = &report["verdict"];
    assert_eq!(verdict["outcome"], "leak_explains_refusals", "{verdict:#}");
    assert_eq!(verdict["tag"], "Leak");
    assert_eq!(report["pool"]["snapshots"], 4);
    // What a snapshot says too is not said twice.
    assert_eq!(report["pool"]["counter_samples"], 75 - 4);
    let episode = &report["refusals"]["episodes"][0];
    assert_eq!(episode["pool_basis"], "between_samples", "{episode:#}");
    let epochs: Vec<u64> = report["pool"]["counters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["epoch"].as_u64().unwrap())
        .collect();
    assert!(epochs.iter().all(|e| *e == 0), "{epochs:?}");
}

#[test]
fn names_in_counter_logs_are_redacted() {
    let text = pacific();
    let place = case(&[("pool.csv", text.as_bytes())]);
    for format in ["json", "markdown", "text"] {
        let out = analyze(place.path(), &["--redact", "--format", format]).out;
        assert!(!out.contains("WEB01"), "{format}: {out}");
        assert!(!out.contains("orderd"), "{format}: {out}");
        assert!(out.contains("pool"), "{format}: {out}");
    }
}
