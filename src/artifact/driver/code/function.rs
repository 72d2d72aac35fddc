//! One function, decoded.

use super::ir::Listing;
use super::{lift_arm64, lift_x86};
use crate::artifact::driver::image::{Image, Machine};
use std::ops::Range;

/// Code bytes of one function at most. The largest functions of real drivers (generated
/// state machines, firmware loaders) stay below this.
const MAX_CODE: u32 = 1 << 20;

/// A function's extent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its first instruction.
    pub entry: u32,
    /// Its stretches of code, ascending.
    pub ranges: Vec<Range<u32>>,
}

impl Function {
    /// A function of one stretch.
    pub fn contiguous(range: Range<u32>) -> Self {
        Function {
            entry: range.start,
            ranges: vec![range],
        }
    }

    /// Bytes of code.
    pub fn size(&self) -> u64 {
        let len = |r: &Range<u32>| u64::from(r.end.saturating_sub(r.start));
        self.ranges.iter().map(len).sum()
    }

    /// Decodes the function.
    pub fn lift(&self, image: &Image<'_>, listing: &mut Listing) {
        listing.insts.clear();
        listing.ops.clear();
        let mut left = MAX_CODE;
        for range in &self.ranges {
            let len = range.end.saturating_sub(range.start).min(left);
            left -= len;
            let code = image.range(range.start..range.start + len);
            match image.machine {
                Machine::Arm64 => {
                    lift_arm64::lift(code, range.start, image.image_base, listing);
                }
                _ => lift_x86::lift(code, range.start, image.image_base, image.is_64, listing),
            }
        }
    }
}
