//! Cells of a row, and numbers in them.

/// The cells of a row. A cell may stand in quotes; a quote within is written twice and stays so,
/// because none of the cells that matter holds one.
pub(in crate::artifact) struct Fields<'a> {
    rest: Option<&'a str>,
    delimiter: char,
}

impl<'a> Fields<'a> {
    pub(in crate::artifact) fn new(line: &'a str, delimiter: char) -> Self {
        Fields {
            rest: Some(line),
            delimiter,
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let (cell, after) = match rest.trim_start_matches(' ').strip_prefix('"') {
            Some(inner) => {
                let end = closing_quote(inner);
                let after = inner.get(end..).unwrap_or_default();
                (inner.get(..end).unwrap_or(inner), after)
            }
            None => {
                let end = rest.find(self.delimiter).unwrap_or(rest.len());
                (&rest[..end], &rest[end..])
            }
        };
        self.rest = after
            .find(self.delimiter)
            .and_then(|at| after.get(at + self.delimiter.len_utf8()..));
        Some(cell)
    }
}

/// Where a quoted cell ends.
fn closing_quote(inner: &str) -> usize {
    let mut from = 0;
    while let Some(at) = inner.get(from..).and_then(|rest| rest.find('"')) {
        let quote = from + at;
        if !inner[quote + 1..].starts_with('"') {
            return quote;
        }
        from = quote + 2;
    }
    inner.len()
}

/// What separates the cells behind a first one that is `first` bytes long, quotes included: the
/// character that stands there if it is one that programs write.
pub(super) fn delimiter(line: &str) -> char {
    let behind = match line.trim_start().strip_prefix('"') {
        Some(inner) => inner
            .get(closing_quote(inner) + 1..)
            .and_then(|rest| rest.trim_start_matches(' ').chars().next()),
        None => line.chars().find(|c| matches!(c, ',' | '\t' | ';')),
    };
    behind
        .filter(|c| matches!(c, ',' | '\t' | ';'))
        .unwrap_or(',')
}

/// What a cell of a counter holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    /// A sample.
    Value(u64),
    /// No sample was taken.
    Missing,
    /// Something that is no count.
    Unreadable,
}

/// Reads a counter that counts something: not negative, below 2^63, the fraction dropped.
pub(super) fn cell(text: &str, decimal_comma: bool) -> Cell {
    let text = text.trim().trim_matches('"').trim();
    if text.is_empty() || text == "-" {
        return Cell::Missing;
    }
    let number = if decimal_comma {
        text.replace(',', ".").parse::<f64>()
    } else {
        text.parse::<f64>()
    };
    match number {
        // A counter that was not there for the first sample is written as -1 by some versions.
        Ok(-1.0) => Cell::Missing,
        Ok(value) if (0.0..9.2e18).contains(&value) => Cell::Value(value as u64),
        _ => Cell::Unreadable,
    }
}
