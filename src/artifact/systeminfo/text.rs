//! Bytes of a small text file of Windows as lines of text.

use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, IBM866, SHIFT_JIS, WINDOWS_1251};

/// Most bytes read of one file; systeminfo writes some kilobytes, the longest lists of
/// updates some tens.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// The text of a small file in UTF-16, UTF-8 or one byte a character; no more than its first
/// mebibyte. Its lines are those of [`str::lines`], counted from 1.
pub(super) fn decode(bytes: &[u8]) -> String {
    let head = bytes.get(..MAX_BYTES).unwrap_or(bytes);
    match head {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => single_bytes(rest),
        [_, 0, _, 0, ..] => utf16(head, u16::from_le_bytes),
        _ => single_bytes(head),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes
        .chunks_exact(2)
        .filter_map(|pair| pair.try_into().ok())
        .map(unit);
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// UTF-8 where it is, otherwise one character a byte: which OEM code page it was is not
/// known, and ASCII is the same in all.
fn single_bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// The code pages of languages whose letters are not Latin: what `systeminfo > file` writes in a
/// console of that language, and Russian also by way of programs with windows.
const CODE_PAGES: [&Encoding; 6] = [SHIFT_JIS, GBK, BIG5, EUC_KR, IBM866, WINDOWS_1251];

/// The text in the code page in which `known` finds most of what it looks for, where there is one
/// in which it finds anything; as [`decode`] reads it otherwise. Bytes of one code page are mostly
/// legible in others, so only words can tell.
pub(super) fn decode_by_words(bytes: &[u8], known: impl Fn(&str) -> usize) -> String {
    let plain = decode(bytes);
    let head = bytes.get(..MAX_BYTES).unwrap_or(bytes);
    let one_byte = plain.chars().count() == head.len() && !head.is_ascii();
    if !one_byte {
        return plain;
    }
    let read = CODE_PAGES.iter().filter_map(|page| {
        let text = page.decode_without_bom_handling(head).0;
        let found = known(&text);
        (found > 0).then(|| (found, text.into_owned()))
    });
    // The first of equals.
    let best = read.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map_or(plain, |(_, text)| text)
}

/// Lower case, single blanks, and one `?` for any run of letters outside ASCII, so that
/// a name compares equal in every encoding.
pub(super) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c.to_ascii_lowercase() {
            ' ' | '\t' | '\u{a0}' if out.ends_with(' ') => {}
            ' ' | '\t' | '\u{a0}' => out.push(' '),
            lower if lower.is_ascii() && lower != '?' => out.push(lower),
            _ if out.ends_with('?') => {}
            _ => out.push('?'),
        }
    }
    out
}

/// The first characters of a value, for notes.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_of_one_text() {
        let text = "Fuseau: \u{e9}t\u{e9}\r\n";
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&units), text);
        assert_eq!(decode(&[&[0xff, 0xfe], units.as_slice()].concat()), text);
        assert_eq!(decode(&[&[0xfe, 0xff], big.as_slice()].concat()), text);
        assert_eq!(decode(text.as_bytes()), text);
        assert_eq!(folded(&decode(b"Fuseau: \x82t\x82")), "fuseau: ?t?");
    }
}
