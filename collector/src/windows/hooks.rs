//! For tests under Wine, which knows no pool tags; never in a release.
//!
//! The file named by `POOLSLEUTH_COLLECT_FAKE_POOL` is the answer to class 0x16. A file that begins
//! with `status=` and eight hexadecimal digits is that NTSTATUS.

use poolsleuth_collect::host::{class, status, Answer, Performance};
use poolsleuth_collect::pooltags;
use std::fs;

fn fake() -> Option<Vec<u8>> {
    fs::read(std::env::var_os("POOLSLEUTH_COLLECT_FAKE_POOL")?).ok()
}

/// The answer from the file, if there is one.
pub fn query(wanted: u32, buffer: &mut [u8]) -> Option<Answer> {
    if wanted != class::POOL_TAGS {
        return None;
    }
    let bytes = fake()?;
    if let Some(code) = bytes.strip_prefix(b"status=") {
        let code = std::str::from_utf8(code.get(..8)?).ok()?;
        return Some(Answer {
            status: u32::from_str_radix(code, 16).ok()?,
            length: 0,
        });
    }
    let length = bytes.len() as u32;
    match buffer.get_mut(..bytes.len()) {
        Some(room) => {
            room.copy_from_slice(&bytes);
            Some(Answer {
                status: status::SUCCESS,
                length,
            })
        }
        None => Some(Answer {
            status: status::INFO_LENGTH_MISMATCH,
            length,
        }),
    }
}

/// Pool totals that fit the made up tags; Wine says zero.
pub fn performance(mut real: Performance) -> Performance {
    let rows = fake().map_or_else(Vec::new, |bytes| pooltags::parse(&bytes).rows);
    let pages = |nonpaged: bool| {
        let bytes: u64 = rows
            .iter()
            .filter(|r| r.nonpaged == nonpaged)
            .map(|r| r.bytes)
            .sum();
        bytes / real.page_size.max(1) + 1
    };
    if !rows.is_empty() {
        (real.kernel_nonpaged, real.kernel_paged) = (pages(true), pages(false));
    }
    real
}
