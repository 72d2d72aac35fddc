//! x86 and x64 instructions into the IR.

mod arithmetic;
mod vector;

use super::ir::{Addr, Calc, Exit, Inst, Listing, Op, Reg, Src, Target, Vector};
use super::machine::{EBP, ESP};
use super::value::truncate;
use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, MemorySize,
    Mnemonic, OpAccess, OpKind, Register,
};

/// Appends the instructions of `code`, which starts at `rva`. Bytes that do not decode are
/// stepped over one by one.
pub fn lift(code: &[u8], rva: u32, base: u64, is_64: bool, listing: &mut Listing) {
    let bits = if is_64 { 64 } else { 32 };
    let ip = base.wrapping_add(u64::from(rva));
    let mut decoder = Decoder::with_ip(bits, code, ip, DecoderOptions::NONE);
    let mut lifter = Lifter {
        base,
        is_64,
        info: InstructionInfoFactory::new(),
        instruction: Instruction::default(),
        listing,
    };
    while decoder.can_decode() {
        let at = decoder.position();
        decoder.decode_out(&mut lifter.instruction);
        if lifter.instruction.is_invalid() {
            let _ = decoder.set_position(at + 1);
            decoder.set_ip(ip.wrapping_add(at as u64 + 1));
            continue;
        }
        let here = rva.wrapping_add(at as u32);
        let next_is_trap = code.get(at + 1) == Some(&0xcc);
        lifter.push(here, next_is_trap);
    }
}

struct Lifter<'a> {
    base: u64,
    is_64: bool,
    info: InstructionInfoFactory,
    instruction: Instruction,
    listing: &'a mut Listing,
}

impl Lifter<'_> {
    fn push(&mut self, rva: u32, next_is_trap: bool) {
        let first = self.listing.ops.len();
        let exit = self.exit(next_is_trap);
        self.effects();
        let count = (self.listing.ops.len() - first).min(255) as u8;
        let len = self.instruction.len() as u8;
        self.listing.insts.push(Inst {
            rva,
            len,
            first: first as u32,
            count,
            exit,
        });
    }

    fn op(&mut self, op: Op) {
        self.listing.ops.push(op);
    }

    /// The size of a pointer and of a push.
    const fn word(&self) -> u8 {
        if self.is_64 { 8 } else { 4 }
    }

    fn exit(&self, next_is_trap: bool) -> Exit {
        let i = &self.instruction;
        match i.flow_control() {
            FlowControl::UnconditionalBranch => Exit::Jump(self.near()),
            FlowControl::ConditionalBranch | FlowControl::XbeginXabortXend => {
                self.direct().map_or(Exit::Next, Exit::Branch)
            }
            FlowControl::IndirectBranch => self.indirect().map_or(Exit::Stop, Exit::Jump),
            FlowControl::Call => match i.op0_kind() {
                OpKind::NearBranch32 | OpKind::NearBranch64 => Exit::Call(self.near()),
                _ => Exit::Next,
            },
            FlowControl::IndirectCall => self.indirect().map_or(Exit::Next, Exit::Call),
            FlowControl::Return => Exit::Return(self.returned()),
            FlowControl::Exception => Exit::Stop,
            FlowControl::Interrupt => self.interrupt(next_is_trap),
            FlowControl::Next => match i.mnemonic() {
                Mnemonic::Hlt => Exit::Stop,
                _ => Exit::Next,
            },
        }
    }

    fn returned(&self) -> u16 {
        let i = &self.instruction;
        if i.op_count() == 1 {
            i.immediate16()
        } else {
            0
        }
    }

    /// `int 29h` ends the system. A lone `int 3` is a breakpoint that goes on; two of them
    /// are padding.
    fn interrupt(&self, next_is_trap: bool) -> Exit {
        let i = &self.instruction;
        match i.code() {
            Code::Int3 if next_is_trap => Exit::Stop,
            Code::Int_imm8 if i.immediate8() == 0x29 => Exit::Stop,
            _ => Exit::Next,
        }
    }

    fn direct(&self) -> Option<u32> {
        let target = self
            .instruction
            .near_branch_target()
            .wrapping_sub(self.base);
        u32::try_from(target).ok()
    }

    fn near(&self) -> Target {
        Target::Direct(self.direct().unwrap_or(0))
    }

    fn indirect(&self) -> Option<Target> {
        let i = &self.instruction;
        match i.op0_kind() {
            OpKind::Register => general(i.op0_register()).map(|(r, _)| Target::Reg(r)),
            OpKind::Memory => self.addr().map(Target::Memory),
            _ => None,
        }
    }

    /// The memory operand; none behind `fs:` and `gs:`, which is not the image's memory.
    fn addr(&self) -> Option<Addr> {
        let i = &self.instruction;
        if matches!(i.segment_prefix(), Register::FS | Register::GS) {
            return None;
        }
        if i.is_ip_rel_memory_operand() {
            return Some(Addr::absolute(i.ip_rel_memory_address()));
        }
        let part = |r: Register| {
            (r != Register::None)
                .then(|| general(r))
                .flatten()
                .map(|p| p.0)
        };
        let (base, index) = (part(i.memory_base()), part(i.memory_index()));
        if i.memory_base() != Register::None && base.is_none() {
            return None;
        }
        let disp = i.memory_displacement64();
        let plain = base.is_none() && index.is_none();
        // With registers a 32-bit displacement is signed; alone it is an address.
        let disp = if self.is_64 || plain {
            disp as i64
        } else {
            i64::from(disp as u32 as i32)
        };
        let scale = i.memory_index_scale() as u8;
        Some(Addr {
            base,
            index: index.map(|r| (r, scale)),
            disp,
        })
    }

    fn memory_size(&self) -> u8 {
        match self.instruction.memory_size() {
            MemorySize::Unknown => 0,
            size => size.size().min(64) as u8,
        }
    }

    /// A register or constant operand, with its size in bytes.
    fn src(&self, operand: u32) -> Option<(Src, u8)> {
        let i = &self.instruction;
        match i.op_kind(operand) {
            OpKind::Register => general(i.op_register(operand)).map(|(r, s)| (Src::Reg(r), s)),
            OpKind::Memory => None,
            OpKind::Immediate8
            | OpKind::Immediate8to16
            | OpKind::Immediate8to32
            | OpKind::Immediate8to64
            | OpKind::Immediate16
            | OpKind::Immediate32
            | OpKind::Immediate32to64
            | OpKind::Immediate64 => Some((Src::Imm(i.immediate(operand)), 0)),
            _ => None,
        }
    }

    fn dst(&self) -> Option<(Reg, u8)> {
        let i = &self.instruction;
        match i.op0_kind() {
            OpKind::Register => general(i.op0_register()),
            _ => None,
        }
    }

    fn effects(&mut self) {
        let known = match self.instruction.mnemonic() {
            Mnemonic::Cmp | Mnemonic::Test | Mnemonic::Nop | Mnemonic::Bt | Mnemonic::Int3 => true,
            Mnemonic::Call | Mnemonic::Jmp | Mnemonic::Ret => true,
            Mnemonic::Mov => self.mov(),
            Mnemonic::Movzx => self.widen(false),
            Mnemonic::Movsx | Mnemonic::Movsxd => self.widen(true),
            Mnemonic::Lea => self.lea(),
            Mnemonic::Add => self.arithmetic(Calc::Add),
            Mnemonic::Sub => self.arithmetic(Calc::Sub),
            Mnemonic::And => self.arithmetic(Calc::And),
            Mnemonic::Or => self.arithmetic(Calc::Or),
            Mnemonic::Xor => self.arithmetic(Calc::Xor),
            Mnemonic::Shl => self.arithmetic(Calc::Shl),
            Mnemonic::Shr => self.arithmetic(Calc::Shr),
            Mnemonic::Sar => self.arithmetic(Calc::Sar),
            Mnemonic::Ror => self.arithmetic(Calc::Ror),
            Mnemonic::Rol => self.rotate_left(),
            Mnemonic::Imul => self.multiply(),
            Mnemonic::Inc => self.unary(Calc::Add),
            Mnemonic::Dec => self.unary(Calc::Sub),
            Mnemonic::Neg => self.unary(Calc::Neg),
            Mnemonic::Not => self.unary(Calc::Not),
            Mnemonic::Bswap => self.unary(Calc::Swap),
            Mnemonic::Sbb => self.borrow_mask() || self.with_carry(Calc::Sub),
            Mnemonic::Adc => self.with_carry(Calc::Add),
            Mnemonic::Cdqe => self.widen_accumulator(),
            Mnemonic::Xchg => self.exchange(),
            Mnemonic::Push => self.push_operand(),
            Mnemonic::Pop => self.pop_operand(),
            Mnemonic::Leave => self.leave(),
            _ => self.conditional_move() || self.conditional_set() || self.vector(),
        };
        if !known {
            self.clobber_written();
        }
    }

    fn mov(&mut self) -> bool {
        let i = &self.instruction;
        match (i.op0_kind(), i.op1_kind()) {
            (OpKind::Memory, _) => self.store_from(1),
            (OpKind::Register, OpKind::Memory) => match (self.dst(), self.addr()) {
                (Some((dst, size @ (4 | 8))), Some(addr)) => {
                    self.op(Op::Load { dst, addr, size });
                    true
                }
                _ => false,
            },
            _ => match (self.dst(), self.src(1)) {
                (Some((dst, size @ (4 | 8))), Some((src, _))) => {
                    self.op(Op::Set {
                        dst,
                        src: cut(src, size),
                        size,
                    });
                    true
                }
                _ => false,
            },
        }
    }

    fn store_from(&mut self, operand: u32) -> bool {
        let size = self.memory_size();
        let Some(addr) = self.addr() else { return true };
        match self.src(operand) {
            Some((src, width)) if width <= size => {
                // `mov [m], ah` names the second byte of a register: not followed.
                let high = self.instruction.op_kind(operand) == OpKind::Register
                    && is_high_byte(self.instruction.op_register(operand));
                let op = if high {
                    Op::ClobberMemory { addr, size }
                } else {
                    Op::Store {
                        addr,
                        src: cut(src, size),
                        size,
                    }
                };
                self.op(op);
            }
            _ => self.op(Op::ClobberMemory { addr, size }),
        }
        true
    }

    fn widen(&mut self, signed: bool) -> bool {
        let i = &self.instruction;
        let Some((dst, size @ (4 | 8))) = self.dst() else {
            return false;
        };
        if i.op1_kind() == OpKind::Memory {
            let from = self.memory_size();
            let Some(addr) = self.addr() else {
                return false;
            };
            self.op(Op::Load {
                dst,
                addr,
                size: from,
            });
            if signed {
                self.op(Op::SignExtend {
                    dst,
                    src: dst,
                    from,
                    size,
                });
            }
            return true;
        }
        if is_high_byte(i.op1_register()) {
            return false;
        }
        let Some((src, from)) = general(i.op1_register()) else {
            return false;
        };
        if signed {
            self.op(Op::SignExtend {
                dst,
                src,
                from,
                size,
            });
        } else {
            let mask = truncate(u64::MAX, from);
            let (a, b) = (Src::Reg(src), Src::Imm(mask));
            self.op(Op::Calc {
                dst,
                op: Calc::And,
                a,
                b,
                size,
            });
        }
        true
    }

    fn lea(&mut self) -> bool {
        match (self.dst(), self.addr()) {
            (Some((dst, size @ (4 | 8))), Some(addr)) => {
                self.op(Op::Address { dst, addr, size });
                true
            }
            _ => false,
        }
    }

    fn exchange(&mut self) -> bool {
        let i = &self.instruction;
        let (Some((a, size @ (4 | 8))), OpKind::Register) = (self.dst(), i.op1_kind()) else {
            return false;
        };
        let Some((b, _)) = general(i.op1_register()) else {
            return false;
        };
        self.op(Op::Set {
            dst: SCRATCH,
            src: Src::Reg(a),
            size,
        });
        self.op(Op::Set {
            dst: a,
            src: Src::Reg(b),
            size,
        });
        self.op(Op::Set {
            dst: b,
            src: Src::Reg(SCRATCH),
            size,
        });
        true
    }

    fn push_operand(&mut self) -> bool {
        let size = self.word();
        let op = match (self.instruction.op0_kind(), self.src(0)) {
            (OpKind::Memory, _) => match self.addr() {
                Some(addr) => Op::PushMemory { addr, size },
                None => Op::Push {
                    src: Src::Reg(UNKNOWN_SOURCE),
                    size,
                },
            },
            (_, Some((src, _))) => Op::Push {
                src: cut(src, size),
                size,
            },
            _ => Op::Push {
                src: Src::Reg(UNKNOWN_SOURCE),
                size,
            },
        };
        self.op(op);
        true
    }

    fn pop_operand(&mut self) -> bool {
        let size = self.word();
        let dst = self.dst().map_or(SCRATCH, |(r, _)| r);
        self.op(Op::Pop { dst, size });
        true
    }

    fn leave(&mut self) -> bool {
        let size = self.word();
        self.op(Op::Set {
            dst: ESP,
            src: Src::Reg(EBP),
            size,
        });
        self.op(Op::Pop { dst: EBP, size });
        true
    }
}

/// A register that no x86 or x64 instruction names, for effects of two steps.
const SCRATCH: Reg = Reg(30);
/// A register that is never written: reads as unknown.
const UNKNOWN_SOURCE: Reg = Reg(29);

const fn is_write(access: OpAccess) -> bool {
    !matches!(
        access,
        OpAccess::None | OpAccess::Read | OpAccess::CondRead | OpAccess::NoMemAccess
    )
}

fn is_high_byte(register: Register) -> bool {
    matches!(
        register,
        Register::AH | Register::BH | Register::CH | Register::DH
    )
}

/// A general register and the bytes of it that are meant.
fn general(register: Register) -> Option<(Reg, u8)> {
    let full = register.full_register();
    register
        .is_gpr()
        .then(|| (Reg(full.number() as u8), register.size() as u8))
}

fn xmm(register: Register) -> Option<Vector> {
    register
        .is_vector_register()
        .then(|| Vector(register.number() as u8))
}

fn cut(src: Src, size: u8) -> Src {
    match src {
        Src::Imm(n) => Src::Imm(truncate(n, size)),
        reg => reg,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lifted(code: &[u8], is_64: bool) -> Listing {
        let mut listing = Listing::default();
        lift(code, 0x1000, 0x10000, is_64, &mut listing);
        listing
    }

    #[test]
    fn call_through_the_import_table() {
        // ff 15 rel32 at 0x1000: the slot is at 0x1006 + 0x100.
        let listing = lifted(&[0xff, 0x15, 0x00, 0x01, 0, 0], true);
        let slot = Addr::absolute(0x10000 + 0x1106);
        assert_eq!(listing.insts[0].exit, Exit::Call(Target::Memory(slot)));
    }

    #[test]
    fn immediate_moves_and_pushes() {
        let listing = lifted(&[0x41, 0xb8, b'L', b'e', b'a', b'k'], true);
        let src = Src::Imm(0x6b61_654c);
        assert_eq!(
            listing.ops,
            [Op::Set {
                dst: Reg(8),
                src,
                size: 4
            }]
        );
        let listing = lifted(&[0x68, b'L', b'e', b'a', b'k'], false);
        assert_eq!(listing.ops, [Op::Push { src, size: 4 }]);
    }

    #[test]
    fn partial_writes_make_the_register_unknown() {
        assert_eq!(lifted(&[0xb1, 0x01], true).ops, [Op::Clobber(Reg(1))]);
    }

    #[test]
    fn negative_displacements_of_32_bit_code() {
        // mov [ebp-4], imm32
        let listing = lifted(&[0xc7, 0x45, 0xfc, 1, 0, 0, 0], false);
        let addr = Addr {
            base: Some(EBP),
            index: None,
            disp: -4,
        };
        assert_eq!(
            listing.ops,
            [Op::Store {
                addr,
                src: Src::Imm(1),
                size: 4
            }]
        );
    }

    #[test]
    fn bytes_that_do_not_decode_are_stepped_over() {
        // 06 is invalid in 64-bit code.
        assert_eq!(lifted(&[0x06, 0x90], true).insts.len(), 1);
    }
}
