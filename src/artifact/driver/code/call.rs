//! What a call leaves behind: registers and locals destroyed, the stack moved.

use super::flow::Flow;
use super::ir::{Calc, Listing, Op, Reg, Src, Target};
use super::machine::{EBP, ESP};
use super::state::State;
use super::value::{Set, Value, offset};
use crate::artifact::driver::image::Machine;

impl Flow<'_> {
    /// What a call leaves behind.
    pub(super) fn call(
        &mut self,
        listing: &Listing,
        index: usize,
        target: Target,
        state: &mut State,
    ) {
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
    /// call itself, to the address in a fixed register. On disk it is empty or leads to a
    /// bare jump; a pointer to anything else is the driver's own business.
    pub fn is_guard_dispatch(&self, target: Set) -> bool {
        let image = self.scene.image;
        let Some(Value::Loaded(rva, 0)) = self.arena.single(target) else {
            return false;
        };
        if image.machine != Machine::X64 || !self.is_own_pointer(target) {
            return false;
        }
        match image.pointer_at(rva).unwrap_or(0) {
            0 => true,
            address => image
                .rva_of_address(address)
                .is_some_and(|code| self.scene.is_bare_jump(code)),
        }
    }

    /// A pointer in the image that is not an import.
    fn is_own_pointer(&self, set: Set) -> bool {
        match self.arena.single(set) {
            Some(Value::Loaded(rva, 0)) => !self.scene.image.imports().slots.contains_key(&rva),
            _ => false,
        }
    }

    /// An import's address or a framework function's.
    fn is_callable(&self, set: Set) -> bool {
        let callable = |value: Value| match value {
            Value::Loaded(rva, 0) => self.scene.image.imports().slots.contains_key(&rva),
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
                Calc::Add => Some(n),
                Calc::Sub => Some(-n),
                _ => None,
            }
        }
        // `pop ecx` is the short form of dropping one argument.
        Op::Pop { dst: Reg(1), .. } => Some(4),
        _ => None,
    })
}
