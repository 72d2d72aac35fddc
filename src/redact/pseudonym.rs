//! Pseudonyms: what stands in a redacted report instead of a text, and which text it was.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::key::Key;

/// What a text is; a pseudonym begins with its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "named as they are")]
pub(super) enum Class {
    Host,
    User,
    Organisation,
    Domain,
    Email,
    Account,
    Uri,
    Path,
    File,
    Folder,
    Bundle,
    Case,
    Text,
    Reason,
    Sid,
    Mac,
    Address(&'static str),
}

impl Class {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Class::Host => "host",
            Class::User => "user",
            Class::Organisation => "organisation",
            Class::Domain => "domain",
            Class::Email => "email",
            Class::Account => "account",
            Class::Uri => "uri",
            Class::Path => "path",
            Class::File => "file",
            Class::Folder => "folder",
            Class::Bundle => "bundle",
            Class::Case => "case",
            Class::Text => "text",
            Class::Reason => "reason",
            Class::Sid => "sid",
            Class::Mac => "mac",
            Class::Address(kind) => kind,
        }
    }

    /// How a text is written for comparing: Windows tells names apart without regard to case,
    /// URIs and words are what they are.
    fn canonical(self, text: &str) -> String {
        match self {
            Class::Uri | Class::Text => text.to_owned(),
            _ => text.trim().to_lowercase(),
        }
    }
}

/// Letters of a pseudonym: Crockford's base 32, none of which is taken for another.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Letters of a pseudonym. Forty bits: among ten thousand texts two meet by chance once in
/// twenty thousand cases, and then the later one gets more letters.
const SHORT: usize = 8;

/// All letters that the digest is good for.
const LONG: usize = 51;

/// One line of the map.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// What stands in the report.
    pub pseudonym: String,
    /// What it is of.
    pub class: &'static str,
    /// What stood in the case, in every way it was written there.
    pub originals: BTreeSet<String>,
}

/// The pseudonyms given so far.
#[derive(Debug)]
pub(super) struct Pseudonyms {
    key: Key,
    given: BTreeMap<(Class, String), String>,
    entries: BTreeMap<String, Entry>,
}

impl Pseudonyms {
    pub(super) fn new(key: Key) -> Self {
        Pseudonyms {
            key,
            given: BTreeMap::new(),
            entries: BTreeMap::new(),
        }
    }

    /// The pseudonym of a text: always the same for the same class, text and key; never the same
    /// for two texts of a run.
    pub(super) fn of(&mut self, class: Class, original: &str) -> String {
        let canonical = class.canonical(original);
        self.of_canonical(class, canonical, original)
    }

    /// As [`of`](Self::of), where several spellings are known to mean one thing.
    pub(super) fn of_canonical(
        &mut self,
        class: Class,
        canonical: String,
        original: &str,
    ) -> String {
        let pseudonym = match self.given.get(&(class, canonical.clone())) {
            Some(known) => known.clone(),
            None => self.new_pseudonym(class, canonical),
        };
        if let Some(entry) = self.entries.get_mut(&pseudonym) {
            entry.originals.insert(original.to_owned());
        }
        pseudonym
    }

    fn new_pseudonym(&mut self, class: Class, canonical: String) -> String {
        let digest = self.key.digest(class.name(), &canonical);
        let letters = base32(&digest);
        let name = class.name();
        let pseudonym = (SHORT..=LONG)
            .map(|length| format!("{name}-{}", letters.get(..length).unwrap_or(&letters)))
            .find(|pseudonym| !self.entries.contains_key(pseudonym))
            .unwrap_or_else(|| format!("{name}-{letters}"));
        self.given.insert((class, canonical), pseudonym.clone());
        let entry = Entry {
            pseudonym: pseudonym.clone(),
            class: name,
            originals: BTreeSet::new(),
        };
        self.entries.insert(pseudonym.clone(), entry);
        pseudonym
    }

    /// All that were given, by pseudonym.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }
}

fn base32(bytes: &[u8; 32]) -> String {
    let mut letters = String::with_capacity(LONG);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            let place = (bits >> held) & 31;
            letters.push(char::from(LETTERS[place as usize]));
        }
        bits &= (1 << held) - 1;
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fixed() -> Pseudonyms {
        Pseudonyms::new(Key::from_bytes(&[7; 32]).unwrap())
    }

    #[test]
    fn one_text_has_one_pseudonym_whatever_its_case() {
        let mut names = fixed();
        let one = names.of(Class::Host, "KESTREL-01");
        assert_eq!(names.of(Class::Host, "kestrel-01"), one);
        assert_ne!(names.of(Class::User, "kestrel-01"), one);
        assert!(one.starts_with("host-") && one.len() == 13, "{one}");
        let entry = names.entries().find(|e| e.pseudonym == one).unwrap();
        assert_eq!(
            entry.originals.iter().collect::<Vec<_>>(),
            ["KESTREL-01", "kestrel-01"]
        );
        assert_eq!(fixed().of(Class::Host, "kestrel-01"), one);
    }

    #[test]
    fn pseudonyms_that_meet_get_longer() {
        let mut names = fixed();
        let long = names.of(Class::Text, "a");
        let digest = base32(&names.key.digest("text", "b"));
        // As if another text had taken the short one.
        let taken = format!("text-{}", &digest[..SHORT]);
        let entry = Entry {
            pseudonym: taken.clone(),
            class: "text",
            originals: BTreeSet::new(),
        };
        names.entries.insert(taken.clone(), entry);
        let other = names.of(Class::Text, "b");
        assert!(other.starts_with(&taken) && other.len() == taken.len() + 1);
        assert_ne!(other, long);
    }

    proptest! {
        #[test]
        fn texts_apart_stay_apart(texts in prop::collection::btree_set(".{0,12}", 1..200)) {
            let mut names = fixed();
            let given: BTreeSet<String> = texts.iter().map(|t| names.of(Class::Text, t)).collect();
            prop_assert_eq!(given.len(), texts.len());
        }
    }
}
