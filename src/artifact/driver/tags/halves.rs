//! ARM64: instructions that make a tag though its four bytes stand nowhere.
//!
//! A constant of 32 bits takes `movz` and `movk` there, a half each; one alone where the other
//! half is zero; or a single `orr` where its bits repeat (`3333`).

use crate::artifact::driver::arm64_decode::{Insn, Logical, Reg, decode};
use crate::artifact::driver::image::Image;
use crate::tag::Tag;

/// Instructions between the two halves of a constant at most.
const NEAR: usize = 16;
/// The protected-pool bit of a tag's upper half, which is not part of the tag.
const PROTECTED: u32 = 0x8000;

/// What an instruction does to a constant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Sets one half and clears the rest.
    Only { half: u32, upper: bool },
    /// Sets one half.
    Keep { half: u32, upper: bool },
    /// Sets all of it.
    Whole(u32),
}

impl Step {
    fn of(word: u32) -> Option<Step> {
        let (half, upper) = (word >> 5 & 0xffff, word >> 21 & 3 == 1);
        let wide = word >> 22 & 1 == 1;
        match word & 0x7f80_0000 {
            0x5280_0000 if !wide => Some(Step::Only { half, upper }),
            0x7280_0000 if !wide => Some(Step::Keep { half, upper }),
            // orr of the zero register with a constant.
            0x3200_0000 if word >> 5 & 31 == 31 => match decode(word) {
                Insn::LogicalImmediate {
                    op: Logical::Orr,
                    src: Reg::Zr,
                    imm,
                    ..
                } => Some(Step::Whole(imm as u32)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The instructions of all code that make constants, with their RVAs.
fn steps<'i>(image: &'i Image<'_>) -> impl Iterator<Item = (u32, Step)> + 'i {
    image.code_sections().flat_map(move |section| {
        let words = image.section_bytes(section).chunks_exact(4).enumerate();
        words.filter_map(move |(n, w)| {
            let step = Step::of(u32::from_le_bytes([w[0], w[1], w[2], w[3]]))?;
            Some((section.rva.wrapping_add(n as u32 * 4), step))
        })
    })
}

/// A tag as it stands in instructions.
struct Parts {
    word: u32,
    low: u32,
    high: u32,
}

impl Parts {
    fn of(tag: Tag) -> Parts {
        let word = tag.without_protection().word();
        Parts {
            word,
            low: word & 0xffff,
            high: word >> 16,
        }
    }

    fn is(&self, half: u32, upper: bool) -> bool {
        match upper {
            true => half & !PROTECTED == self.high & !PROTECTED,
            false => half == self.low,
        }
    }

    fn is_whole(&self, word: u32) -> bool {
        word & !(PROTECTED << 16) == self.word
    }
}

/// True when some instruction makes one of the tag's halves: it may be computed here.
pub(super) fn any(image: &Image<'_>, tag: Tag) -> bool {
    let tag = Parts::of(tag);
    steps(image).any(|(_, step)| match step {
        Step::Only { half, .. } | Step::Keep { half, .. } => {
            tag.is(half, true) || tag.is(half, false)
        }
        Step::Whole(word) => tag.is_whole(word),
    })
}

/// Where the tag is made: RVAs of the instructions that complete it, for tags that differ at
/// most in the protected-pool bit.
pub(super) fn places<'i>(image: &'i Image<'_>, tag: Tag) -> impl Iterator<Item = u32> + 'i {
    let tag = Parts::of(tag);
    let mut low_at = None::<u32>;
    steps(image).filter_map(move |(at, step)| {
        let made = match step {
            Step::Whole(word) => tag.is_whole(word),
            Step::Only { half, upper } => {
                let other = if upper { tag.low } else { tag.high };
                tag.is(half, upper) && other == 0
            }
            Step::Keep { half, upper } => {
                let near = |low: u32| at.wrapping_sub(low) < 4 * NEAR as u32;
                upper && tag.is(half, true) && low_at.is_some_and(near)
            }
        };
        match step {
            Step::Only { half, upper: false } | Step::Keep { half, upper: false }
                if half == tag.low =>
            {
                low_at = Some(at);
            }
            _ => {}
        }
        made.then_some(at)
    })
}
