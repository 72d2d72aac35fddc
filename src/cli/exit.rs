//! How the program ends.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::bundle::OpenError;
use crate::report::read::ReadError;

/// Exit status; the numbers are part of the contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: the analysis completed, whatever it found.
    Done,
    /// 1: the input could not be analysed, or an output could not be written.
    Failed,
    /// 2: wrong usage.
    Usage,
    /// 4: a batch is complete, but some of its cases could not be analysed.
    SomeFailed,
    /// 5: the input was refused by a limit or an integrity check.
    Refused,
    /// 10: the level named by `--fail-on` was met.
    LevelMet,
    /// 130: ended on request before all was done; a batch can be resumed.
    Interrupted,
}

impl Exit {
    /// The number.
    pub const fn status(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::SomeFailed => 4,
            Exit::Refused => 5,
            Exit::LevelMet => 10,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.status())
    }
}

/// Why a command could not be carried out.
#[derive(Debug)]
pub enum Failure {
    /// The input does not open.
    Open(OpenError),
    /// A file given with an option does not open.
    Given {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: io::Error,
    },
    /// A report given as input cannot be used.
    Report {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: ReadError,
    },
    /// An output cannot be written.
    Write {
        /// The file, or stdout.
        path: Option<PathBuf>,
        /// What is wrong.
        why: io::Error,
    },
    /// Records of a stream cannot be written: some paths have none.
    Records(io::Error),
    /// An option's value does not fit.
    Value(String),
    /// None of the files given is what the command reads.
    Nothing(String),
}

impl Failure {
    /// The exit status it stands for.
    pub fn exit(&self) -> Exit {
        match self {
            Failure::Open(error) if error.is_refusal() => Exit::Refused,
            Failure::Report { why, .. } if why.is_refusal() => Exit::Refused,
            Failure::Value(_) => Exit::Usage,
            Failure::Write { path: None, .. } if self.is_broken_pipe() => Exit::Done,
            _ => Exit::Failed,
        }
    }

    /// True if the reader of stdout went away, of which nothing is said. It is no failure but
    /// for a stream of records, whose reader must learn that not every path has one.
    pub fn is_broken_pipe(&self) -> bool {
        match self {
            Failure::Write { path: None, why } | Failure::Records(why) => {
                why.kind() == io::ErrorKind::BrokenPipe
            }
            _ => false,
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Failure::Open(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Open(error) => write!(f, "{error}"),
            Failure::Given { path, why } => write!(f, "{}: {why}", path.display()),
            Failure::Report { path, why } => write!(f, "{}: {why}", path.display()),
            Failure::Write {
                path: Some(path),
                why,
            } => write!(f, "cannot write {}: {why}", path.display()),
            Failure::Write { path: None, why } | Failure::Records(why) => {
                write!(f, "cannot write to stdout: {why}")
            }
            Failure::Value(text) | Failure::Nothing(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_leaves_is_no_failure() {
        let gone = Failure::Write {
            path: None,
            why: io::ErrorKind::BrokenPipe.into(),
        };
        assert_eq!(gone.exit(), Exit::Done);
        let gone = Failure::Records(io::ErrorKind::BrokenPipe.into());
        assert_eq!((gone.exit(), gone.is_broken_pipe()), (Exit::Failed, true));
        let full = Failure::Write {
            path: None,
            why: io::ErrorKind::StorageFull.into(),
        };
        assert_eq!(full.exit(), Exit::Failed);
        assert_eq!(Failure::Value("x".into()).exit().status(), 2);
    }
}
