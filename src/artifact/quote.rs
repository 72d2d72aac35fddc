//! Raw lines of a text artifact, by number, and bytes of any, by offset: for evidence, and for
//! whoever checks it.
//!
//! A line's number means something only together with how lines were counted: the reader of
//! saved poolmon output decides the encoding anew at each line and passes over holes of NULs, the
//! reader of HTTPERR logs decides once. So each format is read here by its own rules.
//!
//! Limits: lines longer than 64 KiB are cut, whatever the caller asks for; of small texts
//! (systeminfo, boot configurations) the first [`MAX_TEXT`] bytes are read.

use std::io::{self, Read};

use super::{events, httperr, poolmon, systeminfo};
use crate::bundle::Role;

/// Longest line of an export that is held, in bytes.
const MAX_LINE: usize = 64 << 10;

/// Most bytes of a small text; the reader of these formats takes no more either.
pub const MAX_TEXT: u64 = 1 << 20;

/// By whose rules lines are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counting {
    /// Those of HTTPERR logs.
    Httperr,
    /// Those of saved poolmon output.
    Poolmon,
    /// Those of exported event logs.
    Events,
    /// Those of small text files.
    Text,
}

impl Counting {
    /// The rules by which the reader of such artifacts counts.
    pub fn of(role: Role) -> Self {
        match role {
            Role::HttpErr => Counting::Httperr,
            Role::EventLog => Counting::Events,
            role if role.has_snapshots() || role == Role::Memsnap => Counting::Poolmon,
            _ => Counting::Text,
        }
    }
}

/// A line as it stands in its file, without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawLine {
    /// Counted from 1.
    pub number: u64,
    /// Bytes that are no UTF-8 are replaced.
    pub text: String,
    /// True if it is longer than was asked for.
    pub cut: bool,
}

/// The lines with the numbers `wanted`, which ascend, each at most `longest` characters long.
/// Reads no further than the last of them; numbers beyond the end are missing from the answer.
///
/// # Errors
/// Those of the stream.
pub fn lines(
    counting: Counting,
    stream: impl Read,
    wanted: &[u64],
    longest: usize,
) -> io::Result<Vec<RawLine>> {
    let mut found = Vec::new();
    let mut keep = |number: u64, bytes: &[u8]| {
        // No character has more than four bytes.
        let most = longest.saturating_add(1).saturating_mul(4).min(bytes.len());
        found.push(shortened(
            number,
            &String::from_utf8_lossy(&bytes[..most]),
            longest,
        ));
    };
    match counting {
        Counting::Httperr => httperr::lines(stream, wanted, &mut keep)?,
        Counting::Poolmon => poolmon::lines(stream, wanted, &mut keep)?,
        Counting::Events => events::lines(stream, wanted, MAX_LINE, &mut keep)?,
        Counting::Text => {
            let mut bytes = Vec::new();
            stream.take(MAX_TEXT).read_to_end(&mut bytes)?;
            let text = systeminfo::text_of(&bytes);
            let mut wanted = wanted.iter().copied().peekable();
            for (number, line) in (1u64..).zip(text.lines()) {
                if wanted.next_if_eq(&number).is_some() {
                    keep(number, line.as_bytes());
                }
            }
        }
    }
    Ok(found)
}

fn shortened(number: u64, text: &str, longest: usize) -> RawLine {
    let end = text.char_indices().nth(longest).map(|(at, _)| at);
    RawLine {
        number,
        text: text[..end.unwrap_or(text.len())].to_owned(),
        cut: end.is_some(),
    }
}

/// Bytes in a row of a dump.
pub const ROW: usize = 16;

/// Rows of a dump of the bytes around an offset: the offset of each row's first byte, and its
/// bytes in hexadecimal and as letters. Rows begin at multiples of [`ROW`]; there are `around` of
/// them before and after the one that holds `offset`, as far as the file has them. `first` is the
/// offset of the first of `bytes` and a multiple of [`ROW`].
pub fn dump(bytes: &[u8], first: u64, offset: u64, around: u64) -> Vec<(u64, String)> {
    let row = ROW as u64;
    let middle = offset / row;
    let (from, to) = (middle.saturating_sub(around), middle.saturating_add(around));
    (0u64..)
        .zip(bytes.chunks(ROW))
        .map(|(index, chunk)| (first / row + index, chunk))
        .filter(|(index, _)| (from..=to).contains(index))
        .map(|(index, chunk)| (index * row, hex_row(chunk)))
        .collect()
}

/// `48 8b c4 48 89 58 08 57  48 83 ec 20 b8 4c 65 61  H..H.X.WH.. .Lea`
fn hex_row(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(3 * ROW + 1);
    for place in 0..ROW {
        if place == ROW / 2 {
            hex.push(' ');
        }
        match bytes.get(place) {
            Some(byte) => hex.push_str(&format!("{byte:02x} ")),
            None => hex.push_str("   "),
        }
    }
    let letters = bytes.iter().map(|&byte| match byte {
        b' '..=b'~' => char::from(byte),
        _ => '.',
    });
    format!("{hex} {}", letters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Counting; 4] = [
        Counting::Httperr,
        Counting::Poolmon,
        Counting::Events,
        Counting::Text,
    ];

    fn numbered(counting: Counting, bytes: &[u8], wanted: &[u64]) -> Vec<(u64, String)> {
        lines(counting, bytes, wanted, 400)
            .unwrap()
            .into_iter()
            .map(|l| (l.number, l.text))
            .collect()
    }

    #[test]
    fn lines_are_found_by_number_in_every_encoding() {
        let text = "first line of it\r\nsecond \u{fc}\r\n\r\nfourth\r\nno end";
        let little: Vec<u8> = ("\u{feff}".to_owned() + text)
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for counting in ALL {
            for bytes in [text.as_bytes(), &little] {
                let found = numbered(counting, bytes, &[2, 3, 5, 6]);
                let expected = [(2, "second \u{fc}"), (3, ""), (5, "no end")];
                let expected = expected.map(|(n, t)| (n, t.to_owned()));
                assert_eq!(found, expected, "{counting:?}");
            }
        }
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_is_still_the_next() {
        let text = format!("{}\nshort\n", "x".repeat(200_000));
        for counting in ALL {
            let found = lines(counting, text.as_bytes(), &[1, 2], 10).unwrap();
            assert_eq!(
                (found[0].text.len(), found[0].cut),
                (10, true),
                "{counting:?}"
            );
            assert_eq!(
                (found[1].text.as_str(), found[1].cut),
                ("short", false),
                "{counting:?}"
            );
        }
    }

    #[test]
    fn a_hole_of_nuls_is_no_line_of_saved_output() {
        let bytes = [b"one\n".as_slice(), &[0; 512], b"two\n"].concat();
        assert_eq!(
            numbered(Counting::Poolmon, &bytes, &[2]),
            [(2, "two".to_owned())]
        );
    }

    #[test]
    fn a_dump_has_the_row_of_the_offset_and_those_around_it() {
        let bytes: Vec<u8> = (0..100).collect();
        let rows = dump(&bytes[32..], 32, 70, 1);
        let offsets: Vec<u64> = rows.iter().map(|(at, _)| *at).collect();
        assert_eq!(offsets, [48, 64, 80]);
        let row = "40 41 42 43 44 45 46 47  48 49 4a 4b 4c 4d 4e 4f  @ABCDEFGHIJKLMNO";
        assert_eq!(rows[1].1, row);
        let last = dump(&bytes, 0, 99, 0);
        assert_eq!(last[0].0, 96);
        assert!(last[0].1.starts_with("60 61 62 63     ") && last[0].1.ends_with("  `abc"));
        assert_eq!(dump(&bytes, 0, 1_000, 2), []);
    }

    proptest! {
        #[test]
        fn any_bytes_give_the_lines_asked_for_in_order(
            bytes in prop::collection::vec(any::<u8>(), 0..2_000),
            mut wanted in prop::collection::btree_set(0u64..60, 0..20),
            longest in 0usize..50,
        ) {
            wanted.remove(&0);
            let wanted: Vec<u64> = wanted.into_iter().collect();
            for counting in ALL {
                let found = lines(counting, bytes.as_slice(), &wanted, longest).unwrap();
                prop_assert!(found.iter().map(|l| l.number).is_sorted());
                prop_assert!(found.iter().all(|l| wanted.contains(&l.number)));
                prop_assert!(found.iter().all(|l| l.text.chars().count() <= longest));
            }
        }
    }
}
