//! Pool snapshots of other tools: one story in every form gives the same answer, or the form says
//! what it cannot tell.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Duration, TimeZone, Utc};
use serde_json::Value;

use super::{program, report};

/// Rows of the story beside its leak: a whole table, so that absence would mean something.
const OTHERS: u64 = 160;
pub(super) const SNAPSHOTS: i64 = 8;
const GIB: u64 = 1 << 30;

/// One tag in nonpaged pool at one time.
#[derive(Clone)]
struct Row {
    tag: String,
    allocs: u64,
    frees: u64,
    bytes: u64,
}

/// One snapshot: every hour, ten minutes before the next refusals.
struct Snap {
    at: DateTime<Utc>,
    rows: Vec<Row>,
}

fn began() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 5, 1, 0, 0, 0).unwrap()
}

/// Booted a day before; `Leak` fills 3 GiB, everything else stands still.
fn story() -> Vec<Snap> {
    (0..SNAPSHOTS)
        .map(|hour| Snap {
            at: began() + Duration::hours(hour),
            rows: rows(hour as u64),
        })
        .collect()
}

fn rows(hour: u64) -> Vec<Row> {
    let live = 200_000 + hour * 82_600;
    let leak = Row {
        tag: "Leak".into(),
        allocs: live + 900,
        frees: 900,
        bytes: live * 4096,
    };
    let others = (0..OTHERS).map(|i| Row {
        tag: format!("T{i:03}"),
        allocs: 5_000 + i + hour * 700,
        frees: 4_900 + i + hour * 700,
        bytes: 100 * 64,
    });
    std::iter::once(leak).chain(others).collect()
}

fn httperr(folder: &Path) {
    fs::create_dir_all(folder.join("HTTPERR")).unwrap();
    fs::write(folder.join("HTTPERR/httperr1.log"), log()).unwrap();
}

/// 4,200 connections refused in 600 rows, in the last hour.
pub(super) fn log() -> String {
    let mut log = String::from(
        "#Software: Microsoft HTTP API 2.0\r\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n",
    );
    for minute in 0..8 * 60 {
        let at = began() + Duration::minutes(minute);
        log += &format!(
            "{} 10.0.0.5 50123 10.0.0.1 80 HTTP/1.1 GET / - 1 Timer_ConnectionIdle DefaultAppPool\r\n",
            at.format("%F %T")
        );
    }
    for second in 0..600 {
        let at = began() + Duration::hours(SNAPSHOTS - 1) + Duration::seconds(second);
        log += &format!(
            "{} - - - - - - - - - 7_Connections_Refused -\r\n",
            at.format("%F %T")
        );
    }
    log
}

/// A file of the story in some form.
type Files = Vec<(String, Vec<u8>)>;

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn poolmon() -> Files {
    let texts = snapshots();
    let stamped = texts
        .iter()
        .map(|(at, table)| format!("{}\r\n\r\n{table}\r\n", at.format("%FT%TZ")));
    vec![(
        "poolmon.log".into(),
        stamped.collect::<String>().into_bytes(),
    )]
}

/// What poolmon writes, and when it did: it does not say.
pub(super) fn snapshots() -> Vec<(DateTime<Utc>, String)> {
    let mut all = Vec::new();
    for snap in story() {
        let mut text = String::from(
            " Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc\r\n\r\n",
        );
        for Row {
            tag,
            allocs,
            frees,
            bytes,
        } in &snap.rows
        {
            let live = allocs - frees;
            text += &format!(
                " {tag} {:5} {allocs:18} {frees:18}  {live:16} {bytes:14}     {:12}        \r\n",
                "Nonp",
                bytes / live
            );
        }
        all.push((snap.at, text));
    }
    all
}

fn script(header_again: bool) -> String {
    let header = "\"DateTime\",\"DateTimeUTC\",\"Tag\",\"PagedAllocs\",\"PagedFrees\",\"PagedDiff\",\"PagedUsedBytes\",\"NonPagedAllocs\",\"NonPagedFrees\",\"NonPagedDiff\",\"NonPagedUsedBytes\",\"TotalUsedBytes\"\r\n";
    let mut text = String::new();
    for (nth, snap) in story().iter().enumerate() {
        if nth == 0 || header_again {
            text += header;
        }
        text += &script_rows(snap);
    }
    text
}

fn script_rows(snap: &Snap) -> String {
    let local = snap.at + Duration::hours(2);
    let rows = snap.rows.iter().map(|Row { tag, allocs, frees, bytes }| {
        format!(
            "\"{}\",\"{}\",\"{tag}\",\"0\",\"0\",\"0\",\"0\",\"{allocs}\",\"{frees}\",\"{}\",\"{bytes}\",\"{bytes}\"\r\n",
            local.format("%FT%T"),
            snap.at.format("%FT%T"),
            allocs - frees
        )
    });
    rows.collect()
}

fn powershell() -> Files {
    vec![(
        "pool.csv".into(),
        wide(&format!("\u{feff}{}", script(true))),
    )]
}

fn powershell_header_once() -> Files {
    vec![("out.csv".into(), script(false).into_bytes())]
}

/// The user chose some columns, in an order of his own.
fn powershell_some_columns() -> Files {
    let mut text = String::from("\"NonPagedUsedBytes\",\"Tag\",\"DateTimeUTC\"\r\n");
    for snap in story() {
        for row in &snap.rows {
            text += &format!(
                "\"{}\",\"{}\",\"{}\"\r\n",
                row.bytes,
                row.tag,
                snap.at.format("%FT%T")
            );
        }
    }
    vec![("chosen.csv".into(), text.into_bytes())]
}

/// One file a snapshot, named for its local time.
fn poolmonviz() -> Files {
    let whole = script(true);
    let header = whole.lines().next().unwrap();
    let of = |snap: &Snap| {
        let name =
            (snap.at + Duration::hours(2)).format("%Y.%m.%d_%H.%M.%S_1777600000.12.pool.csv");
        (
            name.to_string(),
            wide(&format!("\u{feff}{header}\r\n{}", script_rows(snap))),
        )
    };
    story().iter().map(of).collect()
}

fn poolmonx() -> Files {
    let of = |snap: &Snap| {
        let mut text = String::from(
            "Tag,Type,Allocs,Frees,Diff,Bytes,KBytes,B / Alloc,Source,Source Description,\n",
        );
        for Row {
            tag,
            allocs,
            frees,
            bytes,
        } in &snap.rows
        {
            let live = allocs - frees;
            // 32 bits, as that tool prints them.
            text += &format!(
                "{tag},Non Paged,{allocs},{frees},{live},{},{} KB,{},x.sys,some, words,\n",
                bytes % (1 << 32),
                (bytes + 512) >> 10,
                bytes / live
            );
        }
        (
            format!("pool_{}.csv", snap.at.format("%Y%m%dT%H%M%SZ")),
            wide(&text),
        )
    };
    story().iter().map(of).collect()
}

fn poolmonx_v3() -> Files {
    let of = |snap: &Snap| {
        let mut text = String::from(
            "Tag,Value,Paged Allocs,Paged Frees,Paged Diff,Paged Usage,NPaged Allocs,NPaged Frees,NPaged Diff,NPaged Usage,Source,Description\n",
        );
        for Row {
            tag,
            allocs,
            frees,
            bytes,
        } in &snap.rows
        {
            text += &format!(
                "{tag},0x6B61654C,0,0,0,0 B,{allocs},{frees},{},{} KB,,\n",
                allocs - frees,
                bytes >> 10
            );
        }
        (
            format!("v3_{}.csv", snap.at.format("%Y%m%dT%H%M%SZ")),
            text.into_bytes(),
        )
    };
    story().iter().map(of).collect()
}

/// An MFC string: mark, length, UTF-16; a byte behind each.
fn mfc(text: &str) -> Vec<u8> {
    let units = wide(text);
    [
        &[0xff, 0xfe, 0xff, (units.len() / 2) as u8],
        units.as_slice(),
        &[1],
    ]
    .concat()
}

fn poolmonx_binary() -> Files {
    let of = |snap: &Snap| {
        let mut bytes = vec![1; 21];
        for row in &snap.rows {
            let live = row.allocs - row.frees;
            let cells = [row.allocs, row.frees, live, row.bytes % (1 << 32)].map(|n| n.to_string());
            bytes.extend(mfc(&row.tag));
            bytes.extend(mfc("Non Paged"));
            bytes.extend(cells.iter().flat_map(|cell| mfc(cell)));
            bytes.extend(mfc(&format!("{} KB", (row.bytes + 512) >> 10)));
            bytes.extend(mfc(&(row.bytes / live).to_string()));
            bytes.extend([mfc(""), mfc(""), vec![1]].concat());
        }
        (
            format!("save_{}.csv", snap.at.format("%Y%m%dT%H%M%SZ")),
            bytes,
        )
    };
    story().iter().map(of).collect()
}

fn grouped(number: u64, mark: &str) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text += mark;
        }
        text.push(digit);
    }
    text
}

fn system_informer() -> Files {
    let of = |snap: &Snap| {
        let mut text = String::from(
            "Tag Name\tDriver\tDescription\tPaged allocations (total)\tPaged frees (total)\tPaged current (total)\tPaged bytes (total)\tNon-paged allocations (total)\tNon-paged frees (total)\tNon-paged current (total)\tNon-paged bytes (total)\r\n",
        );
        for row in &snap.rows {
            let n = |value: u64| grouped(value, "\u{202f}");
            let size = match row.bytes {
                small @ 0..1024 => format!("{small} B"),
                kb @ 1024..1_048_576 => format!("{},{:02} kB", kb / 1024, kb % 1024 * 100 / 1024),
                mb => format!(
                    "{},{:02} MB",
                    grouped(mb >> 20, "\u{202f}"),
                    ((mb % (1 << 20)) * 100) >> 20
                ),
            };
            text += &format!(
                "{}\t\twords\t\t\t\t\t{}\t{}\t{}\t{size}\r\n",
                row.tag,
                n(row.allocs),
                n(row.frees),
                n(row.allocs - row.frees)
            );
        }
        (
            format!("informer_{}.txt", snap.at.format("%Y%m%dT%H%M%SZ")),
            text.into_bytes(),
        )
    };
    story().iter().map(of).collect()
}

/// Logs of dumps, one after the other; times in the zone of whoever looked.
fn debugger(table: fn(&Snap) -> String) -> Files {
    let mut text = String::from("Opened log file 'c:\\x.log'\r\n");
    for snap in story() {
        let shown = snap.at + Duration::hours(2);
        let up = snap.at - began() + Duration::days(1);
        let all: u64 = snap.rows.iter().map(|r| r.bytes).sum::<u64>() / 4096;
        text += &format!(
            "Loading Dump File [C:\\dumps\\MEMORY.DMP]\r\nDebug session time: {} (UTC + 2:00)\r\nSystem Uptime: {} days {}:00:00.000\r\n\
             0: kd> !vm 1\r\n      Physical Memory:  1048576   ( 4194304 Kb)\r\n      NonPagedPool Usage: {all}   ( {} Kb)\r\n      NonPagedPool Max:   786432   ( 3145728 Kb)\r\n\
             0: kd> !poolused 2\r\n   Sorting by NonPaged Pool Consumed\r\n\r\n  Pool Used:\r\n{}",
            shown.format("%a %b %e %H:%M:%S.000 %Y"),
            up.num_days(),
            up.num_hours() % 24,
            all * 4,
            table(&snap)
        );
    }
    vec![("windbg.log".into(), text.into_bytes())]
}

fn old_table(snap: &Snap) -> String {
    let mut text = String::from(
        "            NonPaged            Paged\r\n Tag    Allocs     Used    Allocs     Used\r\n",
    );
    for row in &snap.rows {
        text += &format!(
            " {}{:9} {:8}         0        0UNKNOWN pooltag '{}', please update pooltag.txt\r\n",
            row.tag,
            row.allocs - row.frees,
            row.bytes,
            row.tag
        );
    }
    text + &totals(snap)
}

fn new_table(snap: &Snap) -> String {
    let mut text = String::from(
        "               NonPaged                  Paged\r\n Tag     Allocs         Used     Allocs         Used\r\n\r\n",
    );
    for row in &snap.rows {
        text += &format!(
            " {}{:10} {:12}          0            0\twords , Binary: x.sys\r\n",
            row.tag,
            row.allocs - row.frees,
            row.bytes
        );
    }
    text + &totals(snap)
}

fn verbose_table(snap: &Snap) -> String {
    let mut text = String::from(
        "            NonPaged                    Paged\r\n Tag    Allocs    Frees     Diff     Used   Allocs    Frees     Diff     Used\r\n",
    );
    for row in &snap.rows {
        text += &format!(
            " {}{:9} {:8} {:8} {:8}        0        0        0        0words\r\n",
            row.tag,
            row.allocs,
            row.frees,
            row.allocs - row.frees,
            row.bytes
        );
    }
    text
}

fn totals(snap: &Snap) -> String {
    let live: u64 = snap.rows.iter().map(|r| r.allocs - r.frees).sum();
    let bytes: u64 = snap.rows.iter().map(|r| r.bytes).sum();
    format!(" TOTAL  {live:9} {bytes:8}         0        0\r\n")
}

/// A form: its name, its files, its role, whether it counts allocations and frees, where its time
/// stands, and whether its own facts give the limit.
pub(super) struct Form {
    pub(super) name: &'static str,
    pub(super) files: Files,
    role: &'static str,
    counts: bool,
    pub(super) stamps: &'static str,
}

pub(super) fn forms() -> Vec<Form> {
    let form = |name, files, role, counts, stamps| Form {
        name,
        files,
        role,
        counts,
        stamps,
    };
    vec![
        form("poolmon", poolmon(), "poolmon", true, "line"),
        form(
            "poolmon-powershell",
            powershell(),
            "pool_table",
            true,
            "column",
        ),
        form(
            "its header once",
            powershell_header_once(),
            "pool_table",
            true,
            "column",
        ),
        form(
            "some columns",
            powershell_some_columns(),
            "pool_table",
            false,
            "column",
        ),
        form("PoolmonViz", poolmonviz(), "pool_table", true, "column"),
        form("PoolMonX", poolmonx(), "pool_table", true, "file_name"),
        form(
            "PoolMonX v3",
            poolmonx_v3(),
            "pool_table",
            true,
            "file_name",
        ),
        form(
            "PoolMonX binary",
            poolmonx_binary(),
            "pool_table",
            true,
            "file_name",
        ),
        form(
            "System Informer",
            system_informer(),
            "pool_table",
            true,
            "file_name",
        ),
        form(
            "!poolused, old",
            debugger(old_table),
            "debugger_log",
            false,
            "debug_session",
        ),
        form(
            "!poolused, new",
            debugger(new_table),
            "debugger_log",
            false,
            "debug_session",
        ),
        form(
            "!poolused, verbose",
            debugger(verbose_table),
            "debugger_log",
            true,
            "debug_session",
        ),
    ]
}

fn written(files: &Files) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    httperr(place.path());
    for (name, bytes) in files {
        fs::write(place.path().join(name), bytes).unwrap();
    }
    place
}

fn notes(report: &Value) -> String {
    let artifacts = report["coverage"]["artifacts"].as_array().unwrap();
    artifacts.iter().map(|a| a["notes"].to_string()).collect()
}

#[test]
fn one_story_in_every_form() {
    for form in forms() {
        let name = form.name;
        let place = written(&form.files);
        let report = report(
            place.path(),
            &["--os", "2008r2", "--ram", "4GB", "--npp-limit", "3GB"],
        );
        let verdict = &report["verdict"];
        assert_eq!(
            verdict["outcome"],
            "leak_explains_refusals",
            "{name}: {verdict}\n{}",
            notes(&report)
        );
        assert_eq!(
            (&verdict["tag"], &verdict["pool"]),
            (&"Leak".into(), &"nonpaged".into()),
            "{name}"
        );
        let pool = &report["pool"];
        assert_eq!(pool["snapshots"], SNAPSHOTS, "{name}");
        assert_eq!(pool["epochs"].as_array().unwrap().len(), 1, "{name}");
        assert_eq!(pool["first"], "2026-05-01T00:00:00Z", "{name}");
        assert_eq!(
            report["time"]["stamp_sources"][form.stamps], SNAPSHOTS,
            "{name}: {}",
            report["time"]
        );
        let leak = &pool["tags"][0];
        let last = (200_000 + (SNAPSHOTS as u64 - 1) * 82_600) * 4096;
        let off = leak["bytes_last"].as_u64().unwrap().abs_diff(last);
        assert!(off < 16 << 10, "{name}: {leak}");
        assert!(last < 3 * GIB);
        assert_eq!(
            leak["freed_ratio"].is_number(),
            form.counts,
            "{name}: {leak}"
        );
        let said = notes(&report);
        assert_eq!(
            said.contains("no allocations and frees"),
            !form.counts,
            "{name}: {said}"
        );
        for artifact in report["coverage"]["artifacts"].as_array().unwrap() {
            let role = if artifact["name"] == "HTTPERR/httperr1.log" {
                "httperr"
            } else {
                form.role
            };
            assert_eq!(artifact["role"], role, "{name}");
            assert_eq!(artifact["used"], "used", "{name}: {artifact}");
        }
    }
}

#[test]
fn the_rows_are_cited_by_place_and_figures() {
    for form in forms() {
        let name = form.name;
        let place = written(&form.files);
        let report = report(place.path(), &["--npp-limit", "3GB"]);
        let cited = report["pool"]["tags"][0]["evidence"]
            .as_array()
            .unwrap()
            .clone();
        assert_eq!(cited.len(), 2, "{name}");
        for id in cited {
            let all = report["evidence"].as_array().unwrap();
            let evidence = all.iter().find(|e| e["id"] == id).unwrap();
            let text = evidence["text"].as_str().unwrap();
            assert!(text.starts_with("Leak Nonp"), "{name}: {evidence}");
            if name == "PoolMonX binary" {
                assert!(evidence["offset"].is_number(), "{name}: {evidence}");
                continue;
            }
            let line = evidence["line"].as_u64().unwrap();
            let context = evidence["context"].as_array().unwrap();
            let own = context.iter().find(|c| c["line"] == line).unwrap();
            assert!(
                own["text"].as_str().unwrap().contains("Leak"),
                "{name}: {evidence}"
            );
        }
    }
}

#[test]
fn a_dump_tells_the_limit_and_the_start_of_the_kernel() {
    let mut files = debugger(old_table);
    let place = written(&files);
    let whole = report(place.path(), &["--os", "2008r2"]);
    assert_eq!(whole["pool"]["limit"]["bytes"], 3 * GIB);
    assert_eq!(whole["case"]["ram_bytes"], 4 * GIB);
    // From the fifth dump on the machine is up for minutes only: another life of the kernel.
    let text = String::from_utf8(files[0].1.clone()).unwrap();
    let mut dumps: Vec<String> = text
        .split("System Uptime: 1 days ")
        .map(str::to_owned)
        .collect();
    for (nth, dump) in dumps.iter_mut().enumerate().skip(1) {
        let days = if nth < 5 {
            "1 days "
        } else {
            "0 days 0:20:00.000\r\n#"
        };
        *dump = format!("System Uptime: {days}{dump}");
    }
    files[0].1 = dumps.concat().into_bytes();
    let restarted = report(written(&files).path(), &["--npp-limit", "3GB"]);
    let epochs = restarted["pool"]["epochs"].as_array().unwrap();
    assert!(epochs.len() > 1, "{}", restarted["pool"]["epochs"]);
}

#[test]
fn tags_reads_them_too() {
    for form in forms() {
        let place = written(&form.files);
        let files = form.files.iter().map(|(name, _)| place.path().join(name));
        let done = super::finished(program().arg("tags").args(files).output().unwrap());
        assert_eq!(done.status, Some(0), "{}: {}", form.name, done.err);
        assert!(done.out.contains("`Leak`"), "{}: {}", form.name, done.out);
        assert!(
            done.out.starts_with("8 snapshots, 1 boot epoch"),
            "{}: {}",
            form.name,
            done.out
        );
    }
}

#[test]
fn what_cannot_be_read_is_classified_and_says_why() {
    for (name, text, role, word) in [
        (
            "a.csv",
            "\"2019-01-01T12:00:00\",\"FMfn\",\"1999\",\"a.sys\",\"b\"\r\n",
            "pool_table",
            "without their header",
        ),
        (
            "b.csv",
            "\"Tag\",\"TotalUsedBytes\"\r\n\"FMfn\",\"1999\"\r\n",
            "pool_table",
            "do not tell the pool",
        ),
        (
            "c.txt",
            "AAaa     874 alloc /     0 free /   874 live      0.0% freed\r\nBBbb   1,137 alloc /   263 free /   874 live     23.1% freed\r\n",
            "pool_table",
            "without bytes",
        ),
        (
            "d.txt",
            "0: kd> !analyze -v\r\nBUGCHECK_STR:  0x9f\r\n",
            "debugger_log",
            "neither",
        ),
        (
            "e.txt",
            "Process ID Proc.Name Wrkng.Set PagedPool NonPgdPl Pagefile Commit Handles Threads User Gdi\r\n!LogType=memsnap\r\n512 app.exe 1 2 3 4 5 6 7 8 9\r\n",
            "memsnap",
            "no pool tags",
        ),
    ] {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join(name), text).unwrap();
        let report = report(place.path(), &[]);
        let artifact = &report["coverage"]["artifacts"][0];
        assert_eq!(artifact["role"], role, "{name}: {artifact}");
        assert!(
            artifact["notes"].to_string().contains(word),
            "{name}: {artifact}"
        );
        assert_eq!(report["pool"]["snapshots"], 0, "{name}");
    }
}

#[test]
fn handles_of_memsnap_are_held_against_growing_objects() {
    let mut files = powershell();
    let text = String::from_utf16(
        &files[0]
            .1
            .chunks(2)
            .map(|c| u16::from_le_bytes([c[0], c[1]]))
            .collect::<Vec<_>>(),
    )
    .unwrap();
    files[0].1 = text.replace("\"Leak\"", "\"Even\"").into_bytes();
    let header = "Process ID Proc.Name Wrkng.Set PagedPool NonPgdPl Pagefile Commit Handles Threads User Gdi\r\n!LogType=memsnap\r\n";
    let log = [1_000, 579_000]
        .map(|handles| format!("{header}4711 app.exe 1 2 3 4 5 {handles} 7 8 9\r\n"));
    files.push(("memsnap.log".into(), log.concat().into_bytes()));
    let report = report(written(&files).path(), &["--npp-limit", "3GB"]);
    let findings = report["findings"].to_string();
    assert!(
        findings.contains("app.exe (process 4711) from 1000 to 579000"),
        "{findings}"
    );
}

/// Rows as people pass them on: each form of a copy gives the same table.
#[test]
fn copies_by_hand_are_read() {
    let rows = [
        [
            "Leak",
            "Nonp",
            "1234900",
            "200",
            "1234700",
            "123470000",
            "100",
        ],
        [
            "Irp ", "Nonp", "75000100", "75000000", "100", "25600", "256",
        ],
        ["Cs@(", "Paged", "50", "43", "7", "448", "64"],
    ];
    let joined = |before: &str, between: &str, behind: &str, mark: &str| -> String {
        let cell = |cell: &&str| match cell.parse() {
            Ok(number) => grouped(number, mark),
            Err(_) => (*cell).to_owned(),
        };
        let line = |row: &[&str; 7]| row.iter().map(cell).collect::<Vec<_>>().join(between);
        rows.iter()
            .map(|row| format!("{before}{}{behind}\n", line(row)))
            .collect()
    };
    let wrapped: String = joined("", "            ", "", "")
        .lines()
        .flat_map(|line| [&line[..60], &line[60..]].map(|half| format!("> {half}\n")))
        .collect();
    for (name, text) in [
        ("collapsed", joined("", " ", "", "")),
        ("quoted", joined("> > ", " ", "", "")),
        ("commas", joined("", " ", "", ",")),
        ("narrow blanks", joined("", " ", "", "\u{202f}")),
        ("apostrophes", joined("", " ", "", "’")),
        ("blanks", joined("", "   ", "", " ")),
        ("Markdown", joined("| ", " | ", " |", "")),
        ("drawn", joined("│ ", " │ ", " │", "")),
        (
            "HTML table",
            joined("<tr><td>", "</td><td>", "</td></tr>", ""),
        ),
        ("entities", joined("&gt; ", "&nbsp;", "<br>", "")),
        ("numbered", joined("12. ", " ", "", "")),
        ("bullets", joined("  * ", " ", "", "")),
        ("wrapped and quoted", wrapped),
    ] {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("mail.txt"), &text).unwrap();
        let report = report(place.path(), &[]);
        let artifact = &report["coverage"]["artifacts"][0];
        assert_eq!(
            (&artifact["role"], &artifact["used"]),
            (&"poolmon".into(), &"used".into()),
            "{name}: {artifact}\n{text}"
        );
        let tags = report["pool"]["tags"].as_array().unwrap();
        let leak = tags.iter().find(|t| t["tag"] == "Leak").unwrap();
        assert_eq!(
            (tags.len(), &leak["bytes_last"]),
            (3, &123_470_000.into()),
            "{name}: {text}"
        );
    }
}
