//! IP addresses: found in any text, told by class, given a pseudonym that keeps the class.
//!
//! Classes are those of the IANA special-purpose registries (RFC 6890). Loopback `127.0.0.1` and
//! `::1`, the unspecified `0.0.0.0` and `::`, and the broadcast address say nothing about anybody
//! and stay. Of everything else only class and equality are kept: not the subnet, not the order.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::pseudonym::{Class, Pseudonyms};

/// An address in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    V4(Ipv4Addr),
    /// With the zone that follows `%`, if it is a number; names of interfaces are dropped.
    V6(Ipv6Addr, Option<u32>),
}

/// The addresses in a text, in order, with the bytes each takes.
pub(super) fn find(text: &str) -> Vec<(Range<usize>, Address)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !is_part(bytes[at]) {
            at += 1;
            continue;
        }
        let end = bytes[at..]
            .iter()
            .position(|b| !is_part(*b))
            .map_or(bytes.len(), |n| at + n);
        in_run(text, at..end, &mut found);
        at = found.last().map_or(end, |(range, _)| end.max(range.end));
    }
    found
}

const fn is_part(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':')
}

/// Looks into a run of digits, dots and colons.
fn in_run(text: &str, run: Range<usize>, found: &mut Vec<(Range<usize>, Address)>) {
    let word_before = text[..run.start]
        .chars()
        .next_back()
        .is_some_and(char::is_alphanumeric);
    let shown = &text[run.clone()];
    let body = shown.trim_end_matches('.');
    // `::` may end an address; a single colon may not.
    let body = match body.strip_suffix(':') {
        Some(rest) if !rest.ends_with(':') => rest,
        _ => body,
    };
    if body.matches(':').count() >= 2
        && !word_before
        && let Some((length, address)) = longest_v6(body)
    {
        let end = run.start + length;
        let (zone, after) = zone(text, end);
        found.push((run.start..after, Address::V6(address, zone)));
        return;
    }
    v4_within(text, run, found);
}

/// The longest beginning that is an IPv6 address: a port may follow it after a colon, as old
/// logs write it, and then the whole is none.
fn longest_v6(body: &str) -> Option<(usize, Ipv6Addr)> {
    if let Ok(address) = body.parse() {
        return Some((body.len(), address));
    }
    let cut = body.rfind([':', '.'])?;
    let head = body[..cut].trim_end_matches(['.']);
    (head.matches(':').count() >= 2)
        .then(|| head.parse().ok().map(|address| (head.len(), address)))?
}

/// `%3` or `%Ethernet` behind an address: its number, and where it ends.
fn zone(text: &str, end: usize) -> (Option<u32>, usize) {
    let Some(rest) = text[end..].strip_prefix('%') else {
        return (None, end);
    };
    let named = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '~'));
    let length = rest.find(named).unwrap_or(rest.len());
    match rest[..length].parse() {
        Ok(number) => (Some(number), end + 1 + length),
        // `%2F` of a URI, or a name.
        Err(_) => (None, end + 1 + length),
    }
}

/// Dotted quads in a run; four numbers, no more and no fewer.
fn v4_within(text: &str, run: Range<usize>, found: &mut Vec<(Range<usize>, Address)>) {
    let bytes = text.as_bytes();
    let mut at = run.start;
    while at < run.end {
        if !(bytes[at].is_ascii_digit()) {
            at += 1;
            continue;
        }
        let end = (at..run.end)
            .find(|i| !bytes[*i].is_ascii_digit() && bytes[*i] != b'.')
            .unwrap_or(run.end);
        let quad = text[at..end].trim_end_matches('.');
        if let Some(address) = quad_of(quad) {
            found.push((at..at + quad.len(), Address::V4(address)));
        }
        at = end;
    }
}

/// Four numbers up to 255; leading zeros are read as decimal, as logs write them.
fn quad_of(text: &str) -> Option<Ipv4Addr> {
    let mut parts = [0_u8; 4];
    let mut written = text.split('.');
    for part in &mut parts {
        let digits = written.next().filter(|d| (1..=3).contains(&d.len()))?;
        *part = digits.parse().ok()?;
    }
    written.next().is_none().then(|| Ipv4Addr::from(parts))
}

impl Address {
    /// What stands in its place.
    pub(super) fn pseudonym(&self, given: &mut Pseudonyms, written: &str) -> String {
        match self {
            Address::V4(address) => of_v4(*address, given, written),
            Address::V6(address, zone) => {
                let shown = match address.to_ipv4_mapped() {
                    Some(mapped) => format!("::ffff:{}", of_v4(mapped, given, written)),
                    None => of_v6(*address, given, written),
                };
                zone.map_or(shown.clone(), |zone| format!("{shown}%{zone}"))
            }
        }
    }
}

fn of_v4(address: Ipv4Addr, given: &mut Pseudonyms, written: &str) -> String {
    match v4_class(address) {
        Some(class) => given.of_canonical(Class::Address(class), address.to_string(), written),
        None => address.to_string(),
    }
}

fn of_v6(address: Ipv6Addr, given: &mut Pseudonyms, written: &str) -> String {
    match v6_class(address) {
        Some(class) => given.of_canonical(Class::Address(class), address.to_string(), written),
        None => address.to_string(),
    }
}

/// The class; `None` for addresses that stay.
pub(super) fn v4_class(address: Ipv4Addr) -> Option<&'static str> {
    let [a, b, ..] = address.octets();
    Some(match address {
        Ipv4Addr::LOCALHOST | Ipv4Addr::UNSPECIFIED | Ipv4Addr::BROADCAST => return None,
        _ if address.is_loopback() => "ipv4-loopback",
        _ if address.is_private() => "ipv4-private",
        _ if address.is_link_local() => "ipv4-link-local",
        _ if address.is_multicast() => "ipv4-multicast",
        _ if address.is_documentation() => "ipv4-documentation",
        // RFC 6598, shared between a carrier and its customers.
        _ if a == 100 && (64..128).contains(&b) => "ipv4-shared",
        _ if a == 0 || a >= 240 => "ipv4-reserved",
        _ => "ipv4-public",
    })
}

/// The class; `None` for addresses that stay.
pub(super) fn v6_class(address: Ipv6Addr) -> Option<&'static str> {
    let [first, second, ..] = address.segments();
    Some(match address {
        Ipv6Addr::LOCALHOST | Ipv6Addr::UNSPECIFIED => return None,
        // RFC 4193.
        _ if first & 0xfe00 == 0xfc00 => "ipv6-private",
        _ if first & 0xffc0 == 0xfe80 => "ipv6-link-local",
        // RFC 3879 ended their use; old servers have them.
        _ if first & 0xffc0 == 0xfec0 => "ipv6-site-local",
        _ if first & 0xff00 == 0xff00 => "ipv6-multicast",
        _ if first == 0x2001 && second == 0xdb8 => "ipv6-documentation",
        _ if first & 0xe000 == 0x2000 => "ipv6-public",
        _ => "ipv6-reserved",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::key::Key;
    use proptest::prelude::*;

    fn given() -> Pseudonyms {
        Pseudonyms::new(Key::from_bytes(&[3; 32]).unwrap())
    }

    fn found(text: &str) -> Vec<&str> {
        find(text)
            .into_iter()
            .map(|(range, _)| &text[range])
            .collect()
    }

    #[test]
    fn addresses_are_found_where_they_are_written() {
        for (text, expected) in [
            ("from 10.0.0.5 on", vec!["10.0.0.5"]),
            ("http://10.0.0.5:8080/x", vec!["10.0.0.5"]),
            ("at 192.168.1.7.", vec!["192.168.1.7"]),
            ("web-10.1.2.3_a=10.1.2.4", vec!["10.1.2.3", "10.1.2.4"]),
            ("[fe80::1%12]:443", vec!["fe80::1%12"]),
            ("fe80::1%Ethernet-2 x", vec!["fe80::1%Ethernet-2"]),
            (
                "::1%0 FD00:0:0:0:0:0:0:9",
                vec!["::1%0", "FD00:0:0:0:0:0:0:9"],
            ),
            ("::ffff:10.0.0.5", vec!["::ffff:10.0.0.5"]),
            ("010.000.000.005", vec!["010.000.000.005"]),
            ("face10.0.0.5", vec!["10.0.0.5"]),
            ("2001:db8::5: refused", vec!["2001:db8::5"]),
            ("23:04:23 1.2.3 1.2.3.4.5 10.0.17763.1 256.1.1.1", vec![]),
            ("std::fmt E1: a 0x10 14:00", vec![]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn one_address_is_one_pseudonym_however_written() {
        let mut names = given();
        let mut of = |text: &str| {
            let (range, address) = find(text).remove(0);
            address.pseudonym(&mut names, &text[range])
        };
        let four = of("10.0.0.5");
        assert!(four.starts_with("ipv4-private-"), "{four}");
        assert_eq!(of("010.0.0.005"), four);
        assert_eq!(of("::ffff:10.0.0.5"), format!("::ffff:{four}"));
        let six = of("fd00::9");
        assert!(six.starts_with("ipv6-private-"), "{six}");
        assert_eq!(of("FD00:0:0:0:0:0:0:9"), six);
        assert_eq!(of("fd00::9%7"), format!("{six}%7"));
        assert_eq!(of("fd00::9%Secret"), six);
        for kept in ["127.0.0.1", "::1", "0.0.0.0", "::", "255.255.255.255"] {
            assert_eq!(of(kept), kept);
        }
    }

    /// Ranges as RFC 1918, 4193, 3927 and 4291 give them, in other words than above.
    fn range_v4() -> impl Strategy<Value = (&'static str, Ipv4Addr)> {
        prop_oneof![
            (0x0a00_0000_u32..0x0b00_0000).prop_map(|n| ("ipv4-private-", n.into())),
            (0xac10_0000_u32..0xac20_0000).prop_map(|n| ("ipv4-private-", n.into())),
            (0xc0a8_0000_u32..0xc0a9_0000).prop_map(|n| ("ipv4-private-", n.into())),
            (0x7f00_0002_u32..0x8000_0000).prop_map(|n| ("ipv4-loopback-", n.into())),
            (0xa9fe_0000_u32..0xa9ff_0000).prop_map(|n| ("ipv4-link-local-", n.into())),
            (0x0b00_0000_u32..0x6440_0000).prop_map(|n| ("ipv4-public-", n.into())),
        ]
    }

    fn range_v6() -> impl Strategy<Value = (&'static str, Ipv6Addr)> {
        prop_oneof![
            (0xfc00_u16..0xfe00, any::<u64>()).prop_map(|(h, l)| ("ipv6-private-", six(h, l))),
            (0xfe80_u16..0xfec0, any::<u64>()).prop_map(|(h, l)| ("ipv6-link-local-", six(h, l))),
            (0x2600_u16..0x2a00, any::<u64>()).prop_map(|(h, l)| ("ipv6-public-", six(h, l))),
        ]
    }

    fn six(high: u16, low: u64) -> Ipv6Addr {
        Ipv6Addr::from((u128::from(high) << 112) | u128::from(low))
    }

    proptest! {
        #[test]
        fn class_is_kept_and_nothing_else(
            fours in prop::collection::vec(range_v4(), 1..50),
            sixes in prop::collection::vec(range_v6(), 1..50),
        ) {
            let mut names = given();
            let mut by_pseudonym = std::collections::BTreeMap::new();
            let shown = fours.iter().map(|(class, a)| (*class, a.to_string()));
            for (class, text) in shown.chain(sixes.iter().map(|(class, a)| (*class, a.to_string()))) {
                let around = format!("x [{text}]:80 y");
                let hits = find(&around);
                prop_assert_eq!(hits.len(), 1);
                prop_assert_eq!(&around[hits[0].0.clone()], &text);
                let pseudonym = hits[0].1.pseudonym(&mut names, &text);
                prop_assert!(pseudonym.starts_with(class), "{} for {}", pseudonym, text);
                prop_assert!(find(&pseudonym).is_empty());
                let known = by_pseudonym.entry(pseudonym).or_insert_with(|| text.clone());
                prop_assert_eq!(&*known, &text);
            }
        }

        #[test]
        fn any_text_is_survived(text: String) {
            for (range, _) in find(&text) {
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}
