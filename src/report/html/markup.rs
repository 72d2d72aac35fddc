//! A piece of HTML under construction: markup is `'static`, everything else is escaped.
//!
//! The types keep the promise: no string that was made at run time can reach the page as
//! markup, because [`Html::raw`] takes only literals.

use std::fmt::Write as _;

use super::clip::{self, Layout};

/// Longest name, tag, path or word shown, in characters. Windows paths seldom exceed 260.
pub const LONGEST_NAME: usize = 400;

/// Longest sentence shown.
pub const LONGEST_SENTENCE: usize = 1_500;

/// Longest block of raw lines shown; an HTTPERR row may have 4,096 characters of URI.
pub const LONGEST_BLOCK: usize = 6_000;

/// HTML that is safe by construction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// Nothing yet.
    pub fn new() -> Self {
        Html::default()
    }

    /// Markup of our own.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// A name or word of the case.
    pub fn name(&mut self, text: &str) -> &mut Self {
        clip::push(&mut self.0, text, LONGEST_NAME, Layout::Inline);
        self
    }

    /// A sentence; what it quotes comes from the case.
    pub fn sentence(&mut self, text: &str) -> &mut Self {
        clip::push(&mut self.0, text, LONGEST_SENTENCE, Layout::Inline);
        self
    }

    /// Lines of the case, for an element that keeps their layout.
    pub fn block(&mut self, text: &str) -> &mut Self {
        clip::push(&mut self.0, text, LONGEST_BLOCK, Layout::Block);
        self
    }

    /// ` name="value"`, escaped.
    pub fn attr(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.raw(" ").raw(name).raw("=\"");
        clip::push(&mut self.0, value, LONGEST_SENTENCE, Layout::Inline);
        self.raw("\"")
    }

    /// ` name="number"`.
    pub fn attr_number(&mut self, name: &'static str, value: impl Into<f64>) -> &mut Self {
        self.raw(" ").raw(name).raw("=\"");
        self.number(value.into()).raw("\"")
    }

    /// A number for geometry: at most one decimal, never `NaN` or infinite.
    pub fn number(&mut self, value: f64) -> &mut Self {
        let tenths = if value.is_finite() {
            (value * 10.0).round() / 10.0
        } else {
            0.0
        };
        // Writing to a String cannot fail; adding zero turns -0 into 0.
        let _ = write!(self.0, "{}", tenths + 0.0);
        self
    }

    /// A whole number, as it is.
    pub fn integer(&mut self, value: impl Into<i128>) -> &mut Self {
        let _ = write!(self.0, "{}", value.into());
        self
    }

    /// Another piece.
    pub fn html(&mut self, piece: &Html) -> &mut Self {
        self.0.push_str(&piece.0);
        self
    }

    /// Program text or style of our own, which has no markup to escape.
    pub(super) fn asset(&mut self, text: &'static str) -> &mut Self {
        self.raw(text)
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there is nothing yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes back everything after the first `length` bytes, a length that [`Html::len`] gave.
    pub fn take_back(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_finite() {
        let mut html = Html::new();
        html.number(-0.04).raw(" ").number(12.349).raw(" ");
        html.number(f64::NAN).raw(" ").number(7.0);
        assert_eq!(html.as_str(), "0 12.3 0 7");
    }

    #[test]
    fn attributes_are_quoted() {
        let mut html = Html::new();
        html.attr("title", "a\" onload=\"x").attr_number("x", 2);
        assert_eq!(html.as_str(), " title=\"a&quot; onload=&quot;x\" x=\"2\"");
    }
}
