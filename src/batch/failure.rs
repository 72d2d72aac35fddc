//! Why a case has no report: part of its record, never the end of the batch.

use serde::{Deserialize, Serialize};

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The system or the container's kind keeps it from being opened.
    Open,
    /// A limit or an integrity check refused it.
    Refused,
    /// The analysis gave up on an assertion of its own; that is a mistake in this program.
    Panic,
    /// The worker process died.
    Crash,
    /// The case took longer than it may.
    Time,
    /// The case wanted more memory than it may have.
    Memory,
    /// Its report could not be written.
    Output,
}

impl FaultKind {
    /// The word of the record.
    pub const fn name(self) -> &'static str {
        match self {
            FaultKind::Open => "open",
            FaultKind::Refused => "refused",
            FaultKind::Panic => "panic",
            FaultKind::Crash => "crash",
            FaultKind::Time => "time",
            FaultKind::Memory => "memory",
            FaultKind::Output => "output",
        }
    }

    /// One sentence for people who look at the unreadable.
    pub const fn sentence(self) -> &'static str {
        match self {
            FaultKind::Open => "could not be opened",
            FaultKind::Refused => "refused by a limit or an integrity check",
            FaultKind::Panic => "broke the analysis: a mistake in this program, worth a report",
            FaultKind::Crash => "ended the process that analysed it",
            FaultKind::Time => "took longer than --time-limit allows",
            FaultKind::Memory => "wanted more memory than --max-memory allows",
            FaultKind::Output => "its report could not be written",
        }
    }

    /// The kind of a record's word.
    pub fn of_name(name: &str) -> Option<Self> {
        use FaultKind::{Crash, Memory, Open, Output, Panic, Refused, Time};
        [Open, Refused, Panic, Crash, Time, Memory, Output]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// A failure of one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// What happened, in a sentence.
    pub text: String,
}

impl Fault {
    /// True when more memory may help.
    pub fn is_of_memory(&self) -> bool {
        self.kind == FaultKind::Memory
    }

    /// A failure of this kind.
    pub fn new(kind: FaultKind, text: impl Into<String>) -> Self {
        Fault {
            kind,
            text: text.into(),
        }
    }
}
