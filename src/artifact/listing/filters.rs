//! Minifilters: `fltmc filters` and `fltmc instances`.
//!
//! A filter that is listed is loaded. Its altitude is its place in the stack above the file system:
//! the higher, the sooner it sees a request.

use super::Listing;
use super::table::Ruler;
use crate::artifact::systeminfo::text_of;

/// A loaded minifilter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFilter {
    /// The name of its service.
    pub name: String,
    /// Its altitude, a decimal number as written; legacy filters and old systems have none.
    pub altitude: Option<String>,
    /// The line, from 1.
    pub line: u64,
}

/// Reads a listing of filters or of their instances; each filter once.
pub fn filters(bytes: &[u8]) -> Listing<ListedFilter> {
    let text = text_of(bytes);
    let mut listing: Listing<ListedFilter> = Listing::default();
    let mut columns = None;
    for (line, row) in (1_u64..).zip(text.lines()) {
        if let Some(ruler) = Ruler::of(row) {
            columns = Some(ruler.columns());
            continue;
        }
        let Some(columns) = columns.filter(|_| !row.trim().is_empty()) else {
            continue;
        };
        let found = if columns > 4 {
            instance(line, row)
        } else {
            filter(line, row)
        };
        let known = |new: &ListedFilter| {
            let mut rows = listing.rows.iter();
            rows.any(|f| f.name.eq_ignore_ascii_case(&new.name) && f.altitude == new.altitude)
        };
        if found.as_ref().is_none_or(|new| !known(new)) {
            listing.add(found);
        }
    }
    listing
}

/// `name  instances  altitude  frame`, before Windows Vista without the altitude; read from the
/// right, because a long name pushes the others aside.
fn filter(line: u64, row: &str) -> Option<ListedFilter> {
    let words: Vec<&str> = row.split_whitespace().collect();
    let named = |words: &[&str], altitude: Option<&str>| {
        (!words.is_empty()).then(|| ListedFilter {
            name: words.join(" "),
            altitude: altitude.map(str::to_owned),
            line,
        })
    };
    match words.as_slice() {
        [name @ .., "<Legacy>"] => {
            let name = match name {
                [name @ .., count] if is_count(count) && !name.is_empty() => name,
                all => all,
            };
            named(name, None)
        }
        [name @ .., count, altitude, frame]
            if is_count(count) && is_altitude(altitude) && is_count(frame) =>
        {
            named(name, Some(altitude))
        }
        [name @ .., count, frame] if is_count(count) && is_count(frame) => named(name, None),
        _ => None,
    }
}

/// `name  volume  altitude  instance  frame …`; a volume may be missing, and names hold blanks.
fn instance(line: u64, row: &str) -> Option<ListedFilter> {
    let name = row
        .split("  ")
        .next()
        .filter(|name| !name.trim().is_empty())?;
    let rest = row.get(name.len()..)?;
    let altitude = rest.split_whitespace().find(|word| is_altitude(word))?;
    Some(ListedFilter {
        name: name.trim().to_owned(),
        altitude: Some(altitude.to_owned()),
        line,
    })
}

fn is_count(word: &str) -> bool {
    !word.is_empty() && word.len() <= 6 && word.bytes().all(|b| b.is_ascii_digit())
}

/// Five or six digits, or more after a point: `385201.5`.
fn is_altitude(word: &str) -> bool {
    let (whole, part) = word.split_once('.').unwrap_or((word, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (5..=6).contains(&whole.len()) && digits(whole) && digits(part)
}

/// The load order group that an altitude lies in, as Microsoft's page "Load order groups and
/// altitudes for minifilter drivers" has them.
pub fn group_of(altitude: &str) -> Option<&'static str> {
    let whole: u32 = altitude.split('.').next()?.parse().ok()?;
    let (_, _, group) = GROUPS
        .iter()
        .find(|(from, to, _)| (*from..=*to).contains(&whole))?;
    Some(group)
}

#[rustfmt::skip]
const GROUPS: &[(u32, u32, &str)] = &[
    (420_000, 429_999, "filter"),
    (400_000, 409_999, "top"),
    (360_000, 389_999, "activity monitor"),
    (340_000, 349_999, "undelete"),
    (320_000, 329_999, "anti-virus"),
    (300_000, 309_999, "replication"),
    (280_000, 289_999, "continuous backup"),
    (260_000, 269_999, "content screener"),
    (240_000, 249_999, "quota management"),
    (220_000, 229_999, "system recovery"),
    (200_000, 209_999, "cluster file system"),
    (180_000, 189_999, "hierarchical storage"),
    (170_000, 174_999, "imaging"),
    (160_000, 169_999, "compression"),
    (140_000, 149_999, "encryption"),
    (130_000, 139_999, "virtualization"),
    (120_000, 129_999, "physical quota management"),
    (100_000, 109_999, "open file"),
    (80_000, 89_999, "security enhancer"),
    (60_000, 69_999, "copy protection"),
    (40_000, 49_999, "bottom"),
    (20_000, 29_999, "system"),
];
