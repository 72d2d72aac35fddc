//! Arithmetic, conditional moves and what flags leave in registers.

use super::super::ir::{Calc, Op, Reg, Src};
use super::super::value::truncate;
use super::{Lifter, SCRATCH, cut, is_high_byte};
use iced_x86::{Mnemonic, OpKind, Register};

impl Lifter<'_> {
    pub(super) fn arithmetic(&mut self, op: Calc) -> bool {
        let i = &self.instruction;
        if i.op0_kind() == OpKind::Memory {
            return self.arithmetic_on_memory(op);
        }
        let Some((dst, size @ (4 | 8))) = self.dst() else {
            return false;
        };
        let same = i.op1_kind() == OpKind::Register && i.op1_register() == i.op0_register();
        if same && matches!(op, Calc::Xor | Calc::Sub) {
            self.op(Op::Set {
                dst,
                src: Src::Imm(0),
                size,
            });
            return true;
        }
        let a = Src::Reg(dst);
        match self.src(1) {
            Some((b, _)) if !self.is_cl(1) => {
                self.op(Op::Calc {
                    dst,
                    op,
                    a,
                    b: cut(b, size),
                    size,
                });
                true
            }
            _ => false,
        }
    }

    /// `or dword ptr [rbp-4], imm`: unoptimised code changes tags in place. It goes
    /// through a register that nothing else uses between the two steps.
    pub(super) fn arithmetic_on_memory(&mut self, op: Calc) -> bool {
        let size = self.memory_size();
        let (Some(addr), Some((b, _))) = (self.addr(), self.src(1)) else {
            return false;
        };
        if !matches!(size, 4 | 8) || self.is_cl(1) {
            self.op(Op::ClobberMemory { addr, size });
            return true;
        }
        let dst = SCRATCH;
        self.op(Op::Load { dst, addr, size });
        self.op(Op::Calc {
            dst,
            op,
            a: Src::Reg(dst),
            b: cut(b, size),
            size,
        });
        self.op(Op::Store {
            addr,
            src: Src::Reg(dst),
            size,
        });
        true
    }

    pub(super) fn is_cl(&self, operand: u32) -> bool {
        let i = &self.instruction;
        i.op_kind(operand) == OpKind::Register && i.op_register(operand) == Register::CL
    }

    pub(super) fn rotate_left(&mut self) -> bool {
        let Some((dst, size @ (4 | 8))) = self.dst() else {
            return false;
        };
        let Some((Src::Imm(n), _)) = self.src(1) else {
            return false;
        };
        let bits = u64::from(size) * 8;
        let right = (bits - n % bits) % bits;
        let (a, b) = (Src::Reg(dst), Src::Imm(right));
        self.op(Op::Calc {
            dst,
            op: Calc::Ror,
            a,
            b,
            size,
        });
        true
    }

    pub(super) fn multiply(&mut self) -> bool {
        let Some((dst, size @ (4 | 8))) = self.dst() else {
            return false;
        };
        let operands = match self.instruction.op_count() {
            2 => (Some((Src::Reg(dst), size)), self.src(1)),
            3 => (self.src(1), self.src(2)),
            _ => return false,
        };
        let (Some((a, _)), Some((b, _))) = operands else {
            return false;
        };
        self.op(Op::Calc {
            dst,
            op: Calc::Mul,
            a,
            b: cut(b, size),
            size,
        });
        true
    }

    pub(super) fn unary(&mut self, op: Calc) -> bool {
        let Some((dst, size @ (4 | 8))) = self.dst() else {
            return self.clobber_memory_operand();
        };
        self.op(Op::Calc {
            dst,
            op,
            a: Src::Reg(dst),
            b: Src::Imm(1),
            size,
        });
        true
    }

    pub(super) fn clobber_memory_operand(&mut self) -> bool {
        let size = self.memory_size();
        match self.addr() {
            Some(addr) if self.instruction.op0_kind() == OpKind::Memory => {
                self.op(Op::ClobberMemory { addr, size });
                true
            }
            _ => false,
        }
    }

    /// `sbb r, r` is 0 or all ones, by the carry flag.
    pub(super) fn borrow_mask(&mut self) -> bool {
        let i = &self.instruction;
        let same = i.op1_kind() == OpKind::Register && i.op0_register() == i.op1_register();
        match self.dst() {
            Some((dst, size @ (4 | 8))) if same => {
                let b = Src::Imm(truncate(u64::MAX, size));
                self.op(Op::Either {
                    dst,
                    a: Src::Imm(0),
                    b,
                    size,
                });
                true
            }
            _ => false,
        }
    }

    /// `adc r, x` and `sbb r, x`: with the carry or without, that makes two values.
    pub(super) fn with_carry(&mut self, op: Calc) -> bool {
        let Some((dst, size @ (4 | 8))) = self.dst() else {
            return false;
        };
        let Some((b, _)) = self.src(1) else {
            return false;
        };
        let (a, more) = (Src::Reg(dst), Src::Imm(1));
        self.op(Op::Calc {
            dst,
            op,
            a,
            b: cut(b, size),
            size,
        });
        self.op(Op::Calc {
            dst: SCRATCH,
            op,
            a: Src::Reg(dst),
            b: more,
            size,
        });
        self.op(Op::Either {
            dst,
            a: Src::Reg(dst),
            b: Src::Reg(SCRATCH),
            size,
        });
        true
    }

    /// `setcc` writes 0 or 1 into a byte. The rest of the register is taken for zero: code
    /// that uses all of it has cleared it before or widens the byte afterwards.
    pub(super) fn conditional_set(&mut self) -> bool {
        let i = &self.instruction;
        if !(Mnemonic::Seta..=Mnemonic::Sets).contains(&i.mnemonic()) {
            return false;
        }
        if i.op0_kind() != OpKind::Register || is_high_byte(i.op0_register()) {
            return false;
        }
        let Some((dst, _)) = self.dst() else {
            return false;
        };
        self.op(Op::Either {
            dst,
            a: Src::Imm(0),
            b: Src::Imm(1),
            size: 4,
        });
        true
    }

    pub(super) fn widen_accumulator(&mut self) -> bool {
        self.op(Op::SignExtend {
            dst: Reg(0),
            src: Reg(0),
            from: 4,
            size: 8,
        });
        true
    }

    pub(super) fn conditional_move(&mut self) -> bool {
        let i = &self.instruction;
        if !(Mnemonic::Cmova..=Mnemonic::Cmovs).contains(&i.mnemonic()) {
            return false;
        }
        let Some((dst, size @ (4 | 8))) = self.dst() else {
            return false;
        };
        let b = match i.op1_kind() {
            OpKind::Memory => {
                let Some(addr) = self.addr() else {
                    return false;
                };
                self.op(Op::Load {
                    dst: SCRATCH,
                    addr,
                    size,
                });
                Src::Reg(SCRATCH)
            }
            _ => match self.src(1) {
                Some((src, _)) => src,
                None => return false,
            },
        };
        self.op(Op::Either {
            dst,
            a: Src::Reg(dst),
            b,
            size,
        });
        true
    }
}
