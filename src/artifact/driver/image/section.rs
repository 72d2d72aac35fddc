//! Sections of an image and how they map between file and memory.

use std::ops::Range;

/// `IMAGE_SCN_CNT_CODE`.
const CODE: u32 = 0x20;
/// `IMAGE_SCN_MEM_DISCARDABLE`.
const DISCARDABLE: u32 = 0x0200_0000;
/// `IMAGE_SCN_MEM_EXECUTE`.
const EXECUTE: u32 = 0x2000_0000;
/// `IMAGE_SCN_MEM_WRITE`.
const WRITE: u32 = 0x8000_0000;

/// One section, already mapped the way the kernel's loader does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The eight bytes of the name, NUL-padded.
    pub raw_name: [u8; 8],
    /// RVA of the first byte.
    pub rva: u32,
    /// Bytes in memory.
    pub size: u32,
    /// File offset of the first byte.
    pub raw_offset: u32,
    /// Bytes in the file.
    pub raw_size: u32,
    /// `IMAGE_SCN_*` flags.
    pub flags: u32,
}

impl Section {
    /// The name, lossily decoded.
    pub fn name(&self) -> String {
        let end = self.raw_name.iter().position(|&b| b == 0).unwrap_or(8);
        String::from_utf8_lossy(&self.raw_name[..end]).into_owned()
    }

    /// True when `rva` lies inside.
    pub fn holds(&self, rva: u32) -> bool {
        rva.checked_sub(self.rva)
            .is_some_and(|delta| delta < self.size)
    }

    /// The file offset that backs `rva`, `None` in the zero-filled tail.
    pub fn offset_of(&self, rva: u32) -> Option<usize> {
        let delta = rva.checked_sub(self.rva)?;
        (delta < self.raw_size).then(|| self.raw_offset as usize + delta as usize)
    }

    /// The file bytes that are loaded: the lesser of file and memory size.
    pub fn file_range(&self) -> Range<u32> {
        self.raw_offset..self.raw_offset.saturating_add(self.raw_size.min(self.size))
    }

    /// True when code may run here.
    pub const fn is_executable(&self) -> bool {
        self.flags & (EXECUTE | CODE) != 0
    }

    /// True when the section can be written at run time.
    pub const fn is_writable(&self) -> bool {
        self.flags & WRITE != 0
    }

    /// True for code that is dropped after start-up (`INIT`): a call site there runs once.
    pub const fn is_discardable(&self) -> bool {
        self.flags & DISCARDABLE != 0
    }
}

/// Shannon entropy in bits a byte.
pub(super) fn entropy(bytes: &[u8]) -> f64 {
    if bytes.is_empty() {
        return 0.0;
    }
    let total = bytes.len() as f64;
    let share = |count: u64| count as f64 / total;
    let bits = counts(bytes)
        .into_iter()
        .filter(|&c| c > 0)
        .map(|c| share(c) * share(c).log2());
    // One value alone has no entropy; of minus zero people would ask what it is.
    (-bits.sum::<f64>()).max(0.0) + 0.0
}

/// True unless one look at how often bytes repeat rules out an entropy above 7.5: the sum of the
/// squared shares is below 1/49 then. (With shares given that sum, entropy is largest where one
/// value is frequent and all others are equal; at 7.5 bits that is a share of 0.132, and a sum
/// of 0.0204.)
pub(super) fn may_be_packed(bytes: &[u8]) -> bool {
    let squares: u64 = counts(bytes).iter().map(|c| c * c).sum();
    let total = bytes.len() as u64;
    squares.saturating_mul(49) < total.saturating_mul(total)
}

/// How often each value occurs. Four tables in turn, as runs of one value would else wait for
/// each other.
fn counts(bytes: &[u8]) -> [u64; 256] {
    let mut tables = [[0u32; 256]; 4];
    let mut sums = [0u64; 256];
    // No count outgrows its 32 bits.
    for part in bytes.chunks(1 << 30) {
        let [a, b, c, d] = &mut tables;
        let (fours, rest) = part.as_chunks::<4>();
        for four in fours {
            a[usize::from(four[0])] += 1;
            b[usize::from(four[1])] += 1;
            c[usize::from(four[2])] += 1;
            d[usize::from(four[3])] += 1;
        }
        for &byte in rest {
            a[usize::from(byte)] += 1;
        }
        for table in &mut tables {
            for (sum, count) in sums.iter_mut().zip(table) {
                *sum += u64::from(std::mem::take(count));
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_of_one_value_is_zero_and_of_all_values_is_eight() {
        assert_eq!(entropy(&[7; 100]), 0.0);
        let all: Vec<u8> = (0..=255).collect();
        assert!((entropy(&all) - 8.0).abs() < 1e-9);
    }

    #[test]
    fn packed_bytes_are_never_ruled_out() {
        // The worst case of the bound: one frequent value, all others equal.
        for frequent in (0..2600).step_by(10) {
            let others = (0..8160 - frequent).map(|n| (n % 255 + 1) as u8);
            let bytes: Vec<u8> = std::iter::repeat_n(0, frequent).chain(others).collect();
            assert!(
                entropy(&bytes) <= 7.5 || may_be_packed(&bytes),
                "{frequent}"
            );
        }
        assert!(!may_be_packed(&b"mov rax, rcx; ret; ".repeat(100)));
    }

    #[test]
    fn the_zero_filled_tail_has_no_offset() {
        let section = Section {
            raw_name: *b"INIT\0\0\0\0",
            rva: 0x1000,
            size: 0x300,
            raw_offset: 0x400,
            raw_size: 0x200,
            flags: DISCARDABLE | EXECUTE,
        };
        assert_eq!(section.offset_of(0x11ff), Some(0x5ff));
        assert_eq!(section.offset_of(0x1200), None);
        assert!(section.holds(0x12ff) && !section.holds(0x1300));
        assert_eq!(section.name(), "INIT");
        assert!(section.is_discardable() && section.is_executable());
    }
}
