//! The report as JSON: every field, exact but for two things.
//!
//! Fractions are rounded to a thousandth, so that the last bit of a logarithm, which differs
//! between platforms, does not make two reports of one case differ; what is not a finite
//! number is `null`. Points of a series stand one to a line. serde_json writes U+0000 to
//! U+001F, `"` and `\` as escapes; all other text is as it was in the case, and whoever shows
//! it must make it harmless for the place where it is shown.

use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::Report;

/// Fractions are rounded to one part in so many.
const PARTS: f64 = 1000.0;

/// From here on a double has no digit left to round: 2^52 / 1000 and more.
const WHOLE: f64 = 4.5e12;

/// Bytes that are put together before they are written.
const BUFFER: usize = 64 << 10;

/// Writes the report with its fields in their order, and a newline at the end.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    write_value(report, out)
}

/// Writes any value as the report is written.
///
/// # Errors
/// Those of the writer.
pub fn write_value(value: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    // A report is thousands of small pieces: they are put together here, without a call each.
    let mut out = io::BufWriter::with_capacity(BUFFER, out);
    let mut serializer = Serializer::with_formatter(&mut out, Layout::default());
    value.serialize(&mut serializer).map_err(io::Error::from)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// A fraction as it is written. Zero has no sign.
pub fn rounded(value: f64) -> f64 {
    match value.abs() < WHOLE {
        true => (value * PARTS).round() / PARTS + 0.0,
        false => value,
    }
}

/// What is open where the writer stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    List,
    Object,
}

/// Indented, but a list that is an item of a list (a point of a series) on one line.
#[derive(Default)]
struct Layout {
    pretty: PrettyFormatter<'static>,
    open: Vec<Open>,
}

impl Layout {
    fn in_point(&self) -> bool {
        self.open.ends_with(&[Open::List, Open::List])
    }
}

impl Formatter for Layout {
    fn write_f64<W: ?Sized + io::Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        self.pretty.write_f64(out, rounded(value))
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open.push(Open::List);
        match self.in_point() {
            true => out.write_all(b"["),
            false => self.pretty.begin_array(out),
        }
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        let within = self.in_point();
        self.open.pop();
        match within {
            true => out.write_all(b"]"),
            false => self.pretty.end_array(out),
        }
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        match (self.in_point(), first) {
            (true, true) => Ok(()),
            (true, false) => out.write_all(b", "),
            (false, _) => self.pretty.begin_array_value(out, first),
        }
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        match self.in_point() {
            true => Ok(()),
            false => self.pretty.end_array_value(out),
        }
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open.push(Open::Object);
        self.pretty.begin_object(out)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open.pop();
        self.pretty.end_object(out)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.pretty.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::report::fixture::{cases, hostile_report, leak_explained};

    fn written(report: &Report) -> String {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The two values are the same but for the rounding of fractions.
    fn same(written: &Value, exact: &Value) -> bool {
        match (written, exact) {
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (Value::Object(a), Value::Object(b)) => {
                a.keys().eq(b.keys()) && a.values().zip(b.values()).all(|(a, b)| same(a, b))
            }
            (Value::Number(a), Value::Number(b)) if b.is_f64() => a
                .as_f64()
                .zip(b.as_f64())
                .is_some_and(|(a, b)| (a - b).abs() <= b.abs() * 1e-15 + 0.000_501),
            (a, b) => a == b,
        }
    }

    #[test]
    fn every_field_is_there() {
        for (name, report) in cases() {
            let text = written(&report);
            assert!(text.ends_with("}\n"));
            assert!(text.starts_with("{\n  \"schema_version\": \"1\",\n  \"tool\""));
            let value: Value = serde_json::from_str(&text).unwrap();
            assert!(
                same(&value, &serde_json::to_value(&report).unwrap()),
                "{name}"
            );
        }
    }

    #[test]
    fn fractions_are_rounded_and_points_stand_on_one_line() {
        let mut report = leak_explained();
        report.correlation.covered = Some(2.0 / 3.0);
        report.correlation.separation = Some(f64::NAN);
        report.pool.tags[0].growth_low = Some(-0.000_1);
        report.pool.tags[0].series = vec![(0, 5), (1, -6)];
        let text = written(&report);
        assert!(text.contains("\"covered\": 0.667,"));
        assert!(text.contains("\"separation\": null,"));
        assert!(text.contains("\"growth_low\": 0.0,"));
        assert!(text.contains("[0, 5],\n"), "{text}");
        assert!(text.contains("[1, -6]\n"));
    }

    #[test]
    fn control_characters_are_written_as_escapes() {
        let mut report = leak_explained();
        report.verdict.summary = "a\u{1b}\n\0".to_owned();
        assert!(written(&report).contains("\"a\\u001b\\n\\u0000\""));
    }

    proptest! {
        // A report holds thousands of texts: few cases try many.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_report_is_valid_json(report in hostile_report()) {
            let value: Value = serde_json::from_str(&written(&report)).unwrap();
            prop_assert!(same(&value, &serde_json::to_value(&report).unwrap()));
        }
    }
}
