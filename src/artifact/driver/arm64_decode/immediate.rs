//! Data processing with a constant: addresses, moves, sums, bit masks, bit fields.

use super::fields::{bit, bits, other_writing_rd, reg_or_sp, reg_or_zero, signed_bits, width};
use super::insn::Insn;
use super::operand::{AddSub, Bitfield, Flags, Logical, MoveWide, PcBase, Width};

pub(super) fn decode(word: u32) -> Insn {
    match bits(word, 23, 3) {
        0 | 1 => pc_relative(word),
        2 => add_sub(word),
        4 => logical(word).unwrap_or(other_writing_rd(word)),
        5 => move_wide(word).unwrap_or(other_writing_rd(word)),
        6 => bitfield(word).unwrap_or(other_writing_rd(word)),
        7 => extract(word).unwrap_or(other_writing_rd(word)),
        _ => tagged_pointer(word),
    }
}

/// `addg`, `subg`: the result may be the stack pointer, nothing else is known.
fn tagged_pointer(word: u32) -> Insn {
    let writes = super::operand::RegSet::of(reg_or_sp(word, 0));
    super::fields::other(word, writes, super::operand::MemoryEffect::None)
}

fn pc_relative(word: u32) -> Insn {
    let distance = signed_bits(word, 5, 19) << 2 | i64::from(bits(word, 29, 2));
    let (base, offset) = match bit(word, 31) {
        true => (PcBase::Page, distance << 12),
        false => (PcBase::Here, distance),
    };
    Insn::PcRelative {
        dst: reg_or_zero(word, 0),
        base,
        offset,
    }
}

fn add_sub(word: u32) -> Insn {
    let shift = if bit(word, 22) { 12 } else { 0 };
    let (flags, dst) = match bit(word, 29) {
        true => (Flags::Set, reg_or_zero(word, 0)),
        false => (Flags::Kept, reg_or_sp(word, 0)),
    };
    Insn::AddSubImmediate {
        op: if bit(word, 30) {
            AddSub::Sub
        } else {
            AddSub::Add
        },
        flags,
        width: width(word),
        dst,
        src: reg_or_sp(word, 5),
        imm: bits(word, 10, 12) << shift,
    }
}

fn logical(word: u32) -> Option<Insn> {
    let width = width(word);
    let imm = expand_bitmask(bit(word, 22), bits(word, 16, 6), bits(word, 10, 6), width)?;
    let (op, flags, dst) = match bits(word, 29, 2) {
        0 => (Logical::And, Flags::Kept, reg_or_sp(word, 0)),
        1 => (Logical::Orr, Flags::Kept, reg_or_sp(word, 0)),
        2 => (Logical::Eor, Flags::Kept, reg_or_sp(word, 0)),
        _ => (Logical::And, Flags::Set, reg_or_zero(word, 0)),
    };
    Some(Insn::LogicalImmediate {
        op,
        flags,
        width,
        dst,
        src: reg_or_zero(word, 5),
        imm,
    })
}

/// The constant of a bitwise instruction.
///
/// It is a run of ones, rotated to the right within an element of 2, 4, …, 64 bits
/// that then repeats. The element size stands in `n` and the leading ones of `imms`,
/// the length of the run (less one) in the rest of `imms`, the rotation in `immr`.
/// A run that fills its element is not encodable, nor is a 64-bit element in a
/// 32-bit instruction.
pub(super) fn expand_bitmask(n: bool, immr: u32, imms: u32, width: Width) -> Option<u64> {
    if n && width == Width::W {
        return None;
    }
    let size_code = u32::from(n) << 6 | (!imms & 0x3f);
    let size_log = size_code.checked_ilog2().filter(|&log| log >= 1)?;
    let size = 1_u32 << size_log;
    let ones = (imms & (size - 1)) + 1;
    if ones == size {
        return None;
    }
    let run = (1_u64 << ones) - 1;
    let element_mask = u64::MAX >> (64 - size);
    let rotation = immr & (size - 1);
    let mut pattern = match rotation {
        0 => run,
        r => (run >> r | run << (size - r)) & element_mask,
    };
    let mut filled = size;
    while filled < 64 {
        pattern |= pattern << filled;
        filled *= 2;
    }
    Some(width.truncate(pattern))
}

fn move_wide(word: u32) -> Option<Insn> {
    let width = width(word);
    let shift = bits(word, 21, 2) * 16;
    let op = match bits(word, 29, 2) {
        0 => MoveWide::Not,
        2 => MoveWide::Zero,
        3 => MoveWide::Keep,
        _ => return None,
    };
    (shift < width.bits()).then_some(Insn::MoveWide {
        op,
        width,
        dst: reg_or_zero(word, 0),
        imm: bits(word, 5, 16) as u16,
        shift: shift as u8,
    })
}

fn bitfield(word: u32) -> Option<Insn> {
    let op = match bits(word, 29, 2) {
        0 => Bitfield::Signed,
        1 => Bitfield::Insert,
        2 => Bitfield::Unsigned,
        _ => return None,
    };
    let width = width(word);
    let (rotate, top) = (bits(word, 16, 6), bits(word, 10, 6));
    let valid = bit(word, 22) == bit(word, 31) && rotate < width.bits() && top < width.bits();
    valid.then_some(Insn::Bitfield {
        op,
        width,
        dst: reg_or_zero(word, 0),
        src: reg_or_zero(word, 5),
        rotate: rotate as u8,
        top: top as u8,
    })
}

fn extract(word: u32) -> Option<Insn> {
    let width = width(word);
    let lsb = bits(word, 10, 6);
    let valid = bits(word, 29, 2) == 0
        && !bit(word, 21)
        && bit(word, 22) == bit(word, 31)
        && lsb < width.bits();
    valid.then_some(Insn::Extract {
        width,
        dst: reg_or_zero(word, 0),
        high: reg_or_zero(word, 5),
        low: reg_or_zero(word, 16),
        lsb: lsb as u8,
    })
}
