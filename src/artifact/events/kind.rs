//! The events that matter, by provider and id, and what each says in its fields.
//!
//! | id | provider | what |
//! |---|---|---|
//! | 2019, 2020 | Srv | the file server found nonpaged, paged pool empty (KB 312362) |
//! | 2021, 2022 | Srv | no work item, no free connection: usually slow I/O or load of SMB (KB 924749) |
//! | 6005, 6006, 6008, 6009, 6013 | EventLog | log started, stopped, unexpected shutdown, version at boot, uptime |
//! | 12, 13, 1 | Kernel-General | system started, stopped, clock set |
//! | 1074 | User32 | somebody asked for a restart or shutdown |
//! | 41 | Kernel-Power | restarted without shutting down |
//! | 7045 | Service Control Manager | a service or driver was installed |
//! | 20003 | UserPnp | a driver's service was added for a device |
//! | 1001 | WER-SystemErrorReporting, BugCheck | the machine restarted from a bugcheck |
//! | 15000–15006 | HttpEvent, HTTP | errors of http.sys itself |
//!
//! Ids are unique within a provider only, so both are compared, without case and without the
//! prefix `Microsoft-Windows-`.

use chrono::{DateTime, Utc};

use super::record::{Record, instant};

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 2019: an allocation from nonpaged pool failed.
    NonpagedEmpty,
    /// 2020: an allocation from paged pool failed.
    PagedEmpty,
    /// 2021: no work item for a request.
    NoWorkItem,
    /// 2022: no free connection.
    NoConnection,
    /// 6005: the event log service was started, which it is at boot.
    LogStarted,
    /// 6006: the event log service was stopped, which it is at shutdown.
    LogStopped,
    /// 6008: the shutdown before was unexpected.
    Unexpected,
    /// 6009: Windows' version, logged at boot.
    Version,
    /// 6013: how long the system has been up.
    Uptime {
        /// Seconds.
        seconds: Option<u64>,
        /// Minutes to add to local time for UTC, and Windows' name of the zone.
        zone: Option<(i32, String)>,
    },
    /// Kernel-General 12.
    Started,
    /// Kernel-General 13.
    Stopped,
    /// 1074.
    ShutdownAsked,
    /// 41: it restarted without having shut down.
    PowerLost {
        /// Code of the bugcheck behind it; none for a loss of power.
        bugcheck: Option<u32>,
    },
    /// Kernel-General 1.
    ClockSet(ClockSet),
    /// 7045 and 20003.
    Installed {
        /// The service, where the event's data was exported.
        service: Option<String>,
        /// Name of the image file, without folders.
        image: Option<String>,
    },
    /// 1001: it restarted from a bugcheck.
    Bugcheck {
        /// Its code.
        code: Option<u32>,
    },
    /// 15000–15006: an error of http.sys.
    Http {
        /// Which.
        id: u32,
    },
}

/// A change of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSet {
    /// What it showed before.
    pub old: DateTime<Utc>,
    /// What it showed afterwards.
    pub new: DateTime<Utc>,
    /// Why, as the event's number: 2 is the hardware clock, as after sleep (no time was lost).
    pub reason: Option<u32>,
    /// False where old and new were taken from a message, whose order depends on its language.
    pub ordered: bool,
}

impl Kind {
    /// What a record says, if it is one that matters.
    pub(super) fn of(record: &Record) -> Option<Kind> {
        let id = record.id?;
        let from = |names: &[&str]| {
            let is = |given: &str| names.contains(&bare(given).as_str());
            is(&record.provider) || record.source.as_deref().is_some_and(is)
        };
        match id {
            2019..=2022 if from(&["srv", "lanmanserver"]) => Some(match id {
                2019 => Kind::NonpagedEmpty,
                2020 => Kind::PagedEmpty,
                2021 => Kind::NoWorkItem,
                _ => Kind::NoConnection,
            }),
            6005..=6013 if from(&["eventlog"]) => of_event_log(id, record),
            1 if from(&["kernel-general"]) => clock_set(record).map(Kind::ClockSet),
            12 if from(&["kernel-general"]) => Some(Kind::Started),
            13 if from(&["kernel-general"]) => Some(Kind::Stopped),
            1074 if from(&["user32"]) => Some(Kind::ShutdownAsked),
            41 if from(&["kernel-power"]) => Some(Kind::PowerLost {
                bugcheck: record
                    .value("BugcheckCode")
                    .and_then(|code| code.parse().ok())
                    .filter(|code| *code != 0),
            }),
            7045 if from(&["service control manager"]) => Some(installed(record, "ImagePath")),
            20_003 if from(&["userpnp"]) => Some(installed(record, "DriverFileName")),
            1001 if from(&["wer-systemerrorreporting", "bugcheck", "save dump"]) => {
                Some(Kind::Bugcheck { code: code(record) })
            }
            15_000..=15_006 if from(&["httpevent", "http"]) => Some(Kind::Http { id }),
            _ => None,
        }
    }

    /// The word that reports use.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::NonpagedEmpty => "nonpaged_pool_empty",
            Kind::PagedEmpty => "paged_pool_empty",
            Kind::NoWorkItem => "smb_no_work_item",
            Kind::NoConnection => "smb_no_connection",
            Kind::LogStarted => "log_started",
            Kind::LogStopped => "log_stopped",
            Kind::Unexpected => "unexpected_shutdown",
            Kind::Version => "version_at_boot",
            Kind::Uptime { .. } => "uptime",
            Kind::Started => "system_started",
            Kind::Stopped => "system_stopped",
            Kind::ShutdownAsked => "shutdown_requested",
            Kind::PowerLost { .. } => "restart_without_shutdown",
            Kind::ClockSet(_) => "clock_set",
            Kind::Installed { .. } if self.is_driver() => "driver_installed",
            Kind::Installed { .. } => "service_installed",
            Kind::Bugcheck { .. } => "bugcheck",
            Kind::Http { .. } => "http_sys_error",
        }
    }

    /// True for the install of a file that is called as drivers are.
    pub fn is_driver(&self) -> bool {
        match self {
            Kind::Installed { image, .. } => image
                .as_ref()
                .is_some_and(|name| name.to_ascii_lowercase().ends_with(".sys")),
            _ => false,
        }
    }

    /// True for what is logged whenever Windows starts.
    pub const fn is_start(&self) -> bool {
        matches!(self, Kind::Started | Kind::LogStarted | Kind::Version)
    }

    /// The event's number.
    pub const fn id(&self) -> u32 {
        match self {
            Kind::NonpagedEmpty => 2019,
            Kind::PagedEmpty => 2020,
            Kind::NoWorkItem => 2021,
            Kind::NoConnection => 2022,
            Kind::LogStarted => 6005,
            Kind::LogStopped => 6006,
            Kind::Unexpected => 6008,
            Kind::Version => 6009,
            Kind::Uptime { .. } => 6013,
            Kind::Started => 12,
            Kind::Stopped => 13,
            Kind::ShutdownAsked => 1074,
            Kind::PowerLost { .. } => 41,
            Kind::ClockSet(_) => 1,
            Kind::Installed { .. } => 7045,
            Kind::Bugcheck { .. } => 1001,
            Kind::Http { id } => *id,
        }
    }
}

/// A provider's name for comparing.
fn bare(provider: &str) -> String {
    let name = provider.trim().to_ascii_lowercase();
    match name.strip_prefix("microsoft-windows-") {
        Some(rest) => rest.to_owned(),
        None => name,
    }
}

fn of_event_log(id: u32, record: &Record) -> Option<Kind> {
    Some(match id {
        6005 => Kind::LogStarted,
        6006 => Kind::LogStopped,
        6008 => Kind::Unexpected,
        6009 => Kind::Version,
        6013 => {
            // The message's fifth value is the uptime, its seventh the bias and name of the zone.
            let seconds = record.value_at(4).and_then(|text| text.parse().ok());
            Kind::Uptime {
                seconds,
                zone: record.value_at(6).and_then(zone),
            }
        }
        _ => return None,
    })
}

/// `480 Pacific Standard Time`.
fn zone(text: &str) -> Option<(i32, String)> {
    /// Minutes of the farthest zone, and an hour for daylight saving.
    const FARTHEST: i32 = 15 * 60;
    let (bias, name) = text.split_once(' ')?;
    let bias: i32 = bias.parse().ok()?;
    let name = name.trim();
    ((-FARTHEST..=FARTHEST).contains(&bias) && !name.is_empty()).then(|| (bias, name.to_owned()))
}

fn clock_set(record: &Record) -> Option<ClockSet> {
    let stated = record.value("OldTime").zip(record.value("NewTime"));
    if let Some((old, new)) = stated {
        return Some(ClockSet {
            old: instant(old)?,
            new: instant(new)?,
            reason: record.value("Reason").and_then(|text| text.parse().ok()),
            ordered: true,
        });
    }
    // Messages of every language hold both times in ISO form, in UTC.
    let message = record.message.as_deref()?;
    let mut times = message
        .split(|c: char| c.is_whitespace())
        .map(|word| word.trim_end_matches(['.', '。', ',']))
        .filter(|word| word.contains('T') && word.ends_with('Z'))
        .filter_map(instant);
    Some(ClockSet {
        new: times.next()?,
        old: times.next()?,
        reason: None,
        ordered: false,
    })
}

fn installed(record: &Record, path: &str) -> Kind {
    let image = match record.value(path) {
        Some(path) => file_name(path),
        None => record
            .message
            .as_deref()
            .and_then(|text| named_in(text, ".sys").or_else(|| named_in(text, ".exe"))),
    };
    Kind::Installed {
        service: record
            .value("ServiceName")
            .filter(|name| !name.is_empty())
            .map(str::to_owned),
        image,
    }
}

/// The file that a service's command line starts: `\??\C:\x\y.sys`, `"C:\a b\c.exe" -k d`.
fn file_name(path: &str) -> Option<String> {
    let path = path.trim();
    if let Some(named) = named_in(path, ".sys").or_else(|| named_in(path, ".exe")) {
        return Some(named);
    }
    let name = path.trim_matches('"').rsplit(['\\', '/']).next()?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The first file in a text whose name ends so, without folders; names stand on one line.
fn named_in(text: &str, end: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let is_end = |at: &usize| {
        let after = lower
            .get(at + end.len()..)
            .and_then(|rest| rest.chars().next());
        after.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '\\'))
    };
    let (at, _) = lower.match_indices(end).find(|(at, _)| is_end(at))?;
    let upto = text.get(..at + end.len())?;
    let line = upto.rsplit(['\n', '\r']).next()?;
    let name = match line.rfind(['\\', '/']) {
        Some(slash) => line.get(slash + 1..)?,
        None => line.rsplit([' ', '\t', ':', '"', '\u{a0}']).next()?,
    };
    (name.len() > end.len()).then(|| name.to_owned())
}

/// The code of a bugcheck: `0x0000009f (0x…, …)`, a value or within a message.
fn code(record: &Record) -> Option<u32> {
    let stated = record.value_at(0).or(record.message.as_deref())?;
    let (_, digits) = stated.split_once("0x")?;
    let end = digits
        .find(|c: char| !c.is_ascii_hexdigit())
        .unwrap_or(digits.len());
    u32::from_str_radix(digits.get(..end.min(8))?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(provider: &str, id: u32, data: &[(&str, &str)]) -> Record {
        Record {
            provider: provider.to_owned(),
            id: Some(id),
            data: data
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            ..Record::default()
        }
    }

    #[test]
    fn providers_and_ids_decide_together() {
        assert_eq!(
            Kind::of(&record("Srv", 2019, &[])),
            Some(Kind::NonpagedEmpty)
        );
        assert_eq!(
            Kind::of(&record("srv", 2022, &[])),
            Some(Kind::NoConnection)
        );
        assert_eq!(Kind::of(&record("Acme", 2019, &[])), None);
        assert_eq!(
            Kind::of(&record("Microsoft-Windows-Kernel-General", 12, &[])),
            Some(Kind::Started)
        );
        assert_eq!(
            Kind::of(&record("Microsoft-Windows-Kernel-Boot", 12, &[])),
            None
        );
        assert_eq!(Kind::of(&record("EventLog", 6011, &[])), None);
        let mut renamed = record(
            "Microsoft-Windows-WER-SystemErrorReporting",
            1001,
            &[("param1", "0x0000009f (0x3, 0x0)")],
        );
        assert_eq!(
            Kind::of(&renamed),
            Some(Kind::Bugcheck { code: Some(0x9f) })
        );
        renamed.provider = "Windows Error Reporting".into();
        assert_eq!(Kind::of(&renamed), None);
        renamed.source = Some("BugCheck".into());
        assert!(Kind::of(&renamed).is_some());
    }

    #[test]
    fn the_file_of_an_install() {
        let image = |path: &str| match Kind::of(&record(
            "Service Control Manager",
            7045,
            &[("ServiceName", "X"), ("ImagePath", path)],
        )) {
            Some(Kind::Installed { image, .. }) => image,
            other => panic!("{other:?}"),
        };
        for (path, name) in [
            ("\\SystemRoot\\System32\\drivers\\ambr.sys", "ambr.sys"),
            ("\\??\\C:\\Program Files\\Q V\\Q.SYS", "Q.SYS"),
            ("\"C:\\Program Files\\a b\\c.exe\" -k d", "c.exe"),
            ("C:\\Windows\\svc.exe -x C:\\y", "svc.exe"),
            ("C:\\my.system\\agent.exe", "agent.exe"),
            ("lone.sys", "lone.sys"),
            ("C:\\odd\\service", "service"),
        ] {
            assert_eq!(image(path).as_deref(), Some(name), "{path}");
        }
        assert_eq!(image(""), None);
    }

    #[test]
    fn a_message_of_any_language_holds_the_driver_and_the_times() {
        let mut found = record("Service Control Manager", 7045, &[]);
        found.message = Some("Ein Dienst wurde installiert.\r\n\r\nDienstname:  Ambr\r\nDienstdateiname:  \\SystemRoot\\drivers\\ambr.sys\r\nDiensttyp: x".into());
        let Some(Kind::Installed { service, image }) = Kind::of(&found) else {
            panic!("no install");
        };
        assert_eq!((service, image.as_deref()), (None, Some("ambr.sys")));
        let mut set = record("Microsoft-Windows-Kernel-General", 1, &[]);
        set.message = Some("Die Systemzeit wurde von \u{200e}2026\u{200e}-\u{200e}03\u{200e}-\u{200e}01T10:00:00.5Z in 2026-03-01T12:00:00Z.".into());
        let Some(Kind::ClockSet(clock)) = Kind::of(&set) else {
            panic!("no clock");
        };
        assert_eq!((clock.old - clock.new).num_seconds(), 7_199);
        assert!(!clock.ordered);
    }

    #[test]
    fn uptime_states_the_zone() {
        let mut values = vec![("", ""); 4];
        values.extend([
            ("", "86400"),
            ("", "60"),
            ("", "-60 W. Europe Standard Time"),
        ]);
        let Some(Kind::Uptime { seconds, zone }) = Kind::of(&record("EventLog", 6013, &values))
        else {
            panic!("no uptime");
        };
        assert_eq!(seconds, Some(86_400));
        assert_eq!(zone, Some((-60, "W. Europe Standard Time".into())));
        assert_eq!(super::zone("99999 Nowhere"), None);
    }
}
