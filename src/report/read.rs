//! Reads a report back from its JSON, for those who get the report and not the case.
//!
//! A report on disk is as untrusted as a case: it has a bound, its kind and version are looked
//! at before anything else, and every field may be missing or hold something else. [`Part`]
//! gives such a field as absent, never as zero, which is what docs of the shape promise to
//! every reader.

use std::io::Read;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::model::SCHEMA_VERSION;

/// Most bytes of a report. The largest that the program writes (thousands of outages, tags with
/// 2,000 points each) stays below 8 MB; in memory the value takes about ten times its text.
pub const MAX_BYTES: u64 = 64 << 20;

/// Longest piece of a strange version that an error quotes.
const QUOTED: usize = 40;

/// Why bytes are no report that this program reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Reading failed.
    #[error("cannot be read: {why}")]
    Io {
        /// What the system says.
        why: String,
    },
    /// More bytes than [`MAX_BYTES`].
    #[error("larger than {} MiB, which no report is", MAX_BYTES >> 20)]
    TooLarge,
    /// No JSON, or cut off.
    #[error(
        "not JSON: {why}; if it was cut off, copy it again or run `poolsleuth analyze --format json`"
    )]
    NotJson {
        /// What the parser says, with line and column.
        why: String,
    },
    /// A field does not hold what reports put there.
    #[error("a report with a field of another type than reports have: {why}")]
    OtherType {
        /// What the parser says.
        why: String,
    },
    /// JSON of another kind.
    #[error(
        "JSON, but no report: `schema_version` is missing; pass the report.json of `poolsleuth analyze -o DIR`"
    )]
    NotAReport,
    /// A report of a shape that this program does not know.
    #[error(
        "a report of schema version {found}, and this program reads version {SCHEMA_VERSION}; analyse the case again, or use the program that wrote it"
    )]
    OtherVersion {
        /// The version, as far as it can be shown.
        found: String,
    },
}

impl ReadError {
    /// True when a limit refused the input: exit status 5.
    pub fn is_refusal(&self) -> bool {
        matches!(self, ReadError::TooLarge)
    }
}

/// A report as it was written.
#[derive(Clone, Debug)]
pub struct Written(Value);

impl Written {
    /// Reads and parses a report.json.
    ///
    /// # Errors
    /// As [`Written::parse`], and when reading fails.
    pub fn read(from: impl Read) -> Result<Written, ReadError> {
        let mut bytes = Vec::new();
        from.take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|why| ReadError::Io {
                why: why.to_string(),
            })?;
        Written::parse(&bytes)
    }

    /// The fields that a type names; others are passed over.
    ///
    /// # Errors
    /// [`ReadError::OtherType`].
    pub fn typed<T: DeserializeOwned>(self) -> Result<T, ReadError> {
        serde_json::from_value(self.0).map_err(|e| ReadError::OtherType { why: e.to_string() })
    }

    /// Parses the bytes of a report.json.
    ///
    /// # Errors
    /// [`ReadError`]: too large, no JSON, no report, or one of another version.
    pub fn parse(bytes: &[u8]) -> Result<Written, ReadError> {
        if bytes.len() as u64 > MAX_BYTES {
            return Err(ReadError::TooLarge);
        }
        // Windows editors save with a byte order mark.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let value: Value =
            serde_json::from_slice(bytes).map_err(|e| ReadError::NotJson { why: e.to_string() })?;
        match value.get("schema_version") {
            None => Err(ReadError::NotAReport),
            Some(Value::String(version)) if version == SCHEMA_VERSION => Ok(Written(value)),
            Some(other) => Err(ReadError::OtherVersion {
                found: other.to_string().chars().take(QUOTED).collect(),
            }),
        }
    }

    /// The whole of it.
    pub fn root(&self) -> Part<'_> {
        Part(Some(&self.0))
    }
}

/// True if a file that begins with these bytes is JSON rather than a file of a case.
pub fn begins_like_json(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{')
}

/// A field, which may be missing or hold anything.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a>(Option<&'a Value>);

impl<'a> Part<'a> {
    /// A field of this object.
    pub fn of(self, name: &str) -> Part<'a> {
        Part(self.0.and_then(|v| v.get(name)))
    }

    /// The items of this list, at most `most`.
    pub fn items(self, most: usize) -> impl Iterator<Item = Part<'a>> {
        let list = self.0.and_then(Value::as_array).map(Vec::as_slice);
        list.unwrap_or_default()
            .iter()
            .take(most)
            .map(|v| Part(Some(v)))
    }

    /// How many items this list has.
    pub fn count(self) -> Option<u64> {
        Some(self.0?.as_array()?.len() as u64)
    }

    /// True if it is there and not null.
    pub fn is_stated(self) -> bool {
        self.0.is_some_and(|v| !v.is_null())
    }

    /// Its text.
    pub fn text(self) -> Option<String> {
        self.0?.as_str().map(str::to_owned)
    }

    /// Its texts.
    pub fn texts(self, most: usize) -> Vec<String> {
        self.items(most).filter_map(Part::text).collect()
    }

    /// A count.
    pub fn unsigned(self) -> Option<u64> {
        self.0?.as_u64()
    }

    /// A whole number.
    pub fn signed(self) -> Option<i64> {
        self.0?.as_i64()
    }

    /// A number; JSON has no infinite ones.
    pub fn number(self) -> Option<f64> {
        self.0?.as_f64().filter(|n| n.is_finite())
    }

    /// A time, in milliseconds of UTC.
    pub fn instant(self) -> Option<i64> {
        let text = self.0?.as_str()?;
        let at = chrono::DateTime::parse_from_rfc3339(text).ok()?;
        Some(at.timestamp_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_says_why() {
        let why = |text: &str| Written::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(why("{\"schema_version\": \"1\", ").starts_with("not JSON: EOF"));
        assert!(why("[1]").contains("`schema_version` is missing"));
        assert!(why("{\"schema_version\": \"2\"}").contains("schema version \"2\""));
        assert!(why("{\"schema_version\": 1}").contains("schema version 1,"));
        let deep = "[".repeat(100_000);
        assert!(why(&deep).contains("recursion limit"));
        let long = format!("{{\"schema_version\": \"{}\"}}", "x".repeat(5_000));
        assert!(why(&long).len() < 250);
    }

    #[test]
    fn a_field_of_another_kind_is_absent() {
        let text = "\u{feff}{\"schema_version\": \"1\", \"a\": {\"n\": -1, \"t\": \"2026-03-01T10:00:00Z\", \"x\": null}, \"l\": [\"p\", 2, \"q\"]}";
        let written = Written::parse(text.as_bytes()).unwrap();
        let a = written.root().of("a");
        assert_eq!((a.of("n").unsigned(), a.of("n").signed()), (None, Some(-1)));
        assert_eq!(a.of("t").instant(), Some(1_772_359_200_000));
        assert_eq!(a.of("n").instant(), None);
        assert!(!a.of("x").is_stated() && !a.of("y").of("z").is_stated());
        assert_eq!(written.root().of("l").texts(9), ["p", "q"]);
        assert_eq!(written.root().of("l").items(1).count(), 1);
        assert_eq!(a.count(), None);
    }

    #[test]
    fn json_is_told_from_logs() {
        assert!(begins_like_json(b"\xef\xbb\xbf \r\n{"));
        assert!(!begins_like_json(b"#Software: Microsoft HTTP API 2.0"));
        assert!(!begins_like_json(b""));
    }
}
