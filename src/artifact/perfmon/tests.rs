use super::columns::{Counter, Path, zone};
use super::stamps::{Order, Written};
use super::*;
use chrono::NaiveDate;
use proptest::prelude::*;

fn local(y: i32, mo: u32, d: u32, h: u32, mi: u32) -> When {
    let day = NaiveDate::from_ymd_opt(y, mo, d).unwrap();
    When::Local(day.and_hms_opt(h, mi, 0).unwrap())
}

const HEAD: &str = r#""(PDH-CSV 4.0) (Pacific Standard Time)(480)","\\WEB01\Memory\Pool Nonpaged Bytes","\\WEB01\Memory\Available MBytes","\\WEB01\Process(w3wp)\Handle Count","\\WEB01\Process(w3wp)\ID Process","\\WEB01\Process(_Total)\Pool Nonpaged Bytes""#;

#[test]
fn a_log_of_relog() {
    let text = format!(
        "{HEAD}\r\n\"11/22/2026 13:04:00.000\",\"221184000.5\",\"512\",\"900\",\"4711\",\"7\"\r\n\
         \"11/22/2026 13:05:00.000\",\" \",\"500\",\"950\",\"4711\",\"7\"\r\n\
         \"11/22/2026 13:06:00.000\",\"2.3E+08\",\"\",\"12\",\"99\",\"7\"\r\n"
    );
    let log = read(text.as_bytes());
    let zone = log.zone.unwrap();
    assert_eq!(
        (zone.name.as_str(), zone.bias_minutes),
        ("Pacific Standard Time", Some(480))
    );
    let [machine] = log.machines.as_slice() else {
        panic!("{:?}", log.machines)
    };
    assert_eq!(machine.name.as_deref(), Some("WEB01"));
    let said: Vec<_> = machine
        .samples
        .iter()
        .map(|s| (s.line, s.when, s.nonpaged, s.available))
        .collect();
    let mib = |n: u64| Some(n << 20);
    assert_eq!(
        said,
        [
            (2, local(2026, 11, 22, 13, 4), Some(221_184_000), mib(512)),
            (3, local(2026, 11, 22, 13, 5), None, mib(500)),
            (4, local(2026, 11, 22, 13, 6), Some(230_000_000), None),
        ]
    );
    let held: Vec<_> = machine
        .processes
        .iter()
        .map(|p| (p.pid, p.first.1, p.last.1, p.line))
        .collect();
    assert_eq!(held, [(Some(4711), 900, 950, 3), (Some(99), 12, 12, 4)]);
    assert_eq!((log.notes.rows, log.notes.missing), (3, 2));
    assert_eq!((log.notes.columns, log.notes.used_columns), (5, 4));
}

#[test]
fn tabs_utf16_and_several_machines() {
    let text = "\"(PDH-TSV 4.0) (W. Europe Daylight Time)(-120)\"\t\"\\\\A\\Memory\\Pool Nonpaged Bytes\"\t\"\\\\B\\Memory\\Pool Nonpaged Bytes\"\n\"07/01/2026 00:00:00.000\"\t\"1\"\t\"2\"\n";
    let wide = |unit: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter()
            .chain(text.encode_utf16())
            .flat_map(unit)
            .collect()
    };
    let plain = read(text.as_bytes());
    assert_eq!(plain.hosts().collect::<Vec<_>>(), ["A", "B"]);
    assert_eq!(plain.machines[1].samples[0].nonpaged, Some(2));
    assert_eq!(read(wide(u16::to_le_bytes, true).as_slice()), plain);
    assert_eq!(read(wide(u16::to_be_bytes, true).as_slice()), plain);
    assert_eq!(read(wide(u16::to_le_bytes, false).as_slice()), plain);
}

#[test]
fn names_of_other_languages() {
    let known = |text: &str| Path::parse(text).and_then(|path| path.known());
    let german = r"\\SRV\Arbeitsspeicher\Nicht-Auslagerungsseiten (Bytes)";
    assert_eq!(known(german), Some(Counter::Nonpaged));
    let replaced = "\\\\SRV\\Arbeitsspeicher\\Verf\u{fffd}gbare MB";
    assert_eq!(known(replaced), Some(Counter::Available(1 << 20)));
    let french = r"\\SRV\Mémoire\Octets de réserve non paginée";
    assert_eq!(known(french), Some(Counter::Nonpaged));
    assert_eq!(
        known(r"\\SRV\Memoria\Bytes de bloque no paginado"),
        None,
        "Spanish is not guessed"
    );
    // A process' own share of the pool is no total of the machine.
    assert_eq!(known(r"\\SRV\Process(w3wp)\Pool Nonpaged Bytes"), None);
    let over_escaped = r"\\\\SRV\\Memory\\Commit Limit";
    assert_eq!(known(over_escaped), Some(Counter::CommitLimit));
    assert_eq!(
        known(r"\\S\Process(_Total)\Handle Count"),
        Some(Counter::AllHandles)
    );
    let log = read(
        "\"(PDH-CSV 4.0) (Hora)(0)\",\"\\\\SRV\\Memoria\\Bytes de bloque no paginado\"\n\"01/02/2026 00:00:00.000\",\"5\"\n"
            .as_bytes(),
    );
    assert!(log.machines.is_empty());
    assert!(log.notes.example.unwrap().contains("bloque no paginado"));
}

#[test]
fn what_a_first_cell_says_of_the_zone() {
    let said = |cell: &str| zone(cell).map(|z| (z.name, z.bias_minutes));
    let of = |name: &str, bias| Some((name.to_owned(), bias));
    assert_eq!(said("(PDH-CSV 4.0) (UTC)(0)"), of("UTC", Some(0)));
    assert_eq!(
        said("(PDH-CSV 4.0) (Maroc (heure d'été))(-60)"),
        of("Maroc (heure d'été)", Some(-60))
    );
    // Cut at the first character that is no ASCII, as some versions do.
    assert_eq!(said("(PDH-CSV 4.0) ("), None);
    assert_eq!(
        said("(PDH-CSV 4.0) (Maroc (heure d"),
        of("Maroc (heure d", None)
    );
    assert_eq!(said("Time"), None);
}

#[test]
fn a_spreadsheet_wrote_the_dates_anew() {
    let table = |rows: &str| {
        read(
            format!(
                "(PDH-CSV 4.0) (GMT Standard Time)(0);\\\\A\\Memory\\Pool Nonpaged Bytes\n{rows}"
            )
            .as_bytes(),
        )
    };
    let log = table("05/11/2026 10:00;1,5E+08\n13/11/2026 10:00;160000000\n");
    assert!(log.notes.day_first);
    let times: Vec<When> = log.machines[0].samples.iter().map(|s| s.when).collect();
    assert_eq!(
        times,
        [local(2026, 11, 5, 10, 0), local(2026, 11, 13, 10, 0)]
    );
    assert_eq!(log.machines[0].samples[0].nonpaged, Some(150_000_000));
    assert!(table("05/11/2026 10:00;1\n").notes.order_open);
    let points = Written::parse("22.11.2026 09:08:07").unwrap();
    assert_eq!(points.proves(), Some(Order::DayFirst));
    assert!(Written::parse("11/22/2026 1:04 PM").is_some());
    assert!(Written::parse("11/22/2026").is_none());
}

#[test]
fn the_collectors_table() {
    let text = "seq\tutc\tboot\tpage_size\tkernel_nonpaged\tphysical_available\tmemory_total_bytes\n\
        1\t2026-11-22T13:04:00.123Z\t2026-11-22T12:04:00Z\t4096\t1000\t10\t8589934592\n\
        2\tnever\t\t4096\t1000\t10\t1\n";
    let log = read(text.as_bytes());
    assert_eq!(log.form, Form::Collected);
    let sample = log.machines[0].samples[0];
    assert_eq!(
        (sample.nonpaged, sample.available),
        (Some(4_096_000), Some(40_960))
    );
    assert_eq!((sample.ram, sample.uptime), (Some(8 << 30), Some(3_600)));
    assert_eq!(log.notes.undated, (1, 3));
}

#[test]
fn too_many_samples_keep_the_highest() {
    let mut text =
        String::from("\"(PDH-CSV 4.0) (UTC)(0)\",\"\\\\A\\Memory\\Pool Nonpaged Bytes\"\n");
    for n in 0..(2 * MAX_SAMPLES as u64 + 10) {
        let (h, m, s) = (n / 3600 % 24, n / 60 % 60, n % 60);
        let value = if n == 777 { 9_999_999 } else { n };
        text.push_str(&format!(
            "\"01/{:02}/2026 {h:02}:{m:02}:{s:02}.000\",\"{value}\"\n",
            1 + n / 86_400
        ));
    }
    let log = read(text.as_bytes());
    let machine = &log.machines[0];
    assert_eq!(machine.one_in, 2);
    assert!(machine.samples.len() < 2 * MAX_SAMPLES);
    assert!(
        machine
            .samples
            .iter()
            .any(|s| s.nonpaged == Some(9_999_999))
    );
}

#[test]
fn what_cannot_be_read_is_counted() {
    let long = "x".repeat(MAX_LINE as usize + 5);
    let text = format!("{HEAD}\nnonsense,1\n\"11/22/2026 13:04:00.000\",\"many\"\n{long}\n");
    let log = read(text.as_bytes());
    assert_eq!(log.notes.undated, (1, 2));
    assert_eq!(log.notes.unreadable, (1, 3));
    assert_eq!((log.notes.rows, log.notes.cut), (2, 1));
    assert!(log.machines[0].samples.is_empty());
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read(bytes.as_slice());
    }

    #[test]
    fn arbitrary_rows_never_panic(rows in "[\\\\\"0-9/:., \u{fc}\n()A-Za-z;\t-]{0,300}") {
        let log = read(format!("{HEAD}\n{rows}").as_bytes());
        let samples: usize = log.machines.iter().map(|m| m.samples.len()).sum();
        prop_assert!(samples as u64 <= log.notes.rows * log.machines.len() as u64);
    }

    /// Whatever is written as Windows writes it is read as it was.
    #[test]
    fn figures_come_back(values in prop::collection::vec(prop::option::of(0u64..1 << 50), 1..60)) {
        let mut text = String::from("\"(PDH-CSV 4.0) (UTC)(0)\",\"\\\\A\\Memory\\Pool Nonpaged Bytes\"\r\n");
        for (minute, value) in values.iter().enumerate() {
            let cell = value.map_or(" ".to_owned(), |v| format!("{v}.00000000000"));
            text.push_str(&format!("\"02/03/2026 10:{minute:02}:00.000\",\"{cell}\"\r\n"));
        }
        let log = read(text.as_bytes());
        let read: Vec<u64> = log.machines.iter().flat_map(|m| &m.samples).filter_map(|s| s.nonpaged).collect();
        let wanted: Vec<u64> = values.iter().flatten().copied().collect();
        prop_assert_eq!(read, wanted);
        prop_assert_eq!(log.notes.missing as usize, values.iter().filter(|v| v.is_none()).count());
    }
}
