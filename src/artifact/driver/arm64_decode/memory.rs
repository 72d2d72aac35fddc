//! Loads and stores.

use super::fields::{bit, bits, extend, other, reg_or_sp, reg_or_zero, signed_bits};
use super::insn::Insn;
use super::operand::{Address, Data, Fill, MemoryEffect, Operand, RegSet, Shift, Width, Writeback};

pub(super) fn decode(word: u32) -> Insn {
    let decoded = match (bits(word, 27, 3), bits(word, 24, 2)) {
        (0b101, 0b00 | 0b01) => pair(word),
        (0b001, _) if bit(word, 26) => return structure(word),
        (0b001, 0b00) => return exclusive(word),
        (0b011, 0b00) => literal(word),
        (0b011, 0b01) => acquire_unscaled(word),
        (0b111, 0b00) if !bit(word, 21) => single(word, near_address(word)),
        (0b111, 0b00) => indexed_or_atomic(word),
        (0b111, 0b01) => single(word, scaled_address(word)),
        _ => None,
    };
    decoded.unwrap_or(unknown(word))
}

/// An access that is not modelled: it may write its register field, its base by
/// write-back, and memory at the base.
fn unknown(word: u32) -> Insn {
    let base = reg_or_sp(word, 5);
    let writes = RegSet::of(reg_or_zero(word, 0))
        .union(RegSet::of(reg_or_zero(word, 10)))
        .union(RegSet::of(reg_or_zero(word, 16)))
        .union(RegSet::of(base));
    other(word, writes, MemoryEffect::Store(base))
}

/// Vector structure loads and stores (`ld1`, `st4`, …): no general register but the
/// base, with write-back when bit 23 is set.
fn structure(word: u32) -> Insn {
    let base = reg_or_sp(word, 5);
    let writes = if bit(word, 23) {
        RegSet::of(base)
    } else {
        RegSet::EMPTY
    };
    let memory = if bit(word, 22) {
        MemoryEffect::None
    } else {
        MemoryEffect::Store(base)
    };
    other(word, writes, memory)
}

/// Exclusive and ordered accesses and compare-and-swap. `ldar` and `stlr` are plain
/// loads and stores to a data flow; the others only have effects.
fn exclusive(word: u32) -> Insn {
    let base = reg_or_sp(word, 5);
    let load = bit(word, 22);
    let status = RegSet::of(reg_or_zero(word, 16));
    match (bit(word, 23), bit(word, 21)) {
        (true, false) => ordered(word),
        (true, true) => other(word, status, MemoryEffect::Store(base)),
        (false, true) if !bit(word, 31) => {
            let second = RegSet::of(reg_or_zero(word | 1 << 16, 16));
            other(word, status.union(second), MemoryEffect::Store(base))
        }
        (false, pair) if load => {
            let second = if pair {
                RegSet::of(reg_or_zero(word, 10))
            } else {
                RegSet::EMPTY
            };
            let writes = RegSet::of(reg_or_zero(word, 0)).union(second);
            other(word, writes, MemoryEffect::None)
        }
        (false, _) => other(word, status, MemoryEffect::Store(base)),
    }
}

fn ordered(word: u32) -> Insn {
    let scale = bits(word, 30, 2);
    let data = Data::General(reg_or_zero(word, 0), width_of(scale));
    let address = plain(word, 0, Writeback::None);
    let size = 1 << scale;
    match bit(word, 22) {
        true => Insn::Load {
            data,
            second: None,
            size,
            fill: Fill::Zero,
            address,
        },
        false => Insn::Store {
            data,
            second: None,
            size,
            address,
        },
    }
}

fn literal(word: u32) -> Option<Insn> {
    let kind = bits(word, 30, 2);
    let address = Address::Literal(signed_bits(word, 5, 19) << 2);
    let reg = reg_or_zero(word, 0);
    let (data, size, fill) = match (bit(word, 26), kind) {
        (true, 0..=2) => (Data::Vector(bits(word, 0, 5) as u8), 4 << kind, Fill::Zero),
        (false, 0) => (Data::General(reg, Width::W), 4, Fill::Zero),
        (false, 1) => (Data::General(reg, Width::X), 8, Fill::Zero),
        (false, 2) => (Data::General(reg, Width::X), 4, Fill::Sign),
        (false, _) => return Some(prefetch(word)),
        (true, _) => return None,
    };
    Some(Insn::Load {
        data,
        second: None,
        size,
        fill,
        address,
    })
}

/// `prfm`: no effect on registers or memory contents.
fn prefetch(word: u32) -> Insn {
    other(word, RegSet::EMPTY, MemoryEffect::None)
}

/// `ldapur` and `stlur`; the memory-copy and tag instructions share the space.
fn acquire_unscaled(word: u32) -> Option<Insn> {
    if bit(word, 26) || bit(word, 21) || bits(word, 10, 2) != 0 {
        return None;
    }
    general(word, plain(word, signed_bits(word, 12, 9), Writeback::None))
}

fn pair(word: u32) -> Option<Insn> {
    let kind = bits(word, 30, 2);
    let load = bit(word, 22);
    let (scale, fill, vector) = match (bit(word, 26), kind) {
        (true, 0..=2) => (2 + kind, Fill::Zero, true),
        (false, 0) => (2, Fill::Zero, false),
        (false, 1) if load => (2, Fill::Sign, false),
        (false, 2) => (3, Fill::Zero, false),
        _ => return None,
    };
    let width = if kind == 0 { Width::W } else { Width::X };
    let data = |low| match vector {
        true => Data::Vector(bits(word, low, 5) as u8),
        false => Data::General(reg_or_zero(word, low), width),
    };
    let writeback = match bits(word, 23, 2) {
        1 => Writeback::Post,
        3 => Writeback::Pre,
        _ => Writeback::None,
    };
    let address = plain(word, signed_bits(word, 15, 7) << scale, writeback);
    let (data, second, size) = (data(0), Some(data(10)), 1 << scale);
    Some(match load {
        true => Insn::Load {
            data,
            second,
            size,
            fill,
            address,
        },
        false => Insn::Store {
            data,
            second,
            size,
            address,
        },
    })
}

/// Unscaled, post-indexed, unprivileged and pre-indexed: a signed nine-bit offset.
fn near_address(word: u32) -> Address {
    let writeback = match bits(word, 10, 2) {
        1 => Writeback::Post,
        3 => Writeback::Pre,
        _ => Writeback::None,
    };
    plain(word, signed_bits(word, 12, 9), writeback)
}

/// An unsigned twelve-bit offset, counted in units of the access size.
fn scaled_address(word: u32) -> Address {
    plain(
        word,
        i64::from(bits(word, 10, 12)) << scale(word),
        Writeback::None,
    )
}

fn plain(word: u32, offset: i64, writeback: Writeback) -> Address {
    Address::Offset {
        base: reg_or_sp(word, 5),
        offset,
        writeback,
    }
}

/// Binary logarithm of the access size; a vector access has a fifth size, 16 bytes.
fn scale(word: u32) -> u32 {
    let size = bits(word, 30, 2);
    if bit(word, 26) && bit(word, 23) {
        size + 4
    } else {
        size
    }
}

fn indexed_or_atomic(word: u32) -> Option<Insn> {
    match bits(word, 10, 2) {
        0b10 => {
            let kind = bits(word, 13, 3);
            if kind & 2 == 0 {
                return None;
            }
            let shift = if bit(word, 12) { scale(word) as u8 } else { 0 };
            let reg = reg_or_zero(word, 16);
            let index = match kind {
                3 => Operand::Shifted(reg, Shift::Lsl, shift),
                _ => Operand::Extended(reg, extend(kind), shift),
            };
            single(
                word,
                Address::Indexed {
                    base: reg_or_sp(word, 5),
                    index,
                },
            )
        }
        0b00 => Some(atomic(word)),
        _ => authenticated(word),
    }
}

/// Read-modify-write on memory: the old value arrives in bits 0..5.
fn atomic(word: u32) -> Insn {
    other(
        word,
        RegSet::of(reg_or_zero(word, 0)),
        MemoryEffect::Store(reg_or_sp(word, 5)),
    )
}

/// `ldraa`, `ldrab`: a 64-bit load through a signed pointer.
fn authenticated(word: u32) -> Option<Insn> {
    if bits(word, 30, 2) != 3 || bit(word, 26) {
        return None;
    }
    let distance = (signed_bits(word, 22, 1) << 9 | i64::from(bits(word, 12, 9))) << 3;
    let writeback = if bit(word, 11) {
        Writeback::Pre
    } else {
        Writeback::None
    };
    Some(Insn::Load {
        data: Data::General(reg_or_zero(word, 0), Width::X),
        second: None,
        size: 8,
        fill: Fill::Zero,
        address: plain(word, distance, writeback),
    })
}

fn single(word: u32, address: Address) -> Option<Insn> {
    if bit(word, 26) {
        vector(word, address)
    } else {
        general(word, address)
    }
}

fn vector(word: u32, address: Address) -> Option<Insn> {
    let log = scale(word);
    if log > 4 {
        return None;
    }
    let data = Data::Vector(bits(word, 0, 5) as u8);
    let size = 1 << log;
    Some(match bit(word, 22) {
        true => Insn::Load {
            data,
            second: None,
            size,
            fill: Fill::Zero,
            address,
        },
        false => Insn::Store {
            data,
            second: None,
            size,
            address,
        },
    })
}

fn general(word: u32, address: Address) -> Option<Insn> {
    let log = bits(word, 30, 2);
    let reg = reg_or_zero(word, 0);
    let size = 1 << log;
    let load = |width, fill| {
        let data = Data::General(reg, width);
        Insn::Load {
            data,
            second: None,
            size,
            fill,
            address,
        }
    };
    match bits(word, 22, 2) {
        0 => {
            let data = Data::General(reg, width_of(log));
            Some(Insn::Store {
                data,
                second: None,
                size,
                address,
            })
        }
        1 => Some(load(width_of(log), Fill::Zero)),
        2 if log == 3 => Some(prefetch(word)),
        2 => Some(load(Width::X, Fill::Sign)),
        _ if log < 2 => Some(load(Width::W, Fill::Sign)),
        _ => None,
    }
}

fn width_of(log: u32) -> Width {
    if log == 3 { Width::X } else { Width::W }
}
