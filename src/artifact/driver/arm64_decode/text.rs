//! Readable assembly for reports, with the aliases that disassemblers prefer.

use std::fmt::{self, Write};

use super::insn::{
    AddSub, Address, Authentication, Bitfield, BranchKind, Condition, Data, Exception, Extend,
    Fill, Flags, Insn, Invert, Logical, MoveWide, Operand, PcBase, Reg, Reverse, Select, Shift,
    Test, VectorWidth, Width, Writeback,
};

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

fn move_wide(
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

fn add_sub_immediate(out: &mut String, insn: &Insn) -> fmt::Result {
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

fn add_sub_register(out: &mut String, insn: &Insn) -> fmt::Result {
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

fn logical_immediate(out: &mut String, insn: &Insn) -> fmt::Result {
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

fn logical_register(out: &mut String, insn: &Insn) -> fmt::Result {
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

fn access(out: &mut String, insn: &Insn, pc: u64) -> fmt::Result {
    let (name, data, second, size, fill, address) = match *insn {
        Insn::Load {
            data,
            second,
            size,
            fill,
            address,
        } => ("ld", data, second, size, fill, address),
        Insn::Store {
            data,
            second,
            size,
            address,
        } => ("st", data, second, size, Fill::Zero, address),
        _ => return Ok(()),
    };
    let pair = if second.is_some() { "p" } else { "r" };
    out.push_str(name);
    out.push_str(pair);
    if fill == Fill::Sign {
        out.push('s');
    }
    if let (Data::General(..), 1 | 2) | (Data::General(_, Width::X), 4) = (data, size) {
        out.push_str(match size {
            1 => "b",
            2 => "h",
            _ => "w",
        });
    }
    write!(out, " {}", data_name(data, size))?;
    if let Some(second) = second {
        write!(out, ", {}", data_name(second, size))?;
    }
    match insn.pc_relative_address(pc) {
        Some(literal) => write!(out, ", {literal:#x}"),
        None => write!(out, ", {}", address_text(address)),
    }
}

fn data_name(data: Data, size: u8) -> String {
    match data {
        Data::General(r, width) => reg(r, width),
        Data::Vector(n) => {
            let letter = match size {
                1 => 'b',
                2 => 'h',
                4 => 's',
                8 => 'd',
                _ => 'q',
            };
            format!("{letter}{n}")
        }
    }
}

fn address_text(address: Address) -> String {
    match address {
        Address::Offset {
            base,
            offset: 0,
            writeback: Writeback::None,
        } => format!("[{}]", x(base)),
        Address::Offset {
            base,
            offset,
            writeback,
        } => match writeback {
            Writeback::None => format!("[{}, {}]", x(base), Offset(offset)),
            Writeback::Pre => format!("[{}, {}]!", x(base), Offset(offset)),
            Writeback::Post => format!("[{}], {}", x(base), Offset(offset)),
        },
        Address::Indexed { base, index } => {
            format!(
                "[{}, {}]",
                x(base),
                operand(index, Width::X, extended_width(index))
            )
        }
        Address::Literal(offset) => format!("{}", Offset(offset)),
    }
}

fn branch_if(out: &mut String, test: Test, target: String) -> fmt::Result {
    match test {
        Test::Flags(condition) => write!(out, "b.{} {target}", condition_name(condition)),
        Test::Zero(r, width) => write!(out, "cbz {}, {target}", reg(r, width)),
        Test::NotZero(r, width) => write!(out, "cbnz {}, {target}", reg(r, width)),
        Test::BitClear(r, bit) => write!(out, "tbz {}, #{bit}, {target}", bit_reg(r, bit)),
        Test::BitSet(r, bit) => write!(out, "tbnz {}, #{bit}, {target}", bit_reg(r, bit)),
    }
}

fn bit_reg(r: Reg, bit: u8) -> String {
    reg(r, if bit < 32 { Width::W } else { Width::X })
}

fn condition_name(condition: Condition) -> &'static str {
    const NAMES: [&str; 16] = [
        "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al",
        "nv",
    ];
    NAMES
        .get(usize::from(condition.number()))
        .copied()
        .unwrap_or("nv")
}

/// The two keys of pointer authentication are not kept apart: both print as `a`.
fn branch_register(
    out: &mut String,
    kind: BranchKind,
    target: Reg,
    auth: Authentication,
) -> fmt::Result {
    match (kind, auth) {
        (BranchKind::Return, Authentication::By(_)) => write!(out, "retaa"),
        (BranchKind::Return, _) if target == super::LINK => write!(out, "ret"),
        (BranchKind::Return, _) => write!(out, "ret {}", x(target)),
        (BranchKind::Jump, Authentication::None) => write!(out, "br {}", x(target)),
        (BranchKind::Call, Authentication::None) => write!(out, "blr {}", x(target)),
        (kind, Authentication::By(modifier)) => {
            let name = if kind == BranchKind::Call {
                "blraa"
            } else {
                "braa"
            };
            match modifier {
                Reg::Zr => write!(out, "{name}z {}", x(target)),
                by => write!(out, "{name} {}, {}", x(target), x(by)),
            }
        }
    }
}

fn select(out: &mut String, insn: &Insn) -> fmt::Result {
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

fn bitfield(
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

fn extract(
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

fn reverse_name(op: Reverse, width: Width) -> &'static str {
    match (op, width) {
        (Reverse::Bits, _) => "rbit",
        (Reverse::BytesInHalfwords, _) => "rev16",
        (Reverse::BytesInWords, Width::X) => "rev32",
        (Reverse::BytesInWords, Width::W) | (Reverse::BytesInDoubleword, _) => "rev",
    }
}

fn hint(out: &mut String, number: u8) -> fmt::Result {
    let name = match number {
        0 => "nop",
        1 => "yield",
        2 => "wfe",
        3 => "wfi",
        4 => "sev",
        5 => "sevl",
        7 => "xpaclri",
        25 => "paciasp",
        27 => "pacibsp",
        29 => "autiasp",
        31 => "autibsp",
        32 => "bti",
        34 => "bti c",
        36 => "bti j",
        38 => "bti jc",
        _ => return write!(out, "hint #{number}"),
    };
    out.write_str(name)
}

fn exception(out: &mut String, kind: Exception, code: u16) -> fmt::Result {
    let code = Number(u64::from(code));
    match kind {
        Exception::Break => write!(out, "brk {code}"),
        Exception::Undefined => write!(out, "udf {code}"),
        Exception::Return => out.write_str("eret"),
        Exception::Call => write!(out, "svc {code}"),
    }
}
