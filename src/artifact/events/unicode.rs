//! Exports as UTF-8, whatever they were written in: UTF-16 with a byte order mark (PowerShell's
//! `>`) or without, UTF-8, or a code page, of which only ASCII is needed here.

use std::io::{self, Read};

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes read at a time.
const STEP: usize = 64 * 1024;

/// A stream of text.
pub(super) struct Text<R> {
    source: R,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    ended: bool,
}

impl<R: Read> Text<R> {
    pub(super) fn new(source: R) -> Self {
        Text {
            source,
            decoder: None,
            raw: vec![0; STEP],
            ended: false,
        }
    }

    /// Appends the next stretch to `text`; false at the end.
    pub(super) fn more(&mut self, text: &mut String) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let mut filled = 0;
        while filled < STEP {
            let Some(room) = self.raw.get_mut(filled..) else {
                break;
            };
            match self.source.read(room) {
                Ok(0) => break,
                Ok(read) => filled = filled.saturating_add(read).min(STEP),
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => return Err(why),
            }
        }
        self.ended = filled < STEP;
        let bytes = self.raw.get(..filled).unwrap_or_default();
        let decoder = self
            .decoder
            .get_or_insert_with(|| encoding_of(bytes).new_decoder_with_bom_removal());
        // The decoder never needs more than it says; should it, the rest of the step is lost and
        // not memory.
        if let Some(most) = decoder.max_utf8_buffer_length(bytes.len()) {
            text.reserve(most);
            let _ = decoder.decode_to_string(bytes, text, self.ended);
        }
        Ok(true)
    }
}

/// The encoding of a text that begins with these bytes.
fn encoding_of(head: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return encoding;
    }
    let head = head.get(..1_024).unwrap_or(head);
    let zeros = |at: usize| head.iter().skip(at).step_by(2).filter(|b| **b == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), head.len() / 2);
    // As for any text: Latin letters have a zero in every other byte.
    if pairs >= 4 && odd * 5 >= pairs * 4 && even * 5 <= pairs {
        UTF_16LE
    } else if pairs >= 4 && even * 5 >= pairs * 4 && odd * 5 <= pairs {
        UTF_16BE
    } else {
        UTF_8
    }
}

/// The beginning of a text.
pub(super) fn decoded(head: &[u8]) -> String {
    encoding_of(head)
        .decode_with_bom_removal(head)
        .0
        .into_owned()
}

/// Calls `keep` with the lines of these numbers, which ascend; a line is cut at `longest` bytes.
pub(super) fn lines(
    source: impl Read,
    wanted: &[u64],
    longest: usize,
    keep: &mut dyn FnMut(u64, &[u8]),
) -> io::Result<()> {
    let mut wanted = wanted.iter().copied().peekable();
    let mut text = Text::new(source);
    let (mut step, mut line, mut number) = (String::new(), Vec::new(), 1u64);
    loop {
        step.clear();
        if wanted.peek().is_none() || !text.more(&mut step)? {
            break;
        }
        let mut parts = step.split('\n').peekable();
        while let Some(part) = parts.next() {
            let is_wanted = wanted.peek() == Some(&number);
            if is_wanted {
                let room = longest.saturating_sub(line.len()).min(part.len());
                line.extend_from_slice(part.as_bytes().get(..room).unwrap_or_default());
            }
            if parts.peek().is_none() {
                break;
            }
            if is_wanted {
                keep(number, line.strip_suffix(b"\r").unwrap_or(&line));
                wanted.next();
            }
            line.clear();
            number += 1;
        }
    }
    if wanted.peek() == Some(&number) && !line.is_empty() {
        keep(number, &line);
    }
    Ok(())
}
