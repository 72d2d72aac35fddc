//! http.sys's error logs: where they are, which to take, and whether it began to refuse.

use crate::filetime::FileTime;
use crate::host::Host;
use crate::registry;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// What http.sys writes as the reason of a connection that it refused.
const REFUSED: &[u8] = b"Connections_Refused";
/// Logs that are listed at most.
const MOST: usize = 10_000;
/// New bytes of one log that are searched in one go; more waits for the next.
const MOST_NEW: u64 = 64 << 20;

/// One log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Its name.
    pub name: String,
    /// Its path as Windows has it.
    pub source: String,
    /// Where it is read.
    pub path: PathBuf,
    /// Its size as the directory has it, which lags behind while http.sys writes.
    pub size: u64,
    /// When it was last written.
    pub modified: FileTime,
}

/// The folder of the logs: `ErrorLoggingDir` of http.sys's parameters with `HTTPERR` below, or
/// where Windows puts them. Values may begin with `\SystemRoot` or hold `%variables%`.
pub fn folder(host: &dyn Host, windows: &str) -> String {
    let stated = host.registry_value(registry::HTTP, "ErrorLoggingDir");
    let stated = stated
        .as_ref()
        .and_then(|v| v.text())
        .map(str::trim)
        .filter(|t| !t.is_empty());
    let base = stated.map_or_else(
        || format!("{windows}\\System32\\LogFiles"),
        |text| crate::modules::file_of(&expanded(host, text), windows).path,
    );
    format!("{}\\HTTPERR", base.trim_end_matches('\\'))
}

fn expanded(host: &dyn Host, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let variable = after
            .split_once('%')
            .and_then(|(name, later)| Some((host.variable(name)?, later)));
        match variable {
            Some((value, later)) => {
                out.push_str(&value);
                rest = later;
            }
            None => {
                out.push('%');
                rest = after;
            }
        }
    }
    out + rest
}

/// The logs of the folder, newest first. All `.log` files: names of other forms than
/// `httperr1.log` occur where logs are kept by the day.
///
/// # Errors
/// When the folder cannot be listed; without an administrator's rights it cannot.
pub fn list(host: &dyn Host, folder: &str) -> io::Result<Vec<Log>> {
    let mut logs = Vec::new();
    for entry in fs::read_dir(host.path(folder))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_log = name.to_ascii_lowercase().ends_with(".log");
        let data = entry.metadata()?;
        if is_log && data.is_file() && logs.len() < MOST {
            logs.push(Log {
                source: format!("{folder}\\{name}"),
                path: entry.path(),
                size: data.len(),
                modified: data.modified().map(FileTime::from).unwrap_or_default(),
                name,
            });
        }
    }
    logs.sort_by(|a, b| (b.modified, &a.name).cmp(&(a.modified, &b.name)));
    Ok(logs)
}

/// Looks for refusals that are logged after it was made.
pub struct Watch {
    folder: String,
    read: BTreeMap<String, u64>,
}

impl Watch {
    /// Remembers how long the logs are now.
    pub fn begin(host: &dyn Host, folder: &str) -> Watch {
        let logs = list(host, folder).unwrap_or_default();
        // The directory's size lags; what is written already is only known by opening the file.
        let read = logs
            .into_iter()
            .map(|log| (log.name, length(&log.path).unwrap_or(log.size)));
        Watch {
            folder: folder.to_owned(),
            read: read.collect(),
        }
    }

    /// True if a refusal was logged since the last look.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn refused(&mut self, host: &dyn Host) -> io::Result<bool> {
        let mut refused = false;
        for log in list(host, &self.folder)? {
            let start = self.read.get(&log.name).copied().unwrap_or(0);
            // A log that cannot be read now may be readable at the next look.
            if let Ok((found, end)) = search(&log.path, start) {
                refused |= found;
                self.read.insert(log.name, end);
            }
        }
        Ok(refused)
    }
}

fn length(path: &Path) -> io::Result<u64> {
    File::open(path)?.seek(SeekFrom::End(0))
}

/// Searches a log from `start`; says whether the reason is there and where to go on.
fn search(path: &Path, start: u64) -> io::Result<(bool, u64)> {
    let mut file = File::open(path)?;
    // A log that was replaced by a shorter one is read from its beginning.
    let start = if file.seek(SeekFrom::End(0))? < start {
        0
    } else {
        start
    };
    // The word may have been cut in two by the last look.
    let from = start.saturating_sub(REFUSED.len() as u64 - 1);
    file.seek(SeekFrom::Start(from))?;
    let (mut found, mut end) = (false, from);
    let mut buffer = vec![0; 64 << 10];
    let mut kept = 0;
    let mut source = file.take(MOST_NEW);
    loop {
        let count = source.read(&mut buffer[kept..])?;
        if count == 0 {
            return Ok((found, end.max(start)));
        }
        end += count as u64;
        let filled = kept + count;
        let seen = &buffer[..filled];
        found |= seen.windows(REFUSED.len()).any(|w| w == REFUSED);
        kept = filled.min(REFUSED.len() - 1);
        buffer.copy_within(filled - kept..filled, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Value;
    use crate::testing::FakeHost;
    use std::io::Write as _;

    #[test]
    fn the_registry_says_where_the_logs_are() {
        let host = FakeHost::default();
        let windows = "C:\\Windows";
        assert_eq!(
            folder(&host, windows),
            "C:\\Windows\\System32\\LogFiles\\HTTPERR"
        );
        for (stated, expected) in [
            ("D:\\Logs\\", "D:\\Logs\\HTTPERR"),
            ("%SystemDrive%\\inetpub\\logs", "C:\\inetpub\\logs\\HTTPERR"),
            ("\\SystemRoot\\x", "C:\\Windows\\x\\HTTPERR"),
            ("C:\\100%\\%none%", "C:\\100%\\%none%\\HTTPERR"),
            (" ", "C:\\Windows\\System32\\LogFiles\\HTTPERR"),
        ] {
            host.set(
                registry::HTTP,
                "ErrorLoggingDir",
                Value::Text(stated.into()),
            );
            assert_eq!(folder(&host, windows), expected);
        }
    }

    #[test]
    fn all_logs_are_listed_whatever_their_names() {
        let host = FakeHost::default();
        let folder = "C:\\logs\\HTTPERR";
        for name in ["httperr1.log", "HTTPERR_260101.LOG", "notes.txt"] {
            host.write(&format!("{folder}\\{name}"), b"x");
        }
        let mut names: Vec<String> = list(&host, folder)
            .unwrap()
            .into_iter()
            .map(|l| l.name)
            .collect();
        names.sort();
        assert_eq!(names, ["HTTPERR_260101.LOG", "httperr1.log"]);
        assert!(list(&host, "C:\\none").is_err());
    }

    #[test]
    fn only_refusals_after_the_beginning_count_also_in_pieces() {
        let host = FakeHost::default();
        let folder = "C:\\logs\\HTTPERR";
        let log = format!("{folder}\\httperr1.log");
        host.write(&log, b"old 5_Connections_Refused -\r\n");
        let mut watch = Watch::begin(&host, folder);
        assert!(!watch.refused(&host).unwrap());
        let append = |bytes: &[u8]| {
            let path = host.path(&log);
            fs::OpenOptions::new()
                .append(true)
                .open(path)
                .unwrap()
                .write_all(bytes)
                .unwrap();
        };
        append(b"new Timer_ConnectionIdle\r\n Connections_Ref");
        assert!(!watch.refused(&host).unwrap());
        append(b"used\r\n");
        assert!(watch.refused(&host).unwrap());
        assert!(!watch.refused(&host).unwrap());
        host.write(&format!("{folder}\\httperr2.log"), &[b'x'; 70_000]);
        assert!(!watch.refused(&host).unwrap());
        host.write(&log, b"3_Connections_Refused");
        assert!(watch.refused(&host).unwrap(), "a shorter file is a new one");
    }
}
