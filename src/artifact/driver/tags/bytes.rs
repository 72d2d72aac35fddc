//! Where the bytes of a tag stand when no call proves its use.

use super::answer::site;
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

/// Images up to this size are analysed whatever they hold: it costs less than it is worth
/// to look for reasons not to, and tags may be computed from constants unlike them.
const ALWAYS_ANALYSED: usize = 48 * 1024;

/// What a look at an image's bytes says of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Presence {
    /// It is not there.
    Absent,
    /// It is there, but only inside text.
    InText,
    /// It may be used or computed.
    Telling,
}

/// Looks for signs that the image uses or computes one of the tags.
///
/// Signs are: the tag outside of text; in code also three bytes of it side by side (tags of
/// a family are computed from each other), its halves beside zeros (put together by `or`),
/// the tag in reverse, on ARM64 one of its halves in an instruction. An untagged allocator
/// serves for the tag `None`.
pub(super) fn presence(image: &Image<'_>, tags: &[Tag]) -> Presence {
    if image.loaded_bytes().len() <= ALWAYS_ANALYSED {
        return Presence::Telling;
    }
    tags.iter()
        .map(|&tag| presence_of(image, tag))
        .max()
        .unwrap_or(Presence::Absent)
}

fn presence_of(image: &Image<'_>, tag: Tag) -> Presence {
    let tag = tag.without_protection();
    let few_letters = tag
        .bytes()
        .iter()
        .filter(|b| !matches!(b, 0 | b' '))
        .count()
        < 2;
    if few_letters || same(tag, Tag::new(*b"None")) {
        return Presence::Telling;
    }
    let as_it_is = exact(image, tag);
    if as_it_is == Presence::Telling || in_code(image, tag) {
        return Presence::Telling;
    }
    let wide = as_it_is == Presence::Absent && !wide_occurrences(image, tag).is_empty();
    if wide { Presence::InText } else { as_it_is }
}

/// Occurrences of the tag as it stands, by the three bytes that padding and protection
/// leave alone.
fn exact(image: &Image<'_>, tag: Tag) -> Presence {
    let bytes = image.loaded_bytes();
    let [a, b, c, _] = tag.bytes();
    let stem: &[u8] = if matches!(c, 0 | b' ') {
        &[a, b]
    } else {
        &[a, b, c]
    };
    let patterns = patterns(tag);
    let mut found = Presence::Absent;
    for at in memmem::find_iter(bytes, stem) {
        let Some(&[w, x, y, z]) = bytes.get(at..at + 4) else {
            continue;
        };
        if !patterns.contains(&[w, x, y, z]) {
            continue;
        }
        // Section names and other header bytes are no code and no data.
        let in_section = image.rva_of(at).and_then(|r| image.section_at(r)).is_some();
        if in_section && run_around(bytes, at) < TEXT {
            return Presence::Telling;
        }
        found = Presence::InText;
    }
    found
}

fn in_code(image: &Image<'_>, tag: Tag) -> bool {
    let [a, b, c, d] = tag.bytes();
    let signs: [&[u8]; 5] = [
        &[a, b, c],
        &[b, c, d],
        &[d, c, b, a],
        &[a, b, 0, 0],
        &[0, 0, c, d],
    ];
    let telling = |sign: &&[u8]| sign.iter().filter(|b| !matches!(b, 0 | b' ')).count() >= 2;
    let signs: Vec<&[u8]> = signs.into_iter().filter(telling).collect();
    let tables = tables(image);
    let coded = image.code_sections().any(|section| {
        let code = image.section_bytes(section);
        signs.iter().any(|sign| {
            memmem::find_iter(code, sign).any(|at| {
                let rva = section.rva.wrapping_add(at as u32);
                run_around(code, at) < TEXT && !tables.iter().any(|t| t.contains(&rva))
            })
        })
    });
    coded || image.machine == Machine::Arm64 && has_half(image, tag)
}

/// ARM64: some instruction moves one of the tag's halves into a register.
fn has_half(image: &Image<'_>, tag: Tag) -> bool {
    let word = tag.without_protection().word();
    let (low, high) = (word & 0xffff, word >> 16);
    image.code_sections().any(|section| {
        image.section_bytes(section).chunks_exact(4).any(|w| {
            let word = u32::from_le_bytes([w[0], w[1], w[2], w[3]]);
            let imm = word >> 5 & 0xffff;
            word & 0x5f80_0000 == 0x5280_0000 && (imm == low || imm & 0x7fff == high & 0x7fff)
        })
    })
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
    let bounds = std::cell::LazyCell::new(|| Bounds::of(image));
    let excluded = tables(image);
    for &tag in tags {
        let mut places: BTreeMap<Grade, Vec<Site>> = BTreeMap::new();
        for offset in occurrences(image, tag) {
            let grade = grade_of(image, &bounds, &excluded, offset);
            places.entry(grade).or_default().push(place(image, offset));
        }
        if tag.is_printable() {
            let wide = wide_occurrences(image, tag);
            if !wide.is_empty() {
                let sites = wide.into_iter().map(|offset| place(image, offset));
                places.entry(Grade::Text).or_default().extend(sites);
            }
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

/// Where the tag stands in UTF-16 text.
fn wide_occurrences(image: &Image<'_>, tag: Tag) -> Vec<usize> {
    let [a, b, c, d] = tag.without_protection().bytes();
    let pattern = [a, 0, b, 0, c, 0, d, 0];
    memmem::find_iter(image.loaded_bytes(), &pattern)
        .take(MAX_OCCURRENCES)
        .collect()
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

/// Printable runs from here on are text: an operand and the opcodes around it rarely reach
/// eight.
const TEXT: usize = 12;

/// Printable bytes around that are too many to be opcodes by chance.
fn in_long_text(image: &Image<'_>, rva: u32) -> bool {
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
