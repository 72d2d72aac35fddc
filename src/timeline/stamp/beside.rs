//! Words beside a time of day that do not change it, and words that might.
//!
//! A word in letters that nobody here knows may be a language's `PM`: read over, it would put a
//! snapshot twelve hours off without a trace. So a time up to twelve o'clock with such a word
//! beside it is not read at all. From one o'clock in the afternoon no word can move a time.

use std::sync::LazyLock;

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GBK, SHIFT_JIS};

use super::half::bytes_of;
use super::words::weekday;

/// Words that may stand between a date and its time or directly before a time: prepositions,
/// what Slavic languages put behind a year, `hours`.
#[rustfmt::skip]
const BEFORE: &[&str] = &[
    "at", "um", "om", "alle", "ore", "klo", "kl", "as", "s", "la", "las", "a", "o", "v", "saat",
    "is", "to", "time", "from",
    "\u{e0}", "\u{e0}s", "\u{85}", "\u{85}s", "?", "?s", "\u{432}", "\u{43e}", "\u{443}", "\u{433}", "\u{440}",
];

/// Words directly behind a time that leave it as it is: hours, prepositions.
#[rustfmt::skip]
const BEHIND: &[&str] = &[
    "h", "hr", "hs", "s", "on", "at", "of", "le", "el", "il", "op", "to", "in", "by", "is", "z",
    "\u{447}", "\u{447}\u{430}\u{441}", "\u{447}\u{430}\u{441}\u{43e}\u{432}", "\u{e19}", "\u{6642}",
];

/// What stands before and behind a sign in a weekday's name.
type Around = (&'static str, &'static str);

/// The signs of East Asia's weekdays, what stands before and behind one in a weekday's name, and
/// the code pages of the language.
#[rustfmt::skip]
const EAST_ASIA: &[(&str, &[Around], &[&Encoding])] = &[
    ("\u{65e5}\u{4e00}\u{4e8c}\u{4e09}\u{56db}\u{4e94}\u{516d}", &[("\u{661f}\u{671f}", ""), ("\u{5468}", ""), ("\u{9031}", ""), ("", "")], &[GBK, BIG5]),
    ("\u{65e5}\u{6708}\u{706b}\u{6c34}\u{6728}\u{91d1}\u{571f}", &[("", "\u{66dc}\u{65e5}"), ("", "\u{66dc}"), ("", "")], &[SHIFT_JIS, EUC_JP]),
    ("\u{c77c}\u{c6d4}\u{d654}\u{c218}\u{baa9}\u{ae08}\u{d1a0}", &[("", "\u{c694}\u{c77c}"), ("", "")], &[EUC_KR]),
];

/// Every name of a weekday in the table above, in letters and as the bytes of each code page.
static WEEKDAYS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut names = Vec::new();
    for (signs, around, pages) in EAST_ASIA {
        for (sign, (head, tail)) in signs
            .chars()
            .flat_map(|s| around.iter().map(move |a| (s, a)))
        {
            let name = format!("{head}{sign}{tail}");
            names.extend(pages.iter().filter_map(|page| bytes_of(&name, page)));
            names.push(name);
        }
    }
    names
});

/// Hours from which no half of a day can be meant.
const AFTERNOON: std::ops::RangeInclusive<u32> = 13..=23;

/// Longest word of ASCII letters that may be some language's `PM`.
const SHORT: usize = 2;

/// True where a word beside a time of this hour may move it by half a day. `before` and `behind`
/// are the line's text on either side.
pub(super) fn is_doubtful(hour: u32, before: &str, behind: &str) -> bool {
    !AFTERNOON.contains(&hour)
        && (word_before(before).is_some_and(|word| may_move(word, BEFORE, is_upper))
            || word_behind(behind).is_some_and(|word| may_move(word, BEHIND, |_| true)))
}

/// The same for a word that directly follows a time in a file's name.
pub(super) fn is_doubtful_in_name(hour: u32, behind: &str) -> bool {
    let word = word_behind(behind).unwrap_or_default();
    !AFTERNOON.contains(&hour) && may_move(word, BEHIND, |_| false)
}

/// Skips what may stand between a date and its time, and blanks.
pub(super) fn skip_between(text: &str) -> &str {
    let mut rest = text;
    // A year's mark, a weekday and a preposition at most.
    for _ in 0..3 {
        let after = rest.trim_start_matches(is_gap);
        let word = leading(after);
        let known =
            word.chars().any(char::is_alphabetic) && (is_listed(word, BEFORE) || is_weekday(word));
        match after.strip_prefix(word) {
            Some(behind) if known && !behind.starts_with(|c: char| c.is_ascii_digit()) => {
                rest = behind.trim_start_matches(['.', ')']);
            }
            _ => return after,
        }
    }
    rest.trim_start_matches(is_gap)
}

/// What may stand between a date and its time beside words.
pub(super) fn is_gap(c: char) -> bool {
    " \t,;-|@_.(\u{b7}".contains(c)
}

fn may_move(word: &str, known: &[&str], short_may: fn(&str) -> bool) -> bool {
    if word.is_empty() || is_listed(word, known) || is_weekday(word) {
        return false;
    }
    if word.is_ascii() && !word.contains('?') {
        return word.len() <= SHORT && short_may(word);
    }
    let foreign = word.chars().filter(|c| !c.is_ascii() || *c == '?').count();
    foreign == word.chars().count() || word.chars().count() <= SHORT + 1
}

fn is_listed(word: &str, known: &[&str]) -> bool {
    let lower = word.to_lowercase();
    known.contains(&lower.as_str())
}

fn is_weekday(word: &str) -> bool {
    weekday(word).is_some() || WEEKDAYS.iter().any(|name| name == word)
}

fn is_upper(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_uppercase())
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || c == '?' || !c.is_ascii() && !c.is_numeric() && !c.is_whitespace()
}

/// The word at the beginning of `text`.
fn leading(text: &str) -> &str {
    let end = text.find(|c| !is_letter(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// The word that ends `text` but for blanks; none where it is the tail of a name (`SRV-DB`).
fn word_before(text: &str) -> Option<&str> {
    let text = text.trim_end_matches([' ', '(', ',']);
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_letter(*c))
        .last()?
        .0;
    let (head, word) = text.split_at_checked(start)?;
    (!is_plain(word) || !head.ends_with(in_a_name)).then_some(word)
}

/// The word that begins `text` but for blanks; none where it is the head of a name (`DB01`).
fn word_behind(text: &str) -> Option<&str> {
    let text = text.trim_start_matches([' ', '(', ',']);
    let word = leading(text);
    let rest = text.strip_prefix(word).unwrap_or_default();
    let named = is_plain(word) && rest.starts_with(in_a_name);
    (!word.is_empty() && !named).then_some(word)
}

/// Whether a word has the letters of a machine's name; a question mark stands for a lost one.
fn is_plain(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphabetic())
}

/// What goes on in a machine's name and in no word.
fn in_a_name(c: char) -> bool {
    c.is_ascii_digit() || "-_\\".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_may_be_some_languages_pm() {
        for (before, behind) in [
            ("2025?2?5? ?? ", ""),
            ("", " ??"),
            ("", " \u{1265}\u{1240}"),
            ("\u{1265}\u{1240} ", ""),
            ("", "xx"),
            ("", " qn."),
            ("QN ", ""),
        ] {
            assert!(is_doubtful(11, before, behind), "{before}|{behind}");
            assert!(!is_doubtful(23, before, behind), "{before}|{behind}");
        }
    }

    #[test]
    fn words_that_move_nothing() {
        for (before, behind) in [
            ("", ""),
            ("The current time is: ", ""),
            ("22.05.2020 ", " Uhr"),
            ("22.05.2020 um ", " h"),
            ("2020-05-22 ", " CEST"),
            ("22 de maio de 2020 \u{e0}s ", ""),
            ("2025/02/05 \u{9031}\u{4e09} ", ""),
            ("2025/02/05 (\u{6c34}) ", ""),
            ("", " (\u{6c34})"),
            ("", " on SRV01"),
            ("", " DB01"),
            ("", " DB-2"),
            ("SRV-DB ", ""),
            ("", " - Snapshot 3"),
            ("", " \u{447}."),
            ("", " d\u{e9}but"),
            ("=====", "====="),
        ] {
            assert!(!is_doubtful(11, before, behind), "{before}|{behind}");
        }
    }

    #[test]
    fn between_a_date_and_its_time() {
        for (text, rest) in [
            (" \u{433}. 23:30", "23:30"),
            (" \u{e0} 23:30", "23:30"),
            (", Mittwoch um 23:30", "23:30"),
            ("\u{661f}\u{671f}\u{4e09} 23:30", "23:30"),
            (" \u{4e0b}\u{5348} 11:30", "\u{4e0b}\u{5348} 11:30"),
            (" snapshot 3", "snapshot 3"),
            (" (\u{6c34}) 23:30", "23:30"),
        ] {
            assert_eq!(skip_between(text), rest, "{text}");
        }
    }
}
