//! Logs that were saved again as UTF-16, by Notepad or by PowerShell's `>`.

use std::io::{self, Read};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};

/// Bytes decoded at a time.
const CHUNK: usize = 16 * 1024;

/// A stream as it is, or as UTF-8 if it begins with the mark of UTF-16.
pub(super) enum Decoded<R> {
    /// Any other bytes; the first few were already taken from the stream.
    Plain {
        head: Vec<u8>,
        taken: usize,
        rest: R,
    },
    /// UTF-16, on its way to UTF-8.
    Utf16(Box<Utf16<R>>),
}

pub(super) struct Utf16<R> {
    source: R,
    decoder: Decoder,
    ready: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    /// Looks at the first two bytes of `source`.
    pub(super) fn new(mut source: R) -> io::Result<Self> {
        let mut head = Vec::with_capacity(2);
        source.by_ref().take(2).read_to_end(&mut head)?;
        let encoding = match head[..] {
            [0xff, 0xfe] => UTF_16LE,
            [0xfe, 0xff] => UTF_16BE,
            _ => {
                return Ok(Decoded::Plain {
                    head,
                    taken: 0,
                    rest: source,
                });
            }
        };
        Ok(Decoded::Utf16(Box::new(Utf16 {
            source,
            decoder: encoding.new_decoder_without_bom_handling(),
            ready: Vec::new(),
            taken: 0,
            ended: false,
        })))
    }
}

impl<R: Read> Utf16<R> {
    fn refill(&mut self) -> io::Result<()> {
        let mut raw = [0u8; CHUNK];
        let got = match self.source.read(&mut raw) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        };
        self.ended = got == 0;
        let room = self
            .decoder
            .max_utf8_buffer_length(got)
            .unwrap_or(3 * CHUNK);
        self.ready.resize(room, 0);
        let (_, _, written, _) =
            self.decoder
                .decode_to_utf8(&raw[..got], &mut self.ready, self.ended);
        self.ready.truncate(written);
        self.taken = 0;
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (ready, taken) = match self {
            Decoded::Plain { head, taken, rest } if *taken >= head.len() => {
                return rest.read(buffer);
            }
            Decoded::Plain { head, taken, .. } => (head, taken),
            Decoded::Utf16(utf16) => {
                while utf16.taken >= utf16.ready.len() && !utf16.ended {
                    utf16.refill()?;
                }
                let Utf16 { ready, taken, .. } = &mut **utf16;
                (ready, taken)
            }
        };
        let part = &ready[*taken..];
        let count = part.len().min(buffer.len());
        buffer[..count].copy_from_slice(&part[..count]);
        *taken += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Decoded::new(bytes).unwrap().read_to_end(&mut out).unwrap();
        out
    }

    proptest! {
        #[test]
        fn utf16_of_either_order_comes_out_as_text(text in ".{0,9000}", big: bool) {
            let text = text.trim_start_matches('\u{feff}');
            let order = if big { u16::to_be_bytes } else { u16::to_le_bytes };
            let mut raw: Vec<u8> = order(0xfeff).to_vec();
            raw.extend(text.encode_utf16().flat_map(order));
            prop_assert_eq!(String::from_utf8(all(&raw)).unwrap(), text);
        }

        #[test]
        fn other_bytes_pass_as_they_are(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assume!(!bytes.starts_with(&[0xff, 0xfe]) && !bytes.starts_with(&[0xfe, 0xff]));
            prop_assert_eq!(all(&bytes), bytes);
        }
    }
}
