//! Undoing what mail, forums and Markdown do to a line that somebody copied by hand.
//!
//! Nothing here decides that a line is a row: a cleaned line is read like any other and the
//! row's own arithmetic decides. Lines in the program's own columns never come here.
//!
//! Limits: text recognised from pictures (`O` for `0`) is not repaired; of a page's markup one
//! line may hold one row.

/// Longest entity that is decoded, without `&` and `;`: `#x0000A0`.
const MAX_ENTITY: usize = 8;

/// Elements of pages that copies keep.
const ELEMENTS: [&[u8]; 26] = [
    b"a",
    b"b",
    b"blockquote",
    b"body",
    b"br",
    b"code",
    b"div",
    b"em",
    b"font",
    b"html",
    b"i",
    b"li",
    b"ol",
    b"p",
    b"pre",
    b"samp",
    b"span",
    b"strong",
    b"table",
    b"tbody",
    b"td",
    b"th",
    b"thead",
    b"tr",
    b"tt",
    b"ul",
];

/// The line without quote marks, bullets, table bars, markup, entities and odd blanks; `None` when
/// there was nothing to undo.
pub(super) fn clean(line: &[u8]) -> Option<Vec<u8>> {
    let mut cleaned = plain_characters(&without_elements(&plain_marks(line)));
    strip_quotes(&mut cleaned);
    strip_bars(&mut cleaned);
    strip_marks(&mut cleaned);
    (cleaned != line).then_some(cleaned)
}

/// The line behind the quote marks of mail, with the blanks that are its own; `None` without marks.
pub(super) fn unquoted(line: &[u8]) -> Option<&[u8]> {
    let mut rest = line;
    while let Some(after) = rest.strip_prefix(b">") {
        rest = after.strip_prefix(b" ").unwrap_or(after);
    }
    (rest.len() < line.len()).then_some(rest)
}

/// The line without the number that a list or an editor put before it, and with blanks between
/// groups of digits as marks: for lines that prove nothing otherwise.
pub(super) fn guesses(line: &[u8]) -> Vec<Vec<u8>> {
    let bare = without_number(line);
    let grouped = [Some(line), bare]
        .into_iter()
        .flatten()
        .filter_map(with_marks);
    let mut guesses: Vec<Vec<u8>> = grouped.collect();
    guesses.extend(bare.map(<[u8]>::to_vec));
    guesses
}

/// `12. `, `12) `, `12: `, `12  ` before the line.
fn without_number(line: &[u8]) -> Option<&[u8]> {
    let text = line.trim_ascii_start();
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let rest = text.get(digits..).filter(|_| (1..=6).contains(&digits))?;
    let rest = match rest {
        [b'.' | b')' | b':', after @ ..] => after,
        _ => rest,
    };
    matches!(rest.first(), Some(b' ' | b'\t')).then_some(rest)
}

/// Single blanks between a digit and a group of three as marks, where columns stand further apart.
fn with_marks(line: &[u8]) -> Option<Vec<u8>> {
    let is_digit = |at: usize| line.get(at).is_some_and(u8::is_ascii_digit);
    let group = |at: usize| {
        line.get(at) == Some(&b' ')
            && at > 0
            && is_digit(at - 1)
            && (at + 1..at + 4).all(is_digit)
            && !is_digit(at + 4)
    };
    let mut marked = line.to_vec();
    for at in (0..line.len()).filter(|at| group(*at)) {
        marked[at] = b',';
    }
    (marked != line).then_some(marked)
}

/// Marks between groups of digits that are no ASCII, as commas: narrow blanks, the typographic
/// apostrophe, and no-break blanks in a line that has others between its columns.
fn plain_marks(line: &[u8]) -> Vec<u8> {
    let wide = line.contains(&b' ');
    let is_digit = |at: usize| line.get(at).is_some_and(u8::is_ascii_digit);
    let mut plain = Vec::with_capacity(line.len());
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        let mark = match line.get(at..).unwrap_or_default() {
            [0xe2, 0x80, 0xaf | 0x89 | 0x99, ..] => 3,
            [0xc2, 0xa0, ..] if wide => 2,
            [0xa0, ..] if wide => 1,
            _ => 0,
        };
        let group =
            mark > 0 && at > 0 && is_digit(at - 1) && (0..3).all(|d| is_digit(at + mark + d));
        if group && !is_digit(at + mark + 3) {
            plain.push(b',');
            at += mark;
        } else if mark == 3 {
            plain.push(b' ');
            at += mark;
        } else {
            plain.push(byte);
            at += 1;
        }
    }
    plain
}

/// Blanks in place of a page's elements.
fn without_elements(line: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        let element = (byte == b'<').then(|| element_end(after)).flatten();
        match element {
            Some(behind) => {
                kept.push(b' ');
                rest = behind;
            }
            None => {
                kept.push(byte);
                rest = after;
            }
        }
    }
    kept
}

/// What stands behind the element whose name starts `text`.
fn element_end(text: &[u8]) -> Option<&[u8]> {
    let name = text.strip_prefix(b"/").unwrap_or(text);
    let length = name.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let folded = name.get(..length)?.to_ascii_lowercase();
    let known = ELEMENTS.contains(&folded.as_slice());
    let ends = matches!(name.get(length), Some(b'>' | b' ' | b'/'));
    let end = text
        .iter()
        .position(|&b| b == b'>')
        .filter(|_| known && ends)?;
    text.get(end + 1..)
}

/// Decodes entities, and turns no-break blanks and the true minus sign into ASCII.
fn plain_characters(line: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match (byte, after) {
            (b'&', _) => match entity(after) {
                Some((character, after)) => {
                    plain.push(character);
                    after
                }
                None => {
                    plain.push(byte);
                    after
                }
            },
            (0xc2, [0xa0, after @ ..]) => {
                plain.push(b' ');
                after
            }
            (0xe2, [0x88, 0x92, after @ ..]) => {
                plain.push(b'-');
                after
            }
            (0xa0, _) => {
                plain.push(b' ');
                after
            }
            _ => {
                plain.push(byte);
                after
            }
        };
    }
    plain
}

/// The character of the entity whose name starts `text`, and what follows the entity.
fn entity(text: &[u8]) -> Option<(u8, &[u8])> {
    let end = text.iter().take(MAX_ENTITY + 1).position(|&b| b == b';')?;
    let (name, after) = text.split_at_checked(end)?;
    let character = match name {
        b"gt" => b'>',
        b"lt" => b'<',
        b"amp" => b'&',
        b"quot" => b'"',
        b"apos" => b'\'',
        b"nbsp" => b' ',
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    Some((character, after.get(1..)?))
}

fn number(digits: &[u8], radix: u32) -> Option<u8> {
    let value = u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
    if value == 0xa0 {
        Some(b' ')
    } else {
        u8::try_from(value).ok()
    }
}

/// Drops `>` marks of quoted mail; blanks after the last one stay, they may be the row's.
fn strip_quotes(line: &mut Vec<u8>) {
    let depth = line.iter().take_while(|&&b| b == b'>' || b == b' ').count();
    let last = line
        .get(..depth)
        .and_then(|head| head.iter().rposition(|&b| b == b'>'));
    if let Some(last) = last {
        line.drain(..=last);
    }
}

/// Turns the bars of a Markdown table, or of a drawn one, into blanks, and the marks around the
/// words in its cells; tags with a bar stand in no such line.
fn strip_bars(line: &mut Vec<u8>) {
    const DRAWN: &[u8] = "│".as_bytes();
    if line.trim_ascii_start().starts_with(DRAWN) {
        let text = String::from_utf8_lossy(line).replace('│', "|");
        *line = text.into_bytes();
    }
    if line.trim_ascii_start().first() == Some(&b'|') {
        line.iter_mut()
            .filter(|b| matches!(**b, b'|' | b'`'))
            .for_each(|b| *b = b' ');
        unstar(line);
    }
}

/// Blanks the stars of words set in bold.
fn unstar(line: &mut [u8]) {
    while let Some(at) = line.windows(2).position(|w| w == b"**") {
        line[at..at + 2].fill(b' ');
    }
}

/// Blanks a bullet, and back ticks or stars around the text.
fn strip_marks(line: &mut [u8]) {
    let start = line
        .iter()
        .position(|b| !b.is_ascii_whitespace())
        .unwrap_or(line.len());
    let Some(text) = line.get_mut(start..) else {
        return;
    };
    match text {
        [bullet @ (b'-' | b'*' | b'+'), b' ', ..] => *bullet = b' ',
        [0xe2, 0x80, 0xa2, ..] => text.iter_mut().take(3).for_each(|b| *b = b' '),
        _ => {}
    }
    if text.starts_with(b"**")
        || text.starts_with(b" ") && text.trim_ascii_start().starts_with(b"**")
    {
        unstar(text);
    }
    let marked = |b: &u8| matches!(b, b'`' | b'*');
    let leading = text.iter().take_while(|b| marked(b)).count();
    let trailing = text.iter().rev().take_while(|b| marked(b)).count();
    if leading > 0 && leading == trailing {
        text.iter_mut().take(leading).for_each(|b| *b = b' ');
        text.iter_mut().rev().take(trailing).for_each(|b| *b = b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> String {
        String::from_utf8(clean(text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn each_kind_of_dress_comes_off() {
        assert_eq!(cleaned("> > Leak Nonp 1"), " Leak Nonp 1");
        assert_eq!(cleaned(">> Leak Nonp 1"), " Leak Nonp 1");
        assert_eq!(cleaned("&gt; Cs@&quot; Nonp&nbsp;1"), " Cs@\" Nonp 1");
        assert_eq!(cleaned("| Leak | Nonp | 1 |"), "  Leak   Nonp   1  ");
        assert_eq!(cleaned("- Leak Nonp 1"), "  Leak Nonp 1");
        assert_eq!(cleaned("• Leak"), "    Leak");
        assert_eq!(cleaned("`Leak Nonp 1`"), " Leak Nonp 1 ");
        assert_eq!(cleaned("Leak\u{a0}Nonp \u{2212}1"), "Leak Nonp -1");
        assert_eq!(cleaned("a&#62;b&#x3e;&#xA0;"), "a>b> ");
    }

    #[test]
    fn pages_bold_words_and_marks_of_locales() {
        assert_eq!(
            cleaned("<tr><td>Leak</td><td>Nonp</td><td>1</td></tr>").trim(),
            "Leak  Nonp  1"
        );
        assert_eq!(cleaned("<PRE class=\"x\"> Leak").trim(), "Leak");
        assert_eq!(
            cleaned("| `Leak` | **Nonp** | 1 |")
                .split_whitespace()
                .collect::<Vec<_>>(),
            ["Leak", "Nonp", "1"]
        );
        assert_eq!(cleaned("│ Leak │ 1 │").trim(), "Leak   1");
        assert_eq!(cleaned("* **Leak** Nonp 1").trim(), "Leak   Nonp 1");
        assert_eq!(
            cleaned("Leak 1\u{202f}234 5\u{a0}678 9’012"),
            "Leak 1,234 5,678 9,012"
        );
        assert_eq!(unquoted(b"> >  Leak"), Some(b" Leak".as_slice()));
        let guessed = guesses(b"12. Leak  1 234  5");
        assert!(
            guessed.contains(&b" Leak  1,234  5".to_vec()),
            "{guessed:?}"
        );
        assert_eq!(clean(b"a <b c"), None);
    }

    #[test]
    fn plain_lines_and_broken_entities_stay() {
        for text in [
            "Leak Nonp 1",
            "a & b; c",
            "&unknown;",
            "&#xfffff;",
            "UMD| Nonp",
            "&",
            "",
        ] {
            assert_eq!(clean(text.as_bytes()), None, "{text}");
        }
    }
}
