//! Redaction: addresses, URIs, names of machines, people and companies become keyed pseudonyms.
//!
//! A pass over the [`Report`](crate::report::Report) before anything is rendered, so that every
//! output of one report is redacted alike and the verdict stays what it is.
//!
//! ```text
//! names of the case ─┐
//! Report ────────────┴─► Redactor (key) ─► Report' ─► text, HTML, JSON, Markdown, CSV
//!                             └──────────► map: pseudonym → original
//! ```
//! Each field of the report is decided on by name in `walk`: structs are taken apart without
//! `..`, so that a new field does not compile before somebody decides what it may hold. There are
//! five decisions:
//!
//! | decision | for | what happens |
//! |---|---|---|
//! | kept | counts, times, hashes, words of ours | nothing |
//! | `name` | host, case, input | the whole text is replaced |
//! | `path` | names of artifacts | each part that is no common name is replaced |
//! | `quote` | raw lines of artifacts | each word that is not known is replaced |
//! | `sentence`, `stranger` | words of ours that quote the case; version resources, signers | what is known of the case, and what gives itself away by its form, is replaced |
//!
//! A pseudonym is `class-` and letters of HMAC-SHA-256 of class and text: nobody without the key
//! can try guesses. What is kept and why, and what is still to be learned from a redacted report,
//! stands in docs/redaction.md.

mod address;
mod key;
mod path;
mod pattern;
mod pseudonym;
mod quote;
mod scrub;
mod vocabulary;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use key::{Key, KeyError, MIN_KEY_BYTES};
pub use pseudonym::Entry;

use crate::case::{Name, NameKind};
use pseudonym::{Class, Pseudonyms};
use vocabulary::{Match, Replacement, Vocabulary, telling_words};

/// Replaces what identifies a customer in reports of one case.
#[derive(Debug)]
pub struct Redactor {
    given: Pseudonyms,
    /// Machines, people, companies, domains.
    people: Vocabulary,
    /// Files and texts of this case, to the letter.
    exact: Vocabulary,
    /// What `exact` is made of.
    to_the_letter: Vec<(String, Replacement)>,
    known: Known,
}

/// What of a report tells harmless words from others.
#[derive(Debug, Default)]
struct Known {
    /// Artifacts and what they were taken for.
    roles: BTreeMap<String, &'static str>,
    /// Tags as reports show them.
    tags: BTreeSet<String>,
    /// The words of tags, which may hold blanks.
    tag_words: BTreeSet<String>,
    /// Versions that look like addresses.
    versions: BTreeSet<String>,
}

impl Redactor {
    /// A redactor for a case that uses these names.
    pub fn new(key: Key, names: &[Name]) -> Redactor {
        let mut people = Vec::new();
        let mut exact = Vec::new();
        let mut files = Vec::new();
        for name in names {
            match name {
                Name::Stated(NameKind::Words, text) => {
                    exact.push((
                        text.clone(),
                        Replacement::Pseudonym(Class::Text, text.clone()),
                    ));
                }
                Name::Stated(kind, text) => people.extend(stated(*kind, text)),
                Name::Input(text) => {
                    let class = Replacement::Pseudonym(Class::Bundle, text.clone());
                    exact.push((text.clone(), class));
                }
                Name::File(text) => files.push(text.clone()),
            }
        }
        let mut redactor = Redactor {
            given: Pseudonyms::new(key),
            people: Vocabulary::new(people, Match::Loose),
            exact: Vocabulary::default(),
            to_the_letter: Vec::new(),
            known: Known::default(),
        };
        for file in files {
            let shown = redactor.path(&file);
            exact.push((file, Replacement::Words(shown)));
        }
        redactor.learn(exact);
        redactor
    }

    /// Texts that are replaced wherever they stand, to the letter.
    fn learn(&mut self, texts: Vec<(String, Replacement)>) {
        self.to_the_letter.extend(texts);
        let changed = |(text, to): &&(String, Replacement)| !matches!(to, Replacement::Words(words) if words == text);
        let texts = self.to_the_letter.iter().filter(changed).cloned();
        self.exact = Vocabulary::new(texts, Match::Exact);
    }

    /// The map of all pseudonyms given so far, for whoever may know.
    pub fn map(&self) -> Map<'_> {
        Map {
            about: "which text each pseudonym of the redacted report stands for; keep it apart from the report",
            pseudonyms: self.given.entries().collect(),
        }
    }

    /// A text that is a name as a whole.
    fn name(&mut self, class: Class, text: &str) -> String {
        match text.is_empty() {
            true => String::new(),
            false => self.given.of(class, text),
        }
    }

    fn replacement(&mut self, replacement: &Replacement) -> String {
        match replacement {
            Replacement::Pseudonym(class, text) => self.given.of(*class, text),
            Replacement::Words(words) => words.clone(),
        }
    }
}

/// Which text each pseudonym stands for.
#[derive(Debug, Serialize)]
pub struct Map<'a> {
    about: &'static str,
    pseudonyms: Vec<&'a Entry>,
}

/// A name that the case states, and the words in it that are names by themselves.
fn stated(kind: NameKind, text: &str) -> Vec<(String, Replacement)> {
    let class = match kind {
        NameKind::Host => Class::Host,
        NameKind::User => Class::User,
        NameKind::Organisation => Class::Organisation,
        NameKind::Domain => Class::Domain,
        NameKind::Words => Class::Text,
    };
    let whole = std::iter::once(text);
    let parts = telling_words(text).filter(|_| kind != NameKind::Host);
    whole
        .chain(parts)
        .map(|word| {
            let word = word.to_owned();
            (word.clone(), Replacement::Pseudonym(class, word))
        })
        .collect()
}

#[cfg(test)]
mod testing {
    use super::*;

    /// A redactor that knows these hosts.
    pub(super) fn redactor(hosts: &[&str]) -> Redactor {
        let names: Vec<Name> = hosts
            .iter()
            .map(|host| Name::Stated(NameKind::Host, (*host).to_owned()))
            .collect();
        Redactor::new(Key::from_bytes(&[9; 32]).unwrap(), &names)
    }
}
