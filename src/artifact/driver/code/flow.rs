//! Values through a whole function, shown to whoever looks for something in them.

use super::function::Function;
use super::graph::{Block, Graph};
use super::ir::{Exit, Inst, Listing, Target};
use super::settle::Run;
use super::state::State;
use super::step::{GlobalStore, Scene};
use super::summary::Summaries;
use super::value::{Arena, Set, Value};

/// Blocks of one function at most; a block's state takes up to four kilobytes.
const MAX_BLOCKS: usize = 32_768;

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
    /// False for instructions that surely say nothing: code that leads to no other kind is
    /// not followed.
    fn cares(&self, scene: &Scene<'_>, inst: &Inst) -> bool;
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
    pub(super) summaries: Summaries,
    listing: Listing,
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
        self.over(function, observer, |flow, listing, run| {
            flow.settle(listing, run, function.entry);
        });
    }

    /// Follows a piece of code with nothing known at its start but a stack far from the
    /// function's arguments.
    pub fn follow_from_unknown(&mut self, function: &Function, observer: &mut dyn Observer) {
        /// Below any frame, so that nothing here passes for an argument.
        const FAR_BELOW: i32 = -0x100_0000;
        self.over(function, observer, |flow, listing, run| {
            if !run.graph.blocks.is_empty() {
                let mut state = State::unknown();
                let stack = flow.arena.one(Value::Frame(FAR_BELOW), 0);
                state.set(flow.scene.convention.sp, stack);
                flow.spread(listing, run, &[0], &state, function.entry);
            }
        });
    }

    /// Decodes, lets `settle` find the states, shows them.
    fn over(
        &mut self,
        function: &Function,
        observer: &mut dyn Observer,
        settle: impl FnOnce(&mut Self, &Listing, &mut Run),
    ) {
        self.arena.clear();
        let mut listing = std::mem::take(&mut self.listing);
        function.lift(self.scene.image, &mut listing);
        let cares = |inst: &Inst| observer.cares(&self.scene, inst);
        let mut run = Run::new(Graph::of(&listing), function.entry, &listing, cares);
        // Nothing honest has as many; states of all of them would not fit into memory.
        if run.is_worth_it() && run.graph.blocks.len() <= MAX_BLOCKS {
            settle(self, &listing, &mut run);
        }
        for n in run.shown() {
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

    pub(super) fn run_block(&mut self, listing: &Listing, block: &Block, state: &mut State) {
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
            Exit::Branch(rva) if run.graph.blocks[n].branch.is_none() => {
                (Leaving::Tail, Target::Direct(rva))
            }
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
    pub(super) fn pointer(&mut self, state: &State, target: Target, at: u32) -> Set {
        match target {
            Target::Direct(_) => Set::UNKNOWN,
            Target::Reg(reg) => state.reg(reg),
            Target::Memory(addr) => {
                let size = self.scene.image.pointer_size() as u8;
                self.scene.load(&mut self.arena, state, addr, size, at)
            }
        }
    }
}
