//! Where the bytes of a tag stand when no call proves its use.

use super::answer::site;
use super::finding::{Finding, Grade, MAX_SITES, Site};
use super::halves;
use super::query::patterns;
use super::signs::{Sign, Wanted};
use crate::artifact::driver::code::bounds::Bounds;
use crate::artifact::driver::image::{Image, Machine, Section, directory};
use crate::tag::Tag;
use std::collections::{BTreeMap, BTreeSet};

/// Occurrences of one tag that are graded one by one; a tag with more is a common word,
/// and the strongest grade is found among the first.
const MAX_OCCURRENCES: usize = 4096;

/// Images up to this size are analysed whatever they hold: tags may be computed from constants
/// unlike them, and to make sure of it costs little here. Of larger ones there are too many: a
/// folder of them would take several times as long.
const ALWAYS_ANALYSED: usize = 16 * 1024;

/// Signs in one image that are looked at; a file with more was made to have them, and is
/// analysed.
const MAX_SIGNS: usize = 1 << 20;

/// What a look at an image's bytes says of the tags.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// True when one of them may be used or computed.
    pub telling: bool,
    /// True when an allocator's name stands in the image in UTF-16.
    pub names_allocator: bool,
    /// For each tag, by its place among the wanted ones, the file offsets at which it stands...
    exact: BTreeMap<usize, BTreeSet<usize>>,
    /// ... and those at which it stands in UTF-16.
    wide: BTreeMap<usize, Vec<usize>>,
}

impl Look {
    /// True when a tag stands in the image, whatever that may mean.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.wide.is_empty()
    }
}

/// Looks for signs that the image uses or computes one of the tags.
///
/// Signs are: the tag outside of text; in code also three bytes of it side by side (tags of
/// a family are computed from each other), its halves beside zeros (put together by `or`),
/// the tag in reverse, on ARM64 one of its halves in an instruction. An untagged allocator
/// serves for the tag `None`.
pub(super) fn look(image: &Image<'_>, wanted: &Wanted) -> Look {
    let bytes = image.loaded_bytes();
    let mut look = Look {
        telling: wanted.is_everywhere() || bytes.len() <= ALWAYS_ANALYSED,
        ..Look::default()
    };
    let tables = tables(image);
    let patterns: Vec<BTreeSet<[u8; 4]>> = wanted.tags().iter().map(|&t| patterns(t)).collect();
    let mut left = MAX_SIGNS;
    wanted.find(bytes, |at, sign, tag| {
        match sign {
            Sign::Itself => {
                let stands = bytes.get(at..).and_then(<[u8]>::first_chunk);
                if stands.is_some_and(|four| patterns[tag].contains(four)) {
                    look.telling |= is_apart(image, at);
                    let places = look.exact.entry(tag).or_default();
                    if places.len() < MAX_OCCURRENCES {
                        places.insert(at);
                    }
                }
            }
            Sign::Part => look.telling = look.telling || is_in_code(image, &tables, at),
            Sign::Wide => {
                let places = look.wide.entry(tag).or_default();
                if places.len() < MAX_OCCURRENCES {
                    places.push(at);
                }
            }
            Sign::Allocator => look.names_allocator = true,
        }
        left -= 1;
        left > 0
    });
    look.telling |= left == 0
        || image.machine == Machine::Arm64
            && !look.telling
            && wanted.tags().iter().any(|&tag| halves::any(image, tag));
    look
}

/// True for bytes of a section that are no part of text. Section names and other header bytes
/// are no code and no data.
fn is_apart(image: &Image<'_>, at: usize) -> bool {
    let section = image.rva_of(at).and_then(|rva| image.section_at(rva));
    section.is_some() && run_around(image.loaded_bytes(), at) < TEXT
}

/// The same in code, outside of its tables.
fn is_in_code(image: &Image<'_>, tables: &[std::ops::Range<u32>], at: usize) -> bool {
    let Some(rva) = image.rva_of(at) else {
        return false;
    };
    let coded = image.section_at(rva).is_some_and(Section::is_executable);
    coded && run_around(image.loaded_bytes(), at) < TEXT && !tables.iter().any(|t| t.contains(&rva))
}

/// Adds the grades of all occurrences of the wanted tags that no call site accounts for.
pub(super) fn grade(image: &Image<'_>, wanted: &Wanted, look: &Look, findings: &mut Vec<Finding>) {
    let bounds = std::cell::LazyCell::new(|| Bounds::of(image));
    let excluded = tables(image);
    for (index, &tag) in wanted.tags().iter().enumerate() {
        let mut places: BTreeMap<Grade, Vec<Site>> = BTreeMap::new();
        for &offset in look.exact.get(&index).into_iter().flatten() {
            let grade = grade_of(image, &bounds, &excluded, offset);
            places.entry(grade).or_default().push(place(image, offset));
        }
        if let Some(wide) = look.wide.get(&index).filter(|_| tag.is_printable()) {
            let sites = wide.iter().map(|&offset| place(image, offset));
            places.entry(Grade::Text).or_default().extend(sites);
        }
        if image.machine == Machine::Arm64 {
            let operands = halves::places(image, tag).map(|rva| site(image, rva));
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
