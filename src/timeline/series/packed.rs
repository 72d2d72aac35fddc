//! A series in few bytes: each sample as its difference from the one before.
//!
//! 2,700 tags over 3,000 snapshots are eight million samples of 36 bytes; most differ
//! little from their neighbour, and an idle tag not at all (one byte). All arithmetic
//! wraps, so every value survives the round trip.

/// One tag's account in one snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sample {
    /// Index of the snapshot.
    pub snapshot: u32,
    /// Allocations since boot, as printed; `None` where the source gives none.
    pub allocs: Option<u64>,
    /// Frees since boot, as printed; `None` where the source gives none.
    pub frees: Option<u64>,
    /// Live blocks; `None` where the source gives none.
    pub blocks: Option<i64>,
    /// Live bytes.
    pub bytes: i64,
}

/// The figures from which the next sample is told: what a sample lacks is carried on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Carried {
    snapshot: u32,
    allocs: u64,
    blocks: i64,
    bytes: i64,
}

impl Carried {
    fn next(self, sample: &Sample) -> Self {
        Carried {
            snapshot: sample.snapshot,
            allocs: sample.allocs.unwrap_or(self.allocs),
            blocks: sample.blocks.unwrap_or(self.blocks),
            bytes: sample.bytes,
        }
    }

    /// The frees, as allocations and live blocks foretell them.
    fn frees(self) -> u64 {
        self.allocs.wrapping_sub(self.blocks.cast_unsigned())
    }
}

/// Samples of ascending snapshots, packed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packed {
    encoded: Vec<u8>,
    count: u32,
    last: Carried,
}

/// The record's first number: the snapshot gap above the flags.
const CHANGED: u64 = 1;
/// The frees are not as foretold: wrapped or damaged rows.
const HAS_RESIDUAL: u64 = 2;
const NO_ALLOCS: u64 = 4;
const NO_FREES: u64 = 8;
const NO_BLOCKS: u64 = 16;
const GAP_SHIFT: u32 = 5;

impl Packed {
    /// Appends `sample`. Returns false, and keeps the series as it is, when its snapshot
    /// does not come after the last one.
    pub fn push(&mut self, sample: Sample) -> bool {
        if self.count > 0 && sample.snapshot <= self.last.snapshot {
            return false;
        }
        let gap = u64::from(sample.snapshot - self.last.snapshot);
        let before = self.last;
        let next = before.next(&sample);
        let residual = sample.frees.map_or(0, |f| f.wrapping_sub(next.frees()));
        let changed =
            (next.allocs, next.blocks, next.bytes) != (before.allocs, before.blocks, before.bytes);
        let flags = [
            (changed, CHANGED),
            (residual != 0, HAS_RESIDUAL),
            (sample.allocs.is_none(), NO_ALLOCS),
            (sample.frees.is_none(), NO_FREES),
            (sample.blocks.is_none(), NO_BLOCKS),
        ];
        let flags = flags.iter().filter(|(set, _)| *set);
        self.put((gap << GAP_SHIFT) | flags.fold(0, |all, (_, flag)| all | flag));
        if changed {
            self.put_signed(next.allocs.wrapping_sub(before.allocs).cast_signed());
            self.put_signed(next.blocks.wrapping_sub(before.blocks));
            self.put_signed(next.bytes.wrapping_sub(before.bytes));
        }
        if residual != 0 {
            self.put_signed(residual.cast_signed());
        }
        self.last = next;
        self.count = self.count.saturating_add(1);
        true
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many bytes the samples take.
    pub fn packed_len(&self) -> usize {
        self.encoded.len()
    }

    /// The samples, oldest first.
    pub fn iter(&self) -> Samples<'_> {
        Samples {
            rest: &self.encoded,
            at: Carried::default(),
        }
    }

    /// Gives unused room back.
    pub fn shrink(&mut self) {
        self.encoded.shrink_to_fit();
    }

    fn put(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.encoded.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.encoded.push(value as u8);
    }

    /// Zigzag: small numbers of either sign become small numbers.
    fn put_signed(&mut self, value: i64) {
        self.put(((value << 1) ^ (value >> 63)).cast_unsigned());
    }
}

/// Iterator over packed samples.
#[derive(Debug, Clone)]
pub struct Samples<'a> {
    rest: &'a [u8],
    at: Carried,
}

impl Samples<'_> {
    fn take(&mut self) -> Option<u64> {
        let (mut value, mut shift) = (0u64, 0u32);
        loop {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 || shift > 63 {
                return Some(value);
            }
        }
    }

    fn take_signed(&mut self) -> Option<i64> {
        let zigzag = self.take()?;
        Some((zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed()))
    }
}

impl Iterator for Samples<'_> {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        let head = self.take()?;
        let gap = (head >> GAP_SHIFT) as u32;
        let mut next = self.at;
        next.snapshot = next.snapshot.wrapping_add(gap);
        if head & CHANGED != 0 {
            let step = self.take_signed()?.cast_unsigned();
            next.allocs = next.allocs.wrapping_add(step);
            next.blocks = next.blocks.wrapping_add(self.take_signed()?);
            next.bytes = next.bytes.wrapping_add(self.take_signed()?);
        }
        let residual = if head & HAS_RESIDUAL != 0 {
            self.take_signed()?.cast_unsigned()
        } else {
            0
        };
        self.at = next;
        let given = |flag: u64| head & flag == 0;
        Some(Sample {
            snapshot: next.snapshot,
            allocs: given(NO_ALLOCS).then_some(next.allocs),
            frees: given(NO_FREES).then(|| next.frees().wrapping_add(residual)),
            blocks: given(NO_BLOCKS).then_some(next.blocks),
            bytes: next.bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample(snapshot: u32, allocs: u64, frees: u64, blocks: i64, bytes: i64) -> Sample {
        Sample {
            snapshot,
            allocs: Some(allocs),
            frees: Some(frees),
            blocks: Some(blocks),
            bytes,
        }
    }

    #[test]
    fn an_idle_tag_costs_one_byte_a_snapshot() {
        let mut packed = Packed::default();
        for snapshot in 1..=1000 {
            assert!(packed.push(sample(snapshot, 70, 20, 50, 4000)));
        }
        assert_eq!(packed.len(), 1000);
        assert!(packed.packed_len() < 1010, "{}", packed.packed_len());
    }

    #[test]
    fn refuses_what_does_not_come_after() {
        let mut packed = Packed::default();
        assert!(packed.push(sample(3, 1, 0, 1, 1)));
        assert!(!packed.push(sample(3, 2, 0, 2, 2)));
        assert!(!packed.push(sample(1, 2, 0, 2, 2)));
        assert_eq!(packed.iter().count(), 1);
    }

    #[test]
    fn snapshot_zero_may_come_first() {
        let mut packed = Packed::default();
        assert!(packed.push(sample(0, 0, 0, 0, 0)));
        assert!(packed.push(sample(1, 0, 0, 0, 0)));
        assert_eq!(
            packed.iter().map(|s| s.snapshot).collect::<Vec<_>>(),
            [0, 1]
        );
    }

    proptest! {
        #[test]
        fn every_value_survives(rows: Vec<(u8, Option<u64>, Option<u64>, Option<i64>, i64)>) {
            let mut packed = Packed::default();
            let mut expected = Vec::new();
            let mut snapshot = 0;
            for (gap, allocs, frees, blocks, bytes) in rows {
                snapshot += 1 + u32::from(gap);
                let one = Sample { snapshot, allocs, frees, blocks, bytes };
                prop_assert!(packed.push(one));
                expected.push(one);
            }
            prop_assert_eq!(packed.iter().collect::<Vec<_>>(), expected);
        }
    }
}
