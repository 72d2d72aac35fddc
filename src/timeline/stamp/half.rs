//! Words for the halves of a day, in the languages whose Windows writes them beside a time.
//!
//! The words are the `AM` and `PM` designators of Windows' cultures as .NET has them
//! (`DateTimeFormatInfo.AMDesignator`), and those of Unicode's CLDR where it has others (`a` in
//! the patterns of times). Cultures that are missing here write 24 hours or `AM` and `PM`; words
//! that nobody knows are the business of [`beside`](super::beside).
//!
//! A line that is no UTF-8 comes with one character a byte, so each word is also known by its
//! bytes in the code pages of its language.

use std::sync::LazyLock;

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GBK, SHIFT_JIS, WINDOWS_1253, WINDOWS_1254};
use nom::branch::alt;
use nom::bytes::complete::take_while1;
use nom::character::complete::{char, one_of, space0};
use nom::combinator::{not, opt, peek, value};
use nom::sequence::terminated;
use nom::{IResult, Parser};

use super::clock::reject;

/// Which half of the day a twelve-hour time is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Am,
    Pm,
}

/// The words for before and after noon, and the code pages in which they may come.
type Row = (&'static str, &'static str, &'static [&'static Encoding]);

/// In the case in which they are written: `Sa` is a German Saturday.
#[rustfmt::skip]
const WORDS: &[Row] = &[
    ("\u{4e0a}\u{5348}", "\u{4e0b}\u{5348}", &[GBK, BIG5]),         // Chinese
    ("\u{5348}\u{524d}", "\u{5348}\u{5f8c}", &[SHIFT_JIS, EUC_JP]), // Japanese
    ("\u{c624}\u{c804}", "\u{c624}\u{d6c4}", &[EUC_KR]),            // Korean
    ("\u{3c0}\u{3bc}", "\u{3bc}\u{3bc}", &[WINDOWS_1253]),          // Greek
    ("\u{3c0}.\u{3bc}.", "\u{3bc}.\u{3bc}.", &[WINDOWS_1253]),      // Greek (CLDR)
    ("\u{a7}\u{a3}", "\u{a3}\u{a3}", &[]),                          // Greek in bytes of code page 737
    ("SA", "CH", &[]),                                              // Vietnamese
    ("\u{635}", "\u{645}", &[]),                                    // Arabic
    ("\u{642}.\u{638}", "\u{628}.\u{638}", &[]),                    // Persian
    ("\u{5dc}\u{5e4}\u{5e0}\u{5f4}\u{5e6}", "\u{5d0}\u{5d7}\u{5d4}\u{5f4}\u{5e6}", &[]), // Hebrew (CLDR)
    ("\u{d6}\u{d6}", "\u{d6}S", &[WINDOWS_1254]),                   // Turkish
    ("PD", "MD", &[]),                                              // Albanian
    ("PG", "PTG", &[]),                                             // Malay (CLDR)
    ("de.", "du.", &[]),                                            // Hungarian
    ("dop.", "odp.", &[]),                                          // Czech (CLDR)
    ("fm", "em", &[]),                                              // Swedish (CLDR)
    ("ap.", "ip.", &[]),                                            // Finnish (CLDR)
    ("vm.", "nm.", &[]),                                            // Afrikaans (CLDR)
    ("f.h.", "e.h.", &[]),                                          // Icelandic (CLDR)
];

/// Every word in every form, longest first.
static FORMS: LazyLock<Vec<(String, Half)>> = LazyLock::new(|| {
    let mut forms = Vec::new();
    for (am, pm, pages) in WORDS {
        for (word, half) in [(am, Half::Am), (pm, Half::Pm)] {
            forms.push(((*word).to_owned(), half));
            let bytes = pages.iter().filter_map(|page| bytes_of(word, page));
            forms.extend(bytes.map(|bytes| (bytes, half)));
        }
    }
    forms.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    forms
});

/// A word's bytes in a code page, one character a byte; `None` if the code page lacks a letter.
pub(super) fn bytes_of(word: &str, page: &'static Encoding) -> Option<String> {
    let (bytes, _, lacking) = page.encode(word);
    (!lacking).then(|| bytes.iter().map(|&b| char::from(b)).collect())
}

/// `AM`, `p.m.`, `a. m.`, or another language's word after a time.
pub(super) fn half_after(text: &str) -> IResult<&str, Half> {
    alt((latin, other)).parse(text)
}

/// The word before a time, where East Asia's languages put it; blanks may follow.
pub(super) fn half_before(text: &str) -> IResult<&str, Half> {
    terminated(alt((other, latin)), space0).parse(text)
}

fn latin(text: &str) -> IResult<&str, Half> {
    let mut letter = alt((value(Half::Am, one_of("aA")), value(Half::Pm, one_of("pP"))));
    let (rest, half) = letter.parse(text)?;
    let (rest, _) = (opt(char('.')), space0, one_of("mM"), opt(char('.')))
        .parse(rest)
        .map(|(r, _)| (r, ()))?;
    ends(rest).map(|rest| (rest, half))
}

fn other(text: &str) -> IResult<&str, Half> {
    let found = FORMS.iter().find_map(|(word, half)| {
        let rest = text.strip_prefix(word.as_str())?;
        ends(rest).ok().map(|rest| (rest, *half))
    });
    found.ok_or_else(|| reject(text))
}

/// No letter follows; a digit may, where the word stands before its time.
fn ends(rest: &str) -> Result<&str, nom::Err<nom::error::Error<&str>>> {
    not(peek(take_while1(char::is_alphabetic)))
        .parse(rest)
        .map(|(rest, ())| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_the_beginning_of_the_other_half() {
        for (index, (word, half)) in FORMS.iter().enumerate() {
            for (longer, other) in FORMS.iter().take(index) {
                assert!(
                    half == other || !longer.starts_with(word.as_str()),
                    "{word} {longer}"
                );
            }
        }
    }

    #[test]
    fn words_in_letters_and_bytes() {
        for (text, expected) in [
            ("PM", Half::Pm),
            ("a. m.", Half::Am),
            ("\u{4e0b}\u{5348}", Half::Pm),
            ("\u{cf}\u{c2}\u{ce}\u{e7}", Half::Pm),
            ("\u{a4}\u{55}\u{a4}\u{c8}", Half::Pm),
            ("\u{8c}\u{df}\u{91}O", Half::Am),
            ("\u{bf}\u{c0}\u{c8}\u{c4}", Half::Pm),
            ("\u{3bc}\u{3bc}", Half::Pm),
            ("\u{ec}\u{ec}", Half::Pm),
            ("CH", Half::Pm),
            ("\u{645}", Half::Pm),
            ("odp.", Half::Pm),
        ] {
            assert_eq!(half_after(text), Ok(("", expected)), "{text}");
        }
        for text in ["Sa", "PMx", "amber", "ch", "de", "\u{4e0b}\u{5348}\u{8336}"] {
            assert!(half_after(text).is_err(), "{text}");
        }
    }
}
