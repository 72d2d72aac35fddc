//! What one line says, taken alone.
//!
//! A row is `" %4s %5s"` and numbers: the tag cell may hold any byte, so it is found by the
//! fixed place of the `Type` word behind it, never by splitting at blanks. Where a copy has
//! lost the columns, the `Type` word is searched and the row's arithmetic decides.

use memchr::memmem;

use super::figures::{self, FigureError, Figures, Grouping};
use super::row::TagReading;
use super::snapshot::Title;
use crate::tag::{Pool, Tag};

/// Column of the `Type` word where the program itself wrote the line.
pub(super) const TYPE_AT: usize = 6;
/// Width of the `Type` cell.
const TYPE_WIDTH: usize = 5;
/// `Type` words tried in a line that has lost its columns: its own, one as a tag, and one in
/// the mapped-driver text.
const MAX_TYPE_WORDS: usize = 4;
/// Longest text that can be a tag cell in a re-spaced copy: four UTF-8 characters.
const MAX_CELL: usize = 16;

/// A line in row form, not yet checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowText {
    pub tag: Tag,
    pub reading: TagReading,
    pub pool: Pool,
    pub figures: Figures,
    pub type_at: usize,
    /// The columns are the program's own.
    pub placed: bool,
}

/// A line that starts as a row does and cannot be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BrokenRow {
    pub error: BrokenRowError,
    /// The `Type` word stands at a place where the program puts it.
    pub placed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BrokenRowError {
    Figures(FigureError),
    NoTag,
}

/// The pool of the `Type` cell at `at`: `Nonp` and a blank, or `Paged`.
fn pool_at(line: &[u8], at: usize) -> Option<Pool> {
    match line.get(at..at + TYPE_WIDTH)? {
        b"Nonp " | b"Nonp\t" => Some(Pool::NonPaged),
        b"Paged" => matches!(line.get(at + TYPE_WIDTH), None | Some(b' ' | b'\t' | b'\r'))
            .then_some(Pool::Paged),
        _ => None,
    }
}

/// Reads a row whose `Type` cell stands at `type_at` behind an intact tag cell.
///
/// `None` if there is no `Type` word there or more than the cell before it.
pub(super) fn placed_row(line: &[u8], type_at: usize) -> Option<Result<RowText, BrokenRow>> {
    let pool = pool_at(line, type_at)?;
    let cell_at = type_at.checked_sub(TYPE_WIDTH)?;
    let (indent, rest) = line.split_at_checked(cell_at)?;
    let (cell, _) = rest.split_first_chunk::<4>()?;
    if rest.get(4) != Some(&b' ') || !indent.iter().all(|&b| b == b' ') {
        return None;
    }
    let (tag, reading) = tag_of_cell(*cell);
    Some(
        match figures::read(line, type_at + TYPE_WIDTH, Grouping::None) {
            Ok(figures) => Ok(RowText {
                tag,
                reading,
                pool,
                figures,
                type_at,
                placed: true,
            }),
            Err(error) => Err(BrokenRow {
                error: BrokenRowError::Figures(error),
                placed: true,
            }),
        },
    )
}

/// `%4s` right-aligns what ends in NULs: blanks on the left stand for NULs at the end.
fn tag_of_cell(cell: [u8; 4]) -> (Tag, TagReading) {
    let blanks = cell.iter().take_while(|&&b| b == b' ').count();
    let mut bytes = cell;
    bytes.rotate_left(blanks % 4);
    if let Some(padding) = bytes.get_mut(4 - blanks..) {
        padding.fill(0);
    }
    let all_blank = blanks == 4;
    let reading = if all_blank {
        TagReading::PaddingGuessed
    } else {
        TagReading::Exact
    };
    (Tag::new(bytes), reading)
}

/// Reads a row that lost its columns: the first `Type` word with a tag before and all
/// numbers behind it, or else the error of the first that has any number behind it.
pub(super) fn respaced_row(line: &[u8], grouping: Grouping) -> Option<Result<RowText, BrokenRow>> {
    let mut broken = None;
    for (at, pool) in type_words(line) {
        let error = match figures::read(line, at + TYPE_WIDTH, grouping) {
            // Another program's table, which has a unit behind its sizes.
            Ok(figures) if line[figures.end..].trim_ascii().starts_with(b"KB") => continue,
            Ok(figures) => match tag_of_text(&line[..at]) {
                Some((tag, reading)) => {
                    let placed = false;
                    return Some(Ok(RowText {
                        tag,
                        reading,
                        pool,
                        figures,
                        type_at: at,
                        placed,
                    }));
                }
                None => BrokenRowError::NoTag,
            },
            Err(error) if error.after_a_number() && tag_of_text(&line[..at]).is_some() => {
                BrokenRowError::Figures(error)
            }
            Err(_) => continue,
        };
        broken.get_or_insert(BrokenRow {
            error,
            placed: false,
        });
    }
    broken.map(Err)
}

/// The places where a `Type` word stands after a blank or at the line's start.
fn type_words(line: &[u8]) -> impl Iterator<Item = (usize, Pool)> + '_ {
    let mut places: Vec<usize> = [b"Nonp".as_slice(), b"Paged"]
        .into_iter()
        .flat_map(|word| memmem::find_iter(line, word).take(MAX_TYPE_WORDS))
        .collect();
    places.sort_unstable();
    let after_blank = |at: usize| {
        at.checked_sub(1)
            .is_none_or(|p| line.get(p).is_some_and(u8::is_ascii_whitespace))
    };
    let places = places
        .into_iter()
        .filter(move |&at| after_blank(at))
        .take(MAX_TYPE_WORDS);
    places.filter_map(move |at| Some((at, pool_at(line, at)?)))
}

/// The tag in text that lost its column. Short ones are taken to be padded with blanks, as
/// most of the kernel's own are (`Irp `, `Mdl `, `CM  `); that is a guess.
fn tag_of_text(before: &[u8]) -> Option<(Tag, TagReading)> {
    let text = before.trim_ascii();
    if text.is_empty() || text.len() > MAX_CELL {
        return None;
    }
    let multi_byte = !text.is_ascii() && std::str::from_utf8(text).is_ok();
    if text.len() <= 4 && !multi_byte {
        let mut bytes = [b' '; 4];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        let whole = text.len() == 4;
        let reading = if whole {
            TagReading::Exact
        } else {
            TagReading::PaddingGuessed
        };
        return Some((Tag::new(bytes), reading));
    }
    let characters = std::str::from_utf8(text).ok()?;
    if characters.chars().count() > 4 {
        return None;
    }
    let mut bytes = [b' '; 4];
    for (byte, character) in bytes.iter_mut().zip(characters.chars()) {
        *byte = u8::try_from(u32::from(character)).unwrap_or(b'?');
    }
    Some((Tag::new(bytes), TagReading::Transcoded))
}

/// A `Total` line (no blank before it), where the arithmetic of a row holds too.
pub(super) fn total_row(line: &[u8]) -> Option<(Pool, Result<Figures, FigureError>)> {
    let rest = line.trim_ascii_start().strip_prefix(b"Total ")?;
    let blanks = rest.iter().take_while(|&&b| b == b' ').count();
    let pool = pool_at(rest, blanks)?;
    Some((
        pool,
        figures::read(rest, blanks + TYPE_WIDTH, Grouping::None),
    ))
}

/// A line that is no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LineKind {
    Blank,
    /// The `Memory:` line.
    Memory,
    /// The `Commit:` line.
    Commit,
    Title(Title),
    Columns(Columns),
    /// Dashes under the column header.
    Rule,
    /// `...`: somebody cut rows here.
    Ellipsis,
    Text,
}

/// What the column header tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// Column of the word `Type`, which stands over the rows' own.
    pub type_at: usize,
    pub mapped: bool,
}

/// Recognises header lines.
pub(super) fn kind(line: &[u8]) -> LineKind {
    let text = line.trim_ascii();
    let Some(&first) = text.first() else {
        return LineKind::Blank;
    };
    let has = |needle: &[u8]| memmem::find(text, needle).is_some();
    match first {
        b'M' if text.starts_with(b"Memory:") && has(b"Avail:") => LineKind::Memory,
        b'C' if text.starts_with(b"Commit:") && has(b"Limit:") => LineKind::Commit,
        b'S' | b'A' => title(text).map_or(LineKind::Text, LineKind::Title),
        b'T' | b'#' => columns(line).map_or(LineKind::Text, LineKind::Columns),
        b'-' if text.len() >= 10 && text.iter().all(|&b| b == b'-') => LineKind::Rule,
        b'.' if text == b"..." => LineKind::Ellipsis,
        0xe2 if text == "…".as_bytes() => LineKind::Ellipsis,
        0x1a if text == b"\x1a" => LineKind::Blank,
        _ => LineKind::Text,
    }
}

fn title(text: &[u8]) -> Option<Title> {
    let whose = text.strip_suffix(b" pool information")?;
    match whose {
        b"System" => Some(Title::System),
        b"All sessions" => Some(Title::AllSessions),
        _ => {
            let number = std::str::from_utf8(whose.strip_prefix(b"Session ")?).ok()?;
            number.trim_ascii().parse().ok().map(Title::Session)
        }
    }
}

/// `Tag  Type` and more words; Markdown made a heading of it where a dashed line followed.
fn columns(line: &[u8]) -> Option<Columns> {
    let heading = line.iter().take_while(|&&b| b == b'#' || b == b' ').count();
    let words = line.get(heading..)?.strip_prefix(b"Tag")?;
    let gap = words
        .iter()
        .take_while(|&&b| b == b' ' || b == b'\t')
        .count();
    let after = words.get(gap..)?.strip_prefix(b"Type")?;
    // PoolMonX's export starts alike and has columns of its own.
    let other = memmem::find(after, b"KBytes").is_some();
    let known = gap > 0 && !other && matches!(after.first(), None | Some(b' ' | b'\t'));
    let mapped = memmem::find(after, b"Mapped_Driver").is_some();
    known.then_some(Columns {
        type_at: heading + 3 + gap,
        mapped,
    })
}

/// True when a line holds something like a date or a time of day. The words themselves are
/// read elsewhere; here they only tell which lines separate snapshots. A shell's banner has a
/// version number that reads like a date (`6.1.7601`).
pub(in crate::artifact) fn looks_like_stamp(text: &[u8]) -> bool {
    if memmem::find(text, b"ersion").is_some() {
        return false;
    }
    let digit = |i: usize| text.get(i).is_some_and(u8::is_ascii_digit);
    let time = |i: usize| text[i] == b':' && i > 0 && digit(i - 1) && digit(i + 1) && digit(i + 2);
    let date = |i: usize| {
        matches!(text[i], b'/' | b'.' | b'-') && i > 0 && digit(i - 1) && {
            let run = (i + 1..text.len()).take_while(|&j| digit(j)).count();
            run > 0 && text.get(i + 1 + run) == Some(&text[i]) && digit(i + 2 + run)
        }
    };
    (0..text.len()).any(|i| time(i) || date(i))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(line: &str) -> RowText {
        placed_row(line.as_bytes(), TYPE_AT).unwrap().unwrap()
    }

    #[test]
    fn tag_cells_keep_position_and_any_byte() {
        assert_eq!(placed(" Leak Nonp 1 0 1 8 8").tag, Tag::new(*b"Leak"));
        assert_eq!(placed("   Io Nonp 1 0 1 8 8").tag, Tag::new(*b"Io\0\0"));
        assert_eq!(placed(" Io   Nonp 1 0 1 8 8").tag, Tag::new(*b"Io  "));
        assert_eq!(placed("  Ab  Paged 1 0 1 8 8").tag, Tag::new(*b"Ab \0"));
        assert_eq!(placed(" Dh 1 Paged 1 0 1 8 8").tag, Tag::new(*b"Dh 1"));
        assert_eq!(placed(" Cs@( Nonp 1 0 1 8 8").tag, Tag::new(*b"Cs@("));
        assert_eq!(placed(" 8042 Nonp 1 0 1 8 8").tag, Tag::new(*b"8042"));
        assert_eq!(placed(" Nonp Paged 1 0 1 8 8").tag, Tag::new(*b"Nonp"));
        assert_eq!(placed(" otal Nonp 1 0 1 8 8").tag, Tag::new(*b"otal"));
        let raw = placed_row(b" a\xe5\x1ab Nonp  1 0 1 8 8", TYPE_AT)
            .unwrap()
            .unwrap();
        assert_eq!(raw.tag, Tag::new(*b"a\xe5\x1ab"));
        let blank = placed("      Nonp 1 0 1 8 8");
        assert_eq!(
            (blank.tag, blank.reading),
            (Tag::new([0; 4]), TagReading::PaddingGuessed)
        );
    }

    #[test]
    fn total_is_no_tag() {
        assert!(placed_row(b"Total Nonp  1 0 1 8 8", TYPE_AT).is_none());
        assert!(placed_row(b"Total Nonp  1 0 1 8 8", TYPE_AT - 1).is_none());
        let (pool, figures) = total_row(b"Total Paged 4 (0) 1 (0) 3 24 (0) 8").unwrap();
        assert_eq!(pool, Pool::Paged);
        assert_eq!(figures.unwrap().diff.signed(), 3);
    }

    #[test]
    fn respaced_rows_guess_the_padding() {
        let read = |line: &str| {
            respaced_row(line.as_bytes(), Grouping::None)
                .unwrap()
                .unwrap()
        };
        let short = read("CM       Paged   3 (0) 1 (0) 2 64 (0) 32");
        assert_eq!(
            (short.tag, short.reading),
            (Tag::new(*b"CM  "), TagReading::PaddingGuessed)
        );
        let whole = read("   Strg      Paged 3 1 2 64 32");
        assert_eq!(
            (whole.tag, whole.reading),
            (Tag::new(*b"Strg"), TagReading::Exact)
        );
        let utf8 = read(" Th\u{e5}r Nonp 3 1 2 64 32");
        assert_eq!(
            (utf8.tag, utf8.reading),
            (Tag::new(*b"Th\xe5r"), TagReading::Transcoded)
        );
        let short = read(" \u{e5}b Nonp 3 1 2 64 32");
        assert_eq!(
            (short.tag, short.reading),
            (Tag::new(*b"\xe5b  "), TagReading::Transcoded)
        );
        let own_name = read("Nonp    Paged 3 1 2 64 32 [x.sys - Paged 1 2 3 4 5]");
        assert_eq!(
            (own_name.tag, own_name.pool),
            (Tag::new(*b"Nonp"), Pool::Paged)
        );
    }

    #[test]
    fn prose_is_no_row() {
        for text in [
            "the Paged pool",
            "Nonp",
            "",
            "grew by Paged 3 times",
            "Paged",
        ] {
            assert!(
                respaced_row(text.as_bytes(), Grouping::None).is_none(),
                "{text}"
            );
        }
        let broken = respaced_row(b"much more than Nonp 1 0 1 8 8", Grouping::None);
        assert_eq!(broken.unwrap().unwrap_err().error, BrokenRowError::NoTag);
    }

    #[test]
    fn headers() {
        assert_eq!(
            kind(b" System pool information"),
            LineKind::Title(Title::System)
        );
        assert_eq!(
            kind(b"All sessions pool information\r"),
            LineKind::Title(Title::AllSessions)
        );
        assert_eq!(
            kind(b" Session 12 pool information"),
            LineKind::Title(Title::Session(12))
        );
        assert_eq!(kind(b"Some pool information"), LineKind::Text);
        let columns = |type_at, mapped| LineKind::Columns(Columns { type_at, mapped });
        assert_eq!(
            kind(b" Tag  Type     Allocs  Mapped_Driver"),
            columns(6, true)
        );
        assert_eq!(kind(b"## Tag   Type"), columns(9, false));
        assert_eq!(kind(b"Tags Types"), LineKind::Text);
        assert_eq!(kind(b"  -------------"), LineKind::Rule);
        assert_eq!(kind(b"Memory:  Nonp Allocations"), LineKind::Text);
        assert_eq!(kind(b" ...  "), LineKind::Ellipsis);
        assert_eq!(kind(b"\x1a"), LineKind::Blank);
    }

    #[test]
    fn stamps_are_noticed() {
        for text in [
            "Sun 10/27/2024   1:30:00.07",
            "===== 22/05/2020 22:35:55.53 =====",
            "27.10.2024  ",
            "01:30",
            "2024.10.27-01:30:00 W. Europe Standard Time",
            "Friday, May 22, 2020 10:35:55 PM",
        ] {
            assert!(looks_like_stamp(text.as_bytes()), "{text}");
        }
        for text in [
            "C:\\tools>poolmon -n",
            "...",
            "10.0",
            "a:b",
            "[Version 6.1.7601]",
            ":",
        ] {
            assert!(!looks_like_stamp(text.as_bytes()), "{text}");
        }
    }
}
