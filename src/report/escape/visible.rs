//! Which characters show as they are, and how the others are written out.

use std::fmt;

use unicode_width::UnicodeWidthChar;

/// Marks without a width that may follow one another on a letter. Written languages need up
/// to three; a pile of them paints over the lines above and below.
const MAX_MARKS: usize = 3;

/// What is shown for one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// The character itself.
    Kept(char),
    /// Its number.
    Written(char),
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Piece::Kept(c) => write!(f, "{c}"),
            Piece::Written(c) if u32::from(c) < 0x80 => write!(f, "\\x{:02x}", u32::from(c)),
            Piece::Written(c) => write!(f, "\\u{{{:x}}}", u32::from(c)),
        }
    }
}

/// What is shown for each character of a text, lazily: a text may be as long as it likes.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece> {
    // Before the first letter there is nothing of this text that a mark could sit on.
    let mut marks = MAX_MARKS;
    text.chars().map(move |c| {
        if is_hidden(c) {
            marks = MAX_MARKS;
            return Piece::Written(c);
        }
        if c.width() != Some(0) {
            marks = 0;
            return Piece::Kept(c);
        }
        marks = marks.saturating_add(1);
        match marks > MAX_MARKS {
            true => Piece::Written(c),
            false => Piece::Kept(c),
        }
    })
}

/// The text with everything written out that does not show or that moves what does: control
/// characters and escape sequences, marks of direction, characters of no width, fillers and
/// odd blanks, line separators, tag characters, private use, piles of combining marks.
///
/// ```
/// assert_eq!(poolsleuth::report::escape::visible("a\u{1b}[2Jb"), "a\\x1b[2Jb");
/// assert_eq!(poolsleuth::report::escape::visible("sys\u{202e}txt"), "sys\\u{202e}txt");
/// ```
pub fn visible(text: &str) -> String {
    match is_plain(text) {
        true => text.to_owned(),
        false => pieces(text).map(|piece| piece.to_string()).collect(),
    }
}

/// True for texts of ASCII's own ink and blanks, which are nearly all: each character of them is
/// kept.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// True for characters that are not ink, or not in the place where they stand.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || (c != ' ' && c.is_whitespace())
        || moves(c)
        || shows_nothing(c)
        || is_unassigned_for_good(c)
}

/// Characters that set the direction of others (Unicode's `Bidi_Control`).
fn moves(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that leave no ink (Unicode's `Default_Ignorable_Code_Point`, and a few more).
fn shows_nothing(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffc}' | '\u{13430}'..='\u{13455}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Private use and noncharacters: what they look like, each machine decides for itself.
fn is_unassigned_for_good(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{f0000}'..)
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_shows_is_kept() {
        for text in [
            "myfault.sys",
            "C:\\drivers\\a b.sys",
            "Müller & Söhne",
            "日本語",
            "e\u{301}a",
            "שלום",
        ] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn what_does_not_is_written_out() {
        for (text, shown) in [
            ("a\nb\r\tc", "a\\x0ab\\x0d\\x09c"),
            ("\0\u{7f}", "\\x00\\x7f"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("\u{1b}]52;c;aGk=\u{7}", "\\x1b]52;c;aGk=\\x07"),
            ("\u{200b}x\u{feff}", "\\u{200b}x\\u{feff}"),
            ("\u{2028}\u{a0}", "\\u{2028}\\u{a0}"),
            ("\u{e0041}\u{fe0f}", "\\u{e0041}\\u{fe0f}"),
            ("\u{e000}\u{ffff}", "\\u{e000}\\u{ffff}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn marks_need_a_letter_and_do_not_pile_up() {
        assert_eq!(visible("\u{301}a"), "\\u{301}a");
        assert_eq!(visible("\n\u{301}"), "\\x0a\\u{301}");
        let pile = format!("a{}", "\u{301}".repeat(5));
        assert_eq!(visible(&pile), "a\u{301}\u{301}\u{301}\\u{301}\\u{301}");
    }

    proptest! {
        #[test]
        fn the_short_way_and_the_long_way_agree(text in "[ -~]*") {
            let kept: Vec<Piece> = text.chars().map(Piece::Kept).collect();
            prop_assert!(is_plain(&text));
            prop_assert_eq!(pieces(&text).collect::<Vec<_>>(), kept);
        }

        #[test]
        fn nothing_hidden_is_left(text: String) {
            let shown = visible(&text);
            prop_assert!(!shown.chars().any(is_hidden));
            prop_assert_eq!(visible(&shown), shown);
        }
    }
}
