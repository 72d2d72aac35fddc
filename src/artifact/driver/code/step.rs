//! What one effect does to the state.

use super::ir::{Addr, Calc, Op, Reg, Src};
use super::machine::Convention;
use super::state::{State, vector_piece};
use super::value::{Arena, Item, Set, Value, offset, sign_extend, truncate};
use crate::artifact::driver::image::{Image, Machine, read_u16, read_u32};

/// What stays the same while a function is followed.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The image.
    pub image: &'a Image<'a>,
    /// Its machine's conventions.
    pub convention: &'static Convention,
}

/// A store to the image's own memory.
#[derive(Clone, Copy, Debug)]
pub struct GlobalStore {
    /// Where to.
    pub rva: u32,
    /// What.
    pub set: Set,
    /// By which instruction.
    pub at: u32,
}

impl Scene<'_> {
    /// Applies `op`, which belongs to the instruction at `at`. Returns a store to a fixed
    /// place of the image, when it is one.
    pub fn apply(
        &self,
        arena: &mut Arena,
        state: &mut State,
        op: &Op,
        at: u32,
    ) -> Option<GlobalStore> {
        if let Some((dst, set)) = self.result(arena, state, op, at) {
            if dst == self.convention.sp {
                state.pending = 0;
            }
            state.set(dst, set);
            return None;
        }
        match *op {
            Op::Store { addr, src, size } => {
                let set = self.source(arena, state, src, at);
                let set = narrow(arena, set, size);
                self.store(arena, state, addr, set, size, at)
            }
            Op::Push { .. } | Op::PushMemory { .. } | Op::Pop { .. } => {
                self.apply_stack(arena, state, op, at);
                None
            }
            _ => self.apply_vector(arena, state, op, at),
        }
    }

    /// The general register that `op` writes, and its new values.
    fn result(&self, arena: &mut Arena, state: &State, op: &Op, at: u32) -> Option<(Reg, Set)> {
        let (dst, set, size) = match *op {
            Op::Set { dst, src, size } => (dst, self.source(arena, state, src, at), size),
            Op::Either { dst, a, b, size } => {
                let (a, b) = self.both(arena, state, a, b, at);
                (dst, arena.join(a, b), size)
            }
            Op::Address { dst, addr, size } => (dst, self.address(arena, state, addr, at), size),
            _ => return self.exact_result(arena, state, op, at),
        };
        Some((dst, narrow(arena, set, size)))
    }

    /// Like [`Self::result`], of effects whose values have the right size already.
    fn exact_result(
        &self,
        arena: &mut Arena,
        state: &State,
        op: &Op,
        at: u32,
    ) -> Option<(Reg, Set)> {
        match *op {
            Op::SignExtend {
                dst,
                src,
                from,
                size,
            } => {
                let set = arena.map(state.reg(src), |v| match v {
                    Value::Const(n) => Value::Const(truncate(sign_extend(n, from), size)),
                    other if from >= 4 => other,
                    _ => Value::Unknown,
                });
                Some((dst, set))
            }
            Op::Calc {
                dst,
                op,
                a,
                b,
                size,
            } => {
                let (a, b) = self.both(arena, state, a, b, at);
                Some((dst, arena.calc(op, a, b, size, at)))
            }
            Op::Insert {
                dst,
                bits,
                shift,
                size,
            } => {
                let keep = arena.one(Value::Const(!(0xffff_u64 << shift.min(48))), at);
                let bits = arena.one(Value::Const(u64::from(bits) << shift.min(48)), at);
                let kept = arena.calc(Calc::And, state.reg(dst), keep, size, at);
                Some((dst, arena.calc(Calc::Or, kept, bits, size, at)))
            }
            Op::Load { dst, addr, size } => Some((dst, self.load(arena, state, addr, size, at))),
            Op::Clobber(dst) => Some((dst, Set::UNKNOWN)),
            _ => None,
        }
    }

    fn both(&self, arena: &mut Arena, state: &State, a: Src, b: Src, at: u32) -> (Set, Set) {
        let a = self.source(arena, state, a, at);
        (a, self.source(arena, state, b, at))
    }

    fn apply_stack(&self, arena: &mut Arena, state: &mut State, op: &Op, at: u32) {
        let sp = self.convention.sp;
        match *op {
            Op::Push { src, size } => {
                let set = self.source(arena, state, src, at);
                self.push(arena, state, set, size);
            }
            Op::PushMemory { addr, size } => {
                let set = self.load(arena, state, addr, size, at);
                self.push(arena, state, set, size);
            }
            Op::Pop { dst, size } => {
                let top = self.frame(arena, state);
                let set = top.map_or(Set::UNKNOWN, |n| state.load(arena, n, size));
                state.pending = (state.pending - i32::from(size)).max(0);
                let after = arena.map(state.reg(sp), |v| offset(v, u64::from(size), 8));
                state.set(sp, after);
                state.set(dst, set);
            }
            _ => {}
        }
    }

    fn push(&self, arena: &mut Arena, state: &mut State, set: Set, size: u8) {
        let sp = self.convention.sp;
        let after = arena.map(state.reg(sp), |v| {
            offset(v, u64::from(size).wrapping_neg(), 8)
        });
        state.set(sp, after);
        if let Some(top) = self.frame(arena, state) {
            state.store(top, size, set);
        }
        // Saving a register for the caller is no argument.
        match arena.single(set) {
            Some(Value::Entry(reg)) if !self.convention.is_volatile(reg) => state.pending = 0,
            _ => state.pending = state.pending.saturating_add(i32::from(size)),
        }
    }

    fn apply_vector(
        &self,
        arena: &mut Arena,
        state: &mut State,
        op: &Op,
        at: u32,
    ) -> Option<GlobalStore> {
        match *op {
            Op::LoadVector { dst, addr, size } => {
                let set = self.load_vector(arena, state, addr, size, at);
                state.set_vector(dst, set);
            }
            Op::FillVector { dst, pattern } => {
                let set = arena.one(Value::Repeat(pattern), at);
                state.set_vector(dst, set);
            }
            Op::CopyVector { dst, src } => state.set_vector(dst, state.vector(src)),
            Op::ToVector { dst, src } => {
                let set = arena.map(state.reg(src), |v| match v {
                    Value::Const(n) => Value::Repeat(n),
                    _ => Value::Unknown,
                });
                state.set_vector(dst, set);
            }
            Op::ClobberVector(dst) => state.set_vector(dst, Set::UNKNOWN),
            Op::StoreVector { addr, src, size } => {
                return self.store_vector(arena, state, addr, state.vector(src), size, at);
            }
            Op::ClobberMemory { addr, size } => {
                return self.store(arena, state, addr, Set::UNKNOWN, size, at);
            }
            _ => {}
        }
        None
    }

    /// The stack pointer as an offset from its value at entry.
    pub fn frame(&self, arena: &Arena, state: &State) -> Option<i32> {
        match arena.single(state.reg(self.convention.sp)) {
            Some(Value::Frame(n)) => Some(n),
            _ => None,
        }
    }

    /// The values of an operand.
    pub fn source(&self, arena: &mut Arena, state: &State, src: Src, at: u32) -> Set {
        match src {
            Src::Reg(reg) => state.reg(reg),
            Src::Imm(n) => arena.one(Value::Const(n), at),
        }
    }

    /// The values of an address.
    pub fn address(&self, arena: &mut Arena, state: &State, addr: Addr, at: u32) -> Set {
        let size = self.pointer();
        let disp = truncate(addr.disp as u64, size);
        let mut sum = match addr.base {
            Some(base) => arena.map(state.reg(base), |v| offset(v, addr.disp as u64, size)),
            None => arena.one(Value::Const(disp), at),
        };
        if let Some((index, scale)) = addr.index {
            let factor = arena.one(Value::Const(u64::from(scale)), at);
            let scaled = arena.calc(Calc::Mul, state.reg(index), factor, size, at);
            sum = arena.calc(Calc::Add, sum, scaled, size, at);
        }
        sum
    }

    fn pointer(&self) -> u8 {
        if self.image.is_64 { 8 } else { 4 }
    }

    /// The values of `size` bytes of memory.
    pub fn load(&self, arena: &mut Arena, state: &State, addr: Addr, size: u8, at: u32) -> Set {
        let address = self.address(arena, state, addr, at);
        if let &[Item { value, .. }] = arena.items(address) {
            return self.load_one(arena, state, value, size, at);
        }
        let values: Vec<Value> = arena.items(address).iter().map(|i| i.value).collect();
        let mut sum: Option<Set> = None;
        for value in values {
            let one = self.load_one(arena, state, value, size, at);
            sum = Some(sum.map_or(one, |s| arena.join(s, one)));
        }
        sum.unwrap_or(Set::UNKNOWN)
    }

    fn load_one(&self, arena: &mut Arena, state: &State, at: Value, size: u8, inst: u32) -> Set {
        match at {
            Value::Frame(n) => state.load(arena, n, size),
            Value::Const(address) => match self.image.rva_of_address(address) {
                Some(rva) => {
                    let value = self.global(rva, size);
                    arena.one(value, inst)
                }
                None => Set::UNKNOWN,
            },
            Value::Loaded(rva, n) => arena.one(Value::Through(rva, n), inst),
            _ => Set::UNKNOWN,
        }
    }

    /// What the image's memory at `rva` holds: a number when it cannot change and is no
    /// pointer, else a reference to it, to be looked into where it matters.
    fn global(&self, rva: u32, size: u8) -> Value {
        let constant = self.image.section_at(rva).is_some_and(|s| !s.is_writable())
            && !self.image.imports().slots.contains_key(&rva);
        let bytes = self.image.tail(rva);
        let number = match size {
            1 => bytes.first().map(|&b| u64::from(b)),
            2 => read_u16(bytes, 0).map(u64::from),
            4 => read_u32(bytes, 0).map(u64::from),
            _ => None,
        };
        match number {
            Some(n) if constant && self.image.rva_of_address(n).is_none() => Value::Const(n),
            _ if size >= 4 => Value::Loaded(rva, 0),
            _ => Value::Unknown,
        }
    }

    fn load_vector(&self, arena: &mut Arena, state: &State, addr: Addr, size: u8, at: u32) -> Set {
        let address = self.address(arena, state, addr, at);
        match arena.single(address) {
            Some(Value::Const(va)) => match self.image.rva_of_address(va) {
                Some(rva) => arena.one(Value::Block(rva), at),
                None => Set::UNKNOWN,
            },
            Some(Value::Frame(n)) if size <= 8 => {
                let set = state.load(arena, n, size);
                arena.map(set, |v| match v {
                    Value::Const(n) => Value::Repeat(n),
                    _ => Value::Unknown,
                })
            }
            _ => Set::UNKNOWN,
        }
    }

    fn store(
        &self,
        arena: &mut Arena,
        state: &mut State,
        addr: Addr,
        set: Set,
        size: u8,
        at: u32,
    ) -> Option<GlobalStore> {
        let address = self.address(arena, state, addr, at);
        match arena.single(address) {
            Some(Value::Frame(n)) => state.store(n, size, set),
            Some(Value::Const(va)) if size >= 4 => {
                let rva = self.image.rva_of_address(va)?;
                return Some(GlobalStore { rva, set, at });
            }
            Some(_) => {}
            None => {
                let frames: Vec<i32> = frames_of(arena, address);
                frames.into_iter().for_each(|n| state.give_away(n));
            }
        }
        None
    }

    fn store_vector(
        &self,
        arena: &mut Arena,
        state: &mut State,
        addr: Addr,
        set: Set,
        size: u8,
        at: u32,
    ) -> Option<GlobalStore> {
        let address = self.address(arena, state, addr, at);
        let Some(Value::Frame(n)) = arena.single(address) else {
            return None;
        };
        for piece in 0..u32::from(size.min(64)) / 4 {
            let part = vector_piece(arena, set, piece);
            let part = self.read_constants(arena, part);
            state.store(n.wrapping_add(piece as i32 * 4), 4, part);
        }
        None
    }

    /// Replaces references to constant memory by their numbers.
    fn read_constants(&self, arena: &mut Arena, set: Set) -> Set {
        arena.map(set, |v| match v {
            Value::Loaded(rva, 0) => self.global(rva, 4),
            other => other,
        })
    }

    /// Forgets what a call may change.
    pub fn after_call(&self, arena: &Arena, state: &mut State, clobbered: u64) {
        let gone = clobbered & self.convention.volatile;
        let arguments = self.convention.arguments.iter();
        let handed: Vec<i32> = arguments
            .flat_map(|&r| frames_of(arena, state.reg(r)))
            .collect();
        handed.into_iter().for_each(|n| state.give_away(n));
        let vectors = if gone == 0 {
            0
        } else {
            self.convention.volatile_vectors
        };
        state.clobber(gone, vectors);
    }

    /// True when the code at `rva` only jumps to the address in the guard's register, as the
    /// guard's and the retpolines' helpers look in the file.
    pub fn is_bare_jump(&self, rva: u32) -> bool {
        const JUMP_RAX: [u8; 2] = [0xff, 0xe0];
        const FENCE: [u8; 3] = [0x0f, 0xae, 0xe8];
        if self.image.machine != Machine::X64 {
            return false;
        }
        let code = self.image.tail(rva);
        let code = code.strip_prefix(&FENCE).unwrap_or(code);
        let code = code.strip_prefix(&[0x48]).unwrap_or(code);
        code.starts_with(&JUMP_RAX)
    }

    /// The argument slots that a callee owns on x64 (the home space).
    pub fn forget_home_space(&self, arena: &Arena, state: &mut State) {
        if self.image.machine != Machine::X64 {
            return;
        }
        if let Some(top) = self.frame(arena, state) {
            for n in 0..4 {
                state.give_away(top + 8 * n);
            }
        }
    }
}

/// The frame offsets among the values of a set.
pub fn frames_of(arena: &Arena, set: Set) -> Vec<i32> {
    let frame = |i: &Item| match i.value {
        Value::Frame(n) => Some(n),
        _ => None,
    };
    arena.items(set).iter().filter_map(frame).collect()
}

/// Cuts numbers to `size` bytes. Pointers and what is not known pass: a 4-byte copy of an
/// 8-byte unknown is still "what stood there".
fn narrow(arena: &mut Arena, set: Set, size: u8) -> Set {
    if size >= 8 {
        return set;
    }
    arena.map(set, |v| match v {
        Value::Const(n) => Value::Const(truncate(n, size)),
        Value::Unknown => Value::Unknown,
        other if size >= 4 => other,
        _ => Value::Unknown,
    })
}
