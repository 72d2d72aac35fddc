//! Whole cases: lines, names and file times in, stamps out.

use super::*;
use crate::timeline::zone::{Zone, ZoneClaim, ZoneSource};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use proptest::prelude::*;

mod forms;

/// A file of snapshots: what stands before each, and after the last.
struct File<'a> {
    name: &'a str,
    before: Vec<Vec<String>>,
    after: Vec<String>,
    modified: Option<FileTime>,
}

fn file<'a>(name: &'a str, before: &[&[&str]]) -> File<'a> {
    let before = before
        .iter()
        .map(|gap| gap.iter().map(|l| (*l).to_owned()).collect())
        .collect();
    File {
        name,
        before,
        after: Vec::new(),
        modified: None,
    }
}

fn lines(texts: &[String], from: u64) -> Vec<Line<'_>> {
    (from..)
        .zip(texts)
        .map(|(number, text)| Line {
            number,
            text: text.as_bytes(),
        })
        .collect()
}

fn solved(files: &[File<'_>], context: &Context) -> Solution {
    let mut evidence = Vec::new();
    for (artifact, file) in files.iter().enumerate() {
        for (position, before) in file.before.iter().enumerate() {
            evidence.push(ClockEvidence {
                artifact,
                artifact_name: file.name,
                position,
                snapshots: file.before.len(),
                before: lines(before, 1 + 20 * position as u64),
                after: lines(&file.after, 1000),
                modified: file.modified,
                stated: None,
            });
        }
    }
    solve(&evidence, context)
}

fn in_zone(zone: &str) -> Context {
    let claim = ZoneClaim::new(Zone::parse(zone).unwrap(), ZoneSource::Option, zone);
    Context {
        zones: vec![claim],
        date_order: None,
    }
}

fn shown(solution: &Solution) -> Vec<String> {
    let one = |dating: &Dating| match (dating.utc(), &dating.withheld) {
        (Some(at), None) => at.format("%F %T").to_string(),
        (None, Some(why)) => why.to_string(),
        _ => "contradictory".to_owned(),
    };
    solution.datings.iter().map(one).collect()
}

/// One snapshot with these lines before it, on a machine that runs on UTC+2.
fn dated(gap: &[&str]) -> String {
    let solution = solved(&[file("poolmon.log", &[gap])], &in_zone("+02:00"));
    shown(&solution).remove(0)
}

#[test]
fn every_form_of_a_line() {
    for (gap, expected) in [
        (
            &["===== 22/05/2020 22:35:55.53 ====="][..],
            "2020-05-22 20:35:55",
        ),
        (&["Sun 10/27/2024   1:30:00.07"], "2024-10-26 23:30:00"),
        (&["27.10.2024  1:30:00,07 "], "2024-10-26 23:30:00"),
        (&["So 27.10.2024  1:30:00,07"], "2024-10-26 23:30:00"),
        (&["2024-10-27  1:30:00.07"], "2024-10-26 23:30:00"),
        (&["27/10/2024 01:30:00"], "2024-10-26 23:30:00"),
        (&["10/27/2024 01:30 AM"], "2024-10-26 23:30:00"),
        (&["2024/10/27 01:30"], "2024-10-26 23:30:00"),
        (&["27-10-2024  1:30:00,07"], "2024-10-26 23:30:00"),
        (&["Sun 10/27/2024 ", "01:30 AM"], "2024-10-26 23:30:00"),
        (&["27.10.2024  ", "01:30"], "2024-10-26 23:30:00"),
        (
            &[
                "The current date is: Sun 10/27/2024 ",
                "Enter the new date: (mm-dd-yy) ",
                "The current time is:  1:30:00.07",
            ],
            "2024-10-26 23:30:00",
        ),
        (&["01:30", "27.10.2024"], "2024-10-26 23:30:00"),
        (
            &["", "Friday, May 22, 2020 10:35:55 PM", "", ""],
            "2020-05-22 20:35:55",
        ),
        (&["Freitag, 22. Mai 2020 22:35:55"], "2020-05-22 20:35:55"),
        (&["vendredi 22 mai 2020 22:35:55"], "2020-05-22 20:35:55"),
        (
            &["viernes, 22 de mayo de 2020 22:35:55"],
            "2020-05-22 20:35:55",
        ),
        (&["venerd? 22 maggio 2020 22:35:55"], "2020-05-22 20:35:55"),
        (&["vrijdag 22 mei 2020 22:35:55"], "2020-05-22 20:35:55"),
        (
            &["sexta-feira, 22 de maio de 2020 22:35:55"],
            "2020-05-22 20:35:55",
        ),
        (&["22 May 2020 22:35:55"], "2020-05-22 20:35:55"),
        (&["Fri, 22 May 2020 22:35:55 +0530"], "2020-05-22 17:05:55"),
        (&["Fri May 22 22:35:55 UTC 2020"], "2020-05-22 22:35:55"),
        (&["2020-05-22T22:35:55Z"], "2020-05-22 22:35:55"),
        (
            &["2020-05-22T22:35:55.1234567-07:00"],
            "2020-05-23 05:35:55",
        ),
        (&["2020-05-22 22:35:55 UTC"], "2020-05-22 22:35:55"),
        (&["UTC: 2020-05-22 22:35:55"], "2020-05-22 22:35:55"),
        (&["1590186955"], "2020-05-22 22:35:55"),
        (&["epoch=1590186955123"], "2020-05-22 22:35:55"),
        (&["1590186955123456789"], "2020-05-22 22:35:55"),
        (
            &[
                "2020.05.22-22:35:55 Pacific Standard Time (local time of the PC where this was collected)",
            ],
            "2020-05-23 05:35:55",
        ),
        (
            &["Snapshot 3 at 27/10/2024 01:30:00 on SRV01"],
            "2024-10-26 23:30:00",
        ),
        (
            &["# poolcollect seq=12 utc=2026-11-22T13:04:00.123Z boot=2026-11-01T02:11:09Z"],
            "2026-11-22 13:04:00",
        ),
        (
            &["# boot=2026-11-01T02:11:09Z utc=2026-11-22T13:04:00Z"],
            "2026-11-22 13:04:00",
        ),
        (&["10/27/2024, 1:30:00 AM"], "2024-10-26 23:30:00"),
        (&["27.10.2024, 01:30:00"], "2024-10-26 23:30:00"),
        (&["run started 22.05.2020 22:35:55"], "2020-05-22 20:35:55"),
        (&["22:35:55 22.05.2020"], "2020-05-22 20:35:55"),
        (&["22.05.2020 22.35.55"], "2020-05-22 20:35:55"),
    ] {
        assert_eq!(dated(gap), expected, "{gap:?}");
    }
}

#[test]
fn lines_that_are_no_stamps() {
    for gap in [
        &["C:\\tools>poolmon -n poolmon.log -r"][..],
        &["Microsoft Windows [Version 10.0.17763.1]"],
        &["Copyright (C) 2019"],
        &["echo %DATE% %TIME%"],
        &["Reply from 127.0.0.1: bytes=32 time<1ms TTL=128"],
        &["System Boot Time: 2020-05-22 22:35:55"],
        &[],
    ] {
        let text = dated(gap);
        assert!(text.starts_with("no time stamp"), "{gap:?}: {text}");
    }
}

#[test]
fn local_time_without_a_zone_is_withheld_but_kept() {
    let solution = solved(
        &[file("a", &[&["2024-10-27 01:30:00"]])],
        &Context::default(),
    );
    let dating = &solution.datings[0];
    assert_eq!(
        dating.withheld.as_ref().and_then(Withheld::option),
        Some("--tz")
    );
    let stamp = dating.stamp.as_ref().unwrap();
    assert_eq!(
        (stamp.utc, stamp.line, stamp.source),
        (None, Some(1), StampSource::Line)
    );
    assert!(stamp.local.is_some());
}

#[test]
fn an_order_that_stays_open_is_stated() {
    let solution = solved(&[file("a", &[&["05/06/2024 01:30"]])], &in_zone("UTC"));
    assert_eq!(
        shown(&solution),
        ["`05/06/2024 01:30` may be 2024-05-06 or 2024-06-05"]
    );
    assert_eq!(solution.date_orders[0].order, None);
}

#[test]
fn one_file_settles_the_order_for_another() {
    let files = [
        file("a", &[&["05/06/2024 01:30"]]),
        file("b", &[&["27/06/2024 01:30"]]),
    ];
    let solution = solved(&files, &in_zone("UTC"));
    assert_eq!(
        shown(&solution),
        ["2024-06-05 01:30:00", "2024-06-27 01:30:00"]
    );
}

#[test]
fn two_locales_in_one_case_are_settled_file_by_file() {
    let files = [
        file("a", &[&["27/06/2024 01:30"], &["28/06/2024 01:30"]]),
        file("b", &[&["06/27/2024 01:30"], &["06/28/2024 01:30"]]),
    ];
    let solution = solved(&files, &in_zone("UTC"));
    let expected = ["2024-06-27 01:30:00", "2024-06-28 01:30:00"];
    assert_eq!(shown(&solution), [expected, expected].concat());
}

#[test]
fn the_order_can_be_told() {
    let context = Context {
        date_order: Some(DateOrder::MonthDayYear),
        ..in_zone("UTC")
    };
    let solution = solved(&[file("a", &[&["05/06/2024 01:30"]])], &context);
    assert_eq!(shown(&solution), ["2024-05-06 01:30:00"]);
    assert_eq!(solution.date_orders[0].proof, Some(OrderProof::Told));
}

#[test]
fn stamps_after_their_snapshots() {
    let mut reversed = file("a", &[&[], &["2024-10-27 01:30:00"]]);
    reversed.after = vec!["2024-10-27 01:35:00".to_owned()];
    let solution = solved(&[reversed], &in_zone("UTC"));
    assert_eq!(
        shown(&solution),
        ["2024-10-27 01:30:00", "2024-10-27 01:35:00"]
    );
    assert!(solution.notes.contains(&Note::StampsFollow { artifact: 0 }));
}

#[test]
fn a_closing_stamp_is_not_a_reversed_file() {
    let mut closed = file("a", &[&["2024-10-27 01:30:00"], &["2024-10-27 01:35:00"]]);
    closed.after = vec!["2024-10-27 01:36:00".to_owned()];
    let solution = solved(&[closed], &in_zone("UTC"));
    assert_eq!(
        shown(&solution),
        ["2024-10-27 01:30:00", "2024-10-27 01:35:00"]
    );
}

#[test]
fn begin_and_end_stamps_of_each_snapshot() {
    let gap: &[&str] = &["end 2024-10-27 01:30:09", "begin 2024-10-27 01:35:00"];
    let solution = solved(
        &[file("a", &[&["begin 2024-10-27 01:30:00"], gap])],
        &in_zone("UTC"),
    );
    assert_eq!(
        shown(&solution),
        ["2024-10-27 01:30:00", "2024-10-27 01:35:00"]
    );
    assert_eq!(
        solution.notes,
        [Note::SeveralStamps {
            artifact: 0,
            snapshots: 1
        }]
    );
}

#[test]
fn names_and_file_times() {
    let utc = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let mut by_time = file("before-poolmon.txt", &[&[], &[]]);
    by_time.modified = Some(FileTime::ArchiveUtc(utc("2024-10-27T05:00:00Z")));
    let files = [
        file("poolmon-20241027T040000Z-99.txt", &[&[]]),
        file("pool_20241027.0430.log", &[&[], &[]]),
        by_time,
    ];
    let solution = solved(&files, &in_zone("UTC"));
    let none = "no time stamp beside the snapshot, in the file's name or from the archive";
    assert_eq!(
        shown(&solution),
        [
            "2024-10-27 04:00:00",
            "2024-10-27 04:30:00",
            none,
            none,
            "2024-10-27 05:00:00"
        ]
    );
    let sources: Vec<_> = solution
        .datings
        .iter()
        .filter_map(|d| d.stamp.as_ref())
        .map(|s| s.source)
        .collect();
    assert_eq!(
        sources,
        [
            StampSource::FileName,
            StampSource::FileName,
            StampSource::ArchiveUtc
        ]
    );
    let shared = |artifact, source| Note::OneTimeForMany {
        artifact,
        snapshots: 2,
        source,
    };
    assert_eq!(
        solution.notes,
        [
            shared(1, StampSource::FileName),
            shared(2, StampSource::ArchiveUtc)
        ]
    );
}

#[test]
fn a_file_time_is_one_in_a_folder_and_in_an_archive() {
    let dated = |time: FileTime| {
        let mut by_time = file("before-poolmon.txt", &[&[]]);
        by_time.modified = Some(time);
        let stamp = solved(&[by_time], &in_zone("UTC")).datings[0].stamp.clone();
        stamp.map(|stamp| (stamp.utc, stamp.text))
    };
    let fine = "2024-10-27T05:00:00.987654321Z".parse().unwrap();
    let whole = "2024-10-27T05:00:00Z".parse().unwrap();
    assert_eq!(
        dated(FileTime::FileSystem(fine)),
        dated(FileTime::ArchiveUtc(whole))
    );
}

#[test]
fn a_file_time_never_outdoes_a_stamp() {
    let mut stamped = file("a", &[&["2024-10-27 01:30:00"], &[]]);
    stamped.modified = Some(FileTime::FileSystem(
        "2025-01-01T00:00:00Z".parse().unwrap(),
    ));
    let solution = solved(&[stamped], &in_zone("UTC"));
    assert!(shown(&solution)[1].starts_with("no time stamp"));
}

#[test]
fn a_name_in_utc_stands_in_where_the_line_has_no_zone() {
    let named = file("poolmon-20241027T003000Z.txt", &[&["2024-10-27 02:30:00"]]);
    let solution = solved(&[named], &Context::default());
    assert_eq!(shown(&solution), ["2024-10-27 00:30:00"]);
}

#[test]
fn a_stamp_that_names_its_zone_serves_the_whole_case() {
    let files = [
        file(
            "a",
            &[&["2024.07.01-12:00:00 W. Europe Standard Time (local time)"]],
        ),
        file("b", &[&["2024-07-01 13:00:00"]]),
    ];
    let solution = solved(&files, &Context::default());
    assert_eq!(
        shown(&solution),
        ["2024-07-01 10:00:00", "2024-07-01 11:00:00"]
    );
    assert_eq!(
        solution.zone.map(|zone| zone.source),
        Some(ZoneSource::Stamp)
    );
}

#[test]
fn file_times_suggest_an_offset_but_date_nothing() {
    let mut hinted = file("a", &[&["2024-07-01 14:00:00.25"]]);
    hinted.modified = Some(FileTime::ArchiveUtc(
        "2024-07-01T12:00:02Z".parse().unwrap(),
    ));
    let solution = solved(&[hinted], &Context::default());
    assert_eq!(
        solution.offset_hint,
        Some(OffsetHint {
            minutes: 120,
            artifacts: 1
        })
    );
    assert_eq!(solution.datings[0].utc(), None);
}

#[test]
fn the_hour_that_happens_twice() {
    let gaps: [&[&str]; 4] = [
        &["27.10.2024 02:00:00"],
        &["27.10.2024 02:40:00"],
        &["27.10.2024 02:20:00"],
        &["27.10.2024 03:00:00"],
    ];
    let solution = solved(&[file("a", &gaps)], &in_zone("Europe/Berlin"));
    assert_eq!(
        shown(&solution),
        [
            "2024-10-27 00:00:00",
            "2024-10-27 00:40:00",
            "2024-10-27 01:20:00",
            "2024-10-27 02:00:00"
        ]
    );
    assert_eq!(
        solution.notes,
        [Note::Folds {
            artifact: Some(0),
            settled: 3,
            undecided: 0
        }]
    );
}

#[test]
fn a_clock_that_was_set_back() {
    let gaps: [&[&str]; 2] = [&["2024-07-01 12:00:00"], &["2024-07-01 10:00:00"]];
    let solution = solved(&[file("a", &gaps)], &in_zone("UTC"));
    assert_eq!(
        solution.notes,
        [Note::ClockWentBack {
            artifact: 0,
            position: 1,
            seconds: 7200
        }]
    );
}

/// Ways in which locales and scripts write one moment.
#[derive(Clone, Copy, Debug)]
enum Style {
    XrayDayFirst,
    UsDate,
    German,
    Iso,
    Dutch,
    GetDateEnglish,
    GetDateGerman,
    GetDateFrench,
    TwoLines,
}

const STYLES: [Style; 9] = [
    Style::XrayDayFirst,
    Style::UsDate,
    Style::German,
    Style::Iso,
    Style::Dutch,
    Style::GetDateEnglish,
    Style::GetDateGerman,
    Style::GetDateFrench,
    Style::TwoLines,
];

const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN: [&str; 12] = [
    "Januar",
    "Februar",
    "M\u{e4}rz",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const FRENCH: [&str; 12] = [
    "janvier",
    "f\u{e9}vrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "ao\u{fb}t",
    "septembre",
    "octobre",
    "novembre",
    "d\u{e9}cembre",
];

fn written(style: Style, at: NaiveDateTime) -> Vec<String> {
    use chrono::Datelike;
    let month = |names: &[&'static str; 12]| names[at.month0() as usize];
    let one = |format: &str| at.format(format).to_string();
    vec![match style {
        Style::XrayDayFirst => one("===== %d/%m/%Y %H:%M:%S.00 ====="),
        Style::UsDate => one("%a %m/%d/%Y %k:%M:%S.00"),
        Style::German => one("%d.%m.%Y %k:%M:%S,00 "),
        Style::Iso => one("%Y-%m-%dT%H:%M:%S"),
        Style::Dutch => one("%d-%m-%Y %k:%M:%S,00"),
        Style::GetDateEnglish => one(&format!("%A, {} %-d, %Y %-I:%M:%S %p", month(&ENGLISH))),
        Style::GetDateGerman => one(&format!("%-d. {} %Y %H:%M:%S", month(&GERMAN))),
        Style::GetDateFrench => one(&format!("%-d {} %Y %H:%M:%S", month(&FRENCH))),
        Style::TwoLines => return vec![one("%a %m/%d/%Y "), one("%I:%M %p")],
    }]
}

proptest! {
    #[test]
    fn any_bytes_never_panic(before in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..6), name in "\\PC{0,40}") {
        let before: Vec<Line<'_>> =
            (1..).zip(&before).map(|(number, text)| Line { number, text }).collect();
        let evidence = ClockEvidence {
            artifact: 0, artifact_name: &name, position: 0, snapshots: 1,
            after: before.clone(), before, modified: None, stated: None,
        };
        let solution = solve(&[evidence], &in_zone("Europe/Berlin"));
        prop_assert_eq!(solution.datings.len(), 1);
    }

    #[test]
    fn stamp_like_text_never_panics(text in "[0-9/.: ,TZ+AMPmayi?-]{0,60}") {
        let _ = dated(&[&text]);
    }

    /// Every style comes back as written, or its order is stated to be open.
    #[test]
    fn formatted_and_read_back(style in 0usize..STYLES.len(), start in 0i64..700_000_000, step in 60i64..200_000, count in 1i64..12) {
        let style = STYLES[style];
        let first = NaiveDate::from_ymd_opt(2003, 3, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
        let step = if matches!(style, Style::TwoLines) { step / 60 * 60 } else { step };
        let start = if matches!(style, Style::TwoLines) { start / 60 * 60 } else { start };
        let truth: Vec<NaiveDateTime> = (0..count)
            .map(|i| first + chrono::Duration::seconds(start + step * i))
            .collect();
        let before = truth.iter().map(|at| written(style, *at)).collect();
        let made = File { name: "poolmon.log", before, after: Vec::new(), modified: None };
        let solution = solved(&[made], &in_zone("UTC"));
        // A weekday may fit both orders, and points settle it always.
        let open_order = !matches!(style, Style::German)
            && solution.date_orders.iter().any(|decision| decision.order.is_none());
        for (dating, expected) in solution.datings.iter().zip(&truth) {
            match dating.utc() {
                Some(at) => prop_assert_eq!(at.naive_utc(), *expected),
                None => prop_assert!(open_order, "{:?}", dating),
            }
        }
    }
}

/// Third-party excerpts, read from outside the repository where they are at hand.
#[test]
fn samples_from_outside() {
    let Some(shared) = std::env::var_os("POOLSLEUTH_SHARED") else {
        eprintln!("POOLSLEUTH_SHARED is not set: sample files not read");
        return;
    };
    let folder = std::path::Path::new(&shared).join("samples/poolmon");
    for (name, first, last, count) in [
        (
            "s01_x64_n_r_appended_date_time_us.log",
            "2024-10-27 01:30:00",
            "2024-10-27 01:55:00",
            6,
        ),
        (
            "s04_x64_german_stamp.log",
            "2024-10-27 01:30:00",
            "2024-10-27 01:40:00",
            3,
        ),
        (
            "s05_xray_markers_x86.txt",
            "2024-10-27 01:30:00",
            "2024-10-27 01:40:00",
            3,
        ),
    ] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let mut gaps: Vec<Vec<String>> = vec![Vec::new()];
        for line in text.lines() {
            if line.contains("Tag  Type") {
                gaps.push(Vec::new());
            } else if let (false, Some(gap)) = (
                line.contains("Nonp") || line.contains("Paged"),
                gaps.last_mut(),
            ) {
                gap.push(line.to_owned());
            }
        }
        let after = gaps.pop().unwrap();
        let made = File {
            name,
            before: gaps,
            after,
            modified: None,
        };
        let dates = shown(&solved(&[made], &in_zone("UTC")));
        assert_eq!(dates.len(), count, "{name}");
        assert_eq!(dates.first().map(String::as_str), Some(first), "{name}");
        assert_eq!(dates.last().map(String::as_str), Some(last), "{name}");
    }
}
