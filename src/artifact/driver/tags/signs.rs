//! The bytes by which tags give themselves away, found in one pass over a file.
//!
//! Most images of a folder do not hold the tag that is asked for, and the time that a search
//! takes is the time to find that out. So all signs of all tags are one set of needles:
//!
//! ```text
//! abc      the tag without its last letter: the tag itself, protected, padded, or one of a
//!          family that is computed from another (`DC_0`, `DC_1`)
//!  bcd     the same at the other end
//! dcba     in reverse: put in order at run time, or an author's mistake
//! ab00     halves that an `or` puts together
//! 00cd
//! a0b0c0d0 the letters in UTF-16: text
//! ```
//! What a sign is worth depends on where it stands; that is decided in [`bytes`](super::bytes).

use super::query::{patterns, same};
use crate::tag::Tag;
use aho_corasick::packed::Searcher;
use std::collections::{BTreeMap, BTreeSet};

/// Needles up to this number are looked for with vector instructions; with more of them, by a
/// table of the pairs that they start with.
const MAX_PACKED: usize = 64;

/// What a needle is a sign of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    /// The tag may stand here: its first letters do.
    Itself,
    /// Part of it, or all of it in another order: means something in code only.
    Part,
    /// The tag in UTF-16.
    Wide,
    /// The name of an allocator in UTF-16, as it is given to a look-up at run time.
    Allocator,
}

/// A needle behind its first three bytes, what it is a sign of, and of which tag.
type Needle = (Vec<u8>, Sign, usize);

/// Tags that are asked for, with what finds their signs; made once, used for every image.
#[derive(Debug)]
pub struct Wanted {
    tags: Vec<Tag>,
    /// True when a tag has too few letters to give itself away, or needs none: `None` stands
    /// for calls without a tag.
    everywhere: bool,
    packed: Option<Searcher>,
    /// The needles by their first three bytes.
    needles: BTreeMap<[u8; 3], Vec<Needle>>,
    /// A bit for each pair of bytes that some needle starts with.
    pairs: Vec<u64>,
}

impl Wanted {
    /// The set of `tags`. Zero is "no tag" to every routine, so nothing can be said of it: it is
    /// left out.
    pub fn new(tags: &[Tag]) -> Self {
        let nonzero = |tag: &Tag| tag.without_protection().word() != 0;
        let tags: Vec<Tag> = tags.iter().copied().filter(nonzero).collect();
        let everywhere = |&tag: &Tag| letters(&tag.bytes()) < 2 || same(tag, Tag::new(*b"None"));
        let mut wanted = Wanted {
            everywhere: tags.iter().any(everywhere),
            packed: None,
            needles: BTreeMap::new(),
            pairs: vec![0; 1 << 10],
            tags,
        };
        for index in 0..wanted.tags.len() {
            for (needle, sign) in signs(wanted.tags[index]) {
                wanted.add(&needle, sign, index);
            }
        }
        let name: Vec<u8> = "ExAllocatePool"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        wanted.add(&name, Sign::Allocator, 0);
        wanted.packed = wanted.searcher();
        wanted
    }

    fn add(&mut self, needle: &[u8], sign: Sign, tag: usize) {
        let [a, b, c, rest @ ..] = needle else { return };
        let pair = usize::from(u16::from_le_bytes([*a, *b]));
        if let Some(bits) = self.pairs.get_mut(pair / 64) {
            *bits |= 1 << (pair % 64);
        }
        let alike = self.needles.entry([*a, *b, *c]).or_default();
        alike.push((rest.to_vec(), sign, tag));
    }

    fn searcher(&self) -> Option<Searcher> {
        let needles: BTreeSet<Vec<u8>> = self
            .needles
            .iter()
            .flat_map(|(head, rests)| rests.iter().map(|(rest, ..)| [&head[..], rest].concat()))
            .collect();
        (needles.len() <= MAX_PACKED).then(|| Searcher::new(&needles))?
    }

    /// The tags.
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// True when no look at its bytes can rule an image out.
    pub(super) fn is_everywhere(&self) -> bool {
        self.everywhere
    }

    /// Tells `each` of every sign in `bytes`, ascending: where, of what, of which tag (its place
    /// in [`tags`](Self::tags)). Ends when `each` returns false.
    pub(super) fn find(&self, bytes: &[u8], mut each: impl FnMut(usize, Sign, usize) -> bool) {
        let mut from = 0;
        while let Some(at) = self.next(bytes, from) {
            let tail = bytes.get(at..).unwrap_or_default();
            let (head, after) = tail.split_first_chunk::<3>().unwrap_or((&[0; 3], &[]));
            for (rest, sign, tag) in self.needles.get(head).into_iter().flatten() {
                if after.starts_with(rest) && !each(at, *sign, *tag) {
                    return;
                }
            }
            from = at + 1;
        }
    }

    /// The first place from `from` on at which some needle may start.
    fn next(&self, bytes: &[u8], from: usize) -> Option<usize> {
        match &self.packed {
            Some(packed) => {
                let span = aho_corasick::Span::from(from..bytes.len());
                packed.find_in(bytes, span).map(|found| found.start())
            }
            None => {
                let heads = bytes.get(from..)?.windows(3);
                let starts = |w: &[u8]| {
                    let pair = usize::from(u16::from_le_bytes([w[0], w[1]]));
                    self.pairs[pair / 64] >> (pair % 64) & 1 == 1
                        && self.needles.contains_key(&[w[0], w[1], w[2]])
                };
                heads.map(starts).position(|yes| yes).map(|n| from + n)
            }
        }
    }
}

/// How many bytes are letters, and no padding.
fn letters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| !matches!(b, 0 | b' ')).count()
}

/// The needles of one tag.
fn signs(tag: Tag) -> Vec<(Vec<u8>, Sign)> {
    let tag = tag.without_protection();
    let [a, b, c, d] = tag.bytes();
    // Where the third letter is padding, too little is left of the tag to look for by its head.
    let mut signs: Vec<(Vec<u8>, Sign)> = match c {
        0 | b' ' => patterns(tag)
            .iter()
            .map(|p| (p.to_vec(), Sign::Itself))
            .collect(),
        _ => vec![(vec![a, b, c], Sign::Itself)],
    };
    let parts: [&[u8]; 5] = [
        &[a, b, c],
        &[b, c, d],
        &[d, c, b, a],
        &[a, b, 0, 0],
        &[0, 0, c, d],
    ];
    let telling = parts.into_iter().filter(|part| letters(part) >= 2);
    signs.extend(telling.map(|part| (part.to_vec(), Sign::Part)));
    signs.push((vec![a, 0, b, 0, c, 0, d, 0], Sign::Wide));
    signs
}

#[cfg(test)]
mod tests {
    use super::*;
    use memchr::memmem;
    use proptest::prelude::*;

    fn found(wanted: &Wanted, bytes: &[u8]) -> Vec<(usize, Sign, usize)> {
        let mut found = Vec::new();
        wanted.find(bytes, |at, sign, tag| {
            found.push((at, sign, tag));
            true
        });
        found
    }

    /// Every needle looked for by itself.
    fn one_by_one(tags: &[Tag], bytes: &[u8]) -> Vec<(usize, Sign, usize)> {
        let mut found = Vec::new();
        for (index, &tag) in tags.iter().enumerate() {
            for (needle, sign) in signs(tag) {
                for at in 0..bytes.len() {
                    if bytes[at..].starts_with(&needle) {
                        found.push((at, sign, index));
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn signs_that_overlap_are_all_found() {
        let wanted = Wanted::new(&[Tag::new(*b"Leak")]);
        let found = found(&wanted, b"..Leak..kaeLeak\0L\0e\0a\0k\0");
        let at = |sign| -> Vec<usize> {
            let of_sign = found.iter().filter(|(_, s, _)| *s == sign);
            of_sign.map(|(at, ..)| *at).collect()
        };
        assert_eq!(at(Sign::Itself), [2, 11]);
        assert_eq!(at(Sign::Part), [2, 3, 8, 11, 12]);
        assert_eq!(at(Sign::Wide), [16]);
    }

    #[test]
    fn zero_is_no_tag_and_short_tags_are_everywhere() {
        assert!(Wanted::new(&[Tag::new([0; 4])]).tags().is_empty());
        assert!(Wanted::new(&[Tag::new(*b"A\0\0\0")]).is_everywhere());
        assert!(Wanted::new(&[Tag::new(*b"None")]).is_everywhere());
        assert!(!Wanted::new(&[Tag::new(*b"Ab\0\0")]).is_everywhere());
    }

    #[test]
    fn looked_up_allocators_are_seen() {
        let wide: Vec<u8> = "ExAllocatePoolWithTag"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let wanted = Wanted::new(&[Tag::new(*b"Leak")]);
        assert_eq!(found(&wanted, &wide), [(0, Sign::Allocator, 0)]);
        assert!(memmem::find(&wide, b"Leak").is_none());
    }

    proptest! {
        #[test]
        fn few_and_many_needles_find_the_same(
            bytes in prop::collection::vec(prop::sample::select(b"Leak Tg\0\x80".to_vec()), 0..300),
            letters in prop::collection::vec(
                prop::array::uniform4(prop::sample::select(b"Leak Tg\0".to_vec())), 1..5),
        ) {
            let tags: Vec<Tag> = letters.into_iter().map(Tag::new).collect();
            let wanted = Wanted::new(&tags);
            let expected = one_by_one(wanted.tags(), &bytes);
            let sorted = |mut found: Vec<(usize, Sign, usize)>| {
                found.sort_unstable();
                found.dedup();
                found
            };
            prop_assert_eq!(&sorted(found(&wanted, &bytes)), &expected);
            let by_table = Wanted { packed: None, ..wanted };
            prop_assert_eq!(&sorted(found(&by_table, &bytes)), &expected);
        }
    }
}
