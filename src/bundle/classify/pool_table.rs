//! Tables of pool tags by other tools, and memsnap's, by the words of their headers. Their parsers
//! know far more columns.

use super::role::{Basis, Role};
use super::text::TextHead;

/// The first bytes of PoolMonX's binary file: a byte for each name of the header that it lost,
/// then the mark of an MFC string. The file is often called `.csv`.
pub(super) fn recognise_binary(head: &[u8]) -> Option<(Role, Basis)> {
    let (ones, rest) = head.split_at_checked(21)?;
    let found = ones.iter().all(|&b| b == 1) && rest.starts_with(&[0xff, 0xfe, 0xff]);
    found.then_some((
        Role::PoolTable,
        Basis::Magic("the marks of PoolMonX's binary table"),
    ))
}

pub(super) fn recognise(text: &TextHead) -> Option<(Role, Basis)> {
    let lines = || text.lines();
    let tag = |line: &&str| line.contains("Tag") || line.contains("tag") || line.contains("TAG");
    if lines().filter(tag).any(is_header) {
        let why = Basis::Header("the column header of a table of pool tags");
        return Some((Role::PoolTable, why));
    }
    if text.holds("\",\"") && lines().any(is_dated_row) {
        return Some((Role::PoolTable, Basis::RowShape));
    }
    if text.holds(" free") && lines().filter(|line| is_count(line)).take(2).count() == 2 {
        return Some((Role::PoolTable, Basis::RowShape));
    }
    let memsnap = |line: &str| {
        line.starts_with("!LogType=memsnap")
            || line.trim_start().starts_with("Process ID") && line.contains("NonPgdPl")
    };
    let named = text.holds("memsnap") || text.holds("NonPgdPl");
    (named && lines().any(memsnap))
        .then_some((Role::Memsnap, Basis::Header("memsnap's column header")))
}

/// A `Tag` column and one of bytes of a pool, between delimiters.
fn is_header(line: &str) -> bool {
    let folded = line.to_lowercase();
    let delimited = |delimiter: char| {
        let cells: Vec<String> = folded
            .split(delimiter)
            .map(|cell| cell.chars().filter(|c| c.is_alphanumeric()).collect())
            .collect();
        let has = |test: fn(&str) -> bool| cells.iter().any(|cell| test(cell));
        let tag = has(|cell| matches!(cell, "tag" | "tagname" | "pooltag"));
        let own = delimiter == '\t' && !has(|cell| cell == "kbytes");
        let by_type = has(|cell| cell == "type") && has(|cell| cell == "bytes") && !own;
        let by_pool = has(|cell| cell.contains("paged") && cell.len() > 5);
        let both = has(|cell| cell == "totalusedbytes");
        tag && cells.len() > 1 && (by_type || by_pool || both)
    };
    ['\t', ',', ';'].into_iter().any(delimited)
}

/// A row of the poolmon-powershell script: quoted cells, the first an ISO date and time.
fn is_dated_row(line: &str) -> bool {
    let mut cells = line.trim().split("\",\"");
    let first = cells.next().and_then(|cell| cell.strip_prefix('"'));
    let is_time = |cell: &str| {
        cell.len() == 19
            && cell.bytes().enumerate().all(|(at, b)| match at {
                4 | 7 => b == b'-',
                10 => b == b'T',
                13 | 16 => b == b':',
                _ => b.is_ascii_digit(),
            })
    };
    let tag = cells
        .next()
        .is_some_and(|cell| (1..=4).contains(&cell.chars().count()));
    first.is_some_and(is_time) && tag
}

/// `WCsc 874 alloc / 0 free / 874 live`: what scripts on the tag query print.
fn is_count(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let behind_number = |word: &str| {
        let at = words.iter().position(|w| w.trim_end_matches('s') == word);
        let before = at.and_then(|at| words.get(at.checked_sub(1)?));
        before.is_some_and(|w| w.starts_with(|c: char| c.is_ascii_digit()))
    };
    ["alloc", "free", "live"].into_iter().all(behind_number)
}
