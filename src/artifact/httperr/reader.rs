//! Whole lines out of a stream, in blocks, with memory that does not grow with the log.

use std::cell::RefCell;
use std::io::{self, Read};

use super::decode::Decoded;
use super::layout::Layout;
use super::scanner::{MARGIN, MAX_LINE, Scanner};
use super::tally::Tally;

/// Bytes asked of the stream at a time: small enough to stay in the second-level cache of any
/// current processor between being copied there and being read.
const BLOCK: usize = 64 * 1024;

/// Bytes of the stream that are held at once: a block behind what began in the one before.
const ROOM: usize = MAX_LINE + BLOCK;

/// Reads a log from a stream, whole.
///
/// Returns the tally of all lines that could be read; a failing stream ends it early and the
/// error stands beside what was read until then.
pub fn read(stream: impl Read) -> (Tally, Option<io::Error>) {
    thread_local! {
        /// Logs come by the thousand, a megabyte each: their memory is kept from one to the next.
        static KEPT: RefCell<Vec<u8>> = RefCell::default();
    }
    KEPT.with(|kept| match kept.try_borrow_mut() {
        Ok(mut buffer) => read_with(stream, &mut buffer),
        // The stream itself reads a log.
        Err(_) => read_with(stream, &mut Vec::new()),
    })
}

fn read_with(stream: impl Read, buffer: &mut Vec<u8>) -> (Tally, Option<io::Error>) {
    let mut scanner = Scanner::new(None);
    let error = Decoded::new(stream)
        .and_then(|text| pump(text, &mut scanner, Stretch::WHOLE, buffer))
        .err();
    (scanner.finish().0, error)
}

/// Which lines of a stream belong to a stretch: those that begin within `len` bytes, after the
/// first newline if `skip_first`.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    skip_first: bool,
    len: u64,
}

impl Stretch {
    const WHOLE: Stretch = Stretch {
        skip_first: false,
        len: u64::MAX,
    };
}

/// Reads the lines that begin in bytes `start..end` of a file, of which `open_at` opens the part
/// from an offset on. `layout` is the layout believed to hold there; `buffer` is memory to use.
pub(super) fn read_stretch<R: Read>(
    open_at: impl Fn(u64) -> io::Result<R>,
    start: u64,
    end: u64,
    layout: Option<Layout>,
    buffer: &mut Vec<u8>,
) -> io::Result<(Tally, Option<Layout>)> {
    let mut scanner = Scanner::new(layout);
    let from = start.saturating_sub(1);
    let stretch = Stretch {
        skip_first: start > 0,
        len: end.saturating_sub(from),
    };
    pump(open_at(from)?, &mut scanner, stretch, buffer)?;
    Ok(scanner.finish())
}

/// What is done with the bytes until the next newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Skipping {
    No,
    /// They belong to the stretch before.
    Foreign,
    /// They belong to a line already counted as too long.
    Overlong,
}

fn pump(
    mut stream: impl Read,
    scanner: &mut Scanner,
    stretch: Stretch,
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    buffer.resize(ROOM + MARGIN, 0);
    let (mut filled, mut offset) = (0usize, 0u64);
    let mut skipping = if stretch.skip_first {
        Skipping::Foreign
    } else {
        Skipping::No
    };
    loop {
        let goal = (filled + BLOCK).min(ROOM);
        let got = read_some(&mut stream, &mut buffer[filled..goal])?;
        filled += got;
        let text = &buffer[..filled];
        if got == 0 {
            finish_tail(text, scanner, skipping, offset < stretch.len);
            return Ok(());
        }
        let mut start = 0;
        if skipping != Skipping::No {
            match memchr::memchr(b'\n', text) {
                Some(newline) => {
                    start = newline + 1;
                    skipping = Skipping::No;
                }
                None => {
                    offset += filled as u64;
                    filled = 0;
                    continue;
                }
            }
        }
        let (end, done) = last_of_stretch(text, offset, stretch.len);
        if start < end {
            scanner.block(buffer, start..end);
        }
        if done {
            return Ok(());
        }
        let mut kept = end.max(start);
        if kept == 0 && filled > MAX_LINE {
            skipping = relieve(text, scanner);
            kept = filled;
        }
        buffer.copy_within(kept..filled, 0);
        offset += kept as u64;
        filled -= kept;
    }
}

/// Where the stretch's whole lines in this buffer end, and whether the stretch ends there too.
fn last_of_stretch(buffer: &[u8], offset: u64, len: u64) -> (usize, bool) {
    let limit = len.saturating_sub(offset);
    if limit == 0 {
        return (0, true);
    }
    if limit <= buffer.len() as u64 {
        let from = (limit - 1) as usize;
        if let Some(newline) = memchr::memchr(b'\n', &buffer[from..]) {
            return (from + newline + 1, true);
        }
    }
    (
        memchr::memrchr(b'\n', buffer).map_or(0, |newline| newline + 1),
        false,
    )
}

/// Makes room when a buffer holds no newline: a run of NULs is dropped, what it cut off is read
/// as a piece, and anything else is a line too long to be a row.
fn relieve(buffer: &[u8], scanner: &mut Scanner) -> Skipping {
    if buffer.ends_with(&[0]) {
        let text_end = buffer.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
        scanner.nul_run((buffer.len() - text_end) as u64);
        if text_end > 0 {
            scanner.piece(&buffer[..text_end]);
        }
        return Skipping::No;
    }
    scanner.overlong(buffer);
    Skipping::Overlong
}

fn finish_tail(tail: &[u8], scanner: &mut Scanner, skipping: Skipping, ours: bool) {
    if skipping == Skipping::No && ours && !tail.is_empty() {
        scanner.one_line(tail);
    }
}

fn read_some(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::httperr::Oddity;
    use proptest::prelude::*;

    fn tally(text: &[u8]) -> Tally {
        let (tally, error) = read(text);
        assert!(error.is_none());
        tally
    }

    const HEAD: &str = "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-03-01 10:00:00\r\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason s-queuename\r\n";

    fn request(second: u32, reason: &str) -> String {
        let (minute, second) = (second / 60, second % 60);
        format!(
            "2026-03-01 10:{minute:02}:{second:02} 10.0.0.7 50112 10.0.0.1 443 HTTP/1.1 GET /a - 503 1 {reason} Pool\r\n"
        )
    }

    fn refused(second: u32, count: u32) -> String {
        let (minute, second) = (second / 60, second % 60);
        format!(
            "2026-03-01 10:{minute:02}:{second:02} - - - - - - - - - - {count}_Connections_Refused -\r\n"
        )
    }

    #[test]
    fn sums_counts_and_keeps_every_reason() {
        let text = [
            HEAD.into(),
            refused(5, 7),
            request(6, "QueueFull"),
            request(6, "Something_New"),
            refused(10, 24),
        ]
        .concat();
        let tally = tally(text.as_bytes());
        assert_eq!((tally.rows, tally.refusal_rows, tally.refused), (4, 2, 31));
        let reasons: Vec<_> = tally
            .reasons
            .iter()
            .map(|(n, c)| (n.as_str(), *c))
            .collect();
        assert_eq!(
            reasons,
            [
                ("Connections_Refused", 2),
                ("QueueFull", 1),
                ("Something_New", 1)
            ]
        );
        assert_eq!(
            tally
                .refusals
                .bins()
                .iter()
                .map(|b| b.first_line)
                .collect::<Vec<_>>(),
            [5, 8]
        );
        assert_eq!(
            tally
                .rivals
                .iter()
                .map(|((_, n), c)| (*n, *c))
                .collect::<Vec<_>>(),
            [("QueueFull", 1)]
        );
        assert_eq!(tally.lines, 8);
        assert!(tally.oddities.is_empty());
    }

    #[test]
    fn a_header_in_the_middle_changes_the_layout() {
        let old = "2026-03-01 11:00:00 - - - - - - - - - 2_Connections_Refused -\n";
        let fields13 = "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\n";
        let text = [HEAD.into(), refused(0, 1), fields13.into(), old.into()].concat();
        let tally = tally(text.as_bytes());
        assert_eq!(tally.refused, 3);
        assert_eq!(
            tally
                .layouts
                .iter()
                .map(|l| (l.layout.columns(), l.from_line, l.rows))
                .collect::<Vec<_>>(),
            [(14, 4, 1), (13, 6, 1)]
        );
        assert!(tally.oddities.is_empty());
    }

    #[test]
    fn without_header_the_layout_is_inferred_and_may_alternate() {
        let text = "2026-03-01 11:00:00 - - - - - - - - - 2_Connections_Refused -\n\
                    2026-03-01 11:00:05 - - - - - - - - - - - 3_Connections_Refused - TCP\n\
                    2026-03-01 11:00:10 - - - - - - - - - 4_Connections_Refused\n";
        let tally = tally(text.as_bytes());
        assert_eq!(tally.refused, 9);
        assert!(
            tally
                .layouts
                .iter()
                .all(|l| l.layout.source() == crate::artifact::httperr::LayoutSource::Inferred)
        );
        assert_eq!(tally.layouts.len(), 3);
    }

    #[test]
    fn rows_with_wrong_columns_are_counted_and_said() {
        let spaced = "2026-03-01 10:00:09 10.0.0.7 50112 10.0.0.1 443 HTTP/1.1 GET /a b - 400 1 URL Pool\r\n";
        let short = "2026-03-01 10:00:10 10.0.0.7 50112\r\n";
        let undated = "datetime - - - - - - - - - - 3_Connections_Refused -\r\n";
        let text = [HEAD, spaced, short, undated, "free text\r\n"].concat();
        let tally = tally(text.as_bytes());
        // Of the undated ones only the refusal counts.
        assert_eq!((tally.rows, tally.refused), (2, 3));
        assert_eq!(tally.refusals.bins(), []);
        assert_eq!(tally.reasons.get("URL"), Some(&1));
        for kind in [
            Oddity::Misaligned,
            Oddity::NoReason,
            Oddity::UndatedRefusal,
            Oddity::Foreign,
        ] {
            assert_eq!(tally.rejected(kind), 1, "{kind:?}");
        }
    }

    #[test]
    fn rows_that_were_searched_or_quoted_count() {
        let row = refused(5, 7);
        let row = row.trim_end();
        for line in [
            format!("httperr1.log:{row}"),
            format!("httperr1.log:12:{row}"),
            format!("[12]{row}"),
            format!("> {row}"),
            row.replace(' ', "\t"),
        ] {
            for head in [HEAD, "", "---------- HTTPERR1.LOG\r\n"] {
                let tally = tally(format!("{head}{line}\r\n").as_bytes());
                assert_eq!((tally.rows, tally.refused), (1, 7), "{head}{line}");
                assert_eq!(tally.rejected(Oddity::PassedOn), 1);
                assert_eq!(
                    tally.span.map(|s| s.first),
                    super::super::clock::stamp(row.as_bytes())
                );
            }
        }
    }

    #[test]
    fn a_request_cannot_write_a_refusal() {
        let request = |path: &str| {
            format!(
                "2026-03-01 10:00:09 10.0.0.7 50112 10.0.0.1 443 HTTP/1.1 GET {path} - 400 1 URL Pool\r\n"
            )
        };
        let short = request("777_Connections_Refused").replace(" - 400", " 400");
        let long = request("/a 777_Connections_Refused");
        for head in [HEAD, ""] {
            let text = [head, &short, &long, &request("/")].concat();
            let tally = tally(text.as_bytes());
            assert_eq!((tally.refused, tally.refusal_rows), (0, 0), "{head}");
        }
        // A refusal with a column too few or too many is one.
        let fewer = refused(5, 3).replacen(" -", "", 1);
        let more = refused(10, 4).replacen(" -", " - -", 1);
        assert_eq!(tally([HEAD, &fewer, &more].concat().as_bytes()).refused, 7);
    }

    #[test]
    fn a_log_without_the_reason_column_is_unanalysable_not_clean() {
        let text = "#Fields: date time c-ip sc-status\n2026-03-01 10:00:00 10.0.0.7 400\n";
        let tally = tally(text.as_bytes());
        assert!(!tally.is_analysable());
        assert_eq!(tally.rejected(Oddity::Unanalysable), 1);
        assert!(super::read(HEAD.as_bytes()).0.is_analysable());
    }

    #[test]
    fn a_torn_tail_is_no_row_unless_its_reason_is_whole() {
        let whole = [HEAD.into(), refused(5, 3)].concat();
        let torn = |cut: usize| tally(&whole.as_bytes()[..whole.len() - cut]);
        assert_eq!(
            (torn(2).refused, torn(2).rejected(Oddity::TornTail)),
            (3, 0)
        );
        assert_eq!(
            (torn(4).refused, torn(4).rejected(Oddity::TornTail)),
            (3, 0)
        );
        assert_eq!(
            (torn(6).refused, torn(6).rejected(Oddity::TornTail)),
            (0, 1)
        );
    }

    #[test]
    fn nul_runs_split_and_are_counted() {
        let nul = "\0".repeat(200_000);
        let text = [
            HEAD.into(),
            refused(5, 3),
            nul.clone(),
            refused(10, 4),
            "\0\0".into(),
        ]
        .concat();
        let tally = tally(text.as_bytes());
        assert_eq!((tally.refused, tally.nul_bytes), (7, 200_002));
    }

    #[test]
    fn an_overlong_line_is_skipped_and_counted_once() {
        let long = "x".repeat(700_000) + "\n";
        let text = [HEAD.into(), long, refused(10, 4)].concat();
        let tally = tally(text.as_bytes());
        assert_eq!(
            (tally.refused, tally.rejected(Oddity::Overlong), tally.lines),
            (4, 1, 6)
        );
    }

    #[test]
    fn clock_steps_and_bytes_that_are_no_text() {
        let odd = "2026-03-01 09:59:00 10.0.0.7 50112 10.0.0.1 443 HTTP/1.1 GET /\u{e9} - 400 1 URL Pool\r\n";
        let mut text = [HEAD.into(), refused(5, 3), odd.into()]
            .concat()
            .into_bytes();
        let accent = text.iter().position(|b| *b == 0xc3).unwrap();
        text.remove(accent);
        let tally = tally(&text);
        assert_eq!(tally.non_utf8_lines, 1);
        assert_eq!(tally.steps_back.len(), 1);
        assert_eq!(tally.steps_back[0].from - tally.steps_back[0].to, 65);
    }

    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => (0u32..3_000, 0u32..99).prop_map(|(s, n)| refused(s, n)),
            8 => (0u32..3_000, prop::sample::select(vec!["QueueFull", "URL", "Timer_ConnectionIdle", "New_One", "-"])).prop_map(|(s, r)| request(s, r)),
            1 => Just(HEAD.to_owned()),
            1 => Just("#Fields: date time s-reason x\n2026-03-01 12:00:00 URL -\n".to_owned()),
            1 => Just("\r\n".to_owned()),
            1 => "[ -~\\x00]{0,40}\n",
            1 => "2026-03-01 10:00:00 [ -~]{0,60}\n",
        ]
    }

    proptest! {
        #[test]
        fn the_fast_way_and_the_exact_way_agree(lines in prop::collection::vec(line(), 0..60)) {
            let text = lines.concat();
            let fast = tally(text.as_bytes());
            let mut exact = Scanner::new(None);
            for line in text.split_inclusive('\n') {
                exact.one_line(line.as_bytes());
            }
            prop_assert_eq!(fast, exact.finish().0);
        }

        #[test]
        fn arbitrary_bytes_never_panic_and_every_line_is_seen(text in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b' '), Just(0u8), any::<u8>()], 0..2_000)) {
            let lines = text.split_inclusive(|b| *b == b'\n').count() as u64;
            prop_assert_eq!(tally(&text).lines, lines);
        }
    }
}
