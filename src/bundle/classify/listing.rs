//! Listings of drivers, minifilters and processes, as toolsets save them beside the snapshots.
//!
//! English headings are known as such. On other systems they are translated, and then the name
//! of the file must say what it is, and its content must have the form of a table.

use super::name_hint::NameHint;
use super::role::{Basis, Role};
use super::text::TextHead;

pub(super) fn recognise(hint: Option<NameHint>, text: &TextHead) -> Option<(Role, Basis)> {
    let found = text.lines().find_map(heading);
    found
        .map(|(role, what)| (role, Basis::Header(what)))
        .or_else(|| by_name(hint?, text))
}

fn heading(line: &str) -> Option<(Role, &'static str)> {
    let folded = line.trim().to_lowercase().replace('"', "");
    let words: Vec<&str> = folded
        .split([',', ' ', '\t', ':'])
        .filter(|word| !word.is_empty())
        .collect();
    match words.as_slice() {
        ["module", "name", "display", "name", ..] => {
            Some((Role::DriverList, "driverquery's columns"))
        }
        ["filter", "name", "num", "instances", ..]
        | ["filter", "volume", "name", "altitude", ..] => {
            Some((Role::FilterList, "fltmc's columns"))
        }
        ["image", "name", "pid", ..] => Some((Role::ProcessList, "tasklist's columns")),
        ["type" | "typ", "1", "kernel_driver"] | ["type" | "typ", "2", "file_system_driver"] => {
            Some((Role::DriverList, "sc query's blocks of drivers"))
        }
        _ => None,
    }
}

/// A table under a ruler or in quotes, called as the tool that writes such.
fn by_name(hint: NameHint, text: &TextHead) -> Option<(Role, Basis)> {
    let role = match hint {
        NameHint::DriverList => Role::DriverList,
        NameHint::FilterList => Role::FilterList,
        NameHint::ProcessList => Role::ProcessList,
        _ => return None,
    };
    let fits = |line: &str| is_ruler(line) || line.trim_start().matches("\",\"").count() >= 2;
    text.lines()
        .any(fits)
        .then_some((role, Basis::NameAndShape))
}

fn is_ruler(line: &str) -> bool {
    let runs: Vec<&str> = line.split_whitespace().collect();
    let drawn = |run: &&str| run.len() > 2 && run.bytes().all(|b| matches!(b, b'=' | b'-'));
    runs.len() > 1 && runs.iter().all(drawn)
}
