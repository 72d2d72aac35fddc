//! The Content-Security-Policy of the page: only its own style and script, named by hash.

use sha2::{Digest, Sha256};

/// The style sheet, between its tags byte for byte.
pub const STYLE: &str = include_str!("style.css");

/// The script, between its tags byte for byte.
pub const SCRIPT: &str = include_str!("script.js");

/// The policy for [`STYLE`] and [`SCRIPT`]: nothing is loaded, sent, framed or based elsewhere.
pub fn policy() -> String {
    policy_with(&[])
}

/// As [`policy`], for a page with further style sheets.
pub fn policy_with(styles: &[&str]) -> String {
    let hash = |text: &str| format!(" 'sha256-{}'", base64(&Sha256::digest(text)));
    let styles: String = std::iter::once(&STYLE)
        .chain(styles)
        .map(|s| hash(s))
        .collect();
    format!(
        "default-src 'none'; style-src{styles}; script-src{}; base-uri 'none'; form-action 'none'",
        hash(SCRIPT)
    )
}

/// RFC 4648 base 64 with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4usize {
            if place > chunk.len() {
                text.push('=');
            } else {
                let sextet = (word >> (18 - 6 * place)) & 63;
                text.push(char::from(ALPHABET[sextet as usize]));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_the_rfc() {
        let shown = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|t| base64(t.as_bytes()));
        assert_eq!(
            shown,
            [
                "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"
            ]
        );
    }

    #[test]
    fn the_assets_cannot_close_their_elements() {
        assert!(!STYLE.contains("</"));
        assert!(!SCRIPT.contains("</"));
        assert!(!SCRIPT.contains("<!--"));
        for address in ["http:", "https:", "url(", "@import", "innerHTML"] {
            assert!(
                !STYLE.contains(address) && !SCRIPT.contains(address),
                "{address}"
            );
        }
    }
}
