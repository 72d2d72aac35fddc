//! Readable assembly for reports, with the aliases that disassemblers prefer.

use std::fmt::{self, Write};

mod access;
mod arithmetic;
mod branch;

use super::insn::Insn;
use super::operand::{AddSub, BranchKind, Extend, Operand, PcBase, Reg, Shift, VectorWidth, Width};
use access::access;
use arithmetic::{
    add_sub_immediate, add_sub_register, bitfield, extract, logical_immediate, logical_register,
    move_wide, reverse_name, select,
};
use branch::{branch_if, branch_register, exception, hint};

/// The instruction in assembly notation, as if it stood at address `pc`: targets of
/// branches and of `adr`/`adrp` are absolute. What is not modelled prints as its word.
pub fn text(insn: &Insn, pc: u64) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail; a failure would only shorten the text.
    let _ = write_insn(&mut out, insn, pc);
    out
}

fn write_insn(out: &mut String, insn: &Insn, pc: u64) -> fmt::Result {
    match *insn {
        Insn::PcRelative { dst, base, .. } => {
            let name = if base == PcBase::Page { "adrp" } else { "adr" };
            let address = insn.pc_relative_address(pc).unwrap_or(pc);
            write!(out, "{name} {}, {}", x(dst), Number(address))
        }
        Insn::MoveWide {
            op,
            width,
            dst,
            imm,
            shift,
        } => move_wide(out, op, reg(dst, width), width, imm, shift),
        Insn::AddSubImmediate { .. } => add_sub_immediate(out, insn),
        Insn::AddSubRegister { .. } => add_sub_register(out, insn),
        Insn::LogicalImmediate { .. } => logical_immediate(out, insn),
        Insn::LogicalRegister { .. } => logical_register(out, insn),
        Insn::Load { .. } | Insn::Store { .. } => access(out, insn, pc),
        Insn::Branch { kind, .. } => {
            let name = if kind == BranchKind::Call { "bl" } else { "b" };
            write!(out, "{name} {}", target(insn, pc))
        }
        Insn::BranchIf { test, .. } => branch_if(out, test, target(insn, pc)),
        Insn::BranchRegister { kind, target, auth } => branch_register(out, kind, target, auth),
        Insn::ConditionalSelect { .. } => select(out, insn),
        Insn::Bitfield {
            op,
            width,
            dst,
            src,
            rotate,
            top,
        } => {
            let (d, s) = (reg(dst, width), reg(src, width));
            bitfield(out, op, width, (d, s), (u32::from(rotate), u32::from(top)))
        }
        Insn::Extract {
            width,
            dst,
            high,
            low,
            lsb,
        } => extract(out, width, dst, (high, low), lsb),
        Insn::ShiftRegister {
            op,
            width,
            dst,
            src,
            amount,
        } => {
            let (d, s, a) = (reg(dst, width), reg(src, width), reg(amount, width));
            write!(out, "{} {d}, {s}, {a}", shift_name(op))
        }
        Insn::MultiplyAdd {
            op,
            width,
            dst,
            lhs,
            rhs,
            addend,
        } => {
            let (d, l, r) = (reg(dst, width), reg(lhs, width), reg(rhs, width));
            match (op, addend) {
                (AddSub::Add, Reg::Zr) => write!(out, "mul {d}, {l}, {r}"),
                (AddSub::Sub, Reg::Zr) => write!(out, "mneg {d}, {l}, {r}"),
                (AddSub::Add, a) => write!(out, "madd {d}, {l}, {r}, {}", reg(a, width)),
                (AddSub::Sub, a) => write!(out, "msub {d}, {l}, {r}, {}", reg(a, width)),
            }
        }
        Insn::Reverse {
            op,
            width,
            dst,
            src,
        } => {
            write!(
                out,
                "{} {}, {}",
                reverse_name(op, width),
                reg(dst, width),
                reg(src, width)
            )
        }
        Insn::VectorImmediate {
            dst,
            width,
            pattern,
        } => match width {
            VectorWidth::D => write!(out, "movi d{dst}, {}", Number(pattern)),
            VectorWidth::Q => write!(out, "movi v{dst}.2d, {}", Number(pattern)),
        },
        Insn::Hint(number) => hint(out, number),
        Insn::Exception { kind, code } => exception(out, kind, code),
        Insn::Other { word, .. } => write!(out, ".word 0x{word:08x}"),
    }
}

/// A constant: small ones in decimal, the rest in hexadecimal.
struct Number(u64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 10 {
            write!(f, "#{}", self.0)
        } else {
            write!(f, "#{:#x}", self.0)
        }
    }
}

/// A signed byte offset.
struct Offset(i64);

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 < 0, self.0.unsigned_abs()) {
            (sign, n @ 0..=9) => write!(f, "#{}{n}", if sign { "-" } else { "" }),
            (sign, n) => write!(f, "#{}{n:#x}", if sign { "-" } else { "" }),
        }
    }
}

fn reg(reg: Reg, width: Width) -> String {
    match (reg, width) {
        (Reg::R(n), Width::W) => format!("w{n}"),
        (Reg::R(n), Width::X) => format!("x{n}"),
        (Reg::Sp, Width::W) => "wsp".to_owned(),
        (Reg::Sp, Width::X) => "sp".to_owned(),
        (Reg::Zr, Width::W) => "wzr".to_owned(),
        (Reg::Zr, Width::X) => "xzr".to_owned(),
    }
}

fn x(register: Reg) -> String {
    reg(register, Width::X)
}

fn target(insn: &Insn, pc: u64) -> String {
    format!("{:#x}", insn.branch_target(pc).unwrap_or(pc))
}

/// An extended operand is named by the width that enters the extension.
fn extended_width(operand: Operand) -> Width {
    match operand {
        Operand::Extended(_, Extend::Uxtx | Extend::Sxtx, _) => Width::X,
        _ => Width::W,
    }
}

fn operand(operand: Operand, width: Width, extended: Width) -> String {
    match operand {
        Operand::Shifted(r, Shift::Lsl, 0) => reg(r, width),
        Operand::Shifted(r, kind, by) => format!("{}, {} #{by}", reg(r, width), shift_name(kind)),
        Operand::Extended(r, kind, 0) => format!("{}, {}", reg(r, extended), extend_name(kind)),
        Operand::Extended(r, kind, by) => {
            format!("{}, {} #{by}", reg(r, extended), extend_name(kind))
        }
    }
}

fn shift_name(shift: Shift) -> &'static str {
    match shift {
        Shift::Lsl => "lsl",
        Shift::Lsr => "lsr",
        Shift::Asr => "asr",
        Shift::Ror => "ror",
    }
}

fn extend_name(extend: Extend) -> &'static str {
    match extend {
        Extend::Uxtb => "uxtb",
        Extend::Uxth => "uxth",
        Extend::Uxtw => "uxtw",
        Extend::Uxtx => "uxtx",
        Extend::Sxtb => "sxtb",
        Extend::Sxth => "sxth",
        Extend::Sxtw => "sxtw",
        Extend::Sxtx => "sxtx",
    }
}
