//! The function table of x64 and ARM64 images (`.pdata`), read by hand.
//!
//! x64: twelve bytes a row, begin, end, unwind information; a chained row is a part of the
//! function that its chain leads to. ARM64: eight bytes a row, begin and either packed
//! unwind data or the RVA of a record that starts with the length. (Microsoft: "x64
//! exception handling", "ARM64 exception handling".)

use super::directory::EXCEPTION;
use super::{Image, Machine, read_u32};

/// Rows read at most; ntoskrnl has some 40,000.
const MAX_FUNCTIONS: usize = 200_000;
/// Steps followed in one chain of split functions; compilers make one.
const MAX_CHAIN: usize = 8;
/// `UNW_FLAG_CHAININFO` in the upper five bits of the first byte.
const CHAINED: u8 = 0x4;

/// A stretch of code that the function table describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FunctionRange {
    /// First byte.
    pub begin: u32,
    /// First byte after it.
    pub end: u32,
    /// Begin of the function that this is a part of: itself unless chained.
    pub owner: u32,
}

pub(super) fn read(image: &Image<'_>) -> Vec<FunctionRange> {
    let Some(directory) = image.directory(EXCEPTION) else {
        return Vec::new();
    };
    let end = directory.rva.saturating_add(directory.size);
    let rows = image.range(directory.rva..end);
    let mut functions: Vec<FunctionRange> = match image.machine {
        Machine::X64 => rows
            .chunks_exact(12)
            .take(MAX_FUNCTIONS)
            .filter_map(|row| read_x64(image, row))
            .collect(),
        Machine::Arm64 => rows
            .chunks_exact(8)
            .take(MAX_FUNCTIONS)
            .filter_map(|row| read_arm64(image, row))
            .collect(),
        _ => Vec::new(),
    };
    functions.sort_unstable();
    functions.dedup_by_key(|f| f.begin);
    functions
}

fn read_x64(image: &Image<'_>, row: &[u8]) -> Option<FunctionRange> {
    let (begin, end) = (read_u32(row, 0)?, read_u32(row, 4)?);
    let sound = begin != 0 && begin < end && end <= image.size_of_image;
    let owner = chain_owner(image, begin, read_u32(row, 8)?);
    sound.then_some(FunctionRange { begin, end, owner })
}

/// Follows chained unwind information to the function's main part.
fn chain_owner(image: &Image<'_>, begin: u32, unwind: u32) -> u32 {
    let (mut owner, mut unwind) = (begin, unwind);
    for _ in 0..MAX_CHAIN {
        // Old linkers mark an indirect row by bit 0: the address of another row.
        if unwind & 1 == 1 {
            let Some(next) = image.slice(unwind & !1, 12) else {
                return owner;
            };
            owner = read_u32(next, 0).unwrap_or(owner);
            unwind = read_u32(next, 8).unwrap_or(0);
            continue;
        }
        let Some(head) = image.slice(unwind, 4) else {
            return owner;
        };
        if head[0] >> 3 & CHAINED == 0 {
            return owner;
        }
        let codes = u32::from(head[2]).next_multiple_of(2);
        let Some(parent) = unwind.checked_add(4 + 2 * codes) else {
            return owner;
        };
        let Some(row) = image.slice(parent, 12) else {
            return owner;
        };
        owner = read_u32(row, 0).unwrap_or(owner);
        unwind = read_u32(row, 8).unwrap_or(0);
    }
    owner
}

fn read_arm64(image: &Image<'_>, row: &[u8]) -> Option<FunctionRange> {
    let (begin, data) = (read_u32(row, 0)?, read_u32(row, 4)?);
    let words = match data & 3 {
        0 => image.u32_at(data)? & 0x3_ffff,
        _ => data >> 2 & 0x7ff,
    };
    let end = begin.checked_add(words * 4)?;
    let sound = begin != 0 && begin < end && end <= image.size_of_image;
    // Packed data with flag 2 is a fragment without prologue; which function it belongs
    // to is not recorded, so it stands for itself.
    sound.then_some(FunctionRange {
        begin,
        end,
        owner: begin,
    })
}
