//! Reads `pooltag.txt`.
//!
//! `<tag> - <binary> - <description>`, the first four characters being the tag with its
//! blanks. Real copies also have: comments that begin with `//`, `rem` or `REM`; wildcards
//! in tags; tags of three letters with one blank instead of two; a binary without a
//! description or the reverse; no second dash; binaries with blanks in them; free text;
//! the same tag twice; commentary spread over two tags; Ctrl-Z at the end.

use super::entry::{Entry, LineNote, PoolTags};
use super::pattern::TagPattern;

/// Most bytes read; Microsoft's own list has a quarter of a mebibyte.
const MAX_BYTES: usize = 16 << 20;

/// Most entries kept; Microsoft's own list has some 4,500.
const MAX_ENTRIES: usize = 200_000;

/// Longest text kept of a binary's name or a description.
const MAX_TEXT: usize = 300;

/// The mark at which DOS tools stop reading a text.
const CTRL_Z: u8 = 0x1a;

/// Reads a list. Lines that name no tag become notes, never errors.
pub fn parse(bytes: &[u8]) -> PoolTags {
    let mut list = PoolTags::default();
    let narrowed = narrowed(bytes.get(..MAX_BYTES).unwrap_or(bytes));
    if bytes.len() > MAX_BYTES {
        list.notes.push(LineNote::Cut { read: MAX_BYTES });
    }
    let mut text = narrowed.as_slice();
    let end = text.iter().position(|byte| *byte == CTRL_Z);
    if let Some(end) = end {
        note_after_end(text, end, &mut list);
        text = text.get(..end).unwrap_or(text);
    }
    for (number, line) in (1u64..).zip(text.split(|byte| *byte == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if list.entries.len() >= MAX_ENTRIES {
            list.notes.push(LineNote::TooMany {
                line: number,
                kept: MAX_ENTRIES,
            });
            break;
        }
        read_line(line, number, &mut list);
    }
    list
}

/// Single bytes of a text that may be UTF-16; tags have no letters that would not fit.
fn narrowed(bytes: &[u8]) -> Vec<u8> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| -> Vec<u8> {
        let units = bytes
            .chunks_exact(2)
            .filter_map(|pair| pair.try_into().ok())
            .map(unit);
        units
            .map(|unit| u8::try_from(unit).unwrap_or(b'?'))
            .collect()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.to_vec(),
        other => other.to_vec(),
    }
}

fn note_after_end(text: &[u8], end: usize, list: &mut PoolTags) {
    let rest = text.get(end..).unwrap_or_default();
    let bytes = rest
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace() && **byte != CTRL_Z)
        .count();
    if bytes > 0 {
        let before = text.get(..end).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64;
        list.notes.push(LineNote::AfterEnd { line, bytes });
    }
}

fn read_line(line: &[u8], number: u64, list: &mut PoolTags) {
    if line.trim_ascii().is_empty() {
        return;
    }
    match entry(line, number) {
        Some((entry, long)) => {
            if long {
                list.note_line(LineNote::LongTag { line: number });
            }
            list.push(entry);
        }
        None if is_comment(line) => list.comments += 1,
        None => list.note_line(LineNote::Text { line: number }),
    }
}

/// `//...`, `rem`, `rem ...`; not `remX - ...`, which is an entry and never comes here.
fn is_comment(line: &[u8]) -> bool {
    let word = line.trim_ascii_start();
    let rem = word
        .get(..3)
        .is_some_and(|head| head.eq_ignore_ascii_case(b"rem"))
        && word.get(3).is_none_or(u8::is_ascii_whitespace);
    word.starts_with(b"//") || word.starts_with(b";") || rem
}

/// The entry, and whether its tag is too long.
fn entry(line: &[u8], number: u64) -> Option<(Entry, bool)> {
    let (tag, rest) = line.split_first_chunk::<4>()?;
    if tag.iter().all(u8::is_ascii_whitespace) || tag.starts_with(b"//") {
        return None;
    }
    let (rest, long) = dash(rest)?;
    let (binary, description) = fields(&text(rest));
    let entry = Entry {
        pattern: TagPattern::new(*tag),
        binary,
        description,
        line: number,
    };
    Some((entry, long))
}

/// The text behind the dash that follows the tag, with at most one character too many
/// before it.
fn dash(rest: &[u8]) -> Option<(&[u8], bool)> {
    let direct = |rest: &'_ [u8]| rest.trim_ascii_start().first() == Some(&b'-');
    let behind = |rest: &[u8]| rest.iter().position(|byte| *byte == b'-').map(|at| at + 1);
    if direct(rest) {
        return Some((rest.get(behind(rest)?..)?, false));
    }
    let (_, shorter) = rest.split_first()?;
    let spaced = shorter.first().is_some_and(u8::is_ascii_whitespace);
    (spaced && direct(shorter)).then_some(())?;
    Some((shorter.get(behind(shorter)?..)?, true))
}

fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => bytes
            .iter()
            .map(|&byte| char::from(byte))
            .collect::<String>()
            .trim()
            .to_owned(),
    }
}

/// Binary and description.
fn fields(text: &str) -> (Option<String>, String) {
    let (binary, description) = match text.split_once(" - ").or_else(|| text.split_once("- ")) {
        Some((binary, description)) => (binary.trim(), description.trim()),
        None => undivided(text),
    };
    let known = !binary.is_empty() && !binary.eq_ignore_ascii_case("<unknown>");
    (known.then(|| cut(binary)), cut(description))
}

/// One field only: a binary if it looks like one, perhaps with a description behind
/// blanks; otherwise a description.
fn undivided(text: &str) -> (&str, &str) {
    let text = text.trim_end_matches('-').trim_end();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let lower = word.to_ascii_lowercase();
    let binary = word.contains('!')
        || word == "<unknown>"
        || [".sys", ".dll", ".exe"]
            .iter()
            .any(|ending| lower.ends_with(ending));
    if binary {
        (word, rest.trim())
    } else {
        ("", text)
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(line: &str) -> (String, Option<String>, String) {
        let list = parse(line.as_bytes());
        let entry = list
            .entries()
            .first()
            .unwrap_or_else(|| panic!("no entry in `{line}`"));
        (
            entry.pattern.to_string(),
            entry.binary.clone(),
            entry.description.clone(),
        )
    }

    fn expect(tag: &str, binary: &str, description: &str) -> (String, Option<String>, String) {
        let binary = Some(binary.to_owned()).filter(|binary| !binary.is_empty());
        (tag.to_owned(), binary, description.to_owned())
    }

    #[test]
    fn every_kind_of_line() {
        for (line, expected) in [
            (
                "Aaa1 - drv.sys      - some memory",
                expect("Aaa1", "drv.sys", "some memory"),
            ),
            (
                "Aaa2 - <unknown>    -     indented",
                expect("Aaa2", "", "indented"),
            ),
            (
                "Ab3  - drv.sys - three letters",
                expect("Ab3 ", "drv.sys", "three letters"),
            ),
            (
                "Ab4 - drv.sys - one blank",
                expect("Ab4 ", "drv.sys", "one blank"),
            ),
            (
                "Aaa5  - <unknown>   - two blanks",
                expect("Aaa5", "", "two blanks"),
            ),
            ("Aaa6 - just words", expect("Aaa6", "", "just words")),
            ("Aaa7 - drv.sys", expect("Aaa7", "drv.sys", "")),
            (
                "Aaa8 - nt!xx         no second dash",
                expect("Aaa8", "nt!xx", "no second dash"),
            ),
            (
                "Aaa9 - nt!a or b.sys - both",
                expect("Aaa9", "nt!a or b.sys", "both"),
            ),
            (
                "Bbb1 - drv!Klass::operator new - c++",
                expect("Bbb1", "drv!Klass::operator new", "c++"),
            ),
            (
                "Bbb2X - drv.sys - fifth letter",
                expect("Bbb2", "drv.sys", "fifth letter"),
            ),
            ("Bb?? - drv.sys - wild", expect("Bb??", "drv.sys", "wild")),
            (
                "remX - drv.sys - begins like a comment",
                expect("remX", "drv.sys", "begins like a comment"),
            ),
            ("8042 - drv.sys - a - b", expect("8042", "drv.sys", "a - b")),
            ("b/* - drv.sys - slash", expect("b/* ", "drv.sys", "slash")),
            ("Bbb4 - drv.sys      -", expect("Bbb4", "drv.sys", "")),
        ] {
            assert_eq!(one(line), expected, "{line}");
        }
    }

    #[test]
    fn lines_that_name_no_tag() {
        let text = "//\r\nrem\r\nrem    a - b - c\r\nREM Other\r\n\r\nABCD tags are from Ab00 on\r\n       <unknown>\r\nA\r\n";
        let list = parse(text.as_bytes());
        assert_eq!((list.entries().len(), list.comments), (0, 4));
        let text_at = |line| LineNote::Text { line };
        assert_eq!(list.notes, [text_at(6), text_at(7), text_at(8)]);
    }

    #[test]
    fn the_end_of_file_mark_ends_it() {
        let list = parse(b"Aaa1 - a.sys - x\n\x1a");
        assert_eq!((list.entries().len(), list.notes.len()), (1, 0));
        let list = parse(b"Aaa1 - a.sys - x\n\x1aAaa2 - b.sys - y");
        assert_eq!(list.entries().len(), 1);
        assert_eq!(list.notes, [LineNote::AfterEnd { line: 2, bytes: 12 }]);
    }

    #[test]
    fn utf16_lists() {
        let text: Vec<u8> = "Aaa1 - a.sys - x\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(
            parse(&[&[0xff, 0xfe], text.as_slice()].concat())
                .entries()
                .len(),
            1
        );
    }

    /// Microsoft's list, read from outside the repository where it is at hand.
    #[test]
    fn list_from_outside() {
        let Some(shared) = std::env::var_os("POOLSLEUTH_SHARED") else {
            eprintln!("POOLSLEUTH_SHARED is not set: pooltag.txt not read");
            return;
        };
        let bytes = std::fs::read(std::path::Path::new(&shared).join("data/pooltag.txt")).unwrap();
        let list = parse(&bytes);
        let kernel = list
            .entries()
            .iter()
            .filter(|entry| entry.is_kernel())
            .count();
        // Counted in the copy of 2023 with other tools; the two notes are its one line
        // of free text and its one line without a tag.
        let counts = (
            list.entries().len(),
            list.duplicates(),
            list.wildcards(),
            kernel,
        );
        assert_eq!((counts, list.notes.len()), ((4591, 56, 101, 543), 2));
        for (tag, owner) in [
            (b"ATmp", ""),
            (b"EtwO", "nt!etw"),
            (b"PX3\0", "ndproxy.sys"),
            (b"smNp", "nt!store or rdyboost.sys"),
            (b"Ulzz", "http.sys"),
            (b"uLCO", "http.sys"),
            (b"NVRM", ""),
        ] {
            let hint = list.lookup(crate::tag::Tag::new(*tag));
            let binary = hint.and_then(|hint| hint.entry.binary.clone());
            assert_eq!(binary.unwrap_or_default(), owner, "{tag:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn any_lines_never_panic(text in "[A-Za-z?* !.<>-]{0,60}\\n[ -~]{0,60}") {
            let _ = parse(text.as_bytes());
        }

        #[test]
        fn written_and_read_back(tag in "[!-+.-~][!-~]{3}", binary in "[a-z]{1,8}\\.sys", text in "[a-zA-Z0-9][a-zA-Z0-9 ]{0,20}[a-z]") {
            prop_assume!(!tag.starts_with("//") && !tag.starts_with(';'));
            let list = parse(format!("{tag} - {binary} - {text}\r\n").as_bytes());
            let entry = list.entries().first().unwrap();
            prop_assert_eq!(entry.binary.as_deref(), Some(binary.as_str()));
            prop_assert_eq!(&entry.description, &text);
        }
    }
}
