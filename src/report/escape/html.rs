//! HTML: text, attributes, and data inside a script element.

use super::visible::{Piece, is_plain, pieces};

/// The text as HTML text. Safe in element content and in quoted attributes, nowhere else: not
/// in scripts, styles, comments, tag names or unquoted attributes, and not as the value of
/// `href` or `src`, which no text of a case may become.
///
/// ```
/// assert_eq!(poolsleuth::report::escape::html("<b>&"), "&lt;b&gt;&amp;");
/// ```
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_html(&mut out, text);
    out
}

/// Appends the text as [`html`] has it.
pub fn push_html(out: &mut String, text: &str) {
    if !is_plain(text) {
        pieces(text).for_each(|piece| match piece {
            Piece::Kept(c) => push_kept(out, c),
            Piece::Written(_) => out.push_str(&piece.to_string()),
        });
        return;
    }
    let acts = |c: char| matches!(c, '&' | '<' | '>' | '"' | '\'');
    let mut rest = text;
    while let Some((before, after)) = rest.find(acts).and_then(|at| rest.split_at_checked(at)) {
        out.push_str(before);
        let mut after = after.chars();
        after.by_ref().take(1).for_each(|c| push_kept(out, c));
        rest = after.as_str();
    }
    out.push_str(rest);
}

fn push_kept(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        c => out.push(c),
    }
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
        fn plain_texts_are_escaped_as_any_other(text in "[ -~]*") {
            // A letter that is not plain has each character looked at by itself.
            let long = html(&format!("é{text}"));
            prop_assert_eq!(html(&text), long.trim_start_matches('é'));
        }

        #[test]
        fn no_special_character_is_left(text: String) {
            prop_assert!(!html(&text).contains(['<', '>', '"', '\'']));
            let attribute = html_attribute(&text);
            prop_assert!(!attribute.contains(['<', '>', '"', '\'', '`', '=', ' ']));
        }
    }
}
