//! One line of the terminal report: parts with a meaning, cut to the columns there are.

use std::io;

use crate::report::escape::{Charset, columns, fit, fit_end, terminal, wrap};

/// Columns of a line. Terminals, mail and tickets all show so many.
pub const COLUMNS: usize = 80;

/// Columns of the margin, in which the name of a section stands.
pub const MARGIN: usize = 9;

/// Columns beside the margin.
pub const ROOM: usize = COLUMNS - MARGIN;

/// Whether lines carry colours. What a colour says, the words say as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Text only.
    #[default]
    Plain,
    /// With SGR sequences of the sixteen basic colours.
    Colour,
}

/// What a part of a line is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Ordinary text.
    Body,
    /// The names of sections, stamps, headings.
    Quiet,
    /// What is to be read first.
    Strong,
    /// Bad news.
    Bad,
    /// Something to be careful with.
    Doubt,
    /// Good news.
    Good,
}

impl Paint {
    const fn sgr(self) -> Option<&'static str> {
        match self {
            Paint::Body => None,
            Paint::Quiet => Some("\x1b[2m"),
            Paint::Strong => Some("\x1b[1m"),
            Paint::Bad => Some("\x1b[1;31m"),
            Paint::Doubt => Some("\x1b[33m"),
            Paint::Good => Some("\x1b[32m"),
        }
    }
}

/// The line. Every text that enters it is made harmless and fits.
#[derive(Clone, Debug)]
pub struct Line {
    charset: Charset,
    margin: String,
    margin_columns: usize,
    parts: Vec<(String, Paint)>,
    left: usize,
}

impl Line {
    /// An empty line beside the margin.
    pub fn new(charset: Charset) -> Self {
        Line {
            charset,
            margin: String::new(),
            margin_columns: MARGIN,
            parts: Vec::new(),
            left: ROOM,
        }
    }

    /// An empty line without a margin, for what is to be copied whole.
    pub fn wide(charset: Charset) -> Self {
        Line {
            left: COLUMNS,
            margin_columns: 0,
            ..Line::new(charset)
        }
    }

    /// True if something stands in the margin, or there is none.
    pub fn has_margin(&self) -> bool {
        !self.margin.is_empty() || self.margin_columns == 0
    }

    /// The line with `name` in its margin.
    pub fn named(mut self, name: &str) -> Self {
        self.margin = fit(name, MARGIN - 1, self.charset);
        self
    }

    /// The line with `label` at the right of its margin.
    pub fn labelled(mut self, label: &str) -> Self {
        let label = fit(label, MARGIN - 1, self.charset);
        let blanks = (MARGIN - 1).saturating_sub(columns(&label));
        self.margin = " ".repeat(blanks) + &label;
        self
    }

    /// Adds a text; what does not fit is cut, and the cut is shown.
    pub fn add(mut self, text: &str, paint: Paint) -> Self {
        if self.left == 0 && !text.is_empty() {
            self.mark_cut();
        }
        let shown = fit(text, self.left, self.charset);
        self.left -= columns(&shown).min(self.left);
        self.parts.push((shown, paint));
        self
    }

    /// The last part ends in an ellipsis, because what follows it has no room.
    fn mark_cut(&mut self) {
        let Some((last, _)) = self
            .parts
            .iter_mut()
            .rev()
            .find(|(text, _)| !text.is_empty())
        else {
            return;
        };
        let width = columns(last);
        *last = fit(
            &format!("{last}{}", ".".repeat(width + 1)),
            width,
            self.charset,
        );
        self.left = 0;
    }

    /// Adds a text in a cell of exactly `width` columns.
    pub fn cell(self, text: &str, width: usize, align: Align, paint: Paint) -> Self {
        let shown = fit(text, width, self.charset);
        let blanks = " ".repeat(width.saturating_sub(columns(&shown)));
        match align {
            Align::Left => self.add(&shown, paint).add(&blanks, Paint::Body),
            Align::Right => self.add(&blanks, Paint::Body).add(&shown, paint),
        }
    }

    /// Adds a path in at most `width` columns, cut at its beginning.
    pub fn path(self, text: &str, width: usize, paint: Paint) -> Self {
        let shown = fit_end(text, width.min(self.left), self.charset);
        self.add(&shown, paint)
    }

    /// Puts a short text at the right end, if the line leaves room for it.
    pub fn end(self, text: &str) -> Self {
        let width = columns(&terminal(text, self.charset));
        match self.left.checked_sub(width + 1) {
            Some(blanks) if width > 0 => self
                .add(&" ".repeat(blanks + 1), Paint::Body)
                .add(text, Paint::Quiet),
            _ => self,
        }
    }

    /// Puts a short text at the right end, if need be over the end of what stands there.
    pub fn insist(mut self, text: &str) -> Self {
        let needed = columns(&terminal(text, self.charset)) + 1;
        while self.left < needed {
            let short = needed - self.left;
            let Some((last, _)) = self
                .parts
                .iter_mut()
                .rev()
                .find(|(text, _)| columns(text) > 0)
            else {
                break;
            };
            let width = columns(last);
            *last = fit(last, width.saturating_sub(short), self.charset);
            self.left += width - columns(last).min(width);
        }
        self.end(text)
    }

    /// Writes the line with its newline.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        let blanks = " ".repeat(self.margin_columns.saturating_sub(columns(&self.margin)));
        let margin = (self.margin.clone(), Paint::Quiet);
        let mut text = String::new();
        for (part, paint) in [&margin, &(blanks, Paint::Body)]
            .into_iter()
            .chain(&self.parts)
        {
            match paint
                .sgr()
                .filter(|_| style == Style::Colour && !part.is_empty())
            {
                Some(sgr) => text.push_str(&format!("{sgr}{part}\x1b[0m")),
                None => text.push_str(part),
            }
        }
        writeln!(out, "{}", text.trim_end_matches(' '))
    }
}

/// At which side of its cell a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Figures.
    Right,
}

/// Columns for ids at the right of a text.
const END: usize = 16;

/// A text over at most `most` lines, behind `sign`, with `end` at the right of the first.
pub fn paragraph(text: &str, sign: &str, end: &str, most: usize, charset: Charset) -> Vec<Line> {
    let end = &fit(end, END, charset);
    let indent = columns(sign);
    let reserved = match columns(end) {
        0 => 0,
        width => width + 1,
    };
    let room = ROOM.saturating_sub(indent + reserved);
    let texts = wrap(text, room, most, charset);
    let lead = |first: bool| {
        if first {
            sign.to_owned()
        } else {
            " ".repeat(indent)
        }
    };
    texts
        .iter()
        .enumerate()
        .map(|(place, text)| {
            let line = Line::new(charset)
                .add(&lead(place == 0), Paint::Body)
                .add(text, Paint::Body);
            if place == 0 { line.end(end) } else { line }
        })
        .collect()
}
