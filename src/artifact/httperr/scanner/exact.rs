//! The exact way: any line, token by token.

use super::{
    DATE_AND_TIME, Ending, Layout, LayoutSource, MAX_TOKENS, Oddity, Scanner, UNMISTAKABLE, reason,
    stamp,
};

impl Scanner {
    /// Reads a row, or tells why it is none; true if it counts.
    pub(super) fn row_line(&mut self, line: &[u8], ending: Ending) -> bool {
        let exact: Vec<&[u8]> = line.split(|b| *b == b' ').take(MAX_TOKENS).collect();
        let tokens: Vec<&[u8]> = match &self.layout {
            Some(layout) if layout.columns() == exact.len() && self.has_learned_reason(&exact) => {
                exact
            }
            _ => line
                .split(u8::is_ascii_whitespace)
                .filter(|t| !t.is_empty())
                .take(MAX_TOKENS)
                .collect(),
        };
        if tokens.is_empty() {
            return false;
        }
        self.infer_layout(&tokens);
        let number = self.tally.lines;
        let at = stamp(line);
        if self.layout.as_ref().is_some_and(|l| l.reason().is_none()) {
            let kind = match at {
                Some(_) => Oddity::Unanalysable,
                None => Oddity::Foreign,
            };
            self.tally.odd(kind, number, line);
            return false;
        }
        match (self.find_reason(&tokens, ending), at) {
            (Some((token, place)), Some(at)) => {
                if place == Place::Elsewhere {
                    self.tally.odd(Oddity::Misaligned, number, line);
                }
                let word = self.words.learn(token);
                self.row(at, word);
                true
            }
            (Some((token, _)), None) => self.undated_row(token, line),
            (None, at) => {
                let kind = match (ending, at) {
                    (Ending::EndOfFile, _) => Oddity::TornTail,
                    (Ending::Newline, Some(_)) => Oddity::NoReason,
                    (Ending::Newline, None) => Oddity::Foreign,
                };
                self.tally.odd(kind, number, line);
                false
            }
        }
    }

    /// A row without a readable date. A refusal counts all the same; true if it is one.
    fn undated_row(&mut self, token: &[u8], line: &[u8]) -> bool {
        let number = self.tally.lines;
        let Some(count) = reason::refusal(token) else {
            self.tally.odd(Oddity::Undated, number, line);
            return false;
        };
        self.tally.odd(Oddity::UndatedRefusal, number, line);
        self.tally.rows += 1;
        self.layout_rows += 1;
        self.tally.undated_refusal(count, number);
        true
    }

    fn has_learned_reason(&self, tokens: &[&[u8]]) -> bool {
        let place = self.layout.as_ref().and_then(Layout::reason);
        place
            .and_then(|at| tokens.get(at))
            .is_some_and(|token| is_reason(token))
    }

    /// Without a header the first row that fits a known layout sets it, and a later row that
    /// fits another one changes it.
    fn infer_layout(&mut self, tokens: &[&[u8]]) {
        let fixed = match &self.layout {
            Some(layout) => {
                layout.source() == LayoutSource::Declared || layout.columns() == tokens.len()
            }
            None => false,
        };
        if !fixed && let Some(layout) = Layout::inferred(tokens) {
            self.change_layout(Some(layout));
        }
    }

    /// The reason of a row: in its place, or at the same distance from the end, or wherever a
    /// word stands that can be nothing else.
    fn find_reason<'t>(&self, tokens: &[&'t [u8]], ending: Ending) -> Option<(&'t [u8], Place)> {
        let layout = self.layout.as_ref();
        let aligned = layout.is_some_and(|l| l.columns() == tokens.len());
        let in_place = layout
            .and_then(Layout::reason)
            .and_then(|at| tokens.get(at))
            .copied();
        if let Some(token) = in_place.filter(|_| aligned) {
            let torn = ending == Ending::EndOfFile
                && layout.and_then(Layout::columns_after_reason) == Some(0);
            if is_reason(token) || (token != b"-" && !torn && lone_refusal(tokens).is_none()) {
                return Some((token, Place::Column));
            }
        }
        if let Some(token) = lone_refusal(tokens) {
            return Some((token, Place::Elsewhere));
        }
        let from_end = layout.and_then(Layout::columns_after_reason);
        let from_end = from_end
            .and_then(|after| tokens.len().checked_sub(after + 1))
            .and_then(|at| tokens.get(at));
        let likely = from_end.into_iter().chain(in_place.as_ref());
        let anywhere = tokens
            .iter()
            .skip(2)
            .rev()
            .filter(|t| t.len() >= UNMISTAKABLE);
        let token = likely
            .chain(anywhere)
            .copied()
            .find(|t| reason::known(t).is_some());
        if let Some(token) = token {
            return Some((token, Place::Elsewhere));
        }
        (aligned && in_place == Some(b"-")).then_some((&b"-"[..], Place::Column))
    }
}

fn is_reason(token: &[u8]) -> bool {
    reason::refusal(token).is_some() || reason::known(token).is_some()
}

/// A refusal wherever it stands in a row, if the row is that of a refusal: http.sys knows nothing
/// of a connection that it refuses, so all columns before are empty. Whoever sends a request can
/// have the word written as part of its address.
fn lone_refusal<'t>(tokens: &[&'t [u8]]) -> Option<&'t [u8]> {
    let at = tokens.iter().position(|t| reason::refusal(t).is_some())?;
    let before = tokens.get(DATE_AND_TIME.min(at)..at)?;
    before.iter().all(|t| is_empty(t)).then(|| tokens[at])
}

/// An empty column: a hyphen, or the dash that programs for texts make of it.
fn is_empty(token: &[u8]) -> bool {
    matches!(
        token,
        b"-" | b"\xe2\x80\x93" | b"\xe2\x80\x94" | b"\x96" | b"\x97"
    )
}

/// Where a row's reason was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the column that the layout names.
    Column,
    /// Somewhere else in a row with a column too few or too many.
    Elsewhere,
}
