//! Rows that stand on several lines: wrapped at a window's edge, or split by a line feed that
//! is part of the tag. The sum of the pieces has to be a proven row.

use super::check;
use super::figures::{FigureError, Grouping};
use super::line::{BrokenRow, BrokenRowError, RowText, TYPE_AT, placed_row, respaced_row};
use super::reading::placed_line;

/// Pieces of a row wrapped at a narrow window: three at 40 columns, and one to spare.
const MAX_PIECES: u64 = 4;
/// Longest row joined from pieces: the widest form with its mapped text is under 300 bytes.
const MAX_JOINED: usize = 1024;

/// A line kept back because the next may complete it.
pub(super) struct Held {
    pub bytes: Vec<u8>,
    pub line: u64,
    pub offset: u64,
    pub pieces: u64,
    pub transcoded: bool,
    pub kind: HeldKind,
}

pub(super) enum HeldKind {
    /// A row that was cut at a window's edge.
    Piece(BrokenRow),
    /// A row with numbers enough, whose last one may be cut.
    CutNumber(RowText),
    /// A short line that may be the part of a tag before a line feed.
    TagHead,
}

pub(super) enum Joined {
    /// The pieces are a proven row; its figures refer to these bytes.
    Row(RowText, Vec<u8>),
    /// The row still lacks its end.
    More(BrokenRow, Vec<u8>),
}

/// Joins a held line with the next, if their sum is a proven row or at least more of one.
pub(super) fn join(held: &Held, next: &[u8], hint: Option<usize>) -> Option<Joined> {
    if held.bytes.len() + next.len() >= MAX_JOINED || held.pieces >= MAX_PIECES {
        return None;
    }
    let glued = |glue: &[u8]| [held.bytes.as_slice(), glue, next].concat();
    let proven = |bytes: &[u8], row: Option<Result<RowText, BrokenRow>>| {
        let row = row?
            .ok()
            .filter(|row| check::check(&row.figures).1.is_ok())?;
        Some(Joined::Row(row, bytes.to_vec()))
    };
    if let HeldKind::TagHead = held.kind {
        let bytes = glued(b"\n");
        return proven(&bytes, placed_row(&bytes, TYPE_AT));
    }
    let continues = matches!(next.first(), Some(b' ' | b'0'..=b'9' | b'(' | b')' | b'-'));
    if !continues || placed_line(next, hint).is_some() {
        return None;
    }
    let row = |bytes: &[u8]| {
        placed_line(bytes, hint).or_else(|| respaced_row(bytes, Grouping::Thousands))
    };
    let (direct, spaced) = (glued(b""), glued(b" "));
    proven(&direct, row(&direct))
        .or_else(|| proven(&spaced, row(&spaced)))
        .or_else(|| match (&held.kind, row(&direct)?) {
            (HeldKind::Piece(before), Err(after)) if grows(*before, after) => {
                Some(Joined::More(after, direct))
            }
            _ => None,
        })
}

/// True when a joined piece has more numbers than before and still lacks some.
fn grows(before: BrokenRow, after: BrokenRow) -> bool {
    match (before.error, after.error) {
        (
            BrokenRowError::Figures(before),
            BrokenRowError::Figures(after @ FigureError::Missing(_)),
        ) => after.read() > before.read(),
        _ => false,
    }
}
