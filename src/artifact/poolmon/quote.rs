//! Lines of saved output by number, counted as the reader of snapshots counts them.

use std::io::{self, Read};

use super::decode::LineReader;

/// Hands the lines with the numbers `wanted`, which ascend, to `keep`: without their ends, as
/// single bytes or UTF-8, cut at 64 KiB. Reads no further than the last of them.
///
/// # Errors
/// Those of the stream.
pub fn lines(
    stream: impl Read,
    wanted: &[u64],
    keep: &mut impl FnMut(u64, &[u8]),
) -> io::Result<()> {
    let mut reader = LineReader::new(stream);
    let mut wanted = wanted.iter().copied().peekable();
    while wanted.peek().is_some() {
        let Some(line) = reader.next_line() else {
            break;
        };
        if wanted.next_if_eq(&line.number).is_some() {
            keep(line.number, line.text());
        }
    }
    match reader.notes().failure {
        Some((_, kind)) => Err(kind.into()),
        None => Ok(()),
    }
}
