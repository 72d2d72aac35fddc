//! The small language into which x86, x64 and ARM64 instructions are lifted.
//!
//! It keeps what carries constants and pointers from where they are made to where they
//! are used; everything else is a [`Op::Clobber`] of what it overwrites.

/// A general register: 0..=15 on x86 and x64 (the processor's numbering), 0..=30 and
/// 31 for the stack pointer on ARM64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reg(pub u8);

/// A vector register by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vector(pub u8);

/// What an operation reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Src {
    /// A register.
    Reg(Reg),
    /// A constant.
    Imm(u64),
}

/// Where a load or store goes: the sum of the parts. Without base and index, `disp` is
/// a virtual address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addr {
    /// Base register.
    pub base: Option<Reg>,
    /// Index register and the factor it is multiplied by.
    pub index: Option<(Reg, u8)>,
    /// Bytes to add.
    pub disp: i64,
}

impl Addr {
    /// A fixed virtual address.
    pub const fn absolute(address: u64) -> Self {
        Addr {
            base: None,
            index: None,
            disp: address as i64,
        }
    }
}

/// Arithmetic of two operands; [`Calc::Not`], [`Calc::Neg`] and [`Calc::Swap`] use the
/// first only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calc {
    /// Sum.
    Add,
    /// Difference.
    Sub,
    /// Bitwise and.
    And,
    /// Bitwise or.
    Or,
    /// Exclusive or.
    Xor,
    /// Shift left.
    Shl,
    /// Shift right, zeros enter.
    Shr,
    /// Shift right, the sign enters.
    Sar,
    /// Rotation to the right.
    Ror,
    /// Product.
    Mul,
    /// All bits inverted.
    Not,
    /// Sign changed.
    Neg,
    /// Bytes in reverse order.
    Swap,
}

/// One effect of an instruction. `size` is in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A register takes a value; a 4-byte result clears the upper half.
    Set { dst: Reg, src: Src, size: u8 },
    /// A register takes the sign-extension to eight bytes of the low `size` bytes of a
    /// register.
    SignExtend {
        dst: Reg,
        src: Reg,
        from: u8,
        size: u8,
    },
    /// A register takes the result of arithmetic.
    Calc {
        dst: Reg,
        op: Calc,
        a: Src,
        b: Src,
        size: u8,
    },
    /// A register takes one of two values (conditional move).
    Either { dst: Reg, a: Src, b: Src, size: u8 },
    /// Sixteen bits of a register are replaced.
    Insert {
        dst: Reg,
        bits: u16,
        shift: u8,
        size: u8,
    },
    /// A register takes an address.
    Address { dst: Reg, addr: Addr, size: u8 },
    /// A register takes memory.
    Load { dst: Reg, addr: Addr, size: u8 },
    /// Memory takes a value.
    Store { addr: Addr, src: Src, size: u8 },
    /// Memory is changed in a way that is not followed.
    ClobberMemory { addr: Addr, size: u8 },
    /// A vector register takes memory.
    LoadVector { dst: Vector, addr: Addr, size: u8 },
    /// Memory takes a vector register.
    StoreVector { addr: Addr, src: Vector, size: u8 },
    /// A vector register takes eight bytes, repeated.
    FillVector { dst: Vector, pattern: u64 },
    /// A vector register takes another.
    CopyVector { dst: Vector, src: Vector },
    /// A vector register takes a general one.
    ToVector { dst: Vector, src: Reg },
    /// A vector register becomes unknown.
    ClobberVector(Vector),
    /// A register becomes unknown.
    Clobber(Reg),
    /// The stack grows by `size` bytes that take a value.
    Push { src: Src, size: u8 },
    /// The stack grows by `size` bytes that take memory.
    PushMemory { addr: Addr, size: u8 },
    /// A register takes the top of the stack, which shrinks.
    Pop { dst: Reg, size: u8 },
}

/// Where a call or jump goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A place in the image, by RVA.
    Direct(u32),
    /// A pointer in memory.
    Memory(Addr),
    /// A pointer in a register.
    Reg(Reg),
}

/// How control leaves an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// To the next instruction.
    Next,
    /// To the next instruction or to the target.
    Branch(u32),
    /// To the target.
    Jump(Target),
    /// To the target and back.
    Call(Target),
    /// To the caller, which drops this many bytes of arguments.
    Return(u16),
    /// Nowhere (trap).
    Stop,
}

/// One lifted instruction. Its effects are a stretch of the function's list.
#[derive(Clone, Copy, Debug)]
pub struct Inst {
    /// Where it stands.
    pub rva: u32,
    /// Its bytes.
    pub len: u8,
    /// First effect in the list.
    pub first: u32,
    /// Number of effects.
    pub count: u8,
    /// How control leaves.
    pub exit: Exit,
}

/// A lifted stretch of code.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Instructions by ascending RVA.
    pub insts: Vec<Inst>,
    /// Their effects.
    pub ops: Vec<Op>,
}

impl Listing {
    /// The effects of one instruction.
    pub fn ops_of(&self, inst: &Inst) -> &[Op] {
        let first = inst.first as usize;
        self.ops
            .get(first..first + usize::from(inst.count))
            .unwrap_or(&[])
    }

    /// The index of the instruction that starts at `rva`.
    pub fn find(&self, rva: u32) -> Option<usize> {
        self.insts.binary_search_by_key(&rva, |i| i.rva).ok()
    }
}
