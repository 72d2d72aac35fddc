//! Markdown as GitHub, GitLab, Azure DevOps and Jira's converters read it.
//!
//! They agree on little: which characters a backslash protects, when a bare address becomes a
//! link, whether `@name` and `#12` are looked for after the Markdown is done. All agree that
//! nothing happens inside inline code. So whatever is not a plain word goes there.

use super::visible::visible;

/// A text as inline code, also for a table cell: one line, nothing in it is acted on. A bar
/// is written out, because dialects differ on when a backslash protects it in a table.
///
/// ```
/// use poolsleuth::report::escape::markdown_code;
/// assert_eq!(markdown_code("a`b|c"), "``a`b\\x7cc``");
/// ```
pub fn markdown_code(text: &str) -> String {
    let shown = visible(text).replace('|', "\\x7c");
    let fence = "`".repeat(longest_run(&shown, '`') + 1);
    // A blank at each end keeps a backtick there apart from the fence and is itself dropped;
    // a text of blanks only keeps all of them.
    let edged = shown.is_empty() || shown.starts_with(['`', ' ']) || shown.ends_with(['`', ' ']);
    match edged {
        true => format!("{fence} {shown} {fence}"),
        false => format!("{fence}{shown}{fence}"),
    }
}

/// A text as a block of code of its own, for commands: one line, and a bar stays a bar.
pub fn markdown_block(text: &str) -> String {
    let shown = visible(text);
    let fence = "`".repeat(longest_run(&shown, '`').max(2) + 1);
    format!("{fence}\n{shown}\n{fence}")
}

/// A sentence as Markdown prose on one line, also for a list item or table cell. Plain words
/// stay; words with a sign that some dialect acts on, file names and addresses become code.
pub fn markdown(text: &str) -> String {
    let shown = visible(text);
    let words = shown.split(' ').filter(|word| !word.is_empty());
    let mut out = String::with_capacity(shown.len());
    for (place, word) in words.enumerate() {
        if place > 0 {
            out.push(' ');
        }
        push_word(&mut out, word, place == 0);
    }
    out
}

/// Adds a word: its brackets and stops as they are, the rest as code if it must be. Square
/// brackets get a backslash, which all dialects know.
fn push_word(out: &mut String, word: &str, first: bool) {
    if first && begins_block(word) {
        out.push_str(&markdown_code(word));
        return;
    }
    let start = word.trim_start_matches(['(', '[', '“', '"']);
    let core = start.trim_end_matches([',', ';', ':', '.', ')', ']', '”', '"', '?']);
    let before = word.get(..word.len() - start.len()).unwrap_or("");
    let after = start.get(core.len()..).unwrap_or("");
    out.push_str(&before.replace('[', "\\["));
    match is_plain(core) {
        true => out.push_str(core),
        false => out.push_str(&markdown_code(core)),
    }
    out.push_str(&after.replace(']', "\\]"));
}

/// True for words that no dialect acts on.
fn is_plain(word: &str) -> bool {
    let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let mut before = None;
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied();
        let plain = match c {
            '-' => before != Some('-'),
            ',' | '\'' | '/' | '%' | '+' | '"' => true,
            // A name (`a.sys`, `a.com`), a scheme (`http:`) or a short code (`:x:`).
            '.' => !letter(after),
            ':' => !letter(after) && before.is_some(),
            '(' | ')' | ';' | '?' => true,
            c if c.is_ascii() => c.is_ascii_alphanumeric(),
            _ => true,
        };
        if !plain {
            return false;
        }
        before = Some(c);
    }
    true
}

/// True for words that begin a list, a heading or a rule where they begin a line.
fn begins_block(word: &str) -> bool {
    let numbered = word
        .strip_suffix(['.', ')'])
        .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    numbered || word.chars().all(|c| matches!(c, '-' | '+' | '=' | '.'))
}

/// The longest run of `sign`.
fn longest_run(text: &str, sign: char) -> usize {
    text.split(|c| c != sign).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_sentences_stay_plain() {
        for text in [
            "Nonpaged pool grew 13.1 MiB/h (93 % of the growth), from 10:05Z on.",
            "Straße; it's 2-3 times, +5 at most?",
        ] {
            assert_eq!(markdown(text), text);
        }
    }

    #[test]
    fn whatever_might_act_is_code() {
        for (text, out) in [
            ("see myfault.sys, please", "see `myfault.sys`, please"),
            ("(Connections_Refused)", "(`Connections_Refused`)"),
            ("by @admin #12 http://x.y", "by `@admin` `#12` `http://x.y`"),
            ("[a](javascript:x)", "\\[`a](javascript:x`)"),
            ("see [KB 126402].", "see \\[KB 126402\\]."),
            ("[x] done", "\\[x\\] done"),
            ("<img/src=x>", "`<img/src=x>`"),
            ("a|b ~~c~~ :x:", "`a\\x7cb` `~~c~~` `:x`:"),
            ("1. one", "`1.` one"),
            ("- one", "`-` one"),
            ("# one", "`#` one"),
            ("a\nb", "`a\\x0ab`"),
            ("`x`", "`` `x` ``"),
            ("&amp;", "`&amp`;"),
            ("C:\\x", "`C:\\x`"),
            ("---", "`---`"),
        ] {
            assert_eq!(markdown(text), out, "{text}");
        }
    }

    #[test]
    fn code_is_longer_fenced_than_what_it_holds() {
        assert_eq!(markdown_code("a"), "`a`");
        assert_eq!(markdown_code("a``b"), "```a``b```");
        assert_eq!(markdown_code("`"), "`` ` ``");
        assert_eq!(markdown_code(""), "`  `");
        assert_eq!(
            markdown_block("a | b\n```"),
            "```````\na | b\\x0a```\n```````".replace("```````", "````")
        );
    }

    /// What is outside of code spans, found as CommonMark finds them.
    fn outside_code(text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('`') {
            out.push_str(&rest[..at]);
            let run = rest[at..].chars().take_while(|c| *c == '`').count();
            let mut search = at + run;
            loop {
                let next = search + rest[search..].find('`').expect("a fence without an end");
                let len = rest[next..].chars().take_while(|c| *c == '`').count();
                search = next + len;
                if len == run {
                    break;
                }
            }
            rest = &rest[search..];
        }
        out + rest
    }

    proptest! {
        #[test]
        fn outside_of_code_nothing_acts(text in "[a`@#<>|\\[\\]_*~&:. \\\\-]{0,24}|\\PC*") {
            let left = outside_code(&markdown(&text)).replace("\\[", "").replace("\\]", "");
            let acting = ['<', '>', '&', '|', '[', ']', '*', '_', '~', '@', '#', '!', '$', '\\', '\n'];
            prop_assert!(!left.contains(acting), "{left}");
            prop_assert!(!markdown_code(&text).contains(['|', '\n']));
            outside_code(&markdown_code(&text));
        }
    }
}
