//! Memory that is not to be had, told from damage.
//!
//! A worker of a batch has a share of memory. Beyond it Rust's own allocations end the process,
//! but decoders with large dictionaries ask first and return an error, and others panic. Such an
//! error says nothing of the archive, so it is never taken for damage.

use std::hint::black_box;
use std::io;

/// Memory that is asked for to learn whether there is any: as much as bzip2 needs at once for its
/// largest blocks (900,000 of four bytes), which is the most that a decoder asks for without
/// saying so when it is refused.
const PROBE: usize = 4 << 20;

/// True if an error says that memory was refused.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory
}

/// True if there is hardly any memory left: whatever went wrong at this moment may have gone
/// wrong for that reason.
pub fn is_memory_short() -> bool {
    let mut probe: Vec<u8> = Vec::new();
    let refused = probe.try_reserve_exact(PROBE).is_err();
    // An allocation that nobody sees may be left out by the compiler.
    black_box(&probe);
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_known_by_their_kind() {
        assert!(is_refusal(&io::ErrorKind::OutOfMemory.into()));
        assert!(!is_refusal(&io::ErrorKind::InvalidData.into()));
        assert!(!is_memory_short());
    }
}
