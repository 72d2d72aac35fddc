//! Lines out of bytes of any encoding that a Windows shell leaves behind.
//!
//! The program itself writes single bytes. Redirection by PowerShell makes UTF-16LE (with or
//! without a byte order mark), and appending mixes the two in one file, so the encoding is
//! decided anew at the start of each line. A line comes out with one byte for each character
//! cell, because the grammar works by column; the text of lines that UTF-16 made is kept as
//! UTF-8 beside it.
//!
//! Limits: one line is at most [`MAX_LINE`] bytes, the rest of it is skipped and counted;
//! lone carriage returns do not end a line, since a tag may contain one.

use std::io::{ErrorKind, Read};

use memchr::{memchr, memchr_iter};

/// Longest line that is read. Rows are under 300 bytes with the longest mapped-driver text;
/// 64 KiB leaves room for any shell's echo and bounds memory against hostile files.
pub(in crate::artifact) const MAX_LINE: usize = 64 * 1024;
/// Bytes read ahead; at least twice [`MAX_LINE`] so that a line always fits.
const BUFFER: usize = 256 * 1024;
/// How far into a line its encoding is judged: enough for a localized weekday without ASCII.
const WINDOW: usize = 64;
/// Changes of encoding that are listed; beyond them only the count grows.
const MAX_CHANGES: usize = 16;

/// How the characters of a line are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// One byte a character (ASCII, an OEM or ANSI code page, or UTF-8 without a mark).
    Bytes,
    /// UTF-8 announced by its byte order mark.
    Utf8Marked,
    /// UTF-16, low byte first: what Windows PowerShell's `>` writes.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

/// From which line on a file is in which encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodingChange {
    /// First line in this encoding, from 1.
    pub line: u64,
    /// The encoding.
    pub encoding: Encoding,
}

/// What decoding had to do, for the file's notes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::artifact) struct DecodeNotes {
    /// Where each encoding starts, the first line's first; capped.
    pub changes: Vec<EncodingChange>,
    /// NUL characters that were dropped, and the offset near which the first stood.
    pub nuls: u64,
    pub first_nul: Option<u64>,
    /// Why reading stopped early, with the offset.
    pub failure: Option<(u64, ErrorKind)>,
}

/// One line without its end.
#[derive(Clone, Copy, Debug)]
pub(in crate::artifact) struct Line<'a> {
    /// From 1.
    pub number: u64,
    /// Of its first byte in the file.
    pub offset: u64,
    /// One byte for each character cell.
    pub bytes: &'a [u8],
    /// The same as UTF-8 where `bytes` lost something.
    pub utf8: Option<&'a [u8]>,
    /// False only for a last line without an end.
    pub ended: bool,
    /// True when the line was longer than [`MAX_LINE`].
    pub cut: bool,
}

impl Line<'_> {
    /// The line as text to keep.
    pub fn text(&self) -> &[u8] {
        self.utf8.unwrap_or(self.bytes)
    }
}

/// Splits a byte source into lines, holding no more than one buffer.
pub(in crate::artifact) struct LineReader<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// File offset of `buffer[start]`.
    offset: u64,
    at_end: bool,
    /// Inside an overlong line whose rest is to be skipped.
    skipping: bool,
    encoding: Encoding,
    number: u64,
    cells: Vec<u8>,
    utf8: Vec<u8>,
    notes: DecodeNotes,
}

/// Where a line lies in the buffer.
struct Span {
    content: usize,
    total: usize,
    ended: bool,
}

impl<R: Read> LineReader<R> {
    pub fn new(source: R) -> Self {
        LineReader {
            source,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            offset: 0,
            at_end: false,
            skipping: false,
            encoding: Encoding::Bytes,
            number: 0,
            cells: Vec::new(),
            utf8: Vec::new(),
            notes: DecodeNotes::default(),
        }
    }

    pub fn notes(&self) -> &DecodeNotes {
        &self.notes
    }

    /// Bytes consumed so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next line, or `None` at the end of the source or after a failed read.
    pub fn next_line(&mut self) -> Option<Line<'_>> {
        if self.skipping {
            self.skip_rest();
        }
        self.skip_nuls();
        if self.fill_to(WINDOW) == 0 {
            return None;
        }
        self.number += 1;
        self.choose_encoding();
        let offset = self.offset;
        // Reading on may move the line within the buffer, so its start is taken afterwards.
        let span = self.find_end();
        let first = self.start;
        self.advance(span.total);
        self.skipping = !span.ended && span.total >= MAX_LINE;
        let nuls = self.decode(first, span.content);
        if let Some(count) = nuls.filter(|&n| n > 0) {
            self.notes.nuls += count;
            self.notes.first_nul.get_or_insert(offset);
        }
        let raw = &self.buffer[first..first + span.content];
        let bytes = nuls.map_or(raw, |_| self.cells.as_slice());
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let utf8 = (self.is_wide() && !self.utf8.is_empty()).then_some(self.utf8.as_slice());
        let utf8 = utf8.map(|t| t.strip_suffix(b"\r").unwrap_or(t));
        let (number, cut) = (self.number, self.skipping);
        Some(Line {
            number,
            offset,
            bytes,
            utf8,
            ended: span.ended,
            cut,
        })
    }

    fn is_wide(&self) -> bool {
        matches!(self.encoding, Encoding::Utf16Le | Encoding::Utf16Be)
    }

    /// Decodes a line into `cells` and `utf8` where its raw bytes do not do; the number of NUL
    /// characters that were dropped then.
    fn decode(&mut self, first: usize, length: usize) -> Option<u64> {
        let raw = &self.buffer[first..first + length];
        let (cells, utf8) = (&mut self.cells, &mut self.utf8);
        match self.encoding {
            Encoding::Bytes | Encoding::Utf8Marked => without_nuls(raw, cells),
            Encoding::Utf16Le => Some(units(raw, u16::from_le_bytes, cells, utf8)),
            Encoding::Utf16Be => Some(units(raw, u16::from_be_bytes, cells, utf8)),
        }
    }

    /// Makes at least `wanted` bytes available if the source has them; how many there are.
    fn fill_to(&mut self, wanted: usize) -> usize {
        while self.end - self.start < wanted && !self.at_end {
            if self.end == self.buffer.len() {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.at_end = true,
                Ok(n) => self.end += n.min(self.buffer.len() - self.end),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    let reached = self.offset + (self.end - self.start) as u64;
                    self.notes.failure = Some((reached, e.kind()));
                    self.at_end = true;
                }
            }
        }
        self.end - self.start
    }

    fn advance(&mut self, bytes: usize) {
        let bytes = bytes.min(self.end - self.start);
        self.start += bytes;
        self.offset += bytes as u64;
    }

    fn available(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Two NULs in a row at a line's start are a hole left by a torn write, in any encoding.
    fn skip_nuls(&mut self) {
        let mut hole = false;
        while self.fill_to(2) > 0 {
            let here = self.available();
            let starts_hole = here.len() == 1 || matches!(here, [0, 0, ..]);
            if here.first() != Some(&0) || !(hole || starts_hole) {
                return;
            }
            let run = here.iter().position(|&b| b != 0).unwrap_or(here.len());
            hole = true;
            self.notes.nuls += run as u64;
            self.notes.first_nul.get_or_insert(self.offset);
            self.advance(run);
        }
    }

    /// Drops what remains of an overlong line, its end included.
    fn skip_rest(&mut self) {
        self.skipping = false;
        while self.fill_to(1) > 0 {
            match memchr(b'\n', self.available()) {
                Some(at) => {
                    self.advance(at + 1);
                    break;
                }
                None => self.advance(self.end - self.start),
            }
        }
        // The line feed's high byte.
        if self.encoding == Encoding::Utf16Le && self.fill_to(1) > 0 && self.available()[0] == 0 {
            self.advance(1);
        }
    }

    fn choose_encoding(&mut self) {
        let window = &self.available()[..WINDOW.min(self.end - self.start)];
        let (encoding, mark) = match window {
            [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8Marked, 3),
            _ => (judge(window, self.encoding), 0),
        };
        self.advance(mark);
        let known = self.notes.changes.last().map(|c| c.encoding);
        if known != Some(encoding) && self.notes.changes.len() < MAX_CHANGES {
            self.notes.changes.push(EncodingChange {
                line: self.number,
                encoding,
            });
        }
        self.encoding = encoding;
    }

    /// Where the line that starts here ends, by the rules of its encoding.
    fn find_end(&mut self) -> Span {
        let mut searched = 0;
        loop {
            let here = self.available();
            // One byte after a line feed must be known before UTF-16 can judge it.
            let limit = here.len().min(MAX_LINE + 2);
            let found = memchr_iter(b'\n', &here[searched..limit])
                .map(|at| at + searched)
                .find_map(|at| line_end(here, at, self.encoding));
            match found {
                Some(End::At(span)) if span.content <= MAX_LINE => return span,
                Some(End::Unclear(at)) if !self.at_end => searched = at,
                Some(End::Unclear(at)) => {
                    return Span {
                        content: at,
                        total: at + 1,
                        ended: true,
                    };
                }
                _ if here.len() >= MAX_LINE + 2 => {
                    return Span {
                        content: MAX_LINE,
                        total: MAX_LINE,
                        ended: false,
                    };
                }
                _ if self.at_end => {
                    let all = here.len();
                    return Span {
                        content: all,
                        total: all,
                        ended: false,
                    };
                }
                _ => searched = limit,
            }
            self.fill_to(self.end - self.start + 1);
        }
    }
}

enum End {
    At(Span),
    /// A line feed whose next byte has not been read yet.
    Unclear(usize),
}

/// Whether the line feed at `at` ends the line that starts at `here[0]`.
///
/// In UTF-16 a line feed byte may be half of a character. A carriage return byte right before
/// it is taken for single-byte text that follows a torn UTF-16 line.
fn line_end(here: &[u8], at: usize, encoding: Encoding) -> Option<End> {
    let single = End::At(Span {
        content: at,
        total: at + 1,
        ended: true,
    });
    let before = at.checked_sub(1).and_then(|p| here.get(p));
    match encoding {
        Encoding::Bytes | Encoding::Utf8Marked => Some(single),
        _ if before == Some(&b'\r') => Some(single),
        Encoding::Utf16Le if at.is_multiple_of(2) => match here.get(at + 1) {
            Some(0) => Some(End::At(Span {
                content: at,
                total: at + 2,
                ended: true,
            })),
            Some(_) => None,
            None => Some(End::Unclear(at)),
        },
        Encoding::Utf16Be if !at.is_multiple_of(2) && before == Some(&0) => Some(End::At(Span {
            content: at - 1,
            total: at + 1,
            ended: true,
        })),
        _ => None,
    }
}

/// The encoding of the line that `window` starts, where the line before was in `current`.
fn judge(window: &[u8], current: Encoding) -> Encoding {
    let feed = memchr(b'\n', window).unwrap_or(window.len());
    let line = &window[..window.len().min(feed + 2)];
    let (mut pairs, mut low_first, mut high_first) = (0, 0, 0);
    for pair in line.chunks_exact(2) {
        pairs += 1;
        low_first += usize::from(pair[0] != 0 && pair[1] == 0);
        high_first += usize::from(pair[0] == 0 && pair[1] != 0);
    }
    let plain = window[..feed].iter().all(|&b| is_text_byte(b));
    match current {
        Encoding::Utf16Le if low_first > 0 && low_first >= high_first => current,
        Encoding::Utf16Be if high_first > 0 && high_first >= low_first => current,
        _ if low_first >= 2 && low_first * 2 >= pairs && high_first == 0 => Encoding::Utf16Le,
        _ if high_first >= 2 && high_first * 2 >= pairs && low_first == 0 => Encoding::Utf16Be,
        Encoding::Utf16Le | Encoding::Utf16Be if plain => Encoding::Bytes,
        _ => current,
    }
}

fn is_text_byte(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)
}

/// Copies `raw` without NULs into `cells` if it has any; how many were dropped.
fn without_nuls(raw: &[u8], cells: &mut Vec<u8>) -> Option<u64> {
    memchr(0, raw)?;
    cells.clear();
    cells.extend(raw.iter().filter(|&&b| b != 0));
    Some((raw.len() - cells.len()) as u64)
}

/// Decodes UTF-16: one cell a unit (`?` where none fits), and UTF-8 where that loses text.
/// Returns the number of NUL characters dropped.
fn units(raw: &[u8], read: fn([u8; 2]) -> u16, cells: &mut Vec<u8>, utf8: &mut Vec<u8>) -> u64 {
    cells.clear();
    utf8.clear();
    let (mut nuls, mut lossy) = (0, false);
    let all = || raw.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
    for unit in all() {
        match u8::try_from(unit) {
            Ok(0) => nuls += 1,
            Ok(byte) => {
                lossy |= byte >= 0x80;
                cells.push(byte);
            }
            Err(_) => {
                lossy = true;
                cells.push(b'?');
            }
        }
    }
    if lossy {
        let mut room = [0; 4];
        for character in char::decode_utf16(all().filter(|&u| u != 0)) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            utf8.extend_from_slice(character.encode_utf8(&mut room).as_bytes());
        }
    }
    nuls
}
