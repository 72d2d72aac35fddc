//! How a line is read alone: as the program wrote it, else as a copy left it.

use super::check;
use super::figures::{FigureError, Grouping};
use super::handcopy;
use super::line::{
    BrokenRow, BrokenRowError, LineKind, RowText, TYPE_AT, kind, placed_row, respaced_row,
    total_row,
};
use super::snapshot::RejectedKind;

/// What a line is, read alone.
pub(super) enum Reading {
    Row(RowText),
    Broken(BrokenRow),
    Total,
    Kind(LineKind),
}

/// A row at the program's own column, at that of a copy without the leading blank, or where
/// the column header says.
pub(super) fn placed_line(line: &[u8], hint: Option<usize>) -> Option<Result<RowText, BrokenRow>> {
    // A mark of quoted mail, which would count as part of a tag at the line's start.
    if line.first() == Some(&b'>') {
        return None;
    }
    [Some(TYPE_AT), Some(TYPE_AT - 1), hint]
        .into_iter()
        .flatten()
        .find_map(|type_at| placed_row(line, type_at))
}

/// Reads a line alone: as it is, then without a copy's dress, then by arithmetic only.
/// The second value is the cleaned line, if that is what was read. `respaced` allows rows
/// that have lost their columns.
pub(super) fn read(line: &[u8], hint: Option<usize>, respaced: bool) -> (Reading, Option<Vec<u8>>) {
    let by_arithmetic = |line: &[u8]| if respaced { by_arithmetic(line) } else { None };
    let plain = as_written(line, hint);
    if let Some(reading @ (Reading::Row(_) | Reading::Total | Reading::Kind(_))) = plain {
        return (reading, None);
    }
    let cleaned = handcopy::clean(line);
    let of_cleaned = cleaned
        .as_deref()
        .and_then(|line| as_written(line, hint).or_else(|| by_arithmetic(line)));
    let arithmetic = by_arithmetic(line);
    let proven = [&of_cleaned, &arithmetic]
        .into_iter()
        .flatten()
        .any(is_proven);
    if respaced && !proven {
        let dressed = cleaned.as_deref().unwrap_or(line);
        let guesses = handcopy::guesses(dressed).into_iter();
        let mut rows = guesses.filter_map(|guess| Some((by_arithmetic(&guess)?, guess)));
        if let Some((row, guess)) = rows.find(|(row, _)| is_proven(row)) {
            return (row, Some(guess));
        }
    }
    if let (Some(reading), Some(cleaned)) = (of_cleaned, cleaned) {
        return (reading, Some(cleaned));
    }
    match (arithmetic, plain) {
        (Some(row @ Reading::Row(_)), _) => (row, None),
        (_, Some(broken)) | (Some(broken), None) => (broken, None),
        (None, None) => (Reading::Kind(LineKind::Text), None),
    }
}

/// A row whose arithmetic holds, or a line that needs none.
fn is_proven(reading: &Reading) -> bool {
    match reading {
        Reading::Row(row) => check::check(&row.figures).1.is_ok(),
        Reading::Broken(_) => false,
        Reading::Total | Reading::Kind(_) => true,
    }
}

/// A row in its columns, a total or a header; `None` for text.
fn as_written(line: &[u8], hint: Option<usize>) -> Option<Reading> {
    match placed_line(line, hint) {
        Some(Ok(row)) => return Some(Reading::Row(row)),
        Some(Err(broken)) if is_row_beginning(broken) => return Some(Reading::Broken(broken)),
        Some(Err(_)) | None => {}
    }
    if total_row(line).is_some() {
        return Some(Reading::Total);
    }
    match kind(line) {
        LineKind::Text => None,
        kind => Some(Reading::Kind(kind)),
    }
}

/// Prose may have a word at the right place; numbers, or nothing at all, must follow.
fn is_row_beginning(broken: BrokenRow) -> bool {
    match broken.error {
        BrokenRowError::Figures(FigureError::Missing(_)) => true,
        BrokenRowError::Figures(error) => error.after_a_number(),
        BrokenRowError::NoTag => false,
    }
}

fn by_arithmetic(line: &[u8]) -> Option<Reading> {
    Some(match respaced_row(line, Grouping::Thousands)? {
        Ok(row) => Reading::Row(row),
        Err(broken) => Reading::Broken(broken),
    })
}

/// The heading under which a row that stays broken is counted.
pub(super) fn rejected_kind(broken: BrokenRow) -> RejectedKind {
    match broken.error {
        BrokenRowError::NoTag => RejectedKind::NoTag,
        BrokenRowError::Figures(FigureError::Missing(_)) => RejectedKind::MissingColumns,
        BrokenRowError::Figures(FigureError::NotANumber(_)) => RejectedKind::NotANumber,
        BrokenRowError::Figures(FigureError::TooLarge(_)) => RejectedKind::NumberTooLarge,
    }
}
