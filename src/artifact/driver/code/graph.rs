//! Basic blocks and the ways between them.

use super::ir::{Exit, Inst, Listing, Target};

/// A run of instructions that is entered at its first only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Index of the first instruction.
    pub first: u32,
    /// Index behind the last.
    pub end: u32,
    /// The block that follows in memory, when control may run on into it.
    pub next: Option<u32>,
    /// The block that the last instruction jumps to.
    pub branch: Option<u32>,
}

/// The control-flow graph of a listing.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// By ascending address.
    pub blocks: Vec<Block>,
}

impl Graph {
    /// Splits a listing at branches and their targets.
    pub fn of(listing: &Listing) -> Self {
        let insts = &listing.insts;
        let mut leader = vec![false; insts.len()];
        if let Some(first) = leader.first_mut() {
            *first = true;
        }
        for (n, inst) in insts.iter().enumerate() {
            if let Some(target) = target_of(inst).and_then(|t| listing.find(t)) {
                leader[target] = true;
            }
            let splits = !matches!(inst.exit, Exit::Next | Exit::Call(_));
            let gap = insts
                .get(n + 1)
                .is_some_and(|next| next.rva != end_of(inst));
            if (splits || gap)
                && let Some(next) = leader.get_mut(n + 1)
            {
                *next = true;
            }
        }
        Graph {
            blocks: blocks(listing, &leader),
        }
    }

    /// The block that starts with instruction `inst`.
    fn starting_at(blocks: &[Block], inst: usize) -> Option<u32> {
        let found = blocks
            .binary_search_by_key(&(inst as u32), |b| b.first)
            .ok()?;
        Some(found as u32)
    }
}

fn blocks(listing: &Listing, leader: &[bool]) -> Vec<Block> {
    let starts: Vec<usize> = (0..leader.len()).filter(|&n| leader[n]).collect();
    let mut blocks: Vec<Block> = Vec::with_capacity(starts.len());
    for (n, &first) in starts.iter().enumerate() {
        let end = starts.get(n + 1).copied().unwrap_or(leader.len());
        blocks.push(Block {
            first: first as u32,
            end: end as u32,
            next: None,
            branch: None,
        });
    }
    for n in 0..blocks.len() {
        let Some(last) = listing.insts.get((blocks[n].end as usize).wrapping_sub(1)) else {
            continue;
        };
        let runs_on = matches!(last.exit, Exit::Next | Exit::Branch(_) | Exit::Call(_));
        let following = blocks
            .get(n + 1)
            .and_then(|b| listing.insts.get(b.first as usize));
        if runs_on && following.is_some_and(|f| f.rva == end_of(last)) {
            blocks[n].next = Some(n as u32 + 1);
        }
        let target = target_of(last).and_then(|t| listing.find(t));
        blocks[n].branch = target.and_then(|t| Graph::starting_at(&blocks, t));
    }
    blocks
}

/// Where a branch or jump inside the listing goes; calls come back and do not count.
fn target_of(inst: &Inst) -> Option<u32> {
    match inst.exit {
        Exit::Branch(target) | Exit::Jump(Target::Direct(target)) => Some(target),
        _ => None,
    }
}

fn end_of(inst: &Inst) -> u32 {
    inst.rva.wrapping_add(u32::from(inst.len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::driver::code::lift_x86;

    #[test]
    fn a_branch_makes_three_blocks() {
        // test ecx,ecx; jz +1; nop; ret
        let mut listing = Listing::default();
        lift_x86::lift(
            &[0x85, 0xc9, 0x74, 0x01, 0x90, 0xc3],
            0x1000,
            0,
            true,
            &mut listing,
        );
        let graph = Graph::of(&listing);
        assert_eq!(graph.blocks.len(), 3);
        assert_eq!(graph.blocks[0].next, Some(1));
        assert_eq!(graph.blocks[0].branch, Some(2));
        assert_eq!(graph.blocks[2].next, None);
    }
}
