//! Extra fields of a zip header: large sizes, better times, Unicode names, AES.
//!
//! Read leniently: a field that does not parse is passed over, never the entry's end.
//! Layouts: APPNOTE 4.5 (0x0001, 0x000a), 4.6.9 (0x7075), appendix E (0x9901), and
//! Info-ZIP's `extrafld.txt` (0x5455).

use chrono::{DateTime, TimeDelta, Utc};
use nom::IResult;
use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::{le_i32, le_u8, le_u16, le_u32, le_u64};

const ZIP64: u16 = 0x0001;
const NTFS: u16 = 0x000a;
const EXTENDED_TIMESTAMP: u16 = 0x5455;
const UNICODE_PATH: u16 = 0x7075;
const AES: u16 = 0x9901;

/// Bytes of the zip64 field that matter: two sizes and an offset.
const ZIP64_LEN: usize = 24;

/// A size or offset that stands in the zip64 field instead.
const IN_ZIP64: u64 = 0xffff_ffff;

/// What the extra fields of one header say.
#[derive(Clone, Debug, Default)]
pub(super) struct Extra {
    pub unix_modified: Option<DateTime<Utc>>,
    pub ntfs_modified: Option<DateTime<Utc>>,
    /// How AES is used; see [`Aes`].
    pub aes: Option<Aes>,
    unicode: Option<UnicodePath>,
    zip64: Vec<u8>,
}

/// WinZip's field of an encrypted entry: version of the scheme (2 bytes), `AE`, strength
/// (1), and the method that the content is packed with (2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Aes(pub [u8; 7]);

impl Aes {
    /// The method that the content is packed with.
    pub(super) fn method(self) -> u16 {
        let [.., low, high] = self.0;
        u16::from_le_bytes([low, high])
    }
}

#[derive(Clone, Debug)]
struct UnicodePath {
    crc_of_stored: u32,
    name: Vec<u8>,
}

/// The sizes and the offset of a header, as zip64 may replace them.
pub(super) struct Wide<'a> {
    pub unpacked: &'a mut u64,
    pub packed: &'a mut u64,
    pub at: Option<&'a mut u64>,
}

impl Extra {
    pub(super) fn parse(mut bytes: &[u8]) -> Self {
        let mut extra = Extra::default();
        while let Ok((rest, (id, body))) = field(bytes) {
            extra.take(id, body);
            bytes = rest;
        }
        extra
    }

    fn take(&mut self, id: u16, body: &[u8]) {
        match id {
            ZIP64 => self.zip64 = body.get(..ZIP64_LEN).unwrap_or(body).to_vec(),
            NTFS => self.ntfs_modified = ntfs_modified(body).ok().and_then(|(_, when)| when),
            EXTENDED_TIMESTAMP => {
                self.unix_modified = unix_modified(body).ok().and_then(|(_, when)| when);
            }
            UNICODE_PATH => self.unicode = unicode_path(body).ok().and_then(|(_, path)| path),
            AES => self.aes = body.first_chunk().map(|body| Aes(*body)),
            _ => {}
        }
    }

    /// The Unicode name, if it was made for the name that is stored (its checksum says
    /// so: a tool that renames an entry may not know the field).
    pub(super) fn unicode_name(&self, stored: &[u8]) -> Option<&[u8]> {
        let path = self.unicode.as_ref()?;
        (path.crc_of_stored == crc32(stored)).then_some(path.name.as_slice())
    }

    /// Puts the zip64 values in place of those that say they stand there, in the order
    /// that the format fixes: unpacked, packed, offset.
    pub(super) fn widen(&self, wide: Wide<'_>) {
        let mut rest = self.zip64.as_slice();
        for value in [Some(wide.unpacked), Some(wide.packed), wide.at]
            .into_iter()
            .flatten()
        {
            if *value == IN_ZIP64 {
                let Ok((after, replaced)) = le_u64::<_, nom::error::Error<&[u8]>>(rest) else {
                    return;
                };
                *value = replaced;
                rest = after;
            }
        }
    }
}

fn field(input: &[u8]) -> IResult<&[u8], (u16, &[u8])> {
    let (input, (id, len)) = (le_u16, le_u16).parse(input)?;
    let (input, body) = take(len)(input)?;
    Ok((input, (id, body)))
}

/// Unix seconds, present when bit 0 of the flags is set. Signed, as Info-ZIP has it.
fn unix_modified(input: &[u8]) -> IResult<&[u8], Option<DateTime<Utc>>> {
    let (input, flags) = le_u8(input)?;
    if flags & 1 == 0 {
        return Ok((input, None));
    }
    let (input, seconds) = le_i32(input)?;
    Ok((input, DateTime::from_timestamp(i64::from(seconds), 0)))
}

/// Attribute 1 holds three FILETIMEs, the first of them the modification time.
fn ntfs_modified(input: &[u8]) -> IResult<&[u8], Option<DateTime<Utc>>> {
    let (mut input, _reserved) = le_u32(input)?;
    loop {
        let (rest, (attribute, body)) = field(input)?;
        if attribute == 1 {
            let (_, ticks) = le_u64(body)?;
            return Ok((rest, filetime(ticks)));
        }
        input = rest;
    }
}

/// 100 ns ticks since 1601-01-01 UTC. Zero stands for "not set".
fn filetime(ticks: u64) -> Option<DateTime<Utc>> {
    /// Seconds from 1601 to 1970.
    const EPOCH_GAP: i64 = 11_644_473_600;
    let micros = i64::try_from(ticks / 10)
        .ok()
        .filter(|&micros| micros != 0)?;
    let since_1601 = TimeDelta::microseconds(micros);
    DateTime::from_timestamp(-EPOCH_GAP, 0)?.checked_add_signed(since_1601)
}

fn unicode_path(input: &[u8]) -> IResult<&[u8], Option<UnicodePath>> {
    let (name, (version, crc_of_stored)) = (le_u8, le_u32).parse(input)?;
    let usable = version == 1 && std::str::from_utf8(name).is_ok();
    let path = usable.then(|| UnicodePath {
        crc_of_stored,
        name: name.to_vec(),
    });
    Ok((&[], path))
}

/// CRC-32 as zip uses it (reflected 0x04c11db7), bit by bit: only names pass through.
fn crc32(bytes: &[u8]) -> u32 {
    let register = bytes.iter().fold(u32::MAX, |register, &byte| {
        (0..8).fold(register ^ u32::from(byte), |r, _| {
            if r & 1 == 1 {
                (r >> 1) ^ 0xedb8_8320
            } else {
                r >> 1
            }
        })
    });
    !register
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn crc_check_value() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn extended_timestamp() {
        let extra = Extra::parse(b"UT\x05\x00\x01\x00\xf1\x53\x65");
        assert_eq!(
            extra.unix_modified.unwrap().to_rfc3339(),
            "2023-11-14T22:13:20+00:00"
        );
        assert_eq!(Extra::parse(b"UT\x01\x00\x00").unix_modified, None);
        assert_eq!(Extra::parse(b"UT\x05\x00\x01\x00").unix_modified, None);
    }

    #[test]
    fn ntfs_time_behind_an_unknown_attribute() {
        let mut body = vec![0, 0, 0, 0, 9, 0, 1, 0, 0xaa, 1, 0, 24, 0];
        body.extend(133_444_736_000_000_000_u64.to_le_bytes());
        body.extend([0; 16]);
        let mut bytes = vec![0x0a, 0, body.len() as u8, 0];
        bytes.extend(body);
        let when = Extra::parse(&bytes).ntfs_modified.unwrap();
        assert_eq!(when.to_rfc3339(), "2023-11-14T22:13:20+00:00");
    }

    #[test]
    fn unicode_name_counts_only_for_the_name_it_was_made_for() {
        let mut bytes = vec![0x75, 0x70, 8, 0, 1];
        bytes.extend(crc32(b"a").to_le_bytes());
        bytes.extend("é!".as_bytes());
        let extra = Extra::parse(&bytes);
        assert_eq!(extra.unicode_name(b"a"), Some("é!".as_bytes()));
        assert_eq!(extra.unicode_name(b"b"), None);
    }

    #[test]
    fn zip64_replaces_only_what_says_so() {
        let extra = Extra::parse(&[&[1, 0, 8, 0][..], &5_000_000_000_u64.to_le_bytes()].concat());
        let (mut unpacked, mut packed, mut at) = (IN_ZIP64, 7, IN_ZIP64);
        extra.widen(Wide {
            unpacked: &mut unpacked,
            packed: &mut packed,
            at: Some(&mut at),
        });
        assert_eq!((unpacked, packed, at), (5_000_000_000, 7, IN_ZIP64));
    }

    proptest! {
        #[test]
        fn arbitrary_fields_never_panic(bytes: Vec<u8>) {
            Extra::parse(&bytes);
        }
    }
}
