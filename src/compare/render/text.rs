//! The comparison for a terminal: the answer, then both sides in columns of their own.

use std::io;

use super::super::{Comparison, Result, TagChange};
use super::rows;
use crate::report::escape::{Charset, wrap};
use crate::report::text::Style;
use crate::report::text::line::{Align, Line, Paint, ROOM};
use crate::report::wording::{counted, words};

/// Columns of a side, with a blank between the two.
const SIDE: usize = (ROOM - 1) / 2;

/// Lines of a sentence, and of a figure of a side.
const SENTENCE_LINES: usize = 4;
const FIGURE_LINES: usize = 2;

/// Tags, images and cautions shown; the JSON has all.
const TAGS: usize = 8;
const DRIVERS: usize = 10;
const CAUTIONS: usize = 12;

/// Columns of the table of tags.
const TAG: usize = 11;
const PACE: usize = 26;

/// Digits of a digest: enough to tell files apart, few enough for the column.
const DIGITS: usize = 12;

/// Writes the page.
pub(super) fn write(
    comparison: &Comparison,
    style: Style,
    charset: Charset,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let page = Page { charset };
    let parts = [
        page.answer(comparison),
        page.figures(comparison),
        page.tags(comparison),
        page.drivers(comparison),
        page.cautions(comparison),
    ];
    let parts = parts.iter().filter(|part| !part.is_empty());
    for (place, part) in parts.enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        for line in part {
            line.write(style, out)?;
        }
    }
    Ok(())
}

/// What the lines are made with.
#[derive(Clone, Copy)]
struct Page {
    charset: Charset,
}

impl Page {
    fn line(self) -> Line {
        Line::new(self.charset)
    }

    /// A sentence in as many lines as it needs, the first with `name` in the margin.
    fn sentence(self, name: &str, text: &str, paint: Paint) -> Vec<Line> {
        let lines = wrap(text, ROOM, SENTENCE_LINES, self.charset);
        let lines = lines.iter().enumerate();
        lines
            .map(|(place, text)| match place {
                0 => self.line().named(name).add(text, paint),
                _ => self.line().add(text, paint),
            })
            .collect()
    }

    fn answer(self, comparison: &Comparison) -> Vec<Line> {
        let answer = &comparison.answer;
        let paint = match answer.result {
            Result::NoProblem => Paint::Good,
            Result::CannotTell | Result::SameCase => Paint::Doubt,
            _ => Paint::Strong,
        };
        let mut lines = self.sentence("Answer", &answer.text, paint);
        // What the answer itself says is not said twice.
        let because = answer.because.iter().filter(|b| !answer.text.contains(*b));
        for (place, text) in because.enumerate() {
            let name = if place == 0 { "Because" } else { "" };
            lines.extend(self.sentence(name, text, Paint::Body));
        }
        let sure = match &answer.confidence {
            Some(word) => format!("{}, the lower of the two verdicts", words(word)),
            None => "not known: a report states no confidence".to_owned(),
        };
        lines.extend(self.sentence("How sure", &sure, Paint::Body));
        lines
    }

    fn figures(self, comparison: &Comparison) -> Vec<Line> {
        let mut lines = vec![self.sides("A", "B", Paint::Quiet)];
        for row in rows::rows(comparison) {
            lines.extend(self.figure(&row));
        }
        let growth = format!("growth of nonpaged pool: {}", comparison.nonpaged.words());
        lines.push(self.line().add(&growth, Paint::Quiet));
        lines
    }

    fn sides(self, a: &str, b: &str, paint: Paint) -> Line {
        self.line()
            .cell(a, SIDE, Align::Left, paint)
            .add(" ", Paint::Body)
            .add(b, paint)
    }

    fn figure(self, row: &rows::Row) -> Vec<Line> {
        let cells = [&row.a, &row.b].map(|text| wrap(text, SIDE, FIGURE_LINES, self.charset));
        let [a, b] = &cells;
        let text = |cell: &[String], place: usize| cell.get(place).cloned().unwrap_or_default();
        (0..a.len().max(b.len()).max(1))
            .map(|place| {
                let line = self.sides(&text(a, place), &text(b, place), Paint::Body);
                let is_sub = row.label.starts_with(char::is_lowercase);
                match place {
                    0 if is_sub => line.labelled(row.label),
                    0 => line.named(row.label),
                    _ => line,
                }
            })
            .collect()
    }

    fn tags(self, comparison: &Comparison) -> Vec<Line> {
        let tags = &comparison.tags;
        if tags.is_empty() {
            return Vec::new();
        }
        let head = self
            .line()
            .named("Tags")
            .cell("growth/h", TAG, Align::Left, Paint::Quiet)
            .cell("A, 95 % interval", PACE + 1, Align::Left, Paint::Quiet)
            .cell("B", PACE + 1, Align::Left, Paint::Quiet)
            .add("slopes", Paint::Quiet);
        let mut lines = vec![head];
        lines.extend(tags.iter().take(TAGS).map(|change| self.tag(change)));
        if let Some(last) = lines.pop() {
            lines.push(last.labelled(&more(tags.len(), TAGS)));
        }
        let overlap = tags
            .iter()
            .take(TAGS)
            .any(|t| t.difference == super::super::Difference::NotShown);
        if overlap {
            let note = "meet: the intervals overlap, so no difference is shown";
            lines.push(self.line().add(note, Paint::Quiet));
        }
        lines
    }

    fn tag(self, change: &TagChange) -> Line {
        let pool = if change.key.pool == "nonpaged" {
            "Nonp"
        } else {
            "Paged"
        };
        self.line()
            .cell(&change.tag, 4, Align::Left, Paint::Strong)
            .add(" ", Paint::Body)
            .cell(pool, TAG - 5, Align::Left, Paint::Body)
            .cell(&rows::tag_words(&change.a), PACE, Align::Left, Paint::Body)
            .add(" ", Paint::Body)
            .cell(&rows::tag_words(&change.b), PACE, Align::Left, Paint::Body)
            .add(" ", Paint::Body)
            .add(rows::short(change.difference), Paint::Body)
    }

    fn drivers(self, comparison: &Comparison) -> Vec<Line> {
        let mut lines = Vec::new();
        for change in comparison.drivers.iter().take(DRIVERS) {
            let words = format!("{}: {}", change.file_name, change.state.words());
            lines.push(self.line().add(&words, Paint::Strong));
            let [a, b] = [&change.a, &change.b].map(|f| rows::image_words(f.as_ref(), DIGITS));
            lines.push(self.sides(&a, &b, Paint::Body));
        }
        let same = match comparison.drivers_same {
            0 if comparison.drivers.is_empty() => return Vec::new(),
            0 => "no other image is the same in both".to_owned(),
            n => format!("{} with the same bytes in both", counted(n, "other image")),
        };
        lines.push(self.line().add(&same, Paint::Quiet));
        if let Some(last) = lines.pop() {
            lines.push(last.labelled(&more(comparison.drivers.len(), DRIVERS)));
        }
        named(lines, "Drivers")
    }

    fn cautions(self, comparison: &Comparison) -> Vec<Line> {
        let mut lines = Vec::new();
        for caution in comparison.cautions.iter().take(CAUTIONS) {
            let parts = wrap(&caution.text, ROOM - 2, SENTENCE_LINES, self.charset);
            let marks = std::iter::once("- ").chain(std::iter::repeat("  "));
            lines.extend(
                marks
                    .zip(&parts)
                    .map(|(mark, part)| self.line().add(mark, Paint::Body).add(part, Paint::Body)),
            );
        }
        if let Some(last) = lines.pop() {
            lines.push(last.labelled(&more(comparison.cautions.len(), CAUTIONS)));
        }
        named(lines, "Mind")
    }
}

/// What is left out, for the margin.
fn more(all: usize, shown: usize) -> String {
    match all.saturating_sub(shown) {
        0 => String::new(),
        left => format!("+{left} more"),
    }
}

/// The lines with a name in the margin of the first, unless something stands there.
fn named(mut lines: Vec<Line>, name: &str) -> Vec<Line> {
    if let Some(first) = lines.first_mut() {
        *first = first.clone().named(name);
    }
    lines
}
