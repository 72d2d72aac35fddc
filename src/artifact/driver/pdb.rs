//! The debug directory: the PDB path, and whether the link time is a time at all.
//!
//! Limits: [`MAX_DEBUG_ENTRIES`] entries, [`MAX_PATH`] bytes of path. Layouts: Microsoft,
//! "PE Format", section "Debug Directory"; the CodeView records `RSDS` and `NB10` as LLVM's
//! documentation of the PDB format and debuggers describe them.

use std::fmt;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::layout::{Layout, u32_at};

/// Debug directory entries read; linkers write fewer than ten.
pub const MAX_DEBUG_ENTRIES: usize = 64;
/// Bytes of PDB path kept; Windows paths that linkers accept end at 260, long paths at 32,767.
pub const MAX_PATH: usize = 4096;

const ENTRY_SIZE: usize = 28;
const TYPE_CODEVIEW: u32 = 2;
const TYPE_REPRO: u32 = 16;
/// The longest hash a reproducible-build entry is believed to carry (SHA-256).
const MAX_REPRO_HASH: usize = 32;

/// 27 July 1993, the release of Windows NT 3.1: no driver for NT was linked before.
const FIRST_NT: u32 = 743_731_200;
/// 19 January 2038: the last second of a signed 32-bit clock. Later stamps are hashes or junk
/// (this module has no clock to call a smaller value "in the future").
const LAST_SIGNED: u32 = 0x7FFF_FFFF;

/// A GUID, shown as Windows does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub [u8; 16]);

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g, h, i, tail @ ..] = self.0;
        let first = u32::from_le_bytes([a, b, c, d]);
        let (second, third) = (u16::from_le_bytes([e, g]), u16::from_le_bytes([h, i]));
        write!(f, "{first:08X}-{second:04X}-{third:04X}-")?;
        for (index, byte) in tail.iter().enumerate() {
            let dash = if index == 2 { "-" } else { "" };
            write!(f, "{dash}{byte:02X}")?;
        }
        Ok(())
    }
}

/// Which PDB belongs to an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PdbKey {
    /// PDB 7.0 (`RSDS`).
    Rsds {
        /// The PDB's identity.
        guid: Guid,
    },
    /// PDB 2.0 (`NB10`), until about Visual C++ 6.
    Nb10 {
        /// The PDB's signature, a time stamp by convention.
        signature: u32,
    },
}

/// The PDB that the linker named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdb {
    /// Its identity.
    pub key: PdbKey,
    /// How often it was written since it was made.
    pub age: u32,
    /// Its path on the build machine; bytes that are no UTF-8 become U+FFFD. Can be empty.
    pub path: String,
}

impl Pdb {
    /// The path's last part: a product hint where the version resource is missing.
    pub fn file_name(&self) -> &str {
        self.path.rsplit(['\\', '/']).next().unwrap_or(&self.path)
    }
}

/// What the header's time stamp is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkStamp {
    /// A time that a linker can have written. Nothing proves it.
    Time(DateTime<Utc>),
    /// The build is reproducible: the field holds part of a hash, not a time.
    Reproducible {
        /// The field.
        stamp: u32,
        /// The whole hash, where the debug directory carries it.
        hash: Vec<u8>,
    },
    /// Nought, or all ones: no time was written.
    Unset {
        /// The field.
        stamp: u32,
    },
    /// A time at which no such image can have been linked.
    Impossible {
        /// The time that the field would state.
        time: DateTime<Utc>,
        /// Why it cannot be.
        why: ImpossibleTime,
    },
}

/// Why a link time cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ImpossibleTime {
    /// Older than the first Windows NT.
    #[error("before the first Windows NT (July 1993)")]
    BeforeWindowsNt,
    /// Later than any clock of the field's kind goes.
    #[error("after January 2038: probably a hash")]
    BeyondSignedClock,
}

impl fmt::Display for LinkStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkStamp::Time(time) => write!(f, "{}", time.format("%Y-%m-%dT%H:%M:%SZ")),
            LinkStamp::Reproducible { stamp, .. } => {
                write!(f, "reproducible build ({stamp:08x} is a hash, not a time)")
            }
            LinkStamp::Unset { stamp } => write!(f, "not set ({stamp:08x})"),
            LinkStamp::Impossible { time, why } => {
                write!(f, "{}, impossible: {why}", time.format("%Y-%m-%d"))
            }
        }
    }
}

/// What was odd about the debug directory.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DebugNote {
    /// The directory, or its end, is not in the file.
    #[error("debug directory at RVA {rva:#x}: expected {expected} entries, found {found}")]
    Truncated {
        /// The stated address.
        rva: u32,
        /// Entries stated.
        expected: usize,
        /// Entries in the file.
        found: usize,
    },
    /// More entries than are read.
    #[error("{stated} debug entries: only the first {MAX_DEBUG_ENTRIES} were read")]
    TooMany {
        /// Entries stated.
        stated: usize,
    },
    /// A CodeView record that is cut off or of an unknown kind.
    #[error("CodeView record at offset {offset:#x} is cut off or of unknown kind {signature:02x?}")]
    UnknownCodeView {
        /// Its file offset.
        offset: u32,
        /// Its first bytes.
        signature: Vec<u8>,
    },
    /// A second CodeView record; the first one was taken.
    #[error("a further CodeView record at offset {offset:#x} was left out")]
    FurtherCodeView {
        /// Its file offset.
        offset: u32,
    },
}

/// Reads the debug directory of `file`: its PDB, and what the link stamp is.
pub fn read(file: &[u8], layout: &Layout) -> (Option<Pdb>, LinkStamp, Vec<DebugNote>) {
    let mut notes = Vec::new();
    let mut pdb = None;
    let mut repro = None;
    for entry in entries(file, layout, &mut notes) {
        match entry.kind {
            TYPE_REPRO if repro.is_none() => repro = Some(repro_hash(entry.data)),
            TYPE_CODEVIEW if pdb.is_some() => {
                notes.push(DebugNote::FurtherCodeView {
                    offset: entry.offset,
                });
            }
            TYPE_CODEVIEW => match code_view(entry.data) {
                Some(found) => pdb = Some(found),
                None => notes.push(DebugNote::UnknownCodeView {
                    offset: entry.offset,
                    signature: entry.data.iter().take(4).copied().collect(),
                }),
            },
            _ => {}
        }
    }
    (pdb, link_stamp(layout.stamp, repro), notes)
}

struct Entry<'a> {
    kind: u32,
    offset: u32,
    data: &'a [u8],
}

fn entries<'a>(file: &'a [u8], layout: &Layout, notes: &mut Vec<DebugNote>) -> Vec<Entry<'a>> {
    let directory = layout.debug;
    let stated = directory.size as usize / ENTRY_SIZE;
    if directory.address == 0 || stated == 0 {
        return Vec::new();
    }
    if stated > MAX_DEBUG_ENTRIES {
        notes.push(DebugNote::TooMany { stated });
    }
    let wanted = stated.min(MAX_DEBUG_ENTRIES);
    let table = layout
        .bytes(file, directory.address, directory.size)
        .unwrap_or_default();
    let found: Vec<_> = table
        .chunks_exact(ENTRY_SIZE)
        .take(wanted)
        .filter_map(|row| entry(file, layout, row))
        .collect();
    if found.len() < wanted {
        let (rva, found) = (directory.address, found.len());
        notes.push(DebugNote::Truncated {
            rva,
            expected: wanted,
            found,
        });
    }
    found
}

fn entry<'a>(file: &'a [u8], layout: &Layout, row: &[u8]) -> Option<Entry<'a>> {
    let (size, rva, offset) = (u32_at(row, 16)?, u32_at(row, 20)?, u32_at(row, 24)?);
    let rest = match offset {
        0 => layout.bytes(file, rva, size).unwrap_or_default(),
        _ => file.get(offset as usize..).unwrap_or_default(),
    };
    let data = rest.get(..size as usize).unwrap_or(rest);
    Some(Entry {
        kind: u32_at(row, 12)?,
        offset,
        data,
    })
}

fn code_view(data: &[u8]) -> Option<Pdb> {
    let (key, age_at) = match data.get(..4)? {
        b"RSDS" => {
            let guid = Guid(*data.get(4..)?.first_chunk()?);
            (PdbKey::Rsds { guid }, 20)
        }
        b"NB10" => (
            PdbKey::Nb10 {
                signature: u32_at(data, 8)?,
            },
            12,
        ),
        _ => return None,
    };
    let rest = data.get(age_at + 4..)?;
    let path = rest.split(|byte| *byte == 0).next().unwrap_or_default();
    let path = path.get(..MAX_PATH).unwrap_or(path);
    Some(Pdb {
        key,
        age: u32_at(data, age_at)?,
        path: String::from_utf8_lossy(path).into_owned(),
    })
}

/// The entry's data is a length and a hash; with no data the stamp alone is the hash.
fn repro_hash(data: &[u8]) -> Vec<u8> {
    let stated = u32_at(data, 0).map_or(0, |length| length as usize);
    let hash = data.get(4..).unwrap_or_default();
    hash.get(..stated.min(MAX_REPRO_HASH))
        .unwrap_or(hash)
        .to_vec()
}

fn link_stamp(stamp: u32, repro: Option<Vec<u8>>) -> LinkStamp {
    if let Some(hash) = repro {
        return LinkStamp::Reproducible { stamp, hash };
    }
    let time = DateTime::from_timestamp(stamp.into(), 0).unwrap_or_default();
    match stamp {
        0 | u32::MAX => LinkStamp::Unset { stamp },
        1..FIRST_NT => LinkStamp::Impossible {
            time,
            why: ImpossibleTime::BeforeWindowsNt,
        },
        FIRST_NT..=LAST_SIGNED => LinkStamp::Time(time),
        _ => LinkStamp::Impossible {
            time,
            why: ImpossibleTime::BeyondSignedClock,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rsds_gives_identity_and_path() {
        let mut record = b"RSDS".to_vec();
        record.extend(0..16u8);
        record.extend(3u32.to_le_bytes());
        record.extend(b"d:\\w\\obj\\leaky.pdb\0junk");
        let pdb = code_view(&record).unwrap();
        assert_eq!((pdb.age, pdb.file_name()), (3, "leaky.pdb"));
        let PdbKey::Rsds { guid } = pdb.key else {
            panic!("{:?}", pdb.key)
        };
        assert_eq!(guid.to_string(), "03020100-0504-0706-0809-0A0B0C0D0E0F");
    }

    #[test]
    fn nb10_gives_signature_and_path_without_terminator() {
        let mut record = b"NB10\0\0\0\0".to_vec();
        record.extend(0x3800_0000u32.to_le_bytes());
        record.extend(1u32.to_le_bytes());
        record.extend(b"old\xFF.pdb");
        let pdb = code_view(&record).unwrap();
        assert_eq!(
            pdb.key,
            PdbKey::Nb10 {
                signature: 0x3800_0000
            }
        );
        assert_eq!(pdb.path, "old\u{FFFD}.pdb");
    }

    #[test]
    fn cut_off_or_unknown_records_are_refused() {
        assert_eq!(code_view(b"RSDS0123"), None);
        assert_eq!(code_view(b"NB11................................"), None);
        assert_eq!(code_view(b""), None);
    }

    #[test]
    fn a_hash_is_no_time_and_bogus_times_are_said() {
        let hash = [4, 0, 0, 0, 1, 2, 3, 4, 5];
        assert_eq!(
            link_stamp(1_600_000_000, Some(repro_hash(&hash))),
            LinkStamp::Reproducible {
                stamp: 1_600_000_000,
                hash: vec![1, 2, 3, 4]
            }
        );
        assert_eq!(repro_hash(&[]), Vec::<u8>::new());
        assert_eq!(repro_hash(&[255, 255, 255, 255, 9]), vec![9]);
        assert_eq!(link_stamp(0, None), LinkStamp::Unset { stamp: 0 });
        assert_eq!(
            link_stamp(1_600_000_000, None).to_string(),
            "2020-09-13T12:26:40Z"
        );
        // What old Borland linkers wrote into every image.
        let borland = link_stamp(0x2A42_5E19, None).to_string();
        assert_eq!(
            borland,
            "1992-06-19, impossible: before the first Windows NT (July 1993)"
        );
        assert!(matches!(
            link_stamp(0xF000_0000, None),
            LinkStamp::Impossible { .. }
        ));
        let first = DateTime::from_timestamp(FIRST_NT.into(), 0).unwrap();
        assert_eq!(first.to_rfc3339(), "1993-07-27T00:00:00+00:00");
    }
}
