//! One large log, read by several threads at once.
//!
//! The file is cut into stretches; each is read on its own, believing that the layout of the
//! file's first header holds, and the tallies are joined in order. Where a header in between
//! proves the belief wrong, the stretch is read again with the right layout.

use std::io::{self, Read};

use rayon::prelude::*;

use super::decode::Decoded;
use super::layout::Layout;
use super::reader::{read, read_stretch};
use super::tally::Tally;

/// Bytes in a stretch: large enough that starting one costs nothing, small enough that two
/// threads finish together.
const STRETCH: u64 = 4 * 1024 * 1024;

/// Stretches read before their tallies are joined, so that tallies do not pile up.
const WAVE: usize = 32;

/// Bytes from which on a file is worth cutting up.
pub const WORTH_SPLITTING: u64 = 2 * STRETCH;

/// Reads a log of `len` bytes with the threads of the current pool. `open_at` opens the file at
/// an offset; it is called once or twice for each stretch.
pub fn read_split<R: Read>(
    open_at: impl Fn(u64) -> io::Result<R> + Sync,
    len: u64,
) -> (Tally, Option<io::Error>) {
    if !begins_as_plain_bytes(&open_at) {
        return match open_at(0) {
            Ok(stream) => read(stream),
            Err(error) => (Tally::default(), Some(error)),
        };
    }
    let starts: Vec<u64> = (0..len).step_by(STRETCH as usize).collect();
    let believed = starts.first().and_then(|_| first_layout(&open_at));
    let mut whole = Tally::default();
    let mut in_force: Option<Layout> = None;
    for wave in starts.chunks(WAVE) {
        let read = |buffer: &mut Vec<u8>, &start: &u64| {
            let assumed = if start == 0 { None } else { believed.clone() };
            let part = read_stretch(&open_at, start, end_of(start, len), assumed.clone(), buffer);
            (start, assumed, part)
        };
        let parts: Vec<_> = wave.par_iter().map_init(Vec::new, read).collect();
        for (start, assumed, part) in parts {
            let part = if assumed == in_force {
                part
            } else {
                read_stretch(
                    &open_at,
                    start,
                    end_of(start, len),
                    in_force.clone(),
                    &mut Vec::new(),
                )
            };
            match part {
                Ok((tally, layout)) => {
                    whole.absorb(tally);
                    in_force = layout;
                }
                Err(error) => return (whole, Some(error)),
            }
        }
    }
    (whole, None)
}

/// False for UTF-16, which has to be decoded from the beginning.
fn begins_as_plain_bytes<R: Read>(open_at: &impl Fn(u64) -> io::Result<R>) -> bool {
    matches!(open_at(0).and_then(Decoded::new), Ok(Decoded::Plain { .. }))
}

fn end_of(start: u64, len: u64) -> u64 {
    if start + STRETCH >= len {
        u64::MAX
    } else {
        start + STRETCH
    }
}

/// The layout that holds after the first few lines, from the file's first kilobytes.
fn first_layout<R: Read>(open_at: &impl Fn(u64) -> io::Result<R>) -> Option<Layout> {
    const HEAD: u64 = 16 * 1024;
    let (_, layout) = read_stretch(
        |at| Ok(open_at(at)?.take(HEAD)),
        0,
        HEAD,
        None,
        &mut Vec::new(),
    )
    .ok()?;
    layout
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::httperr::read;
    use std::io::{Cursor, Seek, SeekFrom};

    fn split(text: &[u8]) -> Tally {
        let open = |at: u64| {
            let mut cursor = Cursor::new(text);
            cursor.seek(SeekFrom::Start(at)).map(|_| cursor)
        };
        let (tally, error) = read_split(open, text.len() as u64);
        assert!(error.is_none());
        tally
    }

    #[test]
    fn stretches_join_to_what_one_reader_sees() {
        let fields = |list: &str| format!("#Fields: date time {list}\n");
        let mut text = fields("c-ip s-reason s-queuename").into_bytes();
        let mut n = 0u64;
        while (text.len() as u64) < 3 * STRETCH + 1_000 {
            n += 1;
            let (h, m, s) = (n / 3_600 % 24, n / 60 % 60, n % 60);
            let reason = if n.is_multiple_of(7) {
                format!("{}_Connections_Refused", n % 5)
            } else {
                "Timer_ConnectionIdle".into()
            };
            text.extend(format!("2026-03-01 {h:02}:{m:02}:{s:02} 10.0.0.1 {reason} -\n").bytes());
            if n == 90_000 {
                text.extend(fields("s-reason s-queuename x y").bytes());
                text.extend(b"2026-03-01 23:00:00 QueueFull - - -\n");
            }
            if n == 120_000 {
                text.extend(fields("c-ip s-reason s-queuename").bytes());
            }
        }
        text.extend(b"2026-03-01 23:00:00 10.0.0.1 Timer_Conn");
        let (whole, _) = read(&text[..]);
        assert!(whole.refused > 10_000);
        assert_eq!(split(&text), whole);
    }

    #[test]
    fn a_newline_on_the_very_cut_belongs_to_one_side() {
        for pad in 0..4 {
            let mut text = b"#Fields: date time s-reason\n".to_vec();
            let row = b"2026-03-01 00:00:00 URL\n";
            while text.len() + row.len() < STRETCH as usize - pad {
                text.extend(row);
            }
            while text.len() < STRETCH as usize - pad {
                text.push(b'\n');
            }
            text.extend(row.repeat(3));
            assert_eq!(split(&text), read(&text[..]).0);
        }
    }
}
