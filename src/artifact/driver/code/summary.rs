//! What a local routine does to its caller: registers destroyed, arguments dropped.

use super::ir::{Exit, Listing, Op, Reg, Target};
use super::step::Scene;
use super::{lift_arm64, lift_x86};
use crate::artifact::driver::image::Machine;
use std::collections::HashMap;

/// Code bytes looked at for the registers of a leaf: longer ones use them all.
const MAX_LEAF: usize = 96;
/// Code bytes looked at for an x86 routine's `ret N`.
const MAX_UNTIL_RETURN: usize = 2048;

/// Effects of a callee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// General registers that it may change, as a bit set.
    pub writes: u64,
    /// Bytes of arguments that it drops (x86), when its end was seen.
    pub drops: Option<u16>,
}

/// Summaries already made, by RVA.
#[derive(Debug, Default)]
pub struct Summaries {
    known: HashMap<u32, Summary>,
    listing: Listing,
}

impl Summaries {
    /// The summary of the routine at `rva`.
    ///
    /// A compiler that sees a callee's registers keeps values in volatile ones across the
    /// call (gcc's `-fipa-ra`, link-time code generation), so leaves are looked into.
    pub fn of(&mut self, scene: &Scene<'_>, rva: u32) -> Summary {
        if let Some(&summary) = self.known.get(&rva) {
            return summary;
        }
        let summary = self.make(scene, rva);
        self.known.insert(rva, summary);
        summary
    }

    fn make(&mut self, scene: &Scene<'_>, rva: u32) -> Summary {
        let image = scene.image;
        let x86 = image.machine == Machine::X86;
        let cap = if x86 { MAX_UNTIL_RETURN } else { MAX_LEAF };
        let tail = image.tail(rva);
        let code = tail.get(..cap).unwrap_or(tail);
        self.listing.insts.clear();
        self.listing.ops.clear();
        match image.machine {
            Machine::Arm64 => lift_arm64::lift(code, rva, image.image_base, &mut self.listing),
            _ => lift_x86::lift(code, rva, image.image_base, image.is_64, &mut self.listing),
        }
        Summary {
            writes: leaf_writes(&self.listing).unwrap_or(u64::MAX),
            drops: if x86 { returned(&self.listing) } else { None },
        }
    }
}

/// The registers written up to the first return, when nothing is called on the way and no
/// branch leads past it.
fn leaf_writes(listing: &Listing) -> Option<u64> {
    let mut writes = 0u64;
    let mut furthest = 0;
    for inst in &listing.insts {
        for op in listing.ops_of(inst) {
            writes |= written(op).map_or(0, |r| 1 << (r.0 & 63));
        }
        match inst.exit {
            Exit::Next => {}
            Exit::Branch(target) | Exit::Jump(Target::Direct(target)) => {
                furthest = furthest.max(target);
            }
            Exit::Return(_) if inst.rva >= furthest => {
                return Some(writes);
            }
            Exit::Return(_) => {}
            Exit::Jump(_) | Exit::Call(_) | Exit::Stop => return None,
        }
    }
    None
}

const fn written(op: &Op) -> Option<Reg> {
    match *op {
        Op::Set { dst, .. }
        | Op::SignExtend { dst, .. }
        | Op::Calc { dst, .. }
        | Op::Either { dst, .. }
        | Op::Insert { dst, .. }
        | Op::Address { dst, .. }
        | Op::Load { dst, .. }
        | Op::Pop { dst, .. }
        | Op::Clobber(dst) => Some(dst),
        _ => None,
    }
}

/// What the first return drops; nothing when the routine ends in a jump before that, since
/// then another routine's return is the one that counts.
fn returned(listing: &Listing) -> Option<u16> {
    let mut furthest = 0;
    for inst in &listing.insts {
        match inst.exit {
            Exit::Return(bytes) => return Some(bytes),
            Exit::Branch(target) => furthest = furthest.max(target),
            Exit::Jump(Target::Direct(target)) if target > inst.rva => {
                furthest = furthest.max(target);
            }
            Exit::Jump(_) | Exit::Stop if inst.rva >= furthest => return None,
            _ => {}
        }
    }
    None
}
