//! Calling conventions: where arguments are, what a call destroys.

use super::ir::Reg;
use crate::artifact::driver::image::Machine;

/// The conventions of one machine (Microsoft: "x64 calling convention", "Overview of ARM64
/// ABI conventions"; on x86 `stdcall`, where all arguments are on the stack).
#[derive(Debug)]
pub struct Convention {
    /// Registers of the first arguments, in order.
    pub arguments: &'static [Reg],
    /// Stack pointer.
    pub sp: Reg,
    /// Bytes of a stack slot.
    pub slot: u8,
    /// Stack slots that stand before the first stack argument *at the call*, seen from the
    /// stack pointer: the argument with index `arguments.len()` is slot `stack_base`.
    pub stack_base: u8,
    /// Bytes that the call itself pushes (return address).
    pub pushed_by_call: u8,
    /// General registers that a callee may destroy, as a bit set.
    pub volatile: u64,
    /// Vector registers that a callee may destroy, as a bit set.
    pub volatile_vectors: u64,
    /// Where control-flow guard expects the target of a checked or dispatched call.
    pub guard_target: Reg,
}

/// Where an argument is when a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// In a register.
    Reg(Reg),
    /// On the stack, this many bytes above what the stack pointer shows to the *callee*'s
    /// first instruction less its return address, that is, above the caller's stack pointer
    /// right before the call.
    Stack(i32),
}

/// x86: `ecx`.
const ECX: Reg = Reg(1);
/// x64: `rax`.
const RAX: Reg = Reg(0);
/// x86 and x64 stack pointer.
pub const ESP: Reg = Reg(4);
/// x86 and x64 frame pointer.
pub const EBP: Reg = Reg(5);
/// ARM64 stack pointer.
pub const SP: Reg = Reg(31);

static X86: Convention = Convention {
    arguments: &[],
    sp: ESP,
    slot: 4,
    stack_base: 0,
    pushed_by_call: 4,
    // eax, ecx, edx.
    volatile: 0b0111,
    volatile_vectors: 0xff,
    guard_target: ECX,
};

static X64: Convention = Convention {
    arguments: &[Reg(1), Reg(2), Reg(8), Reg(9)],
    sp: ESP,
    slot: 8,
    stack_base: 4,
    pushed_by_call: 8,
    // rax, rcx, rdx, r8..r11.
    volatile: 0b1111_0000_0111,
    volatile_vectors: 0x3f,
    guard_target: RAX,
};

static ARM64: Convention = Convention {
    arguments: &[
        Reg(0),
        Reg(1),
        Reg(2),
        Reg(3),
        Reg(4),
        Reg(5),
        Reg(6),
        Reg(7),
    ],
    sp: SP,
    slot: 8,
    stack_base: 0,
    pushed_by_call: 0,
    // x0..x17 and the link register.
    volatile: 0x0003_ffff | 1 << 30,
    // v0..v7 and v16..v31; of v8..v15 the lower halves survive, which is not worth telling.
    volatile_vectors: 0xffff_ffff,
    guard_target: Reg(15),
};

impl Convention {
    /// The conventions of `machine`, when its code is analysed.
    pub fn of(machine: Machine) -> Option<&'static Convention> {
        match machine {
            Machine::X86 => Some(&X86),
            Machine::X64 => Some(&X64),
            Machine::Arm64 => Some(&ARM64),
            _ => None,
        }
    }

    /// Where argument `index` is.
    pub fn argument(&self, index: u8) -> Place {
        match self.arguments.get(usize::from(index)) {
            Some(&reg) => Place::Reg(reg),
            None => {
                let beyond = i32::from(index) - self.arguments.len() as i32;
                Place::Stack((beyond + i32::from(self.stack_base)) * i32::from(self.slot))
            }
        }
    }

    /// True when a callee may destroy `reg`.
    pub const fn is_volatile(&self, reg: Reg) -> bool {
        self.volatile >> reg.0 & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_the_three_machines() {
        let at = |machine, index| Convention::of(machine).unwrap().argument(index);
        assert_eq!(at(Machine::X86, 2), Place::Stack(8));
        assert_eq!(at(Machine::X64, 2), Place::Reg(Reg(8)));
        assert_eq!(at(Machine::X64, 5), Place::Stack(0x28));
        assert_eq!(at(Machine::Arm64, 2), Place::Reg(Reg(2)));
        assert_eq!(at(Machine::Arm64, 8), Place::Stack(0));
        assert!(Convention::of(Machine::Ia64).is_none());
    }
}
