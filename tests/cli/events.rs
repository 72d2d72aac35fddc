//! Windows' event logs beside a case: the same marks and findings from every form of one log, what
//! they do to epochs and to the comparison with refusals, and what no form of them may do.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use poolsleuth::artifact::events::{self, Kind};
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use super::{analyze, assert_fits_a_terminal, report, run, samples};
use crate::support::events::{
    Event, Records, evtx, get_winevent, listing, utf16, viewer_csv, viewer_xml, wevtutil_xml,
};

/// Minutes east of UTC of the sample's zone in winter: Central Time.
const CENTRAL: i64 = -360;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn event(
    when: &str,
    provider: &'static str,
    id: u16,
    data: &[(&'static str, &str)],
    message: &str,
) -> Event {
    Event {
        number: 0,
        at: at(when),
        provider,
        id,
        data: data.iter().map(|(n, v)| (*n, (*v).to_owned())).collect(),
        message: message.to_owned(),
    }
}

fn installed(when: &str, service: &str, path: &str) -> Event {
    let data = [
        ("ServiceName", service),
        ("ImagePath", path),
        ("ServiceType", "Kernelmodustreiber"),
        ("StartType", "Automatisch starten"),
        ("AccountName", ""),
    ];
    let message = format!(
        "Ein Dienst wurde im System installiert.\r\n\r\nDienstname:  {service}\r\nDienstdateiname:  {path}\r\nDiensttyp:  Kernelmodustreiber, \"auto\"\r\n"
    );
    event(when, "Service Control Manager", 7045, &data, &message)
}

fn clock_set(when: &str, old: &str, new: &str) -> Event {
    let data = [("NewTime", new), ("OldTime", old), ("Reason", "1")];
    let marked = |time: &str| time.replace('-', "\u{200e}-\u{200e}");
    let message = format!(
        "Die Systemzeit wurde von \u{200e}{} in \u{200e}{} geändert.",
        marked(old),
        marked(new)
    );
    event(when, "Microsoft-Windows-Kernel-General", 1, &data, &message)
}

fn numbered(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by_key(|event| event.at);
    for (number, event) in (5_001..).zip(&mut events) {
        event.number = number;
    }
    events
}

/// What the server of the sample logged, its first refusal being at 23:04:23Z on the 18th.
fn story() -> Vec<Event> {
    let general = "Microsoft-Windows-Kernel-General";
    let mut events = vec![
        event(
            "2014-02-04T09:12:40Z",
            general,
            12,
            &[("StartTime", "x")],
            "gestartet",
        ),
        event("2014-02-04T09:13:01Z", "EventLog", 6009, &[], "6.01. 7601"),
        event(
            "2014-02-04T09:13:01Z",
            "EventLog",
            6005,
            &[],
            "Der Protokolldienst wurde gestartet.",
        ),
        installed(
            "2014-02-16T23:04:00Z",
            "HarrowFlt",
            "\\SystemRoot\\system32\\DRIVERS\\HSTORFLT.sys",
        ),
        installed(
            "2014-02-10T08:00:00Z",
            "Qv Pn",
            "\\??\\C:\\Program Files\\Qv Pn\\qvpnflt.sys",
        ),
        installed(
            "2014-02-11T08:00:00Z",
            "Backup",
            "\"C:\\Program Files\\Backup & Co\\agent.exe\" -k run",
        ),
        clock_set(
            "2014-02-18T12:00:00Z",
            "2014-02-18T12:00:00.500000Z",
            "2014-02-18T12:00:00.000000Z",
        ),
        event(
            "2014-02-18T22:00:00Z",
            "Srv",
            2022,
            &[("", "\\Device\\LanmanServer")],
            "Der Server fand keine freie Verbindung.",
        ),
        event(
            "2014-02-18T23:10:23Z",
            "Srv",
            2019,
            &[("", "\\Device\\LanmanServer")],
            "Der Server konnte keinen nicht ausgelagerten Speicher zuteilen.",
        ),
        event(
            "2014-02-18T23:20:23Z",
            "Srv",
            2019,
            &[("", "\\Device\\LanmanServer")],
            "Derselbe Text,\r\nüber \"zwei\" Zeilen.",
        ),
        event(
            "2014-02-18T23:30:23Z",
            "Srv",
            2019,
            &[("", "\\Device\\LanmanServer")],
            "Noch einmal.",
        ),
        event(
            "2014-02-18T23:40:00Z",
            "Microsoft-Windows-HttpEvent",
            15005,
            &[],
            "HTTP",
        ),
        // Ids of other providers mean other things.
        event(
            "2014-02-18T23:41:00Z",
            "Example-Provider",
            2019,
            &[],
            "nichts",
        ),
        event(
            "2014-02-18T23:42:00Z",
            "Windows Error Reporting",
            1001,
            &[("", "0x9f")],
            "nichts",
        ),
    ];
    let noise = (0..300).map(|n| {
        let when = at("2014-02-17T00:00:00Z") + chrono::TimeDelta::minutes(9 * n);
        let data = [("param1", "Windows Update"), ("param2", "beendet")];
        event(
            &when.to_rfc3339(),
            "Service Control Manager",
            7036,
            &data,
            "Der Dienst befindet sich jetzt im Status \"beendet\".",
        )
    });
    events.extend(noise);
    numbered(events)
}

/// A sample with files of events beside its own.
struct Case {
    place: TempDir,
}

impl Case {
    fn of(sample: &str, files: &[(&str, Vec<u8>)]) -> Self {
        let place = tempfile::tempdir().unwrap();
        copy(&samples().join(sample), &place.path().join("case"));
        for (name, bytes) in files {
            fs::write(place.path().join("case").join(name), bytes).unwrap();
        }
        Case { place }
    }

    fn path(&self) -> PathBuf {
        self.place.path().join("case")
    }

    fn report(&self) -> Value {
        report(&self.path(), &[])
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = (entry.as_ref().unwrap().path(), entry.unwrap().file_name());
        match path.is_dir() {
            true => copy(&path, &to.join(name)),
            false => drop(fs::copy(&path, to.join(name)).unwrap()),
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn finding<'a>(report: &'a Value, rule: &str) -> Option<&'a str> {
    let found = list(&report["findings"])
        .iter()
        .find(|f| f["rule"] == rule)?;
    found["text"].as_str()
}

/// Time, number, kind and words of each mark; not where it stands, nor fractions of a second.
fn marks(report: &Value) -> Vec<(String, u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let marks = list(&report["events"]["marks"]).iter();
    let mark = |m: &Value| {
        (
            text(&m["at"]),
            m["id"].as_u64().unwrap(),
            text(&m["kind"]),
            text(&m["text"]),
        )
    };
    let mut all: Vec<_> = marks.map(mark).collect();
    all.sort();
    all
}

/// Findings about events, by rule.
fn of_events(report: &Value) -> Vec<(&str, &str)> {
    const RULES: [&str; 5] = [
        "pool_empty_logged",
        "smb_strained",
        "http_sys_errors",
        "candidate_installed",
        "drivers_installed",
    ];
    RULES
        .iter()
        .filter_map(|rule| Some((*rule, finding(report, rule)?)))
        .collect()
}

fn forms(events: &[Event]) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("System.evtx", evtx(events, Records::Templates)),
        ("System-inline.evtx", evtx(events, Records::Inline)),
        ("system.xml", wevtutil_xml(events)),
        ("system-utf16.xml", utf16(&wevtutil_xml(events))),
        ("viewer.xml", viewer_xml(events)),
        ("system.txt", listing(events)),
        ("winevent.csv", get_winevent(events, CENTRAL)),
        ("winevent-utf16.csv", utf16(&get_winevent(events, CENTRAL))),
        ("viewer.csv", viewer_csv(events, CENTRAL)),
    ]
}

#[test]
fn every_form_of_one_log_gives_the_same_marks_and_findings() {
    let events = story();
    let first = Case::of(
        "leak-x64",
        &[("System.evtx", evtx(&events, Records::Templates))],
    )
    .report();
    assert_eq!(marks(&first).len(), 12, "{:#?}", first["events"]);
    assert_eq!(first["events"]["read"], events.len());
    assert_eq!(first["events"]["counts"]["driver_installed"], 2);
    assert_eq!(of_events(&first).len(), 5, "{:#?}", of_events(&first));
    for (name, bytes) in forms(&events) {
        let other = Case::of("leak-x64", &[(name, bytes)]).report();
        assert_eq!(marks(&other), marks(&first), "{name}");
        assert_eq!(of_events(&other), of_events(&first), "{name}");
        assert_eq!(other["events"]["read"], events.len(), "{name}");
        assert_eq!(
            other["verdict"]["outcome"], first["verdict"]["outcome"],
            "{name}"
        );
        let row = list(&other["coverage"]["artifacts"])
            .iter()
            .find(|a| a["name"] == name);
        let row = row.unwrap();
        assert_eq!(
            (&row["role"], &row["used"]),
            (&"event_log".into(), &"used".into()),
            "{row}"
        );
        let evidence = list(&other["evidence"])
            .iter()
            .filter(|e| e["artifact"] == name);
        for one in evidence {
            let numbered = !matches!(name, "system.txt" | "viewer.csv");
            assert_eq!(one["record"].is_u64(), numbered, "{one}");
            assert_eq!(one["offset"].is_u64(), name.ends_with("evtx"), "{one}");
        }
    }
}

#[test]
fn the_findings_say_what_was_logged_and_when() {
    let report = Case::of(
        "leak-x64",
        &[("System.evtx", evtx(&story(), Records::Templates))],
    )
    .report();
    let says = |rule: &str| finding(&report, rule).unwrap_or_default();
    assert_eq!(
        says("pool_empty_logged"),
        "Windows logged event 2019 (Srv: nonpaged pool was empty) 3 times between 2014-02-18T23:10:23Z and 2014-02-18T23:30:23Z; the first came 6 min after the first refused connection"
    );
    assert!(says("candidate_installed").contains("installed 2014-02-16T23:04:00Z, 2.0 days before the first refused connection (event 7045)"), "{}", says("candidate_installed"));
    assert!(
        says("drivers_installed").contains("qvpnflt.sys 8.6 days before"),
        "{}",
        says("drivers_installed")
    );
    assert!(!says("drivers_installed").contains("agent.exe"));
    assert!(says("smb_strained").contains("no sign of empty nonpaged pool"));
    assert_eq!(
        finding(&report, "clock_set"),
        None,
        "half a second is no step"
    );
    let reasons = list(&report["verdict"]["reasons"]);
    let reason = reasons
        .iter()
        .find(|r| r["rule"] == "pool_empty_logged")
        .unwrap();
    assert_eq!(
        (&reason["weight"], list(&reason["evidence"]).len()),
        (&"for".into(), 3)
    );
    let candidate = &report["attribution"][0]["candidates"][0];
    assert!(
        list(&candidate["why"])
            .iter()
            .any(|w| w.as_str().unwrap().starts_with("installed 2014-02-16"))
    );
    let id = candidate["evidence"][1].as_str().unwrap();
    let evidence = list(&report["evidence"])
        .iter()
        .find(|e| e["id"] == id)
        .unwrap();
    assert_eq!(evidence["artifact"], "System.evtx");
    assert!(
        evidence["text"]
            .as_str()
            .unwrap()
            .contains("HSTORFLT.sys was installed")
    );
}

#[test]
fn one_log_in_several_forms_counts_once_and_their_order_does_not_matter() {
    let events = story();
    let (half, all) = (&events[..events.len() / 2], &events);
    let files = [
        ("a.csv", get_winevent(all, CENTRAL)),
        ("b.xml", wevtutil_xml(half)),
        ("c.evtx", evtx(half, Records::Templates)),
        ("d.evtx", evtx(half, Records::Templates)),
    ];
    let together = Case::of("leak-x64", &files).report();
    let alone = Case::of("leak-x64", &[("a.evtx", evtx(all, Records::Inline))]).report();
    assert_eq!(marks(&together), marks(&alone));
    let copy = list(&together["coverage"]["artifacts"])
        .iter()
        .find(|a| a["name"] == "d.evtx");
    assert_eq!(copy.unwrap()["used"], "duplicate");
}

#[test]
fn local_times_without_a_zone_are_withheld_and_with_one_placed() {
    let case = Case::of("no-clock", &[("events.csv", viewer_csv(&story(), CENTRAL))]);
    let undated = case.report();
    assert_eq!(marks(&undated), []);
    assert_eq!(undated["events"]["undated"], 12);
    let why = undated["events"]["undated_reason"].as_str().unwrap();
    assert!(why.contains("time zone") && why.contains("--tz"), "{why}");
    let dated = report(&case.path(), &["--tz", "America/Chicago"]);
    assert_eq!(marks(&dated).len(), 12);
    assert_eq!(dated["events"]["undated"], 0);
}

#[test]
fn the_log_of_another_machine_is_not_used() {
    let mut xml = String::from_utf8(wevtutil_xml(&story())).unwrap();
    xml = xml.replace("SHOPWEB07.example.test", "OTHER-HOST");
    let report = Case::of("leak-x64", &[("system.xml", xml.into_bytes())]).report();
    assert_eq!(marks(&report), []);
    assert_eq!(of_events(&report), []);
    let rows = list(&report["coverage"]["artifacts"]);
    let row = rows.iter().find(|a| a["name"] == "system.xml").unwrap();
    assert_eq!(row["used"], "not_needed");
    assert!(
        row["notes"].to_string().contains("another machine"),
        "{row}"
    );
}

#[test]
fn a_clock_set_back_over_the_refusals_withholds_the_comparison() {
    let set = clock_set(
        "2014-02-18T22:30:00Z",
        "2014-02-19T00:10:00.000000Z",
        "2014-02-18T22:30:00.000000Z",
    );
    let report = Case::of(
        "leak-x64",
        &[(
            "System.evtx",
            evtx(&numbered(vec![set]), Records::Templates),
        )],
    )
    .report();
    let withheld = report["correlation"]["withheld"]["reason"]
        .as_str()
        .unwrap_or_default();
    assert!(withheld.contains("set back by 100 min"), "{withheld}");
    assert_eq!(report["verdict"]["outcome"], "inconclusive");
    assert!(
        finding(&report, "clock_set")
            .unwrap()
            .contains("set back by 100 min")
    );
}

#[test]
fn a_step_near_the_refusals_lowers_the_confidence() {
    let plain = Case::of("leak-x64", &[]).report();
    assert_eq!(plain["verdict"]["confidence"], "confirmed");
    let set = clock_set(
        "2014-02-18T21:00:00Z",
        "2014-02-17T09:00:00.000000Z",
        "2014-02-18T21:00:00.000000Z",
    );
    let report = Case::of(
        "leak-x64",
        &[(
            "System.evtx",
            evtx(&numbered(vec![set]), Records::Templates),
        )],
    )
    .report();
    assert_eq!(report["verdict"]["outcome"], "leak_explains_refusals");
    assert_eq!(report["verdict"]["confidence"], "possible");
    let reasons = list(&report["verdict"]["reasons"]);
    let reason = reasons.iter().find(|r| r["rule"] == "clock_set").unwrap();
    assert_eq!(reason["weight"], "limit");
}

#[test]
fn starts_support_what_counters_show_and_do_not_overrule_them() {
    let general = "Microsoft-Windows-Kernel-General";
    let start = |when: &str| event(when, general, 12, &[], "gestartet");
    let host = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        text.replace("SHOPWEB07.example.test", "OLDWEB4")
            .into_bytes()
    };
    let events = numbered(vec![
        start("2008-02-06T12:05:00Z"),
        start("2008-02-06T08:20:00Z"),
    ]);
    let case = Case::of("reboot", &[("system.xml", host(wevtutil_xml(&events)))]);
    let report = case.report();
    let (with, without) = (
        &report["pool"]["epochs"],
        &Case::of("reboot", &[]).report()["pool"]["epochs"],
    );
    assert_eq!(list(with).len(), list(without).len());
    assert!(
        finding(&report, "restart_logged")
            .unwrap()
            .contains("2008-02-06T12:05:00Z")
    );
    let went_on = finding(&report, "start_without_restart").unwrap();
    assert!(
        went_on.contains("2008-02-06T08:20:00Z") && went_on.contains("Fast Startup"),
        "{went_on}"
    );
}

#[test]
fn uptime_events_state_the_zone_of_a_case() {
    let mut values = vec![("", ""); 4];
    values.extend([
        ("", "1234567"),
        ("", "60"),
        ("", "360 Central Standard Time"),
    ]);
    let uptime = event("2014-02-18T18:00:00Z", "EventLog", 6013, &values, "uptime");
    let case = Case::of(
        "leak-x64",
        &[(
            "System.evtx",
            evtx(&numbered(vec![uptime]), Records::Templates),
        )],
    );
    fs::remove_file(case.path().join("systeminfo.txt")).unwrap();
    let report = case.report();
    assert_eq!(report["time"]["zone"], "America/Chicago");
    assert_eq!(report["time"]["zone_source"], "event_log");
    assert_eq!(report["time"]["dated_snapshots"], 14);
}

#[test]
fn marks_are_on_the_timeline_and_in_every_rendering() {
    let case = Case::of(
        "leak-x64",
        &[("System.evtx", evtx(&story(), Records::Templates))],
    );
    let out = case.place.path().join("out");
    let done = analyze(&case.path(), &["-o", out.to_str().unwrap()]);
    assert_eq!(done.status, Some(0), "{}", done.err);
    assert_fits_a_terminal("events", &done.out);
    assert!(done.out.contains("\n  events "), "{}", done.out);
    let lines = fs::read_to_string(out.join("timeline.jsonl")).unwrap();
    let events = lines
        .lines()
        .filter(|l| l.contains("poolsleuth:eventlog:event"));
    assert_eq!(events.count(), 12);
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    for part in [
        "id=\"events\"",
        "class=\"event empty\"",
        "class=\"event install\"",
        "driver installed",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let ticket = fs::read_to_string(out.join("report.md")).unwrap();
    assert!(
        ticket.contains("event 7045: driver `HSTORFLT.sys` was installed"),
        "{ticket}"
    );
}

#[test]
fn evidence_of_events_is_found_again() {
    for (name, bytes) in forms(&story()) {
        let case = Case::of("leak-x64", &[(name, bytes)]);
        let saved = case.place.path().join("report.json");
        fs::write(&saved, case.report().to_string()).unwrap();
        let bundle = case.path();
        let done = run([
            "show",
            saved.to_str().unwrap(),
            "--bundle",
            bundle.to_str().unwrap(),
        ]);
        assert_eq!(done.status, Some(0), "{name}: {}", done.err);
        // Names are cut where they are long.
        let rows = done.out.lines().filter(|line| line.contains("  event "));
        let (all, good) = rows.fold((0, 0), |(all, good), line| {
            (all + 1, good + usize::from(line.contains("matches")))
        });
        assert!(all >= 6 && all == good, "{name}: {}", done.out);
    }
}

#[test]
fn a_redacted_report_names_no_machine_of_the_log_and_no_service_of_the_customer() {
    let mut events = story();
    events.push(installed(
        "2014-02-12T08:00:00Z",
        "Quillon",
        "C:\\Quillon\\QuillonOrders.exe",
    ));
    let text = String::from_utf8(wevtutil_xml(&numbered(events))).unwrap();
    let text = text.replace("SHOPWEB07.example.test", "kestrel-04.quillon.test");
    let case = Case::of("no-clock", &[("system.xml", text.into_bytes())]);
    let plain = case.report().to_string().to_lowercase();
    assert!(plain.contains("quillonorders"), "it does not arrive");
    let out = case.place.path().join("out");
    let done = analyze(&case.path(), &["--redact", "-o", out.to_str().unwrap()]);
    assert_eq!(done.status, Some(0), "{}", done.err);
    for name in ["report.json", "report.html", "report.md", "timeline.jsonl"] {
        let text = fs::read_to_string(out.join(name)).unwrap().to_lowercase();
        assert!(
            !text.contains("quillon") && !text.contains("kestrel"),
            "{name}"
        );
        assert!(
            name == "report.md" || text.contains("qvpnflt.sys"),
            "{name}: drivers keep their names"
        );
    }
}

#[test]
fn damage_costs_what_is_damaged_and_is_counted() {
    let events = story();
    let whole = evtx(&events, Records::Templates);
    assert!(whole.len() > 3 * 65_536, "several chunks are needed");
    let mut spoilt = whole.clone();
    spoilt[4_096..4_104].fill(b'x');
    let case = Case::of("leak-x64", &[("System.evtx", spoilt)]);
    let report = case.report();
    let rows = list(&report["coverage"]["artifacts"]);
    let row = rows.iter().find(|a| a["name"] == "System.evtx").unwrap();
    assert_eq!(row["used"], "partly_used");
    assert!(
        row["notes"]
            .to_string()
            .contains("1 chunk damaged or cut off"),
        "{row}"
    );
    assert!(
        finding(&report, "pool_empty_logged").is_some(),
        "later chunks are read"
    );
    let cut = &whole[..whole.len() - 30_000];
    let (file, trouble) = events::read(cut);
    assert!(trouble.is_none());
    assert_eq!(file.damaged_chunks, 1);
    let mut xml = wevtutil_xml(&events);
    let middle = xml.len() / 2;
    xml.drain(middle..middle + 300);
    let (file, _) = events::read(xml.as_slice());
    assert_eq!(
        file.events + file.damaged,
        events.len() as u64 - u64::from(file.damaged == 0)
    );
}

#[test]
fn logs_of_other_kinds_are_counted_only() {
    let other = numbered(vec![
        event("2014-02-18T20:00:00Z", "MSSQLSERVER", 1001, &[], "x"),
        event("2014-02-18T20:00:01Z", "Application Error", 1000, &[], "x"),
    ]);
    let report = Case::of(
        "leak-x64",
        &[("Application.evtx", evtx(&other, Records::Templates))],
    )
    .report();
    assert_eq!(
        (&report["events"]["read"], marks(&report).len()),
        (&2.into(), 0)
    );
    let rows = list(&report["coverage"]["artifacts"]);
    let row = rows
        .iter()
        .find(|a| a["name"] == "Application.evtx")
        .unwrap();
    assert_eq!(row["used"], "not_needed");
}

#[test]
fn files_that_claim_much_cost_little() {
    // An open quote: the rest of the file would be one cell.
    let mut table = get_winevent(&story()[..3], 0);
    table.extend(b"\"1,2,3");
    table.extend(vec![b'x'; 3 << 20]);
    assert_eq!(events::read(table.as_slice()).0.events, 3);
    // An element without an end, and events behind it.
    let mut xml = b"<Event xmlns='x'><System>".to_vec();
    xml.extend(vec![b'y'; 3 << 20]);
    xml.extend(wevtutil_xml(&story()[..3]));
    let (file, _) = events::read(xml.as_slice());
    assert_eq!((file.events, file.damaged), (3, 1));
    // A log of chunks that were set aside and never written.
    let mut log = evtx(&story()[..3], Records::Templates);
    log.extend(vec![0; 20 << 16]);
    let (file, _) = events::read(log.as_slice().chain(std::io::repeat(0).take(40 << 16)));
    assert_eq!((file.events, file.damaged_chunks), (3, 0));
}

fn kinds(bytes: &[u8]) -> Vec<Kind> {
    let (file, _) = events::read(bytes);
    file.marks.into_iter().map(|mark| mark.kind).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_read_to_an_end(
        start in prop::sample::select(vec![&b"ElfFile\0"[..], b"<Events>", b"Event[0]:\n", b"TimeCreated,Id,ProviderName\n", b"", b"\xff\xfe"]),
        bytes in prop::collection::vec(any::<u8>(), 0..4_000),
    ) {
        let whole = [start, &bytes].concat();
        prop_assert!(events::read(whole.as_slice()).1.is_none());
    }

    #[test]
    fn a_spoilt_log_breaks_nothing(
        records in prop::sample::select(vec![Records::Templates, Records::Inline]),
        spoils in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let events = story();
        let mut log = evtx(&events[..40], records);
        // The records and the chunk's header, where most damage shows.
        for (place, byte) in &spoils {
            let at = 4_096 + place.index(20_000);
            log[at] = *byte;
        }
        let found = kinds(&log).len();
        prop_assert!(found <= 40);
        log.truncate(cut.index(log.len()));
        kinds(&log);
    }

    #[test]
    fn a_spoilt_export_breaks_nothing(
        form in 2usize..9,
        spoils in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let events = story();
        let (_, mut bytes) = forms(&events[..30]).swap_remove(form);
        for (place, byte) in &spoils {
            let at = place.index(bytes.len());
            bytes[at] = *byte;
        }
        prop_assert!(kinds(&bytes).len() <= 30);
    }
}
