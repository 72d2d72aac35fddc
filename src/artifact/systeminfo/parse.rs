//! From rows to typed fields.

use super::keys::{Field, field_of};
use super::layout::{Row, rows};
use super::text::{MAX_BYTES, shortened};
use super::{Architecture, FoundBy, Layout, Note, OsVersion, Stated, SystemInfo};

/// systeminfo divides by 1024 twice.
const MIB: u64 = 1 << 20;

/// More memory than any machine has: a number beyond is misread. 64 TiB in MiB.
const MAX_MIB: u64 = 64 << 20;

/// Longest text kept of a value.
const MAX_VALUE: usize = 300;

/// Reads the output of systeminfo in any layout and encoding. A file that is something
/// else gives a value without fields ([`SystemInfo::fields`]).
pub fn parse(bytes: &[u8]) -> SystemInfo {
    let text = super::text_of(bytes);
    let (layout, rows) = rows(
        super::msinfo::as_systeminfo(&text)
            .as_ref()
            .unwrap_or(&text),
    );
    let mut info = SystemInfo {
        layout,
        host: None,
        os_name: None,
        os_version: None,
        architecture: None,
        ram_bytes: None,
        installed: None,
        boot: None,
        time_zone: None,
        hotfixes: None,
        notes: Vec::new(),
    };
    if bytes.len() > MAX_BYTES {
        info.notes.push(Note::Cut {
            read: MAX_BYTES,
            size: bytes.len(),
        });
    }
    let first = info.only_the_first(&rows);
    for row in first {
        if let Some(field) = field_of(row) {
            info.take(field, row, FoundBy::Name);
        }
    }
    info.take_by_value(first);
    info
}

impl SystemInfo {
    /// The rows of the first output, where several follow each other.
    fn only_the_first<'r>(&mut self, rows: &'r [Row]) -> &'r [Row] {
        let mut hosts = rows
            .iter()
            .enumerate()
            .filter(|(_, r)| field_of(r) == Some(Field::Host));
        match (hosts.next(), hosts.next()) {
            (Some(_), Some((second, row))) => {
                self.notes.push(Note::SecondOutput { line: row.line });
                rows.get(..second).unwrap_or(rows)
            }
            _ => rows,
        }
    }

    /// Keeps the first readable value of each field.
    fn take(&mut self, field: Field, row: &Row, by: FoundBy) {
        let text = || Some(stated(row.value.chars().take(MAX_VALUE).collect(), row, by));
        let filled = match field {
            Field::Host => fill(&mut self.host, text()),
            Field::OsName => fill(&mut self.os_name, text()),
            Field::Installed => fill(&mut self.installed, text()),
            Field::Boot => fill(&mut self.boot, text()),
            Field::TimeZone => fill(&mut self.time_zone, text()),
            Field::OsVersion => fill(
                &mut self.os_version,
                version(&row.value).map(|v| stated(v, row, by)),
            ),
            Field::SystemType => fill(
                &mut self.architecture,
                architecture(&row.value).map(|v| stated(v, row, by)),
            ),
            Field::Memory => fill(
                &mut self.ram_bytes,
                memory(&row.value).map(|v| stated(v, row, by)),
            ),
            Field::Hotfixes => fill(
                &mut self.hotfixes,
                count(&row.value).map(|v| stated(v, row, by)),
            ),
        };
        if let (false, Some(field)) = (filled, number_field(field)) {
            let text = shortened(&row.value);
            self.notes.push(Note::Unreadable {
                line: row.line,
                field,
                text,
            });
        }
    }

    /// Fields whose names are not known: their values give them away. systeminfo writes
    /// host, name and version first, and total memory before the other sizes, in every
    /// language.
    fn take_by_value(&mut self, rows: &[Row]) {
        let mut find = |field: Field, looks_right: fn(&str) -> bool| {
            if let Some(row) = rows.iter().find(|row| looks_right(&row.value)) {
                self.take(field, row, FoundBy::Value);
            }
        };
        find(Field::OsVersion, |value| version(value).is_some());
        find(Field::OsName, |value| {
            value.contains("Windows") && !value.contains('\\')
        });
        find(Field::SystemType, |value| {
            value.contains("PC") && architecture(value).is_some()
        });
        find(Field::TimeZone, |value| {
            value.starts_with("(UTC") || value.starts_with("(GMT")
        });
        find(Field::Memory, |value| memory(value).is_some());
        let typical = self.os_version.is_some() && self.time_zone.is_some();
        if let (true, Some(first)) = (typical, rows.first())
            && self.host.is_none()
            && (self.layout != Layout::List || self.os_version_follows(first))
        {
            self.take(Field::Host, first, FoundBy::Value);
        }
    }

    /// The host's line is two above that of the version.
    fn os_version_follows(&self, first: &Row) -> bool {
        let below = self
            .os_version
            .as_ref()
            .and_then(|v| v.line.checked_sub(first.line));
        below == Some(2) && !first.value.is_empty()
    }
}

/// True when the slot holds a value afterwards.
fn fill<T>(slot: &mut Option<Stated<T>>, value: Option<Stated<T>>) -> bool {
    if slot.is_none() {
        *slot = value;
    }
    slot.is_some()
}

fn stated<T>(value: T, row: &Row, by: FoundBy) -> Stated<T> {
    Stated {
        value,
        line: row.line,
        by,
    }
}

/// The fields whose values must be readable, in words for a note.
fn number_field(field: Field) -> Option<&'static str> {
    match field {
        Field::OsVersion => Some("version of Windows"),
        Field::SystemType => Some("system type"),
        Field::Memory => Some("amount of memory"),
        Field::Host
        | Field::OsName
        | Field::Installed
        | Field::Boot
        | Field::TimeZone
        // `N/A` is a usual value here.
        | Field::Hotfixes => None,
    }
}

/// `10.0.17763 N/A Build 17763`, `5.2.3790 Service Pack 2 Build 3790`.
fn version(value: &str) -> Option<OsVersion> {
    let mut parts = value.split_whitespace().next()?.split('.');
    let mut number = || parts.next()?.parse::<u32>().ok();
    let made = OsVersion {
        major: number()?,
        minor: number()?,
        build: number()?,
    };
    ((3..=20).contains(&made.major) && made.minor < 100).then_some(made)
}

fn architecture(value: &str) -> Option<Architecture> {
    let value = value.to_ascii_lowercase();
    let known = [
        ("arm64", Architecture::Arm64),
        ("x64", Architecture::X64),
        ("x86", Architecture::X86),
        ("itanium", Architecture::Ia64),
        ("ia64", Architecture::Ia64),
    ];
    known
        .into_iter()
        .find(|(word, _)| value.contains(word))
        .map(|(_, found)| found)
}

/// Mebibytes as the languages write them.
const UNITS: [&str; 4] = ["MB", "Mo", "MiB", "МБ"];

/// `16,384 MB`, `16.384 MB`, `16 384 Mo`, `16,384MB`, `16 384 МБ`: whole MiB with thousands separated by whatever
/// the locale uses; systeminfo never writes decimals here.
fn memory(value: &str) -> Option<u64> {
    let value = value.trim();
    let number = UNITS.iter().find_map(|unit| value.strip_suffix(unit))?;
    let number = number.trim_end_matches([' ', '\u{a0}', '\u{ff}']);
    let groups: Vec<&str> = number.trim().split(|c: char| !c.is_ascii_digit()).collect();
    let (first, others) = groups.split_first()?;
    let lengths = (1..=3).contains(&first.len()) || others.is_empty();
    if !lengths || first.is_empty() || others.iter().any(|group| group.len() != 3) {
        return None;
    }
    let mib: u64 = groups.concat().parse().ok()?;
    (1..=MAX_MIB).contains(&mib).then(|| mib.checked_mul(MIB))?
}

/// `12 Hotfix(s) Installed.`
fn count(value: &str) -> Option<u32> {
    value.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ENGLISH: &str = "\r\n\
        Host Name:                 WEB07\r\n\
        OS Name:                   Microsoft Windows Server 2016 Standard\r\n\
        OS Version:                10.0.14393 N/A Build 14393\r\n\
        Original Install Date:     3/9/2018, 8:01:02 AM\r\n\
        System Boot Time:          4/17/2021, 2:03:04 AM\r\n\
        System Type:               x64-based PC\r\n\
        Processor(s):              1 Processor(s) Installed.\r\n\
        \x20                          [01]: Intel64 Family 6\r\n\
        Time Zone:                 (UTC-06:00) Central Time (US & Canada)\r\n\
        Total Physical Memory:     32,767 MB\r\n\
        Available Physical Memory: 20,001 MB\r\n\
        Virtual Memory: Max Size:  40,000 MB\r\n\
        Hotfix(s):                 7 Hotfix(s) Installed.\r\n\
        \x20                          [01]: KB1234567\r\n";

    fn check(info: &SystemInfo, by: FoundBy) {
        let value = |stated: &Option<Stated<String>>| stated.as_ref().map(|s| s.value.clone());
        assert_eq!(value(&info.host).as_deref(), Some("WEB07"));
        assert_eq!(
            info.os_version
                .as_ref()
                .map(|s| (s.value.to_string(), s.by)),
            Some(("10.0.14393".to_owned(), by))
        );
        assert_eq!(
            info.architecture.as_ref().map(|s| s.value),
            Some(Architecture::X64)
        );
        assert_eq!(
            info.ram_bytes.as_ref().map(|s| s.value),
            Some(32_767 * 1_048_576)
        );
        assert!(value(&info.time_zone).is_some_and(|text| text.starts_with("(UTC-06:00)")));
    }

    #[test]
    fn english_list() {
        let info = parse(ENGLISH.as_bytes());
        check(&info, FoundBy::Name);
        assert_eq!(info.fields(), 9);
        assert_eq!(info.boot.as_ref().map(|s| s.line), Some(6));
        assert_eq!(info.hotfixes.map(|s| s.value), Some(7));
        assert_eq!(info.notes, []);
    }

    #[test]
    fn the_same_as_utf16() {
        let units: Vec<u8> = ENGLISH.encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(
            &parse(&[&[0xff, 0xfe], units.as_slice()].concat()),
            FoundBy::Name,
        );
    }

    #[test]
    fn names_in_a_language_that_nobody_knows() {
        let renamed: String = ENGLISH
            .lines()
            .map(|line| match line.split_once(':') {
                Some((name, value)) if !line.starts_with(' ') => {
                    format!("{}:{value}\n", "q".repeat(name.len()))
                }
                _ => format!("{line}\n"),
            })
            .collect();
        check(&parse(renamed.as_bytes()), FoundBy::Value);
    }

    #[test]
    fn german_in_an_oem_code_page() {
        let text = b"Hostname:                                      WEB07\r\n\
            Betriebssystemname:                            Microsoft Windows Server 2019 Standard\r\n\
            Betriebssystemversion:                         10.0.17763 Nicht zutreffend Build 17763\r\n\
            Urspr\x81ngliches Installationsdatum:              09.03.2018, 08:01:02\r\n\
            Systemstartzeit:                               17.04.2021, 02:03:04\r\n\
            Systemtyp:                                     x64-based PC\r\n\
            Zeitzone:                                      (UTC+01:00) Amsterdam, Berlin\r\n\
            Gesamter physischer Speicher:                  16.384 MB\r\n";
        let info = parse(text);
        assert_eq!(info.fields(), 8);
        assert_eq!(info.ram_bytes.map(|s| s.value), Some(16_384 << 20));
        assert_eq!(info.installed.map(|s| s.by), Some(FoundBy::Name));
    }

    #[test]
    fn csv_and_table() {
        let csv = "\"Host Name\",\"OS Version\",\"System Type\",\"Time Zone\",\"Total Physical Memory\"\r\n\
            \"WEB07\",\"10.0.14393 N/A Build 14393\",\"x64-based PC\",\"(UTC-06:00) Central Time\",\"32,767 MB\"\r\n";
        let info = parse(csv.as_bytes());
        check(&info, FoundBy::Name);
        assert_eq!(info.layout, Layout::Csv);
        let (_, values) = csv.split_once("\r\n").unwrap();
        check(&parse(values.as_bytes()), FoundBy::Value);
    }

    #[test]
    fn memory_in_every_locale() {
        for text in [
            "16,384 MB",
            "16.384 MB",
            "16 384 Mo",
            "16\u{a0}384 Mo",
            "16\u{ff}384 Mo",
            "16384 MB",
            "16'384 MB",
            "16,384MB",
            "16\u{a0}384 МБ",
        ] {
            assert_eq!(memory(text), Some(16_384 << 20), "{text}");
        }
        for text in [
            "16.38 MB",
            "MB",
            "0 MB",
            "16384",
            "1,2,3 MB",
            "99999999999999999999 MB",
        ] {
            assert_eq!(memory(text), None, "{text}");
        }
    }

    #[test]
    fn old_and_odd_machines() {
        let info = parse(
            b"OS Version: 5.2.3790 Service Pack 2 Build 3790\nSystem Type: X86-based PC\nTotal Physical Memory: lots\n",
        );
        assert_eq!(info.os_version.map(|s| s.value.build), Some(3790));
        assert_eq!(info.architecture.map(|s| s.value), Some(Architecture::X86));
        assert_eq!(
            info.notes,
            [Note::Unreadable {
                line: 3,
                field: "amount of memory",
                text: "lots".to_owned()
            }]
        );
    }

    #[test]
    fn two_machines_in_one_file() {
        let text = "Host Name: A\nOS Version: 6.1.7601 x\nHost Name: B\nTime Zone: (UTC) x\n";
        let info = parse(text.as_bytes());
        assert_eq!(info.host.map(|s| s.value).as_deref(), Some("A"));
        assert_eq!(info.time_zone, None);
        assert_eq!(info.notes, [Note::SecondOutput { line: 3 }]);
    }

    #[test]
    fn something_else() {
        assert_eq!(parse(b"").fields(), 0);
        assert_eq!(parse(b"hello: world\nfoo: bar\n").fields(), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn any_rows_never_panic(text in "[A-Za-z:,\" =0-9.()\\n]{0,200}") {
            let _ = parse(text.as_bytes());
        }
    }
}
