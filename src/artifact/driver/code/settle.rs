//! The fixed point: which values each block of a function can start with.
//!
//! A block starts with the join of what its predecessors leave; blocks are revisited until
//! nothing changes. Sets only grow and are bounded, and what still grows after a few rounds
//! of a loop becomes unknown (widening), so this ends; a budget ends it earlier in monstrous
//! functions. Blocks that nothing leads to are the cases of a `switch` when the function
//! jumps through a register, and take the state of that jump; otherwise they are functions
//! of their own, which the bounds did not know.

use super::flow::Flow;
use super::graph::{Block, Graph};
use super::ir::{Exit, Inst, Listing, Target};
use super::state::{State, Widen};
use std::collections::BTreeSet;

/// Visits of blocks a function may cost, for each block of it. Loops settle after two or
/// three.
const VISITS_PER_BLOCK: usize = 12;
/// Changes that loops may bring to a block before what they change becomes unknown. Tags
/// change once or twice in a loop; counters change every time.
const CHANGES_BY_LOOPS: u8 = 3;

/// A function's blocks and the states at their starts.
pub(super) struct Run {
    pub graph: Graph,
    /// `None` where nothing was found to lead to.
    pub states: Vec<Option<State>>,
    /// The entry that each block's values are relative to.
    pub owners: Vec<u32>,
    loops: Vec<u8>,
    budget: usize,
}

impl Run {
    /// Nothing reached yet.
    pub fn new(graph: Graph, entry: u32) -> Self {
        let count = graph.blocks.len();
        Run {
            graph,
            states: vec![None; count],
            owners: vec![entry; count],
            loops: vec![0; count],
            budget: count * VISITS_PER_BLOCK + 64,
        }
    }

    /// Starts blocks with a state, where they have none.
    fn seed(&mut self, blocks: &[usize], state: &State, owner: u32) -> BTreeSet<usize> {
        let mut seeded = BTreeSet::new();
        for &n in blocks {
            if self.states[n].is_none() {
                self.states[n] = Some(state.clone());
                self.owners[n] = owner;
                seeded.insert(n);
            }
        }
        seeded
    }

    /// Blocks not reached that no jump or fall-through of the function leads to.
    fn roots(&self, listing: &Listing) -> Vec<usize> {
        let mut led_to = vec![false; self.graph.blocks.len()];
        for block in &self.graph.blocks {
            for next in [block.next, block.branch].into_iter().flatten() {
                led_to[next as usize] = true;
            }
        }
        let blocks = self.graph.blocks.iter().enumerate();
        blocks
            .filter(|(n, b)| !led_to[*n] && self.states[*n].is_none() && !is_padding(listing, b))
            .map(|(n, _)| n)
            .collect()
    }
}

impl Flow<'_> {
    /// Finds the states: first from the entry, then from blocks that nothing leads to.
    pub(super) fn settle(&mut self, listing: &Listing, run: &mut Run, entry: u32) {
        let sp = self.scene.convention.sp;
        let first = listing.find(entry).unwrap_or(0) as u32;
        if let Ok(block) = run.graph.blocks.binary_search_by_key(&first, |b| b.first) {
            let state = State::entry(&mut self.arena, sp);
            self.spread(listing, run, &[block], &state, entry);
        }
        let cases = run.roots(listing);
        if !cases.is_empty()
            && let Some((state, owner)) = self.state_at_switches(listing, run)
        {
            self.spread(listing, run, &cases, &state, owner);
        }
        // What is left starts functions of its own, in order; cycles that nothing enters
        // are not code.
        for n in run.roots(listing) {
            if run.states[n].is_none() {
                let start = listing.insts[run.graph.blocks[n].first as usize].rva;
                let state = State::entry(&mut self.arena, sp);
                self.spread(listing, run, &[n], &state, start);
            }
        }
    }

    /// The join of the states at jumps whose targets are not known.
    fn state_at_switches(&mut self, listing: &Listing, run: &Run) -> Option<(State, u32)> {
        let mut sum: Option<(State, u32)> = None;
        for (n, block) in run.graph.blocks.iter().enumerate() {
            let last = listing.insts.get((block.end as usize).wrapping_sub(1));
            let Some(state) = run.states[n]
                .as_ref()
                .filter(|_| last.is_some_and(is_switch))
            else {
                continue;
            };
            let mut out = state.clone();
            self.run_block(listing, block, &mut out);
            match &mut sum {
                Some((sum, _)) => {
                    sum.join(&mut self.arena, &out, Widen::No);
                }
                None => sum = Some((out, run.owners[n])),
            }
        }
        sum
    }

    /// Lets `state` run from `starts` until nothing changes.
    pub(super) fn spread(
        &mut self,
        listing: &Listing,
        run: &mut Run,
        starts: &[usize],
        state: &State,
        owner: u32,
    ) {
        let mut waiting = run.seed(starts, state, owner);
        while let Some(n) = waiting.pop_first() {
            if run.budget == 0 {
                return;
            }
            run.budget -= 1;
            let block = run.graph.blocks[n];
            let Some(mut out) = run.states[n].clone() else {
                continue;
            };
            self.run_block(listing, &block, &mut out);
            for next in [block.next, block.branch].into_iter().flatten() {
                if self.enter(run, n, next as usize, &out) {
                    waiting.insert(next as usize);
                }
            }
        }
    }

    /// Brings the state at the end of block `from` into block `to`; true when it changed.
    fn enter(&mut self, run: &mut Run, from: usize, to: usize, out: &State) -> bool {
        let Some(known) = &mut run.states[to] else {
            run.states[to] = Some(out.clone());
            run.owners[to] = run.owners[from];
            return true;
        };
        let backwards = to <= from;
        let widen = match run.loops[to] >= CHANGES_BY_LOOPS && backwards {
            true => Widen::Yes,
            false => Widen::No,
        };
        let changed = self.merge(known, out, widen);
        if changed && backwards {
            run.loops[to] = run.loops[to].saturating_add(1);
        }
        changed
    }

    /// Joins, but keeps one stack pointer: where two ways disagree about it, one of the
    /// two was misjudged, and a set of both would lose all stack arguments.
    fn merge(&mut self, known: &mut State, other: &State, widen: Widen) -> bool {
        let sp = self.scene.convention.sp;
        let before = known.reg(sp);
        if before == other.reg(sp) {
            return known.join(&mut self.arena, other, widen);
        }
        let mut other = other.clone();
        other.set(sp, before);
        known.join(&mut self.arena, &other, widen)
    }
}

/// A jump through a register or a table, but not through an import.
fn is_switch(inst: &Inst) -> bool {
    match inst.exit {
        Exit::Jump(Target::Reg(_)) => true,
        Exit::Jump(Target::Memory(addr)) => addr.base.is_some() || addr.index.is_some(),
        _ => false,
    }
}

/// Blocks that only fill the space between functions.
fn is_padding(listing: &Listing, block: &Block) -> bool {
    let insts = listing.insts.get(block.first as usize..block.end as usize);
    let fills = |i: &Inst| i.count == 0 && matches!(i.exit, Exit::Next | Exit::Stop);
    insts.unwrap_or(&[]).iter().all(fills)
}
