//! What a pool tag list holds.

use std::collections::BTreeMap;

use super::pattern::TagPattern;

/// Notes on lines that are kept: nobody reads more, and a file that is no list at all
/// would make one a line.
const MAX_LINE_NOTES: usize = 100;

/// One line that names a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The tag, with wildcards where it has any.
    pub pattern: TagPattern,
    /// The binary, or a part of the kernel (`nt!io`), or a function (`drv!Foo::Bar`);
    /// `None` where the list says that it is unknown or says nothing.
    pub binary: Option<String>,
    /// What the memory is for; may be empty.
    pub description: String,
    /// One-based line of the list.
    pub line: u64,
}

impl Entry {
    /// True where the list charges the tag to the kernel itself.
    pub fn is_kernel(&self) -> bool {
        self.binary
            .as_deref()
            .is_some_and(|binary| binary.starts_with("nt!"))
    }

    /// The file name in `binary`: `win32k!Foo` is in `win32k`, `ntfs.sys` is itself.
    pub fn image(&self) -> Option<&str> {
        let binary = self.binary.as_deref()?;
        Some(binary.split_once('!').map_or(binary, |(image, _)| image))
    }
}

/// Something about a line or the list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineNote {
    /// A line that names no tag and is no comment.
    #[error("line {line} names no tag")]
    Text {
        /// One-based line.
        line: u64,
    },
    /// A fifth character stands where the dash belongs; the first four are the tag.
    #[error("line {line}: the tag has more than four characters; the first four are used")]
    LongTag {
        /// One-based line.
        line: u64,
    },
    /// Bytes follow the end-of-file mark (Ctrl-Z) and were not read, as DOS tools do.
    #[error("line {line}: {bytes} bytes follow the end-of-file mark and were not read")]
    AfterEnd {
        /// One-based line of the mark.
        line: u64,
        /// Bytes not read.
        bytes: usize,
    },
    /// The list is longer than is read.
    #[error("only the first {read} bytes were read")]
    Cut {
        /// Bytes read.
        read: usize,
    },
    /// The list has more entries than are kept.
    #[error("line {line}: more than {kept} entries; the rest was not read")]
    TooMany {
        /// One-based line of the first that was not read.
        line: u64,
        /// Entries kept.
        kept: usize,
    },
}

/// A pool tag list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolTags {
    pub(super) entries: Vec<Entry>,
    /// Entries without wildcards by tag, in file order.
    pub(super) exact: BTreeMap<[u8; 4], Vec<usize>>,
    /// Entries with wildcards, in file order.
    pub(super) wild: Vec<usize>,
    /// What was odd, in line order; of lines the first hundred.
    pub notes: Vec<LineNote>,
    /// Lines that name no tag and are no comments, also beyond those in `notes`.
    pub texts: usize,
    /// Lines that are comments.
    pub comments: usize,
}

impl PoolTags {
    /// All entries in file order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Distinct tags without wildcards.
    pub fn distinct(&self) -> usize {
        self.exact.len()
    }

    /// Entries with wildcards.
    pub fn wildcards(&self) -> usize {
        self.wild.len()
    }

    /// Entries that repeat a pattern of an earlier entry.
    pub fn duplicates(&self) -> usize {
        let mut seen = std::collections::BTreeSet::new();
        self.entries
            .iter()
            .filter(|entry| !seen.insert(entry.pattern))
            .count()
    }

    /// Keeps a note on a line, unless there are too many to be read.
    pub(super) fn note_line(&mut self, note: LineNote) {
        self.texts += usize::from(matches!(note, LineNote::Text { .. }));
        if self.notes.len() < MAX_LINE_NOTES {
            self.notes.push(note);
        }
    }

    pub(super) fn push(&mut self, entry: Entry) {
        let index = self.entries.len();
        match entry.pattern.exact() {
            Some(tag) => self.exact.entry(tag.bytes()).or_default().push(index),
            None => self.wild.push(index),
        }
        self.entries.push(entry);
    }
}
