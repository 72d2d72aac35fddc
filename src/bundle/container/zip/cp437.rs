//! IBM code page 437, the zip format's default for names (APPNOTE appendix D).

/// Characters 0x80..=0xff; below, names are ASCII.
const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// The text that `bytes` stand for; every byte has a character.
pub(super) fn decode(bytes: &[u8]) -> String {
    let upper: Vec<char> = UPPER.chars().collect();
    let character = |&byte: &u8| match byte.checked_sub(0x80) {
        None => char::from(byte),
        Some(index) => upper.get(usize::from(index)).copied().unwrap_or('\u{fffd}'),
    };
    bytes.iter().map(character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_own_character() {
        assert_eq!(UPPER.chars().count(), 128);
        let all: Vec<u8> = (0..=255).collect();
        let mut characters: Vec<char> = decode(&all).chars().collect();
        characters.sort_unstable();
        characters.dedup();
        assert_eq!(characters.len(), 256);
    }

    #[test]
    fn known_places() {
        assert_eq!(
            decode(b"\x80\x81\x84\x94\x9a\xe1\xb0\xdb\xff"),
            "ÇüäöÜß░█\u{a0}"
        );
    }
}
