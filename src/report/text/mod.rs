//! The verdict for a terminal: at most 40 lines of 80 columns, whatever the report holds.
//!
//! The first three lines say what happened, who did it and how sure that is. What follows is
//! for the next look: why, the pool over time with the refusals below it, tags, outages,
//! drivers, what to do, where it can be checked, what was read. Everything that is left out
//! for want of room is counted on the page; all of it is in the JSON.
//!
//! ```text
//! page      sections share the 40 lines
//! line      parts share the 80 columns; every text is made harmless as it enters
//! plot      values over time become marks
//! verdict, over_time, limit, tags, refusals, drivers, grounds: the sections
//! ```

mod drivers;
mod grounds;
mod limit;
pub(crate) mod line;
mod over_time;
mod page;
mod plot;
mod refusals;
mod tags;
#[cfg(test)]
mod tests;
mod verdict;

use std::io;

pub use line::{COLUMNS, Style};
pub use page::LINES;

use super::Report;
use super::escape::Charset;
use page::Section;

/// The report and what it is written with.
#[derive(Clone, Copy)]
struct Paper<'a> {
    report: &'a Report,
    charset: Charset,
}

/// Writes the report for a terminal.
///
/// # Errors
/// Those of the writer.
pub fn write(
    report: &Report,
    style: Style,
    charset: Charset,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let paper = Paper { report, charset };
    let head = verdict::head(paper);
    for line in &head {
        line.write(style, out)?;
    }
    writeln!(out)?;
    for line in page::lay_out(&sections(paper), LINES - head.len() - 1) {
        match line {
            Some(line) => line.write(style, out)?,
            None => writeln!(out)?,
        }
    }
    Ok(())
}

/// The sections in the order of the page.
fn sections(paper: Paper<'_>) -> Vec<Section<'_>> {
    vec![
        verdict::summary(paper),
        verdict::why(paper),
        verdict::would_change(paper),
        over_time::over_time(paper),
        limit::limit(paper),
        tags::tags(paper),
        tags::lockstep(paper),
        refusals::outages(paper),
        refusals::timing(paper),
        refusals::rivals(paper),
        drivers::candidates(paper),
        grounds::withheld(paper),
        verdict::next(paper),
        grounds::evidence(paper),
        grounds::coverage(paper),
        grounds::case(paper),
    ]
}
