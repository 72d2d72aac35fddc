//! What of an image cannot be seen into, said rather than passed over.

use super::bytes::Look;
use super::finding::Blind;
use crate::artifact::driver::image::{Image, Section, entropy_of, may_be_packed};
use memchr::memmem;

/// Entropy (bits a byte) above which code counts as packed: none of 5,094 unpacked drivers
/// of the field reaches it in a code section.
const PACKED: f64 = 7.5;
/// Code sections shorter than this say nothing by their entropy.
const MIN_FOR_ENTROPY: usize = 4096;

/// All reasons. For an image of which only a `look` was taken smaller samples are measured.
pub(super) fn reasons(image: &Image<'_>, look: Option<&Look>) -> Vec<Blind> {
    let mut reasons = Vec::new();
    if !image.machine.is_analysed() {
        reasons.push(Blind::Machine);
    }
    if image.truncated {
        reasons.push(Blind::Truncated);
    }
    // Measured for images without the tag too: one that hides its code is exactly one that
    // does not hold the tag openly.
    let packed = image
        .code_sections()
        .filter_map(|s| packed(image, s, look.is_some()))
        .max();
    reasons.extend(packed.map(Blind::Packed));
    let may_look_up = look.is_none_or(|look| look.names_allocator);
    let looks_up = may_look_up && looks_up_allocators(image);
    reasons.extend(looks_up.then_some(Blind::RuntimeLookup));
    reasons
}

/// Hundredths of bits a byte, when they are too many for compiled code.
fn packed(image: &Image<'_>, section: &Section, quick: bool) -> Option<u16> {
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
    if !may_be_packed(middle) {
        return None;
    }
    let entropy = entropy_of(middle);
    (entropy > PACKED).then_some((entropy * 100.0) as u16)
}

/// The image asks for routines by name and holds an allocator's name in UTF-16.
fn looks_up_allocators(image: &Image<'_>) -> bool {
    let asks = image
        .imports()
        .slots
        .values()
        .any(|i| i.routine() == Some("MmGetSystemRoutineAddress"));
    let name: Vec<u8> = "ExAllocatePool"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    asks && memmem::find(image.loaded_bytes(), &name).is_some()
}
