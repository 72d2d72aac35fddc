//! Tags in tables of the image that are handed over by address.

use crate::artifact::driver::image::{Image, read_u16};
use crate::tag::Pool;

/// `FLT_REGISTRATION.ContextRegistration` stands here on all machines (fltKernel.h: size
/// and version of 16 bits, flags of 32, then the pointer).
const CONTEXTS: u32 = 8;
/// `FLT_CONTEXT_END`, the type that ends the table.
const END: u16 = 0xffff;
/// Rows read at most; there are seven kinds of context, each with a few sizes.
const MAX_ROWS: u32 = 64;

/// Where the tags of the filter registration at `registration` stand.
pub(super) fn context_tags(image: &Image<'_>, registration: u32) -> Vec<(u32, Option<Pool>)> {
    let pointer = registration
        .checked_add(CONTEXTS)
        .and_then(|at| image.pointer_at(at));
    let Some(table) = pointer.and_then(|p| image.rva_of_address(p)) else {
        return Vec::new();
    };
    // FLT_CONTEXT_REGISTRATION: type, flags, cleanup, size, tag, two allocators, reserved.
    let (row, tag) = if image.is_64 { (56, 24) } else { (28, 12) };
    (0..MAX_ROWS)
        .filter_map(|n| table.checked_add(n * row))
        .take_while(|&at| read_u16(image.tail(at), 0).is_some_and(|kind| kind != END))
        .filter_map(|at| Some((at.checked_add(tag)?, None)))
        .collect()
}
