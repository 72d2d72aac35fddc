//! Data processing with registers only.

use super::fields::{
    bit, bits, extend, other_silent, other_writing_rd, reg_or_sp, reg_or_zero, shift, width,
};
use super::insn::Insn;
use super::operand::{
    AddSub, Condition, Flags, Invert, Logical, Operand, Reverse, Select, Shift, Width,
};

pub(super) fn decode(word: u32) -> Insn {
    let decoded = match (bit(word, 28), bits(word, 21, 4)) {
        (false, 0..=7) => logical(word),
        (false, group) if group & 1 == 0 => add_sub_shifted(word),
        (false, _) => add_sub_extended(word),
        (true, 2) => return other_silent(word), // ccmp, ccmn: flags only
        (true, 4) => select(word),
        (true, 6) if bit(word, 30) => one_source(word),
        (true, 6) => two_sources(word),
        (true, 8) => multiply_add(word),
        _ => None,
    };
    decoded.unwrap_or(other_writing_rd(word))
}

/// A register shifted by a constant; the distance must be below the width.
fn shifted(word: u32) -> Option<Operand> {
    let distance = bits(word, 10, 6);
    (distance < width(word).bits()).then(|| {
        Operand::Shifted(
            reg_or_zero(word, 16),
            shift(bits(word, 22, 2)),
            distance as u8,
        )
    })
}

fn logical(word: u32) -> Option<Insn> {
    let (op, flags) = match bits(word, 29, 2) {
        0 => (Logical::And, Flags::Kept),
        1 => (Logical::Orr, Flags::Kept),
        2 => (Logical::Eor, Flags::Kept),
        _ => (Logical::And, Flags::Set),
    };
    Some(Insn::LogicalRegister {
        op,
        invert: if bit(word, 21) {
            Invert::Yes
        } else {
            Invert::No
        },
        flags,
        width: width(word),
        dst: reg_or_zero(word, 0),
        lhs: reg_or_zero(word, 5),
        rhs: shifted(word)?,
    })
}

fn sum_kind(word: u32) -> (AddSub, Flags) {
    let op = if bit(word, 30) {
        AddSub::Sub
    } else {
        AddSub::Add
    };
    (
        op,
        if bit(word, 29) {
            Flags::Set
        } else {
            Flags::Kept
        },
    )
}

fn add_sub_shifted(word: u32) -> Option<Insn> {
    let (op, flags) = sum_kind(word);
    let rhs = shifted(word).filter(|_| bits(word, 22, 2) != 3)?;
    let (dst, lhs) = (reg_or_zero(word, 0), reg_or_zero(word, 5));
    Some(Insn::AddSubRegister {
        op,
        flags,
        width: width(word),
        dst,
        lhs,
        rhs,
    })
}

fn add_sub_extended(word: u32) -> Option<Insn> {
    let distance = bits(word, 10, 3);
    if bits(word, 22, 2) != 0 || distance > 4 {
        return None;
    }
    let (op, flags) = sum_kind(word);
    let dst = if flags == Flags::Set {
        reg_or_zero(word, 0)
    } else {
        reg_or_sp(word, 0)
    };
    let kind = extend(bits(word, 13, 3));
    let rhs = Operand::Extended(reg_or_zero(word, 16), kind, distance as u8);
    Some(Insn::AddSubRegister {
        op,
        flags,
        width: width(word),
        dst,
        lhs: reg_or_sp(word, 5),
        rhs,
    })
}

fn select(word: u32) -> Option<Insn> {
    let op = match (bit(word, 30), bits(word, 10, 2)) {
        (false, 0) => Select::Plain,
        (false, 1) => Select::Increment,
        (true, 0) => Select::Invert,
        (true, 1) => Select::Negate,
        _ => return None,
    };
    (!bit(word, 29)).then_some(Insn::ConditionalSelect {
        op,
        width: width(word),
        dst: reg_or_zero(word, 0),
        if_true: reg_or_zero(word, 5),
        if_false: reg_or_zero(word, 16),
        condition: Condition(bits(word, 12, 4) as u8),
    })
}

fn one_source(word: u32) -> Option<Insn> {
    let width = width(word);
    let op = match (bits(word, 10, 6), width) {
        (0, _) => Reverse::Bits,
        (1, _) => Reverse::BytesInHalfwords,
        (2, _) => Reverse::BytesInWords,
        (3, Width::X) => Reverse::BytesInDoubleword,
        _ => return None,
    };
    let plain = !bit(word, 29) && bits(word, 16, 5) == 0;
    plain.then_some(Insn::Reverse {
        op,
        width,
        dst: reg_or_zero(word, 0),
        src: reg_or_zero(word, 5),
    })
}

fn two_sources(word: u32) -> Option<Insn> {
    let op = match bits(word, 10, 6) {
        8 => Shift::Lsl,
        9 => Shift::Lsr,
        10 => Shift::Asr,
        11 => Shift::Ror,
        _ => return None,
    };
    (!bit(word, 29)).then_some(Insn::ShiftRegister {
        op,
        width: width(word),
        dst: reg_or_zero(word, 0),
        src: reg_or_zero(word, 5),
        amount: reg_or_zero(word, 16),
    })
}

fn multiply_add(word: u32) -> Option<Insn> {
    (bits(word, 29, 2) == 0).then_some(Insn::MultiplyAdd {
        op: if bit(word, 15) {
            AddSub::Sub
        } else {
            AddSub::Add
        },
        width: width(word),
        dst: reg_or_zero(word, 0),
        lhs: reg_or_zero(word, 5),
        rhs: reg_or_zero(word, 16),
        addend: reg_or_zero(word, 10),
    })
}
