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
    /// Blocks with something of interest.
    telling: Vec<bool>,
    /// Blocks that lead to one.
    relevant: Vec<bool>,
    budget: usize,
}

impl Run {
    /// Nothing reached yet.
    pub fn new(graph: Graph, entry: u32, listing: &Listing, cares: impl Fn(&Inst) -> bool) -> Self {
        let count = graph.blocks.len();
        let tells = |b: &Block| insts_of(listing, b).iter().any(&cares);
        let telling: Vec<bool> = graph.blocks.iter().map(tells).collect();
        let relevant = leading_to(&graph, listing, &telling);
        Run {
            telling,
            relevant,
            graph,
            states: vec![None; count],
            owners: vec![entry; count],
            loops: vec![0; count],
            budget: count * VISITS_PER_BLOCK + 64,
        }
    }

    /// True when there is a block of interest.
    pub fn is_worth_it(&self) -> bool {
        self.telling.contains(&true)
    }

    /// The blocks of interest.
    pub fn shown(&self) -> impl Iterator<Item = usize> + use<> {
        let telling = self.telling.clone().into_iter().enumerate();
        telling.filter(|(_, tells)| *tells).map(|(n, _)| n)
    }

    /// Starts blocks with a state, where they have none.
    fn seed(&mut self, blocks: &[usize], state: &State, owner: u32) -> BTreeSet<usize> {
        let mut seeded = BTreeSet::new();
        for &n in blocks {
            if self.states[n].is_none() && self.relevant[n] {
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
            .filter(|(n, _)| self.relevant[*n])
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
                if run.relevant[next as usize] && self.enter(run, n, next as usize, &out) {
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

/// The blocks from which control can come to one of `telling`. Blocks that no jump leads to
/// count as led to by every switch.
fn leading_to(graph: &Graph, listing: &Listing, telling: &[bool]) -> Vec<bool> {
    let count = graph.blocks.len();
    let mut before: Vec<Vec<u32>> = vec![Vec::new(); count];
    let mut switches = Vec::new();
    for (n, block) in graph.blocks.iter().enumerate() {
        for next in [block.next, block.branch].into_iter().flatten() {
            before[next as usize].push(n as u32);
        }
        if insts_of(listing, block).last().is_some_and(is_switch) {
            switches.push(n);
        }
    }
    let mut relevant = vec![false; count];
    let mut waiting: Vec<usize> = (0..count).filter(|&n| telling[n]).collect();
    while let Some(n) = waiting.pop() {
        if std::mem::replace(&mut relevant[n], true) {
            continue;
        }
        waiting.extend(before[n].iter().map(|&b| b as usize));
        if before[n].is_empty() {
            waiting.append(&mut switches);
        }
    }
    relevant
}

fn insts_of<'l>(listing: &'l Listing, block: &Block) -> &'l [Inst] {
    let range = block.first as usize..block.end as usize;
    listing.insts.get(range).unwrap_or(&[])
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
    let fills = |i: &Inst| i.count == 0 && matches!(i.exit, Exit::Next | Exit::Stop);
    insts_of(listing, block).iter().all(fills)
}
