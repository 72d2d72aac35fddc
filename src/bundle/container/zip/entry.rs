//! One entry's header, from the directory or from the entry itself.

use super::cp437;
use super::extra::{Aes, Extra};
use crate::bundle::artifact::{Encryption, Modified, ModifiedSource, When};
use crate::bundle::name::{ArtifactName, NameEncoding};
use crate::bundle::source::Source;
use chrono::{NaiveDate, NaiveDateTime};
use nom::IResult;
use nom::Parser;
use nom::bytes::complete::{tag, take};
use nom::number::complete::{le_u16, le_u32};

/// Signature of an entry's own header (APPNOTE 4.3.7).
pub(super) const LOCAL_SIGNATURE: &[u8] = b"PK\x03\x04";
/// Its bytes before the name.
pub(super) const LOCAL_FIXED: usize = 30;

/// General purpose flag bits (APPNOTE 4.4.4).
pub(super) const FLAG_ENCRYPTED: u16 = 1;
/// Sizes and checksum follow the data.
pub(super) const FLAG_DESCRIPTOR: u16 = 1 << 3;
const FLAG_STRONG_ENCRYPTION: u16 = 1 << 6;
const FLAG_UTF8: u16 = 1 << 11;
/// The method number that stands for "see the AES field".
pub(super) const METHOD_AES: u16 = 99;
/// `version made by` of Unix and of macOS, whose attributes hold a file mode.
const UNIX_HOSTS: [u8; 2] = [3, 19];
/// DOS attribute bit of a directory.
const DOS_DIRECTORY: u32 = 0x10;

/// What a header says of an entry; sizes are claims.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub flags: u16,
    pub method: u16,
    pub dos_time: u16,
    pub dos_date: u16,
    pub crc: Option<u32>,
    pub packed: u64,
    pub unpacked: Option<u64>,
    /// Where the entry's own header begins in the file.
    pub at: u64,
    pub host: u8,
    pub attributes: u32,
    pub stored_name: Vec<u8>,
    pub extra: Extra,
    pub recovered: bool,
}

/// Where an entry's packed bytes lie and how they are unpacked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub start: u64,
    pub packed: u64,
    pub method: u16,
    pub crc: Option<u32>,
    pub lock: Lock,
}

/// How an entry's packed bytes are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    /// They are not.
    Open,
    /// The old cipher. One byte of the deciphered bytes tells a wrong password: that of the
    /// checksum, or of the time where the checksum follows the content.
    ZipCrypto { streamed_at: Option<(u16, u16)> },
    /// AES.
    Aes(Aes),
}

/// What Unix says an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnixType {
    File,
    Directory,
    Symlink,
    Special,
}

impl Header {
    pub(super) fn place(&self, start: u64) -> Place {
        Place {
            start,
            packed: self.packed,
            method: self.packing(),
            crc: self.crc,
            lock: self.lock(),
        }
    }

    /// The method that the content is packed with, below its encryption.
    pub(super) fn packing(&self) -> u16 {
        match self.extra.aes {
            Some(aes) if self.encryption() == Some(Encryption::Aes) => aes.method(),
            _ => self.method,
        }
    }

    fn lock(&self) -> Lock {
        let streamed = self.flags & FLAG_DESCRIPTOR != 0;
        match (self.encryption(), self.extra.aes) {
            (Some(Encryption::Aes), Some(aes)) => Lock::Aes(aes),
            (Some(_), _) => Lock::ZipCrypto {
                streamed_at: streamed.then_some((self.dos_date, self.dos_time)),
            },
            (None, _) => Lock::Open,
        }
    }

    pub(super) fn encryption(&self) -> Option<Encryption> {
        if self.method == METHOD_AES
            || (self.flags & FLAG_ENCRYPTED != 0 && self.extra.aes.is_some())
        {
            Some(Encryption::Aes)
        } else if self.flags & FLAG_STRONG_ENCRYPTION != 0 {
            Some(Encryption::Strong)
        } else {
            (self.flags & FLAG_ENCRYPTED != 0).then_some(Encryption::ZipCrypto)
        }
    }

    /// The file mode's type bits, where the packing machine had such modes (POSIX
    /// `S_IFMT`, in the upper half of the external attributes).
    pub(super) fn unix_type(&self) -> Option<UnixType> {
        if !UNIX_HOSTS.contains(&self.host) {
            return None;
        }
        match (self.attributes >> 16) & 0o170_000 {
            0o040_000 => Some(UnixType::Directory),
            0o100_000 => Some(UnixType::File),
            0o120_000 => Some(UnixType::Symlink),
            0o010_000 | 0o020_000 | 0o060_000 | 0o140_000 => Some(UnixType::Special),
            _ => None,
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        let by_name = matches!(self.stored_name.last(), Some(b'/' | b'\\'));
        let by_attributes = self.attributes & DOS_DIRECTORY != 0
            && self.packed == 0
            && self.unix_type() != Some(UnixType::File);
        by_name || by_attributes || self.unix_type() == Some(UnixType::Directory)
    }

    pub(super) fn decoded_name(&self) -> (ArtifactName, NameEncoding) {
        let unicode = self.extra.unicode_name(&self.stored_name);
        decode_name(&self.stored_name, self.flags, unicode)
    }

    /// The best of the times the header gives.
    pub(super) fn modified(&self) -> Option<Modified> {
        let local = dos_local(self.dos_date, self.dos_time);
        let utc = |when, source| Modified {
            when: When::Instant(when),
            source,
            packer_local: local,
        };
        let ntfs = self
            .extra
            .ntfs_modified
            .map(|t| utc(t, ModifiedSource::ZipNtfsUtc));
        let unix = self
            .extra
            .unix_modified
            .map(|t| utc(t, ModifiedSource::ZipExtendedUtc));
        ntfs.or(unix).or_else(|| {
            let (when, source) = (When::Local(local?), ModifiedSource::ZipDosLocal);
            Some(Modified {
                when,
                source,
                packer_local: None,
            })
        })
    }
}

/// Names with the UTF-8 flag, and all that happen to be UTF-8 (macOS and Info-ZIP omit
/// the flag), are UTF-8; the rest is CP437 unless a Unicode path field belongs to it.
pub(super) fn decode_name(
    stored: &[u8],
    flags: u16,
    unicode: Option<&[u8]>,
) -> (ArtifactName, NameEncoding) {
    if let Some(unicode) = unicode {
        return (
            ArtifactName::decoded(unicode, stored),
            NameEncoding::UnicodePathField,
        );
    }
    if flags & FLAG_UTF8 != 0 || std::str::from_utf8(stored).is_ok() {
        return (ArtifactName::new(stored), NameEncoding::AsGiven);
    }
    let text = cp437::decode(stored);
    (
        ArtifactName::decoded(text.as_bytes(), stored),
        NameEncoding::Cp437,
    )
}

/// MS-DOS date and time (APPNOTE 4.4.6): none where they are no calendar date, as in
/// the all-zero field of tools that know no time.
pub(in crate::bundle::container) fn dos_local(date: u16, time: u16) -> Option<NaiveDateTime> {
    let day = NaiveDate::from_ymd_opt(
        1980 + i32::from(date >> 9),
        u32::from((date >> 5) & 0xf),
        u32::from(date & 0x1f),
    )?;
    let seconds = u32::from(time & 0x1f) * 2;
    day.and_hms_opt(
        u32::from(time >> 11),
        u32::from((time >> 5) & 0x3f),
        seconds,
    )
}

/// What an entry's own header adds to the directory's.
pub(super) struct Local {
    pub name: Vec<u8>,
    pub data_start: u64,
}

/// Reads the entry's own header, where one stands.
pub(super) fn local(file: &Source, header: &Header) -> Option<Local> {
    // Nearly always its name is as long as the directory's: both are read at once.
    let expected = LOCAL_FIXED + header.stored_name.len();
    let mut bytes = file.bytes_at(header.at, expected).ok()?;
    let (_, fixed) = local_fixed(&bytes).ok()?;
    let name_at = header.at.checked_add(LOCAL_FIXED as u64)?;
    let name_len = usize::from(fixed.name_len);
    let name = match name_len == header.stored_name.len() {
        true => bytes.split_off(LOCAL_FIXED),
        false => file.bytes_at(name_at, name_len).ok()?,
    };
    let after_name = name_at.checked_add(u64::from(fixed.name_len))?;
    let data_start = after_name.checked_add(u64::from(fixed.extra_len))?;
    Some(Local { name, data_start })
}

/// The fixed part of an entry's own header.
pub(super) struct LocalFixed {
    pub version: u16,
    pub flags: u16,
    pub method: u16,
    pub dos_time: u16,
    pub dos_date: u16,
    pub crc: u32,
    pub packed: u32,
    pub unpacked: u32,
    pub name_len: u16,
    pub extra_len: u16,
}

pub(super) fn local_fixed(input: &[u8]) -> IResult<&[u8], LocalFixed> {
    let (input, _) = tag(LOCAL_SIGNATURE)(input)?;
    let (input, (version, flags, method)) = (le_u16, le_u16, le_u16).parse(input)?;
    let (input, (dos_time, dos_date)) = (le_u16, le_u16).parse(input)?;
    let (input, (crc, packed, unpacked)) = (le_u32, le_u32, le_u32).parse(input)?;
    let (input, (name_len, extra_len)) = (le_u16, le_u16).parse(input)?;
    let fixed = LocalFixed {
        version,
        flags,
        method,
        dos_time,
        dos_date,
        crc,
        packed,
        unpacked,
        name_len,
        extra_len,
    };
    Ok((input, fixed))
}

/// Signature of a directory header (APPNOTE 4.3.12).
pub(super) const CENTRAL_SIGNATURE: &[u8] = b"PK\x01\x02";
/// Its bytes before the name.
pub(super) const CENTRAL_FIXED: usize = 46;

/// The fixed part of a directory header and the lengths of what follows it.
pub(super) struct CentralFixed {
    pub header: Header,
    pub name_len: u16,
    pub extra_len: u16,
    pub comment_len: u16,
}

pub(super) fn central_fixed(input: &[u8]) -> IResult<&[u8], CentralFixed> {
    let (input, _) = tag(CENTRAL_SIGNATURE)(input)?;
    let (input, (made_by, _version, flags, method)) =
        (le_u16, le_u16, le_u16, le_u16).parse(input)?;
    let (input, (dos_time, dos_date)) = (le_u16, le_u16).parse(input)?;
    let (input, (crc, packed, unpacked)) = (le_u32, le_u32, le_u32).parse(input)?;
    let (input, (name_len, extra_len, comment_len)) = (le_u16, le_u16, le_u16).parse(input)?;
    // Disk number and internal attributes.
    let (input, _) = take(4_usize)(input)?;
    let (input, (attributes, at)) = (le_u32, le_u32).parse(input)?;
    let header = Header {
        flags,
        method,
        dos_time,
        dos_date,
        crc: Some(crc),
        packed: u64::from(packed),
        unpacked: Some(u64::from(unpacked)),
        at: u64::from(at),
        host: made_by.to_le_bytes()[1],
        attributes,
        stored_name: Vec::new(),
        extra: Extra::default(),
        recovered: false,
    };
    Ok((
        input,
        CentralFixed {
            header,
            name_len,
            extra_len,
            comment_len,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dos_times_are_local_and_may_be_absent() {
        // 2024-10-27 01:30:06: 44<<9 | 10<<5 | 27, 1<<11 | 30<<5 | 3.
        let when = dos_local(0x595b, 0x0bc3).unwrap();
        assert_eq!(when.to_string(), "2024-10-27 01:30:06");
        assert_eq!(dos_local(0, 0), None);
        assert_eq!(dos_local(0x595b, 0xffff), None);
    }

    #[test]
    fn names_without_the_flag_are_utf8_where_they_can_be() {
        let of = |bytes: &[u8], flags| decode_name(bytes, flags, None);
        assert_eq!(of("ä".as_bytes(), 0).1, NameEncoding::AsGiven);
        let (name, encoding) = of(b"gr\x81n", 0);
        assert_eq!(
            (name.as_bytes(), encoding),
            ("grün".as_bytes(), NameEncoding::Cp437)
        );
        assert_eq!(name.as_given(), b"gr\x81n");
        assert_eq!(of(b"gr\x81n", FLAG_UTF8).1, NameEncoding::AsGiven);
    }
}
