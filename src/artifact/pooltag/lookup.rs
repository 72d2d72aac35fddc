//! Finds what a list says of a tag.

use super::entry::{Entry, PoolTags};
use crate::tag::Tag;

/// How well a list's entry fits a tag, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// The tag is one of http.sys's with the case of its first two letters reversed,
    /// which is how it marks memory it keeps for reuse.
    FreedByHttpSys,
    /// By a wildcard, with this many bytes before it.
    Wildcard {
        /// Bytes that fit literally before the first wildcard.
        prefix: usize,
    },
    /// All letters fit; blanks and NULs at the end cannot be told apart in a list.
    ButForPadding,
    /// Byte for byte.
    Exact,
}

impl Match {
    /// One sentence on how well it fits.
    pub const fn sentence(self) -> &'static str {
        match self {
            Match::Exact => "the list has this very tag",
            Match::ButForPadding => "the list has this tag but for blanks at its end",
            Match::Wildcard { .. } => "the list has a wildcard that covers this tag",
            Match::FreedByHttpSys => {
                "the list has this tag with the case of two letters reversed, as http.sys marks free memory"
            }
        }
    }
}

/// What a list says of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint<'a> {
    /// The entry that fits best; the first of equals.
    pub entry: &'a Entry,
    /// How well.
    pub matched: Match,
    /// Entries that fit equally well and name another binary: the list contradicts
    /// itself, so neither is worth much.
    pub rivals: Vec<&'a Entry>,
}

impl PoolTags {
    /// The best entry for a tag: exact beats padded beats wildcard, and of wildcards the
    /// longest literal prefix wins, then the most literal bytes, then the first line.
    pub fn lookup(&self, tag: Tag) -> Option<Hint<'_>> {
        self.listed(tag).or_else(|| {
            let live = http_sys_live(tag)?;
            let hint = self.listed(live)?;
            let owned = hint
                .entry
                .image()
                .is_some_and(|i| i.eq_ignore_ascii_case("http.sys"));
            owned.then_some(Hint {
                matched: Match::FreedByHttpSys,
                ..hint
            })
        })
    }

    fn listed(&self, tag: Tag) -> Option<Hint<'_>> {
        self.equal(tag, Match::Exact)
            .or_else(|| {
                let padded = paddings(tag).into_iter().find(|other| self.has(*other))?;
                self.equal(padded, Match::ButForPadding)
            })
            .or_else(|| self.by_wildcard(tag))
    }

    fn has(&self, tag: Tag) -> bool {
        self.exact.contains_key(&tag.bytes())
    }

    fn equal(&self, tag: Tag, matched: Match) -> Option<Hint<'_>> {
        let entries: Vec<&Entry> = self
            .exact
            .get(&tag.bytes())?
            .iter()
            .filter_map(|i| self.entries.get(*i))
            .collect();
        hint(&entries, matched)
    }

    fn by_wildcard(&self, tag: Tag) -> Option<Hint<'_>> {
        let fits: Vec<&Entry> = self
            .wild
            .iter()
            .filter_map(|index| self.entries.get(*index))
            .filter(|entry| entry.pattern.matches(tag))
            .collect();
        let rank = |entry: &Entry| (entry.pattern.literal_prefix(), entry.pattern.literals());
        let best = fits.iter().map(|entry| rank(entry)).max()?;
        let best_ones: Vec<&Entry> = fits
            .into_iter()
            .filter(|entry| rank(entry) == best)
            .collect();
        hint(&best_ones, Match::Wildcard { prefix: best.0 })
    }
}

fn hint<'a>(entries: &[&'a Entry], matched: Match) -> Option<Hint<'a>> {
    let (entry, others) = entries.split_first()?;
    let differs = |other: &&&Entry| other.image() != entry.image() && other.binary.is_some();
    let rivals = others.iter().filter(differs).copied().collect();
    Some(Hint {
        entry,
        matched,
        rivals,
    })
}

/// The same tag with its trailing blanks as NULs and the reverse.
fn paddings(tag: Tag) -> [Tag; 2] {
    let filled = |with: u8| {
        let mut bytes = tag.bytes();
        for byte in bytes.iter_mut().rev() {
            if !matches!(byte, 0 | b' ') {
                break;
            }
            *byte = with;
        }
        Tag::new(bytes)
    };
    [filled(b' '), filled(0)]
}

/// The tag in use that a free `uL..` or `uC..` of http.sys stands for.
fn http_sys_live(tag: Tag) -> Option<Tag> {
    match tag.bytes() {
        [b'u', b'L', c, d] => Some(Tag::new([b'U', b'l', c, d])),
        [b'u', b'C', c, d] => Some(Tag::new([b'U', b'c', c, d])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    const LIST: &str = "Aab? - three.sys - x\nA*   - one.sys - x\nAabc - exact.sys - first\n\
        Aabc - other.sys - second\nAa?d - two.sys - x\nZz - pad.sys - x\nZz   - pad.sys - x\n\
        Ul?? - http.sys - tags\nUlXY - http.sys - thing\nUcQQ - else.sys - x\n";

    fn found(tag: &[u8; 4]) -> Option<(String, Match, usize)> {
        let list = parse(LIST.as_bytes());
        let hint = list.lookup(Tag::new(*tag))?;
        Some((
            hint.entry.binary.clone().unwrap_or_default(),
            hint.matched,
            hint.rivals.len(),
        ))
    }

    fn is(binary: &str, matched: Match, rivals: usize) -> Option<(String, Match, usize)> {
        Some((binary.to_owned(), matched, rivals))
    }

    #[test]
    fn the_best_entry_wins() {
        assert_eq!(found(b"Aabc"), is("exact.sys", Match::Exact, 1));
        assert_eq!(
            found(b"Aabz"),
            is("three.sys", Match::Wildcard { prefix: 3 }, 0)
        );
        assert_eq!(
            found(b"Aazd"),
            is("two.sys", Match::Wildcard { prefix: 2 }, 0)
        );
        assert_eq!(
            found(b"Azzz"),
            is("one.sys", Match::Wildcard { prefix: 1 }, 0)
        );
        assert_eq!(found(b"Qqqq"), None);
    }

    #[test]
    fn padding_cannot_be_told_apart() {
        assert_eq!(found(b"Zz  "), is("pad.sys", Match::Exact, 0));
        assert_eq!(found(b"Zz\0\0"), is("pad.sys", Match::ButForPadding, 0));
    }

    #[test]
    fn free_memory_of_http_sys() {
        assert_eq!(found(b"uLXY"), is("http.sys", Match::FreedByHttpSys, 0));
        assert_eq!(found(b"uLab"), is("http.sys", Match::FreedByHttpSys, 0));
        assert_eq!(found(b"uCQQ"), None, "the live tag is another driver's");
    }
}
