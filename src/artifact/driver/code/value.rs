//! What a register or stack slot may hold: small sets of abstract values, interned.

use super::ir::{Calc, Reg};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Values in one set at most. Real calls see up to nine tags; more is a loop that counts,
/// whose set would only grow.
const MAX_VALUES: usize = 16;

/// One thing that a register may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A number, or an address in the image as a virtual address.
    Const(u64),
    /// The stack pointer at function entry plus this.
    Frame(i32),
    /// What the register held at function entry.
    Entry(Reg),
    /// What the stack held at function entry, this far above the stack pointer.
    EntrySlot(i32),
    /// The content of the image's memory at this RVA, plus a constant.
    Loaded(u32, i32),
    /// The content of memory at the pointer that the first RVA holds, plus an offset.
    Through(u32, i32),
    /// The bytes of the image from this RVA on (a vector register's content).
    Block(u32),
    /// A value of eight bytes that fills a vector register by repetition.
    Repeat(u64),
    /// Anything.
    Unknown,
}

/// A value and the instruction that made it (RVA, 0 when there is none).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// The value.
    pub value: Value,
    /// Where it was made.
    pub at: u32,
}

/// An interned set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Set(u32);

impl Set {
    /// The set of everything.
    pub const UNKNOWN: Set = Set(0);
}

/// Multiplicative hash of short keys; the keys are not under an attacker's control in a
/// way that matters, since the number of sets is bounded by the code's size.
#[derive(Default)]
pub struct QuickHasher(u64);

impl Hasher for QuickHasher {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }
    fn write_u8(&mut self, n: u8) {
        self.write_u64(u64::from(n));
    }
    fn write_u32(&mut self, n: u32) {
        self.write_u64(u64::from(n));
    }
    fn write_i32(&mut self, n: i32) {
        self.write_u64(n as u64);
    }
    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }
    fn write_isize(&mut self, n: isize) {
        self.write_u64(n as u64);
    }
    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(5) ^ n).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

type Index = HashMap<Box<[Item]>, Set, BuildHasherDefault<QuickHasher>>;

/// All sets of one function.
#[derive(Debug)]
pub struct Arena {
    sets: Vec<Box<[Item]>>,
    index: Index,
    /// Joins made last, by a hash of the pair; two ways meet in the same sets again and
    /// again.
    joins: Vec<(Set, Set, Set)>,
}

/// A place without a remembered join: joining a set with itself is no join.
const NO_JOIN: (Set, Set, Set) = (Set::UNKNOWN, Set::UNKNOWN, Set::UNKNOWN);
/// Joins remembered.
const JOINS: usize = 1024;

impl Default for Arena {
    fn default() -> Self {
        let mut arena = Arena {
            sets: Vec::new(),
            index: Index::default(),
            joins: vec![NO_JOIN; JOINS],
        };
        arena.intern(&[Item {
            value: Value::Unknown,
            at: 0,
        }]);
        arena
    }
}

impl Arena {
    /// Forgets all sets.
    pub fn clear(&mut self) {
        /// An index that grew beyond this for one function is not swept for every next.
        const KEPT: usize = 4096;
        self.sets.truncate(1);
        if self.index.capacity() > KEPT {
            self.index = Index::default();
        } else {
            self.index.clear();
        }
        self.joins.fill(NO_JOIN);
        if let Some(unknown) = self.sets.first() {
            self.index.insert(unknown.clone(), Set::UNKNOWN);
        }
    }

    /// The values of a set, sorted.
    pub fn items(&self, set: Set) -> &[Item] {
        self.sets.get(set.0 as usize).map_or(&[], |s| s)
    }

    fn intern(&mut self, items: &[Item]) -> Set {
        if let Some(&set) = self.index.get(items) {
            return set;
        }
        let set = Set(self.sets.len() as u32);
        self.sets.push(items.into());
        self.index.insert(items.into(), set);
        set
    }

    /// The set of one value.
    pub fn one(&mut self, value: Value, at: u32) -> Set {
        if value == Value::Unknown {
            return Set::UNKNOWN;
        }
        self.intern(&[Item { value, at }])
    }

    /// The set of the given values; too many of them become unknown.
    pub fn many(&mut self, mut items: Vec<Item>) -> Set {
        for item in &mut items {
            if item.value == Value::Unknown {
                item.at = 0;
            }
        }
        items.sort_unstable();
        items.dedup_by_key(|i| i.value);
        if items.is_empty() || items.len() > MAX_VALUES {
            return Set::UNKNOWN;
        }
        self.intern(&items)
    }

    /// What may be in either set.
    pub fn join(&mut self, a: Set, b: Set) -> Set {
        if a == b {
            return a;
        }
        let at = (a.0.wrapping_mul(31) ^ b.0) as usize % JOINS;
        if let Some(&(x, y, joined)) = self.joins.get(at)
            && (x, y) == (a, b)
        {
            return joined;
        }
        let mut items = self.items(a).to_vec();
        items.extend_from_slice(self.items(b));
        let joined = self.many(items);
        if let Some(place) = self.joins.get_mut(at) {
            *place = (a, b, joined);
        }
        joined
    }

    /// The only value of a set.
    pub fn single(&self, set: Set) -> Option<Value> {
        match self.items(set) {
            [item] => Some(item.value),
            _ => None,
        }
    }

    /// The only value of a set, when it is a number.
    pub fn constant(&self, set: Set) -> Option<u64> {
        match self.single(set) {
            Some(Value::Const(value)) => Some(value),
            _ => None,
        }
    }

    /// Applies `f` to each value. Results keep the place where their operand was made.
    pub fn map(&mut self, set: Set, f: impl Fn(Value) -> Value) -> Set {
        match *self.items(set) {
            [Item { value, at }] => self.one(f(value), at),
            ref items => {
                let mapped = items
                    .iter()
                    .map(|i| Item {
                        value: f(i.value),
                        at: i.at,
                    })
                    .collect();
                self.many(mapped)
            }
        }
    }

    /// Applies arithmetic to all pairs. `at` is the instruction that calculates.
    pub fn calc(&mut self, op: Calc, a: Set, b: Set, size: u8, at: u32) -> Set {
        if let (&[x], &[y]) = (self.items(a), self.items(b)) {
            return self.one(calc(op, x.value, y.value, size), at);
        }
        let (left, right) = (self.items(a), self.items(b));
        if left.len() * right.len() > MAX_VALUES {
            return Set::UNKNOWN;
        }
        let mut items = Vec::with_capacity(left.len() * right.len());
        for x in left {
            for y in right {
                items.push(Item {
                    value: calc(op, x.value, y.value, size),
                    at,
                });
            }
        }
        self.many(items)
    }
}

/// `value` cut to `size` bytes.
pub fn truncate(value: u64, size: u8) -> u64 {
    match size {
        0 => 0,
        1..=7 => value & ((1u64 << (size * 8)) - 1),
        _ => value,
    }
}

/// The low `size` bytes of `value`, sign-extended.
pub fn sign_extend(value: u64, size: u8) -> u64 {
    match size {
        1 => value as i8 as u64,
        2 => value as i16 as u64,
        4 => value as i32 as u64,
        _ => value,
    }
}

fn calc(op: Calc, a: Value, b: Value, size: u8) -> Value {
    match (op, a, b) {
        (_, Value::Const(x), Value::Const(y)) => Value::Const(truncate(fold(op, x, y, size), size)),
        (Calc::Add, base, Value::Const(n)) | (Calc::Add, Value::Const(n), base) => {
            offset(base, n, size)
        }
        (Calc::Sub, base, Value::Const(n)) => offset(base, n.wrapping_neg(), size),
        (Calc::And, _, Value::Const(0)) | (Calc::And, Value::Const(0), _) => Value::Const(0),
        // Stack alignment: the offset stays a multiple of the alignment relative to entry.
        (Calc::And, Value::Frame(n), Value::Const(mask)) => Value::Frame(n & mask as i32),
        (Calc::Or, _, Value::Const(n)) if truncate(!n, size) == 0 => Value::Const(n),
        (Calc::Or | Calc::Xor | Calc::Shl | Calc::Shr, kept, Value::Const(0)) => kept,
        (Calc::Or, Value::Const(0), kept) => kept,
        (Calc::And, kept, Value::Const(n)) if truncate(!n, size) == 0 => kept,
        _ => Value::Unknown,
    }
}

/// A pointer-like value plus a constant.
pub fn offset(base: Value, n: u64, size: u8) -> Value {
    let signed = sign_extend(n, size);
    let Ok(delta) = i32::try_from(signed as i64) else {
        return Value::Unknown;
    };
    match base {
        _ if delta == 0 => base,
        Value::Frame(x) => Value::Frame(x.wrapping_add(delta)),
        Value::Loaded(rva, x) => Value::Loaded(rva, x.wrapping_add(delta)),
        Value::Const(x) => Value::Const(truncate(x.wrapping_add(signed), size)),
        _ => Value::Unknown,
    }
}

fn fold(op: Calc, x: u64, y: u64, size: u8) -> u64 {
    let bits = u32::from(size) * 8;
    let distance = (y as u32) & (bits.max(1) - 1);
    match op {
        Calc::Add => x.wrapping_add(y),
        Calc::Sub => x.wrapping_sub(y),
        Calc::And => x & y,
        Calc::Or => x | y,
        Calc::Xor => x ^ y,
        Calc::Mul => x.wrapping_mul(y),
        Calc::Shl => x << distance,
        Calc::Shr => truncate(x, size) >> distance,
        Calc::Sar => ((sign_extend(x, size) as i64) >> distance) as u64,
        Calc::Ror if size == 4 => u64::from((x as u32).rotate_right(distance)),
        Calc::Ror if size == 2 => u64::from((x as u16).rotate_right(distance)),
        Calc::Ror => x.rotate_right(distance),
        Calc::Not => !x,
        Calc::Neg => x.wrapping_neg(),
        Calc::Swap if size == 4 => u64::from((x as u32).swap_bytes()),
        Calc::Swap => x.swap_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tags_by_mask_and_sum() {
        // sbb r,r; and r,0x53000000; add r,tag: one of two values.
        let mut arena = Arena::default();
        let mask = arena.many(vec![
            Item {
                value: Value::Const(0),
                at: 1,
            },
            Item {
                value: Value::Const(0xffff_ffff),
                at: 1,
            },
        ]);
        let bits = arena.one(Value::Const(0x4300_0000), 2);
        let masked = arena.calc(Calc::And, mask, bits, 4, 2);
        let base = arena.one(Value::Const(0x2053_7852), 3);
        let sum = arena.calc(Calc::Add, masked, base, 4, 3);
        let values: Vec<_> = arena.items(sum).iter().map(|i| i.value).collect();
        assert_eq!(
            values,
            [Value::Const(0x2053_7852), Value::Const(0x6353_7852)]
        );
    }

    #[test]
    fn counting_loops_become_unknown() {
        let mut arena = Arena::default();
        let mut set = arena.one(Value::Const(0), 0);
        let step = arena.one(Value::Const(1), 0);
        for _ in 0..40 {
            let next = arena.calc(Calc::Add, set, step, 4, 0);
            set = arena.join(set, next);
        }
        assert_eq!(set, Set::UNKNOWN);
    }

    #[test]
    fn byte_swap_of_a_tag() {
        assert_eq!(
            calc(Calc::Swap, Value::Const(0x4c65_616b), Value::Const(0), 4),
            Value::Const(0x6b61_654c)
        );
    }
}
