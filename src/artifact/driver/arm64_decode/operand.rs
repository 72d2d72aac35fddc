//! What instructions are made of: registers, widths, addresses, conditions, kinds.

/// A general register as an operand. Encoding 31 means the stack pointer in some
/// places and the zero register in others; here the two are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reg {
    /// `x0`..`x30` (or their lower halves `w0`..`w30`).
    R(u8),
    /// The stack pointer.
    Sp,
    /// Reads as zero; writes are lost.
    Zr,
}

/// The link register, which calls overwrite with the return address.
pub const LINK: Reg = Reg::R(30);

/// How much of a general register an instruction uses. A 32-bit result clears the
/// upper half of the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Width {
    /// The lower 32 bits (`w` names).
    W,
    /// All 64 bits (`x` names).
    X,
}

impl Width {
    /// The number of bits.
    pub const fn bits(self) -> u32 {
        match self {
            Width::W => 32,
            Width::X => 64,
        }
    }

    /// `value` cut to this width, as the processor does with every result.
    pub const fn truncate(self, value: u64) -> u64 {
        match self {
            Width::W => value & 0xffff_ffff,
            Width::X => value,
        }
    }
}

/// A set of the general registers `x0`..`x30` and the stack pointer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RegSet(u32);

/// Place of the stack pointer in a [`RegSet`]; the zero register is never in one.
const SP_BIT: u32 = 31;

impl RegSet {
    /// No register.
    pub const EMPTY: RegSet = RegSet(0);
    /// What a callee may destroy in the Windows ARM64 convention: `x0`..`x17` and the
    /// link register. `x18` holds a system pointer and is left alone.
    pub const VOLATILE: RegSet = RegSet(0x0003_ffff | 1 << 30);

    /// The set with only `reg`; empty for the zero register.
    pub const fn of(reg: Reg) -> RegSet {
        match reg {
            Reg::R(n) if n < 31 => RegSet(1 << n),
            Reg::Sp => RegSet(1 << SP_BIT),
            Reg::R(_) | Reg::Zr => RegSet::EMPTY,
        }
    }

    /// The registers that are in either set.
    pub const fn union(self, other: RegSet) -> RegSet {
        RegSet(self.0 | other.0)
    }

    /// True when `reg` is in the set.
    pub const fn contains(self, reg: Reg) -> bool {
        self.0 & RegSet::of(reg).0 != 0
    }

    /// True when no register is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What `adr` and `adrp` add their offset to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PcBase {
    /// The instruction's own address (`adr`).
    Here,
    /// The start of the 4 KiB page that holds the instruction (`adrp`).
    Page,
}

/// Sum or difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddSub {
    /// Left plus right.
    Add,
    /// Left minus right.
    Sub,
}

/// Whether an instruction also sets the condition flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flags {
    /// The flags are as before.
    Kept,
    /// The flags tell of the result (`adds`, `cmp`, `tst`).
    Set,
}

/// What a move of a 16-bit immediate does with the rest of the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MoveWide {
    /// `movz`: everything else becomes zero.
    Zero,
    /// `movn`: like `movz`, then all bits are inverted.
    Not,
    /// `movk`: everything else stays.
    Keep,
}

/// A bitwise operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Logical {
    /// Left and right.
    And,
    /// Left or right (with the zero register on the left: a move).
    Orr,
    /// Left exclusive-or right.
    Eor,
}

/// Whether the right operand of a bitwise operation is inverted first
/// (`bic`, `orn`, `eon`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Invert {
    /// As it is.
    No,
    /// All bits flipped.
    Yes,
}

/// A shift by a distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shift {
    /// To the left, zeros enter.
    Lsl,
    /// To the right, zeros enter.
    Lsr,
    /// To the right, copies of the sign enter.
    Asr,
    /// Rotation to the right.
    Ror,
}

/// How a narrower register is widened before use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extend {
    /// Lowest byte, zero-extended.
    Uxtb,
    /// Lower half-word, zero-extended.
    Uxth,
    /// Lower word, zero-extended.
    Uxtw,
    /// All 64 bits.
    Uxtx,
    /// Lowest byte, sign-extended.
    Sxtb,
    /// Lower half-word, sign-extended.
    Sxth,
    /// Lower word, sign-extended.
    Sxtw,
    /// All 64 bits.
    Sxtx,
}

/// A register operand with the change made to it on the way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// Shifted by a constant distance (by 0: the register itself).
    Shifted(Reg, Shift, u8),
    /// Widened, then shifted to the left.
    Extended(Reg, Extend, u8),
}

impl Operand {
    /// The register that is read.
    pub const fn reg(self) -> Reg {
        match self {
            Operand::Shifted(reg, ..) | Operand::Extended(reg, ..) => reg,
        }
    }
}

/// One register that a load fills or a store empties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Data {
    /// A general register.
    General(Reg, Width),
    /// A vector register by number; its contents are not modelled, its size is
    /// that of the access.
    Vector(u8),
}

/// How a loaded value fills a wider register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fill {
    /// With zeros.
    Zero,
    /// With copies of the sign.
    Sign,
}

/// Whether and when the base register takes the computed address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Writeback {
    /// The base register is only read.
    None,
    /// The offset is added before the access (`[x0, #8]!`).
    Pre,
    /// The access is at the old base, the offset is added after it (`[x0], #8`).
    Post,
}

/// Where a load or store goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A base register and a constant offset in bytes (already scaled).
    Offset {
        /// Base; encoding 31 is the stack pointer.
        base: Reg,
        /// Bytes to add.
        offset: i64,
        /// What happens to the base.
        writeback: Writeback,
    },
    /// A base register plus an index register.
    Indexed {
        /// Base; encoding 31 is the stack pointer.
        base: Reg,
        /// Index with its extension and shift.
        index: Operand,
    },
    /// A constant at a distance from the instruction itself.
    Literal(i64),
}

/// A condition on the flags, by its architectural number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Condition(pub(super) u8);

impl Condition {
    /// The four-bit number of the architecture (0 `eq`, 1 `ne`, …, 14 `al`).
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The opposite condition; `al` and `nv` both mean "always" and swap names.
    pub const fn inverted(self) -> Condition {
        Condition(self.0 ^ 1)
    }

    /// True for `al` and `nv`, which never fail.
    pub const fn is_always(self) -> bool {
        self.0 >= 14
    }
}

/// What decides whether a conditional branch is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Test {
    /// The flags (`b.cond`).
    Flags(Condition),
    /// The register is zero (`cbz`).
    Zero(Reg, Width),
    /// The register is not zero (`cbnz`).
    NotZero(Reg, Width),
    /// The numbered bit of the register is clear (`tbz`).
    BitClear(Reg, u8),
    /// The numbered bit of the register is set (`tbnz`).
    BitSet(Reg, u8),
}

/// Whether a branch comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BranchKind {
    /// It does not.
    Jump,
    /// It does; the link register receives the next address.
    Call,
    /// It goes back to the caller.
    Return,
}

/// Whether a branch verifies a pointer signature first (ARMv8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// No (`br`, `blr`, `ret`).
    None,
    /// Yes (`braa`, `blrabz`, `retaa` and their like); the operand is the modifier,
    /// the zero register for the forms without one.
    By(Reg),
}

/// What a conditional select does with its second source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Select {
    /// Takes it as it is (`csel`).
    Plain,
    /// Adds one (`csinc`).
    Increment,
    /// Inverts all bits (`csinv`).
    Invert,
    /// Changes the sign (`csneg`).
    Negate,
}

/// How a bit field reaches the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bitfield {
    /// `ubfm`: surrounded by zeros (`lsl`, `lsr`, `ubfx`, `uxtb`).
    Unsigned,
    /// `sbfm`: the field's sign fills what is above it (`asr`, `sbfx`, `sxtw`).
    Signed,
    /// `bfm`: the destination's other bits stay (`bfi`, `bfxil`).
    Insert,
}

/// Which units change places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reverse {
    /// All bits (`rbit`).
    Bits,
    /// The bytes of each half-word (`rev16`).
    BytesInHalfwords,
    /// The bytes of each word (`rev` of a `w` register, `rev32` of an `x` register).
    BytesInWords,
    /// All eight bytes (`rev` of an `x` register).
    BytesInDoubleword,
}

/// Size of a vector register operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VectorWidth {
    /// The lower 64 bits; the rest becomes zero.
    D,
    /// All 128 bits.
    Q,
}

/// Why control does not simply go on after an exception instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exception {
    /// `brk`: a breakpoint, an assertion or a fast-fail, by its code.
    Break,
    /// `udf`: never executes.
    Undefined,
    /// `eret` and `drps`: leaves the exception level.
    Return,
    /// `svc`, `hvc`, `smc`, `hlt`, `dcps`: something below answers and control comes back.
    Call,
}

/// What an instruction that is not modelled may do to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemoryEffect {
    /// Nothing, or it only reads.
    None,
    /// It may write at or near the address in this register.
    Store(Reg),
}
