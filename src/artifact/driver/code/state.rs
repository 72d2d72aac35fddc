//! Registers and stack slots at one point of a function.

use super::ir::{Reg, Vector};
use super::value::{Arena, Set, Value, truncate};

/// Slots remembered at most; the oldest (lowest) are forgotten beyond it. Functions with
/// more locals than this exist only in generated code.
const MAX_SLOTS: usize = 256;

/// One remembered stretch of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    /// Bytes above the stack pointer at entry.
    offset: i32,
    size: u8,
    set: Set,
}

impl Slot {
    fn end(&self) -> i32 {
        self.offset.saturating_add(i32::from(self.size))
    }
}

/// What is known at one point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    regs: [Set; 32],
    vectors: [Set; 32],
    /// By ascending offset, never overlapping.
    slots: Vec<Slot>,
    /// Bytes of arguments pushed since the last call (x86).
    pub pending: i32,
}

impl State {
    /// Nothing is known.
    pub fn unknown() -> Self {
        let regs = [Set::UNKNOWN; 32];
        State {
            regs,
            vectors: regs,
            slots: Vec::new(),
            pending: 0,
        }
    }

    /// The state at a function's first instruction.
    pub fn entry(arena: &mut Arena, sp: Reg) -> Self {
        // What lies above x86's sixteen registers is scratch of the lifter.
        let known = if sp.0 < 16 { 16 } else { 32 };
        let mut state = State::unknown();
        for (n, set) in (0u8..).zip(state.regs.iter_mut().take(known)) {
            *set = arena.one(Value::Entry(Reg(n)), 0);
        }
        state.set(sp, arena.one(Value::Frame(0), 0));
        state
    }

    /// A register's values.
    pub fn reg(&self, reg: Reg) -> Set {
        self.regs
            .get(usize::from(reg.0))
            .copied()
            .unwrap_or(Set::UNKNOWN)
    }

    /// Gives a register new values.
    pub fn set(&mut self, reg: Reg, set: Set) {
        if let Some(place) = self.regs.get_mut(usize::from(reg.0)) {
            *place = set;
        }
    }

    /// A vector register's values.
    pub fn vector(&self, vector: Vector) -> Set {
        self.vectors
            .get(usize::from(vector.0))
            .copied()
            .unwrap_or(Set::UNKNOWN)
    }

    /// Gives a vector register new values.
    pub fn set_vector(&mut self, vector: Vector, set: Set) {
        if let Some(place) = self.vectors.get_mut(usize::from(vector.0)) {
            *place = set;
        }
    }

    /// Makes the registers of both bit sets unknown.
    pub fn clobber(&mut self, regs: u64, vectors: u64) {
        for n in 0..32 {
            if regs >> n & 1 == 1 {
                self.regs[n] = Set::UNKNOWN;
            }
            if vectors >> n & 1 == 1 {
                self.vectors[n] = Set::UNKNOWN;
            }
        }
    }

    /// Writes `size` bytes of the frame.
    pub fn store(&mut self, offset: i32, size: u8, set: Set) {
        let first = self.forget(offset, size);
        self.slots.insert(first, Slot { offset, size, set });
        if self.slots.len() > MAX_SLOTS {
            self.slots.remove(0);
        }
    }

    /// Drops what overlaps the stretch; returns where it would stand.
    fn forget(&mut self, offset: i32, size: u8) -> usize {
        let end = offset.saturating_add(i32::from(size));
        let first = self.slots.partition_point(|s| s.end() <= offset);
        let after = self.slots.partition_point(|s| s.offset < end).max(first);
        self.slots.drain(first..after);
        first
    }

    /// Forgets everything below `offset`: what the stack gave up.
    pub fn forget_below(&mut self, offset: i32) {
        let keep = self.slots.partition_point(|s| s.offset < offset);
        self.slots.drain(..keep);
    }

    /// Makes whatever stands exactly at `offset` unknown: its address was given away.
    pub fn give_away(&mut self, offset: i32) {
        if let Some(slot) = self.slots.iter_mut().find(|s| s.offset == offset) {
            slot.set = Set::UNKNOWN;
        }
    }

    /// Reads `size` bytes of the frame.
    pub fn load(&self, arena: &mut Arena, offset: i32, size: u8) -> Set {
        let first = self.slots.partition_point(|s| s.end() <= offset);
        let end = offset.saturating_add(i32::from(size));
        match self.slots.get(first) {
            Some(slot) if slot.offset <= offset && end <= slot.end() => {
                part_of(arena, slot, offset, size)
            }
            Some(slot) if slot.offset < end => self.assemble(arena, first, offset, size),
            _ => initial(arena, offset),
        }
    }

    /// Puts a value together from smaller constants that lie side by side.
    fn assemble(&self, arena: &mut Arena, first: usize, offset: i32, size: u8) -> Set {
        let mut bytes = 0u64;
        let mut at = offset;
        let end = offset.saturating_add(i32::from(size));
        for slot in self.slots.iter().skip(first) {
            if at >= end {
                break;
            }
            let Some(value) = arena.constant(slot.set).filter(|_| slot.offset == at) else {
                return Set::UNKNOWN;
            };
            bytes |= truncate(value, slot.size) << ((at - offset) as u32 * 8).min(63);
            at = slot.end();
        }
        if at == end {
            arena.one(Value::Const(bytes), 0)
        } else {
            Set::UNKNOWN
        }
    }

    /// What may hold on either of two ways; true when `self` changed. With `widen`,
    /// whatever changes becomes unknown, which ends loops that count.
    pub fn join(&mut self, arena: &mut Arena, other: &State, widen: Widen) -> bool {
        let mut changed = join_sets(arena, &mut self.regs, &other.regs, widen);
        changed |= join_sets(arena, &mut self.vectors, &other.vectors, widen);
        let pending = self.pending.min(other.pending);
        changed |= pending != self.pending;
        self.pending = pending;
        self.join_slots(arena, other, widen) || changed
    }

    fn join_slots(&mut self, arena: &mut Arena, other: &State, widen: Widen) -> bool {
        if self.slots == other.slots {
            return false;
        }
        let mut joined = Vec::with_capacity(self.slots.len().max(other.slots.len()));
        let (mut mine, mut theirs) = (self.slots.iter().peekable(), other.slots.iter().peekable());
        loop {
            let slot = match (mine.peek(), theirs.peek()) {
                (None, None) => break,
                (Some(a), Some(b)) if a.offset == b.offset => {
                    let (offset, size) = (a.offset, a.size.min(b.size));
                    let set = widened(a.set, arena.join(a.set, b.set), widen);
                    mine.next();
                    theirs.next();
                    Slot { offset, size, set }
                }
                (Some(a), b) if b.is_none_or(|b| a.offset < b.offset) => {
                    let slot = alone(arena, a);
                    mine.next();
                    slot
                }
                (_, Some(b)) => {
                    let slot = alone(arena, b);
                    theirs.next();
                    slot
                }
                (Some(_), None) => break,
            };
            push_slot(&mut joined, slot);
        }
        let changed = joined != self.slots;
        self.slots = joined;
        changed
    }
}

/// A slot that only one way has written: on the other it holds what was there at entry.
fn alone(arena: &mut Arena, slot: &Slot) -> Slot {
    let before = initial(arena, slot.offset);
    Slot {
        set: arena.join(slot.set, before),
        ..*slot
    }
}

/// Whether sets may still grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Widen {
    /// They may.
    No,
    /// They have grown often enough.
    Yes,
}

fn widened(before: Set, joined: Set, widen: Widen) -> Set {
    match widen {
        Widen::Yes if joined != before => Set::UNKNOWN,
        _ => joined,
    }
}

fn join_sets(arena: &mut Arena, mine: &mut [Set], theirs: &[Set], widen: Widen) -> bool {
    if mine == theirs {
        return false;
    }
    let mut changed = false;
    for (mine, &theirs) in mine.iter_mut().zip(theirs) {
        let joined = widened(*mine, arena.join(*mine, theirs), widen);
        changed |= joined != *mine;
        *mine = joined;
    }
    changed
}

/// Appends a slot, dropping it when it overlaps the one before.
fn push_slot(slots: &mut Vec<Slot>, slot: Slot) {
    if slots.last().is_none_or(|last| last.end() <= slot.offset) {
        slots.push(slot);
    }
}

/// What a frame offset holds before anything is written: above the entry stack pointer the
/// caller's values, below it nothing known.
fn initial(arena: &mut Arena, offset: i32) -> Set {
    if offset >= 0 {
        arena.one(Value::EntrySlot(offset), 0)
    } else {
        Set::UNKNOWN
    }
}

/// `size` bytes at `offset` out of a slot that holds them.
fn part_of(arena: &mut Arena, slot: &Slot, offset: i32, size: u8) -> Set {
    let skip = offset - slot.offset;
    if skip == 0 && size == slot.size {
        return slot.set;
    }
    arena.map(slot.set, |value| match value {
        Value::Const(n) => {
            Value::Const(truncate(n.checked_shr(skip as u32 * 8).unwrap_or(0), size))
        }
        Value::Loaded(rva, 0) => Value::Loaded(rva.wrapping_add(skip as u32), 0),
        other if skip == 0 => other,
        _ => Value::Unknown,
    })
}

/// The values of the four-byte pieces that a vector register writes.
pub fn vector_piece(arena: &mut Arena, set: Set, piece: u32) -> Set {
    arena.map(set, |value| match value {
        Value::Block(rva) => Value::Loaded(rva.wrapping_add(piece * 4), 0),
        Value::Repeat(pattern) => Value::Const(truncate(pattern >> (piece % 2 * 32), 4)),
        _ => Value::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_written_as_half_of_an_eight_byte_store() {
        let mut arena = Arena::default();
        let mut state = State::unknown();
        let both = arena.one(Value::Const(0x6b61_654c_0000_0180), 7);
        state.store(-0x20, 8, both);
        let upper = state.load(&mut arena, -0x1c, 4);
        assert_eq!(arena.constant(upper), Some(0x6b61_654c));
    }

    #[test]
    fn overlapping_stores_replace() {
        let mut arena = Arena::default();
        let mut state = State::unknown();
        let a = arena.one(Value::Const(1), 0);
        let b = arena.one(Value::Const(2), 0);
        state.store(-16, 8, a);
        state.store(-12, 4, b);
        assert_eq!(state.load(&mut arena, -16, 4), Set::UNKNOWN);
        assert_eq!(state.load(&mut arena, -12, 4), b);
    }

    #[test]
    fn arguments_of_the_caller_are_entry_slots() {
        let mut arena = Arena::default();
        let state = State::unknown();
        let set = state.load(&mut arena, 12, 4);
        assert_eq!(arena.single(set), Some(Value::EntrySlot(12)));
        assert_eq!(state.load(&mut arena, -12, 4), Set::UNKNOWN);
    }

    #[test]
    fn join_keeps_both_ways() {
        let mut arena = Arena::default();
        let mut left = State::unknown();
        let mut right = State::unknown();
        let a = arena.one(Value::Const(1), 0);
        let b = arena.one(Value::Const(2), 0);
        left.store(-8, 4, a);
        right.store(-8, 4, b);
        assert!(left.join(&mut arena, &right, Widen::No));
        let both = left.load(&mut arena, -8, 4);
        assert_eq!(arena.items(both).len(), 2);
        assert!(!left.join(&mut arena, &right, Widen::No));
    }
}
