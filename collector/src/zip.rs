//! A zip, written entry by entry as the content passes by: deflated or stored, names in UTF-8
//! with `/`, sizes and checksum in the local header as well as in the directory (the header is
//! patched), times in UTC in an extra field. Below 4 GiB and 65,535 entries by its limits, so it
//! is the plain format that every Windows opens.
//!
//! Source: PKWARE's APPNOTE 6.3.3, sections 4.3 and 4.4; the extra field 0x5455 is Info-ZIP's.

use crate::crc32::Crc32;
use crate::filetime::FileTime;
use miniz_oxide::deflate::core::{
    compress_to_output, create_comp_flags_from_zip_params, CompressorOxide, TDEFLFlush, TDEFLStatus,
};
use std::io::{self, Seek, SeekFrom, Write};

/// Bytes of the archive beyond which nothing is added: zip's own limit, with room for the
/// directory.
const MOST_BYTES: u64 = u32::MAX as u64 - (64 << 20);
/// Entries at most: zip's own limit.
const MOST_ENTRIES: usize = 65_000;
/// Deflate's effort: 3 of 10, since the machine has better things to do.
const LEVEL: i32 = 3;
/// Made by a host with FAT-like attributes, and needing version 2.0 (deflate).
const VERSION: u16 = 20;
/// General purpose bit 11: names are UTF-8.
const UTF8: u16 = 0x0800;
const DEFLATED: u16 = 8;

/// What the directory needs to know of an entry.
struct Entry {
    name: String,
    modified: FileTime,
    crc: u32,
    packed: u32,
    size: u32,
    offset: u32,
}

/// An archive in the making.
pub struct Zip<W> {
    out: W,
    written: u64,
    entries: Vec<Entry>,
    compressor: Box<CompressorOxide>,
}

/// An entry in the making; must be ended with [`Open::finish`].
pub struct Open<'z, W> {
    zip: &'z mut Zip<W>,
    entry: Entry,
    crc: Crc32,
    size: u64,
    packed: u64,
}

impl<W: Write + Seek> Zip<W> {
    /// Begins an archive at the beginning of `out`.
    pub fn new(out: W) -> Zip<W> {
        let flags = create_comp_flags_from_zip_params(LEVEL, -15, 0);
        Zip {
            out,
            written: 0,
            entries: Vec::new(),
            compressor: Box::new(CompressorOxide::new(flags)),
        }
    }

    /// Begins an entry.
    ///
    /// # Errors
    /// When the archive is full, or writing fails.
    pub fn begin(&mut self, name: &str, modified: FileTime) -> io::Result<Open<'_, W>> {
        if self.entries.len() >= MOST_ENTRIES || self.written >= MOST_BYTES || name.len() > 0x7fff {
            return Err(io::Error::new(io::ErrorKind::Other, "the archive is full"));
        }
        let entry = Entry {
            name: name.to_owned(),
            modified,
            crc: 0,
            packed: 0,
            size: 0,
            offset: self.written as u32,
        };
        let header = local_header(&entry);
        self.out.write_all(&header)?;
        self.written += header.len() as u64;
        self.compressor.reset();
        Ok(Open {
            zip: self,
            entry,
            crc: Crc32::default(),
            size: 0,
            packed: 0,
        })
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Writes the directory and hands the file back.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(mut self) -> io::Result<W> {
        let start = self.written;
        for entry in &self.entries {
            let record = directory_record(entry);
            self.out.write_all(&record)?;
            self.written += record.len() as u64;
        }
        let count = self.entries.len() as u16;
        let mut end = Vec::new();
        end.extend(b"PK\x05\x06\0\0\0\0");
        end.extend(count.to_le_bytes());
        end.extend(count.to_le_bytes());
        end.extend(((self.written - start) as u32).to_le_bytes());
        end.extend((start as u32).to_le_bytes());
        end.extend([0, 0]);
        self.out.write_all(&end)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write + Seek> Open<'_, W> {
    /// Takes more of the content.
    ///
    /// # Errors
    /// When writing fails or the archive is full.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.size += bytes.len() as u64;
        if self.zip.written + self.packed > MOST_BYTES || self.size > MOST_BYTES {
            return Err(io::Error::new(io::ErrorKind::Other, "the archive is full"));
        }
        self.crc.update(bytes);
        self.deflate(bytes, TDEFLFlush::None)
    }

    fn deflate(&mut self, bytes: &[u8], flush: TDEFLFlush) -> io::Result<()> {
        let Open {
            zip: Zip {
                out, compressor, ..
            },
            packed,
            ..
        } = self;
        let mut failure = None;
        let (status, _) = compress_to_output(compressor, bytes, flush, |piece| {
            *packed += piece.len() as u64;
            failure = out.write_all(piece).err();
            failure.is_none()
        });
        match (failure, status) {
            (Some(error), _) => Err(error),
            (None, TDEFLStatus::Okay | TDEFLStatus::Done) => Ok(()),
            (None, _) => Err(io::Error::new(io::ErrorKind::Other, "deflate failed")),
        }
    }

    /// Ends the entry.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(mut self) -> io::Result<()> {
        self.deflate(&[], TDEFLFlush::Finish)?;
        let Open {
            zip,
            mut entry,
            crc,
            size,
            packed,
        } = self;
        entry.crc = crc.value();
        // Both were held below 4 GiB while writing.
        entry.packed = packed as u32;
        entry.size = size as u32;
        zip.written += packed;
        zip.out.seek(SeekFrom::Start(entry.offset.into()))?;
        zip.out.write_all(&local_header(&entry))?;
        zip.out.seek(SeekFrom::Start(zip.written))?;
        zip.entries.push(entry);
        Ok(())
    }
}

/// The part that local header and directory share: version to sizes and length of the name.
fn common(entry: &Entry) -> Vec<u8> {
    let (date, time) = entry.modified.dos();
    let mut out = Vec::new();
    for number in [VERSION, UTF8, DEFLATED, time, date] {
        out.extend(number.to_le_bytes());
    }
    for number in [entry.crc, entry.packed, entry.size] {
        out.extend(number.to_le_bytes());
    }
    out.extend((entry.name.len() as u16).to_le_bytes());
    out.extend((extra(entry).len() as u16).to_le_bytes());
    out
}

/// Info-ZIP's time stamp: bit 0 says that the modification time follows.
fn extra(entry: &Entry) -> Vec<u8> {
    let seconds = entry.modified.unix();
    seconds.map_or_else(Vec::new, |s| {
        [&[0x55, 0x54, 5, 0, 1][..], &s.to_le_bytes()].concat()
    })
}

fn local_header(entry: &Entry) -> Vec<u8> {
    [
        b"PK\x03\x04",
        &common(entry)[..],
        entry.name.as_bytes(),
        &extra(entry),
    ]
    .concat()
}

fn directory_record(entry: &Entry) -> Vec<u8> {
    // No comment, first volume, no attributes.
    let rest = [&[0; 10][..], &entry.offset.to_le_bytes()].concat();
    let made_by = VERSION.to_le_bytes();
    let parts = [
        b"PK\x01\x02",
        &made_by[..],
        &common(entry),
        &rest,
        entry.name.as_bytes(),
    ];
    [parts.concat(), extra(entry)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::unzip;
    use std::io::Cursor;

    #[test]
    fn what_goes_in_comes_out() {
        let big: Vec<u8> = (0..300_000_u32)
            .flat_map(|n| n.wrapping_mul(n).to_le_bytes())
            .collect();
        let mut zip = Zip::new(Cursor::new(Vec::new()));
        for (name, content) in [("a/empty", &b""[..]), ("é.txt", b"text"), ("big", &big)] {
            let mut entry = zip.begin(name, FileTime(134_398_262_401_234_567)).unwrap();
            content
                .chunks(1000)
                .for_each(|piece| entry.write(piece).unwrap());
            entry.finish().unwrap();
        }
        let bytes = zip.finish().unwrap().into_inner();
        let entries = unzip(&bytes);
        assert_eq!(entries["a/empty"], b"");
        assert_eq!(entries["é.txt"], b"text");
        assert_eq!(entries["big"], big);
        assert_eq!(entries.len(), 3);
    }

    #[test]
    fn a_writer_that_fails_is_reported() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::new(io::ErrorKind::Other, "full"))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        impl Seek for Full {
            fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
                Ok(0)
            }
        }
        assert!(Zip::new(Full).begin("a", FileTime(0)).is_err());
    }
}
