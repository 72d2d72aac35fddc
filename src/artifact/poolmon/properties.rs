//! Properties: what is written is read, however it is cut, and nothing makes the reader panic.

use std::io::Read;

use proptest::prelude::*;

use super::fixture::{FORMS, Form, Truth, any_truth, memory};
use super::{FileNotes, Options, Row, Snapshot, SnapshotReader, Tally, recognise};
use crate::tag::Tag;

/// A source that gives its bytes in pieces of the given sizes.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: std::iter::Cycle<std::vec::IntoIter<usize>>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let size = self
            .sizes
            .next()
            .unwrap_or(1)
            .min(room.len())
            .min(self.bytes.len());
        let (now, later) = self.bytes.split_at(size);
        room[..size].copy_from_slice(now);
        self.bytes = later;
        Ok(size)
    }
}

fn read(source: impl Read) -> (Vec<Snapshot>, FileNotes) {
    let mut reader = SnapshotReader::new(source, Options { keep_mapped: true });
    let snapshots = reader.by_ref().collect();
    (snapshots, reader.finish())
}

fn adds_up(tally: Tally) -> bool {
    let Tally {
        lines,
        blank,
        rows,
        pieces,
        suspects,
        totals,
        headers,
        rejected,
        text,
    } = tally;
    lines == blank + rows + pieces + suspects + totals + headers + rejected + text
}

fn same(row: &Row, truth: &Truth, form: Form) -> bool {
    let deltas = row.deltas.map(|d| (d.allocs, d.frees, d.bytes));
    (
        row.tag,
        row.pool,
        row.allocs,
        row.frees,
        row.diff,
        row.bytes,
        row.per_alloc,
    ) == (
        Tag::new(truth.tag),
        truth.pool,
        truth.allocs(),
        truth.frees,
        truth.diff,
        truth.bytes(),
        truth.per_alloc,
    ) && deltas == form.is_live().then_some(truth.deltas)
}

/// Pieces of text that lead into all corners of the grammar.
fn shards() -> impl Strategy<Value = Vec<u8>> {
    let shard = prop_oneof![
        any_truth().prop_map(|t| Form::WideFile.row(&t, "[a.sys - b]")),
        any_truth().prop_map(|t| Form::NarrowLive.row(&t, "")),
        proptest::collection::vec(any::<u8>(), 0..12),
        Just(b"\r\n".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\0\0\0".to_vec()),
        Just(b"\xff\xfe".to_vec()),
        Just(b"> &gt;|".to_vec()),
        Just(b" Tag  Type  Allocs\n".to_vec()),
        Just(b" Commit:1K Limit:-2K\n".to_vec()),
        Just(b"Total Nonp  1 2 3 4 5\n".to_vec()),
        Just(b"10/27/2024 01:30\n".to_vec()),
        Just(b"\0L\0e\0a\0k\0 \0\r\0\n".to_vec()),
        Just(b"L\0e\0a\0k\0 \0\r\0\n\0".to_vec()),
        Just(b" ".to_vec()),
    ];
    proptest::collection::vec(shard, 0..40).prop_map(|shards| shards.concat())
}

proptest! {
    #[test]
    fn every_form_reads_back(
        rows in proptest::collection::vec(any_truth(), 1..30),
        form in 0..FORMS.len(),
        crlf: bool,
    ) {
        let form = FORMS[form];
        let text = form.table(&rows, if crlf { "\r\n" } else { "\n" });
        let (snapshots, notes) = read(text.as_slice());
        let all: Vec<&Row> = snapshots.iter().flat_map(|s| &s.rows).collect();
        prop_assert_eq!(all.len(), rows.len(), "{:?}", notes);
        for (row, truth) in all.iter().zip(&rows) {
            prop_assert!(same(row, truth, form), "{:?} {:?}", row, truth);
        }
        prop_assert!(adds_up(notes.tally));
    }

    #[test]
    fn utf16_reads_as_bytes_do(rows in proptest::collection::vec(any_truth(), 1..10), le: bool, bom: bool) {
        let text = [memory(5, 6, "\r\n").into_bytes(), Form::WideFile.table(&rows, "\r\n")].concat();
        let encode = if le { u16::to_le_bytes } else { u16::to_be_bytes };
        let mark = if bom { encode(0xfeff).to_vec() } else { Vec::new() };
        let units = text.iter().flat_map(|&b| encode(u16::from(b)));
        let wide: Vec<u8> = mark.into_iter().chain(units).collect();
        let numbers = |r: &Row| (r.line, r.tag, r.allocs, r.frees, r.bytes);
        let (narrow, _) = read(text.as_slice());
        let (wide, _) = read(wide.as_slice());
        let of = |all: &[Snapshot]| {
            all.iter().flat_map(|s| &s.rows).map(numbers).collect::<Vec<_>>()
        };
        prop_assert_eq!(of(&narrow), of(&wide));
    }

    #[test]
    fn pieces_do_not_matter(text in shards(), sizes in proptest::collection::vec(1..50_usize, 1..8)) {
        let whole = read(text.as_slice());
        let pieces = read(Pieces { bytes: &text, sizes: sizes.into_iter().cycle() });
        prop_assert_eq!(&whole, &pieces);
        prop_assert!(adds_up(whole.1.tally), "{:?}", whole.1.tally);
        prop_assert_eq!(whole.1.bytes, text.len() as u64);
    }

    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let (_, notes) = read(bytes.as_slice());
        prop_assert!(adds_up(notes.tally));
        prop_assert!(recognise(&bytes).score <= 100);
    }

    #[test]
    fn a_changed_digit_never_passes_as_a_row(
        truth in any_truth(),
        which: prop::sample::Index,
        step in 1..10_u8,
    ) {
        let mut changed = Form::WideFile.row(&truth, "");
        // A quotient hides the low digits of the bytes, which is the one thing not proven.
        let bytes_from = 12 + 18 + 1 + 18 + 2 + 16 + 1;
        let unproven = bytes_from..bytes_from + 14;
        let digits: Vec<usize> = (12..changed.len())
            .filter(|at| changed[*at].is_ascii_digit() && !unproven.contains(at))
            .collect();
        let at = digits[which.index(digits.len())];
        changed[at] = b'0' + (changed[at] - b'0' + step) % 10;
        let text = [Form::WideFile.header().as_bytes(), b"\r\n", &changed, b"\r\n"].concat();
        let (snapshots, notes) = read(text.as_slice());
        prop_assert_eq!(notes.tally.rows, 0, "{:?}", snapshots);
        prop_assert_eq!(notes.tally.suspects + notes.tally.rejected, 1);
    }
}
