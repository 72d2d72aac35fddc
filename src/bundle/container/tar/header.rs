//! One tar header: 512 bytes, whose checksum decides whether it is one.
//!
//! POSIX.1-2001 `ustar`, the older V7 form, and GNU's variations. Everything a header
//! says is a claim.

use super::BLOCK;

/// Offsets and lengths of fields (POSIX.1, pax, "ustar Interchange Format").
const NAME: (usize, usize) = (0, 100);
const SIZE: (usize, usize) = (124, 12);
const MTIME: (usize, usize) = (136, 12);
const CHECKSUM: (usize, usize) = (148, 8);
const KIND: usize = 156;
const LINK: (usize, usize) = (157, 100);
const MAGIC: (usize, usize) = (257, 6);
const PREFIX: (usize, usize) = (345, 155);

/// Old GNU sparse files: four pairs of offset and length, whether more blocks follow, and
/// the size with its holes (GNU tar manual, "Basic Tar Format", `oldgnu_header`).
const SPARSE_AT: usize = 386;
const SPARSE_PAIRS: usize = 4;
const SPARSE_EXTENDED: usize = 482;
const SPARSE_REAL_SIZE: (usize, usize) = (483, 12);
/// A continuation block: twenty-one pairs and whether more follow.
const MORE_PAIRS: usize = 21;
const MORE_EXTENDED: usize = 504;
/// A number in a sparse map.
const NUMBER: usize = 12;

/// One header block.
pub(super) struct Header {
    block: Box<[u8; BLOCK]>,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    /// Old GNU sparse file.
    Sparse,
    HardLink,
    Symlink,
    Directory,
    Special,
    /// GNU: the name of the next entry.
    LongName,
    /// GNU: the link target of the next entry.
    LongLink,
    /// PAX records for the next entry.
    Pax,
    /// PAX records for all that follow.
    PaxGlobal,
    /// A volume's label, or the rest of a file that began in another volume.
    Volume,
}

/// Stored bytes at an offset of a sparse file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub offset: u64,
    pub len: u64,
}

impl Header {
    /// The header in `block`, if its checksum fits. Some old tools summed signed bytes.
    pub(super) fn parse(block: &[u8; BLOCK]) -> Option<Header> {
        let stated = octal(field(block, CHECKSUM))?;
        let in_sum = |(at, &byte): (usize, &u8)| {
            if (CHECKSUM.0..CHECKSUM.0 + CHECKSUM.1).contains(&at) {
                b' '
            } else {
                byte
            }
        };
        let bytes = || block.iter().enumerate().map(in_sum);
        let unsigned: u64 = bytes().map(u64::from).sum();
        let signed: i64 = bytes().map(|byte| i64::from(byte.cast_signed())).sum();
        let fits = stated == unsigned || i64::try_from(stated) == Ok(signed);
        fits.then(|| Header {
            block: Box::new(*block),
        })
    }

    pub(super) fn kind(&self) -> Kind {
        match self.block[KIND] {
            b'1' => Kind::HardLink,
            b'2' => Kind::Symlink,
            b'3' | b'4' | b'6' => Kind::Special,
            b'5' | b'D' => Kind::Directory,
            b'g' => Kind::PaxGlobal,
            b'x' | b'X' => Kind::Pax,
            b'L' => Kind::LongName,
            b'K' => Kind::LongLink,
            b'S' => Kind::Sparse,
            b'V' | b'M' => Kind::Volume,
            // V7 has no type for directories but a name that ends so.
            0 if text(field(&*self.block, NAME)).ends_with(b"/") => Kind::Directory,
            // POSIX: what is not known is a regular file.
            _ => Kind::File,
        }
    }

    /// The name, with the prefix that POSIX puts in front of long ones.
    pub(super) fn name(&self) -> Vec<u8> {
        let name = text(field(&*self.block, NAME));
        let prefix = text(field(&*self.block, PREFIX));
        // GNU's own form says `ustar ` and has other things there.
        let posix = field(&*self.block, MAGIC) == b"ustar\0";
        if posix && !prefix.is_empty() {
            [prefix, b"/", name].concat()
        } else {
            name.to_vec()
        }
    }

    pub(super) fn link(&self) -> Vec<u8> {
        text(field(&*self.block, LINK)).to_vec()
    }

    /// Bytes that follow; `None` where the field is no number.
    pub(super) fn size(&self) -> Option<u64> {
        number(field(&*self.block, SIZE)).and_then(|size| size.try_into().ok())
    }

    /// Seconds since 1970.
    pub(super) fn modified(&self) -> Option<i64> {
        number(field(&*self.block, MTIME))
    }

    /// The sparse map of an old GNU header, and whether it goes on in another block.
    pub(super) fn sparse(&self) -> (Vec<Extent>, bool) {
        let map = field(&*self.block, (SPARSE_AT, SPARSE_PAIRS * 2 * NUMBER));
        (extents(map), self.block[SPARSE_EXTENDED] != 0)
    }

    /// Size of a sparse file with its holes.
    pub(super) fn real_size(&self) -> Option<u64> {
        number(field(&*self.block, SPARSE_REAL_SIZE)).and_then(|size| size.try_into().ok())
    }
}

/// The map in a continuation block, and whether it goes on.
pub(super) fn more_extents(block: &[u8; BLOCK]) -> (Vec<Extent>, bool) {
    let map = field(block, (0, MORE_PAIRS * 2 * NUMBER));
    (extents(map), block[MORE_EXTENDED] != 0)
}

fn extents(map: &[u8]) -> Vec<Extent> {
    let pair = |pair: &[u8]| {
        let (offset, len) = pair.split_at_checked(NUMBER)?;
        // An unused pair is all NUL.
        (len.first() != Some(&0)).then_some(())?;
        Some(Extent {
            offset: number(offset)?.try_into().ok()?,
            len: number(len)?.try_into().ok()?,
        })
    };
    map.chunks_exact(2 * NUMBER).map_while(pair).collect()
}

fn field(block: &[u8], (at, len): (usize, usize)) -> &[u8] {
    block.get(at..at + len).unwrap_or_default()
}

/// What stands before the first NUL.
fn text(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// A number in octal digits, or in GNU's base 256 where the first bit is set.
fn number(field: &[u8]) -> Option<i64> {
    match field.split_first() {
        Some((&first, rest)) if first & 0x80 != 0 => {
            // The sign is the bit below the mark.
            let start = if first & 0x40 != 0 {
                i64::from(first) - 0x100
            } else {
                i64::from(first & 0x3f)
            };
            rest.iter().try_fold(start, |value, &byte| {
                value.checked_mul(256)?.checked_add(i64::from(byte))
            })
        }
        _ => octal(field).and_then(|value| value.try_into().ok()),
    }
}

/// Octal digits with blanks before and blanks or NULs behind; none at all is zero.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = text(field).trim_ascii();
    digits.iter().try_fold(0_u64, |value, &digit| match digit {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_in_both_forms() {
        assert_eq!(number(b"00000001750\0"), Some(1000));
        assert_eq!(number(b"  1750 \0\0\0\0\0"), Some(1000));
        assert_eq!(number(b"\0\0\0"), Some(0));
        assert_eq!(number(b"12x"), None);
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x02\0\0\0\0"), Some(1 << 33));
        assert_eq!(number(&[0xff; 12]), Some(-1));
        assert_eq!(
            number(b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
            None
        );
    }

    proptest! {
        #[test]
        fn arbitrary_blocks_never_panic(mut bytes in prop::collection::vec(any::<u8>(), BLOCK)) {
            let block: &[u8; BLOCK] = bytes.as_slice().try_into().unwrap();
            assert!(Header::parse(block).is_none_or(|_| true));
            more_extents(block);
            // With a checksum that fits, all of it is read.
            bytes[148..156].fill(b' ');
            let sum: u32 = bytes.iter().map(|&b| u32::from(b)).sum();
            bytes[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
            let header = Header::parse(bytes.as_slice().try_into().unwrap()).unwrap();
            header.name();
            header.link();
            let _ = (header.size(), header.modified(), header.real_size());
            header.sparse();
            header.kind();
        }
    }
}
