//! Sentences of ours that quote a case, and texts of strangers that are needed as a whole.

use std::ops::Range;

use super::Redactor;
use super::address::{self, Address};
use super::pattern::{self, Author, overlap};
use super::pseudonym::Class;
use crate::tag::Tag;

/// What our sentences set between backticks themselves.
const OURS: &[&str] = &[
    "poolmon -n",
    "gflags /r +ptg",
    "s-reason",
    "#Fields",
    "#Software",
    "#Date",
];

/// A stretch of text and what stands for it.
struct Hit {
    range: Range<usize>,
    shown: String,
}

/// Hits that do not overlap; earlier ones have precedence.
#[derive(Default)]
struct Hits(Vec<Hit>);

impl Hits {
    fn is_free(&self, range: &Range<usize>) -> bool {
        !self.0.iter().any(|hit| overlap(&hit.range, range))
    }

    fn add(&mut self, range: Range<usize>, shown: String) {
        if self.is_free(&range) {
            self.0.push(Hit { range, shown });
        }
    }

    /// The parts of a stretch that nothing stands for yet.
    fn free_parts(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut parts = vec![range];
        for hit in &self.0 {
            let cut = |part: Range<usize>| {
                let before = part.start..hit.range.start.clamp(part.start, part.end);
                let after = hit.range.end.clamp(part.start, part.end)..part.end;
                [before, after].into_iter().filter(|part| !part.is_empty())
            };
            parts = parts.into_iter().flat_map(cut).collect();
        }
        parts
    }

    fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|hit| hit.range.start);
        let mut shown = String::with_capacity(text.len());
        let mut at = 0;
        for hit in self.0 {
            shown.push_str(text.get(at..hit.range.start).unwrap_or_default());
            shown.push_str(&hit.shown);
            at = hit.range.end;
        }
        shown.push_str(text.get(at..).unwrap_or_default());
        shown
    }
}

impl Redactor {
    /// A sentence of ours. What it sets between backticks are words of the case: tags stay, the
    /// rest goes word by word.
    pub(super) fn sentence(&mut self, text: &str) -> String {
        self.scrub(text, Author::Us)
    }

    /// A stranger's text that is needed: versions, signers, names in disassembly.
    pub(super) fn stranger(&mut self, text: &str) -> String {
        self.scrub(text, Author::Stranger)
    }

    fn scrub(&mut self, text: &str, author: Author) -> String {
        let mut hits = Hits::default();
        if author == Author::Us {
            self.quoted(text, &mut hits);
        }
        let exact: Vec<_> = {
            let found = self.exact.find(text);
            found.map(|(range, to)| (range, to.clone())).collect()
        };
        let wide = pattern::find(text, author);
        // A name that holds a path or an address goes before it, one within a URI after it.
        let within = |range: &Range<usize>| {
            wide.iter()
                .any(|(w, _)| w.start <= range.start && range.end <= w.end && w != range)
        };
        for (range, to) in exact {
            if !within(&range) && hits.is_free(&range) {
                let shown = self.replacement(&to);
                hits.add(range, shown);
            }
        }
        for (range, class) in wide {
            for part in hits.free_parts(range) {
                let shown = self.by_form(class, &text[part.clone()]);
                hits.add(part, shown);
            }
        }
        let people: Vec<_> = {
            let found = self.people.find(text);
            found.map(|(range, to)| (range, to.clone())).collect()
        };
        for (range, to) in people {
            if hits.is_free(&range) {
                let shown = self.replacement(&to);
                hits.add(range, shown);
            }
        }
        for (range, found) in address::find(text) {
            let written = &text[range.clone()];
            if hits.is_free(&range) && !self.is_version(written, &found) {
                let shown = found.pseudonym(&mut self.given, written);
                hits.add(range, shown);
            }
        }
        hits.apply(text)
    }

    /// What has a form. An address is the same whether or not a name stands around it.
    fn by_form(&mut self, class: Class, text: &str) -> String {
        let last = text.rsplit(['\\', '/']).next().unwrap_or_default();
        let file = class == Class::Path && !last.is_empty() && last != text;
        match file.then(|| self.component(last, Class::File)) {
            // `C:\Users\ada\hstorflt.sys`: the folders are one pseudonym, the name may stay.
            Some(name) => {
                let folders = &text[..text.len() - last.len()];
                format!("{}\\{name}", self.given.of(Class::Path, folders))
            }
            None => self.given.of(class, text),
        }
    }

    /// A version of a driver that has the form of an address.
    fn is_version(&self, written: &str, found: &Address) -> bool {
        matches!(found, Address::V4(_)) && self.known.versions.contains(written)
    }

    /// Stretches between backticks.
    fn quoted(&mut self, text: &str, hits: &mut Hits) {
        let mut rest = 0;
        while let Some(open) = text[rest..].find('`').map(|n| rest + n) {
            let inside = &text[open + 1..];
            let tag = self.known.tags.iter().find(|tag| {
                let after = inside.strip_prefix(tag.as_str());
                after.is_some_and(|after| after.starts_with('`'))
            });
            let length = match tag {
                Some(tag) => tag.len(),
                None => inside.find('`').unwrap_or(inside.len()),
            };
            let content = &inside[..length];
            let range = open + 1..open + 1 + length;
            let stays = tag.is_some()
                || OURS.iter().any(|ours| content.starts_with(ours))
                || (self.people.whole(content).is_none() && content.parse::<Tag>().is_ok());
            let shown = match stays {
                true => content.to_owned(),
                false => self.quoted_words(content),
            };
            hits.add(range, shown);
            rest = (open + 1 + length + 1).min(text.len());
        }
    }

    fn quoted_words(&mut self, content: &str) -> String {
        match self.exact.whole(content).cloned() {
            Some(known) => self.replacement(&known),
            None => self.quote(content),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::redactor;
    use crate::case::Name;
    use crate::redact::{Key, Redactor};

    #[test]
    fn sentences_keep_their_words() {
        let mut redactor = redactor(&["KESTREL-01", "pool"]);
        for text in [
            "4743 connections were refused when nonpaged pool ran out: `HsCx` grew by 1014 MiB.",
            "Collect again with `poolmon -n poolsnap.log -b -r`, which writes a file itself.",
            "its clock runs backwards 3 times, by up to 2 h (line 7)",
        ] {
            assert_eq!(redactor.sentence(text), text);
        }
        let shown =
            redactor.sentence("the log of kestrel-01 from 10.0.0.5; see \\\\fs1\\ada\\x y.txt");
        assert!(shown.starts_with("the log of host-"), "{shown}");
        assert!(shown.contains(" from ipv4-private-"), "{shown}");
        assert!(
            shown.contains("; see path-") && !shown.contains("ada"),
            "{shown}"
        );
    }

    #[test]
    fn what_is_quoted_is_replaced_word_by_word() {
        let mut redactor = redactor(&[]);
        let shown = redactor.sentence("line 4: `Ada Quill 16` is not a readable amount of memory");
        assert!(shown.starts_with("line 4: `text-"), "{shown}");
        assert!(
            shown.ends_with(" 16` is not a readable amount of memory"),
            "{shown}"
        );
        let open = redactor.sentence("a name of 900 bytes was left out; it begins `quill/ada");
        assert!(!open.contains("quill") && !open.contains("ada"), "{open}");
    }

    #[test]
    fn names_of_files_are_replaced_wherever_a_sentence_holds_them() {
        let file = "logs of quill/10.0.0.5 (1).log";
        let names = [Name::File(file.to_owned())];
        let mut redactor = Redactor::new(Key::from_bytes(&[1; 32]).unwrap(), &names);
        let path = redactor.path(file);
        let shown = redactor.sentence(&format!("its rows stand in {file} too and count once"));
        assert_eq!(
            shown,
            format!("its rows stand in {path} too and count once")
        );
        assert!(!path.contains("quill") && path.ends_with(".log"), "{path}");
    }
}
