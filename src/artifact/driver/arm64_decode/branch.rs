//! Branches, exceptions and system instructions.

use super::fields::{
    bit, bits, other_silent, other_writing_rd, reg_or_sp, reg_or_zero, signed_bits,
};
use super::insn::Insn;
use super::operand::{Authentication, BranchKind, Condition, Exception, LINK, Reg, Test, Width};

pub(super) fn decode(word: u32) -> Insn {
    match bits(word, 29, 3) {
        0 | 4 => direct(word),
        1 | 5 if bit(word, 25) => test_bit(word),
        1 | 5 => compare_zero(word),
        2 if bits(word, 24, 5) == 0b10100 => conditional(word),
        6 => match bits(word, 24, 5) {
            0b10100 => exception(word),
            0b10101 => system(word),
            0b10110 | 0b10111 => register(word).unwrap_or(other_silent(word)),
            _ => other_silent(word),
        },
        _ => other_writing_rd(word),
    }
}

fn direct(word: u32) -> Insn {
    let kind = if bit(word, 31) {
        BranchKind::Call
    } else {
        BranchKind::Jump
    };
    Insn::Branch {
        kind,
        offset: signed_bits(word, 0, 26) << 2,
    }
}

fn conditional(word: u32) -> Insn {
    let condition = Condition(bits(word, 0, 4) as u8);
    Insn::BranchIf {
        test: Test::Flags(condition),
        offset: signed_bits(word, 5, 19) << 2,
    }
}

fn compare_zero(word: u32) -> Insn {
    let reg = reg_or_zero(word, 0);
    let width = if bit(word, 31) { Width::X } else { Width::W };
    let test = if bit(word, 24) {
        Test::NotZero(reg, width)
    } else {
        Test::Zero(reg, width)
    };
    Insn::BranchIf {
        test,
        offset: signed_bits(word, 5, 19) << 2,
    }
}

fn test_bit(word: u32) -> Insn {
    let reg = reg_or_zero(word, 0);
    let number = (bits(word, 31, 1) << 5 | bits(word, 19, 5)) as u8;
    let test = if bit(word, 24) {
        Test::BitSet(reg, number)
    } else {
        Test::BitClear(reg, number)
    };
    Insn::BranchIf {
        test,
        offset: signed_bits(word, 5, 14) << 2,
    }
}

fn exception(word: u32) -> Insn {
    let kind = match (bits(word, 21, 3), bits(word, 0, 5)) {
        (1, 0) => Exception::Break,
        _ => Exception::Call,
    };
    Insn::Exception {
        kind,
        code: bits(word, 5, 16) as u16,
    }
}

/// System registers, barriers, hints. Only reads of a system register (and `sysl`)
/// write a general one; both have bit 21 set.
fn system(word: u32) -> Insn {
    if word & 0xffff_f01f == 0xd503_201f {
        return Insn::Hint(bits(word, 5, 7) as u8);
    }
    if bit(word, 21) {
        other_writing_rd(word)
    } else {
        other_silent(word)
    }
}

/// `br`, `blr`, `ret`, `eret` and the pointer-authenticated forms, which carry a key
/// in bit 10 and, where bit 24 is set, a modifier register in bits 0..5.
fn register(word: u32) -> Option<Insn> {
    if bits(word, 16, 5) != 31 {
        return None;
    }
    let authenticated = match bits(word, 10, 6) {
        0 => false,
        2 | 3 => true,
        _ => return None,
    };
    let kind = match bits(word, 21, 3) {
        0 => BranchKind::Jump,
        1 => BranchKind::Call,
        2 => BranchKind::Return,
        4 | 5 => {
            return Some(Insn::Exception {
                kind: Exception::Return,
                code: 0,
            });
        }
        _ => return None,
    };
    let auth = match (authenticated, bit(word, 24)) {
        (false, _) => Authentication::None,
        (true, true) => Authentication::By(reg_or_sp(word, 0)),
        (true, false) if kind == BranchKind::Return => Authentication::By(Reg::Sp),
        (true, false) => Authentication::By(Reg::Zr),
    };
    let target = match (kind, authenticated) {
        (BranchKind::Return, true) => LINK,
        _ => reg_or_zero(word, 5),
    };
    Some(Insn::BranchRegister { kind, target, auth })
}
