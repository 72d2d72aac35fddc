//! Registry exports (`.reg`) and listings (`reg query`): the values that move the pool's limit or
//! http.sys's threshold, and the machine's time zone.
//!
//! ```text
//! "Bias"=dword:ffffffc4                               as regedit writes it
//!     Bias    REG_DWORD    0xffffffc4                 as `reg query` does
//! ```
//! In UTF-16 as regedit writes them or in any encoding that keeps ASCII. Names are compared without
//! case. The key a value stands under counts for the time zone only; the others are names that one
//! component alone uses (KB 820129 for http.sys; Microsoft's page on memory management registry
//! keys for the pool).

use encoding_rs::{Encoding, UTF_8};

use super::systeminfo::NameKind;

/// Lines kept; there are three values, and control sets repeat them.
const MAX_LINES: usize = 12;

/// What an export states; a value that it lacks is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegistryFacts {
    /// `EnableAggressiveMemoryUsage` of http.sys.
    pub aggressive_memory_usage: Option<u32>,
    /// `NonPagedPoolSize` in bytes; 0 is automatic.
    pub nonpaged_pool_size: Option<u32>,
    /// `NonPagedPoolLimit` in MiB.
    pub nonpaged_pool_limit: Option<u32>,
}

/// Reads an export.
pub fn parse(bytes: &[u8]) -> RegistryFacts {
    parse_lines(bytes).0
}

/// Reads an export; also the lines, counted from 1, that state something of it.
pub fn parse_lines(bytes: &[u8]) -> (RegistryFacts, Vec<(u64, String)>) {
    let encoding = Encoding::for_bom(bytes).map_or(UTF_8, |(encoding, _)| encoding);
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    let (mut facts, mut lines) = (RegistryFacts::default(), Vec::new());
    for (number, line) in (1u64..).zip(text.lines()) {
        let Some((name, Value::Number(value))) = value_of(line) else {
            continue;
        };
        let slot = match name.to_ascii_lowercase().as_str() {
            "enableaggressivememoryusage" => &mut facts.aggressive_memory_usage,
            "nonpagedpoolsize" => &mut facts.nonpaged_pool_size,
            "nonpagedpoollimit" => &mut facts.nonpaged_pool_limit,
            _ => continue,
        };
        *slot = Some(value);
        if lines.len() < MAX_LINES {
            lines.push((number, line.to_owned()));
        }
    }
    (facts, lines)
}

/// Values of text that name a machine, a person, a company or a domain, in lower case: the
/// registration of Windows, the computer's name, the parameters of TCP/IP and of the logon.
const NAMING: &[(&str, NameKind)] = &[
    ("computername", NameKind::Host),
    ("hostname", NameKind::Host),
    ("nv hostname", NameKind::Host),
    ("registeredowner", NameKind::User),
    ("defaultusername", NameKind::User),
    ("lastusedusername", NameKind::User),
    ("registeredorganization", NameKind::Organisation),
    ("domain", NameKind::Domain),
    ("nv domain", NameKind::Domain),
    ("dhcpdomain", NameKind::Domain),
    ("defaultdomainname", NameKind::Domain),
    ("searchlist", NameKind::Domain),
];

/// The names that an export states, as written. The analysis does not use them.
pub fn names(bytes: &[u8]) -> Vec<(NameKind, String)> {
    let encoding = Encoding::for_bom(bytes).map_or(UTF_8, |(encoding, _)| encoding);
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    text.lines()
        .filter_map(|line| {
            let (name, value) = line.trim().strip_prefix('"')?.split_once("\"=\"")?;
            let value = value.strip_suffix('"')?.replace("\\\\", "\\");
            let name = name.to_ascii_lowercase();
            let (_, kind) = NAMING.iter().find(|(naming, _)| *naming == name)?;
            (!value.is_empty()).then_some((*kind, value))
        })
        .collect()
}

/// The time zone that an export states: the key `TimeZoneInformation`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatedTimeZone {
    /// `TimeZoneKeyName`, the id that is English everywhere; before Windows Vista `StandardName`,
    /// which is in the language of the machine.
    pub id: Option<String>,
    /// `Bias`: minutes that standard time lies west of UTC.
    pub bias_minutes: Option<i32>,
    /// `ActiveTimeBias`: the same with daylight saving, when the export was made.
    pub active_bias_minutes: Option<i32>,
    /// Daylight saving is switched off: `DynamicDaylightTimeDisabled`, `DisableAutoDaylightTimeSet`.
    pub without_daylight: bool,
    /// The line that states the id, or else the bias.
    pub line: u64,
}

/// The time zone that an export states; of several control sets the current one, or the first.
pub fn time_zone(bytes: &[u8]) -> Option<StatedTimeZone> {
    let encoding = Encoding::for_bom(bytes).map_or(UTF_8, |(encoding, _)| encoding);
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    let mut zones: Vec<(bool, StatedTimeZone)> = Vec::new();
    let mut within = false;
    for (number, line) in (1u64..).zip(text.lines()) {
        if let Some(key) = key_of(line) {
            let key = key.to_ascii_lowercase();
            within = key.ends_with("\\timezoneinformation");
            if within {
                let current = key.contains("\\currentcontrolset\\");
                zones.push((current, StatedTimeZone::default()));
            }
        } else if within && let (Some((_, zone)), Some(value)) = (zones.last_mut(), value_of(line))
        {
            zone.take(number, value);
        }
    }
    let says = |zone: &StatedTimeZone| zone.id.is_some() || zone.bias_minutes.is_some();
    zones.retain(|(_, zone)| says(zone));
    let place = zones.iter().position(|(current, _)| *current).unwrap_or(0);
    zones.into_iter().nth(place).map(|(_, zone)| zone)
}

impl StatedTimeZone {
    fn take(&mut self, line: u64, (name, value): (&str, Value)) {
        let (folded, id) = (name.to_ascii_lowercase(), self.id.is_some());
        match (folded.as_str(), value) {
            // Some versions keep what a longer name left behind its end.
            ("timezonekeyname", Value::Text(text)) => {
                let text = text
                    .split('\0')
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_owned();
                self.id = (!text.is_empty()).then_some(text);
                self.line = line;
            }
            ("standardname", Value::Text(text)) if !id && !text.starts_with('@') => {
                self.id = Some(text);
                self.line = line;
            }
            ("bias", Value::Number(bias)) => {
                self.bias_minutes = Some(bias.cast_signed());
                self.line = if id { self.line } else { line };
            }
            ("activetimebias", Value::Number(bias)) => {
                self.active_bias_minutes = Some(bias.cast_signed());
            }
            ("dynamicdaylighttimedisabled" | "disableautodaylighttimeset", Value::Number(off)) => {
                self.without_daylight |= off != 0;
            }
            _ => {}
        }
    }
}

/// The key that a line begins, in either form.
fn key_of(line: &str) -> Option<&str> {
    let line = line.trim();
    let key = line
        .strip_prefix('[')
        .and_then(|key| key.strip_suffix(']'))
        .unwrap_or(line);
    key.starts_with("HKEY_").then_some(key)
}

/// What a value holds, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Number(u32),
    Text(String),
}

/// The value that a line states, in either form.
fn value_of(line: &str) -> Option<(&str, Value)> {
    let line = line.trim();
    if let Some(quoted) = line.strip_prefix('"') {
        let (name, value) = quoted.split_once("\"=")?;
        let value = match value.strip_prefix("dword:") {
            Some(digits) => Value::Number(u32::from_str_radix(digits.trim(), 16).ok()?),
            None => {
                let text = value.strip_prefix('"')?.strip_suffix('"')?;
                Value::Text(text.replace("\\\\", "\\"))
            }
        };
        return Some((name, value));
    }
    let at = line.find("REG_")?;
    let (name, rest) = line.split_at_checked(at)?;
    let (kind, value) = rest.split_once([' ', '\t'])?;
    let value = value.trim();
    let value = match kind {
        "REG_DWORD" => Value::Number(u32::from_str_radix(value.strip_prefix("0x")?, 16).ok()?),
        "REG_SZ" => Value::Text(value.to_owned()),
        _ => return None,
    };
    Some((name.trim(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EXPORT: &str = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\x]\r\n\"EnableAggressiveMemoryUsage\"=dword:00000001\r\n\"nonpagedpoolsize\"=dword:0a000000\r\n\"Other\"=dword:00000007\r\n\"NonPagedPoolLimit\"=\"text\"\r\n";

    #[test]
    fn values_are_found_in_either_encoding() {
        let wanted = RegistryFacts {
            aggressive_memory_usage: Some(1),
            nonpaged_pool_size: Some(160 << 20),
            nonpaged_pool_limit: None,
        };
        assert_eq!(parse(EXPORT.as_bytes()), wanted);
        let (_, lines) = parse_lines(EXPORT.as_bytes());
        let numbers: Vec<u64> = lines.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [4, 5]);
        let wide: Vec<u8> = [0xfeff]
            .into_iter()
            .chain(EXPORT.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(parse(&wide), wanted);
        assert_eq!(parse(b""), RegistryFacts::default());
    }

    #[test]
    fn names_are_found() {
        let text = "\"ComputerName\"=\"KESTREL-01\"\r\n\"RegisteredOwner\"=\"Ada Quill\"\r\n\"NV Domain\"=\"\"\r\n\"Other\"=\"x\"\r\n";
        assert_eq!(
            names(text.as_bytes()),
            [
                (NameKind::Host, "KESTREL-01".to_owned()),
                (NameKind::User, "Ada Quill".to_owned())
            ]
        );
    }

    const ZONE: &str = "[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Control\\TimeZoneInformation]\r\n\"Bias\"=dword:00000000\r\n\"TimeZoneKeyName\"=\"GMT Standard Time\"\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation]\r\n\"ActiveTimeBias\"=dword:ffffff88\r\n\"Bias\"=dword:ffffffc4\r\n\"StandardName\"=\"@tzres.dll,-322\"\r\n\"TimeZoneKeyName\"=\"W. Europe Standard Time\"\r\n\"DynamicDaylightTimeDisabled\"=dword:00000000\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\x]\r\n\"Bias\"=dword:00000005\r\n";

    #[test]
    fn the_zone_of_the_current_control_set() {
        let zone = time_zone(ZONE.as_bytes()).unwrap();
        assert_eq!(zone.id.as_deref(), Some("W. Europe Standard Time"));
        assert_eq!(
            (zone.bias_minutes, zone.active_bias_minutes),
            (Some(-60), Some(-120))
        );
        assert_eq!((zone.without_daylight, zone.line), (false, 9));
        assert_eq!(time_zone(EXPORT.as_bytes()), None);
    }

    #[test]
    fn a_listing_of_reg_query() {
        let text = "\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation\r\n    Bias    REG_DWORD    0x1e0\r\n    StandardName    REG_SZ    Pacific Standard Time\r\n    DisableAutoDaylightTimeSet\tREG_DWORD\t0x1\r\n";
        let zone = time_zone(text.as_bytes()).unwrap();
        assert_eq!(zone.id.as_deref(), Some("Pacific Standard Time"));
        assert_eq!(
            (zone.bias_minutes, zone.without_daylight),
            (Some(480), true)
        );
        let text =
            "HKEY_LOCAL_MACHINE\\x\r\n    EnableAggressiveMemoryUsage    REG_DWORD    0x1\r\n";
        assert_eq!(parse(text.as_bytes()).aggressive_memory_usage, Some(1));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            parse(&bytes);
            names(&bytes);
            time_zone(&bytes);
        }
    }
}
