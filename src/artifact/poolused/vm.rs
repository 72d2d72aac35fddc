//! The sizes of `!vm`: `name: pages ( size Kb)`.
//!
//! A line proves itself: its size is its pages times the size of a page. Values that no machine
//! can have are recognised and not used.

use crate::artifact::look::Memory;

/// Sizes of a page in KB: x86 and x64, Alpha and Itanium.
const PAGE_KIB: [u64; 2] = [4, 8];
/// What Windows 8.1 and later state as the maximum of either pool: 2^32 pages, which is an upper
/// bound of the address space and no limit of the machine.
const NO_LIMIT_KIB: u64 = 17_179_869_184;

/// A size that counts here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    Physical,
    Available,
    NonPaged,
    NonPagedNx,
    NonPagedMax,
    Paged,
    Committed,
    CommitLimit,
}

const NAMES: [(&str, Name); 8] = [
    ("Physical Memory:", Name::Physical),
    ("Available Pages:", Name::Available),
    ("NonPagedPool Usage:", Name::NonPaged),
    ("NonPagedPoolNx Usage:", Name::NonPagedNx),
    ("NonPagedPool Max:", Name::NonPagedMax),
    ("PagedPool Usage:", Name::Paged),
    ("Committed pages:", Name::Committed),
    ("Commit limit:", Name::CommitLimit),
];

/// One line of `!vm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SizeLine {
    /// A size in KiB.
    Size(Name, u64),
    /// Pages and size that do not belong together.
    Broken(Name),
    /// Another line of the command.
    Other,
}

/// Reads a line of `!vm`; `None` if it has not the form of one.
pub(super) fn size_line(line: &str) -> Option<SizeLine> {
    let text = line.trim();
    let named = NAMES
        .iter()
        .find_map(|(name, what)| Some((*what, text.strip_prefix(name)?)));
    let Some((name, rest)) = named else {
        let (_, rest) = text.split_once(':')?;
        return pages_and_kib(rest).map(|_| SizeLine::Other);
    };
    let (pages, kib) = pages_and_kib(rest)?;
    let agree = PAGE_KIB
        .iter()
        .any(|page| pages.checked_mul(*page) == Some(kib));
    Some(if agree {
        SizeLine::Size(name, kib)
    } else {
        SizeLine::Broken(name)
    })
}

/// `877   (    3508 Kb)`.
fn pages_and_kib(text: &str) -> Option<(u64, u64)> {
    let (pages, rest) = text.split_once('(')?;
    let (size, _) = rest.split_once(')')?;
    let size = size.trim();
    let kib = size
        .get(..size.len().checked_sub(2)?)
        .filter(|_| size.to_ascii_lowercase().ends_with("kb"))?;
    let number = |text: &str| {
        let text = text.trim();
        let sane = !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
        sane.then(|| text.parse().ok())?
    };
    Some((number(pages)?, number(kib)?))
}

/// The sizes of one `!vm`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes {
    found: Vec<(Name, u64)>,
    /// Line of the first.
    pub line: u64,
    /// Offset of the first.
    pub offset: u64,
}

impl Sizes {
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Adds a size; false if another was stated before: that was another `!vm` then.
    pub fn add(&mut self, name: Name, kib: u64) -> bool {
        let known = self.kib(name);
        if known.is_none() {
            self.found.push((name, kib));
        }
        known.is_none_or(|known| known == kib)
    }

    fn kib(&self, name: Name) -> Option<u64> {
        self.found
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, kib)| *kib)
    }

    /// The sizes in bytes; what no machine can have is left out, and said.
    pub fn memory(&self, said: &mut Vec<String>) -> Memory {
        let bytes = |kib: Option<u64>| kib.and_then(|k| k.checked_mul(1024));
        let physical = self.kib(Name::Physical).filter(|k| *k > 0);
        let line = self.line;
        let mut usage = match (self.kib(Name::NonPaged), self.kib(Name::NonPagedNx)) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
        };
        if let (Some(used), Some(all)) = (usage, physical)
            && used > all
        {
            said.push(format!(
                "line {line}: !vm states {used} Kb of nonpaged pool on a machine of {all} Kb: not used"
            ));
            usage = None;
        }
        let mut most = self.kib(Name::NonPagedMax).filter(|k| *k > 0);
        if most.is_some_and(|most| most >= NO_LIMIT_KIB) {
            said.push(format!(
                "line {line}: NonPagedPool Max is 16 TB, the bound of the address space and no limit of this machine: not used"
            ));
            most = None;
        }
        if let (Some(max), Some(used)) = (most, usage)
            && used > max
        {
            said.push(format!(
                "line {line}: NonPagedPool Max of {max} Kb is less than the {used} Kb in use: not used"
            ));
            most = None;
        }
        Memory {
            pool_nonpaged: bytes(usage),
            pool_paged: bytes(self.kib(Name::Paged)),
            nonpaged_max: bytes(most),
            ram: bytes(physical),
            available: bytes(self.kib(Name::Available)),
            commit: bytes(self.kib(Name::Committed)),
            commit_limit: bytes(self.kib(Name::CommitLimit)),
        }
    }
}
