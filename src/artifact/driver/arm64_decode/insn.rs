//! The instruction as a value: what it computes and what it touches.
//!
//! A variant exists for every instruction that can carry a constant from where it is
//! made to where it is used. All the rest is [`Insn::Other`], which still says which
//! general registers it may overwrite.

use super::operand::{
    AddSub, Address, Authentication, Bitfield, BranchKind, Condition, Data, Exception, Fill, Flags,
    Invert, Logical, MemoryEffect, MoveWide, Operand, PcBase, Reg, RegSet, Reverse, Select, Shift,
    Test, VectorWidth, Width,
};

/// One ARM64 instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Insn {
    /// `adr`, `adrp`: an address relative to the program counter.
    PcRelative {
        /// Result.
        dst: Reg,
        /// What the offset counts from.
        base: PcBase,
        /// Bytes to add.
        offset: i64,
    },
    /// `movz`, `movn`, `movk`.
    MoveWide {
        /// What happens to the other bits.
        op: MoveWide,
        /// Size of the result.
        width: Width,
        /// Result (and source, for `movk`).
        dst: Reg,
        /// The sixteen bits.
        imm: u16,
        /// How far they are shifted left: 0, 16, 32 or 48.
        shift: u8,
    },
    /// `add`, `sub` and their flag-setting forms with a constant (`cmp`, `mov` to and
    /// from `sp`).
    AddSubImmediate {
        /// Sum or difference.
        op: AddSub,
        /// Effect on the flags.
        flags: Flags,
        /// Size of the operation.
        width: Width,
        /// Result.
        dst: Reg,
        /// Left operand.
        src: Reg,
        /// Right operand, already shifted.
        imm: u32,
    },
    /// `add`, `sub` and their flag-setting forms of two registers.
    AddSubRegister {
        /// Sum or difference.
        op: AddSub,
        /// Effect on the flags.
        flags: Flags,
        /// Size of the operation.
        width: Width,
        /// Result.
        dst: Reg,
        /// Left operand.
        lhs: Reg,
        /// Right operand.
        rhs: Operand,
    },
    /// `and`, `orr`, `eor`, `ands` with a constant.
    LogicalImmediate {
        /// Operation.
        op: Logical,
        /// Effect on the flags.
        flags: Flags,
        /// Size of the operation.
        width: Width,
        /// Result.
        dst: Reg,
        /// Left operand.
        src: Reg,
        /// Right operand, expanded; within the width.
        imm: u64,
    },
    /// `and`, `bic`, `orr`, `orn`, `eor`, `eon`, `ands`, `bics` of two registers.
    LogicalRegister {
        /// Operation.
        op: Logical,
        /// Whether the right operand is inverted.
        invert: Invert,
        /// Effect on the flags.
        flags: Flags,
        /// Size of the operation.
        width: Width,
        /// Result.
        dst: Reg,
        /// Left operand.
        lhs: Reg,
        /// Right operand, always shifted.
        rhs: Operand,
    },
    /// Any load of one or two registers.
    Load {
        /// First register.
        data: Data,
        /// Second register, from right behind the first value.
        second: Option<Data>,
        /// Bytes read for each register: 1, 2, 4, 8 or 16.
        size: u8,
        /// How the rest of the register is filled.
        fill: Fill,
        /// Where from.
        address: Address,
    },
    /// Any store of one or two registers.
    Store {
        /// First register.
        data: Data,
        /// Second register, to right behind the first value.
        second: Option<Data>,
        /// Bytes written for each register: 1, 2, 4, 8 or 16.
        size: u8,
        /// Where to.
        address: Address,
    },
    /// `b`, `bl`.
    Branch {
        /// Jump or call.
        kind: BranchKind,
        /// Target, relative to the instruction.
        offset: i64,
    },
    /// `b.cond`, `cbz`, `cbnz`, `tbz`, `tbnz`.
    BranchIf {
        /// What decides.
        test: Test,
        /// Target, relative to the instruction.
        offset: i64,
    },
    /// `br`, `blr`, `ret` and the authenticated forms.
    BranchRegister {
        /// Jump, call or return.
        kind: BranchKind,
        /// Holds the target.
        target: Reg,
        /// Whether the pointer's signature is checked.
        auth: Authentication,
    },
    /// `csel`, `csinc`, `csinv`, `csneg` (also `cset`, `cinc`, `cneg`).
    ConditionalSelect {
        /// What happens to the second source.
        op: Select,
        /// Size of the operation.
        width: Width,
        /// Result.
        dst: Reg,
        /// Taken when the condition holds.
        if_true: Reg,
        /// Taken, after the operation, when it does not.
        if_false: Reg,
        /// The condition.
        condition: Condition,
    },
    /// `ubfm`, `sbfm`, `bfm` and all their aliases.
    Bitfield {
        /// What surrounds the field.
        op: Bitfield,
        /// Size of the operation.
        width: Width,
        /// Result.
        dst: Reg,
        /// Source.
        src: Reg,
        /// Distance of the rotation to the right (`immr`).
        rotate: u8,
        /// Highest bit of the source field (`imms`).
        top: u8,
    },
    /// `extr`: the bits from `lsb` on of `high:low` (with both the same: `ror`).
    Extract {
        /// Size of the operation.
        width: Width,
        /// Result.
        dst: Reg,
        /// Upper half of the pair.
        high: Reg,
        /// Lower half of the pair.
        low: Reg,
        /// First bit taken.
        lsb: u8,
    },
    /// `lsl`, `lsr`, `asr`, `ror` by a distance in a register (modulo the width).
    ShiftRegister {
        /// Kind of shift.
        op: Shift,
        /// Size of the operation.
        width: Width,
        /// Result.
        dst: Reg,
        /// Shifted value.
        src: Reg,
        /// Distance.
        amount: Reg,
    },
    /// `madd`, `msub` (with the zero register as addend: `mul`, `mneg`).
    MultiplyAdd {
        /// Whether the product is added or subtracted.
        op: AddSub,
        /// Size of the operation.
        width: Width,
        /// Result.
        dst: Reg,
        /// First factor.
        lhs: Reg,
        /// Second factor.
        rhs: Reg,
        /// What the product is added to.
        addend: Reg,
    },
    /// `rev`, `rev16`, `rev32`, `rbit`.
    Reverse {
        /// What is reversed.
        op: Reverse,
        /// Size of the operation.
        width: Width,
        /// Result.
        dst: Reg,
        /// Source.
        src: Reg,
    },
    /// `movi`, `mvni`: a repeated constant in a vector register.
    VectorImmediate {
        /// Number of the vector register.
        dst: u8,
        /// How much of it is set.
        width: VectorWidth,
        /// The eight bytes that repeat.
        pattern: u64,
    },
    /// `nop`, `bti`, `paciasp` and other hints, by number.
    Hint(u8),
    /// `brk`, `udf`, `svc` and their like.
    Exception {
        /// Kind.
        kind: Exception,
        /// The immediate.
        code: u16,
    },
    /// Everything that carries no constant: only what it may destroy is known.
    /// `writes` may name a register too many, never one too few.
    Other {
        /// The instruction word.
        word: u32,
        /// General registers that may be overwritten.
        writes: RegSet,
        /// What may happen to memory.
        memory: MemoryEffect,
    },
}
