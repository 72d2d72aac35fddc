//! Files that went through other encodings or other hands, one situation a test.

use super::fixture::{FORMS, Form, memory};
use super::scenarios::{many, read, tags, text_of, three};
use super::{Encoding, FileNotes, RejectedKind, Snapshot, SuspectReason, TagReading};
use crate::tag::Tag;

// -- encodings

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn bytes_appended_to_utf16_and_the_other_way_round() {
    let table = text_of(Form::WideFile, &three());
    let wide = [b"\xff\xfe".to_vec(), utf16(&table)].concat();
    for text in [
        [wide.clone(), table.clone().into_bytes()].concat(),
        [table.clone().into_bytes(), wide[2..].to_vec()].concat(),
        [table.clone().into_bytes(), wide].concat(),
    ] {
        let (snapshots, notes) = read(text);
        let counts: Vec<_> = snapshots.iter().map(|s| s.rows.len()).collect();
        assert_eq!(counts, [3, 3]);
        assert_eq!(notes.encodings.len(), 2, "{:?}", notes.encodings);
        assert_eq!(
            (notes.nuls, notes.tally.rejected, notes.tally.text),
            (0, 0, 0)
        );
    }
}

#[test]
fn a_localized_stamp_in_utf16_stays_text() {
    let stamp = "понедельник, 22 мая 2023 г. 10:35:55";
    let text = [
        utf16(&format!("{stamp}\r\n")),
        utf16(&text_of(Form::WideFile, &three())),
    ]
    .concat();
    let (snapshots, _) = read([b"\xff\xfe".to_vec(), text].concat());
    assert_eq!(&*snapshots[0].preamble.lines[0].text, stamp.as_bytes());
    assert!(snapshots[0].preamble.has_stamp());
}

#[test]
fn characters_for_bytes_are_a_guess() {
    let row = " Th\u{e5}r Nonp                   3                  1                 2             16                8\n";
    let (wide, _) = read([b"\xff\xfe".to_vec(), utf16(row)].concat());
    let (utf8, notes) = read(format!("\u{feff}{row}"));
    assert_eq!(notes.encodings[0].encoding, Encoding::Utf8Marked);
    for snapshot in [&wide[0], &utf8[0]] {
        assert_eq!(snapshot.rows[0].tag, Tag::new(*b"Th\xe5r"));
        assert_eq!(snapshot.rows[0].reading, TagReading::Transcoded);
    }
}

#[test]
fn holes_of_nuls_are_skipped_and_counted() {
    let table = text_of(Form::WideFile, &three());
    let hole = vec![0; 700_001];
    let text = [table.as_bytes(), &hole, table.as_bytes()].concat();
    let (snapshots, notes) = read(text);
    assert_eq!(snapshots.len(), 2);
    assert_eq!(
        (notes.nuls, notes.first_nul),
        (700_001, Some(table.len() as u64))
    );
    let inside = [&table.as_bytes()[..150], &[0; 64], &table.as_bytes()[150..]].concat();
    assert_eq!(read(inside).1.tally.rows, 3);
}

#[test]
fn overlong_lines_are_cut_and_counted() {
    let table = text_of(Form::WideFile, &three());
    let long = "x".repeat(300_000);
    let (snapshots, notes) = read(format!("{table}{long}\r\n{table}"));
    assert_eq!(snapshots.len(), 2);
    assert_eq!((notes.tally.rows, notes.tally.rejected), (6, 1));
    assert_eq!(snapshots[0].rejected[0].kind, RejectedKind::Overlong);
    let wide = [utf16(&table), utf16(&long), utf16(&format!("\r\n{table}"))].concat();
    let (_, notes) = read(wide);
    assert_eq!((notes.tally.rows, notes.tally.rejected), (6, 1));
}

// -- hand copies

/// Cuts lines at `width` as a console window does.
fn wrapped(text: &str, width: usize) -> String {
    let cut = |line: &str| {
        let pieces: Vec<_> = line
            .as_bytes()
            .chunks(width)
            .map(|c| String::from_utf8(c.to_vec()).unwrap())
            .collect();
        pieces.join("\r\n") + "\r\n"
    };
    text.lines().map(cut).collect()
}

#[test]
fn lines_wrapped_at_a_window() {
    let rows = many(60);
    for form in FORMS {
        let table = memory(2_345_678, 123_456_789, "\r\n") + &text_of(form, &rows);
        for width in [60, 70, 80, 100, 120] {
            let (snapshots, notes) = read(wrapped(&table, width));
            assert_eq!(snapshots.len(), 1, "{form:?} {width}");
            let got: Vec<_> = snapshots[0].rows.iter().map(|r| (r.tag, r.bytes)).collect();
            let want: Vec<_> = rows.iter().map(|r| (Tag::new(r.tag), r.bytes())).collect();
            assert_eq!(got, want, "{form:?} {width} {notes:?}");
            if width >= 80 {
                let memory = snapshots[0].memory.as_ref().unwrap();
                assert_eq!(memory.pool_nonpaged_kib, Some(2_345_678));
                assert_eq!(
                    (memory.paged_resident_kib, memory.pool_paged_kib),
                    (Some(56_789), Some(77_777))
                );
            }
        }
    }
}

fn dressed(line: fn(&str) -> String) -> (Vec<Snapshot>, FileNotes) {
    let text = text_of(Form::NarrowLive, &three());
    read(text.lines().map(|l| line(l) + "\n").collect::<String>())
}

#[test]
fn copies_through_mail_and_markdown() {
    let collapse = |l: &str| l.split_whitespace().collect::<Vec<_>>().join(" ");
    let dresses: [fn(&str) -> String; 8] = [
        |l| format!("> {l}"),
        |l| format!(">>{l}"),
        |l| format!("&gt; {l}"),
        |l| format!("    {l}"),
        |l| format!("- {}", l.trim()),
        |l| {
            format!(
                "| {} |",
                l.split_whitespace().collect::<Vec<_>>().join(" | ")
            )
        },
        |l| l.replace(' ', "\u{a0}"),
        |l| l.replace(' ', "&nbsp;"),
    ];
    for (n, dress) in dresses.into_iter().enumerate() {
        let (snapshots, notes) = dressed(dress);
        assert_eq!(snapshots.len(), 1, "dress {n}: {notes:?}");
        assert_eq!(
            tags(&snapshots[0]),
            ["Alfa", "Beta", "Beta"],
            "dress {n}: {notes:?}"
        );
        assert_eq!(notes.tally.rejected, 0, "dress {n}");
    }
    let (snapshots, _) = read(
        text_of(Form::WideLive, &three())
            .lines()
            .map(|l| collapse(l) + "\n")
            .collect::<String>(),
    );
    assert_eq!(snapshots[0].rows.len(), 3);
}

#[test]
fn thousands_marks_where_the_arithmetic_proves_them() {
    let (snapshots, _) = read(
        "Abcd Nonp 1,137 263 874 27,968 32\nEfgh Paged 1.137 1.000 137 1.370 10\nBadd Nonp 1,137 263 875 27,968 32\n",
    );
    assert_eq!(tags(&snapshots[0]), ["Abcd", "Efgh"]);
    assert_eq!(snapshots[0].suspects.len(), 1);
}

#[test]
fn a_table_without_per_alloc_is_only_suspect() {
    let (snapshots, _) = read(
        "Tag  Type   Allocs  Frees  Diff   Bytes\nAbcd Nonp      9      5     4     400\nEfgh Nonp      9      5     4     400\n",
    );
    let reasons: Vec<_> = snapshots[0].suspects.iter().map(|s| s.reason).collect();
    assert_eq!(reasons, [SuspectReason::PerAllocMissing; 2]);
    assert!(snapshots[0].rows.is_empty());
}
