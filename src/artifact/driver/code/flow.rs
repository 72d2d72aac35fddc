//! Values through a whole function: a forward fixed point over its blocks.
//!
//! Each block starts with the join of what its predecessors leave; blocks are revisited
//! until nothing changes (sets only grow and are bounded, so this ends; a budget ends it
//! earlier in monstrous functions). Blocks that nothing seems to lead to are the cases of a
//! `switch` when the function jumps through a register, and take the state of that jump;
//! otherwise they are functions of their own, which the bounds did not know.

use super::function::Function;
use super::graph::{Block, Graph};
use super::ir::{Exit, Inst, Listing, Op, Src, Target};
use super::machine::{EBP, ESP};
use super::state::State;
use super::step::{GlobalStore, Scene};
use super::summary::Summaries;
use super::value::{Arena, Set, Value, offset};
use crate::artifact::driver::image::Machine;
use std::collections::BTreeSet;

/// Visits of blocks a function may cost, for each block of it. Loops settle after two or
/// three; switches with many cases need more at the block where they meet.
const VISITS_PER_BLOCK: usize = 24;

/// Whether control comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// A call.
    Call,
    /// A jump out of the function: a call whose caller is this function's caller.
    Tail,
}

/// A place where control leaves the function.
#[derive(Clone, Copy, Debug)]
pub struct Departure {
    /// The instruction.
    pub at: u32,
    /// Call or jump.
    pub leaving: Leaving,
    /// Where to, for direct ones.
    pub direct: Option<u32>,
    /// Where to, for indirect ones: the pointer's values.
    pub target: Set,
    /// The entry of the function that the values are relative to.
    pub owner: u32,
}

/// Looks at a function while its final values pass by.
pub trait Observer {
    /// Control leaves, with these values in registers and stack.
    fn departure(&mut self, flow: &mut Flow<'_>, state: &State, departure: &Departure);
    /// A fixed place of the image takes a value.
    fn store(&mut self, flow: &mut Flow<'_>, store: &GlobalStore);
}

/// Everything that following values needs, kept over functions to spare allocations.
#[derive(Debug)]
pub struct Flow<'a> {
    /// Image and conventions.
    pub scene: Scene<'a>,
    /// Sets of the function being followed.
    pub arena: Arena,
    summaries: Summaries,
    listing: Listing,
}

/// A function's blocks and the states at their starts.
struct Run {
    graph: Graph,
    states: Vec<Option<State>>,
    owners: Vec<u32>,
}

impl<'a> Flow<'a> {
    /// A flow over functions of one image.
    pub fn new(scene: Scene<'a>) -> Self {
        Flow {
            scene,
            arena: Arena::default(),
            summaries: Summaries::default(),
            listing: Listing::default(),
        }
    }

    /// Follows the values of `function` and shows them to `observer`.
    pub fn follow(&mut self, function: &Function, observer: &mut dyn Observer) {
        self.arena.clear();
        let mut listing = std::mem::take(&mut self.listing);
        function.lift(self.scene.image, &mut listing);
        let graph = Graph::of(&listing);
        let count = graph.blocks.len();
        let mut run = Run {
            graph,
            states: vec![None; count],
            owners: vec![function.entry; count],
        };
        self.settle(&listing, &mut run, function.entry);
        for n in 0..count {
            self.show(&listing, &run, n, observer);
        }
        self.listing = listing;
    }

    /// Follows a piece of code with nothing known at its start but a stack far from the
    /// function's arguments.
    pub fn follow_from_unknown(&mut self, function: &Function, observer: &mut dyn Observer) {
        /// Below any frame, so that nothing here passes for an argument.
        const FAR_BELOW: i32 = -0x100_0000;
        self.arena.clear();
        let mut listing = std::mem::take(&mut self.listing);
        function.lift(self.scene.image, &mut listing);
        let graph = Graph::of(&listing);
        let count = graph.blocks.len();
        let mut run = Run {
            graph,
            states: vec![None; count],
            owners: vec![function.entry; count],
        };
        if count > 0 {
            let mut state = State::unknown();
            state.set(
                self.scene.convention.sp,
                self.arena.one(Value::Frame(FAR_BELOW), 0),
            );
            let mut budget = count * VISITS_PER_BLOCK + 64;
            self.spread(&listing, &mut run, 0, state, &mut budget);
        }
        for n in 0..count {
            self.show(&listing, &run, n, observer);
        }
        self.listing = listing;
    }

    /// True when decoding `function` from its start meets an instruction at `rva`.
    pub fn leads_to(&mut self, function: &Function, rva: u32) -> bool {
        let mut listing = std::mem::take(&mut self.listing);
        function.lift(self.scene.image, &mut listing);
        let found = listing.find(rva).is_some();
        self.listing = listing;
        found
    }

    /// Finds the states: first from the entry, then from blocks that nothing leads to.
    fn settle(&mut self, listing: &Listing, run: &mut Run, entry: u32) {
        let count = run.graph.blocks.len();
        let mut budget = count * VISITS_PER_BLOCK + 64;
        let first = listing.find(entry).unwrap_or(0) as u32;
        if let Ok(block) = run.graph.blocks.binary_search_by_key(&first, |b| b.first) {
            let state = State::entry(&mut self.arena, self.scene.convention.sp);
            self.spread(listing, run, block, state, &mut budget);
        }
        let mut switch = None;
        let mut looked_at = vec![false; count];
        for n in 0..count {
            if run.states[n].is_some() || is_padding(listing, &run.graph.blocks[n]) {
                continue;
            }
            self.join_switches(listing, run, &mut looked_at, &mut switch);
            let (state, owner) = match &switch {
                Some((state, owner)) => (State::clone(state), *owner),
                None => {
                    let start = listing.insts[run.graph.blocks[n].first as usize].rva;
                    (
                        State::entry(&mut self.arena, self.scene.convention.sp),
                        start,
                    )
                }
            };
            run.owners[n] = owner;
            self.spread(listing, run, n, state, &mut budget);
        }
    }

    /// Adds the states at indirect jumps that were reached since the last time.
    fn join_switches(
        &mut self,
        listing: &Listing,
        run: &Run,
        looked_at: &mut [bool],
        switch: &mut Option<(State, u32)>,
    ) {
        for n in 0..run.graph.blocks.len() {
            let Some(state) = run.states[n].as_ref().filter(|_| !looked_at[n]) else {
                continue;
            };
            looked_at[n] = true;
            let block = run.graph.blocks[n];
            let Some(last) = listing.insts.get((block.end as usize).wrapping_sub(1)) else {
                continue;
            };
            if !self.is_switch(last) {
                continue;
            }
            let mut out = state.clone();
            self.run_block(listing, &block, &mut out);
            match switch {
                Some((sum, _)) => {
                    sum.join(&mut self.arena, &out);
                }
                None => *switch = Some((out, run.owners[n])),
            }
        }
    }

    /// A jump through a register or a table, but not through an import.
    fn is_switch(&self, inst: &Inst) -> bool {
        match inst.exit {
            Exit::Jump(Target::Reg(_)) => true,
            Exit::Jump(Target::Memory(addr)) => addr.base.is_some() || addr.index.is_some(),
            _ => false,
        }
    }

    /// Lets `state` run from `start` until nothing changes.
    fn spread(
        &mut self,
        listing: &Listing,
        run: &mut Run,
        start: usize,
        state: State,
        budget: &mut usize,
    ) {
        run.states[start] = Some(state);
        let mut waiting = BTreeSet::from([start]);
        while let Some(n) = waiting.pop_first() {
            if *budget == 0 {
                return;
            }
            *budget -= 1;
            let block = run.graph.blocks[n];
            let Some(mut out) = run.states[n].clone() else {
                continue;
            };
            self.run_block(listing, &block, &mut out);
            for next in [block.next, block.branch].into_iter().flatten() {
                let next = next as usize;
                let changed = match &mut run.states[next] {
                    Some(known) => self.merge(known, &out),
                    empty => {
                        *empty = Some(out.clone());
                        run.owners[next] = run.owners[n];
                        true
                    }
                };
                if changed {
                    waiting.insert(next);
                }
            }
        }
    }

    /// Joins, but keeps one stack pointer: where two ways disagree about it, one of the
    /// two was misjudged, and a set of both would lose all stack arguments.
    fn merge(&mut self, known: &mut State, other: &State) -> bool {
        let sp = self.scene.convention.sp;
        let before = known.reg(sp);
        if before == other.reg(sp) {
            return known.join(&mut self.arena, other);
        }
        let mut other = other.clone();
        other.set(sp, before);
        known.join(&mut self.arena, &other)
    }

    fn run_block(&mut self, listing: &Listing, block: &Block, state: &mut State) {
        for n in block.first..block.end {
            let Some(inst) = listing.insts.get(n as usize) else {
                return;
            };
            for op in listing.ops_of(inst) {
                self.scene.apply(&mut self.arena, state, op, inst.rva);
            }
            if let Exit::Call(target) = inst.exit {
                self.call(listing, n as usize, target, state);
            }
        }
    }

    /// Runs a block once more with its final state and tells the observer.
    fn show(&mut self, listing: &Listing, run: &Run, n: usize, observer: &mut dyn Observer) {
        let Some(state) = &run.states[n] else { return };
        let block = run.graph.blocks[n];
        let mut state = state.clone();
        for i in block.first..block.end {
            let Some(inst) = listing.insts.get(i as usize) else {
                return;
            };
            for op in listing.ops_of(inst) {
                let store = self.scene.apply(&mut self.arena, &mut state, op, inst.rva);
                if let Some(store) = store {
                    observer.store(self, &store);
                }
            }
            if let Some(departure) = self.departure(inst, &state, run, n) {
                observer.departure(self, &state, &departure);
            }
            if let Exit::Call(target) = inst.exit {
                self.call(listing, i as usize, target, &mut state);
            }
        }
    }

    fn departure(&mut self, inst: &Inst, state: &State, run: &Run, n: usize) -> Option<Departure> {
        let (leaving, target) = match inst.exit {
            Exit::Call(target) => (Leaving::Call, target),
            Exit::Jump(target) if run.graph.blocks[n].branch.is_none() => (Leaving::Tail, target),
            _ => return None,
        };
        let (direct, target) = match target {
            Target::Direct(rva) => (Some(rva), Set::UNKNOWN),
            indirect => (None, self.pointer(state, indirect, inst.rva)),
        };
        Some(Departure {
            at: inst.rva,
            leaving,
            direct,
            target,
            owner: run.owners[n],
        })
    }

    /// The values of a pointer that control goes through.
    fn pointer(&mut self, state: &State, target: Target, at: u32) -> Set {
        match target {
            Target::Direct(_) => Set::UNKNOWN,
            Target::Reg(reg) => state.reg(reg),
            Target::Memory(addr) => {
                let size = self.scene.image.pointer_size() as u8;
                self.scene.load(&mut self.arena, state, addr, size, at)
            }
        }
    }

    /// What a call leaves behind.
    fn call(&mut self, listing: &Listing, index: usize, target: Target, state: &mut State) {
        let at = listing.insts[index].rva;
        if self.is_guard_check(target, state, at) {
            return;
        }
        let x86 = self.scene.image.machine == Machine::X86;
        if x86 && self.enter_structured_frame(index, state) {
            return;
        }
        let summary = match target {
            Target::Direct(rva) => Some(self.summaries.of(&self.scene, rva)),
            _ => None,
        };
        if x86 {
            self.drop_arguments(listing, index, state, summary.and_then(|s| s.drops));
        }
        let writes = summary.map_or(u64::MAX, |s| s.writes);
        if writes == u64::MAX {
            self.scene.forget_home_space(&self.arena, state);
        }
        self.scene.after_call(&self.arena, state, writes);
    }

    /// Control-flow guard: a call through one of the image's pointers that is handed an
    /// import's address in a fixed register only checks it; the real call follows.
    /// On x64 the guard makes the call itself and is no mere check.
    pub fn is_guard_check(&mut self, target: Target, state: &State, at: u32) -> bool {
        if self.scene.image.machine == Machine::X64 || matches!(target, Target::Direct(_)) {
            return false;
        }
        let pointer = self.pointer(state, target, at);
        let checked = state.reg(self.scene.convention.guard_target);
        self.is_own_pointer(pointer) && self.is_callable(checked)
    }

    /// True when `target` may be control-flow guard's dispatch pointer: on x64 it makes the
    /// call itself, to the address in a fixed register.
    pub fn is_guard_dispatch(&self, target: Set) -> bool {
        self.scene.image.machine == Machine::X64 && self.is_own_pointer(target)
    }

    /// A pointer in the image that is not an import.
    fn is_own_pointer(&self, set: Set) -> bool {
        match self.arena.single(set) {
            Some(Value::Loaded(rva, 0)) => !self.scene.image.imports.slots.contains_key(&rva),
            _ => false,
        }
    }

    /// An import's address or a framework function's.
    fn is_callable(&self, set: Set) -> bool {
        let callable = |value: Value| match value {
            Value::Loaded(rva, 0) => self.scene.image.imports.slots.contains_key(&rva),
            Value::Through(..) => true,
            _ => false,
        };
        self.arena.items(set).iter().any(|i| callable(i.value))
    }

    /// The compiler's helper for functions with exception handlers on x86: called third,
    /// after the size of the locals and the scope table, it builds the frame.
    fn enter_structured_frame(&mut self, index: usize, state: &mut State) -> bool {
        /// Handler record, saved registers and the helper's own words.
        const FIXED: i32 = 0x28;
        if index > 4 || self.scene.frame(&self.arena, state) != Some(-8) {
            return false;
        }
        let size = state.load(&mut self.arena, -4, 4);
        let table = state.load(&mut self.arena, -8, 4);
        let (Some(size), Some(table)) = (self.arena.constant(size), self.arena.constant(table))
        else {
            return false;
        };
        if size > 0x1_0000 || self.scene.image.rva_of_address(table).is_none() {
            return false;
        }
        let frame = self.arena.one(Value::Frame(-4), 0);
        let top = self.arena.one(Value::Frame(-4 - FIXED - size as i32), 0);
        state.set(EBP, frame);
        state.set(ESP, top);
        state.pending = 0;
        true
    }

    /// Moves the x86 stack pointer over the arguments that the callee dropped.
    fn drop_arguments(
        &mut self,
        listing: &Listing,
        index: usize,
        state: &mut State,
        known: Option<u16>,
    ) {
        let dropped = match (known, adjustment_behind(listing, index)) {
            (Some(bytes), _) => i32::from(bytes),
            // The caller cleans up itself.
            (None, Some(n)) if n > 0 => 0,
            // gcc keeps an area for arguments and takes back what the callee dropped of it.
            (None, Some(n)) => -n,
            (None, None) => state.pending,
        };
        let arguments = state.pending.max(dropped);
        if let Some(top) = self.scene.frame(&self.arena, state) {
            self.give_away_pushed(state, top, arguments);
            state.forget_below(top);
            let after = self
                .arena
                .map(state.reg(ESP), |v| offset(v, dropped as u64, 8));
            state.set(ESP, after);
            if known.is_some() || dropped > 0 {
                state.forget_below(top.saturating_add(dropped));
            }
        }
        state.pending = (state.pending - dropped).max(0);
    }

    /// Locals whose address was pushed may have been changed.
    fn give_away_pushed(&mut self, state: &mut State, top: i32, bytes: i32) {
        /// Arguments looked at: none of the APIs takes more.
        const MAX_ARGUMENTS: i32 = 16;
        for n in 0..(bytes / 4).min(MAX_ARGUMENTS) {
            let set = state.load(&mut self.arena, top + 4 * n, 4);
            for frame in super::step::frames_of(&self.arena, set) {
                state.give_away(frame);
            }
        }
    }
}

/// What the instruction right behind a call adds to the stack pointer.
fn adjustment_behind(listing: &Listing, index: usize) -> Option<i32> {
    let next = listing.insts.get(index + 1)?;
    listing.ops_of(next).iter().find_map(|op| match *op {
        Op::Calc {
            dst: ESP,
            op,
            a: Src::Reg(ESP),
            b: Src::Imm(n),
            ..
        } => {
            let n = i32::try_from(n).ok()?;
            match op {
                super::ir::Calc::Add => Some(n),
                super::ir::Calc::Sub => Some(-n),
                _ => None,
            }
        }
        // `pop ecx` is the short form of dropping one argument.
        Op::Pop {
            dst: super::ir::Reg(1),
            ..
        } => Some(4),
        _ => None,
    })
}

/// Blocks that only fill the space between functions.
fn is_padding(listing: &Listing, block: &Block) -> bool {
    let insts = listing
        .insts
        .get(block.first as usize..block.end as usize)
        .unwrap_or(&[]);
    insts
        .iter()
        .all(|i| i.count == 0 && matches!(i.exit, Exit::Next | Exit::Stop))
}
