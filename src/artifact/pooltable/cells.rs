//! Cells of a line, and numbers as people and locales write them.

use std::borrow::Cow;

/// How cells are delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// In double quotes where needed; a quote within is doubled.
    Quoted,
    /// As they are, delimiters within included.
    Plain,
}

/// Most cells of a line; tables of pool tags have at most 27.
const MAX_CELLS: usize = 128;

/// The cells of a line.
pub(super) fn split(line: &str, delimiter: u8, quoting: Quoting) -> Vec<Cow<'_, str>> {
    let delimiter = char::from(delimiter);
    if quoting == Quoting::Plain {
        let plain = line.split(delimiter).take(MAX_CELLS);
        return plain.map(Cow::Borrowed).collect();
    }
    let mut cells = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest.filter(|_| cells.len() < MAX_CELLS) {
        let (cell, after) = match text.trim_start_matches(' ').strip_prefix('"') {
            Some(quoted) => quoted_cell(quoted, delimiter),
            None => match text.split_once(delimiter) {
                Some((cell, after)) => (Cow::Borrowed(cell), Some(after)),
                None => (Cow::Borrowed(text), None),
            },
        };
        cells.push(cell);
        rest = after;
    }
    cells
}

/// The cell that begins after a quote, and what stands behind its delimiter.
fn quoted_cell(text: &str, delimiter: char) -> (Cow<'_, str>, Option<&str>) {
    let mut from = 0;
    loop {
        let Some(at) = text.get(from..).and_then(|t| t.find('"')) else {
            // Never closed: the rest of a torn line.
            return (Cow::Borrowed(text), None);
        };
        let end = from + at;
        let after = text.get(end + 1..).unwrap_or_default();
        if after.starts_with('"') {
            from = end + 2;
            continue;
        }
        let cell = text.get(..end).unwrap_or_default();
        let cell = if cell.contains("\"\"") {
            Cow::Owned(cell.replace("\"\"", "\""))
        } else {
            Cow::Borrowed(cell)
        };
        let behind = after.split_once(delimiter).map(|(_, behind)| behind);
        return (cell, behind);
    }
}

/// Signs that stand between groups of digits: comma, dot, apostrophes, and blanks of every width.
fn is_mark(c: char) -> bool {
    matches!(
        c,
        ',' | '.' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '٬'
    )
}

/// A whole number with or without marks between groups of digits: the last group has three
/// digits, those before it two or three (India writes 12,34,567), and all marks are alike.
pub(super) fn whole(text: &str) -> Option<i128> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '\u{2212}']);
    let digits = unsigned.unwrap_or(text);
    let magnitude = grouped(digits)?;
    Some(if unsigned.is_some() {
        -magnitude
    } else {
        magnitude
    })
}

fn grouped(text: &str) -> Option<i128> {
    let mark = text.chars().find(|c| is_mark(*c));
    let Some(mark) = mark else {
        return digits(text);
    };
    let groups: Vec<&str> = text.split(mark).collect();
    let (last, before) = groups.split_last()?;
    let (first, middle) = before.split_first()?;
    let shaped = last.len() == 3
        && (1..=3).contains(&first.len())
        && middle.iter().all(|group| matches!(group.len(), 2 | 3));
    if !shaped {
        return None;
    }
    digits(&groups.concat())
}

fn digits(text: &str) -> Option<i128> {
    let sane = !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
    sane.then(|| text.parse().ok())?
}

/// A size in bytes, and the most that rounding took from it or gave to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub bytes: i128,
    pub rounded: bool,
}

/// Units of sizes and their powers of 1,024.
const UNITS: [(&str, u32); 6] = [
    ("b", 0),
    ("kb", 1),
    ("mb", 2),
    ("gb", 3),
    ("tb", 4),
    ("kib", 1),
];

/// A size with or without a unit: `1,024`, `512 B`, `96 kB`, `1,23 MB`. Tools print at most two
/// decimals, so that three digits behind a lone mark are a group.
pub(super) fn size(text: &str) -> Option<Size> {
    let text = text.trim();
    let letters = text.find(|c: char| c.is_alphabetic());
    let (number, unit) = text.split_at_checked(letters.unwrap_or(text.len()))?;
    let number = number.trim();
    let folded = unit.trim().to_lowercase();
    if folded.is_empty() {
        return whole(number).map(|bytes| Size {
            bytes,
            rounded: false,
        });
    }
    let power = UNITS.iter().find(|(name, _)| *name == folded)?.1;
    let (whole_part, decimals) = decimal(number)?;
    let scale = 1024i128.pow(power);
    let fraction: i128 = format!("{decimals:0<2}").parse().ok()?;
    let bytes = whole_part
        .checked_mul(scale)?
        .checked_add(fraction * scale / 100)?;
    Some(Size {
        bytes,
        rounded: power > 0,
    })
}

/// The whole part of a number and its decimals, one or two or none.
fn decimal(text: &str) -> Option<(i128, &str)> {
    if let Some(number) = whole(text) {
        return Some((number, ""));
    }
    let at = text.rfind(is_mark)?;
    let (before, after) = text.split_at_checked(at)?;
    let mark = after.chars().next()?;
    let decimals = after.get(mark.len_utf8()..)?;
    let sane = matches!(decimals.len(), 1 | 2) && decimals.bytes().all(|b| b.is_ascii_digit());
    // One sign cannot be both marks.
    (sane && matches!(mark, '.' | ',' | '\'') && !before.contains(mark))
        .then(|| Some((whole(before)?, decimals)))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_and_delimiters() {
        let of = |line, quoting| split(line, b',', quoting).join("|");
        assert_eq!(of(r#""a","b,c","d""e""#, Quoting::Quoted), r#"a|b,c|d"e"#);
        assert_eq!(of(r#"a,"b","Cs@""""#, Quoting::Quoted), r#"a|b|Cs@""#);
        assert_eq!(of(r#"Cs@",Paged,1,"#, Quoting::Plain), r#"Cs@"|Paged|1|"#);
        assert_eq!(of(r#""torn"#, Quoting::Quoted), "torn");
        assert_eq!(of("", Quoting::Quoted), "");
    }

    #[test]
    fn thousands_of_every_locale() {
        for text in [
            "1234567",
            "1,234,567",
            "1.234.567",
            "1'234'567",
            "1’234’567",
            "1 234 567",
            "1\u{a0}234\u{a0}567",
            "1\u{202f}234\u{202f}567",
            "12,34,567",
        ] {
            assert_eq!(whole(text), Some(1_234_567), "{text}");
        }
        assert_eq!(whole("-12"), Some(-12));
        for text in [
            "",
            "1,23",
            "1,2345",
            "1.234,567",
            "1,,234",
            "12a",
            "1e3",
            "0x10",
        ] {
            assert_eq!(whole(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_with_units() {
        let of = |text: &str| size(text).map(|s| s.bytes);
        assert_eq!(of("1,024"), Some(1024));
        assert_eq!(of("512 B"), Some(512));
        assert_eq!(of("96 kB"), Some(98_304));
        assert_eq!(of("1.5 MB"), Some(1_572_864));
        assert_eq!(of("1,50 MB"), Some(1_572_864));
        assert_eq!(of("1.234,5 kB"), Some(1_264_128));
        assert_eq!(of("1,234 B"), Some(1234));
        assert_eq!(of("1.5"), None);
        assert_eq!(of("5 apples"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_split_and_read(line in "\\PC{0,60}") {
            for quoting in [Quoting::Quoted, Quoting::Plain] {
                prop_assert!(!split(&line, b',', quoting).is_empty());
            }
            let _ = (whole(&line), size(&line));
        }
    }
}
