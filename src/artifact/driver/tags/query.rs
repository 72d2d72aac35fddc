//! Which tags are asked for, and what counts as the same tag.

use super::signs::Wanted;
use crate::tag::Tag;
use std::collections::BTreeSet;

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub enum TagQuery<'a> {
    /// These tags. Images that cannot hold one are passed over cheaply.
    Only(&'a Wanted),
    /// Every tag that the image allocates or frees with.
    All,
}

/// True when pool accounting or its display makes one tag of the two: the protected-pool
/// bit is stripped, trailing NULs and blanks print alike.
pub fn same(a: Tag, b: Tag) -> bool {
    let (a, b) = (a.without_protection(), b.without_protection());
    a == b || a.same_but_for_padding(b)
}

impl TagQuery<'_> {
    /// True when `tag` is asked for.
    pub fn wants(&self, tag: Tag) -> bool {
        match self {
            TagQuery::Only(wanted) => wanted.tags().iter().any(|&t| same(t, tag)),
            TagQuery::All => true,
        }
    }
}

/// All byte patterns under which `tag` may stand in a file.
pub fn patterns(tag: Tag) -> BTreeSet<[u8; 4]> {
    let bytes = tag.without_protection().bytes();
    let len = bytes
        .iter()
        .rposition(|b| !matches!(b, 0 | b' '))
        .map_or(0, |p| p + 1);
    let mut patterns = BTreeSet::from([bytes]);
    if len > 0 {
        for filler in [0, b' '] {
            let mut padded = bytes;
            padded[len..].fill(filler);
            patterns.insert(padded);
        }
    }
    let protected: Vec<[u8; 4]> = patterns
        .iter()
        .map(|&[a, b, c, d]| [a, b, c, d | 0x80])
        .collect();
    patterns.extend(protected);
    patterns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_a_padded_tag() {
        let all = patterns(Tag::new(*b"Lak\0"));
        assert!(all.contains(b"Lak\0") && all.contains(b"Lak ") && all.contains(b"Lak\x80"));
        assert!(all.contains(b"Lak\xa0"));
        assert_eq!(patterns(Tag::new(*b"Leak")).len(), 2);
    }

    #[test]
    fn protection_and_padding_are_the_same_tag() {
        assert!(same(Tag::new(*b"Lea\xeb"), Tag::new(*b"Leak")));
        assert!(same(Tag::new(*b"Lak "), Tag::new(*b"Lak\0")));
        assert!(!same(Tag::new(*b"Leak"), Tag::new(*b"kaeL")));
    }
}
