//! Drivers: `driverquery`, plain, `/v`, with commas or as blocks, and blocks of `sc query`.

use super::Listing;
use super::table::{folded, rows};
use crate::artifact::systeminfo::text_of;

/// An installed driver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedDriver {
    /// The name of its service, which most often is that of its file without `.sys`.
    pub name: String,
    /// Where its file lies, where the listing says so.
    pub path: Option<String>,
    /// Whether it runs, where the listing says so in words that are known.
    pub running: Option<bool>,
    /// When its file was linked, in the words of the machine.
    pub link_date: Option<String>,
    /// The line, from 1.
    pub line: u64,
}

/// Columns of `driverquery /v`, and where three of them stand.
const VERBOSE: usize = 15;
const STATE: usize = 5;
const LINK_DATE: usize = 12;
const PATH: usize = 13;

/// Columns of `driverquery` without `/v`; the last is the link date.
const PLAIN: usize = 4;

/// "Running" and "Stopped" in English, German and French, letters of ASCII only.
const RUNNING: &[&str] = &["running", "wirdausgefhrt", "encoursdexcution"];
const STOPPED: &[&str] = &["stopped", "beendet", "angehalten", "arrt"];

/// Reads a listing of drivers.
pub fn drivers(bytes: &[u8]) -> Listing<ListedDriver> {
    let text = text_of(bytes);
    let blocks = |line: &str| line.trim_start().starts_with("SERVICE_NAME:");
    if text.lines().any(blocks) {
        return services(&text);
    }
    let labelled = |line: &str| line.starts_with("Module Name:");
    if text.lines().any(labelled) {
        return labels(&text);
    }
    let mut listing = Listing::default();
    for (line, cells) in rows(&text) {
        if is_heading(&cells) {
            continue;
        }
        listing.add(of_cells(line, &cells));
    }
    listing
}

fn is_heading(cells: &[String]) -> bool {
    // A heading stands where every row has a date or a number of bytes.
    let digits = |cell: &String| cell.bytes().any(|b| b.is_ascii_digit());
    let dated = cells.get(if cells.len() >= VERBOSE {
        LINK_DATE
    } else {
        PLAIN - 1
    });
    cells.first().is_some_and(|c| folded(c) == "modulename")
        || dated.is_some_and(|cell| !cell.is_empty() && !digits(cell))
}

fn of_cells(line: u64, cells: &[String]) -> Option<ListedDriver> {
    let name = cells.first().filter(|name| is_name(name))?.clone();
    let some = |place: usize| cells.get(place).filter(|c| !c.is_empty()).cloned();
    let driver = ListedDriver {
        name,
        line,
        ..ListedDriver::default()
    };
    match cells.len() {
        n if n >= VERBOSE => Some(ListedDriver {
            path: some(PATH),
            running: cells.get(STATE).and_then(|state| state_of(state)),
            link_date: some(LINK_DATE),
            ..driver
        }),
        PLAIN => Some(ListedDriver {
            link_date: some(PLAIN - 1),
            ..driver
        }),
        _ => None,
    }
}

/// Names of services have no separators of paths.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 256 && !name.contains(['/', '\\'])
}

fn state_of(word: &str) -> Option<bool> {
    let word = folded(word);
    if RUNNING.contains(&word.as_str()) {
        return Some(true);
    }
    STOPPED.contains(&word.as_str()).then_some(false)
}

/// The drivers that a report of msinfo32 lists, if it is one and goes so far.
pub fn msinfo_drivers(bytes: &[u8]) -> Option<Listing<ListedDriver>> {
    of_msinfo(&text_of(bytes))
}

/// The part `[System Drivers]` of a report of msinfo32: name, description, file, type, started, start
/// mode, state, and more, between tabs.
fn of_msinfo(text: &str) -> Option<Listing<ListedDriver>> {
    const FILE: usize = 2;
    const STATE: usize = 6;
    let (start, _) = (1_u64..)
        .zip(text.lines())
        .find(|(_, line)| line.trim() == "[System Drivers]")?;
    let mut listing = Listing::default();
    let lines = (1_u64..).zip(text.lines()).skip_while(|(n, _)| *n <= start);
    for (line, row) in lines.take_while(|(_, row)| !row.starts_with('[')) {
        let cells: Vec<&str> = row.split('\t').map(str::trim).collect();
        match cells.as_slice() {
            ["Name", ..] | [""] => {}
            cells if cells.len() > STATE => listing.add(is_name(cells[0]).then(|| ListedDriver {
                name: cells[0].to_owned(),
                path: (!cells[FILE].is_empty()).then(|| cells[FILE].to_owned()),
                running: state_of(cells[STATE]),
                link_date: None,
                line,
            })),
            _ => listing.rejected += 1,
        }
    }
    Some(listing)
}

/// Blocks of `driverquery /v /fo list`.
fn labels(text: &str) -> Listing<ListedDriver> {
    let mut listing = Listing::default();
    for (number, line) in (1_u64..).zip(text.lines()) {
        let Some((label, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim().to_owned();
        match (label.trim(), listing.rows.last_mut()) {
            ("Module Name", _) => listing.add(is_name(&value).then(|| ListedDriver {
                name: value,
                line: number,
                ..ListedDriver::default()
            })),
            ("State", Some(driver)) => driver.running = state_of(&value),
            ("Path", Some(driver)) if !value.is_empty() => driver.path = Some(value),
            ("Link Date", Some(driver)) if !value.is_empty() => driver.link_date = Some(value),
            _ => {}
        }
    }
    listing
}

/// Blocks of `sc query type= driver`. Type and state are numbers before their words: 1 and 2 are
/// kernel and file system drivers (winnt.h, SERVICE_KERNEL_DRIVER), 4 is running, 1 stopped
/// (winsvc.h, SERVICE_RUNNING). Services that are no drivers are left out.
fn services(text: &str) -> Listing<ListedDriver> {
    let mut listing = Listing::default();
    let mut open: Option<(ListedDriver, bool)> = None;
    for (number, line) in (1_u64..).zip(text.lines()) {
        let Some((label, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        let first = value.split_whitespace().next();
        match (label.trim(), &mut open) {
            ("SERVICE_NAME", _) => {
                keep(&mut listing, open.take());
                let driver = ListedDriver {
                    name: value.to_owned(),
                    line: number,
                    ..ListedDriver::default()
                };
                open = is_name(value).then_some((driver, false));
            }
            ("TYPE" | "TYP", Some((_, is_driver))) => *is_driver = matches!(first, Some("1" | "2")),
            ("STATE" | "STATUS" | "\u{c9}TAT" | "ETAT", Some((driver, _))) => {
                driver.running = match first {
                    Some("4") => Some(true),
                    Some("1") => Some(false),
                    _ => None,
                };
            }
            _ => {}
        }
    }
    keep(&mut listing, open);
    listing
}

fn keep(listing: &mut Listing<ListedDriver>, open: Option<(ListedDriver, bool)>) {
    if let Some((driver, true)) = open {
        listing.add(Some(driver));
    }
}
