//! Questions about an instruction that hold for every variant: what it overwrites,
//! where control goes.

use super::insn::Insn;
use super::operand::{Address, BranchKind, Data, Exception, LINK, PcBase, Reg, RegSet, Writeback};

/// `brk` code of a compiler's `__fastfail` on Windows, after which nothing runs;
/// other codes are breakpoints and assertions that may be stepped over.
const FAST_FAIL: u16 = 0xf003;

/// Hints that sign or verify the pointer in `x17` (`pacia1716`, `pacib1716`,
/// `autia1716`, `autib1716`).
const HINTS_ON_X17: [u8; 4] = [8, 10, 12, 14];

/// Hints that change the link register: `xpaclri` and the `pac`/`aut` forms on it.
const HINTS_ON_LINK: [u8; 9] = [7, 24, 25, 26, 27, 28, 29, 30, 31];

impl Insn {
    /// The general registers that this instruction itself may change: results, base
    /// registers with write-back, the link register of calls. What a *called* routine
    /// destroys is not included; see [`RegSet::VOLATILE`].
    pub fn writes(&self) -> RegSet {
        match *self {
            Insn::PcRelative { dst, .. }
            | Insn::MoveWide { dst, .. }
            | Insn::AddSubImmediate { dst, .. }
            | Insn::AddSubRegister { dst, .. }
            | Insn::LogicalImmediate { dst, .. }
            | Insn::LogicalRegister { dst, .. }
            | Insn::ConditionalSelect { dst, .. }
            | Insn::Bitfield { dst, .. }
            | Insn::Extract { dst, .. }
            | Insn::ShiftRegister { dst, .. }
            | Insn::MultiplyAdd { dst, .. }
            | Insn::Reverse { dst, .. } => RegSet::of(dst),
            Insn::Load {
                data,
                second,
                address,
                ..
            } => loaded(Some(data))
                .union(loaded(second))
                .union(written_back(address)),
            Insn::Store { address, .. } => written_back(address),
            Insn::Branch {
                kind: BranchKind::Call,
                ..
            }
            | Insn::BranchRegister {
                kind: BranchKind::Call,
                ..
            } => RegSet::of(LINK),
            Insn::Exception {
                kind: Exception::Call,
                ..
            } => RegSet::VOLATILE,
            Insn::Hint(number) if HINTS_ON_X17.contains(&number) => RegSet::of(Reg::R(17)),
            Insn::Hint(number) if HINTS_ON_LINK.contains(&number) => RegSet::of(LINK),
            Insn::Other { writes, .. } => writes,
            Insn::Branch { .. }
            | Insn::BranchIf { .. }
            | Insn::BranchRegister { .. }
            | Insn::VectorImmediate { .. }
            | Insn::Hint(_)
            | Insn::Exception { .. } => RegSet::EMPTY,
        }
    }

    /// Where a direct branch goes when the instruction stands at `pc`; addresses wrap
    /// like the processor's.
    pub fn branch_target(&self, pc: u64) -> Option<u64> {
        match *self {
            Insn::Branch { offset, .. } | Insn::BranchIf { offset, .. } => {
                Some(pc.wrapping_add_signed(offset))
            }
            _ => None,
        }
    }

    /// The address that `adr`, `adrp` or a literal load at `pc` stands for.
    pub fn pc_relative_address(&self, pc: u64) -> Option<u64> {
        match *self {
            Insn::PcRelative {
                base: PcBase::Here,
                offset,
                ..
            } => Some(pc.wrapping_add_signed(offset)),
            Insn::PcRelative {
                base: PcBase::Page,
                offset,
                ..
            } => Some((pc & !0xfff).wrapping_add_signed(offset)),
            Insn::Load {
                address: Address::Literal(offset),
                ..
            } => Some(pc.wrapping_add_signed(offset)),
            _ => None,
        }
    }

    /// True for `bl`, `blr` and the authenticated calls.
    pub fn is_call(&self) -> bool {
        matches!(
            self,
            Insn::Branch {
                kind: BranchKind::Call,
                ..
            } | Insn::BranchRegister {
                kind: BranchKind::Call,
                ..
            }
        )
    }

    /// True when the next instruction in memory is not reached from this one.
    pub fn ends_flow(&self) -> bool {
        match *self {
            Insn::Branch { kind, .. } | Insn::BranchRegister { kind, .. } => {
                kind != BranchKind::Call
            }
            Insn::Exception { kind, code } => match kind {
                Exception::Undefined | Exception::Return => true,
                Exception::Break => code == FAST_FAIL,
                Exception::Call => false,
            },
            _ => false,
        }
    }
}

fn loaded(data: Option<Data>) -> RegSet {
    match data {
        Some(Data::General(reg, _)) => RegSet::of(reg),
        Some(Data::Vector(_)) | None => RegSet::EMPTY,
    }
}

fn written_back(address: Address) -> RegSet {
    match address {
        Address::Offset {
            base,
            writeback: Writeback::Pre | Writeback::Post,
            ..
        } => RegSet::of(base),
        _ => RegSet::EMPTY,
    }
}
