//! Vector and floating-point instructions: only constants are modelled, and the few
//! instructions that move a value into a general register are known to write it.

use super::fields::{bit, bits, other_silent, other_writing_rd};
use super::insn::Insn;
use super::operand::VectorWidth;

pub(super) fn decode(word: u32) -> Insn {
    if let Some(insn) = immediate(word) {
        return insn;
    }
    if writes_general(word) {
        other_writing_rd(word)
    } else {
        other_silent(word)
    }
}

/// `movi` and `mvni`. `orr`, `bic` and `fmov` of the same encoding group are left out.
fn immediate(word: u32) -> Option<Insn> {
    let fixed = word & 0x9ff8_0c00 == 0x0f00_0400;
    if !fixed {
        return None;
    }
    let byte = u64::from(bits(word, 16, 3) << 5 | bits(word, 5, 5));
    let inverted = bit(word, 29);
    let mode = bits(word, 12, 4);
    let pattern = match mode {
        0 | 2 | 4 | 6 => repeat_word(byte << (mode / 2 * 8)),
        8 | 10 => repeat_half(byte << ((mode - 8) / 2 * 8)),
        12 => repeat_word(byte << 8 | 0xff),
        13 => repeat_word(byte << 16 | 0xffff),
        14 if inverted => return Some(with_pattern(word, bytes_from_bits(byte))),
        14 => byte * 0x0101_0101_0101_0101,
        _ => return None,
    };
    Some(with_pattern(
        word,
        if inverted { !pattern } else { pattern },
    ))
}

fn with_pattern(word: u32, pattern: u64) -> Insn {
    let width = if bit(word, 30) {
        VectorWidth::Q
    } else {
        VectorWidth::D
    };
    Insn::VectorImmediate {
        dst: bits(word, 0, 5) as u8,
        width,
        pattern,
    }
}

fn repeat_word(value: u64) -> u64 {
    value | value << 32
}

fn repeat_half(value: u64) -> u64 {
    repeat_word(value | value << 16)
}

/// Each of the eight bits becomes a byte of equal bits.
fn bytes_from_bits(byte: u64) -> u64 {
    (0..8)
        .filter(|at| byte >> at & 1 == 1)
        .fold(0, |sum, at| sum | 0xff << (at * 8))
}

/// Moves and conversions whose result is a general register. The scalar group
/// (`11110` in bits 24..29, bit 30 clear) converts to or from integers, told apart by
/// the opcode in bits 16..19; the copy group has `umov` and `smov`.
fn writes_general(word: u32) -> bool {
    let scalar = bits(word, 24, 5) == 0b11110 && !bit(word, 30) && !bit(word, 29);
    if scalar {
        let to_integer = !matches!(bits(word, 16, 3), 2 | 3 | 7);
        let with_integer = bit(word, 21) && bits(word, 10, 6) == 0;
        return to_integer && (with_integer || !bit(word, 21));
    }
    let copy = word & 0xbfe0_8400 == 0x0e00_0400;
    copy && matches!(bits(word, 11, 4), 5 | 7)
}
