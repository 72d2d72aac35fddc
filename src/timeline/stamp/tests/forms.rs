//! Forms of stamps in many languages and of many scripts.

use super::*;

/// Half past eleven at night of 5 February 2025, as cultures with a twelve-hour clock and scripts
/// write it.
#[test]
fn halves_of_a_day_in_every_language() {
    for gap in [
        &["2025年2月5日 下午 11:30:00"][..],
        &["2025年2月5日 下午11:30:00"],
        &["2025年2月5日下午11:30:00"],
        &["2025/2/5 下午 11:30:00"],
        &["2025年2月5日, 下午 11:30:00"],
        &["2025年2月5日星期三 下午 11:30:00"],
        &["2025年2月5日 午後 11:30:00"],
        &["2025年2月5日 (水) 午後11:30:00"],
        &["2025/02/05 11:30 下午"],
        &["2025/02/05 週三 ", "下午 11:30"],
        &["2025-02-05 오후 11:30:00"],
        &["2025년 2월 5일 수요일 오후 11:30:00"],
        &["2025-02-05 ", "오후 11:30"],
        &["2025-02-05 PM 11:30:00"],
        &["5 Φεβρουαρίου 2025 11:30:00 μμ"],
        &["5 Φεβρουαρίου 2025 11:30:00 μ.μ."],
        &["2025-02-05 11:30:00 CH"],
        &["Thứ Tư, 5 Tháng Hai 2025 11:30:00 CH"],
        &["2025-02-05 11:30:00 م"],
        &["2025-02-05 11:30:00PM"],
        &["11:30 下午 2025/02/05"],
    ] {
        let read = dated(gap);
        assert!(read.starts_with("2025-02-05 21:30"), "{gap:?}: {read}");
    }
}

#[test]
fn a_word_that_may_be_pm_withholds_the_time() {
    for gap in [
        &["2025?2?5? ?? 11:30:00"][..],
        &["2025?2?5??? 11:30:00"],
        &["2025-02-05 ቀትር 11:30:00"],
        &["2025-02-05 11:30:00 ቀትር"],
        &["2025-02-05 11:30:00ቀትር"],
        &["2025-02-05 11:30:00 qn"],
        &["2025-02-05 11:30:00qn"],
        &["2025-02-05 00:30:00 PM"],
        &["2025-02-05 ", "11:30 ??"],
        &["11:30 ?? 2025-02-05"],
        &["2025-02-05 11-30"],
        &["2025-02-05_1130x"],
    ] {
        let read = dated(gap);
        assert!(read.starts_with("the time of day in"), "{gap:?}: {read}");
    }
    let lost: [&[&str]; 2] = [&["2025?2?5? ?? 11:30:00"], &["2025?2?5? ?? 13:30:00"]];
    let solution = solved(&[file("a", &lost)], &in_zone("UTC"));
    assert!(shown(&solution)[1].starts_with("2025-02-05 13:30"));
    let unread = Note::TimesUnread {
        snapshots: 1,
        text: lost[0][0].to_owned(),
    };
    assert_eq!(solution.notes, [unread]);
    // From one o'clock in the afternoon no word moves a time.
    for gap in ["2025?2?5? ?? 23:30:00", "2025-02-05 23:30:00 ቀትር"] {
        assert_eq!(dated(&[gap]), "2025-02-05 21:30:00", "{gap}");
    }
}

#[test]
fn dates_and_times_joined_as_scripts_do() {
    for gap in [
        "2025-02-05_23-30-00",
        "2025-02-05-23-30-00",
        "2025-02-05 23-30-00",
        "2025-02-05_23-30",
        "2025-02-05_23.30.00",
        "2025-02-05_233000",
        "2025-02-05T2330",
        "2025_02_05_23_30_00",
        "2025.02.05.23.30.00",
        "05-02-2025_23-30-00",
        "20250205_233000",
        "20250205-233000",
        "20250205 233000",
        "20250205_2330",
        "20250205233000",
        "20250205T2330000000",
        "20250205233000.123000+120",
        "===== 2025-02-05_23-30-00 =====",
        "snapshot 4 taken 20250205-233000 on SRV01",
        "2025-02-05_11-30-00 PM",
        "2025-02-05 23h30m00s",
    ] {
        let read = dated(&[gap, "27/02/2025"][..1]);
        let open = gap.starts_with("05-");
        assert!(
            read.starts_with("2025-02-05 21:30") || (open && read.contains("may be")),
            "{gap}: {read}"
        );
    }
}

#[test]
fn long_dates_of_many_languages() {
    for gap in [
        "5 февраля 2025 г. 23:30:00",
        "среда, 5 февраля 2025 г. 23:30:00",
        "5 лютого 2025 р. 23:30:00",
        "5 февруари 2025 г. 23:30:00 ч.",
        "středa 5. února 2025 23:30:00",
        "5. febru?ra 2025 23:30:00",
        "5 Şubat 2025 Çarşamba 23:30:00",
        "2025. február 5., szerda 23:30:00",
        "keskiviikko 5. helmikuuta 2025 23.30.00",
        "miercuri, 5 februarie 2025 23:30:00",
        "Τετάρτη, 5 Φεβρουαρίου 2025 23:30:00",
        "onsdag 5. februar 2025 23:30:00",
        "den 5 februari 2025 23:30:00",
        "5 tháng 2, 2025 23:30:00",
    ] {
        assert_eq!(dated(&[gap]), "2025-02-05 21:30:00", "{gap}");
    }
}

#[test]
fn a_date_alone_is_no_moment() {
    for gap in ["2025-02-05", "Wed 02/05/2025", "2025-02-05 snapshot 3"] {
        let read = dated(&[gap]);
        assert!(
            read.ends_with("is a date without a time of day"),
            "{gap}: {read}"
        );
    }
    let named = solved(&[file("poolmon_20250205.log", &[&[]])], &in_zone("UTC"));
    let stamp = named.datings[0].stamp.as_ref().unwrap();
    assert_eq!((stamp.utc, stamp.resolution), (None, Resolution::Day));
    let both = solved(
        &[file("poolmon_20250205_2330.log", &[&["2025-02-05"]])],
        &in_zone("UTC"),
    );
    assert_eq!(shown(&both), ["2025-02-05 23:30:00"]);
}

#[test]
fn lines_in_the_code_pages_of_their_languages() {
    for (line, code_page) in [
        ("2025年2月5日 下午 11:30:00", encoding_rs::GBK),
        ("2025年2月5日 下午 11:30:00", encoding_rs::BIG5),
        ("2025年2月5日 午後 11:30:00", encoding_rs::SHIFT_JIS),
        ("2025-02-05 오후 11:30:00", encoding_rs::EUC_KR),
        ("2025/02/05 週三 11:30:00 下午", encoding_rs::BIG5),
        ("2025/02/05 週三 23:30:00.53", encoding_rs::BIG5),
        ("5 февраля 2025 г. 23:30:00", encoding_rs::IBM866),
        (
            "среда, 5 февраля 2025 г. 23:30:00",
            encoding_rs::WINDOWS_1251,
        ),
        ("5 Φεβρουαρίου 2025 11:30:00 μμ", encoding_rs::WINDOWS_1253),
        ("5 Şubat 2025 Çarşamba 23:30:00", encoding_rs::WINDOWS_1254),
    ] {
        let (bytes, _, lacking) = code_page.encode(line);
        assert!(!lacking, "{line}");
        let evidence = ClockEvidence {
            artifact: 0,
            artifact_name: "poolmon.log",
            position: 0,
            snapshots: 1,
            before: vec![Line {
                number: 1,
                text: &bytes,
            }],
            after: Vec::new(),
            modified: None,
            stated: None,
        };
        let read = shown(&solve(&[evidence], &in_zone("+02:00"))).remove(0);
        assert!(read.starts_with("2025-02-05 21:30"), "{line}: {read}");
    }
}
