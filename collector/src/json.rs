//! JSON, written only: two blanks a level, keys in the order given.

use std::fmt::Write as _;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// Nothing is known.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Number(i128),
    /// Text; escaped when written.
    Text(String),
    /// Values in order.
    List(Vec<Json>),
    /// Named values in order.
    Object(Vec<(&'static str, Json)>),
}

impl From<bool> for Json {
    fn from(value: bool) -> Json {
        Json::Bool(value)
    }
}

macro_rules! whole_numbers {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Json {
            fn from(value: $kind) -> Json {
                Json::Number(value as i128)
            }
        }
    )*};
}
whole_numbers!(u16, u32, u64, i32, usize);

impl From<&str> for Json {
    fn from(value: &str) -> Json {
        Json::Text(value.to_owned())
    }
}

impl From<String> for Json {
    fn from(value: String) -> Json {
        Json::Text(value)
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Json {
        value.map_or(Json::Null, Into::into)
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(values: Vec<T>) -> Json {
        Json::List(values.into_iter().map(Into::into).collect())
    }
}

impl Json {
    /// The document, with a line feed at its end.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0);
        text.push('\n');
        text
    }

    fn write(&self, out: &mut String, depth: usize) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            // Writing to a String cannot fail.
            Json::Number(value) => drop(write!(out, "{value}")),
            Json::Text(text) => quote(out, text),
            Json::List(values) => {
                let items = values.iter().map(|value| (None, value));
                group(out, depth, ('[', ']'), items);
            }
            Json::Object(fields) => {
                let items = fields.iter().map(|(name, value)| (Some(*name), value));
                group(out, depth, ('{', '}'), items);
            }
        }
    }
}

fn group<'a>(
    out: &mut String,
    depth: usize,
    (open, close): (char, char),
    items: impl Iterator<Item = (Option<&'static str>, &'a Json)>,
) {
    out.push(open);
    let mut any = false;
    for (name, value) in items {
        out.push_str(if any { ",\n" } else { "\n" });
        any = true;
        out.push_str(&"  ".repeat(depth + 1));
        if let Some(name) = name {
            quote(out, name);
            out.push_str(": ");
        }
        value.write(out, depth + 1);
    }
    if any {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
    out.push(close);
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' || c == '\u{7f}' => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_with_everything() {
        let json = Json::Object(vec![
            ("text", "C:\\a \"b\"\n\u{1}é".into()),
            ("none", Option::<u64>::None.into()),
            ("list", vec![1_u64, u64::MAX].into()),
            ("empty", Json::List(Vec::new())),
            (
                "object",
                Json::Object(vec![("yes", true.into()), ("below", (-60).into())]),
            ),
        ]);
        let expected = r#"{
  "text": "C:\\a \"b\"\n\u0001é",
  "none": null,
  "list": [
    1,
    18446744073709551615
  ],
  "empty": [],
  "object": {
    "yes": true,
    "below": -60
  }
}
"#;
        assert_eq!(json.to_text(), expected);
    }
}
