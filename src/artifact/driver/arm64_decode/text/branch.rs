//! Branches, hints and exceptions.

use std::fmt::{self, Write};

use super::super::operand::{
    Authentication, BranchKind, Condition, Exception, LINK, Reg, Test, Width,
};
use super::{Number, reg, x};

pub(super) fn branch_if(out: &mut String, test: Test, target: String) -> fmt::Result {
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

pub(super) fn condition_name(condition: Condition) -> &'static str {
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
pub(super) fn branch_register(
    out: &mut String,
    kind: BranchKind,
    target: Reg,
    auth: Authentication,
) -> fmt::Result {
    match (kind, auth) {
        (BranchKind::Return, Authentication::By(_)) => write!(out, "retaa"),
        (BranchKind::Return, _) if target == LINK => write!(out, "ret"),
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

pub(super) fn hint(out: &mut String, number: u8) -> fmt::Result {
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

pub(super) fn exception(out: &mut String, kind: Exception, code: u16) -> fmt::Result {
    let code = Number(u64::from(code));
    match kind {
        Exception::Break => write!(out, "brk {code}"),
        Exception::Undefined => write!(out, "udf {code}"),
        Exception::Return => out.write_str("eret"),
        Exception::Call => write!(out, "svc/hvc/smc {code}"),
    }
}
