//! Watches a function's calls and notes which tags reach which routines.

use super::routine::{PoolAt, Routine, Routines, TagAt};
use crate::artifact::driver::api::{TagPlace, pool_of};
use crate::artifact::driver::code::flow::{Departure, Flow, Leaving, Observer};
use crate::artifact::driver::code::ir::{Exit, Inst, Target};
use crate::artifact::driver::code::machine::Place;
use crate::artifact::driver::code::state::State;
use crate::artifact::driver::code::step::{GlobalStore, Scene};
use crate::artifact::driver::code::value::{Item, Set, Value};
use crate::tag::{Pool, Tag};
use std::collections::{BTreeMap, BTreeSet};

/// A constant that reaches a routine.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    /// The tag as the code has it.
    pub tag: Tag,
    /// The instruction that makes it, or 0.
    pub made_at: u32,
    /// The call.
    pub site: u32,
    /// What is called.
    pub routine: Routine,
    /// The pool, where it is said.
    pub pool: Option<Pool>,
    /// True when the constant stood in a variable.
    pub from_global: bool,
    /// True when the variable held it from the start, and no instruction put it there.
    pub at_rest: bool,
    /// What carries the tag to the routine.
    pub carrier: Carrier,
}

/// What carries a tag to the routine that takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// The tag argument.
    Argument,
    /// A structure whose address is an argument. What the routine does with its fields is
    /// not seen in the call, so this is no call site by itself.
    Structure,
}

/// A call whose tag stands in a variable of the image.
#[derive(Clone, Copy, Debug)]
pub struct GlobalUse {
    /// The variable.
    pub rva: u32,
    /// The rest of the hit; its tag is not known yet.
    pub hit: Hit,
}

/// Everything noted while functions pass by.
#[derive(Debug)]
pub struct Collector<'r> {
    routines: &'r Routines,
    /// Variables whose stores are noted.
    pub watched: BTreeSet<u32>,
    /// Constants found.
    pub hits: Vec<Hit>,
    /// Routines of the driver that pass a parameter on, by entry.
    pub wrappers: BTreeMap<(u32, TagAt, PoolAt, &'static str), Routine>,
    /// Tags in variables.
    pub globals: Vec<GlobalUse>,
    /// Stores to watched variables: variable, constant, instruction.
    pub stores: Vec<(u32, u32, u32)>,
    /// Places where a routine is called.
    pub seen: BTreeSet<u32>,
    /// Calls of routines, with whether anything came of each.
    pub calls: BTreeMap<u32, Outcome>,
}

/// What came of a call, the best of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A constant.
    Constant,
    /// A parameter.
    Parameter,
    /// A variable.
    Global,
    /// Nothing.
    Unresolved,
}

impl<'r> Collector<'r> {
    /// A collector of calls to `routines`.
    pub fn new(routines: &'r Routines) -> Self {
        Collector {
            routines,
            watched: BTreeSet::new(),
            hits: Vec::new(),
            wrappers: BTreeMap::new(),
            globals: Vec::new(),
            stores: Vec::new(),
            seen: BTreeSet::new(),
            calls: BTreeMap::new(),
        }
    }

    /// A call through this address may be one of a routine: through its slot, or through
    /// control-flow guard's pointer, which is no import.
    fn may_be_pointer(&self, scene: &Scene<'_>, address: u64) -> bool {
        let Some(rva) = scene.image.rva_of_address(address) else {
            return false;
        };
        let import = scene.image.imports().slots.contains_key(&rva);
        self.routines.slots.contains_key(&rva) || !import && self.routines.has_pointers()
    }

    /// The routines that a departure may lead to.
    fn targets(&self, flow: &Flow<'_>, state: &State, departure: &Departure) -> Vec<Routine> {
        if let Some(rva) = departure.direct {
            let local = self.routines.local.get(&rva).cloned().unwrap_or_default();
            return match local.is_empty() && flow.scene.is_bare_jump(rva) {
                true => self.pointed_at(flow, state.reg(flow.scene.convention.guard_target)),
                false => local,
            };
        }
        let mut found = self.pointed_at(flow, departure.target);
        if found.is_empty() && self.routines.has_pointers() {
            // Control-flow guard calls for the caller; the real target is in a register.
            let guarded = state.reg(flow.scene.convention.guard_target);
            if flow.is_guard_dispatch(departure.target) {
                found = self.pointed_at(flow, guarded);
            }
        }
        found
    }

    fn pointed_at(&self, flow: &Flow<'_>, target: Set) -> Vec<Routine> {
        let mut found = Vec::new();
        for item in flow.arena.items(target) {
            match item.value {
                Value::Loaded(rva, 0) => found.extend(self.routines.slots.get(&rva)),
                Value::Through(rva, n) => found.extend(self.routines.table.get(&(rva, n))),
                Value::Const(address) => {
                    let rva = flow.scene.image.rva_of_address(address);
                    let local = rva.and_then(|r| self.routines.local.get(&r));
                    found.extend(local.into_iter().flatten());
                }
                _ => {}
            }
        }
        found
    }

    fn note(&mut self, flow: &mut Flow<'_>, state: &State, call: &Departure, routine: Routine) {
        let place = |flow: &mut Flow<'_>, place| value_at(flow, state, call, place);
        let pool = match routine.pool {
            PoolAt::Known(pool) => PoolAt::Known(pool),
            PoolAt::Place(at) => {
                let set = place(flow, at);
                pool_from(flow, set, routine)
            }
        };
        match routine.tag {
            TagAt::Fixed(tag) => {
                let hit = self.hit(call, routine, pool, 0);
                self.hits.push(Hit { tag, ..hit });
                self.outcome(call.at, routine, Outcome::Constant);
            }
            TagAt::Place(at) => {
                let set = place(flow, at);
                self.note_values(flow, call, routine, pool, set, TagAt::Place);
            }
            TagAt::When { tag, first, value } => {
                let first = place(flow, first);
                if flow.arena.constant(first) == Some(value) {
                    let set = place(flow, tag);
                    self.note_values(flow, call, routine, pool, set, TagAt::Place);
                }
            }
            TagAt::Field { pointer, offset } => {
                let set = place(flow, pointer);
                self.note_field(flow, state, call, routine, pool, set, offset);
            }
            TagAt::Contexts(pointer) => {
                let set = place(flow, pointer);
                self.note_contexts(flow, call, routine, set);
            }
        }
    }

    fn hit(&self, call: &Departure, routine: Routine, pool: PoolAt, made_at: u32) -> Hit {
        let pool = match pool {
            PoolAt::Known(pool) => pool,
            PoolAt::Place(_) => None,
        };
        Hit {
            tag: Tag::new([0; 4]),
            made_at,
            site: call.at,
            routine,
            pool,
            from_global: false,
            at_rest: false,
            carrier: carrier(routine),
        }
    }

    /// Notes what came of a call. Calls that hand a structure over are not counted: most of
    /// them leave the tag to a default.
    fn outcome(&mut self, site: u32, routine: Routine, outcome: Outcome) {
        if carrier(routine) == Carrier::Structure {
            return;
        }
        let best = self.calls.entry(site).or_insert(outcome);
        *best = outcome.min(*best);
    }

    fn note_values(
        &mut self,
        flow: &Flow<'_>,
        call: &Departure,
        routine: Routine,
        pool: PoolAt,
        set: Set,
        at: impl Fn(Place) -> TagAt,
    ) {
        self.outcome(call.at, routine, Outcome::Unresolved);
        for item in flow.arena.items(set) {
            match item.value {
                Value::Const(n) => {
                    let hit = self.hit(call, routine, pool, item.at);
                    self.hits.push(Hit {
                        tag: Tag::from_word(n as u32),
                        ..hit
                    });
                    self.outcome(call.at, routine, Outcome::Constant);
                }
                Value::Loaded(rva, 0) => {
                    let hit = self.hit(call, routine, pool, item.at);
                    self.globals.push(GlobalUse { rva, hit });
                    self.outcome(call.at, routine, Outcome::Global);
                }
                other => {
                    if let Some(place) = parameter(flow, other) {
                        self.wrapper(call, routine, pool, at(place));
                        self.outcome(call.at, routine, Outcome::Parameter);
                    }
                }
            }
        }
    }

    /// The function that makes this call passes one of its own parameters on.
    fn wrapper(&mut self, call: &Departure, routine: Routine, pool: PoolAt, tag: TagAt) {
        if routine.wrapper == Some(call.owner) {
            return;
        }
        // A function that is only a jump (incremental linking) is the routine itself.
        let jump_only = call.at == call.owner && call.leaving == Leaving::Tail;
        let outer = if jump_only {
            Routine {
                tag,
                pool,
                ..routine
            }
        } else {
            Routine {
                tag,
                pool,
                wrapper: Some(call.owner),
                depth: routine.depth + 1,
                inner: Some(call.at),
                ..routine
            }
        };
        self.wrappers
            .entry((call.owner, tag, pool, routine.api.name))
            .or_insert(outer);
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one call")]
    fn note_field(
        &mut self,
        flow: &mut Flow<'_>,
        state: &State,
        call: &Departure,
        routine: Routine,
        pool: PoolAt,
        pointers: Set,
        offset: i32,
    ) {
        self.outcome(call.at, routine, Outcome::Unresolved);
        for Item { value, at } in flow.arena.items(pointers).to_vec() {
            match value {
                Value::Frame(n) => {
                    let set = state.load(&mut flow.arena, n.saturating_add(offset), 4);
                    // A parameter copied into the structure is followed as a parameter.
                    self.note_values(flow, call, routine, pool, set, TagAt::Place);
                }
                Value::Const(address) => {
                    let field = address.wrapping_add(offset as u64);
                    if let Some(rva) = flow.scene.image.rva_of_address(field) {
                        let hit = self.hit(call, routine, pool, at);
                        self.globals.push(GlobalUse { rva, hit });
                        self.outcome(call.at, routine, Outcome::Global);
                    }
                }
                other => {
                    if let Some(pointer) = parameter(flow, other) {
                        self.wrapper(call, routine, pool, TagAt::Field { pointer, offset });
                        self.outcome(call.at, routine, Outcome::Parameter);
                    }
                }
            }
        }
    }

    fn note_contexts(&mut self, flow: &Flow<'_>, call: &Departure, routine: Routine, set: Set) {
        let image = flow.scene.image;
        for item in flow.arena.items(set) {
            let Value::Const(address) = item.value else {
                continue;
            };
            let Some(registration) = image.rva_of_address(address) else {
                continue;
            };
            for (rva, pool) in super::structures::context_tags(image, registration) {
                let hit = self.hit(call, routine, PoolAt::Known(pool), item.at);
                self.globals.push(GlobalUse { rva, hit });
                self.outcome(call.at, routine, Outcome::Global);
            }
        }
    }
}

fn carrier(routine: Routine) -> Carrier {
    match routine.api.tag {
        TagPlace::Field { .. } | TagPlace::FilterContexts(_) => Carrier::Structure,
        _ => Carrier::Argument,
    }
}

/// The values in `place` when the call is made.
fn value_at(flow: &mut Flow<'_>, state: &State, call: &Departure, place: Place) -> Set {
    match place {
        Place::Reg(reg) => state.reg(reg),
        Place::Stack(n) => {
            let convention = flow.scene.convention;
            let Some(sp) = flow.scene.frame(&flow.arena, state) else {
                return Set::UNKNOWN;
            };
            // A jump leaves the return address where a call would put it.
            let skipped = match call.leaving {
                Leaving::Call => 0,
                Leaving::Tail => i32::from(convention.pushed_by_call),
            };
            state.load(
                &mut flow.arena,
                sp.saturating_add(n).saturating_add(skipped),
                4,
            )
        }
    }
}

/// The place in which the function's caller has the value, when it is a parameter.
fn parameter(flow: &Flow<'_>, value: Value) -> Option<Place> {
    let convention = flow.scene.convention;
    match value {
        Value::Entry(reg) if reg != convention.sp => Some(Place::Reg(reg)),
        Value::EntrySlot(n) => {
            let place = n - i32::from(convention.pushed_by_call);
            (place >= 0).then_some(Place::Stack(place))
        }
        _ => None,
    }
}

/// What a set of pool arguments says: all constants must agree.
fn pool_from(flow: &Flow<'_>, set: Set, routine: Routine) -> PoolAt {
    let items = flow.arena.items(set);
    if let [Item { value, .. }] = items
        && let Some(place) = parameter(flow, *value)
    {
        return PoolAt::Place(place);
    }
    let mut pools = items.iter().map(|i| match i.value {
        Value::Const(n) => pool_of(routine.api.pool, n),
        _ => None,
    });
    let first = pools.next().flatten();
    PoolAt::Known(if pools.all(|p| p == first) {
        first
    } else {
        None
    })
}

impl Observer for Collector<'_> {
    fn cares(&self, scene: &Scene<'_>, inst: &Inst) -> bool {
        if !self.watched.is_empty() {
            return true;
        }
        match inst.exit {
            Exit::Call(target) | Exit::Jump(target) => match target {
                Target::Direct(rva) => {
                    let helper = || self.routines.has_pointers() && scene.is_bare_jump(rva);
                    self.routines.local.contains_key(&rva) || helper()
                }
                Target::Memory(addr) if addr.base.is_none() && addr.index.is_none() => {
                    self.may_be_pointer(scene, addr.disp as u64)
                }
                Target::Memory(_) | Target::Reg(_) => self.routines.has_pointers(),
            },
            Exit::Branch(rva) => self.routines.local.contains_key(&rva),
            _ => false,
        }
    }

    fn departure(&mut self, flow: &mut Flow<'_>, state: &State, departure: &Departure) {
        for routine in self.targets(flow, state, departure) {
            self.seen.insert(departure.at);
            self.note(flow, state, departure, routine);
        }
    }

    fn store(&mut self, flow: &mut Flow<'_>, store: &GlobalStore) {
        if !self.watched.contains(&store.rva) {
            return;
        }
        for item in flow.arena.items(store.set) {
            if let Value::Const(n) = item.value {
                self.stores.push((store.rva, n as u32, store.at));
            }
        }
    }
}
