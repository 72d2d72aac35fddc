//! HTTPERR: the error log of Windows' kernel web server, http.sys.
//!
//! Bytes in, a [`Tally`] out: rows by reason, refused connections in time, and everything odd
//! about the file, counted. [`read`] takes any stream, [`read_split`] reads one large file with
//! several threads; both hold memory constant and give the same tally.
//!
//! ```
//! use poolsleuth::artifact::httperr;
//! let log = b"#Fields: date time s-reason s-queuename\r\n\
//!             2026-03-01 10:00:05 7_Connections_Refused -\r\n";
//! let (tally, _) = httperr::read(&log[..]);
//! assert_eq!((tally.refusal_rows, tally.refused), (1, 7));
//! ```

mod clock;
mod decode;
mod excerpt;
mod file;
mod lanes;
mod layout;
mod overlap;
mod reader;
mod reason;
mod scanner;
mod sketch;
mod tally;
mod words;

pub use file::{WORTH_SPLITTING, read_split};
pub use layout::{Layout, LayoutSource};
pub use overlap::{Log, Standing, lines, settle};
pub use reader::read;
pub use reason::{KnownReason, REFUSAL_NAME, ReasonClass, RefusalCount, class_of, known, refusal};
pub use tally::{
    BlockStart, LayoutUse, LineSample, OddLines, Oddity, RefusalBin, Refusals, Span, StepBack,
    Tally,
};
