//! Registry exports (`.reg`): the values that move the pool's limit or http.sys's threshold.
//!
//! Only `"name"=dword:hhhhhhhh` lines are read, in UTF-16 as regedit writes them or in any
//! encoding that keeps ASCII. Names are compared without case; the key a value stands under is not
//! looked at, because each of these names is used by one component only (KB 820129 for http.sys;
//! Microsoft's page on memory management registry keys for the pool).

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
        let Some((name, value)) = dword(line) else {
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

fn dword(line: &str) -> Option<(&str, u32)> {
    let (name, value) = line.trim().strip_prefix('"')?.split_once("\"=dword:")?;
    Some((name, u32::from_str_radix(value.trim(), 16).ok()?))
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

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            parse(&bytes);
            names(&bytes);
        }
    }
}
