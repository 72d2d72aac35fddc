//! Registry exports (`.reg`): the values that move the pool's limit or http.sys's threshold.
//!
//! Only `"name"=dword:hhhhhhhh` lines are read, in UTF-16 as regedit writes them or in any
//! encoding that keeps ASCII. Names are compared without case; the key a value stands under is not
//! looked at, because each of these names is used by one component only (KB 820129 for http.sys;
//! Microsoft's page on memory management registry keys for the pool).

use encoding_rs::{Encoding, UTF_8};

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

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            parse(&bytes);
        }
    }
}
