//! The numbers of one table line, left to right from the `Type` column.
//!
//! The program's own forms: `Allocs Frees Diff Bytes PerAlloc`, and on the live screen a
//! change in parentheses after the first, second and fourth. Every number is preceded by a
//! blank or a parenthesis, so wide values shift columns but never fuse.

/// A number as printed: sign and magnitude, because the same counter is printed signed by
/// one build and unsigned by another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Number {
    pub negative: bool,
    pub magnitude: u64,
}

impl Number {
    /// The value in 64-bit two's complement; a magnitude above 2^63 wraps as it did in print.
    pub fn signed(self) -> i64 {
        self.unsigned().cast_signed()
    }

    /// The same bits, unsigned.
    pub fn unsigned(self) -> u64 {
        if self.negative {
            self.magnitude.wrapping_neg()
        } else {
            self.magnitude
        }
    }
}

/// The numbers of a line and where they stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Figures {
    pub allocs: Number,
    pub frees: Number,
    pub diff: Number,
    pub bytes: Number,
    pub per_alloc: Option<Number>,
    /// Changes of allocs, frees and bytes: all or none.
    pub changes: Option<[Number; 3]>,
    /// Index after the last number.
    pub end: usize,
    /// Index after the first number, and the width between the parentheses behind `Bytes`.
    pub first_end: usize,
    pub bytes_change_width: usize,
}

/// Why a line's numbers could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FigureError {
    /// The line ends after this many numbers.
    Missing(u8),
    /// Something that is no number follows this many numbers.
    NotANumber(u8),
    /// A number does not fit 64 bits.
    TooLarge(u8),
}

impl FigureError {
    /// True when the line began as a row does: with a number, however large.
    pub fn after_a_number(self) -> bool {
        self.read() > 0 || matches!(self, FigureError::TooLarge(_))
    }

    /// Numbers that were read before the error.
    pub fn read(self) -> u8 {
        match self {
            FigureError::Missing(n) | FigureError::NotANumber(n) | FigureError::TooLarge(n) => n,
        }
    }
}

/// Whether `1,234` counts as a number. Only for hand copies, where arithmetic decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    None,
    Thousands,
}

/// Reads the numbers that start in `line` at or after `from`.
pub(super) fn read(line: &[u8], from: usize, grouping: Grouping) -> Result<Figures, FigureError> {
    let mut cursor = Cursor {
        line,
        at: from,
        count: 0,
        grouping,
    };
    let allocs = cursor.number()?;
    let first_end = cursor.at;
    let allocs_change = cursor.change()?;
    let frees = cursor.number()?;
    let frees_change = cursor.change()?;
    let diff = cursor.number()?;
    let bytes = cursor.number()?;
    let before = cursor.at;
    let bytes_change = cursor.change()?;
    let bytes_change_width = bytes_change.map_or(0, |_| cursor.width_in_parentheses(before));
    let per_alloc = match cursor.number() {
        Ok(number) => Some(number),
        Err(FigureError::Missing(_)) => None,
        Err(other) => return Err(other),
    };
    let changes = match (allocs_change, frees_change, bytes_change) {
        (Some(a), Some(f), Some(b)) => Some([a, f, b]),
        (None, None, None) => None,
        (Some(_), Some(_), None) if per_alloc.is_none() => {
            return Err(FigureError::Missing(cursor.count));
        }
        _ => return Err(FigureError::NotANumber(cursor.count)),
    };
    let end = cursor.at;
    Ok(Figures {
        allocs,
        frees,
        diff,
        bytes,
        per_alloc,
        changes,
        end,
        first_end,
        bytes_change_width,
    })
}

struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
    count: u8,
    grouping: Grouping,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// A number that is followed by a blank, a parenthesis, a bracket or the line's end.
    fn number(&mut self) -> Result<Number, FigureError> {
        self.skip_blanks();
        let negative = self.peek() == Some(b'-');
        let mut at = self.at + usize::from(negative);
        let first = at;
        let mut magnitude: u64 = 0;
        while let Some(digit) = self.line.get(at).and_then(|b| digit(*b)) {
            magnitude = magnitude
                .checked_mul(10)
                .and_then(|m| m.checked_add(digit))
                .ok_or(FigureError::TooLarge(self.count))?;
            at += 1;
            at += usize::from(self.is_group_mark(first, at));
        }
        if at == first {
            let nothing = self.peek().is_none();
            let why = if nothing {
                FigureError::Missing
            } else {
                FigureError::NotANumber
            };
            return Err(why(self.count));
        }
        if !matches!(
            self.line.get(at),
            None | Some(b' ' | b'\t' | b'\r' | b'(' | b')' | b'[')
        ) {
            return Err(FigureError::NotANumber(self.count));
        }
        self.at = at;
        self.count += 1;
        Ok(Number {
            negative,
            magnitude,
        })
    }

    /// Whether a thousands mark stands at `at`, with digits before and exactly three after.
    fn is_group_mark(&self, first: usize, at: usize) -> bool {
        let is_digit = |i: usize| self.line.get(i).is_some_and(u8::is_ascii_digit);
        self.grouping == Grouping::Thousands
            && at > first
            && matches!(self.line.get(at), Some(b',' | b'.' | b'\''))
            && (at + 1..=at + 3).all(is_digit)
            && !is_digit(at + 4)
    }

    /// A change in parentheses, if one follows.
    fn change(&mut self) -> Result<Option<Number>, FigureError> {
        self.skip_blanks();
        if self.peek() != Some(b'(') {
            return Ok(None);
        }
        self.at += 1;
        let counted = self.count;
        let number = self.number()?;
        self.count = counted;
        self.skip_blanks();
        match self.peek() {
            Some(b')') => self.at += 1,
            Some(_) => return Err(FigureError::NotANumber(self.count)),
            None => return Err(FigureError::Missing(self.count)),
        }
        Ok(Some(number))
    }

    fn width_in_parentheses(&self, before: usize) -> usize {
        let inside = self.line.get(before..self.at).unwrap_or_default();
        let open = inside
            .iter()
            .position(|&b| b == b'(')
            .map_or(inside.len(), |p| p + 1);
        inside.len().saturating_sub(open + 1)
    }
}

fn digit(byte: u8) -> Option<u64> {
    byte.is_ascii_digit().then(|| u64::from(byte - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(figures: &Figures) -> Vec<i64> {
        let per_alloc = figures.per_alloc.into_iter();
        [figures.allocs, figures.frees, figures.diff, figures.bytes]
            .into_iter()
            .chain(per_alloc)
            .map(Number::signed)
            .collect()
    }

    #[test]
    fn plain_numbers() {
        let read = read(b"  7  5 2\t640 320   tail", 0, Grouping::None).unwrap();
        assert_eq!(signed(&read), [7, 5, 2, 640, 320]);
        assert_eq!((read.end, read.changes), (16, None));
    }

    #[test]
    fn changes_in_parentheses_with_any_blanks() {
        let line = b" 7 (  -3) 5(0) 2 640 (     16 )    320";
        let read = read(line, 0, Grouping::None).unwrap();
        assert_eq!(signed(&read), [7, 5, 2, 640, 320]);
        assert_eq!(read.changes.unwrap().map(Number::signed), [-3, 0, 16]);
        assert_eq!(read.bytes_change_width, 8);
    }

    #[test]
    fn what_is_missing_or_wrong_is_said() {
        let of = |line: &[u8]| read(line, 0, Grouping::None);
        assert_eq!(of(b" 7 5"), Err(FigureError::Missing(2)));
        assert_eq!(of(b" 7 (5"), Err(FigureError::Missing(1)));
        assert_eq!(of(b" 7 (1) 5 (1) 2 64"), Err(FigureError::Missing(4)));
        assert_eq!(of(b"words"), Err(FigureError::NotANumber(0)));
        assert_eq!(of(b" 7 5 2 64O 320"), Err(FigureError::NotANumber(3)));
        assert_eq!(of(b" 7 (1) 5 2 640 320"), Err(FigureError::NotANumber(5)));
        assert_eq!(
            of(b" 7 99999999999999999999 1 1 1"),
            Err(FigureError::TooLarge(1))
        );
        assert!(of(b" 7 5 2 640").unwrap().per_alloc.is_none());
    }

    #[test]
    fn unsigned_print_of_a_negative_wraps_back() {
        let read = read(b"1 3 18446744073709551614 -128 64", 0, Grouping::None).unwrap();
        assert_eq!(read.diff.signed(), -2);
        assert_eq!(read.bytes.signed(), -128);
    }

    #[test]
    fn thousands_marks_only_when_asked() {
        let line = b"1,137 263 874 27.968 32";
        assert_eq!(
            read(line, 0, Grouping::None),
            Err(FigureError::NotANumber(0))
        );
        assert_eq!(
            signed(&read(line, 0, Grouping::Thousands).unwrap()),
            [1137, 263, 874, 27968, 32]
        );
        assert!(read(b"1,13 2 3 4 5", 0, Grouping::Thousands).is_err());
    }
}
