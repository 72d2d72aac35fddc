//! Where code refers to places of interest, found by looking at bytes.
//!
//! Disassembling from known entries reaches only about four fifths of the calls in real
//! drivers; a scan of the bytes reaches them all, and what it finds by accident the
//! analysis of the function around it sorts out.

use crate::artifact::driver::image::{Image, Machine, Section, read_u32};
use std::collections::BTreeSet;

/// One reference: the RVA of (about) the instruction, and what it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The instruction, or a byte of it.
    pub at: u32,
    /// The place.
    pub to: u32,
    /// How.
    pub kind: Kind,
}

/// What kind of instruction refers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `call [place]`.
    Call,
    /// `jmp [place]`.
    Jump,
    /// Anything else that reads, writes or takes the address.
    Other,
}

/// References to the pointers or variables `places`.
pub fn to_data(image: &Image<'_>, places: &BTreeSet<u32>) -> Vec<Reference> {
    let (Some(&low), Some(&high)) = (places.first(), places.last()) else {
        return Vec::new();
    };
    let wanted = Wanted {
        places,
        low,
        span: high - low,
    };
    let mut found = Vec::new();
    for section in image.code_sections() {
        let code = image.section_bytes(section);
        match image.machine {
            Machine::X64 => relative(section, code, &wanted, &mut found),
            Machine::X86 => absolute(image, section, code, &wanted, &mut found),
            Machine::Arm64 => by_page(section, code, &wanted, &mut found),
            _ => {}
        }
    }
    found
}

struct Wanted<'a> {
    places: &'a BTreeSet<u32>,
    low: u32,
    span: u32,
}

impl Wanted<'_> {
    fn near(&self, rva: u32) -> bool {
        rva.wrapping_sub(self.low) <= self.span
    }

    /// The same for `rva` or the place four bytes behind it; one comparison, as it is made for
    /// every byte of code.
    fn near_or_before(&self, rva: u32) -> bool {
        rva.wrapping_sub(self.low).wrapping_add(4) <= self.span.saturating_add(4)
    }
}

/// x64: displacements relative to the instruction's end, which lies right behind them
/// unless an immediate follows.
fn relative(section: &Section, code: &[u8], wanted: &Wanted<'_>, found: &mut Vec<Reference>) {
    for (n, bytes) in code.windows(4).enumerate() {
        let displacement = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let end = section.rva.wrapping_add(n as u32 + 4);
        let place = end.wrapping_add(displacement);
        if wanted.near_or_before(place) {
            for extra in [0, 4] {
                let to = place.wrapping_add(extra);
                if wanted.places.contains(&to) {
                    found.extend(operand(section, code, n, to, extra));
                }
            }
        }
    }
}

/// x86: displacements are addresses.
fn absolute(
    image: &Image<'_>,
    section: &Section,
    code: &[u8],
    wanted: &Wanted<'_>,
    found: &mut Vec<Reference>,
) {
    let base = image.image_base as u32;
    let low = base.wrapping_add(wanted.low);
    for (n, bytes) in code.windows(4).enumerate() {
        let address = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        if address.wrapping_sub(low) <= wanted.span {
            let to = address.wrapping_sub(base);
            if wanted.places.contains(&to) {
                found.extend(operand(section, code, n, to, 0));
            }
        }
    }
}

/// Checks what stands before a displacement at `n`: an opcode and its addressing byte.
/// `extra` bytes of immediate follow it.
fn operand(section: &Section, code: &[u8], n: usize, to: u32, extra: u32) -> Option<Reference> {
    let at = |back: usize| section.rva.wrapping_add((n - back) as u32);
    let before = |back: usize| n.checked_sub(back).and_then(|i| code.get(i)).copied();
    let (one, two) = (before(1)?, before(2).unwrap_or(0));
    let with_immediate = matches!(two, 0xc7 | 0x81 | 0x69);
    if (extra == 4) != with_immediate && extra == 4 {
        return None;
    }
    match (two, one) {
        (0xff, 0x15) => Some(Reference {
            at: at(2),
            to,
            kind: Kind::Call,
        }),
        (0xff, 0x25) => Some(Reference {
            at: at(2),
            to,
            kind: Kind::Jump,
        }),
        // Addressing byte "displacement only".
        (_, modrm) if modrm & 0xc7 == 0x05 => Some(Reference {
            at: at(2.min(n)),
            to,
            kind: Kind::Other,
        }),
        // Short forms with eax, addresses as immediates.
        (_, 0xa1 | 0xa3 | 0x68 | 0xb8..=0xbf) => Some(Reference {
            at: at(1),
            to,
            kind: Kind::Other,
        }),
        _ => None,
    }
}

/// ARM64: `adrp` makes the page, a later `add`, `ldr` or `str` the place in it.
fn by_page(section: &Section, code: &[u8], wanted: &Wanted<'_>, found: &mut Vec<Reference>) {
    let mut pages = [None::<u32>; 32];
    for (n, bytes) in code.chunks_exact(4).enumerate() {
        let word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let at = section.rva.wrapping_add(n as u32 * 4);
        let (dst, base) = ((word & 31) as usize, (word >> 5 & 31) as usize);
        if word & 0x9f00_0000 == 0x9000_0000 {
            let pages_away = ((word >> 5 & 0x7_ffff) << 2 | word >> 29 & 3) << 11;
            let pages_away = (pages_away as i32 >> 11) as u32;
            pages[dst] = Some((at & !0xfff).wrapping_add(pages_away << 12));
            continue;
        }
        let Some(place) = pages[base].and_then(|page| place_of(word, page)) else {
            continue;
        };
        if word & 0xff80_0000 == 0x9100_0000 {
            pages[dst] = Some(place);
        }
        if wanted.near(place) && wanted.places.contains(&place) {
            found.push(Reference {
                at,
                to: place,
                kind: Kind::Other,
            });
        }
    }
}

/// The place that `add`, `ldr` or `str` with an immediate makes of a page.
fn place_of(word: u32, page: u32) -> Option<u32> {
    let imm = word >> 10 & 0xfff;
    match word >> 22 {
        // add x, x, #imm
        0b10_0100_0100 => Some(page.wrapping_add(imm)),
        // str, ldr x
        0b11_1110_0100 | 0b11_1110_0101 => Some(page.wrapping_add(imm * 8)),
        // str, ldr w
        0b10_1110_0100 | 0b10_1110_0101 => Some(page.wrapping_add(imm * 4)),
        _ => None,
    }
}

/// Direct calls of and jumps to the routines `targets`.
pub fn to_code(image: &Image<'_>, targets: &BTreeSet<u32>) -> Vec<Reference> {
    let mut found = Vec::new();
    if targets.is_empty() {
        return found;
    }
    for section in image.code_sections() {
        let code = image.section_bytes(section);
        match image.machine {
            Machine::X64 | Machine::X86 => direct(section, code, targets, &mut found),
            Machine::Arm64 => branches(section, code, targets, &mut found),
            _ => {}
        }
    }
    found
}

fn direct(section: &Section, code: &[u8], targets: &BTreeSet<u32>, found: &mut Vec<Reference>) {
    for n in memchr::memchr3_iter(0xe8, 0xe9, 0x0f, code) {
        let conditional = match (code[n], code.get(n + 1)) {
            (0x0f, Some(0x80..=0x8f)) => 1,
            (0x0f, _) => continue,
            _ => 0,
        };
        let Some(displacement) = read_u32(code, n + 1 + conditional) else {
            continue;
        };
        let at = section.rva.wrapping_add(n as u32);
        let end = at.wrapping_add(5 + conditional as u32);
        let to = end.wrapping_add(displacement);
        if targets.contains(&to) {
            let kind = match code[n] {
                0xe8 => Kind::Call,
                _ => Kind::Jump,
            };
            found.push(Reference { at, to, kind });
        }
    }
    for &to in targets {
        short_jumps(section, code, to, found);
    }
}

/// Two-byte jumps to `to` out of neighbouring functions (tail calls of small wrappers).
fn short_jumps(section: &Section, code: &[u8], to: u32, found: &mut Vec<Reference>) {
    /// Reach of a signed byte, plus the instruction.
    const REACH: usize = 130;
    let Some(place) = to.checked_sub(section.rva).map(|n| n as usize) else {
        return;
    };
    let first = place.saturating_sub(REACH);
    let last = place.saturating_add(REACH).min(code.len());
    let near = code.get(first..last).unwrap_or(&[]);
    for (n, pair) in near.windows(2).enumerate() {
        let jumps = matches!(pair[0], 0xeb | 0x70..=0x7f);
        let end = (first + n + 2) as i64;
        if jumps && end + i64::from(pair[1] as i8) == place as i64 {
            let at = section.rva.wrapping_add((first + n) as u32);
            found.push(Reference {
                at,
                to,
                kind: Kind::Jump,
            });
        }
    }
}

fn branches(section: &Section, code: &[u8], targets: &BTreeSet<u32>, found: &mut Vec<Reference>) {
    for (n, bytes) in code.chunks_exact(4).enumerate() {
        let word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        if word & 0x7c00_0000 != 0x1400_0000 {
            continue;
        }
        let at = section.rva.wrapping_add(n as u32 * 4);
        let distance = ((word << 6) as i32 >> 4) as u32;
        let to = at.wrapping_add(distance);
        if targets.contains(&to) {
            let kind = if word >> 31 == 1 {
                Kind::Call
            } else {
                Kind::Jump
            };
            found.push(Reference { at, to, kind });
        }
    }
}
