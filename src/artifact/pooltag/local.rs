//! Reads `localtag.txt`, which `poolmon -c` makes on x86 by searching the machine's own
//! drivers for calls of allocation routines: the driver names are evidence of the same
//! kind as this tool's own, gathered by another hand.

use std::collections::BTreeMap;

use crate::tag::Tag;

/// Most bytes read; a real file has some tens of kilobytes.
const MAX_BYTES: usize = 4 << 20;

/// Most drivers kept for one tag.
const MAX_DRIVERS: usize = 256;

/// Longest driver name kept.
const MAX_NAME: usize = 120;

/// One line: a tag and the drivers that were seen to allocate with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalEntry {
    /// The drivers, without `.sys`, in the order of the file.
    pub drivers: Vec<String>,
    /// One-based line.
    pub line: u64,
}

/// A whole file, by tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalTags {
    /// What the file says of each tag; the first line wins, later ones add drivers.
    pub entries: BTreeMap<Tag, LocalEntry>,
    /// Lines that are neither blank nor an entry.
    pub unread_lines: usize,
    /// True when the file is longer than is read.
    pub cut: bool,
}

impl LocalTags {
    /// The drivers for a tag, also where only blanks and NULs at its end differ.
    pub fn lookup(&self, tag: Tag) -> Option<(&Tag, &LocalEntry)> {
        self.entries.get_key_value(&tag).or_else(|| {
            self.entries
                .iter()
                .find(|(other, _)| other.same_but_for_padding(tag))
        })
    }
}

/// Reads `TAG   -     drv1 drv2 ...` lines.
pub fn parse_local(bytes: &[u8]) -> LocalTags {
    let mut out = LocalTags {
        cut: bytes.len() > MAX_BYTES,
        ..LocalTags::default()
    };
    let text = bytes.get(..MAX_BYTES).unwrap_or(bytes);
    let text = text.split(|byte| *byte == 0x1a).next().unwrap_or(text);
    for (line, text) in (1u64..).zip(text.split(|byte| *byte == b'\n')) {
        let text = text.trim_ascii_end();
        if text.is_empty() {
            continue;
        }
        match entry(text) {
            Some((tag, drivers)) => {
                let kept = out.entries.entry(tag).or_insert_with(|| LocalEntry {
                    drivers: Vec::new(),
                    line,
                });
                let room = MAX_DRIVERS.saturating_sub(kept.drivers.len());
                kept.drivers.extend(drivers.into_iter().take(room));
            }
            None => out.unread_lines += 1,
        }
    }
    out
}

fn entry(line: &[u8]) -> Option<(Tag, Vec<String>)> {
    let (tag, rest) = line.split_first_chunk::<4>()?;
    let names = rest.trim_ascii_start().strip_prefix(b"-")?;
    let name = |word: &[u8]| -> String {
        word.iter()
            .take(MAX_NAME)
            .map(|&byte| char::from(byte))
            .collect()
    };
    let drivers: Vec<String> = names
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .map(name)
        .collect();
    (!drivers.is_empty() && tag.iter().any(|byte| *byte != b' '))
        .then_some((Tag::new(*tag), drivers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tags_and_drivers() {
        let list = parse_local(
            b"Abcd   -     one two\r\nXy     -     three\r\nAbcd -  four\r\n\r\nnonsense\r\n",
        );
        let (_, entry) = list.lookup(Tag::new(*b"Abcd")).unwrap();
        assert_eq!(entry.drivers, ["one", "two", "four"]);
        assert_eq!(entry.line, 1);
        assert!(list.lookup(Tag::new(*b"Xy\0\0")).is_some());
        assert_eq!(list.unread_lines, 1);
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse_local(&bytes);
        }
    }
}
