//! Events of Windows' event logs along the axis: of the many kinds the few that a curve of the pool
//! is read against.

use super::places::MOST_BANDS;
use crate::report::html::instant;
use crate::report::model::Report;

/// Starts closer together than this, in milliseconds, are one: a boot logs several events.
const ONE_START: i64 = 600_000;

/// What a mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkIs {
    /// Windows logged nonpaged pool as empty.
    PoolEmpty,
    /// Windows was started.
    Start,
    /// It went down without a shutdown.
    Crash,
    /// A driver was installed.
    Driver,
    /// The clock was set.
    Clock,
}

impl MarkIs {
    /// All of them, in the order of a legend.
    pub const ALL: [MarkIs; 5] = [
        MarkIs::PoolEmpty,
        MarkIs::Start,
        MarkIs::Crash,
        MarkIs::Driver,
        MarkIs::Clock,
    ];

    /// What a kind of event is marked as, if it is.
    fn of(kind: &str) -> Option<MarkIs> {
        Some(match kind {
            "nonpaged_pool_empty" => MarkIs::PoolEmpty,
            "system_started" | "log_started" | "version_at_boot" => MarkIs::Start,
            "bugcheck" | "unexpected_shutdown" | "restart_without_shutdown" => MarkIs::Crash,
            "driver_installed" => MarkIs::Driver,
            "clock_set" => MarkIs::Clock,
            _ => return None,
        })
    }

    /// Its words in a legend.
    pub const fn words(self) -> &'static str {
        match self {
            MarkIs::PoolEmpty => "event 2019: pool empty",
            MarkIs::Start => "Windows started",
            MarkIs::Crash => "no clean shutdown",
            MarkIs::Driver => "driver installed",
            MarkIs::Clock => "clock set",
        }
    }

    /// Its class in the page's style.
    pub const fn class(self) -> &'static str {
        match self {
            MarkIs::PoolEmpty => "event empty",
            MarkIs::Start => "event start",
            MarkIs::Crash => "event crash",
            MarkIs::Driver => "event install",
            MarkIs::Clock => "event clock",
        }
    }

    /// Its letter where only letters are drawn.
    pub const fn letter(self) -> char {
        match self {
            MarkIs::PoolEmpty => 'E',
            MarkIs::Start => 'S',
            MarkIs::Crash => 'X',
            MarkIs::Driver => 'D',
            MarkIs::Clock => 'C',
        }
    }
}

/// A mark on the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Milliseconds since 1970.
    pub at: i64,
    /// What it stands for.
    pub is: MarkIs,
}

/// The marks of a report, in time, starts of one boot as one.
pub fn marks(report: &Report) -> Vec<Mark> {
    let events = report.events.iter().flat_map(|events| &events.marks);
    let mut all: Vec<Mark> = events
        .filter_map(|mark| {
            let is = MarkIs::of(mark.kind)?;
            let at = instant(&mark.at)?;
            Some(Mark { at, is })
        })
        .collect();
    all.sort_by_key(|mark| (mark.at, mark.is));
    let mut last_start: Option<i64> = None;
    all.retain(|mark| {
        if mark.is != MarkIs::Start {
            return true;
        }
        let again = last_start.is_some_and(|last| mark.at.saturating_sub(last) < ONE_START);
        last_start = Some(mark.at);
        !again
    });
    all.truncate(MOST_BANDS);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{at, empty};
    use crate::report::model::{EventMark, Events};

    #[test]
    fn events_of_one_boot_are_one_mark_and_others_none() {
        let mark = |at: String, kind| EventMark {
            at,
            kind,
            ..EventMark::default()
        };
        let mut report = empty();
        report.events = Some(Events {
            marks: vec![
                mark(at(0, 0), "system_started"),
                mark(at(0, 1), "log_started"),
                mark(at(0, 1), "shutdown_requested"),
                mark(at(5, 0), "driver_installed"),
                mark(at(9, 0), "log_started"),
                mark("never".into(), "clock_set"),
            ],
            ..Events::default()
        });
        let found: Vec<MarkIs> = marks(&report).iter().map(|m| m.is).collect();
        assert_eq!(found, [MarkIs::Start, MarkIs::Driver, MarkIs::Start]);
    }
}
