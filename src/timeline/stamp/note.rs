//! The sentences of notes.

use std::fmt;

use super::types::Note;

/// One sentence, without the artifact's name, which the reader of the note knows.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::StampsFollow { .. } => f.write_str(
                "no time stands before the first snapshot and one after the last: stamps are taken to follow their snapshots",
            ),
            Note::SeveralStamps { snapshots, .. } => write!(
                f,
                "{snapshots} snapshot(s) have several time stamps beside them; the nearest is used"
            ),
            Note::Folds { settled, undecided, .. } => write!(
                f,
                "clocks were set back: {settled} stamp(s) of the repeated hour told apart by their neighbours, {undecided} not (first pass assumed, may be an hour late)"
            ),
            Note::Skipped { stamps, .. } => write!(
                f,
                "{stamps} stamp(s) show a time that the zone's clocks skipped: the machine may not follow this zone's daylight saving"
            ),
            Note::ClockWentBack { position, seconds, .. } => write!(
                f,
                "the stamp of snapshot {} is {seconds} s earlier than the one before it: the clock was set, or the file was put together out of order",
                position + 1
            ),
            Note::NameDisagrees { seconds, .. } => write!(
                f,
                "the stamp beside the snapshot and the one in the file's name are {} hours apart",
                seconds.abs() / 3600
            ),
            Note::WeekdayDisagrees { stamps } => {
                write!(f, "{stamps} stamp(s) carry a weekday that their date does not have")
            }
            Note::TwelveHourNames { files } => write!(
                f,
                "the names of {files} files show hours from 1 to 12 only: they may be on a twelve-hour clock without AM and PM"
            ),
            Note::LinesNotSearched { lines, .. } => {
                write!(f, "{lines} line(s) far from any snapshot were not searched for time stamps")
            }
            Note::TimesUnread { snapshots, text } => write!(
                f,
                "{snapshots} snapshot(s) bear a time that cannot be read for sure and are not dated: `{text}`"
            ),
            Note::OneTimeForMany { snapshots, source, .. } => {
                let whose = if source.is_weak() { "the file's own" } else { "that of its name" };
                write!(
                    f,
                    "{snapshots} snapshots in one file share one time, {whose}, which dates one of them; the others have their order only"
                )
            }
        }
    }
}

impl Note {
    /// The artifact that the note is about; `None` for the case.
    pub const fn artifact(&self) -> Option<usize> {
        match self {
            Note::StampsFollow { artifact }
            | Note::SeveralStamps { artifact, .. }
            | Note::ClockWentBack { artifact, .. }
            | Note::NameDisagrees { artifact, .. }
            | Note::LinesNotSearched { artifact, .. }
            | Note::OneTimeForMany { artifact, .. } => Some(*artifact),
            Note::Folds { artifact, .. } | Note::Skipped { artifact, .. } => *artifact,
            Note::WeekdayDisagrees { .. }
            | Note::TwelveHourNames { .. }
            | Note::TimesUnread { .. } => None,
        }
    }
}
