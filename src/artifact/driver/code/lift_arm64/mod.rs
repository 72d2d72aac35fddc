//! ARM64 instructions into the IR.

mod bitfield;
mod transfer;

use bitfield::bitfield;
use transfer::{Transfer, load, store};

use super::ir::{Addr, Calc, Exit, Inst, Listing, Op, Reg, Src, Target, Vector};
use super::machine::SP;
use crate::artifact::driver::arm64_decode as arm;
use arm::Insn;

/// Holds intermediate results of one instruction; `x18` is reserved by Windows, so no
/// compiled code uses it for values.
const SCRATCH: Reg = Reg(18);

/// Appends the instructions of `code`, which starts at `rva`.
pub fn lift(code: &[u8], rva: u32, base: u64, listing: &mut Listing) {
    for (n, bytes) in code.chunks_exact(4).enumerate() {
        let word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let here = rva.wrapping_add(n as u32 * 4);
        let insn = arm::decode(word);
        let first = listing.ops.len();
        effects(&insn, base.wrapping_add(u64::from(here)), &mut listing.ops);
        let count = (listing.ops.len() - first).min(255) as u8;
        let exit = exit(&insn, here);
        listing.insts.push(Inst {
            rva: here,
            len: 4,
            first: first as u32,
            count,
            exit,
        });
    }
}

fn exit(insn: &Insn, rva: u32) -> Exit {
    let direct = || {
        insn.branch_target(u64::from(rva))
            .and_then(|t| u32::try_from(t).ok())
    };
    match *insn {
        Insn::Branch { kind, .. } => {
            let target = Target::Direct(direct().unwrap_or(0));
            match kind {
                arm::BranchKind::Call => Exit::Call(target),
                _ => Exit::Jump(target),
            }
        }
        Insn::BranchIf { .. } => direct().map_or(Exit::Next, Exit::Branch),
        Insn::BranchRegister { kind, target, .. } => match kind {
            arm::BranchKind::Return => Exit::Return(0),
            arm::BranchKind::Call => Exit::Call(Target::Reg(reg(target).unwrap_or(SCRATCH))),
            arm::BranchKind::Jump => Exit::Jump(Target::Reg(reg(target).unwrap_or(SCRATCH))),
        },
        _ if insn.ends_flow() => Exit::Stop,
        _ => Exit::Next,
    }
}

/// A register of the IR; none for the zero register.
const fn reg(register: arm::Reg) -> Option<Reg> {
    match register {
        arm::Reg::R(n) => Some(Reg(n)),
        arm::Reg::Sp => Some(SP),
        arm::Reg::Zr => None,
    }
}

fn src(register: arm::Reg) -> Src {
    reg(register).map_or(Src::Imm(0), Src::Reg)
}

const fn bytes(width: arm::Width) -> u8 {
    match width {
        arm::Width::W => 4,
        arm::Width::X => 8,
    }
}

fn effects(insn: &Insn, pc: u64, ops: &mut Vec<Op>) {
    if !simple(insn, pc, ops) && !composed(insn, ops) && !moved(insn, pc, ops) {
        clobber(ops, insn.writes());
    }
}

/// Constants, sums and bitwise operations.
fn simple(insn: &Insn, pc: u64, ops: &mut Vec<Op>) -> bool {
    match *insn {
        Insn::PcRelative { dst, .. } => {
            let address = insn.pc_relative_address(pc).unwrap_or(0);
            set(ops, dst, Src::Imm(address), 8);
        }
        Insn::MoveWide {
            op,
            width,
            dst,
            imm,
            shift,
        } => {
            move_wide(ops, op, bytes(width), dst, imm, shift);
        }
        Insn::AddSubImmediate {
            op,
            width,
            dst,
            src: from,
            imm,
            ..
        } => {
            calc(
                ops,
                add_sub(op),
                bytes(width),
                dst,
                src(from),
                Src::Imm(u64::from(imm)),
            );
        }
        Insn::AddSubRegister {
            op,
            width,
            dst,
            lhs,
            rhs,
            ..
        } => {
            let size = bytes(width);
            let rhs = operand(ops, rhs, size);
            calc(ops, add_sub(op), size, dst, src(lhs), rhs);
        }
        Insn::LogicalImmediate {
            op,
            width,
            dst,
            src: from,
            imm,
            ..
        } => {
            calc(
                ops,
                logical(op),
                bytes(width),
                dst,
                src(from),
                Src::Imm(imm),
            );
        }
        Insn::LogicalRegister {
            op,
            invert,
            width,
            dst,
            lhs,
            rhs,
            ..
        } => {
            logical_register(ops, op, invert, bytes(width), dst, lhs, rhs);
        }
        _ => return false,
    }
    true
}

/// Selections, bit fields, products, reversals.
fn composed(insn: &Insn, ops: &mut Vec<Op>) -> bool {
    match *insn {
        Insn::ConditionalSelect {
            op,
            width,
            dst,
            if_true,
            if_false,
            ..
        } => {
            select(ops, op, bytes(width), dst, if_true, if_false);
        }
        Insn::Bitfield {
            op,
            width,
            dst,
            src: from,
            rotate,
            top,
        } => {
            bitfield(ops, op, bytes(width), dst, from, rotate, top);
        }
        Insn::Extract {
            width,
            dst,
            high,
            low,
            lsb,
        } if high == low => {
            let amount = Src::Imm(u64::from(lsb));
            calc(ops, Calc::Ror, bytes(width), dst, src(low), amount);
        }
        Insn::ShiftRegister {
            op,
            width,
            dst,
            src: from,
            amount,
        } => {
            calc(ops, shift(op), bytes(width), dst, src(from), src(amount));
        }
        Insn::MultiplyAdd {
            op,
            width,
            dst,
            lhs,
            rhs,
            addend,
        } => {
            let size = bytes(width);
            ops.push(Op::Calc {
                dst: SCRATCH,
                op: Calc::Mul,
                a: src(lhs),
                b: src(rhs),
                size,
            });
            calc(ops, add_sub(op), size, dst, src(addend), Src::Reg(SCRATCH));
        }
        Insn::Reverse {
            op,
            width,
            dst,
            src: from,
        } => reverse(ops, op, width, dst, from),
        _ => return false,
    }
    true
}

/// Memory, vector registers and branches.
fn moved(insn: &Insn, pc: u64, ops: &mut Vec<Op>) -> bool {
    match *insn {
        Insn::Load {
            data,
            second,
            size,
            fill,
            address,
        } => {
            let literal = insn.pc_relative_address(pc);
            let transfer = Transfer {
                data,
                second,
                size,
                address,
                literal,
            };
            load(ops, &transfer, fill);
        }
        Insn::Store {
            data,
            second,
            size,
            address,
        } => {
            store(
                ops,
                &Transfer {
                    data,
                    second,
                    size,
                    address,
                    literal: None,
                },
            );
        }
        Insn::VectorImmediate { dst, pattern, .. } => {
            ops.push(Op::FillVector {
                dst: Vector(dst),
                pattern,
            });
        }
        // What a call destroys is known to the flow, which asks the callee.
        Insn::Branch { .. } | Insn::BranchIf { .. } | Insn::BranchRegister { .. } => {}
        Insn::Other { memory, .. } => {
            clobber(ops, insn.writes());
            if let arm::MemoryEffect::Store(base) = memory {
                let addr = Addr {
                    base: reg(base),
                    index: None,
                    disp: 0,
                };
                ops.push(Op::ClobberMemory { addr, size: 16 });
            }
        }
        _ => return false,
    }
    true
}

fn set(ops: &mut Vec<Op>, dst: arm::Reg, src: Src, size: u8) {
    ops.extend(reg(dst).map(|dst| Op::Set { dst, src, size }));
}

/// The arithmetic, unless its result is thrown away (a comparison).
fn calc(ops: &mut Vec<Op>, op: Calc, size: u8, dst: arm::Reg, a: Src, b: Src) {
    let Some(dst) = reg(dst) else { return };
    ops.push(match (op, a, b) {
        // `orr x, xzr, y` and `add x, y, #0` are how ARM64 moves registers.
        (Calc::Or | Calc::Add, Src::Imm(0), from) => Op::Set {
            dst,
            src: from,
            size,
        },
        (Calc::Or | Calc::Add | Calc::Sub, from, Src::Imm(0)) => Op::Set {
            dst,
            src: from,
            size,
        },
        _ => Op::Calc {
            dst,
            op,
            a,
            b,
            size,
        },
    });
}

fn clobber(ops: &mut Vec<Op>, registers: arm::RegSet) {
    for n in (0..31).filter(|&n| registers.contains(arm::Reg::R(n))) {
        ops.push(Op::Clobber(Reg(n)));
    }
}

fn move_wide(ops: &mut Vec<Op>, op: arm::MoveWide, size: u8, dst: arm::Reg, imm: u16, shift: u8) {
    let Some(dst) = reg(dst) else { return };
    let value = u64::from(imm) << shift.min(48);
    ops.push(match op {
        arm::MoveWide::Zero => Op::Set {
            dst,
            src: Src::Imm(value),
            size,
        },
        arm::MoveWide::Not => Op::Set {
            dst,
            src: Src::Imm(super::value::truncate(!value, size)),
            size,
        },
        arm::MoveWide::Keep => Op::Insert {
            dst,
            bits: imm,
            shift,
            size,
        },
    });
}

const fn add_sub(op: arm::AddSub) -> Calc {
    match op {
        arm::AddSub::Add => Calc::Add,
        arm::AddSub::Sub => Calc::Sub,
    }
}

const fn logical(op: arm::Logical) -> Calc {
    match op {
        arm::Logical::And => Calc::And,
        arm::Logical::Orr => Calc::Or,
        arm::Logical::Eor => Calc::Xor,
    }
}

const fn shift(op: arm::Shift) -> Calc {
    match op {
        arm::Shift::Lsl => Calc::Shl,
        arm::Shift::Lsr => Calc::Shr,
        arm::Shift::Asr => Calc::Sar,
        arm::Shift::Ror => Calc::Ror,
    }
}

/// Brings a shifted or widened operand into a form that arithmetic takes.
fn operand(ops: &mut Vec<Op>, operand: arm::Operand, size: u8) -> Src {
    match operand {
        arm::Operand::Shifted(from, _, 0) => src(from),
        arm::Operand::Shifted(from, how, distance) => {
            let b = Src::Imm(u64::from(distance));
            ops.push(Op::Calc {
                dst: SCRATCH,
                op: shift(how),
                a: src(from),
                b,
                size,
            });
            Src::Reg(SCRATCH)
        }
        arm::Operand::Extended(from, extend, distance) => {
            widen(ops, from, extend, size);
            if distance > 0 {
                let b = Src::Imm(u64::from(distance));
                let a = Src::Reg(SCRATCH);
                ops.push(Op::Calc {
                    dst: SCRATCH,
                    op: Calc::Shl,
                    a,
                    b,
                    size,
                });
            }
            Src::Reg(SCRATCH)
        }
    }
}

fn widen(ops: &mut Vec<Op>, from: arm::Reg, extend: arm::Extend, size: u8) {
    let mask = |mask: u64| {
        let b = Src::Imm(mask);
        Op::Calc {
            dst: SCRATCH,
            op: Calc::And,
            a: src(from),
            b,
            size,
        }
    };
    let signed = |bytes: u8| match reg(from) {
        Some(src) => Op::SignExtend {
            dst: SCRATCH,
            src,
            from: bytes,
            size,
        },
        None => Op::Set {
            dst: SCRATCH,
            src: Src::Imm(0),
            size,
        },
    };
    ops.push(match extend {
        arm::Extend::Uxtb => mask(0xff),
        arm::Extend::Uxth => mask(0xffff),
        arm::Extend::Uxtw => Op::Set {
            dst: SCRATCH,
            src: src(from),
            size: 4,
        },
        arm::Extend::Uxtx | arm::Extend::Sxtx => Op::Set {
            dst: SCRATCH,
            src: src(from),
            size: 8,
        },
        arm::Extend::Sxtb => signed(1),
        arm::Extend::Sxth => signed(2),
        arm::Extend::Sxtw => signed(4),
    });
}

fn logical_register(
    ops: &mut Vec<Op>,
    op: arm::Logical,
    invert: arm::Invert,
    size: u8,
    dst: arm::Reg,
    lhs: arm::Reg,
    rhs: arm::Operand,
) {
    if op == arm::Logical::Eor && lhs == rhs.reg() && invert == arm::Invert::No {
        return set(ops, dst, Src::Imm(0), size);
    }
    let mut rhs = operand(ops, rhs, size);
    if invert == arm::Invert::Yes {
        ops.push(Op::Calc {
            dst: SCRATCH,
            op: Calc::Not,
            a: rhs,
            b: Src::Imm(0),
            size,
        });
        rhs = Src::Reg(SCRATCH);
    }
    calc(ops, logical(op), size, dst, src(lhs), rhs);
}

fn select(
    ops: &mut Vec<Op>,
    op: arm::Select,
    size: u8,
    dst: arm::Reg,
    if_true: arm::Reg,
    if_false: arm::Reg,
) {
    let Some(dst) = reg(dst) else { return };
    let b = match op {
        arm::Select::Plain => src(if_false),
        arm::Select::Increment | arm::Select::Invert | arm::Select::Negate => {
            let how = match op {
                arm::Select::Increment => Calc::Add,
                arm::Select::Invert => Calc::Not,
                _ => Calc::Neg,
            };
            ops.push(Op::Calc {
                dst: SCRATCH,
                op: how,
                a: src(if_false),
                b: Src::Imm(1),
                size,
            });
            Src::Reg(SCRATCH)
        }
    };
    ops.push(Op::Either {
        dst,
        a: src(if_true),
        b,
        size,
    });
}

fn reverse(ops: &mut Vec<Op>, op: arm::Reverse, width: arm::Width, dst: arm::Reg, from: arm::Reg) {
    let whole = matches!(
        (op, width),
        (arm::Reverse::BytesInWords, arm::Width::W) | (arm::Reverse::BytesInDoubleword, _)
    );
    if whole {
        calc(ops, Calc::Swap, bytes(width), dst, src(from), Src::Imm(0));
    } else {
        ops.extend(reg(dst).map(Op::Clobber));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lifted(words: &[u32]) -> Listing {
        let code: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let mut listing = Listing::default();
        lift(&code, 0x1000, 0x1_4000_0000, &mut listing);
        listing
    }

    #[test]
    fn a_tag_in_two_halves() {
        // mov w2, #0x654c; movk w2, #0x6b61, lsl #16
        let listing = lifted(&[0x528c_a982, 0x72ad_6c22]);
        assert_eq!(
            listing.ops,
            [
                Op::Set {
                    dst: Reg(2),
                    src: Src::Imm(0x654c),
                    size: 4
                },
                Op::Insert {
                    dst: Reg(2),
                    bits: 0x6b61,
                    shift: 16,
                    size: 4
                },
            ]
        );
    }

    #[test]
    fn add_of_zero_is_a_move() {
        // add w2, w21, #0
        let listing = lifted(&[0x1100_02a2]);
        assert_eq!(
            listing.ops,
            [Op::Set {
                dst: Reg(2),
                src: Src::Reg(Reg(21)),
                size: 4
            }]
        );
    }

    #[test]
    fn calls_and_returns() {
        // blr x8; ret
        let listing = lifted(&[0xd63f_0100, 0xd65f_03c0]);
        assert_eq!(listing.insts[0].exit, Exit::Call(Target::Reg(Reg(8))));
        assert_eq!(listing.insts[1].exit, Exit::Return(0));
    }
}
