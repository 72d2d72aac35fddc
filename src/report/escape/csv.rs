//! CSV cells that a spreadsheet shows and never computes.

use super::visible::visible;

/// Whether cells are made harmless for spreadsheets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Neutral {
    /// Yes: nothing is taken for a formula, what does not show is written out. For people.
    #[default]
    Yes,
    /// No: the exact text, quoted by RFC 4180. For programs; never open it in a spreadsheet.
    No,
}

/// A text as a CSV cell with its quotes.
///
/// Neutral cells get an apostrophe before a character that begins a formula (`=`, `+`, `-`,
/// `@`, their full-width forms, tab and carriage return, as OWASP's page on CSV injection lists
/// them), also behind blanks and quotes, and also behind a semicolon inside the cell: a
/// spreadsheet whose locale separates by semicolons does not see these quotes.
pub fn csv_cell(text: &str, neutral: Neutral) -> String {
    let shown = match neutral {
        Neutral::No => text.to_owned(),
        Neutral::Yes => neutralised(&visible(text)),
    };
    format!("\"{}\"", shown.replace('"', "\"\""))
}

fn neutralised(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    for (place, part) in text.split(';').enumerate() {
        if place > 0 {
            out.push(';');
        }
        if part
            .trim_start_matches(PASSED_OVER)
            .starts_with(begins_formula)
        {
            out.push('\'');
        }
        out.push_str(part);
    }
    out
}

/// Characters behind which some importers still see a formula.
const PASSED_OVER: [char; 3] = [' ', '"', '\''];

/// Characters that some spreadsheet takes for the start of a formula.
fn begins_formula(c: char) -> bool {
    matches!(
        c,
        '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠' | '\u{2212}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_become_text() {
        for (text, cell) in [
            ("=1+1", "\"'=1+1\""),
            (" @SUM(A1)", "\"' @SUM(A1)\""),
            ("\"=1", "\"'\"\"=1\""),
            ("\t=1", "\"\\x09=1\""),
            ("＝1", "\"'＝1\""),
            ("-5", "\"'-5\""),
            ("a;=cmd|' /C calc'!A0", "\"a;'=cmd|' /C calc'!A0\""),
            ("a-b=c", "\"a-b=c\""),
            ("a\nb", "\"a\\x0ab\""),
        ] {
            assert_eq!(csv_cell(text, Neutral::Yes), cell);
        }
    }

    #[test]
    fn exact_cells_keep_every_character() {
        assert_eq!(csv_cell("=\"a\n\"", Neutral::No), "\"=\"\"a\n\"\"\"");
    }

    proptest! {
        #[test]
        fn no_part_of_a_neutral_cell_begins_a_formula(text in "[ \"';=+@＝a-]{0,12}|\\PC*") {
            let cell = csv_cell(&text, Neutral::Yes);
            let inner = cell[1..cell.len() - 1].replace("\"\"", "\"");
            for part in inner.split(';') {
                prop_assert!(!part.starts_with(begins_formula));
                prop_assert!(!part.trim_start_matches([' ', '"']).starts_with(begins_formula));
            }
        }
    }
}
