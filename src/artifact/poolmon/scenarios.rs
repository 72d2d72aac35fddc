//! Whole files as they come in, one situation a test.

use std::io::Read;

use super::fixture::{FORMS, Form, Truth, memory, truth};
use super::{
    BytesCheck, Completeness, DiffCheck, FileNotes, FileProblem, Foreign, Kind, MAX_ROWS, Opening,
    Options, PageFaults, RejectedKind, Snapshot, SnapshotReader, SortOrder, Source, StampSide,
    SuspectReason, Title, Width, recognise,
};
use crate::tag::{Pool, Tag};
use Pool::{NonPaged, Paged};

pub(super) fn read(text: impl AsRef<[u8]>) -> (Vec<Snapshot>, FileNotes) {
    let mut reader = SnapshotReader::new(text.as_ref(), Options { keep_mapped: true });
    let snapshots = reader.by_ref().collect();
    (snapshots, reader.finish())
}

pub(super) fn tags(snapshot: &Snapshot) -> Vec<String> {
    snapshot.rows.iter().map(|r| r.tag.to_string()).collect()
}

pub(super) fn three() -> [Truth; 3] {
    [
        truth(b"Alfa", NonPaged, 10, 4, 100),
        truth(b"Beta", Paged, 20, 3, 64),
        truth(b"Beta", NonPaged, 7, 2, 32),
    ]
}

/// A table of `count` rows in both pools with different tags.
pub(super) fn many(count: u16) -> Vec<Truth> {
    let tag = |n: u16| {
        let letter = |shift: u16| b'A' + u8::try_from((n / shift) % 26).unwrap();
        [letter(1), letter(26), letter(3), letter(7)]
    };
    let row = |n: u16| {
        let pool = if n.is_multiple_of(3) { Paged } else { NonPaged };
        truth(&tag(n), pool, u64::from(n), 1 + i64::from(n % 9), 48)
    };
    (0..count).map(row).collect()
}

pub(super) fn text_of(form: Form, rows: &[Truth]) -> String {
    String::from_utf8(form.table(rows, "\r\n")).unwrap()
}

// -- snapshots in a file

#[test]
fn appended_snapshots_split_at_their_headers() {
    let table = text_of(Form::WideFile, &three());
    let text = format!(
        "{}{table}\r\n{}{table}\r\n{table}",
        memory(90, 5, "\r\n"),
        memory(91, 6, "\r\n")
    );
    let (snapshots, notes) = read(&text);
    assert_eq!(snapshots.len(), 3);
    let pools: Vec<_> = snapshots
        .iter()
        .map(|s| s.memory.as_ref().and_then(|m| m.pool_nonpaged_kib))
        .collect();
    assert_eq!(pools, [Some(90), Some(91), None]);
    assert_eq!(
        (
            snapshots[0].first_line,
            snapshots[0].last_line,
            snapshots[0].offset
        ),
        (1, 8, 0)
    );
    assert_eq!(snapshots[1].first_line, 10);
    assert_eq!(
        snapshots[1].memory.as_ref().unwrap().page_faults,
        Some(PageFaults::SinceBoot(6))
    );
    assert_eq!(notes.tally.rows, 9);
    assert_eq!(notes.stamp_side, StampSide::None);
    let offset = usize::try_from(snapshots[1].offset).unwrap();
    assert!(text[offset..].starts_with(" Memory:"));
}

#[test]
fn stamps_before_and_after() {
    let table = text_of(Form::NarrowFile, &three());
    let stamp = |n: u8| format!("Tue 03/0{n}/2021 \r\n04:05 PM\r\n");
    let before = format!("{}{table}{}{table}", stamp(1), stamp(2));
    let (snapshots, notes) = read(before);
    assert_eq!(notes.stamp_side, StampSide::Before);
    assert_eq!(&*snapshots[1].preamble.lines[0].text, b"Tue 03/02/2021 ");
    assert_eq!(snapshots[1].preamble.lines[0].line, 8);
    let after = format!("{table}{}{table}{}", stamp(1), stamp(2));
    let (snapshots, notes) = read(after);
    assert_eq!(notes.stamp_side, StampSide::After);
    assert_eq!(&*snapshots[1].postamble.lines[0].text, b"Tue 03/02/2021 ");
    let between = format!("{table}{}{table}", stamp(1));
    assert_eq!(read(between).1.stamp_side, StampSide::Unclear);
}

#[test]
fn an_empty_filter_result_does_not_move_the_stamps() {
    let header = Form::WideFile.header();
    let text = format!(
        "===== 1/2/2021 10:00:00 =====\r\n{header}\r\n\r\n===== 1/2/2021 11:00:00 =====\r\n{header}\r\n"
    );
    let (snapshots, notes) = read(text);
    let stamps: Vec<_> = snapshots.iter().map(|s| s.preamble.lines.len()).collect();
    assert_eq!(stamps, [1, 1]);
    assert_eq!(notes.problems[0].what, FileProblem::HeadersOnly);
}

#[test]
fn rows_without_headers_split_at_stamps_and_repeats() {
    let row = |frees| {
        let row = truth(b"Alfa", NonPaged, frees, 3, 16);
        String::from_utf8(Form::WideFile.row(&row, "")).unwrap()
    };
    let (snapshots, _) = read(format!("10:00:01\n{}\n10:05:01\n{}\n", row(4), row(5)));
    let opened: Vec<_> = snapshots.iter().map(|s| s.opening).collect();
    assert_eq!(opened, [Opening::Rows, Opening::Stamp]);
    let (snapshots, _) = read(format!("{}\n{}\n{}\n", row(4), row(5), row(6)));
    assert_eq!(snapshots.len(), 3);
    assert_eq!(snapshots[2].opening, Opening::RepeatedRow);
}

#[test]
fn echoed_commands_prompts_and_banners_are_text() {
    let table = text_of(Form::NarrowLive, &three());
    let text = format!(
        "Microsoft Windows [Version 6.1.7601]\r\n\r\nC:\\tools>poolmon -b\r\n System pool information\r\n{table}\r\nC:\\tools>"
    );
    let (snapshots, notes) = read(text);
    assert_eq!(snapshots[0].preamble.lines.len(), 2);
    assert_eq!(snapshots[0].title, Some(Title::System));
    assert_eq!(&*snapshots[0].postamble.lines[0].text, b"C:\\tools>");
    assert_eq!((notes.tally.text, notes.tally.rejected), (3, 0));
    assert_eq!(notes.stamp_side, StampSide::None);
}

#[test]
fn text_among_rows_is_counted_and_does_not_split() {
    let rows = three();
    let row = |n: usize| String::from_utf8(Form::WideFile.row(&rows[n], "")).unwrap();
    let text = format!(
        "{}\n{}\nnoise\nmore noise\n{}\n",
        Form::WideFile.header(),
        row(0),
        row(1)
    );
    let (snapshots, notes) = read(text);
    assert_eq!(snapshots.len(), 1);
    let rejected = &snapshots[0].rejected[0];
    assert_eq!(
        (rejected.kind, rejected.count, rejected.first_line),
        (RejectedKind::TextAmongRows, 2, 3)
    );
    assert_eq!(&*rejected.sample, b"noise");
    assert_eq!((notes.tally.text, notes.tally.rejected), (0, 2));
}

// -- layouts

#[test]
fn layouts_are_told_apart() {
    for form in FORMS {
        let (snapshots, _) = read(text_of(form, &three()));
        let wide = matches!(form, Form::WideFile | Form::WideLive);
        let layout = snapshots[0].layout;
        assert_eq!(
            layout.width,
            Some(if wide { Width::Wide } else { Width::Narrow }),
            "{form:?}"
        );
        let source = if form.is_live() {
            Source::Live
        } else {
            Source::File
        };
        assert_eq!(
            (layout.source, layout.mapped, layout.respaced),
            (Some(source), false, false)
        );
    }
}

#[test]
fn mapped_text_is_kept_on_demand() {
    let rows = three();
    let row = |n: usize, mapped| Form::WideFile.row(&rows[n], mapped);
    let header = format!("{}       Mapped_Driver", Form::WideFile.header());
    let text = [
        header.as_bytes(),
        b"\n",
        &row(0, "[alfa][alfa.sys  -  Paged 1 2]"),
        b"\n",
        &row(1, "Unknown Driver"),
        b"\n",
        &row(2, "[cut off at the ed"),
        b"\n",
    ]
    .concat();
    let (snapshots, _) = read(&text);
    let mapped: Vec<_> = snapshots[0]
        .rows
        .iter()
        .map(|r| r.mapped.as_deref())
        .collect();
    assert_eq!(
        mapped,
        [
            Some("[alfa][alfa.sys  -  Paged 1 2]"),
            Some("Unknown Driver"),
            Some("[cut off at the ed")
        ]
    );
    assert!(snapshots[0].layout.mapped);
    let mut lean = SnapshotReader::new(text.as_slice(), Options::default());
    assert!(lean.next().unwrap().rows.iter().all(|r| r.mapped.is_none()));
}

#[test]
fn old_screens_with_a_dashed_rule_and_another_indent() {
    let text = "     Tag  Type    Allocs          Frees         Diff   Bytes      Per Alloc\n    \
                --------------------------------------------\n\n     \
                Abc  Paged      30 (   0)      10 (   0)     20     640 (     0)   32\n    \
                Wxyz  Nonp       9 (   1)       4 (   0)      5      51 (    10)   10\n";
    let (snapshots, notes) = read(text);
    assert_eq!(tags(&snapshots[0]), ["Abc ", "Wxyz"]);
    assert!(snapshots[0].layout.ruled);
    assert_eq!((notes.tally.headers, notes.tally.rejected), (2, 0));
}

#[test]
fn first_refresh_of_a_screen_counts_page_faults_since_boot() {
    let screen = |faults| {
        format!(
            "{}{}",
            memory(90, faults, "\n"),
            text_of(Form::WideLive, &three())
        )
    };
    let of = |text: String| read(text).0[0].memory.as_ref().unwrap().page_faults;
    assert_eq!(
        of(screen(740_000_000)),
        Some(PageFaults::SinceBootOnScreen(740_000_000))
    );
    assert_eq!(of(screen(3_000)), Some(PageFaults::SinceRefresh(3_000)));
    assert_eq!(of(memory(90, 3, "\n")), Some(PageFaults::Unknown(3)));
}

#[test]
fn session_titles() {
    let table = text_of(Form::NarrowLive, &three());
    let text =
        format!(" Session 3 pool information\n{table} All sessions pool information\n{table}");
    let (snapshots, _) = read(text);
    let titles: Vec<_> = snapshots.iter().map(|s| s.title).collect();
    assert_eq!(titles, [Some(Title::Session(3)), Some(Title::AllSessions)]);
}

// -- completeness

#[test]
fn a_whole_table_has_to_earn_it() {
    let (snapshots, _) = read(text_of(Form::WideFile, &many(400)));
    assert!(
        snapshots[0].is_complete(),
        "{:?}",
        snapshots[0].completeness
    );
    assert!(!snapshots[0].may_lack(Tag::new(*b"Nope"), NonPaged));
    let (snapshots, _) = read(text_of(Form::WideFile, &many(40)));
    assert_eq!(
        snapshots[0].completeness,
        [Completeness::Unknown { rows: 40 }]
    );
    assert!(snapshots[0].may_lack(Tag::new(*b"Nope"), NonPaged));
}

#[test]
fn one_pool_only() {
    let of = |pool| {
        let rows: Vec<Truth> = many(300).into_iter().map(|t| Truth { pool, ..t }).collect();
        read(text_of(Form::WideFile, &rows)).0.remove(0)
    };
    let nonpaged = of(NonPaged);
    assert_eq!(
        nonpaged.completeness,
        [Completeness::NonpagedOnly { rows: 300 }]
    );
    let tag = Tag::new(*b"Nope");
    assert!(nonpaged.may_lack(tag, Paged) && !nonpaged.may_lack(tag, NonPaged));
    assert_eq!(
        of(Paged).completeness,
        [Completeness::PagedOnly { rows: 300 }]
    );
}

#[test]
fn a_tag_filter_is_guessed() {
    let rows = [
        truth(b"NtFa", NonPaged, 1, 2, 8),
        truth(b"NtFx", Paged, 1, 2, 8),
    ];
    let (snapshots, _) = read(text_of(Form::NarrowFile, &rows));
    let pattern = [Some(b'N'), Some(b't'), Some(b'F'), None];
    assert_eq!(
        snapshots[0].completeness,
        [Completeness::TagFilter { pattern }]
    );
    assert!(snapshots[0].completeness[0].reason().contains("NtF?"));
    assert!(snapshots[0].may_lack(Tag::new(*b"Leak"), NonPaged));
    assert!(!snapshots[0].may_lack(Tag::new(*b"NtFz"), NonPaged));
}

#[test]
fn a_screen_is_a_sorted_beginning() {
    let mut rows = many(45);
    rows.sort_by_key(|r| -r.bytes());
    let (snapshots, _) = read(text_of(Form::NarrowLive, &rows));
    let cut = Completeness::TruncatedScreen {
        rows: 45,
        sort: SortOrder::Bytes,
    };
    assert_eq!(snapshots[0].completeness, [cut]);
}

#[test]
fn dots_among_rows_mean_a_cut() {
    let text = text_of(Form::WideFile, &many(200)) + " ...\n";
    let (snapshots, _) = read(text);
    assert!(matches!(
        snapshots[0].completeness[..],
        [Completeness::TruncatedScreen { .. }]
    ));
}

#[test]
fn totals_are_sums_and_prove_wholeness() {
    let rows = many(50);
    let total = |pool, name: &str, missing: i64| {
        let of_pool = || rows.iter().filter(move |r| r.pool == pool);
        let sum = |f: fn(&Truth) -> i64| of_pool().map(f).sum::<i64>();
        let (f, d, b) = (
            sum(|r| r.frees.cast_signed()),
            sum(|r| r.diff),
            sum(Truth::bytes) + missing,
        );
        format!(
            "Total {name:>5} {:>9} ({:>4}) {f:>9} ({:>4}) {d:>8} {b:>11} ({:>11}) {:>11}\n",
            f + d,
            0,
            0,
            0,
            b / d
        )
    };
    let text = |missing| {
        text_of(Form::WideLive, &rows)
            + &total(NonPaged, "Nonp ", missing)
            + &total(Paged, "Paged", 0)
    };
    let (snapshots, notes) = read(text(0));
    assert_eq!(
        (snapshots[0].totals.len(), snapshots[0].rows.len()),
        (2, 50)
    );
    assert_eq!(
        snapshots[0].completeness,
        [Completeness::Complete {
            by_totals: true,
            rows: 50
        }]
    );
    assert_eq!(notes.tally.totals, 2);
    let (snapshots, _) = read(text(9_999));
    assert!(matches!(
        snapshots[0].completeness[..],
        [Completeness::TruncatedScreen { .. }]
    ));
}

#[test]
fn a_torn_tail_is_no_row() {
    let text = text_of(Form::WideFile, &three());
    let row = text.lines().last().unwrap().trim_end().len();
    for cut in 1..row {
        let torn = &text[..text.trim_end().len() - cut];
        let (snapshots, notes) = read(torn);
        let whole = torn.lines().last().unwrap().len() == 1;
        assert_eq!(notes.tally.rows, 2, "cut by {cut}: {torn:?}");
        let said = snapshots[0].completeness.contains(&Completeness::TornTail);
        assert!(said || whole, "cut by {cut}: {:?}", snapshots[0]);
    }
}

// -- rows

#[test]
fn wrong_arithmetic_is_kept_apart() {
    let text = " Good Nonp 5 1 4 40 10\n BadD Nonp 5 2 4 40 10\n BadP Nonp 5 1 4 40 11 x\n Both Nonp 5 2 4 40 11\n";
    let (snapshots, notes) = read(text);
    let suspects: Vec<_> = snapshots[0].suspects.iter().map(|s| s.reason).collect();
    assert_eq!(
        suspects,
        [
            SuspectReason::Diff,
            SuspectReason::PerAlloc,
            SuspectReason::Both
        ]
    );
    assert_eq!((notes.tally.rows, notes.tally.suspects), (1, 3));
    assert!(
        snapshots[0]
            .completeness
            .contains(&Completeness::RowsLost { count: 3 })
    );
}

#[test]
fn values_beyond_32_bits_in_narrow_files() {
    let text = " Wrap Nonp          5 4294967290        11     110         10        \n \
                 Sign Nonp       1000         0      1000 -1294967296    3000000        \n \
                 Lost Nonp       1000         0      1000 1410065408   10000000        \n";
    let (snapshots, notes) = read(text);
    let checks: Vec<_> = snapshots[0]
        .rows
        .iter()
        .map(|r| (r.check.diff, r.check.bytes))
        .collect();
    assert_eq!(
        checks,
        [
            (DiffCheck::Modulo32, BytesCheck::Exact),
            (DiffCheck::Exact, BytesCheck::Unsigned32),
            (DiffCheck::Exact, BytesCheck::Restored32),
        ]
    );
    let bytes: Vec<_> = snapshots[0].rows.iter().map(|r| r.bytes).collect();
    assert_eq!(bytes, [110, 3_000_000_000, 10_000_000_000]);
    assert_eq!(notes.wrapped_rows, 3);
}

#[test]
fn unreadable_rows_are_counted_by_kind() {
    let text = "Tag Type Allocs\n Word Nonp 5 1 four 40 10\n Huge Nonp 99999999999999999999999 1 4 40 10\n this is no tag Nonp 5 1 4 40 10\n";
    let (snapshots, notes) = read(text);
    let kinds: Vec<_> = snapshots[0]
        .rejected
        .iter()
        .map(|r| (r.kind, r.count))
        .collect();
    assert_eq!(
        kinds,
        [
            (RejectedKind::NotANumber, 1),
            (RejectedKind::NumberTooLarge, 1),
            (RejectedKind::NoTag, 1)
        ]
    );
    assert_eq!(notes.tally.rejected, 3);
}

#[test]
fn hostile_tag_bytes() {
    let rows = [
        truth(b"a\x1ab\xff", NonPaged, 1, 2, 8),
        truth(b"Nonp", Paged, 1, 2, 8),
        truth(b"1 2(", NonPaged, 1, 2, 8),
    ];
    let (snapshots, _) = read(Form::WideFile.table(&rows, "\r\n"));
    assert_eq!(tags(&snapshots[0]), ["a\\x1ab\\xff", "Nonp", "1 2("]);
}

#[test]
fn a_line_feed_in_a_tag_joins_two_lines() {
    // Text mode writes the tag's 0x0A as CR LF like any line end.
    let tail = " Nonp                   3                  1                 2             16                8        ";
    for (head, rest, tag) in [
        (" a", "bc", "a\\x0abc"),
        (" ", "abc", "\\x0aabc"),
        (" abc", "", "abc\\x0a"),
    ] {
        let text = format!(
            "{}\r\n\r\n{head}\r\n{rest}{tail}\r\n",
            Form::WideFile.header()
        );
        let (snapshots, notes) = read(text);
        assert_eq!(tags(&snapshots[0]), [tag]);
        assert_eq!(
            (notes.joined_rows, notes.tally.pieces, notes.tally.rejected),
            (1, 1, 0)
        );
    }
}

#[test]
fn rows_beyond_the_limit_are_counted() {
    let row = |n: usize| format!(" {:>4} Nonp {n} 0 {n} {n} 1\n", n % 10_000);
    let text: String = (1..=MAX_ROWS + 5).map(row).collect();
    let (snapshots, notes) = read(format!(" Alfa Nonp 1 0 1 1 1\n{text}"));
    assert_eq!(snapshots[0].rows.len(), MAX_ROWS);
    let limit = snapshots[0]
        .rejected
        .iter()
        .find(|r| r.kind == RejectedKind::TooManyRows);
    assert_eq!(limit.map(|r| r.count), Some(6));
    assert_eq!(notes.tally.rejected, 6);
    assert!(!snapshots[0].is_complete());
}

// -- whole-file diagnoses

#[test]
fn files_without_rows_say_why() {
    let of = |text: &[u8]| read(text).1.problems.remove(0).what;
    assert_eq!(of(b""), FileProblem::Empty);
    assert_eq!(of(b"\r\n  \r\n\x1a"), FileProblem::Blank);
    assert_eq!(of(&[0; 5000]), FileProblem::Blank);
    let off = b"Query pooltags Failed c0000002\r\n\r\nDid you remember to enable pool tagging with gflags.exe and reboot?\r\n";
    assert_eq!(
        of(off),
        FileProblem::TaggingDisabled {
            status: Some(0xc000_0002)
        }
    );
    assert_eq!(read(off).1.problems.len(), 1);
    assert_eq!(
        of(b"kd> !poolused 4\n Sorting\n"),
        FileProblem::Foreign(Foreign::PoolUsed)
    );
    assert_eq!(
        of(b"Dear support,\nall is well.\n"),
        FileProblem::NotPoolmon
    );
    assert_eq!(of(memory(5, 5, "\n").as_bytes()), FileProblem::HeadersOnly);
    assert!(
        read(text_of(Form::WideFile, &three()))
            .1
            .problems
            .is_empty()
    );
}

#[test]
fn a_failing_source_is_a_note() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::ConnectionReset.into())
        }
    }
    let text = text_of(Form::WideFile, &three());
    let mut reader = SnapshotReader::new(text.as_bytes().chain(Failing), Options::default());
    assert_eq!(reader.next().unwrap().rows.len(), 3);
    let offset = text.len() as u64;
    let kind = std::io::ErrorKind::ConnectionReset;
    assert_eq!(
        reader.finish().problems[0].what,
        FileProblem::ReadFailed { offset, kind }
    );
}

#[test]
fn heads_are_recognised() {
    let kind = |text: &str| recognise(text.as_bytes()).kind;
    assert_eq!(kind(&text_of(Form::WideFile, &three())), Kind::Rows);
    assert_eq!(kind(&memory(1, 1, "\n")), Kind::Header);
    assert_eq!(kind(""), Kind::Blank);
    assert_eq!(
        kind("#Software: something\n#Fields: date time\n"),
        Kind::Other
    );
    assert_eq!(
        kind("'poolmon' is not recognized as an internal or external command,"),
        Kind::Complaint(FileProblem::CommandNotFound)
    );
    let archive = [[1; 21].as_slice(), b"\xff\xfe\xff\x04L\0e\0a\0k\0"].concat();
    assert_eq!(recognise(&archive).kind, Kind::Foreign(Foreign::PoolMonX));
}

#[test]
fn another_programs_table_makes_no_rows() {
    let text = "Tag\tType\tAllocs\tFrees\tDiff\tBytes\tKBytes\tB/Alloc\nAbcd\tPaged\t9\t9\t0\t0\t0 KB\t0\nEfgh\tNon Paged\t9\t5\t4\t16\t4 KB\t4\n";
    let (snapshots, notes) = read(text);
    assert!(snapshots.is_empty());
    assert_eq!(
        notes.problems[0].what,
        FileProblem::Foreign(Foreign::PoolMonX)
    );
    assert_eq!(read("Abcd\tPaged\t9\t9\t0\t0\t0 KB\t0\n").1.tally.rows, 0);
}
