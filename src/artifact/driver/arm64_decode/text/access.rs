//! Loads and stores.

use std::fmt::{self, Write};

use super::super::insn::Insn;
use super::super::operand::{Address, Data, Fill, Width, Writeback};
use super::{Offset, extended_width, operand, reg, x};

pub(super) fn access(out: &mut String, insn: &Insn, pc: u64) -> fmt::Result {
    let (name, data, second, size, fill, address) = match *insn {
        Insn::Load {
            data,
            second,
            size,
            fill,
            address,
        } => ("ld", data, second, size, fill, address),
        Insn::Store {
            data,
            second,
            size,
            address,
        } => ("st", data, second, size, Fill::Zero, address),
        _ => return Ok(()),
    };
    let pair = if second.is_some() { "p" } else { "r" };
    out.push_str(name);
    out.push_str(pair);
    if fill == Fill::Sign {
        out.push('s');
    }
    if let (Data::General(..), 1 | 2) | (Data::General(_, Width::X), 4) = (data, size) {
        out.push_str(match size {
            1 => "b",
            2 => "h",
            _ => "w",
        });
    }
    write!(out, " {}", data_name(data, size))?;
    if let Some(second) = second {
        write!(out, ", {}", data_name(second, size))?;
    }
    match insn.pc_relative_address(pc) {
        Some(literal) => write!(out, ", {literal:#x}"),
        None => write!(out, ", {}", address_text(address)),
    }
}

fn data_name(data: Data, size: u8) -> String {
    match data {
        Data::General(r, width) => reg(r, width),
        Data::Vector(n) => {
            let letter = match size {
                1 => 'b',
                2 => 'h',
                4 => 's',
                8 => 'd',
                _ => 'q',
            };
            format!("{letter}{n}")
        }
    }
}

fn address_text(address: Address) -> String {
    match address {
        Address::Offset {
            base,
            offset: 0,
            writeback: Writeback::None,
        } => format!("[{}]", x(base)),
        Address::Offset {
            base,
            offset,
            writeback,
        } => match writeback {
            Writeback::None => format!("[{}, {}]", x(base), Offset(offset)),
            Writeback::Pre => format!("[{}, {}]!", x(base), Offset(offset)),
            Writeback::Post => format!("[{}], {}", x(base), Offset(offset)),
        },
        Address::Indexed { base, index } => {
            format!(
                "[{}, {}]",
                x(base),
                operand(index, Width::X, extended_width(index))
            )
        }
        Address::Literal(offset) => format!("{}", Offset(offset)),
    }
}
