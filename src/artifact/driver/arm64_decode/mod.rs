//! ARM64 machine code, as far as the data flow of constants needs it.
//!
//! [`decode`] is a pure function of one instruction word. It knows the instructions
//! with which compilers make, move, merge, store and pass constants, the branches, and
//! for everything else which registers may change. It accepts reserved encodings (as
//! [`Insn::Other`]) and never fails. Contents of vector registers are not modelled,
//! nor are SVE and SME, which drivers do not use.
//!
//! The layout of the encodings is that of the Arm Architecture Reference Manual for
//! A-profile, chapter C4 "A64 instruction set encoding".
//!
//! ```
//! use poolsleuth::artifact::driver::arm64_decode::{decode, text};
//!
//! assert_eq!(text(&decode(0x528c_a982), 0), "mov w2, #0x654c");
//! ```

mod branch;
mod fields;
mod flow;
mod immediate;
mod insn;
mod memory;
mod operand;
mod register;
mod text;
mod vector;

#[cfg(test)]
mod tests;

pub use insn::Insn;
pub use operand::{
    AddSub, Address, Authentication, Bitfield, BranchKind, Condition, Data, Exception, Extend,
    Fill, Flags, Invert, LINK, Logical, MemoryEffect, MoveWide, Operand, PcBase, Reg, RegSet,
    Reverse, Select, Shift, Test, VectorWidth, Width, Writeback,
};
pub use text::text;

/// What the instruction `word` does.
///
/// Bits 25..29 name the group. Words that the architecture leaves unallocated become
/// [`Insn::Other`] (or, with sixteen leading zeros, the permanently undefined `udf`).
pub fn decode(word: u32) -> Insn {
    match fields::bits(word, 25, 4) {
        0b1000 | 0b1001 => immediate::decode(word),
        0b1010 | 0b1011 => branch::decode(word),
        0b0100 | 0b0110 | 0b1100 | 0b1110 => memory::decode(word),
        0b0101 | 0b1101 => register::decode(word),
        0b0111 | 0b1111 => vector::decode(word),
        _ if word >> 16 == 0 => Insn::Exception {
            kind: Exception::Undefined,
            code: word as u16,
        },
        // Reserved, SVE and SME: a scalar result, if any, is in bits 0..5.
        _ => fields::other(
            word,
            RegSet::of(fields::reg_or_sp(word, 0)),
            MemoryEffect::Store(fields::reg_or_sp(word, 5)),
        ),
    }
}
