//! The directory of a 7z archive: folders of coders, the streams in them, the files.
//!
//! Layout: `7zFormat.txt` of the LZMA SDK (public domain). A *folder* is what the manual
//! calls a solid block: a chain of coders that unpacks one run of bytes, in which one or
//! more files lie behind each other. Every count is bounded before memory is set aside for it.

use super::folder::{Coder, Directory, File, Folder};
use chrono::{DateTime, TimeDelta, Utc};

/// Property numbers.
const END: u64 = 0x00;
pub(super) const HEADER: u64 = 0x01;
const ARCHIVE_PROPERTIES: u64 = 0x02;
const ADDITIONAL_STREAMS: u64 = 0x03;
const MAIN_STREAMS: u64 = 0x04;
const FILES: u64 = 0x05;
const PACK_INFO: u64 = 0x06;
const UNPACK_INFO: u64 = 0x07;
const SUB_STREAMS: u64 = 0x08;
const SIZE: u64 = 0x09;
const CRC: u64 = 0x0a;
const FOLDER: u64 = 0x0b;
const UNPACK_SIZE: u64 = 0x0c;
const NUM_UNPACK_STREAM: u64 = 0x0d;
const EMPTY_STREAM: u64 = 0x0e;
const EMPTY_FILE: u64 = 0x0f;
const NAMES: u64 = 0x11;
const MODIFIED: u64 = 0x14;
const ATTRIBUTES: u64 = 0x15;
pub(super) const ENCODED_HEADER: u64 = 0x17;

/// Coders of one folder; 7-Zip itself takes no more.
const MAX_CODERS: u64 = 32;
/// Folders, streams or files of one archive, each of which takes memory: five times the
/// files that the limits let through.
const MAX_COUNT: usize = 1 << 20;
/// Streams into one coder: BCJ2 has four.
const MAX_STREAMS: u64 = 32;

/// The rest of a header.
pub(super) struct Input<'a>(&'a [u8]);

/// Reads the directory in `bytes`; nothing where it breaks.
pub(super) fn directory(bytes: &[u8]) -> Option<Directory> {
    let mut input = Input(bytes);
    (input.number()? == HEADER).then_some(())?;
    let mut directory = Directory::default();
    loop {
        match input.number()? {
            END => return Some(directory),
            ARCHIVE_PROPERTIES => input.properties()?,
            ADDITIONAL_STREAMS => drop(input.streams()?),
            MAIN_STREAMS => {
                let files = std::mem::take(&mut directory.files);
                directory = input.streams()?;
                directory.files = files;
            }
            FILES => directory.files = input.files()?,
            _ => return None,
        }
    }
}

/// Reads the streams in which the directory itself is packed.
pub(super) fn packed_directory(bytes: &[u8]) -> Option<Directory> {
    let mut input = Input(bytes);
    (input.number()? == ENCODED_HEADER).then_some(())?;
    input.streams()
}

impl<'a> Input<'a> {
    fn bytes(&mut self, count: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.bytes(1)?.first().copied()
    }

    fn long(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(*self.bytes(4)?.first_chunk()?))
    }

    /// 7z's number: the ones that lead the first byte say how many bytes follow, low ones
    /// first; what is left of the first byte is the high end.
    fn number(&mut self) -> Option<u64> {
        let first = self.byte()?;
        let more = first.leading_ones();
        let low = self.bytes(u64::from(more))?;
        let low = low
            .iter()
            .rev()
            .fold(0, |value, &byte| value << 8 | u64::from(byte));
        let high = match more {
            0..=6 => u64::from(first) & ((1 << (7 - more)) - 1),
            _ => 0,
        };
        Some(if more < 8 {
            low | high << (8 * more)
        } else {
            low
        })
    }

    fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= MAX_COUNT).then_some(count)
    }

    fn expect(&mut self, id: u64) -> Option<()> {
        (self.number()? == id).then_some(())
    }

    fn properties(&mut self) -> Option<()> {
        while self.number()? != END {
            let size = self.number()?;
            self.bytes(size)?;
        }
        Some(())
    }

    /// One bit each, the highest first.
    fn bits(&mut self, count: usize) -> Option<Vec<bool>> {
        let bytes = self.bytes(count.div_ceil(8) as u64)?;
        let bit = |nth: usize| {
            bytes
                .get(nth / 8)
                .is_some_and(|b| b & (0x80 >> (nth % 8)) != 0)
        };
        Some((0..count).map(bit).collect())
    }

    /// A byte that says "all", or bits.
    fn all_or_bits(&mut self, count: usize) -> Option<Vec<bool>> {
        match self.byte()? {
            0 => self.bits(count),
            _ => Some(vec![true; count]),
        }
    }

    fn checksums(&mut self, count: usize) -> Option<Vec<Option<u32>>> {
        let defined = self.all_or_bits(count)?;
        let one = |defined: bool| match defined {
            true => self.long().map(Some),
            false => Some(None),
        };
        defined.into_iter().map(one).collect()
    }

    fn streams(&mut self) -> Option<Directory> {
        let mut directory = Directory::default();
        let mut parted = false;
        loop {
            match self.number()? {
                END => break,
                PACK_INFO => self.pack_info(&mut directory)?,
                UNPACK_INFO => self.unpack_info(&mut directory)?,
                SUB_STREAMS => {
                    self.sub_streams(&mut directory.folders)?;
                    parted = true;
                }
                _ => return None,
            }
        }
        if !parted {
            for folder in &mut directory.folders {
                folder.parts = vec![(folder.size(), folder.crc)];
            }
        }
        Some(directory)
    }

    fn pack_info(&mut self, directory: &mut Directory) -> Option<()> {
        let mut at = self.number()?;
        let count = self.count()?;
        loop {
            match self.number()? {
                END => return Some(()),
                SIZE => {
                    for _ in 0..count {
                        let size = self.number()?;
                        directory.offsets.push(at);
                        directory.packed_sizes.push(size);
                        at = at.checked_add(size)?;
                    }
                }
                CRC => drop(self.checksums(count)?),
                _ => return None,
            }
        }
    }

    fn unpack_info(&mut self, directory: &mut Directory) -> Option<()> {
        self.expect(FOLDER)?;
        let count = self.count()?;
        // "External": in another stream, which nothing writes.
        (self.byte()? == 0).then_some(())?;
        let mut first_stream = 0;
        for _ in 0..count {
            let folder = Folder {
                first_stream,
                ..self.folder()?
            };
            first_stream += folder.packed.len();
            directory.folders.push(folder);
        }
        self.expect(UNPACK_SIZE)?;
        for folder in &mut directory.folders {
            for _ in 0..folder.coders.len() {
                folder.sizes.push(self.number()?);
            }
        }
        loop {
            match self.number()? {
                END => return Some(()),
                CRC => {
                    let checksums = self.checksums(count)?;
                    for (folder, crc) in directory.folders.iter_mut().zip(checksums) {
                        folder.crc = crc;
                    }
                }
                _ => return None,
            }
        }
    }

    fn folder(&mut self) -> Option<Folder> {
        let mut folder = Folder::default();
        let count = self.number().filter(|n| (1..=MAX_CODERS).contains(n))?;
        let mut inputs = 0_usize;
        for _ in 0..count {
            let coder = self.coder()?;
            inputs += coder.inputs;
            folder.coders.push(coder);
        }
        let bonds = folder.coders.len() - 1;
        for _ in 0..bonds {
            let input = usize::try_from(self.number()?).ok()?;
            let from = usize::try_from(self.number()?).ok()?;
            (input < inputs && from < folder.coders.len()).then_some(())?;
            folder.bonds.push((input, from));
        }
        let packed = inputs.checked_sub(bonds)?;
        if packed == 1 {
            let bound = |input: &usize| folder.bonds.iter().any(|(to, _)| to == input);
            folder.packed.push((0..inputs).find(|input| !bound(input))?);
        } else {
            for _ in 0..packed {
                folder.packed.push(usize::try_from(self.number()?).ok()?);
            }
        }
        Some(folder)
    }

    fn coder(&mut self) -> Option<Coder> {
        /// Bits of the first byte: length of the method, "complex", "has properties".
        const LENGTH: u8 = 0x0f;
        const COMPLEX: u8 = 0x10;
        const PROPERTIES: u8 = 0x20;
        const ALTERNATIVES: u8 = 0x80;
        let flags = self.byte()?;
        let id = self
            .bytes(u64::from(flags & LENGTH))
            .filter(|id| id.len() <= 8)?;
        let method = id
            .iter()
            .fold(0, |value, &byte| value << 8 | u64::from(byte));
        let mut inputs = 1;
        if flags & COMPLEX != 0 {
            inputs = self.number().filter(|n| (1..=MAX_STREAMS).contains(n))?;
            // One stream out: that is all that is known.
            self.expect(1)?;
        }
        let properties = match flags & PROPERTIES {
            0 => Vec::new(),
            _ => {
                let size = self.number()?;
                self.bytes(size)?.to_vec()
            }
        };
        (flags & ALTERNATIVES == 0).then_some(Coder {
            method,
            inputs: usize::try_from(inputs).ok()?,
            properties,
        })
    }

    /// How the folders' bytes are divided among files. Of each folder's last file the size
    /// is what is left.
    fn sub_streams(&mut self, folders: &mut [Folder]) -> Option<()> {
        let mut id = self.number()?;
        let mut counts = vec![1; folders.len()];
        if id == NUM_UNPACK_STREAM {
            for count in &mut counts {
                *count = self.count()?;
            }
            id = self.number()?;
        }
        let sizes_stated = id == SIZE;
        for (folder, count) in folders.iter_mut().zip(counts) {
            let mut left = folder.size();
            for nth in 0..count {
                let last = nth + 1 == count;
                let size = match (last, sizes_stated) {
                    (true, _) => left,
                    (false, true) => self.number()?,
                    (false, false) => return None,
                };
                left = left.checked_sub(size)?;
                folder.parts.push((size, None));
            }
            if let ([(_, crc)], Some(known)) = (folder.parts.as_mut_slice(), folder.crc) {
                *crc = Some(known);
            }
        }
        if sizes_stated {
            id = self.number()?;
        }
        while id != END {
            (id == CRC).then_some(())?;
            let unknown = folders
                .iter_mut()
                .flat_map(|folder| &mut folder.parts)
                .map(|(_, crc)| crc)
                .filter(|crc| crc.is_none());
            let unknown: Vec<&mut Option<u32>> = unknown.collect();
            for (place, crc) in self.checksums_of(unknown)? {
                *place = crc;
            }
            id = self.number()?;
        }
        Some(())
    }

    fn checksums_of<'b>(
        &mut self,
        places: Vec<&'b mut Option<u32>>,
    ) -> Option<Vec<(&'b mut Option<u32>, Option<u32>)>> {
        let found = self.checksums(places.len())?;
        Some(places.into_iter().zip(found).collect())
    }

    fn files(&mut self) -> Option<Vec<File>> {
        let count = self.count()?;
        let mut files = vec![File::default(); count];
        let mut empty = vec![false; count];
        let mut empty_files = Vec::new();
        loop {
            let id = self.number()?;
            if id == END {
                break;
            }
            let size = self.number()?;
            let mut body = Input(self.bytes(size)?);
            let empties = empty.iter().filter(|empty| **empty).count();
            match id {
                EMPTY_STREAM => empty = body.bits(count)?,
                EMPTY_FILE => empty_files = body.bits(empties)?,
                NAMES => body.names(&mut files)?,
                MODIFIED => {
                    body.each(&mut files, |input, file| {
                        let ticks = u64::from_le_bytes(*input.bytes(8)?.first_chunk()?);
                        file.modified = filetime(ticks);
                        Some(())
                    })?;
                }
                ATTRIBUTES => {
                    body.each(&mut files, |input, file| {
                        file.attributes = input.long()?;
                        Some(())
                    })?;
                }
                // Other times, padding, what is not known. "Anti" too, which says that a file is
                // to be deleted: writers exist that say it of every empty file.
                _ => {}
            }
        }
        let mut nth = 0;
        for (file, empty) in files.iter_mut().zip(empty) {
            file.has_stream = !empty;
            if empty {
                file.is_folder = !empty_files.get(nth).copied().unwrap_or(false);
                nth += 1;
            }
        }
        Some(files)
    }

    /// A value for each file that has one.
    fn each(
        &mut self,
        files: &mut [File],
        mut take: impl FnMut(&mut Self, &mut File) -> Option<()>,
    ) -> Option<()> {
        let defined = self.all_or_bits(files.len())?;
        (self.byte()? == 0).then_some(())?;
        for (file, defined) in files.iter_mut().zip(defined) {
            if defined {
                take(self, file)?;
            }
        }
        Some(())
    }

    /// UTF-16 names, each ended by a NUL, as UTF-8. What is no UTF-16 becomes U+FFFD.
    fn names(&mut self, files: &mut [File]) -> Option<()> {
        (self.byte()? == 0).then_some(())?;
        let units: Vec<u16> = self
            .0
            .chunks_exact(2)
            .filter_map(|pair| Some(u16::from_le_bytes(*pair.first_chunk()?)))
            .collect();
        let mut names = units.split(|&unit| unit == 0);
        for file in files {
            file.name = String::from_utf16_lossy(names.next()?).into_bytes();
        }
        Some(())
    }
}

/// A Windows file time: 100 ns since 1601, UTC.
fn filetime(ticks: u64) -> Option<DateTime<Utc>> {
    /// Seconds from 1601 to 1970.
    const EPOCH: i64 = 11_644_473_600;
    const TICKS: u64 = 10_000_000;
    let seconds = i64::try_from(ticks / TICKS).ok()?.checked_sub(EPOCH)?;
    let nanos = i64::try_from(ticks % TICKS).ok()? * 100;
    (ticks > 0).then_some(())?;
    DateTime::from_timestamp(seconds, 0)?.checked_add_signed(TimeDelta::nanoseconds(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_of_each_length() {
        let read = |bytes: &[u8]| Input(bytes).number();
        assert_eq!(read(&[0x7f]), Some(0x7f));
        assert_eq!(read(&[0x81, 0x23]), Some(0x123));
        assert_eq!(read(&[0xc1, 0x34, 0x12]), Some(0x1_1234));
        assert_eq!(
            read(&[0xfe, 1, 2, 3, 4, 5, 6, 7]),
            Some(0x07_0605_0403_0201)
        );
        assert_eq!(
            read(&[0xff, 1, 0, 0, 0, 0, 0, 0, 0x80]),
            Some(0x8000_0000_0000_0001)
        );
        assert_eq!(read(&[0x81]), None);
    }

    #[test]
    fn file_times() {
        let when = filetime(133_444_736_005_000_000).unwrap();
        assert_eq!(when.to_rfc3339(), "2023-11-14T22:13:20.500+00:00");
        assert_eq!(
            (filetime(0), filetime(u64::MAX)),
            (None, filetime(u64::MAX))
        );
    }

    proptest! {
        #[test]
        fn arbitrary_headers_never_panic(bytes: Vec<u8>, ids in prop::collection::vec(0_u8..0x1a, 0..60)) {
            directory(&[&[1], &*bytes].concat());
            directory(&[&[1], &*ids].concat());
            packed_directory(&[&[0x17], &*ids].concat());
        }
    }
}
