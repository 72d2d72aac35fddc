//! The page: sections share the lines there are. Each gets what it cannot do without; then
//! lines go around, one a turn, until each has a good number of them, and again until each has
//! all it would like or the page is full. Blank lines between groups come before the last
//! round, but after a good number for all.

use crate::report::escape::Charset;

use super::line::{Line, paragraph};

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
    /// Lines with which it says what it has to say.
    pub good: usize,
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
    let (given, parted) = shares(sections, &wanted, room);
    let mut lines: Vec<Option<Line>> = Vec::new();
    let mut group = None;
    for (section, given) in sections.iter().zip(given) {
        let made: Vec<Line> = (section.fill)(given).into_iter().take(given).collect();
        let other = !made.is_empty()
            && group
                .replace(section.group)
                .is_some_and(|g| g != section.group);
        if parted && other {
            lines.push(None);
        }
        lines.extend(
            made.into_iter()
                .enumerate()
                .map(|(place, line)| match place {
                    0 => Some(line.named(section.name)),
                    _ => Some(line),
                }),
        );
    }
    lines.truncate(room);
    lines
}

/// How many lines each section gets, and whether there are blank lines between groups.
fn shares(sections: &[Section<'_>], wanted: &[usize], room: usize) -> (Vec<usize>, bool) {
    let mut left = room;
    let mut given = vec![0; sections.len()];
    let up_to = |lines: fn(&Section<'_>) -> usize| -> Vec<usize> {
        let each = sections.iter().zip(wanted);
        each.map(|(section, wanted)| lines(section).min(*wanted))
            .collect()
    };
    go_around(&mut given, &up_to(|s| s.least), &mut left);
    go_around(&mut given, &up_to(|s| s.good), &mut left);
    let blanks = boundaries(sections, wanted);
    let parted = left >= blanks;
    if parted {
        left -= blanks;
    }
    go_around(&mut given, wanted, &mut left);
    (given, parted)
}

/// Gives a line to each that has fewer than its mark, in turn, as long as there are lines.
fn go_around(given: &mut [usize], marks: &[usize], left: &mut usize) {
    loop {
        let before = *left;
        for (given, mark) in given.iter_mut().zip(marks) {
            if *given < *mark && *left > 0 {
                *given += 1;
                *left -= 1;
            }
        }
        if *left == before {
            return;
        }
    }
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
    let shown = texts.len().min(room);
    let mut spare = room - shown;
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
    with_more(lines, texts.len() - shown)
}

/// Says on the last line that there is more than is shown: in the margin if it is free.
pub fn with_more(mut lines: Vec<Line>, rest: usize) -> Vec<Line> {
    let first = lines.len() == 1;
    if rest > 0
        && let Some(last) = lines.pop()
    {
        let more = match rest {
            1..=99 => format!("+{rest} more"),
            _ => format!("+{rest}"),
        };
        lines.push(match last.has_margin() || first {
            true => last.insist(&more),
            false => last.labelled(&more),
        });
    }
    lines
}
