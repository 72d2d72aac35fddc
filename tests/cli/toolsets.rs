//! Uploads as toolsets lay them out: their names, stamps and side files are used.
//!
//! One story: on a 64-bit server in Berlin the tag `Leak` takes nonpaged pool, and connections are
//! refused from 17:40 to 18:00 UTC on 22 January 2026. The layouts are written from their descriptions,
//! by code of their own.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, Utc};
use serde_json::Value;

use super::{analyze, report, samples};

const MIB: u64 = 1 << 20;

fn start() -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(2026, 1, 22).unwrap();
    day.and_hms_opt(12, 0, 0).unwrap().and_utc()
}

/// The wall clock in Berlin, in winter.
fn berlin(minute: i64) -> DateTime<FixedOffset> {
    let zone = FixedOffset::east_opt(3_600).unwrap();
    (start() + Duration::minutes(minute)).with_timezone(&zone)
}

fn httperr() -> String {
    let mut log = String::from(
        "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-01-22 10:00:00\r\n\
         #Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n",
    );
    for minute in (-60..480).step_by(5) {
        let at = start() + Duration::minutes(minute);
        let row = if (340..=360).contains(&minute) {
            "- - - - - - - - - 7_Connections_Refused -"
        } else {
            "10.0.0.9 4711 10.0.0.1 80 HTTP/1.1 GET / - 1 Timer_ConnectionIdle -"
        };
        log.push_str(&format!("{} {row}\r\n", at.format("%Y-%m-%d %H:%M:%S")));
    }
    log
}

/// One block as `poolmon -b -r -n` appends it; `minute` since the start tells how full it is. The
/// machine is restarted at minute 365.
fn block(minute: i64) -> String {
    let since = u64::try_from(if minute < 365 { minute } else { minute - 365 }).unwrap();
    let leak = 100 * MIB + since * 20 * MIB;
    let total = leak + 300 * MIB;
    let rows = [
        ("Leak", leak / 4096 + 900 + since, 900 + since, leak),
        ("File", 90_000 + since, 80_000 + since, 10_000 * 160),
        ("Irp ", 70_000 + since * 3, 69_000 + since * 3, 1_000 * 400),
        ("MmCa", 60_000 + since * 2, 20_000 + since * 2, 40_000 * 300),
    ];
    let mut text = format!(
        " Memory: 8388148K Avail:{:>8}K  PageFlts:{:>6}   InRam Krnl: 2000K P:50000K\r\n \
         Commit:{:>7}K Limit:9636052K Peak:9636052K            Pool N:{:>5}K P:50000K\r\n\r\n \
         Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc\r\n\r\n",
        (8000 * MIB).saturating_sub(total) / 1024,
        100_000 + since * 50,
        (total + 900 * MIB) / 1024,
        total / 1024,
    );
    for (tag, allocs, frees, bytes) in rows {
        let diff = allocs - frees;
        text.push_str(&format!(
            " {tag} Nonp {allocs:>18} {frees:>18}  {diff:>16} {bytes:>14}     {:>12}        \r\n",
            bytes / diff
        ));
    }
    text.push_str("\r\n");
    text
}

const SYSTEM: &str = "\r\nHost Name:                 WEB01\r\n\
    OS Name:                   Microsoft Windows Server 2019 Standard\r\n\
    OS Version:                10.0.17763 N/A Build 17763\r\n\
    System Type:               x64-based PC\r\n\
    Time Zone:                 (UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna\r\n\
    Total Physical Memory:     8,191 MB\r\n";

fn registry() -> Vec<u8> {
    let text = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation]\r\n\
        \"Bias\"=dword:ffffffc4\r\n\"TimeZoneKeyName\"=\"W. Europe Standard Time\"\r\n\"ActiveTimeBias\"=dword:ffffffc4\r\n";
    let mark = std::iter::once(0xfeff);
    mark.chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect()
}

fn case(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
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
fn assert_role(report: &Value, name: &str, role: &str) {
    let row = row(report, name);
    assert_eq!(row["role"], role, "{row:#}");
    assert_eq!(row["used"], "used", "{row:#}");
}

const MOMENTS: [i64; 7] = [0, 60, 120, 180, 240, 300, 350];

#[track_caller]
fn assert_dated(place: &Path, zone: &str, source: &str) -> Value {
    let report = report(place, &[]);
    let time = &report["time"];
    assert_eq!(time["zone"], zone, "{time:#}");
    assert_eq!(time["zone_source"], source, "{time:#}");
    assert_eq!(time["undated_snapshots"], 0, "{time:#}");
    assert_eq!(report["pool"]["first"], "2026-01-22T12:00:00Z", "{time:#}");
    report
}

#[test]
fn tss_start_and_stop_with_a_localized_long_date() {
    let stamped = |minute: i64, form: &str| {
        let at = berlin(minute).format(form);
        format!("\r\n{at}\r\n\r\n\r\n{}", block(minute)).into_bytes()
    };
    for form in [
        "%A, %B %-d, %Y %-I:%M:%S %p",
        // A German `Get-Date`.
        "Donnerstag, 22. Januar %Y %H:%M:%S",
        "jeudi 22 janvier %Y %H:%M:%S",
    ] {
        let place = case(&[
            ("WEB01_260122-130000_Poolmon_Start_.txt", stamped(0, form)),
            ("WEB01_260122-130000_Poolmon_Stop_.txt", stamped(350, form)),
            ("WEB01_systeminfo.txt", SYSTEM.into()),
            ("httperr1.log", httperr().into()),
        ]);
        let report = assert_dated(place.path(), "Europe/Berlin", "systeminfo");
        assert_eq!(report["pool"]["snapshots"], 2, "{form}");
        assert_eq!(report["pool"]["last"], "2026-01-22T17:50:00Z", "{form}");
        assert_eq!(report["verdict"]["tag"], "Leak", "{form}");
        // Two points are little.
        assert_eq!(report["verdict"]["confidence"], "possible", "{form}");
    }
}

#[test]
fn clues_first_line_names_the_zone() {
    let files: Vec<(String, Vec<u8>)> = MOMENTS
        .iter()
        .map(|&minute| {
            let at = berlin(minute).format("%Y.%m.%d-%H:%M:%S");
            let head = format!(
                "{at} W. Europe Standard Time (local time of the PC where this was collected)\r\n"
            );
            (
                format!("20260122-{minute:03}/poolmon.log"),
                (head + &block(minute)).into_bytes(),
            )
        })
        .collect();
    let mut all: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(n, b)| (n.as_str(), b.clone())).collect();
    all.push(("httperr1.log", httperr().into()));
    let place = case(&all);
    let report = report(place.path(), &[]);
    assert_eq!(report["time"]["undated_snapshots"], 0, "{}", report["time"]);
    assert_eq!(
        report["pool"]["first"], "2026-01-22T12:00:00Z",
        "{}",
        report["time"]
    );
    assert_eq!(report["pool"]["snapshots"], 7);
    assert_eq!(report["verdict"]["outcome"], "leak_explains_refusals");
}

fn xray(moments: &[i64]) -> Vec<u8> {
    let one = |&minute: &i64| {
        let at = berlin(minute).format("%d/%m/%Y %H:%M:%S.00");
        format!("===== {at} =====\r\n{}", block(minute))
    };
    moments.iter().map(one).collect::<String>().into_bytes()
}

#[test]
fn xrays_sets_and_a_registry_export() {
    let place = case(&[
        ("web01_poolmon.txt", xray(&MOMENTS)),
        ("tz.reg", registry()),
        ("httperr1.log", httperr().into()),
    ]);
    let report = assert_dated(place.path(), "Europe/Berlin", "registry");
    assert_role(&report, "tz.reg", "registry_export");
    assert_eq!(report["verdict"]["outcome"], "leak_explains_refusals");
    let cited = report["case"]["evidence"][0].as_str().unwrap();
    let evidence = report["evidence"].as_array().unwrap();
    let found = evidence.iter().find(|e| e["id"] == cited).unwrap();
    assert_eq!(found["line"], 5, "{found:#}");
}

#[test]
fn a_registry_listing_without_daylight_saving_is_an_offset() {
    let text = "\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation\r\n    Bias    REG_DWORD    0xffffffc4\r\n    \
        TimeZoneKeyName    REG_SZ    W. Europe Standard Time\r\n    DynamicDaylightTimeDisabled    REG_DWORD    0x1\r\n";
    let place = case(&[
        ("web01_poolmon.txt", xray(&MOMENTS)),
        ("tz_query.txt", text.into()),
        ("httperr1.log", httperr().into()),
    ]);
    assert_dated(place.path(), "+01:00", "registry");
}

/// Snapshots every ten minutes over a rise, a restart and the beginning of the next rise.
fn long() -> Vec<u8> {
    let moments: Vec<i64> = (0..46).map(|n| n * 10).collect();
    xray(&moments)
}

#[test]
fn an_offset_that_fits_best_is_offered_and_not_used() {
    let place = case(&[
        ("web01_poolmon.txt", long()),
        ("httperr1.log", httperr().into()),
    ]);
    let report = report(place.path(), &[]);
    assert_eq!(report["time"]["zone"], Value::Null);
    assert_eq!(report["time"]["dated_snapshots"], 0);
    assert_eq!(report["verdict"]["outcome"], "inconclusive");
    let notes = report["time"]["notes"].to_string();
    assert!(
        notes.contains("--tz +01:00 would place the refusals"),
        "{notes}"
    );
    assert!(notes.contains("next best offset"), "{notes}");
    let steps = report["next_steps"].to_string();
    assert!(steps.contains("--tz +01:00"), "{steps}");
    // With a zone there is nothing to offer.
    let dated = super::report(place.path(), &["--tz", "Europe/Berlin"]);
    assert!(!dated["time"]["notes"].to_string().contains("would place"));
}

#[test]
fn a_pool_that_only_rises_offers_no_offset() {
    let place = case(&[
        ("web01_poolmon.txt", xray(&MOMENTS)),
        ("httperr1.log", httperr().into()),
    ]);
    let notes = report(place.path(), &[])["time"]["notes"].to_string();
    assert!(!notes.contains("would place"), "{notes}");
}

const DRIVERS: &str = "\"Module Name\",\"Display Name\",\"Description\",\"Driver Type\",\"Start Mode\",\"State\",\"Status\",\"Accept Stop\",\"Accept Pause\",\"Paged Pool(bytes)\",\"Code(bytes)\",\"BSS(bytes)\",\"Link Date\",\"Path\",\"Init(bytes)\"\r\n";

fn driver(file: &str, state: &str) -> String {
    let name = file.trim_end_matches(".sys");
    format!(
        "\"{name}\",\"{name}\",\"{name}\",\"Kernel \",\"Auto\",\"{state}\",\"OK\",\"TRUE\",\"FALSE\",\"4,096\",\"8,192\",\"0\",\"3/14/2024 10:22:31 AM\",\"C:\\Windows\\system32\\drivers\\{file}\",\"4,096\"\r\n"
    )
}

const FLTMC: &str = "\r\nFilter Name                     Num Instances    Altitude    Frame\r\n\
    ------------------------------  -------------  ------------  -----\r\n\
    WdFilter                               10       328010         0\r\n";

/// A sample case with driver images, and the file name of the one that its verdict names.
fn with_driver(place: &Path) -> String {
    let sample = samples().join("leak-x64");
    for entry in walkdir(&sample) {
        let to = place.join(entry.strip_prefix(&sample).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&entry, to).unwrap();
    }
    let report = report(place, &[]);
    let name = report["verdict"]["driver"]["file_name"].as_str();
    name.unwrap().to_owned()
}

fn walkdir(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walkdir(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn candidate(report: &Value, file: &str) -> Value {
    let all = report["attribution"].as_array().unwrap().iter();
    let mut candidates = all.flat_map(|a| a["candidates"].as_array().unwrap());
    candidates
        .find(|c| c["driver"]["file_name"] == file)
        .unwrap()
        .clone()
}

#[test]
fn listings_tell_what_was_loaded_and_at_which_altitude() {
    let place = tempfile::tempdir().unwrap();
    let name = with_driver(place.path());
    let service = name.trim_end_matches(".sys");
    let list = format!("{DRIVERS}{}", driver(&name, "Running"));
    fs::write(place.path().join("WEB01_driverquery.csv"), list).unwrap();
    let filters = format!("{FLTMC}{service:<30}          6       385201.5       0\r\n");
    fs::write(place.path().join("fltmc.txt"), filters).unwrap();
    let report = report(place.path(), &[]);
    assert_role(&report, "WEB01_driverquery.csv", "driver_list");
    assert_role(&report, "fltmc.txt", "filter_list");
    let candidate = candidate(&report, &name);
    let why = candidate["why"].to_string();
    assert!(why.contains("was loaded when the bundle was made"), "{why}");
    assert!(
        why.contains("minifilter at altitude 385201.5 (activity monitor)"),
        "{why}"
    );
    assert_eq!(candidate["evidence"].as_array().unwrap().len(), 2);
    assert_eq!(report["verdict"]["driver"]["file_name"], name.as_str());
}

#[test]
fn a_driver_that_is_listed_as_stopped_was_not_loaded() {
    let place = tempfile::tempdir().unwrap();
    let name = with_driver(place.path());
    let list = format!("{DRIVERS}{}", driver(&name, "Stopped"));
    fs::write(place.path().join("driverquery.csv"), list).unwrap();
    let why = candidate(&report(place.path(), &[]), &name)["why"].to_string();
    assert!(why.contains("was not loaded"), "{why}");
}

#[test]
fn logcatchers_and_tss_side_files_have_roles() {
    let plain = "\r\nModule Name  Display Name           Driver Type   Link Date\r\n\
        ============ ====================== ============= ======================\r\n\
        acmeflt      Acme File Filter       File System   3/14/2024 10:22:31 AM\r\n";
    let tasks = "\r\nImage Name                     PID Session Name        Session#    Mem Usage\r\n\
        ========================= ======== ================ =========== ============\r\n\
        orderd.exe                    4711 Services                   0    201,332 K\r\n";
    let services = "SERVICE_NAME: acmeflt\r\nDISPLAY_NAME: Acme\r\n        TYPE               : 2  FILE_SYSTEM_DRIVER\r\n        STATE              : 4  RUNNING\r\n";
    let place = case(&[
        ("HTTPERR/httperr1.log", httperr().into()),
        ("GeneralInfo/systeminfo.txt", SYSTEM.into()),
        ("GeneralInfo/WEB01_driverquery.txt", plain.into()),
        ("GeneralInfo/tasklist.txt", tasks.into()),
        ("GeneralInfo/sc_query.txt", services.into()),
        ("GeneralInfo/fltmc_instances.txt", "Filter                Volume Name                              Altitude        Instance Name       Frame\r\n--------------------  -------------------------------------  ------------  ----------------------  -----\r\nacmeflt               C:                                        385201     Acme Instance            0\r\n".into()),
    ]);
    let report = report(place.path(), &[]);
    for (name, role) in [
        ("HTTPERR/httperr1.log", "httperr"),
        ("GeneralInfo/systeminfo.txt", "systeminfo"),
        ("GeneralInfo/WEB01_driverquery.txt", "driver_list"),
        ("GeneralInfo/tasklist.txt", "process_list"),
        ("GeneralInfo/sc_query.txt", "driver_list"),
        ("GeneralInfo/fltmc_instances.txt", "filter_list"),
    ] {
        assert_role(&report, name, role);
    }
    let note = row(&report, "GeneralInfo/WEB01_driverquery.txt")["notes"].to_string();
    assert!(note.contains("driverquery /v"), "{note}");
    let out = analyze(place.path(), &["--redact", "--format", "json"]).out;
    assert!(!out.contains("orderd"), "{out}");
}

#[test]
fn lists_of_tags_that_disagree_are_quoted_with_their_lines() {
    let first = "rem\r\nLeak - one.sys - first\r\nLeak - other.sys - again\r\nfree text of no form at all, it is\r\n\u{1a}";
    let second = "// x\r\nLe?? - two.sys - wild\r\nLeak - THREE.SYS - third\r\n";
    let local = "Leak   -     drva drvb\r\n";
    let place = case(&[
        ("web01_poolmon.txt", xray(&MOMENTS)),
        ("a/pooltag.txt", first.into()),
        ("b/pooltag.txt", second.into()),
        ("localtag.txt", local.into()),
        ("httperr1.log", httperr().into()),
    ]);
    let report = report(place.path(), &["--tz", "+01:00"]);
    let hint = report["pool"]["tags"][0]["owner_hint"].as_str().unwrap();
    for part in [
        "one.sys: first (a/pooltag.txt, line 2;",
        "contradicted by other.sys: again (line 3 of the same list)",
        "THREE.SYS: third (b/pooltag.txt, line 3)",
        "poolmon found it in drva, drvb on this machine (localtag.txt, line 1)",
    ] {
        assert!(hint.contains(part), "{part}: {hint}");
    }
    let notes = row(&report, "a/pooltag.txt")["notes"].to_string();
    assert!(notes.contains("1 line without a tag"), "{notes}");
    assert!(
        notes.contains("1 line with a tag that an earlier line has"),
        "{notes}"
    );
}
