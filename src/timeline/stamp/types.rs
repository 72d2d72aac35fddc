//! What goes into dating snapshots and what comes out.

use std::fmt;

use chrono::{DateTime, Duration, NaiveDateTime, Utc};

use super::order::{DateOrder, OrderDecision};
use crate::timeline::zone::ChosenZone;

/// One line of an artifact, without its line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// One-based number in the artifact.
    pub number: u64,
    /// The bytes as stored (decoded from UTF-16 where the artifact is), no line end.
    pub text: &'a [u8],
}

/// Everything that may tell when one snapshot was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockEvidence<'a> {
    /// Which artifact holds the snapshot: equal numbers, same file.
    pub artifact: usize,
    /// The artifact's name as given, with folders or without.
    pub artifact_name: &'a str,
    /// Zero-based place of the snapshot among those of its artifact, in file order.
    pub position: usize,
    /// How many snapshots the artifact holds.
    pub snapshots: usize,
    /// Lines between the previous snapshot (or the start of the file) and this one that
    /// are no part of either.
    pub before: Vec<Line<'a>>,
    /// Lines after the artifact's last snapshot; looked at for that one only, because
    /// lines between two snapshots stand in `before` of the second.
    pub after: Vec<Line<'a>>,
    /// When the artifact was last written, if the bundle knows.
    pub modified: Option<FileTime>,
    /// The time that the snapshot's own form states for it.
    pub stated: Option<StatedTime<'a>>,
}

/// A time in a place of its own within the snapshot's form: it needs no search, and belongs to
/// this snapshot without doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatedTime<'a> {
    /// Which place: [`StampSource::Column`] or [`StampSource::DebugSession`].
    pub source: StampSource,
    /// The words.
    pub text: &'a str,
    /// One-based line.
    pub line: u64,
    /// What the words are in.
    pub clock: StatedClock,
}

/// The clock of a stated time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatedClock {
    /// Read already, with its offset from UTC.
    Instant(DateTime<Utc>),
    /// UTC, as the form says.
    Utc,
    /// Local time of the machine.
    Local,
}

/// When a file was last written, according to whoever kept the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileTime {
    /// An archive's field in UTC (zip extra field, tar, 7z).
    ArchiveUtc(DateTime<Utc>),
    /// A zip's own field: local time of the machine that packed, in steps of two seconds.
    ArchiveLocal(NaiveDateTime),
    /// The file system's, which copying and unpacking often reset.
    FileSystem(DateTime<Utc>),
}

/// Where a time stamp was read, weakest first: a later variant is believed over an
/// earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StampSource {
    /// The file system's time of last change.
    FileSystem,
    /// The local file time that an archive keeps.
    ArchiveLocal,
    /// The UTC file time that an archive keeps.
    ArchiveUtc,
    /// The artifact's name.
    FileName,
    /// A line beside the snapshot.
    Line,
    /// A column of the snapshot's own table.
    Column,
    /// What a debugger says of its session: the time of the dump, with its offset from UTC.
    DebugSession,
}

impl StampSource {
    /// Every source, weakest first; `docs/inputs.md` has a row for each.
    pub const ALL: [StampSource; StampSource::DebugSession as usize + 1] = [
        StampSource::FileSystem,
        StampSource::ArchiveLocal,
        StampSource::ArchiveUtc,
        StampSource::FileName,
        StampSource::Line,
        StampSource::Column,
        StampSource::DebugSession,
    ];

    /// The word that reports use. A file's time in UTC has one word wherever it was kept, so
    /// that a folder and an archive of it give one report.
    pub const fn name(self) -> &'static str {
        match self {
            StampSource::FileSystem | StampSource::ArchiveUtc => "file_time",
            StampSource::ArchiveLocal => "archive_local_time",
            StampSource::FileName => "file_name",
            StampSource::Line => "line",
            StampSource::Column => "column",
            StampSource::DebugSession => "debug_session",
        }
    }

    /// One sentence on how this source knows, and how well.
    pub const fn sentence(self) -> &'static str {
        match self {
            StampSource::FileSystem => {
                "the file's time of last change, which dates its last snapshot at best and is lost when files are copied"
            }
            StampSource::ArchiveLocal => {
                "the archive's local file time, which dates the file's last snapshot at best, in steps of two seconds"
            }
            StampSource::ArchiveUtc => {
                "the archive's UTC file time, which dates the file's last snapshot at best"
            }
            StampSource::FileName => "a time stamp in the file's name",
            StampSource::Line => "a time stamp that the collector wrote beside the snapshot",
            StampSource::Column => "the time that the table states in each of the snapshot's rows",
            StampSource::DebugSession => {
                "the debugger's session time, which is the time of the dump"
            }
        }
    }

    /// True for file times, which date nothing but the last change of the file.
    pub const fn is_weak(self) -> bool {
        matches!(
            self,
            StampSource::FileSystem | StampSource::ArchiveLocal | StampSource::ArchiveUtc
        )
    }
}

impl fmt::Display for StampSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The span of time that a stamp leaves open: it names the span's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// Thousandths of a second or finer.
    Millisecond,
    /// Hundredths of a second, as `%TIME%` writes.
    Centisecond,
    /// Whole seconds.
    Second,
    /// Two seconds, as zip keeps local times.
    TwoSeconds,
    /// Whole minutes, as `time /t` writes.
    Minute,
    /// A date without a time: no moment, and nothing is placed in UTC with it.
    Day,
}

impl Resolution {
    /// How long the span is.
    pub fn length(self) -> Duration {
        match self {
            Resolution::Millisecond => Duration::milliseconds(1),
            Resolution::Centisecond => Duration::milliseconds(10),
            Resolution::Second => Duration::seconds(1),
            Resolution::TwoSeconds => Duration::seconds(2),
            Resolution::Minute => Duration::minutes(1),
            Resolution::Day => Duration::days(1),
        }
    }
}

/// What had to be assumed to make an instant of a stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Nothing.
    Exact,
    /// The clock showed this time twice; the order of the stamps tells which.
    FoldByOrder,
    /// The clock showed this time twice; the interval to the neighbours tells which.
    FoldByInterval,
    /// The clock showed this time twice and nothing tells which: the first is taken.
    FoldUndecided {
        /// The other instant.
        other: DateTime<Utc>,
    },
    /// The zone's clocks skipped this time; read as if the clock had not been set forward.
    Skipped,
}

/// When a snapshot was taken, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The instant; `None` where a local stamp has no zone, and [`Dating::withheld`]
    /// says so. Spans between such stamps of one file are still meaningful.
    pub utc: Option<DateTime<Utc>>,
    /// The wall clock as written; `None` for stamps in UTC.
    pub local: Option<NaiveDateTime>,
    /// The span of time left open.
    pub resolution: Resolution,
    /// Where it was read.
    pub source: StampSource,
    /// What was assumed.
    pub certainty: Certainty,
    /// The words, trimmed and cut; hostile text, to be escaped when shown.
    pub text: String,
    /// The one-based line, for stamps from a line.
    pub line: Option<u64>,
}

/// Why a snapshot has no instant in UTC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    /// Nothing about the snapshot tells a time.
    #[error("no time stamp beside the snapshot, in the file's name or from the archive")]
    NoStamp,
    /// A time is written beside the date, and its words are not known.
    #[error(
        "the time of day in `{text}` cannot be read for sure: a word or a form beside it is not known"
    )]
    Unread {
        /// The stamp's words.
        text: String,
    },
    /// A date without a time: the moment may be any of its day.
    #[error("`{text}` is a date without a time of day")]
    DayAlone {
        /// The stamp's words.
        text: String,
    },
    /// A local time, and nothing tells the zone.
    #[error("`{text}` is local time and nothing in the case states the time zone")]
    NoZone {
        /// The stamp's words.
        text: String,
    },
    /// The order of day, month and year could not be settled.
    #[error("`{text}` may be {}", either(.readings))]
    DateOrder {
        /// The stamp's words.
        text: String,
        /// The dates it may mean.
        readings: Vec<chrono::NaiveDate>,
    },
}

fn either(dates: &[chrono::NaiveDate]) -> String {
    let shown: Vec<String> = dates.iter().map(ToString::to_string).collect();
    shown.join(" or ")
}

impl Withheld {
    /// What the engineer can do about it, as a fragment of a sentence.
    pub const fn remedy(&self) -> &'static str {
        match self {
            Withheld::NoStamp => {
                "have the collector write the time before each snapshot, or put it in the file's name (poolmon-20240131T0130Z.txt)"
            }
            Withheld::Unread { .. } => {
                "write the time before each snapshot with numbers alone (2024-01-31T13:30:00), or put it in the file's name (poolmon-20240131T1330.txt)"
            }
            Withheld::DayAlone { .. } => {
                "have the collector write the time of day beside the date (2024-01-31T13:30:00)"
            }
            Withheld::NoZone { .. } => "give the machine's zone with --tz (an IANA name or +hh:mm)",
            Withheld::DateOrder { .. } => {
                "say with --date-order whether dates are written day first (dmy) or month first (mdy), or add a snapshot from after the 12th of a month"
            }
        }
    }

    /// The option that would give the time, where there is one.
    pub const fn option(&self) -> Option<&'static str> {
        match self {
            Withheld::NoZone { .. } => Some("--tz"),
            Withheld::DateOrder { .. } => Some("--date-order"),
            Withheld::NoStamp | Withheld::Unread { .. } | Withheld::DayAlone { .. } => None,
        }
    }
}

/// What is known of the time of one snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dating {
    /// The best stamp. It may be local only.
    pub stamp: Option<Stamp>,
    /// Why there is no instant; `None` exactly where `stamp` has one.
    pub withheld: Option<Withheld>,
}

impl Dating {
    /// The instant, where there is one.
    pub fn utc(&self) -> Option<DateTime<Utc>> {
        self.stamp.as_ref().and_then(|stamp| stamp.utc)
    }
}

/// A case's offset from UTC as its own file times suggest it. A hint to offer, never
/// used to date anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetHint {
    /// Minutes east of UTC.
    pub minutes: i32,
    /// How many artifacts agree.
    pub artifacts: usize,
}

/// Something about the clock of a case that a reader should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// An artifact's stamps stand after their snapshots, not before.
    StampsFollow {
        /// The artifact.
        artifact: usize,
    },
    /// More than one complete stamp stands before a snapshot; the nearest was taken.
    SeveralStamps {
        /// The artifact.
        artifact: usize,
        /// Snapshots concerned.
        snapshots: usize,
    },
    /// Wall-clock times that happened twice were told apart, or not.
    Folds {
        /// The artifact; `None` for stamps from the names of several files.
        artifact: Option<usize>,
        /// Told apart by order or interval.
        settled: usize,
        /// Not told apart.
        undecided: usize,
    },
    /// Stamps at wall-clock times that the zone skipped.
    Skipped {
        /// The artifact; `None` for stamps from the names of several files.
        artifact: Option<usize>,
        /// Stamps concerned.
        stamps: usize,
    },
    /// A stamp is earlier than the one before it in the file.
    ClockWentBack {
        /// The artifact.
        artifact: usize,
        /// The zero-based snapshot whose stamp is earlier than its predecessor's.
        position: usize,
        /// By how many seconds.
        seconds: i64,
    },
    /// A file's name and the stamp beside its first snapshot disagree by more than a day
    /// (zones explain less).
    NameDisagrees {
        /// The artifact.
        artifact: usize,
        /// By how many seconds.
        seconds: i64,
    },
    /// Weekday names beside dates fit none of the readings of those dates.
    WeekdayDisagrees {
        /// Stamps concerned.
        stamps: usize,
    },
    /// A name without seconds may be on a twelve-hour clock: all its hours are 1 to 12.
    TwelveHourNames {
        /// Files concerned.
        files: usize,
    },
    /// More lines stood before a snapshot than are searched for stamps.
    LinesNotSearched {
        /// The artifact.
        artifact: usize,
        /// Lines left out, farthest from their snapshots.
        lines: usize,
    },
    /// Times that are written beside snapshots and cannot be read for sure.
    TimesUnread {
        /// Snapshots concerned.
        snapshots: usize,
        /// The first one's words.
        text: String,
    },
    /// A file with several snapshots bears one time, which dates one of them at most.
    OneTimeForMany {
        /// The artifact.
        artifact: usize,
        /// Its snapshots.
        snapshots: usize,
        /// Where the time stands.
        source: StampSource,
    },
}

/// The outcome for a whole case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// One entry for each evidence, in the order given.
    pub datings: Vec<Dating>,
    /// How the order of day, month and year was settled, for each written form that
    /// leaves it open.
    pub date_orders: Vec<OrderDecision>,
    /// The zone used; `None` if none was stated.
    pub zone: Option<ChosenZone>,
    /// The offset that file times suggest where no zone was stated.
    pub offset_hint: Option<OffsetHint>,
    /// What a reader should know.
    pub notes: Vec<Note>,
}

/// What is known of the case's clock beside the evidence.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Statements about the zone: options, manifest, systeminfo, headers.
    pub zones: Vec<crate::timeline::zone::ZoneClaim>,
    /// The order of day and month in all-numeric dates, if someone said so.
    pub date_order: Option<DateOrder>,
}
