//! HTML: text, attributes, and data inside a script element.

use super::visible::{Piece, pieces};

/// The text as HTML text. Safe in element content and in quoted attributes, nowhere else: not
/// in scripts, styles, comments, tag names or unquoted attributes, and not as the value of
/// `href` or `src`, which no text of a case may become.
///
/// ```
/// assert_eq!(poolsleuth::report::escape::html("<b>&"), "&lt;b&gt;&amp;");
/// ```
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Kept('&') => out.push_str("&amp;"),
            Piece::Kept('<') => out.push_str("&lt;"),
            Piece::Kept('>') => out.push_str("&gt;"),
            Piece::Kept('"') => out.push_str("&quot;"),
            Piece::Kept('\'') => out.push_str("&#39;"),
            Piece::Kept(c) => out.push(c),
            Piece::Written(_) => out.push_str(&piece.to_string()),
        }
    }
    out
}

/// The text as the value of an attribute, safe even where the quotes were forgotten: every
/// ASCII character that is not a letter or digit becomes a reference, as OWASP advises.
pub fn html_attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in pieces(text).flat_map(|piece| piece.to_string().chars().collect::<Vec<_>>()) {
        match c.is_ascii() && !c.is_ascii_alphanumeric() {
            true => out.push_str(&format!("&#{};", u32::from(c))),
            false => out.push(c),
        }
    }
    out
}

/// JSON for the inside of `<script type="application/json">`: the same value, spelled so that
/// no end tag, comment or entity can be read in it. `json` must be valid JSON, in which these
/// characters occur inside strings only.
pub fn script_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)))
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_element_and_no_attribute_begins() {
        assert_eq!(
            html("<img src=x onerror='a'>\u{202e}"),
            "&lt;img src=x onerror=&#39;a&#39;&gt;\\u{202e}"
        );
        assert_eq!(html_attribute("a\" onload=x"), "a&#34;&#32;onload&#61;x");
        assert_eq!(html_attribute("ü9"), "ü9");
        assert_eq!(html_attribute("\n"), "&#92;x0a");
    }

    #[test]
    fn script_data_keeps_its_value() {
        let json = serde_json::to_string("</script><!-- & \u{2028}").unwrap();
        let safe = script_json(&json);
        assert!(!safe.contains(['<', '>', '&', '\u{2028}']));
        assert_eq!(
            serde_json::from_str::<String>(&safe).unwrap(),
            "</script><!-- & \u{2028}"
        );
    }

    proptest! {
        #[test]
        fn no_special_character_is_left(text: String) {
            prop_assert!(!html(&text).contains(['<', '>', '"', '\'']));
            let attribute = html_attribute(&text);
            prop_assert!(!attribute.contains(['<', '>', '"', '\'', '`', '=', ' ']));
        }
    }
}
