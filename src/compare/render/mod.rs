//! A comparison for people and programs: pure functions of the value.

mod markdown;
mod rows;
mod text;

use std::io;

use super::Comparison;
use crate::report::escape::Charset;
use crate::report::json;
use crate::report::text::Style;

/// Writes it for a terminal, in lines of at most 80 columns.
///
/// # Errors
/// Those of the writer.
pub fn text(
    comparison: &Comparison,
    style: Style,
    charset: Charset,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    text::write(comparison, style, charset, out)
}

/// Writes it as Markdown, for a ticket.
///
/// # Errors
/// Those of the writer.
pub fn markdown(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(markdown::text(comparison).as_bytes())
}

/// Writes all of it as JSON, as the report is written.
///
/// # Errors
/// Those of the writer.
pub fn json(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    json::write_value(comparison, out)
}

#[cfg(test)]
mod tests;
