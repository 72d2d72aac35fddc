//! Saved poolmon screens and snapshots, by words that its parser knows far better.

use super::role::{Basis, Role};
use super::shell::misses_poolmon;
use super::text::TextHead;

/// Texts that poolmon leaves in the file instead of a table; the shell's are in `shell`.
const ERROR_TEXTS: &[&str] = &[
    "query pooltags failed",
    "failed to query pool tags",
    "enable pool tagging",
    "poolmon: ",
];

/// Numbers that follow the pool in a row: allocations, frees, difference, bytes.
const MIN_NUMBERS: usize = 4;

pub(super) fn recognise(text: &TextHead) -> Option<(Role, Basis)> {
    let lines = || text.lines();
    if text.holds("Allocs") && lines().any(is_column_header) {
        return Some((Role::Poolmon, Basis::Header("poolmon's column header")));
    }
    if text.holds("PageFlts:") && lines().any(is_memory_line) {
        return Some((Role::Poolmon, Basis::Header("poolmon's memory summary")));
    }
    let pool = |line: &str| line.contains("Nonp") || line.contains("Paged");
    let behind = lines().skip(1).chain(std::iter::once(""));
    let is_written = |(line, behind): (&str, &str)| {
        is_row(line) || is_row(&undressed(line)) || is_row(&joined(line, behind))
    };
    if lines()
        .zip(behind)
        .filter(|(line, _)| pool(line))
        .any(is_written)
    {
        return Some((Role::Poolmon, Basis::RowShape));
    }
    let is_error = |line: &str| {
        let lower = line.to_lowercase();
        ERROR_TEXTS.iter().any(|text| lower.contains(text)) || misses_poolmon(line)
    };
    lines()
        .any(is_error)
        .then_some((Role::Poolmon, Basis::Header("an error text of poolmon's")))
}

fn is_column_header(line: &str) -> bool {
    let words: Vec<&str> = line
        .split_whitespace()
        .skip_while(|&word| word != "Tag")
        .collect();
    words.starts_with(&["Tag", "Type", "Allocs", "Frees", "Diff"])
}

fn is_memory_line(line: &str) -> bool {
    line.contains("Memory:") && line.contains("Avail:") && line.contains("PageFlts:")
}

/// A line without what mail, Markdown and pages put around its words.
fn undressed(line: &str) -> String {
    let mut text = line.replace(['|', '│', '`', '*', '•'], " ");
    for (entity, sign) in [
        ("&gt;", " "),
        ("&nbsp;", " "),
        ("&#40;", "("),
        ("&#41;", ")"),
    ] {
        text = text.replace(entity, sign);
    }
    let mut bare = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, element)) = rest.split_once('<') {
        bare.push_str(before);
        bare.push(' ');
        rest = element.split_once('>').map_or("", |(_, behind)| behind);
    }
    bare.push_str(rest);
    bare
}

/// A line and the one behind it, as a row that a mail program wrapped; the marks of quoted mail
/// go.
fn joined(line: &str, behind: &str) -> String {
    let bare = |line: &str| undressed(line).trim_start_matches(['>', ' ']).to_owned();
    format!("{} {}", bare(line), bare(behind))
}

/// A tag of at most four characters, `Nonp` or `Paged`, and numbers.
fn is_row(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let pool = words
        .by_ref()
        .position(|word| matches!(word, "Nonp" | "Paged"));
    let number = |word: &&str| {
        let digits = word.trim_matches(['(', ')', '-', ',']);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    // A tag may hold blanks, so one or two words stand before the pool; quoting marks
    // and such may add one more.
    let brackets = |word: &&str| !matches!(*word, "(" | ")");
    pool.is_some_and(|at| (1..=3).contains(&at))
        && words
            .filter(brackets)
            .take_while(number)
            .take(MIN_NUMBERS)
            .count()
            == MIN_NUMBERS
}
