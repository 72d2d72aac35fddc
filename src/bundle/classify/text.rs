//! Text of a file's first bytes, whatever Windows wrote it in.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Share of control bytes (per thousand) above which bytes are no text. Torn logs hold
/// runs of NULs, which are counted apart, and stray form feeds.
const MAX_CONTROL_PER_MILLE: usize = 20;

/// The first bytes of a text, decoded.
pub(super) struct TextHead(String);

impl TextHead {
    /// Decodes `head`, unless it is no text: UTF-8 or any single-byte text, and UTF-16
    /// with a byte order mark or recognisable by its zero bytes (`poolmon > file` in
    /// PowerShell, and tools that leave the mark out).
    pub(super) fn decode(head: &[u8]) -> Option<Self> {
        let (encoding, bytes) = match Encoding::for_bom(head) {
            Some((encoding, mark)) => (encoding, head.get(mark..).unwrap_or_default()),
            None => (without_mark(head), head),
        };
        let (text, _) = encoding.decode_without_bom_handling(bytes);
        (is_text(&text) || has_directive(&text)).then(|| TextHead(text.into_owned()))
    }

    /// Whether the text holds these characters anywhere: a quick look before a line by line one.
    pub(super) fn holds(&self, needle: &str) -> bool {
        memchr::memmem::find(self.0.as_bytes(), needle.as_bytes()).is_some()
    }

    /// The lines; the last may be cut off by the end of the head.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.0
            .split(['\n', '\r'])
            .map(|line| line.trim_matches('\0'))
    }
}

/// UTF-16 of Latin text has a zero in every other byte.
fn without_mark(head: &[u8]) -> &'static Encoding {
    let pairs = head.len() / 2;
    let (mut even, mut odd) = (head.len() % 2 * usize::from(head.last() == Some(&0)), 0);
    for pair in head.as_chunks::<2>().0 {
        even += usize::from(pair[0] == 0);
        odd += usize::from(pair[1] == 0);
    }
    // Four fifths against one fifth: accents and a few signs have no zero byte, and
    // padding has zeros at both places.
    if pairs >= 4 && odd * 5 >= pairs * 4 && even * 5 <= pairs {
        UTF_16LE
    } else if pairs >= 4 && even * 5 >= pairs * 4 && odd * 5 <= pairs {
        UTF_16BE
    } else {
        UTF_8
    }
}

/// A log's own first line says what it is, whatever clients sent http.sys in the rows below.
fn has_directive(text: &str) -> bool {
    text.starts_with("#Software:") || text.starts_with("#Fields:")
}

fn is_text(text: &str) -> bool {
    let (mut shown, mut controls, mut nuls) = (0_usize, 0_usize, 0_usize);
    for c in text.chars() {
        let odd = c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1a}');
        nuls += usize::from(c == '\0');
        shown += usize::from(c != '\0');
        controls += usize::from(odd && c != '\0');
    }
    // Up to half NULs: a preallocated or torn log. More is padding around nothing.
    shown > 0 && controls * 1000 <= shown * MAX_CONTROL_PER_MILLE && (nuls <= shown || shown > 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(head: &[u8]) -> Option<String> {
        TextHead::decode(head).map(|text| text.lines().next().unwrap_or_default().to_owned())
    }

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn encodings() {
        assert_eq!(first(b"abc\r\nd").as_deref(), Some("abc"));
        assert_eq!(first(b"\xef\xbb\xbfabc\nd").as_deref(), Some("abc"));
        let marked = [b"\xff\xfe".to_vec(), utf16("Gr\u{f6}\u{df}e\n")].concat();
        assert_eq!(first(&marked).as_deref(), Some("Größe"));
        assert_eq!(first(&utf16("Tag  Type\n")).as_deref(), Some("Tag  Type"));
        assert_eq!(
            first(b"gr\xf6\xdfe").as_deref(),
            Some("gr\u{fffd}\u{fffd}e")
        );
    }

    #[test]
    fn a_torn_log_is_text_and_binary_is_not() {
        let torn = [&b"#Software: Microsoft HTTP API 2.0\r\n"[..], &[0; 30]].concat();
        assert!(TextHead::decode(&torn).is_some());
        assert!(TextHead::decode(&[0; 64]).is_none());
        let hostile = [&b"#Software: Microsoft HTTP API 2.0\r\n"[..], &[0x1b; 30]].concat();
        assert!(TextHead::decode(&hostile).is_some());
        assert!(TextHead::decode(&(0..=255).collect::<Vec<u8>>()).is_none());
    }
}
