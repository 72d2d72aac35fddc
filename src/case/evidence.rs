//! Evidence: numbered places in artifacts that anyone can look up, with what is around them.
//!
//! Claims cite while the report is put together. What stands at the cited lines is read at the
//! end, in one pass over each artifact and no further than its last cited line, however many
//! claims cite it; so the same evidence comes out for a folder and an archive.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::survey::Survey;
use crate::artifact::quote::{self, Counting, RawLine};
use crate::bundle::Bundle;
use crate::report::model::{ContextLine, Evidence};

/// Longest text quoted, in characters.
const MAX_TEXT: usize = 400;

/// Longest line of context, in characters: three of a terminal's.
const MAX_CONTEXT_LINE: usize = 240;

/// Lines of context before and after a cited line.
const AROUND: u64 = 2;

/// Pieces of evidence that get context, those of the verdict first: with [`AROUND`] and
/// [`MAX_CONTEXT_LINE`] less than 200,000 characters.
const MAX_WITH_CONTEXT: usize = 160;

/// Collects evidence in the order in which the report cites it; one place has one id.
pub(super) struct Ledger<'a> {
    bundle: &'a Bundle,
    survey: &'a Survey,
    all: Vec<Cited>,
}

/// A piece of evidence, and where the rest of it is to be read.
struct Cited {
    evidence: Evidence,
    /// Place in the inventory, for lines of the case's own artifacts.
    artifact: Option<usize>,
    /// The text is the line itself, not read yet.
    raw: bool,
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

    /// Cites a place of one of the bundle's artifacts and says what is there; returns its id.
    pub(super) fn cite(
        &mut self,
        artifact: usize,
        place: Place,
        text: impl Into<String>,
    ) -> String {
        let (name, sha256) = self.of(artifact);
        let evidence = piece(name, sha256, place, text.into());
        self.add(Cited {
            evidence,
            artifact: matches!(place, Place::Line(_)).then_some(artifact),
            raw: false,
        })
    }

    /// Cites an event by its place and its number, if its log has numbers.
    pub(super) fn cite_record(
        &mut self,
        artifact: usize,
        place: Place,
        record: Option<u64>,
        text: String,
    ) -> String {
        let (name, sha256) = self.of(artifact);
        let evidence = Evidence {
            record,
            ..piece(name, sha256, place, text)
        };
        self.add(Cited {
            evidence,
            artifact: matches!(place, Place::Line(_)).then_some(artifact),
            raw: false,
        })
    }

    /// Cites a line of one of the bundle's artifacts for what it says.
    pub(super) fn cite_line(&mut self, artifact: usize, line: u64) -> String {
        let (name, sha256) = self.of(artifact);
        let evidence = piece(name, sha256, Place::Line(line), String::new());
        self.add(Cited {
            evidence,
            artifact: Some(artifact),
            raw: true,
        })
    }

    /// Cites a place of something that may be outside the bundle's own inventory, with its context.
    pub(super) fn cite_named(
        &mut self,
        artifact: String,
        sha256: Option<String>,
        offset: u64,
        text: impl Into<String>,
        context: Vec<ContextLine>,
    ) -> String {
        let evidence = Evidence {
            context,
            ..piece(artifact, sha256, Place::Offset(offset), text.into())
        };
        self.add(Cited {
            evidence,
            artifact: None,
            raw: false,
        })
    }

    fn of(&self, artifact: usize) -> (String, Option<String>) {
        let name = self.bundle.artifacts().get(artifact);
        let digest = self.survey.entries.get(artifact);
        (
            name.map_or_else(String::new, |a| a.name.to_string()),
            digest
                .and_then(|e| e.digest.sha256())
                .map(|d| d.to_string()),
        )
    }

    fn add(&mut self, mut new: Cited) -> String {
        let same = |known: &&Cited| {
            let (a, b) = (&known.evidence, &new.evidence);
            (known.artifact, known.raw) == (new.artifact, new.raw)
                && (&a.artifact, &a.sha256, a.line, a.offset, &a.text)
                    == (&b.artifact, &b.sha256, b.line, b.offset, &b.text)
        };
        if let Some(known) = self.all.iter().find(same) {
            return known.evidence.id.clone();
        }
        let id = format!("E{}", self.all.len() + 1);
        new.evidence.id.clone_from(&id);
        self.all.push(new);
        id
    }

    /// All evidence, with what stands there; `first` are the ids that matter most.
    pub(super) fn into_all(mut self, first: &[String]) -> Vec<Evidence> {
        let around = self.with_context(first);
        let mut wanted: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
        for (cited, has_context) in self.all.iter().zip(&around) {
            if let (Some(artifact), Some(line)) = (cited.artifact, cited.evidence.line) {
                let width = if *has_context { AROUND } else { 0 };
                let lines = line.saturating_sub(width).max(1)..=line.saturating_add(width);
                wanted.entry(artifact).or_default().extend(lines);
            }
        }
        let wanted: Vec<(usize, Vec<u64>)> = wanted
            .into_iter()
            .map(|(artifact, lines)| (artifact, lines.into_iter().collect()))
            .collect();
        let read: BTreeMap<usize, Vec<RawLine>> = wanted
            .par_iter()
            .map(|(artifact, lines)| (*artifact, self.read(*artifact, lines)))
            .collect();
        for (cited, has_context) in self.all.iter_mut().zip(around) {
            let lines = cited.artifact.and_then(|artifact| read.get(&artifact));
            cited.fill(lines.map_or(&[], Vec::as_slice), has_context);
        }
        self.all.into_iter().map(|cited| cited.evidence).collect()
    }

    /// For each piece of evidence, whether there is room for its context.
    fn with_context(&mut self, first: &[String]) -> Vec<bool> {
        let first: BTreeSet<&str> = first.iter().map(String::as_str).collect();
        let mut order: Vec<usize> = (0..self.all.len()).collect();
        order.sort_by_key(|&place| !first.contains(self.all[place].evidence.id.as_str()));
        let mut room = vec![false; self.all.len()];
        for &place in order.iter().take(MAX_WITH_CONTEXT) {
            room[place] = true;
        }
        room
    }

    fn read(&self, artifact: usize, lines: &[u64]) -> Vec<RawLine> {
        let Some(artifact) = self.bundle.artifacts().get(artifact) else {
            return Vec::new();
        };
        self.bundle
            .open_artifact(artifact.id)
            .ok()
            .and_then(|stream| {
                quote::lines(Counting::of(artifact.role), stream, lines, MAX_TEXT).ok()
            })
            .unwrap_or_default()
    }
}

impl Cited {
    fn fill(&mut self, lines: &[RawLine], has_context: bool) {
        let evidence = &mut self.evidence;
        if !has_context {
            evidence.context.clear();
        }
        let Some(line) = evidence.line else { return };
        if let Some(found) = lines.iter().find(|l| self.raw && l.number == line) {
            evidence.text = shortened(&found.text, MAX_TEXT, found.cut);
        }
        let near = |l: &&RawLine| has_context && l.number.abs_diff(line) <= AROUND;
        evidence.context = lines
            .iter()
            .filter(near)
            .map(|l| ContextLine {
                kind: "line",
                line: Some(l.number),
                offset: None,
                cited: l.number == line,
                text: shortened(&l.text, MAX_CONTEXT_LINE, l.cut),
            })
            .collect();
    }
}

fn piece(artifact: String, sha256: Option<String>, place: Place, text: String) -> Evidence {
    let (line, offset) = match place {
        Place::Line(line) => (Some(line), None),
        Place::Offset(offset) => (None, Some(offset)),
    };
    Evidence {
        id: String::new(),
        artifact,
        sha256,
        line,
        offset,
        record: None,
        text: shortened(&text, MAX_TEXT, false),
        context: Vec::new(),
    }
}

/// At most so many characters, and a sign if there are or were more.
fn shortened(text: &str, longest: usize, cut: bool) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None if cut => format!("{text}…"),
        None => text.to_owned(),
    }
}
