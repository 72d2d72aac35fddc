//! Lists of pool tags: `pooltag.txt` and the `localtag.txt` that poolmon makes.

use super::name_hint::NameHint;
use super::role::{Basis, Role};
use super::text::TextHead;

/// Lines of the form that make a list where the name does not say so.
const MIN_LINES: usize = 8;

pub(super) fn recognise(hint: Option<NameHint>, text: &TextHead) -> Option<(Role, Basis)> {
    let format_line = |line: &str| line.contains("<PoolTag>") && line.contains('-');
    if text.holds("<PoolTag>") && text.lines().any(format_line) {
        return Some((
            Role::PoolTagTxt,
            Basis::Header("the format line of pooltag.txt"),
        ));
    }
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let entries = lines.iter().filter(|line| is_entry(line)).count();
    if hint == Some(NameHint::PoolTagTxt) && entries > 0 {
        return Some((Role::PoolTagTxt, Basis::NameAndShape));
    }
    (entries >= MIN_LINES && entries * 4 >= lines.len() * 3)
        .then_some((Role::PoolTagTxt, Basis::RowShape))
}

/// Four characters, a dash between blanks within the next few, and something behind it.
fn is_entry(line: &str) -> bool {
    /// Blanks and stray characters between tag and dash that real lists have.
    const DASH_WITHIN: usize = 6;
    let mut characters = line.chars();
    let (mut count, mut blank) = (0, true);
    for c in characters.by_ref().take(4) {
        (count, blank) = (count + 1, blank && c.is_whitespace());
    }
    let rest = characters.as_str();
    if count < 4 || blank || !rest.starts_with([' ', '\t']) {
        return false;
    }
    let dash = rest.find("- ").filter(|&at| at <= DASH_WITHIN);
    dash.is_some_and(|at| !rest.get(at + 2..).unwrap_or_default().trim().is_empty())
}
