//! What is to be said about a whole file: counts, encodings, problems and their remedies.

use std::io::ErrorKind;

use super::decode::EncodingChange;
use super::recognise::Foreign;
use super::snapshot::Rejected;
use crate::bundle::misses_poolmon;

/// Everything about a file that is not in its snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileNotes {
    /// Bytes read.
    pub bytes: u64,
    /// Snapshots found.
    pub snapshots: u64,
    /// Each line of the file, counted once.
    pub tally: Tally,
    /// Where each encoding starts; more than one where texts of two shells were joined.
    pub encodings: Vec<EncodingChange>,
    /// NUL characters that were dropped, and the offset near which the first stood.
    pub nuls: u64,
    /// Offset near which the first dropped NUL stood.
    pub first_nul: Option<u64>,
    /// Rows that were joined from pieces: wrapped at a window's edge, or a line feed in a tag.
    pub joined_rows: u64,
    /// Rows whose counters or bytes hold only modulo 2^32.
    pub wrapped_rows: u64,
    /// On which side of its snapshot a time stamp stands in this file.
    pub stamp_side: StampSide,
    /// Rejected lines outside any snapshot.
    pub rejected: Vec<Rejected>,
    /// What is wrong with the file as a whole, or was said in it by the program; capped.
    pub problems: Vec<Problem>,
}

/// Each line of a file under exactly one heading; `lines` is their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All lines.
    pub lines: u64,
    /// Lines of blanks.
    pub blank: u64,
    /// Proven rows; a joined row is one here.
    pub rows: u64,
    /// Lines that are the further pieces of joined rows or headers.
    pub pieces: u64,
    /// Rows with wrong arithmetic.
    pub suspects: u64,
    /// `Total` lines.
    pub totals: u64,
    /// Memory, commit, title, column header and dashed lines.
    pub headers: u64,
    /// Rejected rows, headers and text among rows, and rows beyond a limit.
    pub rejected: u64,
    /// Everything else: stamps, prompts, notes.
    pub text: u64,
}

/// On which side of its snapshot a collector wrote the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StampSide {
    /// Nothing around the snapshots looks like a stamp.
    #[default]
    None,
    /// A stamp belongs to the snapshot that follows it: use `preamble`.
    Before,
    /// A stamp belongs to the snapshot before it: use `postamble`.
    After,
    /// Stamps stand only between snapshots, so either side is possible.
    Unclear,
}

/// A problem and where it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line that states it; `None` for the file as a whole.
    pub line: Option<u64>,
    /// The problem.
    pub what: FileProblem,
}

/// What can be wrong with a whole file. Where rows exist too, the text is only a remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileProblem {
    /// No byte in it.
    Empty,
    /// Only blanks, NULs or control characters.
    Blank,
    /// Tag accounting was off: Windows 2000 and XP without the global flag.
    TaggingDisabled {
        /// The status the program printed, in hexadecimal.
        status: Option<u32>,
    },
    /// The program ran and the system refused the query.
    QueryFailed {
        /// The status the program printed, in hexadecimal.
        status: Option<u32>,
    },
    /// The program could not open the file it was to write or read.
    CannotOpen {
        /// The rest of the message, as text.
        name: String,
    },
    /// The shell did not find the program.
    CommandNotFound,
    /// Option `-c` without its file; the program ends there.
    NoLocalTags,
    /// A header and not one row.
    HeadersOnly,
    /// Text without any sign of the program.
    NotPoolmon,
    /// The output of another program.
    Foreign(Foreign),
    /// Reading failed before the end.
    ReadFailed {
        /// Offset reached.
        offset: u64,
        /// The kind of failure.
        kind: ErrorKind,
    },
}

impl FileProblem {
    /// What it means, as a sentence.
    pub fn meaning(&self) -> String {
        match self {
            FileProblem::Empty => "The file is empty: the live screen of poolmon is drawn on the \
                 console, so redirecting it with > or >> writes nothing."
                .into(),
            FileProblem::Blank => "The file holds only blanks or control characters, which is \
                 what a redirected live screen may leave behind."
                .into(),
            FileProblem::TaggingDisabled { status } => {
                format!(
                    "Pool tagging was off{}, so Windows kept no counters.",
                    shown(*status)
                )
            }
            FileProblem::QueryFailed { status } => {
                format!(
                    "Windows refused to give the pool counters{}.",
                    shown(*status)
                )
            }
            FileProblem::CannotOpen { name } => {
                format!("poolmon could not open the file `{}`.", name.escape_debug())
            }
            FileProblem::CommandNotFound => "The shell did not find poolmon.exe, and the file \
                 holds its error message."
                .into(),
            FileProblem::NoLocalTags => "poolmon was started with -c and found no localtag.txt, \
                 so it listed nothing."
                .into(),
            FileProblem::HeadersOnly => "The file has poolmon's header and no row: a filter \
                 matched nothing, or the copy ended there."
                .into(),
            FileProblem::NotPoolmon => "Nothing in the file looks like poolmon output.".into(),
            FileProblem::Foreign(foreign) => {
                format!("The file is no poolmon text but {}.", foreign.words())
            }
            FileProblem::ReadFailed { offset, kind } => {
                format!("Reading failed at offset {offset} ({kind}); what comes after is unknown.")
            }
        }
    }

    /// What to try, as a sentence.
    pub fn advice(&self) -> &'static str {
        match self {
            FileProblem::Empty | FileProblem::Blank => {
                "Collect again with `poolmon -n poolsnap.log -b -r`, which writes a file itself."
            }
            FileProblem::TaggingDisabled { .. } => {
                "Run `gflags /r +ptg` on that machine, restart it, and collect again."
            }
            FileProblem::QueryFailed { .. } => "Collect again from an elevated prompt.",
            FileProblem::CannotOpen { .. } => {
                "Collect again in a folder that may be written to, from an elevated prompt."
            }
            FileProblem::CommandNotFound => {
                "Give the script the full path of poolmon.exe (Windows Driver Kit, tools folder)."
            }
            FileProblem::NoLocalTags => "Collect again without -c.",
            FileProblem::HeadersOnly => {
                "Collect again without -i and -x, or copy the whole screen."
            }
            FileProblem::NotPoolmon => "Check that the right file was uploaded.",
            FileProblem::Foreign(_) => "Collect with `poolmon -n` if this form is not read.",
            FileProblem::ReadFailed { .. } => "Copy the file again and check the medium.",
        }
    }
}

fn shown(status: Option<u32>) -> String {
    status.map_or_else(String::new, |s| format!(" (status 0x{s:08x})"))
}

/// The program's or the shell's complaint that `line` states, if any.
pub(super) fn complaint(line: &[u8]) -> Option<FileProblem> {
    let text = String::from_utf8_lossy(line);
    let lower = text.to_ascii_lowercase();
    if lower.contains("query pooltags failed") || lower.contains("enable pool tagging") {
        return Some(FileProblem::TaggingDisabled {
            status: status(&lower),
        });
    }
    if lower.contains("failed to query pool tag") {
        return Some(FileProblem::QueryFailed {
            status: status(&lower),
        });
    }
    if let Some((_, name)) = text.split_once("Error Opening file") {
        return Some(FileProblem::CannotOpen {
            name: name.trim().to_owned(),
        });
    }
    if lower.contains("no localtag.txt") {
        return Some(FileProblem::NoLocalTags);
    }
    misses_poolmon(&text).then_some(FileProblem::CommandNotFound)
}

/// The first word of exactly eight hexadecimal digits, as status codes are printed.
fn status(lower: &str) -> Option<u32> {
    lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .map(|word| word.strip_prefix("0x").unwrap_or(word))
        .filter(|word| word.len() == 8)
        .find_map(|word| u32::from_str_radix(word, 16).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_typed() {
        let of = |text: &str| complaint(text.as_bytes());
        let off = of("Query pooltags Failed c0000002");
        assert_eq!(
            off,
            Some(FileProblem::TaggingDisabled {
                status: Some(0xc000_0002)
            })
        );
        let failed = of("Poolmon: Failed to query pool tags information (status C0000061).");
        assert_eq!(
            failed,
            Some(FileProblem::QueryFailed {
                status: Some(0xc000_0061)
            })
        );
        let open = of("Error Opening file c:\\a.log");
        assert_eq!(
            open,
            Some(FileProblem::CannotOpen {
                name: "c:\\a.log".into()
            })
        );
        assert_eq!(
            of("PoolMon: No localtag.txt in current directory"),
            Some(FileProblem::NoLocalTags)
        );
        let shell = "'poolmon' is not recognized as an internal or external command,";
        assert_eq!(of(shell), Some(FileProblem::CommandNotFound));
        let german = "Der Befehl \"poolmon\" ist entweder falsch geschrieben oder";
        assert_eq!(of(german), Some(FileProblem::CommandNotFound));
        let japanese = "'poolmon' は、内部コマンドまたは外部コマンド、";
        let (bytes, _, _) = encoding_rs::SHIFT_JIS.encode(japanese);
        assert_eq!(complaint(&bytes), Some(FileProblem::CommandNotFound));
        assert_eq!(of("C:\\>poolmon -n a.log"), None);
    }

    #[test]
    fn every_problem_says_what_it_means_and_what_to_try() {
        let all = [
            FileProblem::Empty,
            FileProblem::TaggingDisabled { status: Some(1) },
            FileProblem::CannotOpen {
                name: "a\u{1b}b".into(),
            },
            FileProblem::ReadFailed {
                offset: 9,
                kind: ErrorKind::Other,
            },
        ];
        for problem in all {
            assert!(problem.meaning().ends_with('.'), "{problem:?}");
            assert!(problem.advice().ends_with('.'), "{problem:?}");
            assert!(!problem.meaning().contains('\u{1b}'));
        }
    }
}
