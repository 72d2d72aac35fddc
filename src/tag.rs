//! The four bytes under which Windows accounts for pool memory, and the pool they lie in.
//!
//! A tag is four raw bytes in memory order. How they print is poolmon's business
//! (`%4s`: a short, NUL-terminated tag is shown right-aligned), how they are written
//! in C source is reversed (`'kaeL'` is `Leak`), and neither is the tag itself: two
//! tags are the same only when all four bytes are.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A pool tag: four bytes, in the order in which they lie in memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag([u8; 4]);

/// Set in a tag's last byte by drivers that used the old `PROTECTED_POOL` flag;
/// Windows strips it before accounting, so the tag shows without it.
const PROTECTED_POOL_BIT: u8 = 0x80;

impl Tag {
    /// The tag whose bytes in memory are `bytes`.
    pub const fn new(bytes: [u8; 4]) -> Self {
        Tag(bytes)
    }

    /// The tag that the little-endian machine word `value` stands for, as it
    /// appears in an instruction operand.
    pub const fn from_word(value: u32) -> Self {
        Tag(value.to_le_bytes())
    }

    /// The bytes in memory order.
    pub const fn bytes(self) -> [u8; 4] {
        self.0
    }

    /// The machine word that an instruction carries for this tag.
    pub const fn word(self) -> u32 {
        u32::from_le_bytes(self.0)
    }

    /// The tag without the protected-pool bit, which is how pool accounting keys it.
    pub const fn without_protection(self) -> Self {
        let [a, b, c, d] = self.0;
        Tag([a, b, c, d & !PROTECTED_POOL_BIT])
    }

    /// The same four bytes in reverse: what a driver allocates with when its author
    /// forgot that the compiler reverses a character constant.
    pub const fn reversed(self) -> Self {
        let [a, b, c, d] = self.0;
        Tag([d, c, b, a])
    }

    /// True when this tag and `other` may be one tag seen through a lossy display:
    /// trailing NULs and trailing blanks look alike once a line was trimmed.
    pub fn same_but_for_padding(self, other: Tag) -> bool {
        fn trimmed(tag: &Tag) -> &[u8] {
            let end = tag
                .0
                .iter()
                .rposition(|b| !matches!(b, 0 | b' '))
                .map_or(0, |p| p + 1);
            &tag.0[..end]
        }
        trimmed(&self) == trimmed(&other)
    }

    /// The tag as eight lower-case hexadecimal digits in memory order: exact, for keys.
    pub fn hex(self) -> String {
        self.0.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// True when every byte is printable ASCII, the documented alphabet of tags.
    pub fn is_printable(self) -> bool {
        self.0.iter().all(|b| (0x20..0x7f).contains(b))
    }
}

/// Printable bytes as they are, a backslash doubled, everything else as `\xNN`.
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = String::with_capacity(16);
        for &byte in &self.0 {
            match byte {
                b'\\' => shown.push_str("\\\\"),
                0x20..=0x7e => shown.push(byte as char),
                _ => shown.push_str(&format!("\\x{byte:02x}")),
            }
        }
        f.pad(&shown)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag(\"{self}\")")
    }
}

/// Why a word typed by a user is not a tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{typed}` is not a pool tag: {why}; write up to four characters (`Leak`), `\\xNN` escapes or 0x and eight hex digits in memory order"
)]
pub struct ParseTagError {
    typed: String,
    why: &'static str,
}

/// Reads a tag as typed: up to four characters, `\xNN` and `\\` escapes, or
/// `0x` and eight hex digits in memory order. Missing bytes become NULs, as they
/// do in a driver's source; trailing blanks are significant and kept.
impl FromStr for Tag {
    type Err = ParseTagError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let fail = |why| ParseTagError {
            typed: typed.to_owned(),
            why,
        };
        if let Some(hex) = typed.strip_prefix("0x").filter(|h| h.len() == 8) {
            let word = u32::from_str_radix(hex, 16).map_err(|_| fail("not hexadecimal"))?;
            return Ok(Tag(word.to_be_bytes()));
        }
        let mut bytes = Vec::with_capacity(4);
        let mut rest = typed.as_bytes();
        while let [first, tail @ ..] = rest {
            let (byte, after) = match (first, tail) {
                (b'\\', [b'\\', after @ ..]) => (b'\\', after),
                (b'\\', [b'x', hi, lo, after @ ..]) => {
                    let digits = [*hi, *lo];
                    let text = std::str::from_utf8(&digits).map_err(|_| fail("bad escape"))?;
                    (
                        u8::from_str_radix(text, 16).map_err(|_| fail("bad escape"))?,
                        after,
                    )
                }
                (b'\\', _) => return Err(fail("a backslash starts `\\xNN` or `\\\\`")),
                (&byte, after) => (byte, after),
            };
            bytes.push(byte);
            rest = after;
        }
        if bytes.is_empty() {
            return Err(fail("it is empty"));
        }
        if bytes.len() > 4 {
            return Err(fail("it is longer than four bytes"));
        }
        let mut tag = [0; 4];
        tag[..bytes.len()].copy_from_slice(&bytes);
        Ok(Tag(tag))
    }
}

/// Which of the kernel's two pools an allocation was charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Pool {
    /// Nonpaged pool: always resident; the one http.sys watches.
    NonPaged,
    /// Paged pool.
    Paged,
}

impl Pool {
    /// The word that reports use: `nonpaged` or `paged`.
    pub const fn name(self) -> &'static str {
        match self {
            Pool::NonPaged => "nonpaged",
            Pool::Paged => "paged",
        }
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shows_what_poolmon_shows_and_escapes_the_rest() {
        assert_eq!(Tag::new(*b"Leak").to_string(), "Leak");
        assert_eq!(Tag::new(*b"Irp ").to_string(), "Irp ");
        assert_eq!(Tag::new(*b"Io\0\0").to_string(), "Io\\x00\\x00");
        assert_eq!(Tag::new(*b"a\\b\xe5").to_string(), "a\\\\b\\xe5");
    }

    #[test]
    fn c_source_constants_are_reversed_in_memory() {
        assert_eq!(Tag::from_word(0x6b61_654c), Tag::new(*b"Leak"));
        assert_eq!(Tag::new(*b"Leak").reversed(), Tag::new(*b"kaeL"));
    }

    #[test]
    fn typed_tags() {
        assert_eq!("Lak".parse(), Ok(Tag::new(*b"Lak\0")));
        assert_eq!("Irp ".parse(), Ok(Tag::new(*b"Irp ")));
        assert_eq!("0x4c65616b".parse(), Ok(Tag::new(*b"Leak")));
        assert!("Leaky".parse::<Tag>().is_err());
        assert!("".parse::<Tag>().is_err());
        assert!("a\\q".parse::<Tag>().is_err());
    }

    #[test]
    fn padding_and_protection() {
        assert!(Tag::new(*b"Lak\0").same_but_for_padding(Tag::new(*b"Lak ")));
        assert!(!Tag::new(*b"Lak\0").same_but_for_padding(Tag::new(*b"Lakk")));
        assert_eq!(
            Tag::new(*b"Thr\xe5").without_protection(),
            Tag::new(*b"Thre")
        );
    }

    proptest! {
        #[test]
        fn display_round_trips(bytes: [u8; 4]) {
            let tag = Tag::new(bytes);
            prop_assert_eq!(tag.to_string().parse::<Tag>().unwrap(), tag);
        }
    }
}
