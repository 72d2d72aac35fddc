//! Names of artifacts: what Windows and its tools call their files stays, all else is replaced.

use super::Redactor;
use super::address;
use super::pseudonym::Class;

/// Words of which names of folders and files may consist, in lower case, numbers beside.
#[rustfmt::skip]
const COMMON: &[&str] = &[
    "amd64", "arm64", "bcd", "bcdedit", "boot", "c", "case", "catroot", "crash", "cur", "driver", "drivers",
    "driverstore", "dump", "export", "filerepository", "http", "httperr", "iis", "info", "localtag", "log",
    "logfiles", "logs", "memory", "minidump", "msinfo", "new", "nonpaged", "of", "old", "paged", "perf", "perflogs",
    "perfmon", "pool", "poolmon", "poolsnap", "pooltag", "poolused", "programdata", "readme", "reg", "registry",
    "sample", "samples", "screen", "screens", "services", "session", "snap", "snapshot", "snapshots", "state",
    "system", "system32", "systeminfo", "systemroot", "syswow64", "tag", "tags", "temp", "tmp", "windows", "x64",
    "x86",
];

/// Endings that say what a file is, and nothing else.
#[rustfmt::skip]
const ENDINGS: &[&str] = &[
    "7z", "bak", "bin", "blg", "cab", "cat", "cfg", "csv", "dat", "dll", "dmp", "doc", "docx", "drv", "efi", "etl", "evt", "evtx",
    "exe", "gz", "htm", "html", "inf", "ini", "jpg", "json", "jsonl", "log", "md", "mui", "nfo", "old", "out", "pdb", "pdf", "png", "reg",
    "rtf", "so", "sys", "tar", "tmp", "txt", "xls", "xlsx", "xml", "zip",
];

/// Digits that a name may hold and keep: a date with time and fractions. More is a number of
/// something else.
const MOST_DIGITS: usize = 20;

/// Characters of a driver's file name that is kept as it is.
const MOST_DRIVER: usize = 40;

impl Redactor {
    /// An artifact's name, part by part.
    pub(super) fn path(&mut self, name: &str) -> String {
        let parts: Vec<&str> = name.split('/').collect();
        let last = parts.len() - 1;
        let shown: Vec<String> = parts
            .iter()
            .enumerate()
            .map(|(place, part)| match place == last {
                true => self.file_name(part, self.is_driver(name)),
                false => self.component(part, Class::Folder),
            })
            .collect();
        shown.join("/")
    }

    fn is_driver(&self, artifact: &str) -> bool {
        self.known
            .roles
            .get(artifact)
            .is_none_or(|role| *role == "driver")
    }

    /// A driver's file name stays: its vendor knows it, and nobody else chose it.
    pub(super) fn driver_name(&mut self, name: &str) -> String {
        self.file_name(name, true)
    }

    fn file_name(&mut self, name: &str, driver: bool) -> String {
        if driver && is_image_name(name) && !self.names_somebody(name) {
            return name.to_owned();
        }
        self.component(name, Class::File)
    }

    /// A part of a path: as it is if it is made of common words, else its pseudonym with its
    /// ending.
    pub(super) fn component(&mut self, part: &str, class: Class) -> String {
        if matches!(part, "" | "." | "..") || (is_common(part) && !self.names_somebody(part)) {
            return part.to_owned();
        }
        let pseudonym = self.given.of(class, part);
        match ending(part) {
            Some(ending) if class != Class::Folder => format!("{pseudonym}.{ending}"),
            _ => pseudonym,
        }
    }

    /// True if a known name is in it.
    fn names_somebody(&self, text: &str) -> bool {
        self.people.find(text).next().is_some()
    }
}

fn ending(name: &str) -> Option<String> {
    let (_, ending) = name.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    ENDINGS.contains(&ending.as_str()).then_some(ending)
}

/// One word of ASCII letters, digits, `_`, `-` and the ending of an image.
fn is_image_name(name: &str) -> bool {
    let image = matches!(
        ending(name).as_deref(),
        Some("sys" | "dll" | "exe" | "drv" | "mui" | "efi")
    );
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    image && name.len() <= MOST_DRIVER && name.bytes().all(plain) && address::find(name).is_empty()
}

/// Made of common words, numbers and a known ending, and no address.
fn is_common(part: &str) -> bool {
    let (stem, known) = match part.rsplit_once('.') {
        Some((stem, last)) if ENDINGS.contains(&last.to_ascii_lowercase().as_str()) => (stem, true),
        _ => (part, false),
    };
    let digits = stem.bytes().filter(u8::is_ascii_digit).count();
    let words = stem
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty());
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ' | '(' | ')');
    let dashed = stem.replace(['-', '_', ' '], ".");
    (known || !stem.is_empty())
        && digits <= MOST_DIGITS
        && stem.chars().all(plain)
        && words
            .into_iter()
            .all(|word| COMMON.contains(&word.to_lowercase().as_str()))
        && address::find(stem).is_empty()
        && !looks_like_quad(&dashed)
}

/// `10-0-0-5`: an address as hosts in clouds are called. A date has a part over 255 or begins
/// with a year.
fn looks_like_quad(dotted: &str) -> bool {
    !address::find(dotted).is_empty()
}

#[cfg(test)]
mod tests {
    use super::super::testing::redactor;

    #[test]
    fn common_names_stay_and_others_keep_their_ending() {
        let mut redactor = redactor(&["umbriel"]);
        for kept in [
            "HTTPERR/httperr11.log",
            "drivers/hstorflt.sys",
            "poolmon_2014-02-18_13-30.txt",
            "Windows/System32/drivers/http.sys",
            "systeminfo.txt",
            "../httperr1.log",
        ] {
            assert_eq!(redactor.path(kept), kept);
        }
        for (name, start, end) in [
            ("ada/httperr1.log", "folder-", "/httperr1.log"),
            ("HTTPERR/web01.log", "HTTPERR/file-", ".log"),
            ("10.0.0.5/httperr1.log", "folder-", "/httperr1.log"),
            ("poolmon-10-0-0-5.txt", "file-", ".txt"),
            ("umbrielflt.sys", "file-", ".sys"),
            ("hstor (Ada's copy).sys", "file-", ".sys"),
            ("secret", "file-", ""),
            ("a.b.secret", "file-", ""),
        ] {
            let shown = redactor.path(name);
            assert!(
                shown.starts_with(start) && shown.ends_with(end),
                "{name}: {shown}"
            );
            assert_eq!(redactor.path(name), shown);
        }
    }
}
