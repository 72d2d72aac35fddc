//! Rows as people pass them on: behind what a search or a mail put before them.
//!
//! ```text
//! httperr1.log:2026-03-01 …      findstr, grep      [12]2026-03-01 …      find /n
//! httperr1.log:12:2026-03-01 …   Select-String      > 2026-03-01 …        a quoted mail
//! 2026-03-01<TAB>10:00:05<TAB>…  a table
//! ```

use std::borrow::Cow;

use super::clock::{STAMP_LEN, stamp};

/// Most bytes before a row: Windows' longest path (`MAX_PATH`), and a line number.
const MAX_PREFIX: usize = 260 + 12;

/// Bytes that may stand right before a row: what ends a name or a number, and marks of quoting.
const ENDS_PREFIX: &[u8] = b":]>|\"' \t-";

/// The row of `line`, without what stands before its date; `None` if it begins as rows do, or
/// holds none.
pub(super) fn row_in(line: &[u8]) -> Option<Cow<'_, [u8]>> {
    if stamp(line).is_some() {
        return None;
    }
    if let Some(row) = behind_prefix(line) {
        return Some(Cow::Borrowed(row));
    }
    // http.sys writes no tab, so those of a row are somebody's columns.
    if !line.contains(&b'\t') {
        return None;
    }
    let blanks: Vec<u8> = line
        .iter()
        .map(|&byte| if byte == b'\t' { b' ' } else { byte })
        .collect();
    if stamp(&blanks).is_some() {
        return Some(Cow::Owned(blanks));
    }
    behind_prefix(&blanks).map(|row| Cow::Owned(row.to_vec()))
}

fn behind_prefix(line: &[u8]) -> Option<&[u8]> {
    let last = line.len().checked_sub(STAMP_LEN)?.min(MAX_PREFIX);
    let begins = |at: &usize| {
        let before = line.get(at - 1).is_some_and(|b| ENDS_PREFIX.contains(b));
        before && line.get(*at..).is_some_and(|row| stamp(row).is_some())
    };
    let at = (1..=last).find(begins)?;
    line.get(at..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_found_behind_names_numbers_and_quotes() {
        let row = "2026-03-01 10:00:05 - - - 3_Connections_Refused -";
        for before in [
            "httperr1.log:",
            "httperr1.log:12:",
            r"C:\Windows\System32\LogFiles\HTTPERR\httperr1.log:12:",
            "[12]",
            "12:",
            "> ",
            "> > ",
            ">",
            "\"",
            "| ",
        ] {
            let line = format!("{before}{row}");
            assert_eq!(
                row_in(line.as_bytes()).as_deref(),
                Some(row.as_bytes()),
                "{line}"
            );
        }
        let tabs = row.replace(' ', "\t");
        assert_eq!(row_in(tabs.as_bytes()).as_deref(), Some(row.as_bytes()));
        let both = format!("a.log:{tabs}");
        assert_eq!(row_in(both.as_bytes()).as_deref(), Some(row.as_bytes()));
    }

    #[test]
    fn a_row_that_begins_a_line_and_a_date_in_a_word_are_left_alone() {
        for line in [
            "2026-03-01 10:00:05 - - - 3_Connections_Refused -",
            "build2026-03-01 10:00:05 QueueFull",
            "no date at all",
            "2026-03-01",
            "",
        ] {
            assert_eq!(row_in(line.as_bytes()), None, "{line}");
        }
        let far = format!("{}: 2026-03-01 10:00:05 URL -", "x".repeat(MAX_PREFIX));
        assert_eq!(row_in(far.as_bytes()), None);
    }
}
