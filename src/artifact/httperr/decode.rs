//! Logs that were saved again: as UTF-16, by Notepad or by PowerShell's `>`, where the mark at the
//! beginning may be lost, as in the later part of a file that was cut up; or with carriage returns
//! alone at the ends of lines.

use std::io::{self, Chain, Cursor, Read};

use encoding_rs::{Decoder, Encoding, UTF_16BE, UTF_16LE};

/// Bytes decoded at a time.
const CHUNK: usize = 16 * 1024;

/// First bytes that are looked at for the encoding: several lines of any log.
const PROBE: u64 = 512;

/// Fewest pairs of bytes by which UTF-16 without a mark is known; a row has forty and more.
const MIN_PAIRS: usize = 16;

/// A stream as it is, or as UTF-8 if it begins as UTF-16.
pub(super) enum Decoded<R> {
    /// Any other bytes; the first few were already taken from the stream.
    Plain {
        head: Vec<u8>,
        taken: usize,
        rest: R,
    },
    /// Bytes in which a carriage return alone ends a line.
    CarriageReturns(Chain<Cursor<Vec<u8>>, R>),
    /// UTF-16, on its way to UTF-8.
    Utf16(Box<Utf16<R>>),
}

pub(super) struct Utf16<R> {
    source: Chain<Cursor<Vec<u8>>, R>,
    decoder: Decoder,
    ready: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    /// Looks at the first bytes of `source`.
    pub(super) fn new(mut source: R) -> io::Result<Self> {
        let mut head = Vec::new();
        source.by_ref().take(PROBE).read_to_end(&mut head)?;
        let Some((encoding, mark)) = utf16_of(&head) else {
            if has_only_carriage_returns(&head) {
                return Ok(Decoded::CarriageReturns(Cursor::new(head).chain(source)));
            }
            return Ok(Decoded::Plain {
                head,
                taken: 0,
                rest: source,
            });
        };
        let mut head = Cursor::new(head);
        head.set_position(mark);
        Ok(Decoded::Utf16(Box::new(Utf16 {
            source: head.chain(source),
            decoder: encoding.new_decoder_without_bom_handling(),
            ready: Vec::new(),
            taken: 0,
            ended: false,
        })))
    }
}

/// Whether lines end in a carriage return alone: there is one with something behind it, and no
/// newline.
fn has_only_carriage_returns(head: &[u8]) -> bool {
    let before_last = head.split_last().map_or(head, |(_, before)| before);
    before_last.contains(&b'\r') && !head.contains(&b'\n')
}

/// The order of UTF-16 that a stream begins with, and the length of its mark.
fn utf16_of(head: &[u8]) -> Option<(&'static Encoding, u64)> {
    match head {
        [0xff, 0xfe, ..] => return Some((UTF_16LE, 2)),
        [0xfe, 0xff, ..] => return Some((UTF_16BE, 2)),
        _ => {}
    }
    let pairs = head.len() / 2;
    let zeros = |at: usize| head.iter().skip(at).step_by(2).filter(|&&b| b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // Logs are ASCII but for a few letters: nearly every pair has its zero on the one side, and
    // runs of NULs have them on both.
    let one_sided = |many: usize, few: usize| many * 5 >= pairs * 4 && few * 5 <= pairs;
    match pairs >= MIN_PAIRS {
        true if one_sided(odd, even) => Some((UTF_16LE, 0)),
        true if one_sided(even, odd) => Some((UTF_16BE, 0)),
        _ => None,
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
            Decoded::CarriageReturns(text) => {
                let count = text.read(buffer)?;
                for byte in buffer.iter_mut().take(count).filter(|b| **b == b'\r') {
                    *byte = b'\n';
                }
                return Ok(count);
            }
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
            prop_assume!(utf16_of(&bytes).is_none() && !has_only_carriage_returns(&bytes));
            prop_assert_eq!(all(&bytes), bytes);
        }
    }

    #[test]
    fn carriage_returns_alone_end_lines() {
        let rows = "2014-01-01 00:00:05 - - - - - - - - - 7_Connections_Refused -\r".repeat(20);
        let lines = rows.replace('\r', "\n");
        assert_eq!(String::from_utf8(all(rows.as_bytes())).unwrap(), lines);
        let one_of_two = "x\r".repeat(9) + "y\r\n";
        assert_eq!(all(one_of_two.as_bytes()), one_of_two.as_bytes());
        // The newline may stand right behind what is looked at.
        let long = "x".repeat(PROBE as usize - 1) + "\r\n";
        assert_eq!(all(long.as_bytes()), long.as_bytes());
    }

    #[test]
    fn utf16_without_a_mark_is_known_by_its_zeros() {
        let row = "2014-01-01 00:00:05 - - - - - - - - - 7_Connections_Refused -\r\n".repeat(20);
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let raw: Vec<u8> = row.encode_utf16().flat_map(order).collect();
            assert_eq!(String::from_utf8(all(&raw)).unwrap(), row);
        }
        let nuls = [vec![0; 300], row.clone().into_bytes()].concat();
        assert_eq!(all(&nuls), nuls, "a run of NULs is no UTF-16");
        assert_eq!(all(row.as_bytes()), row.as_bytes());
    }
}
