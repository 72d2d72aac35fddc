//! Calls that the decoding of their function missed.
//!
//! Where data stands between instructions a linear decoding may step over a call. Then a
//! short piece of code before it is decoded alone, from the first place that leads exactly
//! to the call, with nothing known beforehand.

use crate::artifact::driver::code::flow::{Flow, Observer};
use crate::artifact::driver::code::function::Function;

/// Bytes looked back. Arguments of a call are made within some ten instructions.
const LOOK_BACK: u32 = 48;
/// Bytes from the reference that belong to the call instruction, at most.
const CALL: u32 = 7;

/// Follows the piece of code before the call at `site`.
pub(super) fn follow(flow: &mut Flow<'_>, site: u32, observer: &mut dyn Observer) {
    for back in (4..=LOOK_BACK).rev() {
        let Some(start) = site.checked_sub(back) else {
            continue;
        };
        let piece = start..site.saturating_add(CALL);
        let function = Function::contiguous(piece);
        if flow.leads_to(&function, site) {
            flow.follow_from_unknown(&function, observer);
            return;
        }
    }
}
