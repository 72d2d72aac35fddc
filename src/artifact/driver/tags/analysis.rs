//! The order of the analysis: routines, references, functions, wrappers, variables.

use super::collect::{Collector, GlobalUse, Hit, Outcome};
use super::finding::SiteCounts;
use super::framework::{self, Binding};
use super::query::TagQuery;
use super::references::{self, Kind as Refers, Reference};
use super::resync;
use super::routine::{Routine, Routines};
use crate::artifact::driver::api;
use crate::artifact::driver::code::bounds::Bounds;
use crate::artifact::driver::code::flow::Flow;
use crate::artifact::driver::code::function::Function;
use crate::artifact::driver::code::machine::Convention;
use crate::artifact::driver::code::step::Scene;
use crate::artifact::driver::image::{Image, Machine};
use crate::tag::Tag;
use std::collections::{BTreeMap, BTreeSet};

/// Levels of routines that pass a tag on. Two are worth having on x86; what a third finds
/// are mostly numbers that are no tags (measured over 5,094 drivers).
const MAX_DEPTH: u8 = 2;
/// Rounds of looking for callers: the levels, and one for each pure jump in between.
const MAX_ROUNDS: usize = 4;
/// Bytes of code followed in one image, as a multiple of the code that it has: no round of
/// an honest image follows a byte twice, but tables of functions can be made to overlap.
const ROUNDS_OF_CODE: u64 = 8;
/// The least that may be followed.
const LEAST_CODE: u64 = 1 << 20;

/// The analysis of one image.
pub(super) struct Analysis<'a> {
    image: &'a Image<'a>,
    routines: Routines,
    binding: Option<Binding>,
    bounds: Bounds<'a>,
    flow: Flow<'a>,
    hits: Vec<Hit>,
    globals: Vec<GlobalUse>,
    calls: BTreeMap<u32, Outcome>,
    /// Bytes of code that may still be followed.
    code_left: u64,
    /// True when a cap was reached.
    pub limited: bool,
}

impl<'a> Analysis<'a> {
    /// Prepares the routines and the function bounds.
    pub fn new(
        image: &'a Image<'a>,
        convention: &'static Convention,
        binding: Option<Binding>,
        query: TagQuery<'_>,
    ) -> Self {
        let mut routines = Routines::default();
        let with_others = matches!(query, TagQuery::Only(_));
        for (slot, api) in api::imported(image) {
            if api.is_pool() || with_others {
                routines
                    .slots
                    .insert(slot, Routine::of(api, convention, image.is_64));
            }
        }
        for (rva, api) in api::exported(image) {
            if api.is_pool() {
                let routine = Routine::of(api, convention, image.is_64);
                routines.local.insert(rva, vec![routine]);
            }
        }
        if let Some(binding) = binding {
            framework::add_routines(image, convention, binding, &mut routines);
        }
        Analysis {
            image,
            routines,
            binding,
            bounds: Bounds::of(image),
            flow: Flow::new(Scene { image, convention }),
            hits: Vec::new(),
            globals: Vec::new(),
            calls: BTreeMap::new(),
            code_left: code_budget(image),
            limited: false,
        }
    }

    /// Finds all tags that reach a routine.
    pub fn run(&mut self) -> Vec<Hit> {
        if self.routines.is_empty() {
            return Vec::new();
        }
        let references = self.first_references();
        let routines = self.routines.clone();
        let mut wrappers = self.follow(&routines, &references);
        for _ in 0..MAX_ROUNDS {
            let next = self.outer_routines(wrappers);
            if next.is_empty() {
                break;
            }
            let targets: BTreeSet<u32> = next.local.keys().copied().collect();
            let references = references::to_code(self.image, &targets);
            wrappers = self.follow(&next, &references);
        }
        self.read_globals();
        std::mem::take(&mut self.hits)
    }

    /// References to slots, to the framework's table, to stubs and own exports.
    fn first_references(&mut self) -> Vec<Reference> {
        let mut places: BTreeSet<u32> = self.routines.slots.keys().copied().collect();
        let table = match self.binding {
            Some(Binding::Pointer(pointer)) => Some(pointer),
            _ => None,
        };
        places.extend(table);
        let mut found = references::to_data(self.image, &places);
        if let Some(pointer) = table {
            let near = self.functions_using_table(&found, pointer);
            found.retain(|r| r.to != pointer || near.contains(&r.at));
        }
        self.add_stubs(&found);
        let targets: BTreeSet<u32> = self.routines.local.keys().copied().collect();
        found.extend(references::to_code(self.image, &targets));
        found
    }

    /// Of the references to the table's pointer those in functions that also carry the
    /// offset of a function with a tag: all the others call something else.
    fn functions_using_table(&self, found: &[Reference], pointer: u32) -> BTreeSet<u32> {
        let offsets = framework::offsets(self.image);
        let mut known: BTreeMap<u32, bool> = BTreeMap::new();
        let mut near = BTreeSet::new();
        for reference in found.iter().filter(|r| r.to == pointer) {
            let Some(function) = self.bounds.function_at(reference.at) else {
                continue;
            };
            let uses = *known
                .entry(function.entry)
                .or_insert_with(|| carries(self.image, &function, &offsets));
            if uses {
                near.insert(reference.at);
            }
        }
        near
    }

    /// Jumps through a slot that other code may call in the routine's stead.
    fn add_stubs(&mut self, found: &[Reference]) {
        for reference in found {
            let Some(&routine) = self.routines.slots.get(&reference.to) else {
                continue;
            };
            let starts: &[u32] = match (self.image.machine, reference.kind) {
                // With and without a REX prefix before the jump.
                (Machine::X64, Refers::Jump) => &[0, 1],
                (Machine::X86, Refers::Jump) => &[0],
                // adrp, ldr, br: exactly these, or it is a routine with a tail call.
                (Machine::Arm64, _) if self.is_arm64_stub(reference.at) => &[4],
                _ => continue,
            };
            for before in starts {
                let at = reference.at.wrapping_sub(*before);
                self.routines
                    .local
                    .entry(at)
                    .or_insert_with(|| vec![routine]);
            }
        }
    }

    fn is_arm64_stub(&self, load: u32) -> bool {
        let word = |at: u32| self.image.u32_at(at).unwrap_or(0);
        let Some(start) = load.checked_sub(4) else {
            return false;
        };
        let adrp = word(start) & 0x9f00_0000 == 0x9000_0000;
        let branch = word(load.wrapping_add(4)) & 0xffff_fc1f == 0xd61f_0000;
        let begins = start.checked_sub(4).is_none_or(|before| {
            let word = word(before);
            let ret_or_jump = word & 0xffff_fc1f == 0xd65f_0000
                || word & 0xffff_fc1f == 0xd61f_0000
                || word & 0xfc00_0000 == 0x1400_0000;
            ret_or_jump || word == 0 || self.image.function_at(before).is_some()
        });
        adrp && branch
            && begins
            && self
                .image
                .function_at(load)
                .is_none_or(|f| f.begin == start)
    }

    /// Follows the functions that hold `references`; returns the wrappers that they are.
    fn follow(&mut self, routines: &Routines, references: &[Reference]) -> Vec<(u32, Routine)> {
        let functions = self.functions_of(references);
        let mut collector = Collector::new(routines);
        for (function, calls) in &functions {
            self.flow.follow(function, &mut collector);
            for &site in calls {
                // The scan finds the call behind an unneeded prefix.
                let seen = [site, site.wrapping_sub(1)];
                if seen.iter().all(|s| !collector.seen.contains(s)) {
                    resync::follow(&mut self.flow, site, &mut collector);
                }
            }
        }
        let stubs = &self.routines.local;
        let wrappers = std::mem::take(&mut collector.wrappers);
        self.hits.append(&mut collector.hits);
        self.globals.append(&mut collector.globals);
        let is_stub = |entry: u32| stubs.contains_key(&entry);
        for (&site, &outcome) in &collector.calls {
            if !is_stub(site) {
                let best = self.calls.entry(site).or_insert(outcome);
                *best = outcome.min(*best);
            }
        }
        let outer = wrappers
            .into_iter()
            .map(|((entry, ..), outer)| (entry, outer));
        outer.filter(|(entry, _)| !is_stub(*entry)).collect()
    }

    /// Groups references by function; of each function the calls that must be seen.
    fn functions_of(&mut self, references: &[Reference]) -> Vec<(Function, Vec<u32>)> {
        let mut functions: BTreeMap<u32, (Function, Vec<u32>)> = BTreeMap::new();
        for reference in references {
            let Some(function) = self.bounds.function_at(reference.at) else {
                continue;
            };
            if !functions.contains_key(&function.entry) {
                let size = function.size();
                if size > self.code_left {
                    self.limited = true;
                    continue;
                }
                self.code_left -= size;
            }
            let (_, calls) = functions
                .entry(function.entry)
                .or_insert_with(|| (function, Vec::new()));
            let slot = self.routines.slots.contains_key(&reference.to);
            if reference.kind == Refers::Call && slot {
                calls.push(reference.at);
            }
        }
        functions.into_values().collect()
    }

    fn outer_routines(&self, wrappers: Vec<(u32, Routine)>) -> Routines {
        let mut next = Routines::default();
        for (entry, wrapper) in wrappers.into_iter().filter(|(_, w)| w.depth <= MAX_DEPTH) {
            next.local.entry(entry).or_default().push(wrapper);
        }
        next
    }

    /// Turns uses of variables into hits: their initial value and what is stored to them.
    fn read_globals(&mut self) {
        let globals = std::mem::take(&mut self.globals);
        let image = self.image;
        let writable = |rva: u32| image.section_at(rva).is_some_and(|s| s.is_writable());
        let watched: BTreeSet<u32> = globals
            .iter()
            .map(|g| g.rva)
            .filter(|&rva| writable(rva))
            .collect();
        let stores = self.stores_to(&watched);
        for global in &globals {
            if let Some(initial) = image.u32_at(global.rva).filter(|&n| n != 0) {
                let tag = Tag::from_word(initial);
                self.hits.push(Hit {
                    tag,
                    from_global: true,
                    at_rest: true,
                    ..global.hit
                });
            }
            for &(_, value, at) in stores.iter().filter(|s| s.0 == global.rva) {
                let tag = Tag::from_word(value);
                self.hits.push(Hit {
                    tag,
                    made_at: at,
                    from_global: true,
                    ..global.hit
                });
            }
        }
    }

    fn stores_to(&mut self, watched: &BTreeSet<u32>) -> BTreeSet<(u32, u32, u32)> {
        if watched.is_empty() {
            return BTreeSet::new();
        }
        let references = references::to_data(self.image, watched);
        let none = Routines::default();
        let mut collector = Collector::new(&none);
        collector.watched = watched.clone();
        for (function, _) in self.functions_of(&references) {
            self.flow.follow(&function, &mut collector);
        }
        collector.stores.into_iter().collect()
    }

    /// How the calls came out.
    pub fn counts(&self) -> SiteCounts {
        let of = |wanted| self.calls.values().filter(|&&o| o == wanted).count() as u32;
        SiteCounts {
            total: self.calls.len() as u32,
            constant: of(Outcome::Constant),
            parameter: of(Outcome::Parameter),
            global: of(Outcome::Global),
            unresolved: of(Outcome::Unresolved),
        }
    }
}

/// Bytes of code that may be followed in an image.
fn code_budget(image: &Image<'_>) -> u64 {
    let code: u64 = image
        .code_sections()
        .map(|s| image.section_bytes(s).len() as u64)
        .sum();
    (code * ROUNDS_OF_CODE).max(LEAST_CODE)
}

/// True when the function's code carries one of the offsets as a number.
fn carries(image: &Image<'_>, function: &Function, offsets: &[u32]) -> bool {
    function.ranges.iter().any(|range| {
        let code = image.range(range.clone());
        match image.machine {
            Machine::Arm64 => code.chunks_exact(4).any(|w| {
                let word = u32::from_le_bytes([w[0], w[1], w[2], w[3]]);
                let imm = word >> 10 & 0xfff;
                let load = word & 0xffc0_0000 == 0xf940_0000 && offsets.contains(&(imm * 8));
                let sum = word & 0xff80_0000 == 0x9100_0000 && offsets.contains(&imm);
                // A constant in a register: unoptimised code multiplies the index.
                let moved = word & 0x7f80_0000 == 0x5280_0000
                    && offsets
                        .iter()
                        .any(|o| [*o, o / 8].contains(&(word >> 5 & 0xffff)));
                load || sum || moved
            }),
            _ => offsets.iter().any(|o| {
                let width = image.pointer_size();
                // As an offset, or as the index that is multiplied.
                [o.to_le_bytes(), (o / width).to_le_bytes()]
                    .iter()
                    .any(|needle| memchr::memmem::find(code, needle).is_some())
            }),
        }
    })
}
