//! Where the bytes of a tag stand when no call proves its use.

use super::analysis::site;
use super::finding::{Finding, Grade, MAX_SITES, Site};
use super::query::{patterns, same};
use crate::artifact::driver::code::bounds::Bounds;
use crate::artifact::driver::image::{Image, Machine, Section, directory};
use crate::tag::Tag;
use memchr::memmem;
use std::collections::{BTreeMap, BTreeSet};

/// Occurrences of one tag that are graded one by one; a tag with more is a common word,
/// and the strongest grade is found among the first.
const MAX_OCCURRENCES: usize = 4096;

/// True when the image may hold or compute one of the tags: the tag's bytes, or three of
/// them side by side (tags of a family are computed from each other), or on ARM64 its two
/// halves in instructions, or an untagged allocator for the tag `None`.
pub(super) fn may_hold(image: &Image<'_>, tags: &[Tag]) -> bool {
    tags.iter().any(|&tag| holds(image, tag))
}

fn holds(image: &Image<'_>, tag: Tag) -> bool {
    if same(tag, Tag::new(*b"None")) {
        return true;
    }
    let bytes = image.loaded_bytes();
    let [a, b, c, d] = tag.without_protection().bytes();
    // A run of three covers the whole tag, the padded and the protected one as well.
    let runs: &[&[u8]] = &[&[a, b, c], &[b, c, d], &[d, c, b], &[c, b, a]];
    let telling = |run: &&&[u8]| run.iter().filter(|&&b| !matches!(b, 0 | b' ')).count() >= 2;
    let mut runs = runs.iter().filter(telling).peekable();
    if runs.peek().is_none() {
        return true;
    }
    runs.any(|run| memmem::find(bytes, run).is_some())
        || image.machine == Machine::Arm64 && halves(image, tag).next().is_some()
}

/// ARM64: places where a `movz`/`movk` pair makes the tag: RVAs of the second of the two
/// halves, for tags that differ at most in the protected-pool bit.
fn halves<'i>(image: &'i Image<'_>, tag: Tag) -> impl Iterator<Item = u32> + 'i {
    let word = tag.without_protection().word();
    let (low, high) = (word & 0xffff, word >> 16);
    image.code_sections().flat_map(move |section| {
        let code = image.section_bytes(section);
        let mut last_low = usize::MAX;
        code.chunks_exact(4).enumerate().filter_map(move |(n, w)| {
            let word = u32::from_le_bytes([w[0], w[1], w[2], w[3]]);
            // movz or movk, either size.
            if word & 0x5f80_0000 != 0x5280_0000 {
                return None;
            }
            let (imm, shift) = (word >> 5 & 0xffff, word >> 21 & 3);
            if shift == 0 && imm == low {
                last_low = n;
            }
            /// Instructions between the two halves at most.
            const NEAR: usize = 16;
            let pair =
                shift == 1 && imm & 0x7fff == high & 0x7fff && n.wrapping_sub(last_low) < NEAR;
            pair.then(|| section.rva.wrapping_add(n as u32 * 4))
        })
    })
}

/// Adds the grades of all occurrences of `tags` that no call site accounts for.
pub(super) fn grade(image: &Image<'_>, tags: &[Tag], findings: &mut Vec<Finding>) {
    let bounds = Bounds::of(image);
    let excluded = tables(image);
    for &tag in tags {
        let mut places: BTreeMap<Grade, Vec<Site>> = BTreeMap::new();
        for offset in occurrences(image, tag) {
            let grade = grade_of(image, &bounds, &excluded, offset);
            places.entry(grade).or_default().push(place(image, offset));
        }
        if image.machine == Machine::Arm64 {
            let operands = halves(image, tag).map(|rva| site(image, rva));
            let mut operands = operands.peekable();
            if operands.peek().is_some() {
                places.entry(Grade::Operand).or_default().extend(operands);
            }
        }
        findings.extend(
            places
                .into_iter()
                .map(|(grade, sites)| finding(tag, grade, &sites)),
        );
    }
}

fn occurrences(image: &Image<'_>, tag: Tag) -> BTreeSet<usize> {
    let bytes = image.loaded_bytes();
    let mut found = BTreeSet::new();
    for pattern in patterns(tag) {
        found.extend(memmem::find_iter(bytes, &pattern).take(MAX_OCCURRENCES));
    }
    found
}

fn place(image: &Image<'_>, offset: usize) -> Site {
    match image.rva_of(offset) {
        Some(rva) => site(image, rva),
        None => Site {
            rva: 0,
            offset: offset as u64,
            section: String::new(),
            discardable: false,
        },
    }
}

fn finding(tag: Tag, grade: Grade, sites: &[Site]) -> Finding {
    let rvas: BTreeSet<u32> = sites.iter().map(|s| s.rva).filter(|&r| r != 0).collect();
    Finding {
        tag: tag.without_protection(),
        grade,
        via: None,
        role: None,
        api: None,
        pool: None,
        site: sites.iter().min_by_key(|s| s.offset).cloned(),
        proof: rvas
            .iter()
            .copied()
            .take(1)
            .filter(|_| grade == Grade::Operand)
            .collect(),
        sites: rvas.into_iter().take(MAX_SITES).collect(),
        count: sites.len() as u32,
    }
}

/// RVA ranges in code sections that are tables and not code: imports, exports, debug.
fn tables(image: &Image<'_>) -> Vec<std::ops::Range<u32>> {
    let indices = [
        directory::EXPORT,
        directory::IMPORT,
        directory::DEBUG,
        directory::IAT,
        directory::DELAY_IMPORT,
    ];
    let ranges = indices.iter().filter_map(|&n| image.directory(n));
    let mut ranges: Vec<_> = ranges
        .map(|d| d.rva..d.rva.saturating_add(d.size))
        .collect();
    // Names of imports lie around the directory but are not in its size.
    if let Some(imports) = image.directory(directory::IMPORT) {
        ranges.push(imports.rva..imports.rva.saturating_add(imports.size));
    }
    ranges
}

fn grade_of(
    image: &Image<'_>,
    bounds: &Bounds<'_>,
    excluded: &[std::ops::Range<u32>],
    offset: usize,
) -> Grade {
    let Some(rva) = image.rva_of(offset) else {
        return Grade::Text;
    };
    let Some(section) = image.section_at(rva) else {
        return Grade::Text;
    };
    if excluded.iter().any(|r| r.contains(&rva)) || is_resource(section) {
        return Grade::Text;
    }
    if section.is_executable() && is_operand(image, bounds, rva) {
        return Grade::Operand;
    }
    if stands_alone(image, offset, rva) && !section.is_executable() {
        return Grade::Data;
    }
    Grade::Text
}

fn is_resource(section: &Section) -> bool {
    matches!(&section.raw_name, b".rsrc\0\0\0" | b".reloc\0\0")
}

/// True when the four bytes at `rva` are the immediate of an instruction (x86, x64), or a
/// literal that one loads (ARM64).
fn is_operand(image: &Image<'_>, bounds: &Bounds<'_>, rva: u32) -> bool {
    if in_long_text(image, rva) {
        return false;
    }
    match image.machine {
        Machine::X86 | Machine::X64 => super::explain::immediate_at(image, bounds, rva),
        Machine::Arm64 => rva.is_multiple_of(4) && loaded_as_literal(image, rva),
        _ => false,
    }
}

/// Printable bytes around that are too many to be opcodes by chance.
fn in_long_text(image: &Image<'_>, rva: u32) -> bool {
    /// Runs from here on are text: an operand and the opcodes around it reach seven at most.
    const TEXT: usize = 12;
    let Some(offset) = image.offset_of(rva) else {
        return true;
    };
    run_around(image.bytes(), offset) >= TEXT
}

/// Length of the printable run that holds the four bytes at `offset`.
fn run_around(bytes: &[u8], offset: usize) -> usize {
    let printable = |b: &&u8| (0x20..0x7f).contains(*b);
    let before = bytes.get(..offset).unwrap_or(&[]).iter().rev().take(64);
    let after = bytes.get(offset + 4..).unwrap_or(&[]).iter().take(64);
    4 + before.take_while(printable).count() + after.take_while(printable).count()
}

/// ARM64: some `ldr w, literal` within reach loads this word.
fn loaded_as_literal(image: &Image<'_>, rva: u32) -> bool {
    /// Reach of the instruction: 19 bits of words to either side, literals stand behind
    /// their code and rarely farther than this.
    const REACH: u32 = 0x4_0000;
    let start = rva.saturating_sub(REACH) & !3;
    let Some(section) = image.section_at(rva) else {
        return false;
    };
    let start = start.max(section.rva);
    image
        .range(start..rva)
        .chunks_exact(4)
        .enumerate()
        .any(|(n, w)| {
            let word = u32::from_le_bytes([w[0], w[1], w[2], w[3]]);
            let at = start.wrapping_add(n as u32 * 4);
            let distance = ((word << 8) as i32 >> 13) << 2;
            word & 0xff00_0000 == 0x1800_0000 && at.wrapping_add(distance as u32) == rva
        })
}

/// Aligned, and not a part of longer text in one byte or two a letter.
fn stands_alone(image: &Image<'_>, offset: usize, rva: u32) -> bool {
    let bytes = image.bytes();
    let letter = |at: Option<usize>| {
        at.and_then(|n| bytes.get(n))
            .is_some_and(|b| (0x20..0x7f).contains(b))
    };
    rva.is_multiple_of(4) && !letter(offset.checked_sub(1)) && !letter(offset.checked_add(4))
}
