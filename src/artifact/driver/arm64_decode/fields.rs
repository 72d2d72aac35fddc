//! Bit fields of an instruction word.

use super::insn::Insn;
use super::operand::{Extend, MemoryEffect, Reg, RegSet, Shift, Width};

/// `count` bits of `word` from bit `low` on; `count` is below 32.
pub(super) const fn bits(word: u32, low: u32, count: u32) -> u32 {
    (word >> low) & ((1 << count) - 1)
}

/// True when bit `at` of `word` is set.
pub(super) const fn bit(word: u32, at: u32) -> bool {
    bits(word, at, 1) == 1
}

/// `count` bits of `word` from bit `low` on, as a signed number.
pub(super) const fn signed_bits(word: u32, low: u32, count: u32) -> i64 {
    let unused = 64 - count;
    ((bits(word, low, count) as i64) << unused) >> unused
}

/// A register field in which 31 is the zero register.
pub(super) const fn reg_or_zero(word: u32, low: u32) -> Reg {
    match bits(word, low, 5) {
        31 => Reg::Zr,
        number => Reg::R(number as u8),
    }
}

/// A register field in which 31 is the stack pointer.
pub(super) const fn reg_or_sp(word: u32, low: u32) -> Reg {
    match bits(word, low, 5) {
        31 => Reg::Sp,
        number => Reg::R(number as u8),
    }
}

/// The `sf` bit.
pub(super) const fn width(word: u32) -> Width {
    if bit(word, 31) { Width::X } else { Width::W }
}

/// A two-bit shift kind.
pub(super) const fn shift(kind: u32) -> Shift {
    match kind & 3 {
        0 => Shift::Lsl,
        1 => Shift::Lsr,
        2 => Shift::Asr,
        _ => Shift::Ror,
    }
}

/// A three-bit extension kind.
pub(super) const fn extend(kind: u32) -> Extend {
    match kind & 7 {
        0 => Extend::Uxtb,
        1 => Extend::Uxth,
        2 => Extend::Uxtw,
        3 => Extend::Uxtx,
        4 => Extend::Sxtb,
        5 => Extend::Sxth,
        6 => Extend::Sxtw,
        _ => Extend::Sxtx,
    }
}

/// An instruction of which only the result register is known (bits 0..5).
pub(super) const fn other_writing_rd(word: u32) -> Insn {
    other(word, RegSet::of(reg_or_zero(word, 0)), MemoryEffect::None)
}

/// An instruction that changes no general register and no memory.
pub(super) const fn other_silent(word: u32) -> Insn {
    other(word, RegSet::EMPTY, MemoryEffect::None)
}

/// An instruction of which only the effects are known.
pub(super) const fn other(word: u32, writes: RegSet, memory: MemoryEffect) -> Insn {
    Insn::Other {
        word,
        writes,
        memory,
    }
}
