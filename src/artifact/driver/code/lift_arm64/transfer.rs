//! Loads and stores.

use super::super::ir::{Addr, Calc, Op, Reg, Src, Vector};
use super::{bytes, operand, reg, src};
use crate::artifact::driver::arm64_decode as arm;

/// A load or store of one or two registers.
pub(super) struct Transfer {
    pub data: arm::Data,
    pub second: Option<arm::Data>,
    pub size: u8,
    pub address: arm::Address,
    pub literal: Option<u64>,
}

impl Transfer {
    /// Brings the base into shape before the access and returns the address.
    fn before(&self, ops: &mut Vec<Op>) -> Addr {
        match self.address {
            arm::Address::Offset {
                base,
                offset,
                writeback,
            } => {
                let base = reg(base);
                let disp = match writeback {
                    arm::Writeback::None => offset,
                    arm::Writeback::Pre => {
                        move_base(ops, base, offset);
                        0
                    }
                    arm::Writeback::Post => 0,
                };
                Addr {
                    base,
                    index: None,
                    disp,
                }
            }
            arm::Address::Indexed { base, index } => {
                let Src::Reg(index) = operand(ops, index, 8) else {
                    return Addr {
                        base: reg(base),
                        index: None,
                        disp: 0,
                    };
                };
                Addr {
                    base: reg(base),
                    index: Some((index, 1)),
                    disp: 0,
                }
            }
            arm::Address::Literal(_) => Addr::absolute(self.literal.unwrap_or(0)),
        }
    }

    fn after(&self, ops: &mut Vec<Op>) {
        if let arm::Address::Offset {
            base,
            offset,
            writeback: arm::Writeback::Post,
        } = self.address
        {
            move_base(ops, reg(base), offset);
        }
    }

    /// The registers with the address of each.
    fn parts(&self, addr: Addr) -> impl Iterator<Item = (arm::Data, Addr)> {
        let behind = Addr {
            disp: addr.disp.wrapping_add(i64::from(self.size)),
            ..addr
        };
        [Some((self.data, addr)), self.second.map(|d| (d, behind))]
            .into_iter()
            .flatten()
    }
}

fn move_base(ops: &mut Vec<Op>, base: Option<Reg>, offset: i64) {
    let Some(dst) = base else { return };
    let b = Src::Imm(offset as u64);
    ops.push(Op::Calc {
        dst,
        op: Calc::Add,
        a: Src::Reg(dst),
        b,
        size: 8,
    });
}

pub(super) fn load(ops: &mut Vec<Op>, transfer: &Transfer, fill: arm::Fill) {
    let addr = transfer.before(ops);
    let size = transfer.size;
    // A pair whose first register is the base must not lose it before the second load.
    let clash = matches!(transfer.data, arm::Data::General(r, _) if reg(r) == addr.base);
    if transfer.second.is_some() && clash {
        for (data, _) in transfer.parts(addr) {
            if let arm::Data::General(r, _) = data {
                ops.extend(reg(r).map(Op::Clobber));
            }
        }
        return;
    }
    for (data, addr) in transfer.parts(addr) {
        match data {
            arm::Data::General(r, width) => {
                let Some(dst) = reg(r) else { continue };
                ops.push(Op::Load { dst, addr, size });
                if fill == arm::Fill::Sign && size < bytes(width) {
                    ops.push(Op::SignExtend {
                        dst,
                        src: dst,
                        from: size,
                        size: bytes(width),
                    });
                }
            }
            arm::Data::Vector(n) => ops.push(Op::LoadVector {
                dst: Vector(n),
                addr,
                size,
            }),
        }
    }
    transfer.after(ops);
}

pub(super) fn store(ops: &mut Vec<Op>, transfer: &Transfer) {
    let addr = transfer.before(ops);
    let size = transfer.size;
    for (data, addr) in transfer.parts(addr) {
        ops.push(match data {
            arm::Data::General(r, _) => Op::Store {
                addr,
                src: src(r),
                size,
            },
            arm::Data::Vector(n) => Op::StoreVector {
                addr,
                src: Vector(n),
                size,
            },
        });
    }
    transfer.after(ops);
}
