//! Vector moves, which carry structures, and everything that is not followed.

use super::super::ir::{Op, Reg, Vector};
use super::super::machine::ESP;
use super::{Lifter, general, is_write, xmm};
use iced_x86::{Mnemonic, OpKind};

impl Lifter<'_> {
    pub(super) fn vector(&mut self) -> bool {
        let i = &self.instruction;
        match i.mnemonic() {
            Mnemonic::Movups
            | Mnemonic::Movaps
            | Mnemonic::Movdqu
            | Mnemonic::Movdqa
            | Mnemonic::Movupd
            | Mnemonic::Movapd
            | Mnemonic::Movq
            | Mnemonic::Movd
            | Mnemonic::Movsd
            | Mnemonic::Vmovups
            | Mnemonic::Vmovaps
            | Mnemonic::Vmovdqu
            | Mnemonic::Vmovdqa => self.vector_move(),
            Mnemonic::Xorps | Mnemonic::Pxor | Mnemonic::Xorpd => {
                let same = i.op1_kind() == OpKind::Register && i.op0_register() == i.op1_register();
                match xmm(i.op0_register()) {
                    Some(dst) if same => {
                        self.op(Op::FillVector { dst, pattern: 0 });
                        true
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    pub(super) fn vector_move(&mut self) -> bool {
        let i = &self.instruction;
        if i.op_count() != 2 {
            return false;
        }
        let size = self.memory_size();
        let (to, from) = (xmm(i.op0_register()), xmm(i.op1_register()));
        let op = match (i.op0_kind(), i.op1_kind(), to, from) {
            (OpKind::Memory, _, _, Some(src)) => {
                let Some(addr) = self.addr() else { return true };
                Op::StoreVector { addr, src, size }
            }
            (_, OpKind::Memory, Some(dst), _) => match self.addr() {
                Some(addr) => Op::LoadVector { dst, addr, size },
                None => Op::ClobberVector(dst),
            },
            (_, _, Some(dst), Some(src)) => Op::CopyVector { dst, src },
            (_, _, Some(dst), None) => match general(i.op1_register()) {
                Some((src, _)) => Op::ToVector { dst, src },
                None => Op::ClobberVector(dst),
            },
            _ => return false,
        };
        self.op(op);
        true
    }

    /// The rest: whatever the disassembler says is written becomes unknown.
    pub(super) fn clobber_written(&mut self) {
        let info = self.info.info(&self.instruction);
        let mut written = [false; 32];
        let mut vectors = [false; 32];
        for used in info.used_registers() {
            if !is_write(used.access()) {
                continue;
            }
            if let Some((reg, _)) = general(used.register()) {
                written[usize::from(reg.0) & 31] = true;
            } else if let Some(vector) = xmm(used.register()) {
                vectors[usize::from(vector.0) & 31] = true;
            }
        }
        // Not followed in the frame: instructions that both write memory and move the
        // stack pointer (pushad, enter) do not occur in compiled code.
        let writes_memory = info.used_memory().iter().any(|m| is_write(m.access()));
        let size = self.memory_size();
        for (n, _) in (0u8..).zip(written).filter(|(_, w)| *w) {
            if Reg(n) != ESP {
                self.op(Op::Clobber(Reg(n)));
            }
        }
        for (n, _) in (0u8..).zip(vectors).filter(|(_, w)| *w) {
            self.op(Op::ClobberVector(Vector(n)));
        }
        if let (true, Some(addr)) = (writes_memory && size > 0, self.addr()) {
            self.op(Op::ClobberMemory { addr, size });
        }
    }
}
