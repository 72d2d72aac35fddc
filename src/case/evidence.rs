//! Evidence: numbered places in artifacts that anyone can look up.

use super::survey::Survey;
use crate::bundle::Bundle;
use crate::report::model::Evidence;

/// Longest text quoted, in characters.
const MAX_TEXT: usize = 400;

/// Collects evidence in the order in which the report cites it; one place has one id.
pub(super) struct Ledger<'a> {
    bundle: &'a Bundle,
    survey: &'a Survey,
    all: Vec<Evidence>,
}

/// Where something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Line(u64),
    Offset(u64),
}

impl<'a> Ledger<'a> {
    pub(super) fn new(bundle: &'a Bundle, survey: &'a Survey) -> Self {
        Ledger {
            bundle,
            survey,
            all: Vec::new(),
        }
    }

    /// Cites a place of one of the bundle's artifacts; returns its id.
    pub(super) fn cite(
        &mut self,
        artifact: usize,
        place: Place,
        text: impl Into<String>,
    ) -> String {
        let name = self
            .bundle
            .artifacts()
            .get(artifact)
            .map_or_else(String::new, |a| a.name.to_string());
        let sha256 = self
            .survey
            .entries
            .get(artifact)
            .and_then(|e| e.digest.sha256())
            .map(|d| d.to_string());
        self.cite_named(name, sha256, place, text)
    }

    /// Cites a place of something that is not in the bundle's own inventory.
    pub(super) fn cite_named(
        &mut self,
        artifact: String,
        sha256: Option<String>,
        place: Place,
        text: impl Into<String>,
    ) -> String {
        let (line, offset) = match place {
            Place::Line(line) => (Some(line), None),
            Place::Offset(offset) => (None, Some(offset)),
        };
        let mut text: String = text.into();
        if let Some((cut, _)) = text.char_indices().nth(MAX_TEXT) {
            text.truncate(cut);
            text.push('…');
        }
        let same = |e: &&Evidence| {
            e.artifact == artifact && e.line == line && e.offset == offset && e.text == text
        };
        if let Some(known) = self.all.iter().find(same) {
            return known.id.clone();
        }
        let id = format!("E{}", self.all.len() + 1);
        self.all.push(Evidence {
            id: id.clone(),
            artifact,
            sha256,
            line,
            offset,
            text,
        });
        id
    }

    pub(super) fn into_all(self) -> Vec<Evidence> {
        self.all
    }
}
