//! A tag with wildcards, as lists write them.

use std::fmt;

use crate::tag::Tag;

/// Four bytes of which some may be anything: `?` stands for one byte, `*` for the rest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagPattern([u8; 4]);

impl TagPattern {
    /// The pattern with these bytes.
    pub const fn new(bytes: [u8; 4]) -> Self {
        TagPattern(bytes)
    }

    /// The tag, if nothing in the pattern is a wildcard.
    pub fn exact(self) -> Option<Tag> {
        (!self.0.iter().any(|b| matches!(b, b'?' | b'*'))).then(|| Tag::new(self.0))
    }

    /// True when `tag` is one of those the pattern stands for.
    pub fn matches(self, tag: Tag) -> bool {
        for (want, have) in self.0.iter().zip(tag.bytes()) {
            match want {
                b'*' => return true,
                b'?' => {}
                byte if *byte == have => {}
                _ => return false,
            }
        }
        true
    }

    /// Bytes before the first wildcard: the longer, the better the match.
    pub fn literal_prefix(self) -> usize {
        self.0
            .iter()
            .take_while(|b| !matches!(b, b'?' | b'*'))
            .count()
    }

    /// Bytes that are no wildcards and not behind a `*`.
    pub fn literals(self) -> usize {
        self.0
            .iter()
            .take_while(|b| **b != b'*')
            .filter(|b| **b != b'?')
            .count()
    }
}

/// As a tag is shown, wildcards as they are written.
impl fmt::Display for TagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Tag::new(self.0), f)
    }
}

impl fmt::Debug for TagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TagPattern(\"{self}\")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        let tag = Tag::new(*b"Abcd");
        let matches = |pattern: &[u8; 4]| TagPattern::new(*pattern).matches(tag);
        assert!(matches(b"Abcd") && matches(b"Ab??") && matches(b"A?cd"));
        assert!(matches(b"Ab* ") && matches(b"A*zz") && matches(b"????"));
        assert!(!matches(b"abcd") && !matches(b"Ab?e") && !matches(b"B*  "));
        assert_eq!(TagPattern::new(*b"A?cd").literal_prefix(), 1);
        assert_eq!(TagPattern::new(*b"A?cd").literals(), 3);
        assert_eq!(TagPattern::new(*b"Ab* ").literals(), 2);
        assert_eq!(TagPattern::new(*b"Abc?").exact(), None);
        assert_eq!(TagPattern::new(*b"Abcd").exact(), Some(tag));
    }
}
