//! The page: sections share the lines there are. Each gets what it cannot do without, and the
//! rest goes around, a line a turn, until the page is full or nobody wants more.

use crate::report::escape::Charset;

use super::line::{Line, Paint, paragraph};

/// Lines of the page: one screen, or one look.
pub const LINES: usize = 40;

/// A section: its name, how many lines it needs, how many it would like, and how to fill a
/// given number of them. `fill` returns at most as many lines as it is given, and says itself
/// what it left out.
pub struct Section<'a> {
    /// Stands in the margin of the first line.
    pub name: &'static str,
    /// A blank line parts sections of different groups.
    pub group: u8,
    /// Lines it cannot do without.
    pub least: usize,
    /// Lines that it would like.
    pub most: usize,
    /// Makes the lines.
    pub fill: Box<dyn Fn(usize) -> Vec<Line> + 'a>,
}

/// The lines of all sections, at most `room`; `None` is a blank line.
pub fn lay_out(sections: &[Section<'_>], room: usize) -> Vec<Option<Line>> {
    let wanted: Vec<usize> = sections
        .iter()
        .map(|s| (s.fill)(s.most).len().min(s.most))
        .collect();
    let blanks = boundaries(sections, &wanted);
    let given = shares(sections, &wanted, room.saturating_sub(blanks));
    let mut lines: Vec<Option<Line>> = Vec::new();
    let mut group = None;
    for (section, given) in sections.iter().zip(given) {
        if given > 0
            && group
                .replace(section.group)
                .is_some_and(|g| g != section.group)
        {
            lines.push(None);
        }
        let made = (section.fill)(given).into_iter().take(given);
        lines.extend(made.enumerate().map(|(place, line)| match place {
            0 => Some(line.named(section.name)),
            _ => Some(line),
        }));
    }
    lines.truncate(room);
    lines
}

/// How many blank lines part the groups that have something to show.
fn boundaries(sections: &[Section<'_>], wanted: &[usize]) -> usize {
    let mut groups: Vec<u8> = sections
        .iter()
        .zip(wanted)
        .filter(|(_, wanted)| **wanted > 0)
        .map(|(section, _)| section.group)
        .collect();
    groups.dedup();
    groups.len().saturating_sub(1)
}

/// How many lines each section gets.
fn shares(sections: &[Section<'_>], wanted: &[usize], room: usize) -> Vec<usize> {
    let mut left = room;
    let mut given: Vec<usize> = Vec::with_capacity(sections.len());
    for (section, wanted) in sections.iter().zip(wanted) {
        let lines = section.least.min(*wanted).min(left);
        left -= lines;
        given.push(lines);
    }
    loop {
        let before = left;
        for (given, wanted) in given.iter_mut().zip(wanted) {
            if *given < *wanted && left > 0 {
                *given += 1;
                left -= 1;
            }
        }
        if left == before {
            return given;
        }
    }
}

/// A text of a section, with a sign before it and a short text at the right.
#[derive(Clone, Debug, Default)]
pub struct Para {
    /// Before the first line: a weight, a number.
    pub sign: String,
    /// The text.
    pub text: String,
    /// At the right of the first line: ids of evidence.
    pub end: String,
}

impl Para {
    /// A text alone.
    pub fn plain(text: impl Into<String>) -> Self {
        Para {
            text: text.into(),
            ..Para::default()
        }
    }
}

/// As many of the texts as `room` lines hold, each over at most `most` lines, the first ones
/// first. If some have no room, the last line says how many.
pub fn paragraphs(texts: &[Para], room: usize, most: usize, charset: Charset) -> Vec<Line> {
    let (shown, rest) = match texts.len() <= room {
        true => (texts.len(), 0),
        false => (room.saturating_sub(1), texts.len() - room.saturating_sub(1)),
    };
    let mut spare = room.saturating_sub(shown + usize::from(rest > 0));
    let mut lines = Vec::new();
    for para in texts.iter().take(shown) {
        let made = paragraph(
            &para.text,
            &para.sign,
            &para.end,
            most.min(spare + 1),
            charset,
        );
        spare -= made.len().saturating_sub(1).min(spare);
        lines.extend(made);
    }
    if rest > 0 && room > 0 {
        lines.push(more(rest, charset));
    }
    lines
}

/// Says that there is more than is shown.
pub fn more(rest: usize, charset: Charset) -> Line {
    Line::new(charset).add(&format!("and {rest} more: --format json"), Paint::Quiet)
}
