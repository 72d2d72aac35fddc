//! Text of strangers, cut to a length and escaped.

use std::fmt::Write as _;

use crate::report::escape;

/// What becomes of line breaks and tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Shown as escapes: a name or a sentence stays on its line.
    Inline,
    /// Kept: the text stands in a block that keeps its layout.
    Block,
}

/// Appends at most `longest` characters of `text`, and says how many more there are.
pub fn push(out: &mut String, text: &str, longest: usize, layout: Layout) {
    // A text has no more characters than bytes.
    let beyond = (text.len() > longest).then(|| text.char_indices().nth(longest));
    let end = beyond.flatten().map_or(text.len(), |(at, _)| at);
    let (shown, rest) = text.split_at(end);
    match layout {
        Layout::Inline => escape::push_html(out, shown),
        Layout::Block => block(out, shown),
    }
    let more = rest.chars().count();
    if more > 0 {
        // Writing to a String cannot fail.
        let _ = write!(out, "… ({more} more characters in report.json)");
    }
}

fn block(out: &mut String, text: &str) {
    let text = text.strip_suffix('\n').unwrap_or(text);
    for part in text.split_inclusive(['\n', '\t']) {
        let kept = part
            .chars()
            .next_back()
            .filter(|c| matches!(c, '\n' | '\t'));
        let bare = kept.and_then(|c| part.strip_suffix(c)).unwrap_or(part);
        // A carriage return before the line feed ends the line as well.
        let bare = match kept {
            Some('\n') => bare.strip_suffix('\r').unwrap_or(bare),
            _ => bare,
        };
        escape::push_html(out, bare);
        out.extend(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pushed(text: &str, longest: usize, layout: Layout) -> String {
        let mut out = String::new();
        push(&mut out, text, longest, layout);
        out
    }

    #[test]
    fn a_block_keeps_its_layout_and_a_line_does_not() {
        assert_eq!(pushed("a\r\n\tb\n", 99, Layout::Block), "a\n\tb");
        assert_eq!(pushed("a\n\tb", 99, Layout::Inline), "a\\x0a\\x09b");
    }

    #[test]
    fn a_clip_says_what_it_left_out() {
        assert_eq!(
            pushed("äb<d", 2, Layout::Block),
            "äb… (2 more characters in report.json)"
        );
        assert_eq!(pushed("äb", 2, Layout::Inline), "äb");
    }

    proptest! {
        #[test]
        fn nothing_escapes(text in any::<String>(), longest in 0usize..50) {
            for layout in [Layout::Inline, Layout::Block] {
                let out = pushed(&text, longest, layout);
                let is_clean = !out.contains(['<', '>', '"', '\'', '\0', '\u{202e}']);
                prop_assert!(is_clean, "{}", out);
            }
        }
    }
}
