//! Text of strangers, made harmless for HTML.
//!
//! Markup characters become references; characters that are not seen, or that reorder what is
//! seen, become visible escapes. Nothing is dropped.

use std::fmt::Write as _;

/// What becomes of line breaks and tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Shown as escapes: a name or a sentence stays on its line.
    Inline,
    /// Kept: the text stands in a block that keeps its layout.
    Block,
}

/// Characters that show nothing or change the order of others: joiners, fillers, direction
/// marks, separators, tags and interlinear marks (Unicode general category `Cf` and fillers).
const UNSEEN: &[std::ops::RangeInclusive<char>] = &[
    '\u{00ad}'..='\u{00ad}',
    '\u{034f}'..='\u{034f}',
    '\u{0600}'..='\u{0605}',
    '\u{061c}'..='\u{061c}',
    '\u{06dd}'..='\u{06dd}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{110bd}'..='\u{110bd}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

fn is_unseen(c: char) -> bool {
    c.is_control() || UNSEEN.iter().any(|range| range.contains(&c))
}

/// Appends one character, safe in element content and in quoted attributes.
pub fn push(out: &mut String, c: char, layout: Layout) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        '\n' | '\t' if layout == Layout::Block => out.push(c),
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        _ if is_unseen(c) => push_code(out, c),
        _ => out.push(c),
    }
}

fn push_code(out: &mut String, c: char) {
    let code = u32::from(c);
    // Writing to a String cannot fail.
    let _ = if code < 0x80 {
        write!(out, "\\x{code:02x}")
    } else {
        write!(out, "\\u{{{code:x}}}")
    };
}

/// Appends at most `longest` characters of `text`, and says how many more there are.
pub fn push_clipped(out: &mut String, text: &str, longest: usize, layout: Layout) {
    let mut rest = text.chars();
    for c in rest.by_ref().take(longest) {
        push(out, c, layout);
    }
    let more = rest.count();
    if more > 0 {
        let _ = write!(out, "… ({more} more characters in report.json)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inline(text: &str) -> String {
        let mut out = String::new();
        push_clipped(&mut out, text, usize::MAX, Layout::Inline);
        out
    }

    #[test]
    fn markup_is_shown_not_obeyed() {
        assert_eq!(
            inline("<a href='x' b=\"y\">&amp;"),
            "&lt;a href=&#39;x&#39; b=&quot;y&quot;&gt;&amp;amp;"
        );
    }

    #[test]
    fn what_is_not_seen_is_shown() {
        assert_eq!(inline("a\0b\u{202e}c\r\n"), "a\\x00b\\u{202e}c\\r\\n");
        assert_eq!(inline("\u{1b}]52;c;x\u{7}"), "\\x1b]52;c;x\\x07");
        assert_eq!(
            inline("\u{85}\u{feff}\u{e0041}"),
            "\\u{85}\\u{feff}\\u{e0041}"
        );
    }

    #[test]
    fn letters_of_any_script_stay() {
        assert_eq!(inline("Größe שלום 測試 😀"), "Größe שלום 測試 😀");
    }

    #[test]
    fn a_clip_says_what_it_left_out() {
        let mut out = String::new();
        push_clipped(&mut out, "äbcd", 2, Layout::Block);
        assert_eq!(out, "äb… (2 more characters in report.json)");
    }

    proptest! {
        #[test]
        fn nothing_escapes(text in any::<String>()) {
            let out = inline(&text);
            prop_assert!(!out.contains(['<', '>', '"', '\'']));
            prop_assert!(!out.chars().any(is_unseen));
            let bare = out.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
                .replace("&quot;", "").replace("&#39;", "");
            prop_assert!(!bare.contains('&'));
        }
    }
}
