//! Terminals: columns, not characters.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::visible::{Piece, pieces};

/// What a terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// Any character.
    #[default]
    Unicode,
    /// ASCII only: everything else is spelled in it, or written out.
    Ascii,
}

impl Charset {
    /// The sign for text that was cut off.
    pub const fn ellipsis(self) -> &'static str {
        match self {
            Charset::Unicode => "…",
            Charset::Ascii => "...",
        }
    }
}

/// The text as a terminal may get it: see [`super::visible`].
pub fn terminal(text: &str, charset: Charset) -> String {
    shown(text, charset).collect()
}

/// The columns that a text takes which is already made for the terminal.
///
/// Terminals add up characters; newer ones join some of them. The larger figure counts, so
/// that no line is ever longer than thought.
pub fn columns(text: &str) -> usize {
    let sum = text.chars().map(|c| c.width().unwrap_or(0)).sum();
    text.width().max(sum)
}

/// The beginning of a text, made for the terminal, in at most `room` columns; an ellipsis says
/// that something was cut off. Reads no more of the text than it shows.
pub fn fit(text: &str, room: usize, charset: Charset) -> String {
    cut(shown(text, charset), room, charset)
}

/// The end of a text, as [`fit`] its beginning: for paths, whose last part tells most.
pub fn fit_end(text: &str, room: usize, charset: Charset) -> String {
    let parts: Vec<String> = shown(text, charset).collect();
    let total: usize = parts.iter().map(|part| columns(part)).sum();
    if total <= room {
        return parts.concat();
    }
    let sign = sign_within(room, charset);
    let mut left = room.saturating_sub(columns(sign));
    let kept = parts
        .iter()
        .rev()
        .take_while(|part| take(&mut left, part))
        .count();
    // A mark must not move from its letter to the ellipsis.
    let tail = parts
        .iter()
        .skip(parts.len() - kept)
        .skip_while(|part| columns(part) == 0);
    sign.chars()
        .map(String::from)
        .chain(tail.cloned())
        .collect()
}

/// A text, made for the terminal, in at most `most` lines of at most `room` columns, broken at
/// blanks where there are any. If it is longer, the last line ends in an ellipsis.
pub fn wrap(text: &str, room: usize, most: usize, charset: Charset) -> Vec<String> {
    let parts = beginning(text, room.saturating_mul(most.saturating_add(1)), charset);
    let mut lines = Vec::new();
    let mut rest = parts.as_slice();
    while lines.len() < most {
        while let [first, after @ ..] = rest
            && first == " "
        {
            rest = after;
        }
        if rest.is_empty() {
            break;
        }
        let end = match lines.len() + 1 == most {
            true => rest.len(),
            false => line_end(rest, room),
        };
        let (line, after) = rest.split_at(end);
        lines.push(
            cut(line.iter().cloned(), room, charset)
                .trim_end()
                .to_owned(),
        );
        rest = after;
    }
    lines
}

/// The first parts of a text, a little more than `room` columns of them. Runs of blanks count
/// as one, so that a text of blanks does not hide what follows.
fn beginning(text: &str, room: usize, charset: Charset) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut used = 0;
    for part in shown(text, charset) {
        if part == " " && parts.last().is_none_or(|last| last == " ") {
            continue;
        }
        used += columns(&part);
        parts.push(part);
        if used > room {
            break;
        }
    }
    parts
}

/// How many parts make the next line: up to the last blank that fits, else what fits, else one.
fn line_end(parts: &[String], room: usize) -> usize {
    let mut left = room;
    let fitting = parts
        .iter()
        .take_while(|part| take(&mut left, part))
        .count();
    match parts.get(fitting) {
        None => fitting,
        Some(next) if next == " " => fitting,
        Some(_) => parts
            .iter()
            .take(fitting)
            .rposition(|part| part == " ")
            .unwrap_or(fitting)
            .max(1),
    }
}

/// The parts that fit, with an ellipsis if not all do.
fn cut(parts: impl Iterator<Item = String>, room: usize, charset: Charset) -> String {
    let sign = sign_within(room, charset);
    let keep = room.saturating_sub(columns(sign));
    let (mut out, mut used, mut kept) = (String::new(), 0, 0);
    for part in parts {
        used += columns(&part);
        if used > room {
            out.truncate(kept);
            return out + sign;
        }
        out.push_str(&part);
        if used <= keep {
            kept = out.len();
        }
    }
    out
}

/// As much of the ellipsis as there is room for.
fn sign_within(room: usize, charset: Charset) -> &'static str {
    let sign = charset.ellipsis();
    match charset {
        Charset::Unicode if room == 0 => "",
        Charset::Unicode => sign,
        Charset::Ascii => sign.get(..room.min(sign.len())).unwrap_or(sign),
    }
}

/// Takes the columns of `part` from `left`, if there are so many.
fn take(left: &mut usize, part: &str) -> bool {
    match left.checked_sub(columns(part)) {
        Some(after) => {
            *left = after;
            true
        }
        None => false,
    }
}

/// What is shown for each character.
fn shown(text: &str, charset: Charset) -> impl Iterator<Item = String> {
    pieces(text).map(move |piece| match (charset, piece) {
        (Charset::Ascii, Piece::Kept(c)) if !c.is_ascii() => match in_ascii(c) {
            Some(spelled) => spelled.to_owned(),
            None => Piece::Written(c).to_string(),
        },
        (_, piece) => piece.to_string(),
    })
}

/// Signs of our own sentences in ASCII.
fn in_ascii(c: char) -> Option<&'static str> {
    Some(match c {
        '–' | '—' | '−' | '‐' | '‑' => "-",
        '‘' | '’' => "'",
        '“' | '”' | '„' | '«' | '»' => "\"",
        '×' => "x",
        '→' => "->",
        '≤' => "<=",
        '≥' => ">=",
        '±' => "+-",
        '…' => "...",
        '·' | '•' => "*",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cut_texts_say_so_and_escapes_stay_whole() {
        assert_eq!(fit("myfault.sys", 11, Charset::Unicode), "myfault.sys");
        assert_eq!(fit("myfault.sys", 8, Charset::Unicode), "myfault…");
        assert_eq!(fit("myfault.sys", 8, Charset::Ascii), "myfau...");
        assert_eq!(fit("ab\u{202e}c", 8, Charset::Unicode), "ab…");
        assert_eq!(fit("日本語", 5, Charset::Unicode), "日本…");
        assert_eq!(fit("日本語", 4, Charset::Unicode), "日…");
        assert_eq!(
            fit_end("drivers/myfault.sys", 12, Charset::Unicode),
            "…myfault.sys"
        );
        assert_eq!(fit_end("ae\u{301}b", 2, Charset::Unicode), "…b");
    }

    #[test]
    fn ascii_spells_what_it_can() {
        assert_eq!(terminal("3 – 4 × 5…", Charset::Ascii), "3 - 4 x 5...");
        assert_eq!(terminal("ü日", Charset::Ascii), "\\u{fc}\\u{65e5}");
    }

    #[test]
    fn lines_break_at_blanks_or_where_they_must() {
        let lines = |text, most| wrap(text, 6, most, Charset::Unicode);
        assert_eq!(lines("one two  three", 4), ["one", "two", "three"]);
        assert_eq!(lines("abcdefghij", 4), ["abcdef", "ghij"]);
        assert_eq!(lines("one two three", 2), ["one", "two t…"]);
        assert_eq!(lines("", 2), [""; 0]);
        assert_eq!(lines("onetwo three", 3), ["onetwo", "three"]);
    }

    #[test]
    fn a_long_text_is_not_read_to_its_end() {
        let long = "x".repeat(50_000_000);
        assert_eq!(columns(&fit(&long, 80, Charset::Unicode)), 80);
        assert_eq!(wrap(&long, 80, 3, Charset::Unicode).len(), 3);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_room(text: String, room in 0_usize..40, ascii: bool) {
            let charset = if ascii { Charset::Ascii } else { Charset::Unicode };
            prop_assert!(columns(&fit(&text, room, charset)) <= room);
            prop_assert!(columns(&fit_end(&text, room, charset)) <= room);
            for line in wrap(&text, room, 3, charset) {
                prop_assert!(columns(&line) <= room);
                prop_assert!(charset == Charset::Unicode || line.is_ascii());
            }
        }

        #[test]
        fn what_fits_is_left_as_it_is(text: String) {
            let whole = terminal(&text, Charset::Unicode);
            prop_assert_eq!(fit(&text, columns(&whole), Charset::Unicode), whole);
        }
    }
}
