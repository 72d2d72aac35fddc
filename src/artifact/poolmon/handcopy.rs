//! Undoing what mail, forums and Markdown do to a line that somebody copied by hand.
//!
//! Nothing here decides that a line is a row: a cleaned line is read like any other and the
//! row's own arithmetic decides. Lines in the program's own columns never come here.
//!
//! Limits: text recognised from pictures (`O` for `0`) is not repaired; blanks as thousands
//! marks are not understood.

/// Longest entity that is decoded, without `&` and `;`: `#x0000A0`.
const MAX_ENTITY: usize = 8;

/// The line without quote marks, bullets, table bars, entities and odd blanks; `None` when
/// there was nothing to undo.
pub(super) fn clean(line: &[u8]) -> Option<Vec<u8>> {
    let mut cleaned = plain_characters(line);
    strip_quotes(&mut cleaned);
    strip_bars(&mut cleaned);
    strip_marks(&mut cleaned);
    (cleaned != line).then_some(cleaned)
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

/// Turns the bars of a Markdown table into blanks; tags with a bar stand in no such line.
fn strip_bars(line: &mut [u8]) {
    if line.trim_ascii_start().first() == Some(&b'|') {
        line.iter_mut()
            .filter(|b| **b == b'|')
            .for_each(|b| *b = b' ');
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
