//! Exported functions: kernels and class drivers export the allocators that they call.

use super::Image;
use super::directory::EXPORT;
use super::read_u32;
use std::collections::BTreeMap;

/// Names read at most; ntoskrnl exports some 3,500.
const MAX_EXPORTS: u32 = 32_768;
/// Bytes of a name read at most.
const MAX_NAME: usize = 512;

/// The name that the image gives itself, lower-case.
pub(super) fn own_name(image: &Image<'_>) -> Option<String> {
    let directory = image.directory(EXPORT)?;
    let name = image.u32_at(directory.rva.checked_add(12)?)?;
    image
        .text_at(name, MAX_NAME)
        .map(|n| n.to_ascii_lowercase())
}

/// Names of functions in this image; forwarders to other images are left out.
pub(super) fn read(image: &Image<'_>) -> BTreeMap<String, u32> {
    let mut exports = BTreeMap::new();
    let Some(directory) = image.directory(EXPORT) else {
        return exports;
    };
    let Some(table) = image.slice(directory.rva, 40) else {
        return exports;
    };
    let field = |at: usize| read_u32(table, at).unwrap_or(0);
    let (count, functions, names, ordinals) = (field(24), field(28), field(32), field(36));
    for i in 0..count.min(MAX_EXPORTS) {
        let Some((name, rva)) = read_one(image, functions, names, ordinals, i) else {
            continue;
        };
        let forwarded = rva.wrapping_sub(directory.rva) < directory.size;
        if !forwarded {
            exports.insert(name, rva);
        }
    }
    exports
}

fn read_one(
    image: &Image<'_>,
    functions: u32,
    names: u32,
    ordinals: u32,
    index: u32,
) -> Option<(String, u32)> {
    let name_rva = image.u32_at(names.checked_add(4 * index)?)?;
    let ordinal = super::read_u16(image.tail(ordinals.checked_add(2 * index)?), 0)?;
    let rva = image.u32_at(functions.checked_add(4 * u32::from(ordinal))?)?;
    Some((image.text_at(name_rva, MAX_NAME)?, rva))
}
