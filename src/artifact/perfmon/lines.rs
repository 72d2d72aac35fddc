//! Lines of a text in any encoding, as UTF-8, one at a time.

use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{Decoder, UTF_8, UTF_16LE};

use super::MAX_LINE;

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;

/// One line.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: u64,
    /// Without its end. Bytes of an ANSI code page outside ASCII became U+FFFD.
    pub(super) text: String,
    /// It was longer than [`MAX_LINE`]; the rest was skipped.
    pub(super) cut: bool,
}

/// Splits a source into lines and holds no more than one.
pub(super) struct Lines<R> {
    source: BufReader<Decoded<R>>,
    number: u64,
    bytes: Vec<u8>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(source: R) -> Self {
        Lines {
            source: BufReader::with_capacity(CHUNK, Decoded::new(source)),
            number: 0,
            bytes: Vec::new(),
        }
    }

    /// Reads the next line into `line`; false at the end.
    pub(super) fn next(&mut self, line: &mut Line) -> io::Result<bool> {
        self.bytes.clear();
        let read = self
            .source
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut self.bytes)?;
        if read == 0 {
            return Ok(false);
        }
        self.number += 1;
        line.number = self.number;
        line.cut = read as u64 == MAX_LINE && !self.bytes.ends_with(b"\n");
        if line.cut {
            self.skip_rest()?;
        }
        while matches!(self.bytes.last(), Some(b'\n' | b'\r')) {
            self.bytes.pop();
        }
        line.text.clear();
        line.text.push_str(&String::from_utf8_lossy(&self.bytes));
        Ok(true)
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        loop {
            let held = self.source.fill_buf()?;
            if held.is_empty() {
                return Ok(());
            }
            let end = memchr::memchr(b'\n', held);
            let used = end.map_or(held.len(), |at| at + 1);
            self.source.consume(used);
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

/// A source as UTF-8: UTF-16 with or without a byte order mark, UTF-8, or single bytes.
struct Decoded<R> {
    source: R,
    decoder: Option<Decoder>,
    input: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    finished: bool,
}

impl<R: Read> Decoded<R> {
    fn new(source: R) -> Self {
        Decoded {
            source,
            decoder: None,
            input: vec![0; CHUNK],
            start: 0,
            end: 0,
            at_end: false,
            finished: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.start = 0;
        self.end = 0;
        // Two bytes at least tell the encoding; a source may give them one by one.
        while self.end < 2 && !self.at_end {
            match self.source.read(&mut self.input[self.end..]) {
                Ok(0) => self.at_end = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.finished {
            if self.start == self.end && !self.at_end {
                self.fill()?;
            }
            let held = &self.input[self.start..self.end];
            let decoder = self.decoder.get_or_insert_with(|| match held {
                [first, 0, ..] if *first != 0 => UTF_16LE.new_decoder(),
                _ => UTF_8.new_decoder(),
            });
            let (result, read, written, _) = decoder.decode_to_utf8(held, out, self.at_end);
            self.start += read;
            self.finished = self.at_end && result == encoding_rs::CoderResult::InputEmpty;
            if written > 0 || result == encoding_rs::CoderResult::OutputFull {
                return Ok(written);
            }
        }
        Ok(0)
    }
}
