//! Where functions begin and end.
//!
//! x64 and ARM64 say so in the function table; leaf functions are not in it and lie in the
//! gaps. x86 says nothing: a function begins where some call leads to, or where padding
//! ends and code starts that looks like a beginning.

use super::function::Function;
use super::ir::{Exit, Listing, Target};
use super::{lift_arm64, lift_x86};
use crate::artifact::driver::image::{FunctionRange, Image, Machine, Section};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

/// Separate parts of one function at most; compilers make two or three.
const MAX_PARTS: usize = 32;
/// Function starts kept at most (x86); ntoskrnl has some 30,000.
const MAX_STARTS: usize = 400_000;

/// Function bounds of an image.
#[derive(Debug)]
pub struct Bounds<'a> {
    image: &'a Image<'a>,
    /// Table entries by owner, where a function has more than one.
    parts: BTreeMap<u32, Vec<Range<u32>>>,
    /// Starts found by looking, sorted; used where there is no table.
    starts: Vec<u32>,
    /// Leaf functions of the gaps looked into so far, by the gap's begin.
    gaps: RefCell<BTreeMap<u32, Vec<Range<u32>>>>,
}

impl<'a> Bounds<'a> {
    /// Reads or finds the bounds.
    pub fn of(image: &'a Image<'a>) -> Self {
        let mut parts: BTreeMap<u32, Vec<Range<u32>>> = BTreeMap::new();
        for part in image.functions().iter().filter(|f| f.owner != f.begin) {
            let parts = parts.entry(part.owner).or_default();
            if parts.len() < MAX_PARTS {
                parts.push(part.begin..part.end);
            }
        }
        let starts = if image.functions().is_empty() && image.machine != Machine::Arm64 {
            find_starts(image)
        } else {
            Vec::new()
        };
        Bounds {
            image,
            parts,
            starts,
            gaps: RefCell::default(),
        }
    }

    /// The function that holds `rva`; `None` outside of code.
    pub fn function_at(&self, rva: u32) -> Option<Function> {
        if let Some(range) = self.image.function_at(rva) {
            return Some(self.table_function(range));
        }
        let section = self.image.section_at(rva).filter(|s| s.is_executable())?;
        if self.image.functions().is_empty() && self.image.machine != Machine::Arm64 {
            return Some(self.found_function(section, rva));
        }
        self.leaf_function(section, rva)
    }

    fn table_function(&self, range: &FunctionRange) -> Function {
        let own = range.begin..range.end;
        let mut ranges = vec![own];
        if range.owner != range.begin {
            let main = self.image.function_at(range.owner);
            ranges.extend(main.map(|m| m.begin..m.end));
        }
        ranges.extend(self.parts.get(&range.owner).into_iter().flatten().cloned());
        ranges.sort_unstable_by_key(|r| (r.start, r.end));
        ranges.dedup();
        let mut clean: Vec<Range<u32>> = Vec::with_capacity(ranges.len());
        for range in ranges {
            if clean.last().is_none_or(|last| last.end <= range.start) {
                clean.push(range);
            }
        }
        Function {
            entry: range.owner,
            ranges: clean,
        }
    }

    fn found_function(&self, section: &Section, rva: u32) -> Function {
        let after = self.starts.partition_point(|&s| s <= rva);
        let before = after
            .checked_sub(1)
            .and_then(|n| self.starts.get(n))
            .copied();
        let start = before.filter(|&s| section.holds(s)).unwrap_or(section.rva);
        let end = self
            .starts
            .get(after)
            .copied()
            .filter(|&s| section.holds(s));
        let end = end.unwrap_or_else(|| section.rva.saturating_add(section.size));
        Function::contiguous(start..end)
    }

    /// Leaf functions between two entries of the table, told apart by where flow ends.
    fn leaf_function(&self, section: &Section, rva: u32) -> Option<Function> {
        let table = self.image.functions();
        let after = table.partition_point(|f| f.begin <= rva);
        let before = after
            .checked_sub(1)
            .and_then(|n| table.get(n))
            .map_or(0, |f| f.end);
        let start = before.max(section.rva);
        let section_end = section.rva.saturating_add(section.size);
        let end = table
            .get(after)
            .map_or(section_end, |f| f.begin.min(section_end));
        let mut gaps = self.gaps.borrow_mut();
        let leaves = gaps
            .entry(start)
            .or_insert_with(|| leaves(self.image, start..end));
        let after = leaves.partition_point(|leaf| leaf.start <= rva);
        let leaf = leaves.get(after.checked_sub(1)?)?;
        leaf.contains(&rva)
            .then(|| Function::contiguous(leaf.clone()))
    }
}

/// Splits a gap into functions: one ends at a jump or return that no branch before it
/// leads past.
fn leaves(image: &Image<'_>, gap: Range<u32>) -> Vec<Range<u32>> {
    let mut listing = Listing::default();
    let code = image.range(gap.clone());
    match image.machine {
        Machine::Arm64 => lift_arm64::lift(code, gap.start, image.image_base, &mut listing),
        _ => lift_x86::lift(code, gap.start, image.image_base, image.is_64, &mut listing),
    }
    let mut leaves = Vec::new();
    let mut start = None;
    let mut furthest = 0;
    for inst in &listing.insts {
        let end = inst.rva.wrapping_add(u32::from(inst.len));
        let filler = inst.count == 0 && matches!(inst.exit, Exit::Next | Exit::Stop);
        if start.is_none() && !filler {
            start = Some(inst.rva);
            furthest = 0;
        }
        let Some(begin) = start else { continue };
        match inst.exit {
            Exit::Branch(t) | Exit::Jump(Target::Direct(t)) if gap.contains(&t) && t > inst.rva => {
                furthest = furthest.max(t);
            }
            _ => {}
        }
        let ends = matches!(inst.exit, Exit::Jump(_) | Exit::Return(_) | Exit::Stop);
        if ends && inst.rva >= furthest {
            leaves.push(begin..end);
            start = None;
        }
    }
    leaves.extend(start.map(|s| s..gap.end));
    leaves
}

/// Function starts of an image without a table.
fn find_starts(image: &Image<'_>) -> Vec<u32> {
    let mut starts = vec![image.entry];
    starts.extend(image.exports().values());
    let sections: Vec<&Section> = image.code_sections().collect();
    for section in &sections {
        let code = image.section_bytes(section);
        starts.push(section.rva);
        starts.extend(called(image, &sections, section, code));
        starts.extend(begun(section, code));
        if starts.len() > MAX_STARTS {
            break;
        }
    }
    starts.retain(|&s| sections.iter().any(|section| section.holds(s)));
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// Targets of direct calls that look like beginnings. Bytes that only look like a call
/// lead anywhere, mostly not behind an end.
fn called<'s>(
    image: &'s Image<'_>,
    sections: &'s [&'s Section],
    section: &'s Section,
    code: &'s [u8],
) -> impl Iterator<Item = u32> + 's {
    memchr::memchr_iter(0xe8, code).filter_map(move |at| {
        let displacement = super::super::image::read_u32(code, at + 1)?;
        let next = section.rva.wrapping_add(at as u32 + 5);
        let target = next.wrapping_add(displacement);
        let home = sections.iter().find(|s| s.holds(target))?;
        let bytes = image.section_bytes(home);
        let offset = (target - home.rva) as usize;
        (follows_an_end(bytes, offset) || is_prologue(bytes.get(offset..)?)).then_some(target)
    })
}

/// Places behind padding that start like functions (those only ever called through
/// pointers).
fn begun<'s>(section: &'s Section, code: &'s [u8]) -> impl Iterator<Item = u32> + 's {
    // All usual prologues have one of three first bytes.
    memchr::memchr3_iter(0x55, 0x8b, 0x6a, code).filter_map(move |at| {
        let strong = is_prologue(&code[at..]) && follows_an_end(code, at);
        strong.then(|| section.rva.wrapping_add(at as u32))
    })
}

/// The byte before is padding or the last of a `ret`.
fn follows_an_end(code: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|n| code.get(n)) else {
        return at == 0;
    };
    match before {
        0xcc | 0x90 | 0xc3 => true,
        // `ret N` and the zero filling of some linkers.
        0x00 => at.checked_sub(3).and_then(|n| code.get(n)) == Some(&0xc2) || at.is_multiple_of(16),
        // Behind an end of another kind (a jump) only alignment tells.
        _ => at.is_multiple_of(16),
    }
}

/// First bytes that compilers give functions on x86.
fn is_prologue(code: &[u8]) -> bool {
    matches!(
        code,
        [0x55, 0x8b, 0xec, ..]
            | [0x55, 0x89, 0xe5, ..]
            | [0x8b, 0xff, 0x55, 0x8b, 0xec, ..]
            | [0x6a, _, 0x68, _, _, _, _, 0xe8, ..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prologues_and_ends() {
        assert!(is_prologue(&[0x8b, 0xff, 0x55, 0x8b, 0xec]));
        assert!(!is_prologue(&[0x8b, 0xff]));
        assert!(follows_an_end(&[0xc2, 0x08, 0x00, 0x55], 3));
        assert!(!follows_an_end(&[0x83, 0xc4, 0x55], 2));
    }
}
