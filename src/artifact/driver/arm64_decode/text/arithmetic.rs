//! Sums, moves, bitwise operations, selections, bit fields.

use std::fmt::{self, Write};

use super::super::insn::Insn;
use super::super::operand::{
    AddSub, Bitfield, Extend, Flags, Invert, Logical, MoveWide, Operand, Reg, Reverse, Select,
    Shift, Width,
};
use super::branch::condition_name;
use super::{Number, extended_width, operand, reg};

pub(super) fn move_wide(
    out: &mut String,
    op: MoveWide,
    dst: String,
    width: Width,
    imm: u16,
    shift: u8,
) -> fmt::Result {
    let value = u64::from(imm) << shift;
    match op {
        MoveWide::Zero => write!(out, "mov {dst}, {}", Number(value)),
        MoveWide::Not => write!(out, "mov {dst}, {}", Number(width.truncate(!value))),
        MoveWide::Keep if shift == 0 => write!(out, "movk {dst}, {}", Number(u64::from(imm))),
        MoveWide::Keep => write!(out, "movk {dst}, {}, lsl #{shift}", Number(u64::from(imm))),
    }
}

fn add_sub_name(op: AddSub, flags: Flags) -> &'static str {
    match (op, flags) {
        (AddSub::Add, Flags::Kept) => "add",
        (AddSub::Add, Flags::Set) => "adds",
        (AddSub::Sub, Flags::Kept) => "sub",
        (AddSub::Sub, Flags::Set) => "subs",
    }
}

/// `cmp` and `cmn`: a difference or sum of which only the flags are kept.
fn compare_name(op: AddSub) -> &'static str {
    if op == AddSub::Sub { "cmp" } else { "cmn" }
}

pub(super) fn add_sub_immediate(out: &mut String, insn: &Insn) -> fmt::Result {
    let Insn::AddSubImmediate {
        op,
        flags,
        width,
        dst,
        src,
        imm,
    } = *insn
    else {
        return Ok(());
    };
    let (d, s, n) = (reg(dst, width), reg(src, width), Number(u64::from(imm)));
    match (op, flags, dst, src, imm) {
        (AddSub::Add, Flags::Kept, Reg::Sp, _, 0) | (AddSub::Add, Flags::Kept, _, Reg::Sp, 0) => {
            write!(out, "mov {d}, {s}")
        }
        (_, Flags::Set, Reg::Zr, ..) => write!(out, "{} {s}, {n}", compare_name(op)),
        _ => write!(out, "{} {d}, {s}, {n}", add_sub_name(op, flags)),
    }
}

pub(super) fn add_sub_register(out: &mut String, insn: &Insn) -> fmt::Result {
    let Insn::AddSubRegister {
        op,
        flags,
        width,
        dst,
        lhs,
        rhs,
    } = *insn
    else {
        return Ok(());
    };
    // With the stack pointer the extension is the only form there is; it prints as a shift.
    let rhs = match rhs {
        Operand::Extended(r, Extend::Uxtx, by) if dst == Reg::Sp || lhs == Reg::Sp => {
            Operand::Shifted(r, Shift::Lsl, by)
        }
        other => other,
    };
    let (d, l, r) = (
        reg(dst, width),
        reg(lhs, width),
        operand(rhs, width, extended_width(rhs)),
    );
    let name = add_sub_name(op, flags);
    match (flags, dst, lhs) {
        (Flags::Set, Reg::Zr, _) => write!(out, "{} {l}, {r}", compare_name(op)),
        (_, _, Reg::Zr) if op == AddSub::Sub => {
            write!(
                out,
                "neg{} {d}, {r}",
                if flags == Flags::Set { "s" } else { "" }
            )
        }
        _ => write!(out, "{name} {d}, {l}, {r}"),
    }
}

pub(super) fn logical_immediate(out: &mut String, insn: &Insn) -> fmt::Result {
    let Insn::LogicalImmediate {
        op,
        flags,
        width,
        dst,
        src,
        imm,
    } = *insn
    else {
        return Ok(());
    };
    let (d, s, n) = (reg(dst, width), reg(src, width), Number(imm));
    match (op, flags, dst, src) {
        (Logical::Orr, _, _, Reg::Zr) => write!(out, "mov {d}, {n}"),
        (_, Flags::Set, Reg::Zr, _) => write!(out, "tst {s}, {n}"),
        _ => write!(out, "{} {d}, {s}, {n}", logical_name(op, flags, Invert::No)),
    }
}

pub(super) fn logical_register(out: &mut String, insn: &Insn) -> fmt::Result {
    let Insn::LogicalRegister {
        op,
        invert,
        flags,
        width,
        dst,
        lhs,
        rhs,
    } = *insn
    else {
        return Ok(());
    };
    let (d, l, r) = (reg(dst, width), reg(lhs, width), operand(rhs, width, width));
    match (op, invert, flags, dst, lhs, rhs) {
        (Logical::Orr, Invert::No, _, _, Reg::Zr, Operand::Shifted(_, Shift::Lsl, 0)) => {
            write!(out, "mov {d}, {r}")
        }
        (Logical::Orr, Invert::Yes, _, _, Reg::Zr, _) => write!(out, "mvn {d}, {r}"),
        (_, Invert::No, Flags::Set, Reg::Zr, ..) => write!(out, "tst {l}, {r}"),
        _ => write!(out, "{} {d}, {l}, {r}", logical_name(op, flags, invert)),
    }
}

fn logical_name(op: Logical, flags: Flags, invert: Invert) -> &'static str {
    match (op, flags, invert) {
        (Logical::And, Flags::Kept, Invert::No) => "and",
        (Logical::And, Flags::Kept, Invert::Yes) => "bic",
        (Logical::And, Flags::Set, Invert::No) => "ands",
        (Logical::And, Flags::Set, Invert::Yes) => "bics",
        (Logical::Orr, _, Invert::No) => "orr",
        (Logical::Orr, _, Invert::Yes) => "orn",
        (Logical::Eor, _, Invert::No) => "eor",
        (Logical::Eor, _, Invert::Yes) => "eon",
    }
}

pub(super) fn select(out: &mut String, insn: &Insn) -> fmt::Result {
    let Insn::ConditionalSelect {
        op,
        width,
        dst,
        if_true,
        if_false,
        condition,
    } = *insn
    else {
        return Ok(());
    };
    let (d, t, f) = (reg(dst, width), reg(if_true, width), reg(if_false, width));
    let (name, not) = (
        condition_name(condition),
        condition_name(condition.inverted()),
    );
    let alias = if_true == if_false && !condition.is_always();
    match (op, if_true) {
        (Select::Plain, _) => write!(out, "csel {d}, {t}, {f}, {name}"),
        (Select::Increment, Reg::Zr) if alias => write!(out, "cset {d}, {not}"),
        (Select::Increment, _) if alias => write!(out, "cinc {d}, {t}, {not}"),
        (Select::Increment, _) => write!(out, "csinc {d}, {t}, {f}, {name}"),
        (Select::Invert, Reg::Zr) if alias => write!(out, "csetm {d}, {not}"),
        (Select::Invert, _) if alias => write!(out, "cinv {d}, {t}, {not}"),
        (Select::Invert, _) => write!(out, "csinv {d}, {t}, {f}, {name}"),
        (Select::Negate, _) if alias => write!(out, "cneg {d}, {t}, {not}"),
        (Select::Negate, _) => write!(out, "csneg {d}, {t}, {f}, {name}"),
    }
}

pub(super) fn bitfield(
    out: &mut String,
    op: Bitfield,
    width: Width,
    (d, s): (String, String),
    (rotate, top): (u32, u32),
) -> fmt::Result {
    let last = width.bits() - 1;
    let wrapped = width.bits() - rotate;
    let length = top + 1;
    let narrow = |s: String| s.replacen('x', "w", 1);
    match op {
        Bitfield::Unsigned if top != last && top + 1 == rotate => {
            write!(out, "lsl {d}, {s}, #{}", last - top)
        }
        Bitfield::Unsigned if top == last => write!(out, "lsr {d}, {s}, #{rotate}"),
        Bitfield::Signed if top == last => write!(out, "asr {d}, {s}, #{rotate}"),
        Bitfield::Unsigned if rotate == 0 && top == 7 && width == Width::W => {
            write!(out, "uxtb {d}, {s}")
        }
        Bitfield::Unsigned if rotate == 0 && top == 15 && width == Width::W => {
            write!(out, "uxth {d}, {s}")
        }
        Bitfield::Signed if rotate == 0 && top == 7 => write!(out, "sxtb {d}, {}", narrow(s)),
        Bitfield::Signed if rotate == 0 && top == 15 => write!(out, "sxth {d}, {}", narrow(s)),
        Bitfield::Signed if rotate == 0 && top == 31 => write!(out, "sxtw {d}, {}", narrow(s)),
        Bitfield::Insert if top < rotate && s.ends_with("zr") => {
            write!(out, "bfc {d}, #{wrapped}, #{length}")
        }
        _ if top < rotate => write!(out, "{} {d}, {s}, #{wrapped}, #{length}", place_name(op)),
        _ => write!(
            out,
            "{} {d}, {s}, #{rotate}, #{}",
            take_name(op),
            length - rotate
        ),
    }
}

/// A low field placed higher up.
fn place_name(op: Bitfield) -> &'static str {
    match op {
        Bitfield::Unsigned => "ubfiz",
        Bitfield::Signed => "sbfiz",
        Bitfield::Insert => "bfi",
    }
}

/// A field taken down to bit 0.
fn take_name(op: Bitfield) -> &'static str {
    match op {
        Bitfield::Unsigned => "ubfx",
        Bitfield::Signed => "sbfx",
        Bitfield::Insert => "bfxil",
    }
}

pub(super) fn extract(
    out: &mut String,
    width: Width,
    dst: Reg,
    (high, low): (Reg, Reg),
    lsb: u8,
) -> fmt::Result {
    let (d, h, l) = (reg(dst, width), reg(high, width), reg(low, width));
    match high == low {
        true => write!(out, "ror {d}, {h}, #{lsb}"),
        false => write!(out, "extr {d}, {h}, {l}, #{lsb}"),
    }
}

pub(super) fn reverse_name(op: Reverse, width: Width) -> &'static str {
    match (op, width) {
        (Reverse::Bits, _) => "rbit",
        (Reverse::BytesInHalfwords, _) => "rev16",
        (Reverse::BytesInWords, Width::X) => "rev32",
        (Reverse::BytesInWords, Width::W) | (Reverse::BytesInDoubleword, _) => "rev",
    }
}
