//! Bit field instructions, as far as they are shifts, widenings and insertions.

use super::super::ir::{Calc, Op, Reg, Src};
use super::{SCRATCH, reg, src};
use crate::artifact::driver::arm64_decode as arm;

/// Shifts and widenings out of the bit field instructions; other fields are not followed.
pub(super) fn bitfield(
    ops: &mut Vec<Op>,
    op: arm::Bitfield,
    size: u8,
    dst: arm::Reg,
    from: arm::Reg,
    rotate: u8,
    top: u8,
) {
    let Some(to) = reg(dst) else { return };
    let last = size * 8 - 1;
    let amount = |n: u8| Src::Imm(u64::from(n));
    let by = |op, n| Op::Calc {
        dst: to,
        op,
        a: src(from),
        b: amount(n),
        size,
    };
    match op {
        arm::Bitfield::Unsigned if top == last => ops.push(by(Calc::Shr, rotate)),
        arm::Bitfield::Unsigned if rotate == top + 1 => ops.push(by(Calc::Shl, last - top)),
        // ubfx: shift down, then cut.
        arm::Bitfield::Unsigned if rotate <= top => {
            ops.push(by(Calc::Shr, rotate));
            let mask = (1u64 << (top - rotate + 1)) - 1;
            let (a, b) = (Src::Reg(to), Src::Imm(mask));
            ops.push(Op::Calc {
                dst: to,
                op: Calc::And,
                a,
                b,
                size,
            });
        }
        arm::Bitfield::Signed if top == last => ops.push(by(Calc::Sar, rotate)),
        arm::Bitfield::Signed if rotate == 0 && matches!(top, 7 | 15 | 31) => {
            let from_bytes = (top + 1) / 8;
            ops.push(match reg(from) {
                Some(src) => Op::SignExtend {
                    dst: to,
                    src,
                    from: from_bytes,
                    size,
                },
                None => Op::Set {
                    dst: to,
                    src: Src::Imm(0),
                    size,
                },
            });
        }
        // bfi and bfxil of a half: keep the rest, as `movk` does, when both are known.
        arm::Bitfield::Insert => insert_field(ops, size, to, from, rotate, top),
        _ => ops.push(Op::Clobber(to)),
    }
}

fn insert_field(ops: &mut Vec<Op>, size: u8, to: Reg, from: arm::Reg, rotate: u8, top: u8) {
    let bits = size * 8;
    // Width, place in the source and in the destination.
    let (len, low, place) = if top >= rotate {
        (top - rotate + 1, rotate, 0)
    } else {
        (top + 1, 0, bits - rotate)
    };
    let mask = if len >= 64 {
        u64::MAX
    } else {
        (1u64 << len) - 1
    };
    let step = |dst, op, a, n| Op::Calc {
        dst,
        op,
        a,
        b: Src::Imm(n),
        size,
    };
    let scratch = Src::Reg(SCRATCH);
    ops.push(step(SCRATCH, Calc::Shr, src(from), u64::from(low)));
    ops.push(step(SCRATCH, Calc::And, scratch, mask));
    ops.push(step(SCRATCH, Calc::Shl, scratch, u64::from(place)));
    let keep = super::super::value::truncate(!(mask << place), size);
    ops.push(step(to, Calc::And, Src::Reg(to), keep));
    ops.push(Op::Calc {
        dst: to,
        op: Calc::Or,
        a: Src::Reg(to),
        b: scratch,
        size,
    });
}
