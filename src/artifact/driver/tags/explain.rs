//! The instructions of a proof, as text.

use super::finding::Finding;
use crate::artifact::driver::arm64_decode;
use crate::artifact::driver::code::bounds::Bounds;
use crate::artifact::driver::image::{Image, Machine};
use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter, Mnemonic, Register};

/// The instructions that make `finding` plain, a line each: RVA and text.
pub fn explain(image: &Image<'_>, finding: &Finding) -> Vec<String> {
    explain_at(image, finding)
        .into_iter()
        .map(|(_, line)| line)
        .collect()
}

/// The same, each line with its RVA as a number.
pub fn explain_at(image: &Image<'_>, finding: &Finding) -> Vec<(u32, String)> {
    let line = |&rva: &u32| {
        let text = instruction(image, rva)?;
        Some((rva, format!("{rva:08x}  {text}")))
    };
    finding.proof.iter().filter_map(line).collect()
}

fn instruction(image: &Image<'_>, rva: u32) -> Option<String> {
    match image.machine {
        Machine::X86 | Machine::X64 => Some(intel(image, rva)),
        Machine::Arm64 => {
            let address = image.image_base.wrapping_add(u64::from(rva));
            Some(arm64_decode::text(
                &arm64_decode::decode(image.u32_at(rva)?),
                address,
            ))
        }
        _ => None,
    }
}

/// Bytes before an immediate that are decoded to come to it in step.
const LOOK_BACK: u32 = 0x4000;
/// Bytes of the longest x86 instruction.
const LONGEST: usize = 15;

fn intel(image: &Image<'_>, rva: u32) -> String {
    let tail = image.tail(rva);
    let code = tail.get(..LONGEST).unwrap_or(tail);
    let bits = if image.is_64 { 64 } else { 32 };
    let ip = image.image_base.wrapping_add(u64::from(rva));
    let instruction = Decoder::with_ip(bits, code, ip, DecoderOptions::NONE).decode();
    let mut text = String::new();
    IntelFormatter::new().format(&instruction, &mut text);
    text
}

/// True when decoding the function around `rva` finds an instruction whose four-byte
/// constant stands exactly there.
pub(super) fn immediate_at(image: &Image<'_>, bounds: &Bounds<'_>, rva: u32) -> bool {
    let Some(function) = bounds.function_at(rva) else {
        return false;
    };
    let Some(range) = function.ranges.iter().find(|r| r.contains(&rva)) else {
        return false;
    };
    let end = rva.saturating_add(LONGEST as u32);
    // Decoding falls into step after a few instructions wherever it starts.
    let start = range.start.max(rva.saturating_sub(LOOK_BACK));
    let code = image.range(start..end);
    let bits = if image.is_64 { 64 } else { 32 };
    let mut decoder = Decoder::with_ip(bits, code, u64::from(start), DecoderOptions::NONE);
    while decoder.can_decode() {
        let at = decoder.ip();
        let instruction = decoder.decode();
        if decoder.ip() > u64::from(rva) {
            let offsets = decoder.get_constant_offsets(&instruction);
            let place = at + offsets.immediate_offset() as u64;
            let immediate = offsets.has_immediate() && offsets.immediate_size() >= 4;
            // `lea r, [n + constant]` adds: what compilers make of a tag and a number.
            let added = instruction.mnemonic() == Mnemonic::Lea
                && !instruction.is_ip_rel_memory_operand()
                && instruction.memory_base() != Register::None
                && offsets.displacement_size() >= 4;
            let addend = at + offsets.displacement_offset() as u64;
            return !instruction.is_invalid()
                && (immediate && place == u64::from(rva) || added && addend == u64::from(rva));
        }
    }
    false
}
