//! The order of the analysis: routines, references, functions, wrappers, variables.

use super::bytes;
use super::collect::{Collector, GlobalUse, Hit, Outcome};
use super::finding::{Blind, Finding, Grade, MAX_SITES, Site, SiteCounts, TagFindings, Via};
use super::framework::{self, Binding};
use super::query::{TagQuery, same};
use super::references::{self, Kind as Refers, Reference};
use super::resync;
use super::routine::{Routine, Routines};
use crate::artifact::driver::api::{self, Kind, Role};
use crate::artifact::driver::code::bounds::Bounds;
use crate::artifact::driver::code::flow::Flow;
use crate::artifact::driver::code::function::Function;
use crate::artifact::driver::code::machine::Convention;
use crate::artifact::driver::code::step::Scene;
use crate::artifact::driver::image::{Image, Machine};
use crate::tag::{Pool, Tag};
use std::collections::{BTreeMap, BTreeSet};

/// Levels of routines that pass a tag on. Two are worth having on x86; what a third finds
/// are mostly numbers that are no tags (measured over 5,094 drivers).
const MAX_DEPTH: u8 = 2;
/// Rounds of looking for callers: the levels, and one for each pure jump in between.
const MAX_ROUNDS: usize = 4;
/// Entropy (bits a byte) above which code is packed: compiled code stays below 6.8, the
/// highest of 5,094 drivers' code sections is below 7.5.
const PACKED: f64 = 7.5;
/// Code sections shorter than this say nothing by their entropy.
const MIN_FOR_ENTROPY: usize = 4096;
/// Functions followed in one image at most.
const MAX_FUNCTIONS: usize = 60_000;

/// The whole analysis.
pub(super) fn run(image: &Image<'_>, query: TagQuery<'_>, file_name: Option<&str>) -> TagFindings {
    let mut result = TagFindings::default();
    let binding = framework::binding(image);
    let named = name_finding(binding, query, file_name);
    let skip = match query {
        TagQuery::Only(tags) => !bytes::may_hold(image, tags),
        TagQuery::All => false,
    };
    result.routines = routine_names(image, binding);
    result.blind = blind(image, skip);
    if skip {
        result.findings.extend(named);
        return result;
    }
    let mut hits = Vec::new();
    if let Some(convention) = Convention::of(image.machine) {
        let mut analysis = Analysis::new(image, convention, binding, query);
        hits = analysis.run();
        result.calls = analysis.counts();
        if result.calls.unresolved > 0 {
            result
                .blind
                .push(Blind::Unresolved(result.calls.unresolved));
        }
        if analysis.limited {
            result.blind.push(Blind::Limit);
        }
    }
    if !sets_its_own_tag(&hits) {
        result.findings.extend(named);
    }
    result
        .findings
        .extend(findings(image, &hits, |tag| query.wants(tag), query));
    if let TagQuery::Only(tags) = query {
        bytes::grade(image, tags, &mut result.findings);
        let turned: Vec<Tag> = reversed(tags);
        let wants = |tag| turned.iter().any(|&t| same(t, tag));
        result.reversed = findings(image, &hits, wants, query);
    }
    result.findings.sort_by(|a, b| {
        (a.tag, a.grade, a.role, &a.site, a.api, a.via)
            .cmp(&(b.tag, b.grade, b.role, &b.site, b.api, b.via))
    });
    result
}

/// The asked tags with their bytes reversed, but for those asked for anyway.
fn reversed(tags: &[Tag]) -> Vec<Tag> {
    let turned = tags.iter().map(|t| t.without_protection().reversed());
    turned
        .filter(|&t| !tags.iter().any(|&asked| same(asked, t)))
        .collect()
}

/// True when the driver gives the framework a tag of its own (`DriverPoolTag`).
fn sets_its_own_tag(hits: &[Hit]) -> bool {
    hits.iter()
        .any(|h| h.routine.api.name == "WdfDriverCreate" && h.tag.word() != 0)
}

fn name_finding(
    binding: Option<Binding>,
    query: TagQuery<'_>,
    file_name: Option<&str>,
) -> Option<Finding> {
    binding?;
    let tag = framework::default_tag(file_name?)?;
    // Service names are case-blind, and copies of drivers change the case of file names.
    let tag = match query {
        TagQuery::Only(tags) => *tags
            .iter()
            .find(|t| t.bytes().eq_ignore_ascii_case(&tag.bytes()))?,
        TagQuery::All => tag,
    };
    Some(Finding {
        tag,
        grade: Grade::Name,
        via: Some(Via::Framework),
        role: Some(Role::Allocate),
        api: None,
        pool: None,
        site: None,
        sites: Vec::new(),
        count: 0,
        proof: Vec::new(),
    })
}

/// The pool routines that the image imports, and those of the framework.
fn routine_names(image: &Image<'_>, binding: Option<Binding>) -> Vec<&'static str> {
    let imported = api::imported(image)
        .into_values()
        .filter(|a| a.is_pool())
        .map(|a| a.name);
    let mut names: BTreeSet<&'static str> = imported.collect();
    names.extend(
        api::exported(image)
            .into_values()
            .filter(|a| a.is_pool())
            .map(|a| a.name),
    );
    if binding.is_some() {
        names.insert("WdfMemoryCreate");
    }
    names.into_iter().collect()
}

fn blind(image: &Image<'_>, quick: bool) -> Vec<Blind> {
    let mut reasons = Vec::new();
    if !image.machine.is_analysed() {
        reasons.push(Blind::Machine);
    }
    if image.truncated {
        reasons.push(Blind::Truncated);
    }
    // Measuring entropy reads every byte, and an image that cannot hold the tag openly is
    // exactly the one whose packing matters; a sample of the section tells as well.
    let packed = image
        .code_sections()
        .filter_map(|s| packed(image, s, quick))
        .max();
    reasons.extend(packed.map(Blind::Packed));
    reasons.extend(looks_up_allocators(image).then_some(Blind::RuntimeLookup));
    reasons
}

/// Hundredths of bits a byte, when they are too many for compiled code.
fn packed(
    image: &Image<'_>,
    section: &crate::artifact::driver::image::Section,
    quick: bool,
) -> Option<u16> {
    /// Bytes that tell packed code from compiled code well enough.
    const SAMPLE: usize = 1 << 16;
    let bytes = image.section_bytes(section);
    if bytes.len() < MIN_FOR_ENTROPY {
        return None;
    }
    let sample = if quick { 8192 } else { SAMPLE };
    let start = (bytes.len() / 2).saturating_sub(sample / 2);
    let middle = bytes
        .get(start..(start + sample).min(bytes.len()))
        .unwrap_or(bytes);
    let entropy = crate::artifact::driver::image::entropy_of(middle);
    (entropy > PACKED).then_some((entropy * 100.0) as u16)
}

/// The image asks for routines by name and holds an allocator's name in UTF-16.
fn looks_up_allocators(image: &Image<'_>) -> bool {
    let asks = image
        .imports
        .slots
        .values()
        .any(|i| i.routine() == Some("MmGetSystemRoutineAddress"));
    let name: Vec<u8> = "ExAllocatePool"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    asks && memchr::memmem::find(image.loaded_bytes(), &name).is_some()
}

struct Analysis<'a> {
    image: &'a Image<'a>,
    routines: Routines,
    binding: Option<Binding>,
    bounds: Bounds<'a>,
    flow: Flow<'a>,
    hits: Vec<Hit>,
    globals: Vec<GlobalUse>,
    calls: BTreeMap<u32, Outcome>,
    limited: bool,
}

impl<'a> Analysis<'a> {
    fn new(
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
            limited: false,
        }
    }

    fn run(&mut self) -> Vec<Hit> {
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
    fn follow(&mut self, routines: &Routines, references: &[Reference]) -> Vec<Routine> {
        let functions = self.functions_of(references);
        let mut collector = Collector::new(routines);
        for (function, calls) in &functions {
            self.flow.follow(function, &mut collector);
            for &site in calls {
                // The scan finds the call behind an unneeded prefix.
                let seen = [site, site.wrapping_sub(1)];
                if seen.iter().all(|s| !collector.calls.contains_key(s)) {
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
        wrappers
            .into_values()
            .filter(|w| !w.wrapper.is_some_and(is_stub))
            .collect()
    }

    /// Groups references by function; of each function the calls that must be seen.
    fn functions_of(&mut self, references: &[Reference]) -> Vec<(Function, Vec<u32>)> {
        let mut functions: BTreeMap<u32, (Function, Vec<u32>)> = BTreeMap::new();
        for reference in references {
            let Some(function) = self.bounds.function_at(reference.at) else {
                continue;
            };
            if functions.len() >= MAX_FUNCTIONS && !functions.contains_key(&function.entry) {
                self.limited = true;
                continue;
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

    fn outer_routines(&self, wrappers: Vec<Routine>) -> Routines {
        let mut next = Routines::default();
        for wrapper in wrappers.into_iter().filter(|w| w.depth <= MAX_DEPTH) {
            if let Some(entry) = wrapper.wrapper {
                next.local.entry(entry).or_default().push(wrapper);
            }
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

    fn counts(&self) -> SiteCounts {
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

/// Hits as findings: one for each tag, routine, way and pool.
fn findings(
    image: &Image<'_>,
    hits: &[Hit],
    wants: impl Fn(Tag) -> bool,
    query: TagQuery<'_>,
) -> Vec<Finding> {
    type Key = (Tag, &'static str, Role, Option<Pool>, Via);
    let mut groups: BTreeMap<Key, BTreeMap<u32, &Hit>> = BTreeMap::new();
    let all = matches!(query, TagQuery::All);
    for hit in hits {
        let tag = hit.tag.without_protection();
        let untagged = matches!(hit.routine.tag, super::routine::TagAt::Fixed(_));
        // Zero is "no tag" everywhere; untagged calls are listed when `None` is asked for.
        if hit.tag.word() == 0 || !wants(tag) || all && untagged {
            continue;
        }
        let key = (
            tag,
            hit.routine.api.name,
            hit.routine.api.role,
            hit.pool,
            via(hit),
        );
        groups
            .entry(key)
            .or_default()
            .entry(hit.site)
            .or_insert(hit);
    }
    groups
        .into_iter()
        .filter_map(|((tag, ..), calls)| finding(image, tag, &calls))
        .collect()
}

fn via(hit: &Hit) -> Via {
    match (hit.routine.wrapper, hit.routine.api.kind) {
        (Some(rva), _) => Via::Wrapper {
            rva,
            depth: hit.routine.depth,
        },
        (None, Kind::Framework) => Via::Framework,
        (None, Kind::Lookaside) => Via::Lookaside,
        (None, _) if hit.from_global => Via::Global,
        (None, _) => Via::Direct,
    }
}

fn finding(image: &Image<'_>, tag: Tag, calls: &BTreeMap<u32, &Hit>) -> Option<Finding> {
    let (&rva, hit) = calls.first_key_value()?;
    let api = hit.routine.api;
    let mut proof: Vec<u32> = [hit.made_at, hit.site]
        .into_iter()
        .filter(|&p| p != 0)
        .collect();
    proof.extend(hit.routine.inner);
    let pool_tag = api.is_pool();
    Some(Finding {
        tag,
        grade: if pool_tag {
            Grade::CallSite
        } else {
            Grade::Operand
        },
        via: pool_tag.then(|| via(hit)),
        role: pool_tag.then_some(api.role),
        api: Some(api.name),
        pool: hit.pool,
        site: Some(site(image, rva)),
        sites: calls.keys().copied().take(MAX_SITES).collect(),
        count: calls.len() as u32,
        proof,
    })
}

/// A place in the image by its RVA.
pub(super) fn site(image: &Image<'_>, rva: u32) -> Site {
    let section = image.section_at(rva);
    Site {
        rva,
        offset: image.offset_of(rva).unwrap_or(0) as u64,
        section: section.map(|s| s.name()).unwrap_or_default(),
        discardable: section.is_some_and(|s| s.is_discardable()),
    }
}
