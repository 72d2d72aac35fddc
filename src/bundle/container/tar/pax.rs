//! PAX records: what a header has no room for (POSIX.1, pax, "pax Extended Header").
//!
//! `<length> <key>=<value>\n`, the length in decimal and counting itself.

use super::header::Extent;
use chrono::{DateTime, TimeDelta, Utc};

/// Sparse maps of more extents are cut: each costs memory, and no honest file has them.
const MAX_EXTENTS: usize = 1 << 16;

/// What the records of one entry say.
#[derive(Clone, Debug, Default)]
pub(super) struct Pax {
    pub path: Option<Vec<u8>>,
    pub link: Option<Vec<u8>>,
    pub size: Option<u64>,
    pub modified: Option<DateTime<Utc>>,
    pub sparse: Sparse,
    /// Records that are none.
    pub broken: bool,
}

/// GNU's sparse files in PAX form (GNU tar manual, "Storing Sparse Files").
#[derive(Clone, Debug, Default)]
pub(super) struct Sparse {
    /// Version 1.0: the map stands before the data.
    pub map_in_data: bool,
    pub name: Option<Vec<u8>>,
    /// Size with holes.
    pub real_size: Option<u64>,
    /// Versions 0.0 and 0.1: the map.
    pub map: Option<Vec<Extent>>,
    /// Version 0.0 states each extent in two records.
    offset: Option<u64>,
}

impl Pax {
    /// Adds records; those that come later win.
    pub(super) fn add(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let Some((key, value, rest)) = record(bytes) else {
                // Padding by NULs is not unusual.
                self.broken |= bytes.iter().any(|&byte| byte != 0);
                return;
            };
            self.take(key, value);
            bytes = rest;
        }
    }

    fn take(&mut self, key: &[u8], value: &[u8]) {
        match key {
            b"path" => self.path = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => self.size = decimal(value),
            b"mtime" => self.modified = time(value),
            _ => {
                if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
                    self.sparse.take(key, value);
                }
            }
        }
    }
}

impl Sparse {
    fn take(&mut self, key: &[u8], value: &[u8]) {
        match key {
            b"major" => self.map_in_data = decimal(value) == Some(1),
            b"name" => self.name = Some(value.to_vec()),
            b"size" | b"realsize" => self.real_size = decimal(value),
            b"map" => self.map = Some(pairs(value.split(|&byte| byte == b','))),
            b"offset" => self.offset = decimal(value),
            b"numbytes" => {
                let map = self.map.get_or_insert_default();
                if let (Some(offset), Some(len)) = (self.offset.take(), decimal(value))
                    && map.len() < MAX_EXTENTS
                {
                    map.push(Extent { offset, len });
                }
            }
            _ => {}
        }
    }
}

/// The map that stands before the data: a count and its pairs, one number a line.
/// Also says how many bytes it takes. `None` where it is not whole yet.
pub(super) fn map_in_data(bytes: &[u8]) -> Option<(Vec<Extent>, usize)> {
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let mut taken = 0;
    let mut next = || {
        let line = lines.next()?.strip_suffix(b"\n")?;
        taken += line.len() + 1;
        decimal(line)
    };
    let count = usize::try_from(next()?)
        .ok()
        .filter(|&n| n <= MAX_EXTENTS)?;
    let mut map = Vec::new();
    for _ in 0..count {
        map.push(Extent {
            offset: next()?,
            len: next()?,
        });
    }
    Some((map, taken))
}

fn pairs<'a>(mut numbers: impl Iterator<Item = &'a [u8]>) -> Vec<Extent> {
    let mut map = Vec::new();
    while let (Some(offset), Some(len)) = (numbers.next(), numbers.next()) {
        let (Some(offset), Some(len)) = (decimal(offset), decimal(len)) else {
            break;
        };
        if map.len() >= MAX_EXTENTS {
            break;
        }
        map.push(Extent { offset, len });
    }
    map
}

/// Key and value of the first record, and what follows it.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = bytes.iter().position(|&byte| byte == b' ')?;
    let len = usize::try_from(decimal(bytes.get(..blank)?)?).ok()?;
    let body = bytes.get(blank + 1..len)?.strip_suffix(b"\n")?;
    let equals = body.iter().position(|&byte| byte == b'=')?;
    Some((
        body.get(..equals)?,
        body.get(equals + 1..)?,
        bytes.get(len..)?,
    ))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Seconds since 1970 with a fraction.
fn time(value: &[u8]) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(value).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds = DateTime::from_timestamp(whole.parse().ok()?, 0)?;
    let nanos: String = fraction
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    let nanos = TimeDelta::nanoseconds(nanos.parse().ok()?);
    if whole.starts_with('-') {
        seconds.checked_sub_signed(nanos)
    } else {
        seconds.checked_add_signed(nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(bytes: &[u8]) -> Pax {
        let mut pax = Pax::default();
        pax.add(bytes);
        pax
    }

    #[test]
    fn records_of_a_name_a_time_and_a_size() {
        let pax = parsed(b"14 path=a b=c\n27 mtime=1700000000.123456\n10 size=7\n\0\0");
        assert_eq!(pax.path.as_deref(), Some(&b"a b=c"[..]));
        assert_eq!(pax.size, Some(7));
        let when = pax.modified.unwrap();
        assert_eq!(when.to_rfc3339(), "2023-11-14T22:13:20.123456+00:00");
        assert!(!pax.broken);
        assert!(parsed(b"99 path=x\n").broken && parsed(b"x").broken && parsed(b"3 a\n").broken);
        assert_eq!(
            time(b"-1.5").unwrap().to_rfc3339(),
            "1969-12-31T23:59:58.500+00:00"
        );
        assert_eq!(time(b"99999999999999999999"), None);
    }

    #[test]
    fn sparse_maps_of_three_versions() {
        let extents = [
            Extent { offset: 0, len: 5 },
            Extent {
                offset: 512,
                len: 1,
            },
        ];
        let one = parsed(b"29 GNU.sparse.map=0,5,512,1,\n");
        assert_eq!(one.sparse.map.as_deref(), Some(&extents[..]));
        let zero = b"23 GNU.sparse.offset=0\n25 GNU.sparse.numbytes=5\n\
            25 GNU.sparse.offset=512\n25 GNU.sparse.numbytes=1\n";
        assert_eq!(parsed(zero).sparse.map.as_deref(), Some(&extents[..]));
        assert_eq!(
            map_in_data(b"2\n0\n5\n512\n1\n\0\0"),
            Some((extents.to_vec(), 12))
        );
        assert_eq!(map_in_data(b"2\n0\n5\n512\n1"), None);
    }

    proptest! {
        #[test]
        fn arbitrary_records_never_panic(bytes: Vec<u8>, text in "[0-9]{1,3} [a-zG.=0-9,-]{0,20}\n") {
            parsed(&bytes);
            parsed(text.as_bytes());
            map_in_data(&bytes);
            time(text.as_bytes());
        }
    }
}
