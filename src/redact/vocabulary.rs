//! The names that a case is known to use, searched for in every text at once.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use super::pseudonym::Class;

/// Names of at least so many letters are found within longer words too (`umbriel` in
/// `UmbrielFilter`); shorter ones only as words of their own.
const ANYWHERE: usize = 6;

/// Names shorter than this are no names: they would be found in every other word.
const SHORTEST: usize = 2;

/// Words of our own sentences, of Windows, and of company registers. A machine called `server`
/// or an owner called `Windows User` is replaced where it is named, not wherever the word stands.
#[rustfmt::skip]
const ORDINARY: &[&str] = &[
    "administrator", "admin", "all", "amd64", "and", "any", "arm64", "bank", "backup", "boot", "build", "byte",
    "bytes", "call", "calls", "case", "client", "clock", "company", "confirmed", "connection", "connections", "corp",
    "corporation", "customer", "data", "database", "default", "dev", "disk", "domain", "driver", "drivers",
    "email", "employee", "episode", "error", "evidence", "file", "files", "first", "folder", "for", "free", "from", "gmbh",
    "group", "growth", "guest", "handle", "has", "headroom", "holding", "holdings", "home", "host", "hour", "http", "httperr",
    "image", "images", "inc", "inc.", "institute", "international", "internal", "kernel", "last", "leak", "level", "limit",
    "limited", "line", "local", "localhost", "log", "logs", "ltd", "ltd.", "machine", "main", "memory", "microsoft",
    "minute", "monitor", "name", "net", "network", "no", "node", "none", "nonpaged", "not", "of", "office", "online", "order", "org",
    "organization", "other", "owner", "pac", "paged", "pc", "pool", "poolmon", "probable", "possible", "process", "prod",
    "production", "reason", "refusal", "refusals", "refused", "report", "row", "rows", "server", "service", "services",
    "share", "size", "snapshot", "snapshots", "software", "state", "storage", "system", "systems", "tag", "tags", "technology",
    "technologies", "test", "text", "the", "time", "university", "unknown", "user", "users", "verdict", "version", "web", "windows",
    "with", "work", "workgroup", "x64", "x86", "zip", "zone",
];

/// A name, and what stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Replacement {
    /// The pseudonym of a text of a class.
    Pseudonym(Class, String),
    /// These words.
    Words(String),
}

/// Names and what stands for them.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    search: Option<AhoCorasick>,
    names: Vec<Name>,
}

#[derive(Debug)]
struct Name {
    anywhere: bool,
    replacement: Replacement,
}

/// How names of a vocabulary are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// Names of people, machines and companies: any case, within words if long.
    Loose,
    /// Names of files and texts known to the letter: exact, as wholes.
    Exact,
}

impl Vocabulary {
    /// A vocabulary of these names. Ordinary words among them are left out.
    pub(super) fn new(names: impl IntoIterator<Item = (String, Replacement)>, how: Match) -> Self {
        let mut patterns: Vec<String> = Vec::new();
        let mut kept = Vec::new();
        for (text, replacement) in names {
            if text.chars().count() < SHORTEST || is_ordinary(&text) {
                continue;
            }
            let anywhere = how == Match::Loose && text.chars().count() >= ANYWHERE;
            let mut spellings = vec![text.clone()];
            if how == Match::Loose {
                // The search folds ASCII only.
                spellings.extend([text.to_lowercase(), text.to_uppercase()]);
                spellings.dedup();
            }
            for spelling in spellings {
                patterns.push(spelling);
                kept.push(Name {
                    anywhere,
                    replacement: replacement.clone(),
                });
            }
        }
        let search = AhoCorasickBuilder::new()
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(how == Match::Loose)
            .build(&patterns);
        Vocabulary {
            search: search.ok().filter(|_| !patterns.is_empty()),
            names: kept,
        }
    }

    /// The names in a text, in order, the longest at each place.
    pub(super) fn find<'v, 't>(
        &'v self,
        text: &'t str,
    ) -> impl Iterator<Item = (Range<usize>, &'v Replacement)> + use<'v, 't> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let search = self.search.as_ref()?;
            loop {
                let hit = search.find(aho_corasick::Input::new(text).range(at..))?;
                let name = self.names.get(hit.pattern().as_usize())?;
                if name.anywhere || is_word(text, hit.range()) {
                    at = hit.end();
                    return Some((hit.range(), &name.replacement));
                }
                let step = text[hit.start()..].chars().next().map_or(1, char::len_utf8);
                at = hit.start() + step;
            }
        })
    }

    /// What stands for this very text, if it is a name.
    pub(super) fn whole(&self, text: &str) -> Option<&Replacement> {
        self.find(text)
            .find(|(range, _)| *range == (0..text.len()))
            .map(|(_, replacement)| replacement)
    }
}

/// True when no letter or digit touches the range.
fn is_word(text: &str, range: Range<usize>) -> bool {
    let before = text[..range.start].chars().next_back();
    let after = text[range.end..].chars().next();
    ![before, after]
        .into_iter()
        .flatten()
        .any(char::is_alphanumeric)
}

/// True when every word of a name is an ordinary one.
pub(super) fn is_ordinary(text: &str) -> bool {
    text.split_whitespace()
        .all(|word| ORDINARY.contains(&word.to_lowercase().as_str()))
}

/// The words of a name of several that name somebody by themselves: `Umbriel` of
/// `Umbriel Holdings`, `quill` of `ad.quill.example`.
pub(super) fn telling_words(name: &str) -> impl Iterator<Item = &str> {
    const LEAST: usize = 4;
    name.split(|c: char| !c.is_alphanumeric())
        .filter(move |word| word.chars().count() >= LEAST && *word != name && !is_ordinary(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loose(names: &[&str]) -> Vocabulary {
        let named = |text: &&str| {
            let class = Replacement::Pseudonym(Class::Host, (*text).to_owned());
            ((*text).to_owned(), class)
        };
        Vocabulary::new(names.iter().map(named), Match::Loose)
    }

    fn found<'t>(vocabulary: &Vocabulary, text: &'t str) -> Vec<&'t str> {
        vocabulary
            .find(text)
            .map(|(range, _)| &text[range])
            .collect()
    }

    #[test]
    fn long_names_are_found_anywhere_short_ones_as_words() {
        let names = loose(&["umbriel", "DC7", "Müller"]);
        let text = "UmbrielFilter on dc7, not adc70; MÜLLER; dc7";
        assert_eq!(found(&names, text), ["Umbriel", "dc7", "MÜLLER", "dc7"]);
    }

    #[test]
    fn ordinary_words_are_no_names() {
        let names = loose(&["pool", "Windows User", "x", "Windows Quill"]);
        assert_eq!(found(&names, "pool x windows user"), [""; 0]);
        assert_eq!(found(&names, "a windows quill"), ["windows quill"]);
        let words: Vec<&str> = telling_words("Umbriel Holdings GmbH").collect();
        assert_eq!(words, ["Umbriel"]);
    }

    #[test]
    fn the_longest_name_wins() {
        let names = loose(&["kestrel", "kestrel-01.quill.example"]);
        assert_eq!(
            found(&names, "KESTREL-01.quill.example"),
            ["KESTREL-01.quill.example"]
        );
        assert!(names.whole("Kestrel").is_some());
        assert!(names.whole("a kestrel").is_none());
    }
}
